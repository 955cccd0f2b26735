"""The form that a CRM takes itself: Salesforce's Web-to-Lead and HubSpot's forms, in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest

from byline import checks, content, settings
from byline.crm import _fields as words
from byline.crm.base import Catalogue, PostRef
from byline.crm.salesforce import Salesforce
from byline.http import Http
from byline.settings import Secrets, Timeouts
from byline.testing.hubspot import PORTAL, HubSpot
from byline.testing.salesforce import ORG, FakeSalesforce, column
from byline.times import SystemClock
from site_sample import SETTINGS, run, sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FORM = "319478e5-e5fd-4d39-9d13-fc1f90bf46da"
TAGS = "utm_source=linkedin&utm_medium=social&utm_campaign=q4&utm_content=hp7.linkedin.company&utm_id=a.1&twclid=abc"
PLACE = '      lead_form: {to: {url: "http://127.0.0.1:9/lead"}}\n'


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def _site(folder: Path, form: str) -> Path:
    """A site whose address is a server of this machine, before it is built."""
    file = sample(folder)
    file.write_text(SETTINGS.replace(PLACE, form), encoding="utf-8")
    return file


@pytest.fixture(autouse=True)
def _drawn(tmp_path: Path, sample_file: Path, built: Path) -> None:
    """The cards of the sample site are drawn already."""
    assert built.exists()
    copytree(sample_file.parent / ".byline", tmp_path / ".byline")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    (tmp_path / "site").mkdir(exist_ok=True)
    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "site")))
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def _build(file: Path, server: ThreadingHTTPServer) -> str:
    home = f"http://127.0.0.1:{server.server_port}/"
    text = file.read_text(encoding="utf-8").replace("https://insights.acme.example/blog/", home)
    file.write_text(text, encoding="utf-8")
    run(file)
    return home


@pytest.fixture
def org() -> Iterator[FakeSalesforce]:
    with FakeSalesforce(client=("client", "the-secret-of-ours")) as fake:
        fake.made_ready()
        yield fake


def _web_to_lead(fake: FakeSalesforce, *, leave_out: str = "") -> str:
    ids = {name: str(about["id"]) for name, about in fake.custom["Lead"].items() if name != leave_out}
    rows = "".join(f"          {name}: {key}\n" for name, key in ids.items())
    return (
        f"      lead_form:\n        to: salesforce\n        org: {ORG[:15]}\n"
        f"        url: {fake.url}/servlet/servlet.WebToLead?encoding=UTF-8\n        fields:\n{rows}"
    )


def _fill(page: Page, *, first: str = "first_name", last: str = "last_name") -> None:
    page.fill(f"[name={first}]", "Ada")
    page.fill(f"[name={last}]", "O'Brien")
    page.fill("[name=email]", "ada@firm.example")
    page.fill("[name=company]", "Firm & Söhne")


@pytest.mark.browser
def test_salesforce_takes_the_form_and_the_driver_reads_the_same_visits(
    tmp_path: Path, server: ThreadingHTTPServer, org: FakeSalesforce, page: Page
) -> None:
    home = _build(_site(tmp_path, _web_to_lead(org)), server)
    page.goto(f"{home}posts/honest-pricing/?{TAGS}")
    _fill(page)
    page.fill("textarea[name=description]", "What does it cost?")
    with page.expect_navigation(url="**/thanks/"):
        page.click(".by-form button[type=submit]")
    assert "has been submitted" in page.inner_text("main")
    kept = org.by_email("ada@firm.example")
    row = org.find("Lead", kept.record)
    assert (row["FirstName"], row["LastName"], kept.company) == ("Ada", "O'Brien", "Firm & Söhne")
    assert (kept.source, kept.description) == ("Web", "What does it cost?")
    assert (kept.fields["utm_content"], kept.fields["twclid"]) == ("hp7.linkedin.company", "abc")
    assert kept.fields["key"].startswith("byline:lead:web-")
    options = settings.load(_crm(tmp_path, org.url), {}).crm
    http = Http(Timeouts(), SystemClock())
    crm = Salesforce(
        options,
        http=http,
        secrets=Secrets({"SALESFORCE_CLIENT_ID": "client", "SALESFORCE_CLIENT_SECRET": "the-secret-of-ours"}),
        clock=SystemClock(),
        catalogue=Catalogue(posts={"hp7": PostRef(id="hp7", title="Pricing")}),
    )
    (lead,) = crm.leads()
    http.close()
    (touch,) = lead.touches
    assert (touch.source, touch.content, touch.page, touch.click) == (
        "linkedin",
        "hp7.linkedin.company",
        "/posts/honest-pricing/",
        "twclid=abc",
    )
    assert lead.id == kept.fields["key"].removeprefix("byline:lead:")
    assert words.posts_read(lead, crm.catalogue)
    page.go_back()
    with page.expect_navigation(url="**/thanks/"):
        page.click(".by-form button[type=submit]")
    assert len(org.kept()) <= 2  # the same words in the same visit have the same key


def _crm(folder: Path, address: str) -> Path:
    file = folder / "crm.yml"
    text = SETTINGS.replace(PLACE, f"      crm: {{type: salesforce, api: '{address}'}}\n")
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.browser
def test_a_double_click_is_one_lead_and_a_robot_none(
    tmp_path: Path, server: ThreadingHTTPServer, org: FakeSalesforce, page: Page
) -> None:
    home = _build(_site(tmp_path, _web_to_lead(org)), server)
    page.goto(f"{home}contact/?{TAGS}")
    _fill(page)
    page.fill("textarea[name=description]", "Twice")
    body = page.evaluate(
        """() => { const form = document.querySelector("form.by-form"); byline.words(form);
        const one = new URLSearchParams(new FormData(form)).toString(); byline.words(form);
        return [one, new URLSearchParams(new FormData(form)).toString()]; }"""
    )
    assert body[0] == body[1]
    page.fill("[data-byline-pot]", "x", force=True)
    with page.expect_navigation(url="**/thanks/"):
        page.evaluate("document.querySelector('.by-form button[type=submit]').click()")
    assert org.kept() == ()


@pytest.mark.browser
def test_salesforce_takes_the_form_without_javascript(
    tmp_path: Path, server: ThreadingHTTPServer, org: FakeSalesforce, chromium: Browser
) -> None:
    home = _build(_site(tmp_path, _web_to_lead(org)), server)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{home}posts/honest-pricing/")
    _fill(page)
    page.fill("textarea[name=description]", "Plain")
    page.click(".by-form button[type=submit]")
    page.wait_for_url("**/thanks/")
    context.close()
    kept = org.by_email("ada@firm.example")
    assert kept.description == "Plain"
    assert "key" not in kept.fields


@pytest.fixture
def portal() -> Iterator[HubSpot]:
    with HubSpot() as fake:
        fake.forms[FORM] = frozenset(
            {"email", "firstname", "lastname", "company", "message", "utm_content", "utm_source", "heard"}
        )
        yield fake


def _hubspot(fake: HubSpot) -> str:
    return (
        f"      lead_form:\n        to: hubspot\n        portal: {PORTAL}\n        form: {FORM}\n"
        f"        url: {fake.url}\n        api: {fake.url}\n        subscription: 77\n"
        "        fields: {utm_content: utm_content, utm_source: utm_source, self_reported_source: heard}\n"
    )


@pytest.mark.browser
def test_hubspot_takes_the_form(
    tmp_path: Path, server: ThreadingHTTPServer, portal: HubSpot, page: Page
) -> None:
    home = _build(_site(tmp_path, _hubspot(portal)), server)
    page.goto(f"{home}posts/honest-pricing/?{TAGS}")
    _fill(page, first="firstname", last="lastname")
    page.fill("[name=message]", "What does it cost?")
    page.fill("[name=heard]", "a colleague")
    page.check("[data-byline-marketing]")
    with page.expect_navigation(url="**/thanks/"):
        page.click(".by-form button[type=submit]")
    (sent,) = portal.submissions
    assert sent.fields == {
        "firstname": "Ada",
        "lastname": "O'Brien",
        "email": "ada@firm.example",
        "company": "Firm & Söhne",
        "message": "What does it cost?",
        "heard": "a colleague",
        "utm_content": "hp7.linkedin.company",
        "utm_source": "linkedin",
    }
    assert sent.context["pageUri"] == f"{home}posts/honest-pricing/"
    assert "hutk" not in sent.context
    assert sent.consent["consent"]["communications"][0]["subscriptionTypeId"] == 77
    assert "has arrived" in page.inner_text("main")


@pytest.mark.browser
def test_what_hubspot_refuses_is_told_and_nothing_is_lost(
    tmp_path: Path, server: ThreadingHTTPServer, portal: HubSpot, page: Page
) -> None:
    home = _build(_site(tmp_path, _hubspot(portal)), server)
    portal.blocked.add("ada@firm.example")
    page.goto(f"{home}contact/")
    _fill(page, first="firstname", last="lastname")
    page.fill("[name=message]", "What does it cost?")
    page.click(".by-form button[type=submit]")
    alert = page.locator(".by-form [role=alert]")
    alert.wait_for()
    assert "e-mail address was not accepted" in alert.inner_text()
    assert page.input_value("[name=message]") == "What does it cost?"
    assert portal.submissions == []
    portal.blocked.clear()
    with page.expect_navigation(url="**/thanks/"):
        page.click(".by-form button[type=submit]")
    assert len(portal.submissions) == 1


@pytest.mark.browser
def test_hubspot_takes_the_form_without_javascript(
    tmp_path: Path, server: ThreadingHTTPServer, portal: HubSpot, chromium: Browser
) -> None:
    home = _build(_site(tmp_path, _hubspot(portal)), server)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{home}contact/")
    _fill(page, first="firstname", last="lastname")
    page.fill("[name=message]", "Plain")
    page.click(".by-form button[type=submit]")
    page.wait_for_url("**/thanks/")
    context.close()
    (sent,) = portal.submissions
    assert (sent.fields["message"], sent.context["pageUri"]) == ("Plain", f"{home}contact/")


def test_the_page_allows_the_crm_alone_as_target(
    tmp_path: Path, server: ThreadingHTTPServer, org: FakeSalesforce
) -> None:
    _build(_site(tmp_path, _web_to_lead(org)), server)
    page = (tmp_path / "site" / "contact" / "index.html").read_text(encoding="utf-8")
    assert f"form-action &#x27;self&#x27; {org.url}" in page
    assert 'name="bl_' not in page
    assert f'name="{org.custom["Lead"][column("journey")]["id"]}"' in page


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ("to: salesforce", "org"),
        ("to: salesforce\n        org: 00Dx", "org"),
        (
            "to: salesforce\n        org: 00D5e0000000Byl\n        fields: {UTM_Content__c: UTM}",
            "fields.UTM_Content__c",
        ),
        (
            "to: salesforce\n        org: 00D5e0000000Byl\n        fields: {UTM_Kontent__c: 00N5e0000000Byl}",
            "fields.UTM_Kontent__c",
        ),
        ("to: hubspot\n        form: 319478e5-e5fd-4d39-9d13-fc1f90bf46da", "portal"),
        ("to: hubspot\n        portal: 12", "form"),
        ("to: dynamics", "to"),
        ("to: dynamics\n        url: http://forms.firm.example/lead", "url"),
    ],
)
def test_what_a_direct_form_lacks_is_told(tmp_path: Path, form: str, key: str) -> None:
    file = _site(tmp_path, f"      lead_form:\n        {form}\n")
    _, problems = settings.read(file, {})
    assert [problem.key.removeprefix("byline.") for problem in problems] == [f"lead_form.{key}"]


def _told(file: Path) -> list[tuple[str, str, str]]:
    loaded = settings.load(file, {})
    found = checks.run(loaded, content.read(loaded))
    return [(one.code, one.severity, one.key) for one in found if one.code.startswith("lead-")]


def test_a_form_for_dynamics_goes_through_an_intake_that_hands_it_there(tmp_path: Path) -> None:
    form = "      lead_form: {to: dynamics, url: https://forms.firm.example/lead}\n"
    crm = "type: dynamics, api: https://firm.api.crm4.dynamics.com, tenant: firm.example, prefix: acme"
    assert _told(_site(tmp_path / "good", f"{form}      crm: {{{crm}}}\n")) == []
    assert _told(_site(tmp_path / "none", form)) == [("lead-form-elsewhere", "error", "lead_form.to")]
    left_out = f'{form}      crm: {{{crm}, fields: {{utm_content: ""}}}}\n'
    assert _told(_site(tmp_path / "blind", left_out)) == [
        ("lead-without-source", "warning", "crm.fields.utm_content")
    ]


def test_an_intake_on_this_machine_cannot_serve_a_public_site(tmp_path: Path) -> None:
    form = "      lead_form:\n        to: dynamics\n        url: http://127.0.0.1:8765/lead\n"
    file = _site(tmp_path, form)
    assert settings.read(file, {})[1] == ()
    text = file.read_text(encoding="utf-8").replace("https://insights.acme.example/", "https://www.firm.com/")
    file.write_text(text, encoding="utf-8")
    (problem,) = settings.read(file, {})[1]
    assert (problem.code, problem.key.removeprefix("byline."), problem.line) == (
        "local-lead-form",
        "lead_form.url",
        1 + text[: text.index("url: http://127")].count("\n"),
    )


def test_a_form_without_a_place_for_our_tag_is_advised_against(tmp_path: Path) -> None:
    file = _site(tmp_path, "      lead_form: {to: salesforce, org: 00D5e0000000Byl}\n")
    loaded = settings.load(file, {})
    found = [one for one in checks.run(loaded, content.read(loaded)) if one.code == "lead-without-source"]
    assert [(one.severity, one.line > 0) for one in found] == [("warning", True)]
    file = _site(
        tmp_path, "      lead_form: {to: hubspot, portal: 12, form: 319478e5-e5fd-4d39-9d13-fc1f90bf46da}\n"
    )
    assert settings.load(file, {}).lead_form.fields["utm_content"] == "utm_content"
