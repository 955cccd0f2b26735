"""The text below the front matter: its links and pictures, each by line. No Markdown is rendered for it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from byline.errors import Problem, Severity
from byline.reading.files import CUT_OFF, Address, Reading, kind_of
from byline.reading.images import MAX_PIXELS, runs

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.M | re.S)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(?:[^\n`]|(?!\1)`)+?\1(?!`)")
_LINK = re.compile(
    r"\[(?P<text>(?:[^\[\]\\\n]|\\.|\n(?!\s*\n)|\[[^\[\]\n]*\](?:\([^()\n]*\))?){0,2000}?)\]"
    r"\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<bare>[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*))"
)
_INNER = re.compile(r"!\[(?P<text>[^\[\]\n]*)\]\(\s*<?(?P<bare>[^\s()<>]*)")
_DEFINED = re.compile(r"^ {0,3}\[[^\]\n^]+\]:[ \t]*<?(?P<bare>[^\s<>]+)>?", re.M)
_TAG = re.compile(r"<(?P<name>img|a|script|iframe|source|video|audio)\b(?P<rest>[^<>]*)>", re.I)
_ATTRIBUTE = re.compile(r"\b(?P<name>src|href|alt)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.I)
_AUTO = re.compile(r"<(?P<bare>https?://[^\s<>]+)>")
# What the built page leaves out: see site.sanitise.
_LEFT_OUT = re.compile(
    r"<(script|style|iframe|frame|object|embed|form|button|select|textarea|link|meta|base)\b(?=[^<>]*>)",
    re.IGNORECASE,
)
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic", ".heif")
_HEADING = re.compile(r"^#[ \t](?P<atx>[^\n]*)$|^(?P<set>[^\s#>*+-][^\n]*)\n=+[ \t]*$", re.M)


@dataclass(frozen=True, slots=True)
class Reference:
    """One link or picture; `alt` is None for a link."""

    target: str
    line: int
    picture: bool
    alt: str | None
    loads: bool = False  # the page itself fetches it
    runs: bool = False  # a script or a frame, which a page has only where raw HTML is trusted


def without_code(body: str) -> str:
    """The body with code and comments blanked, line by line as long as before."""
    if "```" in body or "~~~" in body:
        body = _FENCE.sub(_blank, body)
    if "<!--" in body:
        body = _COMMENT.sub(_blank, body)
    if "`" in body:
        body = _CODE.sub(_blank, body)
    return body


def _blank(match: re.Match[str]) -> str:
    return "\n".join(" " * len(line) for line in match[0].split("\n"))


def heading(text: str) -> str:
    """The first heading of the highest level, or an empty text. `text` is without code."""
    match = _HEADING.search(text)
    return (match["atx"] or match["set"] or "").strip().rstrip("#").rstrip() if match else ""


def references(text: str, first: int) -> Iterator[Reference]:
    """Every link and picture; lines are counted from `first`. `text` is without code."""

    def line(position: int) -> int:
        return first + text.count("\n", 0, position)

    if "](" in text:
        for match in _LINK.finditer(text):
            target = match["angled"] if match["angled"] is not None else match["bare"]
            at, picture = line(match.start()), text[match.start() - 1 : match.start()] == "!"
            yield Reference(target, at, picture, match["text"] if picture else None, picture)
            if "](" in match["text"]:
                for inner in _INNER.finditer(match["text"]):
                    yield Reference(inner["bare"], at, True, inner["text"], True)
    if "]:" in text:
        for match in _DEFINED.finditer(text):
            yield Reference(match["bare"], line(match.start()), False, None)
    if "<" in text:
        for match in _TAG.finditer(text):
            yield from _tag(match, line(match.start()))
        for match in _AUTO.finditer(text):
            yield Reference(match["bare"], line(match.start()), False, None)


def _tag(match: re.Match[str], line: int) -> Iterator[Reference]:
    given = {
        found["name"].lower(): next((value for value in found.groups()[1:] if value is not None), "")
        for found in _ATTRIBUTE.finditer(match["rest"])
    }
    name = match["name"].lower()
    if name == "img":
        yield Reference(given.get("src", ""), line, True, given.get("alt"), True)
    elif name == "a" and "href" in given:
        yield Reference(given["href"], line, False, None)
    elif name not in ("a", "script", "iframe") and "src" in given:
        yield Reference(given["src"], line, False, None, True)
    elif name in ("script", "iframe") and "src" in given:
        yield Reference(given["src"], line, False, None, True, runs=True)


def check_body(reading: Reading, path: str, url: str, shown: str, text: str, first: int) -> None:
    """Note every link and picture that will not work; remember the pages that the post links to.

    `path` is the post under docs, `url` its address on the site, `shown` its name in messages.
    """
    if "](" not in text and "]:" not in text and "<" not in text:
        return
    checker = _Checker(reading, path, url, shown)
    if "<" in text and not reading.settings.pages.raw_html:
        for match in _LEFT_OUT.finditer(text):
            checker.problem(
                first + text.count("\n", 0, match.start()),
                "html-left-out",
                f"`<{match[1]}` runs, loads or sends something; the page will be built without it",
                "take it out, or set `pages: {raw_html: true}` in mkdocs.yml if you trust everybody who writes here",
                "warning",
            )
    for reference in references(text, first):
        checker.check(reference)


class _Checker:
    def __init__(self, reading: Reading, path: str, url: str, shown: str) -> None:
        self.reading = reading
        self.tree = reading.tree
        self.url = url
        self.path = path
        self.shown = shown
        self.host = (urlsplit(reading.settings.site_url).hostname or "").lower()

    def problem(self, line: int, code: str, message: str, fix: str, severity: Severity = "error") -> None:
        self.reading.problems.append(
            Problem(
                file=self.shown, line=line, key="", code=code, message=message, fix=fix, severity=severity
            )
        )

    def check(self, reference: Reference) -> None:
        target, line = reference.target.strip(), reference.line
        if reference.picture and not (reference.alt or "").strip():
            shown = target[:80] or "without a file"
            self.problem(
                line,
                "missing-alt",
                f"the picture `{shown}` has no words for people who cannot see it",
                f"write `![What it shows]({shown})`",
            )
        if not target:
            self.problem(
                line, "empty-link", "a link leads nowhere", "put the address into the round brackets"
            )
            return
        if target.startswith("#"):
            return
        try:
            parts = urlsplit(target)
            host = (parts.hostname or "").lower()
        except ValueError:
            self.problem(
                line, "not-a-url", f"`{target[:80]}` is no usable address", "copy it from the browser again"
            )
            return
        own = (not parts.scheme and not parts.netloc) or (host == self.host and bool(host))
        if own and "utm_" in f"{parts.query}#{parts.fragment}".lower():
            self.problem(
                line,
                "tagged-internal-link",
                f"`{target[:120]}` leads to this site itself and carries utm tags, which would hide where the visitor came from",
                f"write it without them: `{_untagged(target)}`",
            )
        if parts.scheme.lower() in ("javascript", "vbscript"):
            self.problem(
                line,
                "unsafe-link",
                f"`{target[:40]}` runs a program in the reader's browser",
                "link to a page",
            )
        elif parts.scheme or parts.netloc:
            if reference.runs and not self.reading.settings.pages.raw_html:
                return  # told as left out
            if reference.loads and not own and parts.scheme.lower() != "data":
                self.problem(
                    line,
                    "remote-image" if reference.picture else "third-party",
                    f"`{target[:120]}` is fetched from another server, which would learn of every reader",
                    "save it beside the post and name the file, or link to it",
                    "warning",
                )
        else:
            self.local(unquote(parts.path), reference)

    def local(self, target: str, reference: Reference) -> None:
        """A path on this site."""
        if not target:
            return
        if "\\" in target:
            self.problem(
                reference.line,
                "backslash",
                f"`{target[:120]}` has backslashes; folders are separated by /",
                f"write `{target.replace(chr(92), '/')[:120]}`",
            )
            return
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), target))
        if target.startswith("/"):
            self.address("absolute-link", target, posixpath.normpath(target.lstrip("/") or "."), reference)
        elif path in self.tree.files:
            self.reading.targets.setdefault(self.path, []).append((path, reference.line))
            if reference.picture and path.lower().endswith(_PICTURES):
                self.picture(target, path, reference)
            elif path.lower().endswith(".svg") and not self.reading.settings.pages.raw_html:
                self.drawing(target, path, reference)
        elif target.endswith("/") or "." not in posixpath.basename(path):
            self.address("page-address", target, posixpath.normpath(self.url + target), reference)
        elif path.startswith(".."):
            name = self.reading.settings.docs.name
            self.problem(
                reference.line,
                "outside-tree",
                f"`{target[:120]}` leads out of {name}/; only what lies inside is published",
                f"copy the file into {name}/ and link to it there",
            )
        else:
            self.missing(target, path, reference)

    def picture(self, target: str, path: str, reference: Reference) -> None:
        """A picture of the text that no browser shows, or that nobody should have to load."""
        image, shown = self.tree.image(path), target[:120]
        if image.kind in ("", "heic"):
            self.problem(
                reference.line,
                "image-kind",
                f"`{shown}` is {kind_of(image)}; browsers show PNG, JPEG, WebP and GIF",
                "save it as PNG (drawings) or JPEG (photographs)",
            )
        elif image.width * image.height > MAX_PIXELS:
            self.problem(
                reference.line,
                "image-too-large",
                f"`{shown}` has {image.width} x {image.height} pixels, more than any screen shows; at most "
                f"{MAX_PIXELS // 1_000_000} million are expected",
                "save it smaller: 2,000 pixels wide is plenty",
            )
        elif not image.whole:
            self.problem(reference.line, "image-broken", f"`{shown}` {CUT_OFF}", "copy or save it again")

    def drawing(self, target: str, path: str, reference: Reference) -> None:
        """An SVG is a document of its own: opened by its address, what stands in it runs as a part of the site."""
        if self.tree.image(path).kind == "svg" and runs(self.tree.docs / path):
            self.problem(
                reference.line,
                "svg-runs",
                f"`{target[:120]}` holds a script or an `on…=`, which runs when somebody opens the drawing by itself",
                "save it again without; or set `pages: {raw_html: true}` in mkdocs.yml if you trust everybody who writes here",
            )

    def address(self, code: str, target: str, path: str, reference: Reference) -> None:
        """A page named by its address: known only when every post has been read."""
        self.reading.addresses.append(
            Address(code=code, file=self.shown, line=reference.line, shown=target[:120], path=path)
        )

    def missing(self, target: str, path: str, reference: Reference) -> None:
        meant = self.tree.meant(path)
        near = posixpath.relpath(meant, posixpath.dirname(self.path)) if meant else ""
        what = "the picture" if reference.picture else "the page or file"
        self.problem(
            reference.line,
            "missing-file",
            f"{what} `{target[:120]}` is not there; it was looked for as {self.tree.shown(path)}",
            f"did you mean `{near}`?" if near else "correct the name, or add the file",
        )


def _untagged(url: str) -> str:
    bare, _, fragment = url.partition("#")
    path, _, query = bare.partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and not pair.lower().startswith("utm_"))
    fragment = "" if "utm_" in fragment.lower() else fragment
    return (path + (f"?{kept}" if kept else "") + (f"#{fragment}" if fragment else ""))[:160]
