"""What a company's own template reads decides what is made again with another page."""

from __future__ import annotations

import pytest

from byline.site.mkdocs.reading import Reads, reads

THEIRS = {
    "partials/post.html": b"{{ post.content }}{% for one in posts %}{% endfor %}",
    "frame.html": b"{{ here.title }}",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>{{ item.day | e }}</p>", Reads()),
        ("{{ page.title }} {{ page.meta.lead }} {{ config.site_name }} {{ nav.homepage.url }}", Reads()),
        ("{% include 'frame.html' %}", Reads()),
        ("{% for file in pages %}{{ file.page.title }}{% endfor %}", Reads(others=True, lists=True)),
        ("{{ page.previous_page.meta.lead }}", Reads(others=True, lists=True)),
        ("{{ page['next_page'].content }}", Reads(others=True, lists=True)),
        ("{% set one = page %}{{ one.parent.title }}", Reads(others=True, lists=True)),
        ("{{ page[word] }}", Reads(others=True, lists=True)),
        ("{% for post in posts %}{% endfor %}", Reads(others=True, lists=True)),
        ("{{ config.plugins['blog'].blog }}", Reads(others=True, lists=True)),
        ("{{ nav.items | map(attribute='children') | list }}", Reads(others=True, lists=True)),
        ("{% include 'partials/post.html' %}", Reads(others=True, lists=True)),
        ("{% include here.part %}", Reads(others=True, lists=True)),
        ("{{ what is not closed", Reads(others=True, lists=True)),
        ("{% for topic in byline.topics %}{{ topic.count }}{% endfor %}", Reads(lists=True)),
        ("{{ byline.name }}", Reads()),
        ("© {{ build_date_utc.year }}", Reads(hour=True)),
    ],
)
def test_what_a_template_reads(text: str, expected: Reads) -> None:
    assert reads({"own/a.html": text.encode()}, THEIRS.get) == expected


def test_a_style_sheet_with_braces_is_no_template() -> None:
    assert reads({"own/a.css": b"@media print {{% a {{}}"}, THEIRS.get) == Reads()
