"""Hugo's shortcodes and Jekyll's Liquid in a text -> plain Markdown. Nothing is run; what only the old program can fill is noted."""

from __future__ import annotations

import re
from collections.abc import Callable

from byline.importing.html import label, target, watchable
from byline.importing.markdown import prose

Note = Callable[[str], None]
_ARGUMENT = re.compile(r"(?:([\w-]+)\s*=\s*)?(?:\"((?:[^\"\\]|\\.)*)\"|`([^`]*)`|'([^']*)'|([^\s\"'`=]+))")
_CLOSED = re.compile(
    r"\{\{[<%]\s*highlight\s+(.*?)\s*[%>]\}\}\n?(.*?)\{\{[<%]\s*/\s*highlight\s*[%>]\}\}", re.S
)
_CODE = re.compile(
    r"\{\{[<%]\s*(/?)\s*([\w./-]+)\s*((?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\"`{}])*?)\s*/?\s*[%>]\}\}", re.S
)
_SHOWN = re.compile(r"\{\{(<|%)/\*\s*(.*?)\s*\*/(>|%)\}\}", re.S)
_LIQUID_CODE = re.compile(
    r"\{%-?\s*highlight\s+(\w[\w+-]*)[^%]*-?%\}\n?(.*?)\{%-?\s*endhighlight\s*-?%\}", re.S
)
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.S)
_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}", re.S)
_TAG = re.compile(r"\{%-?\s*(\w+)\s*(.*?)\s*-?%\}", re.S)
_VALUE = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.S)
_KEPT = "\ue000{}\ue001"


def arguments(text: str) -> tuple[list[str], dict[str, str]]:
    """Positions and names."""
    places, named = [], {}
    for match in _ARGUMENT.finditer(text):
        value = next((part for part in match.groups()[1:] if part is not None), "")
        if match[1]:
            named[match[1].lower()] = value
        else:
            places.append(value)
    return places, named


def hugo(text: str, note: Note) -> str:
    """Shortcodes of Hugo itself become what they stand for; of others their inner text stays."""
    kept: list[str] = []

    def fence(match: re.Match[str]) -> str:
        places, _ = arguments(match[1])
        return f"\n```{places[0] if places else ''}\n{match[2].rstrip()}\n```\n"

    def example(match: re.Match[str]) -> str:
        kept.append(f"{{{{{match[1]} {match[2]} {match[3]}}}}}")
        return _KEPT.format(len(kept) - 1)

    told: set[str] = set()

    def one(match: re.Match[str]) -> str:
        return "" if match[1] else _shortcode(match[2], match[3], note, told)

    text = _CLOSED.sub(fence, text)
    text = _SHOWN.sub(example, text)
    text = prose(text, lambda part: _CODE.sub(one, part))
    return re.sub(r"\ue000(\d+)\ue001", lambda m: kept[int(m[1])] if int(m[1]) < len(kept) else "", text)


def _shortcode(name: str, rest: str, note: Note, told: set[str]) -> str:
    places, named = arguments(rest)
    first = places[0] if places else ""
    match name.lower():
        case "figure" | "img" | "image":
            source = named.get("src") or first
            words = named.get("alt") or named.get("caption") or named.get("title") or ""
            caption = named.get("caption", "")
            picture = f"![{label(words)}]({target(source)})" if source else ""
            if picture and named.get("link"):
                picture = f"[{picture}]({target(named['link'])})"
            return f"\n\n{picture}\n\n" + (f"*{caption}*\n\n" if caption and "*" not in caption else "")
        case "ref" | "relref":
            return named.get("path") or first
        case "youtube":
            return f"<https://www.youtube.com/watch?v={named.get('id') or first}>"
        case "vimeo":
            return f"<https://vimeo.com/{named.get('id') or first}>"
        case "tweet" | "x" | "twitter":
            user, number = named.get("user", "i/web"), named.get("id") or (places[-1] if places else "")
            return f"<https://twitter.com/{user}/status/{number}>" if re.fullmatch(r"\d+", number) else ""
        case "instagram":
            return f"<https://www.instagram.com/p/{named.get('id') or first}/>"
        case "gist":
            return f"<https://gist.github.com/{'/'.join(places[:2])}>"
        case "details" | "param" | "qr" if name.lower() == "details":
            return f"\n\n**{named.get('summary', 'Details')}**\n\n"
        case _:
            if name not in told:
                told.add(name)
                note(f"the shortcode `{name[:60]}` was taken out: the old theme filled it")
            return ""


def jekyll(text: str, note: Note, *, post: Callable[[str], str], site: dict[str, str]) -> str:
    """Liquid: code, links to posts and the site's own values are filled in; other tags go, what stands between stays.

    `post` gives the file of a post by its name; `site` has the values of `site.…` and `page.…` that are known.
    """
    kept: list[str] = []

    def keep(words: str) -> str:
        kept.append(words)
        return _KEPT.format(len(kept) - 1)

    told: set[str] = set()

    def tell(what: str) -> str:
        if what not in told:
            told.add(what)
            note(f"the Liquid `{what[:60]}` was taken out: only Jekyll can fill it")
        return ""

    def tag(match: re.Match[str]) -> str:
        name, rest = match[1], match[2]
        if name == "post_url":
            return post(rest.strip().strip("\"'")) or tell(match[0])
        if name == "link":
            return "/" + rest.strip().strip("\"'").lstrip("/") if "{{" not in rest else tell(match[0])
        if name == "include" and "youtube" in rest:
            number = re.search(r"id\s*=\s*[\"']?([\w-]{6,})", rest)
            return (
                f"<{watchable('https://www.youtube.com/embed/' + number[1])}>" if number else tell(match[0])
            )
        return "" if name.startswith("end") else tell(f"{{% {name} %}}")

    def value(match: re.Match[str]) -> str:
        words = match[1]
        text = re.match(r"[\"']([^\"']*)[\"']", words)
        known = text[1] if text else site.get(words.partition("|")[0].strip())
        if known is None:
            return tell(f"{{{{ {words} }}}}")
        if text and re.search(r"\|\s*(?:relative_url|absolute_url|prepend:\s*site\.(?:baseurl|url))", words):
            return site.get("site.baseurl", "") + known if known.startswith("/") else known
        return known

    text = _COMMENT.sub("", text)
    text = _RAW.sub(lambda m: keep(m[1]), text)
    text = _LIQUID_CODE.sub(lambda m: "\n" + keep(f"```{m[1]}\n{m[2].rstrip()}\n```") + "\n", text)
    text = _VALUE.sub(value, _TAG.sub(tag, text))  # Jekyll fills Liquid before it looks for code
    return re.sub(r"\ue000(\d+)\ue001", lambda m: kept[int(m[1])] if int(m[1]) < len(kept) else "", text)
