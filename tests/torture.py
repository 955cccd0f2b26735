"""Random histories of runs that are killed, cut off and lied to; then the posts are counted on the networks themselves.

torture.py --minutes 30 --seed 7          run for so long and print what happened
torture.py --seed 7 --only 1234           one history again, every step shown

A history is a site with a few posts, networks and one store. Its rounds draw from one random generator: answers lost
before and after the post was made, lists that lag, refused tokens, a git server that is away or refuses, database
connections that are cut, disks that are full, clocks that go forward and back, words, file names and slugs that are
edited, one to four runners at once, each killed at a named step or at any moment, and a person who looks and tells the
truth. After every round no delivery may
be out twice. At the end everything works again, and each delivery is out once and recorded, or is not out and reported.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

from byline import links
from byline.delivering import CRASH_POINTS
from byline.errors import BylineError
from byline.ledger.base import Ledger, Record
from byline.ledger.runs import new_run
from byline.model import Receipt
from byline.settling import record_by_hand, tell_not_sent
from byline.testing.server import Case, Fake, Fault, Posted
from byline.times import FixedClock
from postgres import Server
from stage import Stage, cases
from stores import NAMES, Database, GitServer, make_store
from support import NOW
from zygote import Child

FAULTS: tuple[Fault, ...] = tuple(fault for fault in get_args(Fault) if fault != "stall")
_BERLIN = ZoneInfo("Europe/Berlin")
WORDS = ("price", "letter", "machine", "spindle", "visit", "offer", "renewal", "question", "answer", "repair")


class Violation(AssertionError):
    """The promise was broken."""


@dataclass(slots=True)
class Totals:
    """What happened, over all histories."""

    counts: Counter[str] = field(default_factory=Counter)
    stores: Counter[str] = field(default_factory=Counter)
    networks: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def table(self, seconds: float) -> str:
        """The figures as people read them."""
        rows = [
            ("histories", self.counts["histories"]),
            ("runs", self.counts["runs"]),
            ("of them killed", self.counts["kills"]),
            ("of them at once with others", self.counts["together"]),
            ("answers lost or refused", self.counts["faults"]),
            ("store away, refusing or cut off", self.counts["store faults"]),
            ("runs whose disk was full", self.counts["full"]),
            ("create calls that arrived", self.counts["creates"]),
            ("posts made", self.counts["posts"]),
            ("deliveries", self.counts["deliveries"]),
            ("out once and recorded", self.counts["sent"]),
            ("not out and reported", self.counts["reported"]),
            ("settled by a person's look", self.counts["person"]),
            ("duplicates", self.counts["duplicates"]),
            ("unreported losses", self.counts["losses"]),
        ]
        wide = max(len(name) for name, _ in rows)
        told = [f"{name:<{wide}}  {number:>7}" for name, number in rows]
        told.append(f"stores: {', '.join(f'{name} {count}' for name, count in sorted(self.stores.items()))}")
        told.append(
            f"networks: {', '.join(f'{name} {count}' for name, count in sorted(self.networks.items()))}"
        )
        told.append(f"{seconds:.0f} seconds, {self.counts['runs'] / max(seconds, 1):.1f} runs a second")
        return "\n".join(told)


class History:
    """One history, drawn from one random generator."""

    def __init__(
        self, name: str, folder: Path, totals: Totals, server: Server, *, loud: bool = False
    ) -> None:
        self.name = name
        self.folder = folder
        self.totals = totals
        self.server = server
        self.loud = loud
        self.chance = random.Random(name)
        self.last = "nothing yet"

    def run(self, stores: Sequence[str]) -> None:
        """Play it; raises Violation when the promise was broken."""
        chance = self.chance
        kind = chance.choice(stores)
        chosen = self._networks()
        store = make_store(kind, self.folder / "store", self.server)
        self.totals.stores[kind] += 1
        self.totals.networks.update(name for name, _ in chosen)
        clock = FixedClock(NOW)
        with Stage(
            self.folder / "site",
            *chosen,
            clock=clock,
            posts=self._posts([name for name, _ in chosen]),
            store=store,
        ) as stage:
            self.stage = stage
            self._say(
                f"{kind}, {', '.join(f'{name} {case}' for name, case in chosen)}, {len(stage.posts)} posts"
            )
            for number in range(chance.randint(2, 7)):
                self._say(f"round {number + 1} at {clock.now():%H:%M:%S}")
                self._round()
                self._never_twice()
            self._heal()
            self._never_twice()
            self._all_accounted_for()
            for fake in stage.fakes.values():
                self.totals.counts["creates"] += fake.attempts()
                self.totals.counts["posts"] += len(fake.made)
        self.totals.counts["histories"] += 1

    # What it is about.

    def _networks(self) -> list[tuple[str, Case]]:
        every = cases()
        self.chance.shuffle(every)
        found: dict[str, Case] = {}
        for name, case in every:
            found.setdefault(name, case)
        return list(found.items())[: self.chance.randint(1, 3)]

    def _posts(self, networks: list[str]) -> dict[str, str]:
        return {
            f"{post}.md": self._post(post, networks)
            for post in ("hp7", "q4x", "zz9")[: self.chance.randint(1, 3)]
        }

    def _post(self, post: str, networks: list[str]) -> str:
        at = NOW + timedelta(minutes=self.chance.choice((-90, -5, 30, 240)))
        share = [f"  at: {at.astimezone(_BERLIN):%Y-%m-%d %H:%M}"] if self.chance.random() < 0.4 else []
        for name in networks:
            if name in ("twitter", "mastodon", "bluesky") and self.chance.random() < 0.3:
                share.append(f"  {name}: [{self._words()} one, {self._words()} two, {self._words()} three]")
        told = "share:\n" + "\n".join(share) + "\n" if share else ""
        return (
            f"---\ntitle: {self._words().capitalize()} of {post}\ndescription: About the {self._words()} of {post}.\n"
            f"date: {NOW:%Y-%m-%d}\nid: {post}\nslug: about-{post}\nauthors: [dana]\ncategories: [Pricing]\n{told}---\n"
            f"The {self._words()}.\n"
        )

    def _words(self) -> str:
        return " ".join(self.chance.sample(WORDS, 3))

    # One round.

    def _round(self) -> None:
        chance, stage = self.chance, self.stage
        for fake in stage.fakes.values():
            fake.lag = timedelta(minutes=chance.choice((0, 0, 0, 5, 45)))
            for _ in range(chance.choice((0, 0, 1, 1, 2))):
                fault = chance.choice(FAULTS)
                on = chance.choice(("create", "create", "create", "list", "upload", "any"))
                times = chance.choice((1, 1, 2))
                after = chance.choice((0, 0, 0, 1, 2))
                fake.inject(fault, on=on, times=times, after=after)
                self.totals.counts["faults"] += times
                self._say(f"  {fake.label}: {fault} on {on}, after {after}")
        self._runs()
        self._mend()
        if chance.random() < 0.25:
            self._person()
        if chance.random() < 0.2:
            self._edit()
        step = timedelta(seconds=chance.choice((0, 1, 10, 60, 60, 400, 1200, 3600, -600)))
        stage.clock.move(step)

    def _runs(self) -> None:
        chance = self.chance
        count = chance.choice((1, 1, 1, 1, 2, 2, 3, 4))
        planned: list[tuple[str, float | None, int, int]] = []
        for _ in range(count):
            point, until = "", None
            draw = chance.random()
            if draw < 0.45:
                point = chance.choice(CRASH_POINTS)
            elif draw < 0.65:
                until = chance.uniform(0.0, 0.5)
            nth = chance.choice((1, 1, 1, 2, 3))
            room = int(2 ** chance.uniform(12, 18)) if chance.random() < 0.1 else 0
            self.totals.counts["full"] += bool(room)
            planned.append((point, until, nth, room))
            end = f"killed at {point} ({nth})" if point else "killed any moment" if until else "to its end"
            self._say(f"  run, {end}{f', room for {room} bytes' if room else ''}")
        files = [self.stage.runner().file for _ in planned]  # a clone is made before its server goes away
        with self._store_fault() as broken:
            children = [
                (self.stage.child(point, nth=nth, room=room, file=file), until)
                for (point, until, nth, room), file in zip(planned, files, strict=True)
            ]
            self._ended(children)
        if count == 1 and not broken and not planned[0][3]:
            child = children[0][0]
            if child.returncode == 0:
                self._told_truly(int(child.communicate(timeout=1)[0].split()[-1]))

    def _ended(self, children: list[tuple[Child, float | None]]) -> None:
        """Wait for the runs, killing those whose moment has come."""
        began = time.monotonic()
        for child, until in sorted(children, key=lambda item: item[1] if item[1] is not None else 9.0):
            if until is not None:
                time.sleep(max(0.0, began + until - time.monotonic()))
                child.kill()
        for child, _ in children:
            out, err = child.communicate(timeout=120)
            self.totals.counts["runs"] += 1
            self.totals.counts["together"] += len(children) > 1
            if child.returncode == -signal.SIGKILL:
                self.totals.counts["kills"] += 1
            elif child.returncode != 0 and not err.startswith(("byline.errors.Ledger", "byline.delivering.")):
                raise Violation(f"a run broke:\n{out}{err}")

    def _told_truly(self, code: int) -> None:
        """A run that ended alone: its exit code says whether something may be out, and nothing is said to be done that is not."""
        ledger = self.stage.ledger()
        records = ledger.snapshot().records
        ledger.close()
        open_ones = [record.id for record in records.values() if record.uncertain]
        if (code == 4) != bool(open_ones):
            raise Violation(f"the run ended with {code}, and may be out: {open_ones}")
        for record in records.values():
            if record.state == "sent" and not self._heads(record.id):
                self._lost(f"{record.id} is told as sent, and is not out")

    @contextmanager
    def _store_fault(self) -> Iterator[bool]:
        """The store itself may be away, refuse, or break off during the round; tells whether it does."""
        store = self.stage.store
        if self.chance.random() > 0.25 or not isinstance(store, GitServer | Database):
            yield False
            return
        self.totals.counts["store faults"] += 1
        if isinstance(store, Database):
            self._say("  the database cuts connections")
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'byline'"
            stop = time.monotonic() + self.chance.uniform(0.05, 0.4)

            def cutting() -> None:
                while time.monotonic() < stop:
                    store.server.sql(cut, store.address)
                    time.sleep(0.03)

            thread = threading.Thread(target=cutting)
            thread.start()
            yield True
            thread.join()
            return
        if self.chance.random() < 0.4:
            begin, end = sorted(self.chance.uniform(0.0, 1.5) for _ in range(2))
            self._say(f"  the git server is away from {begin:.1f} s to {end:.1f} s")
            # Whoever asks now finds no repository; what was under way ends, as on a server that takes no more calls. (A folder
            # that moves in the middle of a push would leave one of its two refs behind; a server out of reach does not.)
            head = store.origin / "HEAD"
            away = head.with_name("HEAD.away")

            def leaving() -> None:
                time.sleep(begin)
                head.rename(away)
                time.sleep(end - begin)
                away.rename(head)

            thread = threading.Thread(target=leaving)
            thread.start()
            yield True
            thread.join()
            return
        hook = store.origin / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        after = self.chance.randint(0, 4)
        self._say(f"  the git server refuses after {after} pushes")
        hook.write_text(
            f"#!/bin/sh\nn=$(cat {hook}.count 2>/dev/null || echo 0)\necho $((n+1)) > {hook}.count\n"
            f"[ $n -lt {after} ] || exit 1\n"
        )
        hook.chmod(0o755)
        yield True
        hook.unlink()
        Path(f"{hook}.count").unlink(missing_ok=True)

    def _mend(self) -> None:
        for fake in self.stage.fakes.values():
            self.totals.counts["faults"] -= sum(
                planned.left for planned in fake._planned
            )  # never came to pass
            fake.mend()

    def _edit(self) -> None:
        """A manager mends a typo, renames the file or changes the address: never a new post."""
        posts = self.stage.posts
        name = self.chance.choice(list(posts))
        what = self.chance.choice(("title", "description", "slug", "file"))
        old, new = {
            "title": ("title: ", "title: The "),
            "description": ("description: ", "description: All, "),
            "slug": ("slug: ", "slug: the-"),
            "file": ("", ""),
        }[what]
        text = posts.pop(name).replace(old, new, 1)
        if what == "file":
            (self.stage.folder / "content" / "posts" / name).unlink()
            name = f"new-{name}"
        posts[name] = text
        self._say(f"  {name}: another {what}")
        self.stage.write()

    def _person(self) -> None:
        """Somebody looks at the networks and tells the truth about what may be out."""
        ledger = self.stage.ledger()
        try:
            for record in ledger.snapshot().records.values():
                if record.uncertain:
                    self._tell(ledger, record)
        finally:
            ledger.close()

    def _tell(self, ledger: Ledger, record: Record) -> None:
        heads = self._heads(record.id)
        parts = self._chain(record, heads[0]) if heads else []
        now = self.stage.clock.now()
        try:
            if len(parts) > len(record.receipts) and len(record.parts) <= 1:
                head = heads[0]
                receipt = Receipt(remote_id=head.id, url=head.url, at=now)
                record_by_hand(ledger, record.intent, receipt, new_run(), now)
            elif len(parts) == len(record.receipts):
                tell_not_sent(ledger, record.id, self.stage.settings, new_run(), now)
            else:
                return  # a later part is out: `reconcile` will find it
        except BylineError as refused:
            self._say(f"  a person about {record.id}: {refused.message}")
            return
        self.totals.counts["person"] += 1
        self._say(f"  a person about {record.id}: {'out' if heads else 'not out'}")

    # What must be true.

    def _fake(self, delivery: str) -> Fake:
        return self.stage.fakes[delivery.split(".")[1]]

    def _heads(self, delivery: str) -> list[Posted]:
        """The posts that were ever made for this delivery, the first parts alone."""
        return [
            post
            for post in self._fake(delivery).made
            if not post.reply_to and links.tags(post.link).get("utm_content") == delivery
        ]

    def _chain(self, record: Record, head: Posted) -> list[Posted]:
        """The parts of a thread that are out, from the head on."""
        made = self._fake(record.id).made
        chain = [head]
        while following := [post for post in made if post.reply_to and post.reply_to == chain[-1].id]:
            chain.append(following[0])
        return chain

    def _never_twice(self) -> None:
        for name, fake in self.stage.fakes.items():
            heads = Counter(
                links.tags(post.link).get("utm_content", "") for post in fake.made if not post.reply_to
            )
            replies = Counter(post.reply_to for post in fake.made if post.reply_to)
            twice = [f"{key} ({count})" for key, count in (heads + replies).items() if count > 1]
            if twice:
                self.totals.counts["duplicates"] += len(twice)
                raise Violation(f"{name}: out more than once: {', '.join(twice)}")

    def _heal(self) -> None:
        """Everything works again; runs come, time passes, and a person looks at what nobody else can tell."""
        stage = self.stage
        for fake in stage.fakes.values():
            fake.mend()
            fake.lag = timedelta(0)
        for step in (300, 3600, 4 * 3600, 3600):
            stage.clock.move(timedelta(seconds=step))
            self._checked_send()
            self._never_twice()
        self._person()
        for _ in range(2):
            self._checked_send()
            stage.clock.move(timedelta(hours=1))

    def _checked_send(self) -> None:
        """A run that nothing disturbs: its exit code tells what it leaves open."""
        result = self.stage.send()
        self.totals.counts["runs"] += 1
        if (result.exit_code == 4) != bool(result.unknown):
            raise Violation(f"exit code {result.exit_code}, and {len(result.unknown)} may be out")
        if result.error is not None:
            raise Violation(f"an undisturbed run stopped: {result.error.message}")

    def _all_accounted_for(self) -> None:
        plan = {item.id: item for item in self.stage.plan().deliveries}
        ledger = self.stage.ledger()
        records = ledger.snapshot().records
        ledger.close()
        for delivery in plan.keys() | records.keys():
            self.totals.counts["deliveries"] += 1
            heads = self._heads(delivery)
            record = records.get(delivery)
            state = record.state if record else plan[delivery].state
            if heads and record is not None and state == "sent":
                chain = self._chain(record, heads[0])
                whole = record.by_hand or len(chain) == len(record.parts) or record.open_part is not None
                if not whole:
                    self._lost(f"{delivery} is sent, and {len(chain)} of {len(record.parts)} parts are out")
                self.totals.counts["sent"] += 1
            elif (
                not heads and state in ("unknown", "failed", "due", "held", "skipped", "later", "manual")
            ) or (heads and state == "unknown"):
                self.totals.counts["reported"] += 1
            else:
                self._lost(f"{delivery} is {state}, and {len(heads)} are out")

    def _lost(self, what: str) -> None:
        self.totals.counts["losses"] += 1
        raise Violation(what)

    def _say(self, text: str) -> None:
        self.last = text
        if self.loud:
            _show(text)


def _show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def play(
    seed: str,
    *,
    minutes: float = 0,
    count: int = 0,
    only: int | None = None,
    stores: Sequence[str] = NAMES,
    say: bool = True,
) -> Totals:
    """Histories until the time is over or so many are done; every violation is noted with what plays it again."""
    totals = Totals()
    began = shown = time.monotonic()
    told = 0
    server = Server()
    try:
        number = only or 0
        while True:
            name = f"{seed}/{number}"
            # A killed run's git may still be writing when its history is over.
            with tempfile.TemporaryDirectory(prefix="byline-torture-", ignore_cleanup_errors=True) as folder:
                history = History(name, Path(folder), totals, server, loud=only is not None)
                try:
                    history.run(stores)
                except Violation as broken:
                    totals.violations.append(
                        f"history {number}: {broken}   (again: --seed {seed} --only {number})"
                    )
                except Exception:  # noqa: BLE001 - told with what plays it again
                    totals.violations.append(
                        f"history {number} broke after “{history.last}”:\n{traceback.format_exc()}"
                        f"   (again: --seed {seed} --only {number})"
                    )
            if say:
                for violation in totals.violations[told:]:
                    _show(violation)
            told = len(totals.violations)
            number += 1
            now = time.monotonic()
            if say and now - shown > 30:
                shown = now
                _show(
                    f"{now - began:5.0f} s: {totals.counts['histories']} histories, {totals.counts['runs']} runs, "
                    f"{totals.counts['kills']} kills, {totals.counts['posts']} posts, {totals.counts['duplicates']} duplicates, "
                    f"{totals.counts['losses']} unreported losses",
                )
            if only is not None or (count and number >= count) or (minutes and now - began > 60 * minutes):
                break
    finally:
        server.stop()
    if say:
        _show(totals.table(time.monotonic() - began))
    return totals


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Random faults, and the posts counted on the networks themselves."
    )
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", default=str(int(datetime.now().timestamp())))  # noqa: DTZ005
    parser.add_argument("--only", type=int, help="play this history alone, every step shown")
    parser.add_argument(
        "--store", choices=NAMES, action="append", help="this store (may be repeated; default: all)"
    )
    given = parser.parse_args()
    _show(f"seed {given.seed}")
    totals = play(given.seed, minutes=given.minutes, only=given.only, stores=given.store or NAMES)
    return 1 if totals.violations else 0


if __name__ == "__main__":
    sys.exit(main())
