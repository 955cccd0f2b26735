"""The page that a manager approves from: every post, on every network, with its words, card, link, time and cost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from byline import cards, links
from byline.errors import Problem
from byline.model import Author, Post
from byline.planning import Delivery, Plan
from byline.preview import words
from byline.preview.markup import asset, day, esc, host, money, policy, web
from byline.preview.mock import mock
from byline.preview.pictures import Pictures
from byline.preview.shown import Shown, after, capabilities, shown, span_of
from byline.settings import Settings

Theme = Literal["auto", "light", "dark"]
_TONES = ("bad", "person", "go", "wait", "done", "off")
_ROUND = {
    "go": "ready to go out",
    "wait": "later",
    "person": "for a person",
    "bad": "kept back or refused",
    "done": "already out",
    "off": "not sent",
}


def page(
    plan: Plan,
    posts: Sequence[Post],
    authors: Mapping[str, Author],
    settings: Settings,
    *,
    problems: Sequence[Problem] = (),
    theme: Theme = "auto",
) -> str:
    """The whole page as one file: no request, no script, every value escaped.

    `posts` are those to show, in this order, drafts as drafts; the plan may hold more. `problems` are all that is
    known to be wrong: those of a shown post stand beside it, those of settings and unreadable files on top.
    """
    drawing = _Page(plan, posts, authors, settings, tuple(dict.fromkeys((*problems, *plan.problems))), theme)
    return drawing.whole()


class _Page:
    def __init__(
        self,
        plan: Plan,
        posts: Sequence[Post],
        authors: Mapping[str, Author],
        settings: Settings,
        problems: tuple[Problem, ...],
        theme: Theme,
    ) -> None:
        self.plan = plan
        self.posts = posts
        self.authors = authors
        self.settings = settings
        self.problems = problems
        self.theme = theme
        self.pictures = Pictures()
        self.now = plan.now.astimezone(settings.zone)
        paths = {post.path for post in posts}
        self.elsewhere = tuple(problem for problem in problems if problem.file not in paths)
        self.titles = {post.id: post.title for post in posts}
        self.labels: dict[str, str] = {}
        by_path = {post.path: post for post in posts}
        self.items: dict[str, list[Shown]] = {post.path: [] for post in posts}
        for delivery in plan.deliveries:
            if delivery.path in by_path:
                self.items[delivery.path].append(self._shown(delivery, by_path[delivery.path]))

    def _shown(self, delivery: Delivery, post: Post) -> Shown:
        caps = capabilities(delivery.channel)
        self.labels[links.sources(delivery.channel)] = caps.label if caps else delivery.channel
        keys = (f"share.{delivery.channel}", f"share.again.{delivery.number - 2}.{delivery.channel}")
        wanted = keys[1] if delivery.number > 1 else keys[0]
        found = [
            problem
            for problem in self.problems
            if problem.file == post.path
            and (problem.key == wanted or problem.key.startswith(f"{wanted}."))
            and _concerns(problem, wanted, delivery)
        ]
        return shown(delivery, post, self.settings, self.authors, found, self.plan.now)

    def whole(self) -> str:
        body = "\n".join(self._post(post) for post in self.posts)
        if not self.posts:
            body = '<p class="empty">There is no post to show.</p>'
        brand = self.settings.brand
        name = brand.name or self.settings.site_name
        top = self._top(name)
        style = asset("page.css") + asset("mock.css") + asset("preview.css")
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="{esc(policy())}">
<title>Preview: {esc(self.posts[0].title if len(self.posts) == 1 else name)}</title>
<style>
:root{{--brand:{_colour(brand.primary)}}}
{style}
{self.pictures.css()}
</style>
</head>
<body>
{top}
<main>
{self._notes(self.elsewhere, "Elsewhere")}
{body}
</main>
<footer>
<p>Words, links, cards, times, lengths and costs are exactly those that will be sent. The frames around them are
drawn after each network; networks change theirs, and folds depend on the reader's screen.</p>
<p>Links on this page lead nowhere on purpose: a click would count as a visit that the post brought.</p>
</footer>
</body>
</html>
"""

    def _top(self, name: str) -> str:
        everything = [item for post in self.posts for item in self.items[post.path]]
        chips = []
        for tone in _TONES:
            count = sum(item.standing.tone == tone for item in everything)
            if count:
                chips.append(f'<li class="{tone}"><b>{count}</b> {_ROUND[tone]}</li>')
        costs: dict[str, Decimal] = {}
        for item in everything:
            if item.standing.tone in ("go", "wait"):
                costs[item.delivery.currency] = (
                    costs.get(item.delivery.currency, Decimal(0)) + item.delivery.cost
                )
        paid = " and ".join(money(amount, currency) for currency, amount in sorted(costs.items()) if amount)
        chips.append(f"<li>costs <b>{esc(paid or 'nothing')}</b></li>")
        checked = {name: " checked" if name == self.theme else "" for name in ("auto", "light", "dark")}
        posts = f"{len(self.posts)} post{'' if len(self.posts) == 1 else 's'}"
        return f"""<header class="top"><div class="wide">
<div class="title"><p class="owner">{esc(name)}</p><h1>Preview of {posts}</h1>
<p class="soft">As of {day(self.now)} ({esc(self.settings.zone.key)}). Nothing has been sent to make this page.</p></div>
<ul class="chips">{"".join(chips)}</ul>
<form class="set" aria-label="How this page shows the posts">
<fieldset><legend>Light</legend>
<label><input type="radio" name="theme" id="t-auto"{checked["auto"]}><span>as here</span></label>
<label><input type="radio" name="theme" id="t-light"{checked["light"]}><span>light</span></label>
<label><input type="radio" name="theme" id="t-dark"{checked["dark"]}><span>dark</span></label></fieldset>
<fieldset><legend>Screen</legend>
<label><input type="radio" name="screen" id="s-wide" checked><span>desk</span></label>
<label><input type="radio" name="screen" id="s-phone"><span>phone</span></label></fieldset>
<fieldset><legend>Folds</legend>
<label><input type="radio" name="folds" id="f-open" checked><span>open</span></label>
<label><input type="radio" name="folds" id="f-shut"><span>as first seen</span></label></fieldset>
</form>
</div></header>"""

    def _post(self, post: Post) -> str:
        names = ", ".join(
            self.authors[author].name if author in self.authors else author for author in post.authors
        )
        campaign = self.settings.campaigns.get(post.campaign)
        when = post.published.astimezone(self.settings.zone)
        future = post.published > self.plan.now
        public = f"public from {day(when)}" if future else f"dated {when:%a} {when.day} {when:%b %Y}"
        facts = [
            f"<code>{esc(post.path)}</code>",
            esc(f"by {names}") if names else "",
            esc(public),
            esc(f"campaign {campaign.name}") if campaign else "",
            esc(", ".join(self.settings.audiences.get(word, word) for word in post.audience)),
        ]
        badge = '<span class="badge">Draft</span>' if post.draft else ""
        badge += '<span class="badge">Not public yet</span>' if future and not post.draft else ""
        own = [problem for problem in self.problems if problem.file == post.path]
        items = self.items[post.path]
        if items:
            shows = "\n".join(self._delivery(item) for item in items)
        else:
            off = post.share is not None and post.share.off
            shows = '<p class="empty">' + (
                "This post goes to the site and the feeds only: <code>share: false</code>.</p>"
                if off
                else "This post goes to no network. The site and the feeds carry it.</p>"
            )
        return f"""<article class="post">
<header><h2 dir="auto">{esc(post.title)} {badge}</h2>
<p class="soft">{" · ".join(fact for fact in facts if fact)}</p></header>
{self._notes(own, "To mend")}
{self._site(post)}
{shows}
</article>"""

    def _site(self, post: Post) -> str:
        """The page itself, as a search engine lists it, and the card that the networks find on it."""
        picture = cards.picture(post, self.settings, self.authors)
        address = links.canonical(self.settings.site_url, post.url)
        path = " › ".join((host(address), *(part for part in post.url.split("/") if part)))
        told = post.description or post.excerpt
        drawn = "drawn from the title" if picture.drawn else f"from {post.image}"
        return f"""<section class="delivery own-site"><div class="shot"><div class="found">
<span class="path">{esc(path)}</span><span class="head" dir="auto">{esc(post.title)}</span>
<p dir="auto">{esc(told)}</p></div></div>
<div class="facts"><h3>On your site and in searches</h3>
<dl><div><dt>Address</dt><dd class="url">{esc(address)}</dd></div>
<div><dt>Card</dt><dd>{esc(drawn)}; read out as “{esc(picture.alt)}”
<div class="thumb">{self.pictures.show(picture)}</div></dd></div></dl></div></section>"""

    def _delivery(self, item: Shown) -> str:
        delivery, state = item.delivery, item.standing
        when = delivery.due.astimezone(self.settings.zone) if delivery.due else None
        drawn = mock(item, self.pictures, f"{when.day} {when:%b}" if when else "")
        again = span_of(delivery.number)
        title = f"{esc(item.label)} <span>{esc(delivery.account)}{esc(f', {again}' if again else '')}</span>"
        detail = f'<p class="why">{_code(state.detail)}</p>' if state.detail and not item.problems else ""
        url = web(delivery.url)
        out = f'<p><a href="{url}" rel="noreferrer">See it on {esc(item.label)}</a></p>' if url else ""
        return f"""<section class="delivery {state.tone}" id="{esc(delivery.id)}">
<div class="shot">{drawn}</div>
<div class="facts"><h3 style="--net:{esc(item.look.colour)};--net-dark:{esc(item.look.colour_dark)}">{title}</h3>
<p class="state">{_code(state.words)}</p>{detail}{out}
{self._notes(item.problems, "")}
<dl>{self._time(item)}{_length(item)}{_cut(item)}{_told(item)}{_from(item)}{self._link(item)}{_card(item)}{_picture(item)}
<div><dt>Costs</dt><dd>{esc(money(delivery.cost, delivery.currency))}</dd></div>
<div><dt>Id</dt><dd><code>{esc(delivery.id)}</code></dd></div></dl></div></section>"""

    def _time(self, item: Shown) -> str:
        delivery = item.delivery
        if item.standing.tone == "done":
            return ""
        if delivery.due is None:
            wait = after(delivery)
            return f"<div><dt>Time</dt><dd>{esc(wait)} after the first one is out</dd></div>" if wait else ""
        told = day(delivery.due.astimezone(self.settings.zone))
        named = delivery.telling is not None and delivery.telling.explicit
        waits = delivery.state in ("due", "later") and delivery.number == 1 and not named
        note = ", as soon as the page is live" if waits else ""
        return (
            f"<div><dt>Time</dt><dd>{esc(told)} <span>{esc(self.settings.zone.key + note)}</span></dd></div>"
        )

    def _link(self, item: Shown) -> str:
        if not item.delivery.link:
            return ""
        told = words.explain(
            item.delivery.link, labels=self.labels, campaigns=self.settings.campaigns, titles=self.titles
        )
        rows = "".join(
            f"<li>{esc(about)} <b>{esc(value)}</b> <code>{esc(raw)}</code></li>"
            for about, value, raw in told.tags
        )
        own = f"<li>keeps <code>{esc(' '.join(told.own))}</code></li>" if told.own else ""
        note = " (not this post)" if item.foreign else ""
        return (
            f'<div><dt>Link</dt><dd>leads to <span class="url">{esc(told.leads_to)}</span>{note}'
            f'<ul class="tags">{rows}{own}</ul></dd></div>'
        )

    def _notes(self, problems: Sequence[Problem], title: str) -> str:
        if not problems:
            return ""
        rows = "".join(
            f'<li class="{esc(problem.severity)}"><code>{esc(_place(problem))}</code> {_code(problem.message)}'
            f'<span class="fix">{_code(problem.fix)}</span></li>'
            for problem in sorted(problems, key=lambda item: (item.severity, item.file, item.line))
        )
        head = f"<h3>{esc(title)}</h3>" if title else ""
        return f'<div class="notes">{head}<ul>{rows}</ul></div>'


def _concerns(problem: Problem, wanted: str, delivery: Delivery) -> bool:
    """A problem of another account of the same network is that account's."""
    rest = problem.key.removeprefix(wanted).removeprefix(".")
    if rest.startswith("accounts."):
        return rest.split(".")[1] == delivery.account
    telling = delivery.telling
    return problem.code != "does-not-fit" or telling is None or problem.line == telling.line


def _length(item: Shown) -> str:
    if not item.used or not item.limit:
        return ""
    rows = []
    for number, used in enumerate(item.used, 1):
        share = min(100, round(used * 100 / item.limit))
        state = "over" if used > item.limit else "near" if used * 20 > item.limit * 19 else ""
        name = f"{number} of {len(item.used)}: " if len(item.used) > 1 else ""
        rows.append(
            f'<div class="bar {state}"><span style="width:{share}%"></span></div>'
            f"{name}<b>{used:,}</b> of {item.limit:,} {esc(item.unit)}"
        )
    return f"<div><dt>Length</dt><dd>{''.join(f'<div>{row}</div>' for row in rows)}</dd></div>"


def _told(item: Shown) -> str:
    """Whom the words will call, and what a person should know before they go out."""
    message = item.delivery.message
    if message is None or item.standing.tone == "done":
        return ""
    rows = ""
    if message.mentions:
        names = ", ".join(esc(name) for name in message.mentions)
        rows += f'<div><dt>Mentions</dt><dd dir="auto">{names}, who will be told so</dd></div>'
    return rows + "".join(
        f'<div><dt>Note</dt><dd dir="auto">{esc(text)}</dd></div>' for text in message.warnings
    )


def _cut(item: Shown) -> str:
    if not item.cut:
        return ""
    return (
        f'<div class="lost"><dt>Left out</dt><dd dir="auto">{esc(item.cut)}'
        f'<span class="fix">To choose the words yourself, write them under <code>share: {esc(item.delivery.channel)}:'
        "</code>.</span></dd></div>"
    )


def _from(item: Shown) -> str:
    return f"<div><dt>Words</dt><dd>{esc(item.words_from)}</dd></div>" if item.words_from else ""


def _card(item: Shown) -> str:
    if item.card is None:
        return ""
    made = (
        "sent along with the post"
        if item.client_card
        else f"{item.label} reads it from the live page, which is looked at before anything is sent"
    )
    return f"<div><dt>Card</dt><dd>{esc(made)}</dd></div>"


def _picture(item: Shown) -> str:
    if item.image is None:
        return ""
    told = f"read out as “{item.image.alt}”" if item.image.alt else "has no words for those who cannot see it"
    return f"<div><dt>Picture</dt><dd>{esc(told)}</dd></div>"


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}" if problem.line else problem.file


def _code(text: str) -> str:
    """Escaped, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", esc(text))


def _colour(value: str) -> str:
    return value if re.fullmatch(r"#[0-9A-Fa-f]{6}", value) else "#1f4e79"
