"""`publish demo` over this repository's own site: everything, as a newcomer runs it, in a folder with a space."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from byline.cli import cli
from support import make_site

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, dict[str, str]]]:
    """One whole demo with `--serve`: what it printed until it was open, its folder, its addresses."""
    folder = tmp_path_factory.mktemp("demo") / "a b"
    command = [
        sys.executable,
        "-m",
        "byline",
        "-f",
        str(ROOT / "mkdocs.yml"),
        "demo",
        "--keep",
        str(folder),
        "--serve",
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=folder.parent,
    ) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Open until"):
                break
        shown = "".join(lines)
        urls = dict(re.findall(r"^(Site|LinkedIn|Twitter|Report): +(http\S+)$", shown, re.MULTILINE))
        try:
            assert urls, shown
            yield shown, folder, urls
        finally:
            process.send_signal(signal.SIGINT)
            try:
                rest, _ = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert rest == "Closed.\n"
    assert process.returncode == 0


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def test_it_says_what_happened(run: tuple[str, Path, dict[str, str]]) -> None:
    shown, folder, _ = run
    assert "\nSecond send: nothing to send\n" in shown
    assert f"\nSite: {folder / 'company' / 'site' / 'index.html'}\n" in shown
    assert f"\nReport: {folder / 'report' / 'index.html'}\n" in shown
    told = re.search(
        r"Done in \d+ s: (\d+) posts went out once each; \d+ people came, (\d+) asked \((\d+) of", shown
    )
    assert told
    with closing(sqlite3.connect(folder / "company" / ".byline" / "crm.db")) as crm, crm:
        leads = crm.execute("SELECT count(*) FROM leads").fetchone()[0]
        tagged = crm.execute("SELECT count(DISTINCT lead_id) FROM touches").fetchone()[0]
    crm.close()
    assert (leads, leads - tagged) == (int(told[2]), int(told[3]))
    assert leads > tagged > 10


def test_one_enquiry_is_shown_as_sales_meets_it(run: tuple[str, Path, dict[str, str]]) -> None:
    shown, folder, _ = run
    block = shown[shown.index("One enquiry, as sales gets it") :].partition("Reported")[0]
    block = " ".join(block.replace("│", " ").split())
    assert "Address:" in block
    assert "Read before asking:" in block
    key = re.search(r"Id: (\S+)", block)
    assert key
    with closing(sqlite3.connect(folder / "company" / ".byline" / "crm.db")) as crm, crm:
        row = crm.execute("SELECT email FROM leads WHERE id = ?", (key[1],)).fetchone()
        visits = crm.execute("SELECT count(*) FROM touches WHERE lead_id = ?", (key[1],)).fetchone()[0]
    crm.close()
    assert f"Address: {row[0]}" in block
    assert len(re.findall(r"came from", block)) == visits > 1


def test_every_lead_leads_back_to_a_post_that_was_sent(run: tuple[str, Path, dict[str, str]]) -> None:
    shown, folder, _ = run
    with closing(sqlite3.connect(folder / "company" / ".byline" / "crm.db")) as crm, crm:
        contents = {row[0] for row in crm.execute("SELECT DISTINCT content FROM touches")}
    crm.close()
    answer = CliRunner().invoke(cli, ["-f", str(folder / "company" / "mkdocs.yml"), "status", "--json"])
    sent = {item["id"]: item for item in json.loads(answer.output)["deliveries"] if item["state"] == "sent"}
    assert contents <= set(sent)
    told = re.search(r"✓ Sent (\d+) posts", shown)
    assert told
    assert len(sent) == int(told[1])
    assert all(item["remote_id"] for item in sent.values())


def test_the_report_adds_up(run: tuple[str, Path, dict[str, str]]) -> None:
    _, folder, _ = run
    result = CliRunner().invoke(cli, ["-f", str(folder / "company" / "mkdocs.yml"), "report", "--json"])
    found = json.loads(result.output)
    assert (
        sum(row["leads"] for row in found["rows"]) + found["unattributed"]["leads"] == found["total"]["leads"]
    )
    assert found["total"]["revenue"]["EUR"] > 0
    assert (folder / "report" / "post.csv").is_file()
    with (folder / "report" / "channel.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) > 2


def test_the_pages_are_open(run: tuple[str, Path, dict[str, str]]) -> None:
    shown, _, urls = run
    told = re.search(r"\((\d+) on LinkedIn, (\d+) on Twitter\)", shown)
    assert told
    assert set(urls) == {"Site", "LinkedIn", "Twitter", "Report"}
    site, linkedin = _get(urls["Site"]), _get(urls["LinkedIn"])
    assert "byline.json" in site or "feed" in site
    assert linkedin.count("<article>") == int(told[1])
    assert "utm_source=linkedin" in linkedin
    assert "utm_content=ownnet.linkedin.jonas" in linkedin
    assert _get(urls["Twitter"]).count("<article>") == int(told[2])
    assert "<h1" in _get(urls["Report"])


@pytest.mark.browser
def test_the_timelines_reach_for_nothing_and_show_their_pictures(
    run: tuple[str, Path, dict[str, str]], page: object
) -> None:
    from playwright.sync_api import Page

    assert isinstance(page, Page)
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    for name in ("LinkedIn", "Twitter"):
        page.goto(run[2][name])
        pictures = page.locator(".card img")
        assert pictures.count() >= 11
        assert all(pictures.evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 500)"))
    assert failed == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = CliRunner().invoke(cli, ["-f", str(ROOT / "mkdocs.yml"), "demo", "--keep", str(tmp_path)])
    assert result.exit_code != 0
    assert "is not empty" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_site_without_a_post_is_told_so(tmp_path: Path) -> None:
    file = make_site(tmp_path / "site")
    result = CliRunner().invoke(cli, ["-f", str(file), "demo", "--keep", str(tmp_path / "demo")])
    assert "has no post" in str(result.exception)
