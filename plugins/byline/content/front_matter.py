"""Front matter and body of a text, or the one thing that keeps them from being told apart.

The only user of python-frontmatter. Its own reader is lenient where the site's builder is strict (a missing closing
mark is "no metadata" to it), so the text is checked first and the front matter is read by `yamlread`.
"""

from __future__ import annotations

import json
import re
from typing import Any

import frontmatter
from frontmatter.default_handlers import BaseHandler

from byline.fields import kind
from byline.yamlread import Mapping_, YamlProblem
from byline.yamlread import read as read_yaml

_MARK = re.compile(r"^---[ \t]*$", re.MULTILINE)
_LOOKALIKE = re.compile(r"^(?:-{4,}|\.\.\.|–+|—+|- ?- ?-)[ \t]*$", re.MULTILINE)
_SETTING = re.compile(r"(?P<key>\s*(?:- )?[\w-]+):\s+(?P<value>[^\"'\[{|>\s].*?)\s*")
_MENDED_LINES = 20
_KEY = re.compile(r"[A-Za-z_][\w-]*:(?:\s|$)")


def split(text: str) -> tuple[Mapping_, str, int, tuple[YamlProblem, ...]]:
    """Front matter, body, the body's first line, and what spoils single values. Raises YamlProblem for odd forms."""
    _refuse_odd_forms(text)
    handler = _Handler()
    metadata, body = frontmatter.parse(text, handler=handler)
    node = metadata.get("")
    if not isinstance(node, Mapping_):
        raise YamlProblem(
            2,
            "front-matter-kind" if node is not None else "empty-front-matter",
            f"the front matter holds {kind(node)}; lines such as `title: …` are expected",  # type: ignore[arg-type]
            "compare with a post that `publish new` wrote",
        )
    return node, body, handler.first, tuple(handler.problems)


class _Handler(BaseHandler):
    """Front matter for python-frontmatter, between two lines of exactly three dashes, read with line numbers."""

    FM_BOUNDARY = _MARK
    START_DELIMITER = END_DELIMITER = "---"

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[YamlProblem] = []
        self.first = 1

    def split(self, text: str) -> tuple[str, str]:
        """The front matter and what follows; remembers the line on which the text begins."""
        _, head, body = _MARK.split(text, 2)
        above = head.count("\n") + 1
        self.first = above + len(body) - len(body.lstrip("\n")) if body.strip() else above + 1
        return head, body

    def load(self, fm: str) -> dict[str, Any]:
        # The text begins with the line break after the first mark, so its second line is the file's second.
        rows = fm.split("\n")
        for _ in range(_MENDED_LINES):
            try:
                return {"": read_yaml("\n".join(rows), problems=self.problems)}
            except YamlProblem as problem:
                if not _mend(rows, problem):
                    raise
                # What is wrong with the other lines is to be told in the same run.
                self.problems = [problem, *(found for found in self.problems if found.line < problem.line)]
        return {"": read_yaml("\n".join(rows), problems=self.problems)}


def _mend(rows: list[str], problem: YamlProblem) -> bool:
    """Write the line as the fix says, where that is certain; False where it is not."""
    if not 1 <= problem.line <= len(rows):
        return False
    row = rows[problem.line - 1]
    mended = row
    if problem.code == "yaml-tab":
        mended = row.replace("\t", "  ")
    elif problem.code in ("yaml-colon", "yaml-alias") and (match := _SETTING.fullmatch(row)):
        mended = f"{match['key']}: {json.dumps(match['value'], ensure_ascii=False)}"
    rows[problem.line - 1] = mended
    return mended != row


def _refuse_odd_forms(text: str) -> None:
    """Where readers disagree on what the front matter is, none of them is asked."""
    first, _, rest = text.partition("\n")
    if not text.strip():
        raise YamlProblem(1, "empty-file", "the file is empty", "write the post, or delete the file")
    if not first.strip():
        if _MARK.match(text.lstrip()):
            raise YamlProblem(
                1, "blank-first-line", "an empty line stands above the front matter", "delete the empty line"
            )
        raise _no_front_matter(text)
    if not _MARK.fullmatch(first):
        if _LOOKALIKE.fullmatch(first.strip()):
            raise YamlProblem(
                1,
                "opening-mark",
                f"the first line is `{first.strip()[:20]}`; exactly three dashes are expected",
                "write `---` on the first line",
            )
        raise _no_front_matter(text)
    end = _MARK.search(rest)
    odd = _LOOKALIKE.search(rest, 0, end.start() if end else len(rest))
    # Between the marks, such a line can only be a closing mark gone wrong; a long text may hold dashes of its own.
    if odd is not None:
        line = rest.count("\n", 0, odd.start()) + 2
        raise YamlProblem(
            line,
            "closing-mark",
            f"the front matter is closed by `{odd[0].strip()[:20]}`; exactly three dashes are expected",
            "write `---` on this line",
        )
    if end is None:
        raise YamlProblem(
            _end_of_keys(rest),
            "no-closing-mark",
            "the front matter has no end: the second line of three dashes is missing",
            "write `---` on a line of its own after the last setting",
        )


def _no_front_matter(text: str) -> YamlProblem:
    first = text.lstrip().partition("\n")[0]
    if _KEY.match(first) and not first.lower().startswith(("http:", "https:")):
        return YamlProblem(
            1,
            "no-front-matter",
            "the settings of the post are not between two lines of three dashes",
            "write `---` above the first of them and below the last",
        )
    return YamlProblem(
        1,
        "no-front-matter",
        "the post does not begin with front matter, so it has no date and no title",
        "begin the file with `---`, `title: …`, `date: 2026-11-24`, `---`; `publish new` writes it for you",
    )


def _end_of_keys(rest: str) -> int:
    """The line after the last one that looks like a setting, counted in the file."""
    last = 1
    for number, line in enumerate(rest.split("\n"), start=2):
        if not line.strip() or line.startswith("#"):
            break
        last = number
    return last
