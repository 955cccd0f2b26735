"""Do leads arrive where they belong? The store of our own, what the intake still has to do, and the copy of the CRM."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from byline import private, times
from byline.crm import _opening
from byline.doctor.findings import Finding, Level, listed, safely
from byline.settings import Settings

if TYPE_CHECKING:
    from byline.crm.base import CrmDriver, Store
    from byline.times import Clock

UNTOUCHED = timedelta(minutes=15)  # an intake that runs takes an errand within seconds
LONG = timedelta(days=1)  # a person who asked yesterday should not wait for a machine
STALE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """Looks at leads. Opens nothing that is not there: a look makes no store and no table."""

    settings: Settings
    clock: Clock
    environment: Mapping[str, str]
    crm: Callable[[], CrmDriver] | None = None

    def look(self) -> Iterator[Finding]:
        """The CRM's own word, the store, what waits."""
        kind = self.settings.crm.type
        if self.settings.crm.vendor:
            yield from safely(kind, lambda: self._vendor(kind))
        yield from safely("leads", self._store)
        yield from safely("intake", self._intake)

    def _vendor(self, name: str) -> Iterator[Finding]:
        """What the vendor's driver says of token, rights, version, calls left and our fields."""
        if self.crm is None:
            return
        look = getattr(self.crm(), "health", None)
        if look is None:
            yield Finding(about=name, level="ok", message="n/a: its driver looks at nothing")
            return
        for item in look():
            yield Finding(
                about=item.about, level=item.level, message=item.message, next=item.fix, who=item.who
            )

    def _store(self) -> Iterator[Finding]:
        if self.settings.crm.type == "csv":
            yield Finding(
                about="leads", level="ok", message="by csv files; brought in by `publish crm import`"
            )
            return
        if not _opening.has_store(self.settings):
            yield Finding(about="leads", level="ok", message="none has come yet")
            return
        store = _opening.open_store(self.settings, clock=self.clock, environment=self.environment)
        try:
            leads = tuple(store.leads())
            shared = self.settings.crm.store == "postgresql"
            place = "the private database" if shared else "crm.db"
            yield Finding(about="leads", level="ok", message=f"{len(leads)} in {place}")
            if self.settings.crm.vendor:
                waiting = [
                    lead.at for lead in leads if not lead.fields.get("record") and (lead.email or lead.name)
                ]
                yield from self._handed_on(store, waiting)
        finally:
            store.close()

    def _handed_on(self, store: Store, waiting: list[datetime]) -> Iterator[Finding]:
        """What came by the form or the telephone and has no record in the CRM, and how old our copy of it is."""
        about, now = f"{self.settings.crm.type} hand-on", self.clock.now()
        if waiting:
            oldest = now - min(waiting)
            yield Finding(
                about=about,
                level="red" if oldest >= LONG else "warning",
                message=f"{_leads(len(waiting))} not in the CRM yet, the oldest for {times.words(oldest)}",
                next="publish crm sync, which says of each one why",
            )
        from byline.syncing import name_of, read_totals

        then = read_totals(store.mark(f"{name_of(self.settings)}:totals"))
        if then is None:
            if not waiting:
                yield Finding(about=about, level="ok", message="every lead of ours is in the CRM")
            return
        age = now - datetime.fromisoformat(then[0])
        level: Level = "warning" if age > STALE else "ok"
        if not waiting or level == "warning":
            lead = "" if waiting else "every lead of ours is in the CRM; "
            yield Finding(
                about=about,
                level=level,
                message=f"{lead}its outcomes were read {times.words(age)} ago",
                next="publish crm sync" if level == "warning" else "",
            )

    def _intake(self) -> Iterator[Finding]:
        """What was accepted and is not everywhere yet. Nothing is said where no form ever came in here."""
        from byline.intake.outbox import queue

        url = self.environment.get(private.URL, "").strip()
        if not url and not (self.settings.state / private.FILE).exists():
            return
        with private.open_store(self.settings.state, url, site=self.settings.site_key) as store:
            found = queue(store)
        if found is None:
            return
        now = self.clock.now()
        aside = f"; {found.aside} set aside as spam (`publish intake --spam`)" if found.aside else ""
        if not found.leads or found.oldest is None:
            yield Finding(about="intake", level="ok", message=f"every lead was handed on{aside}")
            return
        age = now - found.oldest
        since = f"{_leads(found.leads)} under way, the oldest for {times.words(age)}{aside}"
        if found.failing:
            parts = [f"{one.what}: {_leads(one.leads)} ({one.words})" for one in found.failing]
            yield Finding(
                about="intake",
                level="red" if age >= LONG else "warning",
                message=f"{since}; what fails is {listed(parts, 'errand', 'errands')}",
                next="mend what it says (`publish doctor` looks at the CRM too), then publish intake --hand-on",
            )
        elif age >= UNTOUCHED:
            yield Finding(
                about="intake",
                level="red" if age >= LONG else "warning",
                message=f"{since}, and nobody hands them on: the intake does not run",
                next="start `publish intake` again, or hand on what waits: publish intake --hand-on",
            )
        else:
            yield Finding(about="intake", level="ok", message=since)


def _leads(number: int) -> str:
    return f"{number} lead{'' if number == 1 else 's'}"
