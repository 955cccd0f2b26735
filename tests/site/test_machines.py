"""What crawlers, feed readers and hosts find besides the pages."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest

from byline import settings
from byline.model import Author
from byline.site import hosting, metadata
from site_sample import SETTINGS, run


def test_robots_name_the_map_and_keep_the_editor_out(built: Path) -> None:
    lines = (built / "robots.txt").read_text(encoding="utf-8").splitlines()
    assert "Sitemap: https://insights.acme.example/blog/sitemap.xml" in lines
    assert "Disallow: /blog/admin/" in lines


def test_a_file_of_the_company_s_own_wins(own_site: Path) -> None:
    (own_site.parent / "content" / "robots.txt").write_text("User-agent: *\nDisallow: /\n", encoding="utf-8")
    folder = run(own_site).folder
    assert (folder / "robots.txt").read_text(encoding="utf-8") == "User-agent: *\nDisallow: /\n"


def test_headers_for_the_hosts_that_the_settings_name(own_site: Path) -> None:
    own_site.write_text(
        SETTINGS.replace("timezone:", "pages: {headers: [netlify, apache, vercel]}\n      timezone:"),
        encoding="utf-8",
    )
    folder = run(own_site).folder
    given = hosting.headers(settings.load(own_site, {}))
    for name, value in given.items():
        assert f"  {name}: {value}\n" in (folder / "_headers").read_text(encoding="utf-8")
        assert f'Header always set {name} "{value}"' in (folder / ".htaccess").read_text(encoding="utf-8")
        rows = json.loads((folder / "vercel.json").read_text(encoding="utf-8"))["headers"][0]["headers"]
        assert {"key": name, "value": value} in rows
    assert "frame-ancestors 'none'" in given["Content-Security-Policy"]
    apache = (folder / ".htaccess").read_text(encoding="utf-8")
    assert "\nErrorDocument 404 /blog/404.html\n" in apache  # the site lies below /blog/
    for name in ("_headers", ".htaccess", "vercel.json"):  # cards and fonts are fetched once
        assert "immutable" in (folder / name).read_text(encoding="utf-8")


def test_llms_txt_lists_every_post_once_with_what_it_says(built: Path) -> None:
    text = (built / "llms.txt").read_text(encoding="utf-8")
    assert text.startswith("# Acme & Sons <Insights>\n\n> What")
    assert text.count("(https://insights.acme.example/blog/posts/honest-pricing/)") == 1
    assert "What 40 renewals taught us." in text
    assert "Zephyr" not in text
    assert "Quasar" not in text


def test_the_list_of_feeds_names_each_and_each_exists(built: Path) -> None:
    tree = ElementTree.parse(built / "feeds.opml")
    rows = tree.findall("./body/outline")
    assert len(rows) == len(list(built.rglob("feed.xml")))
    for row in rows:
        file = row.get("xmlUrl", "").removeprefix("https://insights.acme.example/blog/")
        assert (built / file).is_file()


def test_feeds_are_readable_in_a_browser_and_name_their_hub(own_site: Path) -> None:
    own_site.write_text(
        SETTINGS.replace("timezone:", "feeds: {hub: 'https://hub.example/'}\n      timezone:"),
        encoding="utf-8",
    )
    folder = run(own_site).folder
    for name in ("feed.xml", "atom.xml"):
        text = (folder / name).read_text(encoding="utf-8")
        assert '<?xml-stylesheet type="text/xsl" href="/blog/assets/byline/feed.xsl"?>' in text
        found = feedparser.parse(text)
        assert not found.bozo
        assert {"rel": "hub", "href": "https://hub.example/"}.items() <= {
            key: value for link in found.feed.links if link.rel == "hub" for key, value in link.items()
        }.items()
        assert found.feed.link == "https://insights.acme.example/blog/"
    assert json.loads((folder / "feed.json").read_text(encoding="utf-8"))["hubs"] == [
        {"type": "WebSub", "url": "https://hub.example/"}
    ]


@pytest.mark.parametrize("name", ["feed.xml", "atom.xml"])
def test_the_sheet_shows_every_entry(built: Path, name: str) -> None:
    from lxml import etree

    sheet = etree.XSLT(etree.parse(built / "assets/byline/feed.xsl"))
    page = etree.tostring(sheet(etree.parse(built / name)), encoding="unicode", method="html")
    assert "This is a feed." in page
    assert page.count("<li>") == len(feedparser.parse((built / name).read_bytes()).entries)
    assert "<script" not in page


def test_a_piece_first_published_elsewhere_gives_the_credit_there(own_site: Path) -> None:
    file = own_site.parent / "content" / "posts" / "honest.md"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("id: hp7", "id: hp7\ncanonical_url: https://trade.example/pricing/"), encoding="utf-8"
    )
    folder = run(own_site).folder
    page = (folder / "posts/honest-pricing/index.html").read_text(encoding="utf-8")
    assert page.count('rel="canonical"') == 1
    assert '<link rel="canonical" href="https://trade.example/pricing/">' in page
    assert (
        '<meta property="og:url" content="https://insights.acme.example/blog/posts/honest-pricing/">' in page
    )
    assert "honest-pricing" not in (folder / "sitemap.xml").read_text(encoding="utf-8")
    assert "honest-pricing" in (folder / "feed.xml").read_text(encoding="utf-8")


def test_people_and_company_are_found_elsewhere(own_site: Path) -> None:
    own_site.write_text(
        SETTINGS.replace("timezone:", "brand: {profiles: ['https://example.social/@acme']}\n      timezone:"),
        encoding="utf-8",
    )
    folder = run(own_site).folder
    post = (folder / "posts/honest-pricing/index.html").read_text(encoding="utf-8")
    assert '<meta name="fediverse:creator" content="@dana@example.social">' in post
    home = (folder / "index.html").read_text(encoding="utf-8")
    assert '<link rel="me" href="https://example.social/@acme">' in home
    assert '"sameAs":["https://example.social/@acme"]' in home


def test_where_no_person_signs_the_company_is_the_author(own_site: Path) -> None:
    file = own_site.parent / "content" / "posts" / "honest.md"
    file.write_text(
        file.read_text(encoding="utf-8").replace("authors: [dana]", "authors: []"), encoding="utf-8"
    )
    own_site.write_text(
        SETTINGS.replace("timezone:", "brand: {profiles: ['https://x.com/acme']}\n      timezone:"),
        encoding="utf-8",
    )
    page = (run(own_site).folder / "posts/honest-pricing/index.html").read_text(encoding="utf-8")
    assert (
        '"author":[{"@type":"Organization","@id":"https://insights.acme.example/blog/#organization",'
        '"name":"Acme \\u0026 Sons \\u003cInsights\\u003e","url":"https://insights.acme.example/blog/"}]'
        in page
    )
    assert '<meta name="twitter:site" content="@acme">' in page


@pytest.mark.parametrize(
    ("language", "place"),
    [("de", "de_DE"), ("en", "en_US"), ("pt-BR", "pt_BR"), ("de-CH", "de_CH"), ("xx-nonsense", "")],
)
def test_open_graph_is_told_language_and_country(language: str, place: str) -> None:
    assert metadata.locale(language) == place


def test_the_manual_shows_the_headers_as_they_are(sample_file: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "site.md").read_text(encoding="utf-8")
    for name, value in hosting.headers(settings.load(sample_file, {})).items():
        assert f"\n{name}: {value}\n" in page


def test_the_window_in_which_a_writer_signs_in_may_answer_the_editor(own_site: Path) -> None:
    editor = "editor: {backend: github, repo: acme/insights}"
    text = SETTINGS.replace(
        "timezone:", f"{editor}\n      pages: {{headers: [netlify, apache, vercel]}}\n      timezone:"
    )
    own_site.write_text(text, encoding="utf-8")
    made = hosting.files(settings.load(own_site, {}))
    for name in ("_headers", ".htaccess", "vercel.json"):
        assert b"X-Frame-Options" in made[name]
        assert b"Cross-Origin-Opener-Policy" not in made[name]


@pytest.mark.parametrize(
    ("written", "handle"),
    [
        ("@dana@example.social", "@dana@example.social"),
        ("https://example.social/@dana", "@dana@example.social"),
        ("dana", ""),
        ("", ""),
    ],
)
def test_a_name_in_the_fediverse(written: str, handle: str) -> None:
    assert metadata.fediverse(Author(id="dana", name="Dana", mastodon=written)) == handle
