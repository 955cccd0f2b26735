"""Signing in: the answer is taken on this machine alone, once, with the proof that was sent along."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from byline.channels.linkedin import LinkedIn
from byline.cli import connect as command
from byline.errors import BylineError, UsageError
from byline.signin import Callback, with_options
from byline.testing import bluesky, facebook, linkedin, mastodon, twitter
from byline.yamlread import Mapping_, read
from stage import Runner, Stage

APP = {
    "linkedin": {"LINKEDIN_CLIENT_ID": "linkedin-app", "LINKEDIN_CLIENT_SECRET": "linkedin-app-secret"},
    "twitter": {
        "TWITTER_CONSUMER_KEY": "twitter-consumer-key",
        "TWITTER_CONSUMER_SECRET": "twitter-consumer-secret",
    },
    "facebook": {"FACEBOOK_APP_ID": "facebook-app", "FACEBOOK_APP_SECRET": "facebook-app-secret"},
    "mastodon": {},
}
TOKEN = {
    "linkedin": "LINKEDIN_ACCESS_TOKEN",
    "twitter": "TWITTER_ACCESS_TOKEN_SECRET",
    "facebook": "FACEBOOK_PAGE_TOKEN",
    "mastodon": "MASTODON_ACCESS_TOKEN",
}
CASES = {
    "linkedin": linkedin.CASES[0],
    "twitter": twitter.CASES[0],
    "facebook": facebook.CASES[0],
    "mastodon": mastodon.CASES[0],
}


class Browser:
    """The person's browser: opens what it is told, follows the way back to this machine."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.pages: list[requests.Response] = []
        self.opened: list[str] = []

    def __call__(self, address: str) -> bool:
        self.opened.append(address)
        thread = threading.Thread(target=self._follow, args=(address,))
        thread.start()
        self.threads.append(thread)
        return True

    def _follow(self, address: str) -> None:
        self.pages.append(requests.get(address, timeout=5))

    def page(self) -> requests.Response:
        for thread in self.threads:
            thread.join()
        return self.pages[-1]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    made = Browser()
    monkeypatch.setattr("webbrowser.open", made)
    monkeypatch.setenv("BROWSER", "a browser")
    return made


@pytest.fixture(params=sorted(CASES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stage(name: str, tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, (name, CASES[name])) as stage:
        stage.environment = dict(APP[name])
        file = stage.folder / "mkdocs.yml"
        text = file.read_text(encoding="utf-8")
        if name in ("linkedin", "facebook"):
            text = text.replace(f"{name}:\n", f"{name}:\n          login: {stage.fake.url}\n", 1)
        file.write_text(text, encoding="utf-8")
        if isinstance(stage.fake, linkedin.LinkedIn):
            stage.fake.allow("unused", person="Kx1", organizations={"2414183": "Acme"})
            stage.fake.visitor = stage.fake.members["unused"]
        yield stage


@pytest.fixture
def publish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(stage, capsys)


def connect(publish: Runner, name: str, *words: str) -> int:
    return publish("connect", name, "--port", "0", "--wait", "5", *words)


def consent(fake: Any) -> Any:
    """What decides at the service's page: of Twitter the fake itself."""
    return getattr(fake, "consent", fake)


class TestEveryNetwork:
    def test_the_token_that_comes_back_works(
        self, publish: Runner, stage: Stage, name: str, browser: Browser
    ) -> None:
        assert connect(publish, name, "--show-token") == 0
        assert "You can close this window" in browser.page().text
        secret = TOKEN[name]
        value = re.search(rf"^{secret}=(.+)$", publish.out, re.MULTILINE)
        assert value is not None
        assert f"gh secret set {secret}" in publish.out
        # Unprotected it would be in every merge request's pipeline; without a pipe glab takes no value on a terminal.
        assert f"| glab variable set {secret} --masked --protected --raw" in publish.out
        assert "Signed in to" in publish.out
        stage.environment = dict(re.findall(r"^([A-Z_]+)=(.+)$", publish.out, re.MULTILINE))
        assert publish("doctor", "--to", name) == 0
        assert stage.send().exit_code == 0
        assert len(stage.fake.posts) == 1

    def test_without_the_flag_no_secret_is_shown_anywhere(
        self,
        publish: Runner,
        name: str,
        browser: Browser,
        monkeypatch: pytest.MonkeyPatch,
        stage: Stage,
    ) -> None:
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("click.confirm", lambda *_, **__: False)
        assert connect(publish, name) == 0
        said = publish.out + publish.err
        assert "Nothing was shown or kept" in said
        for value in ("signed-in", "long-lived", *(v for k, v in APP[name].items() if "SECRET" in k)):
            assert value not in said.replace("Signed in", "")
        written = "".join(
            path.read_text(errors="replace") for path in stage.folder.rglob("*") if path.is_file()
        )
        assert "signed-in" not in written

    def test_a_state_of_another_sign_in_is_refused(
        self, publish: Runner, stage: Stage, name: str, browser: Browser
    ) -> None:
        consent(stage.fake).forges = True
        assert publish("connect", name, "--port", "0", "--wait", "0.2", "--show-token") == 1
        assert browser.page().status_code == 400
        assert "nobody came back" in publish.err
        assert stage.fake.attempts("token") == 0

    def test_a_person_who_says_no(self, publish: Runner, stage: Stage, name: str, browser: Browser) -> None:
        consent(stage.fake).denies = True
        assert connect(publish, name, "--show-token") == 1
        assert "did not let us in" in publish.err
        assert "sign in again" in publish.err
        assert stage.fake.attempts("token") == 0

    def test_a_service_that_gives_no_token(
        self, publish: Runner, stage: Stage, name: str, browser: Browser
    ) -> None:
        stage.fake.inject("error_before", on="token")
        assert connect(publish, name, "--show-token") == 1
        assert "gave no token" in publish.err
        assert "code-1" not in publish.out + publish.err

    def test_a_service_that_breaks_off(
        self, publish: Runner, stage: Stage, name: str, browser: Browser
    ) -> None:
        stage.fake.inject("drop", on="token")
        assert connect(publish, name, "--show-token") == 1
        assert "Traceback" not in publish.err

    def test_nobody_at_the_browser(self, publish: Runner, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("webbrowser.open", lambda _address: pytest.fail("--no-browser"))
        assert publish("connect", name, "--port", "0", "--wait", "0.1", "--no-browser", "--show-token") == 1
        assert "Open this address in a browser" in publish.err
        assert "nobody came back from the browser within 0.1 seconds" in publish.err


class Person:
    """Signs in on another machine and types over what the browser there shows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[str] = []
        self.typed: list[str] = []
        self.mangle = lambda typed: typed
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("webbrowser.open", lambda _address: pytest.fail("there is no browser here"))
        monkeypatch.setattr(command, "progress", self.shown.append)
        monkeypatch.setattr("click.prompt", self.answer)

    def answer(self, question: str, **_more: Any) -> str:
        (address,) = (line.strip() for line in self.shown if line.startswith("  http"))
        page = requests.get(address, timeout=5, allow_redirects=False)
        number = re.search(r"<p>(\d+)</p>", page.text)
        typed = number[1] if number else page.headers.get("Location", "")
        self.typed.append(self.mangle(typed))
        return self.typed[-1]


class TestElsewhere:
    @pytest.fixture
    def person(self, monkeypatch: pytest.MonkeyPatch) -> Person:
        return Person(monkeypatch)

    def test_the_answer_is_copied_over_by_hand(
        self, publish: Runner, stage: Stage, name: str, person: Person
    ) -> None:
        assert publish("connect", name, "--elsewhere", "--show-token") == 0
        stage.environment = dict(re.findall(r"^([A-Z_]+)=(.+)$", publish.out, re.MULTILINE))
        assert publish("doctor", "--to", name) == 0
        (typed,) = person.typed
        assert typed == "4821773" if name == "twitter" else typed.startswith("http://")

    def test_a_wrong_copy_is_refused_and_changes_nothing(
        self, publish: Runner, stage: Stage, name: str, person: Person
    ) -> None:
        person.mangle = lambda typed: typed.replace("state=", "state=x").replace("4821773", "4821770")
        assert publish("connect", name, "--elsewhere", "--show-token") in (1, 2)
        assert "Signed in" not in publish.out
        if name == "twitter":
            assert "gave no token" in publish.err
        else:
            assert "not the answer to the sign-in" in publish.err
            assert stage.fake.attempts("token") == 0

    def test_nobody_there_to_copy(self, publish: Runner, name: str) -> None:
        assert publish("connect", name, "--elsewhere", "--show-token") == 2
        assert "nobody is here" in publish.err


@pytest.mark.parametrize("name", ["mastodon"], indirect=True)
class TestAsking:
    def test_pkce_binds_the_code_to_this_run(self, publish: Runner, stage: Stage, browser: Browser) -> None:
        assert connect(publish, "mastodon", "--show-token") == 0
        fake = stage.fake
        assert isinstance(fake, mastodon.Mastodon)
        assert fake.consent.granted[0].challenge
        assert "code_challenge_method=S256" in browser.opened[0]

    def test_what_would_be_lost_is_not_begun(self, publish: Runner, browser: Browser) -> None:
        assert publish("connect", "mastodon") == 2
        assert "--show-token" in publish.err
        assert browser.opened == []

    def test_ci_is_no_place_to_sign_in(self, publish: Runner, browser: Browser) -> None:
        assert publish("connect", "mastodon", "--show-token", CI="true") == 2
        assert browser.opened == []

    def test_a_network_that_is_none(self, publish: Runner) -> None:
        assert publish("connect", "mastodom", "--show-token") == 2
        assert "mastodon" in publish.err


@pytest.mark.parametrize("name", ["linkedin"], indirect=True)
class TestLinkedIn:
    def test_nobody_is_asked_without_a_terminal(
        self, publish: Runner, stage: Stage, browser: Browser
    ) -> None:
        stage.environment.clear()
        assert publish("connect", "linkedin", "--show-token") == 2
        assert "LINKEDIN_CLIENT_ID" in publish.err
        assert browser.opened == []

    def test_the_day_it_dies_comes_as_a_line_to_paste(
        self, publish: Runner, stage: Stage, browser: Browser
    ) -> None:
        assert connect(publish, "linkedin", "--show-token") == 0
        assert "expires: 2027-01-23" in publish.out
        assert "add to the account `acme`" in publish.out
        file = stage.folder / "mkdocs.yml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("2414183'}", "2414183', expires: 2027-01-23}"), encoding="utf-8")
        stage.environment = dict(re.findall(r"^([A-Z_]+)=(.+)$", publish.out, re.MULTILINE))
        row = publish.json("doctor", "--to", "linkedin")["checks"][0]
        assert row["days"] == 59
        assert row["expires"] == "2027-01-23T00:00:00+01:00"

    def test_a_new_account_learns_its_own_urn(self, publish: Runner, stage: Stage, browser: Browser) -> None:
        assert connect(publish, "linkedin", "--as", "dana", "--show-token") == 0
        assert 'dana: {urn: "urn:li:person:Kx1", expires: 2027-01-23}' in publish.out
        assert "LINKEDIN_ACCESS_TOKEN__DANA=" in publish.out
        assert "w_member_social" in publish.out
        assert "w_member_social" in browser.opened[0]
        assert "organization" not in browser.opened[0]

    def test_a_new_page_learns_its_urn_too(self, publish: Runner, stage: Stage, browser: Browser) -> None:
        assert connect(publish, "linkedin", "--as", "page", "--page", "--show-token") == 0
        assert 'page: {urn: "urn:li:organization:2414183"' in publish.out
        assert "w_organization_social" in browser.opened[0]

    def test_somebody_without_the_right_is_told_so(
        self, publish: Runner, stage: Stage, browser: Browser
    ) -> None:
        fake = stage.fake
        assert isinstance(fake, linkedin.LinkedIn)
        fake.visitor = linkedin.Member(person="Other", name="Somebody Else")
        assert connect(publish, "linkedin", "--show-token") == 1
        assert "it will not do" in publish.out
        assert "administers no page" in publish.out

    def test_a_wrong_app_secret(self, publish: Runner, stage: Stage, browser: Browser) -> None:
        stage.environment["LINKEDIN_CLIENT_SECRET"] = "another-secret"
        assert connect(publish, "linkedin", "--show-token") == 1
        assert "Client authentication failed" in publish.err
        assert "another-secret" not in publish.err


@pytest.mark.parametrize("name", ["facebook"], indirect=True)
class TestFacebook:
    def test_the_pages_token_outlives_the_persons(
        self, publish: Runner, stage: Stage, browser: Browser
    ) -> None:
        assert connect(publish, "facebook", "--show-token") == 0
        fake = stage.fake
        assert isinstance(fake, facebook.Facebook)
        assert fake.tokens["EAAB-page-1234-signed-in"].expires is None
        assert "redirect_uri=http%3A%2F%2Flocalhost" in browser.opened[0]

    def test_a_page_of_somebody_else(self, publish: Runner, stage: Stage, browser: Browser) -> None:
        fake = stage.fake
        assert isinstance(fake, facebook.Facebook)
        fake.managed = {"99": "Other"}
        assert connect(publish, "facebook", "--show-token") == 1
        assert "does not manage the page 1234" in publish.err

    def test_a_new_account_learns_the_pages_number(
        self, publish: Runner, stage: Stage, browser: Browser
    ) -> None:
        assert connect(publish, "facebook", "--as", "other", "--show-token") == 0
        assert 'other: {page_id: "1234"' in publish.out


class TestBluesky:
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[Stage]:
        with Stage(tmp_path, ("bluesky", bluesky.CASES[0])) as stage:
            yield stage

    def test_an_app_password_is_tried_and_no_browser_opens(
        self, publish: Runner, stage: Stage, browser: Browser
    ) -> None:
        assert connect(publish, "bluesky", "--show-token") == 0
        assert browser.opened == []
        assert "BLUESKY_APP_PASSWORD=abcd-efgh-ijkl-mnop" in publish.out
        assert "as @acme.bsky.social" in publish.out

    def test_the_accounts_own_password_is_never_sent(self, publish: Runner, stage: Stage) -> None:
        stage.environment["BLUESKY_APP_PASSWORD"] = "correct horse battery"
        assert connect(publish, "bluesky", "--show-token") == 1
        assert "no app password" in publish.err
        assert stage.fake.calls == []
        assert "correct horse" not in publish.err

    def test_a_wrong_one_is_refused(self, publish: Runner, stage: Stage) -> None:
        stage.environment["BLUESKY_APP_PASSWORD"] = "aaaa-bbbb-cccc-dddd"
        assert connect(publish, "bluesky", "--show-token") == 1
        assert "aaaa-bbbb" not in publish.out + publish.err


class TestCallback:
    @pytest.fixture
    def callback(self) -> Iterator[Callback]:
        with Callback(wait=0.2) as made:
            yield made

    def test_only_the_awaited_answer_is_taken_and_only_once(self, callback: Callback) -> None:
        callback.expect(lambda found: found.get("state") == "mine")
        address = callback.redirect()
        assert requests.get(f"{address}?state=other&code=1", timeout=5).status_code == 400
        assert requests.get(address, timeout=5).status_code == 400
        assert requests.get(f"{address}?state=mine&code=2", timeout=5).status_code == 200
        assert requests.get(f"{address}?state=mine&code=3", timeout=5).status_code == 400
        assert callback.take()["code"] == "2"

    def test_before_a_sign_in_nothing_is_taken(self, callback: Callback) -> None:
        assert requests.get(f"{callback.redirect()}?state=", timeout=5).status_code == 400

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1"])
    def test_a_foreign_name_for_this_machine_is_refused(self, callback: Callback, host: str) -> None:
        callback.expect(lambda _found: True)
        answer = requests.get(f"{callback.redirect()}?code=1", headers={"Host": host}, timeout=5)
        assert answer.status_code == 404

    def test_other_paths_hold_nothing_and_values_are_not_repeated(self, callback: Callback) -> None:
        callback.expect(lambda found: "code" in found)
        root = callback.redirect().removesuffix("/callback")
        assert requests.get(f"{root}/favicon.ico", timeout=5).status_code == 404
        page = requests.get(f"{root}/callback?x=<script>alert(1)</script>", timeout=5)
        assert "alert" not in page.text
        assert page.headers["Cache-Control"] == "no-store"

    def test_nobody_comes(self, callback: Callback) -> None:
        callback.expect(lambda _found: True)
        with pytest.raises(BylineError, match="nobody came back"):
            callback.take()

    def test_a_port_in_use(self, callback: Callback) -> None:
        with pytest.raises(UsageError, match="cannot be used") as error:
            Callback(callback.port)
        assert "--port" in error.value.hint


def test_learnt_lines_stand_beside_the_written_ones() -> None:
    node = read("{mode: api}")
    assert isinstance(node, Mapping_)
    found = with_options(node, {"urn": 'urn:li:person:"x'})
    assert {key: value.raw for key, value in found.items.items()} == {  # type: ignore[union-attr]
        "mode": "api",
        "urn": 'urn:li:person:"x',
    }


def test_every_network_offers_a_sign_in() -> None:
    from byline import registry

    for channel in registry.channels():
        assert hasattr(registry.channel(channel), "sign_in"), channel
    assert LinkedIn.sign_in.__doc__
    assert command.DEFAULT_PORT == 8793
