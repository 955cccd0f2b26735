"""All looks in their order: accounts, sending history, costs, posts, the live site, leads, the code host, time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from byline import content as contents
from byline import fees, planning, times
from byline.doctor import host
from byline.doctor.accounts import Accounts
from byline.doctor.findings import Finding, Level, listed, safely
from byline.doctor.leads import Leads
from byline.doctor.live import Live
from byline.planning import Drivers, Scope
from byline.settings import ChannelSettings, Settings

if TYPE_CHECKING:
    from byline.content import Content
    from byline.crm.base import CrmDriver
    from byline.http import Http
    from byline.ledger.base import Note, Snapshot
    from byline.times import Clock

SKEW_WARNS, SKEW_BREAKS = timedelta(seconds=60), timedelta(minutes=5)
OVERDUE_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """Looks at one site. `crm` opens the driver of the vendor's CRM where the settings name one; `environment` tells where a private database is. `history` reads the sending history, `fees` what was charged beside posts; both may raise.

    What looking itself cost is in `notes` afterwards, to be kept.
    """

    settings: Settings
    drivers: Drivers
    http: Http
    clock: Clock
    history: Callable[[], Snapshot]
    fees: Callable[[], tuple[Note, ...]] = tuple
    crm: Callable[[], CrmDriver] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def examine(self, scope: Scope = planning.EVERYTHING) -> Iterator[Finding]:
        """Every finding, accounts first, as soon as it is there. A scope with `to` looks at those accounts alone."""
        accounts = Accounts(
            settings=self.settings,
            drivers=self.drivers,
            clock=self.clock,
            history=self.history,
            fees=self.fees,
            notes=self.notes,
        )
        for channel in self.settings.channels.values():
            for account in channel.accounts.values():
                if scope.has_account(account.channel, account.name):
                    name = f"{account.channel}.{account.name}"
                    yield from safely(name, lambda account=account: accounts.look(account))  # type: ignore[misc]
        if scope.to:
            return
        found: list[Snapshot] = []
        yield from safely("sending history", lambda: self._history(found))
        if found:
            for channel in self.settings.channels.values():
                about = f"{channel.name} costs"
                yield from safely(about, lambda channel=channel: self._costs(channel, found[0]))  # type: ignore[misc]
        content: list[Content] = []
        yield from safely("posts", lambda: self._posts(content, found))
        live = Live(settings=self.settings, http=self.http, clock=self.clock)
        yield from live.look(content[0] if content else None)
        yield from Leads(
            settings=self.settings, clock=self.clock, environment=self.environment, crm=self.crm
        ).look()
        yield from safely(host.ABOUT, lambda: host.look(self.http, self.clock, self.environment))
        yield from safely("clock", self._clocks)
        yield from safely("time zone", self._zone)

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
                about="may be out", level="red", message=listed(unclear, "delivery", "deliveries"),
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
                    about=words, level="warning", message=listed(ids, "delivery", "deliveries"), next=step
                )
        if not errors and not late:
            yield Finding(
                about="posts", level="ok", message=f"{read.count} readable without a mistake, none overdue"
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
