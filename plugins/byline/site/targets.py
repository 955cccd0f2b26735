"""Where the form goes when a CRM takes it itself: what its inputs are called there, and what travels hidden.

Facts: Salesforce, "Web-to-Lead" (generated form); HubSpot, "Submit data to a form" in versions 2 (a browser's own
form, `hs_context`) and 3 (JSON); read July 2026. Neither tells the visitor's page whether a lead was made of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from byline.settings import LeadForm, Settings
from byline.site import places

OURS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("name", "email", "company", "message", "marketing")},
        "heard": "heard_from",
    }
)
_SALESFORCE = {
    **{"first": "first_name", "name": "last_name", "email": "email", "company": "company"},
    "message": "description",
}
_HUBSPOT = {
    **{"first": "firstname", "name": "lastname", "email": "email", "company": "company"},
    "message": "message",
}
_ASKED = {
    "self_reported_source": "heard",
    "marketing": "marketing",
}  # what the visitor fills in, where it has a place


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A CRM that takes the form. `names` are its words for what the visitor fills in, `fields` for what is hidden.

    `yes` is what a ticked box is sent as; `scripts` are files beside capture.js; `api` where the last one sends it.
    """

    form: LeadForm
    action: str
    names: Mapping[str, str]
    fixed: Mapping[str, str]
    yes: str
    company_required: bool = False
    scripts: tuple[str, ...] = ("words.js",)
    api: str = ""

    def attributes(self, thanks: str) -> str:
        """What the scripts want to know of the form."""
        told = {"data-byline-words": "all", "data-next": thanks, "data-byline-api": self.api}
        told["data-subscription"] = self.form.options.get("subscription", "") if self.api else ""
        return " ".join(f'{key}="{escape(value)}"' for key, value in told.items() if value)

    def hidden(self, settings: Settings, page: str, known: Mapping[str, str]) -> list[str]:
        """The hidden inputs: those with a fixed value, then one for each of our words that has a place there."""
        fixed = dict(self.fixed)
        if self.api:
            about = {"pageUrl": settings.site_url + page, "redirectUrl": settings.site_url + places.THANKS}
            fixed["hs_context"] = json.dumps(about, ensure_ascii=False)
        rows = [
            f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
            for key, value in fixed.items()
        ]
        for word, name in self.form.fields.items():
            if word not in _ASKED:
                value = known.get(word, "")
                rows.append(
                    f'<input type="hidden" name="{escape(name)}" value="{escape(value)}" data-byline-word="{word}"'
                    f"{'' if value and word != 'consent' else ' disabled'}>"
                )
        return rows


def of(settings: Settings) -> Target | None:
    """The CRM that takes the form itself; None where an intake or a form service does."""
    form = settings.lead_form
    asked = {key: form.fields[word] for word, key in _ASKED.items() if word in form.fields}
    if form.to == "salesforce":
        fixed = {"oid": form.options["org"], "retURL": settings.site_url + places.THANKS}
        fixed |= {"lead_source": form.options.get("source", "") or "Web"}
        if form.options.get("campaign"):
            fixed |= {"Campaign_ID": form.options["campaign"], "member_status": "Responded"}
        return Target(
            form=form,
            action=form.url,
            names=_SALESFORCE | asked,
            fixed=fixed,
            yes="1",
            company_required=True,
        )
    if form.to == "hubspot":
        place = f"{form.options['portal']}/{form.options['form']}"
        if form.options.get("subscription"):
            asked.setdefault("marketing", "")
        return Target(
            form=form,
            action=f"{form.url}/uploads/form/v2/{place}",
            names=_HUBSPOT | asked,
            fixed={},
            yes="true",
            scripts=("words.js", "hubspot.js"),
            api=f"{form.options['api']}/submissions/v3/integration/submit/{place}",
        )
    return None


def addresses(settings: Settings) -> tuple[str, ...]:
    """Every address that a form of the pages may be sent to."""
    target = of(settings)
    asked = (settings.lead_form.url,) if target is None else (target.action, target.api)
    return (*asked, settings.signup.url)


def sure(settings: Settings) -> bool:
    """Does whoever takes the form say whether it was kept?"""
    return settings.lead_form.to != "salesforce"
