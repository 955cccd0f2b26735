"""What a build has made is found again before it is saved, wherever it lies meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from byline.site.kept import Kept
from byline.site.spool import Spool

PAGES = {str(number): f"page {number} ".encode() * 500 for number in range(20)}


def _put(kept: Kept) -> None:
    for key, data in PAGES.items():
        kept.put("page", key, data, page=True)
        kept.put("output", key, data, packed=False)


def _holds(kept: Kept) -> bool:
    return all(kept.get(kind, key) == data for key, data in PAGES.items() for kind in ("page", "output"))


@pytest.mark.parametrize("room", [True, False], ids=["room on the disk", "a full disk"])
def test_what_was_put_is_there_before_and_after_it_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: bool
) -> None:
    if not room:
        monkeypatch.setattr(os, "pwrite", lambda *_words: 3)
    kept = Kept(tmp_path, "code")
    _put(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build.db"]  # the file has no name
    assert _holds(kept)
    kept.save()
    assert _holds(kept)
    kept.close()
    again = Kept(tmp_path, "code")
    assert _holds(again)
    again.close()


@pytest.mark.parametrize("room", [True, False], ids=["a place of its own", "no place"])
def test_what_another_process_has_put_is_taken_over(tmp_path: Path, room: bool) -> None:
    ours, theirs = Kept(tmp_path, "code"), Kept(tmp_path, "code")
    spool = ours.spare() if room else None
    held = theirs.apart(spool)
    _put(theirs)
    handed = theirs.handed(held)
    assert all(isinstance(data, tuple if room else bytes) for _, data in handed.values())
    ours.take(handed, spool)
    theirs.close()
    theirs._old.close()
    ours.save()
    assert ours.get("output", "7") == PAGES["7"]
    ours.close()


def test_places_in_one_file_do_not_run_into_one_another(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    laid = {data: spool.put(data) for data in (b"one", b"", b"three" * 100_000)}
    assert [aside.read() for aside in laid.values()] == list(laid)


def test_values_of_a_kind_are_those_that_are_asked_for_one_by_one(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "stamp")
    for number in range(5):
        kept.put_value("reading", str(number), {"number": number})
    kept.put("reading", "no json", b"{")
    kept.save()
    again = Kept(tmp_path, "stamp")
    values = again.values("reading")
    keys = [*map(str, range(5)), "no json", "none"]
    assert [values(key) for key in keys] == [again.value("reading", key) for key in keys]
    assert values("3") == {"number": 3}
    again.close()


def test_what_no_build_uses_any_more_goes_when_it_is_a_third_of_the_file(tmp_path: Path) -> None:
    def build(numbers: range) -> int:
        kept = Kept(tmp_path, "stamp")
        for number in numbers:
            if kept.get("page", str(number)) is None:
                kept.put("page", str(number), b"x")
        kept.save()
        count = kept.counts()["page"]
        kept.close()
        return count

    assert build(range(100)) == 100
    assert build(range(60, 160)) == 160  # 60 of them for an undone edit
    assert build(range(60, 160)) == 160
    assert build(range(100, 200)) == 100  # 200 would be more than half as many again as are in use
    assert build(range(100, 205)) == 105
