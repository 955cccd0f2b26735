"""The lead form, and the script that tells it where the visitor came from.

The form works without JavaScript: what the script would add is then missing, nothing else.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from byline.model import Post
from byline.settings import Settings
from byline.site import places

MARK = "<!-- byline:lead-form -->"
PLACE = '<section class="by-form-place"></section>'  # the same while the text is cleaned of comments
CONSENT = "Send me new articles by e-mail, about once a month. I can stop this at any time."


def wanted(settings: Settings) -> bool:
    """Do the pages have a form at all?"""
    return bool(settings.lead_form.url) and settings.lead_form.to != "off"


def script(settings: Settings, address: str) -> str:
    """The script's tag; `address` is where this page finds it."""
    if not wanted(settings):
        return ""
    form = settings.lead_form
    return (
        f'<script src="{escape(address)}" defer data-consent="{form.consent}" data-keep="{form.keep_days}"></script>'
        # Without the script the tags can only travel in the Referer of the form, which browsers cut by default.
        # The script takes this back as soon as it runs.
        '<meta name="referrer" content="no-referrer-when-downgrade" data-byline>'
    )


def remember(settings: Settings, name: str) -> str:
    """The unticked box that allows the script to keep what brought the visitor; shown by the script alone."""
    if not wanted(settings) or settings.lead_form.consent == "none":
        return ""
    days = settings.lead_form.keep_days
    return (
        f'<p class="by-remember" hidden><input type="checkbox" id="{name}" data-byline-consent>'
        f'<label for="{name}">Remember on this device how I found this site, for up to {days} days. '
        "It is sent to us only together with a form, and forgotten when you untick this.</label></p>"
    )


def form(
    settings: Settings, *, page: str, post: Post | None = None, privacy: str = "", name: str = "ask"
) -> str:
    """The form; `page` is the page's address relative to the site, `privacy` the notice's as this page links it."""
    if not wanted(settings):
        return ""
    base = urlsplit(settings.site_url).path
    hidden = {
        "bl_page": base + page,
        "bl_post": post.id if post else "",
        "bl_next": base + places.THANKS,
        "bl_consent": CONSENT,
        "bl_consent_at": "",
        "bl_started": "",
        "bl_touches": "",
        "bl_first": "",
        "bl_last": "",
    }
    rows = "\n".join(
        f'<input type="hidden" name="{key}" value="{escape(value)}">' for key, value in hidden.items()
    )
    notice = f' How we treat it: <a href="{escape(privacy)}">privacy</a>.' if privacy else ""
    return f"""<form class="by-form" method="post" action="{escape(settings.lead_form.url)}" accept-charset="UTF-8" data-byline>
<div class="by-form__row">
<p class="by-field"><label for="{name}-name">Name</label>
<input id="{name}-name" name="name" type="text" autocomplete="name" required maxlength="200"></p>
<p class="by-field"><label for="{name}-email">E-mail</label>
<input id="{name}-email" name="email" type="email" autocomplete="email" required maxlength="320"></p>
</div>
<div class="by-form__row">
<p class="by-field"><label for="{name}-company">Company <span>optional</span></label>
<input id="{name}-company" name="company" type="text" autocomplete="organization" maxlength="200"></p>
<p class="by-field"><label for="{name}-heard">How did you hear of us? <span>optional</span></label>
<input id="{name}-heard" name="heard_from" type="text" autocomplete="off" maxlength="200"></p>
</div>
<p class="by-field"><label for="{name}-message">Your question</label>
<textarea id="{name}-message" name="message" rows="4" required maxlength="5000"></textarea></p>
<div class="by-form__pot" aria-hidden="true"><label for="{name}-website">Leave this empty</label>
<input id="{name}-website" name="website" type="text" tabindex="-1" autocomplete="off"></div>
<p class="by-check"><input type="checkbox" id="{name}-marketing" name="marketing" value="yes">
<label for="{name}-marketing">{escape(CONSENT)}</label></p>
{remember(settings, f"{name}-remember")}
{rows}
<p class="by-form__send"><button type="submit" class="by-button">Send</button>
<small>Only used to answer you.{notice}</small></p>
</form>"""
