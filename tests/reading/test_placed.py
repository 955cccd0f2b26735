"""`links` in mkdocs.yml: read strictly, and written without touching anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from byline import settings as settings_module
from byline.errors import SettingsError
from byline.links import named_link, tags
from byline.model import NamedLink
from byline.reading.placed import entry, inserted
from byline.settings import Settings
from support import SETTINGS, make_site

LINK = NamedLink(slug="fair-lahn", name="Stand at the Lahn fair", source="fair", medium="offline")


def _with(links: str) -> str:
    return f"{SETTINGS}      links:\n{links}"


def _load(folder: Path, settings: str) -> Settings:
    return settings_module.load(make_site(folder, settings=settings), {})


def test_a_link_is_read_and_tagged(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        _with(
            "        fair-lahn: {name: At the fair, source: fair, campaign: q4-renewals, url: pages/contact/}\n"
        ),
    )
    link = settings.links["fair-lahn"]
    assert (link.name, link.medium, link.line) == ("At the fair", "offline", SETTINGS.count("\n") + 2)
    address = named_link(settings.site_url, link)
    assert address.startswith("https://insights.acme.example/pages/contact/?")
    assert tags(address) == {
        "utm_source": "fair",
        "utm_medium": "offline",
        "utm_campaign": "q4-renewals",
        "utm_content": "link.fair-lahn",
    }


def test_a_link_outside_campaigns_is_its_own_campaign_and_may_lead_elsewhere() -> None:
    link = NamedLink(
        slug="van", name="Van", source="vehicle", medium="offline", url="https://old.acme.example/?a=1#top"
    )
    assert (
        named_link("https://insights.acme.example/", link)
        == "https://old.acme.example/?a=1&utm_source=vehicle&utm_medium=offline&utm_campaign=van&utm_content=link.van#top"
    )


@pytest.mark.parametrize(
    ("line", "code", "fix"),
    [
        ("fair: {name: Fair}", "missing", "add a line `source: …`"),
        ("fair: {source: fiar}", "unknown-place", "did you mean `fair`?"),
        ("Fair_2027: {source: fair}", "wrong-form", "write `fair-2027`"),
        ("fair: {source: fair, campaign: q4-renewal}", "unknown-campaign", "did you mean `q4-renewals`?"),
        ("fair: {source: fair, medium: print}", "unknown-value", "offline"),
        ("fair: {source: fair, url: 'javascript:alert(1)'}", "bad-link", "https://"),
        ("fair: {source: fair, url: '//evil.example/'}", "bad-link", "https://"),
        ("fair: {source: fair, url: 'https://a@b.example/'}", "bad-link", "https://"),
        ("fair: {source: fair, sorce: fair}", "unknown-key", "source"),
    ],
)
def test_every_mistake_is_told_with_its_line_and_fix(tmp_path: Path, line: str, code: str, fix: str) -> None:
    with pytest.raises(SettingsError) as stopped:
        _load(tmp_path, _with(f"        {line}\n"))
    (problem,) = stopped.value.problems
    assert problem.line == SETTINGS.count("\n") + 2
    assert problem.code == code
    assert fix in problem.fix


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        SETTINGS.replace("\n", "\r\n"),
        SETTINGS.rstrip("\n"),
        SETTINGS.replace(
            "      campaigns:\n        q4", "      campaigns: # words\n        # the first\n        q4"
        ),
        SETTINGS.replace("campaigns:\n        q4-renewals: {", "audiences: {a: B}\n      # {").rstrip("\n"),
        _with("        flyer: {source: flyer}\n\n      # below\n      max_per_run: 7\nextra: {a: 1}\n"),
        _with("        flyer:\n          source: flyer\n          # why\n          name: Flyer\n"),
    ],
    ids=["plain", "crlf", "no last newline", "comments", "no campaigns", "more below", "in block style"],
)
def test_one_line_is_added_and_all_else_stays(tmp_path: Path, settings: str) -> None:
    file = make_site(tmp_path, files={"mkdocs.yml": settings})
    before = settings_module.load(file, {})
    text = inserted(settings, LINK, before.lines)
    assert text is not None
    file.write_bytes(text.encode())
    after = settings_module.load(file, {})
    assert set(after.links) == {*before.links, "fair-lahn"}
    assert after.links["fair-lahn"].name == LINK.name
    assert (after.campaigns.keys(), after.max_per_run) == (before.campaigns.keys(), before.max_per_run)
    left = text.splitlines()
    for line in settings.splitlines():  # every old line is still there, in its order
        left = left[left.index(line) + 1 :]
    assert len(text.splitlines()) - len(settings.splitlines()) in (1, 2)
    assert ("\r\n" in settings) == ("\r\n" in text)
    assert "\n" not in text.replace("\r\n", "") or "\r\n" not in settings


def test_what_is_written_in_braces_is_left_to_the_person(tmp_path: Path) -> None:
    settings = _with("").replace("links:\n", "links: {flyer: {source: flyer}}\n")
    before = _load(tmp_path, settings)
    assert inserted(settings, LINK, before.lines) is None


@pytest.mark.parametrize("name", ['Fair "Lahn": #1', "2027", "no", "Größe {x}", "a, b: c", "- x"])
def test_whatever_the_name_is_the_entry_reads_back(tmp_path: Path, name: str) -> None:
    for slug in ("fair", "2027", "no", "null"):
        link = NamedLink(slug=slug, name=name, source="fair", medium="email", url="https://a.example/?b=c")
        found = _load(tmp_path, _with(f"        {entry(link)}\n")).links[slug]
        assert (found.name, found.medium, found.url) == (link.name, link.medium, link.url)
