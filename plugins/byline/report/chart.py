"""Enquiries by post as a drawing inside the page: no script, no font to fetch, colours of the page's own style."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from byline.report.model import Row
from byline.report.words import number

MOST = 12
_NAMES = 290  # room for titles beside the bars

# Colours that stand for the page's own: replaced after drawing, so that the drawing follows light and dark.
_INK, _LINE, _BAR, _SPAN = "#010203", "#040506", "#070809", "#0a0b0c"
_STYLE = {_INK: "currentColor", _LINE: "var(--line)", _BAR: "var(--bar)", _SPAN: "var(--span)"}


def bars(rows: Sequence[Row], *, width: int, title: str) -> str:
    """An SVG element with one bar a row and a thin line from its low to its high; empty without a row to show."""
    shown = [row for row in rows if row.leads > 0][:MOST]
    if not shown:
        return ""
    import altair as alt
    import vl_convert

    narrow = width < 500
    values = [
        {
            "n": n,
            "label": f"{row.label} · {number(row.leads)}" if narrow else row.label,
            "leads": float(row.leads),
            "low": row.low,
            "high": row.high,
            "shown": number(row.leads),
        }
        for n, row in enumerate(shown)
    ]
    most = max(row.high for row in shown)
    y = alt.Y("n:O", axis=None, sort=None, scale=alt.Scale(paddingInner=0.5 if narrow else 0.3))
    axis = alt.Axis(
        title="enquiries",
        tickMinStep=1,
        format="d",
        grid=True,
        domain=False,
        ticks=False,
        tickCount=5 if narrow else 8,
    )
    base = alt.Chart(alt.InlineData(values=values))
    x = alt.X("leads:Q", axis=axis, scale=alt.Scale(domain=[0, max(most, 1)], nice=True))
    bar = base.mark_bar(color=_BAR, height={"band": 0.62 if narrow else 0.8}).encode(y=y, x=x)
    span = base.mark_rule(color=_SPAN, strokeWidth=1.5).encode(y=y, x="low:Q", x2="high:Q")
    ends = [
        base.mark_tick(color=_SPAN, thickness=1.5, size=9).encode(y=y, x=alt.X(f"{name}:Q"))
        for name in ("low", "high")
    ]
    where, below = (0, -9) if narrow else (-_NAMES, 0)
    names = base.mark_text(
        align="left",
        baseline="bottom" if narrow else "middle",
        dx=where,
        dy=below,
        color=_INK,
        fontSize=13,
        limit=width - 80 if narrow else _NAMES - 60,
    ).encode(y=y, x=alt.value(0), text="label:N")
    numbers = base.mark_text(
        align="right",
        baseline="middle",
        dx=-9,
        color=_INK,
        fontSize=13,
        fontWeight="bold",
        opacity=0 if narrow else 1,
    ).encode(y=y, x=alt.value(0), text="shown:N")
    step = 44 if narrow else 34
    chart = (
        alt.layer(bar, span, *ends, names, numbers)
        .properties(
            width=width - 44 if narrow else width - _NAMES - 44,
            height=alt.Step(step),
            padding={"left": 4 if narrow else _NAMES, "right": 40, "top": 14 if narrow else 4, "bottom": 42},
        )
        .configure(background="transparent", font="sans-serif", autosize=alt.AutoSizeParams(type="none"))
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_INK,
            titleColor=_INK,
            gridColor=_LINE,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
        )
    )
    return _inside_page(vl_convert.vegalite_to_svg(chart.to_dict()), title)


def _inside_page(svg: str, title: str) -> str:
    """The drawing as one picture with one name; what it is made of is of no use to a screen reader."""
    for colour, style in _STYLE.items():
        svg = svg.replace(f'"{colour}"', f'"{style}"')
    svg = re.sub(r' (?:aria-[a-z]+|role|class|pointer-events)="[^"]*"', "", svg[svg.index("<svg") :])
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(title)}"', 1)
