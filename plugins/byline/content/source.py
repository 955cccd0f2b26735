"""A post's file -> its front matter and text, or a Problem that says why it cannot be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256

from byline.content.front_matter import split
from byline.errors import Problem
from byline.reading.files import Reading
from byline.reading.hashes import lost_words
from byline.reading.post import Source
from byline.yamlread import MAX_BYTES, Mapping_, YamlProblem, decode


def source_of(reading: Reading, path: str) -> Source | None:
    """The file, split; None with a Problem when it cannot be."""
    shown = reading.tree.shown(path)

    def problem(error: YamlProblem) -> None:
        reading.problems.append(
            Problem(
                file=shown,
                line=error.line,
                key="",
                code=error.code,
                message=error.message,
                fix=error.fix,
            )
        )

    try:
        data = _bytes(f"{reading.tree.docs}/{path}")
        text = decode(data)
        node, body, first, spoilt = split(text)
    except YamlProblem as error:
        problem(error)
        return None
    except OSError as error:
        problem(YamlProblem(0, "unreadable", f"the file cannot be read: {error.strerror}", "mend its rights"))
        return None
    for value in spoilt:
        problem(value)
    if " #" in text:
        reading.problems.extend(_lost_words(shown, node, text))
    return Source(path=path, shown=shown, node=node, body=body, first=first, hash=sha256(data).hexdigest())


def _lost_words(shown: str, node: Mapping_, text: str) -> Iterator[Problem]:
    """Hashtags in texts without quotes, which are gone before anyone could tell."""
    for key, line, words, lost in lost_words(node, text.split("\n")):
        yield Problem(
            file=shown,
            line=line,
            key=key,
            code="lost-hashtag",
            message=f"`{lost[:60]}` is read as a comment and left out, since the text has no quotes",
            fix=f'put the whole text in quotes: "{words[-40:]} {lost[:60]}"'
            if len(words) <= 40
            else "put the whole text in quotes, or write it below `|`",
            severity="warning",
        )


def _bytes(path: str) -> bytes:
    """The file's bytes; of one that is far too large, only its size is looked at."""
    with open(path, "rb") as file:  # noqa: PTH123 - thousands of them, and this is twice as quick
        size = os.fstat(file.fileno()).st_size
        if size <= MAX_BYTES:
            return file.read()
    raise YamlProblem(
        0,
        "file-too-large",
        f"the file is {size / 1_000_000:.1f} MB; at most {MAX_BYTES // 1_000_000} MB of text are expected",
        "move pictures and tables out of the text into files of their own",
    )
