"""The commands that plan, send, look and settle: their output, their JSON, their exit codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from byline.cli import main
from byline.planning import Asked
from byline.sending import Wishes
from byline.testing import linkedin, twitter
from stage import Stage
from support import POST

LINKEDIN = ("linkedin", linkedin.CASES[0])
TWITTER = ("twitter", twitter.CASES[0])
FIELDS = {
    "id",
    "post",
    "channel",
    "account",
    "state",
    "due",
    "text",
    "link",
    "card",
    "reason",
    "cost",
    "url",
    "remote_id",
}
MADE = "hp7.linkedin.acme"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, LINKEDIN, TWITTER) as stage:
        yield stage


class Publish:
    """Runs a command; `out`, `err` and `code` are what it said."""

    def __init__(self, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        self.stage, self.capsys = stage, capsys

    def __call__(self, *words: str, **environment: str) -> int:
        app = self.stage.app()
        app.environment = {**app.environment, **environment}
        with pytest.raises(SystemExit) as stop:
            main(["-f", str(self.stage.folder / "mkdocs.yml"), *words], app=app)
        self.out, self.err = self.capsys.readouterr()
        code = stop.value.code
        assert isinstance(code, int)
        return code

    def json(self, *words: str, code: int = 0) -> dict[str, Any]:
        assert self(*words, "--json") == code
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


@pytest.fixture
def publish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Publish:
    return Publish(stage, capsys)


def by_id(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in value["deliveries"]}


def made(stage: Stage) -> int:
    return sum(len(fake.made) for fake in stage.fakes.values())


class TestPlan:
    def test_its_json_holds_every_promised_field(self, publish: Publish, stage: Stage) -> None:
        value = publish.json("plan")
        assert len(value["hash"]) == 64
        item = by_id(value)[MADE]
        assert item.keys() >= FIELDS
        assert item["state"] == "due"
        assert item["due"] == "2026-11-24T00:00:00+01:00"
        assert item["text"] == "What 40 renewals taught us about raising prices."
        assert item["link"].startswith(stage.pages.url)
        assert item["card"].startswith(f"{stage.pages.url}/assets/cards/hp7-")
        assert (item["url"], item["remote_id"], item["reason"]) == ("", "", "")
        assert by_id(value)["hp7.twitter.acme"]["cost"] == 0.2

    def test_it_opens_no_connection_needs_no_token_and_writes_no_file(
        self, publish: Publish, stage: Stage
    ) -> None:
        stage.environment.clear()
        before = sorted(stage.folder.rglob("*"))
        assert publish("plan") == 0
        assert publish("plan", "--all") == 0
        assert sorted(stage.folder.rglob("*")) == before
        assert stage.pages.calls == []
        assert all(fake.calls == [] for fake in stage.fakes.values())

    def test_live_looks_at_the_page(self, publish: Publish, stage: Stage) -> None:
        assert publish("plan", "--live") == 0
        assert "live: 200" in publish.out
        assert stage.pages.attempts("page") == 1
        assert publish.json("plan", "--live")["live"]["hp7"]["ok"] is True

    def test_its_text_shows_words_card_link_time_and_cost(self, publish: Publish) -> None:
        publish("plan")
        assert "content/posts/hp7.md" in publish.out
        assert "      │ What 40 renewals taught us about raising prices." in publish.out
        assert "card: Pricing, the honest version" in publish.out
        assert "utm_content=hp7.linkedin.acme" in publish.out
        assert "about 0.20 USD" in publish.out
        assert "48 of 3000 characters" in publish.out
        assert "words: from the description" in publish.out
        assert "2 to send now" in publish.out
        assert "publish send" in publish.out

    def test_who_is_mentioned_stands_in_the_plan(self, publish: Publish, stage: Stage) -> None:
        share = "share:\n  twitter: Thanks @dana_r\n  linkedin: Thanks @dana_r\n---\nWe raised"
        stage.posts["hp7.md"] = POST.replace("---\nWe raised", share)
        stage.write()
        for form in ("text", "md", "html"):
            publish("plan", "--format", form)
            said = publish.out.replace("\\", "")  # Markdown's escapes
            assert "entions: @dana_r, who will be told so" in said
            assert "@dana_r mentions nobody: LinkedIn" in said
        items = by_id(publish.json("plan"))
        assert items["hp7.twitter.acme"]["mentions"] == ["@dana_r"]
        assert items["hp7.linkedin.acme"]["mentions"] == []
        assert "plain words" in items["hp7.linkedin.acme"]["warnings"][0]

    def test_the_hash_is_of_what_is_told_and_of_nothing_else(self, publish: Publish, stage: Stage) -> None:
        first = publish.json("plan")["hash"]
        assert publish.json("plan", "--all")["hash"] == first
        stage.clock.move(timedelta(days=-20))
        assert publish.json("plan")["hash"] == first
        stage.clock.move(timedelta(days=20))
        stage.send()
        assert publish.json("plan")["hash"] == first
        assert publish.json("status")["hash"] == first
        stage.posts["hp7.md"] = POST + "\nMore body.\n"
        stage.write()
        assert publish.json("plan")["hash"] == first
        stage.posts["hp7.md"] = POST.replace("What 40", "What forty")
        stage.write()
        assert publish.json("plan")["hash"] != first

    @pytest.mark.parametrize(
        "change",
        [
            "share:\n  at: 2026-11-25 09:00",
            "share:\n  linkedin: Other words",
            "share:\n  linkedin: {text: Hi, link: 'https://shop.example/'}",
            "share:\n  twitter: false",
            "image: assets/cover.png\nimage_alt: A cover",
        ],
    )
    def test_each_thing_told_changes_the_hash(self, publish: Publish, stage: Stage, change: str) -> None:
        from PIL import Image

        Image.new("RGB", (1200, 630), "#c2571a").save(stage.folder / "content/assets/cover.png")
        first = publish.json("plan")["hash"]
        stage.posts["hp7.md"] = POST.replace("categories: [Pricing]", f"categories: [Pricing]\n{change}")
        stage.write()
        assert publish.json("plan")["hash"] != first

    def test_all_lists_every_state(self, publish: Publish, stage: Stage) -> None:
        stage.posts["old.md"] = POST.replace("hp7", "old").replace("honest-pricing", "old").replace("2026-11-24", "2026-01-01")  # fmt: skip
        stage.write()
        assert "old.linkedin.acme" not in by_id(publish.json("plan"))
        item = by_id(publish.json("plan", "--all"))["old.linkedin.acme"]
        assert (item["state"], item["reason"]) == ("skipped", "baseline")
        stage.send()
        states = {name: item["state"] for name, item in by_id(publish.json("plan", "--all")).items()}
        assert states["old.linkedin.acme"] == "skipped"
        assert states[MADE] == "sent"
        assert publish.json("plan")["deliveries"] == []

    def test_a_draft_never_appears(self, publish: Publish, stage: Stage) -> None:
        stage.posts["hp7.md"] = POST.replace("title:", "draft: true\ntitle:")
        stage.write()
        assert publish.json("plan", "--all")["deliveries"] == []

    def test_to_takes_x_and_one_account(self, publish: Publish) -> None:
        assert list(by_id(publish.json("plan", "--to", "x"))) == ["hp7.twitter.acme"]
        assert list(by_id(publish.json("plan", "-t", "linkedin.acme"))) == [MADE]

    @pytest.mark.parametrize(
        ("words", "hint"),
        [
            (("--to", "linkdin"), "did you mean `linkedin`?"),
            (("--to", "linkedin.acne"), "did you mean `acme`?"),
            (("--profile", "quiet"), "known are none"),
            (("content/posts/nothing.md",), "no such file"),
        ],
    )
    def test_a_slip_is_named(self, publish: Publish, words: tuple[str, ...], hint: str) -> None:
        assert publish("plan", *words) == 2
        assert hint in publish.err

    def test_a_mistake_ends_with_5_and_its_place(self, publish: Publish, stage: Stage) -> None:
        stage.posts["hp7.md"] = POST.replace("categories:", "share:\n  twitter: 'Hi {titel}'\ncategories:")
        stage.write()
        assert publish("plan") == 5
        assert "content/posts/hp7.md:" in publish.err
        assert "{title}" in publish.err
        value = publish.json("plan", code=5)
        assert value["problems"][0]["code"] == "unknown-placeholder"
        assert by_id(value)[MADE]["state"] == "held"

    def test_markdown_cannot_be_broken_out_of(self, publish: Publish, stage: Stage) -> None:
        text = "Look:\n```\n</details> @everyone [x](http://evil.example)\n````"
        share = "share:\n  linkedin: |\n" + "".join(f"    {line}\n" for line in text.split("\n"))
        stage.posts["hp7.md"] = POST.replace("title: Pricing, the honest version", "title: 'A [b](c) @all <i>'").replace(
            "categories:", f"{share}categories:"
        )  # fmt: skip
        stage.write()
        assert publish("plan", "--format", "md") == 0
        assert f"`````text\n{text}\n`````" in publish.out
        assert "A \\[b\\]\\(c\\) \\@all \\<i\\>" in publish.out

    def test_html_is_escaped_and_stands_alone(self, publish: Publish, stage: Stage) -> None:
        stage.posts["hp7.md"] = POST.replace(
            "title: Pricing, the honest version", "title: '<script>alert(1)</script>'"
        )
        stage.write()
        assert publish("plan", "--format", "html") == 0
        assert "<script" not in publish.out
        assert "&lt;script&gt;" in publish.out
        assert "src=" not in publish.out
        assert re.search(r" · hash [0-9a-f]{64}</small>", publish.out)  # not a row of letters without a word

    def test_cards_are_pictures_where_the_reader_reaches_them(self, publish: Publish, stage: Stage) -> None:
        stage.posts["hp7.md"] = POST.replace(
            "title: Pricing, the honest version", "title: 'A \"><b>b</b> `x`'"
        )
        stage.write()
        cards = stage.folder / "out" / "cards"
        where = ("--cards", str(cards), "--cards-at", "https://pictures.example/5/")
        assert publish("plan", "--format", "md", *where) == 0
        shown = re.findall(r'^<img src="([^"]+)" alt="([^"]+)" width="400">$', publish.out, re.MULTILINE)
        assert shown
        written = {f"https://pictures.example/5/{file.name}" for file in cards.iterdir()}
        assert {address for address, _ in shown} == written
        assert {alt for _, alt in shown} == {"Card: A &quot;&gt;&lt;b&gt;b&lt;/b&gt; `x`"}
        with Image.open(next(cards.iterdir())) as picture:
            assert picture.size == (1200, 630)

    def test_cards_beside_a_plan_are_found_from_it(self, publish: Publish, stage: Stage) -> None:
        (stage.folder / "out").mkdir()
        plan, cards = stage.folder / "out" / "plan.html", stage.folder / "cards"
        assert publish("plan", "--out", str(plan), "--cards", str(cards)) == 0
        (address,) = set(re.findall(r'<img src="([^"]+)"', plan.read_text(encoding="utf-8")))
        assert (plan.parent / address).resolve() == next(cards.iterdir())

    def test_a_folder_for_cards_that_cannot_be_is_said_in_words(self, publish: Publish, stage: Stage) -> None:
        assert publish("plan", "--cards-at", "https://pictures.example/") == 2
        assert "--cards FOLDER" in publish.err
        (stage.folder / "taken").write_text("")
        assert publish("plan", "--format", "md", "--cards", str(stage.folder / "taken" / "x")) == 2
        assert "cannot be written" in publish.err

    @pytest.mark.parametrize("name", ["plan.json", "plan.md", "plan.html", "plan.txt"])
    def test_out_writes_what_its_name_says(self, publish: Publish, stage: Stage, name: str) -> None:
        out = stage.folder / name
        assert publish("plan", "--out", str(out)) == 0
        text = out.read_text(encoding="utf-8")
        starts = {"plan.json": "{", "plan.md": "### ", "plan.html": "<!doctype", "plan.txt": "Plan for"}
        assert text.startswith(starts[name])
        assert "\x1b" not in text


class TestSend:
    def test_it_sends_once_and_says_so(self, publish: Publish, stage: Stage) -> None:
        assert publish("send") == 0
        assert "2 sent" in publish.out
        assert stage.fakes["linkedin"].made[0].url in publish.out
        assert publish("send") == 0
        assert publish.out.strip() == "nothing to send"
        assert made(stage) == 2

    def test_its_json(self, publish: Publish, stage: Stage) -> None:
        value = publish.json("send")
        item = by_id(value)[MADE]
        assert item.keys() >= FIELDS
        assert (item["state"], item["remote_id"]) == ("sent", stage.fakes["linkedin"].made[0].id)
        assert value["hash"] == publish.json("plan")["hash"]
        assert publish.json("send")["deliveries"] == []

    def test_no_secret_is_ever_shown(self, publish: Publish, stage: Stage) -> None:
        stage.fakes["linkedin"].inject("error_after")
        stage.fakes["twitter"].inject("unauthorized", on="any", times=9)
        publish("send")
        shown = (
            publish.out + publish.err + (stage.folder / ".byline/ledger.db").read_bytes().decode("latin-1")
        )
        for secret in stage.environment.values():
            assert secret not in shown

    @pytest.mark.parametrize(
        "environment",
        [
            {"GITHUB_EVENT_NAME": "pull_request"},
            {"GITHUB_EVENT_NAME": "pull_request_target"},
            {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF_NAME": "a-branch"},
            {"CI_PIPELINE_SOURCE": "merge_request_event"},
            {"CI_MERGE_REQUEST_IID": "7"},
            {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "a-branch", "CI_DEFAULT_BRANCH": "trunk"},
        ],
    )
    def test_what_is_not_merged_is_not_sent(
        self, publish: Publish, stage: Stage, environment: dict[str, str]
    ) -> None:
        assert publish("send", **environment) == 5
        assert "nothing is sent from here" in publish.err
        assert made(stage) == 0

    def test_the_default_branch_is_taken_from_the_event(self, publish: Publish, stage: Stage) -> None:
        event = stage.folder / "event.json"
        event.write_text(json.dumps({"repository": {"default_branch": "trunk"}}))
        here = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(event)}
        assert publish("send", **here, GITHUB_REF_NAME="main") == 5
        assert publish("send", **here, GITHUB_REF_NAME="trunk") == 0
        assert made(stage) == 2

    def test_a_late_delivery_must_be_one(self, publish: Publish) -> None:
        assert publish("send", "--late", "hp7.linkedin.acne") == 2
        assert "did you mean hp7.linkedin.acme?" in publish.err

    def test_old_posts_are_told_of(self, publish: Publish, stage: Stage) -> None:
        stage.posts["old.md"] = POST.replace("hp7", "old").replace("honest-pricing", "old").replace("2026-11-24", "2026-01-01")  # fmt: skip
        stage.write()
        assert publish("send") == 0
        assert "2 old posts from before sending began here: not sent" in publish.out

    def test_too_many_stop_with_5(self, publish: Publish, stage: Stage) -> None:
        stage.more = "max_per_run: 1"
        stage.write()
        assert publish("send") == 5
        assert "--max" in publish.err
        value = publish.json("send", code=5)
        assert {item["state"] for item in value["deliveries"]} == {"due"}
        assert "2 posts are due" in value["error"]
        assert publish("send", "--max", "1") == 0
        assert made(stage) == 1


class TestApproved:
    @pytest.fixture
    def kept(self, publish: Publish, stage: Stage) -> Path:
        file = stage.folder / "plan.json"
        assert publish("plan", "--out", str(file)) == 0
        return file

    def test_the_same_plan_is_sent(self, publish: Publish, stage: Stage, kept: Path) -> None:
        stage.clock.move(timedelta(hours=1))
        assert publish("send", "--plan", str(kept), "--max", "1") == 0
        assert publish("send", "--plan", str(kept)) == 0
        assert made(stage) == 2
        assert publish("send", "--plan", str(kept)) == 0

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("What 40", "What forty", "hp7.linkedin.acme: text: approved “What 40"),
            ("slug: honest-pricing", "slug: other", "hp7.linkedin.acme: link: approved"),
            (
                "categories:",
                "share:\n  at: 2026-11-24 08:00\ncategories:",
                "hp7.linkedin.acme: time: approved",
            ),
            ("title: Pricing", "title: Prices", "hp7.linkedin.acme: card: approved"),
            ("categories:", "share:\n  linkedin: false\ncategories:", "no longer asks for it"),
        ],
    )
    def test_a_difference_is_refused_and_readable(
        self, publish: Publish, stage: Stage, kept: Path, old: str, new: str, told: str
    ) -> None:
        stage.posts["hp7.md"] = POST.replace(old, new)
        stage.write()
        assert publish("send", "--plan", str(kept)) == 5
        assert told in publish.err
        assert made(stage) == 0

    def test_a_post_that_came_later_is_not_approved(self, publish: Publish, stage: Stage, kept: Path) -> None:
        stage.posts["new.md"] = POST.replace("hp7", "new").replace("honest-pricing", "new")
        stage.write()
        assert publish("send", "--plan", str(kept)) == 5
        assert "new.linkedin.acme: not in the approved plan" in publish.err

    @pytest.mark.parametrize("field", ["text", "link", "card"])
    def test_a_file_changed_by_hand_is_refused(
        self, publish: Publish, stage: Stage, kept: Path, field: str
    ) -> None:
        value = json.loads(kept.read_text())
        value["deliveries"][0][field] += "x"
        kept.write_text(json.dumps(value))
        assert publish("send", "--plan", str(kept)) == 5
        value["deliveries"][0][field] = value["deliveries"][0][field][:-1]
        value["hash"] = "0" * 64
        kept.write_text(json.dumps(value))
        assert publish("send", "--plan", str(kept)) == 5
        assert "changed by hand" in publish.err
        assert made(stage) == 0

    def test_a_file_that_is_no_plan(self, publish: Publish, kept: Path) -> None:
        kept.write_text("[]")
        assert publish("send", "--plan", str(kept)) == 2
        assert "is not a plan that can be sent" in publish.err


class TestUnclear:
    @pytest.fixture
    def unclear(self, publish: Publish, stage: Stage) -> str:
        stage.fakes["twitter"].inject("drop")
        assert publish("send") == 4
        assert "may be out" in publish.out
        return "hp7.twitter.acme"

    def test_status_names_it_first_with_the_next_command(self, publish: Publish, unclear: str) -> None:
        assert publish("status") == 4
        lines = publish.out.splitlines()
        assert lines[0] == "May be out: please look"
        assert lines[1].endswith(f"next: publish reconcile {unclear}")
        value = publish.json("status", code=4)
        assert value["deliveries"][0]["id"] == unclear
        assert value["deliveries"][0]["state"] == "unknown"
        assert {item["state"] for item in value["deliveries"]} == {"unknown", "sent"}

    def test_it_is_handed_to_the_person_it_belongs_to(
        self, publish: Publish, stage: Stage, unclear: str
    ) -> None:
        settings = stage.folder / "mkdocs.yml"
        text = settings.read_text()
        assert text.count("accounts: {acme: {") == 2
        settings.write_text(text.replace("accounts: {acme: {", 'accounts: {acme: {owner: "@dana-reyes", '))
        file = stage.folder / "people.md"
        assert publish("status", "--handover", str(file)) == 4
        told = file.read_text(encoding="utf-8")
        assert told.startswith(
            f"### {unclear}\n\n@dana-reyes: please look at Twitter, account `acme`. Is this there?\n\n    "
        )
        assert f"`publish record {unclear} --url ADDRESS`" in told
        assert publish("status", "--handover", str(file), GITHUB_ACTIONS="true", GITHUB_SERVER_URL="https://github.com", GITHUB_REPOSITORY="acme/blog") == 4  # fmt: skip
        told = file.read_text(encoding="utf-8")
        assert "(https://github.com/acme/blog/actions/workflows/posted.yml)" in told
        assert (
            f"with `{unclear}` and `not there` in place of the address. It goes out with the next run."
            in told
        )
        assert publish("status", "--handover", str(file), GITLAB_CI="true", CI_PROJECT_URL="https://gitlab.com/acme/blog") == 4  # fmt: skip
        assert "(https://gitlab.com/acme/blog/-/pipelines/new)" in file.read_text(encoding="utf-8")
        assert {item["owner"] for item in publish.json("plan", "--all")["deliveries"]} == {"@dana-reyes"}
        settings.write_text(text.replace("accounts: {acme: {", 'accounts: {acme: {owner: "<b>\\n/close", '))
        assert publish("status", "--handover", str(file)) == 4
        assert "\nPlease look at" in file.read_text(encoding="utf-8")  # what is no name calls nobody
        assert publish("settle", unclear, "--not-sent") == 0
        publish("status", "--handover", str(file))
        assert file.read_text(encoding="utf-8").strip() == ""

    def test_every_run_ends_with_4_until_it_is_settled(self, publish: Publish, unclear: str) -> None:
        assert publish("send") == 4
        assert publish("send", "--to", "linkedin") == 4
        assert publish("reconcile") == 4
        assert f"publish settle {unclear} --not-sent" in publish.out

    def test_reconcile_finds_it(self, publish: Publish, stage: Stage) -> None:
        stage.fakes["twitter"].lag = timedelta(hours=1)
        stage.fakes["twitter"].inject("lose")
        assert publish("send") == 4
        stage.clock.move(timedelta(hours=2))
        value = publish.json("reconcile")
        (item,) = value["deliveries"]
        assert (item["state"], item["remote_id"]) == ("sent", stage.fakes["twitter"].made[0].id)
        assert publish("reconcile") == 0
        assert publish.out.strip() == "nothing is unclear"

    def test_a_person_says_that_it_is_not_out(self, publish: Publish, stage: Stage, unclear: str) -> None:
        assert publish("settle", unclear) == 2
        assert publish("settle", unclear, "--not-sent") == 0
        assert publish("settle", unclear, "--not-sent") == 2
        assert publish("send") == 0
        assert made(stage) == 2

    def test_a_person_says_where_it_is(self, publish: Publish, stage: Stage, unclear: str) -> None:
        url = "https://x.com/acme/status/1234567890"
        assert publish("record", unclear, "--url", url) == 0
        item = by_id(publish.json("status"))[unclear]
        assert (item["state"], item["url"]) == ("sent", url)
        assert publish("send") == 0
        assert made(stage) == 1


class TestRecord:
    def test_a_post_made_by_hand_is_never_sent(self, publish: Publish, stage: Stage) -> None:
        url = "https://www.linkedin.com/feed/update/urn:li:share:7000000000000000001"
        assert publish("record", MADE, "--url", url, "--at", "2026-11-24 09:30") == 0
        item = by_id(publish.json("status"))[MADE]
        assert (item["state"], item["url"], item["reason"]) == ("sent", url, "by hand")
        assert publish("send") == 0
        assert {name: len(fake.made) for name, fake in stage.fakes.items()} == {"linkedin": 0, "twitter": 1}
        assert publish("record", MADE, "--url", url) == 2
        assert "noted already" in publish.err

    def test_a_post_and_a_network_name_it_too(self, publish: Publish) -> None:
        url = "https://www.linkedin.com/feed/update/urn:li:share:7000000000000000001"
        assert publish("record", "hp7", "--url", url) == 2
        assert "hp7.linkedin.acme, hp7.twitter.acme" in publish.err
        assert publish("record", "hp7", "--to", "linkedin", "--url", url) == 0

    def test_slips(self, publish: Publish, stage: Stage) -> None:
        assert publish("record", "hp7.linkedin.acne", "--url", "https://x.com/a/status/1") == 2
        assert "did you mean hp7.linkedin.acme?" in publish.err
        assert publish("record", MADE, "--url", "not an address") == 2
        assert publish("record", MADE, "--url", f"{stage.pages.url}/posts/honest-pricing/") == 2
        assert "your own site" in publish.err
        assert publish("record", MADE, "--url", "https://x.com/a/status/1") == 2
        assert "does not look like a post there" in publish.err
        here = ("record", "hp7.twitter.acme", "--url", "https://x.com/a/status/1")
        assert publish(*here, "--at", "2026-03-29 02:30") == 2
        assert "does not exist" in publish.err


def test_status_of_a_vanished_post_and_account(publish: Publish, stage: Stage) -> None:
    stage.send()
    (stage.folder / "content/posts/hp7.md").unlink()
    items = by_id(publish.json("status"))
    assert {item["state"] for item in items.values()} == {"sent"}
    assert items[MADE]["title"] == "Pricing, the honest version"
    assert publish("status") == 0
    assert stage.fakes["linkedin"].made[0].url in publish.out


def test_status_tells_what_is_late(publish: Publish, stage: Stage) -> None:
    stage.send()
    stage.posts["two.md"] = POST.replace("hp7", "two").replace("honest-pricing", "two").replace(
        "date: 2026-11-24", "date: 2026-11-19\nshare:\n  at: 2026-11-20 09:00"
    )  # fmt: skip
    stage.write()
    assert publish("status") == 0
    assert "publish send --late two.linkedin.acme" in publish.out
    assert publish("send", "--late", "two.linkedin.acme") == 0
    assert len(stage.fakes["linkedin"].made) == 2
    assert stage.send(Wishes(asked=Asked())).nothing_to_send


def test_on_a_terminal_it_asks_once(publish: Publish, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import click

    asked: list[str] = []

    def answer(value: bool) -> Callable[..., bool]:
        return lambda text, **_: bool(asked.append(text)) or value

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", answer(False))
    assert publish("send") == 5
    assert made(stage) == 0
    monkeypatch.setattr(click, "confirm", answer(True))
    assert publish("send") == 0
    assert asked == ["Send 2 posts now (1 on LinkedIn, 1 on Twitter)?"] * 2
    assert publish("send") == 0
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("plan", "--to", "linkedn"), 2),
        (("plan", "content/posts/nothing.md"), 2),
        (("plan", "--bogus"), 2),
        (("send", "--plan", "nothing.json"), 2),
        (("send", "--late", "nothing.linkedin.acme"), 2),
        (("record", "hp7.linkedin.acme", "--url", "nothing"), 2),
        (("reconcile", "nothing.linkedin.acme"), 2),
    ],
)
def test_whoever_asks_for_json_gets_json(publish: Publish, words: tuple[str, ...], code: int) -> None:
    value = publish.json(*words, code=code)
    assert (value["deliveries"], value["hash"]) == ([], "")
    assert value["error"]
    assert publish.err


def test_json_of_settings_that_cannot_be_read(publish: Publish, stage: Stage) -> None:
    file = stage.folder / "mkdocs.yml"
    file.write_text(file.read_text("utf-8").replace("timezone:", "timezon:"), encoding="utf-8")
    for command in ("plan", "send", "status", "reconcile"):
        value = publish.json(command, code=2)
        assert {problem["key"] for problem in value["problems"]} >= {"byline.timezon"}
        assert value["deliveries"] == []


def test_json_of_a_send_that_is_refused_here(publish: Publish) -> None:
    assert publish("send", "--json", GITHUB_ACTIONS="true", GITHUB_EVENT_NAME="pull_request") == 5
    assert json.loads(publish.out)["deliveries"] == []


def test_the_file_may_be_named_after_the_command(
    stage: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (
        ["plan", "--json", "-f", f"{stage.folder}/mkdocs.yml"],
        ["check", f"--file={stage.folder}/mkdocs.yml"],
    ):
        with pytest.raises(SystemExit) as stop:
            main(words, app=stage.app())
        assert stop.value.code == 0, capsys.readouterr()


def test_the_plan_shows_lengths_and_what_was_left_out(stage: Stage, publish: Publish) -> None:
    sentence = "We raised prices on forty renewals and three customers left. "
    long = "What 40 renewals taught us about raising prices."
    stage.posts["hp7.md"] = POST.replace(long, (sentence * 6).strip())
    stage.write()
    publish("plan")
    assert "365 of 3000 characters" in publish.out  # nothing is cut there, and nothing said
    assert publish.out.count("left out") == 1
    assert "267 of 280 characters" in publish.out
    assert "words: from the description; left out: “We raised prices on forty renewals" in publish.out
    publish("plan", "--format", "md")
    assert publish.out.count("Left out: “We raised prices") == 1
    publish("plan", "--format", "html")
    assert publish.out.count("left out: “We raised prices") == 1
