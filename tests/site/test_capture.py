"""capture.js and the lead form in a real browser, over several visits, with and without JavaScript."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

FOREIGN = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Old site</title>
<script defer src="/blog/assets/byline/capture.js" {options}></script></head>
<body><form method="post" action="/lead" data-byline><input name="email" value="a@b.example"><button>Go</button></form>
<p hidden><input type="checkbox" id="keep" data-byline-consent></p><a href="/other?{options}">on</a></body></html>"""


@dataclass
class Web:
    """The built site at `home`, the same machine under another name at `elsewhere`, and the leads that came in."""

    port: int = 0
    leads: list[dict[str, str]] = field(default_factory=list)
    referers: list[str] = field(default_factory=list)

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def elsewhere(self) -> str:
        return f"http://localhost:{self.port}/"

    def old(self, options: str, query: str = "") -> str:
        """A page that is none of ours, with the script in it."""
        return f"{self.home}old/{quote(options, safe='')}?{query}"


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, web: Web, folder: Path, **options: Any) -> None:
        self.web, self.folder = web, folder
        super().__init__(*args, **options)

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/old/"):
            from urllib.parse import unquote

            self.reply(FOREIGN.format(options=unquote(path.removeprefix("/old/"))).encode())
        elif path == "/from":
            target = parse_qs(urlsplit(self.path).query)["to"][0]
            self.reply(f'<!doctype html><title>x</title><a id="a" href="{target}">go</a>'.encode())
        else:
            file = self.folder / path.removeprefix("/blog/").lstrip("/")
            file = file / "index.html" if file.is_dir() else file
            if not file.is_file():
                self.send_error(404)
                return
            data = file.read_bytes().replace(b"http://127.0.0.1:9", self.web.elsewhere.rstrip("/").encode())
            self.reply(data, self.guess_type(str(file)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        lead = dict(parse_qsl(body, keep_blank_values=True))
        self.web.leads.append(lead)
        self.web.referers.append(self.headers.get("referer", ""))
        self.send_response(303)
        self.send_header("location", self.web.home.rstrip("/") + lead.get("bl_next", "/blog/"))
        self.send_header("content-length", "0")
        self.end_headers()

    def reply(self, data: bytes, kind: str = "text/html") -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def web(built: Path) -> Iterator[Web]:
    made = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, web=made, folder=built))
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def send(page: Page) -> None:
    """Fill in the form of the page and send it."""
    page.fill("[name=name]", "Ada")
    page.fill("[name=email]", "ada@example.com")
    page.fill("[name=message]", "What does it cost?")
    with page.expect_navigation():
        page.click(".by-form button[type=submit]")


def kept(page: Page) -> Any:
    return json.loads(page.evaluate("localStorage.getItem('byline')") or "null")


TAGS = "utm_source=LinkedIn&utm_medium=Social&utm_campaign=q4&utm_content=hp7.linkedin.company"


def test_without_consent_the_current_tags_alone_travel_and_nothing_is_kept(web: Web, page: Page) -> None:
    page.goto(f"{web.home}blog/posts/honest-pricing/?a=1&{TAGS}&b=%20x&fbclid=z#top")
    assert page.url == f"{web.home}blog/posts/honest-pricing/?a=1&b=%20x#top"
    send(page)
    lead = web.leads[0]
    (touch,) = json.loads(lead["bl_touches"])
    assert touch | {"at": ""} == {
        "at": "",
        "source": "linkedin",
        "medium": "social",
        "campaign": "q4",
        "content": "hp7.linkedin.company",
        "click": "fbclid=z",
        "page": "/blog/posts/honest-pricing/",
    }
    assert json.loads(lead["bl_first"]) == json.loads(lead["bl_last"]) == touch
    assert lead["bl_post"] == "hp7"
    assert lead["bl_page"] == "/blog/posts/honest-pricing/"
    assert lead["bl_started"].isdigit()
    assert "bl_consent_at" not in lead
    assert "marketing" not in lead
    assert page.url == f"{web.home}blog/thanks/"
    assert kept(page) is None


def test_without_consent_the_next_page_knows_nothing(web: Web, page: Page) -> None:
    page.goto(f"{web.home}blog/posts/honest-pricing/?{TAGS}")
    page.goto(f"{web.home}blog/contact/")
    send(page)
    assert not {"bl_touches", "bl_first", "bl_last"} & set(web.leads[0])
    assert web.leads[0]["email"] == "ada@example.com"


def test_with_consent_first_and_last_touch_survive_direct_visits(web: Web, page: Page) -> None:
    page.goto(f"{web.home}blog/posts/honest-pricing/?{TAGS}")
    box = page.locator(".by-form [data-byline-consent]")
    assert not box.is_checked()
    box.check()
    page.goto(
        f"{web.home}blog/posts/nasty/?utm_source=twitter&utm_medium=social&utm_content=nasty.twitter.acme"
    )
    page.goto(f"{web.home}blog/")
    page.click(".by-menu a >> text=Contact")
    page.wait_for_url("**/contact/")
    assert page.locator(".by-form [data-byline-consent]").is_checked()
    page.check("[name=marketing]")
    send(page)
    lead = web.leads[0]
    touches = json.loads(lead["bl_touches"])
    assert [touch["source"] for touch in touches] == ["linkedin", "twitter"]
    assert json.loads(lead["bl_first"])["content"] == "hp7.linkedin.company"
    assert json.loads(lead["bl_last"])["content"] == "nasty.twitter.acme"
    assert lead["marketing"] == "yes"
    assert lead["bl_consent"].startswith("Send me new articles")
    assert lead["bl_consent_at"].endswith("Z")
    assert "bl_post" not in lead  # the contact page belongs to no post


def test_unticking_forgets_at_once(web: Web, page: Page) -> None:
    page.goto(f"{web.home}blog/contact/?{TAGS}")
    box = page.locator(".by-form [data-byline-consent]")
    box.check()
    assert kept(page)["first"]["source"] == "linkedin"
    box.uncheck()
    assert kept(page) is None
    page.click("footer summary")
    assert page.locator("footer [data-byline-consent]").is_visible()
    page.locator("footer [data-byline-consent]").check()
    assert box.is_checked()


def test_a_form_without_javascript_arrives(web: Web, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{web.home}blog/posts/honest-pricing/?{TAGS}")
    assert page.locator(".by-remember").first.is_hidden()
    send(page)
    lead = web.leads[0]
    assert (lead["name"], lead["email"], lead["website"]) == ("Ada", "ada@example.com", "")
    assert (lead["bl_post"], lead["bl_page"]) == ("hp7", "/blog/posts/honest-pricing/")
    assert lead["bl_touches"] == ""
    assert "utm_content=hp7.linkedin.company" in web.referers[0]
    assert page.url == f"{web.home}blog/thanks/"
    assert "Thank you" in page.inner_text("h1")
    context.close()


def test_it_works_on_pages_that_are_not_ours(web: Web, page: Page) -> None:
    page.goto(web.old('data-consent="granted"', TAGS))
    assert "utm_" not in page.url
    with page.expect_navigation():
        page.click("button")
    assert json.loads(web.leads[0]["bl_last"])["content"] == "hp7.linkedin.company"


def test_granted_keeps_until_it_is_refused_and_remembers_the_refusal(web: Web, page: Page) -> None:
    page.goto(web.old('data-consent="granted"', TAGS))
    assert kept(page)["touches"][0]["source"] == "linkedin"
    assert page.evaluate("byline.consent()") is True
    assert page.evaluate("byline.consent(false)") is False
    page.goto(web.old('data-consent="granted"', TAGS))
    assert kept(page) == {"consent": False}
    assert len(page.evaluate("byline.touches()")) == 1
    assert page.evaluate("byline.consent(true)") is True
    assert kept(page)["first"]["source"] == "linkedin"


def test_none_never_keeps_and_wipes_what_was_kept(web: Web, page: Page) -> None:
    page.goto(web.old('data-consent="granted"', TAGS))
    page.goto(web.old('data-consent="none"', TAGS))
    assert kept(page) is None
    assert page.evaluate("byline.consent(true)") is False
    assert kept(page) is None
    assert page.locator("#keep").is_hidden()
    assert len(page.evaluate("byline.touches()")) == 1


def test_global_privacy_control_is_a_refusal(web: Web, browser_context: BrowserContext) -> None:
    browser_context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page = browser_context.new_page()
    page.goto(web.old('data-consent="granted"', TAGS))
    assert kept(page) is None
    assert page.evaluate("byline.consent(true)") is False
    assert kept(page) is None


def test_another_site_counts_our_own_pages_never(web: Web, page: Page) -> None:
    options = 'data-consent="granted"'
    page.goto(f"{web.elsewhere}from?to={quote(web.old(options), safe='')}")
    page.click("#a")
    page.wait_for_url("**/old/**")
    (touch,) = kept(page)["touches"]
    assert touch["referrer"] == f"{web.elsewhere}"
    assert "source" not in touch
    page.reload()
    assert len(kept(page)["touches"]) == 1
    page.goto(f"{web.home}from?to={quote(web.old(options), safe='')}")
    page.click("#a")
    page.wait_for_url("**/old/**")
    assert len(kept(page)["touches"]) == 1


def test_a_subdomain_of_a_named_host_is_our_own(web: Web, page: Page) -> None:
    options = 'data-consent="granted" data-hosts="acme.example localhost"'
    page.goto(f"{web.elsewhere}from?to={quote(web.old(options), safe='')}")
    page.click("#a")
    page.wait_for_url("**/old/**")
    assert kept(page)["touches"] == []


DOMAIN = 'data-consent="granted" data-domain="acme.test"'


@pytest.fixture
def subdomains(web: Web, browser_context: BrowserContext) -> Page:
    """A page for which every address under acme.test is served by the website."""

    def answer(route: Any) -> None:
        parts = urlsplit(route.request.url)
        if parts.path.startswith("/blog/"):
            route.fulfill(response=route.fetch(url=f"{web.home.rstrip('/')}{parts.path}"))
        else:
            link = parse_qs(parts.query).get("to", [""])[0]
            route.fulfill(
                content_type="text/html",
                body=FOREIGN.format(options=DOMAIN) + f'<a id="to" href="{link}">to</a>',
            )

    browser_context.route("http://*.acme.test/**", answer)
    return browser_context.new_page()


def test_one_journey_over_all_subdomains(subdomains: Page) -> None:
    page = subdomains
    inner = f"http://insights.acme.test/posts/a/?{TAGS}"
    page.goto(f"http://www.acme.test/?utm_source=fair&utm_medium=offline&to={quote(inner, safe='')}")
    page.goto(inner)
    page.goto("http://www.acme.test/contact")
    found = page.evaluate("byline.touches()")
    assert [touch["source"] for touch in found] == ["fair", "linkedin"]
    assert page.evaluate("localStorage.length") == 0
    page.goto("http://shop.acme.test/?utm_source=twitter")
    assert [touch["source"] for touch in page.evaluate("byline.touches()")] == ["fair", "linkedin", "twitter"]
    assert page.evaluate("byline.journey().first.source") == "fair"
    assert page.evaluate("byline.consent(false)") is False
    page.goto("http://www.acme.test/")
    assert page.evaluate("byline.touches()") == []
    assert "fair" not in page.evaluate("document.cookie")


def test_a_cookie_that_would_be_too_long_loses_its_oldest_visits_and_keeps_the_first(
    subdomains: Page,
) -> None:
    for number in range(10):
        long = "ä%3B%20%25" * 40
        subdomains.goto(f"http://www.acme.test/?utm_source=s{number}&utm_campaign={long}")
    found = subdomains.evaluate("byline.touches()")
    assert found[-1]["source"] == "s9"
    assert found[-1]["campaign"] == "ä; %" * 40
    assert 1 <= len(found) < 10
    assert subdomains.evaluate("byline.journey().first.source") == "s0"
    assert subdomains.evaluate("document.cookie.length") < 4000


def test_a_tag_in_a_link_of_our_own_pages_tells_nothing(web: Web, page: Page) -> None:
    options = 'data-consent="granted"'
    page.goto(web.old(options, TAGS))
    inner = web.old(options, "utm_source=banner&utm_content=top")
    page.goto(f"{web.home}from?to={quote(inner, safe='')}")
    page.click("#a")
    page.wait_for_url("**/old/**")
    assert [touch["source"] for touch in kept(page)["touches"]] == ["linkedin"]
    assert "utm_" not in page.url


def test_ten_touches_are_kept_and_the_first_for_ever(web: Web, page: Page) -> None:
    for number in range(12):
        page.goto(web.old('data-consent="granted"', f"utm_source=s{number}"))
    found = kept(page)
    assert [touch["source"] for touch in found["touches"]] == [f"s{number}" for number in range(2, 12)]
    assert found["first"]["source"] == "s0"


def test_the_same_link_twice_in_a_row_is_one_visit(web: Web, page: Page) -> None:
    for _ in range(3):
        page.goto(web.old('data-consent="granted"', TAGS))
    assert len(kept(page)["touches"]) == 1


def test_what_is_older_than_the_limit_is_forgotten(web: Web, page: Page) -> None:
    page.goto(web.old('data-consent="granted"', "x=1"))
    page.evaluate(
        """() => { const old = new Date(Date.now() - 31 * 864e5).toISOString();
        localStorage.setItem('byline', JSON.stringify({consent: true, first: {at: old, source: 'a'},
        touches: [{at: old, source: 'a'}, {at: new Date().toISOString(), source: 'b'}]})); }"""
    )
    page.goto(web.old('data-consent="granted" data-keep="30"', "utm_source=c"))
    found = kept(page)
    assert [touch["source"] for touch in found["touches"]] == ["b", "c"]
    assert found["first"]["source"] == "c"


def test_values_are_cleaned(web: Web, page: Page) -> None:
    query = "&".join(
        (
            "utm_source=%20NEWS%0Aletter%20",
            "utm_medium=" + "M" * 400,
            "utm_campaign=ada%40example.com",
            "utm_term=%3Cscript%3Ealert(1)%3C/script%3E",
            "utm_content=%2520",
            "utm_id=abc.123",
        )
    )
    page.goto(web.old('data-consent="granted"', query))
    touch = kept(page)["first"]
    assert touch["source"] == "newsletter"
    assert touch["medium"] == "m" * 255
    assert "campaign" not in touch
    assert touch["term"] == "<script>alert(1)</script>"
    assert (touch["content"], touch["id"]) == ("%20", "abc.123")
    assert "utm_id" not in page.url


def test_a_campaigns_number_alone_is_no_visit_by_a_link(web: Web, page: Page) -> None:
    page.goto(web.old('data-consent="granted"', "utm_id=abc.123"))
    assert page.evaluate("byline.touches()") == []


def test_a_click_id_alone_names_its_network(web: Web, page: Page) -> None:
    page.goto(web.old('data-consent="granted"', "li_fat_id=abc"))
    touch = kept(page)["first"]
    assert (touch["source"], touch["click"]) == ("linkedin", "li_fat_id=abc")
    assert "li_fat_id" not in page.url


def test_a_browser_without_storage_still_passes_the_current_tags(
    web: Web, browser_context: BrowserContext
) -> None:
    browser_context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})"
    )
    page = browser_context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(web.old('data-consent="granted"', TAGS))
    assert [touch["source"] for touch in page.evaluate("byline.touches()")] == ["linkedin"]
    assert errors == []


def test_what_is_kept_but_broken_does_no_harm(web: Web, page: Page) -> None:
    page.goto(web.old('data-consent="granted"', "x=1"))
    for broken in ("nonsense", "[]", '{"touches": 5}', '{"touches": [null, 3, {"at": "x"}], "first": 7}'):
        page.evaluate("value => localStorage.setItem('byline', value)", broken)
        page.goto(web.old('data-consent="granted"', f"utm_source=s{len(broken)}"))
        assert kept(page)["touches"][-1]["source"] == f"s{len(broken)}"


def test_the_script_is_small() -> None:
    from byline.site.mkdocs import theme

    assert (theme.FOLDER / theme.SCRIPT).stat().st_size < 6_700


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_load_nothing_from_elsewhere_and_follow_the_reader_s_colours(
    web: Web, chromium: Browser, scheme: Any
) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    for url in ("", "posts/nasty/", "posts/honest-pricing/", "author/dana/", "category/pricing/", "contact/"):
        page.goto(f"{web.home}blog/{url}")
        page.wait_for_load_state("networkidle")
        assert (
            page.evaluate("document.body.dataset.mdColorScheme")
            == {"light": "default", "dark": "slate"}[scheme]
        )
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 21, 26)"}[scheme]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
    fonts = page.evaluate(
        "[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)"
    )
    assert any("Inter" in name for name in fonts)
    assert any("Source Serif" in name for name in fonts)
    assert [url for url in asked if not url.startswith((web.home, "blob:", "data:"))] == []
    assert faults == []
    context.close()


def test_the_menu_of_a_phone_opens_by_keyboard_and_without_javascript(web: Web, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{web.home}blog/")
    page.focus(".by-drawer summary")
    page.keyboard.press("Enter")
    page.click(".by-drawer a >> text=Contact")
    assert page.url == f"{web.home}blog/contact/"
    context.close()
