"""`--json` on every command: whoever asks for it gets one JSON object on stdout, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from byline import intake as intakes
from byline.cli import COMMANDS, cli, demo, main
from byline.cli.common import App
from byline.site import serving
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

WITHOUT = {"completion"}  # what it prints is for a shell
POST_FILE = "content/posts/hp7.md"
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "new": ("A title",),
    "record": ("hp7.linkedin.dana", "--url", "https://www.linkedin.com/feed/update/urn:li:share:1"),
    "retract": ("hp7.twitter.acme", "--yes"),
    "edit": ("hp7.twitter.acme", "--yes"),
    "kit": (POST_FILE,),
    "link": ("fair", "--source", "fair"),
    "send": ("--no-wait", "--yes"),
    "settle": ("hp7.twitter.acme", "--not-sent"),
    "explain": ("4",),
    "init": ("new-site", "--yes"),
    "connect": ("linkedin", "--show-token"),
    "crm add": ("--name", "Ada"),
    "crm erase": ("nobody@example.com",),
    "crm import": ("leads.csv",),
    "crm map": ("leads.csv",),
    "erase-person": ("nobody@example.com", "--yes"),
    "ledger export": ("history.jsonl",),
    "ledger import": ("history.jsonl",),
    "ledger restore": ("--yes",),
    "traffic import": ("access.log",),
    "gitlab issue": ("A title", POST_FILE),
    "gitlab close": ("A title",),
    "gitlab byhand": ("not-empty/x",),
    "demo": ("--keep", "not-empty"),
}


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for below, child in command.commands.items():
            yield from _commands(f"{name} {below}", child)
    else:
        yield name, command


def every() -> dict[str, click.Command]:
    context = click.Context(cli, info_name="publish")
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        found |= _commands(name, command)
    return found


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = SETTINGS.replace('dana: {urn: "urn:li:person:Kx1"}', "dana: {mode: manual}")
    settings = settings.replace(
        "https://insights.acme.example/", "http://127.0.0.1:9/"
    )  # nobody answers there
    file = make_site(
        tmp_path,
        posts={"hp7.md": POST.replace("categories:", "share: {linkedin: {as: [dana]}}\ncategories:")},
        settings=settings,
        files={
            "leads.csv": "email,created\n",
            "access.log": "",
            "not-empty/x": "x",
            "history.jsonl": "",
        },
    )
    monkeypatch.chdir(tmp_path)
    return file


def _answer(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> tuple[object, Any, str]:
    with pytest.raises(SystemExit) as stop:
        main(words, app=App(clock=FixedClock(NOW), environment={"PATH": "/usr/bin:/bin"}))
    told = capsys.readouterr()
    return stop.value.code, json.loads(told.out), told.err


def test_every_command_offers_it_but_those_that_are_known() -> None:
    commands = every()
    without = {
        name
        for name, command in commands.items()
        if not any("--json" in option.opts for option in command.params)
    }
    assert without == WITHOUT
    assert set(ARGUMENTS) <= set(commands)


@pytest.mark.parametrize("name", sorted(set(every()) - WITHOUT - {"serve", "intake"}))
def test_the_answer_is_one_json_object(name: str, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, value, _ = _answer((*name.split(), *ARGUMENTS.get(name, ()), "--json"), capsys)
    assert isinstance(value, dict)
    assert value
    assert isinstance(code, int)


@pytest.mark.parametrize("name", sorted(set(every()) - WITHOUT))
def test_a_mistake_in_the_settings_is_json_too(
    name: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write_text(site.read_text().replace("timezone: Europe/Berlin", "timezone: Europe/Berlyn"))
    if name in ("init", "explain", "manual"):
        return  # they read no settings
    code, value, _ = _answer((*name.split(), *ARGUMENTS.get(name, ()), "--json"), capsys)
    assert code == 2
    assert value.get("error") or value["problems"]


def _until(stop: Callable[[], None]) -> Callable[..., None]:
    def forever(*_: object, **__: object) -> None:
        stop()

    return forever


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_a_server_tells_its_address_once_it_listens(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def listening(_live: object, port: int, ready: Callable[[str, Callable[[], None]], None]) -> None:
        ready(f"http://127.0.0.1:{port}/", lambda: None)
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "serve", listening)
    code, value, _ = _answer(("serve", "--port", "8123", "--json"), capsys)
    assert (code, value) == (0, {"address": "http://127.0.0.1:8123/"})
    server = SimpleNamespace(
        url="http://127.0.0.1:8765/lead", serve_forever=_until(_interrupt), server_close=lambda: None
    )
    monkeypatch.setattr(intakes, "serve", lambda *_a, **_k: server)
    code, value, _ = _answer(("intake", "--json"), capsys)
    assert (code, value["address"]) == (0, "http://127.0.0.1:8765/lead")
    for option, key in (("--spam", "spam"), ("--hand-on", "waiting")):
        code, value, _ = _answer(("intake", option, "--json"), capsys)
        assert (code, value[key]) == (0, [])


def test_the_stand_ins_tell_where_they_are(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_wait", lambda _stream: None)
    code, value, err = _answer(("demo", "--stand-ins", "--keep", "trial", "--json"), capsys)
    assert code == 0
    assert set(value["addresses"]) == {"Site", "LinkedIn", "Twitter"}
    assert Path(value["settings"]).is_file()
    assert "There every command talks to these stand-ins." in err


def test_a_kit_names_its_files_and_links(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, value, _ = _answer(("kit", POST_FILE, "--json"), capsys)
    assert code == 0
    (kit,) = value["kits"]
    assert (value["post"], kit["account"]) == ("hp7", "dana")
    assert Path(kit["page"]).is_file()
    assert Path(kit["mail"]).is_file()
    assert "utm_content=hp7.linkedin.dana" in kit["shares"][0]["link"]


def test_a_preview_names_its_page(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, value, _ = _answer(("preview", "--json"), capsys)
    assert (code, value["posts"], value["picture"]) == (0, [POST_FILE], None)
    assert Path(value["file"]).is_file()
