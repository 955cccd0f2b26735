"""Which store holds this site's history, and the way to it.

The stores are imported when they are chosen: `plan` on a site with one file needs neither git nor a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from byline.errors import LedgerError, LedgerUntrusted, UsageError
from byline.ledger.base import Info, Ledger, Note, Snapshot
from byline.settings import Settings

if TYPE_CHECKING:
    from byline.ledger.git import Remote
    from byline.times import Clock

Store = Literal["sqlite", "git", "postgresql"]
FILE = "ledger.db"
MEMORY = "ledger-postgresql.jsonl"
URL = "BYLINE_LEDGER_URL"


def open_ledger(settings: Settings, environment: Mapping[str, str], clock: Clock) -> Ledger:
    """The site's history, to be read and written; of a remote store, as it is there now.

    Raises UsageError when the settings name no store that can be used, LedgerUntrusted when the history vanished or
    went back in time, also when it is empty here while another store of this site on this machine is not.
    """
    store = chosen(settings, environment, ask=True)
    ledger = open_store(store, settings, environment, clock)
    try:
        _refuse_an_empty_one_beside_a_full_one(store, ledger, settings, clock)
    except BaseException:
        ledger.close()
        raise
    return ledger


def open_store(store: Store, settings: Settings, environment: Mapping[str, str], clock: Clock) -> Ledger:
    """This store of the site, whatever the settings choose."""
    if store == "git":
        from byline.ledger.git import GitLedger

        return GitLedger(open_remote(settings), site=settings.site_url, clock=clock)
    if store == "postgresql":
        from byline.ledger.postgresql import PostgresqlLedger

        return PostgresqlLedger(
            database_url(settings, environment),
            site=site_key(settings),
            clock=clock,
            memory=settings.state / MEMORY,
            connect_seconds=settings.timeouts.connect,
        )
    from byline.ledger.sqlite import SqliteLedger

    return SqliteLedger(file_of(settings), site=settings.site_url, now=clock.now)


def read_snapshot(settings: Settings, clock: Clock, environment: Mapping[str, str] | None = None) -> Snapshot:
    """What the history holds, for commands that only show. Writes nothing, opens no connection.

    Of a remote store it is what was last fetched, with its age in `info.read`; no history yet is an empty one.
    """
    store = chosen(settings, environment or {}, ask=False)
    if store == "git":
        from byline.ledger.git import GitLedger

        try:
            remote = open_remote(settings)
        except UsageError:
            return Snapshot(info=Info(store="none", place="git"))
        return GitLedger(remote, site=settings.site_url, clock=clock, offline=True).snapshot()
    if store == "postgresql":
        from byline.ledger.postgresql import read_memory

        known = read_memory(settings.state / MEMORY, site_key(settings))
        return known.snapshot if known else Snapshot(info=Info(store="postgresql", place=site_key(settings)))
    file = file_of(settings)
    if not file.exists() or not file.stat().st_size:
        return Snapshot(info=Info(store="none", place=str(file)))
    from byline.ledger.sqlite import SqliteLedger

    ledger = SqliteLedger(file, site=settings.site_url, now=clock.now, read_only=True)
    try:
        return ledger.snapshot()
    finally:
        ledger.close()


def read_notes(
    settings: Settings,
    clock: Clock,
    environment: Mapping[str, str] | None = None,
    *,
    kind: str,
    connect: bool = False,
) -> tuple[Note, ...]:
    """The lines of that kind beside the history, for commands that only show; none when there are none.

    Opens no connection unless `connect` allows it: then a database is asked, which alone keeps no copy of them here.
    """
    store = chosen(settings, environment or {}, ask=False)
    ledger: Ledger
    if store == "postgresql":
        if not connect:
            return ()
        ledger = open_store(store, settings, environment or {}, clock)
    elif store == "git":
        from byline.ledger.git import GitLedger

        try:
            remote = open_remote(settings)
        except UsageError:
            return ()
        ledger = GitLedger(remote, site=settings.site_url, clock=clock, offline=True)
    else:
        file = file_of(settings)
        if not file.exists() or not file.stat().st_size:
            return ()
        from byline.ledger.sqlite import SqliteLedger

        ledger = SqliteLedger(file, site=settings.site_url, now=clock.now, read_only=True)
    try:
        return ledger.notes(kind)
    finally:
        ledger.close()


def chosen(settings: Settings, environment: Mapping[str, str], *, ask: bool) -> Store:
    """The store that the settings mean. With `ask`, `auto` looks at the server when nothing here tells."""
    store = settings.ledger.store
    if store != "auto":
        return store
    ci = in_ci(environment)
    try:
        remote = open_remote(settings)
        origin = bool(remote.git.maybe("config", "remote.origin.url"))
    except UsageError:
        origin = False
    if ci:
        if not origin:
            raise UsageError(
                "in CI the sending history must outlive the runner, whose disk is thrown away: without it, posts could be "
                "sent twice; and this is no clone of a repository that could keep it",
                hint="run it in a clone of the site's repository; or keep the folder .byline/ between runs (a volume of "
                f"your own) and say so with `ledger: sqlite` in {settings.file_name}",
            )
        return "git"
    if not origin:
        return "sqlite"
    if remote.known() or remote.tracked():
        return "git"
    if not ask:
        return "sqlite"
    try:
        seen = remote.look()
    except LedgerError as error:
        raise LedgerError(
            f"`ledger: auto` must know whether the repository keeps a sending history, and could not look: {error.message}",
            hint=f"say which store it is with `ledger: sqlite` or `ledger: git` in {settings.file_name}",
        ) from error
    return "git" if seen.tip or seen.anchor else "sqlite"


def in_ci(environment: Mapping[str, str]) -> bool:
    """Does this run on a runner whose disk is thrown away? Every CI service we know sets `CI`."""
    return environment.get("CI", "").strip().lower() not in ("", "0", "false", "no")


def open_remote(settings: Settings) -> Remote:
    """The branch of the git store, from the repository around the site. Nothing is read from the server yet."""
    from byline.ledger.git import Remote
    from byline.ledger.git.command import Git

    url = settings.ledger.url if settings.ledger.store == "git" else ""
    return Remote(Git(settings.root), settings.root, branch=settings.ledger.branch, url=url)


def file_of(settings: Settings) -> Path:
    """The file of the embedded store: `.byline/ledger.db`, or the path that the settings name."""
    if settings.ledger.url and settings.ledger.store == "sqlite":
        return settings.root / settings.ledger.url.removeprefix("sqlite:///")
    return settings.state / FILE


def database_url(settings: Settings, environment: Mapping[str, str]) -> str:
    """The database's address: the environment's, where the password may stand, else the settings'."""
    url = environment.get(URL, "").strip() or settings.ledger.url
    if not url:
        raise UsageError(
            f"`ledger: postgresql` needs the address of the database in {URL}",
            hint=f"{URL}=postgresql://USER:PASSWORD@HOST/DATABASE in the environment (a secret in CI)",
        )
    return url


def site_key(settings: Settings) -> str:
    """What tells this site from others in one database: `ledger.site`, else its address without the scheme."""
    return settings.site_key


def _refuse_an_empty_one_beside_a_full_one(
    store: Store, ledger: Ledger, settings: Settings, clock: Clock
) -> None:
    """Another store was chosen and the history was not moved: sending now would begin from nothing."""
    snapshot = ledger.snapshot()
    if not snapshot.empty:
        return
    for other, place, count in _others(store, settings, clock):
        raise LedgerUntrusted(
            f"the sending history in {snapshot.info.place} is empty, and {place} holds {count} deliveries of this site: "
            "sending now could repeat posts",
            hint=f"publish ledger import --from {other}   (or, if that one is of no use any more, take it away)",
        )


def _others(store: Store, settings: Settings, clock: Clock) -> list[tuple[Store, str, int]]:
    """The other stores on this machine that hold something: no connection is opened for it."""
    found: list[tuple[Store, str, int]] = []
    file = settings.state / FILE
    if store != "sqlite" and file.exists() and file.stat().st_size:
        from byline.ledger.sqlite import SqliteLedger

        old = SqliteLedger(file, site=settings.site_url, now=clock.now, read_only=True)
        try:
            found.append(("sqlite", str(file), len(old.snapshot().records)))
        finally:
            old.close()
    if store != "git" and (settings.root / ".git").exists():
        from byline.ledger.git import GitLedger

        remote = open_remote(settings)
        if remote.known():
            offline = GitLedger(remote, site=settings.site_url, clock=clock, offline=True)
            found.append(("git", remote.place, len(offline.snapshot().records)))
    if store != "postgresql":
        from byline.ledger.postgresql.memory import read_memory

        known = read_memory(settings.state / MEMORY, site_key(settings))
        if known is not None:
            found.append(("postgresql", known.place, len(known.snapshot.records)))
    return [item for item in found if item[2]]
