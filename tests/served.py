"""A folder served below /blog/ on this machine, and what a browser says of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/blog"))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder below /blog/ on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/blog/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def watched(page: Page) -> tuple[list[str], list[str]]:
    """What the browser complains of, and the requests that leave the site."""
    complaints: list[str] = []
    outside: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda found: outside.append(found.url) if "//127.0.0.1:" not in found.url else None)
    return complaints, outside
