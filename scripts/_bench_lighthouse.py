"""What Lighthouse says of the demo company's pages: on a telephone, the median of several runs.

Lighthouse comes from npm into `.cache/lighthouse` (about 180 MB, once), by a lock with hashes; the browser is the tests'.
The site is built anew and served from this machine as a host would: packed, and with a time to keep files. `machine` is
Lighthouse's own measure of the processor: below about 1,000 it was busy, and performance says more of it than of the page.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _setup
import _web
from _setup import ROOT, SetupFailed, say

FOLDER = ROOT / ".cache" / "lighthouse"
SOURCE = ROOT / "tests" / "lighthouse"
FILES = ("package.json", "package-lock.json")
PAGES = {"home": "", "post": "posts/does-it-pay/", "topic": "category/counting/"}
KINDS = ("performance", "accessibility", "best-practices", "seo")
BARS = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
PACKED = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt")


class Host(SimpleHTTPRequestHandler):
    """Static files as hosts send them."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        packed = path.suffix in PACKED and "gzip" in self.headers.get("Accept-Encoding", "")
        data = gzip.compress(data, 6) if packed else data
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "max-age=0" if path.suffix == ".html" else "max-age=31536000")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def main(runs: int) -> int:
    """Print the table; 1 when a bar is missed."""
    try:
        _setup.ready("test")
        node, tool = ready()
    except SetupFailed as problem:
        print(f"Set-up failed. {problem}", file=sys.stderr)
        return 1
    browser = next((one for one in CHROMIUM if Path(one).exists()), shutil.which("chromium") or "")
    rows: dict[str, dict[str, list[float]]] = {}
    told: list[str] = []
    with TemporaryDirectory() as folder:
        site = _built(Path(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=str(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            for name, url in PAGES.items():
                rows[name] = {kind: [] for kind in (*KINDS, "LCP s", "TBT ms", "CLS", "kB", "machine")}
                for run in range(runs):
                    say(f"  {name}, {run + 1} of {runs} …")
                    report = _look(node, tool, browser, f"http://127.0.0.1:{server.server_port}/{url}")
                    _note(rows[name], report)
                    told += [f"{name}: {text}" for text in _wrong(report)] if run == 0 else []
        finally:
            server.shutdown()
            server.server_close()
    return _table(rows, told, runs)


def ready() -> tuple[Path, Path]:
    """Node and Lighthouse, made when they are not there or the lock changed; or SetupFailed."""
    wanted = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()
    stamp = FOLDER / "stamp"
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        say(f"Installing Lighthouse into {FOLDER} (once; 180 MB) …")
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copyfile(SOURCE / name, FOLDER / name)
        _web.npm(FOLDER, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev")
        stamp.write_text(wanted, encoding="utf-8")
    return _web.node() / "bin" / "node", FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"


def _built(folder: Path) -> Path:
    """The demo company's site; its address is that of its own host, as it is when it is published."""
    code = (
        "import sys; from pathlib import Path; from byline import content, settings; from byline.site.build import build;"
        "from byline.times import SystemClock; found = settings.load(Path(sys.argv[1]), {});"
        "build(found, content.read(found), now=SystemClock().now(), site_dir=Path(sys.argv[2]))"
    )
    site = folder / "site"
    subprocess.run(
        [str(_setup.python()), "-c", code, str(ROOT / "mkdocs.yml"), str(site)],
        check=True,
        env=_setup.environment(),
        capture_output=True,
    )
    return site


def _look(node: Path, tool: Path, browser: str, url: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            str(node),
            str(tool),
            url,
            "--quiet",
            "--output=json",
            f"--only-categories={','.join(KINDS)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "CHROME_PATH": browser},
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse stopped:\n{done.stderr.strip()[-800:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _note(row: dict[str, list[float]], report: dict[str, Any]) -> None:
    for kind in KINDS:
        row[kind].append(round(100 * float(report["categories"][kind]["score"] or 0)))
    audits = report["audits"]
    row["LCP s"].append(audits["largest-contentful-paint"]["numericValue"] / 1000)
    row["TBT ms"].append(audits["total-blocking-time"]["numericValue"])
    row["CLS"].append(audits["cumulative-layout-shift"]["numericValue"])
    row["kB"].append(audits["total-byte-weight"]["numericValue"] / 1000)
    row["machine"].append(float(report["environment"]["benchmarkIndex"]))


def _wrong(report: dict[str, Any]) -> list[str]:
    """What costs points, in Lighthouse's own words."""
    found = []
    for kind in KINDS:
        for reference in report["categories"][kind]["auditRefs"]:
            audit = report["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                where = [
                    str(
                        item.get("node", {}).get("snippet")
                        or item.get("url")
                        or item.get("description")
                        or ""
                    )[:140]
                    for item in (audit.get("details") or {}).get("items", [])[:3]
                ]
                found.append(
                    f"{kind}: {audit['title']} {audit.get('displayValue', '')} {'; '.join(where)}".strip()
                )
    return found


def _table(rows: dict[str, dict[str, list[float]]], told: list[str], runs: int) -> int:
    head = list(next(iter(rows.values())))
    print(f"\nLighthouse, telephone, median of {runs}\n")
    print("| page | " + " | ".join(head) + " |")
    print("| --- |" + " ---: |" * len(head))
    missed = 0
    for name, row in rows.items():
        middle = {key: statistics.median(values) for key, values in row.items()}
        missed += sum(middle[kind] < bar for kind, bar in BARS.items())
        shown = [
            f"{middle[key]:.0f}" if key not in ("LCP s", "CLS") else f"{middle[key]:.2f}" for key in head
        ]
        print(f"| {name} | " + " | ".join(shown) + " |")
    for text in told:
        print(f"  {text}")
    return 1 if missed else 0
