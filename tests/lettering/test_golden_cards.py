"""One whole card for each script, kept: the lines that a reader sees, and the pixels where the same libraries draw them."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PIL import features

from byline.drawing import draw_card
from byline.lettering.letters import Face
from byline.lettering.setting import fit
from byline.lettering.words import words
from byline.model import DrawnCard

KEPT = Path(__file__).parent.parent / "data" / "cards.json"
CARDS: list[dict[str, Any]] = json.loads(KEPT.read_text(encoding="utf-8"))


def card(kept: dict[str, Any]) -> DrawnCard:
    return DrawnCard(
        title=kept["title"],
        kicker=kept["kicker"],
        byline=kept["byline"],
        site=kept["site"],
        primary="#1f4e79",
        accent="#c2571a",
        language=kept["language"],
    )


def lines(kept: dict[str, Any]) -> dict[str, Any]:
    title = words(kept["title"], kept["language"])
    found = fit(title, Face(title.family, 640), (912, 368), (92, 86, 80, 74, 68, 62, 56, 50, 45), 1.14, 4)
    return {"size": found.size, "lines": [line.text for line in found.lines]}


def pixels(kept: dict[str, Any]) -> str:
    return hashlib.sha256(draw_card(card(kept), 1200, 630).convert("RGB").tobytes()).hexdigest()[:16]


def libraries() -> dict[str, str]:
    import uharfbuzz

    return {
        "freetype": str(features.version("freetype2")),
        "harfbuzz": uharfbuzz.version_string(),
        "machine": platform.machine(),
    }


@pytest.mark.parametrize("kept", CARDS, ids=[kept["script"] for kept in CARDS])
def test_a_card_looks_as_it_did(kept: dict[str, Any]) -> None:
    assert lines(kept) == {"size": kept["size"], "lines": kept["lines"]}
    assert draw_card(card(kept), 1200, 630).size == (1200, 630)
    if kept["with"] == libraries():  # another version may round the edge of a letter another way
        assert pixels(kept) == kept["pixels"]


def test_another_process_draws_the_same() -> None:
    some = CARDS[-1]
    code = (
        "import hashlib, sys, json; from byline.drawing import draw_card; from byline.model import DrawnCard;"
        "card = DrawnCard(**json.loads(sys.stdin.read()));"
        "print(hashlib.sha256(draw_card(card, 1200, 630).convert('RGB').tobytes()).hexdigest()[:16])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(asdict(card(some))),
        env={**os.environ, "PYTHONHASHSEED": "7"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == pixels(some)


if __name__ == "__main__":  # after a change that is meant: look at the cards, then keep what they are now
    for kept in CARDS:
        kept.update(**lines(kept), pixels=pixels(kept))
        kept["with"] = libraries()
    KEPT.write_text(json.dumps(CARDS, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
