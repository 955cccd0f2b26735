"""`publish init`: a site that passes the check and builds."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from byline import __version__, checks, content, settings
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
    assert "@@" not in "".join(
        path.read_text() for path in folder.rglob("*") if path.is_file() and path.suffix != ".whl"
    )


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
    assert "@@" not in "".join(
        path.read_text() for path in (tmp_path / "a").rglob("*") if path.is_file() and path.suffix != ".whl"
    )


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
        input="Acme\nhttps://acme.com\nUTC\nlinkedin, x\nhubspot\n",
        standalone_mode=False,
    )
    assert done.exception is None, done.exception
    found = settings.load(tmp_path / "a" / "mkdocs.yml", {})
    assert (found.site_name, found.site_url, found.zone.key) == ("Acme", "https://acme.com/", "UTC")
    assert found.share_by_default == ("linkedin", "twitter")
    assert found.crm.type == "hubspot"
    assert "5 of 5" in done.stdout
    assert "takes weeks" in done.stdout  # LinkedIn's look at an app


def test_an_answer_that_cannot_be_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byline.cli.init._somebody_there", lambda: True)
    given = (
        "Müller & Söhne", "http://mueller.example/", "www.mueller-heizung.de", "Berlim", "new york",
        "linkedin, instagram", "linkdin", "linkedin x", "salesfroce", "hubspot",
    )  # fmt: skip
    done = CliRunner().invoke(
        cli,
        ["init", str(tmp_path / "a")],
        obj=App(clock=FixedClock(NOW), environment={}),
        input="\n".join(given) + "\n",
        standalone_mode=False,
    )
    assert done.exception is None, done.exception
    found = settings.load(tmp_path / "a" / "mkdocs.yml", {})
    assert (found.site_name, found.site_url) == ("Müller & Söhne", "https://www.mueller-heizung.de/")
    assert found.zone.key == "America/New_York"
    assert found.share_by_default == ("linkedin", "twitter")
    assert found.crm.type == "hubspot"
    for told in ("write https://mueller.example/", "did you mean Europe/Berlin?", "there is no network `instagram`",
                 "did you mean `linkedin`?", "did you mean `salesforce`?"):  # fmt: skip
        assert told in done.stdout, told
    assert "--" not in done.stdout.partition("Wrote")[0]  # options are no words for somebody who is asked


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--site-url", "acme"], "cannot be the address"),
        (["--site-url", "http://acme.com"], "cannot be the address"),
        (["--site-url", "https://acme.com/#x"], "cannot be the address"),
        (["--timezone", "Berln"], "no time zone `Berln`"),
        (["--timezone", "../x"], "no time zone"),
        (["--networks", "linkdin"], "no network `linkdin`"),
        (["--engine", "byline"], "neither a wheel"),
        (["--engine", "git+https://host/byline.git@main"], "neither a wheel"),
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
    home = (tmp_path / "a" / "site" / "index.html").read_text(encoding="utf-8")
    # What the settings need not say, the theme does: the logo's small picture, both colours and the switch between them.
    assert "apple-touch-icon" in home
    assert home.count('name="__palette"') == 2
    assert "fonts.googleapis" not in home


@pytest.mark.parametrize(
    "networks",
    ["none", "linkedin", "mastodon,bluesky", "x facebook", "linkedin,twitter,facebook,mastodon,bluesky"],
)
def test_each_choice_of_networks_passes_and_starts_by_hand(networks: str, tmp_path: Path) -> None:
    done = init(str(tmp_path / "a"), "--yes", "--networks", networks)
    assert done.exception is None, done.exception
    found = settings.load(tmp_path / "a" / "mkdocs.yml", {})
    assert checks.run(found, content.read(found), now=NOW) == ()
    assert all(channel.default.mode == "manual" for channel in found.channels.values())
    assert found.share_by_default == tuple(found.channels)
    assert ("takes weeks" in done.stdout) == ("linkedin" in networks)


@pytest.mark.parametrize("crm", ["local", "salesforce", "dynamics", "hubspot", "csv"])
def test_each_choice_of_crm_passes(crm: str, tmp_path: Path) -> None:
    assert init(str(tmp_path / "a"), "--yes", "--crm", crm).exception is None
    found = settings.load(tmp_path / "a" / "mkdocs.yml", {})
    waits = crm in ("salesforce", "dynamics")  # for an address that only the company knows
    assert found.crm.type == ("local" if waits else crm)
    assert f"type: {crm}" in (tmp_path / "a" / "mkdocs.yml").read_text()
    assert checks.run(found, content.read(found), now=NOW) == ()


def test_starter_posts_begin_with_five_fields(tmp_path: Path) -> None:
    init(str(tmp_path / "a"), "--yes")
    for path in (tmp_path / "a" / "content" / "posts").glob("*.md"):
        shown = path.read_text().partition("\n\n")[0].splitlines()
        assert [line.partition(":")[0] for line in shown] == [
            "---",
            "title",
            "description",
            "date",
            "authors",
            "categories",
        ]


def test_the_engine_lies_in_the_site_and_no_index_is_asked_for_it(tmp_path: Path) -> None:
    """Byline is on no package index: whoever took that name there must gain nothing."""
    folder = tmp_path / "a"
    init(str(folder), "--yes")
    wheel = next((folder / "engine").glob("byline-*.whl"))
    named = [
        line
        for line in (folder / "requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert named == [f"./engine/{wheel.name} --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}"]
    assert not any(
        line.startswith("byline") for line in (folder / "requirements.lock").read_text().splitlines()
    )
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-r", "requirements.txt"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    where = subprocess.run(
        [python, "-I", "-c", "import byline; print(byline.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.strip() == __version__
    wheel.write_bytes(wheel.read_bytes() + b"x")  # somebody exchanged it
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--force-reinstall", "-r", "requirements.txt"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0


def test_the_engine_may_come_from_elsewhere(tmp_path: Path) -> None:
    origin = "git+https://git.example.com/tools/byline.git@" + "a" * 40
    assert init(str(tmp_path / "a"), "--yes", "--engine", origin).exception is None
    assert f"byline @ {origin}" in (tmp_path / "a" / "requirements.txt").read_text()
    assert not (tmp_path / "a" / "engine").exists()
    init(str(tmp_path / "b"), "--yes")
    wheel = next((tmp_path / "b" / "engine").glob("*.whl"))
    assert init(str(tmp_path / "c"), "--yes", "--engine", str(wheel)).exception is None
    assert (tmp_path / "c" / "engine" / wheel.name).read_bytes() == wheel.read_bytes()


def test_a_fresh_clone_is_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "a" / ".git").mkdir(parents=True)
    assert init(str(tmp_path / "a"), "--yes").exception is None


def test_json_tells_what_was_written(tmp_path: Path) -> None:
    told = json.loads(init(str(tmp_path / "a"), "--yes", "--json").stdout)
    assert "mkdocs.yml" in told["files"]
    assert all((tmp_path / "a" / file).is_file() for file in told["files"])
    assert told["problems"] == []
