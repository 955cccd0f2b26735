"""Each account by itself: is its token good, may it post, how long does it live, what does the network still allow?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from byline import fees, times
from byline.doctor.findings import Finding, Level, from_error, safely
from byline.errors import BylineError, NotSent
from byline.fees import Purse
from byline.planning import Drivers
from byline.settings import Account, Settings

if TYPE_CHECKING:
    from byline.channels.base import Channel, Health, Quota
    from byline.ledger.base import Note, Snapshot
    from byline.times import Clock

WARN_DAYS, RED_DAYS = 14, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Looks at accounts. What looking cost is in `notes` afterwards."""

    settings: Settings
    drivers: Drivers
    clock: Clock
    history: Callable[[], Snapshot]
    fees: Callable[[], tuple[Note, ...]]
    notes: list[Note] = field(default_factory=list)

    def look(self, account: Account) -> Iterator[Finding]:
        """Token, quota and what will need a person; a look that costs money and breaks the budget is not made."""
        about = f"{account.channel}.{account.name}"
        if account.mode == "manual":
            yield Finding(about=about, level="manual", message="posted by hand: needs no token")
            return
        driver = self.drivers(account)
        purse = self._purse(account, driver)
        if purse is not None and (short := purse.short(account, driver, "health")) is not None:
            yield Finding(about=about, level="warning", message=short.message, next=short.hint)
            yield from self._noticed(about, driver)
            return
        try:
            yield self._aged(about, account, driver.health())
        except BylineError as error:
            failure = from_error(about, error)
            if isinstance(error, NotSent) and error.cause == "auth":
                sign_in = f"publish connect {account.channel} --as {account.name}"
                failure = replace(failure, next=f"{sign_in}, or {failure.next}", renew=True)
            yield self._aged(about, account, None, failure)
        else:
            yield from safely(f"{about} quota", lambda: self._quotas(f"{about} quota", driver))
        finally:
            note = fees.taken(account, driver, self.clock.now())
            self.notes.extend((note,) if note else ())
        yield from self._noticed(about, driver)

    def _noticed(self, about: str, driver: Channel) -> Iterator[Finding]:
        """What will need a person one day, by the driver's own knowledge of its settings."""
        for notice in getattr(driver, "notices", tuple)():
            level: Level = "red" if notice.severe else "warning"
            yield Finding(about=about, level=level, message=notice.message, next=notice.fix)

    def _purse(self, account: Account, driver: Channel) -> Purse | None:
        """This month's money where looking costs any; None too when the history cannot be read: told in its own place."""
        if not Purse.price(driver, "health") or self.settings.channels[account.channel].budget is None:
            return None
        try:
            return Purse(
                settings=self.settings,
                history=self.history(),
                known=(*self.fees(), *self.notes),
                clock=self.clock,
            )
        except BylineError:
            return None

    def _quotas(self, about: str, driver: Channel) -> Iterator[Finding]:
        """What the network allows, and how much of it is gone, by its own word."""
        quotas: tuple[Quota, ...] = getattr(driver, "quotas", tuple)()
        if not quotas:
            yield Finding(about=about, level="ok", message="n/a: the network told of no allowance")
            return
        full = [quota for quota in quotas if quota.used is not None and quota.used * 5 >= quota.limit * 4]
        yield Finding(
            about=about,
            level="warning" if full else "ok",
            message="; ".join(self._allowance(quota) for quota in quotas),
            next="nothing to do: what does not fit waits by itself" if full else "",
            quotas=quotas,
        )

    def _allowance(self, quota: Quota) -> str:
        """`12 of 300 calls in 5 minutes, fresh at 11:05`."""
        more = f" ({quota.note})" if quota.note else ""
        if quota.used is None:
            return f"n/a: {quota.limit:,} {quota.what} are allowed{more}; it does not tell how many are gone"
        used = (
            f"{quota.used} % of the {quota.what}"
            if quota.percent
            else f"{quota.used:,} of {quota.limit:,} {quota.what}"
        )
        if quota.resets is None or not quota.used:
            return used + more
        at, now = quota.resets.astimezone(self.settings.zone), self.clock.now().astimezone(self.settings.zone)
        return (
            f"{used}, fresh at {at:%H:%M}" + (f" on {at:%Y-%m-%d}" if at.date() != now.date() else "") + more
        )

    def _aged(
        self, about: str, account: Account, health: Health | None, failure: Finding | None = None
    ) -> Finding:
        """The finding about a token, with the days that it has left: by the network's word, else by the settings."""
        now = self.clock.now()
        expires = health.expires if health else None
        if expires is None and account.expires is not None:
            expires = times.start_of_day(account.expires, self.settings.zone)
        days = None if expires is None else (expires - now) // timedelta(days=1)
        if failure is None:
            assert health is not None
            missing = f" (missing: {', '.join(health.missing)})" if health.missing else ""
            level: Level = "red" if not health.ok else "warning" if health.fix else "ok"
            failure = Finding(about=about, level=level, message=health.message + missing, next=health.fix)
            failure = replace(failure, who=health.who)
        found = replace(failure, expires=expires, days=days)
        if days is None or expires is None:
            return found
        day = f"{expires.astimezone(self.settings.zone):%Y-%m-%d}"
        left = f"the token died on {day}" if days < 0 else f"{_days(days)} left, until {day}"
        found = replace(found, message=f"{found.message}; {left}", renew=found.renew or days <= WARN_DAYS)
        if days > WARN_DAYS or found.level == "red":
            return found
        level = "red" if days <= RED_DAYS else "warning"
        return replace(
            found, level=level, next=found.next or f"publish connect {account.channel} --as {account.name}"
        )


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
