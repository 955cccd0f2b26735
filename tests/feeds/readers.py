"""Every feed of the demo company and of an awkward site, by readers and a validator that others wrote.

Run by `scripts/test --feeds`: newsboat (Debian's package), and the W3C's feed validator where BYLINE_FEEDVALIDATOR names
the `src` folder of its repository (it is in no package registry); it wants lxml, html5lib and rdflib.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import feedparser
import pytest

from site_sample import FRONT_RICH, RICH, RICH_SETTINGS, picture, post, run, sample

NEWSBOAT = shutil.which("newsboat") or ""
VALIDATOR = os.environ.get("BYLINE_FEEDVALIDATOR", "")
pytestmark = pytest.mark.skipif(not os.environ.get("BYLINE_FEEDS"), reason="run it by scripts/test --feeds")

# Level AA is what the validator's own page shows. A headline of the awkward site does have tags in it, as words.
CHECK = """
import re
import sys
from pathlib import Path
import feedvalidator
from feedvalidator import compatibility
from feedvalidator.formatter.text_plain import Formatter
for name in sys.argv[1:]:
    path = Path(name)
    base = re.search(rb'<(?:atom:)?link href="([^"]+)" rel="self"', path.read_bytes())[1].decode()
    said = feedvalidator.validateString(path.read_bytes(), fallback="UTF-8", base=base)["loggedEvents"]
    said = [one for one in compatibility.AA(said) if type(one).__name__ not in ("ContainsHTML", "ContainsUndeclaredHTML")]
    for line in Formatter(said):
        print(f"{path.name}: {line}")
"""


@pytest.fixture(scope="module", params=["awkward", "demo"])
def feeds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All XML feeds of one site."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "awkward":
        file = sample(folder)
        hub = "timezone: Europe/Berlin\n      feeds: {hub: 'https://hub.example/'}"
        file.write_text(RICH_SETTINGS.replace("timezone: Europe/Berlin", hub), encoding="utf-8")
        posts = file.parent / "content" / "posts"
        (posts / "rich.md").write_text(post(FRONT_RICH, RICH), encoding="utf-8")
        (posts / "wide.png").write_bytes(picture("#336699", (1700, 900)))
        site = run(file).folder
    else:
        site = run(Path(__file__).parents[2] / "mkdocs.yml", site_dir=folder / "site").folder
    return sorted(path for path in site.rglob("*.xml") if path.name in ("feed.xml", "atom.xml"))


def test_the_w3c_validator_finds_no_error_and_no_warning(feeds: list[Path]) -> None:
    if not VALIDATOR:
        pytest.skip("BYLINE_FEEDVALIDATOR names no checkout of github.com/w3c/feedvalidator")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHECK, *map(str, feeds)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": VALIDATOR},
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == ""


def test_newsboat_reads_every_entry_whole(feeds: list[Path], tmp_path: Path) -> None:
    assert NEWSBOAT, "no newsboat: scripts/test --feeds installs Debian's"
    assert len(feeds) > 4
    for number, file in enumerate(feeds):
        store = tmp_path / f"{number}.db"
        (tmp_path / "urls").write_text(f"file://{file}\n", encoding="utf-8")
        (tmp_path / "config").write_text("", encoding="utf-8")
        done = subprocess.run(
            [NEWSBOAT, "-C", tmp_path / "config", "-u", tmp_path / "urls", "-c", store, "-x", "reload"],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        written = feedparser.parse(file.read_bytes(), sanitize_html=False, resolve_relative_uris=False)
        with closing(sqlite3.connect(store)) as database, database:
            rows = database.execute("SELECT guid, title, url, content FROM rss_item").fetchall()
        found = {guid: (title, url, content) for guid, title, url, content in rows}
        assert set(found) == {entry.id for entry in written.entries}
        for entry in written.entries:
            title, url, content = found[entry.id]
            assert url == entry.link
            assert _words(title) == _words(entry.title)
            assert _words(content) == _words(entry.content[0].value)


def _words(text: str) -> list[str]:
    """Readers keep tags and signs in their own way; the words are the same."""
    return re.findall(r"\w+", text)
