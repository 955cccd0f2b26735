"""The cache file: what a build made, kept by the hash of everything that went into it. One file, compressed, versioned.

A build from it must be byte-identical to a clean one, so nothing here is ever trusted for being there: a thing is found
under a key that covers its inputs, and the key of everything begins with a stamp of the program's own code. A file of
another version, or one that is broken, is put aside as if it had never been. Only plain data is kept (bytes and JSON),
nothing that could run.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from byline.site.spool import Aside, Spool

VERSION = "1"
FILE = "build.db"
_RAW, _PACKED, _LIKE = (
    0,
    1,
    2,
)  # as it is with a checksum, compressed, compressed with the sample page as dictionary
_LEVEL = 3  # for pages, which are the most
_QUICK = 1
_WINDOW = 32_768
_PAGE = 16_384  # bytes of the file that are written at once: most things kept fit into one or two
_SMALL = 4_096  # bytes for which it does not pay to call once more, or to pack them

Name = tuple[str, str]  # kind and key
# What another process hands over of what it has put: the form, and where it lies in the spool that it was given.
Handed = Mapping[Name, tuple[int, bytes | tuple[int, int]]]


def encoder(*, compact: bool = False, default: Callable[[Any], Any] | None = None) -> Callable[[Any], str]:
    """As `json.JSONEncoder(ensure_ascii=False, …).encode`, made once: that makes the part in C anew for each value.

    `compact` is without spaces. A value that holds itself raises RecursionError.
    """
    separators = (",", ":") if compact else (", ", ": ")
    usual = json.JSONEncoder(ensure_ascii=False, separators=separators, default=default)
    parts: Any = json.encoder
    if parts.c_make_encoder is None:  # a Python without the part in C
        return usual.encode
    item, key = separators
    make = parts.c_make_encoder(
        None, usual.default, parts.encode_basestring, None, key, item, False, False, True
    )

    def encode(value: Any) -> str:
        return "".join(make(value, 0))

    return encode


_as_json = encoder()


def digest(*parts: Any) -> str:
    """One short name for plain values: text, bytes, numbers, None, and lists, tuples and maps of them.

    Different values have different names, whatever their types. Anything else raises TypeError: what cannot be
    named cannot be kept.
    """
    seen = hashlib.blake2b(digest_size=20)
    for part in parts:
        if isinstance(part, str):
            data, kind = part.encode("utf-8", "surrogatepass"), b"s"
        elif isinstance(part, bytes):
            data, kind = part, b"b"
        else:
            data, kind = _as_json(part).encode("utf-8", "surrogatepass"), b"j"
        if len(data) < _SMALL:
            seen.update(b"%b%d:%b" % (kind, len(data), data))
        else:
            seen.update(b"%b%d:" % (kind, len(data)))
            seen.update(data)
    return seen.hexdigest()


@lru_cache(maxsize=65_536)
def address(url: str) -> str:
    """As `digest(url)`: a picture is known by where it lies, which is asked several times in a build."""
    return digest(url)


class Kept:
    """The cache file of one site, open for one build. Every failure of the file only costs time."""

    def __init__(self, folder: Path, stamp: str) -> None:
        """`stamp` names the program's code: what another code made is not used."""
        self.folder = folder
        self.path = folder / FILE
        self.stamp = stamp
        self._live: dict[str, set[str]] = {}
        self._fresh: dict[Name, tuple[int, bytes | Aside]] = {}
        self._spool: Spool | None = None
        self._apart = False
        self._sample = b""
        self._file: sqlite3.Connection | None = None
        self._empty = False  # holds the file nothing? Then it need not be asked thousands of times
        self._open()

    def _open(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = self._connect()
        except (sqlite3.Error, OSError):
            self._put_aside()
            try:
                self._file = self._connect()
            except (sqlite3.Error, OSError):
                self._file = None  # a folder that cannot be written costs time, not the build
        if self._file is not None:
            self._sample = self._one("about", "sample") or b""
            with suppress(sqlite3.Error):
                asked = "SELECT 1 FROM item WHERE kind <> 'about' LIMIT 1"
                self._empty = self._file.execute(asked).fetchone() is None

    def _connect(self) -> sqlite3.Connection:
        file = sqlite3.connect(self.path, timeout=2, isolation_level=None, check_same_thread=False)
        try:
            file.execute(f"PRAGMA page_size={_PAGE}")  # of a new file
            file.execute("PRAGMA journal_mode=MEMORY")
            file.execute("PRAGMA synchronous=OFF")  # a torn file is found out and put aside
            file.execute(
                "CREATE TABLE IF NOT EXISTS item (kind TEXT, key TEXT, form INT, data BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
            )
            found = file.execute("SELECT data FROM item WHERE kind = 'about' AND key = 'stamp'").fetchone()
            wanted = f"{VERSION} {self.stamp}".encode()
            if found is None or found[0] != wanted:
                file.execute("DELETE FROM item")
                file.execute("VACUUM")
                file.execute("INSERT INTO item VALUES ('about', 'stamp', 0, ?)", (wanted,))
        except BaseException:
            file.close()
            raise
        return file

    def _put_aside(self) -> None:
        for name in (FILE, f"{FILE}-journal"):
            with suppress(OSError):
                (self.folder / name).unlink()

    def get(self, kind: str, key: str) -> bytes | None:
        """What was kept under the key, or None."""
        self._live.setdefault(kind, set()).add(key)
        fresh = self._fresh.get((kind, key))
        if fresh is not None:
            return self._unpacked(fresh[0], _bytes(fresh[1]))
        return self._one(kind, key)

    def has(self, kind: str, key: str) -> bool:
        """Is something kept under the key?"""
        if (kind, key) in self._fresh:
            return True
        if self._file is None or self._empty:
            return False
        try:
            asked = "SELECT 1 FROM item WHERE kind = ? AND key = ?"
            return self._file.execute(asked, (kind, key)).fetchone() is not None
        except sqlite3.Error:
            return False

    def all(self, kind: str) -> dict[str, bytes]:
        """Everything of a kind that the file holds, by key; what is not saved yet is not among it."""
        try:
            return {key: self._unpacked(form, data) for key, (form, data) in self._rows(kind).items()}
        except zlib.error:
            return {}

    def values(self, kind: str) -> Callable[[str], Any]:
        """As `value` for the keys of one kind, of which nearly all will be asked for; they are fetched at once."""
        rows = self._rows(kind)
        live = self._live.setdefault(kind, set())

        def value(key: str) -> Any:
            live.add(key)
            row = rows.get(key)
            try:
                return json.loads(self._unpacked(*row)) if row else None
            except (ValueError, zlib.error):
                return None

        return value

    def _rows(self, kind: str) -> dict[str, tuple[int, bytes]]:
        if self._file is None:
            return {}
        try:
            rows = self._file.execute("SELECT key, form, data FROM item WHERE kind = ?", (kind,))
            return {key: (form, data) for key, form, data in rows}
        except sqlite3.Error:
            return {}

    def _one(self, kind: str, key: str) -> bytes | None:
        if self._file is None or (self._empty and kind != "about"):
            return None
        try:
            row = self._file.execute(
                "SELECT form, data FROM item WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
            return self._unpacked(*row) if row else None
        except (sqlite3.Error, zlib.error):
            return None

    def put(self, kind: str, key: str, data: bytes, *, packed: bool = True, page: bool = False) -> None:
        """Keep it. `packed` is off for what is compressed already; `page` packs it by its likeness to other pages."""
        self._live.setdefault(kind, set()).add(key)
        if self._file is None:
            return
        if page and not self._sample:
            self._sample = data if len(data) <= _WINDOW else data[: _WINDOW * 2 // 3] + data[-_WINDOW // 3 :]
            self._lay("about", "sample", _PACKED, zlib.compress(self._sample))
        if page and self._sample:
            maker = zlib.compressobj(_LEVEL, zdict=self._sample)
            self._lay(kind, key, _LIKE, maker.compress(data) + maker.flush())
        elif packed and len(data) > _SMALL:
            self._lay(kind, key, _PACKED, zlib.compress(data, _QUICK))
        else:
            self._lay(kind, key, _RAW, zlib.crc32(data).to_bytes(4, "big") + data)

    def _lay(self, kind: str, key: str, form: int, data: bytes) -> None:
        """Not in memory where there is room elsewhere: all pages and pictures of a site are made in one build."""
        laid: bytes | Aside = data
        with suppress(OSError):
            if self._spool is None:
                if self._apart:
                    raise OSError("the parent could not read it there")
                self._spool = Spool(self.folder)
            laid = self._spool.put(data)
        self._fresh[kind, key] = form, laid

    def _unpacked(self, form: int, data: bytes) -> bytes:
        if form == _LIKE:
            return zlib.decompressobj(zdict=self._sample).decompress(data)
        if form == _PACKED:
            return zlib.decompress(data)
        if zlib.crc32(data[4:]).to_bytes(4, "big") != data[:4]:
            raise zlib.error("a picture that was not written whole")
        return data[4:]

    def made(
        self, kind: str, parts: Iterable[Any], make: Callable[[], bytes], *, packed: bool = True
    ) -> bytes:
        """What `make` gives, from the file where it was made from the same `parts` before.

        `make` may use nothing that is not named in `parts`; the program's own code is named already.
        """
        key = digest(*parts)
        data = self.get(kind, key)
        if data is None:
            data = make()
            self.put(kind, key, data, packed=packed)
        return data

    def value(self, kind: str, key: str) -> Any:
        """A value of JSON that was kept, or None."""
        data = self.get(kind, key)
        if data is None:
            return None
        try:
            return json.loads(data)
        except ValueError:
            return None

    def put_value(self, kind: str, key: str, value: Any, *, packed: bool = True) -> None:
        """Keep a value of JSON; `packed` is off for what each build reads and writes anew."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self.put(kind, key, text.encode("utf-8", "surrogatepass"), packed=packed)

    def still(self, kind: str, keys: Iterable[str]) -> None:
        """These are in use although nobody asked for them."""
        self._live.setdefault(kind, set()).update(keys)

    def save(self, *, whole: bool = True) -> None:
        """Write what is new. After a `whole` build, what no build has used for a while goes."""
        if self._file is None:
            return
        try:
            self._file.execute("BEGIN IMMEDIATE")
            self._file.executemany(
                "INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?)",
                # In the file's own order, so that each part of it is written once.
                ((*name, form, _bytes(data)) for name, (form, data) in sorted(self._fresh.items())),
            )
            held = self._held()
            if whole:
                self._sweep(self._file, held)
            counts = _PACKED, zlib.compress(json.dumps(held).encode())
            self._file.execute("INSERT OR REPLACE INTO item VALUES ('about', 'held', ?, ?)", counts)
            self._file.execute("COMMIT")
        except (sqlite3.Error, OSError):
            with suppress(sqlite3.Error):
                self._file.execute("ROLLBACK")
        self._fresh.clear()
        self._spool = None
        self._empty = False

    def _held(self) -> dict[str, int]:
        """How many things of each kind the file holds at most: what is put anew under its old name counts again."""
        held: dict[str, int] = json.loads(self._one("about", "held") or b"{}")
        for kind, _ in self._fresh:
            held[kind] = held.get(kind, 0) + 1
        return held

    def _sweep(self, file: sqlite3.Connection, held: dict[str, int]) -> None:
        """Rows that this build did not use are kept for an undone edit, until they are a third of the file.

        They are only counted where there could be so many: that reads a good part of the file.
        """
        for kind, live in self._live.items():
            most = 20 + len(live) * 3 // 2
            if kind == "about" or held.get(kind, 0) <= most:
                continue
            there = [key for (key,) in file.execute("SELECT key FROM item WHERE kind = ?", (kind,))]
            gone = [(kind, key) for key in there if key not in live] if len(there) > most else []
            file.executemany("DELETE FROM item WHERE kind = ? AND key = ?", gone)
            held[kind] = len(there) - len(gone)

    @property
    def sampled(self) -> bool:
        """Is there a page by whose likeness others are packed?"""
        return bool(self._sample)

    def spare(self) -> Spool | None:
        """A place for what a child process will put; to be made before that process is."""
        with suppress(OSError):
            return Spool(self.folder)
        return None

    def apart(self, spool: Spool | None) -> frozenset[Name]:
        """In a child process: read by a connection of its own, and put into the `spare` place. What was put before."""
        if self._file is not None:
            self._old = self._file  # not closed: that would let go of the parent's locks
            self._file = sqlite3.connect(self.path, timeout=2, isolation_level=None, check_same_thread=False)
        self._spool, self._apart = spool, True
        return frozenset(self._fresh)

    def handed(self, held: Collection[Name]) -> Handed:
        """In the child, at its end: what it has put besides what was `held` when it began, for `take`."""
        return {
            name: (form, (data.start, data.size) if isinstance(data, Aside) else data)
            for name, (form, data) in self._fresh.items()
            if name not in held
        }

    def take(self, handed: Handed, spool: Spool | None) -> None:
        """What a child process has put."""
        for name, (form, data) in handed.items():
            if isinstance(data, bytes):
                self._fresh[name] = form, data
            elif spool is not None:
                self._fresh[name] = form, Aside(spool, *data)

    def counts(self) -> Mapping[str, int]:
        """How many things of each kind the file holds."""
        if self._file is None:
            return {}
        return dict(self._file.execute("SELECT kind, count(*) FROM item GROUP BY kind").fetchall())

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._spool = None

    def clear(self) -> None:
        """Forget everything."""
        self.close()
        self._fresh.clear()
        self._live.clear()
        self._sample, self._empty = b"", False
        self._put_aside()
        self._open()


def _bytes(laid: bytes | Aside) -> bytes:
    return laid.read() if isinstance(laid, Aside) else laid
