"""`publish kit`: a page and a mail for each person who shares by hand, and the way back into the sending history."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email import policy
from email.parser import BytesParser
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from byline import content as contents
from byline import settings as settings_module
from byline import sharing
from byline.attribution.touches import Directory
from byline.cli import cli
from byline.cli.common import App
from byline.errors import UsageError
from byline.ledger import read_snapshot
from byline.links import tags
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HANDS = SETTINGS.replace(
    'dana: {urn: "urn:li:person:Kx1"}',
    'dana: {urn: "urn:li:person:Kx1"}\n            lee: {mode: manual}\n            nordwerk_gmbh: {mode: manual}',
).replace("            acme: {}", "            acme: {}\n            lee: {mode: manual, username: leepark}")
SHARE = """\
share:
  linkedin:
    as: [company, lee]
    text: We raised prices on 40 renewals.
    accounts:
      lee: {text: "I wrote the letters myself. Here they are."}
"""


def _post(share: str = SHARE, extra: str = "") -> str:
    return POST.replace("---\nWe", f"{extra}{share}---\nWe")


def _run(file: Path, *arguments: str, now: datetime = NOW) -> int:
    app = App(clock=FixedClock(now), environment={})
    context = cli.make_context("publish", ["-f", str(file), *arguments], obj=app)
    with context:
        code = cli.invoke(context)
    assert isinstance(code, int)
    return code


def _site(folder: Path, post: str, settings: str = HANDS) -> Path:
    return make_site(folder, posts={"a.md": post}, settings=settings)


class _Page(HTMLParser):
    """The buttons' texts, the words to select, the links and every element of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.buttons: dict[str, str] = {}
        self._text: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._text = dict(attrs).get("data-text") if tag == "button" else None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self.buttons.setdefault(data, self._text)
            self._text = None


def test_everybody_gets_words_and_a_link_of_their_own(tmp_path: Path) -> None:
    file = _site(tmp_path, _post())
    assert _run(file, "kit", "hp7") == 0
    folder = tmp_path / ".byline" / "kit" / "hp7"
    assert sorted(path.name for path in folder.iterdir()) == [
        "lee.eml",
        "lee.html",
        "nordwerk_gmbh.eml",
        "nordwerk_gmbh.html",
    ]
    lee, dealer = (
        _Page((folder / f"{name}.html").read_text(encoding="utf-8")) for name in ("lee", "nordwerk_gmbh")
    )
    words, _, link = lee.buttons["Copy words and link"].partition("\n\n")
    assert words == "I wrote the letters myself. Here they are."
    assert tags(link)["utm_content"] == "hp7.linkedin.lee"
    assert dealer.buttons["Copy words and link"].startswith("We raised prices on 40 renewals.\n\nhttps://")
    assert tags(dealer.buttons["Copy the link alone"])["utm_content"] == "hp7.linkedin.nordwerk_gmbh"
    assert dealer.buttons["Copy the words alone"] == "We raised prices on 40 renewals."


def test_visits_through_the_link_are_counted(tmp_path: Path) -> None:
    file = _site(tmp_path, _post("share:\n  linkedin: Hello.\n"))
    settings = settings_module.load(file, {})
    post = contents.read(settings).posts[0]
    ids = {item.id for item in sharing.tellings(sharing.with_hands(post, settings), settings, {}).items}
    assert ids == {
        "hp7.linkedin.company",
        "hp7.linkedin.lee",
        "hp7.linkedin.nordwerk_gmbh",
        "hp7.twitter.acme",
        "hp7.twitter.lee",
    }
    accounts = {name: tuple(block.accounts) for name, block in settings.channels.items()}
    assert all(Directory([post], accounts).find(name, "linkedin") for name in ids)
    assert {item.id for item in sharing.tellings(post, settings, {}).items} == {
        "hp7.linkedin.company",
        "hp7.twitter.acme",
    }


@pytest.mark.parametrize(
    ("share", "left"),
    [
        ("share:\n  linkedin: false\n", {"hp7.twitter.acme", "hp7.twitter.lee"}),
        ("share: false\n", set()),
        (
            "share:\n  twitter: false\n  linkedin: {accounts: {lee: false}}\n",
            {"hp7.linkedin.company", "hp7.linkedin.nordwerk_gmbh"},
        ),
    ],
)
def test_what_a_post_switches_off_stays_off(tmp_path: Path, share: str, left: set[str]) -> None:
    settings = settings_module.load(_site(tmp_path, _post(share)), {})
    post = contents.read(settings).posts[0]
    told = sharing.tellings(sharing.with_hands(post, settings), settings, {})
    assert {item.id for item in told.items} == left


def test_what_was_shared_is_noted_and_left_out_next_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _site(tmp_path, _post("share:\n  twitter: false\n  linkedin: Hello.\n"))
    assert _run(file, "kit", "hp7", "--for", "lee") == 0
    assert "publish record hp7.linkedin.lee --url ADDRESS" in capsys.readouterr().err
    url = "https://www.linkedin.com/feed/update/urn:li:share:7295588489876647936"
    assert _run(file, "record", "hp7.linkedin.lee", "--url", url) == 0
    settings = settings_module.load(file, {})
    record = read_snapshot(settings, FixedClock(NOW)).records["hp7.linkedin.lee"]
    assert (record.state, record.by_hand) == ("sent", True)
    assert tags(record.intent.link)["utm_content"] == "hp7.linkedin.lee"
    capsys.readouterr()
    assert _run(file, "kit", "hp7", "--for", "lee") == 0
    told = capsys.readouterr()
    assert "noted already" in told.err
    assert told.out == ""


def test_an_account_that_is_none_cannot_be_recorded(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no delivery hp7\.linkedin\.nobody"):
        _run(_site(tmp_path, _post()), "record", "hp7.linkedin.nobody", "--url", "https://www.linkedin.com/x")


def test_the_form_of_a_network_is_a_link_with_the_words_in_it(tmp_path: Path) -> None:
    file = _site(tmp_path, _post())
    _run(file, "kit", "hp7", "--for", "Lee Park")
    page = _Page((tmp_path / ".byline/kit/hp7/lee.html").read_text(encoding="utf-8"))
    forms = {
        urlsplit(str(a["href"])).hostname: parse_qs(urlsplit(str(a["href"])).query)
        for tag, a in page.tags
        if tag == "a" and str(a.get("href")).startswith("https://")
    }
    assert set(forms) == {"www.linkedin.com", "x.com"}
    assert tags(forms["www.linkedin.com"]["url"][0])["utm_content"] == "hp7.linkedin.lee"
    (text,) = forms["x.com"]["text"]
    assert text.startswith(
        "What 40 renewals taught us about raising prices. https://insights.acme.example/posts/"
    )
    assert "hp7.twitter.lee" in text


def test_the_mail_carries_the_same_words_and_the_picture_but_no_address(tmp_path: Path) -> None:
    file = _site(tmp_path, _post().replace("the honest version", "the “honest” version"))
    _run(file, "kit", "hp7", "--for", "lee")
    data = (tmp_path / ".byline/kit/hp7/lee.eml").read_bytes()
    mail = BytesParser(policy=policy.default).parsebytes(data)
    assert (mail["Subject"], mail["To"], mail["From"], mail["X-Unsent"]) == (
        "To share, if you like: Pricing, the “honest” version",
        None,
        None,
        "1",
    )
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "I wrote the letters myself. Here they are." in text
    assert "utm_content=hp7.linkedin.lee" in text
    assert "publish record hp7.linkedin.lee --url ADDRESS" in text
    (picture,) = mail.iter_attachments()
    assert picture.get_filename() == "hp7.png"
    with Image.open(BytesIO(picture.get_content())) as image:
        assert image.size == (1200, 630)
    _run(file, "kit", "hp7", "--for", "lee")
    assert (tmp_path / ".byline/kit/hp7/lee.eml").read_bytes() == data


def test_a_page_that_is_not_public_yet_asks_to_wait(tmp_path: Path) -> None:
    file = _site(tmp_path, _post())
    _run(file, "kit", "hp7", now=NOW - timedelta(days=7))
    assert "Please wait until <b>Tue 24 Nov 2026, 00:00</b>" in (
        tmp_path / ".byline/kit/hp7/lee.html"
    ).read_text(encoding="utf-8")
    assert b"Please wait until Tue 24 Nov 2026, 00:00" in (tmp_path / ".byline/kit/hp7/lee.eml").read_bytes()


@pytest.mark.parametrize(
    ("post", "settings", "arguments", "message"),
    [
        (_post(), SETTINGS, (), "nobody who shares by hand"),
        (_post(), HANDS, ("--for", "dana"), "nobody called `dana`"),
        (_post(extra="draft: true\n"), HANDS, (), "is a draft"),
        (_post("share: false\n"), HANDS, (), "the site and the feeds only"),
        (_post("share: {linkedin: false, twitter: false}\n"), HANDS, (), "none of the networks"),
        (_post("share: {twitter: false}\n"), HANDS, ("--out", "/dev/null/kit"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    tmp_path: Path, post: str, settings: str, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        _run(_site(tmp_path, post, settings), "kit", "hp7", *arguments)


def test_words_that_do_not_fit_stop_the_kit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _site(tmp_path, _post(f"share:\n  twitter: {'long ' * 80}\n"))
    assert _run(file, "kit", "hp7") == 5
    assert "more than the 280" in capsys.readouterr().err
    assert not (tmp_path / ".byline" / "kit").exists()


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    hostile = "\"</textarea></title><script>alert(1)</script><img src=x onerror=alert(2)>' onclick='x\""
    quoted = "'" + hostile.replace("'", "''") + "'"
    text = _post(f"share:\n  linkedin: {quoted}\n").replace(
        "title: Pricing, the honest version", f"title: {quoted}"
    )
    _run(_site(tmp_path, text), "kit", "hp7", "--for", "lee")
    html = (tmp_path / ".byline/kit/hp7/lee.html").read_text(encoding="utf-8")
    page = _Page(html)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "img" not in {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert page.buttons["Copy the words alone"] == hostile
    area = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.DOTALL)
    assert area is not None
    assert unescape(area[1]).startswith(hostile)


@pytest.mark.browser
@pytest.mark.parametrize("clipboard", [True, False])
def test_copying_works_from_the_file_and_nothing_is_requested(
    tmp_path: Path, chromium: Browser, clipboard: bool
) -> None:
    file = _site(tmp_path, _post())
    _run(file, "kit", "hp7", "--for", "lee")
    target = tmp_path / ".byline/kit/hp7/lee.html"
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    if not clipboard:
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(target.as_uri())
    page.get_by_role("button", name="Copy words and link").first.click()
    assert page.get_by_role("status").inner_text() == "Copied."
    if clipboard:
        copied = page.evaluate("navigator.clipboard.readText()")
    else:
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<textarea id=paste></textarea>')")
        page.locator("#paste").focus()
        page.keyboard.press("Control+V")
        copied = page.locator("#paste").input_value()
    assert copied.startswith(
        "I wrote the letters myself. Here they are.\n\nhttps://insights.acme.example/posts/"
    )
    assert copied.endswith("utm_content=hp7.linkedin.lee")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save the picture").first.click()
    assert saved.value.suggested_filename == "hp7.png"
    assert [url for url in asked if not url.startswith("data:")] == [target.as_uri()]
    assert said == []
    context.close()


@pytest.mark.browser
def test_without_a_script_the_words_are_there_to_be_selected(tmp_path: Path, chromium: Browser) -> None:
    file = _site(tmp_path, _post())
    _run(file, "kit", "hp7", "--for", "lee")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / ".byline/kit/hp7/lee.html").as_uri())
    assert page.get_by_label("Words").first.input_value().startswith("I wrote the letters myself.")
    assert page.locator("button").first.is_visible() is False
    context.close()


def test_a_mail_greets_a_person_and_no_page(tmp_path: Path) -> None:
    by_hand = HANDS.replace('company: {urn: "urn:li:organization:2414183"}', "company: {mode: manual}", 1)
    file = _site(tmp_path, _post(), by_hand)
    assert _run(file, "kit", "hp7") == 0
    greetings = {}
    for path in (tmp_path / ".byline" / "kit" / "hp7").glob("*.eml"):
        body = BytesParser(policy=policy.default).parsebytes(path.read_bytes()).get_body()
        assert body is not None
        greetings[path.stem] = body.get_content().splitlines()[0]
    assert (greetings["lee"], greetings["company"]) == ("Hello Lee Park,", "Hello,")
