"""One post's front matter and text -> Post, with every mistake in it noted."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from byline import text
from byline.errors import Problem
from byline.fields import Fields, did_you_mean
from byline.model import Post, Share
from byline.reading.body import check_body, without_code
from byline.reading.files import Reading, inside, picture
from byline.reading.labels import audience_of, authors_of, campaign_of, categories_of, labels
from byline.reading.naming import aliases_of, description_of, id_of, slug_of, title_of
from byline.reading.share import earliest, read_share
from byline.reading.when import dates_of
from byline.yamlread import Lines, Mapping_, Scalar, Sequence_

_MORE = re.compile(r"<!--\s*more\s*-->")
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
    title = title_of(fields, bare)
    draft = fields.flag("draft")
    description = description_of(fields, draft)
    published, updated = dates_of(fields, reading.settings.zone)
    slug = slug_of(fields, title)
    image = picture(reading, fields, "image", folder)
    share = read_share(fields, reading, folder, published.date() if published else date(2000, 1, 1))
    post_id = id_of(fields)
    authors = authors_of(fields, reading)
    campaign = campaign_of(fields, reading)
    categories = categories_of(fields, reading)
    url = f"posts/{slug}/"
    tags, audience = labels(fields, "tags"), audience_of(fields, reading)
    series, image_alt = fields.text("series").strip(), _alt(fields)
    aliases, effort = aliases_of(fields, url), _effort(fields)
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
    # Asked for although nothing is done with them: the schema for editors is made of the reader's questions.
    for key in PASSED_ON:
        fields.get(key)
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
