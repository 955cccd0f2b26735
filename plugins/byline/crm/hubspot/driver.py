"""HubSpot: contacts as leads, deals, and campaigns where the account has them.

A contact is a person, once, by address: a second enquiry of the same person joins the first one's journey. Records
are looked up by address or by our key, never searched for, since a search does not find what was just made. Facts:
developers.hubspot.com (CRM objects, properties, campaigns, account information; read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import quote

from byline.crm import _fields as words
from byline.crm._pages import ByPages
from byline.crm.base import (
    CLICKS,
    FIELDS,
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
from byline.crm.hubspot import reading
from byline.crm.hubspot.calls import GROUP, LABEL, HubSpotCalls, chunks, property_of
from byline.errors import NotSent, OutcomeUnknown, RemoteError
from byline.fields import Fields
from byline.http import Http, Response
from byline.model import Deal, Invoice, Lead
from byline.settings import CrmSettings, Secrets
from byline.times import Clock

LONGEST = 65_536  # characters in one value
_INSTANTS = ("first_touch_at", "last_touch_at")
_OBJECT = {"lead": "0-1", "deal": "0-3"}


class HubSpotCrm(ByPages):
    """One HubSpot account, through a service key's or a private app's token."""

    name: ClassVar[str] = "hubspot"
    caps: ClassVar[Caps] = Caps(
        label=LABEL,
        secrets=(("HUBSPOT_ACCESS_TOKEN",),),
        fields=MappingProxyType(
            {
                "key": "byline_key",
                **{f"utm_{name}": f"utm_{name}" for name in TAGS},
                **{f"first_utm_{name}": f"first_utm_{name}" for name in TAGS},
                "first_touch_at": "first_touch_at",
                "last_touch_at": "last_touch_at",
                "first_landing_page": "first_landing_page",
                "landing_page": "landing_page",
                "first_referrer": "first_referrer",
                "referrer": "referrer",
                **{name: name for name in CLICKS},
                "self_reported_source": "self_reported_source",
                "journey": "byline_journey",
            }
        ),
    )

    def __init__(
        self, options: CrmSettings, *, http: Http, secrets: Secrets, clock: Clock, catalogue: Catalogue
    ) -> None:
        self._options = options
        self._clock = clock
        self._catalogue = catalogue
        self._fields = words.names(self.caps, options.fields)
        self._calls = HubSpotCalls(options, http=http, secrets=secrets, clock=clock)
        self._in = reading.Reading(self._calls, clock, self._fields, options.currency)

    @staticmethod
    def settings(block: Fields) -> None:
        """`version` is v3 or a date such as 2026-03; everything else has a usual value."""
        words.check_fields(block)
        version = block.get("version")
        if version is not None:
            block.text(
                "version", pattern=r"v3|20\d\d-\d\d", expected='v3, or a date in quotes such as "2026-03"'
            )

    # -- out -----------------------------------------------------------------------------------------------

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Make the contact, or add to the one there is; see `CrmDriver`. Nothing that stands there is replaced but
        the last touch, by a later one."""
        if aside:
            return ""
        key = lead_key(lead, fingerprint)
        found = self._find(lead, key)
        for _ in range(2):
            if found is not None:
                return self._add_to(found, lead, key)
            answer = self._calls.call(
                "POST", self._calls.objects("contacts"), json={"properties": self._fresh(lead, key)}
            )
            if answer.status == 201:
                return str(answer.object()["id"])
            if answer.status != 409:
                raise self._calls.refused(answer, "the lead")
            found = self._find(lead, key)  # somebody, perhaps an answer of ours that got lost, was quicker
        raise self._calls.refused(answer, "the lead")

    def _find(self, lead: Lead, key: str) -> dict[str, Any] | None:
        pairs = [("email", lead.email.strip().lower())] if lead.email.strip() else []
        if "key" in self._fields:
            pairs.append((self._fields["key"], key))
        for by, value in pairs:
            answer = self._calls.get(
                self._calls.objects("contacts", quote(value, safe="")),
                {"idProperty": by, "properties": ",".join(self._in.lead_properties())},
            )
            if answer.ok:
                return answer.object()
            if answer.status != 404:
                raise self._calls.refused(answer, "a contact")
        return None

    def _fresh(self, lead: Lead, key: str) -> dict[str, str]:
        first, _, last = lead.name.strip().rpartition(" ")
        standard = {
            "email": lead.email.strip(),
            "firstname": first,
            "lastname": last,
            "company": lead.company,
            "message": self._about(lead),
        }
        return _filled({**standard, **self._own(lead, key)})

    def _own(self, lead: Lead, key: str = "") -> dict[str, str]:
        """Our fields of the lead by HubSpot's names."""
        found = {**words.values(lead), "key": key}
        return {self._fields[word]: value for word, value in found.items() if value and word in self._fields}

    def _about(self, lead: Lead) -> str:
        return "\n\n".join(filter(None, (lead.message, words.reading(lead, self._catalogue))))[:LONGEST]

    def _add_to(self, found: Mapping[str, Any], lead: Lead, key: str) -> str:
        have = {name: value or "" for name, value in found["properties"].items()}
        known = self._in.touches(have, lead.at)
        joined = replace(lead, touches=_joined(known, lead))
        wanted = self._fresh(lead, key) | self._own(joined, key)
        told = have.get("message", "")
        wanted["message"] = self._told(told, lead, joined)
        later = not known or joined.touches[-1] not in known
        moving = (
            {self._fields[word] for word in FIELDS if word in self._fields and _moves(word)}
            if later
            else set()
        )
        moving |= {"message", self._fields.get("journey", "")}
        self._patch(str(found["id"]), have, wanted, moving)
        return str(found["id"])

    def _told(self, told: str, lead: Lead, joined: Lead) -> str:
        """What stands in `message` with what this lead adds, once."""
        read = words.reading(joined, self._catalogue)
        if self._about(lead) in told or (lead.message in told and read in told):
            return told
        return "\n\n".join(filter(None, (told, self._about(lead))))[:LONGEST]

    def _patch(
        self, record: str, have: Mapping[str, str], wanted: Mapping[str, str], moving: set[str]
    ) -> bool:
        changes = self._changes(have, wanted, moving)
        if not changes:
            return False
        answer = self._calls.call(
            "PATCH", self._calls.objects("contacts", record), json={"properties": changes}
        )
        if not answer.ok:
            raise self._calls.refused(answer, "the lead")
        return True

    def _changes(
        self, have: Mapping[str, str], wanted: Mapping[str, str], moving: set[str]
    ) -> dict[str, str]:
        """What is empty and can be filled, and what moves on."""
        times = {self._fields.get(word) for word in _INSTANTS}
        out = {}
        for name, value in wanted.items():
            old = have.get(name, "")
            if not value or old == value or (old and name not in moving):
                continue
            if name in times and words.instant(old) == words.instant(value):
                continue
            out[name] = value
        return out

    def put_journeys(self, leads: Sequence[Lead]) -> tuple[Row, ...]:
        """Fill what is empty of our fields; HubSpot has no members of campaigns."""
        rows: dict[str, Row] = {}
        for part in chunks(leads, 100):
            by_record = {lead.fields.get("record", ""): lead for lead in part}
            found = self._in.contacts(list(by_record))
            inputs = []
            for record, lead in by_record.items():
                have = found.get(record)
                if have is None:
                    rows[lead.id] = Row(
                        key=lead.id,
                        change="failed",
                        record=record,
                        message="the contact is gone from HubSpot",
                    )
                    continue
                changes = self._changes(have, self._own(lead), set())
                rows[lead.id] = Row(key=lead.id, change="changed" if changes else "same", record=record)
                if changes:
                    inputs.append({"id": record, "properties": changes, "objectWriteTraceId": lead.id})
            if inputs:
                for key, why in self._calls.batch("contacts", "update", inputs).items():
                    record = rows[key].record
                    rows[key] = Row(key=key, change="failed", record=record, message=why)
        return tuple(rows[lead.id] for lead in leads)

    def put_campaigns(self, promotions: Sequence[Promotion]) -> tuple[Row, ...]:
        """Campaigns by our key, which stands in `byline_key` where campaigns may have it, and in the notes always.

        Without rights to campaigns (Marketing Hub Professional and above) nothing is done and no row comes back;
        `health` says so. HubSpot knows no campaigns below campaigns: a post's names its parent in the notes.
        """
        from byline.crm.hubspot.campaigns import Campaigns

        campaigns = Campaigns(self._calls)
        if not campaigns.read():
            return ()
        rows = []
        for item in promotions:
            try:
                rows.append(campaigns.put(item))
            except (NotSent, OutcomeUnknown) as error:
                if isinstance(error, NotSent) and error.cause != "unreachable":
                    raise
                rows.append(
                    Row(key=item.key, change="failed", message=error.message, fix=error.hint, kind="campaign")
                )
        return tuple(rows)

    def erase(self, email: str) -> int:
        """Delete the contact for good (HubSpot's own GDPR deletion); deals stay."""
        address = email.strip().lower()
        if not address:
            return 0
        answer = self._calls.get(
            self._calls.objects("contacts", quote(address, safe="")), {"idProperty": "email"}
        )
        if answer.status == 404:
            return 0
        if not answer.ok:
            raise self._calls.refused(answer, "a contact")
        gone = self._calls.call(
            "POST",
            self._calls.objects("contacts", "gdpr-delete"),
            json={"objectId": address, "idProperty": "email"},
        )
        if gone.status not in (204, 404):
            raise self._calls.refused(gone, "the deletion of a person")
        return 1

    # -- in ------------------------------------------------------------------------------------------------

    def invoices(self, since: datetime | None = None) -> Iterator[Invoice]:
        """None: HubSpot's own invoices are a product of their own; accounting comes in by `publish crm import`."""
        return iter(())

    def changed_leads(self, after: str = "") -> Iterator[Page[Lead]]:
        """Contacts that changed since the mark, with those that were deleted; see `CrmDriver`."""
        return self._in.changed("contacts", after, self._in.leads_of)

    def changed_deals(self, after: str = "") -> Iterator[Page[Deal]]:
        """Deals that changed since the mark, with everybody in them; see `CrmDriver`."""
        return self._in.changed("deals", after, self._in.deals_of)

    def totals(self, since: datetime | None = None) -> Totals:
        """HubSpot's own count."""
        return self._in.totals(since)

    # -- about it ------------------------------------------------------------------------------------------

    def missing(self) -> tuple[SetupStep, ...]:
        """The properties that contacts lack, and the campaigns' key where campaigns may have properties."""
        known = self._known("contacts")
        steps = [
            SetupStep(
                key=f"contacts.{name}",
                text=f"make the contact property `{name}` ({property_of(word, name)['label']})",
                payload={"object": "contacts", "property": property_of(word, name)},
            )
            for word, name in self._fields.items()
            if name not in known
        ]
        key = self._fields.get("key", "")
        if key and key in known and not known[key].get("hasUniqueValue"):
            steps.append(
                SetupStep(
                    key=f"contacts.{key}.unique",
                    text=f"the contact property `{key}` is not unique: delete it in HubSpot (Settings, Properties)"
                    " and run this again",
                    by_hand=True,
                )
            )
        answer = self._calls.get(self._calls.properties("0-35"))
        if answer.ok and "byline_key" not in {one["name"] for one in answer.object().get("results", ())}:
            spec = {**property_of("key", "byline_key"), "groupName": "campaigninformation"}
            steps.append(
                SetupStep(
                    key="campaigns.byline_key",
                    text="make the campaign property `byline_key` (Byline key)",
                    payload={"object": "0-35", "property": spec},
                )
            )
        return tuple(steps)

    def _known(self, kind: str) -> dict[str, dict[str, Any]]:
        answer = self._calls.get(self._calls.properties(kind))
        if not answer.ok:
            raise self._calls.refused(answer, f"the properties of {kind}")
        return {one["name"]: one for one in answer.object().get("results", ())}

    def set_up(self, steps: Sequence[SetupStep]) -> tuple[Row, ...]:
        """Make the group and the properties; those that are there are `same`."""
        todo = [step for step in steps if not step.by_hand]
        if any(step.payload["object"] == "contacts" for step in todo):
            path = self._calls.properties("contacts", "groups")
            answer = self._calls.call(
                "POST", path, json={"name": GROUP, "label": "Byline", "displayOrder": -1}
            )
            if answer.status not in (201, 409):
                raise self._calls.refused(answer, "a group of properties")
        rows = []
        for step in todo:
            path = self._calls.properties(str(step.payload["object"]))
            answer = self._calls.call("POST", path, json=step.payload["property"])
            rows.append(self._made(step, answer))
        return tuple(rows)

    def _made(self, step: SetupStep, answer: Response) -> Row:
        if answer.status in (201, 409):
            return Row(key=step.key, change="added" if answer.status == 201 else "same")
        error = self._calls.refused(answer, "a property")
        if str(step.payload["object"]) == "0-35":  # not every account lets campaigns have properties
            return Row(key=step.key, change="same", message="our key stands in the campaigns' notes instead")
        return Row(key=step.key, change="failed", message=error.message, fix=error.hint)

    def health(self) -> tuple[CrmHealth, ...]:
        """Account, rights to leads, deals and campaigns, our properties."""
        try:
            return tuple(self._health())
        except RemoteError as error:
            return (
                CrmHealth(
                    about=LABEL,
                    level="red",
                    message=error.message,
                    fix=error.hint or "see `publish manual hubspot`",
                ),
            )

    def _health(self) -> Iterator[CrmHealth]:
        who = self._calls.who()
        for kind, what in (("contacts", "leads"), ("deals", "deals")):
            answer = self._calls.get(self._calls.objects(kind), {"limit": "1"})
            if not answer.ok:
                raise self._calls.refused(answer, what)
        yield CrmHealth(about=LABEL, level="ok", message="leads and deals can be read", who=who)
        lacking = [step for step in self.missing() if step.key != "campaigns.byline_key"]
        if lacking:
            yield CrmHealth(
                about=LABEL,
                level="warning",
                message=f"{len(lacking)} of our properties are missing, the first is {lacking[0].key}",
                fix="run `publish crm setup --plan`",
                who=who,
            )
        answer = self._calls.get(self._calls.campaigns(), {"limit": "1"})
        if not answer.ok:
            yield CrmHealth(
                about=LABEL,
                level="warning",
                message="campaigns cannot be written: the account or the token has no right to them; leads and deals"
                " carry their posts all the same",
                fix="campaigns need Marketing Hub Professional and the scopes marketing.campaigns.read and .write",
                who=who,
            )

    def record_url(self, kind: Kind, record: str) -> str:
        """The record's page in HubSpot."""
        domain, portal = self._calls.place()
        if not domain or not record:
            return ""
        if kind == "campaign":
            return f"https://{domain}/marketing/{portal}/campaigns/{quote(record, safe='')}"
        return f"https://{domain}/contacts/{portal}/record/{_OBJECT[kind]}/{quote(record, safe='')}"


def _moves(word: str) -> bool:
    """Is this about the last touch, which a later one replaces?"""
    return word.startswith("utm_") or word in ("last_touch_at", "landing_page", "referrer")


def _joined(known: Sequence[Any], lead: Lead) -> tuple[Any, ...]:
    seen = {(touch.at, touch.content, touch.source, touch.referrer) for touch in known}
    more = [one for one in lead.touches if (one.at, one.content, one.source, one.referrer) not in seen]
    return tuple(sorted((*known, *more), key=lambda touch: touch.at))


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    """Without the empty ones: HubSpot would blank what stands there."""
    return {name: value[:LONGEST] for name, value in values.items() if value}
