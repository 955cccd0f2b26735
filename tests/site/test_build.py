"""The built site: the same bytes each time and by either command, nothing private, addresses as announced."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from byline import content, settings
from byline.errors import ContentError, Stopped, UsageError
from byline.site import build as building
from byline.site.mkdocs import blog as material
from site_sample import NASTY, NOW, post, run, tree
from versions import only_quick

BASE = "https://insights.acme.example/blog/"
SECRETS = re.compile(rb"zephyr|quasar|draftx|futurex", re.IGNORECASE)


def test_every_post_is_where_it_was_announced(built: Path, sample_file: Path) -> None:
    loaded = settings.load(sample_file, {})
    for one in content.public(content.read(loaded), NOW):
        page = (built / one.url / "index.html").read_text()
        assert f'<link rel="canonical" href="{BASE}{one.url}">' in page
        assert f'<meta property="og:url" content="{BASE}{one.url}">' in page


def test_drafts_and_future_posts_are_in_no_byte_and_no_name(built: Path) -> None:
    files = tree(built)
    assert "cover.png" in files
    assert "assets/shared.png" in files
    for name, data in files.items():
        assert not SECRETS.search(name.encode()), name
        if name.endswith(".gz"):
            data = gzip.decompress(data)
        assert not SECRETS.search(data), name


def test_a_future_post_comes_with_its_pictures_when_its_hour_is_there(own_site: Path) -> None:
    loaded = settings.load(own_site, {})
    later = NOW.replace(hour=11)  # noon in Berlin
    folder = building.build(loaded, content.read(loaded), now=later).folder
    assert (folder / "posts/quasarfuture-launch/index.html").exists()
    assert (folder / "assets/quasar-chart.png").exists()


def test_a_second_build_and_plain_mkdocs_write_the_same_bytes(built: Path, own_site: Path) -> None:
    one = tree(built)
    again = tree(run(own_site, site_dir=own_site.parent / "again").folder)
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(int(NOW.timestamp())), "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "-f", str(own_site)], check=True, env=environment
    )
    plain = tree(own_site.parent / "site")
    assert sorted(one) == sorted(again) == sorted(plain)
    assert [name for name in one if one[name] != again[name]] == []
    assert [name for name in one if one[name] != plain[name]] == []


def test_the_date_of_the_source_decides_what_is_public(own_site: Path) -> None:
    epoch = str(int(NOW.replace(day=15).timestamp()))
    result = run(own_site, environment={"SOURCE_DATE_EPOCH": epoch})
    assert result.posts == 4
    assert not (result.folder / "posts/nasty").exists()


def test_a_bad_date_of_the_source_is_said_in_words(own_site: Path) -> None:
    from byline.errors import BylineError

    with pytest.raises(BylineError, match="SOURCE_DATE_EPOCH is `soon`"):
        run(own_site, environment={"SOURCE_DATE_EPOCH": "soon"})


def test_the_manifest_lists_every_post_once_newest_first(built: Path, sample_file: Path) -> None:
    found = json.loads((built / "byline.json").read_text())["posts"]
    assert [row["id"] for row in found] == ["nasty", "hp7", "umlaut", "rocket", "older", "oldest"]
    for row in found:
        assert list(row) == [
            "id",
            "source",
            "url",
            "title",
            "description",
            "hash",
            "date",
            "updated",
            "authors",
            "categories",
            "excerpt",
            "card",
        ]
        assert (sample_file.parent / row["source"]).is_file()
        assert (built / row["url"].removeprefix(BASE) / "index.html").is_file()
        assert (built / row["card"].removeprefix(BASE)).is_file()
    first, second = found[:2]
    assert first["title"] == NASTY
    assert (second["date"], second["updated"]) == ("2026-11-18T00:00:00+01:00", "2026-11-22T00:00:00+01:00")


def test_former_addresses_lead_to_the_post(built: Path) -> None:
    for file in ("old/nasty/index.html", "2019/nasty.html"):
        page = (built / file).read_text()
        assert f'<link rel="canonical" href="{BASE}posts/nasty/">' in page
        assert f'<meta http-equiv="refresh" content="0; url={BASE}posts/nasty/">' in page
        assert "<b>tags" not in page
        assert page.count("<script>") == 1


def test_an_alias_never_covers_a_page(own_site: Path) -> None:
    path = own_site.parent / "content/posts/nasty.md"
    path.write_text(path.read_text().replace("/old/nasty/", "/privacy/"))
    with pytest.raises(ContentError, match="privacy"):
        run(own_site)


def test_the_map_of_the_site_has_true_dates(built: Path) -> None:
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    root = ElementTree.fromstring((built / "sitemap.xml").read_bytes())
    dates = {url.findtext(f"{space}loc"): url.findtext(f"{space}lastmod") for url in root}
    assert dates[f"{BASE}posts/honest-pricing/"] == "2026-11-22"
    assert dates[f"{BASE}posts/nasty/"] == "2026-11-20"
    assert dates[f"{BASE}author/lee/"] == "2026-11-20"
    assert dates[f"{BASE}contact/"] is None
    assert f"{BASE}thanks/" not in dates
    assert gzip.decompress((built / "sitemap.xml.gz").read_bytes()) == (built / "sitemap.xml").read_bytes()


def test_the_folder_that_mkdocs_yml_names_is_used(own_site: Path) -> None:
    own_site.write_text("site_dir: out/public\n" + own_site.read_text())
    assert run(own_site).folder == own_site.parent / "out" / "public"
    assert (own_site.parent / "out/public/byline.json").exists()


def test_a_post_with_a_mistake_stops_the_build_or_is_left_out(own_site: Path) -> None:
    (own_site.parent / "content/posts/bad.md").write_text(
        post("title: Badword\ndate: 2026-11-02\nid: badpost\nauthors: [nobody]\ncategorys: [Pricing]\n")
    )
    (own_site.parent / "content/posts/worse.md").write_text("---\ntitle: Badword\n")
    with pytest.raises(ContentError) as caught:
        run(own_site)
    assert {problem.file for problem in caught.value.problems} == {
        "content/posts/bad.md",
        "content/posts/worse.md",
    }
    result = run(own_site, skip_bad=True)
    assert result.left_out == ("content/posts/bad.md", "content/posts/worse.md")
    assert not any(b"Badword" in data for data in tree(result.folder).values())


def test_plain_mkdocs_names_every_mistake_in_the_words_of_the_check(own_site: Path) -> None:
    (own_site.parent / "content/posts/bad.md").write_text(
        post("title: Bad\ndate: 2026-11-02\nid: badpost\nauthors: [nobody]\ncategorys: [Pricing]\n")
    )
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-f", str(own_site)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    loaded = settings.load(own_site, {})
    for problem in content.read(loaded).problems:
        if problem.severity == "error":
            line = f"{problem.file}:{problem.line}: error: {problem.message}\n    fix: {problem.fix}  ({problem.code})"
            assert line in done.stderr
    assert done.stderr.count("fix:") >= 2
    assert "Traceback" not in done.stderr

    own_site.write_text(
        own_site.read_text().replace("timezone: Europe/Berlin", "timezone: Mars/Base\n      chanels: {}")
    )
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-f", str(own_site)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Mars/Base" in done.stderr
    assert "chanels" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_under_share_does_not_stop_the_site(own_site: Path) -> None:
    path = own_site.parent / "content/posts/old.md"
    path.write_text(path.read_text().replace("id: older", "id: older\nshare: {linkedn: hello}"))
    loaded = settings.load(own_site, {})
    (problem,) = (one for one in content.read(loaded).problems if one.severity == "error")
    assert problem.key.startswith("share.")
    assert (run(own_site).folder / "posts/an-older-one/index.html").exists()


def test_strict_stops_at_a_dead_link(own_site: Path) -> None:
    privacy = own_site.parent / "content/privacy.md"
    privacy.write_text(privacy.read_text() + "\n![gone](nowhere.png)\n")
    with pytest.raises((Stopped, ContentError), match=r"nowhere\.png"):
        run(own_site, strict=True)


def test_another_form_of_address_is_refused_in_words(own_site: Path) -> None:
    own_site.write_text(own_site.read_text().replace('"posts/{slug}"', '"{date}/{slug}"'))
    with pytest.raises(Exception, match="post_url_format") as caught:
        run(own_site)
    assert type(caught.value).__module__ == "byline.errors"


def test_a_site_without_the_blog_plugin_is_told_what_to_add(own_site: Path) -> None:
    text = re.sub(r"  - blog:\n(      .*\n)+", "", own_site.read_text())
    own_site.write_text(text)
    with pytest.raises(Exception, match="blog") as caught:
        run(own_site)
    assert type(caught.value).__module__ == "byline.errors"


def test_what_mkdocs_refuses_in_its_own_settings_is_said(own_site: Path) -> None:
    own_site.write_text(own_site.read_text() + "extra_css: 5\n")
    with pytest.raises(UsageError, match="extra_css"):
        run(own_site)


@only_quick
def test_clean_makes_everything_anew(own_site: Path) -> None:
    run(own_site)
    again = run(own_site)
    assert (again.rendered, again.written) == (0, 0)
    assert run(own_site, clean=True).rendered > 10


def test_a_company_can_replace_a_template_of_ours(own_site: Path) -> None:
    (own_site.parent / "own").mkdir()
    (own_site.parent / "own/404.html").write_text(
        "{% extends 'main.html' %}{% block body %}OURS{% endblock %}"
    )
    own_site.write_text(own_site.read_text().replace("name: material", "name: material\n  custom_dir: own"))
    assert "OURS" in (run(own_site).folder / "404.html").read_text()


def test_what_is_relied_on_in_the_blog_plugin_is_there() -> None:
    from material.plugins.blog.plugin import BlogPlugin

    assert callable(getattr(BlogPlugin, "_render_post", None))
    assert (
        material.posts_folder(
            type("B", (), {"config": type("C", (), {"post_dir": "{blog}/posts", "blog_dir": "."})})
        )
        == "posts"
    )
