"""A post, or several, as a letter that mail clients show: tables and styles in place, light and dark, and as text.

What is relied on: Gmail takes <style> from the head and drops it when a mail is forwarded, so every style that matters
stands in place; Outlook on Windows knows tables, not flex, and wants widths as attributes (caniemail.com, read
2026-11). Nothing is fetched but the site's own pictures.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from byline import links
from byline import text as texts
from byline.drawing import Colour, contrast, hexed, legible, rgb
from byline.mail import clean
from byline.model import Card, Message, Story

Content = Literal["card", "opening", "whole"]
CONTENTS: tuple[Content, ...] = ("card", "opening", "whole")
RULE = "-" * 40
UNSUBSCRIBE = "https://unsubscribe.invalid/"  # stands where each recipient's own address comes in
MOST_PREHEADER = 140
_WHITE: Colour = (255, 255, 255)
_PAPER_DARK: Colour = (30, 34, 39)
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_FONT = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_WORDS = {
    "en": ("Read on", "Unsubscribe", "You get this mail because you asked for news from {site}."),
    "de": ("Weiterlesen", "Abbestellen", "Sie erhalten diese Mail, weil Sie Neues von {site} lesen wollen."),
    "fr": ("Lire la suite", "Se désabonner", "Vous recevez ce message car vous avez demandé les nouvelles de {site}."),
    "es": ("Seguir leyendo", "Darse de baja", "Recibe este correo porque pidió las noticias de {site}."),
    "it": ("Continua a leggere", "Annulla l’iscrizione", "Riceve questa mail perché ha chiesto le novità di {site}."),
    "nl": ("Lees verder", "Afmelden", "U ontvangt deze mail omdat u om nieuws van {site} vroeg."),
    "pt": ("Continuar a ler", "Cancelar", "Recebe este e-mail porque pediu as notícias de {site}."),
    "pl": ("Czytaj dalej", "Wypisz się", "Otrzymujesz tę wiadomość, ponieważ chcesz wieści od {site}."),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """What stands below every letter. `unsubscribe` is False where the service that sends it adds its own."""

    address: str
    unsubscribe: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The two forms of one letter, and the line that inboxes show beside the subject."""

    html: str
    text: str
    preheader: str


def tag_ours(words: str, link: str, site_url: str) -> str:
    """The words with every link to our own site tagged as `link` is."""
    out, end = [], 0
    for start, stop in texts.addresses(words):
        out += [words[end:start], tagged(words[start:stop], link, site_url)]
        end = stop
    return "".join(out) + words[end:]


def tagged(address: str, link: str, site_url: str) -> str:
    """The address with the tags of `link` when it leads to our own site; any other as it is."""
    try:
        ours = urlsplit(address).hostname == urlsplit(site_url).hostname
        tags = links.tags(link)
        if not ours or "utm_content" not in tags:
            return address
        return links.tagged(
            address,
            source=tags.get("utm_source", ""),
            medium=tags.get("utm_medium", ""),
            campaign=tags.get("utm_campaign", ""),
            content=tags["utm_content"],
        )
    except (ValueError, links.LinkError):
        return address


def letter(message: Message, *, subject: str, content: Content, foot: Foot, tracking: str = "") -> Letter:
    """The letter of one message. `tracking` is a mark that the sending service replaces, put at its end."""
    assert message.card is not None
    return _Writer(message, message.card, subject, content, foot, tracking).write()


class _Writer:
    def __init__(
        self, message: Message, card: Card, subject: str, content: Content, foot: Foot, tracking: str
    ) -> None:
        self.message, self.card, self.subject = message, card, subject
        self.content, self.foot, self.tracking = content, foot, tracking
        url = urlsplit(message.link or card.url)
        self.story = message.story or Story(
            body="",
            url=card.url,
            folder="",
            site=url.hostname or "",
            site_url=f"{url.scheme}://{url.netloc}/",
        )
        self.words = "\n\n".join(message.parts)
        self.read_on, self.leave, because = _WORDS.get(message.language[:2], _WORDS["en"])
        self.because = foot.why or because.replace("{site}", self.story.site)
        brand = rgb(self.story.primary)
        self.brand = hexed(brand)
        self.on_brand = "#ffffff" if contrast(brand, _WHITE) >= 4.5 else "#000000"
        self.link_light = hexed(legible(brand, _WHITE, 4.5))
        self.link_dark = hexed(legible(brand, _PAPER_DARK, 4.5))

    def write(self) -> Letter:
        preheader = texts.fit(
            " ".join((self.card.description or self.words).split()), limit=MOST_PREHEADER, count=texts.graphemes
        ).text  # fmt: skip
        return Letter(html=self._html(preheader), text=self._text(), preheader=preheader)

    def _markdown(self) -> str:
        if self.content == "card" or not self.story.body:
            return ""
        return clean.whole(self.story.body) if self.content == "whole" else clean.opening(self.story.body)

    def _same(self, words: str) -> bool:
        """Do the words above say this already?"""
        return " ".join(words.split()) in " ".join(self.words.split())

    # As text.

    def _text(self) -> str:
        blocks = [self.words]
        for card in (self.card, *self.story.cards) if self._has_head() else self.story.cards:
            told = "" if self._same(card.description) else f"\n{_plain(card.description)}"
            blocks.append(f"{RULE}\n{_plain(card.title)}{told}\n{self.read_on}: {card.url}")
        more = clean.to_text(self._markdown())
        if more and not self._same(more):
            blocks.append(f"{RULE}\n{_plain(more)}")
        leave = f"\n{self.leave}: {UNSUBSCRIBE}" if self.foot.unsubscribe else ""
        blocks.append(f"{RULE}\n{self.because}\n{_plain(self.foot.address)}{leave}")
        return "\n\n".join(blocks) + "\n"

    def _has_head(self) -> bool:
        """A digest has only the cards of its posts."""
        return not self.story.cards

    # As HTML.

    def _html(self, preheader: str) -> str:
        name = _esc(self.story.site)
        logo = (
            f'<img src="{_esc(self.story.logo)}" alt="{name}" height="36" style="display:block;border:0;height:36px;'
            f'width:auto;max-width:240px;{_FONT};font-size:20px;font-weight:bold">'
            if self.story.logo and not self.story.logo.endswith(".svg")  # no mail client shows SVG
            else f'<span class="ink" style="{_FONT};font-size:20px;font-weight:bold;color:#1c2126">{name}</span>'
        )
        home = _esc(tagged(self.story.site_url, self.message.link, self.story.site_url))
        rows = [
            _row(
                f'<a href="{home}" style="text-decoration:none;color:#1c2126" class="ink">{logo}</a>',
                "28px 32px 8px",
            ),
            *self._body(),
        ]
        return _PAGE.format(
            language=_esc(self.message.language or "en"),
            title=_esc(self.subject),
            preheader=_esc(preheader),
            filler="&#847;&zwnj;&nbsp;" * 60,  # keeps the mail's own words out of the inbox's line
            link_light=self.link_light,
            link_dark=self.link_dark,
            font=_FONT,
            rows="\n".join(rows),
            foot=self._foot(),
            tracking=self.tracking,
        )

    def _body(self) -> list[str]:
        rows = [_row(f'<div class="words">{self._linked(self.words)}</div>', "16px 32px 8px")]
        for card in self.story.cards or (self.card,):
            rows += self._card(card)
        return rows

    def _card(self, card: Card) -> list[str]:
        url = _esc(card.url)
        rows = []
        if card.picture.url:
            rows.append(
                _row(
                    f'<a href="{url}" class="picture"><img src="{_esc(card.picture.url)}" alt="{_esc(card.picture.alt)}" '
                    'width="536" style="display:block;width:100%;max-width:536px;height:auto;border:0"></a>',
                    "16px 32px 0",
                )
            )
        rows.append(
            _row(
                f'<h1 style="margin:0;{_FONT};font-size:24px;line-height:1.3"><a href="{url}" class="title ink" '
                f'style="color:#1c2126;text-decoration:none">{_esc(card.title)}</a></h1>',
                "16px 32px 0",
            )
        )
        if card.description and not self._same(card.description):
            rows.append(_row(f'<p class="about" style="margin:0">{_esc(card.description)}</p>', "8px 32px 0"))
        markdown = "" if self.story.cards else self._markdown()
        if markdown and not self._same(clean.to_text(markdown)):
            folder = f"{self.story.folder}/" if self.story.folder else ""
            made = clean.to_html(
                markdown,
                base=urljoin(self.story.site_url, folder),
                site_url=self.story.site_url,
                link=lambda address: tagged(address, self.message.link, self.story.site_url),
                colour=self.link_light,
            )
            rows.append(_row(f'<div class="story">{made}</div>', "16px 32px 0"))
        rows.append(_row(self._button(url), "20px 32px 28px"))
        return rows

    def _button(self, url: str) -> str:
        return (
            '<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>'
            f'<td bgcolor="{self.brand}" style="border-radius:4px;background-color:{self.brand}">'
            f'<a href="{url}" class="button" style="display:inline-block;padding:12px 22px;{_FONT};font-size:16px;'
            f'font-weight:bold;color:{self.on_brand};text-decoration:none">{_esc(self.read_on)}</a></td></tr></table>'
        )

    def _foot(self) -> str:
        lines = [_esc(self.because), _esc(self.foot.address)]
        if self.foot.unsubscribe:
            lines.append(
                f'<a href="{UNSUBSCRIBE}" class="quiet" style="color:#5b6570;text-decoration:underline">'
                f"{_esc(self.leave)}</a>"
            )
        return "<br>\n".join(lines)

    def _linked(self, words: str) -> str:
        """The words with their lines kept and their addresses as links, shown without our tags."""
        out, end = [], 0
        for start, stop in texts.addresses(words):
            address = words[start:stop]
            shown = _short(address) if links.tags(address) else address
            out.append(_lines(words[end:start]))
            out.append(f'<a href="{_esc(address)}" style="color:{self.link_light}">{_esc(shown)}</a>')
            end = stop
        return "".join(out) + _lines(words[end:])


def _short(address: str) -> str:
    parts = urlsplit(address)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"


def _row(inner: str, padding: str) -> str:
    return f'<tr><td class="pad ink" style="padding:{padding};{_FONT};font-size:16px;line-height:1.55;color:#1c2126">{inner}</td></tr>'


def _lines(words: str) -> str:
    return _esc(words).replace("\n", "<br>\n")


def _esc(words: str) -> str:
    return html.escape(_UNSEEN.sub("", words.replace("\r\n", "\n").replace("\r", "\n")), quote=True)


def _plain(words: str) -> str:
    return _UNSEEN.sub("", words)


_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="x-apple-disable-message-reformatting">
<title>{title}</title>
<style>
:root{{color-scheme:light dark;supported-color-schemes:light dark}}
@media (max-width:620px){{.wide{{width:100%!important}}.pad{{padding-left:20px!important;padding-right:20px!important}}}}
@media (prefers-color-scheme:dark){{.back{{background-color:#14171a!important}}.paper{{background-color:#1e2227!important}}
.ink,.ink a.title{{color:#e9ecef!important}}.quiet{{color:#a9b2bb!important}}.words a,.story a{{color:{link_dark}!important}}}}
[data-ogsc] .ink{{color:#e9ecef!important}}[data-ogsc] .quiet{{color:#a9b2bb!important}}
[data-ogsb] .paper{{background-color:#1e2227!important}}[data-ogsb] .back{{background-color:#14171a!important}}
</style>
</head>
<body class="back" style="margin:0;padding:0;background-color:#eef0f2;-webkit-text-size-adjust:100%">
<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all">{preheader}{filler}</div>
<table role="presentation" class="back" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#eef0f2" style="background-color:#eef0f2">
<tr><td align="center" style="padding:24px 8px">
<table role="presentation" class="paper wide" width="600" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" style="width:600px;max-width:600px;background-color:#ffffff">
{rows}
</table>
<table role="presentation" class="wide" width="600" cellpadding="0" cellspacing="0" border="0" style="width:600px;max-width:600px">
<tr><td class="pad quiet" style="padding:20px 32px;{font};font-size:13px;line-height:1.6;color:#5b6570">
{foot}
</td></tr>
</table>
{tracking}</td></tr>
</table>
</body>
</html>
"""
