"""What would go out, where, when and why: content, settings, sending history and the time in, a plan out. Pure.

`plan` prints a plan and `send` carries one out: both get it from `plan()`. Texts are composed only for what is
shown or sent, so that a site with thousands of old posts is planned in a moment; the hash is made from the same
inputs as the texts and covers every delivery of the scope, whatever has become of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from byline import cards, registry, sharing, times
from byline.errors import Problem
from byline.ledger.base import BASELINE, Record, Snapshot
from byline.model import Card, Message, Picture, Post
from byline.settings import Account, Settings
from byline.sharing import Telling

if TYPE_CHECKING:
    from byline.channels.base import Channel
    from byline.content import Content

State = Literal[
    "later", "due", "held", "manual", "sending", "sent", "failed", "unknown", "skipped", "retracted"
]
Drivers = Callable[[Account], "Channel"]
NOT_YET = "its time has not come"
OPEN: frozenset[State] = frozenset({"later", "due", "held", "manual", "sending", "failed", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which part of the plan is asked for. Empty means everything.

    `posts` are paths as `Post.path` has them, `to` pairs of network and account (an empty account: all of them).
    """

    posts: frozenset[str] = frozenset()
    to: frozenset[tuple[str, str]] = frozenset()

    def has_post(self, path: str) -> bool:
        return not self.posts or path in self.posts

    def has_account(self, channel: str, account: str) -> bool:
        return not self.to or (channel, "") in self.to or (channel, account) in self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asked for beyond the rules: old posts, rejected ones again, late ones by id."""

    backfill: bool = False
    retry: bool = False
    late: frozenset[str] = frozenset()


EVERYTHING = Scope()
NOTHING = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One post, one account, one time: what the plan says of it.

    `ready` tells that `send` would take it now; `blocked` that a mistake in the post keeps it back, `over_budget`
    that the month's money does; `old` that it was old when this account began. `expected` is when a repeat would go
    out if the first one goes out on time, as long as that one is not out. `message` is there when the texts were composed.
    """

    id: str
    post: str
    channel: str
    account: str
    number: int
    state: State
    due: datetime | None
    link: str
    title: str = ""
    path: str = ""
    text: tuple[str, ...] = ()
    card: str = ""
    reason: str = ""
    cost: Decimal = Decimal(0)
    currency: str = "USD"
    url: str = ""
    parts: tuple[str, ...] = ()
    ready: bool = False
    blocked: bool = False
    over_budget: bool = False
    old: bool = False
    fingerprint: str = ""
    message: Message | None = None
    telling: Telling | None = None
    record: Record | None = None
    expected: datetime | None = None

    @property
    def remote_id(self) -> str:
        """The network's own id; a thread has its head's."""
        return self.parts[0] if self.parts else ""

    def as_json(self) -> dict[str, Any]:
        """The fields that the design promises, and a few more."""
        return {
            "id": self.id,
            "post": self.post,
            "channel": self.channel,
            "account": self.account,
            "state": self.state,
            "due": times.iso(when) if (when := self.due or self.expected) else None,
            "text": "\n\n".join(self.text),
            "link": self.link,
            "card": self.card,
            "reason": self.reason,
            "cost": float(self.cost),
            "currency": self.currency,
            "url": self.url,
            "remote_id": self.remote_id,
            "parts": list(self.parts),
            "texts": list(self.text),
            "declared": self.telling.declared if self.telling else "",
            "title": self.title,
            "file": self.path,
            "mentions": list(self.message.mentions) if self.message else [],
            "warnings": list(self.message.warnings) if self.message else [],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the scope asks for, by post, then network. `digests` has one digest for each delivery hashed.

    `problems` are mistakes that keep something from going out. `old` is what was old when its account began and
    is not written down yet, without texts; `unplanned` the files of public posts of which a telling is so wrong that
    it could not be planned. `budgets` has, for each network with one, what this month has cost and may cost;
    `fees` is the part of that which was no post. `first_run` tells that sending never began here.
    """

    deliveries: tuple[Delivery, ...]
    old: tuple[Delivery, ...]
    unplanned: tuple[str, ...]
    hash: str
    digests: Mapping[str, str]
    problems: tuple[Problem, ...]
    budgets: Mapping[str, tuple[Decimal, Decimal]]
    fees: Mapping[str, Decimal]
    now: datetime
    first_run: bool

    def ready(self) -> tuple[Delivery, ...]:
        """What `send` would take now, the oldest first."""
        found = (item for item in self.deliveries if item.ready)
        return tuple(sorted(found, key=lambda item: (item.due or self.now, item.id)))

    def as_json(self) -> dict[str, Any]:
        return {"deliveries": [item.as_json() for item in self.deliveries], "hash": self.hash}


def plan(
    content: Content,
    settings: Settings,
    history: Snapshot,
    now: datetime,
    *,
    drivers: Drivers,
    scope: Scope = EVERYTHING,
    asked: Asked = NOTHING,
    everything: bool = False,
    compose: bool = True,
    only: frozenset[str] | None = None,
    fees: Mapping[str, Decimal] = MappingProxyType({}),
) -> Plan:
    """The plan for `now`. Without `everything`, what is out, skipped or taken back is left out.

    `fees` is what each network charged this month for something else than posts; it counts against the budget.

    Without `compose` no delivery has its text, and mistakes in texts stay unseen. `only` lists these deliveries
    alone; the hash stays that of the whole scope.
    """
    return _Planner(
        content, settings, history, now, drivers, scope, asked, everything, compose, only, fees
    ).plan()


def updated(delivery: Delivery, record: Record, zone: tzinfo) -> Delivery:
    """The delivery after something was written about it."""
    if record.state != "due":
        return replace(_known(delivery, record), ready=False, blocked=False)
    due = record.not_before.astimezone(zone) if record.not_before else delivery.due
    return replace(delivery, state="due", due=due, reason=record.reason, ready=False, record=record)


def fingerprint(telling: Telling, title: str, description: str, card: Picture, image: str) -> str:
    """One value for what readers see: when it changes, a rejected post may be tried again."""
    return _digest(
        *telling.texts,
        "1" if telling.written else "",
        telling.link,
        image,
        telling.image_alt,
        card.digest,
        title,
        description,
    )


class _Standing(NamedTuple):
    """What the rules alone make of a delivery."""

    due: datetime | None
    state: State = "due"
    reason: str = ""
    ready: bool = False
    old: bool = False
    expected: datetime | None = None


@dataclass(slots=True)
class _Page:
    """What the tellings of one post share, worked out once."""

    post: Post
    picture: Picture
    description: str
    errors: tuple[Problem, ...]


@dataclass(slots=True)
class _Planner:
    content: Content
    settings: Settings
    history: Snapshot
    now: datetime
    drivers: Drivers
    scope: Scope
    asked: Asked
    everything: bool
    compose: bool
    only: frozenset[str] | None
    fees: Mapping[str, Decimal]
    problems: list[Problem] = field(default_factory=list)
    unplanned: list[str] = field(default_factory=list)
    skipped_posts: frozenset[str] = frozenset()
    starts: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.skipped_posts = frozenset(
            record.intent.post
            for record in self.history.records.values()
            if record.state == "skipped" and record.reason == BASELINE
        )

    def plan(self) -> Plan:
        deliveries: list[Delivery] = []
        old: list[Delivery] = []
        digests: dict[str, str] = {}
        seen: set[str] = set()
        posts: set[str] = set()
        by_file: dict[str, list[Problem]] = {}
        for problem in self.content.problems:
            if problem.severity == "error":
                by_file.setdefault(problem.file, []).append(problem)
        for post in self.content.posts:
            if post.draft:
                continue
            if not post.id or post.id in posts:  # its deliveries have no name of their own
                if self.scope.has_post(post.path) and post.published <= self.now:
                    self.unplanned.append(post.path)
                    self.problems.extend(by_file.get(post.path, ()))
                continue
            posts.add(post.id)
            told = sharing.tellings(post, self.settings, self.content.authors)
            seen.update(item.id for item in told.items)
            if not self.scope.has_post(post.path):
                continue
            page = _Page(
                post=post,
                picture=cards.picture(post, self.settings, self.content.authors),
                description=post.description or post.excerpt,
                errors=tuple(dict.fromkeys((*by_file.get(post.path, ()), *told.problems))),
            )
            begun = len(old)
            for telling in told.items:
                if not self.scope.has_account(telling.channel, telling.account.name):
                    continue
                delivery, digests[telling.id] = self._delivery(telling, page)
                if delivery is None:
                    continue
                if delivery.old:
                    old.append(delivery)
                if self._shown(delivery):
                    deliveries.append(self._composed(delivery, page) if self.compose else delivery)
            if told.problems and len(old) == begun and self._matters(page, told.items):
                self.unplanned.append(post.path)
                self.problems.extend(page.errors)
        deliveries.extend(self._gone(seen))
        return Plan(
            deliveries=tuple(self._within_budget(deliveries)),
            old=tuple(old),
            unplanned=tuple(self.unplanned),
            hash=_digest(*(f"{name}={digests[name]}" for name in sorted(digests))),
            digests=MappingProxyType(digests),
            problems=tuple(dict.fromkeys(self.problems)),
            budgets={
                block.name: (self.spent(block.name), block.budget)
                for block in self.settings.channels.values()
                if block.budget is not None
            },
            fees=self.fees,
            now=self.now,
            first_run=self.history.empty,
        )

    def _shown(self, delivery: Delivery) -> bool:
        if self.only is not None and delivery.id not in self.only:
            return False
        return self.everything or delivery.state in OPEN

    def _delivery(self, telling: Telling, page: _Page) -> tuple[Delivery | None, str]:
        """The delivery without its texts, None when it is done and not asked for; and its digest."""
        post = page.post
        image = _file_digest(self.settings, telling.image) if telling.image else ""
        mark = fingerprint(telling, post.title, page.description, page.picture, image)
        if registry.channel(telling.channel).caps.story:
            mark = _digest(mark, post.body)
        digest = _digest(telling.id, telling.account.name, mark, telling.declared)
        record = self.history.records.get(telling.id)
        if telling.due is not None:
            moved = record.not_before if record is not None and record.state == "due" else None
            self.starts[telling.id] = max(telling.due, post.published, moved or telling.due)
        reopened = record is not None and (
            record.state == "due" or self._reopened(record, mark, telling.account)
        )
        if record is not None and not reopened and record.state not in OPEN and not self.everything:
            return None, digest
        known = record if record is not None and not reopened else None
        due = self._due(telling)
        standing = _Standing(due) if known else self._derived(telling, due, post, record)
        delivery = Delivery(
            id=telling.id,
            post=post.id,
            channel=telling.channel,
            account=telling.account.name,
            number=telling.number,
            state=standing.state,
            due=standing.due,
            link=telling.link,
            title=post.title,
            path=post.path,
            card=page.picture.url,
            reason=standing.reason,
            ready=standing.ready,
            old=standing.old,
            expected=standing.expected,
            fingerprint=mark,
            telling=telling,
            record=record,
        )
        return _known(delivery, known) if known else delivery, digest

    def _due(self, telling: Telling) -> datetime | None:
        """When it is to go out; a repeat counts from the moment the first one was out."""
        if telling.after is None:
            return telling.due
        first = self.history.records.get(
            sharing.delivery_id(telling.post_id, telling.channel, telling.account.name)
        )
        if first is None or first.sent_at is None:
            return None
        return (first.sent_at + telling.after).astimezone(self.settings.zone)

    def _reopened(self, record: Record, mark: str, account: Account) -> bool:
        """May what was settled be tried again?"""
        if record.id in self.asked.late and record.state in ("skipped", "failed"):
            return True
        if record.state == "failed":
            if self.asked.retry or record.intent.fingerprint != mark:
                return True
            corrected = getattr(self.drivers(account), "corrected", None) if account.mode == "api" else None
            return corrected is not None and bool(corrected(record.reason))
        return record.state == "skipped" and record.reason == BASELINE and self.asked.backfill

    def _derived(
        self, telling: Telling, declared: datetime | None, post: Post, record: Record | None
    ) -> _Standing:
        """The state that follows from the times and the rules alone."""
        if declared is None:
            return self._unrepeated(telling)
        due, start = declared, max(declared, post.published)
        reason = ""
        if record is not None and record.state == "due":
            reason = record.reason
            if record.not_before and record.not_before > start:
                due = start = record.not_before.astimezone(self.settings.zone)
        elif record is not None and record.state == "failed":
            reason = "it, or its settings, changed since it was rejected"
            if self.asked.retry:
                reason = "asked for again"
        wanted = (
            self.asked.backfill
            or telling.id in self.asked.late
            or (self.asked.retry and record is not None and record.state == "failed")
        )
        late = self.now - start > self.settings.late_limit
        old = late and record is None and telling.after is None and self._before_us(telling)
        if start > self.now:
            if record is not None and record.not_before == start:
                return _Standing(due, reason=reason)  # moved by the network: still due, at the stated time
            when = "the page is not public before then" if start > declared else NOT_YET
            return _Standing(due, "later", reason or when)
        if old and not wanted:
            return _Standing(due, "skipped", BASELINE, old=True)
        if late and telling.explicit and not wanted:
            ago = times.words(self.now - start)
            return _Standing(
                due, "held", f"its time was {ago} ago; `publish send --late {telling.id}` sends it"
            )
        if telling.account.mode == "manual":
            by_hand = f"to be posted by hand, then `publish record {telling.id} --url …`"
            return _Standing(due, "manual", by_hand, old=old)
        return _Standing(due, reason=reason, ready=True, old=old)

    def _matters(self, page: _Page, items: Sequence[Telling]) -> bool:
        """Would a telling that could not be read be due now, or is the post old or not public yet?"""
        late = self.now - page.post.published > self.settings.late_limit
        if page.post.id in self.skipped_posts or (late and not items and self.history.empty):
            return False
        return page.post.published <= self.now

    def _before_us(self, telling: Telling) -> bool:
        """Was this old already when its account began, or is it of a post that was and now comes by default?"""
        begun = f"{telling.channel}.{telling.account.name}" in self.history.accounts
        return not begun or (telling.post_id in self.skipped_posts and not telling.written)

    def _unrepeated(self, telling: Telling) -> _Standing:
        """A repeat whose first telling is not out."""
        first_id = sharing.delivery_id(telling.post_id, telling.channel, telling.account.name)
        first = self.history.records.get(first_id)
        assert telling.after is not None
        span = times.words(telling.after)
        expected = self._expected(telling, first_id)
        if first is not None and first.state in ("skipped", "retracted"):
            gone = "was not sent (old post)" if first.state == "skipped" else "was taken back"
            state: State = "due" if telling.id in self.asked.late else "held"
            return _Standing(
                None,
                state,
                f"the first one {gone}, so there is nothing to count from; `publish send --late {telling.id}` sends it",
                ready=state == "due" and telling.account.mode == "api",
                expected=expected,
            )
        return _Standing(None, "later", f"goes out {span} after the first one is out", expected=expected)

    def _expected(self, telling: Telling, first_id: str) -> datetime | None:
        """When a repeat goes out if the first one does on time, or now when that is past; to the minute."""
        start = self.starts.get(first_id)
        if start is None or telling.after is None:
            return None
        begun = max(start, self.now.replace(second=0, microsecond=0))
        return (begun + telling.after).astimezone(self.settings.zone)

    def _composed(self, delivery: Delivery, page: _Page) -> Delivery:
        """With the exact texts; what is wrong with the post or its texts keeps it back."""
        telling = delivery.telling
        assert telling is not None
        if delivery.record is not None and delivery.text:
            return delivery  # what was sent is shown as it was sent
        card = Card(
            url=telling.link, title=page.post.title, description=page.description, picture=page.picture
        )
        draft = sharing.draft(telling, page.post, self.settings, card)
        message, wrong = self.drivers(telling.account).compose(draft)
        errors = page.errors + tuple(
            Problem(
                file=page.post.path,
                line=telling.line,
                key=f"share.{telling.channel}",
                code="does-not-fit",
                message=f"{registry.label(telling.channel)}, {delivery.account}: {text}",
                fix=f"change the text under `share.{telling.channel}`",
            )
            for text in wrong
        )
        changed = replace(
            delivery,
            text=message.parts,
            link=message.link,
            cost=message.cost if telling.account.mode == "api" else Decimal(0),
            currency=message.currency,
            message=message,
        )
        if telling.origin.get("link") != "post" and message.card is None:
            changed = replace(changed, card="")  # the network shows the card of the page it is sent to
        if not errors or delivery.state not in ("later", "due", "held", "manual"):
            return changed
        self.problems.extend(errors)
        if delivery.state == "later":
            return replace(changed, blocked=True, reason=f"{errors[0].message} (see `publish check`)")
        return replace(
            changed,
            state="held",
            ready=False,
            blocked=True,
            reason=f"{errors[0].message} (see `publish check`)",
        )

    def _gone(self, seen: set[str]) -> Iterable[Delivery]:
        """What the history knows and the content no longer has."""
        for record in self.history.records.values():
            intent = record.intent
            if record.id in seen or not self.scope.has_account(intent.channel, intent.account):
                continue
            if self.scope.posts and intent.path not in self.scope.posts:
                continue
            if not (self.everything or record.uncertain) or (
                self.only is not None and record.id not in self.only
            ):
                continue
            base = Delivery(
                id=record.id,
                post=intent.post,
                channel=intent.channel,
                account=intent.account,
                number=intent.number,
                state="skipped",
                due=intent.due,
                link=intent.link,
                title=intent.title,
                path=intent.path,
                text=intent.text,
                card=intent.card,
                fingerprint=intent.fingerprint,
                record=record,
                reason="the post no longer asks for it",
            )
            yield base if record.state == "due" else _known(base, record)

    def _within_budget(self, deliveries: Sequence[Delivery]) -> Iterable[Delivery]:
        """What a network's budget for the month no longer covers stays due, and says so."""
        used: dict[str, Decimal] = {}
        spent: dict[str, Decimal] = {}
        for item in sorted(
            (item for item in deliveries if item.ready), key=lambda item: (item.due or self.now, item.id)
        ):
            block = self.settings.channels[item.channel]
            if block.budget is None or not item.cost:
                continue
            before = used.setdefault(item.channel, self.spent(item.channel))
            if before + item.cost > block.budget:
                spent[item.id] = before
            else:
                used[item.channel] = before + item.cost
        for item in deliveries:
            if item.id in spent and item.ready:
                yield over_budget(item, spent[item.id], self.settings)
            else:
                yield item

    def spent(self, channel: str) -> Decimal:
        """What the network cost in this calendar month of the site's zone, open outcomes and fees included."""
        posts = spent(self.history, channel, self.now.astimezone(self.settings.zone))
        return posts + self.fees.get(channel, Decimal(0))


def over_budget(item: Delivery, spent: Decimal, settings: Settings) -> Delivery:
    """The delivery kept back because this month's budget, of which so much is used, does not cover it."""
    budget = settings.channels[item.channel].budget
    assert budget is not None
    return replace(
        item,
        ready=False,
        over_budget=True,
        reason=f"over the budget: it costs about {money(item.cost, item.currency)}, and {money(spent, item.currency)} "
        f"of the {money(budget, item.currency)} for this month are used; it waits for next month, or for a higher "
        f"`budget` under `channels.{item.channel}`",
    )


def money(amount: Decimal, currency: str) -> str:
    """`0.20 USD`; thousandths only where there are any."""
    shown = f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else f"{amount.normalize():f}"
    return f"{shown} {currency}"


def spent(history: Snapshot, channel: str, now: datetime) -> Decimal:
    """What sending to the network cost since the first of the month of `now`, open outcomes included."""
    total = Decimal(0)
    for record in history.records.values():
        at = record.claimed_at
        if (
            record.intent.channel == channel
            and record.state in ("sent", "sending", "unknown", "retracted")
            and not record.by_hand
            and at is not None
        ):
            local = at.astimezone(now.tzinfo)
            if (local.year, local.month) == (now.year, now.month):
                total += record.intent.cost
    return total


def _known(delivery: Delivery, record: Record) -> Delivery:
    """The delivery as the history has it: what was sent is shown as it was sent."""
    intent, head = record.intent, record.head
    shown = record.state not in ("skipped", "due")
    return replace(
        delivery,
        state=record.state,
        due=delivery.due or intent.due,
        text=intent.text if shown else delivery.text,
        link=intent.link if shown and intent.link else delivery.link,
        card=intent.card if shown else delivery.card,
        cost=Decimal(0) if record.by_hand else intent.cost,
        currency=intent.currency,
        reason=record.reason,
        url=head.url if head else "",
        parts=tuple(receipt.remote_id for receipt in record.receipts),
        record=record,
    )


def _file_digest(settings: Settings, image: str) -> str:
    return cards.file_picture(settings.docs / image, "").digest


def _digest(*values: str) -> str:
    """One hash over several values, each with its length, so that none can run into the next."""
    whole = "".join(f"{len(value)}:{value}" for value in values)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
