#!/usr/bin/env python3
"""Draws the pictures of the demo company's site into content/.

    python scripts/draw_demo_images.py [--fonts DIR]

The pictures are in the repository, so nobody has to run this to build the site. Run it after a change
here, or when a figure in a post changes. With --fonts (a folder that holds Inter) the lettering matches
the site; without it a plain sans serif is used.
"""

from __future__ import annotations

import argparse
import io
import math
import random
from pathlib import Path

import vl_convert
from PIL import Image

CONTENT = Path(__file__).resolve().parent.parent / "content"

PAPER, RULE, PALE = "#f4f1ea", "#d8d3c6", "#c3cfd0"
INK, SOFT = "#17323d", "#53686f"
PRIMARY, ACCENT = "#13758f", "#d9691e"
FONT = "Inter, 'Liberation Sans', sans-serif"


# --- small pieces ---------------------------------------------------------------------------------------


def svg(width: int, height: int, body: str, *, ground: str = PAPER, corner: int = 0) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{FONT}">'
        f'<rect width="{width}" height="{height}" rx="{corner}" fill="{ground}"/>{body}</svg>'
    )


def rect(x: float, y: float, w: float, h: float, fill: str, *, rx: float = 0, more: str = "") -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{rx}" fill="{fill}" {more}/>'


def dot(x: float, y: float, r: float, fill: str, more: str = "") -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}" {more}/>'


def line(
    x1: float, y1: float, x2: float, y2: float, colour: str = INK, width: float = 2, more: str = ""
) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}" stroke-linecap="round" {more}/>'
    )


def text(
    x: float,
    y: float,
    words: str,
    size: int = 17,
    *,
    colour: str = INK,
    anchor: str = "start",
    weight: int = 400,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{words}</text>'
    )


def poly(points: list[tuple[float, float]], fill: str, more: str = "") -> str:
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon points="{joined}" fill="{fill}" {more}/>'


# --- the mark and the people ------------------------------------------------------------------------------


def mark() -> str:
    """A ball bearing from the front, one ball picked out."""
    body = dot(32, 32, 23.5, "none", 'stroke="#fff" stroke-width="3.6"')
    body += dot(32, 32, 8.2, "none", 'stroke="#fff" stroke-width="3.6"')
    for n in range(9):
        a = math.radians(40 * n - 50)
        body += dot(32 + 15.8 * math.cos(a), 32 + 15.8 * math.sin(a), 4.3, "#f59a4c" if n == 0 else "#fff")
    return svg(64, 64, body, ground=PRIMARY, corner=14)


def portrait(ground: str, cloth: str, collar: str, skin: str, shade: str, behind: str, front: str) -> str:
    body = behind
    body += f'<path d="M52 400 C56 306 122 282 200 282 C278 282 344 306 348 400 Z" fill="{cloth}"/>'
    body += f'<path d="M166 226 L166 288 C176 320 224 320 234 288 L234 226 Z" fill="{shade}"/>'
    body += collar
    body += f'<ellipse cx="200" cy="178" rx="68" ry="84" fill="{skin}"/>'
    body += front
    return svg(400, 400, body, ground=ground)


def henrike() -> str:
    hair = "#b9b2a4"
    behind = f'<path d="M108 190 C96 70 156 62 200 62 C244 62 304 70 292 190 L290 262 C250 280 150 280 110 262 Z" fill="{hair}"/>'
    front = f'<path d="M128 186 C126 118 158 88 222 92 C266 96 276 140 272 186 C258 150 240 128 214 120 C186 146 150 152 128 186 Z" fill="{hair}"/>'
    collar = '<path d="M160 286 L200 352 L240 286 L262 292 L206 400 L194 400 L138 292 Z" fill="#f4f1ea"/>'
    return portrait("#d3dfdf", PRIMARY, collar, "#e9c4a6", "#d6a986", behind, front)


def jonas() -> str:
    hair = "#3b2a20"
    front = (
        f'<path d="M130 176 C124 96 158 80 204 80 C256 80 278 104 270 176 C264 148 256 134 244 126 C214 134 168 132 150 128 C140 140 134 154 130 176 Z" fill="{hair}"/>'
        f'<path d="M132 190 C134 266 168 284 200 284 C232 284 266 266 268 190 C260 214 246 222 232 218 C214 212 186 212 168 218 C154 222 140 214 132 190 Z" fill="{hair}"/>'
        '<g fill="none" stroke="#17323d" stroke-width="7"><circle cx="172" cy="174" r="23"/>'
        '<circle cx="228" cy="174" r="23"/><path d="M195 172 Q200 167 205 172"/></g>'
    )
    collar = (
        '<path d="M150 290 L200 336 L250 290 L266 298 L212 372 L200 352 L188 372 L134 298 Z" fill="#e7e1d3"/>'
    )
    return portrait("#f0d9c0", "#2f4650", collar, "#d7a37c", "#bf8a63", "", front)


def milena() -> str:
    hair = "#53301f"
    behind = (
        dot(200, 70, 44, hair)
        + f'<path d="M118 210 C96 92 150 74 200 74 C250 74 304 92 282 210 Z" fill="{hair}"/>'
    )
    front = (
        f'<path d="M130 182 C126 112 160 92 200 92 C240 92 274 112 270 182 C262 150 236 130 200 108 C164 130 138 150 130 182 Z" fill="{hair}"/>'
        + dot(131, 216, 7, ACCENT)
        + dot(269, 216, 7, ACCENT)
    )
    collar = (
        '<path d="M148 288 C164 326 236 326 252 288 L268 296 C250 350 150 350 132 296 Z" fill="#b8500f"/>'
    )
    return portrait("#dfe3d2", ACCENT, collar, "#f0cdb0", "#dcb08e", behind, front)


# --- covers, 1200 x 630 -------------------------------------------------------------------------------------


def cover_likes() -> str:
    chosen = random.Random(28).sample(range(400), 28)
    body = ""
    for n in range(400):
        colour = PALE
        if n in chosen:
            colour = ACCENT if chosen.index(n) < 4 else PRIMARY
        body += dot(132 + 39 * (n % 25), 46 + 36 * (n // 25), 15 if colour == ACCENT else 11.5, colour)
    return svg(1200, 630, body)


def cover_contacts() -> str:
    def disc(cx: float, cy: float, count: int, orange: int, step: float, seed: int) -> str:
        chosen = set(random.Random(seed).sample(range(count), orange))
        out = ""
        for n in range(count):
            r, a = step * math.sqrt(n + 0.5), n * math.pi * (3 - math.sqrt(5))
            out += dot(cx + r * math.cos(a), cy + r * math.sin(a), 13, ACCENT if n in chosen else PRIMARY)
        return out

    return svg(1200, 630, disc(300, 315, 41, 6, 26, 7) + disc(800, 315, 87, 34, 26, 4))


def cover_contract() -> str:
    body = "".join(line(105 + 990 / 47 * w, 92, 105 + 990 / 47 * w, 538, RULE, 2) for w in range(48))
    at = 0
    for row, (weeks, colour) in enumerate(
        [(14, PRIMARY), (3, PRIMARY), (17, ACCENT), (9, PRIMARY), (4, PRIMARY)]
    ):
        body += rect(105 + 990 / 47 * at, 112 + 86 * row, 990 / 47 * weeks, 62, colour, rx=8)
        at += weeks
    return svg(1200, 630, body)


SOURCES = [
    ("Recommended by a customer", 171),
    ("Sent by a dealer or builder", 98),
    ("Searched, did not know us", 47),
    ("Our posts", 41),
    ("Met in person", 31),
    ("Not known", 9),
]


def cover_pays() -> str:
    body = line(110, 70, 110, 560, INK, 4)
    for row, (name, value) in enumerate(SOURCES):
        colour = ACCENT if name == "Our posts" else PRIMARY if value > 9 else PALE
        body += rect(114, 84 + 80 * row, 5.6 * value, 56, colour, rx=4)
    return svg(1200, 630, body)


def cover_spindle() -> str:
    body = ""
    # the shelf and two cradles
    body += rect(70, 490, 1060, 30, "#c9a77c") + rect(70, 514, 1060, 6, "#a98557")
    body += rect(150, 520, 26, 110, "#a98557") + rect(1024, 520, 26, 110, "#a98557")
    for x in (330, 760):
        body += poly([(x - 70, 490), (x - 46, 408), (x + 46, 408), (x + 70, 490)], "#a98557")
    axis = 280.0

    def both(x: float, w: float, r1: float, r2: float, fill: str, more: str = "") -> str:
        return rect(x, axis - r2, w, r2 - r1, fill, more=more) + rect(
            x, axis + r1, w, r2 - r1, fill, more=more
        )

    body += both(230, 700, 118, 146, PRIMARY)  # housing
    body += both(930, 30, 60, 132, PRIMARY)  # nose cap
    body += both(196, 34, 52, 132, PRIMARY)  # rear cap
    body += both(440, 260, 86, 118, "#7f9aa3")  # stator
    body += "".join(both(452 + 24 * n, 12, 90, 114, "#c98a5a") for n in range(10))  # windings
    body += both(452, 236, 58, 80, "#9fb4ba")  # rotor
    body += rect(150, axis - 52, 836, 104, "#dfe5e4")  # shaft
    body += rect(470, axis - 58, 200, 116, "#dfe5e4")
    body += poly([(986, axis - 44), (986, axis + 44), (862, axis + 26), (862, axis - 26)], PAPER)  # taper
    body += rect(180, axis - 11, 682, 22, "#8fa5ab")  # drawbar
    body += "".join(rect(520 + 26 * n, axis - 24, 13, 48, "#6f8790", rx=3) for n in range(6))  # springs
    for x in (250, 306, 780, 836, 892):  # angular contact bearings
        for sign in (-1, 1):
            y = axis + sign * 85
            body += rect(x, y - 33, 44, 66, "#f0c49f", rx=3)
            body += dot(x + 22, y, 17, ACCENT)
            body += line(x + 8, y - sign * 24, x + 36, y + sign * 24, "#b04f10", 3)
    body += line(110, axis, 1030, axis, INK, 2, 'stroke-dasharray="26 8 5 8"')
    return svg(1200, 630, body)


# --- figures in the text, 1520 wide in the file, 760 on the page ------------------------------------------------


def figure_journey() -> str:
    left, right, y = 60.0, 700.0, 168.0
    months = ["Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug"]
    step = (right - left) / 7
    body = line(left, y, right, y, SOFT, 4)
    for n, name in enumerate(months):
        body += line(left + step * n, y - 7, left + step * n, y + 7, SOFT, 2)
        body += text(left + step * (n + 0.5), y + 30, name, 15, colour=SOFT, anchor="middle")
    body += line(right, y - 7, right, y + 7, SOFT, 2)
    marks = [
        (0.4, -1, ["Dieter says:", "call Tannhoff"], PRIMARY),
        (2.86, 1, ["Reads a post", "on taper wear"], ACCENT),
        (4.55, -1, ["Fills in", "the form"], INK),
        (4.8, 1, ["Quotation", "€22,600"], INK),
        (6.85, -1, ["Order", "€21,400"], INK),
    ]
    for at, side, words, colour in marks:
        x = left + step * at
        end = y + side * (62 if side > 0 else 52)
        body += line(x, y, x, end, colour, 2) + dot(x, y, 10, colour)
        anchor = "middle"
        for n, word in enumerate(words):
            base = end + 20 + 21 * n if side > 0 else end - 8 - 21 * (len(words) - 1 - n)
            body += text(min(max(x, 76), 684), base, word, 16, colour=colour, anchor=anchor, weight=600)
    return svg(760, 310, body, corner=14)


def figure_nameplate() -> str:
    body = rect(90, 40, 580, 270, "#dfe3e3", rx=16, more=f'stroke="{SOFT}" stroke-width="3"')
    for x, y in ((116, 66), (644, 66), (116, 284), (644, 284)):
        body += dot(x, y, 9, "#b3bdbf") + line(x - 5, y - 5, x + 5, y + 5, SOFT, 2)
    rows = [
        (1, "MAKER", "Musterwerk Spindelbau"),
        (2, "TYPE", "MS 120-24-A"),
        (3, "SERIAL NO.", "04417-08"),
        (4, "MAX. SPEED", "24,000 rpm"),
        (0, "POWER", "22 kW S1"),
    ]
    for n, (number, label, value) in enumerate(rows):
        y = 92 + 44 * n
        marked = number > 0
        body += text(150, y, label, 15, colour=SOFT, weight=600)
        if marked:
            body += rect(284, y - 24, 300, 36, "#fff", rx=6, more=f'stroke="{ACCENT}" stroke-width="3"')
            body += dot(612, y - 6, 15, ACCENT) + text(
                612, y, str(number), 17, colour="#fff", anchor="middle", weight=700
            )
        body += text(298, y, value, 18, colour=INK if marked else SOFT, weight=600 if marked else 400)
    return svg(760, 350, body, corner=14)


def figure_break_even() -> str:
    x0, y0, w, h, top = 96.0, 356.0, 600.0, 286.0, 7000.0

    def px(machines: float) -> float:
        return x0 + w * machines / 5

    def py(money: float) -> float:
        return y0 - h * money / top

    body = text(24, 40, "Cost in a year, two shifts, a spindle lasts four years", 17, weight=600)
    for money in range(0, 7000, 1000):
        body += line(x0, py(money), x0 + w, py(money), RULE if money else INK, 1.5)
        body += text(x0 - 12, py(money) + 5, f"€{money:,}" if money else "0", 14, colour=SOFT, anchor="end")
    for n in range(6):
        body += text(px(n), y0 + 25, str(n), 15, colour=SOFT, anchor="middle")
    body += text(px(2.5), y0 + 50, "identical machines", 15, colour=SOFT, anchor="middle")
    even = 3674 / 1425
    body += line(px(0), py(3674), px(5), py(3674), PRIMARY, 4)
    body += line(px(0), py(0), px(4.6), py(1425 * 4.6), ACCENT, 4)
    body += line(px(even), py(3674), px(even), y0, INK, 2, 'stroke-dasharray="5 6"')
    body += dot(px(even), py(3674), 8, INK)
    body += text(px(0.1), py(3674) + 21, "a spare on the shelf: €3,674", 16, colour=PRIMARY, weight=600)
    body += text(px(3.72), py(5600), "losses without it", 16, colour="#b04f10", anchor="end", weight=600)
    body += text(px(even) + 12, py(430), "2.6 machines", 16, weight=600)
    return svg(760, 430, body, corner=14)


def figure_hours() -> str:
    parts = [
        ("Notes and thinking", 7, "#7f9aa3"),
        ("Writing", 21, PRIMARY),
        ("Figures, photographs", 8, "#6fa3b3"),
        ("Second reader", 5, "#c98a5a"),
        ("Networks", 4, ACCENT),
        ("Answering", 2, PALE),
    ]
    body = text(24, 42, "47 hours for eight posts", 19, weight=600)
    x, scale = 24.0, 712 / 47
    for _, hours, colour in parts:
        body += rect(x, 64, scale * hours - 3, 66, colour)
        ink = INK if colour in (PALE, "#c98a5a", "#7f9aa3", "#6fa3b3", ACCENT) else "#fff"
        body += text(
            x + scale * hours / 2 - 1.5, 105, str(hours), 20, colour=ink, anchor="middle", weight=700
        )
        x += scale * hours
    for n, (name, hours, colour) in enumerate(parts):
        cx, cy = 24 + 240 * (n % 3), 166 + 40 * (n // 3)
        body += rect(cx, cy - 14, 18, 18, colour, rx=3) + text(cx + 28, cy + 1, f"{name}, {hours} h", 16)
    return svg(760, 240, body, corner=14)


def figure_sources() -> str:
    body = text(24, 42, "Orders from new customers, twelve months, in thousand euros", 17, weight=600)
    for row, (name, value) in enumerate(SOURCES):
        y = 66 + 46 * row
        colour = ACCENT if name == "Our posts" else PRIMARY if value > 9 else "#9fb1b4"
        body += text(256, y + 22, name, 16, anchor="end", weight=600 if colour == ACCENT else 400)
        body += rect(270, y, 2.4 * value, 32, colour, rx=3)
        body += text(270 + 2.4 * value + 10, y + 22, str(value), 16, weight=600)
    return svg(760, 362, body, corner=14)


# --- writing ----------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the pictures of the demo company's site.")
    parser.add_argument("--fonts", type=Path, help="a folder that holds Inter")
    folder = parser.parse_args().fonts
    if folder:
        vl_convert.register_font_directory(str(folder))
    posts, assets = CONTENT / "posts" / "2026", CONTENT / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    (assets / "logo.svg").write_text(mark() + "\n", encoding="utf-8")
    pictures: list[tuple[Path, str, float]] = [
        (assets / "logo.png", mark(), 8),
        (assets / "henrike.png", henrike(), 1),
        (assets / "jonas.png", jonas(), 1),
        (assets / "milena.png", milena(), 1),
        (assets / "my-contacts-and-our-followers.png", cover_contacts(), 1),
        (posts / "eleven-hundred-likes.png", cover_likes(), 1),
        (posts / "eleven-months-to-a-contract.png", cover_contract(), 1),
        (posts / "does-it-pay.png", cover_pays(), 1),
        (posts / "spare-spindle-cover.png", cover_spindle(), 1),
        (posts / "ten-fields-journey.png", figure_journey(), 2),
        (posts / "what-to-send-nameplate.png", figure_nameplate(), 2),
        (posts / "spare-spindle-break-even.png", figure_break_even(), 2),
        (posts / "what-one-post-costs-hours.png", figure_hours(), 2),
        (posts / "does-it-pay-sources.png", figure_sources(), 2),
    ]
    for path, drawing, scale in pictures:
        flat = Image.open(io.BytesIO(vl_convert.svg_to_png(drawing, scale=scale))).convert("RGBA")
        if flat.getchannel("A").getextrema() == (255, 255):  # no see-through corners: no alpha in the file
            flat = flat.convert("RGB")
        flat.quantize(128, method=Image.Quantize.FASTOCTREE).save(path, optimize=True)
        print(path.relative_to(CONTENT.parent))


if __name__ == "__main__":
    main()
