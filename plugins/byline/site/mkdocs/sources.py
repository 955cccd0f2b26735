"""Where every file of the site comes from and goes, as MkDocs knows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from mkdocs.structure.files import File, Files

from byline.site.body import Source

Found = tuple[str, str]  # address and path on the disk


class Whereabouts:
    """Made once for a build, when all files are known."""

    def __init__(self, files: Files) -> None:
        self._by_url: dict[str, Found] = {}
        self._by_uri: dict[str, Found] = {}
        for file in files:
            if not file.abs_src_path:
                continue
            url = _plain(file.url)
            found = url, file.abs_src_path
            self._by_url[url] = found
            self._by_uri[file.src_uri] = found

    def source(self, file: File, files: Files | None = None) -> Source:
        """The page of that file. Where `files` notes what is asked for, so does what is found here."""
        by_url: Mapping[str, Found] = self._by_url
        by_uri: Mapping[str, Found] = self._by_uri
        if isinstance(files, Asking):
            by_url = Noted(by_url, files.by_url)
            by_uri = Noted(by_uri, files.by_uri)
        return Source(uri=file.src_uri, url=_plain(file.url), by_url=by_url, by_uri=by_uri)

    def answers(
        self, by_url: Iterable[str], by_uri: Iterable[str]
    ) -> tuple[list[Found | None], list[Found | None]]:
        """What was found at those addresses and paths."""
        return [self._by_url.get(one) for one in by_url], [self._by_uri.get(one) for one in by_uri]


class Asking(Files):
    """The files of the site, noting which were asked for while a page was filled."""

    def __init__(self, files: Files) -> None:
        self._src_uris = files._src_uris  # one collection under two names
        self.asked: dict[str, File | None] = {}
        self.by_url: set[str] = set()
        self.by_uri: set[str] = set()

    def get_file_from_path(self, path: str) -> File | None:
        found = super().get_file_from_path(path)
        self.asked[path] = found
        return found


class Noted(Mapping[str, Found]):
    """A map that notes which keys were asked for; it cannot be gone through, as nobody could note that."""

    def __init__(self, whole: Mapping[str, Found], asked: set[str]) -> None:
        self._whole, self._asked = whole, asked

    def __getitem__(self, key: str) -> Found:
        self._asked.add(key)
        return self._whole[key]

    def __iter__(self) -> Iterator[str]:
        raise TypeError("a page may ask for single files only")

    def __len__(self) -> int:
        raise TypeError("a page may ask for single files only")


def _plain(url: str) -> str:
    found = unquote(url)
    # The blog plugin puts a picture that lies beside a post at `./2026/picture.png`.
    return "" if found == "." else found.removeprefix("./")
