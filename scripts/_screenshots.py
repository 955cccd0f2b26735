"""Pictures of every kind of page, as docs/screenshots/ shows them: the demo company's site, built anew, in Chromium."""

from __future__ import annotations

import io
import shutil
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
WIDTH = {"desk": 1280, "phone": 390}
HEIGHT = {"desk": 860, "phone": 800}
SHOWN = {"desk": 760, "phone": 300}  # pixels wide in the manual
PAGES = {
    "home": "",
    "post": "posts/does-it-pay/",
    "topic": "category/counting/",
    "author": "author/henrike/",
    "archive": "archive/2026/",
    "contact": "pages/contact/",
    "privacy": "pages/privacy/",
    "thanks": "thanks/",
    "not-found": "404.html",
}


# Titles of drawn cards, on what ground, in which language.
CARDS = (
    ("価格改定について、40社の更新から学んだこと", "#1f4e79", "ja"),
    ("السعر بصراحة: ما تعلمناه من 40 تجديدًا", "#f2e9dc", "ar"),
    ("मूल्य निर्धारण का ईमानदार संस्करण", "#7a1f3d", "hi"),
    ("Growth 🚀 for all teams in 🇩🇪 & 🇪🇺", "#f2e9dc", "en"),
    ("關於漲價的真相：我們從四十份續約中學到的事", "#7a1f3d", "zh-TW"),
    ("ราคาอย่างตรงไปตรงมา สิ่งที่เราเรียนรู้", "#1f4e79", "th"),
)


class Quiet(SimpleHTTPRequestHandler):
    """No line for each request."""

    def log_message(self, *_: Any) -> None:
        pass


def main() -> int:
    """Write all of them; the number of files."""
    from playwright.sync_api import sync_playwright

    from byline import content, settings
    from byline.site.build import build
    from byline.times import SystemClock

    loaded = settings.load(ROOT / "mkdocs.yml", {})
    FOLDER.mkdir(parents=True, exist_ok=True)
    cards()
    own = next(
        (path for path in ("/usr/bin/chromium", shutil.which("chromium")) if path and Path(path).exists()),
        None,
    )
    with TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        build(loaded, content.read(loaded), now=SystemClock().now(), site_dir=site)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=own, args=["--no-sandbox", "--disable-gpu"]
                )
                for device in WIDTH:
                    for scheme in ("light", "dark"):
                        context = browser.new_context(
                            viewport={"width": WIDTH[device], "height": HEIGHT[device]},
                            color_scheme=scheme,
                        )
                        page = context.new_page()
                        for name, url in PAGES.items():
                            answer = page.goto(f"http://127.0.0.1:{server.server_port}/{url}")
                            assert answer is not None, url
                            assert answer.ok, url
                            page.wait_for_load_state("networkidle")
                            (FOLDER / f"{name}-{device}-{scheme}.webp").write_bytes(
                                small(page.screenshot(), SHOWN[device])
                            )
                        context.close()
                browser.close()
        finally:
            server.shutdown()
            server.server_close()
    print(f"{len(list(FOLDER.glob('*.webp')))} pictures in {FOLDER.relative_to(ROOT)}")
    return 0


def cards() -> None:
    """Drawn cards in several scripts, two in a row."""
    from PIL import Image

    from byline.drawing import draw_card
    from byline.model import DrawnCard

    sheet = Image.new("RGB", (2436, 1938), "white")
    for number, (title, ground, language) in enumerate(CARDS):
        card = DrawnCard(
            title=title,
            kicker="",
            byline="",
            site="Acme",
            primary=ground,
            accent="#c2571a",
            language=language,
        )
        place = (number % 2) * 1236, (number // 2) * 654
        sheet.paste(draw_card(card, 1200, 630).convert("RGB"), place)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    (FOLDER / "cards.webp").write_bytes(small(out.getvalue(), 1000))


def small(data: bytes, width: int) -> bytes:
    """The picture at that width, as WebP."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        out = io.BytesIO()
        image.convert("RGB").resize(
            (width, round(image.height * width / image.width)), Image.Resampling.LANCZOS
        ).save(out, "WEBP", quality=72, method=6)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
