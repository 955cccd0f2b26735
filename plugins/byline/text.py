"""Text: how networks count it, how it is fitted to their limit, and plain words out of Markdown. Pure."""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Spans = tuple[tuple[int, int], ...]

ELLIPSIS = "…"
LINK_WEIGHT = 23
_TCO = "https://t.co/" + "a" * (LINK_WEIGHT - len("https://t.co/"))
_LIGHT = re.compile("[\x00-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]*")
# Letters, signs and ideographs that no neighbour of their own kind ever joins: each is one grapheme.
_EACH_ONE = re.compile(
    "[\x00-\x0c\x0e-\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u200b\u200e-\u20cf\u2e00-\u3029\u3030-\u3096\u4e00-\u9fff]*"
)
_MAY_BE_URL = re.compile(r"[^\s.]\.[^\s.]|://")
_SENTENCE_END = re.compile(  # Chinese and Japanese put no space between sentences
    r"[.!?…।؟۔][\"'”’»)\]]*(?=\s|$)|[。！？][”’」』）)\]]*|\n\s*\n"
)
_ADDRESS = re.compile(r"https?://[^\s<>\"/\ufeff][^\s<>\"\ufeff]*", re.I)  # elsewhere U+FEFF is a space
_UNITS = re.compile(
    r"https?://\S+"
    r"|@\u2060?\[[^\]\n]*\]\([^)\n]*\)"  # a mention that was defused counts as one too
    r"|(?<![\w@])@\u2060?[\w.-]+(?:@[\w.-]+)?"
    r"|(?<!\w)[#＃$]\w+"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|(?<![\w.])(?:[\w-]+\.)+[a-zA-Z]{2,}(?:/\S*)?"
)


_EVERYBODY = re.compile(
    r"(?<![\w@＠])([@＠])(?=(?:everyone|everybody|all|here|channel|followers)(?![\w-]|[.@]\w))", re.I
)
_HANDLE = re.compile(r"(?<![\w@＠/.=])@[A-Za-z0-9_](?:[\w.-]*\w)?(?:@[\w-]+(?:\.[\w-]+)+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """`text` with its suffix, `used` as the network counts, `cut` what was left out (empty: nothing)."""

    text: str
    used: int
    cut: str = ""


def units(text: str) -> Spans:
    """Where links, mentions, hashtags and addresses stand: what fitting never cuts into. Sorted, no overlap."""
    return tuple(match.span() for match in _UNITS.finditer(text))


def fit(
    text: str,
    *,
    limit: int,
    count: Callable[[str], int],
    protected: Callable[[str], Spans] = units,
    suffix: str = "",
) -> Fitted:
    """As much of the text as fits under the limit together with the suffix, which is never cut.

    Whole sentences where they keep most of what fits, else whole words with an ellipsis; where one word alone is
    too long, whole graphemes of it. Never inside a span of `protected`: such a span stays whole or goes, and the
    ellipsis keeps a space from it, since some networks would take it into a link. The used count is over the limit
    only when the suffix alone is.
    """
    text = text.strip()
    whole = text + suffix
    used = count(whole)
    if used <= limit:
        return Fitted(text=whole, used=used)
    spans = protected(text)

    starts = [start for start, _ in spans]
    ends = {end for _, end in spans}

    def allowed(position: int) -> bool:
        before = bisect_left(starts, position) - 1
        return before < 0 or position >= spans[before][1]

    def cut(position: int, tail: str) -> str:
        """What is kept up to the position, with the tail; empty when nothing is."""
        kept = text[:position].rstrip()
        if not tail or not kept:
            return kept
        if len(kept) in ends:
            return f"{kept} {tail}"
        trimmed = kept.rstrip(" ,;:–—-") or kept
        return f"{trimmed} {tail}" if len(trimmed) in ends else trimmed + tail

    def longest(positions: list[int], tail: str) -> int:
        """The last position whose text fits; counting is not quite monotonic, so the neighbours are tried too."""
        low, high = 0, len(positions)
        while low < high:
            middle = (low + high) // 2
            if count(cut(positions[middle], tail) + suffix) <= limit:
                low = middle + 1
            else:
                high = middle
        for index in range(min(low + 1, len(positions) - 1), -1, -1):
            if count(cut(positions[index], tail) + suffix) <= limit:
                return positions[index]
        return 0

    sentence = longest([m.end() for m in _SENTENCE_END.finditer(text) if allowed(m.end())], "")
    word = longest(
        [m.start() for m in re.finditer(r"\s+", text) if m.start() and allowed(m.start())], ELLIPSIS
    )
    if sentence and sentence * 5 >= word * 3:
        end, tail = sentence, ""
    elif word:
        end, tail = word, ELLIPSIS
    else:
        end, tail = longest([at for at in _edges(text) if at and allowed(at)], ELLIPSIS), ELLIPSIS
    kept = cut(end, tail)
    fitted = kept + suffix if kept else suffix.lstrip()
    return Fitted(text=fitted, used=count(fitted), cut=text[len(text[:end].rstrip()) :].strip())


def addresses(text: str) -> Spans:
    """Whole addresses that begin with http, as networks link them: without the punctuation that ends a sentence."""
    found: list[tuple[int, int]] = []
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(".,;:!?'…”’")
        while address.endswith(")") and address.count("(") < address.count(")"):
            address = address[:-1].rstrip(".,;:!?'")
        if not address.endswith("://"):
            found.append((match.start(), match.start() + len(address)))
    return tuple(found)


def unmentioned(text: str) -> str:
    """The words with an invisible joint after each @ that could call somebody. Mail addresses stay as they are."""
    return re.sub(r"(?<![\w@＠])([@＠])(?=[\w\[])", "\\1\u2060", text)


def unannounced(text: str) -> str:
    """Words that a person wrote, in which `@everyone` and its like call nobody; a handle stays one."""
    return _EVERYBODY.sub("\\1\u2060", text) if "@" in text or "＠" in text else text


def handles(text: str) -> tuple[str, ...]:
    """What looks like the handle of an account: `@dana`, `@dana@server.example`, `@dana.bsky.social`. Each told once."""
    if "@" not in text:
        return ()
    return tuple(dict.fromkeys(match[0] for match in _HANDLE.finditer(text)))


def utf16(text: str) -> int:
    """UTF-16 units, as LinkedIn and Facebook count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def graphemes(text: str) -> int:
    """What a reader takes for one character, as Bluesky and Mastodon count."""
    if _EACH_ONE.fullmatch(text):
        return len(text)
    import regex

    return len(regex.findall(r"\X", text))


def _edges(text: str) -> list[int]:
    """Every position between two graphemes."""
    import regex

    return [match.end() for match in regex.finditer(r"\X", text)]


@lru_cache(maxsize=4096)
def weighted(text: str, link: str = "") -> int:
    """Twitter's weighted length (twitter-text configuration 3): links 23, emoji 2, most scripts 1, others 2.

    `link` is our own link, which counts 23 whatever its host.
    """
    quick = unicodedata.normalize("NFC", text.replace(link, "x" * LINK_WEIGHT) if link else text)
    if _LIGHT.fullmatch(quick) and not _MAY_BE_URL.search(quick):
        return len(quick.replace("\r\n", "\n"))
    full = text.replace(link, _TCO) if link else text
    length: int = _twitter().parse_tweet(full).weightedLength
    # The library takes a bare © or ® for an emoji; Twitter's own counting does only with the emoji mark after it.
    return length - len(re.findall("[©®](?!\ufe0f)", full))


def weighted_is_valid(text: str) -> bool:
    """Has the text none of the characters that Twitter refuses, and at least one that it takes?"""
    return bool(text.strip()) and not re.search("[\ufffe\ufeff\uffff]", text)


@lru_cache(maxsize=4096)
def twitter_links(text: str) -> Spans:
    """What Twitter makes a link of, and bills: full addresses and bare domains such as `setup.py`."""
    if not _MAY_BE_URL.search(text):
        return ()
    return tuple(
        (found["indices"][0], found["indices"][1]) for found in _twitter().extract_urls_with_indices(text)
    )


def _twitter() -> Any:
    """The library. It asks setuptools for one data file, so that one call is answered here instead."""
    loaded = sys.modules.get("twitter_text")
    if loaded is not None and hasattr(loaded, "parse_tweet"):
        return loaded
    import types
    from importlib.resources import files

    stand_in = types.ModuleType("pkg_resources")

    def resource_string(module: str, name: str) -> bytes:
        return files(module.rpartition(".")[0]).joinpath(name).read_bytes()

    stand_in.__dict__["resource_string"] = resource_string
    before = sys.modules.get("pkg_resources")
    sys.modules["pkg_resources"] = stand_in
    try:
        import twitter_text
    finally:
        if before is None:
            del sys.modules["pkg_resources"]
        else:
            sys.modules["pkg_resources"] = before
    return twitter_text


_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.M | re.S)
# What a mark needs to be there at all, the mark, what takes its place.
_Marks = tuple[tuple[str, re.Pattern[str], str], ...]
_BLOCKS: _Marks = (
    ("<!--", re.compile(r"<!--.*?-->", re.S), ""),
    ("</", re.compile(r"<(script|style|svg|iframe|figure|picture)\b.*?</\1\s*>", re.S | re.I), ""),
    ("]:", re.compile(r"^ {0,3}\[\^[^\]\n]+\]:[^\n]*(?:\n(?: {4}|\t)[^\n]*)*", re.M), ""),  # footnotes
    ("]:", re.compile(r"^ {0,3}\[[^\]\n]+\]:[ \t]+\S[^\n]*$", re.M), ""),  # link definitions
    ("]:", re.compile(r"^\*\[[^\]\n]+\]:[^\n]*$", re.M), ""),  # abbreviations
    ("", re.compile(r"^[ \t]*(?:!!!|\?\?\?\+?)[ \t]+[\w -]+(?:\"([^\"\n]*)\")?[ \t]*$", re.M), r"\1"),
    ("===", re.compile(r"^===\+?[ \t]+\"([^\"\n]*)\"[ \t]*$", re.M), r"\1"),
    ("8<", re.compile(r"^-{1,3}8<-{1,3}[^\n]*$", re.M), ""),
    (
        "---",
        re.compile(r"^ {0,3}(?:\|?[ \t]*:?-{3,}:?[ \t]*)(?:\|[ \t]*:?-{3,}:?[ \t]*)*\|?[ \t]*$\n?", re.M),
        "",
    ),
    ("", re.compile(r"^ {0,3}(?:[*_=-][ \t]*){3,}$", re.M), ""),
    ("#", re.compile(r"^[ \t]*#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$", re.M), r"\1"),
    (">", re.compile(r"^[ \t]*(?:>[ \t]?)+", re.M), ""),
    ("", re.compile(r"^[ \t]*(?:[*+-]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?", re.M), ""),
    (":", re.compile(r"^[ \t]*:[ \t]+", re.M), ""),
)
_INLINE: _Marks = (
    (
        "![",
        re.compile(
            r"!\[[^\]]*\](?:\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:[ \t]+[\"'][^\"']*[\"'])?\)|\[[^\]]*\])"
        ),
        "",
    ),
    ("[^", re.compile(r"\[\^[^\]\n]+\]"), ""),
    ("](", re.compile(r"\[([^\]]*)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+[\"'][^\"']*[\"'])?\)"), r"\1"),
    ("][", re.compile(r"\[([^\]]+)\]\[[^\]]*\]"), r"\1"),
    ("<", re.compile(r"<((?:https?|mailto):[^>\s]+)>"), r"\1"),
    ("<", re.compile(r"</?[A-Za-z][^>]*>"), ""),
    ("{", re.compile(r"\{:?[ \t]*[.#][^}\n]*\}|\{:[^}\n]*\}|\{[ \t]*[\w-]+=[^}\n]*\}"), ""),
    (":", re.compile(r":(?:material|fontawesome|octicons|simple)-[a-z0-9-]+:"), ""),
    ("*", re.compile(r"(\*\*\*|\*\*|\*)(?=\S)(.+?)(?<=\S)\1", re.S), r"\2"),
    ("_", re.compile(r"(?<!\w)(___|__|_)(?=\S)(.+?)(?<=\S)\1(?!\w)", re.S), r"\2"),
    ("~~", re.compile(r"~~(?=\S)(.+?)(?<=\S)~~", re.S), r"\1"),
    ("==", re.compile(r"==(?=\S)(.+?)(?<=\S)==", re.S), r"\1"),
)
_HEADINGS = re.compile(r"^[ \t]*#{1,6}[ \t]+[^\n]*$", re.M)
_KEPT = "\ue000"


def plain(markdown: str) -> str:
    """The words of a Markdown text: no marks, code blocks, pictures or HTML; paragraphs apart by an empty line."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace(_KEPT, "")
    text = _without(_BLOCKS, _unfenced(text))
    text, kept = _set_aside(text)
    text = _without(_INLINE, text)
    if "|" in text and re.search(r"^[ \t]*\|", text, re.M):
        text = re.sub(r"[ \t]*\|[ \t]*", " ", text)
    text = html.unescape(text)
    if kept:
        text = re.sub(f"{_KEPT}(\\d+){_KEPT}", lambda match: kept[int(match[1])], text)
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", text))
    return "\n\n".join(part for part in paragraphs if part)


def _without(marks: _Marks, text: str) -> str:
    for need, pattern, by in marks:
        if need in text:
            text = pattern.sub(by, text)
    return text


def _unfenced(text: str) -> str:
    return _FENCE.sub("", text) if "```" in text or "~~~" in text else text


def _set_aside(text: str) -> tuple[str, list[str]]:
    """Code spans and escaped marks replaced by numbered places, so that nothing in them is taken for a mark."""
    if "\\" not in text and "`" not in text:
        return text, []
    runs: dict[int, list[int]] = {}
    for match in re.finditer(r"`+", text):
        runs.setdefault(len(match[0]), []).append(match.start())
    out: list[str] = []
    kept: list[str] = []
    at = 0
    for match in re.finditer(r"\\[!-/:-@\[-`{-~]|`+", text):
        if match.start() < at:
            continue
        if match[0].startswith("\\"):
            word, end = match[0][1:], match.end()
        else:
            same = runs.get(len(match[0]), [])
            place = bisect_right(same, match.start())
            if place == len(same) or "\n\n" in text[match.end() : min(same[place], match.end() + 2000)]:
                continue
            word, end = text[match.end() : same[place]].strip(), same[place] + len(match[0])
        out += [text[at : match.start()], f"{_KEPT}{len(kept)}{_KEPT}"]
        kept.append(word)
        at = end
    return "".join(out) + text[at:], kept


def excerpt(body: str, limit: int = 300) -> str:
    """The opening words of a post, on one line, within so many characters.

    What stands before `<!-- more -->`, or else the first paragraphs; headings count as text of their own only when
    nothing else is there.
    """
    head = re.split(r"<!--\s*more\s*-->", body, maxsplit=1)[0]
    source = head if head.strip() else body
    without_headings = _HEADINGS.sub("", _unfenced(source))
    words = " ".join((plain(without_headings) or plain(source)).split())
    return fit(words, limit=limit, count=graphemes).text
