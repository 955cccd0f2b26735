"""What times and rules alone make of a delivery: due, later, held, old, or for a person's hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from byline import sharing, times
from byline.ledger.base import BASELINE, Record, Snapshot
from byline.model import Post
from byline.planning.shape import NOT_YET, Asked, Drivers, State
from byline.settings import Account, Settings
from byline.sharing import Telling


class Standing(NamedTuple):
    """What the rules alone make of a delivery."""

    due: datetime | None
    state: State = "due"
    reason: str = ""
    ready: bool = False
    old: bool = False
    expected: datetime | None = None


@dataclass(slots=True)
class Rules:
    """The rules as they are now, for one plan. `starts` gathers when first tellings go out, for their repeats."""

    settings: Settings
    history: Snapshot
    now: datetime
    drivers: Drivers
    asked: Asked
    skipped_posts: frozenset[str] = frozenset()
    starts: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.skipped_posts = frozenset(
            record.intent.post
            for record in self.history.records.values()
            if record.state == "skipped" and record.reason == BASELINE
        )

    def begin(self, telling: Telling, post: Post) -> None:
        """Note when the telling is to go out."""
        if telling.due is None:
            return
        record = self.history.records.get(telling.id)
        moved = record.not_before if record is not None and record.state == "due" else None
        self.starts[telling.id] = max(telling.due, post.published, moved or telling.due)

    def due(self, telling: Telling) -> datetime | None:
        """When it is to go out; a repeat counts from the moment the first one was out."""
        if telling.after is None:
            return telling.due
        first = self.history.records.get(
            sharing.delivery_id(telling.post_id, telling.channel, telling.account.name)
        )
        if first is None or first.sent_at is None:
            return None
        return (first.sent_at + telling.after).astimezone(self.settings.zone)

    def reopened(self, record: Record, mark: str, account: Account) -> bool:
        """May what was settled be tried again?"""
        if record.id in self.asked.late and record.state in ("skipped", "failed"):
            return True
        if record.state == "failed":
            if self.asked.retry or record.intent.fingerprint != mark:
                return True
            corrected = getattr(self.drivers(account), "corrected", None) if account.mode == "api" else None
            return corrected is not None and bool(corrected(record.reason))
        return record.state == "skipped" and record.reason == BASELINE and self.asked.backfill

    def derived(
        self, telling: Telling, declared: datetime | None, post: Post, record: Record | None
    ) -> Standing:
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
                return Standing(due, reason=reason)  # moved by the network: still due, at the stated time
            when = "the page is not public before then" if start > declared else NOT_YET
            return Standing(due, "later", reason or when)
        if old and not wanted:
            return Standing(due, "skipped", BASELINE, old=True)
        if late and telling.explicit and not wanted:
            ago = times.words(self.now - start)
            return Standing(
                due, "held", f"its time was {ago} ago; `publish send --late {telling.id}` sends it"
            )
        if telling.account.mode == "manual":
            by_hand = f"to be posted by hand, then `publish record {telling.id} --url …`"
            return Standing(due, "manual", by_hand, old=old)
        return Standing(due, reason=reason, ready=True, old=old)

    def matters(self, post: Post, readable: bool) -> bool:
        """Would a telling that could not be read be due now, or is the post old or not public yet?

        `readable` tells that others of the post could be read.
        """
        late = self.now - post.published > self.settings.late_limit
        if post.id in self.skipped_posts or (late and not readable and self.history.empty):
            return False
        return post.published <= self.now

    def _before_us(self, telling: Telling) -> bool:
        """Was this old already when its account began, or is it of a post that was and now comes by default?"""
        begun = f"{telling.channel}.{telling.account.name}" in self.history.accounts
        return not begun or (telling.post_id in self.skipped_posts and not telling.written)

    def _unrepeated(self, telling: Telling) -> Standing:
        """A repeat whose first telling is not out."""
        first_id = sharing.delivery_id(telling.post_id, telling.channel, telling.account.name)
        first = self.history.records.get(first_id)
        assert telling.after is not None
        span = times.words(telling.after)
        expected = self._expected(telling, first_id)
        if first is not None and first.state in ("skipped", "retracted"):
            gone = "was not sent (old post)" if first.state == "skipped" else "was taken back"
            state: State = "due" if telling.id in self.asked.late else "held"
            return Standing(
                None,
                state,
                f"the first one {gone}, so there is nothing to count from; `publish send --late {telling.id}` sends it",
                ready=state == "due" and telling.account.mode == "api",
                expected=expected,
            )
        return Standing(None, "later", f"goes out {span} after the first one is out", expected=expected)

    def _expected(self, telling: Telling, first_id: str) -> datetime | None:
        """When a repeat goes out if the first one does on time, or now when that is past; to the minute."""
        start = self.starts.get(first_id)
        if start is None or telling.after is None:
            return None
        begun = max(start, self.now.replace(second=0, microsecond=0))
        return (begun + telling.after).astimezone(self.settings.zone)
