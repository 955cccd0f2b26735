"""`publish intake`: what waits is handed on, what was set aside is shown and let through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.crm.base import person_key
from byline.crm.local import FILE, LocalCrm
from byline.intake.outbox import Outbox
from byline.model import Lead
from byline.private import open_store
from byline.testing import newsletter
from byline.testing.newsletter import Newsletter
from byline.times import FixedClock
from support import NOW, SETTINGS, make_site


@dataclass
class Done:
    code: int
    out: str


Publish = Callable[..., Done]


@pytest.fixture
def publish(site: Path, capsys: pytest.CaptureFixture[str]) -> Publish:
    def run(*words: str, **environment: str) -> Done:
        app = App(clock=FixedClock(NOW), environment=environment)
        with pytest.raises(SystemExit) as stop:
            main(["-f", str(site / "mkdocs.yml"), *words], app=app)
        assert isinstance(stop.value.code, int)
        return Done(stop.value.code, capsys.readouterr().out)

    return run


@pytest.fixture
def sales() -> Iterator[Newsletter]:
    with Newsletter() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path, sales: Newsletter) -> Path:
    more = (
        f'      mail: {{server: "{sales.url}", from: forms@acme.example}}\n'
        "      intake: {sales: [sales@acme.example]}\n      channels:\n"
    )
    return make_site(tmp_path, settings=SETTINGS.replace("      channels:\n", more)).parent


def put(site: Path, *, aside: str = "") -> str:
    with open_store(site / ".byline") as store:
        outbox = Outbox(store, clock=FixedClock(NOW), what=("keep", "mail.1"), spam=("keep",))
        lead = Lead(
            id="", at=NOW, email="ann@firm.example", person=person_key("ann@firm.example"), message="Hello"
        )
        return outbox.add_lead(lead, aside=aside)


ENVIRONMENT = {"SMTP_USERNAME": newsletter.USER, "SMTP_PASSWORD": newsletter.PASSWORD}


def test_what_waits_is_handed_on_and_the_exit_code_tells(
    site: Path, sales: Newsletter, publish: Publish
) -> None:
    put(site)
    sales.tired_after = 0
    assert publish("intake", "--hand-on", **ENVIRONMENT).code == 3
    sales.mend()
    done = publish("intake", "--hand-on", **ENVIRONMENT)
    assert (done.code, done.out) == (0, "1 errand done\n")
    assert len(sales.inbox) == 1


def test_what_was_set_aside_is_listed_without_a_name_and_let_through(
    site: Path, sales: Newsletter, publish: Publish
) -> None:
    key = put(site, aside="a link stands in the name")
    assert publish("intake", "--hand-on", **ENVIRONMENT).code == 0
    listed = publish("intake", "--spam", **ENVIRONMENT).out
    assert key in listed
    assert "a link stands in the name" in listed
    assert "ann@" not in listed
    assert publish("intake", "--not-spam", key, **ENVIRONMENT).code == 0
    assert len(sales.inbox) == 1
    with LocalCrm(site / ".byline" / FILE) as crm:
        assert [lead.id for lead in crm.leads()] == [key]
    assert publish("intake", "--not-spam", key, **ENVIRONMENT).code == 2
