"""The theme speaks the site's language, and any of its words can be the company's own."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from byline import settings, wording
from byline.errors import SettingsError
from byline.site import sanitise
from site_sample import run

# What a template or a form once had fixed in it; English words of the sample's own posts are not among them.
ENGLISH = re.compile(
    r"min read|Read next|>Latest<|>Topics<|>Authors<|>Follow<|>Privacy<|>Send<|Thank you|Written by|Who writes here|"
    r"About Dana|part 1 of|updated <|A question about|Your question|First name|Leave this empty|Remember on this|"
    r"Go to the page|This is a feed|Skip to content|Not found|nothing at this|\d articles?<|>page 2<|Archive 2026|"
    r'E-mail<|Switch to|"Home"|Send me new|Only used|How we treat|Until then|aria-label="(?:Main|Menu|Pages|Tags|Share|'
    r'Articles|Search|Colours|Done|To do)"|title="Search"|Permanent link|footnote \d|is now at|New articles|Sign up<|By e-mail<|feed reader shows"'
)


def test_a_german_site_has_no_english_words_of_ours(own_site: Path) -> None:
    text = own_site.read_text().replace("name: material", "name: material\n  language: de")
    text = text.replace(
        "      timezone:", "      pages: {words: {related: 'Mehr & <mehr>: dazu'}}\n      timezone:"
    )
    text = text.replace("extensions: [", "extensions: [{pymdownx.tasklist: {custom_checkbox: true}}, ")
    own_site.write_text(text.replace("- Privacy:", "- Daten:"))
    (own_site.parent / "content/privacy.md").write_text(
        "# Daten\n\n- [x] nichts\n- [ ] alles[^1]\n\n[^1]: Nein.\n"
    )
    folder = run(own_site).folder
    pages = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.html")}
    pages |= {"feed.xsl": (folder / "assets/byline/feed.xsl").read_text()}
    told = [
        f"{name}: {found[0]}"
        for name, page in pages.items()
        if not name.startswith("admin/")
        for found in ENGLISH.finditer(unescape(page))
    ]
    assert told == []
    post = pages["posts/honest-pricing/index.html"]
    assert "Mehr &amp; &lt;mehr&gt;: dazu" in post
    assert "1 Min. Lesezeit" in post
    assert "Teil 2 von 2" in post
    assert "Vielen Dank" in pages["thanks/index.html"]
    assert "Ihre Frage" in pages["contact/index.html"]
    assert "Diese Seite steht jetzt unter" in pages["old/nasty/index.html"]
    page = pages["privacy/index.html"]
    assert re.findall(r'<input aria-label="(\w+)"', page) == ["Erledigt", "Offen"]
    assert 'title="Zurück zu Fußnote 1 im Text"' in page
    assert 'title="Link zu dieser Stelle"' in page


def test_what_extensions_say_is_in_the_sites_language_and_a_companys_own_words_stay() -> None:
    said = wording.words("de", {"task_done": 'Fertig & "gut"'})
    boxes = '<input type="checkbox" disabled="" checked=""><input type="checkbox" disabled=""><input type="checkbox">'
    assert sanitise.spoken(boxes, said) == (
        '<input aria-label="Fertig &amp; &quot;gut&quot;" type="checkbox" disabled="" checked="">'
        '<input aria-label="Offen" type="checkbox" disabled=""><input type="checkbox">'
    )
    own = '<a class="headerlink" href="#a" title="Anker">#</a><a class="other" title="Permanent link">x</a>'
    assert sanitise.spoken(own, said) == own


def test_english_is_what_every_other_language_gets_until_it_is_set() -> None:
    assert wording.words("fr", {})["send"] == "Send"
    assert wording.words("de-AT", {})["send"] == "Senden"
    assert wording.words("fr", {"send": "Envoyer"})["send"] == "Envoyer"
    english, german = wording.words("en", {}), wording.words("de", {})
    for key in wording.KEYS:
        holes = re.findall(r"\{\w+\}", english[key])
        assert sorted(holes) == sorted(re.findall(r"\{\w+\}", german[key])), key


def test_a_word_that_the_theme_does_not_have_is_a_mistake(own_site: Path) -> None:
    text = own_site.read_text()
    own_site.write_text(
        text.replace("      timezone:", "      pages: {words: {relatd: More}}\n      timezone:")
    )
    with pytest.raises(SettingsError, match="relatd") as stop:
        settings.load(own_site, {})
    assert "related" in stop.value.problems[0].fix


def test_no_word_stands_in_the_style_sheet() -> None:
    from importlib import resources

    sheet = resources.files("byline.site").joinpath("byline.css").read_text(encoding="utf-8")
    assert re.findall(r'content:\s*"[^"]*[A-Za-z]{2,}[^"]*"', sheet) == []
