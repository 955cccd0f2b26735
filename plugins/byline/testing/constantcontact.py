"""Constant Contact as its documentation describes it: unique names, drafts and schedules, tokens that change, two 429s."""

from __future__ import annotations

import html
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from byline.testing.consent import Consent
from byline.testing.server import Answer, Call, Case, Fake, Posted, PostedCard, PostedImage, answer
from byline.times import Clock

CLIENT, SECRET, REFRESH = "cc-app", "cc-app-secret", "cc-refresh-token-0"
SENDER = "news@acme.example"
_WORDS = re.compile(r'<div class="words">(.*?)</div>', re.S)
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>.*?</a>', re.S)
_TITLE = re.compile(r'<a href="([^"]*)" class="title ink"[^>]*>(.*?)</a>', re.S)
_ABOUT = re.compile(r'<p class="about"[^>]*>(.*?)</p>', re.S)
_PICTURE = re.compile(r'class="picture"><img src="([^"]*)" alt="([^"]*)"')


@dataclass(slots=True, kw_only=True)
class Mail:
    """One campaign with its one mail."""

    campaign: str
    activity: str
    name: str
    made: str
    content: dict[str, Any]
    status: str = "DRAFT"
    lists: tuple[str, ...] = ()
    sent_to: list[tuple[str, ...]] = field(default_factory=list)  # one entry each time it went out


class ConstantContact(Fake):
    """One account. `rotates` makes each refresh token good for one use; `mails` are all that stand."""

    label: ClassVar[str] = "Constant Contact"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.rotates = False
        self.life = 86_400
        self.mails: dict[str, Mail] = {}
        self.lists = {"11111111-aaaa": "Customers", "22222222-bbbb": "Dealers"}
        self.clicks: dict[str, list[tuple[str, int]]] = {}
        self.opens = 0
        self.page = 3
        self.kind_of_limit = "quota_exceeded"
        self.consent = Consent(self.clock, {CLIENT: SECRET})
        self._refresh = {REFRESH}
        self._access: dict[str, Any] = {}
        self._count = 0

    def kind_of(self, call: Call) -> str:
        path = call.path
        if path.startswith("/oauth2/"):
            return "token"
        if call.method == "POST" and path == "/emails":
            return "create"
        if call.method == "POST" and path.endswith("/schedules"):
            return "schedule"
        if call.method == "GET" and path == "/emails":
            return "list"
        return {"DELETE": "delete", "PUT": "edit"}.get(call.method, "read")

    def handle(self, call: Call) -> Answer:
        if call.path == "/oauth2/authorize":
            return self.consent.authorize(call)
        if call.path == "/oauth2/token":
            return self._grant(call)
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._access or self._access[token] <= self.clock.now():
            return self.unauthorized()
        path = call.path
        if path == "/account/summary":
            return answer(200, {"organization_name": "Acme Insights", "contact_email": SENDER})
        if path == "/account/emails":
            return answer(200, [{"email_address": SENDER, "email_id": 1, "confirm_status": "CONFIRMED"}])
        if path == "/contact_lists":
            rows = [{"list_id": key, "name": name, "membership_count": 3} for key, name in self.lists.items()]
            return answer(200, {"lists": rows, "lists_count": len(rows)})
        if path == "/emails":
            return self._create(call) if call.method == "POST" else self._list(call)
        if found := re.fullmatch(r"/emails/activities/([\w-]+)(/schedules)?", path):
            return self._activity(call, found[1], bool(found[2]))
        if found := re.fullmatch(r"/emails/([\w-]+)", path):
            return self._campaign(call, found[1])
        if found := re.fullmatch(r"/reports/email_reports/([\w-]+)/links", path):
            rows = [
                {"link_url": url, "url_id": str(n), "unique_clicks": count}
                for n, (url, count) in enumerate(self.clicks.get(found[1], ()))
            ]
            return answer(200, {"campaign_activity_id": found[1], "link_click_counts": rows})
        if found := re.fullmatch(r"/reports/stats/email_campaigns/([\w-]+)", path):
            return answer(200, {"results": [{"campaign_id": found[1], "stats": {"em_opens": self.opens}}]})
        return answer(404, [{"error_key": "not_found", "error_message": "No such resource"}])

    def unauthorized(self) -> Answer:
        return answer(401, {"error_key": "unauthorized", "error_message": "Unauthorized"})

    def limited(self, *, bare: bool) -> Answer:
        key = "throttled" if bare else self.kind_of_limit  # no header tells when to come back
        return answer(429, {"error_key": key, "error_message": f"Too many requests: {key}"})

    def mail_of(self, activity: str) -> Mail | None:
        """The mail of an activity's id."""
        return next((mail for mail in self.mails.values() if mail.activity == activity), None)

    # Tokens.

    def _grant(self, call: Call) -> Answer:
        form = call.form
        if form.get("grant_type") == "authorization_code":
            if self.consent.redeem(form) is None:
                return answer(400, {"error": "invalid_grant", "error_description": "The code is invalid."})
            refresh = f"cc-refresh-token-signed-in-{len(self.consent.granted)}"
            self._refresh.add(refresh)
        else:
            refresh = form.get("refresh_token", "")
            if form.get("client_id") != CLIENT or refresh not in self._refresh:
                return answer(
                    400,
                    {
                        "error": "invalid_grant",
                        "error_description": "The refresh token is invalid or expired.",
                    },
                )
            if self.rotates:
                self._refresh.discard(refresh)
                self._count += 1
                refresh = f"cc-refresh-token-{self._count}"
                self._refresh.add(refresh)
        self._count += 1
        access = f"cc-access-token-{self._count}"
        self._access[access] = self.clock.now() + timedelta(seconds=self.life)
        return answer(
            200,
            {
                "token_type": "Bearer", "expires_in": self.life, "access_token": access, "refresh_token": refresh,
                "scope": "account_read contact_data campaign_data offline_access",
            },
        )  # fmt: skip

    # Mails.

    def _create(self, call: Call) -> Answer:
        asked = call.json() or {}
        name = str(asked.get("name") or "")
        parts = asked.get("email_campaign_activities")
        if not name or len(name) > 80 or not isinstance(parts, list) or len(parts) != 1:
            return _wrong("name", "must have 1 to 80 characters, with one activity")
        problem = _problem(parts[0])
        if problem:
            return _wrong(*problem)
        if any(mail.name == name for mail in self.mails.values()):
            return answer(409, [{"error_key": "email.campaign.name.not_unique", "error_message": "Conflict"}])
        self._count += 1
        number = f"{self._count:08d}"
        mail = Mail(
            campaign=f"c{number}-0000", activity=f"a{number}-0000", name=name,
            made=self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"), content=dict(parts[0]),
        )  # fmt: skip
        self.mails[mail.campaign] = mail
        self.add(self._posted(mail))
        return answer(200, self._shown(mail))

    def _list(self, call: Call) -> Answer:
        shown = [
            mail
            for mail in reversed(self.mails.values())
            if any(post.id == mail.activity for post in self.listed())
        ]
        start = int(call.params.get("cursor", "0"))
        rows = [
            {
                "campaign_id": mail.campaign, "name": mail.name, "created_at": mail.made,
                "current_status": mail.status.title(), "type": "CUSTOM_CODE_EMAIL",
            }
            for mail in shown[start : start + self.page]
        ]  # fmt: skip
        links = {}
        if start + self.page < len(shown):
            links = {"next": {"href": f"/emails?cursor={start + self.page}"}}
        return answer(200, {"campaigns": rows, "_links": links})

    def _shown(self, mail: Mail) -> dict[str, Any]:
        return {
            "campaign_id": mail.campaign,
            "name": mail.name,
            "current_status": mail.status.title(),
            "created_at": mail.made,
            "campaign_activities": [
                {"campaign_activity_id": mail.activity, "role": "primary_email"},
                {"campaign_activity_id": f"{mail.activity}-p", "role": "permalink"},
            ],
        }

    def _campaign(self, call: Call, key: str) -> Answer:
        mail = self.mails.get(key)
        if mail is None:
            return answer(404, [{"error_key": "not_found", "error_message": "No such campaign"}])
        if call.method == "DELETE":
            if mail.status not in ("DRAFT", "ERROR"):
                return answer(400, [{"error_key": "bad_status", "error_message": "It is not a draft"}])
            del self.mails[key]
            self.deleted.add(mail.activity)
            return Answer(status=204)
        return answer(200, self._shown(mail))

    def _activity(self, call: Call, key: str, schedules: bool) -> Answer:
        mail = self.mail_of(key)
        if mail is None:
            return answer(404, [{"error_key": "not_found", "error_message": "No such activity"}])
        if schedules:
            return self._schedules(call, mail)
        if call.method == "PUT":
            asked = call.json() or {}
            problem = _problem(asked)
            if mail.status not in ("DRAFT", "ERROR"):
                return answer(400, [{"error_key": "bad_status", "error_message": "It is not a draft"}])
            if problem:
                return _wrong(*problem)
            lists = tuple(asked.get("contact_list_ids") or ())
            if not set(lists) <= self.lists.keys():
                return _wrong("contact_list_ids", "names a list that is not there")
            mail.content, mail.lists = asked, lists
            post = self.by_id(mail.activity)
            assert post is not None
            fresh = self._posted(mail)
            self.change(post, text=fresh.text, card=fresh.card, link=fresh.link)
        return answer(
            200,
            {
                **mail.content, "campaign_activity_id": mail.activity, "campaign_id": mail.campaign,
                "role": "primary_email", "current_status": mail.status, "contact_list_ids": list(mail.lists),
            },
        )  # fmt: skip

    def _schedules(self, call: Call, mail: Mail) -> Answer:
        if call.method == "GET":
            rows = [{"scheduled_date": "now"}] if mail.status == "SCHEDULED" else []
            return answer(200, rows)
        if mail.status not in ("DRAFT", "DONE", "ERROR"):
            return answer(409, [{"error_key": "conflict", "error_message": "It is scheduled already"}])
        if not mail.lists:
            return answer(400, [{"error_key": "no_lists", "error_message": "No contact lists are set"}])
        mail.sent_to.append(mail.lists)
        mail.status = "DONE"
        return answer(201, [{"scheduled_date": str((call.json() or {}).get("scheduled_date"))}])

    def _posted(self, mail: Mail) -> Posted:
        page = str(mail.content["html_content"])
        words = _WORDS.search(page)
        text = _LINK.sub(lambda found: found[1], words[1] if words else "").replace("<br>\n", "\n")
        title, about, picture = _TITLE.search(page), _ABOUT.search(page), _PICTURE.search(page)
        link = html.unescape(title[1]) if title else ""
        image = None
        if picture:
            mime = mimetypes.guess_type(html.unescape(picture[1]))[0] or ""
            image = PostedImage(data=b"", mime=mime, alt=html.unescape(picture[2]))
        return Posted(
            id=mail.activity,
            author=str(mail.content["from_email"]),
            name=str(mail.content["from_name"]),
            at=self.clock.now(),
            text=html.unescape(text),
            link=link,
            url=f"https://app.constantcontact.com/pages/campaigns/email-details/details/activity/{mail.activity}",
            card=PostedCard(
                link=link,
                title=html.unescape(title[2]) if title else "",
                description=html.unescape(about[1]) if about else "",
                image=image,
            ),
            raw=mail.content,
        )


def _problem(content: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the service would say about a mail's content."""
    if content.get("format_type") != 5:
        return "format_type", "must be 5"
    if content.get("from_email") != SENDER or content.get("reply_to_email") != SENDER:
        return "from_email", "is not confirmed"
    for key, most in (("from_name", 100), ("subject", 200), ("preheader", 200), ("html_content", 150_000)):
        value = content.get(key)
        if not isinstance(value, str) or not value or len(value) > most:
            return key, f"must have 1 to {most} characters"
    postal = content.get("physical_address_in_footer")
    if not isinstance(postal, dict) or not postal.get("address_line1") or not postal.get("country_code"):
        return "physical_address_in_footer", "is incomplete"
    return None


def _wrong(key: str, words: str) -> Answer:
    return answer(400, [{"error_key": "validation", "error_message": f"#/{key}: {words}"}])


_ACCOUNT = (
    f"{{from_name: Acme Insights, from_email: {SENDER}, address: 1 Works Road, city: Leeds, postal_code: LS1 1AA, "
    "country: GB}"
)

CASES = (
    Case(
        name="drafts",
        fake=ConstantContact,
        environment={
            "CONSTANTCONTACT_CLIENT_ID": CLIENT,
            "CONSTANTCONTACT_CLIENT_SECRET": SECRET,
            "CONSTANTCONTACT_REFRESH_TOKEN": REFRESH,
        },
        account=_ACCOUNT,
        public=frozenset({"CONSTANTCONTACT_CLIENT_ID"}),
    ),
)
