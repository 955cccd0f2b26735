"""What the report says about its own numbers: coverage, trend, age, one large order, authors, the CRM's own count."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction as F
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from byline.attribution.credit import conversions
from byline.attribution.models import MODELS
from byline.attribution.touches import Directory
from byline.crm.base import Totals
from byline.model import Author, Deal, Lead, Post, Touch
from byline.report import export, html, parts, share, stories, text, trust
from byline.report.build import build
from byline.report.material import Material
from byline.report.model import Report, Row
from byline.report.words import each, share_of
from byline.settings import load
from byline.traffic.store import Tag
from support import NOW, make_site

DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
LAST = MODELS["last"]


def post(key: str, age: int, author: str = "dana", **more: Any) -> Post:
    return Post(
        id=key, path="", src_uri="", url=f"posts/{key}/", slug=key, title=f"About {key}", description="", excerpt="",
        body="", hash="", published=NOW - age * DAY, authors=(author,), effort=timedelta(hours=2), **more,
    )  # fmt: skip


POSTS = (post("old", 200), post("mid", 100, "lee"), post("new", 5, "lee"))


def lead(key: str, content: str = "", *, ago: int = 1, source: str = "linkedin", said: str = "") -> Lead:
    touches = (
        (Touch(at=NOW - ago * DAY, source=source, medium="social", content=content),)
        if content or source
        else ()
    )
    return Lead(
        id=key, at=NOW - ago * DAY, person=f"person-{key}", touches=touches, heard_from=said,
        fields={"record": f"00Q{key}"},
    )  # fmt: skip


def deal(lead_id: str, amount: str, currency: str = "EUR", *, won: bool = True) -> Deal:
    return Deal(
        id=f"D{lead_id}{amount}", lead_id=lead_id, created=NOW, closed=NOW, won=won, amount=Decimal(amount),
        currency=currency,
    )  # fmt: skip


@pytest.fixture
def material(tmp_path: Path) -> Material:
    file = make_site(tmp_path / "site")
    return Material(
        settings=load(file, {}),
        posts=POSTS,
        authors={"dana": Author(id="dana", name="Dana Reyes"), "lee": Author(id="lee", name="Lee Park")},
        leads=(
            *(lead(f"a{n}", "old.linkedin.dana", ago=60) for n in range(8)),
            *(lead(f"b{n}", "mid.linkedin.dana", ago=30) for n in range(6)),
            *(lead(f"n{n}", source="", ago=20) for n in range(7)),
            lead("x1", "zzz.linkedin.dana"),
            lead("x2", "old.linkedin.danna"),
            lead("x3", source="linked-in"),
        ),
        deals=(),
    )


def made(material: Material, **more: Any) -> Report:
    return build(replace(material, **more), now=NOW)


def test_coverage_adds_up_and_each_unknown_enquiry_stands_once(material: Material) -> None:
    both = Lead(
        id="both", at=NOW, person="p",
        touches=(
            Touch(at=NOW - 3 * DAY, source="x", content="foreign.one"),
            Touch(at=NOW - 2 * DAY, source="x", content="foreign.two"),
        ),
    )  # fmt: skip
    report = made(material, leads=(*material.leads, both))
    seen = report.coverage
    assert (seen.ours, seen.strange, seen.none, seen.all) == (14, 4, 7, 25)
    listed = [key for item in report.unknown for key in item.leads]
    assert sorted(listed) == sorted(set(listed))
    assert len(listed) == report.table.unattributed.leads == 11
    (last,) = [item for item in report.unknown if "both" in item.leads]
    assert last.what == "utm_source=x utm_content=foreign.two"
    assert {item.tag: len(item.leads) for item in report.strange if "foreign" in item.tag} == {
        "utm_source=x utm_content=foreign.one": 1,
        "utm_source=x utm_content=foreign.two": 1,
    }
    assert (
        "14 of 25 (56 %) enquiries came with a tag of yours, 4 only with tags that are not yours, 7 with none."
        in (parts.covered(report))
    )


def test_an_enquiry_is_unknown_as_the_model_counts_it(material: Material) -> None:
    mixed = Lead(
        id="m", at=NOW, person="p",
        touches=(
            Touch(at=NOW - 3 * DAY, source="linkedin", content="old.linkedin.dana"),
            Touch(at=NOW - 2 * DAY, source="x", content="foreign"),
        ),
    )  # fmt: skip
    last = build(replace(material, leads=(mixed,)), now=NOW)
    first = build(replace(material, leads=(mixed,)), now=NOW, model=MODELS["first"])
    assert [item.leads for item in last.unknown] == [("m",)]
    advert = replace(mixed, touches=(Touch(at=NOW - DAY, source="google", medium="cpc", utm_id="abc.123"),))
    (came,) = build(replace(material, leads=(advert,)), now=NOW).unknown
    assert came.what == "utm_source=google utm_id=abc.123"
    assert first.unknown == ()
    assert first.coverage.ours == 1


def test_strange_tags_say_what_may_be_meant_and_count_visits_too(material: Material) -> None:
    from byline.report.costs import Sent

    sent = (Sent(id="old.linkedin.dana", post="old", channel="linkedin", account="dana"),)
    visits = (
        Tag(content="old.linkedin.dana", source="linkedin", medium="", campaign="", visits=9, requests=9),
        Tag(content="copied.link", source="partner", medium="", campaign="", visits=4, requests=5),
    )
    found = {row.tag: row for row in made(material, sent=sent, visits=visits).strange}
    assert (
        found["utm_source=linkedin utm_content=old.linkedin.danna"].meant == "utm_content=old.linkedin.dana"
    )
    assert found["utm_source=linkedin utm_content=zzz.linkedin.dana"].meant == ""
    assert found["utm_source=linked-in"].meant.startswith("utm_source=linkedin")
    assert (found["utm_source=partner utm_content=copied.link"].visits, len(found)) == (4, 4)


def test_the_trend_is_called_one_only_when_it_is_no_chance() -> None:
    ours = Directory(POSTS, {"linkedin": ("dana",)})

    def trend(early: int, late: int) -> str:
        leads = [
            lead(f"e{n}", "" if n < early else "old.linkedin.dana", ago=70, source="" if n < early else "l")
            for n in range(20)
        ]
        leads += [
            lead(f"l{n}", "" if n < late else "old.linkedin.dana", ago=5, source="" if n < late else "l")
            for n in range(20)
        ]
        found = conversions(leads, [], ours, 365 * DAY)
        rows, said = trust.months(found, LAST, BERLIN)
        assert sum(row.leads for row in rows) == 40
        assert sum(row.unknown for row in rows) == early + late
        return said

    assert trend(2, 18).endswith(
        "2 of 20 in the first half of the months, 18 in the second: it has grown."
    ) or trend(2, 18).endswith("it has grown.")
    assert trend(18, 2).endswith("it has shrunk.")
    assert trend(9, 11).endswith("no clear change.")


def test_young_posts_are_not_judged(material: Material) -> None:
    deals = [deal(f"a{n}", "1000.00") for n in range(5)]
    report = made(material, deals=deals)
    assert report.usual_days == 60
    ages = {cohort.label: (cohort.age, cohort.young, cohort.leads) for cohort in report.cohorts}
    assert ages == {
        "November 2026": (5, True, 0),
        "August 2026": (100, False, 6),
        "May 2026": (200, False, 8),
    }
    page = html.show(report)
    assert "5 of usually 60 days: too early to tell" in page
    assert "1 post is younger than the 60 days" in page


def test_without_the_largest_order(material: Material) -> None:
    deals = [deal("a1", "50000.00"), deal("a2", "1000.50"), deal("a3", "999.50"), deal("b1", "7", "USD")]
    report = made(material, deals=deals)
    (top,) = report.largest
    assert (top.currency, top.amount, top.total, top.without, top.median) == (
        "EUR", Decimal("50000.00"), Decimal("52000.00"), Decimal("2000.00"), Decimal("1000.50"),
    )  # fmt: skip
    assert "would be EUR 2,000 instead of EUR 52,000. The median order is EUR 1,000.50." in html.show(report)
    assert "One order decides much" in text.show(report)
    narrow = text.show(report, 48)
    assert max(map(len, narrow.splitlines())) <= 48
    assert "\nall\n    " in narrow
    assert "EUR 52,000" in narrow  # an amount stays on one line
    assert text.show(report, 200) == text.show(report)
    assert export.as_json(report)["largest_order"]["EUR"]["revenue_without"] == 2000


def test_authors_are_measured_by_results_and_not_ranked(material: Material) -> None:
    report = made(material)
    assert [(one.label, one.posts, one.leads, one.verdict) for one in report.standing] == [
        ("Dana Reyes", 1, 8, "too early to tell"),
        ("Lee Park", 2, 6, "too early to tell"),
    ]
    many = (*(post(f"dan{n}", 150) for n in range(10)), *(post(f"lee{n}", 150, "lee") for n in range(10)))
    leads = [
        *(lead(f"x{n}", f"dan{n % 10}.linkedin.dana") for n in range(90)),
        lead("y", "lee1.linkedin.dana"),
    ]
    found = {one.label: one for one in made(material, posts=many, leads=tuple(leads)).standing}
    dana, lee = found["Dana Reyes"], found["Lee Park"]
    assert (dana.verdict, lee.verdict) == ("more than the others", "less than the others")
    assert dana.low < 9 < dana.high
    assert 4.5 < dana.likely < 9  # drawn towards everybody's mean
    assert 0.1 < lee.likely < 4.5


def row(leads: float, whole: int = 60) -> Row:
    from byline.attribution.intervals import of_all

    low, high = of_all(leads, whole)
    zero = F(0)
    return Row(
        key="", label="", leads=F(leads), low=low, high=high, opportunities=zero, orders=zero, revenue={},
        cost={"EUR": Decimal(100)},
    )  # fmt: skip


def test_rows_that_chance_may_have_ordered_are_in_one_tier() -> None:
    assert trust.tiers([row(6), row(4), row(2)]) == [1, 1, 1]
    assert trust.tiers([row(30), row(8), row(7), row(0)]) == [1, 2, 2, 3]
    assert trust.tiers([]) == []


def test_the_page_draws_a_line_only_where_rows_differ(material: Material) -> None:
    close = html.show(made(material))
    assert "None of these rows is clearly ahead" in close
    far = (*(lead(f"f{n}", "old.linkedin.dana") for n in range(60)), lead("g", "mid.linkedin.dana"))
    assert 'class="next"' in html.show(made(material, leads=far))


def test_the_cost_of_an_enquiry_is_a_span_while_there_are_few() -> None:
    assert each(row(0)) == ()
    assert each(row(1)) == ("EUR 19 or more an enquiry",)
    assert each(row(20)) == ("EUR 4 to 7 an enquiry",)
    assert row(3).cost_per_lead == {"EUR": Decimal("33.33")}
    assert row(0).cost_per_lead is None


def test_no_percentage_below_ten() -> None:
    assert share_of(3, 9) == "3 of 9"
    assert share_of(3, 10) == "3 of 10 (30 %)"


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("Linked in, a post by Dana", "linkedin"),
        ("x", "twitter"),
        ("tweet", "twitter"),
        ("your Newsletter", "newsletter"),
        ("Googled you", "a search"),
        ("a colleague", "a recommendation"),
        ("Messe Hannover", "a fair"),
        ("exactly", ""),
        ("", ""),
    ],
)
def test_what_people_say_is_understood_by_rule(said: str, means: str) -> None:
    assert stories.meaning(said) == means


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("Met you at EMO", "a fair"),
        ("emo 2026, stand 14", "a fair"),
        ("emotional decision", ""),
        ("Herr Huber (Graz)", "our dealer"),
        ("the LI thing", "linkedin"),
        ("google", "a search"),
        ("C++ (really)", "our dealer"),
    ],
)
def test_a_companys_own_words_go_first_and_stand_for_themselves(said: str, means: str) -> None:
    own = {"a fair": ("EMO",), "our dealer": ("Huber", "C++ (really)"), "linkedin": ("li",)}
    assert stories.meaning(said, own) == means


def test_the_settings_rules_reach_the_report(material: Material) -> None:
    settings = replace(material.settings, heard_from=MappingProxyType({"linkedin": ("dana's post",)}))
    leads = (lead("1", "old.linkedin.dana", said="Dana's post"), lead("2", source="", said="who knows"))
    report = made(replace(material, settings=settings), leads=leads)
    found = {row.said: (row.means, row.agrees) for row in report.heard}
    assert found == {"dana's post": ("LinkedIn", True), "who knows": ("", None)}
    assert "heard_from" in html.show(report)


def test_what_they_say_stands_beside_what_was_tracked(material: Material) -> None:
    leads = (
        lead("1", "old.linkedin.dana", said="LinkedIn"),
        lead("2", "old.linkedin.dana", said="a fair"),
        lead("3", "old.linkedin.dana", said="your newsletter"),
        lead("4", source="", said="linkedin"),
    )
    found = {(row.said, row.tracked): (row.means, row.agrees) for row in made(material, leads=leads).heard}
    assert found == {
        ("linkedin", "LinkedIn"): ("LinkedIn", True),
        ("a fair", "LinkedIn"): ("a fair", None),
        ("your newsletter", "LinkedIn"): ("Newsletter", False),
        ("linkedin", "source unknown"): ("LinkedIn", None),
    }
    assert "they agree in 1 of 2" in html.show(made(material, leads=leads))


def test_the_crm_s_own_numbers_stand_beside_ours(material: Material) -> None:
    totals = Totals(leads=30, tracked=14, won_deals=2, won={"EUR": Decimal(100)})
    report = made(material, totals=totals, crm="Salesforce", deals=[deal("a1", "60.00"), deal("a2", "40.00")])
    found = {row.what: (row.ours, row.theirs, bool(row.why)) for row in report.reconciled}
    assert found == {
        "Enquiries": ("24", "30", True),
        "with a tag of ours": ("14", "14", False),
        "Orders": ("2", "2", False),
        "Revenue in EUR": ("EUR 100", "EUR 100", False),
    }
    assert "Salesforce also counts leads" in html.show(report)
    assert made(material).reconciled == ()
    assert build(replace(material, totals=totals), now=NOW, since=NOW - DAY).reconciled == ()


def test_each_id_leads_to_the_crm_and_nowhere_else(material: Material) -> None:
    records = {"a0": "https://crm.example/lead/00Qa0?x=1&y=2", "x1": "javascript:alert(1)"}
    page = html.show(made(material, records=records))
    assert (
        '<a href="https://crm.example/lead/00Qa0?x=1&amp;y=2" rel="noreferrer noopener"><code>a0</code></a>'
        in page
    )
    assert "javascript:" not in page


# -- for showing to others ----------------------------------------------------------------------------------------


def test_a_shared_page_holds_no_person_and_no_small_number(material: Material) -> None:
    hostile = (*material.leads, lead("solo", "new.linkedin.dana", said="I am Ann Lee of Firm Ltd"))
    report = made(
        material,
        leads=hostile,
        deals=[deal("a1", "50000.00"), deal("b1", "123.45")],
        records={key.id: f"https://crm.example/{key.id}" for key in hostile},
    )
    shown = share.shared(report)
    assert share.shared(shown) == shown
    page = html.show(shown)
    data = json.dumps(export.as_json(shown))
    sheets = b"".join(export.tables_csv(shown).values()).decode("utf-8-sig")
    words = text.show(shown)
    ids = [item.id for item in hostile]
    for said in (page, data, sheets, words):
        assert "crm.example" not in said
        assert "Ann Lee" not in said
        assert "50,000" not in said
        assert "50000" not in said
        assert "123.45" not in said
        assert "zzz.linkedin" not in said
        assert not [key for key in ids if f'"{key}"' in said or f">{key}<" in said]
    by = {row["key"]: row for row in export.as_json(shown)["rows"]}
    assert by["old"]["leads"] == 8
    assert by["new"]["leads"] is None
    assert by["new"]["revenue"] is None
    assert "fewer than 5" in page


def test_a_single_small_row_takes_the_next_one_with_it(material: Material) -> None:
    leads = (
        *(lead(f"a{n}", "old.linkedin.dana") for n in range(20)),
        *(lead(f"b{n}", "mid.linkedin.dana") for n in range(9)),
        lead("c", "new.linkedin.dana"),
        *(lead(f"n{n}", source="") for n in range(12)),
    )
    table = share.shared(made(material, leads=leads)).table
    assert {row.key: (row.leads, row.few) for row in table.rows} == {
        "old": (20, False),
        "mid": (0, True),
        "new": (0, True),
    }
    assert table.total.leads == 42


def test_revenue_of_fewer_than_five_orders_is_nobody_s_business(material: Material) -> None:
    four = [deal(f"a{n}", "1000.00") for n in range(4)]
    shown = share.shared(made(material, deals=four))
    assert shown.table.total.revenue == {}
    five = [deal(f"a{n}", "1000.00") for n in range(5)]
    shown = share.shared(made(material, deals=five))
    assert shown.table.total.revenue == {"EUR": Decimal("5000.00")}
    assert {row.key: row.revenue for row in shown.table.rows if row.leads} == {
        "old": {"EUR": Decimal("5000.00")},
        "mid": {},
    }
