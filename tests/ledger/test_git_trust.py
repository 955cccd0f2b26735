"""What is said of a branch that vanished, went back in time or was touched by others, and the way back. In memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from byline.errors import LedgerError, LedgerUntrusted, UsageError
from byline.ledger import codec
from byline.ledger.base import Raw
from byline.ledger.git import GitLedger, files, mending, store
from byline.ledger.git.remote import Seen
from byline.ledger.git.trust import Trust
from byline.testing.ledger_contract import AT, INTENT, event
from byline.times import FixedClock
from memory_git import ANCHOR, FETCHED, HEAD, Commits, Remote, Server

PLACE = Remote.place
DANGER = "sending now could repeat posts"
RESTORE = (
    "`publish ledger restore` brings it back; nothing is lost, since the anchor holds a copy of everything"
)
MEMORY = "`publish ledger restore` brings back what this machine has seen"
FILE = files.file_of(INTENT.id)


class Machine:
    """One machine that looks at the server."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.clock = server, FixedClock(AT)
        self.remote, self.commits = Remote(server, folder), Commits(server)

    def current(self, held: str = "", chance: float = 0.5) -> str:
        trust = Trust(self.remote, self.commits, self.clock, lambda: chance)  # type: ignore[arg-type]
        return trust.current(held)

    def inspect(self) -> Raw:
        return mending.inspect(self.remote, self.commits)  # type: ignore[arg-type]

    def restore(self) -> str:
        return mending.restore(self.remote, self.commits, self.clock)  # type: ignore[arg-type]

    def write(self, count: int = 1) -> None:
        """A push for each of so many posts."""
        ledger = GitLedger(self.remote, site="s", clock=self.clock)  # type: ignore[arg-type]
        begun = len(ledger.snapshot().records)
        for number in range(begun, begun + count):
            intent = replace(INTENT, id=f"p{number:02}.linkedin.company", post=f"p{number:02}")
            ledger.write(replace(event("claimed", intent=intent), id=intent.id))
        ledger.close()


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
def old(server: Server, machines: Callable[[], Machine]) -> Machine:
    """A machine that has seen three pushes."""
    machine = machines()
    machine.write(3)
    return machine


@pytest.fixture
def fresh(old: Machine, machines: Callable[[], Machine]) -> Machine:
    """A machine that has seen nothing of them."""
    del old
    return machines()


def refused(machine: Machine, held: str = "") -> tuple[str, str]:
    with pytest.raises(LedgerUntrusted) as wrong:
        machine.current(held)
    return wrong.value.message, wrong.value.hint


class TestCurrent:
    def test_nothing_was_ever_written(self, machines: Callable[[], Machine]) -> None:
        machine = machines()
        assert (machine.current(), machine.remote.calls) == ("", ["look"])

    def test_what_is_known_is_not_fetched(self, server: Server, old: Machine) -> None:
        old.remote.calls.clear()
        assert old.current() == server.refs[HEAD]
        assert old.remote.calls == ["look"]
        assert old.clock.slept == []

    def test_what_is_newer_is_fetched(self, server: Server, old: Machine, fresh: Machine) -> None:
        assert fresh.current() == server.refs[HEAD]
        fresh.write()
        old.remote.calls.clear()
        assert old.current() == server.refs[HEAD]
        assert old.remote.calls == ["look", "fetch"]

    def test_what_is_held_counts_more_than_what_is_remembered(
        self, server: Server, old: Machine, fresh: Machine
    ) -> None:
        fresh.write()
        newer = server.refs[HEAD]
        old.remote.calls.clear()
        assert old.current(newer) == newer
        assert old.remote.calls == ["look"]
        server.refs |= {HEAD: server.commits[newer].parent, ANCHOR: server.commits[newer].parent}
        assert "has seen 4 changes" in refused(old, newer)[0]

    def test_two_refs_of_one_push_may_be_seen_one_after_the_other(
        self, server: Server, fresh: Machine
    ) -> None:
        tip = server.refs[HEAD]
        fresh.remote.looks = [Seen(tip, ""), Seen(tip, ""), Seen(tip, ""), Seen("", tip), Seen("", tip)]
        assert fresh.current() == tip
        assert fresh.clock.slept == [0.2, 0.4, 0.8, 1.6, 3.0]

    def test_four_looks_alike_are_a_misfit(self, server: Server, fresh: Machine) -> None:
        tip = server.refs[HEAD]
        fresh.remote.looks = [Seen("", tip), *[Seen(tip, "")] * 4]
        assert "the anchor of" in refused(fresh)[0]
        assert fresh.remote.looks == []
        assert len(fresh.clock.slept) == 4

    def test_looks_are_spread(self, server: Server, fresh: Machine) -> None:
        fresh.remote.looks = [Seen(server.refs[HEAD], "")] * 2
        fresh.current(chance=1.0)
        assert fresh.clock.slept == pytest.approx([0.3, 0.6])

    def test_a_server_that_never_stands_still_is_left(self, server: Server, fresh: Machine) -> None:
        fresh.remote.looks = [Seen("a" * 40, "a" * 40)] * 40
        with pytest.raises(LedgerError) as busy:
            fresh.current()
        assert not isinstance(busy.value, LedgerUntrusted)
        assert (busy.value.message, busy.value.hint) == (
            f"{PLACE} changed each time that it was read", "other runs are at it: run it again later"
        )  # fmt: skip
        assert fresh.remote.calls.count("look") == 40


class TestWhatIsSaid:
    def test_the_branch_was_deleted(self, server: Server, fresh: Machine) -> None:
        del server.refs[HEAD]
        assert refused(fresh) == (
            f"the sending history is gone: {PLACE} was deleted, and its anchor still holds 3 changes; {DANGER}", RESTORE
        )  # fmt: skip

    def test_it_was_put_back(self, server: Server, fresh: Machine) -> None:
        server.refs[HEAD] = server.commits[server.refs[HEAD]].parent
        assert refused(fresh) == (
            f"the sending history went back in time: {PLACE} holds 2 of 3 changes; {DANGER}", RESTORE
        )  # fmt: skip

    def test_somebody_wrote_into_it(self, server: Server, fresh: Machine) -> None:
        anchor = server.refs[ANCHOR]
        for path, data in (("hello.txt", b"hello"), (files.META, b"[]")):
            tip = server.spoil(AT, HEAD, **{path: data})
            assert refused(fresh) == (
                f"{PLACE} was changed by something other than Byline: it does not fit to its anchor ({tip[:10]} is not "
                f"{anchor[:10]}); {DANGER}",
                "`git log` of the branch shows who did; `publish ledger restore` goes back to what Byline wrote last",
            )

    def test_the_anchor_is_gone(self, server: Server, fresh: Machine) -> None:
        del server.refs[ANCHOR]
        assert refused(fresh) == (
            f"the anchor of {PLACE} ({ANCHOR}) is gone, as after a move to another server, so nothing proves that the "
            f"history is whole; {DANGER}",
            "see with `publish ledger verify` and `publish status` that nothing is missing; then "
            "`publish ledger restore` sets the anchor again",
        )

    def test_a_branch_that_is_something_else(self, server: Server, fresh: Machine) -> None:
        del server.refs[ANCHOR]
        server.spoil(AT, HEAD, **{files.META: None})
        assert refused(fresh) == (
            f"{PLACE} is not a sending history: it has no byline-ledger.json that can be read",
            "name another branch (`ledger: {store: git, branch: ...}`), or delete this one if it is nobody's",
        )

    def test_both_were_put_back(self, server: Server, old: Machine, fresh: Machine) -> None:
        before = server.commits[server.refs[HEAD]].parent
        server.refs |= {HEAD: before, ANCHOR: before}
        assert refused(old) == (
            f"the sending history went back in time: this machine has seen 3 changes in {PLACE}, and the server holds 2; "
            f"{DANGER}", MEMORY,
        )  # fmt: skip
        assert fresh.current() == before  # nothing on a throw-away runner can tell

    def test_both_are_others(self, server: Server, old: Machine) -> None:
        server.spoil(AT, HEAD, ANCHOR, **{"hello.txt": b"hello"})
        assert refused(old) == (
            f"the sending history went back in time: this machine has seen 3 changes in {PLACE}, and the server holds 3 "
            f"others; {DANGER}", MEMORY,
        )  # fmt: skip

    def test_both_are_gone(self, server: Server, old: Machine, fresh: Machine) -> None:
        server.refs.clear()
        assert refused(old) == (
            f"the sending history is gone: {PLACE} and its anchor are no longer there, and this machine has seen 3 "
            f"changes in it; {DANGER}",
            f"{MEMORY}; if the history is to begin anew on purpose: git update-ref -d {FETCHED}",
        )
        assert fresh.current() == ""


class TestVerify:
    def test_a_whole_one(self, server: Server, old: Machine) -> None:
        raw = old.inspect()
        assert (list(raw.faults), raw.records) == ([], None)
        content = server.content()
        assert list(raw.events) == [
            (f"{path}:1", codec.load_event(text.decode()).id, text.decode().removesuffix("\n"))
            for path, text in content.items() if path.startswith(files.POSTS)
        ]  # fmt: skip
        assert len(raw.events) == 3

    def test_nothing_there(self, server: Server, old: Machine, fresh: Machine) -> None:
        server.refs.clear()
        assert fresh.inspect() == Raw(faults=[])
        assert old.inspect() == Raw(faults=[f"{PLACE} and its anchor are gone; this machine has seen them"])

    def test_the_branch_is_gone(self, server: Server, fresh: Machine) -> None:
        del server.refs[HEAD]
        raw = fresh.inspect()
        assert list(raw.faults) == [f"{PLACE} is gone; what follows is about its anchor"]
        assert len(raw.events) == 3

    def test_the_anchor_is_gone(self, server: Server, fresh: Machine) -> None:
        del server.refs[ANCHOR]
        assert list(fresh.inspect().faults) == [f"the anchor ({ANCHOR}) is gone"]

    def test_they_do_not_fit(self, server: Server, old: Machine) -> None:
        anchor = server.refs[ANCHOR]
        tip = server.refs[HEAD] = server.commits[anchor].parent
        raw = old.inspect()
        assert list(raw.faults) == [
            f"the branch ({tip[:10]}) does not fit to its anchor ({anchor[:10]})",
            "it went back in time: this machine has seen 3 changes, and there are 2",
        ]
        assert len(raw.events) == 2  # of the branch, not of the anchor

    def test_every_file_that_does_not_fit_is_named(
        self, server: Server, old: Machine, fresh: Machine
    ) -> None:
        path = files.file_of("p01.x.y")
        good = server.content()[path]
        server.spoil(
            AT, **{path: good + b"{\n" + good, files.ACCOUNTS: b"[]", "hello.txt": b"", "notes/tokens/2026-11-24.jsonl": b"x\n",
                   "notes/tokens/soon.jsonl": b"", files.META: b"[]"},
        )  # fmt: skip
        for machine in (old, fresh):
            raw = machine.inspect()
            assert sorted(fault.partition(" cannot be read")[0] for fault in raw.faults) == sorted([
                f"{path}:2: an entry of the sending history", f"{PLACE}: accounts.json", "hello.txt: no file of the sending history",
                "notes/tokens/soon.jsonl: no file of the sending history", f"{PLACE}: byline-ledger.json",
            ])  # fmt: skip
            assert [where for where, _, _ in raw.events if where.startswith(path)] == [
                f"{path}:1",
                f"{path}:3",
            ]

    def test_an_event_of_another_file_is_played_all_the_same(self, server: Server, fresh: Machine) -> None:
        path, other = files.file_of("p01.x.y"), files.file_of("p02.x.y")
        server.spoil(AT, **{path: server.content()[other]})
        raw = fresh.inspect()
        assert list(raw.faults) == [
            f"{path}:1: the event of p02.linkedin.company does not belong in this file"
        ]
        assert len(raw.events) == 3

    def test_the_first_file_is_missing(self, server: Server, old: Machine) -> None:
        server.spoil(AT, **{files.META: None})
        assert list(old.inspect().faults) == ["byline-ledger.json is missing"]

    def test_a_machine_whose_own_memory_cannot_be_read_says_nothing_of_it(
        self, server: Server, old: Machine
    ) -> None:
        tip = server.refs[HEAD]
        server.commits[tip] = replace(server.commits[tip], content={})
        before = server.commits[tip].parent
        server.refs |= {HEAD: before, ANCHOR: before}
        assert list(old.inspect().faults) == []


class TestRestore:
    def test_what_is_in_order_is_left(self, server: Server, old: Machine, fresh: Machine) -> None:
        before = dict(server.refs)
        for machine in (old, fresh):
            machine.remote.calls.clear()
            assert machine.restore() == f"{PLACE} is in order (3 changes); nothing was done"
            assert "push" not in machine.remote.calls
        assert server.refs == before

    def test_from_the_anchor(self, server: Server, fresh: Machine) -> None:
        anchor = server.refs[ANCHOR]
        for tip in ("", server.commits[anchor].parent, server.spoil(AT, HEAD, x=b"")):
            server.refs[HEAD] = tip
            assert fresh.restore() == f"{PLACE} was restored from its anchor (3 changes)"
            assert server.refs == {HEAD: anchor, ANCHOR: anchor}
            assert fresh.remote.memory == (anchor, AT)

    def test_from_the_branch_itself(self, server: Server, fresh: Machine) -> None:
        del server.refs[ANCHOR]
        assert fresh.restore() == f"{PLACE} was restored from the branch itself (3 changes)"
        assert server.refs[ANCHOR] == server.refs[HEAD]

    def test_from_what_this_machine_has_seen(self, server: Server, old: Machine) -> None:
        tip = server.refs[HEAD]
        before = server.commits[tip].parent
        for refs in ({}, {HEAD: before, ANCHOR: before}):
            server.refs = dict(refs)
            assert old.restore() == f"{PLACE} was restored from what this machine has seen (3 changes)"
            assert server.refs == {HEAD: tip, ANCHOR: tip}

    def test_a_clone_that_lacks_what_lies_below_makes_a_first_commit_of_it(
        self, server: Server, old: Machine
    ) -> None:
        content = dict(server.content())
        server.refs.clear()
        old.remote.pushes = [lambda *_: ("lost", LedgerError("shallow update not allowed"))]
        old.clock.move(timedelta(hours=1))
        assert old.restore() == f"{PLACE} was restored from what this machine has seen (3 changes)"
        made = server.commits[server.refs[HEAD]]
        assert (made.parent, made.message, made.at) == (
            "",
            "restored from a clone [skip ci]\n",
            AT + timedelta(hours=1),
        )
        assert made.content == content | {files.META: files.Meta(site="s", created=AT, serial=4).dump()}
        assert old.remote.memory == (server.refs[HEAD], AT + timedelta(hours=1))
        assert old.current() == server.refs[HEAD]

    def test_a_refusal_is_told(self, server: Server, old: Machine, fresh: Machine) -> None:
        refusal = LedgerError("the server refuses it")
        before = server.commits[server.refs[HEAD]].parent
        server.refs[HEAD] = before
        fresh.remote.pushes = [lambda *_: ("lost", refusal)]
        with pytest.raises(LedgerError) as refused:
            fresh.restore()
        assert refused.value is refusal
        fresh.remote.pushes = [lambda *_: ("lost", None)]
        with pytest.raises(LedgerError) as changed:
            fresh.restore()
        assert changed.value.message == f"{PLACE} changed meanwhile; nothing was restored"
        assert changed.value.hint == "look again with `publish ledger verify`"
        server.refs.clear()
        old.remote.pushes = [lambda *_: ("unclear", refusal)] * 2
        with pytest.raises(LedgerError) as refused:
            old.restore()
        assert refused.value is refusal

    def test_what_is_damaged_and_nowhere_else(self, server: Server, fresh: Machine) -> None:
        server.spoil(AT, HEAD, x=b"")
        del server.refs[ANCHOR]
        with pytest.raises(LedgerUntrusted) as lost:
            fresh.restore()
        assert lost.value.message == (
            f"{PLACE} cannot be restored: it is damaged, and there is no anchor and no memory here to restore from"
        )
        assert (
            lost.value.hint
            == "`publish ledger verify` lists the damage; restore the repository from a backup"
        )

    def test_what_is_damaged_but_was_seen_here(self, server: Server, old: Machine) -> None:
        tip = server.refs[HEAD]
        server.spoil(AT, HEAD, x=b"")
        del server.refs[ANCHOR]
        assert old.restore() == f"{PLACE} was restored from what this machine has seen (3 changes)"
        assert server.refs == {HEAD: tip, ANCHOR: tip}

    def test_what_never_was(self, machines: Callable[[], Machine]) -> None:
        with pytest.raises(UsageError) as never:
            machines().restore()
        assert never.value.message == (
            f"there is nothing to restore: {PLACE} was never written, as far as this machine knows"
        )
        assert never.value.hint == "`publish send` begins it"
