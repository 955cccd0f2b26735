"""One mail about several posts: which posts it holds, its words, and its way out, once.

A digest is a delivery of its own, `digest20261124.newsletter.acme`, with its own line in the sending history; `path`
of that line lists its posts, so that no post is told twice by the same account. What kept one from going out does not
start another: the next run takes the same one up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from byline import cards, content, gate, links, registry, settling, sharing
from byline.delivering import Carried, Carrier, Crash, no_crash
from byline.errors import Stopped, UsageError
from byline.ledger.base import Intent, Ledger, Record, Snapshot
from byline.ledger.runs import new_run
from byline.model import Card, Draft, Message, Post, Story
from byline.settings import Account, Settings
from byline.times import Clock

if TYPE_CHECKING:
    from byline.channels.base import Channel
    from byline.content import Content
    from byline.http import Http

HOLDS = "digest of "
USUALLY = timedelta(days=30)  # so far back the first digest of all looks
_LETTERS = "abcdefgh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one digest holds, the newest post first. `expected` is the version of what is known of it already."""

    id: str
    account: Account
    posts: tuple[Post, ...]
    since: datetime
    message: Message
    problems: tuple[str, ...]
    expected: int = 0


def accounts(settings: Settings) -> tuple[Account, ...]:
    """The accounts that send mails, in the order of the settings."""
    return tuple(
        account
        for block in settings.channels.values()
        if registry.channel(block.name).caps.story
        for account in block.accounts.values()
        if account.mode == "api"
    )


def account_of(settings: Settings, name: str) -> Account:
    """The account that is meant by `newsletter` or `newsletter.acme`; without a name the first one."""
    found = accounts(settings)
    if not found:
        raise UsageError(
            "no newsletter is set up", hint="add `newsletter:` with an account under `channels` in mkdocs.yml"
        )
    if not name:
        return found[0]
    channel, _, own = name.partition(".")
    for account in found:
        if account.channel == registry.canonical_name(channel) and own in ("", account.name):
            return account
    raise UsageError(
        f"there is no newsletter `{name}`",
        hint=f"there are {', '.join(f'{one.channel}.{one.name}' for one in found)}",
    )


def earlier(history: Snapshot, account: Account) -> tuple[Record, ...]:
    """The digests of this account in the sending history, the oldest first."""
    found = [
        record
        for record in history.records.values()
        if (record.intent.channel, record.intent.account) == (account.channel, account.name)
        and record.intent.path.startswith(HOLDS)
    ]
    return tuple(sorted(found, key=lambda record: (record.intent.due or record.updated, record.id)))


def choose(
    read: Content,
    settings: Settings,
    history: Snapshot,
    account: Account,
    driver: Channel,
    now: datetime,
    *,
    since: datetime | None = None,
    subject: str = "",
    words: str = "",
) -> Digest | None:
    """The digest that is due: public posts since the last one that no digest of the account told; None without any."""
    before = earlier(history, account)
    told = {post for record in before if record.state in ("sent", "retracted") for post in _posts_of(record)}
    told |= {  # and what went out in a mail of its own
        record.intent.post
        for record in history.records.values()
        if (record.intent.channel, record.intent.account) == (account.channel, account.name)
        and record.state in ("sent", "sending", "unknown")
    }
    open_ones = [record for record in before if record.state in ("due", "failed")]
    ends = [record.intent.due for record in before if record.state == "sent" and record.intent.due]
    begin = since or (
        max(ends) - timedelta(days=7) if ends else now - USUALLY
    )  # a post may be merged days later
    posts = tuple(
        sorted(
            (
                post
                for post in content.public(read, now)
                if post.id and post.id not in told and post.published > begin
            ),
            key=lambda post: (post.published, post.id),
            reverse=True,
        )
    )
    if not posts:
        return None
    known = open_ones[-1] if open_ones else None
    identity = known.intent.post if known else _fresh(before, now.astimezone(settings.zone))
    delivery = sharing.delivery_id(identity, account.channel, account.name)
    shown = tuple(_card(post, settings, read, account) for post in posts)
    message, problems = driver.compose(_draft(delivery, shown, settings, account, subject, words))
    return Digest(
        id=delivery, account=account, posts=posts, since=begin, message=message, problems=problems,
        expected=known.version if known else 0,
    )  # fmt: skip


def unclear(history: Snapshot, account: Account) -> tuple[Record, ...]:
    """Digests of the account that may be out, or of which somebody may have got theirs."""
    return tuple(record for record in earlier(history, account) if record.uncertain)


def settle(
    records: Iterable[Record],
    settings: Settings,
    ledger: Ledger,
    drivers: Callable[[Account], Channel],
    clock: Clock,
    *,
    patient: bool,
    progress: Callable[[str], None],
) -> tuple[Carried, ...]:
    """Go on with digests that a run left open."""
    carrier = Carrier(ledger=ledger, clock=clock, run=new_run())
    settler = settling.Settler(settings=settings, carrier=carrier, drivers=drivers, progress=progress)
    done = settler.settle(settling.uncertain(tuple(records)), patient=patient)
    ledger.flush()
    return done


def send(
    digest: Digest,
    read: Content,
    settings: Settings,
    ledger: Ledger,
    driver: Channel,
    http: Http,
    clock: Clock,
    *,
    patient: bool = True,
    progress: Callable[[str], None] = lambda _text: None,
    crash: Crash = no_crash,
) -> Carried:
    """Send it, once. Every page that it leads to must be live first; raises Stopped when one is not."""
    pages = [(post, cards.picture(post, settings, read.authors)) for post in digest.posts]
    for post, look in gate.wait(
        pages, settings.site_url, settings.live_gate, http, clock, patient=patient, progress=progress
    ):
        if not look.ok:
            raise Stopped(
                f"nothing was sent: the page of {post.path} is not live: {look.reason}",
                hint="build and deploy the site, then send again",
            )
    carrier = Carrier(ledger=ledger, clock=clock, run=new_run(), crash=crash)
    carried = carrier.deliver(_intent(digest, clock.now()), digest.message, driver, expected=digest.expected)
    ledger.flush()
    return carried


def _posts_of(record: Record) -> Sequence[str]:
    return record.intent.path.removeprefix(HOLDS).split(", ")


def _fresh(before: Sequence[Record], today: datetime) -> str:
    """`digest20261124`; for a second one of the day with a letter."""
    used = {record.intent.post for record in before}
    base = f"digest{today:%Y%m%d}"
    for name in (base, *(base + letter for letter in _LETTERS)):
        if name not in used:
            return name
    raise UsageError("so many digests went out today", hint="send the next one tomorrow")


def _card(post: Post, settings: Settings, read: Content, account: Account) -> Card:
    """A post in the digest; its link counts for the post."""
    link = links.delivery_link(
        settings.site_url, post, account.channel, sharing.delivery_id(post.id, account.channel, account.name)
    )
    return cards.card(post, settings, read.authors, link)


def _draft(
    delivery: str, shown: tuple[Card, ...], settings: Settings, account: Account, subject: str, words: str
) -> Draft:
    brand = settings.brand
    site = brand.name or settings.site_name
    more = len(shown) - 1
    title = subject or f"{site}: {shown[0].title}" + (f" and {more} more" if more else "")
    link = links.tagged(
        settings.site_url,
        source=links.sources(account.channel),
        medium="email",
        campaign=links.slug(delivery.partition(".")[0]),
        content=delivery,
    )
    return Draft(
        texts=(words or brand.claim or settings.site_description or site,),
        written=True,
        link=link,
        card=Card(
            url=link,
            title=title,
            description=" · ".join(card.title for card in shown),
            picture=shown[0].picture,
        ),
        language=settings.language,
        story=Story(
            body="", url=settings.site_url, folder="", site=site, site_url=settings.site_url, primary=brand.primary,
            logo=links.canonical(settings.site_url, brand.logo) if brand.logo else "", cards=shown,
        ),
    )  # fmt: skip


def _intent(digest: Digest, now: datetime) -> Intent:
    identity = digest.id.partition(".")[0]
    card = digest.message.card
    return Intent(
        id=digest.id,
        post=identity,
        channel=digest.account.channel,
        account=digest.account.name,
        title=card.title if card else "",
        path=HOLDS + ", ".join(post.id for post in digest.posts),
        due=now,
        text=digest.message.parts,
        link=digest.message.link,
        card=card.picture.url if card else "",
    )
