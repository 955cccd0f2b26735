"""A newsletter by Constant Contact: a draft, or with `schedule: send` a mail to the lists that are named.

API: developer.constantcontact.com, API v3: "Create an Email Campaign", "Schedule an Email Campaign", "Email Reports",
"OAuth2 Overview", "Rate limits"; read 2026-11.
Rights: `campaign_data`, `contact_data`, `account_read` and `offline_access`. A campaign's name is unique in an account,
so it is our handle: the same name again answers 409. Refresh tokens may change at each use, so the newest one is kept in
the private store. There are two kinds of 429 and no header tells when to come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from byline import links
from byline.channels import _letters, _oauth
from byline.channels.base import (
    Capabilities,
    Desk,
    Draft,
    Found,
    Health,
    JsonValue,
    Metrics,
    Receipt,
    Request,
    SignedIn,
)
from byline.channels.constantcontact.calls import ConstantContactCalls
from byline.channels.constantcontact.network import (
    BEYOND,
    CAPABILITIES,
    LOGIN,
    MOST_HTML,
    REFRESH,
    RIGHTS,
    SERVICE,
)
from byline.errors import Duplicate, OutcomeUnknown, Rejected
from byline.fields import Fields
from byline.model import Message

_MOST_NAME, _MOST_FROM, _MOST_PREHEADER = 80, 100, 200


class ConstantContact(ConstantContactCalls):
    """One account's mails to some of its lists."""

    name: ClassVar[str] = "constantcontact"
    caps: Capabilities = CAPABILITIES

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """Of the account or of all: who writes, the postal address in parts, `lists` and `schedule`, `login`."""
        block.url("login", LOGIN)
        for fields in (block, *accounts):
            _letters.settings(fields)
            fields.text("organization")
            fields.text("city")
            fields.text("region")
            fields.text("postal_code")
            fields.text("country", pattern="[A-Z]{2}", expected="a country's two letters, such as US,")
            fields.text("lists")
            fields.choice("schedule", ("draft", "send"), "draft")
        for fields in accounts:
            wanted = {
                "from_email": "the confirmed address that the mail comes from",
                "address": "the company's street address, which the law wants in every newsletter,",
            }
            chosen = [one for one in (fields, block) if "schedule" in one]
            node = chosen[0].node.items["schedule"] if chosen else None
            if getattr(node, "raw", "") == "send":
                wanted["lists"] = "the name of the list that gets it"
            _letters.required(block, fields, wanted)

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words with our own links tagged, and the post's card, whose picture stays on the site."""
        return _letters.compose(draft, self._account, self.caps)

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Build the mail, and where it shall be sent the call that does so. Looks the lists up."""
        self._tokens.access()
        lists = self._lists()
        name = f"{delivery_id} {_letters.site_host(message)}"[:_MOST_NAME]
        made = Request(
            part=0,
            path="/emails",
            key=name,
            body={"name": name, "email_campaign_activities": [self._activity(message)]},
        )
        if self._account.option("schedule", "draft") != "send":
            return (made,)
        if not lists:
            raise Rejected(
                f"{SERVICE}: no list is named, so the mail would go to nobody",
                service=SERVICE,
                hint="write `lists: The list's name` for the account in mkdocs.yml",
            )
        chosen: list[JsonValue] = list(lists)
        body: dict[str, JsonValue] = {"contact_list_ids": chosen, "scheduled_date": "0"}
        return (made, Request(part=1, path="schedules", key=name, body=body))

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Make the draft, or schedule the one that was made before."""
        if request.part:
            return self._schedule(request, before[-1].remote_id)
        answer = self._call("POST", request.path, json=dict(request.body), create=True)
        if answer.status == 409:
            return self._taken(request)
        activity = _activity_of(answer.object())
        if not activity:
            raise self._http.broken(answer, service=SERVICE, create=True)
        return self._receipt(activity, _time(answer.object().get("created_at"), self._clock.now()))

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Look for the name among the account's mails; for a schedule, at the mail itself."""
        if request.part:
            activity = before[-1].remote_id
            if self._scheduled(activity):
                return Found(receipt=self._receipt(activity, self._clock.now(), already=True), certain=True)
            return Found(receipt=None, certain=True, reason="the mail stands there as a draft, not scheduled")
        found = self._by_name(request.key)
        if found is not None:
            return Found(receipt=found, certain=True)
        return Found(
            receipt=None,
            certain=False,
            reason="no mail has our name yet, but Constant Contact may list a new one late",
        )

    def remote_id(self, url: str) -> str:
        """The activity's id in the address of a mail's page."""
        parts = urlsplit(url)
        head, mark, tail = parts.path.rpartition("/activity/")
        ours = (parts.hostname or "").endswith("constantcontact.com")
        return tail.strip("/") if ours and head and mark else ""

    def health(self) -> Health:
        """Whose account it is, whether it may write mails, whether sender and lists are there."""
        found = self._call("GET", "/account/summary").object()
        who = str(found.get("organization_name") or found.get("contact_email") or "")
        sender = self._account.option("from_email")
        answer = self._call("GET", "/account/emails").json()
        rows = answer if isinstance(answer, list) else []
        confirmed = {
            str(row.get("email_address")).lower()
            for row in rows
            if isinstance(row, dict) and row.get("confirm_status") == "CONFIRMED"
        }
        if sender.lower() not in confirmed:
            return Health(
                ok=False,
                who=who,
                message=f"the address {sender} is not confirmed in this account",
                fix="confirm it in Constant Contact under Account settings, or write another `from_email`",
                missing=("confirmed sender",),
            )
        try:
            lists = self._lists()
        except Rejected as error:
            return Health(ok=False, who=who, message=error.message, fix=error.hint)
        sends = self._account.option("schedule", "draft") == "send"
        todo = f"sends to {len(lists)} lists" if sends else "makes drafts; a person sends them"
        return Health(ok=True, who=who, message=f"ready; {todo}")

    def sign_in(self, desk: Desk) -> SignedIn:
        """The account's owner allows the app; the token that comes back is good until it is revoked or was used."""
        client = desk.ask("API key of the Constant Contact app", variable="CONSTANTCONTACT_CLIENT_ID")
        secret = desk.ask(
            "Secret of the Constant Contact app", variable="CONSTANTCONTACT_CLIENT_SECRET", hidden=True
        )
        found = _oauth.code_grant(
            desk,
            self._http,
            service=SERVICE,
            authorize=f"{self._login}/authorize",
            token=f"{self._login}/token",
            client_id=client,
            client_secret=secret,
            scopes=RIGHTS,
            pkce=True,
            host="localhost",
        )
        refresh = str(found.get("refresh_token") or "")
        if not refresh:
            raise _oauth.refused(SERVICE, "it gave no refresh token; the app must ask for offline_access")
        return SignedIn(
            secrets={
                REFRESH: refresh,
                "CONSTANTCONTACT_CLIENT_ID": client,
                "CONSTANTCONTACT_CLIENT_SECRET": secret,
            },
            shared=("CONSTANTCONTACT_CLIENT_ID", "CONSTANTCONTACT_CLIENT_SECRET"),
            rights=tuple(str(found.get("scope") or "").split()),
            note="choose long-lived refresh tokens in the app's settings when a CI without a database of its own sends",
        )

    def metrics(self, remote_id: str) -> Metrics:
        """Who opened the mail, and who clicked on one of our links."""
        campaign = self._campaign(remote_id)
        clicks = 0
        found = self._call("GET", f"/reports/email_reports/{remote_id}/links").object()
        for row in found.get("link_click_counts") or ():
            if isinstance(row, dict) and links.tags(str(row.get("link_url") or "")).get("utm_content"):
                clicks += _number(row, "unique_clicks")
        stats = self._call("GET", f"/reports/stats/email_campaigns/{campaign}").object()
        rows = [row.get("stats") for row in stats.get("results") or () if isinstance(row, dict)]
        opens = sum(_number(row, "em_opens") for row in rows if isinstance(row, dict))
        return Metrics(at=self._clock.now(), views=opens, clicks=clicks)

    def edit(self, remote_id: str, message: Message) -> None:
        """Write a draft anew. A mail that is out or scheduled stays as it is."""
        found = self._call("GET", f"/emails/activities/{remote_id}").object()
        self._still_ours(found, "changed")
        self._call("PUT", f"/emails/activities/{remote_id}", json={**found, **self._activity(message)})

    def delete(self, remote_id: str) -> None:
        """Delete a draft. A mail that is out cannot be taken back."""
        try:
            found = self._call("GET", f"/emails/activities/{remote_id}").object()
            self._still_ours(found, "taken back")
            self._call("DELETE", f"/emails/{found.get('campaign_id')}")
        except Rejected as error:
            if error.status not in (404, 410):
                raise

    # What is sent.

    def _activity(self, message: Message) -> dict[str, JsonValue]:
        option = self._account.option
        subject, letter = _letters.write(
            message, self._account, unsubscribe=False, tracking="[[trackingImage]]"
        )
        if len(letter.html) > MOST_HTML:
            raise Rejected(
                f"{SERVICE} takes a mail of {MOST_HTML:,} characters; this one has {len(letter.html):,}",
                service=SERVICE,
                hint="write `content: opening` for the account, so that the mail carries the post's opening alone",
            )
        sender = option("from_email")
        postal: dict[str, JsonValue] = {
            "address_line1": option("address"),
            "organization_name": option("organization") or (message.story.site if message.story else sender),
            "country_code": option("country", "US"),
        }
        for key, name in (("city", "city"), ("region", "state_code"), ("postal_code", "postal_code")):
            if option(key):
                postal[name] = option(key)
        return {
            "format_type": 5,
            "from_name": (option("from_name") or (message.story.site if message.story else sender))[
                :_MOST_FROM
            ],
            "from_email": sender,
            "reply_to_email": option("reply_to") or sender,
            "subject": subject,
            "preheader": letter.preheader[:_MOST_PREHEADER],
            "html_content": letter.html,
            "physical_address_in_footer": postal,
        }

    def _schedule(self, request: Request, activity: str) -> Receipt:
        """Name the lists, then ask for it to go out at once. It does not go out a second time: its status forbids it."""
        found = self._call("GET", f"/emails/activities/{activity}").object()
        if str(found.get("current_status", "")).upper() in BEYOND:
            return self._receipt(activity, self._clock.now(), already=True)
        chosen = request.body.get("contact_list_ids")
        self._call("PUT", f"/emails/activities/{activity}", json={**found, "contact_list_ids": chosen})
        answer = self._call(
            "POST",
            f"/emails/activities/{activity}/schedules",
            json={"scheduled_date": str(request.body["scheduled_date"])},
            create=True,
        )
        if answer.status == 409:
            raise OutcomeUnknown(
                f"{SERVICE}: the mail is being scheduled already", service=SERVICE, status=409,
                hint="run `publish reconcile`, which looks at it",
            )  # fmt: skip
        return self._receipt(activity, self._clock.now())

    def _scheduled(self, activity: str) -> bool:
        found = self._call("GET", f"/emails/activities/{activity}").object()
        return str(found.get("current_status", "")).upper() in BEYOND

    def _taken(self, request: Request) -> Receipt:
        """The name is taken: by this very mail."""
        found = self._by_name(request.key)
        if found is None:
            raise Duplicate(
                f"{SERVICE} has a mail of this name already, but does not list it yet",
                service=SERVICE,
                status=409,
            )
        return found

    def _by_name(self, name: str) -> Receipt | None:
        """The mail of this name, the newest page first."""
        for campaign in self._rows("/emails?limit=50", "campaigns"):
            if campaign.get("name") == name and str(campaign.get("current_status", "")).upper() != "REMOVED":
                whole = self._call("GET", f"/emails/{campaign.get('campaign_id')}").object()
                activity = _activity_of(whole)
                if activity:
                    at = _time(campaign.get("created_at"), self._clock.now())
                    return self._receipt(activity, at, already=True)
        return None

    def _lists(self) -> tuple[str, ...]:
        """The ids of the lists that the settings name, by name or by id. Raises Rejected for one that is not there."""
        wanted = [word.strip() for word in self._account.option("lists").split(",") if word.strip()]
        found: dict[str, str] = {}
        for row in self._rows("/contact_lists?limit=1000", "lists"):
            key = str(row.get("list_id"))
            found |= {key: key, str(row.get("name", "")).strip().lower(): key}
        missing = [word for word in wanted if word.lower() not in found]
        if missing:
            raise Rejected(
                f"{SERVICE} has no list `{missing[0]}`",
                service=SERVICE,
                hint="write the list's name as Constant Contact shows it, under `lists` in mkdocs.yml",
            )
        return tuple(dict.fromkeys(found[word.lower()] for word in wanted))

    def _campaign(self, activity: str) -> str:
        return str(self._call("GET", f"/emails/activities/{activity}").object().get("campaign_id") or "")

    def _still_ours(self, found: Mapping[str, Any], what: str) -> None:
        status = str(found.get("current_status", "")).upper()
        if status not in ("DRAFT", "ERROR"):
            raise Rejected(
                f"{SERVICE}: the mail is {status.lower() or 'out'} and cannot be {what}",
                service=SERVICE,
                hint="a scheduled mail can be stopped in Constant Contact; one that is out is with its readers",
            )

    def _receipt(self, activity: str, at: datetime, *, already: bool = False) -> Receipt:
        url = f"https://app.constantcontact.com/pages/campaigns/email-details/details/activity/{activity}"
        return Receipt(remote_id=activity, url=url, at=at, already=already)


def _activity_of(found: Mapping[str, Any]) -> str:
    """The id of the mail itself among a campaign's parts."""
    for one in found.get("campaign_activities") or ():
        if isinstance(one, dict) and one.get("role") == "primary_email":
            return str(one.get("campaign_activity_id") or "")
    return ""


def _time(value: Any, default: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return default
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(found: Mapping[str, Any], key: str) -> int:
    value = found.get(key)
    return value if isinstance(value, int) else 0
