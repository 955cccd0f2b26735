"""Pictures and files of an old blog -> `assets/imported/` of the site. Local ones are copied, others fetched if that is safe."""

from __future__ import annotations

import io
import os
import posixpath
import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from byline import links
from byline.importing.fetching import Fetcher, Refused
from byline.reading.images import MAX_BYTES, MAX_SIDE, look

FOLDER = "assets/imported"
MAX_FILE, MAX_FETCHED, MAX_PIXELS = 50_000_000, 1_000_000_000, 80_000_000
FILES = frozenset(["pdf", "csv", "txt", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "zip", "mp3", "m4a", "ogg", "wav", "mp4", "webm", "mov", "epub", "ics", "vcf"])  # fmt: skip
_SUFFIX = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "gif": ".gif", "svg": ".svg"}
_SMALLER = re.compile(r"-\d{2,5}x\d{2,5}(?=\.[A-Za-z]+$)")  # WordPress' sizes: name-300x200.jpg
_UNSAFE_SVG = re.compile(
    rb"<\s*(?:[\w-]+:)?(?:script|foreignObject|iframe|handler|set|animate)\b|\son\w+\s*=|javascript:|<!ENTITY|<!DOCTYPE[^>]*\[|(?:href|src)\s*=\s*[\"']\s*(?!#|data:image/)",
    re.I,
)
_HOPELESS = 3


class Pictures:
    """One run. `roots` are folders of the old blog, `fetcher` asks other servers (None: never), `base` is its address."""

    def __init__(
        self,
        docs: Path,
        roots: Sequence[Path],
        fetcher: Fetcher | None,
        base: str,
        progress: Callable[[str], None],
    ) -> None:
        self.docs = docs
        self.roots = tuple(Path(os.path.realpath(root)) for root in roots)
        self.fetcher = fetcher
        self.base = base
        self.progress = progress
        self.count = 0
        self._known: dict[str, tuple[str, str]] = {}
        self._by_hash: dict[str, str] = {}
        self._fetched = 0
        self._failed: Counter[str] = Counter()

    def picture(self, source: str, folder: str = "") -> tuple[str, str]:
        """(path under docs, "") or ("", why not). `folder` is the one of the text, relative to each root."""
        key = f"{folder}\n{source}"
        if key not in self._known:
            self._known[key] = self._picture(source, folder)
        return self._known[key]

    def file(self, source: str, folder: str = "") -> str:
        """The path under docs of a file that lies here and that a page may link to; empty for any other."""
        name = posixpath.basename(urlsplit(source).path) if "\\" not in source else ""
        if name.rpartition(".")[2].lower() not in FILES:
            return ""
        found = self._local(source, folder)
        try:
            if found is None or found.stat().st_size > MAX_FILE:
                return ""
            return self._keep(found.read_bytes(), found.name, posixpath.splitext(found.name)[1].lower())
        except OSError:
            return ""

    def _picture(self, source: str, folder: str) -> tuple[str, str]:
        if source.startswith("data:"):
            return "", "it is written into the text itself"
        try:
            found = self._local(source, folder)
            if found is not None:
                if found.stat().st_size > MAX_BYTES:
                    return "", f"it is larger than {MAX_BYTES // 1_000_000} MB"
                return self._checked(found.read_bytes(), found.name)
        except OSError as error:
            return "", f"it cannot be read: {error.strerror}"
        return self._remote(source)

    def _remote(self, source: str) -> tuple[str, str]:
        url = (
            f"https:{source}"
            if source.startswith("//")
            else urljoin(self.base, source)
            if self.base
            else source
        )
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        if not host or not url.startswith(("http://", "https://")):
            return "", "it is not among the files"
        if self.fetcher is None:
            return "", "it lies on another server, which was not to be asked"
        if self._failed[host] >= _HOPELESS:
            return "", f"{host} did not answer before"
        if self._fetched > MAX_FETCHED:
            return "", f"more than {MAX_FETCHED // 1_000_000} MB are fetched already"
        self.progress(f"Fetching {url[:120]}")
        try:
            data = self.fetcher.get(url, max_bytes=MAX_BYTES)
        except Refused as error:
            if "connection" in str(error) or "no server" in str(error) or "public" in str(error):
                self._failed[host] += 1
            return "", str(error)
        self._fetched += len(data)
        return self._checked(data, posixpath.basename(unquote(urlsplit(url).path)) or "picture")

    def _local(self, source: str, folder: str) -> Path | None:
        """The file that the address means, inside one of the roots; nothing outside is ever looked at."""
        try:
            path = unquote(urlsplit(source).path)
        except ValueError:
            return None
        if "\0" in path or "\\" in path:
            return None
        own = [posixpath.join(folder, path)] if not path.startswith("/") and "://" not in source else []
        parts = [part for part in path.split("/") if part and part != "."]
        wanted = own + (["/".join(parts[index:]) for index in range(len(parts))] if ".." not in parts else [])
        for root in self.roots:
            for name in wanted:
                for spelled in dict.fromkeys((name, _SMALLER.sub("", name))):
                    candidate = Path(os.path.realpath(root / posixpath.normpath(spelled).lstrip("/")))
                    if candidate.is_relative_to(root) and candidate.is_file():
                        return candidate
        return None

    def _checked(self, data: bytes, name: str) -> tuple[str, str]:
        from PIL import Image

        probe = self.docs / FOLDER / ".probe"
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(data)
        found = look(probe)
        probe.unlink()
        if not found.kind:
            return "", "it is no picture"
        if found.kind == "svg":
            if _UNSAFE_SVG.search(data) or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return "", "the drawing holds a program or fetches something"
            return self._keep(data, name, ".svg"), ""
        if max(found.width, found.height) > MAX_SIDE or found.width * found.height > MAX_PIXELS:
            return "", f"it has {found.width} x {found.height} pixels"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with Image.open(io.BytesIO(data)) as image:
                    if image.width * image.height > MAX_PIXELS:
                        return "", f"it has {image.width} x {image.height} pixels"
                    image.verify()
        except Exception:  # noqa: BLE001  a broken picture may fail in any way
            return "", "the picture is broken"
        return self._keep(data, name, _SUFFIX[found.kind]), ""

    def _keep(self, data: bytes, name: str, suffix: str) -> str:
        """Write it once, under a name of its own."""
        digest = sha256(data).hexdigest()
        if digest in self._by_hash:
            return self._by_hash[digest]
        stem = links.slug(posixpath.splitext(name)[0])[:60].strip("-") or "file"
        taken = set(self._by_hash.values())
        path, number = f"{FOLDER}/{stem}{suffix}", 1
        while path in taken:
            number += 1
            path = f"{FOLDER}/{stem}-{number}{suffix}"
        target = self.docs / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self._by_hash[digest] = path
        self.count += 1
        return path
