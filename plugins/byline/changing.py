"""What is out already: taken away from the network, or said in other words there.

Both are safe to ask for twice: a post that is gone stays gone, and the same words are the same edit. The record is
kept: what was taken back is never sent again, and what was changed is known by its new words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from byline import cards, sharing
from byline.errors import BylineError, ClaimHeld, NotSent, RemoteError, UsageError
from byline.ledger.base import Event, Ledger, Record
from byline.model import Author, Card, Message, Post
from byline.settings import Settings
from byline.sharing import Telling

if TYPE_CHECKING:
    from byline.channels.base import Channel
    from byline.times import Clock

TAKEN_BACK = "taken back"
BY_PERSON = "taken back by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one delivery: `record` as it is now; `error` why it did not work, or did not work wholly.

    `by_hand` is what a person must do where no call can; `parts` counts the parts that were changed or deleted now.
    """

    record: Record
    done: bool
    parts: int = 0
    by_hand: str = ""
    error: BylineError | None = None


def retract(
    record: Record,
    driver: Channel | None,
    ledger: Ledger,
    clock: Clock,
    run: str,
    *,
    by_hand: bool = False,
    refuse: Callable[[], NotSent | None] = lambda: None,
) -> Outcome:
    """Delete every part from the network, the last one first, and keep the record as taken back.

    `refuse` is asked before each part is deleted and may name a reason not to, such as the budget. With `by_hand` a person did it: nothing is called. `driver` is None where the account is gone or is a person's
    own. Raises UsageError when nothing of it is out or nobody knows, LedgerError when the history cannot be written.
    """
    if record.state == "retracted":
        return Outcome(record=record, done=True)
    _must_be_out(record)
    if by_hand:
        return Outcome(record=_note(record, ledger, clock, run, BY_PERSON), done=True)
    where = record.head.url if record.head else ""
    manual = _why_by_hand(record, driver)
    if manual:
        return Outcome(record=record, done=False, by_hand=f"{manual}: delete it at {where or 'the network'}")
    assert driver is not None
    gone = 0
    for receipt in reversed(record.receipts):
        try:
            if (refused := refuse()) is not None:
                raise refused
            driver.delete(receipt.remote_id)
        except RemoteError as error:
            return Outcome(record=record, done=False, parts=gone, error=_told(error, gone, record))
        gone += 1
    return Outcome(record=_note(record, ledger, clock, run, TAKEN_BACK), done=True, parts=gone)


def _must_be_out(record: Record) -> None:
    if record.uncertain:
        raise UsageError(
            f"{record.id} may be out, and nobody knows yet", hint=f"look first: publish reconcile {record.id}"
        )
    if record.state != "sent":
        raise UsageError(
            f"{record.id} is not out" + (": it was taken back" if record.state == "retracted" else ""),
            hint="see `publish status`",
        )


def _why_by_hand(record: Record, driver: Channel | None) -> str:
    if driver is None:
        return "nothing here may sign in for this account"
    if not driver.caps.delete:
        return f"{driver.caps.label} lets no program delete posts"
    head = record.head
    if record.by_hand and head is not None and head.remote_id == head.url:
        return "a person made this post, and its address does not tell the network's own id"
    return ""


def _told(error: RemoteError, gone: int, record: Record) -> BylineError:
    """The failure in the words of a deletion; a lost answer leaves open whether it happened."""
    count = len(record.receipts)
    what = f"{gone} of {count} parts are deleted; then " if gone else ""
    if isinstance(error, NotSent) and error.cause == "unreachable":
        message = f"{what}{error.service} gave no clear answer, so it may be deleted or not"
        return BylineError(
            message, hint=f"publish retract {record.id}  (deleting what is gone harms nothing)"
        )
    hint = error.hint if isinstance(error, NotSent) and error.cause in ("auth", "limited", "billing") else ""
    where = record.head.url if record.head else "the network"
    by_hand = f"delete it at {where}, then: publish retract {record.id} --by-hand"
    return BylineError(f"{what}{error.message}", hint=f"{hint}; or {by_hand}" if hint else by_hand)


def _note(record: Record, ledger: Ledger, clock: Clock, run: str, reason: str) -> Record:
    event = Event(
        id=record.id, kind="retracted", at=clock.now(), expected=record.version, run=run, reason=reason
    )
    try:
        return ledger.write(event)[0]
    except ClaimHeld:
        now = ledger.get(record.id)
        if now is not None and now.state == "retracted":
            return now  # another run took it back meanwhile
        raise


# Other words.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewording:
    """The words that are out and those that the post has now. `problems` keep the new ones back.

    `fixed` tells in words what else changed and stays as it is on the network.
    """

    old: tuple[str, ...]
    message: Message
    problems: tuple[str, ...] = ()
    fixed: str = ""

    @property
    def new(self) -> tuple[str, ...]:
        """The words of every part as they would be."""
        return self.message.parts

    @property
    def changed(self) -> tuple[int, ...]:
        """The parts whose words differ, counted from 0."""
        return tuple(
            number for number, (old, new) in enumerate(zip(self.old, self.new, strict=False)) if old != new
        )


def rewording(
    record: Record,
    telling: Telling,
    post: Post,
    settings: Settings,
    authors: Mapping[str, Author],
    driver: Channel,
    mark: str,
) -> Rewording:
    """What `edit` would change. `mark` is the fingerprint of the post as it is now. Pure.

    Raises UsageError when it is not out, or when the network can change nothing.
    """
    _must_be_out(record)
    label = driver.caps.label
    if not driver.caps.edit:
        raise UsageError(
            f"{label} posts cannot be changed once they are out; {record.id} stays as it is",
            hint=f"take it away (publish retract {record.id}) and tell it again in other words under `share: again:`",
        )
    head = record.head
    if record.by_hand and head is not None and head.remote_id == head.url:
        raise UsageError(
            f"{record.id} was posted by hand, so only a person can change it", hint=f"change it at {head.url}"
        )
    card = Card(
        url=telling.link,
        title=post.title,
        description=post.description or post.excerpt,
        picture=cards.picture(post, settings, authors),
    )
    message, problems = driver.compose(sharing.draft(telling, post, settings, card))
    old = record.intent.text
    if len(message.parts) != len(old):
        raise UsageError(
            f"{record.id} is out in {len(old)} part(s) and now has {len(message.parts)}: parts cannot be added or "
            "taken away",
            hint=f"keep {len(old)} part(s), or tell it again under `share: again:`",
        )
    fixed = ""
    if mark != record.intent.fingerprint:
        stays = "link, card and picture" if driver.caps.link == "card" else "picture"
        fixed = f"{label} lets nobody change the {stays} of a post: {'they stay as they' if ' and ' in stays else 'it stays as it'} went out"
    return Rewording(old=old, message=message, problems=problems, fixed=fixed)


def edit(
    record: Record, words: Rewording, driver: Channel, ledger: Ledger, clock: Clock, run: str, mark: str
) -> Outcome:
    """Change the words of every part that differs, and keep the new ones in the history.

    When a later part fails, what was changed before it is kept, so that asking again does the rest.
    """
    texts = list(words.old)
    changed = 0
    failure: BylineError | None = None
    for number in words.changed:
        if number >= len(record.receipts):
            break  # this part never went out
        part = replace(words.message, parts=(words.new[number],))
        try:
            driver.edit(record.receipts[number].remote_id, part)
        except RemoteError as error:
            failure = _unedited(error, record)
            break
        texts[number] = words.new[number]
        changed += 1
    if changed:
        in_text = driver.caps.link == "text"
        intent = replace(
            record.intent,
            text=tuple(texts),
            link=words.message.link if in_text else record.intent.link,
            fingerprint=record.intent.fingerprint if failure else mark,
        )
        event = Event(
            id=record.id,
            kind="edited",
            at=clock.now(),
            expected=record.version,
            run=run,
            reason="words changed",
            intent=intent,
        )
        record = ledger.write(event)[0]
    return Outcome(record=record, done=failure is None, parts=changed, error=failure)


def _unedited(error: RemoteError, record: Record) -> BylineError:
    if isinstance(error, NotSent) and error.cause == "unreachable":
        return BylineError(
            f"{error.service} gave no clear answer, so the words may be changed or not",
            hint=f"publish edit {record.id}  (the same words again harm nothing)",
        )
    where = record.head.url if record.head else "the network"
    return BylineError(error.message, hint=f"{error.hint + '; ' if error.hint else ''}see {where}")
