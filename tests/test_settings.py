"""mkdocs.yml read as a whole: what it means, and every mistake in it at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from byline import settings
from byline.errors import Problem, SettingsError
from byline.settings import Secrets, Settings
from support import SETTINGS, make_site

TAIL = "      campaigns:\n"


def load(folder: Path, text: str = SETTINGS, environment: Mapping[str, str] | None = None) -> Settings:
    return settings.load(make_site(folder, settings=text), environment or {})


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    return caught.value.problems


def test_a_small_site(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.root == tmp_path
    assert found.docs == tmp_path / "content"
    assert found.site == tmp_path / "site"
    assert found.site_url == "https://insights.acme.example/"
    assert found.zone.key == "Europe/Berlin"
    assert found.language == "en"
    assert found.ledger.store == "sqlite"
    assert found.share_by_default == ("linkedin", "twitter")
    assert list(found.channels["linkedin"].accounts) == ["company", "dana"]
    assert found.channels["linkedin"].default.option("urn") == "urn:li:organization:2414183"
    assert found.channels["linkedin"].default.api == "https://api.linkedin.com"
    assert found.campaigns["q4-renewals"].end == date(2026, 12, 31)
    assert found.settle_waits == (0,)
    assert found.late_limit == timedelta(hours=48)
    assert found.brand.name == "Acme Insights"
    assert found.lines["byline.timezone"] == 12
    assert found.account("linkedin", "nobody") is None


def test_plugins_as_a_map_x_for_twitter_and_every_setting(tmp_path: Path) -> None:
    text = """\
        site_name: Acme
        site_url: http://127.0.0.1:8000/insights
        docs_dir: content
        site_dir: public
        theme: {name: material, language: de}
        plugins:
          material/blog: {blog_dir: ., post_dir: posts, post_url_format: "posts/{slug}", categories_allowed: [Pricing]}
          byline:
            timezone: Europe/Berlin
            ledger: {store: git, branch: history}
            share_by_default: [x]
            profiles: {quiet: [x]}
            late_limit: 2d
            max_per_run: 5
            audiences: {makers: Makers}
            channels:
              x: {api: "http://localhost:9000/", budget: 5.00, mode: manual, text: "{title} {link}", accounts: {acme: , sam: {mode: api, text: [A, B]}}}
            timeouts: {connect: 0.5, read: 2}
            settle_waits: [1, 2.5]
            live_gate: {wait: 0, every: 1}
            campaigns: {spring: {cost: 400.50, goal: enquiries, target: 12}}
            costs: {currency: CHF, hour: 80}
            feeds: {newest: 20, full: false}
            lead_form: {to: local, consent: granted, keep_days: 30}
            crm: {type: csv}
            brand: {name: ACME, claim: We do, primary: "#000000"}
    """
    found = load(tmp_path, text)
    assert found.site == tmp_path / "public"
    assert found.site_url == "http://127.0.0.1:8000/insights/"
    assert found.language == "de"
    assert found.categories_allowed == ("Pricing",)
    twitter = found.channels["twitter"]
    assert (twitter.budget, twitter.mode) == (Decimal("5.00"), "manual")
    assert twitter.accounts["acme"].mode == "manual"
    assert twitter.accounts["acme"].api == "http://localhost:9000"
    assert twitter.accounts["acme"].texts == ("{title} {link}",)
    assert (twitter.accounts["sam"].mode, twitter.accounts["sam"].texts) == ("api", ("A", "B"))
    assert found.share_by_default == ("twitter",)
    assert found.profiles == {"quiet": ("twitter",)}
    assert (found.ledger.store, found.ledger.branch) == ("git", "history")
    assert (found.timeouts.connect, found.live_gate.wait, found.settle_waits) == (0.5, 0, (1, 2.5))
    assert found.campaigns["spring"].cost == Decimal("400.50")
    assert found.campaigns["spring"].name == "spring"
    assert (found.costs.currency, found.feeds.newest, found.feeds.full) == ("CHF", 20, False)
    assert (found.lead_form.to, found.lead_form.consent, found.crm.type) == ("local", "granted", "csv")
    assert found.lead_form.url.startswith("http://127.0.0.1:")
    assert found.brand.name == "ACME"


def test_what_is_inherited_is_joined_and_its_mistakes_name_its_file(tmp_path: Path) -> None:
    parent = SETTINGS.replace("ledger: sqlite", "ledger: sqlit").replace(
        "plugins:\n  - blog:", "plugins:\n  - blog:"
    )
    file = make_site(
        tmp_path, settings="INHERIT: shared/base.yml\nsite_name: Other\n", files={"shared/base.yml": parent}
    )
    with pytest.raises(SettingsError) as caught:
        settings.load(file, {})
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("shared/base.yml", 13)
    (tmp_path / "shared/base.yml").write_text(SETTINGS)
    found = settings.load(file, {})
    assert found.site_name == "Other"
    assert found.campaigns["q4-renewals"].name == "Q4 renewals"


@pytest.mark.parametrize("target", ["gone.yml", "mkdocs.yml"])
def test_what_is_inherited_must_be_there_once(target: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f"INHERIT: {target}\n{SETTINGS}")
    assert (problem.code, problem.line) == ("inherit", 1)


def test_the_environment_fills_env_as_mkdocs_does(tmp_path: Path) -> None:
    text = SETTINGS.replace(
        "site_url: https://insights.acme.example/", "site_url: !ENV [PREVIEW_URL, 'https://a.example/']"
    )
    assert load(tmp_path, text).site_url == "https://a.example/"
    assert load(tmp_path, text, {"PREVIEW_URL": "https://b.example/"}).site_url == "https://b.example/"


def test_python_names_of_other_plugins_are_left_alone(tmp_path: Path) -> None:
    emoji = "markdown_extensions:\n  - pymdownx.emoji:\n      emoji_index: !!python/name:material.extensions.emoji.twemoji\n"
    assert load(tmp_path, SETTINGS + emoji).site_name == "Acme Insights"


def test_the_other_spelling_of_the_file_is_found(tmp_path: Path) -> None:
    make_site(tmp_path)
    (tmp_path / "mkdocs.yml").rename(tmp_path / "mkdocs.yaml")
    assert settings.load(tmp_path / "mkdocs.yml", {}).file_name == "mkdocs.yaml"


def test_no_file_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(tmp_path / "mkdocs.yml", {})
    assert "publish init" in caught.value.problems[0].fix


def change(old: str, new: str) -> str:
    assert old in SETTINGS, old
    return SETTINGS.replace(old, new, 1)


def below(text: str) -> str:
    """SETTINGS with further lines in the byline block."""
    return SETTINGS + "".join(f"      {line}\n" for line in text.split("\n"))


LOCAL = (
    change("site_url: https://insights.acme.example/", "site_url: https://insights.acme.com/")
    + "      lead_form: {to: local}\n"
)

# (name, text, code, a piece of the line, words of the message, words of the fix)
CASES = [
    ("empty", "", "wrong-kind", 1, "nothing", "publish init"),
    ("list", "- a\n", "wrong-kind", 1, "a list", "publish init"),
    ("yaml", change("site_name: Acme", "site_name: Acme: x"), "yaml-colon", "site_name", "second colon", "quotes"),
    ("duplicate", SETTINGS + "docs_dir: x\n", "duplicate-key", "docs_dir: x", "twice", "delete"),
    ("no-name", change("site_name: Acme Insights\n", ""), "missing", 1, "`site_name`", "site_name: …"),
    ("no-url", change("site_url: https://insights.acme.example/\n", ""), "missing", 1, "`site_url`", "site_url: …"),
    ("bare-url", change("https://insights.acme.example/", "insights.acme.example"), "not-a-url", "site_url", "whole address",
     "site_url: https://insights.acme.example"),
    ("http", change("https://insights", "http://insights"), "plain-http", "site_url", "plain http", "https://insights"),
    ("query", change("acme.example/", "acme.example/?a=b"), "not-a-url", "site_url", "no ?", "cut it off"),
    ("password", change("https://insights", "https://me:secretword@insights"), "secret-in-settings", "site_url", "password", "take it out"),
    ("docs", change("docs_dir: content", "docs_dir: docs"), "no-docs", "docs_dir", "not there", "docs_dir: content"),
    ("site-in-docs", change("docs_dir: content", "docs_dir: content\nsite_dir: content/site"), "site-in-docs", "site_dir", "in each other",
     "site_dir: site"),
    ("addresses", SETTINGS + "use_directory_urls: false\n", "directory-urls", "use_dir", "address of every post", "delete"),
    ("theme", change("name: material", "name: readthedocs"), "theme", "theme:", "not Material", "material"),
    ("no-blog", change("  - blog:\n      blog_dir: .\n      post_dir: posts\n      post_url_format: \"posts/{slug}\"\n", ""), "blog-missing",
     "plugins", "`blog`", "- blog: {blog_dir: ."),
    ("blog-dir", change("      blog_dir: .\n", ""), "blog-address", "- blog", "`blog_dir` of the blog is not set", "blog_dir: ."),
    ("post-format", change("posts/{slug}", "{date}/{slug}"), "blog-address", "post_url_format", "`{date}/{slug}`",
     'post_url_format: "posts/{slug}"'),
    ("authors-file", change("post_dir: posts", "post_dir: posts\n      authors_file: people.yml"), "blog-address", "authors_file",
     "people.yml", "delete"),
    ("no-byline", SETTINGS.partition("  - byline")[0], "byline-missing", "plugins", "byline", "timezone: Europe/Berlin"),
    ("byline-text", SETTINGS.partition("  - byline")[0] + "  - byline: yes\n", "wrong-kind", "- byline", "yes/no", "indent"),
    ("indentation", SETTINGS.partition("  - byline")[0] + "  - byline:\n    timezone: Europe/Berlin\n", "indentation", "    timezone",
     "not below it", "indent"),
    ("no-timezone", change("      timezone: Europe/Berlin\n", ""), "missing", "- byline", "`byline.timezone`", "timezone: …"),
    ("timezone", change("Europe/Berlin", "Europe/Berln"), "unknown-timezone", "timezone", "Europe/Berln", "`Europe/Berlin`"),
    ("city", change("Europe/Berlin", "new york"), "unknown-timezone", "timezone", "new york", "`America/New_York`"),
    ("zone-path", change("Europe/Berlin", "../../etc/passwd"), "unknown-timezone", "timezone", "passwd", "Continent/City"),
    ("unknown-key", below("time_zone: x"), "unknown-key", "time_zone", "not known", "`timezone`"),
    ("ledger", change("ledger: sqlite", "ledger: sqlit"), "unknown-value", "ledger", "auto, sqlite, git", "`sqlite`"),
    ("ledger-key", change("ledger: sqlite", "ledger: {stor: git}"), "unknown-key", "ledger", "stor", "`store`"),
    ("ledger-password", change("ledger: sqlite", "ledger: {store: postgresql, url: 'postgresql://a:hunter2@db/x'}"), "secret-in-settings",
     "ledger", "password", "PGPASSWORD"),
    ("default", change("[linkedin, twitter]", "[linkedin, twiter]"), "unknown-network", "share_by_default", "twiter", "`twitter`"),
    ("default-text", change("[linkedin, twitter]", "linkedin"), "needs-list", "share_by_default", "a list of networks", "[linkedin]"),
    ("profile", below("profiles: {quiet: [mastodon]}"), "unknown-network", "profiles", "mastodon", "channels"),
    ("network", change("        twitter:", "        twiter:"), "unknown-network", "twiter:", "known are", "`twitter`"),
    ("same-network", change("        twitter:", "        x: {accounts: {acme: {}}}\n        twitter:"), "duplicate-key", "        twitter:",
     "the same network", "`twitter`"),
    ("no-account", change("            acme: {}\n", ""), "no-account", 22, "no account", "accounts:"),
    ("account-name", change("acme: {}", "Acme Ltd: {}"), "wrong-form", "Acme Ltd", "small letters", "`acme_ltd:`"),
    ("mode", change("acme: {}", "acme: {mode: hand}"), "unknown-value", "mode", "api, manual", "api, manual"),
    ("urn", change('company: {urn: "urn:li:organization:2414183"}', "company: {}"), "missing", "company", "urn", "urn: …"),
    ("token", change("acme: {}", "acme: {access_token: abcdef123}"), "secret-in-settings", "access_token", "environment", "CI"),
    ("api-http", change("        twitter:", "        twitter:\n          api: http://api.x.com"), "plain-http", "api:", "plain http",
     "https://api.x.com"),
    ("budget", change("        twitter:", "        twitter:\n          budget: -1"), "out-of-range", "budget", "-1", "change"),
    ("span", below("late_limit: soon"), "wrong-form", "late_limit", "48h", "late_limit: 48h"),
    ("max", below("max_per_run: 0"), "out-of-range", "max_per_run", "0", "change"),
    ("waits", change("settle_waits: [0]", "settle_waits: [soon]"), "wrong-kind", "settle_waits", "seconds", "[10, 30, 60]"),
    ("timeouts", below("timeouts: {read: 0}"), "out-of-range", "timeouts", "0", "change"),
    ("heard", below("heard_from: {a fair: EMO}"), "needs-list", "heard_from", "EMO", "`a fair: [EMO]`"),
    ("audience", below("audiences: {Makers: Makers}"), "wrong-form", "audiences", "Makers", "`makers:`"),
    ("campaign-slug", change("q4-renewals: {", "Q4 Renewals: {"), "wrong-form", "Q4 Renewals", "link", "`q4-renewals:`"),
    ("campaign-order", change("start: 2026-10-01", "start: 2027-10-01"), "wrong-order", "start", "before it starts", "correct"),
    ("campaign-day", change("end: 2026-12-31", "end: 31.12.2026"), "bad-date", "end:", "31.12.2026", "2026-11-24"),
    ("campaign-key", change("end: 2026-12-31", "ends: 2026-12-31"), "unknown-key", "ends:", "ends", "`end`"),
    ("currency", below("costs: {currency: euro}"), "wrong-form", "currency", "euro", "currency"),
    ("feeds", below("feeds: {newest: many}"), "wrong-kind", "newest", "a number", "50"),
    ("lead-form", LOCAL, "local-lead-form", "lead_form", "own machine", "to: off"),
    ("sign-up", below("signup: {field: EMAIL}"), "missing", "signup", "signup.url", "url: …"),
    ("sign-up-field", below("signup: {url: 'https://x.com/', field: 'a b'}"), "wrong-form", "signup", "a b", "change"),
    ("lead-form-url", below("lead_form: {to: url}"), "missing", "lead_form", "address", "url: https://"),
    ("lead-form-word", below("lead_form: {to: salesfroce}"), "unknown-value", "lead_form", "salesfroce", "`salesforce`"),
    ("crm", below("crm: {type: hubspt}"), "unknown-value", "crm", "hubspt", "`hubspot`"),
    ("colour", below("brand: {primary: blue}"), "wrong-form", "brand", "blue", "primary"),
    ("logo", below("brand: {logo: logo.svg}"), "missing-file", "brand", "logo.svg", "assets/logo.svg"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "code", "at", "message", "fix"), CASES, ids=[case[0] for case in CASES]
)
def test_what_is_wrong_is_named_with_line_and_fix(
    name: str, text: str, code: str, at: str | int, message: str, fix: str, tmp_path: Path
) -> None:
    found = problems(tmp_path, text)
    problem = next((item for item in found if item.code == code and message in item.message), None)
    assert problem is not None, found
    line = at if isinstance(at, int) else next(n for n, row in enumerate(text.split("\n"), 1) if at in row)
    assert problem.line == line
    assert problem.file == "mkdocs.yml"
    assert message in problem.message
    assert fix in problem.fix
    for secret in ("secretword", "hunter2", "abcdef123"):
        assert secret not in f"{found}"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = (
        SETTINGS.replace("https://insights.acme.example/", "insights")
        .replace("Europe/Berlin", "Berlin")
        .replace("ledger: sqlite", "ledgr: sqlite")
        .replace("blog_dir: .", "blog_dir: blog")
        .replace("[linkedin, twitter]", "[linkdin, twitter]")
        .replace("settle_waits: [0]", "max_per_run: many")
        .replace("start: 2026-10-01", "start: tomorrow")
    )
    assert sorted(problem.code for problem in problems(tmp_path, text)) == [
        "bad-date",
        "blog-address",
        "not-a-url",
        "unknown-key",
        "unknown-network",
        "unknown-timezone",
        "wrong-kind",
    ]


@pytest.mark.parametrize("data", [b"site_name: \xfc\n", b"site_name: a\x00\n", b"\xff\xfea\x00"])
def test_bytes_that_are_no_text(data: bytes, tmp_path: Path) -> None:
    file = make_site(tmp_path, files={"mkdocs.yml": data})
    with pytest.raises(SettingsError) as caught:
        settings.load(file, {})
    assert caught.value.problems[0].code in ("not-utf8", "not-text")


def test_what_people_say_is_read_with_the_networks_own_names(tmp_path: Path) -> None:
    text = below('heard_from: {X: ["the bird"], Our dealer: [Huber,  " Huber  Maschinen "]}')
    found = load(tmp_path, text).heard_from
    assert found == {"twitter": ("the bird",), "Our dealer": ("Huber", "Huber Maschinen")}


def test_lead_form_may_be_local_where_nobody_can_come_from_outside(tmp_path: Path) -> None:
    for url in (
        "https://a.example/",
        "https://www.example.com/",
        "http://localhost:8000/",
        "https://a.test/",
    ):
        text = change("https://insights.acme.example/", url) + "      lead_form: {to: local}\n"
        assert load(tmp_path, text).lead_form.to == "local"
    assert load(tmp_path, LOCAL.replace("local", "off")).lead_form.to == "off"


def test_a_manual_member_needs_no_urn(tmp_path: Path) -> None:
    text = change('dana: {urn: "urn:li:person:Kx1"}', "dana: {mode: manual}")
    assert load(tmp_path, text).channels["linkedin"].accounts["dana"].mode == "manual"


def test_reading_on_after_a_mistake_keeps_what_could_be_read(tmp_path: Path) -> None:
    file = make_site(tmp_path, settings=change("Europe/Berlin", "Mars"))
    found, wrong = settings.read(file, {})
    assert [problem.code for problem in wrong] == ["unknown-timezone"]
    assert found is not None
    assert "q4-renewals" in found.campaigns


_EDITS = st.lists(
    st.tuples(st.integers(0, len(SETTINGS)), st.integers(0, 20), st.one_of(st.text(max_size=5), st.sampled_from(
        ["\n", "  ", ": ", "- ", "{", "}", "[", "]", "&a ", "*a", "!ENV ", "!!python/name:x ", "null", "yes", "1e9", "<<: ", "12:30"]
    ))), min_size=1, max_size=5,
)  # fmt: skip


@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=_EDITS)
def test_no_edit_makes_it_fail_otherwise_than_with_problems(
    edits: list[tuple[int, int, str]], tmp_path: Path
) -> None:
    text = SETTINGS
    for at, cut, put in edits:
        text = text[:at] + put + text[at + cut :]
    file = make_site(tmp_path, files={"mkdocs.yml": text.encode("utf-8", "surrogatepass")})
    found, wrong = settings.read(file, {})
    assert found is not None or wrong
    for problem in wrong:
        assert problem.message
        assert problem.fix
        assert not problem.file.startswith("/")


def test_secrets_are_found_by_account_first_then_by_name_then_by_alias() -> None:
    secrets = Secrets({"TOKEN": " a ", "TOKEN__DANA": "b", "OLD": "c", "EMPTY": ""})
    assert secrets.get("TOKEN") == "a"
    assert secrets.get("TOKEN", "dana") == "b"
    assert secrets.get("TOKEN", "lee") == "a"
    assert secrets.get("EMPTY", aliases=("OLD",)) == "c"
    assert secrets.get("NONE") == ""


def test_a_local_form_leads_to_where_the_intake_listens() -> None:
    from byline.intake import PORT
    from byline.reading.block import LOCAL_INTAKE

    assert f":{PORT}/" in LOCAL_INTAKE
