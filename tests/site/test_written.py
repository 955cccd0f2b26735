"""What another process writes into the site's folder counts as if this one had."""

from __future__ import annotations

from pathlib import Path

import pytest

from byline.site.written import Apart, Broken, Written
from site_sample import tree


def _helped(folder: Written, files: dict[str, tuple[bytes, str]]) -> Apart:
    apart = Apart(folder)
    for name, (data, holds) in files.items():
        apart.put(name, data, holds)
    return apart


def test_what_another_process_wrote_is_there_and_counted_once(tmp_path: Path) -> None:
    ours, theirs = Written(tmp_path, {}), Written(tmp_path, {})
    apart = _helped(theirs, {"a/b/index.html": (b"one", "p:1"), "c.png": (b"two", "o:2")})
    ours.adopt(apart.made)
    assert ours.holds("c.png", "o:2")
    assert not ours.holds("c.png", "o:3")
    ours.put("a/b/index.html", b"one", "p:1")
    assert ours.claim("c.png", "o:2")
    assert ours.count == 2
    records = ours.finish()
    assert tree(tmp_path) == {"a/b/index.html": b"one", "c.png": b"two"}
    again = Written(tmp_path, records)
    assert again.claim("c.png", "o:2")
    assert again.claim("a/b/index.html", "p:1")


def test_what_was_in_its_place_already_is_not_counted(tmp_path: Path) -> None:
    first = Written(tmp_path, {})
    first.put("index.html", b"same", "p:1")
    first.finish()
    ours, theirs = Written(tmp_path, {}), Written(tmp_path, {})
    ours.adopt(_helped(theirs, {"index.html": (b"same", "p:2")}).made)
    assert ours.claim("index.html", "p:2")
    assert ours.count == 0


def test_this_process_has_the_last_word(tmp_path: Path) -> None:
    ours, theirs = Written(tmp_path, {}), Written(tmp_path, {})
    apart = _helped(theirs, {"index.html": (b"theirs", "p:1"), "old/feed.xml": (b"nobody", "o:1")})
    ours.adopt(apart.made)
    ours.put("index.html", b"ours, later", "p:2")
    ours.finish()
    assert tree(tmp_path) == {"index.html": b"ours, later"}
    assert not (tmp_path / "old").exists()


def test_a_helper_leaves_alone_what_is_as_it_was(tmp_path: Path) -> None:
    first = Written(tmp_path, {})
    first.put("index.html", b"same", "p:1")
    records = first.finish()
    ours, theirs = Written(tmp_path, records), Apart(Written(tmp_path, records))
    assert theirs.claim("index.html", "p:1")
    assert theirs.made == {}
    assert ours.claim("index.html", "p:1")
    (tmp_path / "index.html").write_bytes(b"somebody else")
    with pytest.raises(Broken):
        ours.finish()


def test_a_file_that_became_a_folder_and_a_folder_that_became_a_file(tmp_path: Path) -> None:
    first = Written(tmp_path, {})
    first.put("a", b"a file", "f:1")
    first.put("b/c/index.html", b"below", "p:1")
    records = first.finish()
    ours = Written(tmp_path, records)
    ours.put("a/b/index.html", b"below", "p:2")
    ours.put("b", b"a file", "f:2")
    ours.finish()
    assert tree(tmp_path) == {"a/b/index.html": b"below", "b": b"a file"}
