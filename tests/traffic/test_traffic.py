"""Logs to visits: every form, every rule, nothing about a visitor kept, the same file twice."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.cli import main
from byline.cli.common import App
from byline.errors import ContentError
from byline.times import FixedClock
from byline.traffic import count, rules, store
from byline.traffic.lines import Reader
from support import POST, make_site

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [LinkedInApp]/9.30"
TAGS = "utm_source=linkedin&utm_medium=social&utm_campaign=q4&utm_content=hp7.linkedin.dana"
BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 11, 24, 10, tzinfo=UTC)


def line(
    *,
    at: datetime = BEGIN,
    ip: str = "203.0.113.9",
    agent: str = FIREFOX,
    target: str = f"/posts/honest-pricing/?{TAGS}",
    method: str = "GET",
    status: int = 200,
) -> str:
    when = at.strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{ip} - - [{when}] "{method} {target} HTTP/2.0" {status} 5120 "-" "{agent}"\n'


def tally(tmp_path: Path, text: str, sent: dict[str, datetime] | None = None) -> tuple[store.Tag, ...]:
    log = tmp_path / "access.log"
    log.write_text(text, encoding="utf-8")
    store.put(tmp_path / "t.db", count.read([log], sent=sent or {}, zone=BERLIN))
    return store.known(tmp_path / "t.db")


COMBINED = line() + line(ip="2001:db8::1", agent=PHONE)
HOST_FIRST = "insights.acme.example:443 " + line()
CLOUDFRONT = (
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer)"
    " cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id\n"
    f"2026-11-24\t10:00:00\tFRA6-C1\t900\t203.0.113.9\tGET\td1.cloudfront.net\t/posts/a/\t200\t-\t{FIREFOX.replace(' ', '%20')}"
    f"\t{TAGS}\t-\tHit\tabc==\n"
)
CLOUDFLARE = json.dumps(
    {
        "ClientIP": "203.0.113.9", "ClientRequestHost": "x", "ClientRequestMethod": "GET",
        "ClientRequestURI": f"/posts/a/?{TAGS}", "EdgeResponseStatus": 200, "EdgeStartTimestamp": 1795514400000000000,
        "RayID": "9a1", "ClientRequestUserAgent": FIREFOX,
    }
)  # fmt: skip
NETLIFY = json.dumps(
    {
        "log_type": "traffic", "client_ip": "203.0.113.9", "method": "GET", "status_code": 200, "request_id": "01J",
        "timestamp": "2026-11-24T10:00:00.123Z", "url": f"https://insights.acme.example/posts/a/?{TAGS}",
        "user_agent": FIREFOX,
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "form", "visits"),
    [
        (COMBINED, "combined", 2),
        (HOST_FIRST, "combined", 1),
        (CLOUDFRONT, "W3C", 1),
        (CLOUDFLARE + "\n", "Cloudflare", 1),
        (NETLIFY + "\n", "JSON", 1),
        (f"[{NETLIFY},{NETLIFY.replace('01J', '02K').replace('.9', '.8')}]\n", "JSON", 2),
    ],
)
def test_every_form_is_read(tmp_path: Path, text: str, form: str, visits: int) -> None:
    log = tmp_path / "log"
    log.write_text(text, encoding="utf-8")
    read = count.read([log], sent={}, zone=BERLIN)
    assert [file.form for file in read.files] == [form]
    assert [file.bad for file in read.files] == [0]
    (tag,) = tally(tmp_path, text)
    assert (tag.content, tag.source, tag.visits, tag.requests) == (
        "hp7.linkedin.dana",
        "linkedin",
        visits,
        visits,
    )
    assert {click.at for click in read.clicks} <= {BEGIN, BEGIN + timedelta(milliseconds=123)}


def test_whose_request_it_was_is_read_from_every_form_of_a_line() -> None:
    for text, address in (
        (line(ip="203.0.113.9"), "203.0.113.9"),
        (line(ip="2001:db8::1"), "2001:db8::1"),
        (line(ip="dialup-7.provider.example"), "dialup-7.provider.example"),
        ("insights.acme.example:443 " + line(ip="203.0.113.9"), "203.0.113.9"),
        ("insights.acme.example " + line(ip="2001:db8::1"), "2001:db8::1"),
        (line().replace("- - [", "- Ann Lee ["), "203.0.113.9"),
    ):
        (hit,) = Reader().hits(text)
        assert hit.address == address


def test_packed_files_and_a_mark_at_the_beginning(tmp_path: Path) -> None:
    log = tmp_path / "access.log.gz"
    log.write_bytes(gzip.compress(b"\xef\xbb\xbf" + COMBINED.encode()))
    assert len(count.read([log], sent={}, zone=BERLIN).clicks) == 2


def test_plausible_gives_sums(tmp_path: Path) -> None:
    head = '"date","source","referrer","utm_source","utm_medium","utm_campaign","utm_content","utm_term","pageviews","visitors","visits","visit_duration","bounces"\n'
    body = (
        '"2026-11-24","LinkedIn","","linkedin","social","q4","hp7.linkedin.dana","",9,7,8,100,1\n'
        '"2026-11-25","LinkedIn","","linkedin","social","q4","hp7.linkedin.dana","",1,1,1,0,1\n'
        '"2026-11-24","Google","google.com","","","","","",90,70,80,100,1\n'
    )
    export = tmp_path / "export.zip"
    with zipfile.ZipFile(export, "w") as archive:
        archive.writestr("imported_visitors_20261124_20261125.csv", "date,visitors\n")
        archive.writestr("imported_sources_20261124_20261125.csv", head + body)
    for fresh in (2, 0):
        assert store.put(tmp_path / "t.db", count.read([export], sent={}, zone=BERLIN))[0] == fresh
    (tag,) = store.known(tmp_path / "t.db")
    assert (tag.visits, tag.requests) == (9, 0)
    (tag,) = tally(tmp_path, line())  # of the 24th the log counts, of the 25th the export
    assert (tag.visits, tag.requests) == (2, 1)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("method", line(method="HEAD")),
        ("status", line(status=404)),
        ("status", line(status=301)),
        ("robot", line(agent="Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)")),
        ("preview", line(agent="facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)")),
        ("preview", line(agent="http.rb/5.2.0 (Mastodon/4.3.1; +https://mastodon.social/) Bot")),
        ("scanner", line(agent="Mozilla/5.0 (compatible; Barracuda Sentinel (EE))")),
        ("tool", line(agent="python-requests/2.32")),
        ("tool", line(agent="-")),
        ("tool", line(agent=FIREFOX.replace("Firefox", "HeadlessChrome"))),
        ("score", CLOUDFLARE.replace('"RayID"', '"BotScore": 2, "RayID"')),
        ("again", line() + line(at=BEGIN + timedelta(minutes=29))),
    ],
)
def test_each_rule_leaves_out_what_it_says_and_both_numbers_stay(
    tmp_path: Path, code: str, text: str
) -> None:
    (tag,) = tally(tmp_path, text)
    assert tag.left_out == {code: 1}
    assert tag.requests == tag.visits + 1
    assert tag.machines == (code != "again")


def test_people_are_counted_whatever_their_browser(tmp_path: Path) -> None:
    agents = [
        FIREFOX,
        PHONE,
        "Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [Pinterest/iOS]",
    ]
    (tag,) = tally(tmp_path, "".join(line(agent=agent) for agent in agents))
    assert (tag.visits, tag.left_out) == (4, {})


def test_after_half_an_hour_without_a_click_it_is_a_new_visit(tmp_path: Path) -> None:
    minutes = (0, 20, 40, 71)
    (tag,) = tally(tmp_path, "".join(line(at=BEGIN + timedelta(minutes=n)) for n in minutes))
    assert (tag.visits, tag.left_out) == (2, {"again": 2})


def test_one_who_opens_every_link_at_once_is_a_mail_filter(tmp_path: Path) -> None:
    def link(number: int) -> str:
        return f"/?utm_source=newsletter&utm_medium=email&utm_content=p{number}"

    text = "".join(line(at=BEGIN + timedelta(seconds=n), target=link(n)) for n in range(4))
    text += line(at=BEGIN + timedelta(minutes=5), target=link(0))
    text += "".join(
        line(ip="198.51.100.1", at=BEGIN + timedelta(minutes=n), target=link(n)) for n in range(4)
    )
    found = {tag.content: tag for tag in tally(tmp_path, text)}
    assert {name: tag.visits for name, tag in found.items()} == {"p0": 2, "p1": 1, "p2": 1, "p3": 1}
    assert [found[f"p{n}"].left_out for n in range(4)] == [{"burst": 1}] * 4


def test_a_click_within_seconds_of_the_post_is_the_network_s_own(tmp_path: Path) -> None:
    sent = {"hp7.linkedin.dana": BEGIN - timedelta(seconds=4)}
    (tag,) = tally(tmp_path, line() + line(ip="198.51.100.1", at=BEGIN + timedelta(seconds=30)), sent)
    assert (tag.visits, tag.left_out) == (1, {"instant": 1})


def test_the_same_log_again_and_a_longer_one_change_nothing_that_was_counted(tmp_path: Path) -> None:
    first = line() + line() + line(ip="198.51.100.1")  # three requests in one second, of two visitors
    for text, wanted in (
        (first, 2),
        (first, 2),
        (first + line(ip="198.51.100.2", at=BEGIN + timedelta(hours=1)), 3),
    ):
        (tag,) = tally(tmp_path, text)
        assert tag.visits == wanted
    assert tag.requests == 4


def test_nothing_about_a_visitor_is_kept(tmp_path: Path) -> None:
    personal = "/?utm_source=x&utm_content=ann%40firm.example&utm_campaign=bob@firm.example"
    tally(tmp_path, line() + line(target=personal))
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("t.db*"))
    for trace in (b"203.0.113", b"Firefox", b"@firm.example", b"%40firm"):
        assert trace not in kept
    log = tmp_path / "access.log"
    once = count.read([log], sent={}, zone=BERLIN).clicks[0].visitor
    assert once != count.read([log], sent={}, zone=BERLIN).clicks[0].visitor  # a new salt in each run


def test_a_visitor_of_yesterday_is_another_one(tmp_path: Path) -> None:
    midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # in Berlin
    (tag,) = tally(
        tmp_path, line(at=midnight - timedelta(minutes=1)) + line(at=midnight + timedelta(minutes=1))
    )
    assert tag.visits == 2


def test_a_file_that_is_no_log_is_told(tmp_path: Path) -> None:
    log = tmp_path / "notes.txt"
    log.write_text("Dear diary,\nnothing happened.\n")
    with pytest.raises(ContentError, match=r"notes.txt:1: these lines are no log"):
        count.read([log], sent={}, zone=BERLIN)
    log.write_bytes(b"\x1f\x8bnot really packed")
    with pytest.raises(ContentError, match="cannot be read"):
        count.read([log], sent={}, zone=BERLIN)
    log.write_text("")
    assert count.read([log], sent={}, zone=BERLIN).files[0].form == "empty"


def test_single_bad_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(line() + "\x16\x03\x01 broken\n" + line() + line(), encoding="utf-8")
    (file,) = count.read([log], sent={}, zone=BERLIN).files
    assert (file.lines, file.bad, file.first_bad) == (4, 1, 2)


@given(st.text(max_size=300))
def test_no_line_breaks_the_reader(text: str) -> None:
    reader = Reader()
    for piece in text.splitlines():
        with contextlib.suppress(ValueError, KeyError, OverflowError):
            list(reader.hits(piece))


@given(st.text(max_size=200))
def test_no_name_breaks_the_rules(agent: str) -> None:
    assert rules.by_name(agent) in {"", *rules.BY_CODE}


def test_the_manual_lists_every_rule_and_every_name() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "traffic.md").read_text(encoding="utf-8")
    plain = re.sub(r"\s+", " ", page)
    for rule in rules.RULES:
        assert f"`{rule.code}`" in plain
        assert rule.words in plain, rule.code
    for word in (*rules.ROBOTS, *rules.PREVIEWS, *rules.SCANNERS, *rules.TOOLS):
        assert f"`{word}`" in plain, word


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, clock: FixedClock, capsys: pytest.CaptureFixture[str]) -> Run:
    file = make_site(tmp_path / "site", posts={"pricing.md": POST})

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["-f", str(file), *words], app=App(clock=clock, environment={}))
        shown = capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, shown.out, shown.err

    return call


def test_the_command_shows_raw_and_filtered_and_the_report_uses_them(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        COMBINED
        + line(agent="AhrefsBot/7.0")
        + line(target="/?utm_source=linkedin&utm_content=%1b[31m=cmd", at=BEGIN + timedelta(hours=1))
        + line(target="/feed/?utm_source=rss&utm_medium=referral&utm_content=hp7"),
        encoding="utf-8",
    )
    code, out, err = run("traffic", "import", str(log))
    assert (code, err) == (0, "")
    assert "combined, 5 lines, 5 with a tag" in out
    assert re.search(r"hp7\.linkedin\.dana +2 +3 +1\n", out)
    assert "calls itself a robot" in out
    assert "\x1b" not in out
    shown: dict[str, Any] = json.loads(run("traffic", "show", "--json")[1])
    assert shown["tags"][0] == {
        "content": "hp7.linkedin.dana", "source": "linkedin", "medium": "social", "campaign": "q4", "visits": 2,
        "requests": 3, "left_out": {"robot": 1},
    }  # fmt: skip
    report = json.loads(run("report", "--json", "--by", "channel")[1])
    assert {row["key"]: row["clicks"] for row in report["rows"]} == {"linkedin": 2, "rss": 1}
    assert report["total"]["clicks"] == 3
    by_post = json.loads(run("report", "--json")[1])
    assert {row["key"]: row["clicks"] for row in by_post["rows"]} == {"hp7": 3}


def test_a_day_that_is_none_is_told(run: Run) -> None:
    code, _, err = run("traffic", "show", "--since", "yesterday")
    assert code == 2
    assert "2026-10-31" in err
    assert run("traffic", "show")[1].startswith("No visit")
