"""Does a history slow down as it grows? A fresh runner opens it, reads it and brings one post out: many.py [SIZE...]"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from byline.ledger import open_ledger
from byline.ledger.base import Event, Ledger
from byline.settings import load
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, event, receipt
from byline.times import FixedClock
from postgres import Server
from repos import BARE_MACHINE
from stores import NAMES, make_store
from support import NOW, SETTINGS, make_site

STEPS = (("claimed", {}), ("prepared", {"requests": REQUESTS[:1]}), ("part", {"part": 0, "receipt": receipt()}), ("sent", {}))  # fmt: skip


def story(number: int) -> Iterator[Event]:
    """One delivery from nothing to out."""
    intent = replace(INTENT, id=f"post{number}.linkedin.company", post=f"post{number}")
    for version, (kind, more) in enumerate(STEPS):
        made = event(kind, None, **more)
        yield replace(made, id=intent.id, expected=version, intent=intent if kind == "claimed" else None)


def bring_out(ledger: Ledger, number: int) -> None:
    for step in story(number):
        ledger.write(step, lazy=step.kind == "sent")


def main(sizes: Sequence[int]) -> int:
    """Print the table."""
    os.environ.update(BARE_MACHINE)
    server = Server()
    print_(
        f"{'store':<12}{'deliveries':>11}{'open and read':>15}{'processor':>11}{'one more post':>15}{'processor':>11}"
    )
    try:
        for name in NAMES:
            for size in sizes:
                with tempfile.TemporaryDirectory(prefix="byline-many-", ignore_cleanup_errors=True) as folder:
                    print_(row(name, size, Path(folder), server))
    finally:
        server.stop()
    return 0


def row(name: str, size: int, folder: Path, server: Server) -> str:
    store = make_store(name, folder / "store", server)
    make_site(folder / "site", settings=SETTINGS.replace("ledger: sqlite", f"ledger: {store.setting}"))

    def opened() -> Ledger:
        settings = load(store.runner(folder / "site") / "mkdocs.yml", store.environment)
        return open_ledger(settings, store.environment, FixedClock(NOW))

    ledger = opened()
    ledger.baseline({"linkedin.company": AT}, [step for number in range(size) for step in story(number)])
    ledger.close()
    settings = load(store.runner(folder / "site") / "mkdocs.yml", store.environment)
    began, used = time.perf_counter(), busy()
    ledger = open_ledger(settings, store.environment, FixedClock(NOW))
    assert len(ledger.snapshot().records) == size
    read, used_read = time.perf_counter(), busy()
    bring_out(ledger, size)
    ledger.close()
    ended, used_end = time.perf_counter(), busy()
    return (
        f"{name:<12}{size:>11,}{read - began:>13.2f} s{used_read - used:>9.2f} s"
        f"{ended - read:>13.2f} s{used_end - used_read:>9.2f} s"
    )


def busy() -> float:
    """Seconds that this process and those it started have been at work."""
    return sum(os.times()[:4])


def print_(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or [50, 500, 5000]))
