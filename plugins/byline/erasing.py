"""Erase a person: out of every place that this site keeps, and out of the CRM; then look whether anything is left.

What stays on purpose are amounts of orders, without anybody. What cannot be reached from here (backups, the inboxes of
sales, a secret that holds a list) is named, so that a person can see to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from byline.crm.base import person_key
from byline.errors import BylineError
from byline.intake.outbox import Outbox
from byline.mail import people
from byline.private import PrivateStore
from byline.settings import Settings
from byline.times import Clock

if TYPE_CHECKING:
    from byline.crm.base import CrmDriver, Store

PAGES = "report-pages"  # in the folder of local state: where reports were written, one folder a line
_CHUNK = 1 << 20


@dataclass(slots=True)
class Erased:
    """What was done, what failed, what is left for a person; sentences without the person's name or address."""

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    found: int = 0  # records, lines and files that were about the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """One person, one site. `driver` is None for a CRM without an interface; `listed` are the secrets that hold lists.

    `private` opens every private store there is: the file, and the shared database.
    """

    settings: Settings
    clock: Clock
    store: Callable[[], Store]
    private: Callable[[], Sequence[PrivateStore]]
    driver: Callable[[], CrmDriver] | None = None
    listed: Callable[[], dict[str, str]] = dict

    def erase(self, address: str) -> Erased:
        """Everything, one place after the other; a place that fails stops no other."""
        told = Erased()
        marks = {address.strip().lower(), person_key(address), people.person(address)}
        self._safely(told, "the CRM's copy here", lambda: self._marks(address, marks))
        for what, act in (
            ("the CRM", lambda: self._crm(address, told)),
            ("leads kept here", lambda: self._kept(address, told)),
            ("leads on their way, and mailings", lambda: self._private(address, told)),
            ("lists for newsletters", lambda: self._lists(address, told)),
            ("files that were dropped, and saved reports", lambda: self._files(marks, told)),
        ):
            self._safely(told, what, act)
        for path in sorted(self._left(marks)):
            told.failed.append(
                f"{self._short(path)} still holds something of the person: stop what has it open (an intake, a run), "
                "then run this again"
            )
        for name, value in self.listed().items():
            if address.strip().lower() in value.lower():
                told.by_hand.append(f"the secret {name} has the address: take it out there")
        told.by_hand += [
            "backups of these files, and the inboxes of sales, are not looked at here",
            "a file that is imported again brings the person back",
        ]
        return told

    def _safely(self, told: Erased, what: str, act: Callable[[], None]) -> None:
        try:
            act()
        except BylineError as error:
            told.failed.append(f"{what}: {error.message}")
        except OSError as error:
            told.failed.append(f"{what}: {error.strerror}")

    def _marks(self, address: str, marks: set[str]) -> None:
        """What stands for the person: ids of leads here and in the CRM."""
        key = person_key(address)
        if self._has_store():
            with closing(self.store()) as store:
                for lead in store.leads():
                    if lead.person == key:
                        marks |= {lead.id, lead.fields.get("record", "")}
        for private in self.private():
            with private:
                Outbox(private, clock=self.clock, what=())
                rows = private.run("SELECT id FROM intake_leads WHERE person = ?", key)
                marks |= {str(row[0]) for row in rows}
        marks.discard("")

    def _crm(self, address: str, told: Erased) -> None:
        if self.driver is None:
            return
        driver = self.driver()
        if not driver.caps.erases:
            told.by_hand.append(f"{driver.caps.label} cannot be asked to: delete the person there")
            return
        gone = driver.erase(address)
        told.found += gone
        told.done.append(f"{driver.caps.label}: {gone} deleted")

    def _has_store(self) -> bool:
        from byline.crm import _opening

        return _opening.has_store(self.settings)

    def _kept(self, address: str, told: Erased) -> None:
        if not self._has_store():
            return
        with closing(self.store()) as store:
            gone = store.erase(address)
        told.found += gone
        told.done.append(f"leads kept here: {gone} deleted")

    def _private(self, address: str, told: Erased) -> None:
        waiting = mailings = 0
        stores = self.private()
        for private in stores:
            with private:
                waiting += Outbox(private, clock=self.clock, what=()).forget(person_key(address))
                mailings += people.Journal(private).forget(address)
        if not stores:
            return
        told.found += waiting + mailings
        told.done.append(f"leads on their way: {waiting} deleted; mailings: forgotten in {mailings}")

    def _lists(self, address: str, told: Erased) -> None:
        for path in self._list_files():
            text = path.read_bytes().decode("utf-8", "surrogateescape")
            kept = people.without(text, address)
            if kept != text:
                _rewrite(path, kept.encode("utf-8", "surrogateescape"))
                told.found += 1
                told.done.append(f"{self._short(path)}: taken off the list")

    def _list_files(self) -> Iterator[Path]:
        for block in self.settings.channels.values():
            for account in block.accounts.values():
                name = account.option("recipients")
                if name and (self.settings.root / name).is_file():
                    yield self.settings.root / name

    def _files(self, marks: set[str], told: Erased) -> None:
        drop = self.settings.intake.drop
        folders = [*self._report_folders(), *([self.settings.root / drop] if drop else [])]
        for folder in folders:
            for path in sorted(folder.glob("*") if folder.is_dir() else ()):
                if path.is_file() and _holds(path, marks):
                    _shred(path)
                    told.found += 1
                    told.done.append(f"{self._short(path)}: deleted")

    def _report_folders(self) -> tuple[Path, ...]:
        file = self.settings.state / PAGES
        if not file.is_file():
            return ()
        return tuple(Path(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip())

    def _left(self, marks: set[str]) -> Iterator[Path]:
        """Every file of ours in which anything of the person can still be read, byte by byte."""
        state = self.settings.state
        paths = [path for path in state.rglob("*") if path.is_file()] if state.is_dir() else []
        paths += list(self._list_files())
        for folder in self._report_folders():
            paths += [path for path in folder.glob("*") if path.is_file()]
        yield from {path for path in paths if _holds(path, marks)}

    def _short(self, path: Path) -> str:
        try:
            return str(path.relative_to(self.settings.root))
        except ValueError:
            return str(path)


def note_page(settings: Settings, folder: Path) -> None:
    """Remember where a report was written, so that a person can be taken out of it."""
    file = settings.state / PAGES
    line = str(folder.resolve())
    known = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    if line not in known:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([*known, line]) + "\n", encoding="utf-8")


def _holds(path: Path, marks: set[str]) -> bool:
    """Does any of the marks stand in the file's bytes, in whatever case, in UTF-8 or UTF-16?"""
    wanted = [form for mark in marks for form in (mark.lower().encode(), mark.lower().encode("utf-16-le"))]
    keep = max(map(len, wanted), default=1)
    tail = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                window = (tail + chunk).lower()
                if any(form in window for form in wanted):
                    return True
                tail = window[-keep:]
    except OSError:
        return False
    return False


def _rewrite(path: Path, data: bytes) -> None:
    """The file with new bytes, whole or not at all; then the old ones are overwritten."""
    fresh, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")
    fresh.write_bytes(data)
    fresh.chmod(path.stat().st_mode & 0o777)
    old.unlink(missing_ok=True)
    old.hardlink_to(path)
    fresh.replace(path)
    _shred(old)


def _shred(path: Path) -> None:
    _overwrite(path)
    path.unlink()


def _overwrite(path: Path) -> None:
    """Its bytes become noughts on the disk before it goes, as far as the file system does as it is told."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        for at in range(0, size, _CHUNK):
            file.write(b"\0" * min(_CHUNK, size - at))
        file.flush()
        os.fsync(file.fileno())
