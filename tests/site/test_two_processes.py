"""What a second process draws, fills and renders is what one alone would have made."""

from __future__ import annotations

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
import sys
from datetime import datetime
from pathlib import Path
from byline import content, settings
from byline.site import ahead, halves
from byline.site.build import build
from byline.site.mkdocs import filling, helping

ahead._MANY = filling.MANY = helping.MANY = 2
begun = []
stock = halves.begin

def begin(items, *rest):
    half = stock(items, *rest)
    begun.append((len(items), half is not None))
    return half

halves.begin = begin
loaded = settings.load(Path(sys.argv[1]), {})
build(loaded, content.read(loaded), now=datetime.fromisoformat(sys.argv[2]))
print(sum(one for _, one in begun))
"""


def _helped(folder: Path) -> tuple[int, dict[str, bytes]]:
    """How many helpers began, and the site."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, str(folder / "mkdocs.yml"), NOW.isoformat()],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1]), tree(folder / "site")


@only_quick
@pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="there is no second core here"
)
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
    assert helpers >= 2
    assert [name for name in site if other.get(name) != site[name]] == []
    assert site.keys() == other.keys()
    # What the second process made is in the cache like everything else: the next build finds it.
    path = two / "content/posts/01.md"
    path.write_text(path.read_text() + "\nOne more.\n")
    changed = _helped(two)[1]
    assert sum(changed[name] != data for name, data in other.items()) < len(other) // 3
