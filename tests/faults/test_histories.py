"""Random histories of one site over every store: runs that are killed, cut off and lied to, people who edit, tell, take back.

What Hypothesis finds it makes short. BYLINE_EXAMPLES=200 looks longer than the test command does.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from byline import links
from byline.changing import retract
from byline.cli._publishing import make_drivers
from byline.delivering import CRASH_POINTS
from byline.http import Http
from byline.ledger import moving
from byline.ledger.base import Record
from byline.ledger.runs import new_run
from byline.model import Receipt
from byline.planning import Asked
from byline.sending import Wishes, _intent, reconcile
from byline.settling import record_by_hand, tell_not_sent
from byline.testing.server import Posted
from byline.times import FixedClock
from postgres import Server
from stage import Stage, cases
from stores import NAMES, make_store
from support import NOW, POST

EVERY = {f"{name}-{case.name}": (name, case) for name, case in cases()}
PAIRS = (("linkedin-member", "mastodon-account"), ("twitter-account", "bluesky-account"), ("facebook-page",))
EXAMPLES = int(os.environ.get("BYLINE_EXAMPLES", "4"))
FAULTS = (
    "drop",
    "lose",
    "torn",
    "cut",
    "empty",
    "error_before",
    "error_after",
    "no_id",
    "limited",
    "unauthorized",
)


class Histories(RuleBasedStateMachine):
    """A site, its networks, one store after another. `made` of each network's fake is what is asserted on."""

    store_name = "sqlite"
    server: Callable[[], Server]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="byline-histories-"))
        self.stage: Stage | None = None
        self.count = 0
        self.by_hand: set[str] = set()

    @initialize(pair=st.sampled_from(PAIRS))
    def a_site(self, pair: tuple[str, ...]) -> None:
        posts = {
            "hp7.md": POST,
            "q4x.md": POST.replace("hp7", "q4x")
            .replace("honest-pricing", "quarter")
            .replace("honest", "short"),
        }
        store = self._store(self.store_name)
        clock = FixedClock(NOW)
        stage = Stage(
            self.folder / "site", *(EVERY[name] for name in pair), clock=clock, posts=posts, store=store
        )
        self.stage = stage.__enter__()

    def _store(self, name: str):  # type: ignore[no-untyped-def]
        self.count += 1
        server = type(self).server() if name == "postgresql" else None
        return make_store(name, self.folder / f"store-{self.count}", server)

    def teardown(self) -> None:
        if self.stage is not None:
            try:
                self.in_the_end_everything_is_out_or_told()
            finally:
                self.stage.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What runs do.

    @rule(fault=st.sampled_from([None, *FAULTS]), after=st.integers(0, 1), lag=st.sampled_from([0, 0, 30]))
    def a_run(self, fault: str | None, after: int, lag: int) -> None:
        for fake in self.site.fakes.values():
            fake.lag = timedelta(minutes=lag)
            if fault:
                fake.inject(fault, after=after)  # type: ignore[arg-type]
        result = self.site.send()
        assert (result.exit_code == 4) == bool(result.unknown)
        if result.exit_code == 0:
            assert not any(item.state in ("unknown", "sending", "failed") for item in result.deliveries)
        for fake in self.site.fakes.values():
            fake.mend()

    @rule(point=st.sampled_from(CRASH_POINTS), nth=st.integers(1, 2))
    def a_run_is_killed(self, point: str, nth: int) -> None:
        child = self.site.child(point, nth=nth)
        _, err = child.communicate(timeout=120)
        assert child.returncode in (0, -signal.SIGKILL), err

    @rule()
    def two_runs_at_once(self) -> None:
        children = [self.site.child() for _ in range(2)]
        for child in children:
            _, err = child.communicate(timeout=120)
            assert child.returncode == 0, err

    @rule(minutes=st.sampled_from([1, 8, 25, 90, -10]))
    def time_passes(self, minutes: int) -> None:
        self.site.clock.move(timedelta(minutes=minutes))

    # What people do.

    @rule(
        name=st.sampled_from(["hp7", "q4x"]), what=st.sampled_from(["title", "description", "slug", "file"])
    )
    def somebody_edits(self, name: str, what: str) -> None:
        posts = self.site.posts
        (file,) = (file for file, text in posts.items() if f"id: {name}\n" in text)
        text = posts.pop(file)
        if what == "file":
            (self.site.folder / "content" / "posts" / file).unlink()
            file = f"new-{file}"
        else:
            text = text.replace(f"{what}: ", f"{what}: {'the-' if what == 'slug' else 'The '}", 1)
        posts[file] = text
        self.site.write()

    @rule()
    def somebody_reconciles(self) -> None:
        site = self.site
        ledger, http = site.ledger(), Http(site.settings.timeouts, site.clock)
        reconcile(site.settings, ledger, make_drivers(site.app(), http), site.clock)
        ledger.close()
        http.close()

    @rule()
    def somebody_looks_and_tells_the_truth(self) -> None:
        ledger = self.site.ledger()
        for record in ledger.snapshot().records.values():
            if record.uncertain and not self._at_work(record):
                out = self._out(record.id)
                if out:
                    receipt = Receipt(remote_id=out[0].id, url=out[0].url, at=self.site.clock.now())
                    record_by_hand(ledger, record.intent, receipt, new_run(), self.site.clock.now())
                else:
                    tell_not_sent(ledger, record.id, self.site.settings, new_run(), self.site.clock.now())
        ledger.close()

    @rule(data=st.data())
    def somebody_posts_by_hand(self, data: st.DataObject) -> None:
        due = [item for item in self.site.plan().deliveries if item.state == "due" and item.telling]
        if not due:
            return
        item = data.draw(st.sampled_from(sorted(due, key=lambda item: item.id)))
        ledger = self.site.ledger()
        receipt = Receipt(remote_id="by-hand", url="https://network.example/1", at=self.site.clock.now())
        record_by_hand(ledger, _intent(item), receipt, new_run(), self.site.clock.now())
        ledger.close()
        self.by_hand.add(item.id)

    @rule(data=st.data())
    def somebody_takes_one_back(self, data: st.DataObject) -> None:
        site = self.site
        ledger, http = site.ledger(), Http(site.settings.timeouts, site.clock)
        out = sorted(record.id for record in ledger.snapshot().records.values() if record.state == "sent")
        if out:
            record = ledger.get(data.draw(st.sampled_from(out)))
            assert record is not None
            account = site.settings.account(record.intent.channel, record.intent.account)
            assert account is not None
            retract(record, make_drivers(site.app(), http)(account), ledger, site.clock, new_run())
        ledger.close()
        http.close()

    @precondition(lambda self: self.count < 3)
    @rule(name=st.sampled_from(NAMES))
    def the_history_moves(self, name: str) -> None:
        site = self.site
        old = site.ledger()
        lines = list(moving.dump(moving.taken(old, site.settings.site_url), site.clock.now()))
        before = old.snapshot().records
        old.close()
        shutil.rmtree(site.folder / ".byline", ignore_errors=True)
        for variable in site.store.environment:
            site.environment.pop(variable, None)
        site.store = self._store(name)
        site.environment |= site.store.environment
        site.write()
        new = site.ledger()
        if before:
            moving.put(new, moving.load(lines, "history.jsonl"))
        assert new.snapshot().records == before
        new.close()

    # What must hold.

    @property
    def site(self) -> Stage:
        assert self.stage is not None
        return self.stage

    def _out(self, delivery: str) -> list[Posted]:
        made = self.site.fakes[delivery.split(".")[1]].made
        return [post for post in made if links.tags(post.link).get("utm_content") == delivery]

    def _at_work(self, record: Record) -> bool:
        from byline.ledger.runs import may_be_at_work

        return may_be_at_work(record, self.site.clock.now(), self.site.settings.timeouts, "somebody")

    @invariant()
    def nothing_is_out_twice(self) -> None:
        if self.stage is None:
            return
        for name, fake in self.stage.fakes.items():
            counts = Counter(links.tags(post.link).get("utm_content") for post in fake.made)
            assert all(count == 1 for count in counts.values()), (name, counts)

    def in_the_end_everything_is_out_or_told(self) -> None:
        site = self.site
        for fake in site.fakes.values():
            fake.mend()
            fake.lag = timedelta(0)
        for _ in range(3):
            site.clock.move(timedelta(hours=2))
            result = site.send(Wishes(asked=Asked(retry=True)))
        self.nothing_is_out_twice()
        told = {item.id: item for item in site.plan().deliveries}
        assert len(told) == 2 * len(site.fakes)
        for name, item in told.items():
            if name in self.by_hand:
                assert item.state in ("sent", "retracted")
            elif item.state in ("sent", "retracted"):
                assert len(self._out(name)) == 1, name
            else:
                assert item.state == "unknown", (name, item.state, item.reason)
                assert name in result.unknown
        assert result.exit_code == (4 if result.unknown else 0)


@pytest.mark.parametrize("store", NAMES)
def test_no_history_makes_anything_twice_or_loses_it_silently(
    request: pytest.FixtureRequest, store: str
) -> None:
    machine = type(
        f"Histories_{store}",
        (Histories,),
        {"store_name": store, "server": staticmethod(lambda: request.getfixturevalue("server"))},
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=12,
            derandomize="BYLINE_EXAMPLES" not in os.environ,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
