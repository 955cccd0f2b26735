"""Front matter as the blog plugin made it, kept by the hash of the file: reading and checking it again gives the same.

Stock reads each post's YAML and checks it against a schema in every build. A post that has related `links` is left to
it, since those become objects of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

_PLAIN = ("authors", "categories", "draft", "pin", "readtime", "slug")


class Front:
    """`rows` is what `fresh` was in the last build; `sha` gives the hash of a post's file, empty for an unknown one."""

    def __init__(self, rows: object, sha: Callable[[str], str]) -> None:
        self.rows: Mapping[str, Any] = rows if isinstance(rows, dict) else {}
        self.sha = sha
        self.fresh: dict[str, Any] = {}

    def reading(self, stock: Any) -> Any:
        """As `Post.__init__`."""
        from material.plugins.blog.structure import YAML_RE, PostConfig
        from material.plugins.blog.structure.options import DateDict
        from mkdocs.structure.pages import Page

        front, usual = self, PostConfig()

        def __init__(self: Any, file: Any, config: Any) -> None:
            sha = front.sha(file.src_uri)
            row = front.rows.get(file.src_uri)
            if not sha or row is None or row[0] != sha:
                stock(self, file, config)
                front._note(file.src_uri, sha, self)
                return
            Page.__init__(self, None, file, config)
            text = _text(file.abs_src_path)
            match = YAML_RE.match(text)
            assert match is not None  # it did before, with the same bytes
            self.markdown = text[match.end() :].lstrip("\n")
            _, meta, values, dates = row
            self.meta = _meta(meta)
            days = DateDict({key: datetime.fromisoformat(one) for key, one in dates.items()})
            self.config = _alike(usual, file.abs_src_path, {**json.loads(values), "date": days})
            self.excerpt, self.authors, self.categories = None, [], []
            front.fresh[file.src_uri] = row

        return __init__

    def _note(self, uri: str, sha: str, post: Any) -> None:
        if not sha or post.config.links is not None:
            return
        try:
            meta = _as_json(post.meta)
        except (TypeError, ValueError):
            return
        values = json.dumps({name: post.config[name] for name in _PLAIN}, ensure_ascii=False)
        dates = {key: one.isoformat() for key, one in post.config.date.items()}
        if _meta(meta) == post.meta:  # keys that are no text, and the like
            self.fresh[uri] = [sha, meta, values, dates]


def _text(path: str) -> str:
    """As `open(path, encoding="utf-8-sig").read()`."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands of them
        text = file.read().decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _alike(usual: Any, path: str, values: dict[str, Any]) -> Any:
    """As `PostConfig(path)` with these values, without setting each default anew; `usual` is one that has them."""
    made = object.__new__(type(usual))
    made.__dict__.update(usual.__dict__, data={**usual.data, **values}, config_file_path=path)
    return made


def _date(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"\0moment": value.isoformat()}
    if isinstance(value, date):
        return {"\0day": value.isoformat()}
    raise TypeError(type(value).__name__)


def _object(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((key, value),) = found.items()
        if key == "\0moment":
            return datetime.fromisoformat(value)
        if key == "\0day":
            return date.fromisoformat(value)
    return found


_as_json = json.JSONEncoder(ensure_ascii=False, default=_date).encode  # made once for all, as is the next
_meta = json.JSONDecoder(object_hook=_object).decode
