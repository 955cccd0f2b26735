"""Who gets a newsletter, who of them has got it, who does not want it any more.

The list is the company's own file, or a secret; it never comes near the sending history. What is noted of a person is
a hash of the address, in the private store.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from byline.mail.headers import address
from byline.private import PrivateStore

State = Literal["todo", "going", "done", "refused"]
_NAMES = frozenset({"email", "e-mail", "mail", "email address", "e-mail address", "address"})
TABLES = ("mailings", "mailing_people", "unsubscribed")
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS mailings (id TEXT PRIMARY KEY, at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS mailing_people (mailing TEXT NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL,"
    " words TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (mailing, person))",
    "CREATE TABLE IF NOT EXISTS unsubscribed (person TEXT PRIMARY KEY, at TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class People:
    """The addresses of a list, each once, in its order; and the lines that hold none that can be used."""

    addresses: tuple[str, ...]
    bad_lines: tuple[int, ...] = ()


def person(addr: str) -> str:
    """The person behind an address as a key that is no address."""
    return hashlib.sha256(addr.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()


def read_people(data: str) -> People:
    """The list: a CSV with a column `email`, or one address a line. Empty lines and those with `#` are passed over."""
    rows = _rows(data)
    column = 0
    first = next((row for _, row in rows if any(row)), [])
    names = [cell.strip().lower() for cell in first]
    head = next((n for n, name in enumerate(names) if name in _NAMES), None)
    if head is not None:
        column = head
        rows = [pair for pair in rows if pair[1] is not first]
    found: dict[str, str] = {}
    bad: list[int] = []
    for line, row in rows:
        if not any(row) or row[0].lstrip().startswith("#"):
            continue
        usable = address(row[column]) if len(row) > column else ""
        if usable:
            found.setdefault(usable.lower(), usable)
        else:
            bad.append(line)
    return People(addresses=tuple(found.values()), bad_lines=tuple(bad))


def without(data: str, addr: str) -> str:
    """The same list without the person; every other line as it was."""
    column_known = [(line, row) for line, row in _rows(data) if any(row)]
    gone = {
        line
        for line, row in column_known
        if any(cell.strip().lower() == addr.strip().lower() for cell in row)
    }
    lines = data.splitlines(keepends=True)
    return "".join(text for number, text in enumerate(lines, 1) if number not in gone)


def _rows(data: str) -> list[tuple[int, list[str]]]:
    text = data.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    mark = max(",;\t", key=head.count) if any(sign in head for sign in ",;\t") else ","
    reader = csv.reader(io.StringIO(text), delimiter=mark)
    return [(reader.line_num, row) for row in reader]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a mailing is. `unclear` are those whose answer was lost: they may have it."""

    mailing: str
    at: datetime
    done: int = 0
    left: int = 0
    refused: int = 0
    unclear: int = 0

    @property
    def total(self) -> int:
        """How many people the mailing is for."""
        return self.done + self.left + self.refused + self.unclear


class Journal:
    """Who of each mailing has got it. Every step is on disk before the next one is taken."""

    def __init__(self, store: PrivateStore) -> None:
        self.store = store
        store.tables(*_SCHEMA)

    def begin(self, mailing: str, people: Iterable[str], now: datetime) -> None:
        """Note who shall get it. Beginning again leaves those who have it, and gives everybody else another chance.

        A mailing begins again only when it is known, or a person said, that what was unclear did not arrive.
        """
        with self.store.unit():
            self.store.run(
                "UPDATE mailing_people SET state = 'todo', words = '' WHERE mailing = ? AND state != 'done'",
                mailing,
            )
            self.add(mailing, people, now)

    def add(self, mailing: str, people: Iterable[str], now: datetime) -> None:
        """Note who shall get it too; whoever stands there already stays as they are."""
        with self.store.unit():
            self.store.run(
                "INSERT INTO mailings VALUES (?, ?) ON CONFLICT DO NOTHING", mailing, now.isoformat()
            )
            for key in people:
                self.store.run(
                    "INSERT INTO mailing_people VALUES (?, ?, 'todo', '', ?) ON CONFLICT DO NOTHING",
                    mailing,
                    key,
                    now.isoformat(),
                )

    def known(self, mailing: str) -> bool:
        """Did it begin here?"""
        return bool(self.store.run("SELECT 1 FROM mailings WHERE id = ?", mailing))

    def left(self, mailing: str) -> frozenset[str]:
        """The people who have not been tried yet, or shall be tried again."""
        rows = self.store.run(
            "SELECT person FROM mailing_people WHERE mailing = ? AND state = 'todo'", mailing
        )
        return frozenset(row[0] for row in rows)

    def mark(self, mailing: str, key: str, state: State, now: datetime, words: str = "") -> None:
        """What became of one person's mail; `going` before it leaves."""
        self.store.run(
            "UPDATE mailing_people SET state = ?, words = ?, at = ? WHERE mailing = ? AND person = ?",
            state, words, now.isoformat(), mailing, key,
        )  # fmt: skip

    def drop(self, mailing: str, keys: Iterable[str]) -> None:
        """These are not on the list any more and do not get it."""
        with self.store.unit():
            for key in keys:
                self.store.run(
                    "DELETE FROM mailing_people WHERE mailing = ? AND person = ? AND state = 'todo'",
                    mailing,
                    key,
                )

    def standing(self, mailing: str) -> Standing:
        """How far a mailing is that is known here."""
        return next(found for found in self.standings() if found.mailing == mailing)

    def standings(self) -> tuple[Standing, ...]:
        """Every mailing, the latest first."""
        counts: dict[str, dict[str, int]] = {}
        for mailing, state, number in self.store.run(
            "SELECT mailing, state, count(*) FROM mailing_people GROUP BY mailing, state"
        ):
            counts.setdefault(mailing, {})[state] = int(number)
        found = [
            Standing(
                mailing=key,
                at=datetime.fromisoformat(at),
                done=counts.get(key, {}).get("done", 0),
                left=counts.get(key, {}).get("todo", 0),
                refused=counts.get(key, {}).get("refused", 0),
                unclear=counts.get(key, {}).get("going", 0),
            )
            for key, at in self.store.run("SELECT id, at FROM mailings ORDER BY at DESC, id")
        ]
        return tuple(found)

    def trouble(self, mailing: str) -> Mapping[str, tuple[str, str]]:
        """Those who were refused or are unclear: person -> (state, the server's words)."""
        rows = self.store.run(
            "SELECT person, state, words FROM mailing_people WHERE mailing = ? AND state IN ('refused', 'going')",
            mailing,
        )
        return {key: (state, words) for key, state, words in rows}

    def unsubscribe(self, key: str, now: datetime) -> None:
        """This person wants no more of it; saying so twice is the same."""
        self.store.run("INSERT INTO unsubscribed VALUES (?, ?) ON CONFLICT DO NOTHING", key, now.isoformat())

    def unsubscribed(self) -> frozenset[str]:
        """Everybody who wants no more."""
        return frozenset(row[0] for row in self.store.run("SELECT person FROM unsubscribed"))

    def forget(self, addr: str) -> int:
        """Leave nothing of the person, not even that there was one; returns how many mailings they stood in."""
        key = person(addr)
        with self.store.unit():
            count = int(self.store.run("SELECT count(*) FROM mailing_people WHERE person = ?", key)[0][0])
            self.store.run("DELETE FROM mailing_people WHERE person = ?", key)
            self.store.run("DELETE FROM unsubscribed WHERE person = ?", key)
        self.store.scrub(*TABLES)
        return count


def sign(secret: str, key: str) -> str:
    """What proves that we made this person's address for leaving the list."""
    return hmac.new(secret.encode(), f"unsubscribe {key}".encode(), hashlib.sha256).hexdigest()[:32]


def leave_address(base: str, secret: str, key: str) -> str:
    """The person's own address for leaving the list with one click (RFC 8058)."""
    return f"{base}{'&' if '?' in base else '?'}{urlencode({'p': key, 's': sign(secret, key)})}"


def leave_by_mail(addr: str) -> str:
    """The address that asks for it by mail."""
    return f"mailto:{quote(addr, safe='@.+-_')}?subject=unsubscribe"


def checked(secret: str, key: str, signature: str) -> bool:
    """Was this address for leaving made by us?"""
    return bool(secret) and hmac.compare_digest(sign(secret, key).encode(), signature.encode())


def load(raw: str, home: Path) -> str:
    """The list itself, or the file that the words name. Raises OSError when there is no such file."""
    if "@" in raw and ("\n" in raw or not (home / raw).is_file()):
        return raw
    return (home / raw).read_text(encoding="utf-8-sig")
