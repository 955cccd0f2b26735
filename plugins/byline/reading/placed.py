"""`links` of mkdocs.yml: tagged links for a fair, a flyer, a signature; and writing one more into the file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from byline import links
from byline.fields import Fields, did_you_mean
from byline.model import Campaign, NamedLink

SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_PAGE = r"(?!//)[^\s?#:\\]*"


def read_links(block: Fields, campaigns: Mapping[str, Campaign]) -> Mapping[str, NamedLink]:
    """Every usable entry by its name; what is wrong with the others is in `block.problems`."""
    section = block.section("links")
    found: dict[str, NamedLink] = {}
    for slug, fields in section.sections() if section is not None else ():
        assert section is not None
        before = len(block.problems)
        source = fields.text("source", required=True, expected=f"where it stands ({', '.join(links.PLACES)})")
        link = NamedLink(
            slug=slug,
            name=fields.text("name", slug),
            source=source,
            medium=fields.choice("medium", links.MEDIA, medium_of(source)),
            campaign=fields.text("campaign"),
            url=fields.text("url"),
            line=section.line(slug),
        )
        fields.done()
        for key, code, message, fix in wrong(link, campaigns):
            fields.problem(key, code, message, fix, line=fields.line(key) or link.line)
        if len(block.problems) == before:
            found[slug] = link
    return MappingProxyType(found)


def medium_of(source: str) -> str:
    """The `utm_medium` that goes with the place."""
    return links.PLACES.get(source, ("", "offline"))[1]


def wrong(link: NamedLink, campaigns: Mapping[str, Campaign]) -> tuple[tuple[str, str, str, str], ...]:
    """What is wrong with a named link: (key, code, message, fix) each."""
    found: list[tuple[str, str, str, str]] = []
    if not re.fullmatch(SLUG, link.slug) or len(link.slug) > links.MAX_WORD:
        better = links.slug(link.slug)[: links.MAX_WORD].strip("-")
        message = (
            f"`{link.slug}` is not usable in a link; small letters, digits and single hyphens are expected"
        )
        found.append(("", "wrong-form", message, f"write `{better}` and put the readable name in `name`"))
    if link.source and link.source not in links.PLACES:
        meant = did_you_mean(link.source, links.PLACES)
        fix = f"did you mean `{meant}`?" if meant else f"use one of {', '.join(links.PLACES)}"
        found.append(
            ("source", "unknown-place", f"`{link.source}` is no place that links are counted by", fix)
        )
    if link.campaign and link.campaign not in campaigns:
        meant = did_you_mean(link.campaign, campaigns)
        known = ", ".join(campaigns) or "none yet"
        fix = (
            f"did you mean `{meant}`?"
            if meant
            else f"use one of those under `campaigns` ({known}), or add it there"
        )
        found.append(("campaign", "unknown-campaign", f"there is no campaign `{link.campaign}`", fix))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", link.url):
        found += [("url", *problem) for problem in links.lint_link(link.url)]
    elif not re.fullmatch(_PAGE, link.url):
        message = f"`{link.url}` is neither a page of the site nor an address"
        found.append(("url", "bad-link", message, "write `pages/contact/`, or a whole address: https://…"))
    return tuple(found)


def entry(link: NamedLink) -> str:
    """The entry as it stands in the file: one line."""
    values = {"name": link.name, "source": link.source, "medium": link.medium, "campaign": link.campaign}
    if link.medium == medium_of(link.source):
        del values["medium"]
    values["url"] = link.url
    return f"{_quoted(link.slug)}: {{{', '.join(f'{key}: {_quoted(value)}' for key, value in values.items() if value)}}}"


def _quoted(value: str) -> str:
    """A word that YAML takes for nothing but text as it is, everything else in quotes."""
    plain = re.fullmatch(r"[a-z][a-z-]*(?:/[a-z-]+)*/?", value) and value not in (
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
        "y",
        "n",
    )
    return value if plain else json.dumps(value, ensure_ascii=False)


def inserted(text: str, link: NamedLink, lines: Mapping[str, int]) -> str | None:
    """The settings file with one more link, every other character as it was; None where no place can be found.

    `lines` are `Settings.lines`. Only the usual way of writing is edited: one key a line, indented.
    """
    rows = re.findall(r"[^\n]*\n|[^\n]+", text)
    end = "\r\n" if rows and rows[0].endswith("\r\n") else "\n"
    at = _block_end(rows, lines.get("byline.links", 0), "links")
    if at is not None:
        head, last = at
        indent = next((_indent(row) for row in rows[head + 1 : last] if _told(row)), _indent(rows[head]) + 2)
        if indent <= _indent(rows[head]):
            return None
        return _joined(rows, last, [f"{' ' * indent}{entry(link)}{end}"], end)
    for key in ("campaigns", "timezone"):
        at = _block_end(rows, lines.get(f"byline.{key}", 0), key)
        if at is not None and "byline.links" not in lines:
            indent = _indent(rows[at[0]])
            new = [f"{' ' * indent}links:{end}", f"{' ' * (indent + 2)}{entry(link)}{end}"]
            return _joined(rows, at[1], new, end)
    return None


def _block_end(rows: list[str], line: int, key: str) -> tuple[int, int] | None:
    """The row of the key and the row after the last of its block, where the key stands on a line of its own."""
    head = line - 1
    if not 0 <= head < len(rows) or not re.match(rf"\s+{key}:(?:\s|$)", rows[head]):
        return None
    value = rows[head].split(":", 1)[1].split(" #")[0].strip()
    last = head + 1
    if key != "timezone" and value:
        return None  # written on one line, in braces
    for place in range(head + 1, len(rows)):
        if _told(rows[place]) and _indent(rows[place]) <= _indent(rows[head]):
            break
        if _told(rows[place]):
            last = place + 1
    return head, last


def _told(row: str) -> bool:
    return bool(row.strip()) and not row.lstrip().startswith("#")


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip(" "))


def _joined(rows: list[str], at: int, new: list[str], end: str) -> str:
    before = rows[:at]
    if before and not before[-1].endswith(("\n", "\r")):
        before[-1] += end
    return "".join((*before, *new, *rows[at:]))
