"""Words for a card: what of them can be drawn, in which direction they run, and in which language's forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from byline.lettering import bidi, typefaces
from byline.lettering.letters import INTER, SERIF, holds, plain

_SPACES = re.compile(r"\s+")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"}
_UNDRAWN = {"Cc", "Cf", "Cs", "Co"}  # not Cn: what an older Python does not know yet, a font may hold
_PILED = re.compile("([\u0300-\u036f]{4})[\u0300-\u036f]+")  # more marks than any language sets on a letter
_ENOUGH = 0.8  # of the letters; the rest of a title makes no sense without them


@dataclass(frozen=True, slots=True)
class Words:
    """Words that can be drawn whole, or one line of them.

    `levels` are the directions of their characters (UAX #9), empty where every letter is in the pages' own fonts and
    runs from the left: such words are set letter by letter, all others by HarfBuzz. `sans` tells that there are letters
    which only go with a face without serifs. `language` is a tag such as `ja` or `zh-Hant`, or empty.
    """

    text: str
    levels: bytes = b""
    right_to_left: bool = False
    sans: bool = False
    language: str = ""

    @property
    def plain(self) -> bool:
        """Whether the words are set letter by letter."""
        return not self.levels

    @property
    def family(self) -> str:
        """The family that goes with all of them, where the card would have serifs."""
        return INTER if self.sans else SERIF

    def part(self, start: int, end: int) -> Words:
        """A line of the words."""
        text = self.text[start:end]
        return replace(
            self, text=text, levels=bidi.trimmed(text, self.levels[start:end], int(self.right_to_left))
        )


def readable(text: str) -> str:
    """The text without what no shipped font can draw, white space made single.

    Empty when so little is left of the letters that the rest would make no sense.
    """
    if plain(text):
        composed = unicodedata.normalize("NFC", text)
        shown = (c for c in composed if c.isspace() or unicodedata.category(c) not in _INVISIBLE)
        return _SPACES.sub(" ", "".join(shown)).strip()
    parts = [(cluster, _drawn(cluster)) for cluster in clusters(_without_controls(text))]
    letters = [shown for cluster, shown in parts if any(char.isalnum() for char in cluster)]
    if letters and sum(1 for shown in letters if shown) < _ENOUGH * len(letters):
        return ""
    text = _SPACES.sub(" ", "".join(shown for _, shown in parts)).strip()
    bare = "".join(char for char in text if not typefaces.unseen(char))
    return bare if plain(bare) else text


def left_out(text: str) -> str:
    """The signs that no shipped font can draw, each once."""
    if plain(text):
        return ""
    seen = clusters(_without_controls(text))
    missing = (cluster for cluster in seen if not _drawn(cluster) and not _silent(cluster))
    return "".join(dict.fromkeys(missing))


def words(text: str, language: str = "") -> Words:
    """What of the text can be drawn. `language` is the site's: it decides how Chinese characters are written."""
    shown = readable(text)
    if plain(shown):
        return Words(shown)
    language = _language(shown, language)
    right_to_left = bidi.right_to_left(shown)
    return Words(
        shown,
        levels=bidi.levels(shown, int(right_to_left)),
        right_to_left=right_to_left,
        sans=any(char.isalpha() and not holds(SERIF, char) for char in shown),
        language=language,
    )


def clusters(text: str) -> list[str]:
    """What a reader takes for one sign: a letter with its marks, a flag, a family of emoji."""
    import regex

    found: list[str] = regex.findall(r"\X", text)
    return found


def placed(text: str) -> Iterator[tuple[int, str]]:
    """The same, each with where it begins."""
    start = 0
    for cluster in clusters(text):
        yield start, cluster
        start += len(cluster)


def _without_controls(text: str) -> str:
    kept = (" " if c.isspace() else c for c in text if c.isspace() or not _control(c))
    return "".join(kept).replace("\ufeff", "")


def _control(char: str) -> bool:
    return unicodedata.category(char) in _UNDRAWN and not typefaces.unseen(char)


@cache
def _drawn(cluster: str) -> str:
    """The cluster as far as it can be drawn."""
    if cluster.isspace():
        return " "
    kept = unicodedata.normalize("NFC", _PILED.sub(r"\1", cluster))
    if all(typefaces.unseen(char) for char in kept):
        return "".join(char for char in kept if char in "\u200b\u200c\u200d\u200e\u200f\u061c")
    base = next(char for char in kept if not typefaces.unseen(char))
    if _mark(base):  # without the letter that it would stand on
        return ""
    if typefaces.home(kept, SERIF, ""):
        return kept
    if typefaces.home(base, SERIF, ""):
        return base
    plainer = unicodedata.normalize("NFKD", base)
    return plainer if plainer != base and all(typefaces.home(part, SERIF, "") for part in plainer) else ""


def _silent(cluster: str) -> bool:
    """Whether nobody misses it: white space, joiners, a mark on no letter."""
    seen = [char for char in cluster if not (char.isspace() or typefaces.unseen(char))]
    return all(_mark(char) for char in seen)


def _mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me")


def _language(text: str, site: str) -> str:
    """Whose forms Chinese characters have: the text's own, as far as it shows, else the site's; else just the site's."""
    import regex

    if regex.search(r"[\p{Hiragana}\p{Katakana}]", text):
        return "ja"
    if regex.search(r"\p{Hangul}", text):
        return "ko"
    han = "".join(regex.findall(r"\p{Han}", text))
    if not han:
        return site
    tag = site.lower().replace("_", "-")
    if tag.startswith(("ja", "ko")):
        return tag[:2]
    if any(part in ("tw", "hk", "mo", "hant") for part in tag.split("-")):
        return "zh-Hant"
    if any(part in ("cn", "sg", "hans") for part in tag.split("-")):
        return "zh-Hans"
    for codec, found in (("gb2312", "zh-Hans"), ("big5", "zh-Hant"), ("shift_jis", "ja")):
        try:
            han.encode(codec)
        except UnicodeEncodeError:
            continue
        return found
    return "zh-Hans"
