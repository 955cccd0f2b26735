"""The note on a merge request: the plan that its check left, as Markdown in which nothing foreign is more than code.

The plan is JSON of somebody's branch: any value may be missing, of another type or hostile. Words of it stand indented or
between backticks that they cannot close, where GitLab reads no markup, calls nobody and takes no order (a line that begins
with a stroke is one); what is a number, a time or a name of ours is read as that or left out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from byline import registry
from byline.planning import money

MARK = "<!-- byline: what goes out -->"
MOST = 60  # deliveries in one note; the rest is in the plan behind the link
_ENOUGH = 200_000  # characters, after which no delivery begins: GitLab takes a million
MOST_PICTURES = 20
_MOST_PROBLEMS = 50
_LONGEST = 10_000  # characters of one text: more than any network takes
_PICTURE = re.compile(r"[0-9a-f]{12}w?\.(?:png|jpg)")
_KEPT = re.compile(r"<!-- byline: (?P<job>\d{1,19}) (?P<pictures>\{[^<>]{0,20000}\}) -->", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{32}")
UPLOADED = re.compile(r"/uploads/[0-9a-f]{16,64}/[\w-]{1,80}\.(?:png|jpg)", re.ASCII)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STATES: Mapping[str, str] = MappingProxyType(
    {
        "due": "goes out after the merge",
        "later": "goes out later",
        "manual": "posted by a person",
        "held": "waits for a person",
        "failed": "was refused",
        "unknown": "may be out: please look",
        "sending": "may be out: please look",
        "sent": "is out",
        "skipped": "is not sent",
        "retracted": "was taken back",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an older note remembers: the job that it shows, and where each uploaded picture is, by the picture's digest."""

    job: int = 0
    pictures: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a plan comes from: the job's number and page, the commit that it looked at."""

    job: int
    address: str
    sha: str


def seen(body: str) -> Seen:
    """What one of our own notes remembers; nothing for any other text."""
    head = body[len(MARK) :].lstrip().partition("\n")[0].strip() if body.startswith(MARK) else ""
    found = _KEPT.fullmatch(head)
    if not found:
        return Seen()
    try:
        kept = json.loads(found["pictures"])
    except ValueError:
        return Seen()
    pictures = {
        digest: address
        for digest, address in kept.items()
        if _DIGEST.fullmatch(digest) and isinstance(address, str) and UPLOADED.fullmatch(address)
    }
    return Seen(job=int(found["job"]), pictures=pictures)


def read(data: bytes | None) -> Mapping[str, Any] | None:
    """The plan as the check wrote it; None when it is no JSON object."""
    try:
        value = json.loads(data or b"")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def pictures(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of the cards that the note would show, each once, at most MOST_PICTURES."""
    found: dict[str, None] = {}
    for item in _deliveries(plan):
        found |= dict.fromkeys(file for _, file in _shown(item))
    return tuple(found)[:MOST_PICTURES]


def markdown(
    plan: Mapping[str, Any] | None,
    source: Source,
    *,
    shown: Mapping[str, str] = MappingProxyType({}),
    kept: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The whole note. `shown` has the address of each picture's file, `kept` what the next note may use again.

    Without a plan it says that the check left none.
    """
    return "\n".join(_lines(plan, source, shown, kept)) + "\n"


def _lines(
    plan: Mapping[str, Any] | None, source: Source, shown: Mapping[str, str], kept: Mapping[str, str]
) -> Iterator[str]:
    yield MARK
    yield f"<!-- byline: {source.job} {json.dumps(dict(kept))} -->"
    yield ""
    if plan is None:
        yield f"The check of {_code(source.sha[:12])} left no plan: [its job]({source.address}) says why."
        return
    files = f"{source.address}/artifacts/file"
    yield f"[**How each network will show it**]({files}/preview.html) · [the plan as a page]({files}/plan.html)"
    items = _deliveries(plan)
    yield ""
    yield f"### What goes out: {_counts(items)}"
    told = length = 0
    for path, group in _by_post(items[:MOST]):
        if length > _ENOUGH:
            break
        yield ""
        yield f"#### {_code(_word(group[0], 'title')) or _code(path) or 'A post'}"
        if path:
            yield ""
            yield _code(path)
        for item in group:
            rows = list(_delivery(item, shown)) if length <= _ENOUGH else []
            yield from rows
            told += bool(rows)
            length += sum(map(len, rows))
    if len(items) > told:
        yield ""
        yield f"{len(items) - told} more are in [the plan]({files}/plan.html)."
    yield from _problems(plan)
    yield ""
    yield f"Made of what [the check]({source.address}) of {_code(source.sha[:12])} found; renewed with each change."


def _delivery(item: Mapping[str, Any], shown: Mapping[str, str]) -> Iterator[str]:
    network, account = _word(item, "channel"), _word(item, "account")
    label = registry.label(network) if network in registry.channels() else _code(network)
    facts = [STATES.get(_word(item, "state"), ""), _moment(item.get("due")), _price(item)]
    yield ""
    yield f"**{label}**, {_code(account)} · " + " · ".join(filter(None, facts))
    texts = [text for text in _list(item.get("texts")) if isinstance(text, str)]
    for number, text in enumerate(texts[:25]):
        if number:
            yield ""
            yield "then, as an answer to it:"
        yield ""
        yield from _indented(text[:_LONGEST])
    for kind, file in _shown(item):
        if file in shown:
            yield ""
            yield f"![{kind}]({shown[file]}){{width=400}}"
    if link := _word(item, "link"):
        yield ""
        yield f"Link: {_code(link)}"
    told = [("Calls", name) for name in _words(item, "mentions")]
    told += [("Note", words) for words in _words(item, "warnings")]
    if _word(item, "reason") not in ("", "baseline"):
        told.append(("Why", _word(item, "reason")))
    if told:
        yield ""
    for what, words in told[:20]:
        yield f"- {what}: {_code(words)}"


def _problems(plan: Mapping[str, Any]) -> Iterator[str]:
    found = [item for item in _list(plan.get("problems")) if isinstance(item, dict)]
    if not found:
        return
    yield ""
    yield "#### To mend first"
    yield ""
    for item in found[:_MOST_PROBLEMS]:
        line = item.get("line")
        place = f"{_word(item, 'file')}:{line}" if isinstance(line, int) and line else _word(item, "file")
        yield f"- {_code(place)} {_code(_word(item, 'message'))} Fix: {_code(_word(item, 'fix'))}"
    if len(found) > _MOST_PROBLEMS:
        yield f"- and {len(found) - _MOST_PROBLEMS} more"


def _deliveries(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for item in _list(plan.get("deliveries")) if isinstance(item, dict)]


def _by_post(items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for item in items:
        groups.setdefault(_word(item, "file") or _word(item, "post"), []).append(item)
    yield from groups.items()


def _counts(items: Sequence[Mapping[str, Any]]) -> str:
    told: dict[str, int] = {}
    for item in items:
        if words := STATES.get(_word(item, "state")):
            told[words] = told.get(words, 0) + 1
    return ", ".join(f"{number} × {words}" for words, number in told.items()) or "nothing"


def _shown(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and file of each picture, where the file has a name as `publish plan --cards` gives."""
    for picture in _list(item.get("pictures"))[:5]:
        if isinstance(picture, dict):
            file = _word(picture, "file").rpartition("/")[2]
            if _PICTURE.fullmatch(file):
                yield ("Picture" if picture.get("kind") == "picture" else "Card"), file


def _moment(value: Any) -> str:
    """`Tue 24 Nov 2026 09:00 (UTC+01:00)`; empty for what is no time."""
    try:
        at = datetime.fromisoformat(value)
        return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M} ({at.tzname()})"
    except (TypeError, ValueError):
        return ""


def _price(item: Mapping[str, Any]) -> str:
    cost, currency = item.get("cost"), _word(item, "currency")
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not re.fullmatch("[A-Z]{3}", currency):
        return ""
    if not math.isfinite(cost) or not 0 < cost < 1_000_000:
        return ""
    return f"about {money(Decimal(str(round(cost, 4))), currency)}"


def _words(item: Mapping[str, Any], key: str) -> list[str]:
    return [value for value in _list(item.get(key)) if isinstance(value, str)]


def _word(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _code(text: str) -> str:
    """The words on one line between backticks that they cannot close; empty for none."""
    line = " ".join(_plain(text).split())[:1000]
    if not line:
        return ""
    marks = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    space = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{marks}{space}{line}{space}{marks}"


def _indented(text: str) -> Iterator[str]:
    for row in _plain(text).splitlines() or [""]:
        yield f"    {row}"


def _plain(text: str) -> str:
    """Without what no reader sees: control characters but the ends of lines, and halves of letters."""
    kept = "".join(letter for letter in text if (letter >= " " and letter != "\x7f") or letter in "\n\t")
    return kept.encode("utf-8", "replace").decode()
