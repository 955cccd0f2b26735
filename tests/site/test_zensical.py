"""What is made ready for Zensical; building with it is in `scripts/test --builders`."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from byline import content, settings
from byline.errors import BylineError
from byline.site.zensical import options, papers, stage, views
from byline.site.zensical.finish import Finish, Page
from byline.wording import words
from site_sample import NOW

BLOG = {"blog_dir": ".", "post_dir": "posts", "post_url_format": "posts/{slug}"}


def test_our_plugin_goes_and_what_is_not_ours_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_text("theme: {name: material, language: de}\nsite_name: Below\n")
    file = tmp_path / "mkdocs.yml"
    file.write_text(
        "INHERIT: base.yml\nsite_name: !ENV [NAME, Above]\nhooks: [x.py]\nnav: [{Home: index.md}]\n"
        "theme: {custom_dir: own}\n"
        "plugins:\n- search: {lang: de}\n- blog: {pagination_per_page: 3, categories_allowed: [A]}\n- byline: {timezone: X}\n"
        "markdown_extensions:\n- pymdownx.superfences\n- pymdownx.emoji: {emoji_index: !!python/name:material.x.y ''}\n"
    )
    made = options.read(file, "content", "templates", words("de", {}))
    assert made.blog == {"pagination_per_page": 3, "categories_allowed": ["A"]}
    assert made.nav == [{"Home": "index.md"}]
    assert made.own == tmp_path / "own"
    assert made.search
    assert "!ENV [NAME, Above]" in made.text
    assert "!!python/name:material.x.y" in made.text
    assert "!!python/name:pymdownx.superfences.fence_code_format" in made.text

    class Loose(yaml.SafeLoader):
        pass

    Loose.add_multi_constructor("!", lambda loader, suffix, node: suffix)
    Loose.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)
    tree = yaml.load(made.text, Loose)
    assert tree["theme"] == {
        "name": "material",
        "language": "de",
        "custom_dir": "templates",
        "variant": "classic",
        "font": False,
        "palette": tree["theme"]["palette"],
    }
    assert "hooks" not in tree
    assert [next(iter(one)) for one in tree["plugins"]] == ["search", "blog"]
    assert tree["plugins"][1]["blog"]["authors_profiles"] is False
    assert "categories_allowed" not in tree["plugins"][1]["blog"]


def test_lists_are_cut_as_the_blog_cuts_them(sample_file: Path) -> None:
    posts = content.public(content.read(settings.load(sample_file, {})), NOW)
    found = views.views(posts, BLOG | {"pagination_per_page": 4}, frozenset({"oldest"}))
    addresses = {view.url: [post.id for post in view.posts] for view in found}
    assert set(addresses) == {
        "",
        "page/2/",
        "archive/2026/",
        "archive/2026/page/2/",
        "archive/2025/",
        "category/pricing/",
        "category/pricing/page/2/",
        "category/r-d-lab/",
    }
    assert addresses[""][0] == "oldest"  # it is pinned
    assert len(addresses["page/2/"]) == 2
    one = views.views(posts, BLOG | {"pagination": False, "archive": False, "categories": False}, frozenset())
    assert [(view.url, view.count) for view in one] == [("", 6)]
    assert views.years(found) == [("2026", "archive/2026/"), ("2025", "archive/2025/")]


def test_the_menu_is_what_the_navigation_lists() -> None:
    there = {
        uri: papers.read(uri, text)
        for uri, text in {
            "index.md": "# Home\n",
            "pages/about.md": "---\ntitle: About us\n---\nText\n",
            "privacy.md": "Words\n\n# Privacy {#p}\n",
            "more/one.md": "nothing",
        }.items()
    }
    nav = [
        {"Home": "index.md"},
        "pages/about.md",
        {"Legal": [{"Data": "privacy.md"}, "more/one.md"]},
        {"Shop": "https://shop.example/"},
        {"Gone": "gone.md"},
    ]
    menu, titles = papers.menu(nav, there)
    assert [(row["title"], row["url"]) for row in menu] == [
        ("About us", "pages/about/"),
        ("Legal", "privacy/"),
        ("Shop", "https://shop.example/"),
    ]
    assert titles == {"index.md": "Home", "privacy.md": "Data"}
    assert papers.privacy(nav, there) == "privacy/"
    without, _ = papers.menu(None, there)
    assert [row["title"] for row in without] == ["Privacy", "Pages", "More"]
    assert there["privacy.md"].title == "Privacy"
    assert there["more/one.md"].title == "One"


def test_values_are_written_so_that_no_word_in_them_is_code(tmp_path: Path) -> None:
    words = 'a "b" {{ config }} {% raw %} \\ ’ 😀\n'
    stage.values(tmp_path, {"name": words}, {"posts/a/": {"x": [None, True, {"y": words}]}})
    text = (tmp_path / "templates/byline-values/posts~a.html").read_text()
    held = text.removeprefix("{% set here = ").removesuffix(" %}")
    assert json.loads(held) == {"x": ["", True, {"y": words}]}
    import jinja2

    module: Any = jinja2.Environment(autoescape=True).from_string(text).module
    assert module.here["x"][2]["y"] == words


def test_a_template_that_hides_a_posts_text_from_cleaning_stops_the_build(
    sample_file: Path, tmp_path: Path
) -> None:
    loaded = settings.load(sample_file, {})
    file = tmp_path / "index.html"
    file.write_text("<p>{{ page.content | upper }}</p>")
    finish = Finish(loaded, "byx", {}, "", search=False)
    post: Any = SimpleNamespace(id="hp7", image="")
    with pytest.raises(BylineError, match=r"posts/a.md: .* where it can be cleaned") as stop:
        finish.clean(Page(file=file, url="posts/a/", uri="posts/a.md", post=post))
    assert "{{ page.content }}" in stop.value.hint
