"""What Zensical made, page by page, on its way to readers: cleaned as in any other build, and made whole.

A page's text stands between two marks. It is cleaned there, its pictures get their sizes, the form its place; then
what only the finished text tells (minutes, the headline's anchor) goes where the templates left room for it.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import unquote

from byline.errors import BylineError
from byline.model import Post
from byline.settings import Settings
from byline.site import body, capture, fragments, policy, sanitise, targets
from byline.site.body import Source
from byline.site.mkdocs import theme
from byline.site.renditions import Rendition
from byline.site.zensical.stage import bounds
from byline.wording import words

_CONTINUED = re.compile(r"(?:^|/)page/\d+/$")  # the search finds a list by its first page
_SKIP = re.compile(r'(<a href=")#__skip(" class="md-skip">)')
_DIAGRAMS = re.compile(r'[ \t]*<script src="[^"]*assets/byline/mermaid\.min\.js"></script>\n?')
_MINIFIED = re.compile(r"\n[ \t]*(?=\n)")


@dataclass(slots=True)
class Page:
    """A page that Zensical wrote: its file, its document below docs_dir (empty: none), its post."""

    file: Path
    url: str
    uri: str = ""
    post: Post | None = None
    html: str = ""
    texts: list[str] = field(default_factory=list)
    anchor: str = ""


class Finish:
    """One site. First `clean` every page, then `complete` every page."""

    def __init__(
        self,
        settings: Settings,
        mark: str,
        by_url: Mapping[str, tuple[str, Path]],
        privacy: str,
        *,
        search: bool,
    ) -> None:
        """`by_url` maps every address of the site to itself and its source; see `body.Source`."""
        self.searched = search
        self.settings = settings
        self.mark = mark
        self.privacy = privacy
        self.by_url = by_url
        self.by_uri: dict[str, tuple[str, Path]] = {}
        self.bodies: dict[str, str] = {}
        self.minutes: dict[str, int] = {}
        self.renditions: list[Rendition] = []
        self.notes: list[str] = []
        self.diagrams = False
        before, after = bounds(mark)
        self._text = re.compile(f"{re.escape(before)}(.*?){re.escape(after)}", re.DOTALL)
        self._minutes = re.compile(f"{mark}-minutes-([a-z0-9]+)")

    def minute(self, post: Post) -> str:
        """What stands for the post's minutes until its text is known."""
        return f"{self.mark}-minutes-{post.id}"

    @property
    def anchor(self) -> str:
        """What stands for the anchor of a post's headline."""
        return f"{self.mark}-anchor"

    def clean(self, page: Page) -> None:
        """The page's text. Raises BylineError where a template shows it in a way that cannot be cleaned."""
        page.html = page.file.read_text(encoding="utf-8")
        page.texts = []
        page.html = self._text.sub(lambda match: self._cleaned(match[1], page), page.html)
        if page.post is not None:
            if not page.texts:
                raise BylineError(
                    f"{page.uri}: the page that Zensical made of this post does not show its text where it can be cleaned",
                    hint="write `{{ page.content }}` alone, without filters, in your own templates",
                )
            self.bodies[page.post.id] = page.texts[0]
            self.minutes[page.post.id] = fragments.minutes(page.texts[0])

    def complete(self, page: Page) -> None:
        """Write the whole page; every post's text must be known."""
        html = self._minutes.sub(lambda match: str(self.minutes.get(match[1], 1)), page.html)
        shown = f' id="{escape(page.anchor)}"' if page.anchor else ""
        html = html.replace(f' id="{self.anchor}"', shown)
        html = _SKIP.sub(r"\1#content\2", html)
        text = "".join(page.texts)
        diagrams = theme.DIAGRAM in text
        if not diagrams:
            html = _DIAGRAMS.sub("", html)
        html = policy.insert(
            theme.mend(html),
            body=text,
            forms=targets.addresses(self.settings),
            trusted=self.settings.pages.raw_html,
            diagrams=diagrams or self.searched,  # both make style sheets of their own in the browser
        )
        page.file.write_text(_MINIFIED.sub("", html).lstrip(), encoding="utf-8")

    def index(self, file: Path, hidden: frozenset[str]) -> None:
        """The index of the search: texts cleaned too, without the pages of which nobody wants to hear."""
        if not file.exists():
            return
        index = json.loads(file.read_text(encoding="utf-8"))
        rows = [
            item
            for item in index.get("items", [])
            if (found := item["location"].partition("#")[0]) not in hidden and not _CONTINUED.search(found)
        ]
        if not self.settings.pages.raw_html:
            for item in rows:
                item |= {key: sanitise.clean(str(item.get(key, ""))) for key in ("title", "text")}
        index["items"] = rows
        file.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")

    def _cleaned(self, html: str, page: Page) -> str:
        source = Source(uri=page.uri, url=unquote(page.url), by_url=self.by_url, by_uri=self.by_uri)
        done = body.finish(
            html.replace(capture.MARK, capture.PLACE),
            source,
            trusted=self.settings.pages.raw_html,
            words=words(self.settings.language, self.settings.pages.words),
            first_is_late=bool(page.post and page.post.image),
        )
        self.notes += [f"{posixpath.join(self.settings.docs.name, page.uri)}: {note}" for note in done.notes]
        self.renditions += done.renditions
        made = done.html.strip()
        if page.post is not None:
            made, page.anchor = fragments.without_title(made)
        self.diagrams |= theme.DIAGRAM in made
        if capture.PLACE in made:
            privacy = body.relative(self.privacy, page.url) if self.privacy else ""
            made = capture.placed(made, self.settings, page=page.url, post=page.post, privacy=privacy)
        page.texts.append(made)
        return made
