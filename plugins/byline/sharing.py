"""What a post tells, where, in whose name, when: the rules over `share`. Pure.

Each value comes from the narrowest level that has one: network default < site < post < network < account. A
telling remembers which level that was, so that `plan` can say it. Words that a person wrote for a network are
kept as they are; without any, the description (else the excerpt) is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from byline import links, registry
from byline.errors import Problem
from byline.fields import did_you_mean
from byline.model import Author, Draft, NetworkShare, Post, Share, Story
from byline.settings import Account, ChannelSettings, Settings

if TYPE_CHECKING:
    from byline.model import Card

PLACEHOLDERS = ("title", "description", "link", "author")
_NOTHING = NetworkShare()
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")
# Networks that a post may switch off although this site, or this version, has no account there.
_ALSO_KNOWN = ("linkedin", "twitter", "facebook", "mastodon", "bluesky", "threads")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One post told once by one account; what becomes a delivery.

    `texts` have their placeholders filled; `written` tells that a person wrote them for this network. `link` is
    the tagged link. `due` is aware, None for a repeat: it comes `after` the account's first one is out.
    `explicit` tells that a person named the hour. `origin` maps text, at, link, image and as to the level they came from:
    `default`, `site`, `post`, `network` or `account`. `image` is relative to docs_dir and empty unless given for
    this network.
    """

    id: str
    post_id: str
    channel: str
    account: Account
    number: int
    texts: tuple[str, ...]
    written: bool
    link: str
    due: datetime | None
    after: timedelta | None = None
    explicit: bool = False
    image: str = ""
    image_alt: str = ""
    origin: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    line: int = 0

    @property
    def declared(self) -> str:
        """The time as the author declared it, whatever has happened since."""
        if self.after is not None:
            return f"after {int(self.after.total_seconds())}"
        return self.due.isoformat() if self.due else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tellings:
    """Everything one post tells, first ones before repeats, and every mistake in its `share` section."""

    items: tuple[Telling, ...]
    problems: tuple[Problem, ...]


def delivery_id(post_id: str, channel: str, account: str, number: int = 1) -> str:
    """`hp7.linkedin.company`, and `hp7.linkedin.company.2` for the first repeat."""
    return f"{post_id}.{channel}.{account}" + (f".{number}" if number > 1 else "")


def tellings(post: Post, settings: Settings, authors: Mapping[str, Author]) -> Tellings:
    """Every telling of the post, drafts too.

    A telling that cannot be made out is left out, never the others; one whose words are wrong stays, with the words
    as they were written. Nothing of a post with a problem may be sent.
    """
    if post.share is not None and post.share.off:
        return Tellings(items=(), problems=())
    return _Reader(post, settings, authors).read()


def with_hands(post: Post, settings: Settings) -> Post:
    """The post as if it were told by everybody who shares by hand too: all manual accounts of the settings.

    A network that the post switches off stays off, and so does an account that it switches off.
    """
    share = post.share or Share()
    if share.off:
        return post
    networks = dict(share.networks)
    for name, block in settings.channels.items():
        written = networks.get(name, _NOTHING)
        hands = [account.name for account in block.accounts.values() if account.mode == "manual"]
        if hands and not written.off:
            names = dict.fromkeys((*(written.as_ or (block.default.name,)), *hands))
            networks[name] = replace(written, as_=tuple(names))
    return replace(post, share=replace(share, networks=MappingProxyType(networks)))


def draft(telling: Telling, post: Post, settings: Settings, card: Card) -> Draft:
    """What the network's driver composes the message from."""
    image = None
    if telling.image:
        from byline.cards import file_picture

        image = file_picture(settings.docs / telling.image, telling.image_alt)
    story = _story(post, settings) if registry.channel(telling.channel).caps.story else None
    if (
        image is not None and story is not None
    ):  # a letter shows it from the site, where every file of docs_dir is
        image = replace(image, url=links.canonical(settings.site_url, telling.image))
    return Draft(
        texts=telling.texts,
        written=telling.written,
        link=telling.link,
        card=card,
        image=image,
        language=settings.language,
        story=story,
    )


def _story(post: Post, settings: Settings) -> Story:
    """The post itself, for a channel that carries it."""
    brand = settings.brand
    return Story(
        body=post.body,
        url=links.canonical(settings.site_url, post.url),
        folder=post.src_uri.rpartition("/")[0],
        site=brand.name or settings.site_name,
        site_url=settings.site_url,
        primary=brand.primary,
        logo=links.canonical(settings.site_url, brand.logo) if brand.logo else "",
    )


def fill(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text with its placeholders filled, and each one that is wrong: its name, or a lone brace."""
    wrong: list[str] = []
    if "{" not in text and "}" not in text:
        return text, ()

    def one(match: re.Match[str]) -> str:
        whole, name = match[0], match[1]
        if whole in ("{{", "}}"):
            return whole[0]
        if name is None:
            wrong.append(whole)
            return whole
        if name.strip() not in values:
            wrong.append(name)
            return whole
        return values[name.strip()]

    return _PIECE.sub(one, text), tuple(wrong)


class _Reader:
    def __init__(self, post: Post, settings: Settings, authors: Mapping[str, Author]) -> None:
        self.post = post
        self.settings = settings
        self.problems: list[Problem] = []
        self.items: list[Telling] = []
        names = [authors[name].name if name in authors else name for name in post.authors]
        self.values = {
            "title": post.title,
            "description": post.description or post.excerpt,
            "link": "",
            "author": " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:]))),
        }
        self.share: Mapping[str, NetworkShare] = post.share.networks if post.share else {}

    def read(self) -> Tellings:
        self._known(self.share, "share")
        for channel in self._networks():
            self._first(channel, self.share.get(channel, _NOTHING))
        first = {(item.channel, item.account.name): item for item in self.items}
        for index, entry in enumerate(self.post.share.again if self.post.share else ()):
            self._known(entry.networks, f"share.again.{index}")
            for channel, written in entry.networks.items():
                if channel in self.settings.channels:
                    self._again(index, entry.after, channel, written, first)
        self._repeated()
        return Tellings(items=tuple(self.items), problems=tuple(self.problems))

    def _networks(self) -> tuple[str, ...]:
        """The defaults and those named, in the order of the settings, without those switched off."""
        return tuple(
            name
            for name in self.settings.channels
            if (name in self.share and not self.share[name].off)
            or (name not in self.share and name in self.settings.share_by_default)
        )

    def _known(self, written: Mapping[str, NetworkShare], path: str) -> None:
        for name, share in written.items():
            if name in self.settings.channels:
                continue
            known = {*self.settings.channels, *registry.channels(), *_ALSO_KNOWN}
            if name not in known:
                meant = did_you_mean(name, known)
                self._problem(
                    f"{path}.{name}",
                    share.line,
                    "unknown-network",
                    f"`{name}` is not a network",
                    f"did you mean `{meant}`?"
                    if meant
                    else f"use one of {', '.join(self.settings.channels) or 'those under `channels` in the settings'}",
                )
            elif not share.off:
                self._problem(
                    f"{path}.{name}",
                    share.line,
                    "network-not-set-up",
                    f"this site has no account on {name}, so nothing can be sent there",
                    f"add `{name}:` with an account under `channels` in {self.settings.file_name}, or delete the line",
                )

    def _first(self, channel: str, written: NetworkShare) -> None:
        block = self.settings.channels[channel]
        path = f"share.{channel}"
        for account, own in self._accounts(block, written, path):
            due, level = self._due(written, own)
            self._add(
                account, own, written, path, number=1, due=due, explicit=level != "default", at_level=level
            )

    def _again(
        self,
        index: int,
        after: timedelta,
        channel: str,
        written: NetworkShare,
        first: Mapping[tuple[str, str], Telling],
    ) -> None:
        path = f"share.again.{index}.{channel}"
        if written.off:
            return
        block = self.settings.channels[channel]
        if written.at is not None or any(own.at for own in written.accounts.values()):
            self._problem(
                f"{path}.at",
                written.line,
                "repeat-hour",
                "a repeat goes out so long `after` the first one; `at` has no meaning here",
                "delete the `at` line, or change `after`",
            )
        if written.as_ or written.accounts:
            chosen = self._accounts(block, written, path)
        else:
            chosen = [(item.account, _NOTHING) for (name, _), item in first.items() if name == channel] or [
                (block.default, _NOTHING)
            ]
        for account, own in chosen:
            if (channel, account.name) not in first:
                self._problem(
                    path,
                    written.line,
                    "repeat-without-first",
                    f"{account.name} on {channel} has no first telling of this post, so there is nothing to repeat",
                    f"add `{channel}` under `share` for that account, or delete this repeat",
                )
            elif not (own.texts or written.texts):
                self._problem(
                    path,
                    written.line,
                    "repeat-without-words",
                    "a repeat needs words of its own: the same words twice look like a machine",
                    f"write `{channel}: …` with other words",
                )
            else:
                self._add(account, own, written, path, number=index + 2, due=None, after=after)

    def _accounts(
        self, block: ChannelSettings, written: NetworkShare, path: str
    ) -> list[tuple[Account, NetworkShare]]:
        chosen: list[tuple[Account, NetworkShare]] = []
        names = tuple(dict.fromkeys(written.as_)) or (block.default.name,)
        for name in names:
            account = block.accounts.get(name)
            if account is None:
                self._unknown_account(block, name, f"{path}.as", written.line)
            elif not (own := written.accounts.get(name, _NOTHING)).off:
                chosen.append((account, own))
        for name, own in written.accounts.items():
            if name not in block.accounts:
                self._unknown_account(block, name, f"{path}.accounts.{name}", own.line or written.line)
            elif name not in names and not own.off:
                self._problem(
                    f"{path}.accounts.{name}",
                    own.line or written.line,
                    "account-not-used",
                    f"`{name}` has its own words or hour here, but only {', '.join(names)} would post",
                    f"write `as: [{', '.join((*names, name))}]`, or delete `{name}`",
                )
        return chosen

    def _unknown_account(self, block: ChannelSettings, name: str, key: str, line: int) -> None:
        meant = did_you_mean(name, block.accounts)
        self._problem(
            key,
            line,
            "unknown-account",
            f"`{name}` is not an account of {block.name}; there are {', '.join(block.accounts)}",
            f"did you mean `{meant}`?"
            if meant
            else f"use one of them, or add `{name}` in {self.settings.file_name}",
        )

    def _due(self, written: NetworkShare, own: NetworkShare) -> tuple[datetime, str]:
        share_at = self.post.share.at if self.post.share else None
        for level, moment in (("account", own.at), ("network", written.at), ("post", share_at)):
            if moment is not None:
                return moment, level
        return self.post.published, "default"

    def _add(
        self,
        account: Account,
        own: NetworkShare,
        written: NetworkShare,
        path: str,
        *,
        number: int,
        due: datetime | None,
        after: timedelta | None = None,
        explicit: bool = False,
        at_level: str = "network",
    ) -> None:
        own_path = f"{path}.accounts.{account.name}"
        origin = {"at": at_level, "as": "network" if written.as_ else "site"}
        texts: tuple[str, ...] = (self.values["description"],)
        key, line = path, written.line
        origin["text"] = "default"
        if own.texts:
            texts, key, line, origin["text"] = own.texts, own_path, own.line or written.line, "account"
        elif written.texts:
            texts, origin["text"] = written.texts, "network"
        elif account.texts:
            texts, origin["text"] = account.texts, "site"
        link, origin["link"] = _narrowest(own.link, written.link)
        image, origin["image"] = _narrowest(own.image, written.image)
        identity = delivery_id(self.post.id, account.channel, account.name, number)
        try:
            tagged = links.delivery_link(
                self.settings.site_url, self.post, account.channel, identity, link=link
            )
        except links.LinkError as error:
            self._problem(
                f"{path}.link",
                line,
                "bad-link",
                str(error),
                "write the whole address, such as https://example.com/page/",
            )
            return
        if origin["text"] != "default":
            texts = self._filled(texts, key, line, tagged)
        self.items.append(
            Telling(
                id=identity,
                post_id=self.post.id,
                channel=account.channel,
                account=account,
                number=number,
                texts=texts,
                written=origin["text"] in ("network", "account"),
                link=tagged,
                due=due,
                after=after,
                explicit=explicit,
                image=image,
                image_alt=(own.image_alt or written.image_alt) if image else "",
                origin=MappingProxyType(origin),
                line=line or self.post.line(key),
            )
        )

    def _filled(self, texts: Sequence[str], key: str, line: int, link: str) -> tuple[str, ...]:
        """The texts with their placeholders filled; one that is wrong stays as it is and is a problem."""
        values = {**self.values, "link": link}
        filled: list[str] = []
        for index, text in enumerate(texts):
            done, wrong = fill(text, values)
            filled.append(done.strip())
            for name in wrong:
                at = f"{key}.{index}" if len(texts) > 1 and f"{key}.{index}" in self.post.lines else key
                self._wrong_placeholder(at, line, name)
        return tuple(filled)

    def _wrong_placeholder(self, key: str, line: int, name: str) -> None:
        if name in ("{", "}"):
            code, message = "lone-brace", f"a lone `{name}` stands in the text"
            fix = f"double it (`{name}{name}`) if it is meant as it is"
        else:
            meant = did_you_mean(name, PLACEHOLDERS)
            code, message = "unknown-placeholder", f"`{{{name}}}` is not a placeholder"
            fix = (
                f"did you mean `{{{meant}}}`?"
                if meant
                else "use {title}, {description}, {link} or {author}, or double the braces if they are meant as they are"
            )
        self._problem(f"{key}.text" if f"{key}.text" in self.post.lines else key, line, code, message, fix)

    def _repeated(self) -> None:
        """The same words twice from one account: the link does not count as words."""
        if all(item.number == 1 for item in self.items):
            return
        seen: dict[tuple[str, str, str], Telling] = {}
        kept: list[Telling] = []
        for item in self.items:
            words = " ".join(" ".join(item.texts).replace(item.link, " ").split()).casefold()
            former = seen.setdefault((item.channel, item.account.name, words), item)
            if former is item:
                kept.append(item)
                continue
            self._problem(
                f"share.again.{item.number - 2}.{item.channel}",
                item.line,
                "same-words",
                f"{item.account.name} on {item.channel} would say the same words twice about this post",
                "write other words for the repeat",
            )
        self.items = kept

    def _problem(self, key: str, line: int, code: str, message: str, fix: str) -> None:
        problem = Problem(
            file=self.post.path,
            line=self.post.lines.get(key) or line or self.post.line(key),
            key=key,
            code=code,
            message=message,
            fix=fix,
        )
        if problem not in self.problems:
            self.problems.append(problem)


def _narrowest(account: str, network: str) -> tuple[str, str]:
    """The value of the narrowest level that has one, and that level; the post's own otherwise."""
    return (account, "account") if account else (network, "network" if network else "post")
