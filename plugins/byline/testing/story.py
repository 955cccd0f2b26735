"""Acts the demo's market out: visits over real HTTP, enquiries through the real form, orders into the embedded CRM.

Everything happens in order of time; the clock only ever moves forward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from byline.crm.local import LocalCrm
from byline.model import Deal
from byline.testing.visitors import Browser, Page, VisitFailed, fetch
from byline.testing.world import Order, Person
from byline.times import FixedClock


@dataclass(kw_only=True)
class Outcome:
    """What came of it, in numbers a person can read. `untold` are enquiries that came with no tag at all."""

    visitors: int = 0
    visits: int = 0
    asked: int = 0
    untold: int = 0
    opportunities: int = 0
    won: int = 0
    lost: int = 0
    revenue: Decimal = Decimal(0)


@dataclass
class Story:
    """One run. `lead_ids` is filled by the intake as leads arrive; `currency` is the company's own."""

    site_url: str
    clock: FixedClock
    crm: LocalCrm
    currency: str
    lead_ids: list[str] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
    _contact: Page | None = None

    def play(
        self, persons: Sequence[Person], *, each: Callable[[Person], None] = lambda _person: None
    ) -> Outcome:
        """Let everybody come, ask and decide; `each` is told of a person who asked. Raises VisitFailed."""
        happenings: list[tuple[datetime, int, Callable[[], None]]] = []
        for person in persons:
            self._plan(person, happenings, each)
        for at, _, happen in sorted(happenings, key=lambda one: one[:2]):
            self.clock.move(at - self.clock.now())
            happen()
        self.outcome.visitors = len(persons)
        return self.outcome

    def _plan(
        self,
        person: Person,
        happenings: list[tuple[datetime, int, Callable[[], None]]],
        each: Callable[[Person], None],
    ) -> None:
        browser = Browser(agrees=person.agrees, scripts=person.scripts)
        pages: list[Page] = []
        leads: list[str] = []

        def visit(link: str, at: datetime) -> None:
            pages.append(browser.open(link, at))
            self.outcome.visits += 1

        def ask() -> None:
            leads.append(self._ask(person, browser, pages[-1]))
            each(person)

        def decide(order: Order, closed: bool) -> None:
            self._order(order, leads[0], closed)

        for one in person.visits:
            link = one.seen.link if one.seen else self.site_url
            happenings.append((one.at, len(happenings), lambda link=link, at=one.at: visit(link, at)))  # type: ignore[misc]
        if person.asks:
            happenings.append((person.visits[-1].at, len(happenings), ask))
        if person.order:
            order = person.order
            happenings.append((order.created, len(happenings), lambda: decide(order, False)))
            if order.closed:
                happenings.append((order.closed, len(happenings), lambda: decide(order, True)))

    def _ask(self, person: Person, browser: Browser, page: Page) -> str:
        """Fill in the form of the page that was read, else of the site's page that has one."""
        before = len(self.lead_ids)
        page = page if page.form("message") else self._page_with_form(page)
        answers = {"name": person.name, "email": person.email, "company": person.company}
        answers |= {"message": person.message, "heard_from": person.heard_from}
        form = page.form("message")
        assert form is not None
        known = {name: value for name, value in answers.items() if name in form.fields}
        if person.newsletter and "marketing" in form.boxes:
            known["marketing"] = form.boxes["marketing"]
        thanks = browser.ask(page, known, self.clock.now())
        if len(self.lead_ids) != before + 1:
            raise VisitFailed(
                f"the form of {page.url} was sent, but no enquiry arrived ({thanks.url} answered)"
            )
        self.outcome.asked += 1
        self.outcome.untold += not any(visit.seen for visit in person.visits)
        return self.lead_ids[-1]

    def _page_with_form(self, page: Page) -> Page:
        """The first page linked from here, on the same site, that has the form; found once, then remembered."""
        if self._contact is None:
            host = urlsplit(self.site_url).netloc
            seen: set[str] = set()
            for link in page.links:
                address = link.partition("#")[0]
                if urlsplit(address).netloc != host or address in seen:
                    continue
                seen.add(address)
                other = fetch(address, referrer=page.url)
                if other.form("message"):
                    self._contact = other
                    break
        if self._contact is None:
            raise VisitFailed(f"neither {page.url} nor a page that it links has the lead form")
        return self._contact

    def _order(self, order: Order, lead_id: str, closed: bool) -> None:
        stage = ("won" if order.won else "lost") if closed else "offer"
        deal = Deal(
            id=f"order-{lead_id}",
            lead_id=lead_id,
            created=order.created,
            amount=order.amount,
            currency=self.currency,
            closed=order.closed if closed else None,
            won=closed and order.won,
            stage=stage,
        )
        self.crm.put_deal(deal)
        if not closed:
            self.outcome.opportunities += 1
        elif order.won:
            self.outcome.won += 1
            self.outcome.revenue += order.amount
        else:
            self.outcome.lost += 1
