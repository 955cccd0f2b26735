"""What `lead_form` says when a CRM takes the form itself: Salesforce's Web-to-Lead, HubSpot's forms."""

from __future__ import annotations

import re

from byline.fields import Fields, did_you_mean, kind
from byline.yamlread import Mapping_, Scalar

WEB_TO_LEAD = "https://webto.salesforce.com/servlet/servlet.WebToLead?encoding=UTF-8"
HUBSPOT, HUBSPOT_API = "https://forms.hubspot.com", "https://api.hsforms.com"
_TAGS = ("source", "medium", "campaign", "content", "term", "id")
WORDS = (
    *("key", "journey", *(f"utm_{name}" for name in _TAGS), *(f"first_utm_{name}" for name in _TAGS)),
    *("first_touch_at", "last_touch_at", "first_landing_page", "landing_page", "first_referrer", "referrer"),
    *("gclid", "fbclid", "li_fat_id", "twclid", "msclkid", "self_reported_source"),
    *("post", "page", "marketing", "consent", "consent_at"),
)


def read(section: Fields, to: str, url: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """The address, the options, and our words with their names there. Mistakes go into the Fields."""
    if to == "salesforce":
        options = {
            "org": section.text(
                "org",
                required=True,
                pattern="00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?",
                expected="your organisation's id, 00D…",
            ),
            "source": section.text("source"),
            "campaign": section.text(
                "campaign", pattern="701[A-Za-z0-9]{12}([A-Za-z0-9]{3})?", expected="a campaign's id, 701…"
            ),
        }
        fields = _fields(section, "00N[A-Za-z0-9]{12}([A-Za-z0-9]{3})?", "the field's id, 00N…")
        url = url or WEB_TO_LEAD
    elif to == "hubspot":
        api = section.url("api", HUBSPOT_API).rstrip("/")
        options = {
            "portal": _number(section, "portal", "your HubSpot account's number"),
            "form": section.text(
                "form",
                required=True,
                pattern="[0-9a-fA-F-]{36}",
                expected="the form's id, as its address shows it",
            ),
            "subscription": _number(section, "subscription", "a subscription type's number", required=False),
            "api": api,
        }
        fields = _fields(section, "[a-z][a-z0-9_]*", "a property's internal name") or {
            word: word for word in WORDS if word.startswith(("utm_", "first_utm_"))
        }
        url = (url or HUBSPOT).rstrip("/")
    else:
        return url, {}, {}
    return url, options, fields


def _number(section: Fields, key: str, expected: str, *, required: bool = True) -> str:
    """Digits, with or without quotes."""
    node = section.get(key)
    raw = node.raw.strip() if isinstance(node, Scalar) else ""
    if (node is None and not required) or re.fullmatch(r"\d{1,15}", raw):
        return raw
    section.problem(
        key,
        "missing" if node is None else "wrong-form",
        f"`{section.full(key)}` is {kind(node)}; {expected} is expected",
        f"write `{key}: 1234567`",
    )
    return ""


def _fields(section: Fields, pattern: str, expected: str) -> dict[str, str]:
    """Our words, or the field's own name in Salesforce (`UTM_Content__c`), and what the form calls it there."""
    node = section.get("fields")
    if node is None:
        return {}
    if not isinstance(node, Mapping_):
        section.problem(
            "fields",
            "wrong-kind",
            f"`fields` is {kind(node)}; a group of our words with the names there is expected",
            "write `fields:` and below it lines such as `utm_content: …`",
        )
        return {}
    own = Fields(node, file=section.file, problems=section.problems, path=section.full("fields"))
    found: dict[str, str] = {}
    for typed in own:
        word = typed.lower().removesuffix("__c").removeprefix("byline_")
        value = own.text(typed, pattern=pattern, expected=expected)
        if word in WORDS:
            found[word] = value
            continue
        meant = did_you_mean(word, WORDS)
        own.problem(
            typed,
            "unknown-key",
            f"`{typed}` is none of our fields",
            f"did you mean `{meant}`?" if meant else f"known are {', '.join(WORDS)}",
        )
    return {word: value for word, value in found.items() if value}
