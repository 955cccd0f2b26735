"""One driver with its fake, and what the suite needs to try it."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest

from byline import links
from byline.channels.base import Channel, Draft, Found, Request
from byline.errors import Duplicate, NotSent, Problem, RemoteError
from byline.fields import Fields
from byline.http import Http
from byline.model import Card, Message, Picture
from byline.settings import Account, Secrets, Timeouts
from byline.testing.server import PROCESSED, Case, Fault
from byline.times import FixedClock
from byline.yamlread import Mapping_, read

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HOSTILE = (
    "Ask @everyone and @[Acme](urn:li:organization:1) or @[123456]: "
    r"(a) [b](c) {hashtag|\#|d} <e> *f* _g_ ~h~ | back\slash #one &amp; <script>x</script> "
    "mail dana@example.com “quotes” é 👩‍👩‍👧"
)

UNKNOWN: tuple[Fault, ...] = tuple(sorted(PROCESSED | {"drop", "error_before"}))
LIMITED: tuple[Fault, ...] = ("limited", "limited_bare")


class World:
    """One driver, its account, and the fake it talks to."""

    def __init__(self, driver: type[Channel], case: Case) -> None:
        self.driver = driver
        self.case = case
        self.clock = FixedClock(NOW)
        self.fake = case.fake(self.clock)
        self.http = Http(Timeouts(connect=5, read=20), self.clock)
        self.secrets = Secrets(case.environment)
        self.home = Path(tempfile.mkdtemp(prefix="byline-home-"))

    def __enter__(self) -> Self:
        self.fake.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.fake.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def yaml(self, text: str) -> Mapping_:
        """The text as the driver is given it."""
        node = read(text.replace("{api}", self.fake.url))
        assert isinstance(node, Mapping_)
        return node

    def account(self, *, block: str = "") -> Account:
        """The account, at the fake."""
        return Account(
            channel=self.driver.name,
            name="company",
            mode="api",
            api=self.fake.url,
            node=self.yaml(self.case.account),
            block=self.yaml(block or self.case.block),
            home=self.home,
        )

    def channel(
        self, *, http: Http | None = None, secrets: Secrets | None = None, block: str = ""
    ) -> Channel:
        """A fresh driver, as another process would have it."""
        return self.driver(
            self.account(block=block),
            http=http or self.http,
            secrets=secrets or self.secrets,
            clock=self.clock,
        )

    @property
    def link(self) -> str:
        """The tagged link of a delivery."""
        name = self.driver.name
        return (
            f"https://insights.acme.example/posts/honest-pricing/?utm_source={links.sources(name)}"
            f"&utm_medium={'email' if links.sources(name) == 'newsletter' else 'social'}"
            f"&utm_campaign=q4-renewals&utm_content=hp7.{name}.company"
        )

    def draft(self, *words: str, written: bool = True, link: str = "", image: bool = False) -> Draft:
        """What a person or the post's description gives."""
        target = link or self.link
        picture = Picture(
            digest="0" * 64,
            alt="A price tag folded in half",
            url="https://insights.acme.example/a.png",
            path=drawn_picture(),
        )
        return Draft(
            texts=words or ("40 renewals, 3 lost, 37 kept at a higher price.",),
            written=written,
            link=target,
            card=Card(
                url=target,
                title="Pricing, the honest version",
                description="What 40 renewals taught us (about raising prices).",
                picture=picture,
            ),
            image=picture if image else None,
        )

    def ready(
        self, draft: Draft | None = None, *, channel: Channel | None = None
    ) -> tuple[Message, tuple[Request, ...]]:
        """The message and its requests, pictures uploaded."""
        driver = channel or self.channel()
        message, problems = driver.compose(draft or self.draft())
        assert problems == ()
        return message, driver.prepare(message, f"hp7.{self.driver.name}.company")

    @contextmanager
    def raises(self, kind: type[RemoteError], *, cause: str = "") -> Iterator[Caught]:
        """The block fails in exactly this way, and says so without a secret."""
        caught = Caught()
        with pytest.raises(RemoteError) as info:
            yield caught
        error = caught.error = info.value
        self.tells_no_secret(error)
        assert isinstance(error, kind), f"expected {kind.__name__}, got {type(error).__name__}: {error}"
        assert error.service == self.driver.caps.label
        if cause:
            assert getattr(error, "cause", "") == cause, f"the cause is not {cause}: {error}"

    def tells_no_secret(self, *things: object) -> None:
        """Nothing that these say, or show, holds a secret."""
        for thing in things:
            said = [str(thing), repr(thing)]
            if isinstance(thing, BaseException):
                said += [repr(thing.args), repr(vars(thing))]
                for cause in (thing.__cause__, None if thing.__suppress_context__ else thing.__context__):
                    if cause is not None:
                        self.tells_no_secret(cause)
            for name, value in self.case.environment.items():
                if name in self.case.public:
                    continue
                shown = [text for text in said if len(value) >= 8 and value in text]
                assert not shown, f"the secret {name} is shown by {type(thing).__name__}"


@dataclass(slots=True)
class Caught:
    """The error that a block ended with."""

    error: RemoteError = field(default_factory=lambda: RemoteError("", service=""))

    @property
    def retry_at(self) -> datetime | None:
        """When it may be tried again."""
        return self.error.retry_at if isinstance(self.error, NotSent) else None


def stored_and_read(request: Request) -> Request:
    """The request as another process reads it from the sending history."""
    body, headers = json.loads(json.dumps([dict(request.body), dict(request.headers)]))
    return Request(part=request.part, path=request.path, body=body, key=request.key, headers=headers)


def adopted(channel: Channel, request: Request) -> str:
    try:
        return channel.create(request, ()).remote_id
    except Duplicate as error:
        return error.remote_id


def read_settings(world: World, block: Mapping_, account: Mapping_) -> list[Problem]:
    problems: list[Problem] = []
    fields = Fields(block, file="mkdocs.yml", problems=problems, path="channels." + world.driver.name)
    own = Fields(account, file="mkdocs.yml", problems=problems, path=fields.path + ".accounts.company")
    for one in (fields, own):
        for shared in ("mode", "api", "text"):
            one.get(shared)
    for key in ("budget", "accounts"):
        fields.get(key)
    world.driver.settings(fields, (own,))
    fields.done()
    own.done()
    return problems


def filled(channel: Channel, world: World, limit: int) -> str:
    """Words that take exactly the limit, link included."""
    room = limit
    for _ in range(4):
        message, _ = channel.compose(world.draft("a" * room))
        if message.used[0] == limit:
            return "a" * room
        room += limit - message.used[0]
    raise AssertionError("no text takes exactly the limit")


def overlong(request: Request) -> Request:
    """The same request with far too long a text, as if the limits had changed."""

    def grown(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: v + " too long" * 9000 if k in _TEXT_KEYS else grown(v) for k, v in value.items()}
        return [grown(item) for item in value] if isinstance(value, list) else value

    return replace(request, body=grown(dict(request.body)))


_TEXT_KEYS = ("commentary", "text", "message", "status", "html", "preheader")


def joined(block: str, more: str) -> str:
    if not more:
        return block
    return (
        "{"
        + ", ".join(
            part for part in (block.strip().removeprefix("{").removesuffix("}").strip(), more) if part
        )
        + "}"
    )


_KEPT: list[Path] = []


def drawn_picture() -> Path:
    """A small picture, drawn once."""
    if not _KEPT or not _KEPT[0].exists():
        from PIL import Image

        _KEPT[:] = [Path(tempfile.mkdtemp(prefix="byline-contract-")) / "picture.png"]
        Image.linear_gradient("L").resize((600, 315)).convert("RGB").save(_KEPT[0])
    return _KEPT[0]


def looks(world: World, channel: Channel, request: Request) -> None:
    """What a look tells agrees with what stands in the network."""
    found: Found = channel.find(request, world.link, NOW - timedelta(seconds=1), ())
    if channel.caps.find == "never":
        assert found.receipt is None
        assert not found.certain
        assert found.reason
    elif world.fake.posts:
        assert found.receipt is not None, found.reason
        assert found.receipt.remote_id == world.fake.posts[-1].id
        assert found.receipt.already
    else:
        assert found.receipt is None


# Afterwards.
