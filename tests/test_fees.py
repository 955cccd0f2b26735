"""What a network charges for reading and deleting: counted to the cent of the fake's own bill, shown, held under the budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from byline import fees
from byline.ledger.base import Note
from byline.sending import Sender
from byline.testing import twitter
from byline.testing.twitter import Twitter
from stage import Runner, Stage
from support import NOW, POST

(TWEETS,) = twitter.CASES


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, ("twitter", TWEETS)) as stage:
        yield stage


@pytest.fixture
def publish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(stage, capsys)


def bill(stage: Stage) -> Decimal:
    """What Twitter itself put on the bill beside posts."""
    assert isinstance(stage.fake, Twitter)
    return stage.fake.charged


def known(stage: Stage) -> Decimal:
    ledger = stage.ledger()
    try:
        now = stage.clock.now().astimezone(stage.settings.zone)
        return fees.this_month(ledger.notes(fees.KIND), now).get("twitter", Decimal(0))
    finally:
        ledger.close()


def budget(stage: Stage, amount: str) -> None:
    file = stage.folder / "mkdocs.yml"
    text = file.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "          budget:" not in line]
    file.write_text(
        "\n".join(lines).replace("        twitter:", f"        twitter:\n          budget: {amount}") + "\n",
        encoding="utf-8",
    )


def more_posts(stage: Stage, count: int) -> None:
    for number in range(count):
        stage.posts[f"p{number}.md"] = (
            POST.replace("hp7", f"more{number}")
            .replace("honest-pricing", f"more-{number}")
            .replace("What 40", f"Number {number}, what 40")
        )
    stage.write()


def test_every_charge_is_counted_as_the_network_bills_it(publish: Runner, stage: Stage) -> None:
    assert publish("send", "--yes") == 0
    assert publish("metrics") == 0
    assert "reading cost 0.005 USD on Twitter" in publish.out
    assert publish("metrics") == 0  # the same post on the same day is charged once
    assert "reading cost" not in publish.out
    assert publish("doctor", "--to", "twitter") == 0
    assert known(stage) == bill(stage) > Decimal("0.010")
    stage.clock.move(timedelta(days=1))
    assert publish.json("metrics")["cost"] == {"twitter": 0.005}
    assert publish("retract", "hp7", "--yes") == 0
    assert known(stage) == bill(stage)


def test_a_lost_answer_that_is_looked_up_is_counted(publish: Runner, stage: Stage) -> None:
    stage.fake.inject("lose")
    assert publish("send", "--yes") == 0
    assert known(stage) == bill(stage) > 0
    stage.fake.inject("lose", on="any", times=99)
    before = known(stage)
    assert publish("metrics") == 1
    assert known(stage) == before, "nothing is known to have been charged"


def test_a_reading_that_would_break_the_budget_stops_with_words(publish: Runner, stage: Stage) -> None:
    more_posts(stage, 3)
    assert publish("send", "--yes") == 0, publish.out
    spent = Decimal("0.800") + known(stage)
    stage.clock.move(timedelta(days=1))
    budget(stage, str(spent + Decimal("0.012")))
    assert publish("metrics") == 3
    assert publish.out.count("  not read") == 2
    assert "Twitter was not asked: it costs up to 0.005 USD" in publish.out
    assert "raise `budget` under `channels.twitter`" in publish.out
    assert known(stage) == bill(stage)
    assert Decimal("0.800") + known(stage) <= spent + Decimal("0.012")


def test_plan_and_doctor_show_them_and_posts_are_held_by_them(publish: Runner, stage: Stage) -> None:
    assert publish("send", "--yes") == 0
    publish("metrics")
    fee = known(stage)
    more_posts(stage, 1)
    budget(stage, str(Decimal("0.400") + fee - Decimal("0.001")))
    assert publish("plan") == 0
    assert "USD of it for reading and deleting)" in publish.out
    assert "the budget keeps back 1 post" in publish.out
    assert publish("send", "--yes") == 1
    assert len(stage.fake.posts) == 1
    budget(stage, str(Decimal("0.400") + fee))
    assert publish("send", "--yes") == 0
    assert len(stage.fake.posts) == 2
    assert publish("doctor", "--to", "twitter") == 0
    assert "Twitter was not asked" in publish.out


def test_doctor_looks_no_more_when_the_budget_is_used_up_and_counts_its_own_look(
    publish: Runner, stage: Stage
) -> None:
    publish("send", "--yes")
    before = known(stage)
    stage.clock.move(timedelta(days=1))
    budget(stage, "5")
    found = {item["about"]: item for item in publish.json("doctor", code=1)["checks"]}
    assert known(stage) == before + Decimal("0.010") == bill(stage)
    assert f"{known(stage):.2f} USD of it for reading and deleting" in found["twitter costs"]["message"]
    assert publish("retract", "hp7", "--yes") == 0
    stage.clock.move(timedelta(days=1))
    budget(stage, "0.20")
    calls = len(stage.fake.calls)
    (item,) = publish.json("doctor", "--to", "twitter")["checks"]
    assert (item["level"], len(stage.fake.calls)) == ("warning", calls)
    assert "was not asked" in item["message"]


def test_deleting_keeps_to_the_budget_unless_it_is_told_not_to(publish: Runner, stage: Stage) -> None:
    publish("send", "--yes")
    budget(stage, "0.205")
    assert publish("retract", "hp7", "--yes") == 1
    assert "it costs up to 0.01 USD" in publish.out
    assert "--by-hand" in publish.out
    assert len(stage.fake.posts) == 1
    assert publish("retract", "hp7", "--yes", "--over-budget") == 0
    assert not stage.fake.posts
    assert known(stage) == bill(stage)


def test_two_runs_at_the_same_instant_never_pass_the_budget(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first run's look at the money and its claim, another run sends the other post."""
    more_posts(stage, 1)
    budget(stage, "0.30")
    looked = Sender._too_dear
    others: list[tuple[str, ...]] = []

    def interrupted(self: Sender, item: object, more: Decimal) -> object:
        answer = looked(self, item, more)  # type: ignore[arg-type]
        if more and not others:
            others.append(())
            others[0] = stage.send().sent
        return answer

    monkeypatch.setattr(Sender, "_too_dear", interrupted)
    mine = stage.send()
    assert (len(others[0]), mine.sent) == (1, ())
    assert len(stage.fake.posts) == 1
    states = stage.states()
    assert sorted(states.values()) == ["due", "sent"]
    (kept,) = (item for item in mine.deliveries if item.state == "due")
    assert "over the budget" in kept.reason
    assert mine.exit_code == 1
    budget(stage, "0.50")
    assert len(stage.send().sent) == 1
    assert len(stage.fake.posts) == 2


def test_the_month_ends_at_the_sites_midnight() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    def note(at: datetime) -> Note:
        line = {"at": at.isoformat(), "channel": "twitter", "account": "acme", "currency": "USD",
                "charged": {"user": "0.010"}}  # fmt: skip
        return Note(kind=fees.KIND, day=at.date(), line=json.dumps(line))

    last = datetime(2026, 10, 31, 22, 59, tzinfo=UTC)  # 23:59 in Berlin
    first = datetime(2026, 10, 31, 23, 1, tzinfo=UTC)
    assert fees.this_month((note(last), note(first)), NOW.astimezone(berlin)) == {"twitter": Decimal("0.010")}
    assert fees.this_month((note(last),), NOW.astimezone(berlin)) == {}


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"at": "2026-11-24T10:00:00+00:00", "channel": "x", "charged": 7}',
                                  '{"at": "2026-11-24T10:00:00+00:00", "channel": "x", "account": "a", "charged": {"b": "much"}}'])  # fmt: skip
def test_a_line_that_is_no_charge_is_passed_over(line: str) -> None:
    assert fees.this_month((Note(kind=fees.KIND, day=NOW.date(), line=line),), NOW) == {}
