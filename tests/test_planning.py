"""The plan: states, reasons and the text that people read, against a file that a person has read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from byline import content, planning
from byline.cli import _shown
from byline.cli._publishing import make_drivers
from byline.cli.common import App
from byline.http import Http
from byline.ledger.base import BASELINE, Info, Record, Snapshot, step
from byline.planning import Delivery, Plan
from byline.settings import Settings, load
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, event, receipt
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

GOLDEN = Path(__file__).parent / "golden" / "plan.txt"

SHARED = """\
---
title: "Renewals: what 40 letters taught us"
description: We raised prices on 40 renewals. Here is what happened.
date: 2026-11-24
id: abc
slug: renewals
authors: [dana, lee]
categories: [Pricing]
campaign: q4-renewals
share:
  linkedin:
    as: [company, dana]
    text: |
      We raised prices on 40 renewals. Three customers left (we had expected twelve).

      What made the difference: {title}
    accounts:
      dana: {at: "14:00", text: I wrote the letters myself. Here they are.}
  twitter: "40 renewals, 3 lost, 37 kept at a higher price: {link}"
  again:
    - after: 60d
      linkedin: Renewal season again? The three letters that kept 37 of 40 customers.
---
The opening paragraph.
"""
LATE = POST.replace("hp7", "late").replace("honest-pricing", "late").replace(
    "date: 2026-11-24", "date: 2026-11-18\nshare:\n  at: 2026-11-19 09:00\n  twitter: false"
)  # fmt: skip


def settings_of(folder: Path, posts: Mapping[str, str]) -> Settings:
    return load(make_site(folder, posts=posts, settings=SETTINGS), {})


def plan_of(
    settings: Settings,
    records: tuple[Record, ...] = (),
    *,
    now: datetime = NOW,
    begun: bool = True,
    everything: bool = True,
    asked: planning.Asked = planning.NOTHING,
) -> Plan:
    clock = FixedClock(now)
    names = ("linkedin.company", "linkedin.dana", "twitter.acme")
    history = Snapshot(
        records={record.id: record for record in records},
        accounts=dict.fromkeys(names, AT) if begun else {},
        info=Info(store="sqlite", place="ledger.db", written=now - timedelta(hours=3)),
    )
    return planning.plan(
        content.read(settings),
        settings,
        history,
        now,
        drivers=make_drivers(App(clock=clock, environment={}), Http(settings.timeouts, clock)),
        everything=everything,
        asked=asked,
    )


def record(name: str, *kinds: str, at: datetime = AT, reason: str = "") -> Record:
    """The record of this delivery after these events."""
    post, channel, account = name.split(".")[:3]
    intent = replace(INTENT, id=name, post=post, channel=channel, account=account, text=("As it was sent",))
    found: Record | None = None
    for kind in kinds:
        more: dict[str, object] = {"at": at, "reason": reason}
        if kind in ("claimed", "skipped", "recorded"):
            more["intent"] = intent
        if kind == "prepared":
            more["requests"] = REQUESTS[:1]
        if kind in ("part", "recorded"):
            more["receipt"] = replace(receipt(), at=at)
        found = step(found, replace(event(kind, found, **more), id=name))
    assert found is not None
    return found


def by_id(plan: Plan) -> dict[str, Delivery]:
    return {item.id: item for item in plan.deliveries}


OUT = ("claimed", "prepared", "part", "sent")
LOST = ("claimed", "prepared", "unknown")


def test_the_text_of_a_plan(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, {"a.md": POST, "b.md": SHARED, "c.md": LATE})
    plan = plan_of(
        settings,
        (
            record("hp7.linkedin.company", *OUT),
            record("hp7.twitter.acme", *LOST, reason="may be out: please look (no answer came in time)"),
        ),
    )
    shown = _shown.plain(plan, settings, Info(store="sqlite", place="", written=NOW - timedelta(hours=3)), {})
    import click

    shown = re.sub(r"-[0-9a-f]{8}\.png", "-DIGEST.png", click.unstyle(shown)) + "\n"
    shown = re.sub(r"hash [0-9a-f]{12}", "hash HASH", shown)
    if os.environ.get("BYLINE_GOLDEN"):
        GOLDEN.write_text(shown, encoding="utf-8")
    assert shown == GOLDEN.read_text(encoding="utf-8"), "BYLINE_GOLDEN=1 writes it anew; read the difference"


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (OUT, "sent"), (LOST, "unknown"), (("claimed",), "sending"), (("claimed", "failed"), "due"),
        (("skipped",), "skipped"), (("recorded",), "sent"), (("recorded", "retracted"), "retracted"),
        (("claimed", "released"), "due"),
    ],
)  # fmt: skip
def test_stored_states_are_shown(tmp_path: Path, kinds: tuple[str, ...], state: str) -> None:
    plan = plan_of(settings_of(tmp_path, {"a.md": POST}), (record("hp7.linkedin.company", *kinds),))
    item = by_id(plan)["hp7.linkedin.company"]
    assert item.state == state
    assert item.ready == (state == "due")
    if state in ("sent", "unknown", "retracted"):
        assert item.text == ("As it was sent",)


def test_what_is_out_shows_its_address(tmp_path: Path) -> None:
    item = by_id(plan_of(settings_of(tmp_path, {"a.md": POST}), (record("hp7.linkedin.company", *OUT),)))[
        "hp7.linkedin.company"
    ]
    assert (item.remote_id, item.url) == ("urn:1", "https://net.example/1")


def test_old_means_old_when_the_account_began(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, {"a.md": POST})
    later = NOW + timedelta(days=30)
    first = by_id(plan_of(settings, now=later, begun=False))["hp7.linkedin.company"]
    assert (first.state, first.reason, first.old) == ("skipped", BASELINE, True)
    assert by_id(plan_of(settings, now=later))["hp7.linkedin.company"].state == "due"


def test_an_old_post_that_now_comes_by_default_stays_old(tmp_path: Path) -> None:
    """A network added to the defaults must not send every post of the years before."""
    settings = settings_of(tmp_path, {"a.md": POST})
    old = record("hp7.linkedin.company", "skipped", reason=BASELINE)
    later = NOW + timedelta(days=30)
    assert by_id(plan_of(settings, (old,), now=later))["hp7.twitter.acme"].state == "skipped"
    written = POST.replace("categories:", "share:\n  twitter: On purpose\ncategories:")
    settings = settings_of(tmp_path, {"a.md": written})
    assert by_id(plan_of(settings, (old,), now=later))["hp7.twitter.acme"].state == "due"


def test_a_repeat_of_what_was_never_sent_is_held(tmp_path: Path) -> None:
    old = record("abc.linkedin.company", "skipped", reason=BASELINE)
    plan = plan_of(settings_of(tmp_path, {"b.md": SHARED}), (old,))
    item = by_id(plan)["abc.linkedin.company.2"]
    assert (item.state, item.due) == ("held", None)
    assert "--late abc.linkedin.company.2" in item.reason


def test_what_the_network_moved_stays_due_at_the_stated_time(tmp_path: Path) -> None:
    moved = replace(
        record("hp7.linkedin.company", "claimed", "released", reason="429"),
        not_before=NOW + timedelta(hours=2),
    )
    item = by_id(plan_of(settings_of(tmp_path, {"a.md": POST}), (moved,)))["hp7.linkedin.company"]
    assert (item.state, item.ready, item.reason) == ("due", False, "429")
    assert item.due == NOW + timedelta(hours=2)
    assert item.due is not None
    assert str(item.due.tzinfo) == "Europe/Berlin"


def test_the_hash_does_not_know_the_order_of_files(tmp_path: Path) -> None:
    one = plan_of(settings_of(tmp_path / "one", {"a.md": POST, "b.md": SHARED}))
    two = plan_of(settings_of(tmp_path / "two", {"z.md": POST, "b/c.md": SHARED}))
    assert one.hash == two.hash
    assert set(one.digests) == set(two.digests)


def test_a_vanished_post_is_told_from_the_history(tmp_path: Path) -> None:
    plan = plan_of(settings_of(tmp_path, {}), (record("gone.linkedin.old", *LOST),))
    (item,) = plan.deliveries
    assert (item.state, item.account, item.text) == ("unknown", "old", ("As it was sent",))
    assert plan.hash == plan_of(settings_of(tmp_path, {})).hash


def test_the_month_is_that_of_the_site(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, {"a.md": POST})
    # 23:30 UTC on 31 October is already November in Berlin.
    first = record("abc.twitter.acme", *OUT, at=datetime.fromisoformat("2026-10-31T23:30+00:00"))
    before = record("abd.twitter.acme", *OUT, at=datetime.fromisoformat("2026-10-31T22:30+00:00"))
    history = Snapshot(records={item.id: item for item in (first, before)})
    assert planning.spent(history, "twitter", NOW.astimezone(settings.zone)) == INTENT.cost


SOON = POST.replace("hp7", "soon").replace("honest-pricing", "soon").replace(
    "date: 2026-11-24", "date: 2026-11-26\nshare:\n  at: 2026-11-25 09:00"
)  # fmt: skip
BY_HAND = SETTINGS.replace(
    'dana: {urn: "urn:li:person:Kx1"}', "dana: {mode: manual}"
).replace("            acme: {}\n", "            acme: {}\n          budget: 0.05\n")  # fmt: skip
STORIES = {
    "as declared": ((), planning.NOTHING, True),
    "in the afternoon, when a person's own hour has come": ((), planning.NOTHING, True),
    "a first run": ((), planning.NOTHING, False),
    "a first run, old posts on purpose": ((), planning.Asked(backfill=True), False),
    "rejected, and other words since": ((("hp7.linkedin.company", ("claimed", "failed")),), planning.NOTHING, True),
    "rejected, asked for again": (
        (("hp7.linkedin.company", ("claimed", "failed")), ("late.linkedin.company", ("claimed", "failed"))),
        planning.Asked(retry=True), True,
    ),
    "late ones asked for": (
        (("late.linkedin.dana", ("skipped",)), ("abc.linkedin.company", OUT), ("abc.linkedin.dana", ("skipped",))),
        planning.Asked(late=frozenset({"late.linkedin.company", "late.linkedin.dana"})), True,
    ),
    "out, lost, taken back": (
        (("hp7.linkedin.company", OUT), ("hp7.twitter.acme", LOST), ("late.linkedin.company", (*OUT, "retracted")),
         ("gone.twitter.acme", OUT), ("away.twitter.acme", ("claimed", "released"))),
        planning.NOTHING, True,
    ),
}  # fmt: skip


def test_every_field_of_a_plan(tmp_path: Path) -> None:
    """The whole JSON of a plan, and of others what differs from it. BYLINE_GOLDEN=1 writes it anew, read the difference."""
    posts = {"a.md": POST, "b.md": SHARED, "c.md": LATE, "d.md": SOON}
    settings = load(make_site(tmp_path, posts=posts, settings=BY_HAND), {})
    told: dict[str, object] = {}
    first: dict[str, object] = {}
    for story, (events, asked, begun) in STORIES.items():
        records = tuple(record(name, *kinds, reason="as told then") for name, kinds in events)
        now = NOW + timedelta(hours=5) if "afternoon" in story else NOW
        plan = plan_of(settings, records, asked=asked, begun=begun, now=now)
        rows = plan.as_json()["deliveries"]
        first = first or {row["id"]: row for row in rows}
        parts = {
            "deliveries": [row for row in rows if not told or row != first.get(row["id"])],
            "ready": [item.id for item in plan.ready()],
            "old": [item.id for item in plan.old],
            "blocked": [item.id for item in plan.deliveries if item.blocked],
            "over_budget": [item.id for item in plan.deliveries if item.over_budget],
            "unplanned": list(plan.unplanned),
            "problems": [problem.as_json() for problem in plan.problems],
            "budgets": {name: [str(amount) for amount in pair] for name, pair in plan.budgets.items()},
        }
        told[story] = {name: part for name, part in parts.items() if part}
    shown = re.sub(r"-[0-9a-f]{8}\.png", "-DIGEST.png", json.dumps(told, indent=1, ensure_ascii=False)) + "\n"
    golden = GOLDEN.with_name("plan.json")
    if os.environ.get("BYLINE_GOLDEN"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_what_was_rejected_stays_so_while_nothing_changes(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, {"a.md": POST})
    mark = by_id(plan_of(settings))["hp7.linkedin.company"].fingerprint
    failed = record("hp7.linkedin.company", "claimed", "failed", reason="too long")
    same = replace(failed, intent=replace(failed.intent, fingerprint=mark))
    item = by_id(plan_of(settings, (same,)))["hp7.linkedin.company"]
    assert (item.state, item.reason, item.ready) == ("failed", "too long", False)
    again = by_id(plan_of(settings, (same,), asked=planning.Asked(retry=True)))["hp7.linkedin.company"]
    assert (again.state, again.reason, again.ready) == ("due", "asked for again", True)


@pytest.mark.parametrize(("hours", "state"), [(48, "due"), (48.01, "held")])
def test_the_border_of_what_is_too_late(tmp_path: Path, hours: float, state: str) -> None:
    text = POST.replace("date: 2026-11-24", "date: 2026-11-18\nshare:\n  at: 2026-11-20 09:00")
    due = datetime.fromisoformat("2026-11-20T09:00+01:00")
    plan = plan_of(settings_of(tmp_path, {"a.md": text}), now=due + timedelta(hours=hours))
    assert by_id(plan)["hp7.linkedin.company"].state == state


def test_what_was_moved_to_just_now_goes_out(tmp_path: Path) -> None:
    moved = replace(record("hp7.linkedin.company", "claimed", "released", reason="429"), not_before=NOW)
    item = by_id(plan_of(settings_of(tmp_path, {"a.md": POST}), (moved,)))["hp7.linkedin.company"]
    assert (item.state, item.ready) == ("due", True)


def test_money_is_shown_as_people_write_it() -> None:
    assert planning.money(Decimal("0.2"), "USD") == "0.20 USD"
    assert planning.money(Decimal("0.015"), "USD") == "0.015 USD"
    assert planning.money(Decimal(0), "EUR") == "0.00 EUR"
