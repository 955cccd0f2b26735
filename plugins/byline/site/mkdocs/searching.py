"""The search index, put together from what each page gave to it."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mkdocs.structure.pages import Page

from byline.site.kept import digest
from byline.site.mkdocs import naming
from byline.site.written import Broken

if TYPE_CHECKING:
    from byline.site.mkdocs.engine import Engine


class Search:
    """The entries of one build, as JSON, in the order in which the pages came."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.current: dict[str, Any] = {}  # the row of the page that is being rendered
        self.indexing = True
        self._keys: list[str] = []
        self._unkept: dict[str, str] = {}  # where there is no cache file

    @cached_property
    def _texts(self) -> dict[str, bytes]:
        """The parts that were kept, by their names."""
        return self.engine.kept.all("search")

    def add(self, stock: Any, index: Any, page: Page) -> None:
        """As the search plugin's, but an entry is made once and kept as the JSON that it becomes."""
        if not self.indexing:
            return
        meta = page.meta
        key = digest(
            self.current["shown"],
            page.url,
            str(page.title),
            naming.as_text([meta.get("title"), meta.get("tags"), meta.get("search")]),
        )
        self.current["search"] = key
        if self._found(key):
            return
        with self.engine.filling.filled(page):
            before = len(index.entries)
            stock(index, page)
            made = index.entries[before:]
            del index.entries[before:]
        part = ",".join(json.dumps(entry, separators=(",", ":"), default=str) for entry in made)
        self.engine.kept.put("search", key, part.encode())
        self._keys.append(key)
        if not self.engine.kept.has("search", key):
            self._unkept[key] = part

    def again(self, key: str) -> None:
        """What a page gave that is as it was."""
        if key and not self._found(key):
            raise Broken("the cache lost a part of the search")

    def _found(self, key: str) -> bool:
        """Was it kept, by an earlier build or by the other process? Then it is in its place."""
        if key not in self._texts and not self.engine.kept.has("search", key):
            return False
        self.engine.kept.still("search", [key])
        self._keys.append(key)
        return True

    def _part(self, key: str) -> str:
        if key in self._unkept:
            return self._unkept[key]
        text = self._texts.get(key) or self.engine.kept.get("search", key)
        if text is None:
            raise Broken("the cache lost a part of the search")
        return text.decode()

    def whole(self, index: Any) -> str:
        """As the search plugin's: the same JSON, joined from what each page gave."""
        config = {key: index.config[key] for key in ("lang", "separator", "pipeline", "fields")}
        head = json.dumps({"config": config, "docs": []}, separators=(",", ":"), default=str)
        return f"{head[:-2]}{','.join(part for part in map(self._part, self._keys) if part)}]}}"
