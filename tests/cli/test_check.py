"""`publish check` as people and machines see it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from byline.cli import cli
from byline.cli.common import App
from byline.errors import LedgerError
from byline.ledger.base import Intent, Record, Snapshot
from byline.times import FixedClock
from support import NOW, SETTINGS, make_site
from test_content import post


def check(file: Path, *arguments: str, environment: dict[str, str] | None = None) -> Result:
    app = App(clock=FixedClock(NOW), environment=environment or {})
    return CliRunner().invoke(cli, ["-f", str(file), "check", *arguments], obj=app, standalone_mode=False)


def told(done: Result) -> dict[str, Any]:
    assert done.exception is None, done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_clean_site_says_so_and_what_comes_next(tmp_path: Path) -> None:
    done = check(make_site(tmp_path, posts={"a.md": post(), "b.md": post("draft: true", id="bbb", slug="b")}))
    assert done.return_value == 0
    assert done.stdout.startswith("2 posts checked: no mistakes.\nNext: ")


def test_a_site_without_posts_says_how_to_start_one(tmp_path: Path) -> None:
    done = check(make_site(tmp_path))
    assert done.return_value == 0
    assert "publish new" in done.stdout


def test_advice_alone_is_no_failure(tmp_path: Path) -> None:
    done = check(make_site(tmp_path, posts={"a.md": post(drop="description")}))
    assert done.return_value == 0
    assert "no mistakes, 1 piece of advice" in done.stdout
    assert "content/posts/a.md:1: warning: " in done.stdout


def test_json_has_the_promised_fields(tmp_path: Path) -> None:
    done = check(make_site(tmp_path, posts={"a.md": post("drfat: true")}), "--json")
    assert done.return_value == 5
    assert told(done) == {
        "posts": 1,
        "problems": [
            {
                "file": "content/posts/a.md",
                "line": 9,
                "key": "drfat",
                "code": "unknown-key",
                "severity": "error",
                "message": "`drfat` is not known here",
                "fix": "did you mean `draft`?",
            }
        ],
    }


def test_errors_in_settings_are_told_with_those_of_the_posts(tmp_path: Path) -> None:
    text = SETTINGS.replace("Europe/Berlin", "Europe/Berln").replace("q4-renewals:", "Q4 renewals:")
    file = make_site(tmp_path, settings=text, posts={"a.md": post("drfat: true", "campaign: q4-renewals")})
    done = check(file, "--json")
    assert done.return_value == 2
    found = told(done)
    assert found["posts"] == 1
    # The campaign of the post is not blamed for the mistake in the settings.
    assert [(problem["file"], problem["code"]) for problem in found["problems"]] == [
        ("mkdocs.yml", "unknown-timezone"),
        ("mkdocs.yml", "wrong-form"),
        ("content/posts/a.md", "unknown-key"),
    ]


@pytest.mark.parametrize("text", ["site_name: [", "", "\x00"])
def test_json_comes_in_every_case(text: str, tmp_path: Path) -> None:
    file = make_site(tmp_path, posts={"a.md": post()}, settings=text)
    done = check(file, "--json")
    assert done.return_value == 2
    assert told(done)["posts"] == 1
    file.unlink()
    done = check(file, "--json")
    assert done.return_value == 2
    assert told(done)["problems"][0]["code"] == "no-settings"


def test_annotations_are_escaped_and_name_the_file_from_the_top_of_the_repository(tmp_path: Path) -> None:
    text = post("100%,: x", title='"A, b: c"', drop="description")
    file = make_site(tmp_path / "site", posts={"a, b.md": text})
    done = check(file, "--format", "github", environment={"GITHUB_WORKSPACE": str(tmp_path)})
    assert done.return_value == 5
    warning, error, *after = done.stdout.splitlines()
    assert after[1].startswith("1 post checked")
    assert warning.startswith("::warning file=site/content/posts/a%2C b.md,line=1,title=no-description::")
    assert error.startswith(
        "::error file=site/content/posts/a%2C b.md,line=8,title=unknown-key::`100%25,` is not known here%0AFix: "
    )


def test_gitlab_gets_each_mistake_with_file_and_line(tmp_path: Path) -> None:
    text = post("100%,: x", title='"A, b: c"', drop="description")
    file = make_site(tmp_path / "site", posts={"a, b.md": text})
    report = tmp_path / "check.json"
    here = {"CI_PROJECT_DIR": str(tmp_path)}
    done = check(file, "--gitlab", str(report), environment=here)
    assert done.return_value == 5
    assert "content/posts/a, b.md:8" in done.stdout  # the job's log is for people, as ever
    warning, error = json.loads(report.read_text(encoding="utf-8"))
    assert (warning["check_name"], warning["severity"]) == ("no-description", "minor")
    assert error["location"] == {"path": "site/content/posts/a, b.md", "lines": {"begin": 8}}
    assert (error["check_name"], error["severity"]) == ("unknown-key", "major")
    assert error["description"].startswith("`100%,` is not known here Fix: ")
    # The same mistake one line lower is the same to GitLab; two of them are two.
    moved = post("# a comment", "100%,: x", title='"A, b: c"', drop="description")
    (file.parent / "content" / "posts" / "a, b.md").write_text(moved)
    check(file, "--gitlab", str(report), environment=here)
    below = json.loads(report.read_text(encoding="utf-8"))[1]
    assert below["location"]["lines"] == {"begin": 9}
    assert below["fingerprint"] == error["fingerprint"] != warning["fingerprint"]
    (file.parent / "content" / "posts" / "a, b.md").unlink()
    assert check(file, "--gitlab", str(report), environment=here).return_value == 0
    assert json.loads(report.read_text(encoding="utf-8")) == []


def test_missing_ids_are_written_and_nothing_else_changes(tmp_path: Path) -> None:
    crlf = (b"\xef\xbb\xbf" + post(drop="id", slug="zwei").replace("\n", "\r\n").encode()).replace(
        b"\r\nSome", b"\r\n\r\nSome"
    )
    files: dict[str, bytes | str] = {
        "content/posts/a.md": post("# a comment", "tags: [a, 'b: c']", drop="id", title='"Price: what now?"'),
        "content/posts/b.md": crlf,
        "content/posts/c.md": post(id="", slug="drei", title="What is it?"),
        "content/posts/d.md": post(id="honestpricin", slug="vier"),
        "content/posts/e.md": "---\n{title: x, date: 2026-11-24, description: d, authors: [dana], slug: e}\n---\nWords.\n",
        "content/posts/f.md": post(drop="id date slug title") + "\n# Ümlaut\n",
    }
    file = make_site(tmp_path, files=files)
    before = {name: (tmp_path / name).read_bytes() for name in files}
    done = check(file, "--fix", "--json")
    found = told(done)
    # One is written in a form to which no line can be added; one has another mistake too.
    assert {(problem["file"], problem["code"]) for problem in found["problems"]} == {
        ("content/posts/e.md", "missing-id"),
        ("content/posts/f.md", "missing-date"),
    }
    written = {entry["file"]: entry["id"] for entry in found["fixed"]}
    assert set(written) == {f"content/posts/{name}.md" for name in "abcf"}
    assert len({*written.values(), "honestpricin"}) == 5
    for name, post_id in written.items():
        after, end = (tmp_path / name).read_bytes(), b"\r\n" if name.endswith("b.md") else b"\n"
        line = f"id: {post_id}".encode() + end
        assert after.count(line) == 1
        without = after.replace(line, b"id:" + end if name.endswith("c.md") else b"")
        assert without == before[name]
    for name in ("content/posts/d.md", "content/posts/e.md"):
        assert (tmp_path / name).read_bytes() == before[name]
    again = {name: (tmp_path / name).read_bytes() for name in files}
    assert told(check(file, "--fix", "--json"))["fixed"] == []
    assert {name: (tmp_path / name).read_bytes() for name in files} == again


def test_the_id_stands_after_the_date(tmp_path: Path) -> None:
    file = make_site(tmp_path, posts={"a.md": post(drop="id")})
    done = check(file, "--fix")
    assert (
        "Wrote `id: honestpricin` into content/posts/a.md." in done.stdout
        or "Wrote `id: honest" in done.stdout
    )
    lines = (tmp_path / "content/posts/a.md").read_text().splitlines()
    assert lines[4].startswith("id: honest")
    assert done.return_value == 0


def test_paths_narrow_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = {"a.md": post("drfat: true"), "b.md": post("drfat: true", id="bbb", slug="b")}
    file = make_site(tmp_path, posts=posts)
    monkeypatch.chdir(tmp_path / "content")
    done = check(file, "posts/b.md")
    assert "content/posts/b.md" in done.stdout
    assert "content/posts/a.md" not in done.stdout
    assert done.return_value == 5
    assert type(check(file, "posts/c.md").exception).__name__ == "UsageError"
    assert type(check(file, "/").exception).__name__ == "UsageError"


def test_an_older_manifest_is_compared(tmp_path: Path) -> None:
    file = make_site(tmp_path, posts={"a.md": post()})
    older = tmp_path / "byline.json"
    older.write_text(
        json.dumps({"posts": [{"id": "hp7", "url": "https://insights.acme.example/posts/old/"}]})
    )
    done = check(file, "--against", str(older))
    assert done.return_value == 5
    assert "aliases: [/posts/old/]" in done.stdout


def test_a_post_that_was_sent_with_another_address_is_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_site(tmp_path, posts={"a.md": post()})
    link = (
        "https://insights.acme.example/posts/old-name/?utm_source=linkedin&utm_content=hp7.linkedin.company"
    )
    record = Record(
        intent=Intent(id="hp7.linkedin.company", post="hp7", channel="linkedin", account="company", link=link),
        state="sent", version=1, updated=NOW,
    )  # fmt: skip
    monkeypatch.setattr("byline.ledger.read_snapshot", lambda *_: Snapshot(records={record.id: record}))
    done = check(file)
    assert done.return_value == 0
    assert "aliases: [/posts/old-name/]" in done.stdout

    def broken(*_: object) -> Snapshot:
        raise LedgerError("the sending history is damaged")

    monkeypatch.setattr("byline.ledger.read_snapshot", broken)
    assert check(file).stdout.startswith("1 post checked: no mistakes.")


def test_the_command_itself_leaves_with_the_code_and_without_heavy_imports(tmp_path: Path) -> None:
    file = make_site(tmp_path, posts={"a.md": post("share: {linkedin: Words}")})
    script = (
        "import sys, byline.cli\n"
        "try: byline.cli.main(['-f', sys.argv[1], 'check'])\n"
        "finally: print(sorted({'mkdocs', 'PIL', 'requests', 'altair', 'nh3', 'feedgen', 'twitter_text'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stderr == ""


def test_a_token_that_a_merge_request_could_read_is_a_mistake(tmp_path: Path) -> None:
    file = make_site(tmp_path, posts={"hp7.md": post()})
    here = {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "LINKEDIN_ACCESS_TOKEN__DANA": "made-up-token",
        "BYLINE_ISSUES_TOKEN": "made-up-token",
        "HUBSPOT_ACCESS_TOKEN": " ",  # protected: GitLab leaves it out
        "BLUESKY_IDENTIFIER": "acme.bsky.social",  # no secret
        "CI_JOB_TOKEN": "made-up-token",
    }
    for environment, wanted in (
        (here, ["BYLINE_ISSUES_TOKEN", "LINKEDIN_ACCESS_TOKEN__DANA"]),
        (here | {"CI_PIPELINE_SOURCE": "push"}, []),
    ):
        done = check(file, "--json", environment=environment)
        found = [item for item in told(done)["problems"] if item["code"] == "token-in-reach"]
        assert [item["message"].split()[2] for item in found] == wanted
        assert done.return_value == (5 if wanted else 0)
        assert "made-up-token" not in done.stdout
