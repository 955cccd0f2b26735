"""One post's front matter and text -> Post, with every mistake in it noted."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from byline import links, text
from byline.errors import Problem
from byline.fields import Fields, did_you_mean
from byline.model import POST_ID, Post, Share
from byline.reading.body import check_body, heading, without_code
from byline.reading.files import Reading, inside, picture
from byline.reading.share import earliest, read_share
from byline.reading.when import dates_of
from byline.yamlread import Lines, Mapping_, Scalar, Sequence_

_MORE = re.compile(r"<!--\s*more\s*-->")
_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
_NO_LETTERS = re.compile(r"x[0-9a-f]{8}")  # what links.slug makes of a text without a usable letter
# Keys of the site's builder that Byline passes on unread.
PASSED_ON = ("template", "search", "status", "icon", "subtitle", "comments", "social", "boost", "robots")
KEYS = (
    "title", "description", "date", "id", "slug", "authors", "categories", "tags", "image", "image_alt", "campaign",
    "audience", "series", "aliases", "canonical_url", "effort", "draft", "share", "pin", "links", "readtime", "hide", *PASSED_ON,
)  # fmt: skip
# What people know these by elsewhere.
_OTHER_NAMES = {
    "author": "authors", "category": "categories", "tag": "tags", "keywords": "tags", "summary": "description",
    "excerpt": "description", "publishdate": "date", "publish_date": "date", "published": "draft",
    "updated": "date: {created: …, updated: …}", "lastmod": "date: {created: …, updated: …}", "cover": "image",
    "thumbnail": "image", "feature_image": "image", "alt": "image_alt", "permalink": "slug", "url": "slug",
    "redirect_from": "aliases", "canonical": "canonical_url", "alias": "aliases", "syndicate": "share", "social_media": "share",
    "headline": "title", "audiences": "audience", "campaigns": "campaign", "linkedin": "share", "twitter": "share",
    "x": "share", "facebook": "share", "mastodon": "share", "bluesky": "share", "at": "share", "as": "share",
}  # fmt: skip
# What is told when a key is not there.
_ABSENT = {
    "missing-title": "title",
    "no-description": "description",
    "missing-date": "date",
    "missing-id": "id",
    "no-author": "authors",
}
# What `publish new` puts where the description goes.
PLACEHOLDER = "One or two sentences that make people want to read on. Networks show them too."
TITLE_ADVICE, DESCRIPTION_ADVICE = 90, 200
_EXCERPT_FROM = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that was split: `path` under docs, `shown` in messages, the body's first line in the file."""

    path: str
    shown: str
    node: Mapping_
    body: str
    first: int
    hash: str


def read_post(source: Source, reading: Reading) -> Post | None:
    """The post; None when a day, a title or a slug that it cannot be without is missing or wrong."""
    # What is missing is told at the first line, where nothing else stands.
    whole = Mapping_(source.node.items, source.node.key_lines, 1)
    return read_fields(Fields(whole, file=source.shown, problems=reading.problems), source, reading)


def read_fields(fields: Fields, source: Source, reading: Reading) -> Post | None:
    """The post out of its front matter as given."""
    folder, before = posixpath.dirname(source.path), len(reading.problems)
    bare = without_code(source.body)
    title = _title(fields, bare)
    draft = fields.flag("draft")
    description = _description(fields, draft)
    published, updated = dates_of(fields, reading.settings.zone)
    slug = _slug(fields, title)
    image = picture(reading, fields, "image", folder)
    share = read_share(fields, reading, folder, published.date() if published else date(2000, 1, 1))
    post_id = _id(fields)
    authors = _authors(fields, reading)
    campaign = _campaign(fields, reading)
    categories = _categories(fields, reading)
    url = f"posts/{slug}/"
    tags, audience = _labels(fields, "tags"), _audience(fields, reading)
    series, image_alt = fields.text("series").strip(), _alt(fields)
    aliases, effort = _aliases(fields, url), _effort(fields)
    canonical_url = fields.url("canonical_url")
    _page_keys(fields, reading, source.path)
    _unknown(fields, before)
    if not source.body:
        fields.problem(
            "",
            "empty-post",
            "the post has no text below its front matter",
            "write the text, or keep the post back with `draft: true`",
            line=source.first - 1,
            severity="warning" if draft else "error",
        )
    check_body(reading, source.path, url, source.shown, bare, source.first)
    if published is None or not title or not slug:
        return None
    _early(fields, share, published)
    return Post(
        id=post_id,
        path=source.shown,
        src_uri=source.path,
        url=url,
        slug=slug,
        title=title,
        description=description,
        excerpt=_excerpt(source.body, description),
        body=source.body,
        hash=source.hash,
        published=published,
        updated=updated,
        authors=authors,
        categories=categories,
        tags=tags,
        image=image,
        image_alt=image_alt,
        campaign=campaign,
        audience=audience,
        series=series,
        aliases=aliases,
        canonical_url=canonical_url,
        effort=effort,
        draft=draft,
        share=share,
        lines=Lines(source.node),
    )


def _title(fields: Fields, bare: str) -> str:
    written = fields.get("title")
    title = " ".join(fields.text("title", expected="the headline").split())
    if written is None:
        title = heading(bare)
        if not title:
            fields.problem(
                "title" if "title" in fields else "",
                "missing-title",
                "the post has no `title` and no heading",
                "add a line `title: Your headline`",
            )
    if len(title) > TITLE_ADVICE:
        fields.problem(
            "title",
            "long-title",
            f"the title has {len(title)} characters; search pages and cards show about 60 to {TITLE_ADVICE}",
            "shorten it, and say the rest in `description`",
            severity="warning",
        )
    return title


def _description(fields: Fields, draft: bool) -> str:
    description = " ".join(fields.text("description").split())
    if description == PLACEHOLDER and not draft:
        fields.problem(
            "description",
            "placeholder-text",
            "the description is still the one that `publish new` wrote",
            "write what the post says in one or two sentences",
        )
    if fields.get("description") is None:
        fields.problem(
            "description" if "description" in fields else "",
            "no-description",
            "the post has no `description`; search pages and networks take its first words instead",
            "add a line `description: One or two sentences that make people want to read it`",
            severity="warning",
        )
    elif len(description) > DESCRIPTION_ADVICE:
        fields.problem(
            "description",
            "long-description",
            f"the description has {len(description)} characters; search pages show about 160",
            "say the most important thing in the first 160, or shorten it",
            severity="warning",
        )
    return description


def _slug(fields: Fields, title: str) -> str:
    if fields.get("slug") is None:
        slug = links.slug(title) if title else ""
        if slug and _NO_LETTERS.fullmatch(slug) and slug != title.strip().lower():
            readable = any(letter.isalpha() for letter in title)  # in a script that is not written out here
            fields.problem(
                "slug" if "slug" in fields else "title",
                "bare-slug" if readable else "empty-slug",
                f"the title `{title}` has no Latin, Greek or Cyrillic letter, so "
                + (
                    f"the address is posts/{slug}/, which tells nothing"
                    if readable
                    else "no address can be made of it"
                ),
                "add a line such as `slug: spring-offers`",
                severity="warning" if readable else "error",
            )
        return slug[:100].strip("-")
    slug = fields.text("slug", expected="the last part of the post's address")
    if not slug or (re.fullmatch(_SLUG, slug) and len(slug) <= 100):
        return slug
    better = links.slug(posixpath.basename(slug.rstrip("/")) or title or "post")[:100].strip("-")
    if "/" in slug or "\\" in slug or ".." in slug:
        found = "leads out of the folder of posts; one word without / or .. is expected"
    elif len(slug) > 100:
        found = f"has {len(slug)} characters; at most 100 are expected"
    else:
        found = "is not usable in a link; small letters, digits and single hyphens are expected"
    fields.problem("slug", "bad-slug", f"`slug` is `{slug[:120]}`, which {found}", f"write `slug: {better}`")
    return ""


def _id(fields: Fields) -> str:
    if fields.get("id") is None:
        fields.problem(
            "id" if "id" in fields else "",
            "missing-id",
            "the post has no `id`; it ties the post to what was sent and to its enquiries, whatever its title becomes",
            "run `publish check --fix`, which writes one",
        )
        return ""
    node = fields.get("id")
    found = fields.text("id", expected="3 to 16 small letters and digits")
    written = isinstance(node, Scalar) and isinstance(node.value, str)
    if written and not re.fullmatch(POST_ID, found):
        better = re.sub(r"[^a-z0-9]", "", found.lower()).lstrip("0123456789")[:16]
        fields.problem(
            "id",
            "bad-id",
            f"`id` is `{found[:60]}`; 3 to 16 small letters and digits are expected, a letter first",
            f"write `id: {better}`" if len(better) >= 3 else "delete the line and run `publish check --fix`",
        )
        return ""
    return found


def _authors(fields: Fields, reading: Reading) -> tuple[str, ...]:
    found = _labels(fields, "authors", expected="a list of authors")
    if fields.get("authors") is None:
        fields.problem(
            "authors" if "authors" in fields else "",
            "no-author",
            "the post has no `authors`; nobody is named on the page nor in the report",
            f"add a line `authors: [{next(iter(reading.authors), 'dana')}]`",
            severity="warning",
        )
    for name in found:
        if name in reading.authors:
            continue
        names = {author.name.lower(): name for name, author in reading.authors.items()}
        known = ", ".join(reading.authors) or "nobody yet"
        meant = names.get(name.lower()) or did_you_mean(name, reading.authors)
        fields.problem(
            "authors",
            "unknown-author",
            f"there is no author `{name}`; known are {known}",
            f"did you mean `{meant}`?"
            if meant
            else f"use one of them, or add `{name}` to {reading.tree.shown('.authors.yml')}",
            line=_item_line(fields, "authors", name),
        )
    return tuple(name for name in found if name in reading.authors)


def _campaign(fields: Fields, reading: Reading) -> str:
    campaign = fields.text("campaign", expected="the short name of a campaign")
    campaigns = reading.settings.campaigns
    if not campaign or campaign in campaigns:
        return campaign
    names = {found.name.lower(): slug for slug, found in campaigns.items()}
    meant = names.get(campaign.lower()) or did_you_mean(campaign, campaigns)
    file = reading.settings.file_name
    fields.problem(
        "campaign",
        "unknown-campaign",
        f"there is no campaign `{campaign}`; known are {', '.join(campaigns) or 'none'}",
        f"did you mean `{meant}`?" if meant else f"add `{links.slug(campaign)}` under `campaigns:` in {file}",
    )
    return ""


def _categories(fields: Fields, reading: Reading) -> tuple[str, ...]:
    found = _labels(fields, "categories", expected="a list of categories")
    allowed = reading.settings.categories_allowed
    for name in found if allowed else ():
        if name not in allowed:
            meant = did_you_mean(name, {word.lower() for word in allowed})
            word = next((word for word in allowed if word.lower() == meant), "")
            fields.problem(
                "categories",
                "unknown-category",
                f"the category `{name}` is not allowed; allowed are {', '.join(allowed)}",
                f"did you mean `{word}`?"
                if word
                else f"use one of them, or add it to `categories_allowed` in {reading.settings.file_name}",
                line=_item_line(fields, "categories", name),
            )
    return found


def _audience(fields: Fields, reading: Reading) -> tuple[str, ...]:
    found = _labels(fields, "audience", expected="a list of audiences")
    known = reading.settings.audiences
    names = {name.lower(): slug for slug, name in known.items()}
    for name in found:
        if name not in known:
            meant = names.get(name.lower()) or did_you_mean(name, known)
            fields.problem(
                "audience",
                "unknown-audience",
                f"there is no audience `{name}`; known are {', '.join(known) or 'none'}",
                f"did you mean `{meant}`?"
                if meant
                else f"add it under `audiences:` in {reading.settings.file_name}, or delete it here",
                line=_item_line(fields, "audience", name),
            )
    return tuple(name for name in found if name in known)


def _labels(fields: Fields, key: str, *, expected: str = "a list of texts") -> tuple[str, ...]:
    """A list of texts, none empty, none twice."""
    found = fields.texts(key, expected=expected)
    if not found:
        return ()
    if any(not label.strip() for label in found):
        fields.problem(key, "empty-text", f"`{key}` has an empty entry", "delete it")
    for label in sorted({label for label in found if found.count(label) > 1}):
        fields.problem(key, "named-twice", f"`{label}` stands twice in `{key}`", "name it once")
    return tuple(dict.fromkeys(label.strip() for label in found if label.strip()))


def _item_line(fields: Fields, key: str, value: str) -> int:
    node = fields.node.items.get(key)
    for item in node.items if isinstance(node, Sequence_) else ():
        if isinstance(item, Scalar) and item.raw.strip() == value:
            return item.line
    return fields.line(key)


def _alt(fields: Fields) -> str:
    alt = " ".join(fields.text("image_alt", expected="the picture in words").split())
    if fields.get("image") is not None and not alt and fields.get("image_alt") is None:
        fields.problem(
            "image",
            "missing-alt",
            "the picture has no `image_alt`; people who cannot see it hear that instead",
            "add a line `image_alt: What the picture shows`",
        )
    elif alt and fields.get("image") is None:
        fields.problem(
            "image_alt",
            "unused",
            "`image_alt` describes a picture, but there is no `image`",
            "add the picture, or delete the line",
            severity="warning",
        )
    return alt


def _aliases(fields: Fields, url: str) -> tuple[str, ...]:
    found = []
    for alias in _labels(fields, "aliases", expected="a list of former addresses"):
        try:
            parts = urlsplit(alias)
        except ValueError:
            parts = None
        wrong, fix = "", f"write `/{alias.strip('/')}/`"
        if parts is None or parts.scheme or parts.netloc:
            wrong = "names a server"
            fix = (
                f"write `{parts.path or '/'}`" if parts is not None else "write the path alone: /old/address/"
            )
        elif parts.query or parts.fragment or re.search(r"[\s\\<>\"?#]", alias):
            wrong, fix = "has a ?, a # or a blank in it", f"write `/{links.slug(parts.path)}/`"
        elif not alias.startswith("/"):
            wrong = "does not begin with /"
        elif ".." in alias.split("/") or "//" in alias or "." in alias.split("/"):
            wrong, fix = "climbs through folders", f"write `/{links.slug(alias)}/`"
        elif not alias.strip("/"):
            wrong, fix = "is the home page", "delete it"
        elif address(alias) == url.strip("/"):
            wrong, fix = "is the post's own address", "delete it"
        if wrong:
            fields.problem(
                "aliases",
                "bad-alias",
                f"the former address `{alias[:120]}` {wrong}; a path such as /old/pricing/ is expected",
                fix,
                line=_item_line(fields, "aliases", alias),
            )
        else:
            found.append(alias)
    return tuple(found)


def address(url: str) -> str:
    """A path on the site in one spelling, for comparing."""
    return url.strip("/").removesuffix("/index.html").lower()


def _effort(fields: Fields) -> timedelta | None:
    node = fields.get("effort")
    if isinstance(node, Scalar) and node.raw.strip().replace(".", "").isdigit():
        fields.problem(
            "effort",
            "wrong-form",
            f"`effort` is {node.raw}; the time it took is expected with its unit",
            f"write `effort: {node.raw.strip()}h` (hours) or `{node.raw.strip()}m` (minutes)",
        )
        return None
    return fields.span("effort", None)


def _page_keys(fields: Fields, reading: Reading, path: str) -> None:
    """What the site's builder reads itself: only what would stop it is looked at."""
    fields.flag("pin")
    fields.integer("readtime", 0, high=10_000)
    fields.texts("hide")
    node = fields.get("links")
    if isinstance(node, Sequence_):
        _related(fields, reading, path, node)
    elif node is not None:
        fields.problem(
            "links", "needs-list", "`links` is no list; pages are expected", "write `links: [about.md]`"
        )


def _related(fields: Fields, reading: Reading, path: str, node: Sequence_) -> None:
    for item in node.items:
        if isinstance(item, Mapping_):
            for value in item.items.values():
                nested = value if isinstance(value, Sequence_) else Sequence_((value,), item.line)
                _related(fields, reading, path, nested)
            continue
        target = str(item.value) if isinstance(item, Scalar) else ""
        file = target.partition("#")[0]
        if not file or re.match(r"[a-z]+://", target):
            continue
        found = inside(reading.tree, "", file)
        if found is None or found not in reading.tree.files:
            meant = reading.tree.meant(file)
            fields.problem(
                "links",
                "missing-file",
                f"the page `{file}` in `links` is not there; paths count from {reading.settings.docs.name}/",
                f"did you mean `{meant}`?" if meant else "correct the name",
                line=item.line,
            )
        else:
            reading.targets.setdefault(path, []).append((found, item.line))


def _unknown(fields: Fields, before: int) -> None:
    """Keys that are not known; one that was only misspelt is not told as missing too."""
    meanings = {
        key: _OTHER_NAMES.get(key.lower()) or did_you_mean(key, KEYS)
        for key in fields.node.items
        if key not in KEYS
    }
    absent = {code for code, key in _ABSENT.items() if key in meanings.values() and key not in fields}
    if absent:
        fields.problems[before:] = [item for item in fields.problems[before:] if item.code not in absent]
    for key, meant in meanings.items():
        fields.problem(
            key,
            "unknown-key",
            f"`{key}` is not known here",
            f"did you mean `{meant}`?"
            if meant
            else "delete the line; `publish manual front-matter` has the list",
        )


def _early(fields: Fields, share: Share | None, published: datetime) -> None:
    named = earliest(share)
    if named is None:
        return
    key, at = named
    if at < published:
        fields.problems.append(
            Problem(
                file=fields.file,
                line=fields.line("share"),
                key=key,
                code="share-before-post",
                message=f"the post is to be shared at {at:%Y-%m-%d %H:%M}, before its page is public ({published:%Y-%m-%d %H:%M})",
                fix="choose a later hour, or an earlier `date`",
                severity="warning",
            )
        )


def _excerpt(body: str, description: str) -> str:
    match = _MORE.search(body)
    if match is None and description:
        return description
    head = body[: match.start()] if match and body[: match.start()].strip() else body
    return text.excerpt(head[:_EXCERPT_FROM])
