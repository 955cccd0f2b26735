"""What this machine saw last in the database: `plan` reads it without a connection, and nothing may be older than it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from byline.errors import LedgerError
from byline.ledger import codec
from byline.ledger.base import Info, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What this machine saw last: the head of its note, and what stands in it."""

    place: str
    site: str
    created: datetime
    number: int
    read: datetime
    snapshot: Snapshot


def write_memory(file: Path, memory: Memory, records: Sequence[str]) -> None:
    """Put the note in place of the older one. Best effort: a note that lags costs nothing but its age.

    `records` are the memory's, in the form of `codec`.
    """
    snapshot = memory.snapshot
    head = {
        "place": memory.place,
        "site": memory.site,
        "created": memory.created.isoformat(),
        "number": memory.number,
        "read": memory.read.isoformat(),
        "written": snapshot.info.written.isoformat() if snapshot.info.written else "",
        "accounts": {name: begun.isoformat() for name, begun in snapshot.accounts.items()},
        "digest": _digest(records),
    }
    lines = [json.dumps(head, ensure_ascii=False), *records]
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text("\n".join([*lines, ""]), encoding="utf-8")
        draft.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()


def read_memory(file: Path, site: str, *, head_only: bool = False) -> Memory | None:
    """What this machine saw last of the site's history, or None. With `head_only` its deliveries need not be there."""
    try:
        head, *lines = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        data = json.loads(head)
        if data["site"] != site:
            return None
        whole = head_only and data.get("digest") == _digest(lines)  # as it was written: it need not be read
        records = {} if whole else {record.id: record for record in map(codec.load_record, lines)}
        read = datetime.fromisoformat(data["read"])
        created = datetime.fromisoformat(data["created"])
        info = Info(
            store="postgresql",
            place=f"{data['place']}, site {site}",
            created=created,
            written=datetime.fromisoformat(data["written"]) if data["written"] else None,
            read=read,
        )
        accounts = {name: datetime.fromisoformat(begun) for name, begun in data["accounts"].items()}
        return Memory(
            place=data["place"],
            site=site,
            created=created,
            number=data["number"],
            read=read,
            snapshot=Snapshot(records=records, accounts=accounts, info=info),
        )
    except (OSError, ValueError, KeyError, TypeError, LedgerError):
        return None


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
