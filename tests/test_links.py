"""Links: tagging keeps what a link already has, comparing sees through what networks do, words are linted."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline import links
from byline.model import NamedLink, Post

TAGS = {
    "source": "linkedin",
    "medium": "social",
    "campaign": "q4-renewals",
    "content": "hp7.linkedin.company",
}


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    """An answer that was kept from another test proves nothing."""
    for function in (links.slug, links._split, links._untagged):
        function.cache_clear()


def post(**changes: str) -> Post:
    values = {"slug": "honest-pricing", "campaign": ""} | changes
    return Post(
        id="hp7",
        path="content/posts/a.md",
        src_uri="posts/a.md",
        url="posts/honest-pricing/",
        title="T",
        description="D",
        excerpt="E",
        body="B",
        hash="0",
        published=datetime(2026, 11, 24, tzinfo=UTC),
        **values,
    )


def test_the_whole_link_of_a_delivery() -> None:
    assert links.delivery_link(
        "https://insights.acme.example/", post(), "linkedin", "hp7.linkedin.company"
    ) == (
        "https://insights.acme.example/posts/honest-pricing/?utm_source=linkedin&utm_medium=social"
        "&utm_campaign=honest-pricing&utm_content=hp7.linkedin.company"
    )


def test_the_campaign_comes_before_the_slug() -> None:
    assert links.campaign_word(post(campaign="q4-renewals")) == "q4-renewals"
    assert links.campaign_word(post(slug="Größe und Preis")) == "groesse-und-preis"


def test_twitter_is_never_called_x() -> None:
    assert links.sources("x") == links.sources("Twitter") == "twitter"


def test_a_link_given_for_the_network_is_tagged_like_ours() -> None:
    found = links.delivery_link(
        "https://insights.acme.example/",
        post(),
        "x",
        "hp7.twitter.acme",
        link="https://Shop.example/a?x=1#buy",
    )
    assert found == (
        "https://shop.example/a?x=1&utm_source=twitter&utm_medium=social&utm_campaign=honest-pricing"
        "&utm_content=hp7.twitter.acme#buy"
    )


@pytest.mark.parametrize(
    ("kind", "tags"), [("atom", "rss&utm_medium=referral"), ("newsletter", "newsletter&utm_medium=email")]
)
def test_feed_links_are_tagged_by_post(kind: str, tags: str) -> None:
    assert links.feed_link("https://insights.acme.example/", post(), kind) == (
        f"https://insights.acme.example/posts/honest-pricing/?utm_source={tags}&utm_campaign=honest-pricing"
        "&utm_content=hp7"
    )


def test_a_newsletter_is_told_however_it_is_written() -> None:
    found = links.delivery_link("https://a.example/", post(), "Newsletter", "hp7")
    assert links.tags(found)["utm_medium"] == "email"


@pytest.mark.parametrize(
    ("site", "url", "expected"),
    [
        ("https://a.example/", "posts/one/", "https://a.example/posts/one/"),
        ("https://a.example/de/", "posts/one/", "https://a.example/de/posts/one/"),
        ("https://a.example/de", "posts/one/", "https://a.example/posts/one/"),
        ("https://a.example/", "posts/größe/", "https://a.example/posts/größe/"),
        ("https://a.example/", "/posts/one/", "https://a.example/posts/one/"),
        ("https://a.example/", "../up/", "https://a.example/up/"),
        ("https://a.example/", "https://b.example/x", "https://b.example/x"),
    ],
)
def test_a_page_has_one_address(site: str, url: str, expected: str) -> None:
    assert links.canonical(site, url) == expected


def named(**changes: str) -> NamedLink:
    values = {
        "slug": "fair-hannover",
        "name": "Fair",
        "url": "prices/",
        "source": "fair",
        "medium": "offline",
    }
    return NamedLink(**{**values, **changes})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("prices/", "https://a.example/de/prices/"),
        ("/prices/", "https://a.example/de/prices/"),
        ("HTTPS://Shop.example/x", "https://shop.example/x"),
        ("http://shop.example/x", "http://shop.example/x"),
        ("/Xmas/", "https://a.example/de/Xmas/"),
    ],
)
def test_a_named_link_leads_to_the_site_or_where_it_says(url: str, expected: str) -> None:
    assert links.named_link("https://a.example/de/", named(url=url)) == (
        f"{expected}?utm_source=fair&utm_medium=offline&utm_campaign=fair-hannover&utm_content=link.fair-hannover"
    )


def test_a_named_link_may_have_a_campaign() -> None:
    found = links.named_link("https://a.example/", named(campaign="Q4 Renewals"))
    assert links.tags(found)["utm_campaign"] == "q4-renewals"


def test_a_campaign_word_is_kept_short_and_ends_with_a_letter() -> None:
    long = "a" * 63 + "-b"
    assert links.campaign_word(post(slug=long)) == "a" * 63
    assert links.tags(links.named_link("https://a.example/", named(slug=long)))["utm_campaign"] == "a" * 63


def test_tags_without_a_value_are_left_out_and_hard_ones_are_encoded() -> None:
    assert links.tagged("https://a.example/?b=1#c", source="", medium=" ", campaign="", content="") == (
        "https://a.example/?b=1#c"
    )
    assert links.tagged(
        "https://a.example/", source="A/b", medium="ü", campaign="x y", content="~z"
    ).endswith("?utm_source=a%2Fb&utm_medium=%C3%BC&utm_campaign=x%20y&utm_content=~z")


def test_tags_are_read_however_they_are_written() -> None:
    assert links.tags("https://a.example/?UTM_Source=LinkedIn&utm_source=b&utm_medium=&x=1") == {
        "utm_source": "linkedin",
        "utm_medium": "",
    }
    assert links.tags("https://[broken/?utm_source=a") == {}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example/?T"),
        ("https://a.example/p?b=2&a=1", "https://a.example/p?b=2&a=1&T"),
        ("https://a.example/p?utm_source=old&b=2&UTM_Medium=old", "https://a.example/p?b=2&T"),
        ("https://a.example/p?b=2&amp;utm_source=old", "https://a.example/p?b=2&T"),
        ("https://a.example/p#top", "https://a.example/p?T#top"),
        ("https://a.example/p?x=%C3%A9&y=a+b", "https://a.example/p?x=%C3%A9&y=a+b&T"),
        ("https://a.example/grüße?q=ü", "https://a.example/gr%C3%BC%C3%9Fe?q=%C3%BC&T"),
        ("https://a.example/100%?q=5%", "https://a.example/100%25?q=5%25&T"),
        ("https://a.example/%af?q=%zz", "https://a.example/%af?q=%25zz&T"),
        ("https://a.example/p?utm_x&b=2&amp;UTM_y=1", "https://a.example/p?b=2&T"),
        ("https://a.example/p?amp;=1&b;amp;=utm_2", "https://a.example/p?amp;=1&b;amp;=utm_2&T"),
        ("https://a.example/\ud800", "https://a.example/%3F?T"),
        ("HTTPS://A.Example:443/P", "https://a.example/P?T"),
        ("http://127.0.0.1:8000/p", "http://127.0.0.1:8000/p?T"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/?T"),
        ("https://[::1]:8000/p", "https://[::1]:8000/p?T"),
        ("  https://a.example/p  ", "https://a.example/p?T"),
    ],
)
def test_tagging_keeps_what_the_link_has(url: str, expected: str) -> None:
    tags = "utm_source=linkedin&utm_medium=social&utm_campaign=q4-renewals&utm_content=hp7.linkedin.company"
    assert links.tagged(url, **TAGS) == expected.replace("T", tags)


@pytest.mark.parametrize(
    "url",
    ["", "a.example/p", "/p", "ftp://a.example", "javascript:alert(1)", "mailto:a@b.example", "https://", "https:///p",
     "https://user:pw@a.example/", "https://a.example:port/", "https://a b.example/", "https://a.example/\np", "//a.example"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(links.LinkError):
        links.tagged(url, **TAGS)


urls = st.builds(
    lambda path, query, fragment: (
        f"https://a.example/{path}" + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    ),
    st.text(st.characters(exclude_characters="?#\\\x7f", exclude_categories=("Cc", "Cs", "Z")), max_size=20),
    st.text(st.characters(exclude_characters="#\x7f", exclude_categories=("Cc", "Cs", "Z")), max_size=30),
    st.text(st.characters(exclude_characters="\x7f", exclude_categories=("Cc", "Cs", "Z")), max_size=10),
)


@given(urls)
def test_tagging_is_stable_and_loses_nothing(url: str) -> None:
    once = links.tagged(url, **TAGS)
    assert links.tagged(once, **TAGS) == once
    assert once.isascii()
    assert links.tags(once) == {f"utm_{name}": value for name, value in TAGS.items()}
    assert links.same(once, links.tagged(once, **TAGS))
    own = [
        pair
        for pair in parse_qsl(urlsplit(url).query)
        if not pair[0].strip().lower().removeprefix("amp;").startswith("utm_")
    ]
    kept = [pair for pair in parse_qsl(urlsplit(once).query) if not pair[0].startswith("utm_")]
    assert [name for name, _ in kept] == [name for name, _ in own] or "%" in url
    assert not links.same(once, links.tagged(url, **{**TAGS, "content": "hp7.linkedin.dana"}))


@given(st.text())
def test_nothing_makes_reading_tags_fail(text: str) -> None:
    links.tags(text)
    links.tags("https://a.example/?" + text)
    assert links.same(text, text) in (True, False)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://A.example/p?utm_source=x", "https://a.example:443/p?utm_source=x"),
        ("https://a.example/p?a=1&b=2", "https://a.example/p?b=2&a=1"),
        ("https://a.example/p?a=1", "https://a.example/p?a=1&fbclid=IwAR0"),
        ("https://a.example/p?a=1", "https://a.example/p?fbclid=IwAR0&a=1#top"),
        ("https://a.example/gr%c3%bc%7ee", "https://a.example/grü~e"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example/?q=a%20b", "https://a.example/?q=a+b"),
        ("https://a.example/%C3%BC", "https://a.example/%c3%bc"),
    ],
)
def test_what_networks_do_to_a_link_is_seen_through(one: str, other: str) -> None:
    assert links.same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/p", "https://a.example/q"),
        ("https://a.example/p", "https://a.example/P"),
        ("https://a.example/p", "http://a.example/p"),
        ("https://a.example/p?utm_content=a", "https://a.example/p?utm_content=b"),
        ("https://a.example/p?a=1", "https://a.example/p"),
        ("https://a.example/%2F", "https://a.example//"),
        ("nonsense", "nonsense"),
        ("https://a.example/?a=&b=1", "https://a.example/?b=1"),
    ],
)
def test_another_link_is_another_link(one: str, other: str) -> None:
    assert not links.same(one, other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pricing, the honest version", "pricing-the-honest-version"),
        ("Ärger über Größe & Maß", "aerger-ueber-groesse-mass"),
        ("Żółć, ÉÅ, Łódź", "zolc-ea-lodz"),
        ("Don't ask", "dont-ask"),
        ("Цены и скидки", "tseny-i-skidki"),
        ("Ελλάδα 2026", "ellada-2026"),
        ("İstanbul Işık", "istanbul-isik"),
        ("２０２６ ﬁrst", "2026-first"),
        ("  --a__b--  ", "a-b"),
    ],
)
def test_slugs_are_plain_letters(text: str, expected: str) -> None:
    assert links.slug(text) == expected


@given(st.text())
def test_a_slug_is_never_empty_and_stays_what_it_is(text: str) -> None:
    found = links.slug(text)
    assert found
    assert found == links.slug(text) == links.slug(found)
    assert not set(found) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_titles_in_other_scripts_keep_apart() -> None:
    assert links.slug("価格") != links.slug("値段")


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("q4-renewals", []),
        ("workshop", []),
        ("bishop-tour", []),
        ("shop-floor-safety", ["campaign-shopping"]),
        ("coffee-shop-owners", ["campaign-shopping"]),
        ("eshop", ["campaign-shopping"]),
        ("window-shopping", ["campaign-shopping"]),
        ("email-deliverability", ["campaign-email"]),
        ("ppc-basics", ["campaign-paid"]),
        ("adwords", ["campaign-paid"]),
        ("cross-network-push", ["campaign-cross-network"]),
        ("Q4 Renewals", ["campaign-shape"]),
        ("preis--liste", ["campaign-shape"]),
        ("a" * 64, []),
        ("a" * 65, ["campaign-long"]),
        ("cpc-basics", ["campaign-paid"]),
    ],
)
def test_words_that_analytics_would_misread(word: str, codes: list[str]) -> None:
    assert [code for code, _, _ in links.lint(word)] == codes


def test_what_is_said_of_campaign_words_and_links() -> None:
    """Word for word as people read it. After a change that is meant: read it, then write the file anew."""
    told = []
    for word in (
        "Q4 Renewals",
        "a" * 39 + "-" + "b" * 30,
        "eshop",
        "cross-network",
        "email",
        "ppc",
        "cpc",
        "adwords",
    ):
        told.extend(links.lint(word))
    for url in (
        "a.example", "https://a.example/?a=1&amp;b=2", "https://a.example/#utm_source=x", "https://a.example/?q=%2Fb%25aF",
        "https://a.example/?utm_source=a&utm_source=b&c=1&c=2&utm_medium=x", "https://a.example/?" + "a" * 1981,
        "https://a.example/?" + "a" * 1982,
    ):  # fmt: skip
        told.extend(
            (*note[:1], note[1].replace("a" * 1982, "a…"), *note[2:]) for note in links.lint_link(url)
        )
    text = "".join(f"{code}\n  {message}\n  → {fix}\n" for code, message, fix in told)
    golden = Path(__file__).parent / "golden" / "links.txt"
    if os.environ.get("BYLINE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("https://a.example/p?a=1", []),
        ("a.example", ["bad-link"]),
        ("https://a.example/?a=1&amp;b=2", ["link-amp"]),
        ("https://a.example/#utm_source=x", ["link-tag-after-hash"]),
        ("https://a.example/?q=%2520", ["link-encoded-twice"]),
        ("https://a.example/?utm_source=a&utm_source=b", ["link-tag-twice"]),
        ("https://a.example/?utm_source=a&utm_medium=b&c=1&c=2", []),
        ("https://a.example/?utm_source&utm_source", ["link-tag-twice"]),
        ("https://a.example/?q=%25ZZ", []),
        ("https://a.example/?q=%25aF", ["link-encoded-twice"]),
        ("https://a.example/?q=" + "a" * 2000, ["link-long"]),
    ],
)
def test_links_that_would_lose_their_tags(url: str, codes: list[str]) -> None:
    assert [code for code, _, _ in links.lint_link(url)] == codes


def test_letters_that_need_no_encoding_may_have_one() -> None:
    """Networks write them in capitals or not."""
    for spelled in ("a%2Db", "a%2db", "%61-b"):
        assert links.same(f"https://a.example/{spelled}", "https://a.example/a-b")
    assert not links.same("https://a.example/a%2Fb", "https://a.example/a/b")
