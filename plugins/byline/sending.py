"""Send what is due: settle what is unclear, plan, look at the live pages, send, settle again.

The only loop that sends. One network that fails never stops another: what went wrong is gathered and told at the
end, and the exit code says which of the five ways the run went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from byline import cards, fees, gate, planning, settling
from byline.delivering import Carried, Carrier, Crash, ReceiptLost, no_crash
from byline.errors import BylineError, ClaimHeld, LedgerError, NotSent, Problem, Stopped, UsageError
from byline.fields import did_you_mean
from byline.ledger.base import BASELINE, Event, Intent, Ledger, Record, Snapshot
from byline.ledger.runs import new_run
from byline.model import Picture, Post
from byline.planning import EVERYTHING, NOTHING, Asked, Delivery, Drivers, Plan, Scope
from byline.settings import Settings
from byline.times import Clock

if TYPE_CHECKING:
    from byline.content import Content
    from byline.http import Http


class OverBudget(BylineError):
    """This month's budget does not cover the post; nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked of this run. `limit` is `--max`; `patient` waits for pages and looks again after unclear answers."""

    scope: Scope = EVERYTHING
    asked: Asked = NOTHING
    limit: int | None = None
    patient: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a run went. `deliveries` are all that it dealt with or that wait for someone, as they are now.

    The lists of ids say what this run did; `unknown` are all that may be out, of earlier runs too. `error` is what
    ended the run before its end.
    """

    deliveries: tuple[Delivery, ...]
    hash: str
    sent: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    error: BylineError | None = None

    @property
    def exit_code(self) -> int:
        """0 done or nothing to do; 1 nothing went out; 3 partly; 4 a person must look; 5 stopped by a check or the gate."""
        if self.unknown or isinstance(self.error, ReceiptLost):
            return 4
        wrong = self.failed or self.waiting or self.stopped or self.partly or self.error
        if not wrong:
            return 0
        if self.sent or self.partly:
            return 3
        return 1 if self.failed or self.waiting or self.error else 5

    @property
    def nothing_to_send(self) -> bool:
        """Did this run find nothing that it could have sent?"""
        return not (self.sent or self.partly or self.failed or self.waiting or self.stopped or self.settled)


@dataclass(slots=True)
class Sender:
    """One run. `confirm` sees the plan and what is about to go out, once, and may say no."""

    content: Content
    settings: Settings
    ledger: Ledger
    drivers: Drivers
    http: Http
    clock: Clock
    progress: Callable[[str], None] = lambda _text: None
    confirm: Callable[[Plan, Sequence[Delivery]], bool] = lambda _plan, _due: True
    approve: Callable[[Plan], None] = lambda _plan: None
    crash: Crash = no_crash
    run: str = field(default_factory=new_run)
    _done: dict[str, Carried] = field(default_factory=dict)
    _rows: dict[str, Delivery] = field(default_factory=dict)
    _given_up: dict[tuple[str, str], NotSent] = field(default_factory=dict)
    _dear: list[str] = field(default_factory=list)
    _carrier: Carrier = field(init=False)

    def __post_init__(self) -> None:
        self._carrier = Carrier(ledger=self.ledger, clock=self.clock, run=self.run, crash=self.crash)

    def send(self, wishes: Wishes) -> Result:
        """Send what is due within the wishes.

        Raises Stopped when more is due than one run may send, when the plan is not the approved one, or when
        `confirm` says no, and UsageError for a late delivery that is none; nothing has gone out then.
        """
        history = self.ledger.snapshot()
        plan = self._plan(history, wishes)
        for name in sorted(wishes.asked.late - plan.digests.keys()):
            meant = did_you_mean(name, plan.digests)
            raise UsageError(
                f"there is no delivery {name} in what was asked for",
                hint=f"did you mean {meant}?" if meant else "`publish status` lists every delivery",
            )
        self.approve(plan)
        self._rows.update({item.id: item for item in plan.deliveries})
        settled = self._settle(
            [record for record in history.records.values() if _within(record, wishes.scope)],
            patient=wishes.patient,
        )
        found = [name for name in settled if _is_out(self._done[name])]  # the others may go out in this run
        if settled:
            history = self.ledger.snapshot()
            plan = self._plan(history, wishes)
        chosen = self._chosen(plan, wishes)
        if chosen and not self.confirm(plan, chosen):
            raise Stopped("nothing was sent, as you wished", hint="`publish plan` shows what would go out")
        skipped = self._baseline(history)
        self._rows.update({item.id: item for item in (*skipped, *plan.deliveries)})
        error: LedgerError | None = None
        stopped: list[str] = []
        try:
            stopped = self._send(plan, chosen, wishes, first_run=history.empty)
            sent_now = {item.id for item in chosen}  # what was unclear before was looked for a moment ago
            unclear = [
                carried.record
                for name, carried in self._done.items()
                if name in sent_now and carried.record is not None and carried.record.uncertain
            ]
            self._settle(unclear, patient=wishes.patient)
            self.ledger.flush()
        except LedgerError as broken:
            error = broken
        return self._result(plan, history, stopped, skipped, found, error)

    def _plan(self, history: Snapshot, wishes: Wishes) -> Plan:
        return planning.plan(
            self.content,
            self.settings,
            history,
            self.clock.now(),
            drivers=self.drivers,
            scope=wishes.scope,
            asked=wishes.asked,
            fees=self._fees(),
        )

    def _settle(self, records: Iterable[Record], *, patient: bool) -> tuple[str, ...]:
        """Settle what may be out; returns the ids of those whose outcome is known now."""
        settler = settling.Settler(
            settings=self.settings, carrier=self._carrier, drivers=self.drivers, progress=self.progress
        )
        known: list[str] = []
        for carried in settler.settle(settling.uncertain(tuple(records)), patient=patient):
            if carried.record is not None:
                self._done[carried.record.id] = carried
                if not carried.record.uncertain:
                    known.append(carried.record.id)
        return tuple(known)

    def _chosen(self, plan: Plan, wishes: Wishes) -> tuple[Delivery, ...]:
        """What this run sends: the oldest first, no more than was asked for or is safe."""
        ready = plan.ready()
        if wishes.limit is not None:
            return ready[: wishes.limit]
        if len(ready) > self.settings.max_per_run:
            raise Stopped(
                f"{len(ready)} posts are due, more than the {self.settings.max_per_run} that one run sends "
                f"(`max_per_run`); nothing was sent",
                hint="look at `publish plan`; then `publish send --max 10` sends the ten oldest, and so on",
            )
        return ready

    def _baseline(self, history: Snapshot) -> tuple[Delivery, ...]:
        """Mark accounts that begin today, and what was old by then as skipped: nothing old ever floods a network."""
        for _ in range(3):
            try:
                return self._mark(history)
            except ClaimHeld:  # another run began at the same moment
                history = self.ledger.snapshot()
        return self._mark(history)

    def _mark(self, history: Snapshot) -> tuple[Delivery, ...]:
        now = self.clock.now()
        new = {
            name: now
            for block in self.settings.channels.values()
            for account in block.accounts
            if (name := f"{block.name}.{account}") not in history.accounts
        }
        whole = planning.plan(self.content, self.settings, history, now, drivers=self.drivers, compose=False)
        if not new and not whole.old:
            return ()
        events = [
            Event(
                id=item.id,
                kind="skipped",
                at=now,
                expected=item.record.version if item.record else 0,
                run=self.run,
                reason=BASELINE,
                intent=_intent(item),
            )
            for item in whole.old
        ]
        self.ledger.baseline(new, events)
        return tuple(replace(item, state="skipped", reason=BASELINE, ready=False) for item in whole.old)

    def _send(self, plan: Plan, chosen: Sequence[Delivery], wishes: Wishes, *, first_run: bool) -> list[str]:
        """Page by page as each is live. Returns the ids that the gate held back."""
        posts = {post.id: post for post in self.content.posts}
        by_post: dict[str, list[Delivery]] = {}
        for item in chosen:
            by_post.setdefault(item.post, []).append(item)
        stopped: list[str] = []
        for post, look in gate.wait(
            [(posts[name], self._picture(posts[name])) for name in by_post],
            self.settings.site_url,
            self.settings.live_gate,
            self.http,
            self.clock,
            patient=wishes.patient,
            progress=self.progress,
        ):
            for item in by_post[post.id]:
                if look.ok:
                    self._one(item, first_run)
                    continue
                stopped.append(item.id)
                self._rows[item.id] = replace(item, reason=f"the page is not live: {look.reason}")
                self.progress(f"{item.id}: not sent, the page is not live: {look.reason}")
        return stopped

    def _picture(self, post: Post) -> Picture:
        return cards.picture(post, self.settings, self.content.authors)

    def _one(self, item: Delivery, first_run: bool) -> None:
        assert item.telling is not None
        assert item.message is not None
        where = (item.channel, item.account)
        if where in self._given_up:
            self._done[item.id] = self._postponed(item, self._given_up[where])
            return
        try:
            driver = self.drivers(item.telling.account)
        except BylineError as wrong:
            self._done[item.id] = Carried(record=item.record, error=wrong)
            return
        if self._too_dear(item, item.cost) is not None:  # so that no claim is written for nothing
            self._keep_back(item)
            return
        current = self.ledger.get(item.id)  # the baseline may just have written it
        expected = current.version if current else 0
        planned = item.record.version if item.record else 0
        if expected != planned and not (current and current.state == "skipped" and item.old):
            expected = planned  # another run was here since we planned: the claim will say so
        carried = self._carrier.deliver(
            _intent(item),
            item.message,
            driver,
            expected=expected,
            look_first=first_run,
            refuse=lambda: self._too_dear(item, Decimal(0)),
        )
        if isinstance(carried.error, OverBudget):
            self._keep_back(item)
            return
        self._done[item.id] = carried
        if isinstance(carried.error, NotSent) and carried.error.cause != "waiting":
            self._given_up[where] = carried.error
        self.progress(f"{item.id}: {_told(carried)}")

    def _postponed(self, item: Delivery, error: NotSent) -> Carried:
        """What its account could not send a moment ago is not tried, and says why; an old or rejected one stays that."""
        current = self.ledger.get(item.id)
        if current is not None and current.state != "due":
            return Carried(record=None, error=error)
        expected = current.version if current else 0
        return self._carrier.postpone(_intent(item), error, expected=expected)

    def _too_dear(self, item: Delivery, more: Decimal) -> OverBudget | None:
        """Would this month's budget be broken by what is claimed by now, this run's and other runs' alike, and `more`?

        Asked before the claim, and again once the claim is written with its cost: of two runs that claim at the same
        moment the later one sees both. Where both see both, both let go; neither ever goes past the budget.
        """
        budget = self.settings.channels[item.channel].budget
        if budget is None or not item.cost:
            return None
        now = self.clock.now().astimezone(self.settings.zone)
        used = planning.spent(self.ledger.snapshot(), item.channel, now) + self._fees().get(
            item.channel, Decimal(0)
        )
        if used + more <= budget:
            return None
        kept = planning.over_budget(item, used + more - item.cost, self.settings)
        self._rows[item.id] = kept
        return OverBudget(kept.reason)

    def _keep_back(self, item: Delivery) -> None:
        self._dear.append(item.id)
        self.progress(f"{item.id}: not sent, {self._rows[item.id].reason}")

    def _fees(self) -> Mapping[str, Decimal]:
        """What reading and deleting cost this month, where a budget asks for it."""
        if not any(block.budget is not None for block in self.settings.channels.values()):
            return {}
        now = self.clock.now().astimezone(self.settings.zone)
        return fees.this_month(self.ledger.notes(fees.KIND), now)

    def _result(
        self,
        plan: Plan,
        history: Snapshot,
        stopped: Sequence[str],
        skipped: Sequence[Delivery],
        found: Sequence[str],
        error: LedgerError | None,
    ) -> Result:
        try:
            records = self.ledger.snapshot().records
        except LedgerError as broken:
            error, records = error or broken, history.records
        kinds: dict[str, list[str]] = {}
        for name, carried in self._done.items():
            kinds.setdefault(_outcome(carried, name in found), []).append(name)
        dear = [*(item.id for item in plan.deliveries if item.over_budget), *self._dear]
        kept_back = [item.id for item in plan.deliveries if item.blocked and item.state == "held"]
        return Result(
            deliveries=tuple(self._final(records)),
            hash=plan.hash,
            sent=tuple(kinds.get("sent", ())),
            partly=tuple(kinds.get("partly", ())),
            settled=tuple(kinds.get("settled", ())),
            failed=tuple(kinds.get("failed", ())),
            waiting=(
                *kinds.get("waiting", ()),
                *(name for name in dear if name not in records or records[name].state == "due"),
            ),
            stopped=(*stopped, *kept_back, *plan.unplanned),
            unknown=tuple(name for name, record in records.items() if record.uncertain),
            skipped=tuple(item.id for item in skipped if item.id not in self._done),
            problems=plan.problems,
            error=error,
        )

    def _final(self, records: Mapping[str, Record]) -> Iterator[Delivery]:
        """Everything that this run dealt with or that waits for someone, as it is now."""
        for item in self._rows.values():
            record = records.get(item.id)
            if record is not None and (item.id in self._done or record.uncertain):
                yield planning.updated(item, record, self.settings.zone)
            elif item.state != "later":
                yield item


def reconcile(
    settings: Settings,
    ledger: Ledger,
    drivers: Drivers,
    clock: Clock,
    *,
    only: frozenset[str] = frozenset(),
    scope: Scope = EVERYTHING,
    patient: bool = True,
    progress: Callable[[str], None] = lambda _text: None,
) -> tuple[Carried, ...]:
    """Look on the networks for everything that may be out, and settle what can be."""
    carrier = Carrier(ledger=ledger, clock=clock, run=new_run())
    settler = settling.Settler(settings=settings, carrier=carrier, drivers=drivers, progress=progress)
    records = [
        record
        for record in ledger.snapshot().records.values()
        if _within(record, scope) and (not only or record.id in only)
    ]
    done = settler.settle(settling.uncertain(records), patient=patient)
    ledger.flush()
    return done


def _is_out(carried: Carried) -> bool:
    return carried.record is not None and carried.record.state == "sent"


def _outcome(carried: Carried, found: bool) -> str:
    """What this run made of a delivery, in the word of the result's list."""
    record = carried.record
    if carried.held or (record is not None and record.uncertain):
        return "open"
    if record is None or record.state == "due":
        return "waiting"
    if record.state == "sent":
        return "partly" if record.open_part is not None else "settled" if found else "sent"
    return "failed"


def _within(record: Record, scope: Scope) -> bool:
    intent = record.intent
    return scope.has_post(intent.path) and scope.has_account(intent.channel, intent.account)


def _intent(item: Delivery) -> Intent:
    return Intent(
        id=item.id,
        post=item.post,
        channel=item.channel,
        account=item.account,
        number=item.number,
        title=item.title,
        path=item.path,
        due=item.due,
        text=item.text,
        link=item.link,
        card=item.card,
        fingerprint=item.fingerprint,
        cost=item.cost,
        currency=item.currency,
    )


def _told(carried: Carried) -> str:
    """One line of progress about a delivery."""
    record = carried.record
    if carried.held or record is None:
        return "left alone, another run has it"
    if record.state == "sent":
        head = record.head
        where = f" {head.url}" if head and head.url else ""
        already = " (it was out already)" if head and head.already else ""
        return f"sent{already}{where}" + (f"; {record.reason}" if record.reason else "")
    if record.state == "unknown":
        return f"may be out: {record.reason}"
    return f"{'rejected' if record.state == 'failed' else 'not sent'}: {record.reason}"
