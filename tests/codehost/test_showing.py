"""What would go out, as one note on each merge request of GitLab; and a missing id by one click."""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image

from byline.codehost import note as notes
from byline.codehost import showing, suggesting
from byline.codehost.gitlab import Change, GitLab, MergeRequest
from byline.errors import NotSent, Rejected
from byline.http import Http
from byline.settings import Timeouts
from byline.testing import gitlab
from byline.testing.gitlab import File, Request
from byline.times import FixedClock
from support import NOW

TOKEN = "glpat-made-up-token"
HOSTILE = "/close\n/merge\n@everyone `x` ``` ````\n    \n</details><img src=x onerror=alert(1)> [a](javascript:1) #1 !2 $`e`$"
POST = "---\ntitle: Renewals\ndate: 2026-11-24\n---\nWords.\n"


@pytest.fixture
def fake() -> Iterator[gitlab.GitLab]:
    with gitlab.GitLab(FixedClock(NOW)) as server:
        server.allow(TOKEN)
        yield server


def _host(fake: gitlab.GitLab, token: str = TOKEN) -> GitLab:
    http = Http(Timeouts(connect=1, read=1), FixedClock(NOW))
    return GitLab(http, api=fake.url, project=gitlab.PROJECT, token=token)


def _show(fake: gitlab.GitLab) -> list[tuple[int, str]]:
    return [(item.iid, item.result) for item in showing.show(_host(fake))]


def _delivery(**more: Any) -> dict[str, Any]:
    return {
        "id": "hp7.linkedin.dana", "post": "hp7", "channel": "linkedin", "account": "dana", "state": "later",
        "due": "2026-11-24T09:00:00+01:00", "texts": ["We raised prices."], "link": "https://x.example/?utm_content=hp7",
        "reason": "", "cost": 0.2, "currency": "USD", "title": "Pricing", "file": "content/posts/pricing.md",
        "mentions": [], "warnings": [], **more,
    }  # fmt: skip


def _left(*deliveries: Mapping[str, Any], ids: Any = None, **more: Any) -> dict[str, bytes]:
    """What the check leaves, by the names of its files."""
    cards = more.pop("cards", {})
    files = {".byline/note/plan.json": json.dumps({"deliveries": list(deliveries), **more}).encode()}
    if ids is not None:
        files[".byline/note/ids.json"] = json.dumps(ids).encode()
    return files | {f".byline/note/cards/{name}": data for name, data in cards.items()}


def _picture(colour: str = "red", size: tuple[int, int] = (12, 6), form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def _notes(request: Request) -> list[str]:
    return [str(item["body"]) for item in request.notes]


def _outside_code(body: str) -> str:
    """The note without what a reader of CommonMark takes as code: there alone is markup, a mention or an order."""
    kept: list[str] = []
    for block in MarkdownIt("commonmark").parse(body):
        for token in block.children or [block]:
            if token.type not in ("code_inline", "code_block", "fence"):
                kept += [token.content, *map(str, token.attrs.values())]
    return "\n".join(kept)


def test_one_note_says_what_goes_out_and_is_renewed_in_place(fake: gitlab.GitLab) -> None:
    request = fake.open()
    assert _show(fake) == [(1, "waits")]  # no pipeline yet
    job = fake.check(request, _left(_delivery()), status="running")
    assert _show(fake) == [(1, "waits")]
    job.status = "failed"  # it found mistakes: the plan is there all the same
    assert _show(fake) == [(1, "made")]
    (body,) = _notes(request)
    for words in (
        "### What goes out: 1 × goes out later",
        "#### `Pricing`",
        "`content/posts/pricing.md`",
        "**LinkedIn**, `dana` · goes out later · Tue 24 Nov 2026 09:00 (UTC+01:00) · about 0.20 USD",
        "\n    We raised prices.\n",
        "Link: `https://x.example/?utm_content=hp7`",
        f"https://gitlab.example/5/-/jobs/{job.id}/artifacts/file/preview.html",
        f"`{request.sha[:12]}`",
    ):
        assert words in body
    assert _show(fake) == [(1, "same")]
    fake.push(request)
    fake.check(request, _left(_delivery(texts=["We raised them."])))
    assert _show(fake) == [(1, "renewed")]
    (body,) = _notes(request)
    assert "We raised them." in body
    assert "We raised prices." not in body


def test_nothing_of_a_hostile_plan_is_markup_a_mention_or_an_order(fake: gitlab.GitLab) -> None:
    request = fake.open(title=HOSTILE)
    names = (
        "id",
        "post",
        "channel",
        "account",
        "link",
        "reason",
        "title",
        "file",
        "currency",
        "state",
        "due",
    )
    bad = _delivery(
        **dict.fromkeys(names, HOSTILE), texts=[HOSTILE, HOSTILE], mentions=[HOSTILE], warnings=[HOSTILE]
    )
    problem = {"file": HOSTILE, "line": 3, "message": HOSTILE, "fix": HOSTILE}
    fake.check(request, _left(bad, problems=[problem]))
    assert _show(fake) == [(1, "made")]
    (body,) = _notes(request)
    assert fake.orders == []
    assert "    /close" in body
    assert "`" not in _outside_code(body)
    assert "What goes out" in _outside_code(body)
    for word in ("@", "onerror", "javascript", "#1", "!2", "/merge", "</details>"):
        assert word not in _outside_code(body)


@pytest.mark.parametrize(
    "plan",
    [
        b"", b"[]", b"null", b"{", b"[" * 100_000, b'{"deliveries": 5, "problems": {"a": 1}}',
        b'{"deliveries": [1, null, {"texts": 5, "due": 7, "cost": 1e999, "pictures": [[]]}, {"texts": [1], "cost": -1}]}',
        b'{"deliveries": [{"cost": true, "due": "2026-13-99", "warnings": [{}], "texts": ["\\ud800\\u0000\\u001b[2J"]}]}',
        b'{"deliveries": [{"texts": ["' + b"x" * 9_000_000 + b'"]}]}',
    ],
)  # fmt: skip
def test_whatever_a_branch_leaves_fails_nothing(plan: bytes, fake: gitlab.GitLab) -> None:
    first, second = fake.open(), fake.open()
    fake.check(first, {".byline/note/plan.json": plan, ".byline/note/ids.json": plan})
    fake.check(second, _left(_delivery()))
    assert dict(_show(fake))[2] == "made"
    assert not [body for body in _notes(first) if "\x1b" in body or "\0" in body]
    assert sum(map(len, _notes(first))) < 20_000


_MARKS = ["http://x.example", "/close", "-->", "\u2028", "\x85", "\x0b", "a", *"`` \n\r\t/@[]()<>!*_#~&\\:$"]


@given(text=st.lists(st.sampled_from(_MARKS), max_size=20).map("".join))
@settings(max_examples=100, deadline=None)
def test_no_words_at_all_are_more_than_code(text: str) -> None:
    words = f"{text}Zyx{text}"
    names = ("channel", "account", "link", "reason", "title", "file", "state", "due")
    plan = {
        "deliveries": [
            _delivery(**dict.fromkeys(names, words), texts=[words, text], warnings=[words], mentions=[words])
        ],
        "problems": [{"file": words, "line": 3, "message": words, "fix": words}],
    }
    source = notes.Source(job=1, address="https://gitlab.example/5/-/jobs/1", sha="0" * 40)
    body = notes.markdown(plan, source)
    assert "Zyx" not in _outside_code(body)
    assert "x.example" not in _outside_code(body).replace("gitlab.example", "")
    assert not re.search(r"^/", body, re.MULTILINE)


def test_a_long_plan_is_cut_where_a_person_would_stop_reading(fake: gitlab.GitLab) -> None:
    request = fake.open()
    many = [_delivery(file=f"content/posts/p{number}.md", texts=["x"]) for number in range(80)]
    fake.check(request, _left(*many, problems=[{"file": "a", "line": 1, "message": "m", "fix": "f"}] * 500))
    assert _show(fake) == [(1, "made")]
    (body,) = _notes(request)
    assert "20 more are in [the plan]" in body
    assert "- and 450 more" in body
    fake.push(request)
    fake.check(request, _left(*[_delivery(texts=["x" * 9_000] * 20)] * 20))
    assert _show(fake) == [(1, "renewed")]
    (body,) = _notes(request)
    assert "18 more are in [the plan]" in body
    assert len(body) < 1_000_000  # what GitLab takes


def test_a_stranger_s_note_with_our_mark_is_never_touched(fake: gitlab.GitLab) -> None:
    request = fake.open()
    forged = f'{notes.MARK}\n<!-- byline: {99} {{"{"0" * 32}": "/uploads/{"0" * 32}/x.png"}} -->\nmine'
    for _ in range(120):  # the own one stands on the second page
        fake.say(request, 1, forged)
    job = fake.check(request, _left(_delivery()))
    assert _show(fake) == [(1, "made")]
    fake.push(request)
    fake.check(request, _left(_delivery(texts=["Other words."])))
    assert _show(fake) == [(1, "renewed")]
    assert _notes(request)[:120] == [forged] * 120
    assert len(_notes(request)) == 121
    assert "Other words." in _notes(request)[-1]
    assert job.id != 99


def test_cards_are_pictures_in_the_note_and_uploaded_once(fake: gitlab.GitLab) -> None:
    request = fake.open()
    shown = [
        {"kind": "card", "file": "../../x/0123456789ab.png", "alt": HOSTILE},
        {"kind": "picture", "file": "0123456789abw.jpg"},
    ]
    cards = {"0123456789ab.png": _picture(), "0123456789abw.jpg": _picture("blue", form="JPEG")}
    fake.check(request, _left(_delivery(pictures=shown), _delivery(pictures=shown), cards=cards))
    assert _show(fake) == [(1, "made")]
    first = set(fake.uploads)
    assert sorted(fake.uploads.values()) == sorted(cards.values())
    (body,) = _notes(request)
    assert set(re.findall(r"!\[(?:Card|Picture)\]\((/uploads/[^)]+)\)\{width=400\}", body)) == first
    cards["0123456789abw.jpg"] = _picture("green", form="JPEG")
    fake.push(request)
    fake.check(request, _left(_delivery(pictures=shown), cards=cards))
    assert _show(fake) == [(1, "renewed")]
    assert len(fake.uploads) == 3  # the card is the same: it is where it was
    (body,) = _notes(request)
    assert len(set(re.findall(r"/uploads/\S+?\.(?:png|jpg)(?=\))", body)) & first) == 1


def test_only_whole_pictures_of_a_card_s_size_are_uploaded(fake: gitlab.GitLab) -> None:
    request = fake.open()
    real = _picture()
    huge = real[:16] + struct.pack(">II", 60_000, 60_000) + real[24:]
    bad = [
        b"",
        b"<svg/>",
        b"\x89PNG\r\n\x1a\n",
        real + b"<script>",
        huge,
        b"\xff\xd8\xff",
        real + b"\0" * 400_000,
    ]
    cards = {f"{number:012x}.png": data for number, data in enumerate(bad)} | {
        "evil.sh": b"x",
        "a" * 12 + ".svg": b"x",
    }
    named = [{"file": name} for name in cards]
    plan = [_delivery(pictures=[one]) for one in named]
    good = {f"{number:012x}.png": _picture("red", (number, 9)) for number in range(100, 140)}
    plan += [_delivery(pictures=[{"file": name}]) for name in good]
    fake.check(request, _left(*plan, cards={**cards, **good}))
    assert _show(fake) == [(1, "made")]
    assert set(fake.uploads.values()) <= set(good.values())
    assert 0 < len(fake.uploads) <= notes.MOST_PICTURES
    assert all(re.fullmatch(r"/uploads/[0-9a-f]{32}/card-[0-9a-f]{12}\.png", name) for name in fake.uploads)


def test_a_fork_s_check_is_words_alone_and_a_closed_one_is_left(fake: gitlab.GitLab) -> None:
    ids = [_id_offer(3, "date: 2026-11-24")]
    fork = fake.open(File(path="content/posts/a.md", new=POST), project=66)
    hidden = fake.open(project=67)
    fake.private.add(67)
    for request in (fork, hidden):
        card = {"file": "0123456789ab.png"}
        left = _left(
            _delivery(pictures=[card], texts=[HOSTILE]), cards={"0123456789ab.png": _picture()}, ids=ids
        )
        fake.check(request, left)
    assert _show(fake) == [(2, "waits"), (1, "made")]
    assert fake.uploads == {}
    assert "![" not in _notes(fork)[-1]
    assert fake.orders == []
    assert not [call for call in fake.calls if call.path.startswith("/projects/66/") and call.method != "GET"]


def _id_offer(
    line: int, *rows: str, path: str = "content/posts/a.md", fresh: str = "id: hp7"
) -> dict[str, Any]:
    text = "\n".join((*rows, fresh))
    return {"path": path, "line": line, "body": f"This post has no id yet.\n\n```suggestion\n{text}\n```"}


OLD = "---\ntitle: Renewals\ndate: 2026-11-24\n---\n" + "".join(f"Row {n}.\n" for n in range(40))


@pytest.mark.parametrize(
    ("file", "offer"),
    [
        (File(path="content/posts/a.md", new=POST), _id_offer(3, "date: 2026-11-24")),
        (File(path="content/posts/a.md", new=POST.replace("\n---\nW", "\nid:\n---\nW")), _id_offer(4)),
        # An old post: its date stands near the change, above it, or is changed itself.
        (File(path="content/posts/a.md", new=OLD.replace("Row 0.", "First."), old=OLD), _id_offer(3, "date: 2026-11-24")),
        (File(path="content/posts/a.md", new=OLD.replace("Row 39.", "Last."), old=OLD), _id_offer(3, "date: 2026-11-24")),
        (
            File(path="content/posts/a.md", new=OLD.replace("title:", "tags: [x]\ntitle:"), old=OLD, old_path="content/posts/b.md"),
            _id_offer(4, "date: 2026-11-24"),
        ),
        (File(path="content/posts/a.md", new=OLD.replace("11-24", "11-25"), old=OLD), _id_offer(3, "date: 2026-11-25")),
        (File(path="content/posts/a.md", new=OLD.replace("title: Renewals\n", ""), old=OLD), _id_offer(2, "date: 2026-11-24")),
    ],
)  # fmt: skip
def test_a_missing_id_is_offered_once_and_one_click_writes_it(
    file: File, offer: Mapping[str, Any], fake: gitlab.GitLab
) -> None:
    request = fake.open(file)
    fake.check(request, _left(_delivery(), ids=[offer, offer]), status="failed")
    (done,) = showing.show(_host(fake))
    assert (done.result, done.offered) == ("made", 1)
    thread, note = request.notes
    assert thread["body"].startswith(suggesting.MARK)
    assert note["body"].startswith(notes.MARK)
    fake.push(request)
    fake.check(request, _left(_delivery(), ids=[offer]))
    (again,) = showing.show(_host(fake))
    assert (again.result, again.offered) == ("renewed", 0)
    thread["position"]["head_sha"] = request.sha
    fake.apply(request, thread)
    assert request.files[0].new.count("\nid: hp7\n") == 1
    assert request.files[0].new.startswith("---\n")
    assert fake.orders == []


@pytest.mark.parametrize(
    "offer",
    [
        _id_offer(3, "date: 2026-11-23"),  # the file says something else there
        _id_offer(2, "date: 2026-11-24"),
        _id_offer(5, "Words."),  # below the front matter
        _id_offer(3, "date: 2026-11-24", fresh="share: false"),  # no id
        _id_offer(3, "date: 2026-11-24", fresh="id: hp7\n/merge"),
        _id_offer(3, "date: 2026-11-24", fresh="id: HP7"),
        _id_offer(3, "title: Renewals", "date: 2026-11-24"),
        _id_offer(3, "date: 2026-11-24", path="content/posts/other.md"),  # not changed by it
        _id_offer(3, "date: 2026-11-24", path=".gitlab-ci.yml"),
        _id_offer(99, "date: 2026-11-24"),
        _id_offer(-1, "date: 2026-11-24"),
        {"path": "content/posts/a.md", "line": True, "body": 5},
        {"path": "content/posts/a.md", "line": 3, "body": "id: hp7"},
    ],
)
def test_an_offer_that_is_no_missing_id_is_not_made(offer: Mapping[str, Any], fake: gitlab.GitLab) -> None:
    request = fake.open(File(path="content/posts/a.md", new=POST))
    fake.check(request, _left(_delivery(), ids=[offer]))
    (done,) = showing.show(_host(fake))
    assert (done.result, done.offered, len(request.notes)) == ("made", 0, 1)


def test_a_post_that_has_an_id_by_now_gets_no_other(fake: gitlab.GitLab) -> None:
    request = fake.open(File(path="content/posts/a.md", new=POST.replace("date", "id: own\ndate")))
    fake.check(request, _left(_delivery(), ids=[_id_offer(4, "date: 2026-11-24")]))
    (done,) = showing.show(_host(fake))
    assert done.offered == 0


def test_a_commit_that_comes_in_between_is_not_written_over(fake: gitlab.GitLab) -> None:
    request = fake.open(File(path="content/posts/a.md", new=POST))
    fake.check(request, _left(_delivery(), ids=[_id_offer(3, "date: 2026-11-24")]))
    fake.after.append(("artifact", lambda: fake.push(request)))
    assert _show(fake) == [(1, "waits")]
    assert request.notes == []


@pytest.mark.parametrize(
    ("fault", "on"),
    [("limited", "note"), ("limited", "artifact"), ("unauthorized", "notes"), ("unauthorized", "read")],
)
def test_a_refused_token_and_too_many_calls_end_the_run_in_words(
    fault: Any, on: str, fake: gitlab.GitLab
) -> None:
    for _ in range(2):
        fake.check(fake.open(), _left(_delivery()))
    fake.inject(fault, on=on)
    with pytest.raises(NotSent) as caught:
        _show(fake)
    assert TOKEN not in caught.value.message + caught.value.hint
    assert caught.value.cause == ("limited" if fault == "limited" else "auth")
    assert [result for _, result in _show(fake)] == ["made", "made"]
    assert all(len(request.notes) == 1 for request in fake.requests.values())


@pytest.mark.parametrize("fault", ["drop", "lose", "stall", "torn", "error_before", "error_after"])
def test_trouble_with_one_stops_no_other_and_never_makes_a_second_note(
    fault: Any, fake: gitlab.GitLab
) -> None:
    fake.stall_for = 1.2
    for _ in range(2):
        fake.check(fake.open(), _left(_delivery()))
    fake.inject(fault, on="note")
    assert _show(fake) == [(2, "failed"), (1, "made")]
    assert dict(_show(fake))[2] in ("made", "same")
    assert all(len(request.notes) == 1 for request in fake.requests.values())


def test_a_token_that_may_not_is_told_what_it_needs(fake: gitlab.GitLab) -> None:
    fake.allow("guest-token", "guest")
    fake.check(fake.open(), _left(_delivery()))
    with pytest.raises(Rejected, match="does not allow") as caught:
        list(showing.show(_host(fake, "guest-token")))
    assert "Reporter" in caught.value.hint


def test_without_an_open_merge_request_it_is_one_call(fake: gitlab.GitLab) -> None:
    assert _show(fake) == []
    assert len(fake.calls) == 1


def test_a_check_without_a_plan_is_said_where_a_note_would_be_wrong_else(fake: gitlab.GitLab) -> None:
    request = fake.open()
    fake.check(request, {})
    assert _show(fake) == [(1, "waits")]
    fake.check(request, _left(_delivery()))
    assert _show(fake) == [(1, "made")]
    fake.push(request)
    fake.check(request, {}, status="failed")
    assert _show(fake) == [(1, "renewed")]
    assert "left no plan" in _notes(request)[0]
    assert "We raised prices." not in _notes(request)[0]


def test_what_a_note_remembers_is_read_strictly() -> None:
    digest, place = "a" * 32, f"/uploads/{'b' * 32}/card.png"
    good = f'{notes.MARK}\n<!-- byline: 7 {{"{digest}": "{place}"}} -->\n'
    assert notes.seen(good).pictures == {digest: place}
    assert notes.seen(good).job == 7
    others: Sequence[str] = (
        good.replace(place, "https://evil.example/x.png"),
        good.replace(place, "/uploads/../../x.png"),
        good.replace(digest, "x"),
        good.replace("7", "7x"),
        good.replace("{", "[", 1),
        f"words\n{good}",
    )
    for body in others:
        assert notes.seen(body).pictures == {}
    assert hashlib.sha256(b"").hexdigest()[:32] not in notes.seen(good).pictures


def test_a_line_that_gitlab_takes_no_thread_on_fails_nothing(fake: gitlab.GitLab) -> None:
    request = fake.open(File(path="content/posts/a.md", new=OLD, old="x\n"))
    fake.check(request, _left(_delivery(), ids=[_id_offer(3, "date: 2026-11-24")]))
    fake.hidden_diffs = True  # too large: then nobody can tell which of its lines are new
    (done,) = showing.show(_host(fake))
    assert (done.result, done.offered, len(request.notes)) == ("made", 0, 1)


def test_a_line_s_old_number_is_found_around_every_hunk() -> None:
    diff = "@@ -3,2 +3,3 @@ x\n context\n+added\n context\n@@ -20,3 +21,1 @@\n-gone\n-gone\n kept\n\\ No newline at end of file\n"
    request = MergeRequest(
        iid=1, sha="h", base="b", start="s", source_project=5, pipeline=1, pipeline_project=5
    )
    change = Change(old_path="o.md", new_path="n.md", new=False, diff=diff)
    wanted = {1: 1, 3: 3, 4: None, 5: 4, 6: 5, 20: 19, 21: 22, 22: 23}
    for line, old in wanted.items():
        place = suggesting.position(change, request, line)
        assert place.get("old_line") == old, line
        assert (place["old_path"], place["new_path"], place["new_line"]) == ("o.md", "n.md", line)
    new = Change(old_path="n.md", new_path="n.md", new=True, diff="")  # GitLab leaves large diffs out
    assert "old_line" not in suggesting.position(new, request, 3)
