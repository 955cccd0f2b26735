"""`publish retract` and `publish edit`: what is out is taken away or said in other words, and never sent again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from byline import registry
from byline.ledger.base import replay
from byline.sending import Wishes
from byline.testing import linkedin, mastodon, twitter
from byline.testing.server import Case
from stage import Runner, Stage, cases
from support import POST

PAGE, MEMBER = linkedin.CASES
(SERVER,) = mastodon.CASES
(TWEETS,) = twitter.CASES
WRITTEN = POST.replace("---\nWe raised", "share:\n  {name}: {words}\n---\nWe raised")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, ("linkedin", PAGE), ("mastodon", SERVER)) as stage:
        yield stage


@pytest.fixture
def publish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(stage, capsys)


def words(stage: Stage, name: str, text: str) -> None:
    stage.posts["hp7.md"] = WRITTEN.format(name=name, words=text)
    stage.write()


@pytest.mark.parametrize(("name", "case"), cases(), ids=lambda value: str(value))
class TestEveryNetwork:
    def test_a_post_is_deleted_and_never_sent_again(
        self, name: str, case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with Stage(tmp_path, (name, case)) as stage:
            publish = Runner(stage, capsys)
            stage.send()
            assert len(stage.fake.posts) == 1
            if registry.channel(name).caps.delete:
                assert publish("retract", f"hp7.{name}.acme", "--yes") == 0
                assert stage.fake.posts == ()
            else:
                assert publish("retract", f"hp7.{name}.acme", "--yes") == 1
                assert "lets no program delete" in publish.out
                assert publish("retract", f"hp7.{name}.acme", "--by-hand") == 0
            assert stage.one().state == "retracted"
            stage.posts["hp7.md"] = POST.replace("What 40", "What forty")
            stage.write()
            assert publish("send", "--yes", "--backfill", "--retry", "--late", f"hp7.{name}.acme") == 0
            assert len(stage.fake.made) == 1
            assert publish("retract", "hp7", "--yes") == 0
            assert "nothing of it is out" in publish.out

    def test_new_words_are_shown_and_go_out_where_the_network_can(
        self, name: str, case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with Stage(tmp_path, (name, case)) as stage:
            publish = Runner(stage, capsys)
            words(stage, name, "Three customers leeft.")
            stage.send()
            (before,) = stage.fake.posts
            words(stage, name, "Three customers left.")
            can = registry.channel(name).caps.edit
            assert publish("edit", f"hp7.{name}.acme", "--yes") == (0 if can else 2)
            (after,) = stage.fake.posts
            assert after.id == before.id
            assert len(stage.fake.made) == 1
            if can:
                assert "leeft" in publish.out
                assert "Three customers left." in publish.out
                assert after.text == before.text.replace("leeft", "left")
                assert after.link == before.link
                assert stage.one().text[0].startswith("Three customers left.")
                assert publish("edit", f"hp7.{name}.acme", "--yes") == 0
                assert "the same" in publish.out
            else:
                assert "cannot be changed" in publish.err
                assert f"publish retract hp7.{name}.acme" in publish.err
            assert publish("send", "--yes") == 0
            assert len(stage.fake.made) == 1


class TestRetract:
    def test_a_file_names_all_its_accounts_and_to_narrows_them(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        path = str(stage.folder / "content/posts/hp7.md")
        rows = publish.json("retract", path, "--to", "mastodon", "--yes")["deliveries"]
        assert [(row["id"], row["state"], row["done"]) for row in rows] == [
            ("hp7.mastodon.acme", "retracted", True)
        ]
        assert len(stage.fakes["linkedin"].posts) == 1
        rows = publish.json("retract", "hp7", "--yes")["deliveries"]
        assert [row["id"] for row in rows] == ["hp7.linkedin.acme"]
        assert stage.fakes["linkedin"].posts == ()

    def test_the_record_is_kept_with_everything_that_led_to_it(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        publish("retract", "hp7.linkedin.acme", "--yes")
        ledger = stage.ledger()
        try:
            events = ledger.history("hp7.linkedin.acme")
            record = ledger.get("hp7.linkedin.acme")
        finally:
            ledger.close()
        assert events[-1].kind == "retracted"
        assert record is not None
        assert record.head is not None
        assert replay(events)[record.id] == record

    def test_nobody_to_ask_and_no_yes_deletes_nothing(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        assert publish("retract", "hp7") == 2
        assert "--yes" in publish.err
        assert len(stage.fakes["linkedin"].posts) == 1

    def test_a_pull_request_deletes_nothing(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        assert publish("retract", "hp7", "--yes", GITHUB_EVENT_NAME="pull_request") == 5
        assert len(stage.fakes["linkedin"].posts) == 1

    def test_a_post_gone_from_the_content_is_found_by_its_old_path(
        self, stage: Stage, publish: Runner
    ) -> None:
        stage.send()
        (stage.folder / "content/posts/hp7.md").unlink()
        assert publish("retract", "content/posts/hp7.md", "--yes") == 0
        assert stage.fakes["mastodon"].posts == ()

    def test_one_networks_failure_leaves_the_other_and_is_told(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        stage.fakes["linkedin"].inject("unauthorized", on="delete")
        assert publish("retract", "hp7", "--yes") == 3
        assert "! hp7.linkedin.acme" in publish.out
        assert "LINKEDIN_ACCESS_TOKEN" in publish.out
        assert "--by-hand" in publish.out
        assert "- hp7.mastodon.acme" in publish.out
        assert stage.states()["hp7.linkedin.acme"] == "sent"
        assert publish("retract", "hp7", "--yes") == 0
        assert stage.fakes["linkedin"].posts == ()

    def test_alone_it_ends_with_1(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        stage.fakes["linkedin"].inject("limited", on="delete")
        assert publish("retract", "hp7.linkedin.acme", "--yes") == 1

    @pytest.mark.parametrize("fault", ["lose", "drop", "error_after"])
    def test_a_lost_answer_is_told_as_unclear_and_asking_again_is_safe(
        self, stage: Stage, publish: Runner, fault: str
    ) -> None:
        stage.send()
        stage.fakes["mastodon"].inject(fault, on="delete")  # type: ignore[arg-type]
        assert publish("retract", "hp7.mastodon.acme", "--yes") == 1
        assert "may be deleted or not" in publish.out
        assert "publish retract hp7.mastodon.acme" in publish.out
        assert publish("retract", "hp7.mastodon.acme", "--yes") == 0
        assert stage.fakes["mastodon"].posts == ()

    def test_what_may_be_out_is_looked_for_first(self, stage: Stage, publish: Runner) -> None:
        stage.fakes["mastodon"].inject("lose")
        stage.fakes["mastodon"].inject("drop", on="list", times=9)
        stage.fakes["mastodon"].inject("drop", times=9)
        stage.send()
        assert stage.states()["hp7.mastodon.acme"] == "unknown"
        assert publish("retract", "hp7.mastodon.acme", "--yes") == 4
        assert "publish reconcile hp7.mastodon.acme" in publish.out
        assert len(stage.fakes["mastodon"].posts) == 1

    def test_what_was_never_sent_is_no_delivery(self, publish: Runner) -> None:
        assert publish("retract", "hp7.mastodon.acme", "--yes") == 2
        assert "publish status" in publish.err
        assert publish("retract", "hp7", "--yes") == 0
        assert publish("retract", "nothing-like-it", "--yes") == 2

    def test_a_persons_own_deletion_is_noted_and_calls_nobody(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        calls = len(stage.fakes["linkedin"].calls)
        assert publish("retract", "hp7", "--by-hand") == 2
        assert publish("retract", "hp7.linkedin.acme", "--by-hand") == 0
        assert len(stage.fakes["linkedin"].calls) == calls
        assert stage.one_of("hp7.linkedin.acme").reason == "taken back by hand"

    def test_a_post_made_by_hand_is_deleted_by_hand(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        case = Case(name="by hand", fake=PAGE.fake, environment={}, account="{mode: manual}")
        with Stage(tmp_path, ("linkedin", case)) as stage:
            publish = Runner(stage, capsys)
            url = "https://www.linkedin.com/feed/update/urn:li:share:7"
            assert publish("record", "hp7.linkedin.acme", "--url", url) == 0
            assert publish("retract", "hp7", "--yes") == 1
            assert f"delete it at {url}" in publish.out
            assert "publish retract hp7.linkedin.acme --by-hand" in publish.out
            assert publish("edit", "hp7.linkedin.acme", "--yes") == 2
            assert publish("retract", "hp7.linkedin.acme", "--by-hand") == 0
            assert stage.one().state == "retracted"


class TestThreads:
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[Stage]:
        posts = {"hp7.md": WRITTEN.format(name="mastodon", words="[One., Two., Three.]")}
        with Stage(tmp_path, ("mastodon", SERVER), posts=posts) as stage:
            stage.send(Wishes())
            assert len(stage.fake.posts) == 3
            yield stage

    def test_all_parts_go_the_last_one_first(self, stage: Stage, publish: Runner) -> None:
        assert publish("retract", "hp7", "--yes") == 0
        assert stage.fake.posts == ()
        order = [call.path.rpartition("/")[2] for call in stage.fake.calls if call.kind == "delete"]
        assert order == [post.id for post in reversed(stage.fake.made)]

    def test_what_is_left_after_a_failure_goes_with_the_next(self, stage: Stage, publish: Runner) -> None:
        second = stage.fake.made[1].id
        taken = type(stage.fake).handle
        refused: list[str] = []

        def handle(call):  # type: ignore[no-untyped-def]
            from byline.testing.server import answer

            if call.method == "DELETE" and call.path.endswith(second) and not refused:
                refused.append(call.path)
                return answer(422, {"error": "no"})
            return taken(stage.fake, call)

        stage.fake.handle = handle  # type: ignore[method-assign]
        assert publish("retract", "hp7", "--yes") == 3
        assert "1 of 3 parts are deleted" in publish.out
        assert stage.one().state == "sent"
        assert publish("retract", "hp7", "--yes") == 0
        assert stage.fake.posts == ()

    def test_only_parts_that_differ_are_changed(self, stage: Stage, publish: Runner) -> None:
        words(stage, "mastodon", "[One., Two!, Three.]")
        assert publish("edit", "hp7.mastodon.acme", "--yes") == 0
        assert stage.fake.attempts("edit") == 1
        assert [post.text for post in stage.fake.posts][1:] == ["Two!", "Three."]

    def test_parts_cannot_be_added(self, stage: Stage, publish: Runner) -> None:
        words(stage, "mastodon", "[One., Two.]")
        assert publish("edit", "hp7.mastodon.acme", "--yes") == 2
        assert "3 part(s) and now has 2" in publish.err

    def test_what_was_changed_before_a_failure_is_kept(self, stage: Stage, publish: Runner) -> None:
        words(stage, "mastodon", "[One!, Two!, Three!]")
        real = type(stage.fake).kind_of
        seen: list[str] = []

        def kind_of(call):  # type: ignore[no-untyped-def]
            kind = real(stage.fake, call)
            if kind == "edit":
                seen.append(call.path)
            return "second" if kind == "edit" and len(seen) == 2 else kind

        stage.fake.kind_of = kind_of  # type: ignore[method-assign]
        stage.fake.inject("error_before", on="second")
        assert publish("edit", "hp7.mastodon.acme", "--yes") == 3
        assert [text.partition(" ")[0] for text in stage.one().text] == ["One!", "Two.", "Three."]
        assert publish("edit", "hp7.mastodon.acme", "--yes") == 0
        assert [post.text.partition(" ")[0] for post in stage.fake.posts] == ["One!", "Two!", "Three!"]


class TestEdit:
    def test_it_asks_before_people_see_anything(self, stage: Stage, publish: Runner) -> None:
        words(stage, "linkedin", "Three customers leeft.")
        stage.send()
        words(stage, "linkedin", "Three customers left.")
        assert publish("edit", "hp7.linkedin.acme") == 2
        assert "--yes" in publish.err
        assert stage.fakes["linkedin"].posts[0].text == "Three customers leeft."

    def test_the_history_keeps_the_old_words_too(self, stage: Stage, publish: Runner) -> None:
        words(stage, "linkedin", "Three customers leeft.")
        stage.send()
        words(stage, "linkedin", "Three customers left.")
        row = publish.json("edit", "hp7.linkedin.acme", "--yes")["deliveries"][0]
        assert (row["old"], row["new"], row["state"]) == (
            ["Three customers leeft."],
            ["Three customers left."],
            "sent",
        )
        ledger = stage.ledger()
        try:
            told = [event.intent.text for event in ledger.history("hp7.linkedin.acme") if event.intent]
        finally:
            ledger.close()
        assert told == [("Three customers leeft.",), ("Three customers left.",)]

    def test_words_that_are_too_long_change_nothing(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        words(stage, "mastodon", "long " * 120)
        assert publish("edit", "hp7.mastodon.acme", "--yes") == 2
        assert "500" in publish.err
        assert stage.fakes["mastodon"].attempts("edit") == 0

    def test_a_title_alone_changes_no_words_and_it_says_that_the_card_stays(
        self, stage: Stage, publish: Runner
    ) -> None:
        stage.send()
        stage.posts["hp7.md"] = POST.replace("the honest version", "the true version")
        stage.write()
        assert publish("edit", "hp7.linkedin.acme", "--yes") == 0
        assert "the same" in publish.out
        assert "card" in publish.out
        assert stage.fakes["linkedin"].attempts("edit") == 0

    def test_a_lost_answer_can_be_asked_again(self, stage: Stage, publish: Runner) -> None:
        words(stage, "linkedin", "Three customers leeft.")
        stage.send()
        words(stage, "linkedin", "Three customers left.")
        stage.fakes["linkedin"].inject("lose", on="edit")
        assert publish("edit", "hp7.linkedin.acme", "--yes") == 1
        assert "may be changed or not" in publish.err
        assert publish("edit", "hp7.linkedin.acme", "--yes") == 0
        assert stage.fakes["linkedin"].posts[0].text == "Three customers left."

    def test_a_post_that_was_taken_back_is_not_edited(self, stage: Stage, publish: Runner) -> None:
        stage.send()
        publish("retract", "hp7", "--yes")
        words(stage, "linkedin", "Other.")
        assert publish("edit", "hp7.linkedin.acme", "--yes") == 2
        assert "taken back" in publish.err
