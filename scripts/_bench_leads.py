"""Fill an embedded store with made-up leads of ten touches each, a tenth of them with an order: `_bench_leads.py FILE TOUCHES`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from byline.crm.local import LocalCrm
from byline.model import Deal, Lead, Touch

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PLACES = (("twitter", "twitter.acme"), ("linkedin", "linkedin.company"), ("linkedin", "linkedin.dana"))
EACH = 10


def main(file: str, touches: int) -> None:
    """The same ones every time."""
    dice = Random(touches)
    with LocalCrm(Path(file)) as crm, crm.batch():
        for number in range(touches // EACH):
            asked = BEGIN + timedelta(seconds=dice.randrange(20_000_000, 28_000_000))
            crm.put_lead(
                Lead(
                    id=f"l{number}",
                    at=asked,
                    person=f"p{number}",
                    touches=tuple(_touch(dice, asked) for _ in range(EACH)),
                )
            )
            if number % 10 == 0:
                crm.put_deal(
                    Deal(
                        id=f"d{number}",
                        lead_id=f"l{number}",
                        person=f"p{number}",
                        created=asked + timedelta(days=20),
                        closed=asked + timedelta(days=90),
                        won=True,
                        amount=Decimal(dice.randrange(100_000, 9_000_000)) / 100,
                        currency="EUR",
                    )
                )


def _touch(dice: Random, asked: datetime) -> Touch:
    source, where = PLACES[dice.randrange(3)]
    return Touch(
        at=asked - timedelta(seconds=dice.randrange(60, 25_000_000)),
        source=source,
        medium="social",
        campaign="autumn",
        content=f"post{dice.randrange(360)}.{where}",
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
