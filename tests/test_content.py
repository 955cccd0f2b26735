"""Every bad post that we could think of: file, line, code, what was found, and the fix. Never a traceback."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byline import content
from byline import settings as settings_module
from byline.cli import cli
from byline.content import Content
from support import NOW, POST, SETTINGS, make_site

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + (1200).to_bytes(4, "big")
    + (630).to_bytes(4, "big")
    + b"\x08\x02" * 9
    + b"IEND"
)

MORE_SETTINGS = SETTINGS + "      audiences: {manufacturers: Manufacturers}\n"
ALLOWED = MORE_SETTINGS.replace(
    "post_dir: posts", "post_dir: posts\n      categories_allowed: [Pricing, Sales]"
)


def post(*lines: str, body: str = "Some words.\n", drop: str = "", **changed: str) -> str:
    """A valid post with keys changed (`title="x"`), dropped (`drop="date id"`) and lines added."""
    front = {
        "title": "Pricing, the honest version",
        "description": "What 40 renewals taught us.",
        "date": "2026-11-24",
        "id": "hp7",
        "slug": "honest-pricing",
        "authors": "[dana]",
        "categories": "[Pricing]",
    } | changed
    kept = [f"{key}: {value}".rstrip() for key, value in front.items() if key not in drop.split()]
    return "\n".join(["---", *kept, *lines, "---", body])


@dataclass(frozen=True)
class Case:
    """`at` is a piece of the line that the problem must name (or the line's number)."""

    name: str
    text: str | bytes
    code: str
    at: str | int
    message: str
    fix: str
    key: str | None = None
    severity: str = "error"


SHARE = "share:"
CASES = [
    # how the file is saved
    Case("empty", "", "empty-file", 1, "empty", "write the post"),
    Case("windows-1252", POST.replace("Three", "Drei für").encode("cp1252"), "not-utf8", "Drei", "0xfc", "UTF-8"),
    Case("utf-16", POST.encode("utf-16"), "not-utf8", 1, "UTF-16", "UTF-8"),
    Case("zero-byte", POST.replace("Three", "Th\0ree"), "not-text", "customers left", "zero byte", "save the text"),
    Case("huge", b"---\n" + b"x" * 20_000_000, "file-too-large", 0, "20.0 MB", "pictures"),
    # where the front matter begins and ends
    Case("none", "# A heading\n\nWords.\n", "no-front-matter", 1, "front matter", "publish new"),
    Case("no-marks", "title: Growth\ndate: 2026-11-24\n\nWords.\n", "no-front-matter", 1, "three dashes", "`---` above"),
    Case("no-end", post().replace("\n---\nSome", "\n\nSome"), "no-closing-mark", "categories", "no end", "write `---`"),
    Case("no-end-at-all", "---\ntitle: x", "no-closing-mark", 2, "no end", "write `---`"),
    Case("four-dashes", "-" + post(), "opening-mark", 1, "`----`", "`---`"),
    Case("four-dashes-end", post().replace("\n---\n", "\n----\n"), "closing-mark", "----", "`----`", "`---`"),
    Case("dots-end", post().replace("\n---\n", "\n...\n"), "closing-mark", "...", "`...`", "`---`"),
    Case("en-dash", post().replace("---\ntitle", "–––\ntitle"), "opening-mark", 1, "three dashes", "`---`"),
    Case("blank-first", "\n" + post(), "blank-first-line", 1, "empty line", "delete the empty line"),
    Case("list-at-top", "---\n- title\n- date\n---\nWords.\n", "front-matter-kind", 2, "a list", "publish new"),
    Case("text-at-top", "---\njust words\n---\nWords.\n", "front-matter-kind", 2, "just words", "publish new"),
    Case("nothing-at-top", "---\n---\nWords.\n", "empty-front-matter", 2, "nothing", "publish new"),
    Case("no-text", post(body=""), "empty-post", 9, "no text", "draft: true"),
    # YAML
    Case("colon", post(title="Growth: how we did it"), "yaml-colon", "Growth", "second colon", 'title: "Growth: how'),
    Case("tab", post("share:", "\tlinkedin: x"), "yaml-tab", "\tlinkedin", "a tab", "two spaces"),
    Case("curly-quotes", post(title="“Growth”: a word"), "yaml-colon", "Growth", "second colon", "quotes"),
    Case("open-quote", post(title='"Growth'), "yaml-structure", "Growth", "not closed", "close it"),
    Case("open-bracket", post("tags: [a, b", "series: x"), "yaml-structure", "tags", "not closed", "close it"),
    Case("indented", post("  series: x"), "yaml-structure", "series", "does not fit", "indent with two spaces"),
    Case("duplicate-key", post("id: other"), "duplicate-key", "id: other", "first on line 5", "delete the other"),
    Case("tag", post("tags: !!python/object:os.system [x]"), "yaml-tag", "tags:", "not allowed", "plain value"),
    Case("reference", post(title="*Growth"), "yaml-alias", "*Growth", "reference", "quotes"),
    Case(
        "bomb",
        post("a: &a [x,x,x,x,x,x,x,x,x,x]", *(
            f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        )),
        "yaml-too-large", "a: &a", "cannot be meant", "write the values out",
    ),
    Case("deep", post("tags: " + "[" * 100 + "]" * 100), "yaml-too-large", "tags", "cannot be meant", "aliases"),
    Case("control-character", post(title="Bell\x07"), "yaml-character", "Bell", "does not allow", "invisible"),
    # keys
    Case("misspelt", post("drfat: true"), "unknown-key", "drfat", "`drfat` is not known", "`draft`"),
    Case("other-name", post("author: dana"), "unknown-key", "author: dana", "not known", "`authors`"),
    Case("published", post("published: false"), "unknown-key", "published", "not known", "`draft`"),
    # title
    Case("no-title", post(drop="title"), "missing-title", 1, "no `title`", "title: Your headline"),
    Case("title-yes", post(title="yes"), "needs-quotes", "title", "yes/no", 'title: "yes"'),
    Case("title-year", post(title="2026"), "needs-quotes", "title", "a number", 'title: "2026"'),
    Case("title-date", post(title="2026-11-24"), "needs-quotes", "title", "a date", "quotes"),
    Case("title-list", post(title="[a, b]"), "wrong-kind", "title", "a list", "one text"),
    Case("title-long", post(title="word " * 30), "long-title", "title", "characters", "shorten", severity="warning"),
    Case("description-long", post(description="w " * 120), "long-description", "description", "characters", "160",
         severity="warning"),
    Case("no-description", post(drop="description"), "no-description", 1, "no `description`", "description:",
         severity="warning"),
    # date
    Case("no-date", post(drop="date"), "missing-date", 1, "no `date`", "date: 2026-11-24"),
    Case("empty-date", post(date=""), "missing-date", "date:", "no `date`", "date: 2026-11-24"),
    Case("slashes", post(date="03/11/2026"), "bad-date", "date:", "03/11/2026", "`date: 2026-11-03` or `date: 2026-03-11`"),
    Case("us-date", post(date="11/24/2026"), "bad-date", "date:", "11/24/2026", "write `date: 2026-11-24`"),
    Case("german-date", post(date="24.11.2026"), "bad-date", "date:", "24.11.2026", "write `date: 2026-11-24`"),
    Case("spoken", post(date="9am"), "bad-date", "date:", "9am", "date: 2026-11-24"),
    Case("no-seconds", post(date="2026-11-24 09:00"), "bad-date", "date:", "expected", "2026-11-24 09:00:00"),
    Case("quoted-date", post(date='"2026-11-24"'), "bad-date", "date:", "expected", "without quotes"),
    Case("no-such-day", post(date="2026-02-30"), "yaml-value", "date:", "day is out of range", "correct it"),
    Case("year-one", post(date="0001-01-01"), "bad-date", "date:", "year 1", "1990"),
    Case("missing-hour", post(date="2027-03-28 02:30:00"), "missing-hour", "date:", "does not exist", "2027-03-28 03:30"),
    Case("double-hour", post(date="2026-10-25 02:30:00"), "ambiguous-hour", "date:", "twice", "+02:00"),
    Case("no-created", post(date="{updated: 2026-11-24}"), "missing-date", "date:", "no `created`", "created:"),
    Case("bad-updated", post(date="{created: 2026-11-24, updated: soon}"), "bad-date", "date:", "soon", "2026-11-24",
         key="date.updated"),
    Case("updated-first", post(date="{created: 2026-11-24, updated: 2026-11-01}"), "wrong-order", "date:",
         "before it was created", "exchange", severity="warning"),
    # id
    Case("no-id", post(drop="id"), "missing-id", 1, "no `id`", "publish check --fix"),
    Case("id-case", post(id="HP7"), "bad-id", "id:", "HP7", "id: hp7"),
    Case("id-short", post(id="h7"), "bad-id", "id:", "h7", "--fix"),
    Case("id-number", post(id="12345"), "needs-quotes", "id:", "a number", "quotes"),
    Case("id-hyphen", post(id="honest-pricing"), "bad-id", "id:", "honest-pricing", "id: honestpricing"),
    # slug
    Case("climbing", post(slug="../../etc/passwd"), "bad-slug", "slug", "leads out", "slug: passwd"),
    Case("slash", post(slug="a/b"), "bad-slug", "slug", "leads out", "slug: b"),
    Case("capitals", post(slug="Honest-Pricing"), "bad-slug", "slug", "small letters", "slug: honest-pricing"),
    Case("umlaut", post(slug="preise-für-alle"), "bad-slug", "slug", "small letters", "slug: preise-fuer-alle"),
    Case("blank", post(slug="honest pricing"), "bad-slug", "slug", "small letters", "slug: honest-pricing"),
    Case("slug-number", post(slug="2026"), "needs-quotes", "slug", "a number", 'slug: "2026"'),
    Case("emoji-title", post(drop="slug", title="🎉🎉"), "empty-slug", "title", "no address", "slug:"),
    Case("japanese-title", post(drop="slug", title="価格の話"), "bare-slug", "title", "tells nothing", "slug:", severity="warning"),
    # words that YAML drops
    Case("hashtag", post("share:", "  linkedin: We raised prices #pricing"), "lost-hashtag", "#pricing", "left out",
         '"We raised prices #pricing"', key="share.linkedin", severity="warning"),
    Case("hashtag-in-title", post(title="Three of a kind #1"), "lost-hashtag", "#1", "left out", "quotes", key="title",
         severity="warning"),
    Case("hashtag-in-map", post("share:", "  linkedin:", "    text: Words #tag"),
         "lost-hashtag", "#tag", "left out", "quotes", key="share.linkedin.text", severity="warning"),
    # authors
    Case("unknown-author", post(authors="[dnaa]"), "unknown-author", "authors", "dana, lee", "`dana`"),
    Case("author-by-name", post(authors="[Dana Reyes]"), "unknown-author", "authors", "Dana Reyes", "`dana`"),
    Case("author-text", post(authors="dana"), "needs-list", "authors", "`dana`", "authors: [dana]"),
    Case("author-twice", post(authors="[dana, dana]"), "named-twice", "authors", "twice", "once"),
    Case("no-author", post(drop="authors"), "no-author", 1, "no `authors`", "authors: [dana]", severity="warning"),
    # labels
    Case("category-colon", post(categories="", drop="categories") .replace("\n---\n", "\ncategories:\n  - Sales: yes\n---\n"),
         "wrong-kind", "Sales: yes", "a group", "colon"),
    Case("category-bool", post(categories="[NO, on]"), "needs-quotes", "categories", "yes/no", '"NO"'),
    Case("category-date", post(categories="[2026-01-01]"), "needs-quotes", "categories", "a date", "quotes"),
    Case("category-allowed", post(categories="[Price]"), "unknown-category", "categories", "Pricing, Sales", "`Pricing`"),
    Case("tags-text", post("tags: a, b"), "needs-list", "tags", "a, b", "tags: [a, b]"),
    Case("draft-text", post('draft: "true"'), "wrong-kind", "draft", "true or false", "without quotes"),
    Case("campaign", post("campaign: q4-renewal"), "unknown-campaign", "campaign", "q4-renewals", "`q4-renewals`"),
    Case("campaign-name", post("campaign: Q4 renewals"), "unknown-campaign", "campaign", "no campaign", "`q4-renewals`"),
    Case("audience", post("audience: [manufacturer]"), "unknown-audience", "audience", "manufacturers", "`manufacturers`"),
    Case("effort", post("effort: 5"), "wrong-form", "effort", "unit", "effort: 5h"),
    Case("effort-words", post("effort: a day"), "wrong-form", "effort", "a span", "48h"),
    Case("readtime", post("readtime: long"), "wrong-kind", "readtime", "a number", "readtime"),
    Case("links", post("links: [abuot.md]"), "missing-file", "links", "abuot.md", "`about.md`"),
    # aliases
    Case("alias-bare", post("aliases: [old/pricing]"), "bad-alias", "aliases", "begin with /", "/old/pricing/"),
    Case("alias-host", post("aliases: ['https://a.example/old/']"), "bad-alias", "aliases", "server", "/old/"),
    Case("alias-climbs", post("aliases: [/../old/]"), "bad-alias", "aliases", "climbs", "/old/"),
    Case("alias-query", post("aliases: ['/old/?p=1']"), "bad-alias", "aliases", "?", "/old/"),
    Case("alias-own", post("aliases: [/posts/honest-pricing/]"), "bad-alias", "aliases", "own address", "delete"),
    Case("alias-page", post("aliases: [/about/]"), "alias-taken", "aliases", "content/about.md", "delete"),
    # pictures
    Case("image-missing", post("image: cover2.png", "image_alt: A tag"), "missing-file", "image: ", "cover2.png", "posts/cover.png"),
    Case("image-outside", post("image: ../../../etc/passwd", "image_alt: x y"), "outside-tree", "image: ", "outside", "passwd"),
    Case("image-no-alt", post("image: cover.png"), "missing-alt", "image: ", "image_alt", "image_alt:"),
    Case("image-remote", post("image: https://a.example/c.png", "image_alt: x y"), "remote-image", "image: ", "another server",
         "image: c.png"),
    Case("image-svg", post("image: /assets/dana.svg", "image_alt: x y"), "image-kind", "image: ", "SVG", "PNG"),
    Case("image-cut", post("image: cut.png", "image_alt: x y"), "image-broken", "image: ", "ends before", "again"),
    Case("image-heic", post("image: phone.heic", "image_alt: x y"), "image-kind", "image: ", "HEIC", "JPEG"),
    Case("image-pixels", post("image: huge.png", "image_alt: x y"), "image-too-large", "image: ", "9000 x 6000", "smaller"),
    Case("text-svg", post(body="![a](evil.svg)"), "svg-runs", "![a]", "script", "without"),
    Case("text-svg-link", post(body="[a](onload.svg)"), "svg-runs", "[a]", "script", "raw_html: true"),
    Case("text-image-cut", post(body="![a](cut.png)"), "image-broken", "![a]", "ends before", "again"),
    Case("text-image-heic", post(body="![a](phone.jpg)"), "image-kind", "![a]", "HEIC", "JPEG"),
    Case("text-image-pixels", post(body='<img src="huge.png" alt="a">'), "image-too-large", "<img", "9000 x 6000", "smaller"),
    Case("text-image-text", post(body="![a](fake.png)"), "image-kind", "![a]", "no picture", "PNG"),
    Case("image-text", post("image: fake.png", "image_alt: x y"), "image-kind", "image: ", "no picture", "PNG"),
    Case("image-empty", post("image: empty.png", "image_alt: x y"), "image-kind", "image: ", "empty file", "PNG"),
    Case("image-small", post("image: small.png", "image_alt: x y"), "image-small", "image: ", "64 x 64", "1200 x 630",
         severity="warning"),
    Case("image-windows", post(r"image: img\cover.png", "image_alt: x y"), "backslash", "image: ", "/", "img/cover.png"),
    Case("alt-alone", post("image_alt: x y"), "unused", "image_alt", "no `image`", "delete", severity="warning"),
    # the text
    Case("body-image", post(body="Words.\n\n![Chart](chrat.png)\n"), "missing-file", "chrat", "chrat.png", "`chart.png`"),
    Case("body-alt", post(body="Words.\n\n![](cover.png)\n"), "missing-alt", "![]", "cannot see", "![What it shows](cover.png)"),
    Case("body-html-alt", post(body='Words.\n\n<img src="cover.png">\n'), "missing-alt", "<img", "cannot see", "What it shows"),
    Case("body-link", post(body="Words [there](../abuot.md).\n"), "missing-file", "abuot", "abuot.md", "`../about.md`"),
    Case("body-outside", post(body="Words [there](../../../secret.pdf).\n"), "outside-tree", "secret", "leads out", "copy"),
    Case("body-page", post(body="Words [there](../gone/).\n"), "missing-page", "gone", "no page", "file"),
    Case("body-address", post(body="Words [there](../../about/).\n"), "page-address", "about", "moves", "../about.md",
         severity="warning"),
    Case("body-absolute", post(body="Words [there](/about/).\n"), "absolute-link", "about", "top of the server", "../about.md",
         severity="warning"),
    Case("body-tagged", post(body="See [us](https://insights.acme.example/about/?utm_source=blog&a=1).\n"),
         "tagged-internal-link", "See", "utm", "/about/?a=1`"),
    Case("body-tagged-relative", post(body="See [us](../about.md?utm_medium=x).\n"), "tagged-internal-link", "See", "utm", "`../about.md`"),
    Case("body-empty", post(body="See [us]().\n"), "empty-link", "See", "nowhere", "address"),
    Case("body-script", post(body="See [us](javascript:alert(1)).\n"), "unsafe-link", "See", "program", "page"),
    Case("body-remote", post(body="![A cat](https://cdn.example/cat.png)\n"), "remote-image", "A cat", "another server", "save it",
         severity="warning"),
    Case("body-embed", post(body='<iframe src="https://video.example/1"></iframe>\n'), "html-left-out", "iframe",
         "built without it", "raw_html", severity="warning"),
    Case("body-form", post(body='Words.\n\n<form action="/x"><p>Go</p></form>\n'), "html-left-out", "<form", "built without it",
         "take it out", severity="warning"),
    Case("body-video", post(body='<video src="https://video.example/1.mp4"></video>\n'), "third-party", "video", "another server",
         "link to it", severity="warning"),
    Case("placeholder", post(description="One or two sentences that make people want to read on. Networks show them too."),
         "placeholder-text", "description", "publish new", "write"),
    # share
    Case("share-text", post('share: "everywhere"'), "wrong-kind", "share", "everywhere", "linkedin"),
    Case("share-list", post("share: [linkedin]"), "wrong-kind", "share", "a list", "linkedin"),
    Case("network", post(SHARE, "  linkedn: Words"), "unknown-key", "linkedn", "neither a network", "`linkedin`", "share.linkedn"),
    Case("network-key", post(SHARE, "  linkedin:", "    txt: Words"), "unknown-key", "txt", "not known", "`text`", "share.linkedin.txt"),
    Case("network-twice", post(SHARE, "  x: One", "  twitter: Two"), "duplicate-key", "twitter", "already", "`twitter:`",
         "share.twitter"),
    Case("network-number", post(SHARE, "  linkedin: 42"), "needs-quotes", "42", "a number", '"42"', "share.linkedin"),
    Case("network-empty", post(SHARE, '  linkedin: ""'), "empty-text", "linkedin", "empty", "`false`", "share.linkedin"),
    Case("at-day", post(SHARE, "  at: 2026-11-24"), "bad-time", "at:", "an hour", "2026-11-24 09:00", "share.at"),
    Case("at-spoken", post(SHARE, "  at: 9am"), "bad-time", "at:", "9am", '"09:00"', "share.at"),
    Case("at-digits", post(SHARE, "  at: 900"), "bad-time", "at:", "900", '"09:00"', "share.at"),
    Case("at-25", post(SHARE, '  at: "25:00"'), "bad-time", "at:", "hour must be", "09:00", "share.at"),
    Case("at-missing", post(SHARE, "  at: 2027-03-28 02:30", date="2027-03-28"), "missing-hour", "at:", "does not exist",
         "2027-03-28 03:30", "share.at"),
    Case("at-twice", post(SHARE, "  linkedin: {at: '02:30'}", date="2026-10-25"), "ambiguous-hour", "at:", "twice", "+01:00",
         "share.linkedin.at"),
    Case("at-early", post(SHARE, "  at: 2026-11-20 09:00"), "share-before-post", SHARE, "before its page", "later hour", "share.at",
         severity="warning"),
    Case("as-nobody", post(SHARE, "  linkedin: {as: []}"), "empty-list", "as:", "nobody", "`false`", "share.linkedin.as"),
    Case("as-twice", post(SHARE, "  linkedin: {as: [dana, dana]}"), "named-twice", "as:", "twice", "once", "share.linkedin.as"),
    Case("share-image", post(SHARE, "  linkedin: {image: gone.png, image_alt: x}"), "missing-file", "gone", "gone.png", "beside",
         "share.linkedin.image"),
    Case("share-alt", post(SHARE, "  linkedin: {image: cover.png}"), "missing-alt", "cover", "image_alt", "image_alt:",
         "share.linkedin.image"),
    Case("share-link", post(SHARE, "  linkedin: {link: example.com}"), "bad-link", "link", "https://", "delete the line",
         "share.linkedin.link"),
    Case("again-map", post(SHARE, "  again: {after: 60d}"), "needs-list", "again", "a group", "- after: 60d", "share.again"),
    Case("again-no-after", post(SHARE, "  again:", "    - linkedin: Words"), "missing", "- linkedin", "`after`", "after: 60d",
         "share.again.0"),
    Case("again-days", post(SHARE, "  again:", "    - {after: 60, linkedin: Words}"), "wrong-form", "- {after", "how long", "60d",
         "share.again.0.after"),
    Case("again-empty", post(SHARE, "  again:", "    - after: 60d"), "empty-repeat", "- after", "no network", "linkedin",
         "share.again.0"),
    Case("again-text", post(SHARE, "  again:", "    - later"), "wrong-kind", "- later", "later", "after: 60d", "share.again"),
]  # fmt: skip

FILES: dict[str, bytes | str] = {
    "content/about.md": "# About\n",
    "content/posts/cover.png": PNG,
    "content/posts/chart.png": PNG,
    "content/posts/fake.png": "not a picture",
    "content/posts/empty.png": b"",
    "content/posts/cut.png": PNG[:-4],
    "content/posts/evil.svg": '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "content/posts/onload.svg": '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "content/posts/phone.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "content/posts/phone.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "content/posts/huge.png": PNG.replace((1200).to_bytes(4, "big"), b"\0\0\x23\x28").replace((630).to_bytes(4, "big"), b"\0\0\x17\x70"),
    "content/posts/small.png": PNG.replace((1200).to_bytes(4, "big"), b"\0\0\0@").replace((630).to_bytes(4, "big"), b"\0\0\0@"),
}  # fmt: skip


def read(folder: Path, posts: dict[str, str | bytes], **more: object) -> Content:
    """The content of a small site with these posts."""
    files: dict[str, bytes | str] = {f"content/posts/{name}": text for name, text in posts.items()}
    file = make_site(folder, settings=ALLOWED, files=FILES | files)
    return content.read(settings_module.load(file, {}))


def _line(text: str | bytes, at: str | int) -> int:
    if isinstance(at, int):
        return at
    plain = text if isinstance(text, str) else text.decode("latin-1")
    return next(number for number, line in enumerate(plain.split("\n"), 1) if at in line)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_is_named_with_line_and_fix(case: Case, tmp_path: Path) -> None:
    found = read(tmp_path, {"a.md": case.text})
    assert case.code in {problem.code for problem in found.problems}, found.problems
    problem = next(problem for problem in found.problems if problem.code == case.code)
    assert problem.file == "content/posts/a.md"
    assert problem.line == _line(case.text, case.at)
    assert problem.severity == case.severity
    assert case.message in problem.message
    assert case.fix in problem.fix
    if case.key is not None:
        assert problem.key == case.key
    # One mistake is told once: nothing else is wrong with this file.
    others = {problem.code for problem in found.problems} - {case.code}
    assert others <= {"no-description", "no-author", "missing-title", "unknown-key", "empty-post"}, others
    assert found.count == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_command_says_the_same_as_text_and_json(case: Case, tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"content/posts/a.md": case.text}
    file = make_site(tmp_path, settings=ALLOWED, files=FILES | files)
    done = CliRunner().invoke(cli, ["-f", str(file), "check", "--json"], standalone_mode=False)
    assert done.exception is None, done.exception
    told = json.loads(done.stdout)
    assert told["posts"] == 1
    problem = next(problem for problem in told["problems"] if problem["code"] == case.code)
    assert problem["line"] == _line(case.text, case.at)
    assert case.message in problem["message"]
    assert case.fix in problem["fix"]
    assert done.return_value == (5 if any(item["severity"] == "error" for item in told["problems"]) else 0)
    shown = CliRunner().invoke(cli, ["-f", str(file), "check"], standalone_mode=False)
    assert problem["message"] in shown.stdout
    assert problem["fix"] in shown.stdout
    assert "Traceback" not in shown.output


def test_ten_mistakes_in_ten_files_are_all_told_at_once(tmp_path: Path) -> None:
    chosen = ["windows-1252", "no-front-matter", "no-end", "colon", "misspelt", "no-such-day", "climbing", "image-outside",
              "at-missing", "unknown-author"]  # fmt: skip
    cases = {case.name: case for case in CASES} | {
        "no-front-matter": next(c for c in CASES if c.name == "none")
    }
    posts: dict[str, str | bytes] = {}
    for number, name in enumerate(chosen):
        text = cases[name].text
        if isinstance(text, str):
            text = text.replace("id: hp7", f"id: hp7{number}").replace(
                "honest-pricing", f"honest-pricing-{number}"
            )
        posts[f"p{number}.md"] = text
    told = {(problem.file, problem.code) for problem in read(tmp_path, posts).problems}
    assert told == {(f"content/posts/p{n}.md", cases[name].code) for n, name in enumerate(chosen)}


def test_many_mistakes_in_one_file_are_all_told_at_once(tmp_path: Path) -> None:
    text = post("drfat: true", "campaign: nope", "share:", "  at: soon", "  linkedn: x", date="2026-02-30", slug="../x",
                authors="[jnae]", title="yes", body="[a](gone.md)\n")  # fmt: skip
    codes = sorted(problem.code for problem in read(tmp_path, {"a.md": text}).problems)
    assert codes == ["bad-slug", "bad-time", "missing-file", "needs-quotes", "unknown-author", "unknown-campaign",
                     "unknown-key", "unknown-key", "yaml-value"]  # fmt: skip


def test_a_line_that_yaml_refuses_does_not_hide_the_others(tmp_path: Path) -> None:
    text = post(
        "drfat: true", "share:", "\tlinkedn: x", title="Growth: how", description="Why: because", slug="../x"
    )
    told = [(problem.line, problem.code) for problem in read(tmp_path, {"a.md": text}).problems]
    assert told == [
        (2, "yaml-colon"),
        (3, "yaml-colon"),
        (6, "bad-slug"),
        (9, "unknown-key"),
        (11, "yaml-tab"),
        (11, "unknown-key"),
    ]


def test_a_misspelt_key_is_not_told_as_missing_too(tmp_path: Path) -> None:
    text = post("author: dana", "titel: Words", "summary: Words", drop="authors title description")
    found = read(tmp_path, {"a.md": text})
    assert [(problem.line, problem.code) for problem in found.problems] == [
        (6, "unknown-key"),
        (7, "unknown-key"),
        (8, "unknown-key"),
    ]
    assert found.posts == ()


# --- several files


def test_the_same_id_twice_names_both_files(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.md": post(), "b.md": post(slug="other")})
    told = {(problem.file, problem.line, problem.code): problem for problem in found.problems}
    assert set(told) == {("content/posts/a.md", 5, "duplicate-id"), ("content/posts/b.md", 5, "duplicate-id")}
    assert "content/posts/b.md:5" in told["content/posts/a.md", 5, "duplicate-id"].message
    assert found.bad == {"content/posts/a.md", "content/posts/b.md"}


def test_the_same_address_twice_names_both_files(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.md": post(drop="slug"), "2026/b.md": post(drop="slug", id="other")})
    assert {problem.file for problem in found.problems if problem.code == "duplicate-url"} == {
        "content/posts/a.md",
        "content/posts/2026/b.md",
    }


def test_two_posts_with_the_same_former_address(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {"a.md": post("aliases: [/old/]"), "b.md": post("aliases: [/Old]", id="other", slug="other")},
    )
    (problem,) = found.problems
    assert (problem.file, problem.code) == ("content/posts/b.md", "alias-taken")
    assert "content/posts/a.md" in problem.message


def test_a_link_to_a_draft_leads_nowhere(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"a.md": post(body="[b](b.md)\n"), "b.md": post("draft: true", id="other", slug="other")}
    )
    assert [(problem.file, problem.code) for problem in found.problems] == [
        ("content/posts/a.md", "link-not-public")
    ]


def test_a_file_beside_the_posts_that_the_builder_would_take_for_one(tmp_path: Path) -> None:
    make_site(tmp_path, files={"content/posts-old/x.md": "# X\n", "content/posts/y.markdown": post()})
    found = content.read(settings_module.load(tmp_path / "mkdocs.yml", {}))
    assert {(problem.file, problem.code) for problem in found.problems} == {
        ("content/posts-old/x.md", "beside-posts"),
        ("content/posts/y.markdown", "wrong-suffix"),
    }


@pytest.mark.skipif(os.name == "nt", reason="needs a right on Windows")
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "secret.md"
    outside.write_text(post())
    site = make_site(tmp_path / "site", posts={"b.md": post()})
    (site.parent / "content/posts/a.md").symlink_to(outside)
    (site.parent / "content/posts/loop").symlink_to(site.parent / "content")
    (site.parent / "content/posts/gone.md").symlink_to(site.parent / "content/nothing.md")
    found = content.read(settings_module.load(site, {}))
    assert {(problem.file, problem.code) for problem in found.problems} == {
        ("content/posts/a.md", "outside-tree"),
        ("content/posts/gone.md", "missing-file"),
    }
    assert [found_post.path for found_post in found.posts] == ["content/posts/b.md"]


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("byline.content.source._bytes", refuse)
    (problem,) = read(tmp_path, {"a.md": post()}).problems
    assert problem.code == "unreadable"
    assert "Permission denied" in problem.message


# --- what is read as meant


def test_a_whole_post(tmp_path: Path) -> None:
    text = post(
        "tags: [renewals]", "image: /posts/cover.png", "image_alt: A tag", "campaign: q4-renewals", "audience: [manufacturers]",
        "series: Honest numbers", "aliases: [/old/pricing/]", "effort: 5h", "pin: true", "hide: [toc]", "readtime: 3",
        "search: {boost: 2}", "template: post.html", "links:", "  - about.md", "  - More: [about.md#x, 'https://a.example']",
        date="{created: 2026-11-24 09:00:00, updated: 2026-12-01}", authors="[dana, lee]",
        body="Opening **words**.\n\n<!-- more -->\n\nThe rest.\n",
    )  # fmt: skip
    found = read(tmp_path, {"2026/a.md": text})
    (problem,) = [problem for problem in found.problems if problem.severity == "error"] or [None]
    assert problem is None
    (read_post,) = found.posts
    assert read_post.path == "content/posts/2026/a.md"
    assert read_post.src_uri == "posts/2026/a.md"
    assert read_post.url == "posts/honest-pricing/"
    assert read_post.published.isoformat() == "2026-11-24T09:00:00+01:00"
    assert read_post.updated is not None
    assert read_post.updated.isoformat() == "2026-12-01T00:00:00+01:00"
    assert read_post.image == "posts/cover.png"
    assert read_post.excerpt == "Opening words."
    assert read_post.effort == timedelta(hours=5)
    assert read_post.aliases == ("/old/pricing/",)
    assert read_post.line("aliases.0") == _line(text, "aliases")


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-24 09:00", "2026-11-24T09:00:00+01:00"),
        ("2026-11-24 09:00:00", "2026-11-24T09:00:00+01:00"),
        ("2026-11-24T09:00", "2026-11-24T09:00:00+01:00"),
        ('"2026-11-24 09:00"', "2026-11-24T09:00:00+01:00"),
        ("2026-11-24 09:00:00+00:00", "2026-11-24T10:00:00+01:00"),
        ("2026-11-24 08:00Z", "2026-11-24T09:00:00+01:00"),
        ("11:00", "2026-11-24T11:00:00+01:00"),  # YAML reads it as 660
        ("660", "2026-11-24T11:00:00+01:00"),
        ('"11:00"', "2026-11-24T11:00:00+01:00"),
        ("09:30", "2026-11-24T09:30:00+01:00"),
        ("2026-10-25 02:30+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25 02:30+01:00", "2026-10-25T02:30:00+01:00"),
    ],
)
def test_hours_are_read_as_meant(written: str, hour: str, tmp_path: Path) -> None:
    found = read(tmp_path, {"a.md": post("share:", f"  at: {written}", date="2026-11-24")})
    share = found.posts[0].share
    assert [problem for problem in found.problems if problem.severity == "error"] == []
    assert share is not None
    assert share.at is not None
    assert share.at.isoformat() == hour


def test_every_shape_of_share(tmp_path: Path) -> None:
    text = post(
        "share:", "  at: 2026-11-26 09:00", "  linkedin:", "    as: [company, dana]", "    text: |", "      Words.",
        "    accounts:", "      dana: {at: 11:00, text: Mine.}", "  x: [One, Two]", "  mastodon: false", "  bluesky: true",
        "  again:", "    - after: 60d", "      linkedin: Again.", "    - {after: 8w, x: Later.}",
    )  # fmt: skip
    share = read(tmp_path, {"a.md": text}).posts[0].share
    assert share is not None
    linkedin = share.networks["linkedin"]
    assert linkedin.texts == ("Words.\n",)
    assert linkedin.as_ == ("company", "dana")
    at = linkedin.accounts["dana"].at
    assert at is not None
    assert at.isoformat() == "2026-11-26T11:00:00+01:00"  # the day of the section, not of the post
    assert share.networks["twitter"].texts == ("One", "Two")
    assert share.networks["mastodon"].off
    assert not share.networks["bluesky"].off
    assert [(again.after.days, list(again.networks)) for again in share.again] == [
        (60, ["linkedin"]),
        (56, ["twitter"]),
    ]


def test_a_repeat_that_cannot_be_read_keeps_its_place(tmp_path: Path) -> None:
    text = post("share:", "  again:", "    - oops", "    - {after: 9d, linkedin: Later.}")
    share = read(tmp_path, {"a.md": text}).posts[0].share
    assert share is not None
    assert [list(again.networks) for again in share.again] == [[], ["linkedin"]]


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "a.md": b"\xef\xbb\xbf" + post().replace("\n", "\r\n").encode(),
            "b.md": post(id="bbb", slug="b").replace("\n", "\r").encode(),
        },
    )
    assert found.problems == ()
    assert [item.body for item in found.posts] == ["Some words.", "Some words."]


def test_lines_in_the_text_are_those_of_the_file(tmp_path: Path) -> None:
    text = post(
        body="\n\n\n# One\n\n```\n[not](a-link.md)\n```\n<!-- [nor](this.md) -->\n`[nor](that.md)`\n[gone](gone.md)\n"
    )
    (problem,) = read(tmp_path, {"a.md": text}).problems
    assert problem.line == _line(text, "[gone]")


def test_dashes_in_the_text_end_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.md": post(body="One\n\n----\n\nTwo\n\n---\n\nThree\n\n...\n")})
    assert found.problems == ()
    assert found.posts[0].body.endswith("Three\n\n...")


def test_a_heading_is_the_title_where_there_is_none(tmp_path: Path) -> None:
    found = read(tmp_path, {"a.md": post(drop="title slug", body="# Über uns #\n\nWords.\n")})
    assert [(item.title, item.slug) for item in found.posts] == [("Über uns", "ueber-uns")]


def test_bad_is_what_stops_the_page_and_no_mistake_under_share(tmp_path: Path) -> None:
    found = read(tmp_path, {
        "a.md": post(SHARE, "  at: soon"),
        "b.md": post("drfat: true", id="bbb", slug="b"),
        "c.md": post("image_alt: unused", id="ccc", slug="c"),
    })  # fmt: skip
    assert found.bad == {"content/posts/b.md"}
    assert {one.file for one in found.problems if one.severity == "error"} - found.bad == {
        "content/posts/a.md"
    }


def test_public_is_what_readers_may_see_newest_first(tmp_path: Path) -> None:
    found = read(tmp_path, {
        "a.md": post(date="2026-11-20"),
        "b.md": post(date="2026-11-24", id="bbb", slug="b"),
        "c.md": post(date="2026-11-25", id="ccc", slug="c"),
        "d.md": post("draft: true", date="2026-11-01", id="ddd", slug="d"),
    })  # fmt: skip
    assert [item.id for item in content.public(found, NOW)] == ["bbb", "hp7"]
    # Midnight in Berlin, not in UTC.
    assert len(content.public(found, datetime(2026, 11, 24, 23, 0, tzinfo=UTC))) == 3
    assert len(content.public(found, datetime(2026, 11, 24, 22, 59, tzinfo=UTC))) == 2


# --- authors


@pytest.mark.parametrize(
    ("authors", "code", "line", "message"),
    [
        ("authors:\n  dana:\n    name: Dana\n    description: Founder\n", "missing", 2, "`dana` has no `avatar`"),
        ("authors:\n  dana: {name: D, description: F, avatar: assets/dna.svg}\n", "missing-file", 2, "assets/dna.svg"),
        ("authors:\n  dana: {name: D, description: F, avatar: assets/dana.svg, nmae: x}\n", "unknown-key", 2, "nmae"),
        ("authors:\n  Dana R: {name: D, description: F, avatar: assets/dana.svg}\n", "wrong-form", 2, "Dana R"),
        ("author:\n  dana: {}\n", "unknown-key", 1, "author"),
        ("- dana\n", "wrong-kind", 1, "a list"),
        ("authors:\n  dana: [x\n", "yaml-structure", 2, "not closed"),
        ("authors:\n  dana: {name: yes, description: F, avatar: assets/dana.svg}\n", "needs-quotes", 2, "yes/no"),
        ("authors:\n  dana: {name: D, description: F, avatar: 'https://x.example/d.png'}\n", "remote-image", 2, "portrait"),
        ("authors:\n  dana: {name: D, description: F, avatar: assets/dana.svg, linkedin: dana}\n", "not-a-url", 2, "`dana`"),
    ],
)  # fmt: skip
def test_authors_are_read_with_the_same_care(
    authors: str, code: str, line: int, message: str, tmp_path: Path
) -> None:
    file = make_site(tmp_path, authors=authors)
    problem = next(
        problem for problem in content.read(settings_module.load(file, {})).problems if problem.code == code
    )
    assert (problem.file, problem.line) == ("content/.authors.yml", line)
    assert message in problem.message


# --- anything at all


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), framed=st.booleans())
def test_no_bytes_make_it_fail(data: bytes, framed: bool, tmp_path: Path) -> None:
    found = read(tmp_path, {"a.md": b"---\n" + data + b"\n---\nWords\n" if framed else data})
    assert found.count == 1
    assert found.posts or found.problems


_PIECES = st.sampled_from(
    ["---", "----", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "!!set ", "!!int ", "!!timestamp ", "|", ">", "'", '"', "\n", "  ",
     "\t", "#", "null", "yes", "2026-02-30", "1e999", "12:60", "\u2028", "\ufeff", "\x85", "🎉", "<<: ", "? ", "0b", "=", "![](", "](",
     "<img ", "<!-- ", "```", "share:", "again:", "x: ", "as: ", "at: ", "date: ", "id: ", "../", "http://[", "//", "%00", "\\"]
)  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 12), st.one_of(_PIECES, st.text(max_size=6))),
        min_size=1,
        max_size=6,
    )
)
def test_no_edit_of_a_good_post_makes_it_fail(edits: list[tuple[int, int, str]], tmp_path: Path) -> None:
    text = post(
        "image: cover.png", "image_alt: A tag", "campaign: q4-renewals", "aliases: [/old/]", "effort: 5h", "links: [about.md]",
        "share:", "  at: 2026-11-24 09:00", "  linkedin: {as: [dana], text: Words, at: 11:00}", "  x: [One, '{link}']",
        "  again:", "    - {after: 60d, linkedin: Other}", body="Opening [a](../about.md) ![b](cover.png)\n\n<!-- more -->\n\nRest.\n",
    )  # fmt: skip
    for at, cut, put in edits:
        text = text[:at] + put + text[at + cut :]
    found = read(tmp_path, {"a.md": text.encode("utf-8", "surrogatepass")})
    assert found.posts or found.problems
    for problem in found.problems:
        assert problem.message
        assert problem.fix
        assert 0 <= problem.line <= text.count("\n") + text.count("\r") + 2


def test_a_table_of_cases_has_no_double_names() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert replace(CASES[0], name="other").name == "other"
