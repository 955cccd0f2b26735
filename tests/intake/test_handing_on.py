"""From the form to the CRM, to sales and into a folder: never lost, never double, whatever is away."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from byline.crm.hubspot import CRM as HubSpotCrm
from byline.crm.local import FILE, LocalCrm
from byline.intake import hosting, serve
from byline.intake.handing import CRM, KEEP, sheet
from byline.intake.handing import FILE as DROP
from byline.intake.hosting import Hosted
from byline.intake.outbox import LEASE, Outbox, queue, read, write
from byline.mail import people
from byline.model import Lead, Touch
from byline.private import open_store
from byline.settings import Secrets, load
from byline.testing import newsletter
from byline.testing.crm_contract import CrmWorld
from byline.testing.hubspot import CASES as HUBSPOT
from byline.testing.newsletter import Newsletter
from byline.testing.server import Fault
from byline.times import FixedClock
from support import NOW, POST, make_site

pytest.importorskip("aiosmtpd")
ANN = {
    "email": "Ann@firm.example", "name": "Ann Lee", "company": "Firm Ltd", "message": "=Please call\nme.",
    "bl_consent": "News by mail", "bl_page": "/posts/honest-pricing/", "bl_started": "1795600000000",
    "bl_last": '{"at": 1795000000000, "source": "linkedin", "medium": "social", "content": "hp7.linkedin.company"}',
}  # fmt: skip
SETTINGS = """\
site_name: Acme Insights
site_url: https://insights.acme.example/
docs_dir: content
theme: {name: material}
plugins:
  - blog: {blog_dir: ., post_dir: posts, post_url_format: "posts/{slug}"}
  - byline:
      timezone: Europe/Berlin
      ledger: sqlite
      channels:
        linkedin: {accounts: {company: {urn: "urn:li:organization:1"}}}
      MORE
"""


@pytest.fixture
def sales() -> Iterator[Newsletter]:
    with Newsletter(FixedClock(NOW)) as server:
        yield server


def site(folder: Path, *more: str) -> Path:
    return make_site(folder, posts={"hp7.md": POST}, settings=SETTINGS.replace("MORE", "\n      ".join(more)))


@contextmanager
def made(folder: Path, *more: str, clock: FixedClock | None = None, **environment: str) -> Iterator[Hosted]:
    settings = load(site(folder, *more), environment)
    found = hosting.hosted(
        settings, environment, clock=clock or FixedClock(NOW), secrets=Secrets(environment)
    )
    try:
        yield found
    finally:
        found.close()


@contextmanager
def listening(found: Hosted) -> Iterator[str]:
    server = serve(found.wsgi())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def post(url: str, form: dict[str, str], path: str = "/lead", method: str = "POST") -> tuple[int, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        body = urlencode(form) if method == "POST" else None
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": "https://insights.acme.example",
        }
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def kept(folder: Path) -> list[Lead]:
    with LocalCrm(folder / ".byline" / FILE) as crm:
        return list(crm.leads())


def mailing(sales: Newsletter) -> tuple[str, str]:
    return (
        f'mail: {{server: "{sales.url}", from: forms@acme.example, from_name: Acme}}',
        "intake: {sales: [sales@acme.example, boss@acme.example], drop: .byline/drop}",
    )


SECRETS = {"SMTP_USERNAME": newsletter.USER, "SMTP_PASSWORD": newsletter.PASSWORD}


def test_a_lead_goes_everywhere_once(tmp_path: Path, sales: Newsletter) -> None:
    with made(tmp_path, *mailing(sales), **SECRETS) as found, listening(found) as url:
        assert found.what == (KEEP, "mail.1", "mail.2", DROP)
        for _ in range(3):  # a double click
            assert post(url, ANN)[0] == 303
        assert found.courier.run_due() == 4
        assert found.courier.run_due() == 0
        (lead,) = kept(tmp_path)
        assert (lead.email, lead.touches[0].content) == ("Ann@firm.example", "hp7.linkedin.company")
        assert sorted(item.recipient for item in sales.inbox) == ["boss@acme.example", "sales@acme.example"]
        mail = sales.got("sales@acme.example")[0]
        assert mail.mail["Subject"] == "Enquiry from Firm Ltd"
        assert mail.mail["Reply-To"] == "Ann@firm.example"
        assert "“Pricing, the honest version”" in mail.body("plain")
        assert "(came from LinkedIn)" in mail.body("plain")
        assert "https://insights.acme.example/posts/honest-pricing/" in mail.body("plain")
        (file,) = (tmp_path / ".byline" / "drop").iterdir()
        assert file.stat().st_mode & 0o077 == 0
        text = file.read_bytes().decode("utf-8-sig")
        assert text.count("\r\n") == 2
        assert "\"'=Please call" in text  # no formula
        assert found.outbox.lead(lead.id) is None  # nothing of the person stays on its way


def test_what_is_away_is_tried_again_and_nothing_is_double(tmp_path: Path, sales: Newsletter) -> None:
    clock = FixedClock(NOW)
    with made(tmp_path, *mailing(sales), clock=clock, **SECRETS) as found, listening(found) as url:
        sales.tired_after = 1  # the first of sales gets it, the second does not
        post(url, ANN)
        assert found.courier.run_due() == 3
        (waiting,) = found.outbox.waiting()
        assert (waiting.what, waiting.leads) == ("mail.2", 1)
        assert "421" in waiting.words
        assert "ann@" not in waiting.words.lower()
        assert found.courier.run_due() == 0  # not at once again
        sales.mend()
        clock.move(timedelta(minutes=3))
        assert found.courier.run_due() == 1
        assert [item.recipient for item in sales.inbox].count("boss@acme.example") == 1
        assert len(sales.inbox) == 2  # who has it gets it no second time because of another
        assert len(kept(tmp_path)) == 1


def test_a_stopped_process_goes_on_after_the_next_start(tmp_path: Path, sales: Newsletter) -> None:
    clock = FixedClock(NOW)
    with made(tmp_path, *mailing(sales), clock=clock, **SECRETS) as found, listening(found) as url:
        post(url, ANN)
        assert found.outbox.take() is not None  # killed in the middle of an errand
    with made(tmp_path, *mailing(sales), clock=clock, **SECRETS) as found:
        found.courier.run_due()
        clock.move(LEASE)
        found.courier.run_due()
        assert found.outbox.waiting() == ()
    assert len(kept(tmp_path)) == 1
    assert len(sales.inbox) == 2


def test_two_couriers_at_once_do_each_errand_once(tmp_path: Path, sales: Newsletter) -> None:
    with made(tmp_path, *mailing(sales), **SECRETS) as one, made(tmp_path, *mailing(sales), **SECRETS) as two:
        with listening(one) as url:
            for number in range(12):
                post(url, {**ANN, "email": f"p{number}@firm.example"})
        runs = [threading.Thread(target=found.courier.run_due) for found in (one, two)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        assert len(kept(tmp_path)) == 12
        assert len(sales.inbox) == 24
        assert one.outbox.waiting() == ()


@pytest.mark.parametrize("fault", ["drop", "lose", "limited", "error_after"])
def test_the_crm_gets_it_once_with_what_was_read_whatever_breaks(tmp_path: Path, fault: Fault) -> None:
    case = HUBSPOT[0]
    with CrmWorld(HubSpotCrm, case) as world:
        crm = "crm: {type: hubspot, api: '%s'}" % world.fake.url  # noqa: UP031
        with made(tmp_path, crm, clock=world.clock, **case.environment) as found, listening(found) as url:
            assert found.what == (KEEP, CRM)
            world.fake.inject(fault, on="any", times=40)
            post(url, ANN)
            assert found.courier.run_due() == 1
            (waiting,) = found.outbox.waiting()
            assert (waiting.what, waiting.leads) == (CRM, 1)
            assert "Ann" not in waiting.words
            world.fake.mend()
            for _ in range(3):
                world.clock.move(timedelta(hours=7))
                found.courier.run_due()
            assert found.outbox.waiting() == ()
            (there,) = world.fake.kept()
            assert there.email.lower() == "ann@firm.example"
            assert "Pricing, the honest version" in there.description
            (lead,) = kept(tmp_path)
            assert (lead.fields["crm"], lead.fields["record"]) == ("hubspot", there.record)


def test_spam_is_kept_apart_with_its_reasons_and_can_be_let_through(
    tmp_path: Path, sales: Newsletter
) -> None:
    spam = {
        **ANN,
        "name": "www.cheap.example",
        "message": "a http://x.example b http://y.example c http://z.example",
    }
    with made(tmp_path, *mailing(sales), **SECRETS) as found, listening(found) as url:
        assert post(url, spam)[0] == 303  # who sends spam learns nothing
        found.courier.run_due()
        assert sales.inbox == []
        assert kept(tmp_path) == []
        ((lead, why),) = found.outbox.spam()
        assert why == "a link stands in the name; 3 links in the message"
        with LocalCrm(tmp_path / ".byline" / FILE) as crm:
            assert sum(crm.set_aside().values()) == 1
            crm.drop("lead", lead.id)
        assert found.outbox.release(lead.id)
        assert not found.outbox.release(lead.id)
        found.courier.run_due()
        assert len(sales.inbox) == 2
        assert len(kept(tmp_path)) == 1


def test_a_copied_form_is_set_aside_and_a_made_up_tag_is_marked(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    forged = {
        **ANN,
        "email": "bo@firm.example",
        "bl_last": '{"source": "linkedin", "content": "zz99.linkedin.nobody"}',
    }
    with made(tmp_path, clock=clock) as found, listening(found) as url:
        post(url, ANN)
        post(url, forged)
        clock.move(timedelta(hours=2))
        post(url, ANN)  # byte for byte
        post(url, {**ANN, "bl_started": "1795607200000"})  # the person asks again, from a fresh page
        found.courier.run_due()
        ((_, why),) = found.outbox.spam()
        assert "the very same form came before" in why
        leads = {lead.email: lead for lead in kept(tmp_path)}
        assert len(kept(tmp_path)) == 3
        assert "a tag that we never gave out" in leads["bo@firm.example"].fields["flags"]
        assert "flags" not in leads["Ann@firm.example"].fields


def test_when_the_store_is_away_nobody_is_told_that_it_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with made(tmp_path) as found, listening(found) as url:
        found.store.run("DROP TABLE intake_leads")
        status, page = post(url, ANN)
        assert status == 503
        assert "could not be kept" in page


def test_leaving_the_newsletter_by_one_click_or_by_hand(tmp_path: Path) -> None:
    with made(tmp_path, NEWSLETTER_SECRET="signing") as found, listening(found) as url:
        key = people.person("ann@firm.example")
        good = people.leave_address("/unsubscribe", "signing", key)
        forged = good.replace(key, people.person("bo@firm.example"))
        assert post(url, {"List-Unsubscribe": "One-Click"}, forged)[0] == 403
        assert post(url, {}, "/unsubscribe?p=1&s=2", "GET")[0] == 400
        status, page = post(url, {}, good, "GET")  # scanners open every link: that alone takes nobody off
        assert (status, "Leave the newsletter?" in page) == (200, True)
        assert people.Journal(found.store).unsubscribed() == frozenset()
        assert post(url, {"List-Unsubscribe": "One-Click"}, good)[0] == 200
        assert people.Journal(found.store).unsubscribed() == {key}
        assert "Ann" not in page


def test_it_runs_in_any_wsgi_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = site(tmp_path)
    monkeypatch.setenv("BYLINE_SETTINGS", str(file))

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    from wsgiref.validate import validator

    server = make_server("127.0.0.1", 0, validator(hosting.app()), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        assert post(f"http://127.0.0.1:{server.server_port}/", ANN)[0] == 303
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    for _ in range(100):
        if (tmp_path / ".byline" / FILE).exists() and kept(tmp_path):
            break
        threading.Event().wait(0.05)
    assert len(kept(tmp_path)) == 1


def test_over_postgresql_too(tmp_path: Path, request: pytest.FixtureRequest, sales: Newsletter) -> None:
    address = request.getfixturevalue("server").database()
    with (
        made(tmp_path, *mailing(sales), BYLINE_PRIVATE_URL=address, **SECRETS) as found,
        listening(found) as url,
    ):
        assert found.store.postgresql
        posts = [threading.Thread(target=post, args=(url, ANN)) for _ in range(6)]
        for one in posts:
            one.start()
        for one in posts:
            one.join()
        assert (way := queue(found.store)) is not None
        assert way.leads == 1
        with made(tmp_path, *mailing(sales), BYLINE_PRIVATE_URL=address, **SECRETS) as other:
            runs = [threading.Thread(target=each.courier.run_due) for each in (found, other)]
            for run in runs:
                run.start()
            for run in runs:
                run.join()
        assert len(kept(tmp_path)) == 1
        assert len(sales.inbox) == 2
        assert not (tmp_path / ".byline" / "private.db").exists()
        found.store.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid() AND datname = current_database()")  # fmt: skip
        from byline.crm.base import person_key

        assert found.outbox.forget(person_key("ann@firm.example")) == 1


def test_a_lead_survives_being_written_down(tmp_path: Path) -> None:
    lead = Lead(
        id="lead-1", at=NOW, person="p", email="a@b.example", name="Ä", message="a\nb", fields={"page": "/x/"},
        touches=(Touch(at=NOW, source="x", content="hp7.x.y", utm_id="abc.123"),),
    )  # fmt: skip
    assert read("lead-1", write(lead)) == lead
    earlier = write(lead).replace(', "abc.123"]', "]")  # as the version before wrote it
    assert earlier != write(lead)
    assert read("lead-1", earlier).touches == (Touch(at=NOW, source="x", content="hp7.x.y"),)
    with open_store(tmp_path) as store:
        outbox = Outbox(store, clock=FixedClock(NOW), what=(KEEP,))
        assert outbox.add_lead(lead) == "lead-1"
        assert outbox.lead("lead-1") == (lead, "", "")


def test_formulas_in_a_sheet_are_text() -> None:
    from byline.crm.base import Catalogue

    lead = Lead(id="lead-1", at=NOW, name="=cmd()", company="+1", message="@x", email="-a@b.example")
    text = sheet(lead, Catalogue()).decode("utf-8-sig")
    for value in ("'=cmd()", "'+1", "'@x", "'-a@b.example"):
        assert value in text
