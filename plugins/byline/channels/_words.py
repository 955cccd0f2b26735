"""What every network does with the words of a draft: place the link, keep or fit, count. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from byline import text as texts
from byline.channels.base import Capabilities, Draft
from byline.model import Message
from byline.settings import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The parts as readers will see them, how much of the limit each takes, what fitting left out, what is wrong.

    `mentions` are the accounts that the words will call, `warnings` what a person should know.
    """

    parts: tuple[str, ...]
    used: tuple[int, ...]
    cut: str
    problems: tuple[str, ...]
    mentions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def message(self, draft: Draft, account: Account, caps: Capabilities) -> Message:
        """The words as a message of that account: with the draft's own picture, or else with its card."""
        return Message(
            channel=account.channel,
            account=account.name,
            parts=self.parts,
            link=draft.link,
            used=self.used,
            limit=caps.limit,
            card=None if draft.image else draft.card,
            image=draft.image,
            cut=self.cut,
            mentions=self.mentions,
            warnings=self.warnings,
        )


def compose(
    draft: Draft, caps: Capabilities, *, count: Callable[[str], int] | None = None, threads_hint: str = ""
) -> Words:
    """Apply the network's rules.

    Words that a person wrote for the network stay as they are: over the limit is a problem. A handle in them is a
    mention where the network knows handles, which is told; what means everybody and the networks' own markup for
    mentions call nobody. Derived words mention nobody and are fitted. Where the link travels in the text it is appended to the first part when no part has it.
    """
    measure = count or caps.count
    given = tuple(part.strip() for part in draft.texts) or ("",)
    problems: list[str] = []
    if len(given) > 1 and not caps.threads:
        problems.append(
            f"{len(given)} texts were written, but {caps.label} sends one"
            + (f": {threads_hint}" if threads_hint else "; write one text instead of a list")
        )
    if draft.written:
        return _written(draft, given, caps, measure, problems)
    words, led = _without(" ".join(given), draft.link)
    suffix = ""
    if caps.link == "text" and draft.link:
        suffix = _joint(words) + draft.link if words else draft.link
    elif led:
        words = words.rstrip(" \t:,→>–—-")  # it led to a link that now stands in the card
    fitted = texts.fit(
        texts.unmentioned(words), limit=caps.limit, count=measure, protected=caps.protected, suffix=suffix
    )
    if fitted.used > caps.limit:
        problems.append(_too_long(fitted.used, caps, ""))
    return Words(parts=(fitted.text,), used=(fitted.used,), cut=fitted.cut, problems=tuple(problems))


def _written(
    draft: Draft,
    given: tuple[str, ...],
    caps: Capabilities,
    measure: Callable[[str], int],
    problems: list[str],
) -> Words:
    parts = [caps.defused(part) for part in given]
    if caps.link == "text" and draft.link and not any(draft.link in part for part in parts):
        parts[0] = parts[0] + _joint(parts[0]) + draft.link if parts[0] else draft.link
    used = tuple(measure(part) for part in parts)
    for number, (part, length) in enumerate(zip(parts, used, strict=True), 1):
        where = f"text {number} of {len(parts)}: " if len(parts) > 1 else ""
        if length > caps.limit:
            problems.append(_too_long(length, caps, where))
        if not part and (len(parts) > 1 or caps.link == "text"):
            problems.append(f"{where}the text is empty")
    find = caps.mentions or texts.handles
    bare = (texts.unannounced(part.replace(draft.link or "\0", " ")) for part in parts)
    called = tuple(dict.fromkeys(name for part in bare for name in find(part)))
    warnings: list[str] = []
    if called and caps.mentions is None:
        warnings.append(
            f"{', '.join(called)} mention{'s' if len(called) == 1 else ''} nobody: {caps.label} shows it as plain words "
            "here; name people without @"
        )
    return Words(
        parts=tuple(parts),
        used=used,
        cut="",
        problems=tuple(problems),
        mentions=called if caps.mentions is not None else (),
        warnings=tuple(warnings),
    )


def _without(words: str, link: str) -> tuple[str, bool]:
    """The words without the link, and whether they ended in it."""
    if not link or link not in words:
        return words, False
    kept = re.sub(rf"[ \t]*{re.escape(link)}[ \t]*", " ", words)
    return kept.strip(), words.rstrip().endswith(link)


def _joint(words: str) -> str:
    return "\n\n" if "\n" in words else " "


def _too_long(used: int, caps: Capabilities, where: str) -> str:
    return (
        f"{where}the text takes {used:,} {caps.unit} as {caps.label} counts, {used - caps.limit:,} more than "
        f"the {caps.limit:,} it allows"
    )
