"""`publish report --mail`: to each reader once a day, over a real mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.crm.base import person_key
from byline.crm.local import FILE, LocalCrm
from byline.model import Lead, Touch
from byline.testing import newsletter
from byline.testing.newsletter import Newsletter
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

ENVIRONMENT = {"SMTP_USERNAME": newsletter.USER, "SMTP_PASSWORD": newsletter.PASSWORD}


@dataclass
class Stage:
    folder: Path
    server: Newsletter
    clock: FixedClock
    capsys: pytest.CaptureFixture[str]
    out: str = ""

    def __call__(self, *words: str) -> int:
        app = App(clock=self.clock, environment=ENVIRONMENT)
        with pytest.raises(SystemExit) as stop:
            main(["-f", str(self.folder / "mkdocs.yml"), "report", *words], app=app)
        found = self.capsys.readouterr()
        self.out = found.out + found.err
        assert isinstance(stop.value.code, int)
        return stop.value.code


Make = Callable[[], Stage]


@pytest.fixture
def stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    with Newsletter(FixedClock(NOW)) as server:
        mail = f'      mail: {{server: "{server.url}", from: reports@acme.example, to: [owner@acme.example, lee@acme.example]}}\n'
        make_site(
            tmp_path,
            posts={"hp7.md": POST},
            settings=SETTINGS.replace("      channels:\n", f"{mail}      channels:\n"),
        )
        with LocalCrm(tmp_path / ".byline" / FILE, clock=FixedClock(NOW)) as crm:
            for number in range(7):
                address = f"person{number}@firm.example"
                at = NOW - timedelta(days=number * 3, hours=1)
                crm.add_lead(
                    Lead(
                        id=f"lead-{number}{number}{number}", at=at, person=person_key(address), email=address, name="Ann <b>",
                        touches=(Touch(at=at, source="linkedin", medium="social", content="hp7.linkedin.company"),),
                    )
                )  # fmt: skip
        yield Stage(tmp_path, server, FixedClock(NOW), capsys)


def test_each_reader_has_it_once_a_day(stage: Stage) -> None:
    assert stage("--mail") == 0
    assert [item.recipient for item in stage.server.inbox] == ["owner@acme.example", "lee@acme.example"]
    mail = stage.server.inbox[0]
    assert mail.mail["Subject"] == "Acme Insights: 7 enquiries"
    assert "7 enquiries" in mail.body("plain")
    assert "Pricing, the honest version" in mail.body("html")
    (page,) = list(mail.mail.iter_attachments())
    assert page.get_filename() == "report.html"
    assert page.get_content().startswith("<!doctype html>")
    assert stage("--mail") == 0
    assert "everybody has today's" in stage.out
    assert len(stage.server.inbox) == 2
    assert stage("--mail", "--again") == 0
    assert len(stage.server.inbox) == 4
    stage.clock.move(timedelta(days=1))
    assert stage("--mail") == 0
    assert len(stage.server.inbox) == 6


def test_no_person_is_in_it_and_shared_not_even_an_id(stage: Stage) -> None:
    assert stage("--mail", "--share", "--to", "board@acme.example") == 0
    assert stage("--mail", "--to", "owner@acme.example") == 0
    shared, owners = stage.server.inbox
    for item in (shared, owners):
        whole = (
            item.body("plain") + item.body("html") + next(iter(item.mail.iter_attachments())).get_content()
        )
        assert "@firm.example" not in whole
        assert "Ann" not in whole
        assert ("lead-111" in whole) is (item is owners)


def test_the_week_alone(stage: Stage) -> None:
    assert stage("--mail", "--since", "7d", "--to", "owner@acme.example") == 0
    assert stage.server.inbox[0].mail["Subject"] == "Acme Insights: 3 enquiries"
    assert stage("--since", "last week") == 2


def test_one_who_is_refused_stops_nobody_else_and_gets_it_later(stage: Stage) -> None:
    stage.server.refused["owner@acme.example"] = "450 4.2.1 busy"
    assert stage("--mail") == 3
    assert "owner@acme.example: later: 450" in stage.out
    stage.server.mend()
    assert stage("--mail") == 0
    assert sorted(item.recipient for item in stage.server.inbox) == ["lee@acme.example", "owner@acme.example"]


def test_a_lost_answer_is_told_and_not_sent_again_by_itself(stage: Stage) -> None:
    stage.server.inject("lose")
    assert stage("--mail", "--to", "owner@acme.example") == 4
    assert stage("--mail", "--to", "owner@acme.example") == 4
    assert len(stage.server.inbox) == 1


@pytest.mark.parametrize("words", [("--to", "nobody"), ("--to", "a@b.example\r\nBcc: c@d.example")])
def test_an_address_that_is_none(stage: Stage, words: tuple[str, ...]) -> None:
    assert stage("--mail", *words) == 2
    assert stage.server.inbox == []


def test_without_a_server_it_says_what_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_site(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(
            ["-f", str(tmp_path / "mkdocs.yml"), "report", "--mail"],
            app=App(clock=FixedClock(NOW), environment={}),
        )
    assert stop.value.code == 2
    assert "smtps://" in capsys.readouterr().err
