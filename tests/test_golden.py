"""Post in, exact words out, for each network: one folder in tests/golden for each case.

A case is `post.md` and what must come of it: `<network>.txt` as readers see it (the parts of a thread apart by a line
of ten equals signs), `counts.txt` with lengths, what was cut and what is wrong, and the wire where it differs from what
readers see: `linkedin.wire.txt` (little text) and `bluesky.facets.json`. With BYLINE_GOLDEN=1 the files are written
anew; then read the difference.
"""

from __future__ import annotations

import importlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from byline import content, registry
from byline.channels.base import Channel, Receipt
from byline.http import Http
from byline.ledger.base import Snapshot
from byline.planning import Delivery, plan
from byline.settings import Account, Secrets, load
from byline.testing.server import Case, Fake
from byline.times import FixedClock
from support import NOW, make_site

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/post.md"))
BETWEEN = "\n==========\n"


class Wires:
    """Every network there is, by its fake; drivers that send there."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.cases: dict[str, Case] = {
            name: importlib.import_module(f"byline.testing.{name}").CASES[0] for name in registry.channels()
        }
        self.fakes: dict[str, Fake] = {name: case.fake(self.clock) for name, case in self.cases.items()}
        self.secrets = {key: value for case in self.cases.values() for key, value in case.environment.items()}
        self._made: dict[tuple[str, str], Channel] = {}

    def driver(self, account: Account) -> Channel:
        key = (account.channel, account.name)
        if key not in self._made:
            http = Http(self._timeouts, self.clock)
            self._made[key] = registry.channel(account.channel)(
                account, http=http, secrets=Secrets(self.secrets), clock=self.clock
            )
        return self._made[key]

    def deliveries(self, folder: Path, post: str) -> dict[str, Delivery]:
        text = (GOLDEN / "mkdocs.yml").read_text(encoding="utf-8")
        for name, fake in self.fakes.items():
            text = text.replace(f"{name.upper()}_API", fake.url)
        png = io.BytesIO()
        Image.new("RGB", (64, 64), "#1f4e79").save(png, "PNG")
        file = make_site(
            folder, posts={"post.md": post}, settings=text, files={"content/assets/tag.png": png.getvalue()}
        )
        settings = load(file, self.secrets)
        self._timeouts = settings.timeouts
        found = content.read(settings)
        assert [problem for problem in found.problems if problem.severity == "error"] == []
        made = plan(found, settings, Snapshot(), NOW, drivers=self.driver)
        assert made.unplanned == ()
        return {item.channel: item for item in made.deliveries}


@pytest.fixture
def wires() -> Iterator[Wires]:
    made = Wires()
    for fake in made.fakes.values():
        fake.start()
    yield made
    for fake in made.fakes.values():
        fake.stop()


@pytest.mark.parametrize("case", CASES)
def test_what_each_network_gets(case: str, tmp_path: Path, wires: Wires) -> None:
    folder = GOLDEN / case
    found = wires.deliveries(tmp_path, (folder / "post.md").read_text(encoding="utf-8"))
    assert tuple(sorted(found)) == registry.channels(), "a case tells every network"
    files: dict[str, str] = {"counts.txt": "".join(_counted(found[name]) for name in sorted(found))}
    for name, item in found.items():
        files[f"{name}.txt"] = BETWEEN.join(item.text) + "\n"
        if item.ready:
            files |= _wire(item, _sent(item, wires), wires.fakes[name])
    if os.environ.get("BYLINE_GOLDEN"):
        for old in folder.iterdir():
            if old.name != "post.md":
                old.unlink()
        for file, text in files.items():
            (folder / file).write_bytes(text.encode())
    there = {path.name: path.read_bytes().decode() for path in folder.iterdir() if path.name != "post.md"}
    assert there == files


def _counted(item: Delivery) -> str:
    """What the plan says of the words."""
    message = item.message
    assert message is not None
    lines = [f"{item.channel}: {' + '.join(map(str, message.used))} of {message.limit}"]
    if item.cost:
        lines.append(f"  costs {item.cost} {item.currency}")
    lines.append(f"  link {message.link}")
    if message.cut:
        lines.append(f"  left out {json.dumps(message.cut, ensure_ascii=False)}")
    if message.mentions:
        lines.append(f"  mentions {' '.join(message.mentions)}")
    lines += [f"  note {warning}" for warning in message.warnings]
    if item.blocked:
        lines.append(f"  {item.reason}")
    return "\n".join(lines) + "\n"


def _sent(item: Delivery, wires: Wires) -> list[Any]:
    """Send it to the fake: readers see the planned words and card, and only who is told is called. Returns the bodies sent."""
    assert item.telling is not None
    assert item.message is not None
    driver, fake = wires.driver(item.telling.account), wires.fakes[item.channel]
    receipts: list[Receipt] = []
    for request in driver.prepare(item.message, item.id):
        receipts.append(driver.create(request, tuple(receipts)))
    assert tuple(post.text for post in fake.posts) == item.text
    called = {f"@{name.lstrip('@')}" for post in fake.posts for name in post.mentions}
    assert called == set(item.message.mentions)
    if not any(item.link in part for part in item.text):
        assert fake.posts[0].link == item.link  # in the card
    return [call.json() for call in fake.calls if call.kind == "create"]


def _wire(item: Delivery, bodies: list[Any], fake: Fake) -> dict[str, str]:
    if item.channel == "linkedin":
        (body,) = bodies
        wire = body["commentary"] + "\n"
        return {"linkedin.wire.txt": wire} if wire != item.text[0] + "\n" else {}
    if item.channel == "bluesky":
        assert item.message is not None
        facets = [body["record"].get("facets", []) for body in bodies]
        for text, own in zip(item.text, facets, strict=True):
            for facet in own:
                index, (feature,) = facet["index"], facet["features"]
                shown = text.encode()[index["byteStart"] : index["byteEnd"]].decode()
                wanted = feature.get("uri") or f"#{feature['tag']}" if "did" not in feature else shown
                assert shown == wanted
                assert "did" not in feature or shown in item.message.mentions
        shown = json.dumps(facets, ensure_ascii=False, indent=1) + "\n"
        return {"bluesky.facets.json": shown} if any(facets) else {}
    return {}


def test_there_are_cases_and_each_has_a_word_for_every_network() -> None:
    assert len(CASES) >= 10
    for case in CASES:
        there = {path.name for path in (GOLDEN / case).iterdir()}
        assert {"counts.txt", *(f"{name}.txt" for name in registry.channels())} <= there, case
