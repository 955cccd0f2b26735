"""The theme's own words, in the language of the site: English and German; any of them can be set in mkdocs.yml.

`{name}`, `{n}` and `{of}` stand for what the page knows. What Material itself shows (search, skip links) it has in more
than sixty languages.
"""

from __future__ import annotations

from collections.abc import Mapping

_WORDS: Mapping[str, tuple[str, str]] = {
    # key: English, German
    "skip": ("Skip to content", "Zum Inhalt springen"),
    "main": ("Main", "Hauptmenü"),
    "menu": ("Menu", "Menü"),
    "search": ("Search", "Suche"),
    "colours": ("Colours", "Farben"),
    "dark": ("Switch to dark mode", "Dunkle Darstellung"),
    "light": ("Switch to light mode", "Helle Darstellung"),
    "latest": ("Latest", "Neu"),
    "topics": ("Topics", "Themen"),
    "topic": ("Topic", "Thema"),
    "authors": ("Authors", "Autoren"),
    "writers": ("Who writes here", "Wer hier schreibt"),
    "follow": ("Follow", "Folgen"),
    "privacy": ("Privacy", "Datenschutz"),
    "archive": ("Archive", "Archiv"),
    "home": ("Home", "Startseite"),
    "none_yet": ("The first article is on its way.", "Der erste Artikel ist unterwegs."),
    "articles": ("Articles", "Artikel"),
    "all": ("All articles", "Alle Artikel"),
    "one_article": ("1 article", "1 Artikel"),
    "some_articles": ("{n} articles", "{n} Artikel"),
    "page": ("page {n}", "Seite {n}"),
    "pages": ("Pages", "Seiten"),
    "minutes": ("{n} min read", "{n} Min. Lesezeit"),
    "updated": ("updated", "aktualisiert am"),
    "and": ("and", "und"),
    "part": ("part {n} of {of}", "Teil {n} von {of}"),
    "tags": ("Tags", "Schlagwörter"),
    "share": ("Share", "Teilen"),
    "email": ("E-mail", "E-Mail"),
    "website": ("Website", "Website"),
    "about": ("About {name}", "Über {name}"),
    "written_by": ("Written by", "Von"),
    "task_done": ("Done", "Erledigt"),
    "task_open": ("To do", "Offen"),
    "permalink": ("Permanent link", "Link zu dieser Stelle"),
    "footnote_back": ("Back to footnote {n} in the text", "Zurück zu Fußnote {n} im Text"),
    "moved": ("This page is now at", "Diese Seite steht jetzt unter"),
    "related": ("Read next", "Weiterlesen"),
    "until_then": ("Until then", "Bis dahin"),
    "not_found": ("There is nothing at this address", "Unter dieser Adresse ist nichts"),
    "not_found_title": ("Not found", "Nicht gefunden"),
    "not_found_why": (
        "The page may have moved, or the link has a slip in it.",
        "Vielleicht ist die Seite umgezogen, oder der Link hat einen Fehler.",
    ),
    "not_found_home": ("Start at the home page", "Zur Startseite"),
    "ask": ("A question about this?", "Eine Frage dazu?"),
    "ask_author": (
        "Write to {name} or whoever knows best. A person answers.",
        "Schreiben Sie {name} oder wer es am besten weiß. Ein Mensch antwortet.",
    ),
    "ask_us": ("Write to us. A person answers.", "Schreiben Sie uns. Ein Mensch antwortet."),
    "field_name": ("Name", "Name"),
    "field_first": ("First name", "Vorname"),
    "field_last": ("Last name", "Nachname"),
    "field_email": ("E-mail", "E-Mail"),
    "field_company": ("Company", "Firma"),
    "field_heard": ("How did you hear of us?", "Wie haben Sie von uns erfahren?"),
    "field_message": ("Your question", "Ihre Frage"),
    "field_empty": ("Leave this empty", "Bitte leer lassen"),
    "optional": ("optional", "freiwillig"),
    "send": ("Send", "Senden"),
    "only_to_answer": ("Only used to answer you.", "Nur, um Ihnen zu antworten."),
    "how_treated": ("How we treat it:", "Wie wir damit umgehen:"),
    "privacy_link": ("privacy", "Datenschutz"),
    "privacy_choices": ("Privacy choices", "Datenschutz-Einstellungen"),
    "remember": (
        "Remember on this device how I found this site, for up to {n} days. It is sent to us only together with a form, and"
        " forgotten when you untick this.",
        "Auf diesem Gerät bis zu {n} Tage lang merken, wie ich hierher gefunden habe. Es wird nur zusammen mit einem Formular"
        " gesendet und vergessen, sobald Sie das Häkchen entfernen.",
    ),
    "consent": (
        "Send me new articles by e-mail, about once a month. I can stop this at any time.",
        "Senden Sie mir neue Artikel per E-Mail, etwa einmal im Monat. Ich kann das jederzeit beenden.",
    ),
    "signup": ("New articles, as they come out", "Neue Artikel, sobald sie erscheinen"),
    "signup_mail": (
        "Leave your address, and they come to you by e-mail.",
        "Mit Ihrer Adresse kommen sie zu Ihnen per E-Mail.",
    ),
    "signup_send": ("Sign up", "Anmelden"),
    "signup_terms": (
        "For new articles alone. You can stop at any time.",
        "Nur für neue Artikel. Sie können das jederzeit beenden.",
    ),
    "signup_link": ("By e-mail", "Per E-Mail"),
    "signup_feed": (
        "A feed reader shows them all, and nobody learns your address:",
        "Ein Feedreader zeigt sie alle, und niemand erfährt Ihre Adresse:",
    ),
    "feed": ("This is a feed.", "Das ist ein Feed."),
    "feed_why": (
        "Copy its address into a feed reader, and new articles come to you. Nobody learns your e-mail address.",
        "Kopieren Sie seine Adresse in einen Feedreader, und neue Artikel kommen zu Ihnen. Niemand erfährt Ihre"
        " E-Mail-Adresse.",
    ),
    "feed_page": ("Go to the page", "Zur Seite"),
    "thanks": ("Thank you", "Vielen Dank"),
    "arrived": (
        "Your message has arrived. A person will read it and answer you.",
        "Ihre Nachricht ist angekommen. Ein Mensch liest sie und antwortet Ihnen.",
    ),
    "submitted": (
        "Your message has been submitted. A person will read it and answer you. If you hear nothing within a few days,"
        " please write or call us.",
        "Ihre Nachricht wurde übermittelt. Ein Mensch liest sie und antwortet Ihnen. Wenn Sie in einigen Tagen nichts hören,"
        " schreiben Sie uns bitte oder rufen Sie an.",
    ),
}
KEYS = frozenset(_WORDS)


def words(language: str, own: Mapping[str, str]) -> dict[str, str]:
    """Every word by its key. `language` as in `theme.language`; another than German is English. `own` comes first."""
    german = language.lower().replace("_", "-").partition("-")[0] == "de"
    return {key: both[german] for key, both in _WORDS.items()} | dict(own)
