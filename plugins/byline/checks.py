"""Every rule that `publish check` shows: what reading found, and what only shows when posts meet settings. Offline."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from byline import appearance, cards, links, registry, sharing
from byline.content import Content, addresses
from byline.errors import Problem, Severity, UsageError
from byline.model import Message, Post
from byline.settings import Account, Settings
from byline.times import SystemClock
from byline.yamlread import YamlProblem, decode

if TYPE_CHECKING:
    from pathlib import Path

    from byline.channels.base import Channel


def run(
    settings: Settings,
    content: Content,
    paths: Sequence[str] = (),
    *,
    now: datetime | None = None,
    published: Mapping[str, str] | None = None,
    against: Iterable[Mapping[str, Any]] = (),
) -> tuple[Problem, ...]:
    """Every problem, by file and line, each told once.

    `paths` (relative to the folder of mkdocs.yml) keeps those of these files and folders alone. `now` is the instant by
    which a post is public or not (the machine's, when it is not given). `published` maps the
    id of a post that was sent to the address it was sent with; `against` are the entries of an older `byline.json`.
    """
    found = list(content.problems)
    found += _campaigns(settings)
    found += _lead_form(settings)
    found += _labels(content.posts)
    found += appearance.problems(settings, content.posts)
    composers = _composers(settings)
    for post in content.posts:
        found += _post(post, settings)
        found += _tellings(post, settings, content, composers, out=post.id in (published or {}))
    found += _links_to_later(content, now or SystemClock().now())
    found += _moved(settings, content, published or {})
    found += _vanished(settings, content, tuple(against), now or SystemClock().now())
    told: dict[tuple[str, int, str, str], Problem] = {}
    for problem in found:
        if not paths or any(_under(problem.file, path) for path in paths):
            told.setdefault(
                (problem.file, problem.line, problem.key, problem.code + problem.message), problem
            )
    return tuple(sorted(told.values(), key=lambda item: (item.file, item.line, item.key, item.code)))


def _under(file: str, path: str) -> bool:
    path = posixpath.normpath(path)
    return path == "." or file == path or file.startswith(f"{path}/")


def _at(post: Post, key: str, code: str, message: str, fix: str, severity: Severity = "error") -> Problem:
    return Problem(
        file=post.path, line=post.line(key), key=key, code=code, message=message, fix=fix, severity=severity
    )


def _lead_form(settings: Settings) -> Iterable[Problem]:
    """A form that goes to a CRM without a place for our tag brings leads of unknown source, or goes nowhere."""
    form = settings.lead_form
    if form.to == "dynamics":
        yield from _dynamics_form(settings)
    if form.to in ("salesforce", "hubspot") and "utm_content" not in form.fields:
        yield Problem(
            file=settings.file_name,
            line=form.line,
            key="lead_form.fields",
            code="lead-without-source",
            severity="warning",
            message="the form has no place for `utm_content`: leads come without the post that brought them",
            fix="add `fields:` with a line `utm_content: …`, the field's id or name there",
        )


def _dynamics_form(settings: Settings) -> Iterable[Problem]:
    """Dynamics takes no form: an intake does, and hands it on to the CRM of `crm`, which must be that one."""
    line, file = settings.lead_form.line, settings.file_name
    if settings.crm.type != "dynamics":
        yield Problem(
            file=file,
            line=line,
            key="lead_form.to",
            code="lead-form-elsewhere",
            message=f"the form is meant for Dynamics, but `crm` is `{settings.crm.type}`: the intake hands each lead to that",
            fix="write `crm: {type: dynamics, …}` with its address, tenant and prefix, or `to: {url: …}` here",
        )
    elif settings.crm.fields.get("utm_content") == "":
        yield Problem(
            file=file,
            line=line,
            key="crm.fields.utm_content",
            code="lead-without-source",
            severity="warning",
            message="`crm.fields` leaves `utm_content` out: leads come without the post that brought them",
            fix="take the empty `utm_content` out of `crm.fields`",
        )


def _campaigns(settings: Settings) -> Iterable[Problem]:
    """Campaign words that analytics would file under another channel."""
    for slug, campaign in settings.campaigns.items():
        for code, message, fix in links.lint(slug):
            yield Problem(
                file=settings.file_name,
                line=campaign.line,
                key=f"byline.campaigns.{slug}",
                code=code,
                message=message,
                fix=fix,
                severity="warning",
            )


def _labels(posts: Iterable[Post]) -> Iterable[Problem]:
    """Categories that differ in spelling alone would share one page."""
    first: dict[str, tuple[str, Post]] = {}
    for post in posts:
        for category in post.categories:
            usual, other = first.setdefault(links.slug(category), (category, post))
            if usual != category:
                yield _at(
                    post,
                    "categories",
                    "category-spelling",
                    f"the category `{category}` is spelt `{usual}` in {other.path}; both would be one page",
                    "spell both alike",
                    "warning",
                )


def _post(post: Post, settings: Settings) -> Iterable[Problem]:
    campaign = settings.campaigns.get(post.campaign)
    if campaign is None:
        for code, message, fix in links.lint(links.campaign_word(post)):
            why = "the address is the campaign word of a post without a campaign"
            yield _at(
                post, "slug", code, f"{message} ({why})", fix + ", or give the post a `campaign`", "warning"
            )
        return
    day = post.published.astimezone(settings.zone).date()
    if (campaign.start and day < campaign.start) or (campaign.end and day > campaign.end):
        early = campaign.start is not None and day < campaign.start
        edge = f"starts ({campaign.start})" if early else f"ended ({campaign.end})"
        yield _at(
            post,
            "campaign",
            "outside-campaign",
            f"the post is public on {day}, {'before' if early else 'after'} the campaign `{campaign.slug}` {edge}",
            f"choose another campaign or day, or change the dates in {settings.file_name}",
            "warning",
        )


def _composers(settings: Settings) -> Callable[[Account], Channel]:
    """A driver for each account, without network or secrets: it only composes."""
    from byline.http import Http
    from byline.settings import Secrets

    made: dict[tuple[str, str], Channel] = {}
    clock = SystemClock()

    def composer(account: Account) -> Channel:
        key = (account.channel, account.name)
        if key not in made:
            driver = registry.channel(account.channel)
            made[key] = driver(account, http=Http(settings.timeouts, clock), secrets=Secrets({}), clock=clock)
        return made[key]

    return composer


def _tellings(
    post: Post,
    settings: Settings,
    content: Content,
    composers: Callable[[Account], Channel],
    *,
    out: bool,
) -> Iterable[Problem]:
    """What is wrong with `share`, words that do not fit the network they were written for, and whom they will call.

    Of a post that is out (or was not sent on purpose) the last is no news.
    """
    told = sharing.tellings(post, settings, content.authors)
    yield from told.problems
    written = [telling for telling in told.items if telling.written]  # derived words are fitted
    card = cards.card(post, settings, content.authors, "") if written else None
    for telling in written:
        assert card is not None
        card = replace(card, url=telling.link)
        message, wrong = composers(telling.account).compose(sharing.draft(telling, post, settings, card))
        where = f"share.{telling.channel}"
        for code, text, fix in (
            *(("does-not-fit", text, f"change the text under `{where}`") for text in wrong),
            *_told(message, where, out=out),
        ):
            yield Problem(
                file=post.path,
                line=telling.line or post.line(where),
                key=where,
                code=code,
                message=f"{registry.label(telling.channel)}, {telling.account.name}: {text}",
                fix=fix,
                severity="error" if code == "does-not-fit" else "warning",
            )


def _told(message: Message, where: str, *, out: bool) -> Iterable[tuple[str, str, str]]:
    if out:
        return
    if message.mentions:
        yield (
            "will-mention",
            f"the text mentions {', '.join(message.mentions)}, who will be told so",
            f"nothing, if that is meant; else write the name without @ under `{where}`",
        )
    for text in message.warnings:
        yield "may-surprise", text, f"change the text under `{where}`, or leave it if that is meant"


def _links_to_later(content: Content, now: datetime) -> Iterable[Problem]:
    """A link to a post that becomes public after the one that links to it leads nowhere until then."""
    posts = {post.src_uri: post for post in content.posts}
    for source, targets in content.targets.items():
        post = posts.get(source)
        for target, line in targets if post is not None and not post.draft else ():
            other = posts.get(target)
            if other is None or post is None or other.draft:
                continue
            if other.published > max(now, post.published):
                yield Problem(
                    file=post.path,
                    line=line,
                    key="",
                    code="link-not-public",
                    message=f"the post links to {other.path}, which is public only from "
                    f"{other.published:%Y-%m-%d %H:%M}; until then the link leads nowhere",
                    fix="take the link out for now, or make the other post public first",
                )


def _moved(settings: Settings, content: Content, published: Mapping[str, str]) -> Iterable[Problem]:
    """Posts that were sent with an address which is no longer theirs: the links out there would break."""
    known = {path for post in content.posts for path in addresses(post)} if published else set()
    for post in content.posts:
        old = _path(settings, published.get(post.id, ""))
        # A link elsewhere that was given for a network is not the post's own address.
        if old.startswith("posts/") and old not in known:
            yield _at(
                post,
                "slug",
                "moved-post",
                f"the post was sent with the address /{old}/ and now lies at /{post.url}",
                f"add the line `aliases: [/{old}/]`, so that links already sent still lead here",
                "warning",
            )


def _vanished(
    settings: Settings, content: Content, against: Sequence[Mapping[str, Any]], now: datetime
) -> Iterable[Problem]:
    """Addresses of an older site that nothing answers to any more: of posts, of categories, of authors."""
    public = [post for post in content.posts if not post.draft and post.published <= now]
    there = {path for post in public for path in addresses(post)}
    by_id = {post.id: post for post in content.posts if post.id}
    for entry in against:
        old = _path(settings, str(entry.get("url", "")))
        if not old or old in there:
            continue
        post = by_id.get(str(entry.get("id", "")))
        if post is not None and old in addresses(post):
            key, why, fix = (
                ("draft", "as a draft", "delete the line `draft: true`")
                if post.draft
                else ("date", "with a day that is still to come", "give it a day that is past")
            )
            told = f"/{old}/ is public already; {why} the page would vanish"
            yield _at(post, key, "vanished", told, fix)
        elif post is not None:
            yield _at(
                post,
                "slug",
                "vanished",
                f"/{old}/ is public already; the post now lies at /{post.url} and nothing is left there",
                f"add the line `aliases: [/{old}/]`",
            )
        else:
            yield Problem(
                file=str(entry.get("source", "")) or "byline.json",
                line=0,
                key="",
                code="vanished",
                message=f"/{old}/ is public already, and no post has that address any more",
                fix=f"bring the post back, or add `aliases: [/{old}/]` to the post that takes its place",
            )
    yield from _lists_vanished(content, public, against, there)


def _lists_vanished(
    content: Content, public: Sequence[Post], against: Sequence[Mapping[str, Any]], there: Set[str]
) -> Iterable[Problem]:
    """Pages of categories and authors, which are there as long as a public post names them."""
    kinds: tuple[tuple[str, str, Callable[[str], str]], ...] = (
        ("categories", "category", links.category_path),
        ("authors", "author", lambda name: links.author_path(_slug_of(content, name))),
    )
    for key, word, path in kinds:
        named = {path(name) for post in public for name in getattr(post, key)}
        old = {path(name): name for entry in against for name in _names(entry.get(key))}
        for gone in sorted(old.keys() - named):
            if gone.strip("/") in there:
                continue
            yield Problem(
                file="byline.json",
                line=0,
                key=key,
                code="vanished",
                message=f"/{gone} is public already, with feeds that people may follow, and no public post has the "
                f"{word} `{old[gone]}` any more",
                fix=f"leave one post in it, or add `aliases: [/{gone}]` to the post that its readers should find",
            )


def _slug_of(content: Content, name: str) -> str:
    author = content.authors.get(name)
    return (author.slug if author else "") or name


def _names(value: object) -> Sequence[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else ()


def _path(settings: Settings, url: str) -> str:
    """An address of this site, absolute or not, in the spelling for comparing; empty for none."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    base = urlsplit(settings.site_url).path
    if urlsplit(url).netloc and path.startswith(base):
        path = path[len(base) :]
    return path.strip("/").lower()


def manifest(file: Path) -> tuple[Mapping[str, Any], ...]:
    """The posts of a `byline.json`. Raises UsageError when it is none."""
    try:
        found: Any = json.loads(decode(file.read_bytes()))
        posts = found["posts"]
        if not all(isinstance(post, dict) and isinstance(post.get("url"), str) for post in posts):
            raise TypeError
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}", hint="name the manifest of the public site"
        ) from None
    except (ValueError, KeyError, TypeError, YamlProblem):
        raise UsageError(
            f"{file} is no manifest of a site",
            hint="take `byline.json` from the public site, where the build put it",
        ) from None
    return tuple(posts)
