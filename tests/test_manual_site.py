"""The manual as a site made by the program itself: every page is there, every link leads somewhere, the search finds."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from byline.manual import site as laid
from served import served, watched

ROOT = Path(__file__).parent.parent

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Found(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.anchors |= {one for one in (known.get("id"), known.get("name")) if one}
        target = known.get("href") if tag in ("a", "link") else known.get("src")
        if target:
            self.links.append(target)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual's site, built once; any warning would have stopped it."""
    return laid.make(tmp_path_factory.mktemp("manual"), "http://127.0.0.1:8000/blog/")


def test_every_page_of_the_manual_has_its_page(site: Path) -> None:
    expected = [page.relative_to(ROOT / "docs") for page in (ROOT / "docs").rglob("*.md")]
    assert len(expected) > 40
    for page in expected:
        name = page.parent if page.stem in ("index", "README") else page.with_suffix("")
        assert (site / name / "index.html").is_file(), page
    for name in ("security", "contributing", "changelog", "learn", "do", "look-up", "understand"):
        assert (site / name / "index.html").is_file()


def test_no_link_is_broken_and_nothing_comes_from_elsewhere(site: Path) -> None:
    pages = {path: Found(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            where = unquote(parts.path).removeprefix("/blog/")
            base = site if parts.path.startswith("/blog/") else path.parent
            target = (base / where).resolve() if where else path
            target = target / "index.html" if target.is_dir() else target
            known = pages.get(target)
            if not target.is_file() or (parts.fragment and known and parts.fragment not in known.anchors):
                broken.append((str(path.relative_to(site)), link))
    assert broken == []


def test_the_search_knows_the_words_of_every_page(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    places = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert {"tutorial/", "how-to/publish-on-merge/", "reference/settings/", "channels/linkedin/"} <= places
    unclear = [entry["location"] for entry in index["docs"] if "426" in entry["text"]]
    assert any(place.startswith("how-to/incidents/") for place in unclear)


def test_the_menu_is_the_index(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    menu = laid.menu(tmp_path / "docs")
    assert [next(iter(part)) for part in menu] == ["Home", "Learn", "Do", "Look up", "Understand", "Project"]
    listed = [page for part in menu[1:] for entry in next(iter(part.values())) for page in entry.values()]  # type: ignore[attr-defined]
    assert len(listed) == len(set(listed))


def test_a_link_that_leads_nowhere_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out = laid.lay_out

    def spoil(folder: Path, address: str = "") -> None:
        lay_out(folder, address)
        for page in (folder / "docs").rglob("*.md"):
            if page.name != "index.md":
                page.unlink()  # quicker to build, and every link of the index is broken now

    monkeypatch.setattr(laid, "lay_out", spoil)
    with pytest.raises(laid.ManualProblem, match=r"tutorial\.md"):
        laid.make(tmp_path)


@pytest.mark.browser
def test_a_reader_finds_what_to_do(site: Path, page: Page) -> None:
    with served(site) as address:
        complaints, outside = watched(page)
        page.goto(address)
        page.locator(".md-search__input").click()
        page.locator(".md-search__input").press_sequentially("LinkedIn says 426")
        page.wait_for_selector(".md-search-result__link")
        page.locator(".md-search-result__link").first.click()
        page.wait_for_url("**/how-to/incidents/**")
        assert "When something went wrong" in page.locator("h1").inner_text()
        assert complaints == []
        assert outside == []
