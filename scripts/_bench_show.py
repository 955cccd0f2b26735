"""What `scripts/bench build` found, as a table and as a chart for the manual."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import _setup

if TYPE_CHECKING:
    from _bench_build import Measured
    from _bench_peers import Peer

MANUAL = _setup.ROOT / "docs" / "explanation" / "build.md"
CHART = _setup.ROOT / "docs" / "explanation" / "build-{posts}.svg"
Bars = Mapping[str, tuple[float | None, float | None]]


def table(found: Measured, bars: Bars) -> str:
    """Markdown."""
    stock = statistics.median(one.clock for one in found.stock)
    used = statistics.median(one.processor for one in found.stock)
    rows = [
        f"{found.posts:,} posts of some 740 words, {'one round' if len(found.stock) == 1 else f'{len(found.stock)} rounds'}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}. Stock MkDocs and Material: {stock:.1f} s on the clock, {used:.1f} s of the processor.",
        "",
        "| what | clock | processor | share of stock's clock | share of its processor | bar | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, both in bars.items():
        bar = both[1] if found.posts >= 5000 else both[0]
        if name in ("an author changed", "a template changed"):
            bar = found.ratio("from nothing", "clock")
        clock, processor = found.ratio(name, "clock"), found.ratio(name, "processor")
        seconds = [
            statistics.median(getattr(one, of) for one in found.ours[name]) for of in ("clock", "processor")
        ]
        told = "" if bar is None else "holds" if clock <= bar else "**does not hold**"
        shown = "" if bar is None else f"{bar:.3f}"
        rows.append(
            f"| {name} | {seconds[0]:.2f} s | {seconds[1]:.2f} s | {clock:.3f} | {processor:.3f} | {shown} | {told} |"
        )
    rows += ["", *_besides(found, stock)]
    return "\n".join(rows)


def _besides(found: Measured, stock: float) -> list[str]:
    packing = statistics.median(row[0] for row in found.restored)
    unpacking = statistics.median(row[1] for row in found.restored)
    after = statistics.median(row[2].clock for row in found.restored)
    cold = statistics.median(one.clock for one in found.ours["from nothing"])
    said = "less" if packing + unpacking + after < cold else "**more**"
    rows = [
        f"Most memory at once, what processes share counted once: stock {found.peaks[0]:.0f} MB, ours from nothing {found.peaks[1]:.0f} MB.",
        "",
        f"In CI, with nothing there but the restored cache ({found.archive / 1e6:.1f} MB packed): unpacking {unpacking:.2f} s, "
        f"the build after one edit {after:.2f} s, packing {packing:.2f} s; together {packing + unpacking + after:.2f} s, "
        f"{said} than {cold:.2f} s from nothing. The way over the network is not in it.",
    ]
    if found.saved:
        rows += [
            "",
            f"`publish serve`: from saving a text to its page being served {statistics.median(found.saved):.2f} s "
            f"(the slowest of {len(found.saved)}: {max(found.saved):.2f} s), its own rendering included.",
        ]
    return rows


def peers(posts: int, found: Sequence[Peer]) -> str:
    """Markdown."""
    rows = [
        f"{posts:,} of the same posts, each builder once, right after stock MkDocs and Material.",
        "",
        "| builder | from nothing, share of stock's clock | of its processor | clock | after one edit, share of stock's clock | clock | pages | what it writes |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for one in found:
        rows.append(
            f"| {one.name} {one.version}".rstrip()
            + f" | {one.share:.3f} | {one.used:.3f} | {one.cold.clock:.2f} s | {one.later:.3f} | {one.again.clock:.2f} s "
            f"| {one.pages:,} | {one.writes} |"
        )
    return "\n".join(rows)


def place(part: str) -> tuple[str, str]:
    """The manual's page up to where the part stands, and from its end on; `part` is a number of posts or `peers`.

    Stops where the page has no such place: to be asked before anything is measured.
    """
    page = MANUAL.read_text(encoding="utf-8")
    begin, end = (f"<!-- {word} of scripts/bench build: {part} -->" for word in ("begin", "end"))
    if begin not in page or end not in page:
        raise SystemExit(
            f"{MANUAL} has no `{begin}` with `{end}` below it; write both where the table is to stand."
        )
    before, rest = page.split(begin, 1)
    return before + begin, end + rest.split(end, 1)[1]


def into_manual(part: str, text: str) -> None:
    """Put the text between its marks."""
    before, after = place(part)
    MANUAL.write_text(f"{before}\n{text}\n\n{after}", encoding="utf-8")


def chart(found: Measured, bars: Bars) -> str:
    """Draw the chart beside the manual's page; the Markdown that shows it."""
    path = CHART.with_name(CHART.name.format(posts=found.posts))
    path.write_text(_chart(found, bars), encoding="utf-8")
    return f"![Our builds as shares of stock's time, {found.posts:,} posts; the table has the numbers]({path.name})\n\n"


def _chart(found: Measured, bars: Bars) -> str:
    import altair as alt
    import vl_convert

    values = [
        {"what": name, "share": found.ratio(name, "clock"), "bar": bars[name][int(found.posts >= 5000)]}
        for name in bars
    ]
    names = [*bars]
    base = alt.Chart(alt.InlineData(values=values)).encode(y=alt.Y("what:N", sort=names, title=None))
    axis = alt.Axis(
        format="%", title=f"share of the time that stock MkDocs and Material take ({found.posts:,} posts)"
    )
    drawn = base.mark_bar(color="#13758f").encode(x=alt.X("share:Q", axis=axis))
    marks = base.mark_tick(color="#b4510f", thickness=2, size=20).encode(x="bar:Q")
    words = base.mark_text(align="left", dx=4).encode(x="share:Q", text=alt.Text("share:Q", format=".1%"))
    chart = (
        (drawn + marks + words)
        .properties(width=560, height=alt.Step(28))
        .configure(font="sans-serif", background="white")
    )
    return str(vl_convert.vegalite_to_svg(chart.to_dict())) + "\n"
