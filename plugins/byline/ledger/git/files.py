"""How the sending history lies on its branch: one file a post, one event a line, in 256 folders.

    byline-ledger.json        format, the number of changes so far, the site, when it began
    accounts.json             account -> when sending began there
    posts/3f/hp7.jsonl        the events of the post's deliveries, oldest first; only ever appended to
    notes/tokens/2026-11-24.jsonl    what other parts keep here, a file a day

Everything read here was written elsewhere and is judged: what does not fit raises LedgerUntrusted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from byline.errors import LedgerError, LedgerUntrusted
from byline.ledger import codec
from byline.ledger.base import Event, Note, Record, step
from byline.model import POST_ID

FORMAT = 1
META = "byline-ledger.json"
ACCOUNTS = "accounts.json"
README = "README.md"
POSTS = "posts/"
NOTES = "notes/"
_POST_FILE = re.compile(rf"posts/([0-9a-f]{{2}})/({POST_ID})\.jsonl")
_NOTE_FILE = re.compile(r"notes/([a-z][a-z0-9_-]*)/(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))\.jsonl")
_KIND = re.compile(r"[a-z][a-z0-9_-]*")
BROKEN = (
    "`publish ledger verify` lists all that is wrong; `publish manual sending-history` says how to mend it"
)

WELCOME = """\
# The sending history

Byline keeps here which post went out where, so that nothing is ever sent twice. Please do not edit, rebase or
delete this branch, and do not merge it: a copy of its tip is kept beside it, and a branch that does not fit to
that copy stops every run.

One file a post under `posts/`, one event a line. `publish status` shows it to people.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """The first file. `serial` counts the pushes and only ever grows."""

    site: str
    created: datetime
    serial: int = 0

    def dump(self) -> bytes:
        """The file's content."""
        data = {
            "format": FORMAT,
            "serial": self.serial,
            "site": self.site,
            "created": self.created.isoformat(),
        }
        return (json.dumps(data, ensure_ascii=False) + "\n").encode()

    def next(self) -> Meta:
        """After one more push."""
        return replace(self, serial=self.serial + 1)


def load_meta(content: bytes | None, place: str) -> Meta:
    """The first file, judged. `place` is how a person knows the branch."""
    if content is None:
        raise LedgerUntrusted(
            f"{place} cannot be trusted: it has no {META}",
            hint=BROKEN,
        )
    try:
        data = json.loads(content)
        form = data["format"]
        created = datetime.fromisoformat(data.get("created", ""))
        meta = Meta(site=str(data["site"]), created=created, serial=int(data["serial"]))
        if created.tzinfo is None:
            raise ValueError("the time has no offset")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerUntrusted(f"{place}: {META} cannot be read ({error})", hint=BROKEN) from None
    if form != FORMAT:
        raise LedgerError(
            f"{place} has the form {form}; this version of Byline knows {FORMAT}",
            hint="use the version of Byline that wrote it, or a newer one",
        )
    return meta


def dump_accounts(accounts: Mapping[str, datetime]) -> bytes:
    """One account a line, in order, so that a change shows as one line."""
    data = {name: accounts[name].isoformat() for name in sorted(accounts)}
    return (json.dumps(data, ensure_ascii=False, indent=0) + "\n").encode()


def load_accounts(content: bytes | None, place: str) -> dict[str, datetime]:
    """When sending began on each account."""
    if content is None:
        return {}
    try:
        found = {name: datetime.fromisoformat(begun) for name, begun in json.loads(content).items()}
        if any(begun.tzinfo is None for begun in found.values()):
            raise ValueError("a time has no offset")
    except (ValueError, TypeError, AttributeError) as error:
        raise LedgerUntrusted(f"{place}: {ACCOUNTS} cannot be read ({error})", hint=BROKEN) from None
    return found


def file_of(delivery: str) -> str:
    """The file of a delivery's post."""
    post = delivery.partition(".")[0]
    if not re.fullmatch(POST_ID, post):
        raise LedgerError(f"{delivery} is no delivery's id: it must begin with a post's id")
    return f"{POSTS}{hashlib.sha256(post.encode()).hexdigest()[:2]}/{post}.jsonl"


def note_file(note: Note) -> str:
    """The file of one day's notes of one kind."""
    if not _KIND.fullmatch(note.kind) or "\n" in note.line:
        raise LedgerError(f"{note.kind}: a note has a kind of one lower-case word, and one line")
    return f"{NOTES}{note.kind}/{note.day.isoformat()}.jsonl"


def note_of(path: str) -> tuple[str, date] | None:
    """Kind and day of a file of notes, or None for any other file."""
    found = _NOTE_FILE.fullmatch(path)
    return (found[1], date.fromisoformat(found[2])) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One post's file: its events in order, and the records that they lead to."""

    events: tuple[Event, ...] = ()
    records: Mapping[str, Record]


def load_page(path: str, content: bytes, place: str) -> Page:
    """The file, judged line by line: every event must be one that was possible after those before it."""
    events: list[Event] = []
    records: dict[str, Record] = {}
    for number, _line, event, wrong in lines(path, content):
        if wrong:
            raise LedgerUntrusted(f"{place}: {path}:{number}: {wrong}", hint=BROKEN)
        assert event is not None
        try:
            records[event.id] = step(records.get(event.id), event)
        except LedgerError as error:
            raise LedgerUntrusted(
                f"{place}: {path}:{number}: {event.id} `{event.kind}` cannot follow what stands before it: {error.message}",
                hint=BROKEN,
            ) from None
        events.append(event)
    return Page(events=tuple(events), records=records)


def lines(path: str, content: bytes) -> Iterable[tuple[int, str, Event | None, str]]:
    """Each line of a post's file as (number, text, event, what is wrong with it)."""
    found = _POST_FILE.fullmatch(path)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        yield 1, "", None, f"it is no text ({error.reason})"
        return
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "", None, "the last line is cut off"
        return
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        try:
            event = codec.load_event(line)
        except LedgerError as error:
            yield number, line, None, error.message
            continue
        wrong = ""
        if found is None or file_of_or_nothing(event.id) != path:
            wrong = f"the event of {event.id} does not belong in this file"
        yield number, line, event, wrong


def file_of_or_nothing(delivery: str) -> str:
    """The file of a delivery, or nothing for what is no delivery's id."""
    try:
        return file_of(str(delivery))
    except LedgerError:
        return ""


def in_order(pages: Iterable[Page]) -> tuple[Event, ...]:
    """All events, oldest first; those of one delivery always in the order in which they were written."""
    keyed: list[tuple[datetime, int, Event]] = []
    for page in pages:
        latest: datetime | None = None
        for number, event in enumerate(page.events):
            latest = (
                event.at if latest is None or event.at > latest else latest
            )  # the clock may have gone back
            keyed.append((latest, number, event))
    keyed.sort(key=lambda item: (item[0], item[2].id.partition(".")[0], item[1]))
    return tuple(event for _, _, event in keyed)
