"""In which order a line is read and drawn when it mixes scripts: Unicode's bidirectional algorithm (UAX #9) for a title.

A title is one paragraph without embeddings, overrides or isolates (they are taken out before), so every rule but
those of section 3.3.2 is here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_PAIRS = (
    "()[]{}\u0f3a\u0f3b\u0f3c\u0f3d\u169b\u169c\u2045\u2046\u207d\u207e\u208d\u208e\u2308\u2309\u230a\u230b\u2329\u232a"
    "\u2768\u2769\u276a\u276b\u276c\u276d\u276e\u276f\u2770\u2771\u2772\u2773\u2774\u2775\u27c5\u27c6\u27e6\u27e7\u27e8"
    "\u27e9\u27ea\u27eb\u27ec\u27ed\u27ee\u27ef\u2983\u2984\u2985\u2986\u2987\u2988\u2989\u298a\u298b\u298c\u298d\u2990"
    "\u298f\u298e\u2991\u2992\u2993\u2994\u2995\u2996\u2997\u2998\u29d8\u29d9\u29da\u29db\u29fc\u29fd\u2e22\u2e23\u2e24"
    "\u2e25\u2e26\u2e27\u2e28\u2e29\u2e55\u2e56\u2e57\u2e58\u2e59\u2e5a\u2e5b\u2e5c\u3008\u3009\u300a\u300b\u300c\u300d"
    "\u300e\u300f\u3010\u3011\u3014\u3015\u3016\u3017\u3018\u3019\u301a\u301b\ufe59\ufe5a\ufe5b\ufe5c\ufe5d\ufe5e\uff08"
    "\uff09\uff3b\uff3d\uff5b\uff5d\uff5f\uff60\uff62\uff63"
)  # BidiBrackets.txt of Unicode: opening and closing ones in turn
_CLOSING = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
_OPENING = {closing: opening for opening, closing in _CLOSING.items()}
_DEEPEST = 63  # brackets that may be open at once (BD16)
_SAME = str.maketrans("\u2329\u232a", "\u3008\u3009")  # two spellings of one bracket
_UNSEEN = {"BN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_NEUTRAL = {"B", "S", "WS", "ON"}
_AS_RIGHT = {"R", "EN", "AN"}  # what counts as right to left beside a neutral


def right_to_left(text: str) -> bool:
    """Whether the paragraph runs from right to left: its first letter with a direction says so (P2, P3)."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def levels(text: str, base: int) -> bytes:
    """A level for each character: even ones run left to right, odd ones right to left. `base` is the paragraph's, 0 or 1."""
    given = [unicodedata.bidirectional(char) or _unknown(char) for char in text]
    seen = [place for place, kind in enumerate(given) if kind not in _UNSEEN]
    kinds = [given[place] for place in seen]
    edge = "R" if base else "L"
    _weak(kinds, edge)
    _brackets([text[place] for place in seen], kinds, [given[place] for place in seen], edge)
    _neutral(kinds, edge)
    out = bytearray([base]) * len(text)
    for place, kind in zip(seen, kinds, strict=True):
        if base:
            out[place] = 1 if kind == "R" else 2
        else:
            out[place] = {"L": 0, "R": 1}.get(kind, 2)
    last = base
    known = set(seen)
    for place in range(len(text)):  # what is not seen goes with what stands before it
        last = out[place] if place in known else last
        out[place] = last
    for start, end in _separated(given):  # L1
        out[start:end] = bytes([base]) * (end - start)
    return bytes(out)


def trimmed(text: str, given: bytes, base: int) -> bytes:
    """The levels of one line of the paragraph: white space at its end has the paragraph's (L1)."""
    end = len(text.rstrip())
    return given[:end] + bytes([base]) * (len(text) - end)


def runs(given: bytes) -> list[tuple[int, int, int]]:
    """(start, end, level) of the parts of one level, from the left to the right of the line (L2)."""
    out: list[tuple[int, int, int]] = []
    for place, level in enumerate(given):
        if out and out[-1][2] == level:
            out[-1] = out[-1][0], place + 1, level
        else:
            out.append((place, place + 1, level))
    highest = max(given, default=0)
    for level in range(highest, 0, -1):
        start = 0
        while start < len(out):
            end = start
            while end < len(out) and out[end][2] >= level:
                end += 1
            out[start:end] = reversed(out[start:end])
            start = end + 1
    return out


def mirrored(char: str) -> str:
    """The bracket as it is drawn from right to left (L4)."""
    return _CLOSING.get(char) or _OPENING.get(char) or _LIKE_BRACKETS.get(char, char)


_LIKE_BRACKETS = {"<": ">", ">": "<", "«": "»", "»": "«", "‹": "›", "›": "‹", "≤": "≥", "≥": "≤"}


def _unknown(char: str) -> str:
    """What a character is that this Python's Unicode does not know yet: an emoji, most likely, else a letter."""
    return "ON" if 0x1F000 <= ord(char) <= 0x1FAFF else "L"


def _weak(kinds: list[str], edge: str) -> None:
    """W1 to W7."""
    before, strong = edge, edge
    for place, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[place] = kind = before
        before = kind
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[place] = "AN"
    for place, kind in enumerate(kinds):
        if kind == "AL":
            kinds[place] = "R"
    for place in range(1, len(kinds) - 1):
        around = kinds[place - 1]
        if around == kinds[place + 1] and (
            (kinds[place] in ("ES", "CS") and around == "EN") or (kinds[place] == "CS" and around == "AN")
        ):
            kinds[place] = around
    for start, end in list(_stretches(kinds, {"ET"})):
        if "EN" in (*kinds[max(0, start - 1) : start], *kinds[end : end + 1]):
            kinds[start:end] = ["EN"] * (end - start)
    strong = edge
    for place, kind in enumerate(kinds):
        if kind in ("ES", "ET", "CS"):
            kinds[place] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[place] = "L"


def _brackets(chars: Sequence[str], kinds: list[str], given: Sequence[str], edge: str) -> None:
    """N0: both brackets of a pair go with what they hold."""
    for first, last in _pairs(chars, kinds):
        held = {_strong(kind) for kind in kinds[first + 1 : last]} - {""}
        if not held:
            continue
        if edge in held:
            found = edge
        else:
            before = next((kind for kind in map(_strong, reversed(kinds[:first])) if kind), edge)
            found = before if before in held else edge
        for place in (first, last):
            kinds[place] = found
            after = place + 1
            while after < len(kinds) and given[after] == "NSM":
                kinds[after] = found
                after += 1


def _pairs(chars: Sequence[str], kinds: Sequence[str]) -> list[tuple[int, int]]:
    waiting: list[tuple[str, int]] = []
    out: list[tuple[int, int]] = []
    for place, char in enumerate(chars):
        if kinds[place] != "ON":
            continue
        if char in _CLOSING:
            if len(waiting) == _DEEPEST:
                return []
            waiting.append((_CLOSING[char].translate(_SAME), place))
        elif char in _OPENING:
            for depth in range(len(waiting) - 1, -1, -1):
                if waiting[depth][0] == char.translate(_SAME):
                    out.append((waiting[depth][1], place))
                    del waiting[depth:]
                    break
    return sorted(out)


def _strong(kind: str) -> str:
    return "R" if kind in _AS_RIGHT else "L" if kind == "L" else ""


def _neutral(kinds: list[str], edge: str) -> None:
    """N1 and N2."""
    for start, end in list(_stretches(kinds, _NEUTRAL)):
        before = _strong(kinds[start - 1]) if start else edge
        after = _strong(kinds[end]) if end < len(kinds) else edge
        kinds[start:end] = [before if before == after else edge] * (end - start)


def _stretches(kinds: Sequence[str], wanted: set[str]) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(kinds):
        end = start
        while end < len(kinds) and kinds[end] in wanted:
            end += 1
        if end > start:
            yield start, end
        start = max(end, start + 1)


def _separated(given: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Separators with the white space before them, and the white space at the end."""
    blank = {"WS", *_UNSEEN}
    start = 0
    for place, kind in enumerate(given):
        if kind in ("B", "S"):
            yield start, place + 1
        if kind not in blank:
            start = place + 1
    if start < len(given):
        yield start, len(given)
