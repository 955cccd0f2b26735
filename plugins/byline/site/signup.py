"""Where readers leave their address to get new articles by mail: a plain form, sent to the service that keeps the list.

It works without JavaScript. Who confirms, and how people leave, is the service's matter.
"""

from __future__ import annotations

from html import escape

from byline.settings import Settings
from byline.wording import words


def form(settings: Settings, *, privacy: str = "", name: str = "sign-up") -> str:
    """The form; empty where the settings name no address for it. `privacy` is the notice's, as this page links it."""
    asked = settings.signup
    if not asked.url:
        return ""
    said = {key: escape(text) for key, text in words(settings.language, settings.pages.words).items()}
    hidden = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
        for key, value in asked.hidden.items()
    )
    notice = (
        f' {said["how_treated"]} <a href="{escape(privacy)}">{said["privacy_link"]}</a>.' if privacy else ""
    )
    return "\n".join(
        (
            f'<form class="by-form by-signup__form" method="post" action="{escape(asked.url)}" accept-charset="UTF-8">',
            f'<p class="by-field"><label for="{name}-email">{said["field_email"]}</label>',
            f'<input id="{name}-email" name="{escape(asked.field)}" type="email" autocomplete="email" required'
            ' maxlength="320"></p>',
            f'<p class="by-form__send"><button type="submit" class="by-button">{said["signup_send"]}</button></p>',
            f'<p class="by-signup__terms">{said["signup_terms"]}{notice}</p>',
            f"{hidden}</form>",
        )
    )
