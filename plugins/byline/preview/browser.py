"""A page as a picture, through whatever Chromium, Chrome or Edge this machine has. The page is loaded from its file."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from byline.errors import BylineError

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    # On a busy machine the picture is taken before all of it is drawn, unless it is told to wait for both.
    "--run-all-compositor-stages-before-draw",
    "--virtual-time-budget=10000",  # milliseconds, which pass as soon as nothing is left to be done
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the page asks for nothing; neither shall the browser
)
_MOST = 30_000  # pixels; browsers draw no higher
_EDGE = 24


class NoBrowser(BylineError):
    """No picture could be made of the page: there is no browser, or it failed."""


def find(path: str) -> str:
    """The browser's program; empty when there is none. `path` is the environment's PATH."""
    named = next((found for name in _NAMES if (found := shutil.which(name, path=path))), "")
    return named or next((place for place in _PLACES if Path(place).is_file()), "")


def picture(page: Path, out: Path, *, browser: str, width: int = 1240, height: int = 4000) -> None:
    """Write the whole page as a PNG. `height` is a guess; what is too much is cut off, too little tried again.

    Raises NoBrowser when the browser fails or the page is too long for one picture.
    """
    from PIL import Image

    while True:
        height = min(height, _MOST)
        _shoot(page, out, browser, width, height)
        with Image.open(out) as image:
            whole = image.convert("RGB")
        end = _end(whole)
        if end <= whole.height - _EDGE:
            whole.crop((0, 0, whole.width, end + _EDGE)).save(out, "PNG")
            return
        if height == _MOST:
            out.unlink()
            raise NoBrowser("the preview is too long for one picture", hint="name one post, or a few")
        height *= 2


def _shoot(page: Path, out: Path, browser: str, width: int, height: int) -> None:
    root = (
        ("--no-sandbox",) if getattr(os, "geteuid", lambda: 1)() == 0 else ()
    )  # Chromium refuses root otherwise
    with tempfile.TemporaryDirectory(prefix="byline-", ignore_cleanup_errors=True) as profile:
        asked = [
            browser,
            *_FLAGS,
            *root,
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            f"--screenshot={out.absolute()}",
            page.absolute().as_uri(),
        ]
        try:
            out.unlink(missing_ok=True)
            done = subprocess.run(asked, capture_output=True, text=True, timeout=120, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            raise NoBrowser(f"{browser} could not make the picture ({type(error).__name__})") from None
    if not out.is_file():
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "it said nothing")
        raise NoBrowser(f"{browser} made no picture: {last[:200]}", hint="open the page itself in a browser")


def _end(image: object) -> int:
    """The row under the last one that differs from the bottom left corner."""
    from PIL import Image, ImageChops

    assert isinstance(image, Image.Image)
    corner = image.getpixel((0, image.height - 1))
    assert isinstance(corner, tuple)
    box = ImageChops.difference(image, Image.new("RGB", image.size, corner)).getbbox()
    return box[3] if box else 0
