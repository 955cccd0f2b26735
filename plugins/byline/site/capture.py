"""The lead form, and the script that tells it where the visitor came from.

The form works without JavaScript: what the script would add is then missing, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import urlsplit

from byline.model import Post
from byline.settings import Settings
from byline.site import places, targets
from byline.wording import words

MARK = "<!-- byline:lead-form -->"
PLACE = '<section class="by-form-place"></section>'  # the same while the text is cleaned of comments
CAPTURE = "capture.js"
_POT = 'name="website"'


def wanted(settings: Settings) -> bool:
    """Do the pages have a form at all?"""
    return bool(settings.lead_form.url) and settings.lead_form.to != "off"


def script(settings: Settings, address: str) -> str:
    """The script's tag; `address` is where this page finds it."""
    if not wanted(settings):
        return ""
    form = settings.lead_form
    target = targets.of(settings)
    more = [address.removesuffix(CAPTURE) + name for name in (target.scripts if target else ())]
    return (
        f'<script src="{escape(address)}" defer data-consent="{form.consent}" data-keep="{form.keep_days}"'
        + (f' data-domain="{escape(form.domain)}"' if form.domain else "")
        + "></script>"
        + "".join(f'<script src="{escape(name)}" defer></script>' for name in more)
        +
        # Without the script the tags can only travel in the Referer of the form, which browsers cut by default.
        # The script takes this back as soon as it runs.
        '<meta name="referrer" content="no-referrer-when-downgrade" data-until-script>'
    )


def remember(settings: Settings, name: str) -> str:
    """The unticked box that allows the script to keep what brought the visitor; shown by the script alone."""
    if not wanted(settings) or settings.lead_form.consent == "none":
        return ""
    said = words(settings.language, settings.pages.words)["remember"]
    said = escape(said.replace("{n}", str(settings.lead_form.keep_days)))
    return (
        f'<p class="by-remember" hidden><input type="checkbox" id="{name}" data-byline-consent>'
        f'<label for="{name}">{said}</label></p>'
    )


def form(
    settings: Settings, *, page: str, post: Post | None = None, privacy: str = "", name: str = "ask"
) -> str:
    """The form; `page` is the page's address relative to the site, `privacy` the notice's as this page links it."""
    if not wanted(settings):
        return ""
    target = targets.of(settings)
    said = {key: escape(text) for key, text in words(settings.language, settings.pages.words).items()}
    consent = words(settings.language, settings.pages.words)["consent"]
    base = urlsplit(settings.site_url).path
    if target is None:
        attributes = "data-byline"
        hidden = {
            "bl_page": base + page,
            "bl_post": post.id if post else "",
            "bl_next": base + places.THANKS,
            "bl_consent": consent,
            "bl_consent_at": "",
            "bl_started": "",
            "bl_touches": "",
            "bl_first": "",
            "bl_last": "",
        }
        rows = [
            f'<input type="hidden" name="{key}" value="{escape(value)}">' for key, value in hidden.items()
        ]
        action = settings.lead_form.url
    else:
        attributes = target.attributes(settings.site_url + places.THANKS)
        known = {"page": base + page, "post": post.id if post else "", "consent": consent}
        rows = target.hidden(settings, page, known)
        action = target.action
    notice = (
        f' {said["how_treated"]} <a href="{escape(privacy)}">{said["privacy_link"]}</a>.' if privacy else ""
    )
    lines = (
        f'<form class="by-form" method="post" action="{escape(action)}" accept-charset="UTF-8" {attributes}>',
        *_inputs(target, name, said),
        remember(settings, f"{name}-remember"),
        *rows,
        f'<p class="by-form__send"><button type="submit" class="by-button">{said["send"]}</button>',
        f"<small>{said['only_to_answer']}{notice}</small></p>",
        "</form>",
    )
    return "\n".join(lines)


def placed(html: str, settings: Settings, *, page: str, post: Post | None, privacy: str) -> str:
    """The cleaned text with the form where `PLACE` stands in it."""
    made = form(settings, page=page, post=post, privacy=privacy, name="form")
    return html.replace(PLACE, f"<section data-search-exclude>{made}</section>" if made else "")


def _inputs(target: targets.Target | None, name: str, said: Mapping[str, str]) -> list[str]:
    """What the visitor fills in. Salesforce and HubSpot have names of their own, and want a first and a last name."""
    called = target.names if target else targets.OURS
    rows: list[str] = []

    def field(key: str, label: str, kind: str = "text", *, fills: str, most: int, required: bool) -> str:
        more = "" if required else f" <span>{said['optional']}</span>"
        must = " required" if required else ""
        return (
            f'<p class="by-field"><label for="{name}-{key}">{label}{more}</label>\n'
            f'<input id="{name}-{key}" name="{escape(called[key])}" type="{kind}" autocomplete="{fills}"{must}'
            f' maxlength="{most}"></p>'
        )

    mail = field(
        "email", said["field_email"], "email", fills="email", most=80 if target else 320, required=True
    )
    company = field(
        "company",
        said["field_company"],
        fills="organization",
        most=200,
        required=bool(target and target.company_required),
    )
    heard = ""
    if "heard" in called:
        heard = field("heard", said["field_heard"], fills="off", most=200, required=False)
    if target:
        first = field("first", said["field_first"], fills="given-name", most=40, required=False)
        last = field("name", said["field_last"], fills="family-name", most=80, required=True)
        rows += _row(first, last) + _row(mail, company) + (_row(heard) if heard else [])
    else:
        rows += _row(field("name", said["field_name"], fills="name", most=200, required=True), mail) + _row(
            company, heard
        )
    rows += [
        f'<p class="by-field"><label for="{name}-message">{said["field_message"]}</label>',
        f'<textarea id="{name}-message" name="{called["message"]}" rows="4" required maxlength="5000"></textarea></p>',
        f'<div class="by-form__pot" aria-hidden="true"><label for="{name}-website">{said["field_empty"]}</label>',
        f'<input id="{name}-website" {"data-byline-pot" if target else _POT} type="text" tabindex="-1"'
        ' autocomplete="off"></div>',
    ]
    if "marketing" in called:
        marked = f' name="{escape(called["marketing"])}"' if called["marketing"] else ""
        value = target.yes if target else "yes"
        also = " data-byline-marketing" if target else ""
        rows += [
            f'<p class="by-check"><input type="checkbox" id="{name}-marketing"{marked} value="{value}"{also}>',
            f'<label for="{name}-marketing">{said["consent"]}</label></p>',
        ]
    return rows


def _row(*fields: str) -> list[str]:
    return ['<div class="by-form__row">', *fields, "</div>"]
