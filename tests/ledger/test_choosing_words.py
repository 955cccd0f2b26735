"""Which store is taken and what is said about it, without a server: the stores stand in for themselves."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import memory_git
from byline.errors import LedgerError, LedgerUntrusted, UsageError
from byline.ledger import checking, choosing
from byline.ledger.base import Info, Note, Raw, Snapshot
from byline.ledger.checking import Verdict, verify
from byline.ledger.choosing import (
    chosen,
    database_url,
    file_of,
    in_ci,
    open_ledger,
    open_remote,
    open_store,
    read_notes,
    read_snapshot,
    site_key,
)
from byline.ledger.git.remote import Seen
from byline.ledger.postgresql.memory import Memory, write_memory
from byline.ledger.sqlite import SqliteLedger
from byline.settings import Settings, load
from byline.testing.ledger_contract import AT, INTENT, event
from byline.times import FixedClock
from repos import git
from support import NOW, SETTINGS, make_site

CLOCK = FixedClock(NOW)
SITE = "https://insights.acme.example/"
NOTE = Note(kind="tokens", day=date(2026, 11, 24), line="x")


def site(folder: Path, ledger: str = "sqlite") -> Settings:
    return load(make_site(folder, settings=SETTINGS.replace("ledger: sqlite", f"ledger: {ledger}")), {})


class Pretend:
    """A store that remembers how it was opened and whether it was closed."""

    made: list[Pretend]

    def __init__(self, *words: Any, **more: Any) -> None:
        self.words, self.more, self.closed = words, more, False
        self.made.append(self)

    def snapshot(self) -> Snapshot:
        return Snapshot(info=Info(store="git", place="nowhere", written=AT))

    def notes(self, kind: str) -> tuple[Note, ...]:
        return (NOTE,) if kind == "tokens" else ()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> list[Pretend]:
    """Both remote stores stand in; what was opened."""
    made: list[Pretend] = []
    kind = type("Pretend", (Pretend,), {"made": made})
    monkeypatch.setattr("byline.ledger.git.GitLedger", kind)
    monkeypatch.setattr("byline.ledger.postgresql.PostgresqlLedger", kind)
    return made


class Far:
    """A remote as `auto` asks it."""

    place = "the branch x of origin"

    def __init__(self, *, origin: str = "", known: str = "", tracked: str = "", seen: Any = None) -> None:
        self.git = self
        self._origin, self._known, self._tracked, self._seen = origin, known, tracked, seen

    def maybe(self, *words: str) -> str:
        assert words == ("config", "remote.origin.url")
        return self._origin

    def known(self) -> str:
        return self._known

    def tracked(self) -> str:
        return self._tracked

    def look(self) -> Seen:
        if isinstance(self._seen, Exception):
            raise self._seen
        assert isinstance(self._seen, Seen), "the server was asked"
        return self._seen


class TestAuto:
    def choice(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        far: Far | None,
        ci: str = "",
        *,
        ask: bool = True,
    ) -> str:
        def remote(_settings: Settings) -> Any:
            if far is None:
                raise UsageError("no repository")
            return far

        monkeypatch.setattr(choosing, "open_remote", remote)
        return chosen(site(folder, "auto"), {"CI": ci}, ask=ask)

    @pytest.mark.parametrize(
        ("far", "ci", "ask", "store"),
        [
            (None, "", True, "sqlite"), (Far(), "", True, "sqlite"), (Far(origin="o"), "", False, "sqlite"),
            (Far(origin="o", known="c"), "", False, "git"), (Far(origin="o", tracked="c"), "", False, "git"),
            (Far(origin="o", seen=Seen("", "")), "", True, "sqlite"), (Far(origin="o", seen=Seen("t", "")), "", True, "git"),
            (Far(origin="o", seen=Seen("", "a")), "", True, "git"), (Far(origin="o"), "true", True, "git"),
            (Far(known="c"), "", True, "sqlite"),
        ],
    )  # fmt: skip
    def test_what_it_means(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: Far | None, ci: str, ask: bool, store: str
    ) -> None:
        assert self.choice(tmp_path, monkeypatch, far, ci, ask=ask) == store

    @pytest.mark.parametrize("far", [None, Far()])
    def test_in_ci_without_a_place_that_outlives_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: Far | None
    ) -> None:
        with pytest.raises(UsageError) as refused:
            self.choice(tmp_path, monkeypatch, far, "1", ask=False)
        assert refused.value.message == (
            "in CI the sending history must outlive the runner, whose disk is thrown away: without it, posts could be "
            "sent twice; and this is no clone of a repository that could keep it"
        )
        assert refused.value.hint == (
            "run it in a clone of the site's repository; or keep the folder .byline/ between runs (a volume of "
            "your own) and say so with `ledger: sqlite` in mkdocs.yml"
        )

    def test_a_server_that_cannot_be_asked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(LedgerError) as refused:
            self.choice(tmp_path, monkeypatch, Far(origin="o", seen=LedgerError("no connection")))
        assert refused.value.message == (
            "`ledger: auto` must know whether the repository keeps a sending history, and could not look: no connection"
        )
        assert refused.value.hint == (
            "say which store it is with `ledger: sqlite` or `ledger: git` in mkdocs.yml"
        )

    def test_one_that_is_named_asks_nobody(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(choosing, "open_remote", lambda _settings: pytest.fail("it was asked"))
        for store in ("sqlite", "git", "postgresql"):
            assert chosen(site(tmp_path, store), {"CI": "true"}, ask=True) == store

    @pytest.mark.parametrize(
        ("value", "ci"),
        [
            ("true", True),
            ("1", True),
            ("woodpecker", True),
            ("", False),
            ("0", False),
            (" FALSE ", False),
            ("no", False),
        ],
    )
    def test_what_counts_as_ci(self, value: str, ci: bool) -> None:
        assert in_ci({"CI": value}) is ci
        assert not in_ci({})


class TestTheWay:
    def test_to_a_file(self, tmp_path: Path) -> None:
        assert file_of(site(tmp_path)) == tmp_path / ".byline" / "ledger.db"
        for url in ("state/history.db", "sqlite:///state/history.db"):
            named = site(tmp_path, f'{{store: sqlite, url: "{url}"}}')
            assert file_of(named) == tmp_path / "state" / "history.db"
        git_one = site(tmp_path, '{store: git, url: "https://host/x"}')
        assert file_of(git_one) == tmp_path / ".byline" / "ledger.db"
        ledger = open_store("sqlite", site(tmp_path), {}, CLOCK)
        assert isinstance(ledger, SqliteLedger)
        assert (ledger.info.place, ledger.info.created) == (str(tmp_path / ".byline" / "ledger.db"), NOW)
        ledger.write(event("claimed"))
        ledger.close()
        import sqlite3

        db = sqlite3.connect(tmp_path / ".byline" / "ledger.db")
        assert db.execute("SELECT site FROM deliveries").fetchall() == [(SITE,)]
        db.close()

    def test_to_a_database(self, tmp_path: Path, pretend: list[Pretend]) -> None:
        settings = site(tmp_path, '{store: postgresql, url: "postgresql://settings/x"}')
        open_store("postgresql", settings, {"BYLINE_LEDGER_URL": " postgresql://environment/x\n"}, CLOCK)
        (opened,) = pretend
        assert opened.words == ("postgresql://environment/x",)
        assert opened.more == {
            "site": "insights.acme.example", "clock": CLOCK, "memory": tmp_path / ".byline" / "ledger-postgresql.jsonl",
            "connect_seconds": settings.timeouts.connect,
        }  # fmt: skip
        assert database_url(settings, {}) == "postgresql://settings/x"
        assert site_key(settings) == "insights.acme.example"
        with pytest.raises(UsageError) as missing:
            database_url(site(tmp_path, "postgresql"), {"BYLINE_LEDGER_URL": " "})
        assert missing.value.message == (
            "`ledger: postgresql` needs the address of the database in BYLINE_LEDGER_URL"
        )
        assert missing.value.hint == (
            "BYLINE_LEDGER_URL=postgresql://USER:PASSWORD@HOST/DATABASE in the environment (a secret in CI)"
        )

    def test_to_a_branch(
        self, tmp_path: Path, pretend: list[Pretend], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        git(tmp_path, "init", "-q", str(tmp_path))
        remote = open_remote(site(tmp_path, '{store: git, url: "https://host/x", branch: history/posts}'))
        assert remote.place == "the branch history/posts of https://host/x"
        other = open_remote(site(tmp_path, '{store: sqlite, url: "state/history.db"}'))
        assert other.place == "the branch byline-ledger of origin"
        assert other.own_file("json").is_relative_to(tmp_path / ".git")
        monkeypatch.setattr(choosing, "open_remote", lambda _settings: "the remote")
        open_store("git", site(tmp_path, "git"), {}, CLOCK)
        (opened,) = pretend
        assert (opened.words, opened.more) == (("the remote",), {"site": SITE, "clock": CLOCK})


class TestOnlyLooking:
    def test_at_a_branch(
        self, tmp_path: Path, pretend: list[Pretend], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(choosing, "open_remote", lambda _settings: "the remote")
        settings = site(tmp_path, "git")
        assert read_snapshot(settings, CLOCK).info.written == AT
        assert read_notes(settings, CLOCK, kind="tokens") == (NOTE,)
        assert read_notes(settings, CLOCK, kind="views") == ()
        for opened in pretend:
            assert (opened.words, opened.more) == (
                ("the remote",),
                {"site": SITE, "clock": CLOCK, "offline": True},
            )
        assert pretend[1].closed

    def test_where_there_is_no_repository(self, tmp_path: Path) -> None:
        settings = site(tmp_path, "git")
        assert read_snapshot(settings, CLOCK) == Snapshot(info=Info(store="none", place="git"))
        assert read_notes(settings, CLOCK, kind="tokens") == ()

    def test_at_a_database_without_a_connection(self, tmp_path: Path, pretend: list[Pretend]) -> None:
        settings = site(tmp_path, "postgresql")
        none = Snapshot(info=Info(store="postgresql", place="insights.acme.example"))
        assert read_snapshot(settings, CLOCK) == none
        memory = Memory(
            place="PostgreSQL db/x", site="insights.acme.example", created=AT, number=1, read=AT,
            snapshot=Snapshot(accounts={"a.b": AT}, info=Info(store="postgresql", place="PostgreSQL db/x, site insights.acme.example",
                                                              created=AT, read=AT)),
        )  # fmt: skip
        write_memory(tmp_path / ".byline" / "ledger-postgresql.jsonl", memory, ())
        assert read_snapshot(settings, CLOCK) == memory.snapshot
        assert read_notes(settings, CLOCK, {"BYLINE_LEDGER_URL": "postgresql://h/x"}, kind="tokens") == ()
        assert pretend == []

    def test_at_the_notes_in_a_database_where_that_is_allowed(
        self, tmp_path: Path, pretend: list[Pretend]
    ) -> None:
        settings = site(tmp_path, "postgresql")
        address = {"BYLINE_LEDGER_URL": "postgresql://h/x"}
        assert read_notes(settings, CLOCK, address, kind="tokens", connect=True) == (NOTE,)
        (opened,) = pretend
        assert (opened.words, opened.more["clock"], opened.closed) == (("postgresql://h/x",), CLOCK, True)
        with pytest.raises(UsageError, match="needs the address"):
            read_notes(settings, CLOCK, kind="tokens", connect=True)

    def test_at_a_file(self, tmp_path: Path) -> None:
        settings = site(tmp_path)
        file = tmp_path / ".byline" / "ledger.db"
        for _ in range(2):
            assert read_snapshot(settings, CLOCK) == Snapshot(info=Info(store="none", place=str(file)))
            assert read_notes(settings, CLOCK, kind="tokens") == ()
            file.parent.mkdir(exist_ok=True)
            file.touch()
        assert file.stat().st_size == 0
        ledger = open_store("sqlite", settings, {}, CLOCK)
        (record,) = ledger.write(event("claimed"))
        ledger.note(NOTE)
        ledger.close()
        before = file.read_bytes()
        found = read_snapshot(settings, CLOCK)
        assert found.records == {INTENT.id: record}
        assert found.info == Info(store="sqlite", place=str(file), created=NOW, written=AT, read=NOW)
        assert read_notes(settings, CLOCK, kind="tokens") == (NOTE,)
        assert read_notes(settings, CLOCK, kind="views") == ()
        assert file.read_bytes() == before

    def test_in_ci_as_sending_would(self, tmp_path: Path) -> None:
        for look in (
            lambda: read_snapshot(site(tmp_path, "auto"), CLOCK, {"CI": "true"}),
            lambda: read_notes(site(tmp_path, "auto"), CLOCK, {"CI": "true"}, kind="tokens"),
        ):
            with pytest.raises(UsageError, match="must outlive the runner"):
                look()


class TestVerify:
    """The whole store is looked through, also one that is not to be trusted."""

    def test_a_file(self, tmp_path: Path) -> None:
        ledger = open_store("sqlite", site(tmp_path), {}, CLOCK)
        ledger.write(event("claimed"))
        ledger.close()
        verdict = verify("sqlite", site(tmp_path), {}, CLOCK)
        place = str(tmp_path / ".byline" / "ledger.db")
        assert verdict == Verdict(place=place, deliveries=1, events=1, defects=())

    def test_a_database(
        self, tmp_path: Path, pretend: list[Pretend], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Pretend, "info", Info(store="postgresql", place="there"), raising=False)
        monkeypatch.setattr(Pretend, "raw", lambda _self: Raw(faults=["torn"]), raising=False)
        settings = site(tmp_path, "postgresql")
        verdict = verify("postgresql", settings, {"BYLINE_LEDGER_URL": "postgresql://h/x"}, CLOCK)
        assert verdict == Verdict(place="there", deliveries=0, events=0, defects=("torn",))
        assert [(opened.words, opened.more["clock"], opened.closed) for opened in pretend] == [
            (("postgresql://h/x",), CLOCK, True)
        ]

    def test_a_branch(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[memory_git.Commits] = []
        server = memory_git.Server()
        server.refs[memory_git.HEAD] = server.commit("", {"hello.txt": b""}, "", AT)
        remote = memory_git.Remote(server, tmp_path)

        def commits(git: Any) -> memory_git.Commits:
            made.append(memory_git.Commits(git))
            return made[-1]

        monkeypatch.setattr("byline.ledger.git.commits.Commits", commits)
        monkeypatch.setattr(checking, "open_remote", lambda _settings: remote)
        verdict = verify("git", site(tmp_path, "git"), {}, CLOCK)
        assert (verdict.place, verdict.deliveries, verdict.events) == (remote.place, 0, 0)
        assert verdict.defects == (
            f"the anchor ({remote.anchor}) is gone",
            "hello.txt: no file of the sending history",
            "byline-ledger.json is missing",
        )
        assert made[0].closed


class TestBesideAFullOne:
    """Another store was chosen and the history was not moved."""

    @pytest.fixture
    def full(self, tmp_path: Path) -> Settings:
        ledger = open_store("sqlite", site(tmp_path), {}, CLOCK)
        ledger.write(event("claimed"))
        ledger.close()
        return site(tmp_path, "git")

    def refused(self, settings: Settings) -> tuple[str, str]:
        with pytest.raises(LedgerUntrusted) as stopped:
            open_ledger(settings, {"BYLINE_LEDGER_URL": "postgresql://h/x"}, CLOCK)
        return stopped.value.message, stopped.value.hint

    @pytest.mark.parametrize("store", ["git", "postgresql"])
    def test_a_file(
        self,
        full: Settings,
        tmp_path: Path,
        pretend: list[Pretend],
        monkeypatch: pytest.MonkeyPatch,
        store: str,
    ) -> None:
        monkeypatch.setattr(choosing, "open_remote", lambda _settings: "the remote")
        del full
        assert self.refused(site(tmp_path, store)) == (
            f"the sending history in nowhere is empty, and {tmp_path}/.byline/ledger.db holds 1 deliveries of this site: "
            "sending now could repeat posts",
            "publish ledger import --from sqlite   (or, if that one is of no use any more, take it away)",
        )
        assert pretend[0].closed

    @pytest.mark.parametrize("store", ["sqlite", "postgresql"])
    def test_a_branch(
        self, tmp_path: Path, pretend: list[Pretend], monkeypatch: pytest.MonkeyPatch, store: str
    ) -> None:
        (tmp_path / ".git").mkdir()
        found = Snapshot(records={"a": None, "b": None})  # type: ignore[dict-item]
        opened: list[tuple[Any, Any]] = []

        class Branch(Pretend):
            made = pretend

            def snapshot(self) -> Snapshot:
                opened.append((self.words, self.more))
                return found

        monkeypatch.setattr("byline.ledger.git.GitLedger", Branch)
        known = Far(known="c0ffee")
        monkeypatch.setattr(choosing, "open_remote", lambda _settings: known)
        message, hint = self.refused(site(tmp_path, store))
        assert message.endswith(
            " is empty, and the branch x of origin holds 2 deliveries of this site: sending now could repeat posts"
        )
        assert hint == (
            "publish ledger import --from git   (or, if that one is of no use any more, take it away)"
        )
        assert opened == [((known,), {"site": SITE, "clock": CLOCK, "offline": True})]
        known._known = ""
        open_ledger(site(tmp_path, store), {"BYLINE_LEDGER_URL": "postgresql://h/x"}, CLOCK).close()

    @pytest.mark.parametrize("store", ["sqlite", "git"])
    def test_a_database(
        self, tmp_path: Path, pretend: list[Pretend], monkeypatch: pytest.MonkeyPatch, store: str
    ) -> None:
        monkeypatch.setattr(choosing, "open_remote", lambda _settings: Far())
        asked: list[tuple[Any, ...]] = []
        known = Memory(
            place="PostgreSQL db/x", site="s", created=AT, number=1, read=AT,
            snapshot=Snapshot(records={"a": None, "b": None, "c": None}),  # type: ignore[dict-item]
        )  # fmt: skip

        def read(*words: Any) -> Memory:
            asked.append(words)
            return known

        monkeypatch.setattr("byline.ledger.postgresql.memory.read_memory", read)
        message, hint = self.refused(site(tmp_path, store))
        assert message.endswith(
            " is empty, and PostgreSQL db/x holds 3 deliveries of this site: sending now could repeat posts"
        )
        assert hint == (
            "publish ledger import --from postgresql   (or, if that one is of no use any more, take it away)"
        )
        assert asked == [(tmp_path / ".byline" / "ledger-postgresql.jsonl", "insights.acme.example")]
        del pretend

    def test_its_own_and_empty_ones_are_no_obstacle(
        self, full: Settings, tmp_path: Path, pretend: list[Pretend], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del full
        open_ledger(site(tmp_path), {}, CLOCK).close()
        monkeypatch.setattr(choosing, "open_remote", lambda _settings: "the remote")
        (tmp_path / ".byline" / "ledger.db").write_bytes(b"")
        assert open_ledger(site(tmp_path, "git"), {}, CLOCK) is pretend[0]
        assert not pretend[0].closed
        (tmp_path / ".byline" / "ledger.db").unlink()
        open_store("sqlite", site(tmp_path), {}, CLOCK).close()
        open_ledger(site(tmp_path, "git"), {}, CLOCK)

    @pytest.mark.parametrize("store", ["git", "postgresql"])
    def test_what_it_remembers_of_itself_is_not_another_one(
        self, tmp_path: Path, pretend: list[Pretend], monkeypatch: pytest.MonkeyPatch, store: str
    ) -> None:
        """A history that went back in time is the store's own business: it says so in other words."""
        (tmp_path / ".git").mkdir()
        full = Snapshot(records={"a": None})  # type: ignore[dict-item]

        class Branch(Pretend):
            made = pretend

            def snapshot(self) -> Snapshot:
                return full if "offline" in self.more else super().snapshot()

        monkeypatch.setattr("byline.ledger.git.GitLedger", Branch)
        known = Far(known="c0ffee" if store == "git" else "")
        monkeypatch.setattr(choosing, "open_remote", lambda _settings: known)
        memory = Memory(place="x", site="s", created=AT, number=1, read=AT, snapshot=full)
        read = memory if store == "postgresql" else None
        monkeypatch.setattr("byline.ledger.postgresql.memory.read_memory", lambda *_: read)
        opened = open_ledger(site(tmp_path, store), {"BYLINE_LEDGER_URL": "postgresql://h/x"}, CLOCK)
        assert opened is pretend[0]

    def test_a_full_one_does_not_look_around(
        self, full: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del full
        monkeypatch.setattr(choosing, "_others", lambda *_: pytest.fail("it looked"))
        open_ledger(site(tmp_path), {}, CLOCK).close()
