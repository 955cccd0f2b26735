"""What a second process draws, fills and renders is what one alone would have made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from byline.site.build import BuildResult
from edits import built, made
from site_sample import NOW, tree
from versions import only_quick

# In a process of its own, as tests run beside threads that no child may be copied from.
_BUILD = """
import json
import sys
from datetime import datetime
from pathlib import Path
from byline import content, settings
from byline.site import ahead, halves, starting
from byline.site.build import build
from byline.site.cache import Cache
from byline.site.mkdocs import filling, helping, outputs

ahead.MANY = starting.MANY = filling.MANY = helping.MANY = outputs._MANY = 2
begun = []
stock = halves.begin

def begin(items, *rest):
    half = stock(items, *rest)
    begun.append((list(items), half is not None))
    return half

halves.begin = begin
loaded = settings.load(Path(sys.argv[1]), {})
cache = Cache(loaded, {})
build(loaded, content.read(loaded, cache.recall), now=datetime.fromisoformat(sys.argv[2]), cache=cache)
cache.close()
print(json.dumps([items for items, one in begun if one]))
"""


def _helped(folder: Path) -> tuple[list[list[str]], dict[str, bytes]]:
    """What each helper was given, and the site."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, str(folder / "mkdocs.yml"), NOW.isoformat()],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), tree(folder / "site")


two_cores = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="there is no second core here"
)


@only_quick
@two_cores
def test_two_processes_make_the_same_site_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    made(one)
    copytree(one, two)
    monkeypatch.setenv("BYLINE_ONE_PROCESS", "1")
    assert isinstance(built(one / "mkdocs.yml", NOW), BuildResult)
    monkeypatch.delenv("BYLINE_ONE_PROCESS")
    site = tree(one / "site")
    helpers, other = _helped(two)
    # Posts to be read, cards, the feeds of each list; texts and pages where there was a process free.
    assert "posts/01.md" in helpers[0]
    assert all(item.startswith("assets/cards/") for item in helpers[1])
    assert any("" in items for items in helpers[2:])
    assert [name for name in site if other.get(name) != site[name]] == []
    assert site.keys() == other.keys()
    # What the second process made is in the cache like everything else: the next build finds it.
    path = two / "content/posts/01.md"
    path.write_text(path.read_text() + "\nOne more.\n")
    changed = _helped(two)[1]
    assert sum(changed[name] != data for name, data in other.items()) < len(other) // 3


_READ = """
import sys
from pathlib import Path
from byline import content, settings
from byline.site import starting
from byline.site.cache import Cache

starting.MANY = 2
loaded = settings.load(Path(sys.argv[1]), {})
cache = Cache(loaded, {})
stock, taken = starting.halves.Half.take, []

def take(half):
    rows = stock(half)
    taken.append(len(rows or {}))
    return None if "lost" in sys.argv else rows

starting.halves.Half.take = take
helped, alone = content.read(loaded, cache.recall), content.read(loaded)
assert helped == alone
assert sum(taken) or "lost" in sys.argv
fresh = dict(cache.recall.fresh)
cache.keep_reading()
cache.kept.save(whole=False)
cache.close()
cache = Cache(loaded, {})
assert content.read(loaded, cache.recall) == alone
assert not cache.recall.fresh.keys() & fresh.keys()
print(len(alone.posts), len(alone.problems), len(alone.targets), len(fresh))
cache.close()
"""


@two_cores
@pytest.mark.parametrize("way", ["", "lost"])
def test_posts_that_another_process_reads_are_what_one_reads(tmp_path: Path, way: str) -> None:
    made(tmp_path)
    posts = tmp_path / "content/posts"
    for number in range(60):
        at = posts / f"more-{number:02}.md"
        mistake = "categories: 7\n" if number % 20 == 19 else ""
        link = f"[that](more-{number - 1:02}.md) and [this](/about/)" if number else "nothing"
        at.write_text(
            f"---\nid: more{number}\ntitle: Number {number}\ndate: 2026-03-01\nauthors: [dana]\n{mistake}---\nSee {link}.\n"
        )
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(tmp_path / "mkdocs.yml"), way],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, problems, targets, kept = done.stdout.split()
    assert int(problems) > int(count) > int(kept) >= 57  # none has a description; three have an error
    assert int(targets) >= 50
