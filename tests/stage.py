"""A small site, its live pages and one network's fake, all on loopback: what the tests of sending need."""

from __future__ import annotations

import html
import io
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any, ClassVar

import pytest

import zygote
from byline import cards, content, links, registry
from byline.cli import main
from byline.cli._publishing import make_drivers
from byline.cli.common import App
from byline.delivering import Crash, no_crash
from byline.http import Http
from byline.ledger import open_ledger
from byline.ledger.base import Ledger
from byline.planning import Delivery, Plan
from byline.planning import plan as make_plan
from byline.sending import Result, Sender, Wishes
from byline.settings import Settings, load
from byline.testing.server import Answer, Call, Case, Fake, Fault
from byline.times import FixedClock
from stores import OneDisk, Store
from support import NOW, POST, make_site
from zygote import Child

HEAD = """\
site_name: Acme Insights
site_url: {site_url}
docs_dir: content
theme: {{name: material}}
plugins:
  - blog: {{blog_dir: ., post_dir: posts, post_url_format: "posts/{{slug}}"}}
  - byline:
      timezone: Europe/Berlin
      ledger: {ledger}
      share_by_default: [{names}]
      settle_waits: [0]
      live_gate: {{wait: 0, every: 1}}
      timeouts: {{connect: 2, read: {read}}}
{more}
      channels:
"""


@cache
def _png() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (1200, 630), "#1f4e79").save(out, "PNG")
    return out.getvalue()


class Pages(Fake):
    """The company's live pages. `shown` maps a path to the whole page; every card is a picture."""

    label: ClassVar[str] = "pages"

    def __init__(self, clock: FixedClock) -> None:
        super().__init__(clock)
        _png()  # made before the first call, which waits for no picture to be drawn
        self.shown: dict[str, str] = {}

    def kind_of(self, call: Call) -> str:
        return "card" if call.path.startswith("/assets/") else "page"

    def handle(self, call: Call) -> Answer:
        if call.path.startswith("/assets/cards/"):
            return Answer(status=200, body=_png(), headers={"Content-Type": "image/png"})
        if call.path not in self.shown:
            return Answer(status=404, body=b"<h1>404</h1>", headers={"Content-Type": "text/html"})
        body = self.shown[call.path].encode()
        return Answer(status=200, body=body, headers={"Content-Type": "text/html; charset=utf-8"})


class Stage:
    """One site with one account on each of the cases' networks. Use it in a `with` statement."""

    def __init__(
        self,
        folder: Path,
        *cases: tuple[str, Case],
        clock: FixedClock | None = None,
        posts: Mapping[str, str] | None = None,
        more: str = "",
        threads: bool = False,
        store: Store | None = None,
    ) -> None:
        self.folder = folder
        self.store: Store = store or OneDisk()
        self.clock = clock or FixedClock(NOW)
        self.cases = dict(cases)
        self.pages = Pages(self.clock)
        self.fakes = {name: case.fake(self.clock) for name, case in cases}
        self.environment: dict[str, str] = {}
        for _, case in cases:
            self.environment |= case.environment
        self.environment |= self.store.environment
        self.more = more
        self.read = 5.0  # seconds that an answer is waited for
        self.threads = threads
        self.posts = dict(posts or {"hp7.md": POST})

    def __enter__(self) -> Stage:
        for fake in (self.pages, *self.fakes.values()):
            fake.start()
        self.write()
        return self

    def __exit__(self, *_: object) -> None:
        for fake in (self.pages, *self.fakes.values()):
            fake.stop()

    @property
    def fake(self) -> Fake:
        """The only network's."""
        (fake,) = self.fakes.values()
        return fake

    def write(self, *, live: bool = True) -> None:
        """Write the site as it is meant now, and show its pages."""
        text = HEAD.format(
            site_url=f"{self.pages.url}/",
            names=", ".join(self.cases),
            read=self.read,
            ledger=self.store.setting,
            more=indent(self.more, " " * 6),
        )
        for name, case in self.cases.items():
            text += f"        {name}:\n          api: {self.fakes[name].url}\n"
            if self.threads and case.threads:
                text += f"          {case.threads}\n"
            if name == "linkedin":
                text += "          probe_after: 0s\n"
            text += f"          accounts: {{acme: {case.account}}}\n"
        make_site(self.folder, posts=self.posts, settings=text)
        if live:
            self.show()

    def inject(self, fault: Fault, *, on: str = "create", times: int = 1, after: int = 0) -> None:
        """The next calls go wrong in this way; of a stalled answer nobody waits longer than it takes to see it."""
        if fault == "stall":
            self.read, self.fake.stall_for = 0.5, 0.7
            self.write()
        self.fake.inject(fault, on=on, times=times, after=after)

    @property
    def settings(self) -> Settings:
        return load(self.folder / "mkdocs.yml", self.environment)

    def show(self) -> None:
        """The site is deployed as it is."""
        settings = self.settings
        found = content.read(settings)
        for post in found.posts:
            url = links.canonical(settings.site_url, post.url)
            card = cards.picture(post, settings, found.authors).url
            self.pages.shown[f"/{post.url}"] = (
                f'<!doctype html><html><head><link rel="canonical" href="{url}">'
                f'<meta property="og:title" content="{html.escape(post.title)}">'
                f'<meta property="og:image" content="{card}"></head><body></body></html>'
            )

    def app(self) -> App:
        return App(file=self.folder / "mkdocs.yml", clock=self.clock, environment=self.environment)

    def runner(self) -> Settings:
        """The settings as the next run finds them: of a store that outlives its runners, on a disk of its own."""
        return load(self.store.runner(self.folder) / "mkdocs.yml", self.environment)

    def ledger(self) -> Ledger:
        """The history as somebody sees it who looks now and then, always from the same machine."""
        settings = load(self.store.looker(self.folder) / "mkdocs.yml", self.environment)
        return open_ledger(settings, self.environment, self.clock)

    def send(
        self,
        wishes: Wishes = Wishes(),  # noqa: B008 - frozen
        *,
        crash: Crash = no_crash,
        approve: Callable[[Plan], None] = lambda _plan: None,
    ) -> Result:
        settings = self.runner()
        http = Http(settings.timeouts, self.clock)
        ledger = open_ledger(settings, self.environment, self.clock)
        try:
            return Sender(
                content=content.read(settings),
                settings=settings,
                ledger=ledger,
                drivers=make_drivers(self.app(), http),
                http=http,
                clock=self.clock,
                crash=crash,
                approve=approve,
            ).send(wishes)
        finally:
            ledger.close()
            http.close()

    def plan(self, *, everything: bool = True, **more: Any) -> Plan:
        settings = self.settings
        ledger = self.ledger()
        try:
            return make_plan(
                content.read(settings),
                settings,
                ledger.snapshot(),
                self.clock.now(),
                drivers=make_drivers(self.app(), Http(settings.timeouts, self.clock)),
                everything=everything,
                **more,
            )
        finally:
            ledger.close()

    def states(self) -> dict[str, str]:
        return {item.id: item.state for item in self.plan().deliveries}

    def one(self) -> Delivery:
        (item,) = self.plan().deliveries
        return item

    def one_of(self, delivery: str) -> Delivery:
        (item,) = (item for item in self.plan().deliveries if item.id == delivery)
        return item

    def child(
        self,
        crash: str = "",
        *,
        at: datetime | None = None,
        pause: float = 0,
        nth: int = 1,
        room: int = 0,
        file: Path | None = None,
    ) -> Child:
        """`send` in a process of its own, which kills itself when it comes to the crash point for the nth time.

        With `room` no file that it writes can grow beyond so many bytes. `file` is where a runner has the settings.
        """
        now = (at or self.clock.now()).isoformat()
        return zygote.start(
            [str(file or self.runner().file), now, crash, str(pause), str(nth), str(room)],
            {**os.environ, **self.environment},
        )


class Runner:
    """Runs commands on a stage; `out`, `err` and `code` are what the last one said."""

    def __init__(self, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
        self.stage, self.capsys = stage, capsys
        self.out = self.err = ""
        self.code = -1

    def __call__(self, *words: str, **environment: str) -> int:
        app = self.stage.app()
        app.environment = {**app.environment, **environment}
        with pytest.raises(SystemExit) as stop:
            main(["-f", str(self.stage.folder / "mkdocs.yml"), *words], app=app)
        self.out, self.err = self.capsys.readouterr()
        assert isinstance(stop.value.code, int)
        self.code = stop.value.code
        return self.code

    def json(self, *words: str, code: int = 0) -> dict[str, Any]:
        assert self(*words, "--json") == code, self.err
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


def cases() -> list[tuple[str, Case]]:
    """Every kind of account of every network there is."""
    import importlib

    return [
        (name, case)
        for name in registry.channels()
        for case in importlib.import_module(f"byline.testing.{name}").CASES
    ]
