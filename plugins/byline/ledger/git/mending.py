"""What is wrong with a branch that is not to be trusted, and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from byline.errors import LedgerError, LedgerUntrusted, UsageError
from byline.ledger.base import Raw
from byline.ledger.git import files
from byline.ledger.git.commits import Commits
from byline.ledger.git.files import Meta
from byline.ledger.git.remote import Remote
from byline.times import Clock


def inspect(remote: Remote, commits: Commits) -> Raw:
    """The branch as it stands on the server now, with everything that does not fit."""
    seen = remote.look()
    faults: list[str] = []
    if not seen.tip and not seen.anchor:
        if remote.known():
            faults.append(f"{remote.place} and its anchor are gone; this machine has seen them")
        return Raw(faults=faults)
    if not seen.tip:
        faults.append(f"{remote.place} is gone; what follows is about its anchor")
    elif not seen.anchor:
        faults.append(f"the anchor ({remote.anchor}) is gone")
    elif not seen.fits:
        faults.append(f"the branch ({seen.tip[:10]}) does not fit to its anchor ({seen.anchor[:10]})")
    tip = remote.fetch(remote.head if seen.tip else remote.anchor)
    tree = commits.tree(tip)
    known = remote.known()
    contents = commits.read(tree)
    events: list[tuple[str, str, str]] = []
    meta: Meta | None = None
    for path, content in contents.items():
        try:
            if path == files.META:
                meta = files.load_meta(content, remote.place)
            elif path == files.ACCOUNTS:
                files.load_accounts(content, remote.place)
            elif path.startswith(files.POSTS):
                for number, line, event, wrong in files.lines(path, content):
                    if wrong:
                        faults.append(f"{path}:{number}: {wrong}")
                    if event is not None:
                        events.append((f"{path}:{number}", event.id, line))
            elif path != files.README and files.note_of(path) is None:
                faults.append(f"{path}: no file of the sending history")
        except LedgerError as error:
            faults.append(error.message)
    if files.META not in tree:
        faults.append(f"{files.META} is missing")
    if known and known != tip and meta is not None:
        old = meta_of(known, remote, commits)
        if old is not None and old.serial >= meta.serial:
            faults.append(
                f"it went back in time: this machine has seen {old.serial} changes, and there are {meta.serial}"
            )
    return Raw(events=events, faults=faults)


def restore(remote: Remote, commits: Commits, clock: Clock) -> str:
    """Make branch and anchor fit again, from whatever holds most: the anchor, a branch whose anchor is gone, or what
    this machine has seen. Returns what was done, in words. Raises LedgerError when nothing is left to restore from.
    """
    seen = remote.look()
    known = remote.known()
    sources: list[tuple[int, str, str]] = []
    if seen.anchor:
        sources.append(_source(remote.fetch(remote.anchor), "its anchor", remote, commits))
    elif seen.tip:
        raw = inspect(remote, commits)
        faults = [fault for fault in raw.faults if not fault.startswith("the anchor")]
        if not faults:
            sources.append(_source(remote.fetch(remote.head), "the branch itself", remote, commits))
    if known:
        sources.append(_source(known, "what this machine has seen", remote, commits))
    serial, commit, words = max(sources, default=(0, "", ""), key=lambda source: source[0])
    if not serial:
        if seen.tip:
            raise LedgerUntrusted(
                f"{remote.place} cannot be restored: it is damaged, and there is no anchor and no memory here to restore from",
                hint="`publish ledger verify` lists the damage; restore the repository from a backup",
            )
        raise UsageError(
            f"there is nothing to restore: {remote.place} was never written, as far as this machine knows",
            hint="`publish send` begins it",
        )
    if seen.fits and seen.tip == commit:
        return f"{remote.place} is in order ({serial} changes); nothing was done"
    outcome, error = remote.push(commit, seen)
    if outcome != "done" and words == "what this machine has seen":
        # A shallow clone lacks the commits below; the same files as a first commit need none.
        commit = _anew(commit, commits, remote, clock.now())
        outcome, error = remote.push(commit, seen)
    if outcome != "done":
        raise error or LedgerError(
            f"{remote.place} changed meanwhile; nothing was restored",
            hint="look again with `publish ledger verify`",
        )
    remote.remember(commit, clock.now())
    return f"{remote.place} was restored from {words} ({serial} changes)"


def meta_of(commit: str, remote: Remote, commits: Commits) -> Meta | None:
    """The first file of that commit, or None when it has none that can be read."""
    tree = commits.tree(commit)
    content = commits.read({files.META: tree[files.META]}) if files.META in tree else {}
    try:
        return files.load_meta(content.get(files.META), remote.place)
    except LedgerError:
        return None


def _source(commit: str, words: str, remote: Remote, commits: Commits) -> tuple[int, str, str]:
    meta = meta_of(commit, remote, commits) if commit else None
    return (meta.serial if meta else 0), commit, words


def _anew(commit: str, commits: Commits, remote: Remote, now: datetime) -> str:
    contents = commits.read(commits.tree(commit))
    meta = files.load_meta(contents.get(files.META), remote.place)
    contents[files.META] = replace(meta, serial=meta.serial + 1).dump()
    return commits.make("", contents, "restored from a clone [skip ci]\n", now)
