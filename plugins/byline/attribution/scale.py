"""The same credit for millions of touches, as lazy expressions that DuckDB, Spark or a warehouse works out (ibis).

Two tables come in, with whole numbers of microseconds since 1970 (UTC) for times, so that no engine's own way with dates
can make a difference:

- *touches*: `person`, `at`, `n` (the order of equal times), `source`, `medium`, `campaign`, `content`, `click`; no two rows
  equal but for `n`;
- *conversions*: `kind` (lead, opportunity, order), `id`, `lead` (the enquiry it came from, or empty), `person`, `at`, `until`
  (the latest touch that counts), `lead_at`, `opportunity_at` (null where there is none), `amount`, `currency`, `counts`
  (0 for a refund, else 1).

Nothing is worked out before `table` reads the few rows of the result; weights are doubles, credit is equal to that of
`credit.table` to 1e-9. `byline[scale]` installs what it needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from byline.attribution.credit import By, Cell, Key, State, keys
from byline.attribution.models import HALF_LIFE_DAYS, Model, Moves, effects_of_moves, shares_of_effects
from byline.attribution.touches import SAME_VISIT, Directory

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAY = 86_400_000_000
_SAME = int(SAME_VISIT.total_seconds()) * 1_000_000
_TAGS = ("source", "medium", "campaign", "content")


def table(
    touches: ir.Table,
    conversions: ir.Table,
    directory: Directory,
    model: Model,
    by: By,
    *,
    window_days: int,
    run: Callable[[ir.Table], Iterable[Mapping[str, Any]]],
    keep: Callable[[ir.Table], ir.Table] = lambda found: found,
) -> dict[Key, Cell]:
    """The credit of each key, as `credit.table` gives it. `run` works an expression out and gives its rows.

    `keep` may store what an expression gives and give a table of it: the touches that count are asked for several
    times, and finding them among all is the long part.
    """
    steps = keep(_steps(touches, conversions, window_days))
    pairs = [
        (str(row["content"]), str(row["source"])) for row in run(steps.select("content", "source").distinct())
    ]
    states = _states(pairs, directory, by)
    if not states.names:
        return _collect(run(_without(conversions, steps)), {})
    steps = steps.join(states.table(), ["content", "source"])
    if model.share is None:
        return _markov(steps, conversions, states, run)
    shares = _weighed(steps, model.name)
    sums = shares.group_by("kind", "state", "currency").agg(
        share=shares.weight.sum(),
        counted=(shares.weight * shares.counts).sum(),
        money=(shares.weight * shares.amount).sum(),
    )
    return _collect([*run(sums), *run(_without(conversions, steps))], states.by_number)


class _States:
    """What the distinct tags stand for: a number each, so that only numbers travel through the engine."""

    def __init__(self, found: Mapping[tuple[str, str], State]) -> None:
        self.names = list(dict.fromkeys(found.values()))
        number = {state: n for n, state in enumerate(self.names)}
        self.by_number: dict[int, State] = dict(enumerate(self.names))
        self._rows = [
            {"content": content, "source": source, "state": number[state]}
            for (content, source), state in found.items()
        ]

    def table(self) -> ir.Table:
        import ibis

        found: ir.Table = ibis.memtable(
            self._rows, schema=ibis.schema({"content": "string", "source": "string", "state": "int64"})
        )
        return found


def _states(pairs: Iterable[tuple[str, str]], directory: Directory, by: By) -> _States:
    return _States(
        {
            (content, source): keys(directory.find(content, source.lower()), by)
            for content, source in sorted(pairs)
        }
    )


def _steps(touches: ir.Table, conversions: ir.Table, window_days: int) -> ir.Table:
    """The touches that count before each conversion, numbered `k` of `size`, oldest first."""
    import ibis

    touches = touches.filter(
        (touches.medium != "")
        | (touches.campaign != "")
        | (touches.content != "")
        | ((touches.source != "") & (touches.click == ""))
    )
    touches = touches.select(
        "person", touched=touches.at, n=touches.n, **{name: touches[name] for name in _TAGS}
    )
    found = conversions.join(
        touches,
        [
            conversions.person == touches.person,
            touches.touched <= conversions.until,
            touches.touched >= conversions.until - window_days * DAY,
        ],
    )
    order = ibis.window(group_by=["kind", "id"], order_by=["touched", "n"])
    found = found.mutate(
        before=found.touched.lag().over(order),
        **{f"last_{name}": found[name].lag().over(order) for name in _TAGS},
    )
    other = found.before.isnull() | (found.touched - found.before > _SAME)
    for name in _TAGS:
        other = other | (found[name] != found[f"last_{name}"])
    found = found.filter(other)
    found = found.select(
        *("kind", "id", "lead", "touched", "n", "content", "source", "lead_at", "opportunity_at"),
        *("amount", "currency", "counts"),
    )
    whole = ibis.window(group_by=["kind", "id"])
    order = ibis.window(group_by=["kind", "id"], order_by=["touched", "n"])
    return found.mutate(
        k=ibis.row_number().over(order) + 1,
        size=found.count().over(whole),
        newest=found.touched.max().over(whole),
    )


def _without(conversions: ir.Table, steps: ir.Table) -> ir.Table:
    """The conversions with no touch that counts: source unknown."""
    import ibis

    none = conversions.anti_join(steps.select("kind", "id").distinct(), ["kind", "id"])
    none = none.mutate(state=ibis.literal(-1, type="int64"))
    return none.group_by("kind", "state", "currency").agg(
        share=none.count().cast("float64"), counted=none.counts.sum(), money=none.amount.sum()
    )


def _weighed(steps: ir.Table, name: str) -> ir.Table:
    """Each step with its `weight` under the model; they sum to 1 for each conversion."""
    import ibis

    whole = ibis.window(group_by=["kind", "id"])

    def to_one(raw: ir.Table) -> ir.Table:
        return raw.mutate(weight=raw.raw / raw.raw.sum().over(whole))

    if name in ("first", "last"):
        hit = steps.k == (1 if name == "first" else steps.size)
        return steps.filter(hit).mutate(weight=ibis.literal(1.0))
    if name == "linear":
        return steps.mutate(weight=ibis.literal(1.0) / steps.size.cast("float64"))
    if name == "decay":
        age = (steps.newest - steps.touched).cast("float64") / (HALF_LIFE_DAYS * DAY)
        return to_one(steps.mutate(raw=ibis.literal(2.0).pow(-age)))
    if name == "shapley":
        each = steps.mutate(
            times=steps.count().over(ibis.window(group_by=["kind", "id", "state"])),
            rank=ibis.dense_rank().over(ibis.window(group_by=["kind", "id"], order_by="state")),
        )
        different = (each["rank"].max().over(whole) + 1).cast("float64")
        return each.mutate(weight=ibis.literal(1.0) / (different * each.times.cast("float64")))

    def led_to(moment: ir.Value) -> ir.Value:
        return ibis.ifelse(steps.touched <= moment, steps.k, ibis.null("int64")).max().over(whole)

    later = steps.kind != "lead"
    steps = steps.mutate(
        to_lead=led_to(steps.lead_at),
        to_opportunity=ibis.ifelse(later, led_to(steps.opportunity_at), ibis.null("int64")),
        to_close=ibis.ifelse(steps.kind == "order", steps.size, ibis.null("int64")),
    )
    first = ibis.literal(1, type="int64")
    marks, part = {
        "position": ((first, steps.size), 0.4),
        "u_milestone": ((first, steps.to_lead), 0.4),
        "w": ((first, steps.to_lead, steps.to_opportunity), 0.3),
        "full_path": ((first, steps.to_lead, steps.to_opportunity, steps.to_close), 0.225),
    }[name]
    hits = sum(((steps.k == mark).fill_null(False).cast("int64") for mark in marks), ibis.literal(0))
    between: Any = steps.k > 0
    if name == "w":
        between = steps.k < ibis.greatest(steps.to_lead.fill_null(0), steps.to_opportunity.fill_null(0))
    steps = steps.mutate(hits=hits)
    steps = steps.mutate(other=((steps.hits == 0) & between).cast("int64"))
    # Doubles before any number of ours comes near: Spark reads 0.4 as a decimal and would round the quotients.
    others = steps.other.sum().over(whole).cast("float64")
    rest = steps.other.cast("float64") / others.nullif(0) * (1 - part * len(marks))
    return to_one(steps.mutate(raw=steps.hits.cast("float64") * part + rest.fill_null(0.0)))


def _markov(
    steps: ir.Table,
    conversions: ir.Table,
    states: _States,
    run: Callable[[ir.Table], Iterable[Mapping[str, Any]]],
) -> dict[Key, Cell]:
    """The engine counts the moves, the chain is solved here: it has as many states as there are keys."""
    import ibis

    order = ibis.window(group_by=["kind", "id"], order_by=["touched", "n"])
    walked = steps.mutate(came=steps.state.lag().over(order))
    walked = walked.filter(walked.came.isnull() | (walked.came != walked.state))
    walked = walked.mutate(went=walked.state.lead().over(order))
    went_on = {
        str(kind): conversions.filter(
            (conversions.kind == kind) & (conversions.counts == 1) & (conversions["lead"] != "")
        )
        .select("lead")
        .distinct()
        for kind in ("opportunity", "order")
    }
    cells: dict[Key, Cell] = defaultdict(Cell)
    once = steps.filter(steps.k == 1)
    totals = list(
        run(
            once.group_by("kind", "currency").agg(
                share=once.count().cast("float64"), counted=once.counts.sum(), money=once.amount.sum()
            )
        )
    )
    for kind in ("lead", "opportunity", "order"):
        flows = [(walked.filter((walked.kind == kind) & (walked.counts == 1)), True)]
        if kind in went_on:
            leads = walked.filter(walked.kind == "lead")
            flows.append((leads.anti_join(went_on[kind], leads["id"] == went_on[kind]["lead"]), False))
        found = _moves(flows, states, run)
        parts = shares_of_effects(effects_of_moves(found)[0])
        mine = [row for row in totals if row["kind"] == kind]
        for row in mine:
            if not parts:
                _add(cells[None], row, Fraction(1))
            for state, share in parts.items():
                for key, part in state:
                    _add(cells[key], row, share * part)
    for key, cell in _collect(run(_without(conversions, steps)), {}).items():
        _merge(cells[key], cell)
    return dict(cells)


def _moves(
    flows: Iterable[tuple[ir.Table, bool]],
    states: _States,
    run: Callable[[ir.Table], Iterable[Mapping[str, Any]]],
) -> Moves[State]:
    found: Moves[State] = Moves(
        start=defaultdict(Fraction),
        on=defaultdict(Fraction),
        ends=defaultdict(Fraction),
        lost=defaultdict(Fraction),
    )
    for walked, converts in flows:
        counted = walked.group_by("state", "went").agg(
            number=walked.count(), began=walked.came.isnull().cast("int64").sum()
        )
        for row in run(counted):
            here = states.by_number[int(row["state"])]
            if row["began"]:
                found.start[here] += int(row["began"])
            went = row["went"]
            if went is not None and went == went:  # a table in memory may say NaN for null
                found.on[here, states.by_number[int(went)]] += int(row["number"])
            elif converts:
                found.ends[here] += int(row["number"])
            else:
                found.lost[here] += int(row["number"])
    return found


def _collect(rows: Iterable[Mapping[str, Any]], states: Mapping[int, State]) -> dict[Key, Cell]:
    cells: dict[Key, Cell] = defaultdict(Cell)
    unknown: State = ((None, Fraction(1)),)
    for row in rows:
        for key, part in states.get(int(row["state"]), unknown):
            _add(cells[key], row, part)
    return dict(cells)


def _add(cell: Cell, row: Mapping[str, Any], part: Fraction) -> None:
    if row["kind"] == "lead":
        cell.leads += Fraction(row["share"]) * part
    elif row["kind"] == "opportunity":
        cell.opportunities += Fraction(row["share"]) * part
    else:
        currency = str(row["currency"])
        cell.orders += Fraction(float(row["counted"])) * part
        cell.revenue[currency] = (
            cell.revenue.get(currency, Fraction(0)) + Fraction(float(row["money"])) * part
        )


def _merge(into: Cell, other: Cell) -> None:
    into.leads += other.leads
    into.opportunities += other.opportunities
    into.orders += other.orders
    for currency, value in other.revenue.items():
        into.revenue[currency] = into.revenue.get(currency, Fraction(0)) + value
