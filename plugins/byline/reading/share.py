"""The `share` section of a post -> Share. What it is, not what it means: that is for `byline.sharing`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from types import MappingProxyType

from byline import links, registry
from byline.fields import Fields, did_you_mean, kind, parse_span
from byline.model import Again, NetworkShare, Share
from byline.reading.files import Reading, picture
from byline.reading.when import hour_of
from byline.yamlread import Mapping_, Node, Scalar, Sequence_

# Names that a post may hold although this site, or this version, has no account there.
FIXED = ("linkedin", "twitter", "facebook", "mastodon", "bluesky")
NETWORK_KEYS = ("text", "at", "as", "accounts", "image", "image_alt", "link")


def read_share(top: Fields, reading: Reading, folder: str, day: date) -> Share | None:
    """The section, None when the post has none. `day` is the post's own, for an hour without a day."""
    node = top.get("share")
    if node is None:
        return None
    line = top.line("share")
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return Share(off=not node.value, line=line)
    if not isinstance(node, Mapping_):
        top.problem(
            "share",
            "wrong-kind",
            f"`share` is {kind(node)}; `share: false` or one line for each network is expected",
            'write `share:` and indented below, for example, `linkedin: "Your words: {link}"`',
        )
        return None
    fields = top.below(node, "share")
    at = hour_of(fields, "at", reading.settings.zone, day)
    if at is not None:
        day = at.date()
    networks = _networks(fields, reading, folder, day, ("at", "again"))
    again = _again(fields, reading, folder, day)
    return Share(at=at, networks=networks, again=again, line=line)


def _networks(
    fields: Fields, reading: Reading, folder: str, day: date, others: Collection[str]
) -> MappingProxyType[str, NetworkShare]:
    """Each network that is named; `others` are the keys read elsewhere."""
    found: dict[str, NetworkShare] = {}
    for typed in fields:
        if typed in others:
            continue
        name = registry.canonical_name(typed)
        if name not in reading.networks:
            meant = did_you_mean(typed, (*reading.networks, "x", *others))
            fields.problem(
                typed,
                "unknown-key",
                f"`{typed}` is neither a network nor a setting of `{fields.path}`",
                f"did you mean `{meant}`?"
                if meant
                else f"write one of {', '.join(sorted(reading.networks))}",
            )
        elif name in found:
            fields.problem(
                typed,
                "duplicate-key",
                f"`{typed}` is {registry.label(name)}, which stands here already",
                f"keep `{name}:` alone",
            )
        else:
            found[name] = _network(fields, typed, reading, folder, day)
    return MappingProxyType(found)


def _network(
    fields: Fields, key: str, reading: Reading, folder: str, day: date, *, account: bool = False
) -> NetworkShare:
    """Text, a list, true or false, or a map: the same shapes for a network and for one account of it."""
    node, line = fields.get(key), fields.line(key)
    if node is None:
        return NetworkShare(line=line)
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return NetworkShare(off=not node.value, line=line)
    if not isinstance(node, Mapping_):
        return NetworkShare(texts=_texts(fields, key, node), line=line)
    own = fields.below(node, fields.full(key))
    text = own.get("text")
    at = hour_of(own, "at", reading.settings.zone, day)
    found = NetworkShare(
        texts=_texts(own, "text", text) if text is not None else (),
        at=at,
        as_=() if account else _names(own, "as"),
        accounts=MappingProxyType({})
        if account
        else _accounts(own, reading, folder, at.date() if at is not None else day),
        image=picture(reading, own, "image", folder),
        image_alt=own.text("image_alt", expected="the picture in words"),
        link=_link(own),
        line=line,
    )
    if own.get("image") is not None and not found.image_alt.strip() and own.get("image_alt") is None:
        own.problem(
            "image",
            "missing-alt",
            "the picture has no `image_alt`; people who cannot see it hear that instead",
            "add a line `image_alt: What the picture shows`",
        )
    own.done(also=[name for name in NETWORK_KEYS if not account or name not in ("as", "accounts")])
    return found


def _texts(fields: Fields, key: str, node: Node) -> tuple[str, ...]:
    """One text, or the texts of a thread; an empty one is a mistake, since `false` means silence."""
    found = fields.texts(key) if isinstance(node, Sequence_) else (fields.text(key),)
    written = isinstance(node, Sequence_) or (isinstance(node, Scalar) and isinstance(node.value, str))
    if written and (not found or not all(text.strip() for text in found)):
        bad = isinstance(node, Sequence_) and len(found) != len(node.items)
        if not bad:
            fields.problem(
                key,
                "empty-text",
                f"`{fields.full(key)}` has an empty text",
                "write the words, `false` for silence, or delete it to use the description",
            )
        return tuple(text for text in found if text.strip())
    return tuple(text for text in found if text.strip())


def _names(fields: Fields, key: str) -> tuple[str, ...]:
    node = fields.get(key)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return tuple(name.strip() for name in node.value.split(",") if name.strip())
    found = fields.texts(key, expected="a list of accounts")
    if isinstance(node, Sequence_) and not node.items:
        fields.problem(
            key, "empty-list", "`as` names nobody", "name an account, or write `false` for the network"
        )
    for name in sorted({name for name in found if found.count(name) > 1}):
        fields.problem(key, "named-twice", f"`{name}` stands twice in `as`", "name it once")
    return tuple(dict.fromkeys(found))


def _accounts(
    fields: Fields, reading: Reading, folder: str, day: date
) -> MappingProxyType[str, NetworkShare]:
    section = fields.section("accounts")
    if section is None:
        return MappingProxyType({})
    return MappingProxyType(
        {name: _network(section, name, reading, folder, day, account=True) for name in section}
    )


def _link(fields: Fields) -> str:
    """A whole address instead of the post's own; it is tagged like ours."""
    found = fields.text("link", expected="an address").strip()
    usable = found
    for code, message, fix in links.lint_link(found) if found else ():
        fields.problem("link", code, message, f"{fix}, or delete the line to use the post's own address")
        usable = ""
    return usable


def _again(fields: Fields, reading: Reading, folder: str, day: date) -> tuple[Again, ...]:
    node = fields.get("again")
    if node is None:
        return ()
    if not isinstance(node, Sequence_):
        fields.problem(
            "again",
            "needs-list",
            f"`again` is {kind(node)}; a list of repeats is expected",
            "write `again:` and below it `- after: 60d` and the networks",
        )
        return ()
    return tuple(
        _repeat(fields, item, f"share.again.{index}", reading, folder, day)
        for index, item in enumerate(node.items)
    )


def _repeat(fields: Fields, item: Node, path: str, reading: Reading, folder: str, day: date) -> Again:
    """One repeat. One that cannot be read keeps its place without a network: the later ones are numbered after it."""
    nothing = Again(after=timedelta(0), networks=MappingProxyType({}), line=item.line)
    if not isinstance(item, Mapping_):
        fields.problem(
            "again",
            "wrong-kind",
            f"a repeat is {kind(item)}; `after` and the networks are expected",
            "write `- after: 60d` and below it, for example, `linkedin: Other words`",
            line=item.line,
        )
        return nothing
    entry = fields.below(item, path)
    after = _after(entry)
    networks = _networks(entry, reading, folder, day, ("after",))
    if set(item.items) <= {"after"}:
        entry.problem(
            "",
            "empty-repeat",
            "this repeat names no network",
            "add, for example, `linkedin: Other words` below `after`",
        )
    return nothing if after is None else Again(after=after, networks=networks, line=item.line)


def _after(entry: Fields) -> timedelta | None:
    node = entry.get("after")
    raw = node.raw.strip() if isinstance(node, Scalar) else ""
    span = parse_span(raw) if raw and not raw.replace(".", "").isdigit() else None
    if span is None or span <= timedelta(0) or span > timedelta(days=3650):
        entry.problem(
            "after" if "after" in entry else "",
            "missing" if node is None else "wrong-form",
            f"`after` is {kind(node)}; how long after the first post is expected, such as 60d or 8w",
            f"write `after: {raw}d`" if raw.isdigit() and 0 < int(raw) <= 3650 else "write `after: 60d`",
        )
        return None
    return span


def earliest(share: Share | None) -> tuple[str, datetime] | None:
    """The first hour named anywhere in the section, with its key."""
    if share is None:
        return None
    hours = [("share.at", share.at)]
    for name, network in share.networks.items():
        hours.append((f"share.{name}.at", network.at))
        hours += [
            (f"share.{name}.accounts.{account}.at", own.at) for account, own in network.accounts.items()
        ]
    named = [(at, key) for key, at in hours if at is not None]
    if not named:
        return None
    at, key = min(named)
    return key, at
