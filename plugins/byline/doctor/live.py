"""The site as readers have it: does it answer, has it every public post, are its feeds valid?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from byline import content as contents
from byline.doctor.findings import Finding, listed, safely
from byline.errors import NotSent
from byline.settings import Settings

if TYPE_CHECKING:
    from byline.content import Content
    from byline.http import Http, Response
    from byline.times import Clock

FEEDS = ("feed.xml", "atom.xml", "feed.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Looks at the public site."""

    settings: Settings
    http: Http
    clock: Clock

    def look(self, content: Content | None) -> Iterator[Finding]:
        """The site and its feeds; a site that cannot be reached is told once."""
        answers: list[Response] = []
        yield from safely("live site", lambda: self._site(content, answers))
        for feed in FEEDS if answers else ():
            yield from safely(feed, lambda feed=feed: self._feed(feed))  # type: ignore[misc]

    def _get(self, name: str) -> Response:
        return self.http.request("GET", self.settings.site_url + name, service="the site")

    def _site(self, content: Content | None, answers: list[Response]) -> Iterator[Finding]:
        try:
            answer = self._get("byline.json")
        except NotSent as error:
            yield Finding(
                about="live site",
                level="red",
                message=f"cannot be reached, so its feeds were not looked at either: {_without_service(error)}",
                next=f"open {self.settings.site_url} in a browser: is it deployed, is `site_url` in mkdocs.yml right?",
            )
            return
        answers.append(answer)
        found = answer.object().get("posts") if answer.ok else None
        if not isinstance(found, list):
            what = f"answered {answer.status}" if not answer.ok else "is no manifest of posts"
            yield Finding(
                about="live site", level="red", message=f"{self.settings.site_url}byline.json {what}",
                next="build and deploy the site; check `site_url` in mkdocs.yml",
            )  # fmt: skip
            return
        live = {str(post.get("id")) for post in found if isinstance(post, dict)}
        public = contents.public(content, self.clock.now()) if content else ()
        missing = [post.id for post in public if post.id and post.id not in live]
        if missing:
            yield Finding(
                about="live site", level="warning", next="build and deploy the site",
                message=f"reachable, but without {listed(missing, 'public post', 'public posts')}",
            )  # fmt: skip
        else:
            yield Finding(
                about="live site",
                level="ok",
                message=f"{self.settings.site_url} has {len(live)} {'post' if len(live) == 1 else 'posts'}",
            )

    def _feed(self, name: str) -> Iterator[Finding]:
        answer = self._get(name)
        problem = f"answered {answer.status}" if not answer.ok else _feed_problem(name, answer)
        if problem:
            yield Finding(
                about=name, level="red", message=f"{self.settings.site_url}{name} {problem}",
                next="publish build --clean, then deploy",
            )  # fmt: skip
        else:
            yield Finding(about=name, level="ok", message="valid")


def _feed_problem(name: str, answer: Response) -> str:
    """Why the feed cannot be read; empty when it can."""
    if name.endswith(".json"):
        found = answer.object()
        good = str(found.get("version", "")).startswith("https://jsonfeed.org/version/") and isinstance(
            found.get("items"), list
        )
        return "" if good else "is no JSON Feed"
    from xml.parsers import expat

    names: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, _attributes: names.append(tag) if not names else None
    try:
        parser.Parse(answer.body, True)
    except expat.ExpatError as error:
        return f"is broken XML (line {error.lineno})"
    wanted = "rss" if name == "feed.xml" else "feed"
    return "" if names == [wanted] else f"is no feed (`<{names[0]}>`)"


def _without_service(error: NotSent) -> str:
    """What was in the way, for a line that names the service itself."""
    return error.message.removeprefix(f"{error.service}: ").replace("; nothing was sent", "")
