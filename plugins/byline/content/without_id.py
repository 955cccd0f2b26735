"""Posts without an id: a fresh one for each, written into its file."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from byline.content.front_matter import split
from byline.content.shape import Content
from byline.reading import ids
from byline.reading.body import heading
from byline.settings import Settings
from byline.yamlread import Scalar, YamlProblem, decode

_ID_LINE = re.compile(rb"^id:[ \t]*[\"']?([a-z][a-z0-9]{2,15})\b", re.MULTILINE)


class FreshId(NamedTuple):
    """An id for a post that has none: `text` is the file's as it is, `changed` with the id in it, nothing else touched.

    `file` is relative to the folder of mkdocs.yml; `mark` tells that the file begins with a byte order mark.
    """

    file: str
    id: str
    text: str
    changed: str
    mark: bool


def write_missing_ids(settings: Settings, content: Content) -> tuple[tuple[str, str], ...]:
    """Give every post that has no id one, in its file; (file, id) of each. Nothing else in a file changes.

    A file in which a line cannot be added safely keeps its problem.
    """
    written: list[tuple[str, str]] = []
    for fresh in missing_ids(settings, content):
        ids.write(settings.root / fresh.file, fresh.changed, mark=fresh.mark)
        written.append((fresh.file, fresh.id))
    return tuple(written)


def missing_ids(settings: Settings, content: Content) -> Iterator[FreshId]:
    """An id for each post without one to which a line can be added, in order of file. Nothing is written."""
    taken = {post.id for post in content.posts} | ids_of_unreadable(settings, content)
    for file in sorted({problem.file for problem in content.problems if problem.code == "missing-id"}):
        path = settings.root / file
        data = path.read_bytes()
        try:
            node, body, *_ = split(decode(data))
        except YamlProblem:
            continue
        words = (node.items.get(key) for key in ("slug", "title"))
        title = next((word.raw for word in words if isinstance(word, Scalar) and word.raw.strip()), "")
        fresh = ids.fresh_id(title or heading(body) or path.stem, taken)
        text = data.decode("utf-8-sig")
        changed = ids.with_id(text, fresh, lambda given: split(given)[0])
        if changed is None:
            continue
        taken.add(fresh)
        yield FreshId(file, fresh, text, changed, data.startswith(codecs.BOM_UTF8))


def ids_of_unreadable(settings: Settings, content: Content) -> set[str]:
    """Ids in files that no post could be made of: they are taken too."""
    found: set[str] = set()
    for file in {problem.file for problem in content.problems} - {post.path for post in content.posts}:
        path = settings.root / file
        if path.suffix == ".md" and path.is_file():
            with path.open("rb") as opened:
                found |= {word.decode() for word in _ID_LINE.findall(opened.read(65_536))}
    return found
