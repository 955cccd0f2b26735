"""One post drawn as its network shows it, out of the network's own `Look`. No network is named here."""

from __future__ import annotations

import html
import re

from byline.model import Card
from byline.preview.markup import esc, host, hue, initials
from byline.preview.pictures import Pictures
from byline.preview.shown import Shown
from byline.preview.words import rich


def mock(shown: Shown, pictures: Pictures, when: str) -> str:
    """The post, a thread as connected posts; the card, the picture, the row of what readers can do."""
    look = shown.look
    if shown.document:
        return _framed(shown, pictures)
    last = len(shown.parts) - 1
    posts = []
    for number, part in enumerate(shown.parts):
        below = _below(shown, pictures) if number == 0 else ""
        actions = _actions(look.actions)
        tail = "" if number == last else " joined"
        posts.append(
            f'<div class="one{tail}">{_who(shown, when)}'
            f'<div class="in"><p class="text" dir="auto">{rich(part, shown.delivery.link, look)}</p>'
            f"{below}{actions}</div></div>"
        )
    if not posts:
        posts.append(
            f'<div class="one">{_who(shown, when)}<div class="in">{_below(shown, pictures)}</div></div>'
        )
    return (
        f'<div class="mock" style="--net:{esc(look.colour)};--net-dark:{esc(look.colour_dark)}">'
        f"{''.join(posts)}</div>"
    )


def _framed(shown: Shown, pictures: Pictures) -> str:
    """A page within the page, as a mail is: its links lead nowhere, its pictures are in it, nothing in it runs."""
    card = shown.card
    known = {card.picture.url: card.picture} if card and card.picture.url else {}
    if card and shown.delivery.message and shown.delivery.message.story:
        known |= {one.picture.url: one.picture for one in shown.delivery.message.story.cards}

    def drawn(match: re.Match[str]) -> str:
        picture = known.get(html.unescape(match[1]))
        return f'<img src="{esc(pictures.data(picture)) if picture else "data:,"}"'

    still = re.sub(r'<img src="([^"]*)"', drawn, re.sub(r' href="[^"]*"', "", shown.document))
    title = re.search(r"<title>(.*?)</title>", shown.document, re.S)
    return (
        f'<div class="mock letter" style="--net:{esc(shown.look.colour)};--net-dark:{esc(shown.look.colour_dark)}">'
        f'<div class="one">{_who(shown, "")}<p class="text"><b>{title[1] if title else ""}</b></p></div>'
        f'<iframe sandbox title="The mail as its readers see it" srcdoc="{esc(still)}"></iframe></div>'
    )


def _who(shown: Shown, when: str) -> str:
    square = " square" if shown.square else ""
    role = f'<span class="role">{esc(shown.role)}</span>' if shown.role else ""
    line = " · ".join(esc(part) for part in (shown.handle, when) if part)
    return (
        f'<div class="who"><span class="face{square}" style="--hue:{hue(shown.who)}" aria-hidden="true">'
        f"{esc(initials(shown.who))}</span>"
        f'<span class="names"><b dir="auto">{esc(shown.who)}</b>{role}<span>{line}</span></span></div>'
    )


def _below(shown: Shown, pictures: Pictures) -> str:
    if shown.image is not None and shown.card is None:
        return f'<div class="photo">{pictures.show(shown.image, whole=True)}</div>'
    if shown.card is None:
        return ""
    if shown.foreign and not shown.client_card:
        return (
            f'<div class="card"><div class="pic none">{esc(shown.label)} takes the card from that page: it is not '
            f'known here.</div><div class="under"><span>{esc(host(shown.card.url))}</span></div></div>'
        )
    return _card(shown, shown.card, pictures)


def _card(shown: Shown, card: Card, pictures: Pictures) -> str:
    look, name = shown.look, host(card.url)
    lines = {
        "title": f'<b dir="auto">{esc(card.title)}</b>',
        "host": f"<span>{esc(look.card_host.replace('{host}', name).replace('{HOST}', name.upper()))}</span>",
        "description": f'<span class="about" dir="auto">{esc(card.description)}</span>'
        if card.description
        else "",
    }
    words = [lines[word] for word in look.card_words]
    over = ""
    if look.card == "over" and words:
        over = f'<div class="over">{words.pop(0)}</div>'
    under = f'<div class="under">{"".join(words)}</div>' if words else ""
    kind = " framed" if look.card == "over" else ""
    if kind:
        return (
            f'<div class="card-over"><div class="card">{pictures.show(card.picture)}{over}</div>{under}</div>'
        )
    return f'<div class="card">{pictures.show(card.picture)}{under}</div>'


def _actions(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    return (
        f'<div class="acts" aria-hidden="true">{"".join(f"<span>{esc(name)}</span>" for name in names)}</div>'
    )
