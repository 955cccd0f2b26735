"""The demo's networks: fakes that know a company's own accounts, and what stands in their timelines."""

from __future__ import annotations

import contextlib
import hashlib
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from byline.model import Author
from byline.settings import Account, Settings
from byline.testing import twitter
from byline.testing.linkedin import LinkedIn
from byline.testing.server import Fake, Posted, PostedCard, PostedImage
from byline.testing.timeline import Shown, ShownCard
from byline.testing.twitter import Twitter
from byline.testing.visitors import VisitFailed, fetch
from byline.testing.world import Seen
from byline.times import Clock

# How an account is named to a network, for one that has no such name yet.
IDS = {"linkedin": ("urn", "urn:li:person:{}")}
LIFE = timedelta(days=3650)  # of a made-up token: longer than any demo's story


@dataclass(kw_only=True)
class Network:
    """One network of the demo. `environment` holds the made-up secrets that its fake accepts."""

    name: str
    colour: str
    fake: Fake
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name a person knows."""
        return self.fake.label

    def heads(self) -> list[Posted]:
        """What stands there, oldest first; a thread counts as its first post."""
        return [post for post in self.fake.posts if not post.reply_to]

    def seen(self) -> list[Seen]:
        """The posts that lead somewhere, with the link that a click on them follows."""
        found = []
        for post in self.heads():
            link = self._link(post)
            if link:
                personal = ":person:" in post.author
                found.append(Seen(id=post.id, channel=self.name, personal=personal, at=post.at, link=link))
        return found

    def _link(self, post: Posted) -> str:
        """LinkedIn: the article's source. Twitter: what the network tells its t.co link stands for."""
        if isinstance(self.fake, Twitter):
            urls = twitter.shorten(post)["urls"]
            return str(urls[0]["expanded_url"]) if urls else ""
        return post.card.link if post.card else post.link

    def shown(self, folder: Path, zone: ZoneInfo) -> list[Shown]:
        """What readers in that zone see; pictures are written into the folder's `pictures`."""
        parts: dict[str, list[Posted]] = {}
        heads: dict[str, str] = {}
        for post in self.fake.posts:
            head = heads.get(post.reply_to, post.reply_to) or post.id
            heads[post.id] = head
            parts.setdefault(head, []).append(post)
        return [self._shown(posts, folder, zone) for posts in parts.values()]

    def _shown(self, posts: list[Posted], folder: Path, zone: ZoneInfo) -> Shown:
        head = posts[0]
        if isinstance(self.fake, Twitter):
            user = next((user for user in self.fake.users.values() if user.id == head.author), None)
            handle = f"@{user.username}" if user else ""
        else:
            handle = "Person" if ":person:" in head.author else "Company page"
        card = next((post.card for post in posts if post.card), None)
        return Shown(
            account=head.name,
            handle=handle,
            at=head.at.astimezone(zone),
            parts=tuple(post.text for post in posts),
            card=_card(card, folder) if card else None,
        )


def start(stack: contextlib.ExitStack, clock: Clock) -> tuple[Network, ...]:
    """Start a fake of each network that the demo knows; the stack stops them again."""
    linkedin, x = LinkedIn(clock), Twitter(clock, scrape=scrape)
    for fake in (linkedin, x):
        stack.enter_context(fake)
    return (
        Network(name="linkedin", colour="#0a66c2", fake=linkedin),
        Network(name="twitter", colour="#0f6fb5", fake=x),
    )


def sign_in(network: Network, settings: Settings, authors: Mapping[str, Author]) -> None:
    """Let the company's accounts into the fake, each with secrets of its own."""
    company = settings.brand.name or settings.site_name
    for account in settings.channels[network.name].accounts.values():
        author = authors.get(account.name)
        name = author.name if author else company
        if isinstance(network.fake, LinkedIn):
            _linkedin(network, network.fake, account, name, company)
        elif isinstance(network.fake, Twitter):
            _twitter(network, network.fake, account, name)


def _linkedin(network: Network, fake: LinkedIn, account: Account, name: str, company: str) -> None:
    token = f"demo-linkedin-{account.name}"
    kind, _, number = account.option("urn").removeprefix("urn:li:").partition(":")
    network.environment[f"LINKEDIN_ACCESS_TOKEN__{account.name.upper()}"] = token
    page = kind == "organization"
    fake.allow(
        token,
        person=f"of{account.name}" if page else number,
        name=name,
        organizations={number: company} if page else None,
        life=LIFE,
    )


def _twitter(network: Network, fake: Twitter, account: Account, name: str) -> None:
    secrets = {
        key: f"demo-{key.lower().replace('_', '-')}-{account.name}"
        for key in (
            "TWITTER_CONSUMER_KEY",
            "TWITTER_CONSUMER_SECRET",
            "TWITTER_ACCESS_TOKEN",
            "TWITTER_ACCESS_TOKEN_SECRET",
        )
    }
    number = str(2_244_994_945 + len(fake.users))
    fake.allow(*secrets.values(), username=account.name, name=name, user_id=number)
    network.environment |= {f"{key}__{account.name.upper()}": value for key, value in secrets.items()}


def scrape(link: str) -> PostedCard | None:
    """The card of a page as a network reads it: from the tags in its head. None when there are none."""
    try:
        page = fetch(link)
    except VisitFailed:
        return None
    title = page.meta.get("twitter:title") or page.meta.get("og:title", "")
    if not title or "twitter:card" not in page.meta:
        return None
    return PostedCard(
        link=link,
        title=title,
        description=page.meta.get("twitter:description") or page.meta.get("og:description", ""),
        image_url=page.meta.get("twitter:image") or page.meta.get("og:image", ""),
    )


def _card(card: PostedCard, folder: Path) -> ShownCard:
    image, alt = "", ""
    picture = card.image or _picture(card.image_url)
    if picture:
        ending = picture.mime.partition("/")[2].partition("+")[0].replace("jpeg", "jpg")
        image = f"pictures/{hashlib.sha256(picture.data).hexdigest()[:12]}.{ending}"
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        (folder / image).write_bytes(picture.data)
        alt = picture.alt
    host = urlsplit(card.link).hostname or ""
    return ShownCard(
        link=card.link, title=card.title, description=card.description, host=host, image=image, alt=alt
    )


def _picture(url: str) -> PostedImage | None:
    """The picture that a page names for its card, as a network fetches it; None when it cannot be had."""
    if not url:
        return None
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return PostedImage(data=answer.read(), mime=answer.headers.get_content_type())
    except OSError:
        return None
