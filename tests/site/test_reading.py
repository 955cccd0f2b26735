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
        ("{% for file in pages %}{{ file.page.title }}{% endfor %}", Reads(others=True)),
        ("{{ page.previous_page.meta.lead }}", Reads(others=True)),
        ("{{ page['next_page'].content }}", Reads(others=True)),
        ("{% set one = page %}{{ one.parent.title }}", Reads(others=True)),
        ("{{ page[word] }}", Reads(others=True)),
        ("{% for post in posts %}{% endfor %}", Reads(others=True)),
        ("{{ config.plugins['blog'].blog }}", Reads(others=True)),
        ("{{ nav.items | map(attribute='children') | list }}", Reads(others=True)),
        ("{% include 'partials/post.html' %}", Reads(others=True)),
        ("{% include here.part %}", Reads(others=True)),
        ("{{ what is not closed", Reads(others=True)),
        ("© {{ build_date_utc.year }}", Reads(hour=True)),
    ],
)
def test_what_a_template_reads(text: str, expected: Reads) -> None:
    assert reads({"own/a.html": text.encode()}, THEIRS.get) == expected


def test_a_style_sheet_with_braces_is_no_template() -> None:
    assert reads({"own/a.css": b"@media print {{% a {{}}"}, THEIRS.get) == Reads()
