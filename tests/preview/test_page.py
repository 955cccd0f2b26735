"""The page a manager approves from, made from posts on disk and by the command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from byline import content as contents
from byline import planning
from byline import settings as settings_module
from byline.channels.base import Look
from byline.cli import cli
from byline.cli._publishing import make_drivers, open_http
from byline.cli.common import App
from byline.content import Content
from byline.errors import UsageError
from byline.ledger.base import Intent, Record, Snapshot
from byline.planning import Plan, State
from byline.preview import browser
from byline.preview.page import page
from byline.settings import Settings
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

LONG = "We raised prices on 40 renewals. " * 12


def _post(share: str = "", **changes: str) -> str:
    text = POST
    for key, value in changes.items():
        old = next(line for line in text.splitlines() if line.startswith(f"{key}: "))
        text = text.replace(old, f"{key}: {value}", 1)
    return text.replace("---\nWe raised", f"{share}---\nWe raised", 1)


def _run(file: Path, *arguments: str, now: datetime = NOW) -> int:
    app = App(clock=FixedClock(now), environment={})
    context = cli.make_context("publish", ["-f", str(file), "preview", *arguments], obj=app)
    with context:
        code = cli.invoke(context)
    assert isinstance(code, int)
    return code


def _page(folder: Path, posts: Mapping[str, str], *arguments: str, settings: str | None = None) -> str:
    file = make_site(folder, posts=posts, settings=settings)
    assert _run(file, *arguments) == 0
    return (folder / ".byline" / "preview.html").read_text(encoding="utf-8")


def _section(html: str, name: str) -> str:
    return html[html.index(f'id="{name}"') :].split("</section>")[0]


def _seen(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_delivery_shows_its_words_card_count_link_time_and_cost(tmp_path: Path) -> None:
    share = "share:\n  at: 2026-11-25 09:00\n  linkedin:\n    as: [company, dana]\n    text: Three customers left.\n"
    html = _page(tmp_path, {"a.md": _post(share)})
    company, twitter = (_seen(_section(html, name)) for name in ("hp7.linkedin.company", "hp7.twitter.acme"))
    assert "Three customers left." in company
    assert "21 of 3,000 characters" in company
    assert "Goes out Wed 25 Nov 2026, 09:00 (Europe/Berlin)" in company
    assert "written for this network, content/posts/a.md:" in company
    assert "by exactly “Pricing, the honest version”, on LinkedIn, by company" in company
    assert "Costs 0.20 USD" in twitter
    assert "From insights.acme.example" in twitter
    assert "the post's description" in twitter
    assert "Dana Reyes" in _seen(_section(html, "hp7.linkedin.dana"))
    assert "costs 0.20 USD" in _seen(html)


def test_a_long_text_shows_where_linkedin_folds_it(tmp_path: Path) -> None:
    html = _page(tmp_path, {"a.md": _post(f"share:\n  linkedin: '{LONG}'\n")}, "--to", "linkedin")
    first, rest = _section(html, "hp7.linkedin.company").split('class="fold"')
    shown = _seen(first[first.index('class="text"') :].split(">", 1)[1].rpartition("<")[0])
    assert 180 < len(shown) <= 210
    assert LONG[len(shown) :].split()[0] in rest


def test_a_thread_is_connected_and_each_part_counted(tmp_path: Path) -> None:
    share = "share:\n  linkedin: false\n  twitter: [One., Two., Three.]\n"
    section = _section(_page(tmp_path, {"a.md": _post(share)}), "hp7.twitter.acme")
    assert section.count('class="one joined"') == 2
    assert section.count('class="one"') == 1
    assert re.findall(r"(\d of 3): <b>", section) == ["1 of 3", "2 of 3", "3 of 3"]
    assert section.count('role="img"') == 1  # the card stands under the part that carries the link


def test_mistakes_stand_beside_their_delivery_with_file_and_line(tmp_path: Path) -> None:
    html = _page(tmp_path, {"a.md": _post(f"share:\n  twitter: '{LONG}'\n")})
    twitter, linkedin = (_section(html, name) for name in ("hp7.twitter.acme", "hp7.linkedin.company"))
    assert "Kept back by a mistake" in twitter
    assert re.search(
        r'class="error"><code>content/posts/a\.md:\d+</code> Twitter, acme: the text takes', twitter
    )
    assert 'class="bar over"' in twitter
    assert 'class="error"' not in linkedin


def test_drafts_future_posts_and_those_for_the_site_alone_are_shown_for_what_they_are(tmp_path: Path) -> None:
    posts = {
        "draft.md": _post("draft: true\n", id="drafted", slug="drafted"),
        "later.md": _post(id="later1", slug="later", date="2026-12-24"),
        "quiet.md": _post("share: false\n", id="quiet", slug="quiet"),
        "out.md": _post(id="old", slug="old", date="2026-01-02"),
    }
    html = _page(tmp_path, posts, *(f"content/posts/{name}" for name in posts))
    assert "Draft: nothing goes out" in _section(html, "drafted.linkedin.company")
    assert "Goes out Thu 24 Dec 2026, 00:00" in _section(html, "later1.linkedin.company")
    assert "Not public yet" in html
    assert "the site and the feeds only" in html
    assert "Old post, not sent" in _section(html, "old.linkedin.company")


def test_without_a_name_what_is_not_out_is_shown_else_the_newest(tmp_path: Path) -> None:
    old = _post(id="old", slug="old", date="2026-01-02", title="The old one")
    older = _post(id="older", slug="older", date="2025-01-02", title="The older one")
    titles = re.compile(r'<h2 dir="auto">([^<]*)')
    both = _page(tmp_path / "a", {"old.md": old, "new.md": POST})
    assert [title.strip() for title in titles.findall(both)] == ["Pricing, the honest version"]
    newest = _page(tmp_path / "b", {"old.md": old, "older.md": older})
    assert [title.strip() for title in titles.findall(newest)] == ["The old one"]


def _planned(file: Path) -> tuple[Plan, Content, Settings]:
    settings = settings_module.load(file, {})
    content = contents.read(settings)
    app = App(clock=FixedClock(NOW), environment={})
    drivers = make_drivers(app, open_http(app, settings))
    return planning.plan(content, settings, Snapshot(), NOW, drivers=drivers), content, settings


def test_what_is_out_is_shown_as_it_was_sent_with_its_address(tmp_path: Path) -> None:
    plan, content, settings = _planned(make_site(tmp_path, posts={"a.md": POST}))
    record = Record(
        intent=Intent(id="hp7.twitter.acme", post="hp7", channel="twitter", account="acme"),
        state="sent",
        version=3,
        updated=NOW,
        sent_at=NOW - timedelta(hours=1),
    )
    sent = replace(
        next(item for item in plan.deliveries if item.channel == "twitter"),
        state="sent",
        ready=False,
        message=None,
        text=("What was said then.",),
        url="https://x.com/acme/status/1",
        record=record,
    )
    html = page(replace(plan, deliveries=(sent,)), content.posts, content.authors, settings)
    section = _section(html, "hp7.twitter.acme")
    assert "Already out since Tue 24 Nov 2026, 10:00 (Europe/Berlin)" in section
    assert "What was said then." in section
    assert "as it was sent; the file may say something else by now" in section
    assert '<a href="https://x.com/acme/status/1" rel="noreferrer">See it on Twitter</a>' in section
    assert "<b>19</b> of 280 characters" in section


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("held", "its time was 3 days ago", "Waits for your word"),
        ("manual", "by hand", "To be posted by hand now"),
        ("sending", "", "Being sent, or a run was interrupted"),
        ("unknown", "the answer was lost", "May be out: please look"),
        ("failed", "too many links", "Refused by the network"),
        ("skipped", "baseline", "Old post, not sent"),
        ("skipped", "the post no longer asks for it", "Not sent"),
        ("retracted", "", "Taken back from the network"),
        ("due", "over the budget", "Waits"),
    ],
)
def test_every_state_is_told_in_plain_words(tmp_path: Path, state: State, reason: str, words: str) -> None:
    plan, content, settings = _planned(make_site(tmp_path, posts={"a.md": POST}))
    item = replace(plan.deliveries[0], state=state, reason=reason, ready=False)
    seen = _seen(page(replace(plan, deliveries=(item,)), content.posts, content.authors, settings))
    assert words in seen
    assert reason == "baseline" or reason in seen


def test_a_network_without_a_driver_or_a_look_is_shown_plainly(tmp_path: Path) -> None:
    plan, content, settings = _planned(make_site(tmp_path, posts={"a.md": POST}))
    item = replace(plan.deliveries[0], channel="elsewhere", id="hp7.elsewhere.acme", account="acme")
    section = _section(
        page(replace(plan, deliveries=(item,)), content.posts, content.authors, settings), item.id
    )
    assert "elsewhere <span>acme" in section
    assert Look().colour in section
    assert "Pricing, the honest version" in section


HOSTILE = '</title><script>alert(1)</script><img src=x onerror=alert(2)>" onload="x" \u202e{{7*7}}'


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    title = "'" + HOSTILE.replace("'", "''") + "'"
    text = _post(f"share:\n  linkedin: {title}\n", title=title, description=title)
    html = _page(
        tmp_path, {"a.md": text}, settings=SETTINGS.replace("Acme Insights", "'</style><script>1</script>'")
    )
    parser = _Tags()
    parser.feed(html)
    assert not {tag for tag, _ in parser.found} & {"script", "img", "iframe", "object", "base"}
    assert not [name for _, attributes in parser.found for name in attributes if name.startswith("on")]
    assert "\u202e" not in html
    assert "<script>alert(1)</script>" in _seen(html) or "alert(1)" in _seen(html)


def test_nothing_on_the_page_can_be_fetched_or_followed(tmp_path: Path) -> None:
    html = _page(tmp_path, {"a.md": POST})
    parser = _Tags()
    parser.feed(html)
    assert [
        attributes for tag, attributes in parser.found if tag in ("a", "link") or "src" in attributes
    ] == []
    assert not re.search(r"url\((?!data:)", html)
    assert "@import" not in html
    policy = next(a["content"] for t, a in parser.found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_a_picture_stands_on_the_page_once_however_often_it_shows(tmp_path: Path) -> None:
    html = _page(tmp_path, {"a.md": POST})
    assert html.count("url(data:image/") == 1
    assert html.count('role="img"') == 3  # the site's card, LinkedIn's, Twitter's


def test_only_the_network_asked_for_is_shown(tmp_path: Path) -> None:
    html = _page(tmp_path, {"a.md": POST}, "--to", "x")
    assert 'id="hp7.twitter.acme"' in html
    assert 'id="hp7.linkedin.company"' not in html


def test_the_page_is_written_where_it_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = make_site(tmp_path, posts={"a.md": POST})
    out = tmp_path / "for approval.html"
    assert _run(file, "--out", str(out)) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not (tmp_path / ".byline").exists()


def test_a_picture_needs_a_browser_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_PLACES", ())
    file = make_site(tmp_path, posts={"a.md": POST})
    with pytest.raises(browser.NoBrowser) as stopped:
        _run(file, "--png")
    assert "Chromium, Chrome or Edge" in stopped.value.message
    assert (tmp_path / ".byline" / "preview.html").exists()


def test_an_unknown_post_is_a_plain_mistake(tmp_path: Path) -> None:
    file = make_site(tmp_path, posts={"a.md": POST})
    with pytest.raises(UsageError, match="no post of this site"):
        _run(file, "content/posts/b.md")
