"""`publish doctor`: every account and every connection looked at, none hiding another's trouble."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from byline import registry
from byline.cli import doctor as command
from byline.crm.local import FILE, LocalCrm
from byline.doctor import Finding, failed
from byline.intake.outbox import Outbox
from byline.model import Lead
from byline.private import open_store
from byline.testing import facebook, hubspot, linkedin, mastodon, twitter
from byline.testing.server import Case, Fake
from byline.times import FixedClock
from stage import Runner, Stage, cases
from support import NOW, POST

PAGE, MEMBER = linkedin.CASES
(SERVER,) = mastodon.CASES
(TWEETS,) = twitter.CASES


def deployed(stage: Stage, *ids: str) -> None:
    """The site is live with these posts, and its feeds are valid."""
    stage.pages.shown["/byline.json"] = json.dumps({"posts": [{"id": name} for name in ids]})
    stage.pages.shown["/feed.xml"] = "<?xml version='1.0'?><rss version='2.0'><channel/></rss>"
    stage.pages.shown["/atom.xml"] = "<feed xmlns='http://www.w3.org/2005/Atom'/>"
    stage.pages.shown["/feed.json"] = '{"version": "https://jsonfeed.org/version/1.1", "items": []}'


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, ("linkedin", PAGE), ("twitter", TWEETS)) as stage:
        deployed(stage, "hp7")
        yield stage


@pytest.fixture
def publish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(stage, capsys)


def checks(publish: Runner, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
    found = publish.json("doctor", *words, code=code)
    assert found["ok"] is (code == 0)
    by_name: dict[str, dict[str, Any]] = {}
    for item in found["checks"]:
        if item["about"] not in by_name or by_name[item["about"]]["level"] == "ok":
            by_name[item["about"]] = item
    return by_name


def setting(stage: Stage, old: str, new: str) -> None:
    file = stage.folder / "mkdocs.yml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_when_all_is_well(publish: Runner) -> None:
    found = checks(publish)
    assert {item["level"] for item in found.values()} == {"ok"}
    assert found["linkedin.acme"]["who"] == "Dana Weiss"
    assert found["twitter.acme"]["who"].startswith("@")
    assert found["clock"]["message"] == "agrees with the services"
    assert "Europe/Berlin, where it is 2026-11-24 11:00 (UTC+01:00)" in found["time zone"]["message"]
    assert set(found) == {
        "linkedin.acme", "linkedin.acme quota", "twitter.acme", "twitter.acme quota", "sending history", "twitter costs", "posts", "live site", "feed.xml", "atom.xml", "feed.json",
        "leads", "clock", "time zone",
    }  # fmt: skip
    assert publish("doctor") == 0
    assert publish.out.splitlines()[-1] == "all is well"


def test_it_writes_nothing_and_makes_no_post(publish: Runner, stage: Stage) -> None:
    before = sorted(stage.folder.rglob("*"))
    publish("doctor")
    assert sorted(stage.folder.rglob("*")) == before
    assert not any(fake.attempts("create") for fake in stage.fakes.values())


@pytest.mark.parametrize(("name", "case"), cases(), ids=lambda value: str(value))
def test_a_dead_token_of_any_network_is_red_with_the_next_step(
    name: str, case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stage(tmp_path, (name, case)) as stage:
        deployed(stage, "hp7")
        publish = Runner(stage, capsys)
        assert checks(publish)[f"{name}.acme"]["level"] == "ok"
        stage.fake.inject("unauthorized", on="any", times=99)
        found = checks(publish, code=1)
        assert found[f"{name}.acme"]["level"] == "red"
        assert f"publish connect {name} --as acme" in found[f"{name}.acme"]["next"]
        assert found["live site"]["level"] == "ok"
        stage.fake.mend()
        stage.environment.clear()
        assert checks(publish, code=1)[f"{name}.acme"]["level"] == "red"
        for variable, secret in case.environment.items():
            assert variable in case.public or secret not in publish.out + publish.err


def test_one_failure_hides_no_other_result(publish: Runner, stage: Stage) -> None:
    for fake in (*stage.fakes.values(), stage.pages):
        fake.inject("drop", on="any", times=99)
    (stage.folder / ".byline").mkdir()
    (stage.folder / ".byline/ledger.db").write_bytes(b"no database at all" * 300)
    (stage.folder / ".byline/crm.db").write_bytes(b"no database at all" * 300)
    found = checks(publish, code=1)
    red = {name for name, item in found.items() if item["level"] == "red"}
    assert red == {
        "linkedin.acme", "twitter.acme", "sending history", "live site", "leads",
    }  # fmt: skip
    assert "its feeds were not looked at" in found["live site"]["message"]
    assert all(found[name]["next"] for name in red)
    assert found["clock"]["message"].startswith("not compared")
    assert "nothing was sent" not in publish.out


def test_a_driver_that_breaks_is_a_finding(publish: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object) -> object:
        raise KeyError("surprise")

    monkeypatch.setattr("byline.channels.linkedin.LinkedIn.health", broken)
    found = checks(publish, code=1)
    assert "KeyError" in found["linkedin.acme"]["message"]
    assert found["twitter.acme"]["level"] == "ok"


class TestTokens:
    @pytest.mark.parametrize(
        ("left", "level", "words"),
        [
            (40, "ok", "39 days left"),
            (15, "warning", "14 days left"),
            (4, "red", "3 days left"),
            (0, "red", "died"),
        ],
    )
    def test_days_left_by_the_settings(
        self, publish: Runner, stage: Stage, left: int, level: str, words: str
    ) -> None:
        day = (NOW + timedelta(days=left)).date()
        setting(stage, "{urn: 'urn:li:organization:2414183'}",
                f"{{urn: 'urn:li:organization:2414183', expires: {day}}}")  # fmt: skip
        found = checks(publish, code=1 if level == "red" else 0)["linkedin.acme"]
        assert found["level"] == level
        assert words in found["message"]
        assert found["expires"] == f"{day}T00:00:00+01:00"
        assert level == "ok" or found["next"] == "publish connect linkedin --as acme"

    def test_the_networks_own_word_counts_first(self, publish: Runner, stage: Stage) -> None:
        stage.environment |= {"LINKEDIN_CLIENT_ID": "app", "LINKEDIN_CLIENT_SECRET": "app-secret"}
        setting(stage, "probe_after: 0s", f"probe_after: 0s\n          login: {stage.fakes['linkedin'].url}")
        setting(stage, "{urn: 'urn:li:organization:2414183'}",
                "{urn: 'urn:li:organization:2414183', expires: 2026-11-25}")  # fmt: skip
        found = checks(publish)["linkedin.acme"]
        assert (found["level"], found["days"]) == ("ok", 60)

    def test_fail_under_lets_ci_choose(self, publish: Runner, stage: Stage) -> None:
        setting(stage, "{urn: 'urn:li:organization:2414183'}",
                "{urn: 'urn:li:organization:2414183', expires: 2026-12-20}")  # fmt: skip
        assert publish("doctor", "--fail-under", "25") == 0
        assert publish("doctor", "--fail-under", "26") == 1
        assert "1 token under 26 days" in publish.out

    def test_a_day_that_is_none_is_a_mistake_in_the_settings(self, publish: Runner, stage: Stage) -> None:
        setting(stage, "{urn: 'urn:li:organization:2414183'}",
                "{urn: 'urn:li:organization:2414183', expires: soon}")  # fmt: skip
        assert publish("doctor") == 2
        assert "expires" in publish.err

    def test_a_missing_right_is_named(self, publish: Runner, stage: Stage) -> None:
        fake = stage.fakes["linkedin"]
        assert isinstance(fake, linkedin.LinkedIn)
        fake.allow("AQX-organization-token", person="Kx1")
        found = checks(publish, code=1)["linkedin.acme"]
        assert "administrator" in found["message"]

    def test_an_ageing_version_comes_with_the_line(self, publish: Runner, stage: Stage) -> None:
        setting(stage, "probe_after: 0s", 'probe_after: 0s\n          version: "202601"')
        found = checks(publish)["linkedin.acme"]
        assert found["level"] == "warning"
        assert found["next"].startswith('write `version: "202609"` in line ')
        line = int(found["next"].split("line ")[1].split()[0])
        text = (stage.folder / "mkdocs.yml").read_text(encoding="utf-8").splitlines()
        assert "version" in text[line - 1]

    def test_accounts_of_people_need_none(self, publish: Runner, stage: Stage) -> None:
        setting(stage, "{urn: 'urn:li:organization:2414183'}", "{mode: manual}")
        stage.environment.pop("LINKEDIN_ACCESS_TOKEN")
        assert checks(publish)["linkedin.acme"]["level"] == "manual"

    def test_to_looks_at_these_accounts_alone(self, publish: Runner, stage: Stage) -> None:
        assert set(checks(publish, "--to", "linkedin")) == {"linkedin.acme", "linkedin.acme quota"}
        assert stage.pages.calls == []
        assert publish("doctor", "--to", "myspace") == 2


class TestQuota:
    @pytest.mark.parametrize(("name", "case"), cases(), ids=lambda value: str(value))
    def test_every_network_tells_what_it_allows_or_that_it_does_not(
        self, name: str, case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with Stage(tmp_path, (name, case)) as stage:
            deployed(stage, "hp7")
            found = checks(Runner(stage, capsys))[f"{name}.acme quota"]
            assert found["level"] == "ok"
            for quota in found["quotas"]:
                assert quota["limit"] > 0
                assert quota["used"] is None or 0 < quota["used"] < quota["limit"]
            expected = {
                "linkedin": "are allowed",
                "twitter": "1 of 75 looks at the account in 15 minutes, fresh at 11:15",
                "facebook": "12 % of the allowance of the app in an hour",
                "mastodon": "of 300 calls in 5 minutes, fresh at 11:05",
                "bluesky": "1 of 30 sign-ins in 5 minutes",
            }
            assert found["quotas"] or found["message"].startswith("n/a")
            if name in expected:
                assert expected[name] in found["message"]
                assert found["message"].startswith("n/a") == (name == "linkedin")

    def test_a_network_that_tells_nothing_is_said_to(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with Stage(tmp_path, ("mastodon", SERVER)) as stage:
            deployed(stage, "hp7")
            fake = stage.fake
            assert isinstance(fake, mastodon.Mastodon)
            fake.tells_allowance = False
            found = checks(Runner(stage, capsys))["mastodon.acme quota"]
            assert (found["level"], found["message"], found["quotas"]) == (
                "ok",
                "n/a: the network told of no allowance",
                [],
            )

    def test_four_fifths_are_a_warning(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (case,) = facebook.CASES
        with Stage(tmp_path, ("facebook", case)) as stage:
            deployed(stage, "hp7")
            fake = stage.fake
            assert isinstance(fake, facebook.Facebook)
            fake.used = 80
            found = checks(Runner(stage, capsys))["facebook.acme quota"]
            assert found["level"] == "warning"
            assert "80 % of the allowance" in found["message"]

    def test_with_the_apps_own_token_the_months_reading_is_told(self, publish: Runner, stage: Stage) -> None:
        stage.send()
        publish("metrics")
        stage.environment["TWITTER_BEARER_TOKEN"] = "app-bearer-token"
        found = checks(publish)["twitter.acme quota"]
        assert "1 of 2,000,000 posts read this month by the app" in found["message"]
        stage.environment["TWITTER_BEARER_TOKEN"] = "app-bearer-that-is-dead"
        found = checks(publish, code=1)
        assert found["twitter.acme quota"]["level"] == "red"
        assert found["twitter.acme"]["level"] == "ok"
        assert "that-is-dead" not in publish.out


class TestMoney:
    @pytest.mark.parametrize(
        ("budget", "level", "code"), [("5.00", "ok", 0), ("0.24", "warning", 0), ("0.20", "red", 1)]
    )
    def test_what_was_spent_this_month_stands_against_the_budget(
        self, publish: Runner, stage: Stage, budget: str, level: str, code: int
    ) -> None:
        stage.send()
        setting(stage, "        twitter:\n", f"        twitter:\n          budget: {budget}\n")
        found = checks(publish, code=code)["twitter costs"]
        assert found["level"] == level
        looked = budget != "0.20"  # a look costs a cent, which that budget does not cover
        assert f"{'0.21' if looked else '0.20'} of the {budget} USD" in found["message"]
        assert ("0.01 USD of it for reading" in found["message"]) is looked

    def test_without_a_budget_it_is_told_all_the_same(self, publish: Runner, stage: Stage) -> None:
        stage.send()
        assert checks(publish)["twitter costs"]["message"] == (
            "0.21 USD this month (0.01 USD of it for reading and deleting); no budget is set"
        )


class TestPosts:
    def test_what_may_be_out_is_red(self, publish: Runner, stage: Stage) -> None:
        stage.fakes["twitter"].inject("lose")
        stage.fakes["twitter"].inject("drop", on="list", times=9)
        stage.send()
        stage.fakes["twitter"].mend()
        found = checks(publish, code=1)
        assert found["may be out"]["next"] == "publish reconcile"
        assert "hp7.twitter.acme" in found["may be out"]["message"]

    def test_what_nobody_sent_is_overdue(self, publish: Runner, stage: Stage) -> None:
        stage.send()
        stage.posts["hp8.md"] = (
            POST.replace("hp7", "hp8").replace("honest-pricing", "next").replace("-24\n", "-25\n")
        )
        stage.write()
        deployed(stage, "hp7", "hp8")
        stage.clock.move(timedelta(hours=14, minutes=30))
        assert "overdue" not in checks(publish)
        stage.clock.move(timedelta(hours=3))
        found = checks(publish)["overdue"]
        assert found["level"] == "warning"
        assert found["next"] == "publish send"
        assert "hp8.linkedin.acme" in found["message"]

    def test_mistakes_are_counted(self, publish: Runner, stage: Stage) -> None:
        stage.posts["bad.md"] = (
            POST.replace("hp7", "hp8").replace("honest-pricing", "x").replace("dana", "nobody")
        )
        stage.write()
        deployed(stage, "hp7", "hp8")
        assert checks(publish)["posts"]["next"] == "publish check"


class TestIntake:
    """What was accepted and is not everywhere yet."""

    @pytest.fixture
    def outbox(self, stage: Stage) -> Iterator[Outbox]:
        with open_store(stage.folder / ".byline") as store:
            yield Outbox(store, clock=stage.clock, what=("keep", "mail.1"), spam=("keep",))

    def test_where_no_form_ever_came_in_nothing_is_said_or_made(self, publish: Runner, stage: Stage) -> None:
        assert "intake" not in checks(publish)
        assert not (stage.folder / ".byline" / "private.db").exists()
        with open_store(stage.folder / ".byline"):  # somebody else's tables alone
            pass
        assert "intake" not in checks(publish)

    def test_what_is_under_way_fails_or_lies_there(
        self, publish: Runner, stage: Stage, outbox: Outbox
    ) -> None:
        assert checks(publish)["intake"]["message"] == "every lead was handed on"
        outbox.add_lead(Lead(id="a", at=NOW, email="ann@firm.example"))
        outbox.add_lead(Lead(id="s", at=NOW, email="x@spam.example"), aside="a link stands in the name")
        fresh = checks(publish)["intake"]
        assert (fresh["level"], "2 leads under way" in fresh["message"]) == ("ok", True)
        assert "1 set aside as spam" in fresh["message"]
        stage.clock.move(timedelta(hours=2))
        lying = checks(publish)["intake"]
        assert (lying["level"], "the intake does not run" in lying["message"]) == ("warning", True)
        assert "the oldest for 2 hours" in lying["message"]
        while (errand := outbox.take()) is not None:
            if errand.what == "keep":
                outbox.done(errand)
            else:
                outbox.failed(errand, "the mail server did not take it", retry_at=NOW + timedelta(days=9))
        failing = checks(publish)["intake"]
        assert (failing["level"], "--hand-on" in failing["next"]) == ("warning", True)
        assert "mail.1: 1 lead (the mail server did not take it)" in failing["message"]
        assert "ann@" not in publish.out
        stage.clock.move(timedelta(days=1))
        assert checks(publish, code=1)["intake"]["level"] == "red"


class TestCrm:
    """The vendor's own driver says what is wrong with it; the embedded store is looked at all the same."""

    @pytest.fixture
    def crm(self, stage: Stage) -> Iterator[Fake]:
        case = hubspot.CASES[0]
        with case.fake(stage.clock) as fake:
            block = case.block.replace("{api}", fake.url).replace("\n", ", ")
            setting(stage, "      channels:\n", f"      crm: {{{block}}}\n      channels:\n")
            stage.environment |= case.environment
            yield fake

    def test_its_driver_is_asked(self, publish: Runner, stage: Stage, crm: Fake) -> None:
        found = checks(publish, code=publish("doctor"))
        assert found["HubSpot"]["message"]
        assert found["leads"]["message"] == "none has come yet"
        assert crm.calls
        assert not any(call.method in ("PATCH", "PUT", "DELETE") for call in crm.calls)

    def test_leads_that_the_crm_does_not_have_are_told(
        self, publish: Runner, stage: Stage, crm: Fake
    ) -> None:
        with LocalCrm(stage.folder / ".byline" / FILE, clock=stage.clock) as store:
            store.put_lead(Lead(id="a", at=NOW, email="ann@firm.example"))
            store.put_lead(Lead(id="b", at=NOW, email="b@firm.example", fields={"record": "77"}))
        stage.clock.move(timedelta(hours=3))
        told = checks(publish, code=publish("doctor"))["hubspot hand-on"]
        assert (told["level"], told["next"].partition(",")[0]) == ("warning", "publish crm sync")
        assert told["message"] == "1 lead not in the CRM yet, the oldest for 3 hours"
        stage.clock.move(timedelta(days=1))
        assert checks(publish, code=1)["hubspot hand-on"]["level"] == "red"
        assert publish("crm", "setup", "--apply") == 0
        assert publish("crm", "sync") == 0
        done = checks(publish, code=publish("doctor"))["hubspot hand-on"]
        assert done["message"] == "every lead of ours is in the CRM; its outcomes were read 0 seconds ago"
        stage.clock.move(timedelta(days=8))
        old = checks(publish, code=publish("doctor"))["hubspot hand-on"]
        assert (old["level"], old["next"]) == ("warning", "publish crm sync")

    def test_a_dead_token_is_one_red_line(self, publish: Runner, stage: Stage, crm: Fake) -> None:
        stage.environment["HUBSPOT_ACCESS_TOKEN"] = "pat-eu1-dead-token"
        found = checks(publish, code=1)
        assert found["HubSpot"]["level"] == "red"
        assert found["HubSpot"]["next"]
        assert found["linkedin.acme"]["level"] == "ok"
        assert "pat-eu1-dead" not in publish.out

    def test_a_driver_that_breaks_hides_nothing(
        self, publish: Runner, crm: Fake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(self: object) -> object:
            raise KeyError("surprise")

        monkeypatch.setattr(registry.crm("hubspot"), "health", broken)
        found = checks(publish, code=1)
        assert "KeyError" in found["hubspot"]["message"]
        assert found["leads"]["level"] == found["clock"]["level"] == "ok"


class TestSite:
    def test_a_public_post_that_is_not_live(self, publish: Runner, stage: Stage) -> None:
        deployed(stage)
        found = checks(publish)["live site"]
        assert found["level"] == "warning"
        assert "1 public post: hp7" in found["message"]

    @pytest.mark.parametrize(
        ("feed", "body", "words"),
        [
            ("feed.xml", "<rss><channel></rss>", "broken XML (line 1)"),
            ("feed.xml", "<html></html>", "no feed (`<html>`)"),
            ("atom.xml", "<rss></rss>", "no feed"),
            ("feed.json", "{}", "no JSON Feed"),
            ("feed.json", "<html>", "no JSON Feed"),
        ],
    )
    def test_a_broken_feed(self, publish: Runner, stage: Stage, feed: str, body: str, words: str) -> None:
        stage.pages.shown[f"/{feed}"] = body
        found = checks(publish, code=1)
        assert words in found[feed]["message"]
        assert sum(item["level"] == "red" for item in found.values()) == 1

    def test_a_site_without_a_manifest(self, publish: Runner, stage: Stage) -> None:
        del stage.pages.shown["/byline.json"]
        assert "answered 404" in checks(publish, code=1)["live site"]["message"]


class TestClock:
    @pytest.mark.parametrize(
        ("skew", "level", "words"),
        [(30, "ok", "agrees"), (120, "warning", "ahead"), (-120, "warning", "behind"), (600, "red", "ahead")],
    )
    def test_the_machine_is_compared_with_the_services(
        self, publish: Runner, stage: Stage, skew: int, level: str, words: str
    ) -> None:
        for fake in (*stage.fakes.values(), stage.pages):
            fake.clock = FixedClock(stage.clock.now() - timedelta(seconds=skew))
        found = publish.json("doctor", code=1 if level == "red" or abs(skew) >= 300 else publish("doctor"))
        (clock,) = (item for item in found["checks"] if item["about"] == "clock")
        assert clock["level"] == level
        assert words in clock["message"]

    def test_one_service_with_a_wrong_clock_is_its_own_trouble(self, publish: Runner, stage: Stage) -> None:
        stage.pages.clock = FixedClock(stage.clock.now() - timedelta(days=3))
        assert checks(publish)["clock"]["level"] == "ok"


def test_the_table_fits_a_terminal_and_every_red_line_has_a_next_step(publish: Runner, stage: Stage) -> None:
    stage.environment.clear()
    stage.pages.shown.clear()
    assert publish("doctor") == 1
    lines = publish.out.splitlines()
    wide = [
        line for line in lines if sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) > 100
    ]
    assert wide == []
    assert lines[-1].startswith("6 red")
    assert sum("next:" in line for line in lines) == 6
    assert command.WIDTH <= 100


def test_failing_is_red_or_too_few_days() -> None:
    fine = Finding(about="a", level="ok", message="")
    short = Finding(about="a", level="ok", message="", days=9)
    assert not failed([fine, short])
    assert not failed([short], 9)
    assert failed([short], 10)
    assert failed([Finding(about="a", level="red", message="")])
