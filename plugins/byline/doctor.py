"""Is everything well? One look at every account, the clock, the sending history, the live site and the CRM.

Every look stands alone: whatever fails in one is its own finding and hides nothing else. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from byline import content as contents
from byline import fees, planning, times
from byline.errors import BylineError, NotSent, RemoteError
from byline.fees import Purse
from byline.planning import Drivers, Scope
from byline.settings import Account, ChannelSettings, Settings

if TYPE_CHECKING:
    from byline.channels.base import Channel, Health, Quota
    from byline.content import Content
    from byline.crm.base import CrmDriver
    from byline.http import Http, Response
    from byline.ledger.base import Note, Snapshot
    from byline.times import Clock

Level = Literal["ok", "warning", "red", "manual"]
WARN_DAYS, RED_DAYS = 14, 3
SKEW_WARNS, SKEW_BREAKS = timedelta(seconds=60), timedelta(minutes=5)
OVERDUE_AFTER = timedelta(hours=2)
FEEDS = ("feed.xml", "atom.xml", "feed.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's word. `next` is the step to take; empty where there is none.

    `who` is whose token it is, `days` how many whole days it still lives, where that is known. `quotas` are what a
    network allows.
    """

    about: str
    level: Level
    message: str
    next: str = ""
    who: str = ""
    expires: datetime | None = None
    days: int | None = None
    quotas: tuple[Quota, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "level": self.level,
            "message": self.message,
            "next": self.next,
            "who": self.who,
            "expires": times.iso(self.expires) if self.expires else None,
            "days": self.days,
            "quotas": [
                {
                    "what": quota.what,
                    "used": quota.used,
                    "limit": quota.limit,
                    "percent": quota.percent,
                    "resets": times.iso(quota.resets) if quota.resets else None,
                }
                for quota in self.quotas
            ],
        }


def failed(findings: Iterable[Finding], fail_under: int = 0) -> bool:
    """Is anything red, or is there a token that lives fewer than `fail_under` days?"""
    return any(item.level == "red" or (item.days is not None and item.days < fail_under) for item in findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """Looks at one site. `crm` opens the driver of the vendor's CRM where the settings name one. `history` reads the sending history, `fees` what was charged beside posts; both may raise.

    What looking itself cost is in `notes` afterwards, to be kept.
    """

    settings: Settings
    drivers: Drivers
    http: Http
    clock: Clock
    history: Callable[[], Snapshot]
    fees: Callable[[], tuple[Note, ...]] = tuple
    crm: Callable[[], CrmDriver] | None = None
    notes: list[Note] = field(default_factory=list)

    def examine(self, scope: Scope = planning.EVERYTHING) -> Iterator[Finding]:
        """Every finding, accounts first, as soon as it is there. A scope with `to` looks at those accounts alone."""
        for channel in self.settings.channels.values():
            for account in channel.accounts.values():
                if scope.has_account(account.channel, account.name):
                    name = f"{account.channel}.{account.name}"
                    yield from _safely(name, lambda account=account: self._account(account))  # type: ignore[misc]
        if scope.to:
            return
        found: list[Snapshot] = []
        yield from _safely("sending history", lambda: self._history(found))
        if found:
            for channel in self.settings.channels.values():
                about = f"{channel.name} costs"
                yield from _safely(about, lambda channel=channel: self._costs(channel, found[0]))  # type: ignore[misc]
        content: list[Content] = []
        yield from _safely("posts", lambda: self._posts(content, found))
        answers: list[Response] = []
        yield from _safely("live site", lambda: self._site(content[0] if content else None, answers))
        for feed in FEEDS if answers else ():  # a site that cannot be reached is told once
            yield from _safely(feed, lambda feed=feed: self._feed(feed))  # type: ignore[misc]
        yield from _safely("leads", self._crm)
        yield from _safely("clock", self._clocks)
        yield from _safely("time zone", self._zone)

    # Accounts.

    def _account(self, account: Account) -> Iterator[Finding]:
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
            failure = _from_error(about, error)
            if isinstance(error, NotSent) and error.cause == "auth":
                sign_in = f"publish connect {account.channel} --as {account.name}"
                failure = replace(failure, next=f"{sign_in}, or {failure.next}")
            yield self._aged(about, account, None, failure)
        else:
            yield from _safely(f"{about} quota", lambda: self._quotas(f"{about} quota", driver))
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
        found = replace(found, message=f"{found.message}; {left}")
        if days > WARN_DAYS or found.level == "red":
            return found
        level = "red" if days <= RED_DAYS else "warning"
        return replace(
            found, level=level, next=found.next or f"publish connect {account.channel} --as {account.name}"
        )

    # What was sent, and what should have been.

    def _history(self, found: list[Snapshot]) -> Iterator[Finding]:
        snapshot = self.history()
        found.append(snapshot)
        info, now = snapshot.info, self.clock.now()
        if snapshot.empty:
            yield Finding(
                about="sending history", level="ok", message="empty: the first send marks old posts and sends new ones"
            )  # fmt: skip
            return
        written = f", last written {times.words(now - info.written)} ago" if info.written else ""
        read = ""
        if info.read and now - info.read > timedelta(minutes=1):
            read = f", last fetched {times.words(now - info.read)} ago"
        out = sum(1 for record in snapshot.records.values() if record.state == "sent")
        yield Finding(
            about="sending history", level="ok", message=f"{info.store}, {out} posts out{written}{read}"
        )
        unclear = sorted(record.id for record in snapshot.records.values() if record.uncertain)
        if unclear:
            yield Finding(
                about="may be out", level="red", message=_list(unclear, "delivery", "deliveries"),
                next="publish reconcile",
            )  # fmt: skip

    def _costs(self, channel: ChannelSettings, snapshot: Snapshot) -> Iterator[Finding]:
        """What the network cost this month, against its budget."""
        now = self.clock.now().astimezone(self.settings.zone)
        charged = fees.this_month((*self.fees(), *self.notes), now).get(channel.name, Decimal(0))
        spent = planning.spent(snapshot, channel.name, now) + charged
        part = f" ({planning.money(charged, 'USD')} of it for reading and deleting)" if charged else ""
        about, budget = f"{channel.name} costs", channel.budget
        if budget is None:
            if spent:
                yield Finding(
                    about=about,
                    level="ok",
                    message=f"{planning.money(spent, 'USD')} this month{part}; no budget is set",
                )
            return
        level: Level = "red" if spent >= budget else "warning" if spent >= budget * Decimal("0.8") else "ok"
        fix = f"raise `budget` under `channels.{channel.name}`, or wait for the first of the month"
        yield Finding(
            about=about,
            level=level,
            message=f"{planning.money(spent, '').strip()} of the {budget:.2f} USD of this month are used{part}",
            next="" if level == "ok" else fix,
        )

    def _posts(self, content: list[Content], found: list[Snapshot]) -> Iterator[Finding]:
        read = contents.read(self.settings)
        content.append(read)
        errors = sum(problem.severity == "error" for problem in read.problems)
        if errors:
            yield Finding(
                about="posts",
                level="warning",
                message=f"{errors} mistakes in the posts",
                next="publish check",
            )
        if not found:
            return
        now = self.clock.now()
        plan = planning.plan(
            read, self.settings, found[0], now, drivers=self.drivers, everything=True, compose=False
        )
        late = [
            item.id
            for item in plan.ready()
            if item.due
            and now - item.due > OVERDUE_AFTER
            and not found[0].empty  # else nothing was promised yet
        ]
        for ids, words, step in (
            (late, "overdue", "publish send"),
            ([item.id for item in plan.deliveries if item.state == "held"], "held", "publish status"),
            ([item.id for item in plan.deliveries if item.state == "failed"], "rejected", "publish status"),
        ):
            if ids:
                yield Finding(
                    about=words, level="warning", message=_list(ids, "delivery", "deliveries"), next=step
                )
        if not errors and not late:
            yield Finding(
                about="posts", level="ok", message=f"{read.count} readable without a mistake, none overdue"
            )

    # The site as readers have it.

    def _get(self, name: str) -> Response:
        return self.http.request("GET", self.settings.site_url + name, service="the site")

    def _site(self, content: Content | None, answers: list[Response]) -> Iterator[Finding]:
        try:
            answer = self._get("byline.json")
        except NotSent as error:
            yield Finding(
                about="live site",
                level="red",
                message=f"cannot be reached, so its feeds were not looked at either: {_without_service(error)}",
                next=f"open {self.settings.site_url} in a browser: is it deployed, is `site_url` in mkdocs.yml right?",
            )
            return
        answers.append(answer)
        found = answer.object().get("posts") if answer.ok else None
        if not isinstance(found, list):
            what = f"answered {answer.status}" if not answer.ok else "is no manifest of posts"
            yield Finding(
                about="live site", level="red", message=f"{self.settings.site_url}byline.json {what}",
                next="build and deploy the site; check `site_url` in mkdocs.yml",
            )  # fmt: skip
            return
        live = {str(post.get("id")) for post in found if isinstance(post, dict)}
        public = contents.public(content, self.clock.now()) if content else ()
        missing = [post.id for post in public if post.id and post.id not in live]
        if missing:
            yield Finding(
                about="live site", level="warning", next="build and deploy the site",
                message=f"reachable, but without {_list(missing, 'public post', 'public posts')}",
            )  # fmt: skip
        else:
            yield Finding(
                about="live site",
                level="ok",
                message=f"{self.settings.site_url} has {len(live)} {'post' if len(live) == 1 else 'posts'}",
            )

    def _feed(self, name: str) -> Iterator[Finding]:
        answer = self._get(name)
        problem = f"answered {answer.status}" if not answer.ok else _feed_problem(name, answer)
        if problem:
            yield Finding(
                about=name, level="red", message=f"{self.settings.site_url}{name} {problem}",
                next="publish build --clean, then deploy",
            )  # fmt: skip
        else:
            yield Finding(about=name, level="ok", message="valid")

    def _crm(self) -> Iterator[Finding]:
        kind = self.settings.crm.type
        if self.settings.crm.vendor:
            yield from _safely(kind, lambda: self._vendor(kind))
        elif kind != "local":
            yield Finding(
                about="leads", level="ok", message=f"by {kind} files; brought in by `publish crm import`"
            )
            return
        from byline.crm.local import FILE, LocalCrm

        file = self.settings.state / FILE
        if not file.exists():
            yield Finding(about="leads", level="ok", message="none has come yet")
            return
        with LocalCrm(file, clock=self.clock) as crm:
            leads = sum(1 for _ in crm.leads())
        yield Finding(about="leads", level="ok", message=f"{leads} in {file.name}")

    def _vendor(self, name: str) -> Iterator[Finding]:
        """What the vendor's driver says of token, rights, version, calls left and our fields."""
        if self.crm is None:
            return
        look = getattr(self.crm(), "health", None)
        if look is None:
            yield Finding(about=name, level="ok", message="n/a: its driver looks at nothing")
            return
        for item in look():
            yield Finding(
                about=item.about, level=item.level, message=item.message, next=item.fix, who=item.who
            )

    # Time.

    def _clocks(self) -> Iterator[Finding]:
        skew = self.http.skew
        if skew is None:
            yield Finding(
                about="clock", level="warning", message="not compared: no service answered",
                next="check this machine's connection",
            )  # fmt: skip
            return
        if abs(skew) <= SKEW_WARNS:
            yield Finding(about="clock", level="ok", message="agrees with the services")
            return
        side = "ahead" if skew > timedelta(0) else "behind"
        broken = abs(skew) >= SKEW_BREAKS
        effect = "networks refuse such signatures, and posts go out at the wrong time" if broken else "set it"
        yield Finding(
            about="clock",
            level="red" if broken else "warning",
            message=f"this machine's clock is {times.words(abs(skew))} {side}: {effect}",
            next="let the machine keep its clock by itself (NTP)",
        )

    def _zone(self) -> Iterator[Finding]:
        now = self.clock.now().astimezone(self.settings.zone)
        offset = f"{now:%z}"
        yield Finding(
            about="time zone",
            level="ok",
            message=f"{self.settings.zone.key}, where it is {now:%Y-%m-%d %H:%M} (UTC{offset[:3]}:{offset[3:]})",
        )


def _safely(about: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What the look finds, and its failure as a finding: another's driver may fail in any way at all."""
    try:
        yield from look()
    except BylineError as error:
        yield _from_error(about, error)
    except Exception as error:  # noqa: BLE001
        yield Finding(
            about=about,
            level="red",
            message=f"could not be looked at ({type(error).__name__})",
            next="publish --debug doctor, and report it to whoever made this driver",
        )


def _from_error(about: str, error: BylineError) -> Finding:
    """The failure of a look. Nothing was to be sent, so words about sending are left out."""
    if isinstance(error, RemoteError):
        step = error.hint
        if isinstance(error, NotSent) and error.cause in ("unreachable", "limited", "waiting"):
            step = "check the connection and the service's status page, then look again"
        return Finding(
            about=about, level="red", message=error.message.replace("; nothing was sent", ""), next=step
        )
    return Finding(about=about, level="red", message=error.message, next=error.hint)


def _feed_problem(name: str, answer: Response) -> str:
    """Why the feed cannot be read; empty when it can."""
    if name.endswith(".json"):
        found = answer.object()
        good = str(found.get("version", "")).startswith("https://jsonfeed.org/version/") and isinstance(
            found.get("items"), list
        )
        return "" if good else "is no JSON Feed"
    from xml.parsers import expat

    names: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, _attributes: names.append(tag) if not names else None
    try:
        parser.Parse(answer.body, True)
    except expat.ExpatError as error:
        return f"is broken XML (line {error.lineno})"
    wanted = "rss" if name == "feed.xml" else "feed"
    return "" if names == [wanted] else f"is no feed (`<{names[0]}>`)"


def _without_service(error: NotSent) -> str:
    """What was in the way, for a line that names the service itself."""
    return error.message.removeprefix(f"{error.service}: ").replace("; nothing was sent", "")


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _list(ids: list[str], one: str, many: str) -> str:
    shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return f"{len(ids)} {one if len(ids) == 1 else many}: {shown}"
