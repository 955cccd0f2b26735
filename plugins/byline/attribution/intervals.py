"""How far a small number may be from the truth."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping, Sequence
from math import exp, sqrt
from typing import TypeVar

_Z = 1.959963984540054  # 95 % of a normal distribution lie so many standard deviations around its middle
_ROUNDS, _LEVEL = 400, 0.9

K = TypeVar("K", bound=Hashable)


def wilson(hits: float, tries: float) -> tuple[float, float]:
    """Wilson's interval of a rate, 95 %; 0 to 1 when nothing was tried."""
    if tries <= 0:
        return 0.0, 1.0
    rate = min(max(hits / tries, 0.0), 1.0)
    middle = rate + _Z * _Z / (2 * tries)
    reach = _Z * sqrt(rate * (1 - rate) / tries + _Z * _Z / (4 * tries * tries))
    scale = 1 + _Z * _Z / tries
    low = 0.0 if rate == 0 else max((middle - reach) / scale, 0.0)
    high = 1.0 if rate == 1 else min((middle + reach) / scale, 1.0)
    return low, high


def of_all(part: float, whole: float) -> tuple[float, float]:
    """The interval of a part among so many: `part` of `whole` enquiries, as numbers of enquiries."""
    low, high = wilson(part, whole)
    return low * whole, high * whole


def bootstrap(people: Sequence[Mapping[K, float]], *, seed: int = 1) -> dict[K, tuple[float, float]]:
    """The interval of each key's sum, 90 %, drawing people (never touches) again and again.

    Each draw takes every person a Poisson number of times (mean 1), which is the bootstrap for a crowd whose size
    is itself by chance. The same people and the same seed give the same interval.
    """
    keys = sorted({key for person in people for key in person}, key=repr)
    rng = random.Random(seed)  # noqa: S311 - statistics, not secrets
    sums: dict[K, list[float]] = {key: [] for key in keys}
    for _ in range(_ROUNDS):
        drawn = dict.fromkeys(keys, 0.0)
        for person in people:
            times = _poisson(rng)
            if times:
                for key, value in person.items():
                    drawn[key] += times * value
        for key, value in drawn.items():
            sums[key].append(value)
    cut = int(_ROUNDS * (1 - _LEVEL) / 2)
    return {key: (sorted(values)[cut], sorted(values)[-1 - cut]) for key, values in sums.items()}


def _poisson(rng: random.Random) -> int:
    limit, times, product = exp(-1.0), 0, rng.random()
    while product > limit:
        times += 1
        product *= rng.random()
    return times
