"""Where every file of the site comes from and goes, as MkDocs knows it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from mkdocs.structure.files import File, Files

from byline.site.body import Source


class Whereabouts:
    """Made once for a build, when all files are known."""

    def __init__(self, files: Files) -> None:
        self._by_url: dict[str, tuple[str, Path]] = {}
        self._by_uri: dict[str, tuple[str, Path]] = {}
        for file in files:
            if not file.abs_src_path:
                continue
            url = _plain(file.url)
            found = url, Path(file.abs_src_path)
            self._by_url[url] = found
            self._by_uri[file.src_uri] = found

    def source(self, file: File) -> Source:
        """The page of that file."""
        return Source(uri=file.src_uri, url=_plain(file.url), by_url=self._by_url, by_uri=self._by_uri)


def _plain(url: str) -> str:
    found = unquote(url)
    return "" if found in (".", "./") else found
