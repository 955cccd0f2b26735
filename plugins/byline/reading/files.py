"""A file named in a field -> its place under `docs_dir`, or a Problem that says what is wrong with it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from byline.errors import Problem
from byline.fields import Fields
from byline.model import Author
from byline.reading.images import MAX_BYTES, MAX_PIXELS, MAX_SIDE, Image
from byline.reading.tree import Tree
from byline.settings import Settings

_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|data:", re.I)
_SHOWN_BY_NETWORKS = ("png", "jpeg", "webp")
_LEAST = (400, 200)
_KINDS = {
    "svg": "an SVG drawing",
    "gif": "a GIF",
    "heic": "a HEIC photograph, as telephones write them",
    "avif": "an AVIF picture",
}
CUT_OFF = "ends before its picture does: it was not copied or loaded up to its end"


def kind_of(image: Image) -> str:
    """What a file is that was meant as a picture, for a message: `a GIF`, `no picture at all`."""
    return _KINDS.get(image.kind, "no picture at all") if image.size else "an empty file"


def _pixels(image: Image) -> int:
    return image.width * image.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A link by address instead of by file: `path` on the site without slashes around it, `code` for its advice."""

    code: str
    file: str
    line: int
    shown: str
    path: str


@dataclass
class Reading:
    """What reading one post needs to know, and where its mistakes go."""

    settings: Settings
    tree: Tree
    authors: dict[str, Author]
    networks: tuple[str, ...]
    problems: list[Problem] = field(default_factory=list)
    targets: dict[str, list[tuple[str, int]]] = field(
        default_factory=dict
    )  # post -> files it links to, by line
    addresses: list[Address] = field(default_factory=list)


def inside(tree: Tree, folder: str, target: str) -> str | None:
    """The path under `docs` that the target names: beside the post, then from the top; None outside of it."""
    if target.startswith("/"):
        found = posixpath.normpath(target.lstrip("/") or ".")
        return None if found.startswith("..") else found
    beside = posixpath.normpath(posixpath.join(folder, target))
    if beside in tree.files:
        return beside
    top = posixpath.normpath(target)
    for candidate in (top, f"assets/{top}"):
        if not top.startswith("..") and candidate in tree.files:
            return candidate
    return None if beside.startswith("..") else beside


def picture(reading: Reading, fields: Fields, key: str, folder: str) -> str:
    """The picture's path under `docs`, when it is there and a network can show it; else empty, and a Problem."""
    tree, name = reading.tree, reading.settings.docs.name
    target = fields.text(key, expected="a picture's file name").strip()
    if not target:
        return ""
    if _REMOTE.match(target):
        fields.problem(
            key,
            "remote-image",
            f"`{key}` is an address on another server; a picture of this site is expected",
            f"save it beside the post and write `{key}: {posixpath.basename(target.partition('?')[0]) or 'cover.png'}`",
        )
        return ""
    if "\\" in target:
        fields.problem(
            key,
            "backslash",
            f"`{key}` is `{target}`; folders are separated by / here",
            f"write `{key}: {target.replace(chr(92), '/')}`",
        )
        return ""
    path = inside(tree, folder, target)
    if path is None:
        fields.problem(
            key,
            "outside-tree",
            f"`{key}` is `{target}`, which lies outside {name}/; only what lies inside is published",
            f"copy the picture beside the post and write `{key}: {posixpath.basename(target)}`",
        )
        return ""
    if path not in tree.files:
        meant = tree.meant(path)
        fields.problem(
            key,
            "missing-file",
            f"the picture `{target}` is not there; it was looked for as {tree.shown(path)}",
            f"did you mean `/{meant}`?" if meant else "put the file beside the post, or correct its name",
        )
        return ""
    return path if _usable(reading, fields, key, path) else ""


def _usable(reading: Reading, fields: Fields, key: str, path: str) -> bool:
    image, shown = reading.tree.image(path), posixpath.basename(path)
    if image.kind not in _SHOWN_BY_NETWORKS:
        fields.problem(
            key,
            "image-kind",
            f"`{shown}` is {kind_of(image)}; networks show PNG, JPEG and WebP",
            "save it as PNG (drawings) or JPEG (photographs), or delete the line: a card is drawn then",
        )
        return False
    if image.size > MAX_BYTES or max(image.width, image.height) > MAX_SIDE or _pixels(image) > MAX_PIXELS:
        fields.problem(
            key,
            "image-too-large",
            f"`{shown}` has {image.size / 1_000_000:.1f} MB and {image.width} x {image.height} pixels; "
            f"at most {MAX_BYTES // 1_000_000} MB, {MAX_SIDE} pixels a side and {MAX_PIXELS // 1_000_000} million in all are "
            "expected",
            "save it smaller: 1200 x 630 pixels are enough for every network",
        )
        return False
    if not image.whole:
        fields.problem(key, "image-broken", f"`{shown}` {CUT_OFF}", "copy or save it again")
        return False
    if 0 < image.width < _LEAST[0] or 0 < image.height < _LEAST[1]:
        fields.problem(
            key,
            "image-small",
            f"`{shown}` is only {image.width} x {image.height} pixels; networks show it small or not at all",
            "use one of 1200 x 630 pixels",
            severity="warning",
        )
    return True
