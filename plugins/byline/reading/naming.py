"""What a post is called and where it lies: title, description, slug, id, former addresses."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import urlsplit

from byline import links
from byline.fields import Fields
from byline.model import POST_ID
from byline.reading.body import heading
from byline.reading.labels import item_line, labels
from byline.yamlread import Scalar

# What `publish new` puts where the description goes.
PLACEHOLDER = "One or two sentences that make people want to read on. Networks show them too."
_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
_NO_LETTERS = re.compile(r"x[0-9a-f]{8}")  # what links.slug makes of a text without a usable letter
TITLE_ADVICE, DESCRIPTION_ADVICE = 90, 200


def title_of(fields: Fields, bare: str) -> str:
    """The headline on one line: `title`, else the first heading of the text without code; empty when there is none."""
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


def description_of(fields: Fields, draft: bool) -> str:
    """The description on one line; a missing or long one is advice."""
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


def slug_of(fields: Fields, title: str) -> str:
    """The last part of the address: `slug`, else made of the title; empty when it cannot be used."""
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


def id_of(fields: Fields) -> str:
    """The id; empty when it is missing or wrong."""
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


def aliases_of(fields: Fields, url: str) -> tuple[str, ...]:
    """The former addresses that can redirect to `url`, as written."""
    found = []
    for alias in labels(fields, "aliases", expected="a list of former addresses"):
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
                line=item_line(fields, "aliases", alias),
            )
        else:
            found.append(alias)
    return tuple(found)


def address(url: str) -> str:
    """A path on the site in one spelling, for comparing."""
    return url.strip("/").removesuffix("/index.html").lower()
