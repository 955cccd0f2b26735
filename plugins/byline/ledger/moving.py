"""A history as a file of JSON lines, and back into another store: how it moves, and how it is kept as a backup.

    {"byline-ledger":1,"site":"https://…","exported":"…"}
    {"account":"linkedin.company","begun":"…"}
    {"event":{…}}
    {"note":"tokens","day":"2026-11-24","line":"…"}
    {"end":{"accounts":2,"events":31,"notes":0,"sha256":"…"}}

The last line tells that the file is whole and unchanged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from byline.errors import LedgerError, UsageError
from byline.ledger import codec
from byline.ledger.base import Event, Ledger, Note, replay

FORMAT = 1
_DAMAGED = "export it again from the store that it came from; nothing was imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole history, as it travels."""

    site: str
    accounts: dict[str, datetime]
    events: tuple[Event, ...]
    notes: tuple[Note, ...]

    @property
    def deliveries(self) -> int:
        """How many deliveries it tells of."""
        return len({event.id for event in self.events})


def taken(ledger: Ledger, site: str) -> Whole:
    """Everything in the store. Raises LedgerError when its events do not lead to what stands in it."""
    snapshot = ledger.snapshot()
    whole = Whole(site=site, accounts=dict(snapshot.accounts), events=ledger.history(), notes=ledger.notes())
    if replay(whole.events) != dict(snapshot.records):
        raise LedgerError(
            f"the sending history in {snapshot.info.place} does not hold together",
            hint="`publish ledger verify` lists what is wrong",
        )
    return whole


def dump(whole: Whole, exported: datetime) -> Iterator[str]:
    """The lines of the file."""
    digest = hashlib.sha256()
    texts = [_line({"byline-ledger": FORMAT, "site": whole.site, "exported": exported.isoformat()})]
    texts.extend(
        _line({"account": name, "begun": begun.isoformat()}) for name, begun in sorted(whole.accounts.items())
    )
    texts.extend(f'{{"event":{codec.dump_event(event)}}}' for event in whole.events)
    texts.extend(
        _line({"note": note.kind, "day": note.day.isoformat(), "line": note.line}) for note in whole.notes
    )
    for text in texts:
        digest.update(f"{text}\n".encode())
        yield text
    counts = {"accounts": len(whole.accounts), "events": len(whole.events), "notes": len(whole.notes)}
    yield _line({"end": {**counts, "sha256": digest.hexdigest()}})


def load(lines: Sequence[str], name: str) -> Whole:
    """The history in the lines. Raises UsageError when the file is none, is cut off or was changed."""
    digest = hashlib.sha256()
    accounts: dict[str, datetime] = {}
    events: list[Event] = []
    notes: list[Note] = []
    site = ""
    end: dict[str, object] | None = None
    for number, text in enumerate(lines, start=1):
        try:
            row = json.loads(text)
            if end is not None:
                raise ValueError("there is something after the end")
            if number == 1:
                if row.get("byline-ledger") != FORMAT:
                    raise ValueError("it does not begin as an export of this version does")
                site = str(row["site"])
            elif "event" in row:
                events.append(codec.load_event(json.dumps(row["event"])))
            elif "account" in row:
                accounts[str(row["account"])] = _moment(row["begun"])
            elif "note" in row:
                notes.append(
                    Note(kind=str(row["note"]), day=date.fromisoformat(row["day"]), line=str(row["line"]))
                )
            elif "end" in row:
                end = dict(row["end"])
                continue
            else:
                raise ValueError("it is nothing that belongs in an export")
        except (ValueError, KeyError, TypeError, AttributeError, LedgerError) as error:
            said = error.message if isinstance(error, LedgerError) else str(error)
            raise UsageError(
                f"{name}:{number}: this is no export of a sending history: {said}", hint=_DAMAGED
            ) from None
        digest.update(f"{text}\n".encode())
    if end is None:
        raise UsageError(f"{name}: the end of the export is missing", hint=_DAMAGED)
    counts = {"accounts": len(accounts), "events": len(events), "notes": len(notes)}
    if end != {**counts, "sha256": digest.hexdigest()}:
        raise UsageError(f"{name}: the export was changed since it was written", hint=_DAMAGED)
    whole = Whole(site=site, accounts=accounts, events=tuple(events), notes=tuple(notes))
    try:
        replay(whole.events)
    except LedgerError as error:
        raise UsageError(f"{name}: its events do not fit together: {error.message}", hint=_DAMAGED) from None
    return whole


def put(ledger: Ledger, whole: Whole) -> None:
    """Into an empty store, all or nothing. Raises UsageError when something is in it already."""
    snapshot = ledger.snapshot()
    if not snapshot.empty:
        raise UsageError(
            f"the sending history in {snapshot.info.place} is not empty: it holds {len(snapshot.records)} deliveries, and two "
            "histories cannot be mixed",
            hint="import into a new store (another branch, file or database)",
        )
    ledger.baseline(whole.accounts, whole.events, whole.notes)
    ledger.flush()


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment
