"""The same content by MkDocs, ProperDocs and Zensical: the same addresses, and for machines the same words.

Run by `scripts/test --builders`, which installs the other two.
"""

from __future__ import annotations

import gzip
import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.times import FixedClock
from site_sample import FRONT_RICH, NOW, RICH, RICH_SETTINGS, picture, post, run, sample, tree

FOLDER = os.environ.get("BYLINE_BUILDERS", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="run it by scripts/test --builders")

SECRETS = re.compile(rb"zephyr|quasar|draftx|futurex", re.IGNORECASE)
# What no builder makes: feeds, manifest, cards, maps and pictures come from the same code after each of them.
SAME = re.compile(
    r"(.*/)?(feed\.xml|atom\.xml|feed\.json)|byline\.json|sitemap\.xml|llms\.txt|robots\.txt|_headers|feeds\.opml"
    r"|assets/(cards|images|byline/fonts)/.*|old/.*|2019/.*|admin/.*|.*\.(png|svg)"
)
HEAD = re.compile(
    r'<meta (?:property|name)="(?:og|article|twitter|fediverse|byline|robots|description)[^>]*>'
    r'|<link rel="(?:canonical|alternate|me)"[^>]*>|<script type="application/ld\+json">.*?</script>|<title>.*?</title>',
    re.DOTALL,
)
TEXT = re.compile(r'<div class="md-typeset by-text">(.*?)</div>\s*<footer class="by-post__foot">', re.DOTALL)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The awkward sample site, with one post of all that Markdown makes."""
    file = sample(tmp_path_factory.mktemp("builders"))
    text = RICH_SETTINGS.replace("  - search\n", "  - search\n  - tags\n")
    file.write_text(text + "extra: {secret: !ENV [NOBODY_SET_THIS, fallback]}\n", encoding="utf-8")
    docs = file.parent / "content"
    (docs / "posts/rich.md").write_text(post(FRONT_RICH, RICH), encoding="utf-8")
    (docs / "über uns.md").write_text("# Über uns & mehr\n\nWords.\n", encoding="utf-8")
    (docs / "posts/wide.png").write_bytes(picture("#336699", (2000, 800)))
    (docs / "posts/2026").mkdir()
    (docs / "posts/2026/evil.md").write_text(
        post(
            """\
            title: What a stranger sent
            date: 2026-11-19
            id: evil
            slug: evil
            authors: [dana]
            categories: [Pricing]
            """,
            "Opening ![beside](beside.png).\n\n<script>alert(7)</script>\n\n<img src='beside.png' alt=x onerror=alert(8)>\n\n"
            "<iframe src='https://evil.example'></iframe>\n\n<!--x:end--> `{{ config }}`\n",
        ),
        encoding="utf-8",
    )
    (docs / "posts/2026/beside.png").write_bytes(picture("#669933", (1600, 800)))
    return file


@pytest.fixture(scope="module")
def mkdocs(file: Path) -> dict[str, bytes]:
    return tree(run(file, site_dir=file.parent / "by-mkdocs").folder)


@pytest.fixture(scope="module")
def zensical(file: Path, mkdocs: dict[str, bytes]) -> dict[str, bytes]:
    """By the command, into the folder of the settings."""
    app = App(environment={"PYTHONPATH": FOLDER, "PATH": os.environ["PATH"]}, clock=FixedClock(NOW))
    sys.path.insert(0, FOLDER)
    try:
        assert code(file, app) == 0
    finally:
        sys.path.remove(FOLDER)
    return tree(file.parent / "site")


def code(file: Path, app: App) -> object:
    """What `publish build --with zensical` leaves with."""
    with pytest.raises(SystemExit) as left:
        main(["-f", str(file), "build", "--with", "zensical"], app=app)
    return left.value.code


def pages(files: dict[str, bytes]) -> dict[str, str]:
    return {name: data.decode() for name, data in files.items() if name.endswith(".html")}


def test_properdocs_writes_the_same_bytes(file: Path, mkdocs: dict[str, bytes]) -> None:
    subprocess.run(
        [sys.executable, "-m", "properdocs", "build", "-q", "-f", str(file), "-d", "by-properdocs"],
        check=True,
        cwd=file.parent,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(int(NOW.timestamp())), "PYTHONPATH": FOLDER},
    )
    other = tree(file.parent / "by-properdocs")
    assert sorted(other) == sorted(mkdocs)
    assert [name for name in mkdocs if other[name] != mkdocs[name]] == []


def test_zensical_makes_a_page_at_every_address_and_no_other(
    mkdocs: dict[str, bytes], zensical: dict[str, bytes]
) -> None:
    assert sorted(pages(zensical)) == sorted(pages(mkdocs))
    assert "page/2/index.html" in zensical


def test_feeds_manifest_cards_and_maps_are_the_same_bytes(
    mkdocs: dict[str, bytes], zensical: dict[str, bytes]
) -> None:
    names = [name for name in mkdocs if SAME.fullmatch(name)]
    assert {"byline.json", "feed.xml", "category/pricing/atom.xml", "author/dana/feed.json"} <= set(names)
    assert [name for name in names if zensical.get(name) != mkdocs[name]] == []


def test_every_page_says_the_same_to_machines(mkdocs: dict[str, bytes], zensical: dict[str, bytes]) -> None:
    def heads(files: dict[str, bytes]) -> dict[str, list[str]]:
        return {
            name: sorted(html.unescape(tag) for tag in HEAD.findall(text))
            for name, text in pages(files).items()
        }

    ours, theirs = heads(mkdocs), heads(zensical)
    assert len(ours["posts/nasty/index.html"]) > 25
    assert {name for name in ours if ours[name] != theirs[name]} == set()


def test_the_words_of_a_post_are_the_same(mkdocs: dict[str, bytes], zensical: dict[str, bytes]) -> None:
    def words(files: dict[str, bytes], name: str) -> list[str]:
        (text,) = TEXT.findall(files[name].decode())
        return html.unescape(re.sub(r"<[^>]*>", " ", text)).split()

    for name in ("posts/honest-pricing/index.html", "posts/rich/index.html", "posts/nasty/index.html"):
        assert words(zensical, name) == words(mkdocs, name)
    rich = zensical["posts/rich/index.html"].decode()
    assert '<pre class="mermaid">' in rich
    assert "assets/byline/mermaid.min.js" in rich
    assert "wide-" in rich
    assert "480w" in rich
    assert "mermaid.min.js" not in zensical["posts/honest-pricing/index.html"].decode()
    assert 'action="http://127.0.0.1:9/lead"' in zensical["contact/index.html"].decode()


def test_nothing_private_is_in_what_zensical_made(zensical: dict[str, bytes]) -> None:
    for name, data in zensical.items():
        assert not SECRETS.search(name.encode()), name
        if name.endswith(".gz"):
            data = gzip.decompress(data)
        assert not SECRETS.search(data), name


def test_what_a_stranger_sent_runs_nowhere(zensical: dict[str, bytes]) -> None:
    page = zensical["posts/evil/index.html"].decode()
    for part in (page, json.dumps(json.loads(zensical["search.json"]))):
        assert "alert(7)" not in part
        assert "onerror" not in part
        assert "javascript:" not in part
        assert "<iframe" not in part
    assert "default-src" in page
    assert (
        "alert(2)"
        not in zensical["posts/nasty/index.html"].decode().replace("\\u003c", "<").split("</head>")[1]
    )
    for name, text in pages(zensical).items():
        assert "-minutes-" not in text, name
        assert "-anchor" not in text, name
        assert ":text-->" not in text, name


def test_the_next_build_with_mkdocs_puts_everything_back(file: Path, zensical: dict[str, bytes]) -> None:
    assert zensical
    shutil.rmtree(file.parent / "again", ignore_errors=True)
    again = tree(run(file).folder)
    assert "search/search_index.json" in again
    assert "search.json" not in again


def test_without_zensical_it_says_what_to_install(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = App(environment={}, clock=FixedClock(NOW))
    path = os.environ["PATH"]
    os.environ["PATH"] = ""
    kept = [entry for entry in sys.path if entry != FOLDER]
    try:
        sys.path, before = kept, sys.path
        assert code(file, app) == 2
    finally:
        os.environ["PATH"], sys.path = path, before
    assert "pip install zensical" in capsys.readouterr().err
