"""Read one map of settings or front matter: each field once, every mistake collected, none of them raised.

`Fields` takes known keys one by one and turns them into plain values; `done()` reports what was not asked for,
with a "did you mean". A wrong value gives a Problem and the default, so that reading goes on to the next mistake.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from byline.errors import Problem, Severity
from byline.yamlread import Mapping_, Node, Scalar, Sequence_

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1|.+\.localhost")
_SPAN = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[smhdw]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def did_you_mean(word: str, known: Collection[str]) -> str:
    """The known word that was most likely meant, or an empty string."""
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def kind(node: Node | None) -> str:
    """What a person would call the value."""
    if isinstance(node, Mapping_):
        return "a group of settings"
    if isinstance(node, Sequence_):
        return "a list"
    if node is None or node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return f"yes/no (`{node.raw}`)"
    if isinstance(node.value, datetime | date):
        return f"a date (`{node.raw}`)"
    if isinstance(node.value, int | float):
        return f"a number (`{node.raw}`)"
    return f"`{node.raw}`"


def is_loopback(host: str) -> bool:
    """Does the host name this very machine?"""
    return bool(_LOOPBACK.fullmatch(host.lower()))


def parse_span(raw: str) -> timedelta | None:
    """`48h`, `60d`, `2w`, `30m`, `10s` or plain seconds; None for anything else."""
    match = _SPAN.fullmatch(raw.strip())
    if match is None:
        return None
    try:
        return timedelta(seconds=float(match["count"]) * _UNITS[match["unit"]])
    except OverflowError:
        return None


class Fields:
    """One map being read. `file` is relative to the folder of mkdocs.yml, `path` the dotted key of the map."""

    def __init__(self, node: Mapping_, *, file: str, problems: list[Problem], path: str = "") -> None:
        self.node = node
        self.file = file
        self.path = path
        self.problems = problems
        self._asked: set[str] = set()

    def line(self, key: str = "") -> int:
        """Where the key stands; the map itself for an absent or empty key."""
        return self.node.key_lines.get(key, self.node.line)

    def full(self, key: str) -> str:
        """The dotted key from the top of the file."""
        return f"{self.path}.{key}" if self.path else key

    def problem(
        self, key: str, code: str, message: str, fix: str, *, line: int = 0, severity: Severity = "error"
    ) -> None:
        """Note one mistake at the key (or at `line`)."""
        self.problems.append(
            Problem(
                file=self.file,
                line=line or self.line(key),
                key=self.full(key) if key else self.path,
                code=code,
                message=message,
                fix=fix,
                severity=severity,
            )
        )

    def __contains__(self, key: str) -> bool:
        return key in self.node.items

    def __iter__(self) -> Iterator[str]:
        return iter(self.node.items)

    def get(self, key: str) -> Node | None:
        """The raw node, which counts as asked for; None when absent or written without a value."""
        self._asked.add(key)
        node = self.node.items.get(key)
        return None if isinstance(node, Scalar) and node.value is None else node

    def text(
        self,
        key: str,
        default: str = "",
        *,
        pattern: str = "",
        expected: str = "text",
        required: bool = False,
    ) -> str:
        """A single text. What YAML turned into a boolean, number or date is an error that says to quote it."""
        node = self.get(key)
        if node is None:
            if required:
                self.problem(
                    key,
                    "missing",
                    f"`{self.full(key)}` is missing; {expected} is expected",
                    f"add a line `{key}: …`",
                )
            return default
        if not isinstance(node, Scalar):
            self.problem(
                key,
                "wrong-kind",
                f"`{key}` is {kind(node)}; {expected} is expected",
                f"write `{key}: …` with one text",
            )
            return default
        if not isinstance(node.value, str):
            self.problem(
                key,
                "needs-quotes",
                f"`{key}` is read as {kind(node)}; {expected} is expected",
                f'put it in quotes: {key}: "{node.raw}"',
            )
            return default
        value = node.value
        if pattern and not re.fullmatch(pattern, value):
            self.problem(
                key,
                "wrong-form",
                f"`{key}` is `{value}`; {expected} is expected",
                f"change the value of `{key}`",
            )
            return default
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """true or false."""
        node = self.get(key)
        if node is None:
            return default
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.problem(
            key,
            "wrong-kind",
            f"`{key}` is {kind(node)}; true or false is expected",
            f"write `{key}: true` or `{key}: false`, without quotes",
        )
        return default

    def number(
        self, key: str, default: Decimal, *, low: Decimal | None = None, high: Decimal | None = None
    ) -> Decimal:
        """A number, as typed (money keeps its cents)."""
        node = self.get(key)
        if node is None:
            return default
        if (
            isinstance(node, Scalar)
            and isinstance(node.value, int | float)
            and not isinstance(node.value, bool)
        ):
            try:
                value = Decimal(node.raw)
            except InvalidOperation:
                value = Decimal(str(node.value))
            if value.is_finite() and (low is None or value >= low) and (high is None or value <= high):
                return value
            bounds = f"from {low} " if low is not None else ""
            bounds += f"to {high}" if high is not None else "upwards" if low is not None else ""
            self.problem(
                key,
                "out-of-range",
                f"`{key}` is {node.raw}; a number {bounds} is expected",
                f"change the value of `{key}`",
            )
            return default
        self.problem(
            key, "wrong-kind", f"`{key}` is {kind(node)}; a number is expected", f"write `{key}: {default}`"
        )
        return default

    def integer(self, key: str, default: int, *, low: int = 0, high: int = 1_000_000) -> int:
        """A whole number between the two bounds."""
        value = self.number(key, Decimal(default), low=Decimal(low), high=Decimal(high))
        if value != int(value):
            self.problem(
                key,
                "wrong-kind",
                f"`{key}` is {value}; a whole number is expected",
                f"write `{key}: {int(value)}`",
            )
            return default
        return int(value)

    def span(self, key: str, default: timedelta | None) -> timedelta | None:
        """A span such as `48h`, `60d`, `2w`, `30m`; a bare number counts seconds."""
        node = self.get(key)
        if node is None:
            return default
        value = parse_span(node.raw) if isinstance(node, Scalar) else None
        if value is None:
            self.problem(
                key,
                "wrong-form",
                f"`{key}` is {kind(node)}; a span such as 48h, 60d or 30m is expected",
                f"write `{key}: 48h`",
            )
            return default
        return value

    def choice(self, key: str, options: Collection[str], default: str) -> str:
        """One word of a closed list."""
        value = self.text(key, default, expected=f"one of {', '.join(options)}")
        if value in options or value == default:
            return value
        meant = did_you_mean(value, options)
        self.problem(
            key,
            "unknown-value",
            f"`{key}` is `{value}`; one of {', '.join(options)} is expected",
            f"did you mean `{meant}`?" if meant else f"write one of {', '.join(options)}",
        )
        return default

    def url(
        self,
        key: str,
        default: str = "",
        *,
        required: bool = False,
        schemes: tuple[str, ...] = ("http", "https"),
    ) -> str:
        """An absolute address, https (plain http to this machine alone), without a password in it.

        `schemes` are those of another protocol, the safe one last: `("smtp", "smtps")`.
        """
        found = self.text(
            key,
            required=required,
            expected=f"an address such as {schemes[-1]}://www.example.com{'/' if schemes[-1] == 'https' else ''}",
        ).strip()
        if not found:
            return default
        try:
            parts = urlsplit(found)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            parts, host = None, ""
        if parts is None or parts.scheme not in schemes or not host or re.search(r"\s", found):
            safe = schemes[-1]
            guess = found if parts is None or "://" in found else f"{safe}://{found.lstrip('/')}"
            self.problem(
                key,
                "not-a-url",
                f"`{key}` is `{found}`; a whole address that begins with {safe}:// is expected",
                f"write `{key}: {guess if host or '://' in guess else f'{safe}://…'}`",
            )
            return default
        if parts.username or parts.password:
            self.problem(
                key,
                "secret-in-settings",
                f"`{key}` holds a user name or password; secrets never stand in a file",
                "take it out of the address and change that password",
            )
            return default
        if parts.scheme == "http" and not is_loopback(host):
            self.problem(
                key,
                "plain-http",
                f"`{key}` is `{found}`; plain http can be read and changed on the way",
                f"write `{key}: https://{found[7:]}`",
            )
            return default
        return found

    def day(self, key: str) -> date | None:
        """A day such as 2026-11-24."""
        node = self.get(key)
        if node is None:
            return None
        if isinstance(node, Scalar):
            if isinstance(node.value, date) and not isinstance(node.value, datetime):
                return node.value
            try:
                return date.fromisoformat(node.raw.strip())
            except ValueError:
                pass
        self.problem(
            key,
            "bad-date",
            f"`{key}` is {kind(node)}; a day such as 2026-11-24 is expected",
            f"write `{key}: 2026-11-24` (year, month, day)",
        )
        return None

    def texts(self, key: str, *, expected: str = "a list of texts") -> tuple[str, ...]:
        """A list of texts, each with the rules of `text`; a single text is refused with the list to write."""
        node = self.get(key)
        if node is None:
            return ()
        if not isinstance(node, Sequence_):
            shown = node.raw if isinstance(node, Scalar) else "…"
            self.problem(
                key,
                "needs-list",
                f"`{key}` is {kind(node)}; {expected} is expected",
                f"write `{key}: [{shown}]`",
            )
            return ()
        found: list[str] = []
        for item in node.items:
            if isinstance(item, Scalar) and isinstance(item.value, str):
                found.append(item.value)
            elif isinstance(item, Scalar) and item.value is not None:
                self.problem(
                    key,
                    "needs-quotes",
                    f"`{item.raw}` in `{key}` is read as {kind(item)}; a text is expected",
                    f'put it in quotes: "{item.raw}"',
                    line=item.line,
                )
            else:
                self.problem(
                    key,
                    "wrong-kind",
                    f"`{key}` holds {kind(item)}; {expected} is expected",
                    "if the text has a colon, put it in quotes",
                    line=item.line,
                )
        return tuple(found)

    def below(self, node: Mapping_, path: str) -> Fields:
        """A map further down, whose mistakes go to the same place. Of the same kind as this one."""
        return type(self)(node, file=self.file, problems=self.problems, path=path)

    def section(self, key: str) -> Fields | None:
        """The map under the key, to be read in turn (call its `done`)."""
        node = self.get(key)
        if node is None:
            return None
        if isinstance(node, Mapping_):
            return self.below(node, self.full(key))
        self.problem(
            key,
            "wrong-kind",
            f"`{key}` is {kind(node)}; a group of settings is expected",
            f"write `{key}:` and indent its settings below",
        )
        return None

    def sections(self) -> Iterator[tuple[str, Fields]]:
        """Every key of this map as a map of its own; a key written without a value counts as an empty map."""
        for key in self.node.items:
            node = self.get(key)
            if node is None:
                empty = Mapping_({}, {}, self.line(key))
                yield key, self.below(empty, self.full(key))
            else:
                fields = self.section(key)
                if fields is not None:
                    yield key, fields

    def done(self, *, also: Collection[str] = ()) -> None:
        """Report every key that was not asked for; `also` are further names to suggest."""
        known = self._asked | set(also)
        for key in self.node.items:
            if key in known:
                continue
            meant = did_you_mean(key, known)
            where = f" under `{self.path}`" if self.path else ""
            self.problem(
                key,
                "unknown-key",
                f"`{key}` is not known{where}",
                f"did you mean `{meant}`?"
                if meant
                else f"delete the line; known are {', '.join(sorted(known))}",
            )
