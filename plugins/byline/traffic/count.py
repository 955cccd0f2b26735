"""Files of a web server to counted visits. Reads each file once, line by line; what is no click of ours is forgotten."""

from __future__ import annotations

import csv
import gzip
import hashlib
import hmac
import io
import re
import secrets
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import IO
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from byline.errors import ContentError, Problem
from byline.links import tags
from byline.traffic.lines import Hit, Reader
from byline.traffic.rules import Click, alone, together

LONGEST = 65_536  # characters of a line; what is longer is no log
_PLAUSIBLE = {"date", "visits", "utm_campaign", "utm_content"}
_ADDRESS = re.compile(r"[^\s@/?&=]+@[^\s@/?&=]+\.[^\s@/?&=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Visits of one day by one tag, from an export that gives sums (Plausible)."""

    day: date
    content: str
    source: str
    medium: str
    campaign: str
    visits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file, read: its form, how many lines, how many with a tag, how many that are no line of a log."""

    name: str
    form: str
    lines: int
    tagged: int
    bad: int
    first_bad: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """All files of one import. `clicks` are judged; `sums` are as the export gave them."""

    files: tuple[File, ...]
    clicks: tuple[Click, ...]
    sums: tuple[Counted, ...]


def read(paths: Iterable[Path], *, sent: Mapping[str, datetime], zone: ZoneInfo) -> Read:
    """Read the files together, so that a visitor is the same one across them.

    Raises ContentError when a file cannot be opened, or most of it is none of the forms.
    """
    salt = secrets.token_bytes(
        32
    )  # new in each run, never written: yesterday's visitor cannot be found again
    twins: Counter[str] = Counter()
    clicks: dict[str, Click] = {}
    sums: list[Counted] = []
    files: list[File] = []
    for path in paths:
        try:
            for name, stream in _streams(path):
                files.append(_file(name, stream, salt, zone, twins, clicks, sums))
        except (OSError, EOFError, zipfile.BadZipFile) as error:
            raise _unusable(
                str(path), 0, f"the file cannot be read: {error}", "unpack or download it again"
            ) from None
    judged = together(clicks.values(), sent)
    return Read(
        files=tuple(files),
        clicks=tuple(
            replace(click, why=judged[key]) if key in judged else click for key, click in clicks.items()
        ),
        sums=tuple(sums),
    )


def _streams(path: Path) -> Iterator[tuple[str, IO[str]]]:
    """The texts in a file: itself, what is packed in it, or the sheet of sources in an export's zip."""
    with path.open("rb") as raw:
        magic = raw.read(4)
    if magic.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            names = [
                name for name in archive.namelist() if "imported_sources" in name and name.endswith(".csv")
            ]
            if not names:
                raise _unusable(
                    str(path),
                    0,
                    "the zip holds no sheet of sources (imported_sources_….csv)",
                    "give the whole export of Plausible",
                )
            for name in names:
                with archive.open(name) as inner:
                    yield (
                        f"{path.name}/{name}",
                        io.TextIOWrapper(inner, "utf-8-sig", errors="replace", newline=""),
                    )
    elif magic.startswith(b"\x1f\x8b"):
        with gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as text:
            yield path.name, text
    else:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            yield path.name, text


def _file(
    name: str,
    stream: IO[str],
    salt: bytes,
    zone: ZoneInfo,
    twins: Counter[str],
    clicks: dict[str, Click],
    sums: list[Counted],
) -> File:
    reader = Reader()
    lines = bad = first_bad = tagged = 0
    head = ""
    for line in iter(lambda: stream.readline(LONGEST), ""):
        lines += 1
        if lines == 1:
            head = line
            columns = {cell.strip().lower() for cell in next(csv.reader([line]), [])}
            if columns >= _PLAUSIBLE:
                return _export(name, head, stream, sums)
        try:
            for hit in reader.hits(line):
                click = _click(hit, salt, zone, twins)
                if click is not None:
                    tagged += 1
                    clicks.setdefault(click.key, click)
        except (ValueError, KeyError, OverflowError):
            bad += 1
            first_bad = first_bad or lines
            if bad >= 50 and bad * 2 > lines:
                break
    if bad * 2 > lines:
        raise _unusable(
            name,
            first_bad,
            "these lines are no log that is known here: combined, CloudFront (W3C), Cloudflare, Netlify, or Plausible's export",
            "give the server's access log as it was written",
        )
    return File(
        name=name, form=reader.form or "empty", lines=lines, tagged=tagged, bad=bad, first_bad=first_bad
    )


def _click(hit: Hit, salt: bytes, zone: ZoneInfo, twins: Counter[str]) -> Click | None:
    """The request as a click, when its address carries a tag. Its number does not tell who made it."""
    if "utm_" not in hit.target and "UTM_" not in hit.target.upper():
        return None
    found = {name: _clean(value) for name, value in tags(hit.target).items()}
    if not any(found.values()):
        return None
    local = hit.at.astimezone(zone)
    day = local.date().isoformat()
    visitor = hmac.new(salt, f"{day}\n{hit.address}\n{hit.agent}".encode(), hashlib.sha256).digest()[:16]
    about = hit.request or f"{hit.at.isoformat()} {hit.method} {hit.target} {hit.status} {hit.size}"
    digest = hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    twin = 0
    if (
        not hit.request
    ):  # two visitors in one second are two; the same line in two files of one import counts twice
        twin = twins[digest]
        twins[digest] += 1
    return Click(
        key=f"{digest}{f'.{twin}' if twin else ''}",
        at=local,
        visitor=visitor,
        content=found.get("utm_content", ""),
        source=found.get("utm_source", ""),
        medium=found.get("utm_medium", ""),
        campaign=found.get("utm_campaign", ""),
        why=alone(hit.method, hit.status, hit.agent, hit.score),
    )


def _clean(value: str) -> str:
    """A tag's value as it may be kept: short, without control characters, and never somebody's address."""
    value = re.sub(r"[\x00-\x1f\x7f-\x9f]", "", value).strip()[:255]
    return "" if _ADDRESS.search(unquote(value)) else value


def _export(name: str, head: str, stream: IO[str], sums: list[Counted]) -> File:
    """Plausible's sheet of sources: `date source … utm_source utm_medium utm_campaign utm_content … visits`."""
    rows = csv.DictReader(stream, [cell.strip().lower() for cell in next(csv.reader([head]))])
    lines, bad, first_bad, tagged = 1, 0, 0, 0
    for row in rows:
        lines += 1
        try:
            day, visits = date.fromisoformat(row["date"]), int(row["visits"])
        except (ValueError, TypeError):
            bad += 1
            first_bad = first_bad or lines
            continue
        found = {
            key: _clean((row.get(f"utm_{key}") or "").lower())
            for key in ("content", "source", "medium", "campaign")
        }
        if any(found.values()) and visits > 0:
            tagged += 1
            sums.append(Counted(day=day, visits=visits, **found))
    if bad * 2 > lines:
        raise _unusable(
            name,
            first_bad,
            "most lines have no date and no number of visits",
            "export it from Plausible again",
        )
    return File(name=name, form="Plausible", lines=lines, tagged=tagged, bad=bad, first_bad=first_bad)


def _unusable(name: str, line: int, message: str, fix: str) -> ContentError:
    return ContentError(
        [Problem(file=name, line=line, key="", code="traffic", message=message, fix=fix, severity="error")]
    )
