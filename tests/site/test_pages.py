"""What the pages hold: safe heads, feeds, forms, series and related posts, and nothing from anywhere else."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from site_sample import NASTY, run

BASE = "https://insights.acme.example/blog/"
LOADING = {"src", "srcset", "poster", "data"}


class Reader(HTMLParser):
    """Tags with their attributes; text of scripts; ids."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.tags.append((tag, found))
        if tag == "script":
            self.scripts.append((found, ""))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.scripts:
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)

    def meta(self) -> dict[str, str]:
        return {
            found.get("property") or found.get("name", ""): found["content"]
            for tag, found in self.tags
            if tag == "meta" and "content" in found
        }

    def ld(self) -> list[Any]:
        return [
            json.loads(text) for found, text in self.scripts if found.get("type") == "application/ld+json"
        ]


def page(built: Path, url: str) -> Reader:
    return Reader((built / url / "index.html").read_text())


def test_a_headline_full_of_signs_breaks_nothing(built: Path) -> None:
    text = (built / "posts/nasty/index.html").read_text()
    found = Reader(text)
    meta = found.meta()
    assert meta["og:title"] == NASTY
    assert meta["twitter:title"] == NASTY
    assert meta["og:description"] == 'A "description" & <more>'
    assert meta["description"] == 'A "description" & <more>'
    assert meta["og:type"] == "article"
    assert meta["og:image:width"] == "1200"
    assert meta["byline:post"] == "nasty"
    assert meta["article:published_time"] == "2026-11-20T00:00:00+01:00"
    assert "alert(1)" not in "".join(
        code for kind, code in found.scripts if kind.get("type") != "application/ld+json"
    )
    assert re.search(r"<title>([^<]*)</title>", text)[1] == _escaped_title()  # type: ignore[index]
    assert len(re.findall(r"<h1\b", text)) == 1


def _escaped_title() -> str:
    from markupsafe import escape

    return str(escape(f"{NASTY} – Acme & Sons <Insights>"))


def test_json_ld_tells_article_people_publisher_and_way(built: Path) -> None:
    (data,) = page(built, "posts/nasty").ld()
    article, company, trail = data["@graph"]
    assert article["headline"] == NASTY
    assert [person["name"] for person in article["author"]] == ['Dana "D" Reyes & Co', "Lee Park"]
    assert article["author"][0]["sameAs"] == [
        "https://www.linkedin.com/in/dana-reyes",
        "https://x.com/dana",
        "https://example.social/@dana",
    ]
    assert article["publisher"] == {"@id": company["@id"]}
    assert [step["name"] for step in trail["itemListElement"]] == ["Home", "R&D <lab>", NASTY]


def test_each_author_has_a_page_with_biography_and_links(built: Path) -> None:
    text = (built / "author/dana/index.html").read_text()
    found = Reader(text)
    assert "Writes about &lt;prices&gt; &amp; letters." in text
    links = [
        found["href"] for tag, found in found.tags if tag == "a" and "me" in found.get("rel", "").split()
    ]
    assert "https://www.linkedin.com/in/dana-reyes" in links
    assert "Pricing, the honest version" in text
    (data,) = found.ld()
    assert data["@type"] == "ProfilePage"


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("", []),
        ("posts/nasty", []),
        ("category/pricing", ["category/pricing/"]),
        ("author/lee", ["author/lee/"]),
    ],
)
def test_pages_link_their_feeds(built: Path, url: str, own: list[str]) -> None:
    found = {
        (tag["type"], tag["href"])
        for name, tag in page(built, url).tags
        if name == "link" and tag.get("rel") == "alternate"
    }
    wanted = {
        (kind, f"{BASE}{folder}{file}")
        for folder in ("", *own)
        for kind, file in (
            ("application/rss+xml", "feed.xml"),
            ("application/atom+xml", "atom.xml"),
            ("application/feed+json", "feed.json"),
        )
    }
    assert found == wanted


def test_nothing_is_loaded_from_anywhere_else(built: Path) -> None:
    for path in built.rglob("*.html"):
        for tag, found in Reader(path.read_text()).tags:
            addresses = [found[key] for key in LOADING if key in found and tag != "source"]
            if tag == "link" and found.get("rel") not in ("canonical", "alternate", "prev", "next"):
                addresses.append(found.get("href", ""))
            for address in addresses:
                for one in address.split(","):
                    host = urlsplit(one.strip().split(" ")[0]).netloc
                    assert host in ("", "insights.acme.example"), (path, tag, one)
    for path in built.rglob("assets/byline/*.css"):
        sheet = path.read_text()
        assert not re.search(r"""@import|url\(\s*["']?(?:https?:)?//""", sheet, re.IGNORECASE)


def test_links_and_pictures_of_every_page_exist(built: Path) -> None:
    for path in built.rglob("*.html"):
        if path.name == "404.html" or path.relative_to(built).parts[0] in ("old", "2019"):
            continue
        for tag, found in Reader(path.read_text()).tags:
            wanted = [found["src"]] if "src" in found else []
            wanted += [one.strip().split(" ")[0] for one in found.get("srcset", "").split(",") if one.strip()]
            if tag == "a" and found.get("href"):
                wanted.append(found["href"])
            for address in wanted:
                parts = urlsplit(address)
                if parts.scheme or parts.netloc or not parts.path:
                    continue
                target = (path.parent / parts.path).resolve()
                assert target.is_file() or (target / "index.html").is_file(), (path, address)


def test_lists_show_descriptions_never_whole_posts(built: Path) -> None:
    home = (built / "index.html").read_text()
    assert "What 40 renewals taught us." in home
    assert "Three left." not in home
    assert home.index("alert(1)") > 0
    assert home.index("tags&lt;/b&gt;") < home.index("Pricing, the honest version")


def test_series_and_related_posts(built: Path) -> None:
    text = (built / "posts/honest-pricing/index.html").read_text()
    assert "Honest numbers, part 2 of 2" in text
    series, related = text.split('id="series"')[1].split('id="related"')
    assert "Größe, Übermut &amp; Straße" in unescape(series).replace("&", "&amp;")
    cards = re.findall(r'<h3><a href="([^"]+)"', related)
    assert len(cards) == 3
    assert cards[0] == "../rocket/"  # the nearest of its category; the other part of the series stands above
    assert "../groesse-uebermut-strasse/" not in cards


def test_the_form_stands_on_posts_and_where_it_is_marked(built: Path) -> None:
    for url, post_id in (("posts/nasty", "nasty"), ("contact", "")):
        found = page(built, url)
        forms = [tag for name, tag in found.tags if name == "form" and "data-byline" in tag]
        assert len(forms) == 1
        assert (forms[0]["method"], forms[0]["action"]) == ("post", "http://127.0.0.1:9/lead")
        fields = {
            tag["name"]: tag for name, tag in found.tags if name in ("input", "textarea") and "name" in tag
        }
        assert {"name", "email", "company", "message", "heard_from", "marketing", "website"} <= set(fields)
        assert "checked" not in fields["marketing"]
        assert fields["website"]["tabindex"] == "-1"
        assert fields["bl_post"]["value"] == post_id
        assert fields["bl_page"]["value"] == f"/blog/{url}/"
        assert fields["bl_next"]["value"] == "/blog/thanks/"
        assert fields["bl_consent"]["value"]
        labels = {tag.get("for") for name, tag in found.tags if name == "label"}
        for name, tag in fields.items():
            if tag.get("type") != "hidden" and not name.startswith("__"):
                assert tag.get("id") in labels or "aria-label" in tag, name
    assert not any("data-byline" in tag for _, tag in page(built, "privacy").tags)


def test_readers_sign_up_on_the_home_page(built: Path) -> None:
    home = page(built, "")
    (form,) = [tag for name, tag in home.tags if name == "form" and "by-signup" in tag.get("class", "")]
    assert (form["method"], form["action"]) == ("post", "https://lists.acme.example/post?u=1&id=2")
    fields = {tag["name"]: tag for name, tag in home.tags if name == "input" and "name" in tag}
    assert (fields["EMAIL"]["type"], fields["EMAIL"]["id"]) == ("email", "sign-up-email")
    assert "required" in fields["EMAIL"]
    assert (fields["tags"]["value"], fields["b_1"]["value"]) == ('7 & "8"', "")
    (policy,) = [tag["content"] for _, tag in home.tags if tag.get("http-equiv") == "Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:9 https://lists.acme.example" in policy
    text = (built / "index.html").read_text()
    assert '<a href="privacy/">privacy</a>' in text.partition("by-signup__terms")[2][:300]
    assert "by-signup" not in (built / "page/2/index.html").read_text()
    assert '<a href="../..#sign-up">By e-mail</a>' in (built / "posts/nasty/index.html").read_text()


def test_no_form_no_script_when_it_is_off(own_site: Path) -> None:
    text = own_site.read_text().replace('{to: {url: "http://127.0.0.1:9/lead"}}', "{to: off}")
    own_site.write_text("".join(row for row in text.splitlines(keepends=True) if "signup:" not in row))
    built = run(own_site).folder
    home = (built / "index.html").read_text()  # feeds are a way to follow without any form
    assert '<a href="feed.xml">RSS</a>' in home.partition('class="by-signup"')[2].partition("</section>")[0]
    assert '<form class="by-form' not in home
    for url in ("posts/nasty", "contact"):
        text = (built / url / "index.html").read_text()
        assert '<form class="by-form' not in text
        assert "capture.js" not in text
        assert "byline:lead-form -->" not in text


def test_colours_and_fonts_come_from_the_settings(own_site: Path) -> None:
    brand = 'brand: {name: "Acme <&>", primary: "#ffee00", accent: "#00aa55", text_font: system, heading_font: Inter}'
    own_site.write_text(
        own_site.read_text().replace("timezone: Europe/Berlin", f"timezone: Europe/Berlin\n      {brand}")
    )
    built = run(own_site).folder
    (sheet,) = built.glob("assets/byline/site-*.css")
    css = sheet.read_text()
    assert '--by-heading-font:"Inter"' in css
    assert "Source Serif" not in css
    assert not list(built.glob("assets/byline/fonts/source-*"))
    assert "Acme &lt;&amp;&gt;" in (built / "index.html").read_text()
    for scheme in re.findall(
        r"--by-ground:(#\w+).*?--by-ink:(#\w+).*?--by-link:(#\w+);--by-mark:(#\w+)", css
    ):
        from byline.drawing import contrast, rgb

        ground = rgb(scheme[0])
        assert all(contrast(rgb(colour), ground) >= 4.5 for colour in scheme[1:])
    for on, solid in re.findall(r"--by-solid:(#\w+);--by-on-solid:(#\w+)", css):
        from byline.drawing import contrast, rgb

        assert contrast(rgb(on), rgb(solid)) >= 4.5


def test_the_page_that_thanks_and_the_one_that_is_missing(built: Path) -> None:
    assert page(built, "thanks").meta()["robots"] == "noindex"
    missing = Reader((built / "404.html").read_text())
    assert missing.meta()["robots"] == "noindex"
    (home,) = [tag["href"] for name, tag in missing.tags if tag.get("class") == "by-brand"]
    assert home.rstrip("/.") == "/blog"


def test_search_finds_posts_but_not_the_form(built: Path) -> None:
    index = (built / "search/search_index.json").read_text()
    assert "Three left." in index
    assert "How did you hear of us" not in index
    found = [row["location"] for row in json.loads(index)["docs"]]
    assert "" in found
    assert (built / "page/2/index.html").is_file()  # it continues the home page and has nothing of its own
    assert [url for url in found if "page/" in url] == []


def test_the_small_picture_is_made_of_the_logo_or_of_a_letter(own_site: Path) -> None:
    import io

    from PIL import Image

    def small(folder: Path) -> dict[str, Image.Image]:
        found = {}
        for tag, given in Reader((folder / "posts/honest-pricing/index.html").read_text()).tags:
            if tag == "link" and "icon" in given.get("rel", ""):
                data = (folder / given["href"].removeprefix("../../")).read_bytes()
                assert len(data) < 4_000
                found[given["rel"]] = Image.open(io.BytesIO(data)).convert("RGBA")
                assert given["sizes"] == "{}x{}".format(*found[given["rel"]].size)
        return found

    letter = small(run(own_site).folder)
    assert {rel: image.size for rel, image in letter.items()} == {
        "icon": (96, 96),
        "apple-touch-icon": (180, 180),
    }
    assert letter["icon"].getpixel((2, 2)) == pytest.approx((0x1F, 0x4E, 0x79, 255), abs=2)
    assert letter["icon"].convert("L").getextrema()[1] > 250  # the letter
    named = own_site.read_text().replace(
        "      timezone:", "      brand: {name: 株式会社アクメ}\n      timezone:"
    )
    before = own_site.read_text()
    own_site.write_text(named)
    other = small(run(own_site).folder)["icon"]
    assert other.convert("L").getextrema()[1] > 250  # its first sign
    assert other.tobytes() != letter["icon"].tobytes()
    own_site.write_text(before)
    logo = Image.new("RGBA", (40, 30), (0, 128, 0, 255))
    logo.save(own_site.parent / "content/assets/logo.png")
    text = own_site.read_text()
    branded = text.replace("      timezone:", "      brand: {logo: assets/logo.png}\n      timezone:")
    own_site.write_text(branded)
    made = small(run(own_site).folder)
    assert made["icon"].getpixel((48, 48)) == pytest.approx((0, 128, 0, 255), abs=2)
    assert made["icon"].getpixel((48, 2))[3] == 0  # type: ignore[index]
    assert made["apple-touch-icon"].getpixel((2, 2)) == (255, 255, 255, 255)
    own_site.write_text(branded.replace("name: material", "name: material\n  favicon: assets/shared.png"))
    page = (run(own_site).folder / "posts/honest-pricing/index.html").read_text()
    assert '<link rel="icon" href="../../assets/shared.png">' in page
    assert "apple-touch-icon" not in page
