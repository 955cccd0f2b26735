"""Jekyll's names, permalinks and Liquid; feeds of each kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from importing.conftest import Brought, png, run
from importing.test_hugo import site

POST = """---
layout: post
title:  "First post"
date:   2015-03-01 10:00:00 +0100
categories: pricing sales
tags: [a, b]
author: dana
image: {path: /assets/cover.png, alt: The cover}
redirect_from:
  - /very/old.html
excerpt_separator: <!--break-->
---
Hello [second]({% post_url 2016-01-02-second %}) and [file]({{ site.baseurl }}/assets/a.pdf) and ![pic]({{ "/assets/cover.png" | relative_url }}).
<!--break-->
{% highlight ruby %}
puts "<b>{{ x }}</b>"
{% endhighlight %}

{% raw %}{{ kept }}{% endraw %} {% include newsletter.html %}

{: .note onclick="alert(1)" }
"""


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    return site(
        tmp_path / "jekyll",
        {
            "_config.yml": "title: Acme\nurl: https://old.acme.com\nbaseurl: /blog\ntimezone: Europe/Berlin\npermalink: pretty\n",
            "_data/authors.yml": "dana:\n  name: Dana Reyes\n  bio: Founder.\n  email: dana@acme.com\n",
            "_posts/2015-03-01-first-post.md": POST,
            "_posts/2016-01-02-second.markdown": "---\ntitle: Second\npermalink: /own/place.html\n---\nWords.\n",
            "news/_posts/2017-05-06-third.html": "---\ntitle: Third\n---\n<p>Html <b>words</b>.</p>\n",
            "_posts/no-day.md": "---\ntitle: No day\n---\nx\n",
            "_posts/2018-01-01-old.textile": "h1. x",
            "_drafts/idea.md": "---\ntitle: Idea\n---\nNot yet.\n",
            "about.md": "---\ntitle: About\n---\nWe.\n",
            "index.md": "---\ntitle: Home\n---\n",
            "assets/cover.png": png(1200, 630),
            "assets/a.pdf": b"%PDF",
        },
    )


def test_a_site_becomes_a_site_that_passes_and_builds(blog: Path, bring: Callable[..., Brought]) -> None:
    found = bring("jekyll", blog)
    assert found.problems == []
    first = found.posts["first-post"]
    assert (first.categories, first.tags, first.authors) == (
        ("pricing", "sales"),
        ("a", "b"),
        ("dana-reyes",),
    )
    assert first.aliases == ("/blog/pricing/sales/2015/03/01/first-post/", "/very/old.html")
    assert first.published.isoformat() == "2015-03-01T10:00:00+01:00"
    assert first.image == "assets/imported/cover.png"
    assert found.posts["second"].aliases == ("/blog/own/place.html",)
    assert found.posts["third"].categories == ("news",)
    assert found.posts["idea"].draft
    text = found.text("posts/2015/first-post.md")
    for row in ("[second](../2016/second.md)", "[file](../../assets/imported/a.pdf)", "![pic](../../assets/imported/cover.png)", "<!-- more -->",
                '```ruby\nputs "<b>{{ x }}</b>"\n```', "{{ kept }}"):  # fmt: skip
        assert row in text, row
    assert "onclick" not in text
    assert "dana@acme.com" not in found.text(".authors.yml")
    for words in ("{% include %}", "the name of a post begins with its day", "Textile"):
        assert words in found.notes, words
    found.build()


RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Acme</title><link>https://old.acme.com/</link>
<item><title>First &amp; best</title><link>https://old.acme.com/first.html</link><pubDate>Sat, 30 Mar 2024 10:00:00 +0100</pubDate><dc:creator>Dana Reyes</dc:creator>
<category>Pricing</category><category>renewals</category><description>In short.</description>
<content:encoded><![CDATA[<p>See <a href="/second">the second</a>.</p><img src="x.png" onerror="alert(1)"><script>evil()</script>]]></content:encoded></item>
<item><title>Second</title><link>https://old.acme.com/second</link><pubDate>Sun, 31 Mar 2024 10:00:00 GMT</pubDate><description>Only this.</description></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Acme</title><link href="https://old.acme.com/"/><entry><title>First &amp; best</title><link href="https://old.acme.com/first.html"/>
<id>x</id><published>2024-03-30T10:00:00+01:00</published><updated>2024-03-30T10:00:00+01:00</updated><author><name>Dana Reyes</name></author><category term="Pricing"/><category term="renewals"/>
<content type="html">&lt;p&gt;Words.&lt;/p&gt;</content></entry></feed>"""
JSON = {
    "version": "https://jsonfeed.org/version/1.1", "title": "Acme", "home_page_url": "https://old.acme.com/",
    "items": [{"id": "1", "url": "https://old.acme.com/first.html", "title": "First & best", "content_html": "<p>Words.</p>", "date_published": "2024-03-30T10:00:00+01:00",
               "authors": [{"name": "Dana Reyes"}], "tags": ["Pricing", "renewals"]}],
}  # fmt: skip


@pytest.mark.parametrize("text", [RSS, ATOM, json.dumps(JSON)], ids=["rss", "atom", "json"])
def test_a_feed_becomes_a_site(text: str, tmp_path: Path, bring: Callable[..., Brought]) -> None:
    file = tmp_path / "feed"
    file.write_text(text)
    found = bring("feed", file)
    assert found.problems == []
    first = found.posts["first"]
    assert (first.title, first.categories, first.tags, first.authors) == (
        "First & best",
        ("Pricing",),
        ("renewals",),
        ("dana-reyes",),
    )
    assert first.published.isoformat() == "2024-03-30T10:00:00+01:00"
    assert first.aliases == ("/first.html",)
    assert "evil" not in first.body
    assert "the newest posts alone" in found.notes
    if text is RSS:
        assert "[the second](second.md)" in first.body
        assert "no more than this of the text" in found.notes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html><body>no</body></html>",
        '{"items": []}',
        '<!DOCTYPE r [<!ENTITY a "x">]><rss version="2.0"><channel><title>&a;</title></channel></rss>',
    ],
)
def test_what_is_no_feed_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "feed"
    file.write_text(text)
    done = run(str(tmp_path / "new"), "--yes", "--from", "feed", str(file))
    assert type(done.exception).__name__ == "UsageError"
    done = run(str(tmp_path / "new"), "--yes", "--from", "feed", "https://old.acme.com/feed", "--no-fetch")
    assert "was not to be asked" in str(done.exception)
    done = run(str(tmp_path / "new"), "--yes", "--from", "feed", "https://192.168.1.1/feed")
    assert "no public address" in str(done.exception)
    assert not (tmp_path / "new").exists()
