"""The working copy of a site, and the folder served on loopback."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from byline import settings
from byline.testing import demosite
from support import POST, SETTINGS, make_site

FAKES = {"linkedin": "http://127.0.0.1:1", "twitter": "http://127.0.0.1:2"}


def test_the_copy_is_the_site_with_some_values_changed(tmp_path: Path) -> None:
    file = make_site(tmp_path / "a b", posts={"one.md": POST})
    before = file.read_bytes()
    copied = demosite.copy(
        file,
        tmp_path / "copy",
        {"site_url": "http://127.0.0.1:9/", "byline.lead_form": {"to": "local"}, "byline.live_gate.wait": 5},
        channels=FAKES,
    )
    read = settings.load(copied, {})
    assert read.site_url == "http://127.0.0.1:9/"
    assert read.lead_form.to == "local"
    assert read.live_gate.wait == 5
    assert {name: block.default.api for name, block in read.channels.items()} == FAKES
    assert set(read.channels["linkedin"].accounts) == {"company", "dana"}
    assert (copied.parent / "content/posts/one.md").read_text(encoding="utf-8") == POST
    assert (copied.parent / "content/.authors.yml").is_file()
    assert file.read_bytes() == before


def test_networks_without_a_fake_are_left_out(tmp_path: Path) -> None:
    words = SETTINGS.replace("        twitter:\n", "        mastodon:\n").replace("twitter]", "mastodon]")
    words = words.replace("acme: {}", "acme: {server: https://social.example}")
    file = make_site(tmp_path / "site", settings=words)
    copied = demosite.copy(file, tmp_path / "copy", {}, channels=FAKES)
    read = settings.load(copied, {})
    assert set(read.channels) == {"linkedin"}
    assert read.share_by_default == ("linkedin",)


def test_an_account_that_is_posted_to_by_hand_posts_by_itself_here(tmp_path: Path) -> None:
    words = SETTINGS.replace('dana: {urn: "urn:li:person:Kx1"}', "dana: {mode: manual}")
    assert "manual" in words
    file = make_site(tmp_path / "site", settings=words)
    ids = {"linkedin": ("urn", "urn:li:person:{}")}
    copied = demosite.copy(file, tmp_path / "copy", {}, channels=FAKES, ids=ids)
    accounts = settings.load(copied, {}).channels["linkedin"].accounts
    assert (accounts["dana"].mode, accounts["dana"].option("urn")) == ("api", "urn:li:person:dana")
    assert accounts["company"].option("urn") == "urn:li:organization:2414183"


def test_what_the_settings_inherit_comes_along(tmp_path: Path) -> None:
    base = {"base/common.yml": "site_description: From the base\n"}
    file = make_site(tmp_path / "site", settings="INHERIT: base/common.yml\n" + SETTINGS, files=base)
    copied = demosite.copy(file, tmp_path / "copy", {}, channels=FAKES)
    assert settings.load(copied, {}).site_description == "From the base"


def test_a_tag_of_the_settings_survives(tmp_path: Path) -> None:
    file = make_site(tmp_path / "site", settings=SETTINGS + "copyright: !ENV [COPYRIGHT, Acme]\n")
    copied = demosite.copy(file, tmp_path / "copy", {}, channels=FAKES)
    assert "!ENV" in copied.read_text(encoding="utf-8")


def test_the_folder_is_served_with_its_own_page_for_what_is_missing(tmp_path: Path) -> None:
    served = demosite.Folder(tmp_path / "later")
    try:
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "index.html").write_text("home")
        (tmp_path / "later" / "404.html").write_text("lost?")
        with urllib.request.urlopen(served.url) as answer:
            assert answer.read() == b"home"
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(served.url + "nowhere/")
        with missing.value as answer:
            assert (answer.code, answer.read()) == (404, b"lost?")
    finally:
        served.close()
