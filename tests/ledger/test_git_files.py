"""The files of the branch, byte for byte, and each way in which one can be wrong; what was judged before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from byline.errors import LedgerError, LedgerUntrusted
from byline.ledger import codec
from byline.ledger.base import Note, Record, replay
from byline.ledger.git import files
from byline.ledger.git.cache import WORTHWHILE, Cache
from byline.ledger.git.files import Meta, Page
from byline.testing.ledger_contract import AT, INTENT, event
from many import story

META = Meta(site="https://läger.example/", created=AT, serial=7)
ONE = files.file_of("post0.x.y")
EVENTS = tuple(story(0))
TEXT = "".join(f"{codec.dump_event(item)}\n" for item in EVENTS)


def wrong(call: object, *words: object) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        call(*words)  # type: ignore[operator]
    return caught.value


class TestFirstFile:
    def test_its_form_is_kept(self) -> None:
        assert META.dump() == (
            b'{"format": 1, "serial": 7, "site": "https://l\xc3\xa4ger.example/", "created": "2026-11-24T10:00:00+00:00"}\n'
        )
        assert files.load_meta(META.dump(), "x") == META
        assert META.next() == replace(META, serial=8)
        assert Meta(site="", created=AT).serial == 0

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"format": None}, "'format'"), ({"site": None}, "'site'"), ({"serial": None}, "'serial'"),
            ({"created": None}, "Invalid isoformat string: ''"), ({"serial": "many"}, "invalid literal for int() with base 10: 'many'"),
            ({"created": "2026-11-24T10:00:00"}, "the time has no offset"),
        ],
    )  # fmt: skip
    def test_one_that_cannot_be_read(self, change: dict[str, object], told: str) -> None:
        data = json.loads(META.dump()) | change
        text = json.dumps({name: value for name, value in data.items() if value is not None}).encode()
        error = wrong(files.load_meta, text, "the branch x")
        assert isinstance(error, LedgerUntrusted)
        assert error.message == f"the branch x: byline-ledger.json cannot be read ({told})"
        assert error.hint == files.BROKEN

    def test_none_at_all(self) -> None:
        error = wrong(files.load_meta, None, "the branch x")
        assert isinstance(error, LedgerUntrusted)
        assert error.message == "the branch x cannot be trusted: it has no byline-ledger.json"
        assert error.hint == files.BROKEN
        assert isinstance(wrong(files.load_meta, b"[1]", "x"), LedgerUntrusted)

    def test_a_newer_one(self) -> None:
        error = wrong(files.load_meta, META.dump().replace(b'"format": 1', b'"format": 99'), "the branch x")
        assert not isinstance(error, LedgerUntrusted)
        assert error.message == "the branch x has the form 99; this version of Byline knows 1"
        assert error.hint == "use the version of Byline that wrote it, or a newer one"


class TestAccounts:
    def test_one_a_line_and_in_order(self) -> None:
        accounts = {"twitter.ä": AT, "linkedin.company": AT}
        text = files.dump_accounts(accounts)
        assert text.decode() == (
            '{\n"linkedin.company": "2026-11-24T10:00:00+00:00",\n"twitter.ä": "2026-11-24T10:00:00+00:00"\n}\n'
        )
        assert files.load_accounts(text, "x") == accounts
        assert files.load_accounts(None, "x") == {}

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            (b'{"a": 1}', "fromisoformat: argument must be str"), (b"[]", "'list' object has no attribute 'items'"),
            (b'{"a": "2026-11-24T10:00:00+00:00", "b": "2026-11-24"}', "a time has no offset"),
        ],
    )  # fmt: skip
    def test_one_that_cannot_be_read(self, text: bytes, told: str) -> None:
        error = wrong(files.load_accounts, text, "the branch x")
        assert isinstance(error, LedgerUntrusted)
        assert (error.message, error.hint) == (
            f"the branch x: accounts.json cannot be read ({told})", files.BROKEN
        )  # fmt: skip


class TestNames:
    def test_of_a_post(self) -> None:
        """Where a file lies may never change: another place would be an empty history."""
        assert files.file_of("hp7.linkedin.company.2") == "posts/ef/hp7.jsonl"
        error = wrong(files.file_of, "H.x.y")
        assert error.message == "H.x.y is no delivery's id: it must begin with a post's id"
        assert files.file_of_or_nothing("../up.x.y") == ""
        assert files.file_of_or_nothing("hp7.x.y") == "posts/ef/hp7.jsonl"

    def test_of_notes(self) -> None:
        note = Note(kind="tokens", day=date(2026, 1, 2), line="x")
        assert files.note_file(note) == "notes/tokens/2026-01-02.jsonl"
        assert files.note_of("notes/tokens/2026-01-02.jsonl") == ("tokens", date(2026, 1, 2))
        for path in (
            "notes/tokens/2026-13-02.jsonl",
            "notes/Tokens/2026-01-02.jsonl",
            "posts/ef/hp7.jsonl",
            "README.md",
        ):
            assert files.note_of(path) is None
        for bad in (replace(note, kind="../up"), replace(note, kind=""), replace(note, line="a\nb")):
            error = wrong(files.note_file, bad)
            assert error.message == f"{bad.kind}: a note has a kind of one lower-case word, and one line"


class TestPage:
    def test_a_whole_one(self) -> None:
        page = files.load_page(ONE, TEXT.encode(), "x")
        assert (page.events, page.records) == (EVENTS, replay(EVENTS))
        assert files.load_page(ONE, b"", "x") == Page(events=(), records={})

    @pytest.mark.parametrize(
        ("text", "line", "told"),
        [
            (TEXT[:-1], 4, "the last line is cut off"),
            (TEXT + "{\n", 5, "an entry of the sending history cannot be read (JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"),
            (TEXT.replace("post0.", "post1."), 1, "the event of post1.linkedin.company does not belong in this file"),
            (TEXT.replace("post0.", "POST."), 1, "the event of POST.linkedin.company does not belong in this file"),
            ("".join(TEXT.splitlines(keepends=True)[:3:2]), 2, "post0.linkedin.company `part` cannot follow what stands before it: "
             "post0.linkedin.company was left alone: another run is sending it, or stopped while it did"),
        ],
    )  # fmt: skip
    def test_one_that_does_not_fit(self, text: str, line: int, told: str) -> None:
        error = wrong(files.load_page, ONE, text.encode(), "the branch x")
        assert isinstance(error, LedgerUntrusted)
        assert (error.message, error.hint) == (f"the branch x: {ONE}:{line}: {told}", files.BROKEN)

    def test_no_text(self) -> None:
        error = wrong(files.load_page, ONE, b"\xff\n", "the branch x")
        assert error.message == f"the branch x: {ONE}:1: it is no text (invalid start byte)"

    @pytest.mark.parametrize("path", ["posts/00/post0.jsonl", f"{ONE}x", "elsewhere/post0.jsonl"])
    def test_a_file_in_another_place(self, path: str) -> None:
        assert {told for _, _, _, told in files.lines(path, TEXT.encode())} == {
            "the event of post0.linkedin.company does not belong in this file"
        }

    def test_every_line_is_told(self) -> None:
        first = TEXT.splitlines()[0]
        told = list(files.lines(ONE, f"{{\n{first}\n".encode()))
        assert [(number, text, seen, bool(said)) for number, text, seen, said in told] == [
            (1, "{", None, True), (2, first, EVENTS[0], False)
        ]  # fmt: skip
        assert list(files.lines(ONE, b"\xff")) == [(1, "", None, "it is no text (invalid start byte)")]
        assert list(files.lines(ONE, f"{first}\n{{".encode())) == [(2, "", None, "the last line is cut off")]


class TestOrder:
    def test_oldest_first_and_each_delivery_as_it_was_written(self) -> None:
        def at(post: str, hours: int, kind: str = "claimed") -> object:
            return replace(event(kind), id=f"{post}.x.y", at=AT + timedelta(hours=hours))

        # The clock went back between the second and the third event of `b`.
        a, b = [at("a12", 2), at("a12", 3)], [at("b12", 0), at("b12", 4), at("b12", 1), at("b12", 5)]
        pages = [Page(events=tuple(events), records={}) for events in (b, a)]  # type: ignore[arg-type]
        assert list(files.in_order(pages)) == [b[0], a[0], a[1], b[1], b[2], b[3]]
        same = [Page(events=(at(post, 0),), records={}) for post in ("z12", "a12")]  # type: ignore[arg-type]
        assert [item.id for item in files.in_order(same)] == ["a12.x.y", "z12.x.y"]


class TestCache:
    def records(self, count: int) -> dict[str, dict[str, Record]]:
        found = replay(EVENTS)["post0.linkedin.company"]
        return {
            f"{number:040x}": {f"p{number}": replace(found, intent=replace(INTENT, id=f"p{number}"))}
            for number in range(count)
        }

    def test_what_is_kept_is_found_by_another_handle(self, tmp_path: Path) -> None:
        file = tmp_path / "byline" / "x.records"
        pages = self.records(WORTHWHILE)
        Cache(file).keep(pages)
        lines = file.read_text(encoding="utf-8").splitlines()
        (record,) = pages["0" * 40].values()
        assert lines[0] == f"{'0' * 40}\t{codec.dump_record(record)}"
        assert len(lines) == WORTHWHILE
        found = Cache(file)
        assert {blob: found.records(blob) for blob in pages} == pages
        assert found.records("f" * 40) is None
        assert list(file.parent.iterdir()) == [file]

    def test_a_few_new_ones_are_not_worth_it(self, tmp_path: Path) -> None:
        file = tmp_path / "x.records"
        Cache(file).keep(self.records(WORTHWHILE - 1))
        assert not file.exists()
        Cache(file).keep(self.records(WORTHWHILE))
        before = file.read_text()
        Cache(file).keep(self.records(WORTHWHILE + 3))
        assert file.read_text() == before
        both = self.records(2 * WORTHWHILE)
        Cache(file).keep(both)
        assert {blob: Cache(file).records(blob) for blob in both} == both
        some = {blob: page for blob, page in self.records(3 * WORTHWHILE).items() if blob not in both}
        Cache(file).keep(some)
        assert Cache(file).records("0" * 40) is None  # a file that is no more needs no memory

    def test_several_records_of_one_file(self, tmp_path: Path) -> None:
        pages = self.records(WORTHWHILE)
        pages["0" * 40] |= self.records(2)[f"{1:040x}"]
        kept = Cache(tmp_path / "x.records")
        kept.keep(pages)
        assert kept.records("0" * 40) == pages["0" * 40]
        assert Cache(tmp_path / "x.records").records("0" * 40) == pages["0" * 40]

    @pytest.mark.parametrize("data", [b"\xff\n", b"rubbish\n", b"%s\t{\n" % (b"0" * 40)])
    def test_what_cannot_be_read_is_made_again(self, tmp_path: Path, data: bytes) -> None:
        file = tmp_path / "x.records"
        file.write_bytes(data)
        assert Cache(file).records("0" * 40) is None

    def test_where_nothing_can_be_written_nothing_is_kept(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        kept = Cache(tmp_path / "file" / "x.records")
        kept.keep(self.records(WORTHWHILE))
        assert kept.records("0" * 40) is not None  # this run knows it all the same


def test_the_moment_is_kept_with_its_offset() -> None:
    begun = datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert files.load_accounts(files.dump_accounts({"a.b": begun}), "x")["a.b"].utcoffset() == timedelta(0)
