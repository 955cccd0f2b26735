"""The sending history on a branch of the site's own repository: nothing to host, and it outlives every runner.

Each claim, each stored request and each receipt is a commit of its own, pushed at once: the push is the lock. It
moves branch and anchor together by compare and swap; whoever finds that another runner was first fetches, puts its
events to `step` again on what is there now, and tries once more or gives up with ClaimHeld. Settlements wait for
the next push or for `flush`: when they are lost with the runner, the next run finds out what they said.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from byline.errors import ClaimHeld, LedgerError
from byline.ledger import codec
from byline.ledger.base import Event, Info, Note, Raw, Record, Snapshot, step
from byline.ledger.git import files
from byline.ledger.git.cache import Cache
from byline.ledger.git.commits import Commits
from byline.ledger.git.files import Meta, Page
from byline.ledger.git.mending import inspect
from byline.ledger.git.remote import Remote, Seen
from byline.ledger.git.trust import Trust
from byline.times import Clock

TRIES = 24
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 4.0
EMPTY = Page(records={})


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be added in one push, all or nothing."""

    events: tuple[Event, ...] = ()
    accounts: Mapping[str, datetime] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.events or self.accounts or self.notes)


class GitLedger:
    """One site's history on one branch. `offline` reads what was last fetched and can write nothing."""

    def __init__(
        self,
        remote: Remote,
        *,
        site: str,
        clock: Clock,
        offline: bool = False,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._remote = remote
        self._site = site
        self._clock = clock
        self._chance = chance
        self._offline = offline
        self._commits = Commits(remote.git)
        self._trust = Trust(remote, self._commits, clock, chance)
        self._tip = ""
        self._meta: Meta | None = None
        self._tree: dict[str, str] = {}
        self._pages: dict[str, Page] = {}
        self._records: dict[str, Mapping[str, Record]] = {}  # of files of which only these are needed
        self._cache = Cache(remote.own_file("records"))
        self._accounts: dict[str, datetime] = {}
        self._read: datetime | None = None
        self._waiting = _Wish()  # written lazily, not pushed yet
        self._ahead: dict[str, Record] = {}  # the records after what waits
        self._gave_up = False
        if offline:
            self._adopt(remote.known() or remote.tracked())
            self._read = remote.fetched_at(self._tip)
        else:
            self._refresh()

    @property
    def info(self) -> Info:
        return Info(
            store="git",
            place=self._remote.place,
            created=self._meta.created if self._meta else None,
            written=self._commits.written(self._tip) if self._tip else None,
            read=self._read,
        )

    @property
    def tip(self) -> str:
        """The commit that is read, or empty."""
        return self._tip

    def snapshot(self) -> Snapshot:
        records: dict[str, Record] = {}
        for found in self._all_records().values():
            records |= found
        return Snapshot(
            records=dict(sorted((records | self._ahead).items())),
            accounts=dict(self._accounts),
            info=self.info,
        )

    def _all_records(self) -> dict[str, Mapping[str, Record]]:
        """The records of every post's file, by path; those of files that were judged before are not replayed."""
        paths = [path for path in self._tree if path.startswith(files.POSTS)]
        for path in paths:
            if path not in self._pages and path not in self._records:
                known = self._cache.records(self._tree[path])
                if known is not None:
                    self._records[path] = known
        self._load(path for path in paths if path not in self._records)
        return {
            path: self._pages[path].records if path in self._pages else self._records[path] for path in paths
        }

    def get(self, delivery: str) -> Record | None:
        if delivery in self._ahead:
            return self._ahead[delivery]
        return self._page(files.file_of(delivery)).records.get(delivery)

    def write(self, *events: Event, lazy: bool = False) -> tuple[Record, ...]:
        if lazy and not self._offline:
            records = self._decided(events)
            self._waiting = replace(self._waiting, events=(*self._waiting.events, *events))
            self._ahead |= {record.id: record for record in records}
            self._gave_up = False
            return records
        return self._push(_Wish(events=events))

    def baseline(
        self, accounts: Mapping[str, datetime], events: Sequence[Event] = (), notes: Sequence[Note] = ()
    ) -> None:
        self._push(_Wish(events=tuple(events), accounts=dict(accounts), notes=tuple(notes)))

    def note(self, *notes: Note) -> None:
        for note in notes:
            files.note_file(note)
        self._waiting = replace(self._waiting, notes=(*self._waiting.notes, *notes))
        self._gave_up = False

    def notes(self, kind: str = "") -> tuple[Note, ...]:
        found = {
            path: where for path in self._tree if (where := files.note_of(path)) and kind in ("", where[0])
        }
        contents = self._commits.read({path: self._tree[path] for path in found})
        kept = [
            Note(kind=found[path][0], day=found[path][1], line=line)
            for path in found
            for line in contents[path].decode(errors="replace").removesuffix("\n").split("\n")
        ]
        kept.extend(note for note in self._waiting.notes if kind in ("", note.kind))
        return tuple(sorted(kept, key=lambda note: (note.kind, note.day)))

    def raw(self) -> Raw:
        return inspect(self._remote, self._commits)

    def history(self, delivery: str = "") -> tuple[Event, ...]:
        if delivery:
            pages = [self._page(files.file_of(delivery))]
        else:
            self._load(path for path in self._tree if path.startswith(files.POSTS))
            pages = [self._pages[path] for path in sorted(self._pages)]
        events = (*files.in_order(pages), *self._waiting.events)
        return tuple(event for event in events if not delivery or event.id == delivery)

    def flush(self) -> None:
        if not self._waiting.empty:
            self._push(_Wish())

    def close(self) -> None:
        try:
            if not self._gave_up:  # what failed has been told
                self.flush()
            if not self._offline:
                known = {path: page.records for path, page in self._pages.items()} | self._records
                self._cache.keep({self._tree[path]: records for path, records in known.items()})
        finally:
            self._commits.close()

    def refresh(self) -> None:
        """Fetch what the server has now. Raises LedgerUntrusted when it vanished or went back in time."""
        self._refresh()

    def _decided(self, events: Sequence[Event]) -> tuple[Record, ...]:
        """The records after the events. What does not fit what we know is put to what the server knows."""
        try:
            return self._stepped(events)
        except ClaimHeld:
            self._refresh()
            return self._stepped(events)

    def _stepped(self, events: Iterable[Event]) -> tuple[Record, ...]:
        ahead: dict[str, Record] = {}
        records = []
        for event in events:
            before = ahead.get(event.id) or self.get(event.id)
            ahead[event.id] = step(before, event)
            records.append(ahead[event.id])
        return tuple(records)

    def _push(self, wish: _Wish) -> tuple[Record, ...]:
        """Everything that waits and the wish, in one commit that is on the server when this returns."""
        if self._offline:
            raise LedgerError("the sending history was opened for reading alone")
        try:
            return self._tried(wish)
        except LedgerError as error:
            self._gave_up = not isinstance(error, ClaimHeld)
            raise

    def _tried(self, wish: _Wish) -> tuple[Record, ...]:
        records = self._decided(wish.events)
        unclear = False
        refusal: LedgerError | None = None
        for attempt in range(TRIES):
            base, tip = self._tip, self._make(wish)
            outcome, error = self._remote.push(tip, Seen(base, base))
            if outcome == "done":
                self._pushed(tip)
                return records
            unclear = unclear or outcome == "unclear"
            refusal = error
            self._refresh()
            if self._tip == tip:  # it was done: only the answer was lost
                self._pushed(tip)
                return records
            if self._tip == base and error is not None:
                break
            if unclear and wish.events and self._there(wish.events):
                self._pushed(self._tip)
                return tuple(record for event in wish.events if (record := self.get(event.id)) is not None)
            self._drop_what_others_settled()
            records = self._stepped(wish.events)
            self._pause(attempt)
        raise refusal or LedgerError(
            f"{self._remote.place} could not be written: other runs were first each of {TRIES} times",
            hint="run it again later; let runs wait for one another with a concurrency group in CI",
        )

    def _pause(self, attempt: int) -> None:
        self._clock.sleep(self._chance() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))

    def _there(self, events: Sequence[Event]) -> bool:
        """Are these very events on the server already? (A push whose answer was lost, with others after it.)"""
        for event in events:
            page = self._page(files.file_of(event.id))
            own = [item for item in page.events if item.id == event.id]
            if len(own) <= event.expected or own[event.expected] != event:
                return False
        return True

    def _drop_what_others_settled(self) -> None:
        """Settlements that wait, on the new state: what another run has settled meanwhile stays as that run left it."""
        kept: list[Event] = []
        self._ahead = {}
        for event in self._waiting.events:
            try:
                (record,) = self._stepped((event,))
            except LedgerError:
                continue
            self._ahead[event.id] = record
            kept.append(event)
        self._waiting = replace(self._waiting, events=tuple(kept))

    def _make(self, wish: _Wish) -> str:
        """The commit with what waits and the wish, on what we know."""
        events = (*self._waiting.events, *wish.events)
        changed: dict[str, bytes] = {}
        added: dict[str, list[str]] = {}
        for event in events:
            added.setdefault(files.file_of(event.id), []).append(codec.dump_event(event))
        for note in (*self._waiting.notes, *wish.notes):
            added.setdefault(files.note_file(note), []).append(note.line)
        old = self._commits.read({path: self._tree[path] for path in added if path in self._tree})
        for path, rows in added.items():
            changed[path] = old.get(path, b"") + "".join(f"{row}\n" for row in rows).encode()
        accounts = dict(wish.accounts) | self._accounts  # what has begun stays begun
        if accounts != self._accounts:
            changed[files.ACCOUNTS] = files.dump_accounts(accounts)
        now = self._clock.now()
        meta = self._meta or Meta(site=self._site, created=now)
        changed[files.META] = meta.next().dump()
        if not self._tip:
            changed[files.README] = files.WELCOME.encode()
        return self._commits.make(self._tip, changed, _message(events, wish), now)

    def _pushed(self, tip: str) -> None:
        """The server has it, and nothing waits any more."""
        self._waiting, self._ahead = _Wish(), {}
        self._gave_up = False
        if tip != self._tip:
            self._adopt(tip)
        self._seen()

    def _refresh(self) -> None:
        """Look at the server, judge what is there, and take it up."""
        tip = self._trust.current(self._tip)
        if tip != self._tip:
            self._adopt(tip)
            self._drop_what_others_settled()
        self._seen()

    def _seen(self) -> None:
        """What we have now is what the server has."""
        self._read = self._clock.now()
        if self._tip:
            self._remote.remember(self._tip, self._read)

    def _adopt(self, tip: str) -> None:
        """Read this commit from now on. Pages whose file did not change are kept."""
        tree = self._commits.tree(tip) if tip else {}
        same = {path for path, blob in tree.items() if blob == self._tree.get(path)}
        kept = {path: page for path, page in self._pages.items() if path in same}
        self._records = {path: records for path, records in self._records.items() if path in same}
        head = {path: tree[path] for path in (files.META, files.ACCOUNTS) if path in tree}
        contents = self._commits.read(head)
        place = self._remote.place
        self._meta = files.load_meta(contents.get(files.META), place) if tip else None
        self._accounts = files.load_accounts(contents.get(files.ACCOUNTS), place)
        self._tip, self._tree, self._pages = tip, tree, kept

    def _page(self, path: str) -> Page:
        self._load((path,))
        return self._pages.get(path, EMPTY)

    def _load(self, paths: Iterable[str]) -> None:
        missing = {path: self._tree[path] for path in paths if path in self._tree and path not in self._pages}
        for path, content in self._commits.read(missing).items():
            self._pages[path] = files.load_page(path, content, self._remote.place)


def _message(events: Sequence[Event], wish: _Wish) -> str:
    """What the push says in the branch's log. No service should build anything for it."""
    told = [f"{event.id}: {event.kind}" for event in events]
    if wish.accounts:
        told.insert(0, f"begun: {', '.join(sorted(wish.accounts))}")
    if not told:
        told = ["notes"]
    if len(told) == 1:
        return f"{told[0]} [skip ci]\n"
    rest = f"\n… and {len(told) - 50} more" if len(told) > 50 else ""
    return f"{told[0]} and {len(told) - 1} more [skip ci]\n\n" + "\n".join(told[:50]) + rest + "\n"
