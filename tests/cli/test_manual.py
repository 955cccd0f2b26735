"""`publish manual`: the pages that come with the program, found by words, in the terminal and in the browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from byline import manual
from byline.cli import main
from byline.manual import site as laid

ROOT = Path(__file__).parents[2]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["manual", *words])
    told = capsys.readouterr()
    return int(stop.value.code or 0), told.out, told.err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("tokens", "how-to/tokens"),
        ("how-to/tokens.md", "how-to/tokens"),
        ("docs/how-to/tokens.md", "how-to/tokens"),
        ("publish on merge", "how-to/publish-on-merge"),
        ("LinkedIn", "channels/linkedin"),
        ("front matter", "reference/front-matter"),
        ("invoices", "how-to/accounting"),
        ("security", "security"),
    ],
)
def test_a_page_by_its_name_or_its_heading(words: str, name: str) -> None:
    assert [page.name for page in manual.find(words)] == [name]


def test_words_of_the_text_find_every_page_that_has_them_and_a_phrase_only_its_own() -> None:
    assert [page.name for page in manual.find("LinkedIn says 426")] == ["how-to/incidents"]
    phrase = {page.name for page in manual.find("posts twice")}
    apart = {page.name for page in manual.find("twice posts")}
    assert phrase
    assert phrase < apart
    assert manual.find("a word that nobody wrote: zzxq") == []


def test_every_page_that_the_program_names_is_there() -> None:
    named = set()
    for folder in ("plugins/byline", "docs", "scripts"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".md", ".toml", ".yml") and path.is_file():
                text = path.read_text(encoding="utf-8")
                named |= set(re.findall(r"`publish manual ([a-z][a-z/-]*)`", text))
    assert {"linkedin", "publish-on-merge", "hubspot"} <= named
    assert {name: len(manual.find(name)) for name in named} == dict.fromkeys(named, 1)


def test_the_list_the_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "--list")
    assert code == 0
    assert [line for line in out.splitlines() if line and line[0] != " "] == [
        "Learn",
        "Do",
        "Look up",
        "Understand",
        "Project",
    ]
    code, out, _ = said(capsys, "exit codes", "--text")
    assert (code, out) == (0, (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8"))
    code, out, _ = said(capsys, "tokens", "--json")
    (page,) = json.loads(out)["pages"]
    assert (page["name"], page["part"], Path(page["file"])) == (
        "how-to/tokens",
        "Do",
        ROOT / "docs/how-to/tokens.md",
    )


def test_several_pages_are_listed_and_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "posts twice")
    assert code == 0
    assert out.count("\n  ") > 1
    assert "Open one: publish manual" in err
    code, out, err = said(capsys, "linkdin")
    assert (code, out) == (2, "")
    assert "no page of the manual has “linkdin”" in err
    assert "publish manual linkedin" in err
    code, _, err = said(capsys, "--address", "https://manual.example.com/")
    assert code == 2
    assert "--out" in err


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A manual of three pages, which is built in a moment, and a home of its own."""
    docs = tmp_path / "wheel" / "pages"
    (docs / "how-to").mkdir(parents=True)
    (docs / "index.md").write_text(
        "# The manual\n\n## Do\n\n- [Get a token](how-to/tokens.md)\n", encoding="utf-8"
    )
    text = "# Get a token\n\nPress [the button](../../plugins/byline/cli/connect.py), see [what changed](../../CHANGELOG.md).\n"
    (docs / "how-to" / "tokens.md").write_text(text, encoding="utf-8")
    for name in manual.BESIDE:
        (docs / name).write_text(
            "# Beside\n\n[Tokens](docs/how-to/tokens.md), [the test](tests/test_docs.py)\n", encoding="utf-8"
        )
    for name in ("mkdocs.yml", "logo.svg", "site.py"):
        shutil.copyfile(ROOT / "plugins/byline/manual" / name, tmp_path / "wheel" / name)
    monkeypatch.setattr(manual, "_HERE", tmp_path / "wheel")
    return docs


def test_as_in_a_wheel_links_into_the_repository_are_words_and_others_lead_to_pages(
    small: Path, tmp_path: Path
) -> None:
    place = tmp_path / "kept"
    (place / "0123456789abcdef").mkdir(parents=True)  # an older version's
    assert not laid.is_kept(place)
    site = laid.kept(place)
    assert laid.is_kept(place)
    assert [folder.name for folder in place.iterdir()] == [site.name]
    page = (site / "how-to" / "tokens" / "index.html").read_text(encoding="utf-8")
    assert "Press the button, see" in page
    assert 'href="../../changelog/"' in page
    assert "the test</" in (site / "security" / "index.html").read_text(encoding="utf-8")
    made = (site / "index.html").stat().st_mtime_ns
    assert laid.kept(place) == site
    assert (site / "index.html").stat().st_mtime_ns == made
    (small / "how-to" / "tokens.md").write_text("# Get a token\n\nAnother text.\n", encoding="utf-8")
    assert not laid.is_kept(place)


def test_it_is_written_for_a_server_with_its_address(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, told, _ = said(capsys, "--out", str(out), "--address", "https://manual.example.com/")
    assert (code, told.strip()) == (0, str(out / "index.html"))
    assert '<link rel="canonical" href="https://manual.example.com/how-to/tokens/">' in (
        out / "how-to" / "tokens" / "index.html"
    ).read_text(encoding="utf-8")
    code, _, err = said(capsys, "--out", str(out))
    assert code == 2
    assert "not empty" in err


def test_it_is_served_until_it_is_stopped(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    }
    environment |= {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "byline", "manual", "tokens"]
    running = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout
        title, _, address = running.stdout.readline().strip().rpartition(": ")
        assert title == "Get a token in the browser, with drawings"
        answer = requests.get(address, timeout=10)
        assert answer.status_code == 200
        assert "<h1" in answer.text
        assert "../../tokens/mastodon.svg" in answer.text
        index = requests.get(address.replace("how-to/tokens/", "search/search_index.json"), timeout=10)
        assert len(index.json()["docs"]) > 100
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    finally:
        running.kill()
        running.communicate()
