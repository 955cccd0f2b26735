"""Does a history hold together? Every event is played again, and what comes out is held against what stands there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from byline.errors import BylineError, LedgerError
from byline.ledger import codec
from byline.ledger.base import Raw, Record, step
from byline.ledger.choosing import Store, open_remote, open_store
from byline.settings import Settings
from byline.times import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What `verify` found. `defects` is empty when all is well."""

    place: str
    deliveries: int
    events: int
    defects: tuple[str, ...]


def verify(store: Store, settings: Settings, environment: Mapping[str, str], clock: Clock) -> Verdict:
    """Look through the whole store, also one that is not to be trusted. Raises LedgerError when it cannot be reached."""
    if store == "git":
        from byline.ledger.git.commits import Commits
        from byline.ledger.git.mending import inspect

        remote = open_remote(settings)
        commits = Commits(remote.git)
        try:
            return judged(remote.place, inspect(remote, commits))
        finally:
            commits.close()
    ledger = open_store(store, settings, environment, clock)
    try:
        return judged(ledger.info.place, ledger.raw())
    finally:
        ledger.close()


def judged(place: str, raw: Raw) -> Verdict:
    """Play the events again and hold the records against what comes out."""
    records: dict[str, Record] = {}
    defects = list(raw.faults)
    broken: set[str] = set()
    for where, delivery, text in raw.events:
        try:
            event = codec.load_event(text)
            if event.id != delivery:
                raise LedgerError(f"the event is about {event.id}")
            if delivery not in broken:
                records[delivery] = step(records.get(delivery), event)
        except BylineError as error:
            broken.add(delivery)
            defects.append(f"{where}: {delivery}: {error.message}")
    if raw.records is not None:
        defects.extend(_compared(raw.records, records, broken))
    return Verdict(
        place=place, deliveries=len(records), events=len(raw.events), defects=tuple(dict.fromkeys(defects))
    )


def _compared(stored: Mapping[str, str], played: Mapping[str, Record], broken: set[str]) -> Iterator[str]:
    for delivery, text in stored.items():
        if delivery in broken:
            continue
        try:
            record = codec.load_record(text)
        except LedgerError as error:
            yield f"{delivery}: {error.message}"
            continue
        if delivery not in played:
            yield f"{delivery}: it is {record.state}, and no event tells how it came to that"
        elif played[delivery] != record:
            yield f"{delivery}: it is {record.state}, and its events lead to {_difference(record, played[delivery])}"
    for delivery in sorted(set(played) - set(stored) - broken):
        yield f"{delivery}: it has events and no entry of its own"


def _difference(stored: Record, played: Record) -> str:
    if stored.state != played.state:
        return played.state
    names = [name for name in Record.__dataclass_fields__ if getattr(stored, name) != getattr(played, name)]
    return f"another {', '.join(names)}"
