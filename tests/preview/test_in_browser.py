"""The preview in a real browser: it asks for nothing, fits a phone, and looks like something in light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from byline.cli import cli
from byline.cli.common import App
from byline.preview import browser
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SHARE = """\
share:
  linkedin: |
    We raised prices on 40 renewals, and before we did it we asked every customer twice.

    Three left. We had expected twelve. What made the difference was a letter of eleven lines.

    Here it is, with all its mistakes. #renewals
"""


@pytest.fixture
def preview(tmp_path: Path) -> Path:
    file = make_site(tmp_path, posts={"a.md": POST.replace("---\nWe", f"{SHARE}---\nWe")})
    context = cli.make_context(
        "publish", ["-f", str(file), "preview"], obj=App(clock=FixedClock(NOW), environment={})
    )
    with context:
        cli.invoke(context)
    return tmp_path / ".byline" / "preview.html"


def _ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.querySelector('.mock')).backgroundColor"))


def test_no_request_leaves_and_nothing_is_refused(preview: Path, page: Page) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(preview.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [preview.as_uri()]
    assert said == []
    drawn = page.locator("[role=img]").first
    assert "data:image/" in drawn.evaluate("it => getComputedStyle(it).backgroundImage")


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_the_page_fits_the_screen(preview: Path, chromium: Browser, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(preview.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()


def test_light_and_dark_follow_the_reader_and_the_switch(preview: Path, chromium: Browser) -> None:
    context = chromium.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(preview.as_uri())
    dark = _ground(page)
    page.get_by_label("light", exact=True).check(force=True)
    assert _ground(page) == "rgb(255, 255, 255)" != dark
    page.get_by_label("dark", exact=True).check(force=True)
    assert _ground(page) == dark
    context.close()


def test_the_switches_show_first_sight_and_phone(preview: Path, page: Page) -> None:
    page.goto(preview.as_uri())
    rest = page.locator(".rest").first
    assert rest.is_visible()
    page.get_by_label("as first seen").check(force=True)
    assert not rest.is_visible()
    wide = page.locator(".mock").first.bounding_box()
    page.get_by_label("phone").check(force=True)
    narrow = page.locator(".mock").first.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["width"] < 380 < wide["width"]


def test_the_picture_shows_the_whole_page(preview: Path, tmp_path: Path, chromium: Browser) -> None:
    program = browser.find("/usr/bin:/usr/local/bin") or chromium.browser_type.executable_path
    out = tmp_path / "preview.png"
    browser.picture(preview, out, browser=program, height=600)  # far too low: it is tried again
    with Image.open(out) as image:
        assert image.width == 1240
        assert image.height > 1500
        assert len(image.convert("RGB").resize((200, 300)).getcolors(60_000) or ()) > 100


def test_a_browser_that_fails_is_told_in_words(preview: Path, tmp_path: Path) -> None:
    with pytest.raises(browser.NoBrowser, match="made no picture"):
        browser.picture(preview, tmp_path / "preview.png", browser="/bin/false")
    with pytest.raises(browser.NoBrowser, match="could not make the picture"):
        browser.picture(preview, tmp_path / "preview.png", browser=str(tmp_path / "none"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_is_shown_whole_and_asks_for_nothing(tmp_path: Path, chromium: Browser, scheme: str) -> None:
    own = (
        "      channels:\n        newsletter:\n          api: smtps://mail.acme.example\n"
        '          accounts: {acme: {from_email: news@acme.example, address: "Acme Ltd, Leeds"}}\n'
    )
    text = POST.replace("---\nWe", "share:\n  newsletter: Dear reader, <b>this</b> is it.\n---\nWe")
    file = make_site(tmp_path, posts={"a.md": text}, settings=SETTINGS.replace("      channels:\n", own))
    context = cli.make_context(
        "publish", ["-f", str(file), "preview"], obj=App(clock=FixedClock(NOW), environment={})
    )
    with context:
        cli.invoke(context)
    asked: list[str] = []
    page = chromium.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / ".byline" / "preview.html").as_uri())
    mail = page.frame_locator("iframe").first
    assert "Dear reader, <b>this</b> is it." in mail.locator("body").inner_text()
    assert "Acme Ltd, Leeds" in mail.locator("body").inner_text()
    assert mail.locator("a[href]").count() == 0
    ground = mail.locator("table.paper").evaluate("it => getComputedStyle(it).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(30, 34, 39)")
    assert mail.locator("img").first.evaluate("it => it.naturalWidth") > 600
    assert [url for url in asked if not url.startswith("data:") and not url.startswith("file:")] == []
    page.close()
