"""What a designer would see: long words, captions, pull quotes, boxes, a brand in yellow, paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from byline.drawing import contrast, rgb
from byline.settings import Brand
from byline.site import styles
from served import served
from site_sample import RICH_SETTINGS, picture, post, run, sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenbeleuchtungsverordnung"
FRONT = f"""\
    title: "{WORD}: was sie bedeutet"
    description: Ein Wort mit {len(WORD)} Buchstaben.
    date: 2026-11-23
    id: word
    slug: word
    authors: [dana, lee]
    categories: [Pricing]
    """
TEXT = """\
Opening by Kovač of Łódź.
<!-- more -->

## A part

> An ordinary quotation.

Between.

> Three customers left. We had expected twelve.
> { .pull }

!!! note "A box"
    Its text.

![A chart](wide.png "What the chart shows & why")

A picture ![small](wide.png "no caption") within a sentence, and [a link](https://else.example/page).

| Hall | Saved |
| :--- | ---: |
| North | 53 000 kWh |
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = sample(tmp_path_factory.mktemp("looks"))
    file.write_text(RICH_SETTINGS, encoding="utf-8")
    posts = file.parent / "content" / "posts"
    (posts / "word.md").write_text(post(FRONT, TEXT), encoding="utf-8")
    (posts / "wide.png").write_bytes(picture("#336699", (1700, 900)))
    return run(file).folder


def test_the_title_of_a_picture_that_stands_alone_is_its_caption(site: Path) -> None:
    page = (site / "posts/word/index.html").read_text(encoding="utf-8")
    assert page.count("<figcaption>") == 1
    assert "<figcaption>What the chart shows &amp; why</figcaption></figure>" in page
    assert 'title="no caption"' in page
    assert "<figcaption>What the chart shows" in (site / "feed.json").read_text(encoding="utf-8")


def test_a_yellow_brand_has_a_yellow_button_on_white() -> None:
    light = _on_white("#ffd500")
    assert "--by-solid:#ffd500" in light
    ink = light.partition("--by-on-solid:")[2][:7]
    assert contrast(rgb(ink), rgb("#ffd500")) >= 4.5
    assert "--by-solid:#ffffff" not in _on_white("#ffffff")  # nobody would see it


def _on_white(primary: str) -> str:
    sheet = styles.sheet(Brand(primary=primary))
    return sheet[sheet.index('scheme="default"') : sheet.index('scheme="slate"')]


def _style(page: Page, selector: str, name: str, part: str = "") -> str:
    return str(
        page.locator(selector).first.evaluate(
            "(one, [name, part]) => getComputedStyle(one, part || null).getPropertyValue(name)", [name, part]
        )
    )


def test_a_site_without_a_post_says_that_one_will_come(tmp_path: Path) -> None:
    file = sample(tmp_path)
    for path in (file.parent / "content" / "posts").rglob("*.md"):
        path.unlink()
    page = (run(file).folder / "index.html").read_text(encoding="utf-8")
    assert '<p class="by-none">The first article is on its way.</p>' in page


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_what_the_search_finds_can_be_seen_and_clicked(site: Path, chromium: Browser, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    try:
        with served(site) as home:
            page.goto(home)
            if width < 960:
                page.locator(".by-search").click()
            page.locator(".md-search__input").click()
            page.locator(".md-search__input").press_sequentially("Pricing")
            page.wait_for_selector(".md-search-result__link")
            page.wait_for_timeout(500)  # it slides in
            frame = page.locator(".md-search__scrollwrap").bounding_box()
            text = page.locator(".md-search-result__article h1").first.bounding_box()
            assert frame is not None
            assert text is not None
            assert frame["height"] > 200
            assert frame["x"] + frame["width"] <= width
            assert text["x"] + text["width"] <= frame["x"] + frame["width"]
            page.locator(".md-search-result__link").first.click(timeout=5_000)
            page.wait_for_selector(".by-main h1:has-text('Pricing')")
    finally:
        page.close()


@pytest.mark.browser
def test_on_a_telephone_and_on_paper(site: Path, chromium: Browser) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 800}, color_scheme="dark")
    try:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url.rpartition("/")[2]))
        with served(site) as home:
            for url in ("", "category/pricing/", "author/dana/", "posts/word/"):
                page.goto(home + url)
                assert page.evaluate("document.documentElement.scrollWidth") <= 360, url
                for box in page.locator(".by-lead, .by-card, .by-post").all():
                    place = box.bounding_box()
                    assert place is None or place["x"] + place["width"] <= 360, url
                # The dot before the first part of a line lies where nothing is shown.
                meta = page.locator(".by-meta").first
                left = float(_style(page, ".by-meta", "clip-path").split()[-1].rstrip("px)"))
                first = meta.locator("> *").first
                dot = float(_style(page, ".by-meta > *", "left", "::before").rstrip("px"))
                assert first.bounding_box()["x"] == meta.bounding_box()["x"]  # type: ignore[index]
                assert dot < left
            page.wait_for_load_state("networkidle")
            assert (
                "inter-european-wght-normal.woff2" in asked
            )  # for two letters of the text, 15 kB and not 85
            assert not [name for name in asked if "latin-ext" in name]
            mark = _style(page, ".md-typeset blockquote", "border-left-color")
            assert mark == _style(page, ".by-kicker a", "color")
            assert _style(page, ".md-typeset blockquote:has(> .pull)", "border-left-width") == "0px"
            title = page.locator(".admonition-title").bounding_box()
            text = page.locator(".admonition-title + p").bounding_box()
            assert title is not None
            assert text is not None
            assert text["y"] - title["y"] - title["height"] < 4
            assert _style(page, "td.by-right", "white-space") == "nowrap"
            assert _style(page, ".by-text p", "color") == "rgb(232, 233, 230)"
            page.emulate_media(media="print", color_scheme="dark")
            assert _style(page, ".by-text p", "color") == "rgb(23, 26, 31)"  # no light words on white paper
            assert _style(page, "body", "background-color") == "rgb(255, 255, 255)"
            for gone in (".by-header", ".by-footer", ".by-ask"):
                assert not page.locator(gone).is_visible()
            assert "https://else.example/page" in _style(
                page, "a[href^=https\\:\\/\\/else]", "content", "::after"
            )
    finally:
        context.close()
