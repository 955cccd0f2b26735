"""Is what the server shows the history that we know, or one that vanished or went back in time?"""

from __future__ import annotations

from collections.abc import Callable

from byline.errors import LedgerError, LedgerUntrusted
from byline.ledger.git import files
from byline.ledger.git.commits import Commits
from byline.ledger.git.files import Meta
from byline.ledger.git.remote import Remote, Seen
from byline.times import Clock

LOOKS = 4  # so often the same misfit is seen before it is called one
MOST_LOOKS = 40
RESTORE = (
    "`publish ledger restore` brings it back; nothing is lost, since the anchor holds a copy of everything"
)
DANGER = "sending now could repeat posts"


class Trust:
    """Judges branch and anchor. `chance` spreads the looks of several runners."""

    def __init__(self, remote: Remote, commits: Commits, clock: Clock, chance: Callable[[], float]) -> None:
        self._remote = remote
        self._commits = commits
        self._clock = clock
        self._chance = chance

    def current(self, held: str) -> str:
        """The tip on the server, fetched and judged; empty when nothing was ever written there.

        `held` is the tip that we read at present. A server shows the two refs of one push one after the other, so
        what does not fit is looked at again before it is called wrong.
        """
        before: Seen | None = None
        same = 0
        for attempt in range(MOST_LOOKS):
            if attempt:
                self._clock.sleep((0.5 + self._chance()) * min(0.1 * 2**attempt, 3))
            known = (
                held or self._remote.known()
            )  # before we look: what we know must not be newer than what we see
            seen = self._remote.look()
            if not seen.fits:
                same = same + 1 if seen == before else 1
                before = seen
                if same == LOOKS:
                    raise self.explained(seen)
                continue
            if seen.tip == known:
                return known
            if not seen.tip:
                if known:
                    raise self._gone(known)
                return ""
            tip = self._remote.fetch(self._remote.head)
            if tip == seen.tip:
                self._newer(known, tip)
                return tip
        raise LedgerError(
            f"{self._remote.place} changed each time that it was read",
            hint="other runs are at it: run it again later",
        )

    def explained(self, seen: Seen) -> LedgerUntrusted:
        """Branch and anchor do not fit: how, and what to do."""
        place = self._remote.place
        if not seen.tip:
            count = self._meta(self._remote.fetch(self._remote.anchor)).serial
            return LedgerUntrusted(
                f"the sending history is gone: {place} was deleted, and its anchor still holds {count} changes; {DANGER}",
                hint=RESTORE,
            )
        branch = self._meta_or_none(self._remote.fetch(self._remote.head))
        if not seen.anchor and branch is None:
            return LedgerUntrusted(
                f"{place} is not a sending history: it has no {files.META} that can be read",
                hint="name another branch (`ledger: {store: git, branch: ...}`), or delete this one if it is nobody's",
            )
        if not seen.anchor:
            return LedgerUntrusted(
                f"the anchor of {place} ({self._remote.anchor}) is gone, as after a move to another server, so nothing "
                f"proves that the history is whole; {DANGER}",
                hint="see with `publish ledger verify` and `publish status` that nothing is missing; then "
                "`publish ledger restore` sets the anchor again",
            )
        anchor = self._meta(self._remote.fetch(self._remote.anchor))
        if branch is not None and branch.serial < anchor.serial:
            return LedgerUntrusted(
                f"the sending history went back in time: {place} holds {branch.serial} of {anchor.serial} changes; {DANGER}",
                hint=RESTORE,
            )
        return LedgerUntrusted(
            f"{place} was changed by something other than Byline: it does not fit to its anchor "
            f"({seen.tip[:10]} is not {seen.anchor[:10]}); {DANGER}",
            hint="`git log` of the branch shows who did; `publish ledger restore` goes back to what Byline wrote last",
        )

    def _newer(self, known: str, tip: str) -> None:
        """Both refs may have been taken back together: then this machine still knows better."""
        if not known:
            return
        before, after = self._meta(known), self._meta(tip)
        if after.serial > before.serial:
            return
        raise LedgerUntrusted(
            f"the sending history went back in time: this machine has seen {before.serial} changes in "
            f"{self._remote.place}, and the server holds {after.serial}{' others' if after.serial == before.serial else ''}; "
            f"{DANGER}",
            hint="`publish ledger restore` brings back what this machine has seen",
        )

    def _gone(self, known: str) -> LedgerUntrusted:
        return LedgerUntrusted(
            f"the sending history is gone: {self._remote.place} and its anchor are no longer there, and this machine has "
            f"seen {self._meta(known).serial} changes in it; {DANGER}",
            hint="`publish ledger restore` brings back what this machine has seen; if the history is to begin anew on "
            f"purpose: git update-ref -d {self._remote.fetched}",
        )

    def _meta_or_none(self, commit: str) -> Meta | None:
        try:
            return self._meta(commit)
        except LedgerUntrusted:
            return None

    def _meta(self, commit: str) -> Meta:
        tree = self._commits.tree(commit) if commit else {}
        blob = {files.META: tree[files.META]} if files.META in tree else {}
        return files.load_meta(self._commits.read(blob).get(files.META), self._remote.place)
