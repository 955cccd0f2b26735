"""A small server on this machine: the built site, a script that reloads the page, and what is wrong with the content."""

from __future__ import annotations

import mimetypes
import threading
import time
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from byline.site.live import Live

OWN = "/~byline/"
_QUIET = 0.03  # seconds without a further change before one is shown: editors write a file in several steps
_CATCH_UP = 0.7  # seconds after which pages that show parts of the changed post follow
_SCRIPT = """(function () {
  var version = document.currentScript.dataset.version
  function wait() {
    fetch("%schanged?after=" + version).then(function (answer) { return answer.text() }).then(function (now) {
      if (now !== version) location.reload(); else wait()
    }).catch(function () { setTimeout(wait, 1000) })
  }
  wait()
})()
"""
_STYLE = """.byline-wrong{position:fixed;inset:0 0 auto 0;z-index:99999;max-height:60vh;overflow:auto;padding:1rem 1.5rem;
background:#7a1420;color:#fff;font:15px/1.5 system-ui,sans-serif;box-shadow:0 2px 12px rgba(0,0,0,.4)}
.byline-wrong h2{margin:0 0 .5rem;font-size:1rem;color:#fff}.byline-wrong pre{margin:0 0 .75rem;white-space:pre-wrap;
font:13px/1.5 ui-monospace,monospace;background:none;color:#fff}
"""
_LEFT = b"</body>"


def serve(live: Live, port: int, ready: Callable[[str, Callable[[], None]], None]) -> None:
    """Serve until the process is interrupted, or until what `ready` got as its second argument is called.

    `ready` gets the address first; the function may be called by another thread. Raises OSError when the port is taken.
    """
    server = _Server(live, port)
    watcher = _Watcher(live)
    try:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        watcher.start()
        ready(server.address, watcher.end)
        watcher.follow()
    finally:
        watcher.stop()
        server.shutdown()
        server.server_close()
        live.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, live: Live, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Answer)
        self.live = live

    @property
    def base(self) -> str:
        """The path under which the site stands, as it will where it is published."""
        return urlsplit(self.live.settings.site_url).path or "/"

    @property
    def address(self) -> str:
        """Where the home page is."""
        return f"http://127.0.0.1:{self.server_address[1]}{self.base}"


class _Answer(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """A file of the site, or one of the server's own."""
        path, _, query = self.path.partition("?")
        if path.startswith(OWN):
            self._own(path[len(OWN) :], query)
            return
        base, live = self.server.base, self.server.live
        if not path.startswith(base):
            self._send(302, b"", "text/plain", location=base)
            return
        name = unquote(path[len(base) :])
        file = (live.folder / name).resolve()
        if not file.is_relative_to(live.folder.resolve()):
            self._send(404, b"", "text/plain")
            return
        if file.is_dir():
            if not path.endswith("/"):
                self._send(302, b"", "text/plain", location=quote(unquote(path)) + "/")
                return
            file = file / "index.html"
        found = file.is_file()
        if not found:
            file = live.folder / "404.html"
        version, wrong = live.version, live.wrong
        data = (
            file.read_bytes()
            if file.is_file()
            else b"<!doctype html><title>Nothing here</title><body></body>"
        )
        kind = mimetypes.guess_type(file.name)[0] or (
            "text/html" if not found else "application/octet-stream"
        )
        if kind == "text/html":
            data = _with_own(data, version, wrong)
        self._send(200 if found else 404, data, kind)

    do_HEAD = do_GET

    def _own(self, name: str, query: str) -> None:
        live = self.server.live
        if name == "reload.js":
            self._send(200, (_SCRIPT % OWN).encode(), "text/javascript")
        elif name == "serve.css":
            self._send(200, _STYLE.encode(), "text/css")
        elif name == "changed":
            after = query.removeprefix("after=")
            with live.changed:
                live.changed.wait_for(lambda: str(live.version) != after, timeout=25)
                now = str(live.version)
            self._send(200, now.encode(), "text/plain")
        else:
            self._send(404, b"", "text/plain")

    def _send(self, status: int, data: bytes, kind: str, *, location: str = "") -> None:
        self.send_response(status)
        text = kind.startswith("text/") or kind in ("application/json", "application/xml")
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        if self.command != "HEAD":
            try:
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line."""


def _with_own(page: bytes, version: int, wrong: tuple[str, ...]) -> bytes:
    """The page with the script that reloads it and, above all else, what is wrong with the content."""
    own = f'<script src="{OWN}reload.js" data-version="{version}"></script>'
    if wrong:
        rows = "".join(f"<pre>{escape(text)}</pre>" for text in wrong)
        head = (
            "The last change is not shown"
            if len(wrong) == 1
            else f"{len(wrong)} mistakes; the last change is not shown"
        )
        own += f'<link rel="stylesheet" href="{OWN}serve.css"><div class="byline-wrong" role="alert"><h2>{head}</h2>{rows}</div>'
    at = page.rfind(_LEFT)
    at = len(page) if at < 0 else at
    return page[:at] + own.encode() + page[at:]


class _Watcher:
    """Collects what changes on the disk and tells the site; runs in the main thread, so that Ctrl-C ends it."""

    def __init__(self, live: Live) -> None:
        from watchdog.observers import Observer

        self.live = live
        self._seen: set[Path] = set()
        self._ended = threading.Event()
        self._news = threading.Condition()
        self._observer = Observer()
        self._watched: set[str] = set()

    def start(self) -> None:
        """Look at every folder that matters."""
        self._watch()
        self._observer.start()
        self.live.news = self.waiting

    def stop(self) -> None:
        """No more."""
        if self._observer.is_alive():
            self._observer.stop()

    def _watch(self) -> None:
        from watchdog.events import FileSystemEvent, FileSystemEventHandler

        watcher = self

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.is_directory or event.event_type in ("opened", "closed_no_write"):
                    return
                paths = {Path(str(path)) for path in (event.src_path, event.dest_path) if path}
                with watcher._news:
                    watcher._seen |= paths
                    watcher._news.notify_all()

        for path in self.live.watched:
            folder, deep = (path, True) if path.is_dir() else (path.parent, False)
            if str(folder) not in self._watched and folder.is_dir():
                self._watched.add(str(folder))
                self._observer.schedule(Handler(), str(folder), recursive=deep)

    def end(self) -> None:
        """Let `follow` return once it has shown what it is at."""
        with self._news:
            self._ended.set()
            self._news.notify_all()

    def follow(self) -> None:
        """Show changes as they come, until `end` is called."""
        while not self._ended.is_set():
            with self._news:
                news = self._news.wait_for(
                    lambda: self._ended.is_set() or bool(self._seen),
                    timeout=_CATCH_UP if self.live.behind else 3600,
                )
                while news and not self._ended.is_set() and self._news.wait(timeout=_QUIET):
                    pass
                if self._ended.is_set():
                    return
                paths, self._seen = self._seen, set()
            paths = {path for path in paths if self._matters(path)}
            began = time.perf_counter()
            if paths:
                self.live.saved(paths)
                self.live.say(f"shown after {time.perf_counter() - began:.2f} s")
                self._watch()
            elif self.live.behind and not news:
                self.live.all(shown=True)

    def waiting(self) -> bool:
        """Has something been saved that is not shown yet?"""
        if not self._seen:
            return False
        with self._news:
            return any(self._matters(path) for path in self._seen)

    def _matters(self, path: Path) -> bool:
        """Not what editors leave beside the file for a moment, nor what a folder of settings holds besides."""
        name = path.name
        if name.endswith(("~", ".swp", ".swx", ".tmp", ".part")) or name.startswith((".#", "4913")):
            return False
        inside = any(folder in path.parents for folder in self.live.watched)
        return inside or path in self.live.watched
