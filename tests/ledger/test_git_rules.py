"""The git store's rules with a server in memory: what is pushed when, what others did meanwhile, what is not trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from byline.errors import ClaimHeld, LedgerError, LedgerUntrusted
from byline.ledger import codec
from byline.ledger.base import Event, Info, Note, Record, replay
from byline.ledger.git import GitLedger, files, store
from byline.ledger.git.remote import Seen
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, LedgerContract, event, receipt
from byline.times import FixedClock
from memory_git import ANCHOR, HEAD, Commits, Remote, Server

SITE = "https://acme.example/"
FILE = files.file_of(INTENT.id)
TOKENS = Note(kind="tokens", day=date(2026, 11, 24), line='{"days":9}')
FAILED = LedgerError("the server refuses it", hint="ask it")


class Machine:
    """One machine, and what it opens."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.remote = Remote(server, folder)
        self.clock = FixedClock(AT)

    def open(self, *, offline: bool = False, chance: float = 1.0) -> GitLedger:
        return GitLedger(self.remote, site=SITE, clock=self.clock, offline=offline, chance=lambda: chance)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "Commits", Commits)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def machines(server: Server, tmp_path: Path) -> Callable[[], Machine]:
    return lambda: Machine(server, tmp_path)


@pytest.fixture
def machine(machines: Callable[[], Machine]) -> Machine:
    return machines()


def about(post: str, kind: str, record: Record | None = None, **more: Any) -> Event:
    """An event about another post's delivery."""
    intent = replace(INTENT, id=f"{post}.linkedin.company", post=post)
    made = event(kind, record, **more)
    return replace(made, id=intent.id, intent=intent if made.intent else None)


def rows(server: Server, post: str = "hp7") -> list[str]:
    """The kinds of the events in the post's file on the server."""
    content = server.content().get(files.file_of(post), b"").decode()
    return [codec.load_event(line).kind for line in content.splitlines()]


class TestContract(LedgerContract):
    """Runners that share nothing but the server."""

    @pytest.fixture
    def store(self, machines: Callable[[], Machine]) -> Callable[[], GitLedger]:
        return lambda: machines().open()

    def test_of_many_claims_at_once_one_wins(self) -> None:  # type: ignore[override]
        """Threads tell nothing about a server in memory: tests/ledger/test_git.py has a real one."""


class TestContractOnOneMachine(TestContract):
    @pytest.fixture
    def store(self, machine: Machine) -> Callable[[], GitLedger]:
        return machine.open


class TestWhatIsPushed:
    def test_the_first_push_begins_the_branch(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        assert (ledger.tip, server.refs) == ("", {})
        ledger.write(event("claimed"))
        assert server.refs[HEAD] == server.refs[ANCHOR] == ledger.tip
        assert server.content() == {
            files.README: files.WELCOME.encode(),
            files.META: files.Meta(site=SITE, created=AT, serial=1).dump(),
            FILE: (codec.dump_event(event("claimed")) + "\n").encode(),
        }
        assert server.log() == [f"{INTENT.id}: claimed [skip ci]\n"]
        assert server.commits[ledger.tip].at == AT
        assert machine.remote.memory == (ledger.tip, AT)

    def test_a_later_one_appends_and_counts(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        (record,) = ledger.write(event("claimed"))
        first = ledger.tip
        server.commits[first] = replace(
            server.commits[first], content={**server.content(), files.README: b"mine"}
        )
        machine.clock.move(timedelta(hours=1))
        ledger.write(event("prepared", record, requests=REQUESTS))
        assert rows(server) == ["claimed", "prepared"]
        assert server.commits[ledger.tip].parent == first
        assert server.meta() == files.Meta(site=SITE, created=AT, serial=2)
        assert server.content()[files.README] == b"mine"
        assert files.ACCOUNTS not in server.content()
        assert ledger.info == Info(
            store="git", place=machine.remote.place, created=AT, written=AT + timedelta(hours=1),
            read=AT + timedelta(hours=1),
        )  # fmt: skip

    def test_accounts_begin_once(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        ledger.baseline({"twitter.acme": AT, "linkedin.company": AT}, [event("skipped")], [TOKENS])
        assert server.content()[files.ACCOUNTS] == files.dump_accounts(
            {"linkedin.company": AT, "twitter.acme": AT}
        )
        assert server.content()["notes/tokens/2026-11-24.jsonl"] == b'{"days":9}\n'
        assert server.log()[0] == (
            f"begun: linkedin.company, twitter.acme and 1 more [skip ci]\n\n"
            f"begun: linkedin.company, twitter.acme\n{INTENT.id}: skipped\n"
        )
        before = machine.remote.git.commits[ledger.tip]
        ledger.baseline({"twitter.acme": AT + timedelta(days=1)})
        assert server.content()[files.ACCOUNTS] == before.content[files.ACCOUNTS]
        assert machine.open().snapshot().accounts == {"linkedin.company": AT, "twitter.acme": AT}
        ledger.baseline({"mastodon.acme": AT})
        assert sorted(ledger.snapshot().accounts) == ["linkedin.company", "mastodon.acme", "twitter.acme"]
        assert server.log()[0] == "begun: mastodon.acme [skip ci]\n"

    def test_what_the_log_says_of_many(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        ledger.baseline({}, [about(f"p{number:02}", "skipped") for number in range(50)])
        told = "".join(f"p{number:02}.linkedin.company: skipped\n" for number in range(50))
        assert server.log()[0] == f"p00.linkedin.company: skipped and 49 more [skip ci]\n\n{told}"
        ledger.baseline({}, [about(f"q{number:02}", "skipped") for number in range(52)])
        told = "".join(f"q{number:02}.linkedin.company: skipped\n" for number in range(50))
        assert server.log()[0] == (
            f"q00.linkedin.company: skipped and 51 more [skip ci]\n\n{told}… and 2 more\n"
        )
        ledger.note(TOKENS)
        ledger.flush()
        assert server.log()[0] == "notes [skip ci]\n"

    def test_settlements_wait_for_the_next_push(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        (record,) = ledger.write(event("claimed"))
        (after,) = ledger.write(event("released", record, reason="429"), lazy=True)
        (again,) = ledger.write(event("postponed", after, reason="401"), lazy=True)
        assert rows(server) == ["claimed"]
        assert ledger.get(INTENT.id) == again
        assert ledger.snapshot().records == {INTENT.id: again}
        assert [item.kind for item in ledger.history()] == ["claimed", "released", "postponed"]
        assert ledger.history("nobody.linkedin.company") == ()
        ledger.write(about("abc", "claimed"))
        assert (rows(server), rows(server, "abc")) == (["claimed", "released", "postponed"], ["claimed"])
        assert list(ledger.snapshot().records) == ["abc.linkedin.company", INTENT.id]
        tip = ledger.tip
        ledger.flush()
        ledger.close()
        assert server.refs[HEAD] == tip  # nothing waited

    def test_what_waits_at_the_end_is_pushed(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        ledger.write(event("claimed"), lazy=True)
        ledger.close()
        assert rows(server) == ["claimed"]
        other = machine.open()
        other.note(TOKENS)
        other.close()
        assert machine.open().notes() == (TOKENS,)

    def test_what_does_not_fit_is_put_to_the_server_before_it_is_refused(
        self, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        ledger, other = machine.open(), machines().open()
        (record,) = other.write(event("claimed"))
        (after,) = ledger.write(event("prepared", record, requests=REQUESTS))
        assert after.version == 2
        with pytest.raises(ClaimHeld):
            other.write(event("prepared", record, requests=REQUESTS))
        assert other.get(INTENT.id) == after

    def test_only_what_changed_is_read_again(self, machine: Machine, machines: Callable[[], Machine]) -> None:
        ledger, other = machine.open(), machines().open()
        ledger.write(event("claimed"))
        ledger.write(about("abc", "claimed"))
        ledger.snapshot()
        other.refresh()
        other.write(about("abc", "unknown", other.get("abc.linkedin.company")))
        ledger._commits.asked.clear()  # type: ignore[attr-defined]
        ledger.refresh()
        assert ledger.snapshot().records["abc.linkedin.company"].state == "unknown"
        read = [path for path in ledger._commits.asked if path.startswith(files.POSTS)]  # type: ignore[attr-defined]
        assert read == [files.file_of("abc")]


class TestNotes:
    def test_by_kind_and_day_then_as_written(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        early, late = replace(TOKENS, line="1"), replace(TOKENS, day=date(2026, 11, 25), line="3")
        views = Note(kind="views", day=date(2026, 11, 1), line="4")
        ledger.note(views, late, early)
        ledger.flush()
        ledger.note(replace(early, line="2"))
        assert [note.line for note in ledger.notes()] == ["1", "2", "3", "4"]
        assert ledger.notes("views") == (views,)
        assert ledger.notes("tokens") == (early, replace(early, line="2"), late)
        ledger.flush()
        assert server.content()["notes/tokens/2026-11-24.jsonl"] == b"1\n2\n"
        assert [note.line for note in machine.open().notes()] == ["1", "2", "3", "4"]

    def test_one_that_cannot_be_kept_is_refused_at_once(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        with pytest.raises(LedgerError, match="one lower-case word"):
            ledger.note(TOKENS, replace(TOKENS, kind="../up"))
        ledger.close()
        assert server.refs == {}


class TestOthers:
    """Another runner was first, or nobody knows."""

    def test_first_elsewhere_costs_one_more_try(
        self, server: Server, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        ledger, other = machine.open(), machines().open()
        other.write(about("abc", "claimed"))
        (record,) = ledger.write(event("claimed"))
        assert (record.state, machine.clock.slept) == ("sending", [0.1])
        assert (rows(server), rows(server, "abc")) == (["claimed"], ["claimed"])
        assert server.meta().serial == 2

    def test_who_comes_second_leaves_it_alone(
        self, server: Server, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        ledger, other = machine.open(), machines().open()
        other.write(event("claimed"))
        with pytest.raises(ClaimHeld):
            ledger.write(event("claimed"))
        assert server.meta().serial == 1
        ledger.note(TOKENS)
        ledger.close()  # that was no failure: what waits is still pushed
        assert server.meta().serial == 2

    def test_what_another_run_settled_meanwhile_stays_and_the_rest_is_kept(
        self, server: Server, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        ledger, other = machine.open(), machines().open()
        (record,) = ledger.write(event("claimed"))
        (abc,) = ledger.write(about("abc", "claimed"))
        ledger.write(event("released", record, reason="ours"), lazy=True)
        ledger.write(about("abc", "released", abc, reason="ours"), lazy=True)
        ledger.note(TOKENS)
        other.refresh()
        other.write(event("unknown", record, reason="theirs"))
        ledger.flush()
        assert (rows(server), rows(server, "abc")) == (["claimed", "unknown"], ["claimed", "released"])
        found = ledger.snapshot().records
        assert [(item.state, item.reason) for item in found.values()] == [
            ("due", "ours"),
            ("unknown", "theirs"),
        ]
        assert replay(ledger.history()) == found
        assert machine.open().notes() == (TOKENS,)

    def test_waiting_ones_are_seen_on_the_new_state(
        self, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        ledger, other = machine.open(), machines().open()
        (record,) = ledger.write(event("claimed"))
        ledger.write(event("released", record, reason="ours"), lazy=True)
        other.refresh()
        other.write(event("unknown", record, reason="theirs"))
        ledger.refresh()
        found = ledger.get(INTENT.id)
        assert found is not None
        assert (found.state, found.reason) == ("unknown", "theirs")
        assert [item.kind for item in ledger.history()] == ["claimed", "unknown"]

    def test_each_time_first_elsewhere_gives_up_in_the_end(self, machine: Machine) -> None:
        ledger = machine.open()
        machine.remote.pushes = [lambda *_: ("lost", None)] * 24
        with pytest.raises(LedgerError) as beaten:
            ledger.write(event("claimed"))
        assert beaten.value.message == (
            "the branch byline-ledger of origin could not be written: other runs were first each of 24 times"
        )
        assert beaten.value.hint == (
            "run it again later; let runs wait for one another with a concurrency group in CI"
        )
        assert machine.remote.calls.count("push") == 24
        assert machine.clock.slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, *[4.0] * 18]

    def test_pauses_are_spread(self, machine: Machine) -> None:
        ledger = machine.open(chance=0.5)
        machine.remote.pushes = [lambda *_: ("lost", None)] * 2
        ledger.write(event("claimed"))
        assert machine.clock.slept == [0.05, 0.1]

    def test_a_refusal_is_told_after_one_try(self, server: Server, machine: Machine) -> None:
        for outcome in ("lost", "unclear"):
            ledger = machine.open()
            machine.remote.calls.clear()
            machine.remote.pushes = [lambda *_, outcome=outcome: (outcome, FAILED)]  # type: ignore[misc]
            with pytest.raises(LedgerError) as refused:
                ledger.write(event("claimed"))
            assert refused.value is FAILED
            assert machine.remote.calls.count("push") == 1
            assert (ledger.get(INTENT.id), server.refs, machine.clock.slept) == (None, {}, [])

    def test_done_though_the_answer_was_lost(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        remote = machine.remote

        def lost(commit: str, old: Seen) -> Any:
            remote.arrive(commit, old)
            return "unclear", FAILED

        remote.pushes = [lost]
        ledger.note(TOKENS)
        (record,) = ledger.write(event("claimed"))
        assert (record.state, record.version) == ("sending", 1)
        assert (server.meta().serial, remote.calls.count("push"), machine.clock.slept) == (1, 1, [])
        assert remote.memory == (ledger.tip, AT)
        ledger.close()
        assert server.meta().serial == 1  # nothing waits any more

    def test_done_and_others_built_on_it(
        self, server: Server, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        ledger, other = machine.open(), machines().open()
        remote = machine.remote

        def lost(commit: str, old: Seen) -> Any:
            remote.arrive(commit, old)
            other.refresh()
            other.write(about("abc", "claimed"))
            return "unclear", FAILED

        remote.pushes = [lost]
        (record, second) = ledger.write(event("claimed"), about("xyz", "claimed"))
        assert (record.id, record.state, second.id) == (INTENT.id, "sending", "xyz.linkedin.company")
        assert (rows(server), rows(server, "abc"), rows(server, "xyz")) == (["claimed"],) * 3
        assert remote.calls.count("push") == 1
        assert ledger.tip == server.refs[HEAD]

    def test_not_done_and_another_one_claimed_it(
        self, server: Server, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        """The same event but for its run is not ours: it must not be taken for our own."""
        ledger, other = machine.open(), machines().open()

        def lost(*_: Any) -> Any:
            other.write(replace(event("claimed"), run="run-b"))
            return "unclear", FAILED

        machine.remote.pushes = [lost]
        with pytest.raises(ClaimHeld):
            ledger.write(event("claimed"))
        assert rows(server) == ["claimed"]
        assert machine.remote.calls.count("push") == 1

    def test_not_done_and_another_one_wrote_about_something_else(
        self, server: Server, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        ledger, other = machine.open(), machines().open()

        def lost(*_: Any) -> Any:
            other.write(about("abc", "claimed"))
            return "unclear", FAILED

        machine.remote.pushes = [lost]
        (record,) = ledger.write(event("claimed"))
        assert record.state == "sending"
        assert (rows(server), rows(server, "abc")) == (["claimed"], ["claimed"])
        assert machine.remote.calls.count("push") == 2


class TestAtTheEnd:
    def test_what_could_not_be_pushed_is_told_once(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        ledger.write(event("claimed"), lazy=True)
        machine.remote.pushes = [lambda *_: ("lost", FAILED)]
        with pytest.raises(LedgerError, match="refuses"):
            ledger.flush()
        ledger.close()
        assert (server.refs, ledger._commits.closed) == ({}, True)  # type: ignore[attr-defined]

    @pytest.mark.parametrize("more", ["event", "note"])
    def test_what_came_after_it_is_tried_again(self, server: Server, machine: Machine, more: str) -> None:
        ledger = machine.open()
        (record,) = ledger.write(event("claimed"), lazy=True)
        machine.remote.pushes = [lambda *_: ("lost", FAILED)]
        with pytest.raises(LedgerError, match="refuses"):
            ledger.flush()
        if more == "note":
            ledger.note(TOKENS)
        else:
            ledger.write(event("released", record), lazy=True)
        ledger.close()
        assert rows(server) == ["claimed", "released"][: 1 + (more == "event")]

    def test_a_push_that_worked_makes_up_for_one_that_did_not(self, server: Server, machine: Machine) -> None:
        ledger = machine.open()
        machine.remote.pushes = [lambda *_: ("lost", FAILED)]
        with pytest.raises(LedgerError, match="refuses"):
            ledger.write(event("claimed"))
        (record,) = ledger.write(event("claimed"))
        ledger.write(event("released", record), lazy=True)
        ledger.close()
        assert rows(server) == ["claimed", "released"]

    def test_a_close_that_cannot_push_tells_it_and_cleans_up(self, machine: Machine) -> None:
        ledger = machine.open()
        ledger.write(event("claimed"), lazy=True)
        machine.remote.pushes = [lambda *_: ("lost", FAILED)]
        with pytest.raises(LedgerError, match="refuses"):
            ledger.close()
        assert ledger._commits.closed  # type: ignore[attr-defined]


def test_a_run_knows_what_it_has_read_where_the_machine_keeps_nothing(
    server: Server, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Branch and anchor were put back together while it ran, in a repository that cannot be written."""
    monkeypatch.setattr(machine.remote, "remember", lambda *_: None)
    ledger = machine.open()
    (record,) = ledger.write(event("claimed"))
    first = server.refs[HEAD]
    ledger.write(event("prepared", record, requests=REQUESTS))
    server.refs |= {HEAD: first, ANCHOR: first}
    with pytest.raises(LedgerUntrusted, match="this machine has seen 2 changes"):
        ledger.refresh()
    with pytest.raises(LedgerUntrusted, match="went back in time"):
        ledger.write(about("abc", "claimed"))


class TestOffline:
    def test_what_was_fetched_last_is_read_without_a_look(self, machine: Machine) -> None:
        ledger = machine.open()
        (record,) = ledger.write(event("claimed"))
        machine.clock.move(timedelta(hours=5))
        machine.remote.calls.clear()
        reader = machine.open(offline=True)
        assert reader.snapshot().records == {INTENT.id: record}
        assert (reader.info.read, reader.info.written, reader.info.created) == (AT, AT, AT)
        for lazy in (False, True):
            with pytest.raises(LedgerError) as refused:
                reader.write(about("abc", "claimed"), lazy=lazy)
            assert refused.value.message == "the sending history was opened for reading alone"
        reader.close()
        assert machine.remote.calls == []

    def test_what_an_ordinary_fetch_brought_has_no_age(
        self, server: Server, machine: Machine, machines: Callable[[], Machine]
    ) -> None:
        (record,) = machines().open().write(event("claimed"))
        machine.remote.ordinary = server.refs[HEAD]
        reader = machine.open(offline=True)
        assert (reader.snapshot().records, reader.info.read) == ({INTENT.id: record}, None)

    def test_nothing_was_ever_fetched(self, machine: Machine) -> None:
        reader = machine.open(offline=True)
        assert reader.snapshot().empty
        assert reader.info == Info(store="git", place=machine.remote.place)
        assert (reader.history(), reader.notes(), reader.get(INTENT.id)) == ((), (), None)


class TestJudged:
    @pytest.mark.parametrize(
        ("path", "content", "told"),
        [
            (FILE, b"{}\n", f"{Remote.place}: {FILE}:1: an entry of the sending history cannot be read (KeyError: 'at')"),
            (files.META, None, f"{Remote.place} cannot be trusted: it has no byline-ledger.json"),
            (files.ACCOUNTS, b"[]", f"{Remote.place}: accounts.json cannot be read ('list' object has no attribute 'items')"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_stops_everything(
        self,
        server: Server,
        machine: Machine,
        machines: Callable[[], Machine],
        path: str,
        content: bytes,
        told: str,
    ) -> None:
        machine.open().write(event("claimed"))
        server.spoil(AT, **{path: content})
        for offline in (False, True):
            fresh = machines()
            fresh.remote.ordinary = server.refs[HEAD]
            with pytest.raises(LedgerUntrusted) as wrong:
                fresh.open(offline=offline).snapshot()
            assert wrong.value.message == told
            assert wrong.value.hint == files.BROKEN

    def test_what_was_judged_before_is_kept(self, server: Server, machine: Machine, tmp_path: Path) -> None:
        ledger = machine.open()
        ledger.baseline({}, [about(f"p{number:02}", "skipped") for number in range(60)])
        expected = ledger.snapshot().records
        ledger.close()
        kept = (tmp_path / "own.records").read_text().splitlines()
        assert len(kept) == 60
        reader = machine.open(offline=True)
        reader._commits.asked.clear()  # type: ignore[attr-defined]
        assert reader.snapshot().records == expected
        assert reader._commits.asked == []  # type: ignore[attr-defined]
        assert len(reader.history()) == 60  # the events are read when they are asked for
        assert len(reader._commits.asked) == 60  # type: ignore[attr-defined]
        writer = machine.open()
        (record,) = writer.write(about("p07", "claimed", expected["p07.linkedin.company"]))
        assert writer.snapshot().records == expected | {record.id: record}
        writer.close()
        assert machine.open(offline=True).snapshot().records == expected | {record.id: record}

    def test_events_in_the_order_in_which_they_happened(self, machine: Machine) -> None:
        ledger = machine.open()
        (record,) = ledger.write(replace(about("zzz", "claimed"), at=AT))
        ledger.write(replace(about("abc", "claimed"), at=AT + timedelta(hours=1)))
        ledger.write(replace(about("zzz", "unknown", record), at=AT + timedelta(hours=2)))
        told = [f"{item.id[:3]} {item.kind}" for item in machine.open().history()]
        assert told == ["zzz claimed", "abc claimed", "zzz unknown"]
        assert [item.kind for item in machine.open().history("zzz.linkedin.company")] == [
            "claimed",
            "unknown",
        ]


def test_a_receipt_is_there_for_the_next_run(machine: Machine, machines: Callable[[], Machine]) -> None:
    ledger = machine.open()
    (record,) = ledger.write(event("claimed"))
    (record,) = ledger.write(event("prepared", record, requests=REQUESTS[:1]))
    (record,) = ledger.write(event("part", record, part=0, receipt=receipt()))
    other = machines().open()
    assert other.get(INTENT.id) == record
    assert other.raw().faults == []
