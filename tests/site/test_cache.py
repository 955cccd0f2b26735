"""A build from the cache is a clean build, byte for byte, whatever was done to the site between two builds.

`BYLINE_ORACLE=500 pytest tests/site/test_cache.py -k oracle`, or `scripts/oracle`, looks for longer.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from shutil import copytree, rmtree

import pytest
from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from byline.site import ahead, halves, starting
from byline.site.build import BuildResult
from byline.site.mkdocs import filling, helping, outputs
from edits import EDITS, Site, made
from site_sample import tree
from versions import only_quick

LENGTH = int(os.environ.get("BYLINE_ORACLE", "0"))
DONE = [0, 0, 0]  # builds, sequences, files compared
_NAMES = {edit.__name__.strip("_"): edit for edit in EDITS}


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site as all sequences begin, built once."""
    file = made(tmp_path_factory.mktemp("start"))
    result = Site(file).build()
    assert isinstance(result, BuildResult)
    assert result.note == ""
    return file.parent


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes for a handful of posts and pages, where this one may be copied: `scripts/oracle` runs without threads."""
    for owner in (ahead, starting, filling, helping, outputs):
        monkeypatch.setattr(owner, "_MANY" if owner is outputs else "MANY", 2)


@only_quick
@pytest.mark.usefixtures("helped")
@pytest.mark.timeout(0 if LENGTH else 240)  # a long run takes as long as it was asked to
@settings(
    max_examples=LENGTH or 6,
    deadline=None,
    derandomize=not LENGTH,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@example(steps=[("add", 0), ("reader", 69)])  # 404.html shows how long other pages are
@given(
    steps=st.lists(st.tuples(st.sampled_from(sorted(_NAMES)), st.integers(0, 9999)), min_size=1, max_size=8)
)
def test_oracle_a_build_from_the_cache_is_a_clean_build(
    start: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("oracle")
    try:
        copytree(start, folder / "site", symlinks=True)
        site = Site(folder / "site" / "mkdocs.yml")
        for number, (name, seed) in enumerate(steps):
            _NAMES[name](site, Random(seed))
            kept = site.build()
            DONE[0] += 1
            if LENGTH or number == len(steps) - 1:
                compare(site, kept, folder / "cold")
        DONE[1] += 1
        if LENGTH and DONE[1] % 5 == 0:
            told = f"{DONE[1]} sequences, {DONE[0]} builds from the cache, {DONE[2]} files compared"
            told += ", two processes" if halves.possible() else ", one process"
            print(told, flush=True)  # noqa: T201 - a long run tells how far it is
    finally:
        rmtree(folder, ignore_errors=True)


def compare(site: Site, kept: BuildResult | str, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as alone:
        alone.setenv("BYLINE_ONE_PROCESS", "1")
        result, cold = site.cold(folder)
    if isinstance(result, str) or isinstance(kept, str):
        assert str(kept).replace(str(site.root), "") == str(result).replace(str(folder), "")
        return
    found = tree(site.root / "site")
    note(f"{kept.rendered} pages, {kept.written} files written")
    DONE[2] += len(cold)
    assert sorted(found) == sorted(cold)
    assert [name for name in cold if found[name] != cold[name]] == []
    assert sorted(kept.warnings) == sorted(result.warnings)
    assert kept.posts == result.posts
    assert kept.note == ""
