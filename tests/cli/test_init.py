"""`publish init`: a site that passes the check and builds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from byline import checks, content, settings
from byline.cli import cli
from byline.cli.common import App
from byline.times import FixedClock
from support import NOW


def init(*arguments: str, environment: dict[str, str] | None = None) -> Result:
    app = App(clock=FixedClock(NOW), environment=environment or {"TZ": "Europe/Vienna"})
    return CliRunner().invoke(cli, ["init", *arguments], obj=app, standalone_mode=False)


@pytest.mark.parametrize(
    "name", ["Acme Insights", "Smith & Sons: Doors", "No", "Ω", "3M's “Best”", "#1 Plumbing", "{{ x }}"]
)
def test_the_new_site_passes_without_advice(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "my site"
    done = init(
        str(folder),
        "--yes",
        "--name",
        name,
        "--site-url",
        "https://blog.smith.com/x",
        "--timezone",
        "Asia/Tokyo",
    )
    assert done.exception is None, done.exception
    found = settings.load(folder / "mkdocs.yml", {})
    assert (found.site_name, found.site_url, found.zone.key) == (
        name,
        "https://blog.smith.com/x/",
        "Asia/Tokyo",
    )
    assert found.brand.name == name
    assert found.channels["linkedin"].default.mode == "manual"
    assert found.lead_form.to == "off"  # nobody listens yet
    read = content.read(found)
    assert checks.run(found, read, now=NOW) == ()
    assert len(read.posts) == 3
    assert all(found_post.published < NOW and not found_post.draft for found_post in read.posts)
    assert (folder / ".gitignore").read_text().count(".byline") == 1
    assert "@@" not in "".join(path.read_text() for path in folder.rglob("*") if path.is_file())


def test_everything_has_a_sensible_default(tmp_path: Path) -> None:
    done = init(str(tmp_path / "acme-insights"), "--yes")
    found = settings.load(tmp_path / "acme-insights" / "mkdocs.yml", {})
    assert (found.site_name, found.site_url, found.zone.key) == (
        "Acme Insights",
        "https://www.example.com/",
        "Europe/Vienna",
    )
    assert found.lead_form.to == "local"
    assert "site_url" in done.stdout
    assert "Next: cd " in done.stdout


@pytest.mark.parametrize(
    ("ci", "store", "there", "gone"),
    [
        ("github", "git", ".github/workflows/publish.yml", ".gitlab-ci.yml"),
        ("gitlab", "git", ".gitlab-ci.yml", ".github"),
        ("none", "sqlite", "requirements.txt", ".github"),
    ],
)
def test_each_service_has_its_workflow_and_its_place_for_the_history(
    ci: str, store: str, there: str, gone: str, tmp_path: Path
) -> None:
    done = init(str(tmp_path / "a"), "--yes", "--site-url", "https://blog.smith.com/", "--ci", ci)
    assert done.exception is None
    found = settings.load(tmp_path / "a" / "mkdocs.yml", {})
    assert found.ledger.store == store
    assert checks.run(found, content.read(found), now=NOW) == ()
    assert (tmp_path / "a" / there).is_file()
    assert not (tmp_path / "a" / gone).exists()
    assert "@@" not in "".join(path.read_text() for path in (tmp_path / "a").rglob("*") if path.is_file())


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = init(str(tmp_path), "--yes")
    assert "is not empty" in str(done.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    done = init(str(tmp_path / "notes.txt"), "--yes")
    assert "is a file" in str(done.exception)


def test_nobody_is_asked_where_nobody_can_answer(tmp_path: Path) -> None:
    done = init(str(tmp_path / "a"))
    assert type(done.exception).__name__ == "UsageError"
    assert "--yes" in getattr(done.exception, "hint", "")
    assert not (tmp_path / "a").exists()


def test_on_a_terminal_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byline.cli.init._somebody_there", lambda: True)
    app = App(clock=FixedClock(NOW), environment={})
    done = CliRunner().invoke(
        cli,
        ["init", str(tmp_path / "a")],
        obj=app,
        input="Acme\nhttps://acme.com\nUTC\n",
        standalone_mode=False,
    )
    assert done.exception is None, done.exception
    found = settings.load(tmp_path / "a" / "mkdocs.yml", {})
    assert (found.site_name, found.site_url, found.zone.key) == ("Acme", "https://acme.com/", "UTC")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--site-url", "acme"], "cannot be the address"),
        (["--site-url", "http://acme.com"], "cannot be the address"),
        (["--site-url", "https://acme.com/#x"], "cannot be the address"),
        (["--timezone", "Berlin"], "no time zone `Berlin`"),
        (["--timezone", "../x"], "no time zone"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    done = init(str(tmp_path / "a"), "--yes", *arguments)
    assert type(done.exception).__name__ == "UsageError"
    assert words in str(done.exception)
    assert not (tmp_path / "a").exists()


def test_the_new_site_builds_strictly(tmp_path: Path) -> None:
    init(str(tmp_path / "a"), "--yes", "--site-url", "https://blog.smith.com/")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q"],
        cwd=tmp_path / "a",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    for page in ("index.html", "posts/how-to-reach-us/index.html", "byline.json", "pages/contact/index.html"):
        assert (tmp_path / "a" / "site" / page).is_file()
