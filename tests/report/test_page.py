"""The page in a real browser: nothing is fetched, nothing runs, light and dark and paper are readable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.crm.base import person_key
from byline.crm.local import LocalCrm
from byline.model import Lead, Touch
from byline.times import FixedClock
from support import NOW, POST, make_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

HOSTILE = '"><script>window.bad=1</script><img src=http://evil.example/x onerror=window.bad=1></text></svg>'


@pytest.fixture
def page_file(tmp_path: Path, clock: FixedClock) -> Path:
    posts = {
        "a.md": POST.replace("Pricing, the honest version", f"'{HOSTILE}'"),
        "b.md": POST.replace("hp7", "two").replace("slug: honest-pricing", "slug: two"),
    }
    file = make_site(tmp_path / "site", posts=posts)
    with LocalCrm(file.parent / ".byline" / "crm.db", clock=clock) as crm:
        for n in range(12):
            touch = Touch(
                at=NOW, source=HOSTILE, medium="social", content="hp7.linkedin.dana" if n % 3 else HOSTILE
            )
            crm.add_lead(
                Lead(
                    id=f"L{n}",
                    at=NOW,
                    person=person_key(f"{n}@x.example"),
                    heard_from=HOSTILE,
                    touches=(touch,),
                )
            )
    with pytest.raises(SystemExit) as stopped:
        main(
            ["-f", str(file), "report", "--html", str(tmp_path / "out")], app=App(clock=clock, environment={})
        )
    assert stopped.value.code == 0
    return tmp_path / "out" / "index.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_it_opens_without_a_network(chromium: Browser, page_file: Path, scheme: str, width: int) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    try:
        page = context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(page_file.as_uri())
        assert asked == [page_file.as_uri()]
        assert said == []
        assert page.evaluate("window.bad") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("script, img, iframe, object").count() == 0
        drawn = page.locator("svg:visible")
        assert drawn.count() == 1
        assert drawn.get_attribute("role") == "img"
        assert page.locator("text=source unknown").first.is_visible()
        colours = page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('svg text')).fill]"
        )
        assert colours[0] != colours[1]
        light = int(colours[0].split("(")[1].split(",")[0]) > 128
        assert light == (scheme == "light")
    finally:
        context.close()


def test_it_prints_dark_on_white_whatever_the_screen(chromium: Browser, page_file: Path) -> None:
    context = chromium.new_context(color_scheme="dark")
    try:
        page = context.new_page()
        page.emulate_media(media="print")
        page.goto(page_file.as_uri())
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.pdf(format="A4").startswith(b"%PDF")
    finally:
        context.close()


def test_tables_have_names_heads_and_roles(chromium: Browser, page_file: Path) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 800})
    try:
        page = context.new_page()
        page.goto(page_file.as_uri())
        for name in ("By post", "By network", "By author"):
            table = page.get_by_role("table", name=name)
            assert table.count() == 1
            assert table.get_by_role("rowheader").count() >= 2
        assert page.get_by_role("heading", level=1).count() == 1
        assert page.get_by_role("img").count() == 1
    finally:
        context.close()
