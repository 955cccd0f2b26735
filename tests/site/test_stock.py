"""Material's style sheets without what no page of ours shows; its program when a person first does something."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from byline.site import stock
from served import served, watched
from site_sample import FRONT_RICH, RICH, RICH_SETTINGS, SETTINGS, picture, post, run, sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COLOURS = frozenset({"custom"})
# What an eye can tell: place and size of everything, and what is drawn there.
SEEN = (
    "display position visibility opacity color background-color background-image border-top-width border-bottom-width"
    " border-left-width border-left-color border-radius box-shadow outline-style font-family font-size font-weight font-style"
    " line-height text-align text-decoration-line text-transform list-style-type content -webkit-mask-image transform z-index"
)
LOOKS = """names => [...document.querySelectorAll('body *')].filter(one => !one.closest('.mermaid')).map(one => {
  const box = one.getBoundingClientRect();
  const said = ['', '::before', '::after'].map(part => {
    const style = getComputedStyle(one, part || null);
    return part && style.content === 'none' ? '' : names.map(name => `${name}: ${style.getPropertyValue(name)}`).join('; ');
  });
  return [one.outerHTML.slice(0, 60), box.x, box.y, box.width, box.height, ...said].join(' | ');
})"""


def material(name: str) -> str:
    folder = resources.files("material").joinpath("templates", "assets", "stylesheets")
    (path,) = (
        one for one in folder.iterdir() if one.name.startswith(f"{name}.") and one.name.endswith(".css")
    )
    return path.read_text(encoding="utf-8")


def test_what_a_text_may_contain_stays_and_the_navigation_goes() -> None:
    whole = material("main")
    kept = stock.reduced(whole, COLOURS)
    for part in (
        ".md-typeset .admonition",
        ".tabbed-labels",
        ".task-list-indicator",
        ".md-search-result",
        ".highlight .k",
    ):
        assert part in whole
        assert part in kept
    for part in (".md-nav", ".md-sidebar", ".md-tabs", ".md-footer__", ".md-source{"):
        assert part not in kept
    assert "--md-admonition-icon--note:url(" in kept
    assert len(kept) < 0.75 * len(whole)
    assert kept.count("{") == kept.count("}")


def test_only_the_colours_that_are_used_come_along() -> None:
    whole = material("palette")
    kept = stock.reduced(whole, frozenset({"custom", "teal"}))
    assert "[data-md-color-primary=teal]" in kept
    assert "[data-md-color-primary=red]" not in kept
    assert "[data-md-color-scheme=slate]" in kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (".md-nav{a:b}", ""),
        (".md-nav__link,.md-typeset a{a:b}", ".md-typeset a{a:b}"),
        (".md-source-file{a:b}", ".md-source-file{a:b}"),
        (".x:not(.md-nav, .y){a:b}", ".x:not(.md-nav, .y){a:b}"),
        (".x:is(.md-nav,.y) p{a:b}", ".x:is(.md-nav,.y) p{a:b}"),
        ("@media print{.md-tabs{a:b}}", ""),
        ("@media print{.md-tabs{a:b}.c{d:e}}", "@media print{.c{d:e}}"),
        ("@keyframes md-nav{0%{a:b}to{c:d}}", "@keyframes md-nav{0%{a:b}to{c:d}}"),
        ('.c::before{content:"}{.md-nav"}', '.c::before{content:"}{.md-nav"}'),
        ('@import "x.css";.c{d:e}', '@import "x.css";.c{d:e}'),
        ("/* .a{ */.c{d:e}", ".c{d:e}"),
        (":root{--md-pic:url('data:,x')}.c{d:e}", ".c{d:e}"),
        (
            ":root{--md-pic:url('data:,x')}.c{d:var(--md-pic)}",
            ":root{--md-pic:url('data:,x')}.c{d:var(--md-pic)}",
        ),
    ],
)
def test_a_rule_goes_only_where_nothing_can_need_it(given: str, kept: str) -> None:
    assert stock.reduced(given, COLOURS).removeprefix('@charset "UTF-8";') == kept


@pytest.mark.parametrize("broken", [".a{b:c", ".a{b:c}}", "}{"])
def test_a_sheet_that_cannot_be_read_comes_whole(broken: str) -> None:
    assert stock.reduced(broken, COLOURS) == broken


class Classes(HTMLParser):
    """Every class on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.update((dict(attrs).get("class") or "").split())


def test_no_page_shows_a_part_whose_rules_are_gone(built: Path) -> None:
    gone = re.compile(rf"md-(?:{'|'.join(stock.ABSENT)})(?:$|__|--)")
    for file in built.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not {one for one in Classes(text).seen if gone.match(one)}, file


def test_with_templates_of_its_own_a_company_gets_the_sheets_whole_and_the_program_at_once(
    own_site: Path,
) -> None:
    (own_site.parent / "own").mkdir()
    own_site.write_text(
        SETTINGS.replace("name: material", "name: material\n  custom_dir: own"), encoding="utf-8"
    )
    page = (run(own_site).folder / "index.html").read_text(encoding="utf-8")
    assert re.search(r'href="assets/stylesheets/main\.\w+\.min\.css"', page)
    assert re.search(r'<script src="assets/javascripts/bundle\.\w+\.min\.js">', page)
    assert "data-program" not in page


def test_a_script_of_the_company_s_own_finds_the_program_there(own_site: Path) -> None:
    (own_site.parent / "content" / "own.js").write_text("document$.subscribe(() => {})\n", encoding="utf-8")
    own_site.write_text(f"{SETTINGS}extra_javascript: [own.js]\n", encoding="utf-8")
    page = (run(own_site).folder / "posts/honest-pricing/index.html").read_text(encoding="utf-8")
    assert page.index("javascripts/bundle.") < page.index("own.js")
    assert "data-program" not in page


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample site with a post of all that Markdown makes."""
    file = sample(tmp_path_factory.mktemp("rich"))
    file.write_text(RICH_SETTINGS, encoding="utf-8")
    posts = file.parent / "content" / "posts"
    (posts / "rich.md").write_text(post(FRONT_RICH, RICH), encoding="utf-8")
    (posts / "wide.png").write_bytes(picture("#336699", (1700, 900)))
    return run(file).folder


def _requests(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url.rpartition("/")[2]))
    return asked


def _program(asked: list[str]) -> list[str]:
    return [name for name in asked if name.startswith("bundle.")]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_looks_different_without_those_rules(rich: Path, chromium: Browser, scheme: Any) -> None:
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": 1280, "height": 900}, bypass_csp=True
    )
    try:
        page = context.new_page()
        with served(rich) as home:
            for url in ("", "posts/rich/"):
                page.goto(home + url, wait_until="networkidle")
                if "rich" in url:
                    page.wait_for_selector("div.mermaid")
                    page.wait_for_selector(".tabbed-control")
                before = page.evaluate(LOOKS, SEEN.split())
                whole = f"{material('main')}\n{material('palette')}"
                page.evaluate(
                    """text => { const link = document.querySelector('link[rel=stylesheet]'), one = document.createElement('style');
                    one.textContent = text; link.before(one); }""",
                    whole,
                )
                after = page.evaluate(LOOKS, SEEN.split())
                assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == []
    finally:
        context.close()


@pytest.mark.browser
def test_a_page_is_read_without_the_program_and_it_comes_with_the_first_movement(
    rich: Path, chromium: Browser
) -> None:
    context = chromium.new_context(color_scheme="dark", viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        asked = _requests(page)
        complaints, _ = watched(page)
        with served(rich) as home:
            page.goto(home + "posts/honest-pricing/", wait_until="networkidle")
            assert _program(asked) == []
            assert (
                page.evaluate("document.body.dataset.mdColorScheme") == "slate"
            )  # as the device asks, without it
            switch = page.locator("[data-md-component=palette] label:not([hidden])")
            assert switch.count() == 1
            page.set_viewport_size({"width": 390, "height": 800})
            assert page.locator(".by-search").is_visible()
            page.set_viewport_size({"width": 1280, "height": 900})
            switch.dispatch_event("click")  # the very first thing done: it is not lost
            page.wait_for_selector("body[data-md-color-scheme=default]")
            assert len(_program(asked)) == 1
            page.reload(wait_until="networkidle")
            assert page.evaluate("document.body.dataset.mdColorScheme") == "default"
            assert "search_index.json" not in asked
            page.keyboard.press("s")  # the theme's key for the search
            page.wait_for_selector(".md-search__input:focus")
            page.keyboard.type("Renewals")
            page.wait_for_selector(".md-search-result__link")
            assert asked.count("search_index.json") == 1
        assert complaints == []
    finally:
        context.close()


@pytest.mark.browser
def test_where_the_program_is_needed_at_once_it_is_there(rich: Path, chromium: Browser) -> None:
    page = chromium.new_page()
    try:
        asked = _requests(page)
        with served(rich) as home:
            page.goto(home + "posts/rich/")
            page.wait_for_selector("div.mermaid")
            assert len(_program(asked)) == 1
            asked.clear()
            page.goto(f"{home}?q=pricing")
            page.wait_for_selector(".md-search-result__link")
            assert len(_program(asked)) == 1
    finally:
        page.close()
