"""The driver: what `crm.base.CrmDriver` promises, said to Salesforce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from byline.crm import _fields as words
from byline.crm.base import (
    Caps,
    Catalogue,
    CrmHealth,
    Influence,
    Kind,
    Page,
    Promotion,
    Row,
    SetupStep,
    Totals,
    lead_key,
)
from byline.crm.salesforce import shapes
from byline.crm.salesforce.answers import Done, step_for
from byline.crm.salesforce.api import Api
from byline.crm.salesforce.soql import literal
from byline.errors import Rejected
from byline.fields import Fields
from byline.model import Deal, Invoice, Lead

if TYPE_CHECKING:
    from byline.http import Http
    from byline.settings import CrmSettings, Secrets
    from byline.times import Clock

_OBJECTS: Mapping[Kind, str] = {"lead": "Lead", "deal": "Opportunity", "campaign": "Campaign"}


class Salesforce:
    """One organisation."""

    name: ClassVar[str] = "salesforce"
    caps: ClassVar[Caps] = shapes.CAPS

    def __init__(
        self, options: CrmSettings, *, http: Http, secrets: Secrets, clock: Clock, catalogue: Catalogue
    ) -> None:
        self.options = options
        self.catalogue = catalogue
        self.clock = clock
        self.api = Api(options, http=http, secrets=secrets, clock=clock)
        self.names = words.names(shapes.CAPS, options.fields)

    @staticmethod
    def settings(block: Fields) -> None:
        """Check the address, the version and the names of fields."""
        block.url("api", required=True)
        version = block.get("version")
        raw = getattr(version, "raw", "")
        number = raw.lstrip("vV").partition(".")[0]
        if raw and not (number.isdigit() and int(number) >= 61):
            block.problem(
                "version",
                "wrong-form",
                f"`version` is `{raw}`; Salesforce's own number from 61.0 on is expected",
                'write `version: "62.0"`, or delete the line',
            )
        words.check_fields(block)

    # Out.

    def put_campaigns(self, promotions: Sequence[Promotion]) -> tuple[Row, ...]:
        """Campaigns by our key; what a person wrote into a description before our mark stays."""
        from byline.crm.salesforce.campaigns import put

        return put(self.api, self.names, promotions)

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """One lead under our key. A lead that is there already stays as it is: people may have worked on it."""
        if aside:
            return ""
        key = lead_key(lead, fingerprint)
        column = self.names.get("key")
        if column is None:
            raise Rejected(
                "Salesforce: no field holds our key, so nothing would keep a lead from coming twice",
                service="Salesforce",
                hint="take the empty `key` out of `crm.fields`",
            )
        there = self.api.all("Lead", ["Id"], f"{column} = {literal(key)}")
        if there:
            return str(there[0].get("Id"))
        record = {
            **shapes.person(lead),
            "LeadSource": "Web",
            "Description": description(lead, self.catalogue),
            **shapes.touch_columns(lead, self.names),
        }
        usable = self.api.usable(
            "Lead", [name for name, value in record.items() if value], right="createable"
        )
        record_id, _ = self.api.upsert("Lead", column, key, {name: record[name] for name in usable})
        if not record_id:  # an older version answers an update with nothing
            there = self.api.all("Lead", ["Id"], f"{column} = {literal(key)}")
            record_id = str(there[0].get("Id")) if there else ""
        return record_id

    def put_journeys(self, leads: Sequence[Lead]) -> tuple[Row, ...]:
        """Members of the posts' campaigns, and our fields where they are empty."""
        from byline.crm.salesforce.journeys import put

        return put(self.api, self.names, self.catalogue, leads)

    def put_influence(self, deals: Sequence[str], parts: Sequence[Influence]) -> tuple[Row, ...]:
        """Rows of Customizable Campaign Influence in a model of our own, where a person has made that."""
        from byline.crm.salesforce.influence import put

        return put(self.api, self.names, deals, parts)

    # In.

    def changed_leads(self, after: str = "") -> Iterator[Page[Lead]]:
        """Leads by the time of their last change."""
        from byline.crm.salesforce.reading import changed_leads

        return changed_leads(self.api, self.names, after)

    def changed_deals(self, after: str = "") -> Iterator[Page[Deal]]:
        """Opportunities by the time of their last change, their contact roles' too."""
        from byline.crm.salesforce.reading import changed_deals

        return changed_deals(self.api, self.names, after, self.options.currency)

    def leads(self, since: datetime | None = None) -> Iterator[Lead]:
        """Every lead made at or after `since`, oldest first."""
        from byline.crm.salesforce.reading import leads

        return leads(self.api, self.names, since)

    def deals(self, since: datetime | None = None) -> Iterator[Deal]:
        """Every opportunity made at or after `since`, oldest first."""
        from byline.crm.salesforce.reading import deals

        return deals(self.api, self.names, since, self.options.currency)

    def invoices(self, since: datetime | None = None) -> Iterator[Invoice]:
        """None: Salesforce's sales objects hold no invoices."""
        return iter(())

    def totals(self, since: datetime | None = None) -> Totals:
        """Salesforce's own counts and sums."""
        made = f"CreatedDate >= {shapes.moment(since)}" if since else ""
        also = f"{made} AND " if made else ""
        content = self.names.get("utm_content", "")
        tracked = bool(content) and bool(self.api.usable("Lead", [content]))
        currencies = bool(self.api.usable("Opportunity", ["CurrencyIsoCode"])) and (
            self.api.describe("Opportunity") is not None
        )
        columns = "SUM(Amount) total, COUNT(Id) number"
        soql = f"SELECT {columns} FROM Opportunity WHERE {also}IsWon = true"  # noqa: S608
        if currencies:
            soql = (
                f"SELECT CurrencyIsoCode currency, {columns} FROM Opportunity WHERE {also}IsWon = true"  # noqa: S608
                " GROUP BY CurrencyIsoCode"
            )
        won: dict[str, Decimal] = {}
        number = 0
        for page in self.api.query(soql):
            for row in page:
                number += int(row.get("number") or 0)
                if row.get("total") is not None:
                    won[str(row.get("currency") or self.options.currency)] = shapes.money(row["total"])
        return Totals(
            leads=self.api.count("Lead", made),
            tracked=self.api.count("Lead", f"{also}{content} != null") if tracked else None,
            deals=self.api.count("Opportunity", made),
            won_deals=number,
            won=won,
        )

    # About it.

    def missing(self) -> tuple[SetupStep, ...]:
        """Fields, member statuses, and what only a person can click."""
        from byline.crm.salesforce.setup import missing

        return missing(self.api, self.names)

    def set_up(self, steps: Sequence[SetupStep]) -> tuple[Row, ...]:
        """Make fields that Byline's user may read and write, and statuses that count as a response."""
        from byline.crm.salesforce.setup import apply

        return apply(self.api, steps)

    def health(self) -> tuple[CrmHealth, ...]:
        """Who signs in, the calls of today, the version, rights, and whether fields survive a conversion."""
        from byline.crm.salesforce.health import look

        return look(self.api, self.names, self.missing)

    def record_url(self, kind: Kind, record: str) -> str:
        """The record's page in Lightning."""
        return f"{self.options.api}/lightning/r/{_OBJECTS[kind]}/{record}/view" if record else ""

    def erase(self, email: str) -> int:
        """Delete the leads and contacts of the address; opportunities stay, without the person.

        Salesforce keeps deleted records in its bin for 15 days; an administrator can empty it.
        """
        address = email.strip()
        if not address:
            return 0
        found = {
            kind: [str(row["Id"]) for row in self.api.all(kind, ["Id"], f"Email = {literal(address)}")]
            for kind in ("Lead", "Contact")
        }
        rows: list[Done] = []
        for ids in found.values():
            if ids:
                rows += self.api.delete(ids)
        stuck = [row for row in rows if not row.ok and not row.has("ENTITY_IS_DELETED")]
        if stuck:
            raise Rejected(
                f"Salesforce did not delete {len(stuck)} of {len(rows)} records of this person: {stuck[0].message}",
                service="Salesforce",
                hint=step_for(stuck[0]),
            )
        return len(found["Lead"])


def description(lead: Lead, catalogue: Catalogue) -> str:
    """The lead's own words, what it read before, and what it agreed to."""
    agreed = f"Agreed to: “{lead.consent}”" if lead.consent else ""
    when = lead.fields.get("consent_at", "")
    if agreed and when:
        agreed += f" ({when})"
    parts = (lead.message.strip()[:20_000], words.reading(lead, catalogue), agreed)
    return "\n\n".join(part for part in parts if part)[: shapes.DESCRIPTION]
