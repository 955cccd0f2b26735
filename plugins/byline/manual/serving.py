"""The manual's site, for one person on this machine."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line."""

    def handle_one_request(self) -> None:
        """A browser that goes away in the middle of an answer is no mistake."""
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True


def server(folder: Path) -> ThreadingHTTPServer:
    """A server of the folder on a free port of 127.0.0.1, not running yet; whoever asks for it closes it."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    made.daemon_threads = True
    return made
