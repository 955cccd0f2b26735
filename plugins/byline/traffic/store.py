"""What was counted, in `.byline/traffic.db`: the day, the tags and why a click was left out. Nothing about a visitor.

Each click has a number made from the request (never from who made it), so that the same log again, or one that has grown
since, changes nothing that is there.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from byline.errors import BylineError
from byline.traffic.count import Read
from byline.traffic.rules import BY_CODE

FILE = "traffic.db"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS clicks (
  key TEXT PRIMARY KEY, day TEXT NOT NULL, content TEXT NOT NULL, source TEXT NOT NULL, medium TEXT NOT NULL,
  campaign TEXT NOT NULL, why TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sums (
  day TEXT NOT NULL, content TEXT NOT NULL, source TEXT NOT NULL, medium TEXT NOT NULL, campaign TEXT NOT NULL,
  visits INTEGER NOT NULL, PRIMARY KEY (day, content, source, medium, campaign)
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One link of ours, or one that looks like it: how often it was asked for, and how many visits that were.

    `left_out` counts requests by rule; `from_sums` tells that the visits come from an export, which shows no requests.
    """

    content: str
    source: str
    medium: str
    campaign: str
    visits: int
    requests: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    from_sums: bool = False

    @property
    def machines(self) -> int:
        """Requests that were left out because no person made them."""
        return sum(
            number for code, number in self.left_out.items() if code not in BY_CODE or BY_CODE[code].machine
        )


def put(file: Path, read: Read) -> tuple[int, int]:
    """Keep what was read; returns how many clicks and sums are new or changed, and how many were there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = 0
    with closing(_open(file)) as db, db:
        for click in read.clicks:
            fresh += db.execute(
                "INSERT INTO clicks VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET why = excluded.why"
                " WHERE why != excluded.why",
                (
                    click.key,
                    click.at.date().isoformat(),
                    click.content,
                    click.source,
                    click.medium,
                    click.campaign,
                    click.why,
                ),
            ).rowcount
        sums: Counter[tuple[str, ...]] = Counter()
        for item in read.sums:
            sums[item.day.isoformat(), item.content, item.source, item.medium, item.campaign] += item.visits
        for key, visits in sums.items():
            fresh += db.execute(
                "INSERT INTO sums VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET visits = excluded.visits"
                " WHERE visits != excluded.visits",
                (*key, visits),
            ).rowcount
    return fresh, len(read.clicks) + len(sums) - fresh


def known(file: Path, since: date | None = None) -> tuple[Tag, ...]:
    """Every tag that was counted, most visits first; none when nothing was imported.

    Of a day that stands both in a log and in an export, the log counts.
    """
    if not file.exists():
        return ()
    begin = since.isoformat() if since else ""
    with closing(_open(file)) as db:
        rows = db.execute(
            "SELECT content, source, medium, campaign, why, count(*), 0 FROM clicks WHERE day >= ?"
            " GROUP BY content, source, medium, campaign, why"
            " UNION ALL SELECT content, source, medium, campaign, '', sum(visits), 1 FROM sums"
            " WHERE day >= ? AND day NOT IN (SELECT day FROM clicks) GROUP BY content, source, medium, campaign",
            (begin, begin),
        ).fetchall()
    visits: Counter[tuple[str, str, str, str]] = Counter()
    requests: Counter[tuple[str, str, str, str]] = Counter()
    left: dict[tuple[str, str, str, str], Counter[str]] = {}
    summed: set[tuple[str, str, str, str]] = set()
    for content, source, medium, campaign, why, number, from_sums in rows:
        key = (content, source, medium, campaign)
        if from_sums:
            summed.add(key)
        else:
            requests[key] += number
        if why:
            left.setdefault(key, Counter())[why] += number
        else:
            visits[key] += number
    found = [
        Tag(
            content=key[0],
            source=key[1],
            medium=key[2],
            campaign=key[3],
            visits=visits[key],
            requests=requests[key],
            left_out=dict(left.get(key, {})),
            from_sums=key in summed,
        )
        for key in {*visits, *requests, *summed}
    ]
    return tuple(
        sorted(found, key=lambda tag: (-tag.visits, -tag.requests, tag.content, tag.source, tag.campaign))
    )


def _open(file: Path) -> sqlite3.Connection:
    db = None
    try:
        db = sqlite3.connect(file, timeout=10)
        db.executescript(_SCHEMA)
    except sqlite3.Error as error:
        if db is not None:
            db.close()
        raise BylineError(
            f"the counted visits in {file} cannot be opened: {error}",
            hint="delete the file and import the logs again: it holds nothing else",
        ) from None
    return db
