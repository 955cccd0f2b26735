"""The texts of the lists that the blog plugin makes, held in memory instead of in files of a temporary folder.

Stock writes a file for each page of each list, reads it again a moment later, and removes all of them at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_RETURN, _ORDER_MARK = "\r", "\ufeff"  # what is not the same any more once it was written and read


class Lists:
    """The pages of one build's lists, by the place that each would have had on the disk."""

    def __init__(self) -> None:
        self._files: dict[str, Any] = {}

    def made(self, stock: Callable[..., Any]) -> Any:
        """As `BlogPlugin._path_to_file`."""

        def path_to_file(plugin: Any, path: str, config: Any, *, temp: bool = True) -> Any:
            file = stock(plugin, path, config, temp=temp)
            if temp:
                self._files[file.abs_src_path] = file
            return file

        return path_to_file

    def saved(self, stock: Callable[..., Any]) -> Any:
        """As `BlogPlugin._save_to_file`."""

        def save_to_file(plugin: Any, path: str, content: str) -> None:
            file = self._files.get(path)
            if file is None or _RETURN in content or content.startswith(_ORDER_MARK):
                stock(plugin, path, content)
            else:
                file._content = content

        return save_to_file

    def copied(self, stock: Callable[[str, str], None]) -> Any:
        """As `copy_file`, which the blog plugin uses for the further pages of a list."""

        def copy_file(source: str, target: str) -> None:
            file = self._files.get(target)
            text = self._text(source) if file is not None else None
            if file is None or text is None:
                stock(source, target)
            else:
                file._content = text

        return copy_file

    def _text(self, path: str) -> str | None:
        """What a page has that was made of the file; None for what cannot be read as text, which MkDocs is to say."""
        held = self._files.get(path)
        if held is not None and held._content is not None:
            return str(held._content)
        try:
            with open(path, encoding="utf-8-sig", errors="strict") as file:  # noqa: PTH123 - as MkDocs reads it
                return file.read()
        except (OSError, ValueError):
            return None
