"""`publish upgrade`: what people changed stays, what Byline changed comes, each is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from byline import checks, content, settings, starter
from byline.cli import cli
from byline.cli.common import App
from byline.reading import forms
from byline.starter import made, merging
from byline.times import FixedClock
from support import NOW


def run(folder: Path, *arguments: str) -> Result:
    app = App(clock=FixedClock(NOW), environment={"TZ": "UTC"})
    return CliRunner().invoke(
        cli, ["-f", str(folder / "mkdocs.yml"), *arguments], obj=app, standalone_mode=False
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "a"
    assert (
        run(
            folder, "init", str(folder), "--yes", "--name", "Acme", "--site-url", "https://blog.acme.com/"
        ).exception
        is None
    )
    return folder


def older(folder: Path, path: str, old: str, new: str) -> None:
    """Make the site as if an older version, whose template said `old` where ours says `new`, had made it."""
    record = json.loads((folder / made.FILE).read_text())
    assert new in record["files"][path]
    record["files"][path] = record["files"][path].replace(new, old)
    record["engine"] = "0.0.9"
    (folder / made.FILE).write_text(json.dumps(record))
    file = folder / path
    file.write_text(file.read_text().replace(new, old))


def told(folder: Path, *arguments: str) -> dict[str, list[dict[str, str]]]:
    done = run(folder, "upgrade", "--json", *arguments)
    assert done.exception is None, done.exception
    found: dict[str, list[dict[str, str]]] = json.loads(done.stdout)
    return found


def test_a_fresh_site_has_nothing_to_change(site: Path) -> None:
    assert "Nothing to change." in run(site, "upgrade").stdout


def test_what_people_may_edit_is_recorded_whole(site: Path) -> None:
    record = json.loads((site / made.FILE).read_text())["files"]
    short = {path for path, text in record.items() if text.startswith("sha256:")}
    assert short <= {".vscode/byline-settings.schema.json", "requirements.lock"}


def test_what_byline_changed_comes_and_what_people_changed_stays(site: Path) -> None:
    workflow = ".github/workflows/publish.yml"
    older(site, workflow, "timeout-minutes: 3\n", "timeout-minutes: 20\n")
    file = site / workflow
    file.write_text(file.read_text().replace('cron: "17 * * * *"', 'cron: "3 * * * *"'))
    before = file.read_text()
    found = told(site)
    assert [change["file"] for change in found["changes"]] == [workflow]
    assert "-    timeout-minutes: 3\n+    timeout-minutes: 20" in found["changes"][0]["diff"]
    assert file.read_text() == before  # shown, not done
    shown = run(site, "upgrade").stdout
    assert "would change. Next: publish upgrade --apply" in shown
    assert "Made by version 0.0.9" in shown
    told(site, "--apply")
    assert 'cron: "3 * * * *"' in file.read_text()
    assert "timeout-minutes: 20" in file.read_text()
    assert told(site)["changes"] == []


def test_where_both_changed_the_same_lines_the_persons_stay(site: Path) -> None:
    older(site, "mkdocs.yml", 'accent: "#000000"', 'accent: "#b4510f"')
    file = site / "mkdocs.yml"
    file.write_text(file.read_text().replace('accent: "#000000"', 'accent: "#123456"'))
    found = told(site, "--apply")
    assert found["changes"] == []
    (left,) = found["left"]
    assert "you changed the same lines" in left["reason"]
    assert "#b4510f" in left["wanted"]
    assert file.read_text().splitlines()[int(left["line"]) - 1].strip() == 'accent: "#123456"'
    read = settings.load(file, {})
    assert checks.run(read, content.read(read), now=NOW) == ()


def test_new_files_come_and_deleted_ones_stay_away(site: Path) -> None:
    record = json.loads((site / made.FILE).read_text())
    del record["files"][".gitignore"]
    (site / made.FILE).write_text(json.dumps(record))
    (site / ".gitignore").unlink()
    (site / "README.md").unlink()
    older_readme = json.loads((site / made.FILE).read_text())
    older_readme["files"]["README.md"] = "old\n"
    (site / made.FILE).write_text(json.dumps(older_readme))
    found = told(site, "--apply")
    assert [change["file"] for change in found["changes"]] == [".gitignore"]
    assert (site / ".gitignore").is_file()
    assert not (site / "README.md").exists()
    assert "you deleted" in found["left"][0]["reason"]


def test_the_engine_is_exchanged(site: Path) -> None:
    wheel = next((site / "engine").glob("*.whl"))
    old = site / "engine" / "byline-0.0.9-py3-none-any.whl"
    wheel.rename(old)
    text = (site / "requirements.txt").read_text()
    line = next(row for row in text.splitlines() if row.startswith("./"))
    older(site, "requirements.txt", f"./engine/{old.name} --hash=sha256:{'0' * 64}", line)
    record = json.loads((site / made.FILE).read_text())
    record["answers"]["engine"] = f"./engine/{old.name} --hash=sha256:{'0' * 64}"
    (site / made.FILE).write_text(json.dumps(record))
    told(site, "--apply")
    assert (site / "requirements.txt").read_text() == text
    assert [path.name for path in (site / "engine").iterdir()] == [wheel.name]


def test_a_site_without_a_record_keeps_everything(site: Path) -> None:
    (site / made.FILE).unlink()
    (site / "mkdocs.yml").write_text((site / "mkdocs.yml").read_text() + "\n# mine\n")
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    (site / ".gitignore").unlink()
    done = run(site, "upgrade", "--apply")
    assert done.exception is None, done.exception
    assert "no record" in done.stdout
    after = {path: path.read_bytes() for path in site.rglob("*") if path.is_file() and path.name != made.FILE}
    assert {path: data for path, data in before.items() if path not in after} == {}
    assert all(after[path] == data for path, data in before.items())
    assert "Nothing to change" in run(site, "upgrade").stdout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"engine": 1, "answers": {}, "files": {}}',
        '{"engine": "1", "answers": 3, "files": {}}',
    ],
)
def test_a_broken_record_is_told(text: str, site: Path) -> None:
    (site / made.FILE).write_text(text)
    assert type(run(site, "upgrade").exception).__name__ == "UsageError"


def test_posts_are_never_looked_after() -> None:
    answers = starter.Answers(
        name="A", site_url="https://a.com/", timezone="UTC", today=NOW.date(), engine="x"
    )
    assert not [path for path in starter.managed(starter.render(answers)) if path.startswith("content/")]
    assert starter.Answers.from_json(json.loads(json.dumps(answers.as_json()))) == answers


_LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n"]), max_size=8).map("".join)


@given(base=_LINES, theirs=_LINES, ours=_LINES)
def test_a_merge_loses_nothing_of_theirs(base: str, theirs: str, ours: str) -> None:
    assert merging.merge(base, base, ours) == merging.Merged(text=ours, left=())
    assert merging.merge(base, theirs, base) == merging.Merged(text=theirs, left=())
    assert merging.merge(base, theirs, theirs).text == theirs


@given(theirs=st.sets(st.integers(0, 9)), ours=st.sets(st.integers(0, 9)))
def test_each_line_is_the_persons_where_the_person_changed_it(theirs: set[int], ours: set[int]) -> None:
    def text(*changed: tuple[str, set[int]]) -> str:
        words = {number: who for who, numbers in reversed(changed) for number in numbers}
        return "".join(f"{number} {words.get(number, 'as it was')}\n" for number in range(10))

    merged = merging.merge(text(), text(("theirs", theirs)), text(("ours", ours)))
    rows = merged.text.splitlines()
    assert len(rows) == 10
    for number in theirs:
        assert rows[number] == f"{number} theirs"
    for number in ours - theirs:
        apart = not theirs & {number - 1, number, number + 1} and not any(
            other in theirs for other in _run(number, ours)
        )
        if apart:
            assert rows[number] == f"{number} ours"
    done = {number for number in ours if rows[number].endswith("ours")}
    assert bool(merged.left) == bool(ours - done)


def _run(number: int, numbers: set[int]) -> set[int]:
    """The lines that changed in one piece with this one."""
    found = {number}
    while more := {other for one in found for other in (one - 1, one + 1) if other in numbers} - found:
        found |= more
    return found


def _renamed(text: forms.Text) -> None:
    text.rename("max_run", "max_per_run")


def test_settings_of_an_older_form_are_shown_in_the_newest_and_written_when_asked(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = site / "mkdocs.yml"
    mine = file.read_text().replace(
        "      campaigns:\n", "      max_run: 20   # one a working day\n      campaigns:\n"
    )
    file.write_text(mine)
    monkeypatch.setattr(forms, "STEPS", (forms.Step("`max_run` is called `max_per_run`", _renamed),))
    shown = run(site, "upgrade").stdout
    assert (
        "The settings are of form 1; this version reads form 2:\n  `max_run` is called `max_per_run`\n"
        in shown
    )
    assert "  +      max_per_run: 20   # one a working day\n" in shown
    assert file.read_text() == mine
    found = told(site)
    assert found["form"] == {"from": 1, "to": 2, "why": ["`max_run` is called `max_per_run`"]}
    assert [change["file"] for change in found["changes"]] == ["mkdocs.yml"]
    done = told(site, "--apply")
    assert done["left"] == []
    after = file.read_text()
    assert "      max_per_run: 20   # one a working day\n" in after
    assert "schema: 2" in after
    assert settings.load(file, {}).max_per_run == 20
    assert told(site)["changes"] == []
