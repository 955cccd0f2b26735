"""A post's Markdown as HTML that mail clients show: sanitised, styled in place, every link whole and ours tagged."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from byline import text as texts

_MORE = re.compile(r"<!--\s*more\s*-->")
_TITLE = re.compile(r"\A\s*#[ \t][^\n]*\n+")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.M)
_NO_SOURCE = re.compile(r"<img\b(?![^>]*\bsrc=)[^>]*>")
_TAGS = frozenset(
    "p br strong em b i a ul ol li blockquote code pre h2 h3 h4 h5 hr img table thead tbody tr th td "  # noqa: SIM905
    "del sup sub dl dt dd".split()
)
_STYLES = {
    "p": "margin:0 0 16px 0",
    "ul": "margin:0 0 16px 0;padding:0 0 0 24px",
    "ol": "margin:0 0 16px 0;padding:0 0 0 24px",
    "li": "margin:0 0 6px 0",
    "blockquote": "margin:0 0 16px 0;padding:0 0 0 16px;border-left:3px solid #c4cad1",
    "h2": "margin:24px 0 8px 0;font-size:21px;line-height:1.3",
    "h3": "margin:20px 0 8px 0;font-size:18px;line-height:1.3",
    "h4": "margin:16px 0 8px 0;font-size:16px;line-height:1.3",
    "h5": "margin:16px 0 8px 0;font-size:16px;line-height:1.3",
    "pre": "margin:0 0 16px 0;padding:12px;background-color:#eef0f2;color:#1c2126;font-size:14px;white-space:pre-wrap",
    "img": "display:block;max-width:100%;height:auto;border:0",
    "table": "border-collapse:collapse;margin:0 0 16px 0",
    "th": "text-align:left;padding:6px 12px 6px 0;border-bottom:2px solid #c4cad1",
    "td": "text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid #c4cad1",
    "hr": "border:0;border-top:1px solid #c4cad1;margin:24px 0",
}


def opening(body: str) -> str:
    """What stands before `<!-- more -->`, else the first paragraph; without the headline that repeats the title."""
    bare = _TITLE.sub("", body)
    parts = _MORE.split(bare, maxsplit=1)
    if len(parts) > 1:
        return parts[0].strip()
    for block in re.split(r"\n[ \t]*\n", bare):
        if texts.plain(block) and not block.lstrip().startswith(("#", "!!!", "???")):
            return "" if _FENCE.search(block) else block.strip()
    return ""


def whole(body: str) -> str:
    """The body without the headline that repeats the title and without the mark of its opening."""
    return _MORE.sub("", _TITLE.sub("", body)).strip()


def to_html(markdown: str, *, base: str, site_url: str, link: Callable[[str], str], colour: str) -> str:
    """The Markdown as sanitised HTML with styles in place.

    Relative addresses are seen from `base`. Links go through `link`, which tags ours; a link to another Markdown file
    keeps its words alone, for its page's address is not known here. Pictures are those of the site; any other would
    tell a stranger who opened the mail.
    """
    import nh3
    from markdown import Markdown

    site = urlsplit(site_url).hostname

    def kept(tag: str, name: str, value: str) -> str | None:
        whole_address = urljoin(base, value.strip())
        if tag == "a" and name == "href":
            if urlsplit(value).path.endswith(".md") and not urlsplit(value).scheme:
                return None
            return link(whole_address) if whole_address.startswith(("http://", "https://")) else value
        if tag == "img" and name == "src":
            return whole_address if urlsplit(whole_address).hostname == site else None
        return value

    made = Markdown(extensions=["extra", "sane_lists", "admonition"], output_format="html").convert(markdown)
    made = re.sub(r"<(/?)h1\b", r"<\1h2", made)
    clean: str = nh3.clean(
        made,
        tags=set(_TAGS),
        attributes={"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}, "th": set(), "td": set()},
        attribute_filter=kept,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        set_tag_attribute_values={
            **{tag: {"style": style} for tag, style in _STYLES.items()},
            "a": {"style": f"color:{colour};text-decoration:underline"},
        },
    )
    return _NO_SOURCE.sub("", clean).strip()


def to_text(markdown: str) -> str:
    """The words of the Markdown, paragraphs apart by an empty line."""
    return texts.plain(markdown)
