"""The three feeds, read back as a feed reader would."""

from __future__ import annotations

import json
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest

from byline import content, settings
from byline.site import enclosures, feeds, places
from byline.site.places import Listing
from site_sample import NASTY, NOW, post, run

BASE = "https://insights.acme.example/blog/"
ATOM = "{http://www.w3.org/2005/Atom}"


def parsed(built: Path, name: str) -> Any:
    found = feedparser.parse((built / name).read_bytes(), sanitize_html=False, resolve_relative_uris=False)
    assert not found.bozo, found.get("bozo_exception")
    return found


@pytest.mark.parametrize("name", ["feed.xml", "atom.xml"])
def test_a_feed_is_read_as_it_was_written(built: Path, name: str) -> None:
    found = parsed(built, name)
    assert found.version == {"feed.xml": "rss20", "atom.xml": "atom10"}[name]
    assert [entry.id for entry in found.entries] == [
        f"tag:insights.acme.example,2026:/blog/{name}"
        for name in ("nasty", "hp7", "umlaut", "rocket", "older", "oldest")
    ]
    newest = found.entries[0]
    assert newest.link == (
        f"{BASE}posts/nasty/?utm_source=rss&utm_medium=referral&utm_campaign=nasty&utm_content=nasty"
    )
    assert {tag.term for tag in newest.tags} == {"R&D <lab>", "a & b"}
    body = newest.content[0].value
    assert f'href="{BASE}posts/honest-pricing/"' in body
    assert f'src="{BASE}shot.png"' in body
    assert f'href="{BASE}posts/nasty/#fn:1"' in body
    assert "headline of its own" not in body
    assert "¶" not in body
    for danger in ("<script", "onclick", "alert(2)", "<!--", "byline:lead-form -->"):
        assert danger not in body


def test_titles_keep_their_signs(built: Path) -> None:
    channel = ElementTree.fromstring((built / "feed.xml").read_bytes()).find("channel")
    assert channel is not None
    assert channel.findtext("title") == "Acme & Sons <Insights>"
    assert channel.findtext("item/title") == NASTY
    # As HTML, which readers take it for, the description says what was meant.
    assert unescape(channel.findtext("item/description") or "") == 'A "description" & <more>'
    assert "<" not in (channel.findtext("item/description") or "")
    assert b"<title>Acme &#x26; Sons &#x3C;Insights&gt;</title>" in (built / "feed.xml").read_bytes()
    assert channel.findtext("link") == BASE
    assert [maker.text for maker in channel.findall("item[1]/{http://purl.org/dc/elements/1.1/}creator")] == [
        'Dana "D" Reyes & Co',
        "Lee Park",
    ]
    atom = ElementTree.fromstring((built / "atom.xml").read_bytes())
    assert atom.findtext(f"{ATOM}entry/{ATOM}title") == NASTY


def test_every_link_of_atom_says_what_it_is(built: Path) -> None:
    atom = ElementTree.fromstring((built / "atom.xml").read_bytes())
    assert {(link.get("rel"), link.get("href")) for link in atom.findall(f"{ATOM}link")} == {
        ("self", f"{BASE}atom.xml"),
        ("alternate", BASE),
    }
    for entry in atom.findall(f"{ATOM}entry"):
        assert [(link.get("rel"), link.get("type")) for link in entry.findall(f"{ATOM}link")] == [
            ("alternate", "text/html"),
            ("enclosure", "image/png"),
        ]
        kind = entry.find(f"{ATOM}content")
        assert kind is not None
        assert kind.get("type") == "html"


@pytest.mark.parametrize("folder", ["", "category/pricing/", "author/dana/"])
def test_atom_has_the_form_that_its_standard_asks_for(built: Path, folder: str) -> None:
    from lxml import etree

    schema = etree.RelaxNG(etree.parse(Path(__file__).parents[1] / "data" / "atom.rng"))
    feed = etree.parse(built / folder / "atom.xml")
    assert schema.validate(feed), schema.error_log
    feed.getroot().find(f"{ATOM}entry/{ATOM}updated").text = "yesterday"
    assert not schema.validate(feed)


def test_a_feed_is_as_new_as_its_newest_change(built: Path) -> None:
    found = parsed(built, "feed.xml")
    assert found.feed.updated == "Sun, 22 Nov 2026 00:00:00 +0100"
    atom = ElementTree.fromstring((built / "atom.xml").read_bytes())
    assert atom.findtext(f"{ATOM}updated") == "2026-11-22T00:00:00+01:00"
    second = atom.findall(f"{ATOM}entry")[1]
    assert second.findtext(f"{ATOM}published") == "2026-11-18T00:00:00+01:00"
    assert second.findtext(f"{ATOM}updated") == "2026-11-22T00:00:00+01:00"


def test_the_json_feed_has_what_version_1_1_asks_for(built: Path) -> None:
    found = json.loads((built / "feed.json").read_text())
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["home_page_url"] == BASE
    assert found["feed_url"] == f"{BASE}feed.json"
    first = found["items"][0]
    assert first["title"] == NASTY
    assert first["id"] == "tag:insights.acme.example,2026:/blog/nasty"
    assert first["authors"][0] == {"name": 'Dana "D" Reyes & Co', "url": f"{BASE}author/dana/"}
    assert first["image"].startswith(f"{BASE}assets/cards/nasty-")
    assert f'src="{BASE}shot.png"' in first["content_html"]
    for item in found["items"]:
        assert item["content_html"]
        assert datetime.fromisoformat(item["date_published"]).tzinfo is not None


@pytest.mark.parametrize(
    ("folder", "ids"),
    [
        ("category/pricing/", ["hp7", "umlaut", "rocket", "older", "oldest"]),
        ("category/r-d-lab/", ["nasty"]),
        ("author/dana/", ["nasty", "hp7"]),
        ("author/lee/", ["nasty", "umlaut", "rocket", "older", "oldest"]),
    ],
)
def test_each_category_and_author_has_the_three_feeds(built: Path, folder: str, ids: list[str]) -> None:
    for file in ("feed.xml", "atom.xml"):
        found = parsed(built, folder + file)
        assert [entry.id.rpartition("/")[2] for entry in found.entries] == ids
    items = json.loads((built / folder / "feed.json").read_text())["items"]
    assert [item["id"].rpartition("/")[2] for item in items] == ids
    rss = parsed(built, folder + "feed.xml")
    assert rss.feed.link == BASE + folder


def test_an_id_survives_another_title_slug_and_date(own_site: Path) -> None:
    path = own_site.parent / "content" / "posts" / "honest.md"
    text = path.read_text().replace("slug: honest-pricing", "slug: other").replace("honest version", "truth")
    path.write_text(text.replace("2026-11-18", "2026-11-17"))
    nasty = own_site.parent / "content" / "posts" / "nasty.md"
    built = run(own_site).folder
    found = parsed(built, "feed.xml").entries[1]
    assert found.id == "tag:insights.acme.example,2026:/blog/hp7"
    assert "posts/other/" in found.link
    assert "posts/other/" in parsed(built, "feed.xml").entries[0].content[0].value, nasty


def test_shorter_feeds_on_request(own_site: Path) -> None:
    text = own_site.read_text().replace(
        "timezone: Europe/Berlin", "timezone: Europe/Berlin\n      feeds: {newest: 2, full: false}"
    )
    own_site.write_text(text)
    found = parsed(run(own_site).folder, "atom.xml")
    assert len(found.entries) == 2
    assert found.entries[1].content[0].value == "What 40 renewals taught us."


def test_a_site_without_posts_has_empty_feeds(sample_file: Path) -> None:
    loaded = settings.load(sample_file, {})
    made = feeds.write(Listing("Acme", "", ()), {}, loaded, {}, NOW)
    assert set(made) == set(places.FEEDS)
    for name in ("feed.xml", "atom.xml"):
        found = feedparser.parse(made[name])
        assert not found.bozo
        assert found.entries == []
    assert json.loads(made["feed.json"])["items"] == []


def test_characters_that_xml_forbids_do_no_harm(sample_file: Path) -> None:
    from dataclasses import replace

    loaded = settings.load(sample_file, {})
    post = content.read(loaded).posts[0]
    odd = replace(post, title="bell\x07 \x00end", description="a\x0bb \ud800", tags=("t\x1f",), authors=())
    item = feeds.Item(post=odd, content="<p>fine</p>", card=enclosures.picture("https://x.example/c.png", 9))
    made = feeds.write(Listing("Acme", "", (odd,)), {odd.id: item}, loaded, {}, NOW)
    assert feedparser.parse(made["feed.xml"]).entries[0].title == "bell end"
    assert json.loads(made["feed.json"])["items"][0]["title"] == "bell end"


def test_feeds_bring_the_picture_and_what_a_text_plays(own_site: Path) -> None:
    docs = own_site.parent / "content"
    (docs / "posts/talk.mp3").write_bytes(b"x" * 1234)
    (docs / "posts/talk.md").write_text(
        post(
            """\
            title: A talk
            description: To hear.
            date: 2026-11-23
            id: talk
            slug: talk
            authors: [dana]
            categories: [Pricing]
            """,
            'Listen.\n<!-- more -->\n\n<audio controls src="talk.mp3"></audio>\n<audio src="https://else.example/a.mp3"></audio>\n',
        ),
        encoding="utf-8",
    )
    folder = run(own_site).folder
    sound = {"href": f"{BASE}talk.mp3", "type": "audio/mpeg", "length": "1234"}
    rss, atom = (feedparser.parse((folder / name).read_bytes()) for name in ("feed.xml", "atom.xml"))
    assert not rss.bozo
    assert not atom.bozo
    heard = rss.entries[0]
    assert [{key: one[key] for key in sound} for one in heard.enclosures] == [sound]
    assert [one["type"] for one in atom.entries[0].enclosures] == ["audio/mpeg", "image/png"]
    for entry in rss.entries:
        (shown,) = entry.media_content
        file = folder / shown["url"].removeprefix(BASE)
        assert int(shown["filesize"]) == file.stat().st_size
        assert shown["medium"] == "image"
    assert rss.entries[1].enclosures[0]["type"].startswith("image/")
    item = json.loads((folder / "feed.json").read_text())["items"][0]
    assert item["attachments"] == [
        {"url": f"{BASE}talk.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 1234}
    ]
    (docs / "posts/talk.mp3").write_bytes(b"x" * 99)
    again = feedparser.parse((run(own_site).folder / "feed.xml").read_bytes())
    assert again.entries[0].enclosures[0]["length"] == "99"
