"""A network's timeline as one static page: the posts that stand in a fake, with their cards, newest first.

It shows what readers would see, not how a network's own pages look. The page needs nothing but itself and the
pictures beside it, and follows the reader's light or dark setting.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_LINK = re.compile(r"https?://\S+|(?<![\w&/])#[^\W\d_]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """What stands under a post: `image` is a path relative to the page, `host` the site it leads to."""

    link: str
    title: str
    description: str
    host: str
    image: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One post of a timeline; `parts` are its texts, more than one for a thread."""

    account: str
    handle: str
    at: datetime
    parts: tuple[str, ...]
    card: ShownCard | None = None


def page(network: str, colour: str, posts: Sequence[Shown], *, note: str) -> str:
    """The whole page. All words of a post are escaped; links in them stay links."""
    shown = "\n".join(_post(post) for post in sorted(posts, key=lambda post: post.at, reverse=True))
    return _PAGE.format(
        network=html.escape(network),
        colour=colour,
        count=f"{len(posts)} post{'' if len(posts) == 1 else 's'}",
        note=html.escape(note),
        posts=shown or '<p class="none">Nothing has been posted.</p>',
    )


def _post(post: Shown) -> str:
    initials = "".join(word[0] for word in post.account.split()[:2]).upper()
    hue = sum(ord(letter) * (place + 1) for place, letter in enumerate(post.account)) % 360
    parts = "\n".join(f'<p class="text">{_words(part)}</p>' for part in post.parts)
    return f"""<article>
<header><span class="face" style="--hue:{hue}" aria-hidden="true">{html.escape(initials)}</span>
<span class="who"><b>{html.escape(post.account)}</b><span>{html.escape(post.handle)}</span></span>
<time datetime="{post.at.isoformat()}">{post.at:%-d %B %Y, %H:%M}</time></header>
<div class="{"thread" if len(post.parts) > 1 else "single"}">
{parts}
</div>
{_card(post.card) if post.card else ""}
</article>"""


def _card(card: ShownCard) -> str:
    picture = f'<img src="{html.escape(card.image)}" alt="{html.escape(card.alt)}">' if card.image else ""
    return f"""<a class="card" href="{html.escape(card.link)}">{picture}
<span class="below"><span class="host">{html.escape(card.host)}</span><b>{html.escape(card.title)}</b>
<span class="about">{html.escape(card.description)}</span></span></a>"""


def _words(text: str) -> str:
    done, last = [], 0
    for match in _LINK.finditer(text):
        link = match.group().rstrip(".,;:!?)")
        end = match.start() + len(link)
        done.append(html.escape(text[last : match.start()]))
        last = end
        if link.startswith("#"):
            done.append(f'<span class="tag">{html.escape(link)}</span>')
            continue
        short = re.sub(r"^https?://(www\.)?", "", link)
        short = short if len(short) < 36 else short[:34] + "…"
        done.append(f'<a href="{html.escape(link)}">{html.escape(short)}</a>')
    return "".join(done) + html.escape(text[last:])


_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{network}: what readers see</title>
<style>
:root {{ color-scheme: light dark; --back: #eef0f2; --paper: #fff; --ink: #1c2126; --soft: #5b6570; --line: #d9dde2;
  --brand: {colour}; --link: color-mix(in srgb, {colour} 85%, black); }}
@media (prefers-color-scheme: dark) {{ :root {{ --back: #12161a; --paper: #1c2228; --ink: #e7ebef; --soft: #9aa6b2;
  --line: #323a43; --link: color-mix(in srgb, {colour} 35%, white); }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }}
.top {{ background: var(--paper); border-bottom: 1px solid var(--line); border-top: 4px solid var(--brand); }}
.top div, main {{ max-width: 36rem; margin: 0 auto; padding: 1rem; }}
h1 {{ font-size: 1.25rem; margin: 0; }}
.top p {{ margin: .1rem 0 0; color: var(--soft); font-size: .875rem; }}
article {{ background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; margin: 0 0 1rem;
  overflow: hidden; }}
article header {{ display: flex; gap: .75rem; align-items: center; padding: 1rem 1rem .25rem; }}
.face {{ flex: none; width: 2.75rem; height: 2.75rem; border-radius: 50%; display: grid; place-items: center;
  color: #fff; font-weight: 600; background: hsl(var(--hue) 45% 38%); }}
.who {{ flex: 1; min-width: 0; line-height: 1.3; }}
.who b, .who span {{ display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }}
.who span, time {{ color: var(--soft); font-size: .8125rem; }}
.text {{ margin: 0; padding: .5rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }}
.text a, .tag {{ color: var(--link); text-decoration: none; }}
.text a:hover {{ text-decoration: underline; }}
.thread {{ margin-left: 2.3rem; border-left: 2px solid var(--line); }}
.card {{ display: block; margin: .5rem 1rem 1rem; border: 1px solid var(--line); border-radius: .6rem; overflow: hidden;
  color: inherit; text-decoration: none; }}
.card:hover b {{ text-decoration: underline; }}
.card img {{ display: block; width: 100%; aspect-ratio: 1200 / 630; object-fit: cover;
  border-bottom: 1px solid var(--line); }}
.below {{ display: block; padding: .65rem .85rem .75rem; line-height: 1.35; }}
.below > * {{ display: block; }}
.host, .about {{ color: var(--soft); font-size: .8125rem; }}
.about {{ display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }}
.none {{ text-align: center; color: var(--soft); }}
a:focus-visible {{ outline: 3px solid var(--link); outline-offset: 2px; }}
</style>
<header class="top"><div><h1>{network}</h1><p>{count}. {note}</p></div></header>
<main>
{posts}
</main>
</html>
"""
