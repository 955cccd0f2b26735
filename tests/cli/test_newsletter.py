"""`publish newsletter`: several posts in one mail, each post once, each person once, over failures too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from byline import digest
from byline.delivering import CRASH_POINTS
from byline.mail.people import person
from byline.testing import constantcontact, newsletter
from byline.testing.newsletter import Newsletter
from stage import Runner, Stage
from support import POST

READERS = ("ann@customer.example", "bo@customer.example", "cy@customer.example")


def post(key: str, title: str, day: str) -> str:
    text = POST.replace("hp7", key).replace("Pricing, the honest version", title)
    return text.replace("slug: honest-pricing", f"slug: about-{key}").replace("date: 2026-11-24", f"date: {day}\nshare: false")  # fmt: skip


POSTS = {
    "one.md": post("one", "First things", "2026-11-10"),
    "two.md": post("two", "Second thoughts", "2026-11-20"),
    "old.md": post("old1", "Long ago", "2026-01-02"),
    "next.md": post("later1", "Not yet public", "2026-12-24"),
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, ("newsletter", newsletter.CASES[0]), posts=dict(POSTS)) as made:
        made.environment["NEWSLETTER_RECIPIENTS"] = "\n".join(READERS)
        yield made


@pytest.fixture
def publish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Runner:
    run = Runner(stage, capsys)
    assert run("send", "--yes") == 0
    return run


def inbox(stage: Stage) -> Newsletter:
    assert isinstance(stage.fake, Newsletter)
    return stage.fake


def subjects(stage: Stage, reader: str) -> list[str]:
    return [str(item.mail["Subject"]) for item in inbox(stage).got(reader)]


def test_posts_since_the_last_mail_in_one_and_then_nothing(stage: Stage, publish: Runner) -> None:
    assert publish("newsletter", "--yes") == 0
    assert publish.out == "digest20261124.newsletter.acme: sent\n"
    for reader in READERS:
        (item,) = inbox(stage).got(reader)
        text = item.body("plain")
        assert text.index("Second thoughts") < text.index("First things")
        assert "Long ago" not in text
        assert "Not yet public" not in text
        assert re.findall(r"utm_content=(\S+)", text) == ["two.newsletter.acme", "one.newsletter.acme"]
        assert item.mail["Subject"] == "Acme Insights: Second thoughts and 1 more"
    assert publish("newsletter", "--yes") == 0
    assert "nothing new" in publish.out
    assert len(inbox(stage).inbox) == 3


def test_the_next_one_holds_what_is_new_also_what_was_merged_late(stage: Stage, publish: Runner) -> None:
    assert publish("newsletter", "--yes") == 0
    stage.posts["late.md"] = post("late1", "Merged late", "2026-11-19")
    stage.posts["new.md"] = post("new1", "Brand new", "2026-11-26")
    stage.clock.move(timedelta(days=3))
    stage.write()
    found = publish.json("newsletter", "--yes")
    assert (found["sent"], found["id"], found["posts"]) == (
        True,
        "digest20261127.newsletter.acme",
        ["new1", "late1"],
    )
    assert publish.json("status")["deliveries"][-1]["state"] == "sent"


def test_a_post_that_had_a_mail_of_its_own_is_left_out(stage: Stage, publish: Runner) -> None:
    stage.posts["own.md"] = POST.replace("hp7", "own1").replace("slug: honest-pricing", "slug: own-one")
    stage.write()
    assert publish("send", "--yes") == 0
    assert len(inbox(stage).inbox) == 3
    assert publish.json("newsletter", "--yes")["posts"] == ["two", "one"]


def test_show_writes_the_mail_and_sends_nothing(stage: Stage, publish: Runner, tmp_path: Path) -> None:
    out = tmp_path / "mail.html"
    assert (
        publish(
            "newsletter", "--show", str(out), "--subject", "News & views", "--text", "Dear all,\n\nread this."
        )
        == 0
    )
    page = out.read_text()
    assert "<title>News &amp; views</title>" in page
    assert "Dear all,<br>" in page
    assert inbox(stage).inbox == []
    assert publish.json("newsletter", "--yes")["sent"]


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_killed_at_any_step_the_next_run_ends_it(stage: Stage, publish: Runner, point: str) -> None:
    class Killed(BaseException):
        pass

    def crash(at: str, _delivery: str) -> None:
        if at == point:
            raise Killed

    with pytest.raises(Killed):
        send_by_hand(stage, crash)
    stage.clock.move(timedelta(minutes=5))
    assert publish("newsletter", "--yes") == 0
    assert [len(subjects(stage, reader)) for reader in READERS] == [1, 1, 1]
    assert publish("newsletter", "--yes") == 0
    assert len(inbox(stage).inbox) == 3


def send_by_hand(stage: Stage, crash: Callable[[str, str], None]) -> None:
    from byline import content
    from byline.cli._publishing import make_drivers
    from byline.http import Http

    settings = stage.settings
    http = Http(settings.timeouts, stage.clock)
    read, ledger = content.read(settings), stage.ledger()
    driver = make_drivers(stage.app(), http)(digest.account_of(settings, ""))
    try:
        made = digest.choose(
            read, settings, ledger.snapshot(), digest.account_of(settings, ""), driver, stage.clock.now()
        )
        assert made is not None
        digest.send(made, read, settings, ledger, driver, http, stage.clock, patient=False, crash=crash)
    finally:
        ledger.close()
        http.close()


def test_a_tired_server_is_gone_on_with_in_the_same_run_or_the_next(stage: Stage, publish: Runner) -> None:
    inbox(stage).tired_after = 1
    assert publish("newsletter", "--yes") == 4
    assert "1 of 3 people have it, 2 are left" in publish.out
    inbox(stage).mend()
    assert publish("newsletter", "--yes") == 0
    assert [len(subjects(stage, reader)) for reader in READERS] == [1, 1, 1]


def test_a_lost_answer_is_for_a_person_and_who_says_of_whom(stage: Stage, publish: Runner) -> None:
    inbox(stage).inject("drop")
    assert publish("newsletter", "--yes") == 4
    assert publish("newsletter", "--who") == 4
    assert "ann@customer.example: may have it" in publish.out
    assert person("ann@customer.example") not in publish.out
    assert publish("newsletter", "--yes") == 4
    assert [len(subjects(stage, reader)) for reader in READERS] == [0, 1, 1]
    assert publish("settle", "digest20261124.newsletter.acme", "--not-sent") == 0
    assert publish("newsletter", "--yes") == 0
    assert [len(subjects(stage, reader)) for reader in READERS] == [1, 1, 1]
    assert publish("newsletter", "--who") == 0


def test_an_unreachable_server_leaves_it_due_and_the_same_one_goes_out(stage: Stage, publish: Runner) -> None:
    stage.fake.stop()
    assert publish("newsletter", "--yes") == 1
    stage.fake.start()
    stage.write()
    stage.clock.move(timedelta(days=2))
    found = publish.json("newsletter", "--yes")
    assert found["id"] == "digest20261124.newsletter.acme"
    assert [len(subjects(stage, reader)) for reader in READERS] == [1, 1, 1]


def test_a_page_that_is_not_live_stops_it(stage: Stage, publish: Runner) -> None:
    stage.pages.shown.clear()
    assert publish("newsletter", "--yes", "--no-wait") == 5
    assert inbox(stage).inbox == []


def test_before_sending_began_nothing_goes_out(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    run = Runner(stage, capsys)
    assert run("newsletter", "--yes") == 5
    assert "sending never began" in run.err


@pytest.mark.parametrize(
    "words", [["--since", "yesterday"], ["--to", "linkedin"], ["--to", "newsletter.other"]]
)
def test_what_cannot_work_is_said(publish: Runner, words: list[str]) -> None:
    assert publish("newsletter", *words) == 2


def test_a_digest_as_a_draft_of_constant_contact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Stage(tmp_path, ("constantcontact", constantcontact.CASES[0]), posts=dict(POSTS)) as stage:
        run = Runner(stage, capsys)
        assert run("send", "--yes") == 0
        stage.fake.inject("lose")
        assert run("newsletter", "--yes") == 0
        assert run("newsletter", "--yes") == 0
        (mail,) = stage.fake.posts
        assert "Second thoughts" in mail.raw["html_content"]
        assert "utm_content=two.constantcontact.acme" in mail.raw["html_content"]
