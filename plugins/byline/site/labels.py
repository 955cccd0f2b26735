"""What stands beside the fields of the editor's page, in German; in every other language it is English, as the posts' keys are.

The editor's own buttons and messages speak the writer's language by themselves.
"""

from __future__ import annotations

from typing import Any

_GERMAN = {
    "Posts": "Artikel",
    "Post": "Artikel",
    "Title": "Titel",
    "Description": "Beschreibung",
    "What the reader takes away, in one sentence. Networks and search engines show it.": (
        "Was der Leser mitnimmt, in einem Satz. Netzwerke und Suchmaschinen zeigen ihn."
    ),
    "Day": "Tag",
    "In the future: nobody sees the post before that day.": (
        "In der Zukunft: Vor diesem Tag sieht den Artikel niemand."
    ),
    "Authors": "Autoren",
    "Topic": "Thema",
    "Text": "Text",
    "Picture": "Bild",
    "Beside the post. Without one a card is drawn.": (
        "Liegt beim Artikel. Ohne Bild wird eine Karte gezeichnet."
    ),
    "What the picture shows": "Was auf dem Bild zu sehen ist",
    "For people who cannot see it.": "Für Menschen, die es nicht sehen können.",
    "Tags": "Schlagwörter",
    "Series": "Reihe",
    "Posts with the same words here are parts of one series.": (
        "Artikel mit denselben Worten an dieser Stelle sind Teile einer Reihe."
    ),
    "Campaign": "Kampagne",
    "For whom": "Für wen",
    "Time it took": "Arbeitszeit",
    "Such as 5h or 90m. The report counts it as cost.": (
        "Etwa 5h oder 90m. Der Bericht rechnet sie zu den Kosten."
    ),
    "Keep it back as a draft": "Als Entwurf zurückhalten",
    "Word in the address": "Wort in der Adresse",
    "Small letters and hyphens. Leave it as it is once the post is out.": (
        "Kleinbuchstaben und Bindestriche. Nach dem Erscheinen nicht mehr ändern."
    ),
    "small letters, digits and single hyphens": "Kleinbuchstaben, Ziffern und einzelne Bindestriche",
    "Former addresses": "Frühere Adressen",
    "Each begins with a slash: /old/pricing/": "Jede beginnt mit einem Schrägstrich: /alt/preise/",
    "First published at": "Zuerst erschienen unter",
    "The whole address, when that was elsewhere.": "Die ganze Adresse, wenn das anderswo war.",
    "Id": "Kennung",
    "What the networks say": "Was die Netzwerke sagen",
    "When": "Wann",
    "Such as 2026-11-24 09:00. Empty: as soon as the post is online.": (
        "Etwa 2026-11-24 09:00. Leer: sobald der Artikel online ist."
    ),
    "a time such as 09:00, or a day and a time": "eine Uhrzeit wie 09:00, oder Tag und Uhrzeit",
    "Words": "Worte",
    "Empty: the description. The link is added.": "Leer: die Beschreibung. Der Link kommt dazu.",
    "From": "Von",
    "Writing needs JavaScript; reading the site does not.": (
        "Zum Schreiben braucht es JavaScript, zum Lesen nicht."
    ),
    "write": "schreiben",
}
_SHOWN = frozenset({"label", "label_singular", "hint"})


def said(words: str, language: str) -> str:
    """The words in the site's language, as in `theme.language`; English where they have no German, and elsewhere."""
    german = language.lower().replace("_", "-").partition("-")[0] == "de"
    return _GERMAN.get(words, words) if german else words


def spoken(field: Any, language: str) -> Any:
    """A field or a collection with its label, its hint and what it asks of a text in the site's language.

    The choices of a field are the company's own names and stay as they are.
    """
    if isinstance(field, list):
        return [spoken(one, language) for one in field]
    if not isinstance(field, dict):
        return field
    made: dict[str, Any] = {}
    for key, value in field.items():
        if key in _SHOWN:
            made[key] = said(value, language)
        elif key == "pattern":
            made[key] = [value[0], said(value[1], language)]
        elif key == "fields":
            made[key] = spoken(value, language)
        else:
            made[key] = value
    return made
