"""What MkDocs asks again and again of paths and settings, answered at once in the plain case."""

from __future__ import annotations

import re
from collections import UserDict
from typing import Any

# Names that are no special ones, one slash between each two: as `PurePath` writes them, too.
_NORMAL = re.compile(r"[^/.\\:\x00][^/\\:\x00]*(?:/[^/.\\:\x00][^/\\:\x00]*)*")


def found(stock: Any) -> Any:
    """As `Files.get_file_from_path`, which normalises the path of every question."""

    def get_file_from_path(self: Any, path: str) -> Any:
        file = self._src_uris.get(path)
        return file if file is not None or _NORMAL.fullmatch(path) else stock(self, path)

    return get_file_from_path


def source(stock: Any) -> Any:
    """As the property `File.src_path`, which normalises the path of every file."""

    def put(self: Any, value: str) -> None:
        if _NORMAL.fullmatch(value):
            self.src_uri = value
        else:
            stock.fset(self, value)

    return property(stock.fget, put)


def setting(stock: Any) -> Any:
    """As `BaseConfigOption.__get__`, which asks an abstract class each time whether the owner is one of its kind."""
    from mkdocs.config.base import Config

    plain: dict[type, bool] = {}

    def get(self: Any, owner: Any, kind: Any = None) -> Any:
        known = plain.get(type(owner))
        if known is None:
            known = isinstance(owner, Config) and type(owner).__getitem__ is UserDict.__getitem__
            plain[type(owner)] = known
        if known and self._name in owner.data:
            return owner.data[self._name]
        return stock(self, owner, kind)

    return get
