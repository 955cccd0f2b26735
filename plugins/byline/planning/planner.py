"""The plan: every telling of every post in the scope, with what the history knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from byline import cards, sharing
from byline.errors import Problem
from byline.ledger.base import Snapshot
from byline.planning.shape import EVERYTHING, NOTHING, OPEN, Asked, Delivery, Drivers, Plan, Scope
from byline.planning.shape import known as as_known
from byline.planning.spending import spent, within_budget
from byline.planning.standing import Rules, Standing
from byline.planning.words import Page, composed, digest, mark_of
from byline.settings import Settings
from byline.sharing import Telling

if TYPE_CHECKING:
    from byline.content import Content


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
    rules = Rules(settings, history, now, drivers, asked)
    return _Planner(content, rules, scope, everything, compose, only, fees).plan()


@dataclass(slots=True)
class _Planner:
    content: Content
    rules: Rules
    scope: Scope
    everything: bool
    compose: bool
    only: frozenset[str] | None
    fees: Mapping[str, Decimal]
    settings: Settings = field(init=False)
    history: Snapshot = field(init=False)
    now: datetime = field(init=False)
    problems: list[Problem] = field(default_factory=list)
    unplanned: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings, self.history, self.now = self.rules.settings, self.rules.history, self.rules.now

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
            page = Page(
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
            if told.problems and len(old) == begun and self.rules.matters(post, bool(told.items)):
                self.unplanned.append(post.path)
                self.problems.extend(page.errors)
        deliveries.extend(self._gone(seen))
        return Plan(
            deliveries=tuple(within_budget(deliveries, self.settings, self.now, self.spent)),
            old=tuple(old),
            unplanned=tuple(self.unplanned),
            hash=digest(*(f"{name}={digests[name]}" for name in sorted(digests))),
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

    def _delivery(self, telling: Telling, page: Page) -> tuple[Delivery | None, str]:
        """The delivery without its texts, None when it is done and not asked for; and its digest."""
        post = page.post
        mark = mark_of(telling, page, self.settings)
        value = digest(telling.id, telling.account.name, mark, telling.declared)
        record = self.history.records.get(telling.id)
        self.rules.begin(telling, post)
        reopened = record is not None and (
            record.state == "due" or self.rules.reopened(record, mark, telling.account)
        )
        if record is not None and not reopened and record.state not in OPEN and not self.everything:
            return None, value
        known = record if record is not None and not reopened else None
        due = self.rules.due(telling)
        standing = Standing(due) if known else self.rules.derived(telling, due, post, record)
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
        return as_known(delivery, known) if known else delivery, value

    def _composed(self, delivery: Delivery, page: Page) -> Delivery:
        changed, problems = composed(delivery, page, self.settings, self.rules.drivers)
        self.problems.extend(problems)
        return changed

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
            yield base if record.state == "due" else as_known(base, record)

    def spent(self, channel: str) -> Decimal:
        """What the network cost in this calendar month of the site's zone, open outcomes and fees included."""
        posts = spent(self.history, channel, self.now.astimezone(self.settings.zone))
        return posts + self.fees.get(channel, Decimal(0))
