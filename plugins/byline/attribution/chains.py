"""A chain of order 1, solved exactly: how likely each state is met, and how likely it ends in a conversion.

States are eliminated one after another. No difference of two near numbers is ever taken (the chance to stay is told
by the sum of the chances to leave, as Grassmann, Taksar and Heyman do it), so rare states come out as exactly as
common ones. The sparse part goes first, the state with the fewest neighbours before the others; what is left and
dense is done in rows. A path of 3,000 different steps takes a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from operator import mul

_DENSE = 0.4  # of all pairs: from there on rows are cheaper than neighbours


@dataclass(slots=True)
class Chain:
    """Chances to go from one state to another, of `size` states, without staying; of a start that none goes back to.

    `out[i][j]` is the chance to go from i to j, `ends[i]` to a conversion, `lost[i]` to an end without one.
    """

    size: int
    start: list[float]
    out: list[dict[int, float]]
    ends: list[float]
    lost: list[float]


@dataclass(slots=True)
class Solved:
    """`met[i]`: the chance that a journey ever comes to i. `converts[i]`: that one at i ends in a conversion."""

    met: list[float]
    converts: list[float]
    whole: float  # the chance of a conversion from the start


@dataclass(slots=True)
class _Work:
    """What elimination leaves: for each state the chances in and out at its turn, over the chance to leave it."""

    order: list[int] = field(default_factory=list)
    leave: dict[int, float] = field(default_factory=dict)
    after: dict[int, dict[int, float]] = field(default_factory=dict)  # to later states, given that it is left
    before: dict[int, dict[int, float]] = field(default_factory=dict)  # from later states
    ring: dict[int, set[int]] = field(
        default_factory=dict
    )  # the later states that it touches, itself or by others
    ends: dict[int, float] = field(default_factory=dict)
    start: dict[int, float] = field(default_factory=dict)


def solve(chain: Chain) -> Solved:
    """Solve it. Every state must lead to an end, which a state met on a finished journey always does."""
    out = [dict(row) for row in chain.out]
    into: list[dict[int, float]] = [{} for _ in range(chain.size)]
    for i, row in enumerate(out):
        for j, chance in row.items():
            into[j][i] = chance
    ends, lost, start = list(chain.ends), list(chain.lost), list(chain.start)
    work = _Work()
    core = _sparse(out, into, ends, lost, start, work)
    inverse = _dense(core, out, ends, lost, start, work)
    return _back(chain, core, inverse, work)


def _sparse(
    out: list[dict[int, float]],
    into: list[dict[int, float]],
    ends: list[float],
    lost: list[float],
    start: list[float],
    work: _Work,
) -> list[int]:
    """Eliminate states while few neighbours make it cheap; return those that are left."""
    near = [set(row) | set(col) for row, col in zip(out, into, strict=True)]
    queue = [(len(neighbours), i) for i, neighbours in enumerate(near)]
    heapify(queue)
    left = len(queue)
    gone: set[int] = set()
    while queue:
        degree, k = heappop(queue)
        if k in gone or degree != len(near[k]):
            continue
        if degree > _DENSE * left and left > 8:
            break
        left -= 1
        gone.add(k)
        leave = sum(out[k].values()) + ends[k] + lost[k]
        after = {j: chance / leave for j, chance in out[k].items()}
        end, loss = ends[k] / leave, lost[k] / leave
        for i, chance in into[k].items():
            row = out[i]
            del row[k]
            for j, onward in after.items():
                if j != i:
                    row[j] = into[j][i] = row.get(j, 0.0) + chance * onward
            ends[i] += chance * end
            lost[i] += chance * loss
        for j, onward in after.items():
            del into[j][k]
            start[j] += start[k] * onward
        work.order.append(k)
        work.leave[k], work.after[k], work.before[k] = leave, after, into[k]
        work.ends[k], work.start[k] = end, start[k]
        ring = work.ring[k] = near[k]
        for i in ring:
            near[i] |= ring
            near[i] -= {i, k}
            heappush(queue, (len(near[i]), i))
    return [i for i in range(len(out)) if i not in gone]


def _dense(
    core: Sequence[int],
    out: list[dict[int, float]],
    ends: list[float],
    lost: list[float],
    start: list[float],
    work: _Work,
) -> dict[int, dict[int, float]]:
    """The states that are left, by rows; returns how often each is visited from each (the inverse's block)."""
    size = len(core)
    rows = [[out[i].get(j, 0.0) for j in core] for i in core]
    for k in range(size):
        name = core[k]
        own = rows[k]
        ahead = own[k + 1 :]
        leave = sum(ahead) + ends[name] + lost[name]
        ahead = [chance / leave for chance in ahead]
        end, loss = ends[name] / leave, lost[name] / leave
        for i in range(k + 1, size):
            chance = rows[i][k]
            if chance:
                there = rows[i]
                stay = there[i]
                there[k + 1 :] = [
                    old + chance * onward for old, onward in zip(there[k + 1 :], ahead, strict=True)
                ]
                there[i] = stay
                ends[core[i]] += chance * end
                lost[core[i]] += chance * loss
        begin = start[name]
        work.start[name], work.ends[name], work.leave[name] = begin, end, leave
        work.after[name] = {core[k + 1 + n]: chance for n, chance in enumerate(ahead) if chance}
        work.before[name] = {core[i]: rows[i][k] for i in range(k + 1, size) if rows[i][k]}
        for n, onward in enumerate(ahead, k + 1):
            start[core[n]] += begin * onward
        own[k + 1 :] = ahead
    work.order.extend(core)
    visits = [[0.0] * size for _ in range(size)]  # visits[i][j]: from core[i] to core[j]
    turned = [[0.0] * size for _ in range(size)]
    for i in range(size - 1, -1, -1):
        ahead = rows[i][i + 1 :]
        behind = [rows[k][i] for k in range(i + 1, size)]
        leave = work.leave[core[i]]
        for j in range(i + 1, size):
            visits[i][j] = turned[j][i] = sum(map(mul, ahead, turned[j][i + 1 :]))
            visits[j][i] = turned[i][j] = sum(map(mul, visits[j][i + 1 :], behind)) / leave
        visits[i][i] = turned[i][i] = 1 / leave + sum(map(mul, ahead, turned[i][i + 1 :]))
    return {i: dict(zip(core, row, strict=True)) for i, row in zip(core, visits, strict=True)}


def _back(chain: Chain, core: Sequence[int], inverse: dict[int, dict[int, float]], work: _Work) -> Solved:
    """From the last state eliminated to the first: chances of conversion, visits from the start, visits to itself."""
    converts = [0.0] * chain.size
    visits = [0.0] * chain.size
    inside = set(core)
    for k in reversed(work.order):
        after, before, leave = work.after[k], work.before[k], work.leave[k]
        converts[k] = work.ends[k] + sum(chance * converts[j] for j, chance in after.items())
        visits[k] = (work.start[k] + sum(visits[j] * chance for j, chance in before.items())) / leave
        if k in inside:
            continue
        own: dict[int, float] = {}
        for j in work.ring[k]:
            row = inverse[j]
            own[j] = sum(chance * inverse[n][j] for n, chance in after.items())
            row[k] = sum(row[n] * chance for n, chance in before.items()) / leave
        own[k] = 1 / leave + sum(chance * inverse[n][k] for n, chance in after.items())
        inverse[k] = own
    met = [min(count / inverse[k][k], 1.0) if count else 0.0 for k, count in enumerate(visits)]
    whole = sum(chance * converts[j] for j, chance in enumerate(chain.start))
    return Solved(met=met, converts=converts, whole=whole)
