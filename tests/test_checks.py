"""What only shows when posts meet settings, history and the older site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from byline import checks, content, settings
from byline.errors import Problem, UsageError
from support import NOW, SETTINGS, make_site
from test_content import post


def run(folder: Path, posts: dict[str, str], text: str = SETTINGS, **more: object) -> tuple[Problem, ...]:
    found = settings.load(make_site(folder, posts=posts, settings=text), {})
    return checks.run(found, content.read(found), now=NOW, **more)  # type: ignore[arg-type]


def test_a_good_post_has_no_problem(tmp_path: Path) -> None:
    assert run(tmp_path, {"a.md": post("campaign: q4-renewals")}) == ()


@pytest.mark.parametrize(
    ("share", "code", "key", "message", "fix"),
    [
        ("  linkedin: '{titel}'", "unknown-placeholder", "share.linkedin", "{titel}", "`{title}`"),
        ("  linkedin: 'a } b'", "lone-brace", "share.linkedin", "lone `}`", "double"),
        ("  linkedin: {as: [dna]}", "unknown-account", "share.linkedin.as", "`dna`", "`dana`"),
        ("  linkedin: {as: [company], accounts: {dana: Words}}", "account-not-used", "share.linkedin.accounts.dana", "dana", "as:"),
        ("  mastodon: Words", "network-not-set-up", "share.mastodon", "no account", "channels"),
        (f"  linkedin: {'word ' * 700}", "does-not-fit", "share.linkedin", "LinkedIn, company", "change the text"),
        (f"  x: {'word ' * 70}", "does-not-fit", "share.twitter", "280", "change the text"),
        ("  linkedin: Words\n  again:\n    - {after: 60d, linkedin: Words}", "same-words", "share.again.0.linkedin", "same words",
         "other words"),
        ("  again:\n    - {after: 60d, linkedin: }", "repeat-without-words", "share.again.0.linkedin", "own", "other words"),
    ],
)  # fmt: skip
def test_share_is_checked_as_it_would_be_sent(
    share: str, code: str, key: str, message: str, fix: str, tmp_path: Path
) -> None:
    text = post("share:\n" + share)
    problem = next(problem for problem in run(tmp_path, {"a.md": text}) if problem.code == code)
    assert problem.file == "content/posts/a.md"
    assert problem.key == key
    assert problem.severity == "error"
    assert message in problem.message
    assert fix in problem.fix
    needle = "again" if "again" in key else key.split(".")[1].replace("twitter", "x:")
    first = next(number for number, line in enumerate(text.split("\n"), 1) if needle in line)
    assert first <= problem.line <= first + 2


@pytest.mark.parametrize(
    ("share", "code", "words"),
    [
        ("  x: 'Thanks @dana_r and @lee, @everyone'", "will-mention", "the text mentions @dana_r, @lee, who will be told so"),
        ("  linkedin: 'Thanks @dana_r'", "may-surprise", "@dana_r mentions nobody: LinkedIn shows it as plain words here"),
        (f"  linkedin: '{'(a) ' * 749}'", "may-surprise", "the words take 2,995 characters, and 4,493 with the backslashes"),
    ],
)  # fmt: skip
def test_whom_words_call_and_what_may_surprise_is_told_until_it_is_out(
    share: str, code: str, words: str, tmp_path: Path
) -> None:
    (problem,) = run(tmp_path, {"a.md": post("share:\n" + share)})
    assert (problem.code, problem.severity) == (code, "warning")
    assert words in problem.message
    assert "everyone" not in problem.message
    own = settings.load(tmp_path / "mkdocs.yml", {})
    found = content.read(own)
    (told,) = found.posts
    assert checks.run(own, found, now=NOW, published={told.id: ""}) == ()


def test_words_from_the_description_call_nobody_and_are_no_news(tmp_path: Path) -> None:
    text = post("").replace("description: ", "description: Ask @dana_r about this. ")
    assert "@dana_r" in text
    assert run(tmp_path, {"a.md": text}) == ()


def test_a_text_that_just_fits_is_fine(tmp_path: Path) -> None:
    assert run(tmp_path, {"a.md": post(f"share:\n  x: {'a' * 256}")}) == ()
    assert [found.code for found in run(tmp_path, {"a.md": post(f"share:\n  x: {'a' * 257}")})] == [
        "does-not-fit"
    ]


def test_a_word_that_analytics_files_elsewhere_is_advice(tmp_path: Path) -> None:
    text = SETTINGS.replace("q4-renewals: {name: Q4 renewals", "coffee-shop: {name: Coffee")
    posts = {
        "a.md": post(slug="email-rules"),
        "b.md": post("campaign: coffee-shop", id="bbb", slug="email-too"),
    }
    told = {(problem.file, problem.key, problem.code) for problem in run(tmp_path, posts, text)}
    assert told == {
        ("mkdocs.yml", "byline.campaigns.coffee-shop", "campaign-shopping"),
        ("content/posts/a.md", "slug", "campaign-email"),  # without a campaign, the slug is the word
    }


def test_a_post_outside_its_campaign_is_advice(tmp_path: Path) -> None:
    posts = {
        "a.md": post("campaign: q4-renewals", date="2026-09-30"),
        "b.md": post("campaign: q4-renewals", id="bbb", slug="b", date="2026-12-31"),
        "c.md": post("campaign: q4-renewals", id="ccc", slug="c", date="2027-01-01"),
    }
    found = run(tmp_path, posts)
    assert [(problem.file, problem.code, problem.severity) for problem in found] == [
        ("content/posts/a.md", "outside-campaign", "warning"),
        ("content/posts/c.md", "outside-campaign", "warning"),
    ]
    assert "before the campaign `q4-renewals` starts" in found[0].message
    assert "after the campaign `q4-renewals` ended" in found[1].message


def test_one_category_in_two_spellings_is_advice(tmp_path: Path) -> None:
    posts = {"a.md": post(), "b.md": post(id="bbb", slug="b", categories="[pricing]")}
    (problem,) = run(tmp_path, posts)
    assert (problem.file, problem.code, problem.severity) == (
        "content/posts/b.md",
        "category-spelling",
        "warning",
    )


def test_a_link_to_a_later_post_is_judged_by_the_clock(tmp_path: Path) -> None:
    def posts(day: str) -> dict[str, str]:
        return {
            "a.md": post(body="[b](b.md)\n", date="2026-11-01"),
            "b.md": post(id="bbb", slug="b", date=day),
        }

    assert run(tmp_path / "past", posts("2026-11-20")) == ()
    (problem,) = run(tmp_path / "future", posts("2026-11-30"))
    assert (problem.code, problem.line) == ("link-not-public", 10)


def test_a_sent_post_that_moved_wants_its_alias(tmp_path: Path) -> None:
    published = {
        "hp7": "https://insights.acme.example/posts/old-name/",
        "gone": "https://insights.acme.example/posts/x/",
    }
    (problem,) = run(tmp_path / "a", {"a.md": post()}, published=published)
    assert (problem.code, problem.severity, problem.line) == ("moved-post", "warning", 6)
    assert "aliases: [/posts/old-name/]" in problem.fix
    assert run(tmp_path / "b", {"a.md": post("aliases: [/posts/old-name/]")}, published=published) == ()


def test_an_address_that_vanished_is_an_error(tmp_path: Path) -> None:
    older = [
        {"id": "hp7", "url": "https://insights.acme.example/posts/old-name/", "source": "content/posts/a.md"},
        {"id": "gone", "url": "https://insights.acme.example/posts/gone/", "source": "content/posts/gone.md"},
        {"id": "ddd", "url": "https://insights.acme.example/posts/d/", "source": "content/posts/d.md"},
        {"id": "kept", "url": "https://insights.acme.example/posts/kept/", "source": "content/posts/k.md"},
    ]
    posts = {
        "a.md": post(),
        "d.md": post("draft: true", id="ddd", slug="d"),
        "k.md": post("aliases: [/posts/kept]", id="kept", slug="k"),
    }
    found = run(tmp_path, posts, against=older)
    assert [(problem.file, problem.key, problem.code, problem.severity) for problem in found] == [
        ("content/posts/a.md", "slug", "vanished", "error"),
        ("content/posts/d.md", "draft", "vanished", "error"),
        ("content/posts/gone.md", "", "vanished", "error"),
    ]
    assert "aliases: [/posts/old-name/]" in found[0].fix


def test_a_list_that_vanished_is_an_error(tmp_path: Path) -> None:
    """The page of a category or an author has feeds that people follow; it goes with its last public post."""
    entry = {
        "id": "hp7",
        "url": "https://insights.acme.example/posts/honest-pricing/",
        "source": "content/posts/a.md",
    }
    older = [
        entry | {"categories": ["Pricing", "Old Prices"], "authors": ["dana", "gone"], "date": "2026-01-01"}
    ]
    text = post()  # in the category Pricing, by Dana
    found = run(tmp_path, {"a.md": text}, against=older)
    assert [(problem.file, problem.key, problem.code, problem.severity) for problem in found] == [
        ("byline.json", "authors", "vanished", "error"),
        ("byline.json", "categories", "vanished", "error"),
    ]
    assert "/author/gone/" in found[0].message
    assert "/category/old-prices/" in found[1].message
    assert "aliases: [/category/old-prices/]" in found[1].fix
    led = text.replace("title:", "aliases: [/category/old-prices/, /author/gone]\ntitle:", 1)
    assert run(tmp_path / "led", {"a.md": led}, against=older) == ()


def test_a_public_post_that_gets_a_day_to_come_vanishes(tmp_path: Path) -> None:
    older = [
        {
            "id": "hp7",
            "url": "https://insights.acme.example/posts/honest-pricing/",
            "source": "content/posts/a.md",
        }
    ]
    (found,) = run(tmp_path, {"a.md": post().replace("2026-11-24", "2027-11-24")}, against=older)
    assert (found.key, found.code) == ("date", "vanished")
    assert "day that is past" in found.fix


def test_paths_keep_what_concerns_them(tmp_path: Path) -> None:
    posts = {"2026/a.md": post("drfat: true"), "2027/b.md": post("drfat: true", id="bbb", slug="b")}
    assert {found.file for found in run(tmp_path, posts, paths=["content/posts/2026"])} == {
        "content/posts/2026/a.md"
    }
    assert {found.file for found in run(tmp_path, posts, paths=["content/posts/2027/b.md"])} == {
        "content/posts/2027/b.md"
    }
    assert len(run(tmp_path, posts, paths=["."])) == 2


@pytest.mark.parametrize("text", ["", "[]", '{"posts": [1]}', '{"posts": [{"id": "x"}]}', "\xff"])
def test_a_manifest_that_is_none(text: str, tmp_path: Path) -> None:
    file = tmp_path / "byline.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match="no manifest"):
        checks.manifest(file)
    with pytest.raises(UsageError, match="cannot be read"):
        checks.manifest(tmp_path / "nothing.json")


def test_a_manifest(tmp_path: Path) -> None:
    file = tmp_path / "byline.json"
    file.write_text(json.dumps({"posts": [{"id": "a", "url": "https://a.example/posts/a/"}]}))
    assert checks.manifest(file)[0]["id"] == "a"


@pytest.mark.parametrize(
    ("brand", "pairs"),
    [
        ("primary: '#1f4e79', accent: '#b4510f'", []),
        ("name: Acme", []),
        ("primary: '#ffd500'", [("primary", "1.42 to 1", "links on the white page")]),
        ("accent: '#e07020'", [("accent", "3.23 to 1", "labels on the white page")]),
        (
            "primary: '#7f7f7f'",
            [
                ("primary", "4.00 to 1", "links on the white page"),
                ("primary", "4.44 to 1", "cards and buttons"),
            ],
        ),
    ],
)
def test_a_colour_that_cannot_be_read_is_named_with_the_nearest_that_can(
    tmp_path: Path, brand: str, pairs: list[tuple[str, str, str]]
) -> None:
    from byline.drawing import contrast, rgb

    text = SETTINGS.replace("      timezone:", f"      brand: {{{brand}}}\n      timezone:")
    found = run(tmp_path, {"a.md": post("campaign: q4-renewals")}, text)
    assert [one.code for one in found] == ["low-contrast"] * len(pairs)
    for one, (key, ratio, what) in zip(found, pairs, strict=True):
        assert one.severity == "warning"
        assert one.key == f"byline.brand.{key}"
        assert one.line == text.splitlines().index(f"      brand: {{{brand}}}") + 1
        assert what in one.message
        better = one.fix.split('"')[1]
        other = rgb(one.message.split("`")[3])
        assert contrast(rgb(better), other) >= 4.5
        assert ratio in one.message


def test_a_title_that_no_shipped_font_draws_is_said_unless_there_is_an_image(tmp_path: Path) -> None:
    def codes(title: str) -> list[str]:
        text = post("campaign: q4-renewals").replace("title: ", f"title: {title} # ", 1)
        return [one.code for one in run(tmp_path, {"a.md": text})]

    assert codes("𓀀𓀁𓀂") == ["card-without-title"]
    assert codes("The sign 𓀀 of the sun") == ["card-without-sign"]
    for drawn in ("诚实的价格", "السعر بصراحة", "Growth 🚀 for all", "मूल्य"):
        assert codes(drawn) == []
