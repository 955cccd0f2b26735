"""Addresses that others chose: where a token goes, what a card may point at, where a former address leads."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from byline import content, gate, settings
from byline.errors import NotSent
from byline.http import Http
from byline.links import canonical
from byline.model import Picture
from byline.settings import Timeouts
from byline.site import aliases
from byline.testing.server import Answer, Call, Fake, answer
from byline.times import FixedClock
from certificates import bundle, server_side
from support import POST, make_site

TOKEN = "canary-token-1234"


class Service(Fake):
    """Answers as `say` tells."""

    def kind_of(self, call: Call) -> str:
        return "read"

    def handle(self, call: Call) -> Answer:
        return type(self).say(call)

    say = staticmethod(lambda call: answer(200, {}))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_is_never_sent_to_where_a_service_redirects(
    clock: FixedClock, status: int, method: str
) -> None:
    with Service(clock) as here, Service(clock) as thief:
        for target in (thief.url + "/take", thief.url.replace("127.0.0.1", "localhost"), "//evil.example/"):
            Service.say = staticmethod(lambda call, to=target: answer(status, {}, {"Location": to}))
            found = Http(Timeouts(), clock).request(
                method,
                here.url,
                service="Echo",
                headers={"Authorization": f"Bearer {TOKEN}"},
                params={"access_token": TOKEN},
                create=method == "POST",
            )
            assert found.status == status  # told, not followed
        assert len(here.calls) == 3
        assert thief.calls == []


def test_without_a_known_certificate_no_byte_of_a_token_leaves(
    clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    Service.say = staticmethod(lambda call: answer(200, {}))
    service = Service(clock)
    service.tls = server_side()
    with service:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with pytest.raises(NotSent, match="secure connection failed"):
            Http(Timeouts(), clock).request("POST", service.url, service="Echo", headers=headers, create=True)
        assert service.calls == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle()))  # a company's own authority
        assert Http(Timeouts(), clock).request("GET", service.url, service="Echo", headers=headers).ok


def test_tls_is_switched_off_nowhere() -> None:
    off = re.compile(
        r"verify\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|_create_unverified|disable_warnings"
    )
    source = Path(gate.__file__).parent
    assert [str(file) for file in source.rglob("*.py") if off.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "image",
    ["https://10.0.0.1/x.png", "http://localhost:9/x.png", "https://[::1]/x.png", "https://169.254.169.254/latest",
     "https://router/x.png", "https://metadata.google.internal/x", "https://printer.local/x.png"],
)  # fmt: skip
def test_a_card_inside_some_network_is_never_fetched(image: str, tmp_path: Path, clock: FixedClock) -> None:
    loaded = settings.load(make_site(tmp_path, posts={"hp7.md": POST}), {})
    (post,) = content.read(loaded).posts
    with Service(clock) as site:
        home = f"{site.url}/"
        page = (
            f'<link rel="canonical" href="{canonical(home, post.url)}">'
            f'<meta property="og:title" content="{post.title}"><meta property="og:image" content="{image}">'
        )
        Service.say = staticmethod(lambda call: Answer(status=200, body=page.encode()))
        picture = Picture(digest="d", alt="", url=home + "assets/cards/x.png")
        found = gate.look(post, picture, home, Http(Timeouts(), clock))
        assert "inside some network" in found.reason
        assert not found.ok
        assert len(site.calls) == 1


@pytest.mark.parametrize(
    "alias",
    ["https://evil.example/", "//evil.example/", "/\\\\evil.example/", "/a/../../b/", "javascript:alert(1)",
     "/x?next=https://evil.example", "/x\"><script>", "/%2e%2e/%2e%2e/etc/"],
)  # fmt: skip
def test_a_former_address_leads_to_its_own_post_alone(alias: str, tmp_path: Path) -> None:
    text = POST.replace("slug:", f"aliases: [{alias!r}]\nslug:")
    loaded = settings.load(make_site(tmp_path, posts={"hp7.md": text}), {})
    found = content.read(loaded)
    told = [problem.code for problem in found.problems]
    for post in found.posts:
        forced = replace(post, aliases=(alias,))
        for file, page in aliases.write([forced], loaded).items():
            assert ".." not in file.split("/")
            assert not file.startswith("/")
            leads = set(re.findall(rb'(?:href="|url=)([^">]+)', page))
            assert leads == {b"https://insights.acme.example/posts/honest-pricing/"}, file
            assert b"evil.example" not in page
    assert "bad-alias" in told or alias.startswith("/%2e")


@pytest.mark.parametrize(
    "image",
    ["../../../../etc/passwd", "/etc/passwd", "..\\..\\x.png", "file:///etc/passwd", "../../mkdocs.yml"],
)
def test_a_picture_comes_from_the_content_folder_alone(image: str, tmp_path: Path) -> None:
    text = POST.replace("slug:", f"image: {image!r}\nimage_alt: x\nslug:").replace(
        "Three customers", f"![x]({image}) Three customers"
    )
    found = content.read(settings.load(make_site(tmp_path, posts={"hp7.md": text}), {}))
    assert [problem for problem in found.problems if problem.severity == "error" and problem.key == "image"]
