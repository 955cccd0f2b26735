"""Rules for every test: nothing leaves this machine, and a browser that is missing is an error, not a skip."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from byline.times import FixedClock
from support import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from postgres import Server

pytest.register_assert_rewrite(  # their assertions say what differs
    "byline.testing.channel_contract",
    "byline.testing.crm_contract",
    "byline.testing.ledger_contract",
    "lost_answers",
)

# What a shell starts in the background ignores Ctrl-C, and so would every process that a test starts and ends with one.
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Material prints a banner about MkDocs 2 into every build otherwise.
os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")

# How long one example takes says more about the machine's other work than about the code.
hypothesis.settings.register_profile(
    "byline", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("byline")

SHOWN = ("byline", "mkdocs", "mkdocs-material", "feedgen", "requests", "click", "playwright", "hypothesis")

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def pytest_report_header() -> str:
    """The versions that decide what a failure means."""
    found = []
    for name in SHOWN:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return "versions: " + ", ".join(found)


class LeftTheMachine(AssertionError):
    """A test tried to reach something beyond loopback."""


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail every connection and every look-up of a name beyond loopback, even one that the code swallowed."""
    tried: list[str] = []
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse(address: Any) -> None:
        tried.append(str(address))
        raise LeftTheMachine(f"a test tried to reach {address}: use a fake on 127.0.0.1")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if not _is_local(address):
            refuse(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        if not _is_local(address):
            refuse(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_local((name, 0)):
            refuse(name)
        return getaddrinfo(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
    yield
    if tried:
        pytest.fail(f"the test tried to leave this machine: {', '.join(tried)}")


@pytest.fixture(autouse=True)
def _no_secrets_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token in the developer's own environment must change no test."""
    for name in list(os.environ):
        if name.startswith(
            (
                "LINKEDIN_",
                "TWITTER_",
                "FACEBOOK_",
                "MASTODON_",
                "BLUESKY_",
                "SALESFORCE_",
                "DYNAMICS_",
                "HUBSPOT_",
                "BYLINE_LEDGER_",
            )
        ):
            monkeypatch.delenv(name)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at NOW until it is moved or slept on."""
    return FixedClock(NOW)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real PostgreSQL for the whole run. One that cannot be started is an error, never a skip."""
    from postgres import shared

    found = shared()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for the whole run. None on this machine is an error: `scripts/test` installs one."""
    from playwright.sync_api import Error, sync_playwright

    own = next((path for path in CHROMIUM if Path(path).exists()), shutil.which("chromium"))
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=own, args=list(CHROMIUM_FLAGS))
        except Error as error:
            raise RuntimeError(
                "no Chromium could be started: run scripts/test, which installs one, or leave the browser tests"
                f" out with -m 'not browser'. Playwright said: {str(error).splitlines()[0]}"
            ) from None
        yield browser
        browser.close()


@pytest.fixture
def browser_context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh visitor: no cookies, no storage, English."""
    context = chromium.new_context(locale="en-GB", timezone_id="Europe/Berlin")
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    """One tab of a fresh visitor."""
    return browser_context.new_page()
