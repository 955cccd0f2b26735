"""A missing id as a suggestion on the pull request, which one click takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from byline.content import Content
    from byline.settings import Settings

LIMIT = 20
_WHY = "This post has no id yet. *Commit suggestion* writes this one; it stays with the post for good."


def suggestions(settings: Settings, found: Content, prefix: str) -> list[dict[str, str | int]]:
    """For GitHub's review comments: `path` from the top of the repository, `line`, `body`. Changes no file."""
    from byline import content

    made: list[dict[str, str | int]] = []
    for file, _, before, after, _ in content.missing_ids(settings, found):
        old, new = before.splitlines(), after.splitlines()
        place = next(
            (index for index, row in enumerate(new) if index >= len(old) or row != old[index]), len(new)
        )
        added = len(new) > len(old)  # else an empty `id:` is filled in
        rows = [old[place - 1], new[place]] if added else [new[place]]
        made.append(
            {
                "path": prefix + file,
                "line": place if added else place + 1,
                "body": f"{_WHY}\n\n{_fence(rows)}",
            }
        )
    return made[:LIMIT]


def _fence(rows: list[str]) -> str:
    text = "\n".join(rows)
    marks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{marks}suggestion\n{text}\n{marks}"
