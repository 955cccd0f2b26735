"""Dynamics 365 Sales: leads, opportunities and campaigns in Dataverse, each found by an alternate key of ours.

A lead stays a lead of its own: the same person's second enquiry is a second one, as Sales keeps them. Facts:
learn.microsoft.com (Dataverse Web API: upsert, conditional operations, batch, service protection limits; Dynamics 365
Sales: lead, opportunity and campaign; read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import quote

from byline.crm import _fields as words
from byline.crm._pages import ByPages
from byline.crm.base import (
    CLICKS,
    TAGS,
    Caps,
    Catalogue,
    CrmHealth,
    Kind,
    Page,
    Promotion,
    Row,
    SetupStep,
    Totals,
    lead_key,
)
from byline.crm.dynamics import campaigns, setup
from byline.crm.dynamics.calls import BATCH, LABEL, Change, DataverseCalls, chunks, key_path, text
from byline.crm.dynamics.reading import Reading
from byline.errors import NotSent, RemoteError
from byline.fields import Fields
from byline.http import Http
from byline.model import Deal, Invoice, Lead
from byline.settings import CrmSettings, Secrets
from byline.times import Clock

WEB = 8  # the lead source that Dynamics calls Web
_SHORT = {"firstname": 50, "lastname": 50, "companyname": 100, "subject": 300, "description": 2000}
_INSTANTS = ("first_touch_at", "last_touch_at")


class DynamicsCrm(ByPages):
    """One environment, through an application user."""

    name: ClassVar[str] = "dynamics"
    caps: ClassVar[Caps] = Caps(
        label=LABEL,
        needs=("api", "tenant", "prefix"),
        secrets=(("DYNAMICS_CLIENT_ID",), ("DYNAMICS_CLIENT_SECRET",)),
        fields=MappingProxyType(
            {
                "key": "{prefix}_bylinekey",
                **{f"utm_{name}": f"{{prefix}}_utm{name}" for name in TAGS},
                **{f"first_utm_{name}": f"{{prefix}}_firstutm{name}" for name in TAGS},
                "first_touch_at": "{prefix}_firsttouchat",
                "last_touch_at": "{prefix}_lasttouchat",
                "first_landing_page": "{prefix}_firstlandingpage",
                "landing_page": "{prefix}_landingpage",
                "first_referrer": "{prefix}_firstreferrer",
                "referrer": "{prefix}_referrer",
                **{name: f"{{prefix}}_{name.replace('_', '')}" for name in CLICKS},
                "self_reported_source": "{prefix}_selfreportedsource",
                "journey": "{prefix}_bylinejourney",
            }
        ),
    )

    def __init__(
        self, options: CrmSettings, *, http: Http, secrets: Secrets, clock: Clock, catalogue: Catalogue
    ) -> None:
        self._options = options
        self._clock = clock
        self._catalogue = catalogue
        self._fields = words.names(self.caps, options.fields, prefix=options.prefix)
        self._key = self._fields.get("key", f"{options.prefix}_bylinekey")
        self._calls = DataverseCalls(options, http=http, secrets=secrets, clock=clock)
        self._in = Reading(self._calls, clock, self._fields, self._key, options.currency)
        self._campaigns = campaigns.Campaigns(self._calls, self._key)

    @staticmethod
    def settings(block: Fields) -> None:
        """`api`, `tenant` and `prefix` are needed; a prefix is a publisher's, 2 to 8 letters and digits."""
        words.check_fields(block)
        for key, what in (
            ("api", "the environment's address, such as https://firm.api.crm4.dynamics.com"),
            ("tenant", "the directory's id, or its name such as firm.onmicrosoft.com"),
        ):
            if block.get(key) is None:
                block.problem(key, "missing", f"`crm.{key}` is missing: {what}", f"add a line `{key}: …`")
        expected = "the prefix of a publisher of yours, such as firm (2 to 8 letters and digits)"
        block.text("prefix", pattern=r"[a-z][a-z0-9]{1,7}", expected=expected, required=True)

    # -- out -----------------------------------------------------------------------------------------------

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Make the lead under our key, or fill what the one there is lacks; see `CrmDriver`."""
        if aside:
            return ""
        path = key_path("leads", self._key, lead_key(lead, fingerprint))
        answer = self._calls.call(
            "PATCH",
            path,
            body=self._fresh(lead),
            prefer="return=representation",
            headers={"If-None-Match": "*"},
        )
        if answer.status == 201:
            return str(answer.object()["leadid"])
        if answer.status != 412:
            raise self._calls.refused(answer, "the lead")
        answer = self._calls.get(path, {"$select": ",".join(self._in.lead_columns())})
        if not answer.ok:
            raise self._calls.refused(answer, "the lead")
        have = answer.object()
        changes = self._lacking(have, lead)
        if changes:
            done = self._calls.call(
                "PATCH", f"leads({have['leadid']})", body=changes, headers={"If-Match": "*"}
            )
            if not done.ok:
                raise self._calls.refused(done, "the lead")
        return str(have["leadid"])

    def _fresh(self, lead: Lead) -> dict[str, Any]:
        first, _, last = lead.name.strip().rpartition(" ")
        about = "\n\n".join(filter(None, (lead.message, words.reading(lead, self._catalogue))))
        standard = {
            "subject": f"Enquiry: {self._last_title(lead) or 'the website'}",
            "firstname": first,
            "lastname": last,
            "companyname": lead.company,
            "emailaddress1": lead.email.strip(),
            "description": about,
        }
        cut = {name: value[: _SHORT.get(name, len(value))] for name, value in standard.items() if value}
        return {**cut, "leadsourcecode": WEB, **self._own(lead)}

    def _last_title(self, lead: Lead) -> str:
        for key in reversed(words.posts_read(lead, self._catalogue)):
            return self._catalogue.posts[key.rpartition(":")[2]].title
        return ""

    def _own(self, lead: Lead) -> dict[str, str]:
        """Our columns of the lead, without the key."""
        return {
            self._fields[word]: value if word == "journey" else value[: words.VALUE]
            for word, value in words.values(lead).items()
            if word in self._fields
        }

    def _lacking(self, have: Mapping[str, Any], lead: Lead) -> dict[str, str]:
        return {name: value for name, value in self._own(lead).items() if not have.get(name)}

    def put_journeys(self, leads: Sequence[Lead]) -> tuple[Row, ...]:
        """Fill what is empty of our columns, and the source campaign by the last post that was read."""
        rows: dict[str, Row] = {}
        for part in chunks(leads, BATCH):
            found = self._in.leads_by_id([lead.fields.get("record", "") for lead in part])
            changes: list[tuple[Lead, Change]] = []
            for lead in part:
                record = lead.fields.get("record", "")
                have = found.get(record)
                if have is None:
                    rows[lead.id] = Row(
                        key=lead.id, change="failed", record=record, message="the lead is gone from Dynamics"
                    )
                    continue
                body: dict[str, Any] = dict(self._lacking(have, lead))
                if not have.get("_campaignid_value"):
                    body |= self._source_campaign(lead)
                rows[lead.id] = Row(key=lead.id, change="changed" if body else "same", record=record)
                if body:
                    heads = {"If-Match": "*"}
                    changes.append(
                        (lead, Change(method="PATCH", path=f"leads({record})", body=body, headers=heads))
                    )
            answers = self._calls.batch([change for _, change in changes]) if changes else []
            for (lead, _), answer in zip(changes, answers, strict=True):
                if not answer.ok:
                    error = self._calls.refused(answer, "the lead")
                    record = rows[lead.id].record
                    rows[lead.id] = Row(
                        key=lead.id, change="failed", record=record, message=error.message, fix=error.hint
                    )
        return tuple(rows[lead.id] for lead in leads)

    def _source_campaign(self, lead: Lead) -> dict[str, str]:
        for key in reversed(words.posts_read(lead, self._catalogue)):
            record = self._campaigns.record(key)
            if record:
                return {"campaignid@odata.bind": f"/campaigns({record})"}
        return {}

    def put_campaigns(self, promotions: Sequence[Promotion]) -> tuple[Row, ...]:
        """Campaigns by our key. Dynamics knows none below another: a post's names its parent in the description."""
        return self._campaigns.put(promotions)

    def erase(self, email: str) -> int:
        """Delete the person's leads and contacts; opportunities stay, without them."""
        address = email.strip()
        if not address:
            return 0
        counts = {}
        for table, column in (("contacts", "contactid"), ("leads", "leadid")):
            asked = {"$select": column, "$filter": f"emailaddress1 eq {text(address)}"}
            records = [row[column] for page in self._calls.rows(table, asked, size=500) for row in page]
            for record in records:
                answer = self._calls.call("DELETE", f"{table}({record})")
                if not answer.ok and answer.status != 404:
                    raise self._calls.refused(answer, f"the deletion of {table}({record})")
            counts[table] = len(records)
        return counts["leads"]

    # -- in ------------------------------------------------------------------------------------------------

    def invoices(self, since: datetime | None = None) -> Iterator[Invoice]:
        """None: invoices of Sales are often not kept; accounting comes in by `publish crm import`."""
        return iter(())

    def changed_leads(self, after: str = "") -> Iterator[Page[Lead]]:
        """Leads that changed since the mark; those that were deleted show with `--full` only."""
        return self._in.changed_leads(after)

    def changed_deals(self, after: str = "") -> Iterator[Page[Deal]]:
        """Opportunities that changed since the mark, with the lead they began with, their contact and stakeholders."""
        return self._in.changed_deals(after)

    def totals(self, since: datetime | None = None) -> Totals:
        """The environment's own count."""
        return self._in.totals(since)

    # -- about it ------------------------------------------------------------------------------------------

    def missing(self) -> tuple[SetupStep, ...]:
        """The columns and keys that leads and campaigns lack."""
        return setup.missing(self._calls, self._fields, self._key, self._options.prefix)

    def set_up(self, steps: Sequence[SetupStep]) -> tuple[Row, ...]:
        """Make columns, then keys, publish, and wait until the keys are active."""
        return setup.make(self._calls, steps, self._clock)

    def health(self) -> tuple[CrmHealth, ...]:
        """Whose sign-in it is, rights to leads and opportunities, our columns and keys."""
        try:
            return tuple(self._health())
        except RemoteError as error:
            return (
                CrmHealth(
                    about=LABEL,
                    level="red",
                    message=error.message,
                    fix=error.hint or "see `publish manual dynamics`",
                ),
            )

    def _health(self) -> Iterator[CrmHealth]:
        answer = self._calls.get("WhoAmI")
        who = str(answer.object().get("UserId") or "")
        if not answer.ok or not who:
            raise self._calls.refused(answer, "the question who we are")
        who = f"application user {who}"
        for table in ("leads", "opportunities"):
            found = self._calls.get(table, {"$top": "1", "$select": "createdon"})
            if not found.ok:
                raise self._calls.refused(found, f"a list of {table}")
        yield CrmHealth(about=LABEL, level="ok", message="leads and opportunities can be read", who=who)
        try:
            self._calls.get("connections", {"$top": "1", "$select": "createdon"})
        except NotSent as error:
            if error.status != 403:
                raise
            yield CrmHealth(
                about=f"{LABEL} stakeholders",
                level="warning",
                message="connections may not be read: of an opportunity's people its contact alone counts",
                fix="give the application user's security role the right to read connections",
                who=who,
            )
        lacking = self.missing()
        if lacking:
            yield CrmHealth(
                about=LABEL,
                level="warning",
                message=f"{len(lacking)} of our columns or keys are missing, the first is {lacking[0].key}",
                fix="run `publish crm setup --plan`",
                who=who,
            )

    def record_url(self, kind: Kind, record: str) -> str:
        """The record's page in the app."""
        table = {"lead": "lead", "deal": "opportunity", "campaign": "campaign"}[kind]
        if not record:
            return ""
        return (
            f"{self._calls.resource}/main.aspx?pagetype=entityrecord&etn={table}&id={quote(record, safe='')}"
        )
