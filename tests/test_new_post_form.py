"""The form "New post": from the words of a person to a pull request, with hostile words all the way."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from byline import checks, content, settings, starter
from byline.cli import cli
from byline.cli.common import App
from byline.reading.form import read_form
from byline.times import FixedClock
from runner import BIN, Job, Runner, calls, load, stub
from support import NOW

NASTY = "\"'; touch pwned; $(touch pwned) `touch pwned` ${{ github.token }} ::set-output name=x::y <!-- x --> {x} # y: z"
BODY = """### In one or two sentences

{description}

### Author

{author}

### Category

_No response_

### Day

{day}

### Text

{text}
"""


def event(title: str = "New post: What we learned", **more: str) -> dict[str, Any]:
    fields = {
        "description": "In short.",
        "author": "_No response_",
        "day": "_No response_",
        "text": "Opening.\n\n### A heading\n\nRest.",
    } | more
    return {
        "issue": {
            "title": title,
            "body": BODY.format(**fields).replace("\n", "\r\n"),
            "number": 7,
            "author_association": "MEMBER",
        }
    }


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    starter.write(
        folder,
        name="Acme",
        site_url="https://blog.acme.com/",
        timezone="Europe/Berlin",
        today=NOW.date(),
        local=False,
        engine="byline @ git+https://x/y.git@" + "a" * 40,
    )
    return folder


def new(site: Path, tmp_path: Path, value: object) -> Any:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(value))
    app = App(clock=FixedClock(NOW), environment={})
    return CliRunner().invoke(
        cli,
        ["-f", str(site / "mkdocs.yml"), "new", "--form", str(file), "--json"],
        obj=app,
        standalone_mode=False,
    )


def test_the_form_becomes_a_post_that_passes(site: Path, tmp_path: Path) -> None:
    done = new(site, tmp_path, event(author="sam, alex", day="2026-12-01"))
    assert done.exception is None, done.exception
    made = json.loads(done.stdout)
    read = content.read(settings.load(site / "mkdocs.yml", {}))
    (post,) = (post for post in read.posts if post.id == made["id"])
    assert (post.title, post.description, post.authors, post.draft) == (
        "What we learned",
        "In short.",
        ("sam", "alex"),
        True,
    )
    assert post.published.date().isoformat() == "2026-12-01"
    assert post.body.startswith("Opening.\n\n<!-- more -->\n\n### A heading\n\nRest.")
    assert checks.run(settings.load(site / "mkdocs.yml", {}), read, now=NOW) == ()


@pytest.mark.parametrize(
    "words", [NASTY, "---", "- x", "no", "2026-01-01", "x\u202ey", "\ud800", "a" * 300, "&x *y", "'", '"']
)
def test_any_words_stay_words(words: str, site: Path, tmp_path: Path) -> None:
    done = new(
        site,
        tmp_path,
        event(f"New post: {words}", description=words, text=f"{words}\n\n---\nid: stolen\n---\n"),
    )
    assert done.exception is None, done.exception
    made = json.loads(done.stdout)
    assert made["file"].startswith("content/posts/")
    read = content.read(settings.load(site / "mkdocs.yml", {}))
    (post,) = (post for post in read.posts if post.path == made["file"])
    assert post.id == made["id"] != "stolen"
    assert [
        problem
        for problem in read.problems
        if problem.severity == "error"
        and problem.file == made["file"]
        and problem.line < post.lines["id"] + 3
    ] == []


@pytest.mark.parametrize(
    ("value", "words"),
    [({}, "holds no form"), ([], "holds no form"), ({"issue": {"title": 7, "body": ""}}, "holds no form"), (event("New post: "), "title is empty"),
     (event(author="nobody"), "no author `nobody`"), (event(day="tomorrow"), "no day")],
)  # fmt: skip
def test_what_is_missing_is_said(value: object, words: str, site: Path, tmp_path: Path) -> None:
    done = new(site, tmp_path, value)
    assert type(done.exception).__name__ == "UsageError"
    assert words in str(done.exception)


def test_labels_of_the_form_and_of_the_reader_are_the_same(site: Path, tmp_path: Path) -> None:
    form = yaml.safe_load((site / ".github/ISSUE_TEMPLATE/new-post.yml").read_text())
    assert form["title"].startswith("New post:")
    body = "".join(
        f"### {field['attributes']['label']}\n\n{field['id']} value\n\n"
        for field in form["body"]
        if "id" in field
    )
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"issue": {"title": "New post: x", "body": body}}))
    found = read_form(file)
    assert (found.description, found.author, found.category, found.day, found.text) == (
        "description value",
        "author value",
        "category value",
        "date value",
        "text value",
    )


def run(site: Path, tmp_path: Path, value: dict[str, Any], *, pull: bool = True) -> dict[str, Job]:
    path = tmp_path / "bin"
    stub(path, "pip", ":")
    stub(path, "gh", f'case "$*" in *git/ref/*) echo abc123 ;; "pr create"*) {"echo https://github.com/acme/blog/pull/9" if pull else "exit 1"} ;; esac\n'
         f'for word in "$@"; do case "$word" in content=@*) cp "${{word#content=@}}" {tmp_path}/sent ;; esac; done')  # fmt: skip
    file, work = tmp_path / "event.json", tmp_path / "work"
    work.mkdir()
    file.write_text(json.dumps(value))
    github = {
        "event": value | {"repository": {"default_branch": "main"}},
        "repository": "acme/blog",
        "server_url": "https://github.com",
        "token": "made-up",
    }
    workflow = load((site / ".github/workflows/new-post.yml").read_text())
    jobs = Runner(
        workflow,
        site,
        temp=work,
        path=path,
        event="issues",
        context={"github": github},
        environment={"GITHUB_EVENT_PATH": str(file)},
    ).run()
    assert not list(tmp_path.rglob("pwned*"))
    return jobs


def test_the_workflow_opens_the_pull_request(site: Path, tmp_path: Path) -> None:
    jobs = run(site, tmp_path, event(f"New post: {NASTY}", description=NASTY, text=NASTY))
    assert [job.result for job in jobs.values()] == ["success", "success"]
    called = calls(tmp_path / "bin", "gh")
    assert any(row.startswith("pr create --base main --head post/") for row in called)
    assert any(row.startswith("issue close 7") for row in called)
    assert jobs["write"].outputs["file"] in "".join(called)
    assert (
        base64.b64decode((tmp_path / "sent").read_text())
        == (site / jobs["write"].outputs["file"]).read_bytes()
    )


def test_where_the_host_forbids_it_the_person_gets_the_link(site: Path, tmp_path: Path) -> None:
    run(site, tmp_path, event(), pull=False)
    assert "compare/main...post/" in (tmp_path / "work" / "open" / "answer.md").read_text()


def test_what_cannot_be_made_is_answered(site: Path, tmp_path: Path) -> None:
    jobs = run(site, tmp_path, event(author="nobody"))
    assert "no author `nobody`" in (tmp_path / "work" / "open" / "answer.md").read_text()
    assert jobs["write"].outputs["file"] == ""


@pytest.mark.parametrize(
    ("title", "who"),
    [
        ("New post: x", "NONE"),
        ("New post: x", "CONTRIBUTOR"),
        ("New post: x", "FIRST_TIME_CONTRIBUTOR"),
        ("A bug", "OWNER"),
    ],
)
def test_strangers_and_other_issues_start_nothing(title: str, who: str, site: Path, tmp_path: Path) -> None:
    value = event(title)
    value["issue"]["author_association"] = who
    assert {job.result for job in run(site, tmp_path, value).values()} == {"skipped"}


def test_what_may_write_runs_nothing_of_the_repository(site: Path) -> None:
    workflow = load((site / ".github/workflows/new-post.yml").read_text())
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["write"]["permissions"] == {"contents": "read"}
    assert not [step for step in workflow["jobs"]["open"]["steps"] if "uses" in step]
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
    assert "${{ secrets." not in (site / ".github/workflows/new-post.yml").read_text()
    done = subprocess.run(
        [
            BIN / "zizmor",
            "--offline",
            "--no-progress",
            "--no-config",
            "--persona=auditor",
            str(site / ".github"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "No findings to report" in done.stdout, done.stdout
