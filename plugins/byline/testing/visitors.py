"""A visitor with a real HTTP client: follows a link, reads the built page, fills its form in.

Nothing is taken from the program's own objects: the link comes from a network's timeline, the form and its
fields from the page. `Browser` keeps in its memory what capture.js keeps in a browser's storage, by the same
rules; with `scripts=False` it keeps nothing and sends the form as a browser without JavaScript does.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from byline.errors import BylineError

MOST_TOUCHES = 10
TAGS = ("source", "medium", "campaign", "content", "term", "id")


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it stands in a page: where it goes, its fields with the values they have, its tick boxes."""

    action: str
    method: str
    fields: Mapping[str, str]
    boxes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was read. `url` is where it was found in the end, `meta` its meta tags by name or property."""

    url: str
    status: int
    title: str
    links: tuple[str, ...]
    meta: Mapping[str, str]
    forms: tuple[Form, ...]
    consent: str  # what the page lets capture.js keep: required (once agreed to), granted, none
    html: str

    def form(self, name: str) -> Form | None:
        """The form that has a field of this name."""
        return next((form for form in self.forms if name in form.fields), None)


class VisitFailed(BylineError):
    """A page could not be read, or its form could not be filled in; the text says which."""


@dataclass
class Browser:
    """One visitor's browser. `agrees` is the answer to the question about storing where the visit came from."""

    agrees: bool = True
    scripts: bool = True
    touches: list[dict[str, str]] = field(default_factory=list)
    first: dict[str, str] | None = None

    def open(self, url: str, now: datetime, *, referrer: str = "") -> Page:
        """Read the page behind a link and note the touch, as capture.js does."""
        page = fetch(url, referrer=referrer)
        if self.scripts:
            touch = touch_of(page.url, now, referrer)
            kept = self.touches if self._may_keep(page) else []  # without consent nothing outlives the page
            self.touches = [*kept, *([touch] if touch else [])][-MOST_TOUCHES:]
            self.first = self.first or touch
        return page

    def _may_keep(self, page: Page) -> bool:
        return self.agrees and page.consent in ("required", "granted")

    def ask(self, page: Page, answers: Mapping[str, str], now: datetime) -> Page:
        """Fill in the form of the page and send it; the page that thanks."""
        form = page.form("message") or page.form("email")  # a question, where a page takes sign-ups too
        if form is None:
            raise VisitFailed(f"{page.url} has no form with an e-mail field")
        unknown = [name for name in answers if name not in form.fields and name not in form.boxes]
        if unknown:
            raise VisitFailed(f"the form of {page.url} has no field {', '.join(unknown)}")
        values = {**form.fields, **answers}
        if self.scripts:
            values |= self._hidden(page, now, bool(answers.get("marketing")))
        body = urllib.parse.urlencode(values).encode()
        target = urllib.parse.urljoin(page.url, form.action)
        # capture.js has taken the tags out of the address bar by now; without it they are still there.
        referrer = page.url.partition("?")[0] if self.scripts else page.url
        return fetch(target, referrer=referrer, body=body)

    def _hidden(self, page: Page, now: datetime, ticked: bool) -> dict[str, str]:
        """What capture.js writes into the hidden fields."""
        last = self.touches[-1] if self.touches else None
        first = self.first if self._may_keep(page) else last
        return {
            "bl_started": str(int((now - timedelta(seconds=95)).timestamp() * 1000)),
            "bl_page": urllib.parse.urlsplit(page.url).path,
            "bl_post": page.meta.get("byline:post", ""),
            "bl_touches": json.dumps(self.touches) if self.touches else "",
            "bl_first": json.dumps(first) if first else "",
            "bl_last": json.dumps(last) if last else "",
            "bl_consent_at": _stamp(now) if ticked else "",
        }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def touch_of(url: str, now: datetime, referrer: str) -> dict[str, str] | None:
    """The touch of one visit; None for a direct one."""
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query))
    touch = {tag: query[f"utm_{tag}"] for tag in TAGS if query.get(f"utm_{tag}")}
    host = urllib.parse.urlsplit(referrer).netloc
    if host and host != parts.netloc:
        touch["referrer"] = referrer.partition("?")[0]
    return {**touch, "at": _stamp(now), "page": parts.path} if touch else None


def fetch(url: str, *, referrer: str = "", body: bytes | None = None) -> Page:
    """One page over HTTP, redirects followed; VisitFailed when it does not answer 200."""
    headers = {"User-Agent": "Mozilla/5.0 (Byline demo visitor)"} | (
        {"Referer": referrer} if referrer else {}
    )
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            html = answer.read().decode("utf-8", "replace")
            return read(answer.geturl(), answer.status, html)
    except urllib.error.HTTPError as error:
        said = error.read(300).decode("utf-8", "replace")
        raise VisitFailed(f"{url} answered {error.code}: {said}") from None
    except OSError as error:
        raise VisitFailed(f"{url} could not be read: {error}") from None


def read(url: str, status: int, html: str) -> Page:
    """Take a page apart: title, links, meta tags, forms."""
    reader = _Reader()
    reader.feed(html)
    links = tuple(urllib.parse.urljoin(url, link) for link in reader.links)
    forms = tuple(Form(one.action, one.method, one.fields, one.boxes) for one in reader.forms)
    return Page(url, status, reader.title.strip(), links, reader.meta, forms, reader.consent, html)


@dataclass
class _Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    boxes: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.links: list[str] = []
        self.meta: dict[str, str] = {}
        self.consent = ""
        self.forms: list[_Form] = []
        self._form: _Form | None = None
        self._select = ""
        self._text = ""  # the field or "title" whose text is being read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "meta":
            self.meta.setdefault(given.get("property") or name, given.get("content", ""))
        elif tag == "title" and not self.title:
            self._text = "title"
        elif tag == "script" and "data-consent" in given:
            self.consent = given["data-consent"]
        elif tag == "form":
            self._form = _Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None and name and tag in ("input", "textarea", "select"):
            self._field(tag, name, value, given)
        elif tag == "option" and self._form is not None and self._select and "selected" in given:
            self._form.fields[self._select] = value

    def _field(self, tag: str, name: str, value: str, given: Mapping[str, str]) -> None:
        assert self._form is not None
        kind = given.get("type", "text").lower()
        if tag == "input" and kind in ("checkbox", "radio"):
            self._form.boxes[name] = value or "on"
            if "checked" in given:
                self._form.fields[name] = value or "on"
        elif tag != "input" or kind not in ("submit", "button", "image", "file", "reset"):
            self._form.fields[name] = value
            self._text = name if tag == "textarea" else ""
            self._select = name if tag == "select" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag in ("textarea", "title"):
            self._text = ""
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._text == "title":
            self.title += data
        elif self._text and self._form is not None:
            self._form.fields[self._text] += data
