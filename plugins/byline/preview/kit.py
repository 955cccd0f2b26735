"""The kit: one page and one mail for each person who shares a post by hand, with words, link and picture to take.

Nobody needs an account of ours, a token or a network to open it. The link is the person's own: its id is the
delivery's, so that visits through it are counted like those of any other post.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from urllib.parse import quote

from byline import cards
from byline.model import Author, Picture, Post
from byline.planning import Delivery
from byline.preview.markup import asset, data_uri, day, esc, host, plain, policy
from byline.preview.mock import mock
from byline.preview.pictures import Pictures
from byline.preview.shown import Shown, capabilities, person_of, shown
from byline.settings import Settings

_PICTURE_BYTES = 1_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one person takes to one network. `take` are the words with the link, one entry a part of a thread."""

    id: str
    label: str
    take: tuple[str, ...]
    own: bool  # were the words written for this very account?
    words: tuple[str, ...]
    link: str
    form: str  # the address of the network's own form, filled in; empty where it has none
    picture: Picture
    attached: bool  # the picture goes with the post, instead of a card
    shown: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Everything for one person and one post. `live` is when the page becomes public, None when it is."""

    account: str
    person: str
    post: Post
    live: datetime | None
    shares: tuple[Share, ...]


def kits(
    deliveries: Sequence[Delivery],
    post: Post,
    settings: Settings,
    authors: Mapping[str, Author],
    now: datetime,
) -> tuple[Kit, ...]:
    """A kit for each person among these deliveries of one post, in the order of the settings."""
    people: dict[str, list[Share]] = {}
    for delivery in deliveries:
        if delivery.message is not None:
            people.setdefault(delivery.account, []).append(_share(delivery, post, settings, authors, now))
    live = post.published.astimezone(settings.zone) if post.published > now else None
    return tuple(
        Kit(account=name, person=person_of(name, authors), post=post, live=live, shares=tuple(shares))
        for name, shares in people.items()
    )


def _share(
    delivery: Delivery, post: Post, settings: Settings, authors: Mapping[str, Author], now: datetime
) -> Share:
    message = delivery.message
    assert message is not None
    caps = capabilities(delivery.channel)
    take = list(message.parts)
    if not any(message.link in part for part in take):
        take[0] = f"{take[0]}\n\n{message.link}".strip()
    bare = tuple(part.replace(message.link, "").strip() for part in message.parts)
    return Share(
        id=delivery.id,
        label=caps.label if caps else delivery.channel,
        take=tuple(take),
        own=delivery.telling is not None and delivery.telling.origin.get("text") == "account",
        words=bare,
        link=message.link,
        form=_form(caps.look.share if caps else "", delivery, settings, take[0], message.link),
        picture=message.image or cards.picture(post, settings, authors),
        attached=message.image is not None,
        shown=shown(delivery, post, settings, authors, (), now),
    )


def _form(pattern: str, delivery: Delivery, settings: Settings, text: str, link: str) -> str:
    """The network's own form with words or link filled in; empty when the account's settings lack what it needs."""
    account = settings.account(delivery.channel, delivery.account)
    missing = False

    def one(match: re.Match[str]) -> str:
        nonlocal missing
        name = match[1]
        if name in ("text", "link"):
            return quote(text if name == "text" else link, safe="")
        value = account.option(name, account.api if name == "server" else "") if account else ""
        missing = missing or not value
        return quote(re.sub(r"^https?://", "", value).rstrip("/"), safe="")

    filled = re.sub(r"\{(\w+)\}", one, re.sub(r"^\{server\}", "https://{server}", pattern))
    return "" if missing or not filled.startswith("https://") else filled


def file_picture(picture: Picture) -> cards.Rendition:
    """The picture as people save it."""
    return cards.rendition(
        picture, types=("image/png", "image/jpeg"), max_bytes=_PICTURE_BYTES, max_pixels=2_000_000
    )


def page(kit: Kit, settings: Settings) -> str:
    """The person's page as one file: it asks for nothing, and every value is escaped."""
    pictures = Pictures()
    script = asset("kit.js")
    brand = settings.brand
    company = brand.name or settings.site_name
    shares = "\n".join(_section(kit, number, share, pictures) for number, share in enumerate(kit.shares, 1))
    wait = ""
    if kit.live is not None:
        wait = (
            f'<p class="wait">Please wait until <b>{day(kit.live)}</b> ({esc(settings.zone.key)}): the page is not '
            "public before then, and the link would lead nowhere.</p>"
        )
    colour = brand.primary if re.fullmatch(r"#[0-9A-Fa-f]{6}", brand.primary) else "#1f4e79"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="{esc(policy(script))}">
<title>For {esc(kit.person)}: {esc(kit.post.title)}</title>
<style>
:root{{--brand:{colour}}}
{asset("page.css")}{asset("mock.css")}{asset("kit.css")}
{pictures.css()}
</style>
</head>
<body>
<header class="top"><div class="wide"><p class="owner">{esc(company)} · for {esc(kit.person)}</p>
<h1 dir="auto">{esc(kit.post.title)}</h1>
<p class="lead" dir="auto">{esc(kit.post.description or kit.post.excerpt)}</p>{wait}</div></header>
<main>
<ol class="how"><li>Copy the words. They are a suggestion: change what you would not say like that.</li>
<li>Post them in your own name, with the link as it is. It is yours alone and tells us that a visit came through you;
it tells us nothing about who the visitor is.</li>
<li>Send the address of your post to whoever gave you this page.</li></ol>
{shares}
</main>
<p class="said" role="status" aria-live="polite"></p>
<script>{script}</script>
</body>
</html>
"""


def _section(kit: Kit, number: int, share: Share, pictures: Pictures) -> str:
    parts = []
    for index, text in enumerate(share.take, 1):
        name = f"w{number}-{index}"
        many = f" {index} of {len(share.take)}" if len(share.take) > 1 else ""
        rows = min(14, 2 + sum(1 + len(line) // 60 for line in text.split("\n")))
        parts.append(
            f'<label for="{name}">Words{many}</label><textarea id="{name}" rows="{rows}" readonly dir="auto">\n'
            f"{esc(text)}</textarea>"
            + _button("Copy words and link" if share.link in text else "Copy words", text, main=True)
        )
    bare = "\n\n".join(share.words)
    more = [_button("Copy the words alone", bare), _button("Copy the link alone", share.link)]
    picture = _picture(kit, share)
    form = ""
    if share.form:
        form = (
            f'<p class="soft">If you like: <a href="{esc(share.form)}" rel="noreferrer noopener" target="_blank">open '
            f"{esc(share.label)}’s own form</a> ({esc(host(share.form))}). It may take only the link; paste the words "
            "there.</p>"
        )
    when = ""
    due = share.shown.delivery.due
    if due is not None and kit.live is None and share.shown.standing.tone in ("wait", "person"):
        when = f'<p class="soft">A good time: {day(due)}.</p>'
    return f"""<section class="share"><div class="take"><h2>{esc(share.label)}</h2>{when}
{"".join(parts)}
<p class="more">{"".join(more)}</p>
{picture}{form}
<p class="soft back">When it is out, send this to whoever gave you the page, with the address of your post:</p>
{_button("Copy the report", f"I shared “{kit.post.title}” on {share.label} ({share.id}): ")}
<details class="soft"><summary>For the person who keeps the site</summary>
<p><code>publish record {esc(share.id)} --url ADDRESS</code></p></details></div>
<div class="shot"><p class="soft">About like this:</p>{mock(share.shown, pictures, "")}</div></section>"""


def _picture(kit: Kit, share: Share) -> str:
    try:
        made = file_picture(share.picture)
    except cards.ImageError as error:
        return f'<p class="soft">There is no picture: {esc(error.message)}.</p>'
    name = f"{kit.post.id}{'.jpg' if made.mime == 'image/jpeg' else '.png'}"
    why = (
        "Put it into your post."
        if share.attached
        else f"{esc(share.label)} shows it by itself below the link; take it along only if it does not."
    )
    return (
        f'<p class="picture"><a class="button" download="{esc(name)}" href="{data_uri(made.data, made.mime)}">Save the '
        f"picture</a> {_button('Copy its description', share.picture.alt) if share.picture.alt else ''}</p>"
        f'<p class="soft">{why}</p>'
    )


def _button(label: str, text: str, *, main: bool = False) -> str:
    """A button that works once the script runs; without it the words are there to be selected."""
    kind = ' class="main"' if main else ""
    return f'<button type="button"{kind} data-text="{esc(text)}" hidden>{esc(label)}</button>'


def mail(kit: Kit, settings: Settings) -> bytes:
    """A mail to open, address and send: the same words as plain text, the picture attached. No address is in it."""
    company = settings.brand.name or settings.site_name
    title = plain(" ".join(kit.post.title.split()))
    wait = ""
    if kit.live is not None:
        wait = f"Please wait until {day(kit.live)} ({settings.zone.key}): the page is not public before then.\n\n"
    blocks = []
    for share in kit.shares:
        words = "\n\n[next part]\n\n".join(share.take)
        blocks.append(f"-------- {share.label} --------\n\n{words}\n\n-------- end --------\n")
    ids = "\n".join(f"publish record {share.id} --url ADDRESS" for share in kit.shares)
    greeting = "Hello" if kit.account == "company" else f"Hello {kit.person}"
    text = (
        f"{greeting},\n\nwould you like to share this in your own name?\n\n{title}\n"
        f"{kit.post.description or kit.post.excerpt}\n\n{wait}"
        "Here are words to take. Change what you would not say like that, and keep the link as it is: it is yours "
        "alone, and tells us that a visit came through you.\n\n"
        + "\n".join(blocks)
        + "\nWhen it is out, please answer with the address of your post.\n\nThank you!\n\n"
        f"{company}\n\n\n(For us: {ids})\n"
    )
    message = EmailMessage(policy=SMTP)
    message["Subject"] = f"To share, if you like: {title}"[:200]
    message["X-Unsent"] = "1"  # Outlook opens it as a mail to be sent
    message.set_content(plain(text))
    try:
        made = file_picture(kit.shares[0].picture)
    except cards.ImageError:
        return message.as_bytes()
    kind = made.mime.partition("/")[2]
    message.add_attachment(
        made.data,
        maintype="image",
        subtype=kind,
        filename=f"{kit.post.id}.{'jpg' if kind == 'jpeg' else kind}",
    )
    message.set_boundary(f"byline-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}")
    return message.as_bytes()
