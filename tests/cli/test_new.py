"""`publish new`: what it writes passes the check."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from byline import checks, content, settings
from byline.cli import cli
from byline.cli.common import App
from byline.times import FixedClock
from support import NOW, SETTINGS, make_site
from test_content import post


def new(file: Path, *arguments: str) -> Result:
    app = App(clock=FixedClock(NOW), environment={})
    return CliRunner().invoke(cli, ["-f", str(file), "new", *arguments], obj=app, standalone_mode=False)


@pytest.mark.parametrize(
    "title",
    ["Plain words", "A colon: and more", 'She said "no"', "yes", "2026", "2026-11-24", "- dash", "#1", "{x}", "Ärger & Öl", "价格", "🎉",
     "it's", "a  #b", "null", "x" * 200, "back\\slash", "[x]", "*a", "&a", "!x", "%", "@a", "`c`", "Ends:"],
)  # fmt: skip
def test_any_title_gives_a_post_that_passes(title: str, tmp_path: Path) -> None:
    file = make_site(tmp_path)
    done = new(file, "--", title)
    assert done.exception is None, done.exception
    found = settings.load(file, {})
    read = content.read(found)
    said = [problem for problem in checks.run(found, read, now=NOW) if problem.code != "long-title"]
    assert said == []  # the post is as it should be
    (written,) = read.posts
    assert written.title == " ".join(title.split())
    assert written.draft
    assert written.authors == ("dana",)
    assert written.published.isoformat() == "2026-11-24T00:00:00+01:00"
    assert f"{written.slug}.md" in done.stdout
    assert "Next: " in done.stdout


def test_what_is_known_is_filled_in(tmp_path: Path) -> None:
    text = SETTINGS.replace("post_dir: posts", "post_dir: posts\n      categories_allowed: ['A, b', Pricing]")
    file = make_site(tmp_path, settings=text)
    done = new(file, "Words", "--author", "lee", "--author", "dana", "--campaign", "q4-renewals", "--category", "A, b",
               "--date", "2026-12-01", "--in", "2026", "--no-draft")  # fmt: skip
    assert done.exception is None, done.exception
    (written,) = content.read(settings.load(file, {})).posts
    assert written.path == "content/posts/2026/words.md"
    assert (written.authors, written.campaign, written.categories) == (
        ("lee", "dana"),
        "q4-renewals",
        ("A, b",),
    )
    assert written.published.date().isoformat() == "2026-12-01"
    assert not written.draft


def test_ids_and_addresses_are_fresh(tmp_path: Path) -> None:
    file = make_site(tmp_path, posts={"x.md": post(id="honestpricin", slug="honest-pricing")})
    for _ in range(3):
        assert new(file, "Honest pricing", "--in", "2026").exception is None
    read = content.read(settings.load(file, {}))
    assert read.problems == ()
    assert sorted(found.slug for found in read.posts) == [
        "honest-pricing", "honest-pricing-2", "honest-pricing-2026", "honest-pricing-3",
    ]  # fmt: skip


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    there = "---\nnot: finished\n---\nMy notes.\n"
    file = make_site(tmp_path, posts={"honest-pricing.md": there})
    done = new(file, "Honest pricing")
    assert "is there already" in str(done.exception)
    assert (tmp_path / "content/posts/honest-pricing.md").read_text() == there


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Words", "--author", "dnaa"], "no author `dnaa`"),
        (["Words", "--campaign", "q4"], "no campaign `q4`"),
        (["Words", "--date", "tomorrow"], "is no day"),
        (["Words", "--in", "../pages"], "no folder below the posts"),
        (["Words", "--in", ".hidden"], "no folder below the posts"),
        (["   "], "the title is empty"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = new(make_site(tmp_path), *arguments)
    assert type(done.exception).__name__ == "UsageError"
    assert words in str(done.exception)
    assert list((tmp_path / "content/posts").iterdir()) == []


def test_the_placeholder_is_not_published(tmp_path: Path) -> None:
    file = make_site(tmp_path)
    new(file, "Words")
    path = tmp_path / "content/posts/words.md"
    path.write_text(
        "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("draft"))
    )
    codes = [problem.code for problem in content.read(settings.load(file, {})).problems]
    assert codes == ["placeholder-text"]
