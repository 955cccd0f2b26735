"""`publish gitlab notes`: what a job of GitLab CI says, and with which exit code it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.testing import gitlab
from byline.testing.gitlab import File
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

TOKEN = "glpat-made-up-token"
Run = Callable[..., tuple[int, str, str]]
PLAN = {".byline/note/plan.json": b'{"deliveries": []}'}


@pytest.fixture
def fake() -> Iterator[gitlab.GitLab]:
    with gitlab.GitLab(FixedClock(NOW)) as server:
        server.allow(TOKEN)
        yield server


@pytest.fixture
def publish(tmp_path: Path, fake: gitlab.GitLab, capsys: pytest.CaptureFixture[str]) -> Run:
    here = SETTINGS.replace("https://insights.acme.example/", "http://127.0.0.1:9/")  # nobody answers there
    site = make_site(tmp_path / "site", settings=here, posts={"hp7.md": POST.replace("id: hp7\n", "")})

    def run(*words: str, **environment: str) -> tuple[int, str, str]:
        here = {
            "CI_API_V4_URL": fake.url,
            "CI_PROJECT_ID": "5",
            "CI_PIPELINE_SOURCE": "pipeline",
            "BYLINE_ISSUES_TOKEN": TOKEN,
            "GITLAB_CI": "true",
            **environment,
        }
        with pytest.raises(SystemExit) as stop:
            main(["-f", str(site), *words], app=App(clock=FixedClock(NOW), environment=here))
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        assert TOKEN not in out + err
        return stop.value.code, out, err

    return run


def test_each_merge_request_is_told_of(publish: Run, fake: gitlab.GitLab) -> None:
    assert publish("gitlab", "notes") == (0, "No merge request is open: nothing to do.\n", "")
    first, _ = fake.open(), fake.open()
    fake.check(first, PLAN)
    code, out, _ = publish("gitlab", "notes")
    assert (code, out) == (0, "!2  left as it is: it has no pipeline yet\n!1  a note was written\n")
    code, out, _ = publish("gitlab", "notes", "--json")
    wanted = {"iid": 1, "result": "same", "reason": "", "offered": 0}
    assert (code, json.loads(out)["merge_requests"][1]) == (0, wanted)


def test_what_failed_in_part_or_whole_is_told_apart(publish: Run, fake: gitlab.GitLab) -> None:
    for _ in range(2):
        fake.check(fake.open(), PLAN)
    fake.inject("error_before", on="note")
    code, out, _ = publish("gitlab", "notes")
    assert code == 3
    assert out.startswith("!2  could not be done: GitLab")
    assert out.endswith("!1  a note was written\n")
    fake.requests[1].state = "closed"
    fake.inject("error_before", on="note")
    assert publish("gitlab", "notes")[0] == 1
    fake.inject("unauthorized", on="any")
    code, _, err = publish("gitlab", "notes")
    assert code == 1
    assert "BYLINE_ISSUES_TOKEN" in err
    assert "role Reporter" in err


def test_elsewhere_and_without_a_token_it_says_what_is_missing(publish: Run, fake: gitlab.GitLab) -> None:
    for environment, words in (
        ({"CI_API_V4_URL": ""}, "this is no job of GitLab CI"),
        ({"CI_PROJECT_ID": "5/../6"}, "this is no job of GitLab CI"),
        ({"BYLINE_ISSUES_TOKEN": ""}, "the token to write with is not set"),
    ):
        code, _, err = publish("gitlab", "notes", **environment)
        assert code == 2
        assert words in err
    assert fake.calls == []


@pytest.mark.parametrize(
    "near", [{"CI_PIPELINE_SOURCE": "merge_request_event"}, {"CI_MERGE_REQUEST_IID": "7"}]
)
def test_a_token_that_reaches_a_merge_request_s_own_pipeline_is_not_used(
    near: dict[str, str], publish: Run, fake: gitlab.GitLab
) -> None:
    code, _, err = publish("gitlab", "notes", **near)
    assert code == 5
    assert "protected" in err
    assert fake.calls == []


def test_the_check_s_own_suggestion_is_taken_by_one_click(
    publish: Run, fake: gitlab.GitLab, tmp_path: Path
) -> None:
    ids = tmp_path / "ids.json"
    post = tmp_path / "site" / "content" / "posts" / "hp7.md"
    assert publish("check", "--suggest", str(ids))[0] == 5
    request = fake.open(File(path="content/posts/hp7.md", new=post.read_text()))
    fake.check(request, {**PLAN, ".byline/note/ids.json": ids.read_bytes()}, status="failed")
    assert publish("gitlab", "notes")[1] == "!1  a note was written, 1 missing id suggested\n"
    fake.apply(request, request.notes[0])
    post.write_text(request.files[0].new)
    assert publish("check")[0] == 0


def test_an_issue_is_opened_renewed_and_closed_and_never_a_stranger_s(
    publish: Run, fake: gitlab.GitLab, tmp_path: Path
) -> None:
    words = tmp_path / "issue.md"
    stranger = {
        "iid": 1,
        "state": "opened",
        "author": {"id": 1},
        "title": "Please look",
        "description": "mine",
    }
    fake.issues += [{**stranger, "iid": number + 1} for number in range(120)]
    for text, said in (("one", "An issue was opened.\n"), ("two", "The issue was renewed.\n")):
        words.write_text(text)
        assert publish("gitlab", "issue", "Please look", str(words))[:2] == (0, said)
    assert [item["description"] for item in fake.issues] == ["mine"] * 120 + ["two"]
    assert publish("gitlab", "close", "Please look")[1] == "The issue was closed.\n"
    assert publish("gitlab", "close", "Please look")[1] == "No such issue is open.\n"
    assert [item["state"] for item in fake.issues] == ["opened"] * 120 + ["closed"]
    wanted = {"title": "Please look", "opened": True}
    assert json.loads(publish("gitlab", "issue", "Please look", str(words), "--json")[1]) == wanted
    wanted = {"title": "Please look", "closed": True}
    assert json.loads(publish("gitlab", "close", "Please look", "--json")[1]) == wanted
    assert publish("gitlab", "issue", "Please look", str(tmp_path / "none.md"))[0] == 2


def test_a_plan_that_is_none_and_gitlab_s_trouble_are_said_in_words(
    publish: Run, fake: gitlab.GitLab, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    for text in ("", "[]", "{"):
        plan.write_text(text)
        assert publish("gitlab", "byhand", str(plan))[0] == 2
    plan.write_text('{"deliveries": [{"state": "manual"}, 5, {"state": "manual", "id": "x", "due": "soon"}]}')
    assert publish("gitlab", "byhand", str(plan)) == (0, "No post waits to be asked for.\n", "")
    waiting = [
        {"state": "manual", "id": f"hp{n}.linkedin.dana", "due": "2026-11-24T09:00:00+01:00"}
        for n in range(25)
    ]
    plan.write_text(json.dumps({"deliveries": waiting}))
    fake.inject("limited", on="create", after=2)
    code, out, err = publish("gitlab", "byhand", str(plan))
    assert (code, len(out.splitlines())) == (1, 2)
    assert "429" in err
    assert "Traceback" not in err
    assert len(publish("gitlab", "byhand", str(plan))[1].splitlines()) == 20
    assert len(json.loads(publish("gitlab", "byhand", str(plan), "--json")[1])["asked"]) == 3
    assert len({item["title"] for item in fake.issues}) == len(fake.issues) == 25


def _doctored(publish: Run, **environment: str) -> list[dict[str, object]]:
    found = json.loads(publish("doctor", "--json", **environment)[1])["checks"]
    return [item for item in found if item["about"] == "GitLab notes"]


def test_the_doctor_tells_how_long_the_token_lives_and_what_it_lacks(
    publish: Run, fake: gitlab.GitLab
) -> None:
    (finding,) = _doctored(publish)
    assert (finding["level"], finding["days"]) == ("ok", None)
    for left, level in ((200, "ok"), (10, "warning"), (2, "red")):
        fake.expires = NOW.date() + timedelta(days=left + 1)
        (finding,) = _doctored(publish)
        assert (finding["level"], finding["days"]) == (level, left)
        assert bool(finding["next"]) == bool(finding["renew"]) == (level != "ok")
    fake.scopes = ["read_api"]
    (finding,) = _doctored(publish)
    assert "lacks the scope api" in str(finding["message"])
    fake.allow(TOKEN, "guest")
    (finding,) = _doctored(publish)
    assert (finding["level"], "Reporter" in str(finding["next"])) == ("red", True)
    fake.users.clear()
    (finding,) = _doctored(publish)
    assert (finding["level"], "refuses the token" in str(finding["message"])) == ("red", True)
    (finding,) = _doctored(publish, BYLINE_ISSUES_TOKEN="")
    assert finding["level"] == "manual"
    assert _doctored(publish, CI_API_V4_URL="") == []
