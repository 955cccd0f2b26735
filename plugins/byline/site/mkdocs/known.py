"""Which versions, plugins and extensions the quick build knows; for anything else the stock build is used, and said.

The quick build replaces functions of MkDocs and of Material's plugins by others that give the same bytes. That was
compared for the versions named here and for no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

VERSIONS: Mapping[str, tuple[str, ...]] = {
    "mkdocs": ("1.6.1",),
    "mkdocs-material": ("9.8.1",),
    "Markdown": ("3.11.3",),
}
# What these do with a page depends on nothing but the page, the settings and the other pages' addresses and tags.
PLUGINS = frozenset({"material/blog", "material/search", "material/tags", "byline"})
_BUILT_IN = frozenset(
    [
        "abbr",
        "admonition",
        "attr_list",
        "codehilite",
        "def_list",
        "extra",
        "fenced_code",
        "footnotes",
        "legacy_attrs",
        "legacy_em",
        "md_in_html",
        "meta",
        "nl2br",
        "sane_lists",
        "smarty",
        "tables",
        "toc",
        "wikilinks",
    ]
)
_PYMDOWNX = frozenset(
    [
        "arithmatex",
        "betterem",
        "blocks.admonition",
        "blocks.caption",
        "blocks.definition",
        "blocks.details",
        "blocks.html",
        "blocks.tab",
        "caret",
        "critic",
        "details",
        "emoji",
        "escapeall",
        "fancylists",
        "highlight",
        "inlinehilite",
        "keys",
        "magiclink",
        "mark",
        "progressbar",
        "quotes",
        "saneheaders",
        "smartsymbols",
        "striphtml",
        "superfences",
        "tabbed",
        "tasklist",
        "tilde",
    ]
)


def reason(config: Any) -> str:
    """Why the stock build must be used, in words; empty where the quick one may be."""
    for name, known in VERSIONS.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "none"
        if found not in known:
            return f"{name} {found} is installed; the quick build knows {' and '.join(known)}"
    for name in config.plugins:
        if name.partition(" #")[0] not in PLUGINS:
            return f"the plugin `{name}` is not known to leave other pages alone"
    if config.hooks:
        return "`hooks` may read and change any page"
    for extension in config.markdown_extensions:
        if not _known(str(extension)):
            return f"the Markdown extension `{extension}` may read more than the page"
    for owner, value in _callables(config.mdx_configs, ""):
        if value.split(".")[0] not in ("pymdownx", "material", "markdown"):
            return f"`{owner}` calls `{value}`, which is not known to give the same words each time"
    search = config.plugins.get("material/search")
    if search is not None and (search.config.jieba_dict or search.config.jieba_dict_user):
        return "the search reads a dictionary of its own"
    return ""


def _known(extension: str) -> bool:
    if extension.startswith("pymdownx."):
        return extension.removeprefix("pymdownx.") in _PYMDOWNX
    return extension.removeprefix("markdown.extensions.") in _BUILT_IN


def _callables(value: Any, owner: str) -> list[tuple[str, str]]:
    """Functions that stand in the settings, each with its whole name."""
    if isinstance(value, Mapping):
        return [found for key, one in value.items() for found in _callables(one, f"{owner}{key}.")]
    if isinstance(value, list | tuple):
        return [found for one in value for found in _callables(one, owner)]
    if callable(value):
        return [
            (owner.rstrip("."), f"{getattr(value, '__module__', '?')}.{getattr(value, '__qualname__', '?')}")
        ]
    return []


def plain(value: Any) -> Any:
    """A value of the settings as JSON can hold it; functions and objects by their names. For `json.dumps(default=)`."""
    if isinstance(value, Mapping):
        return dict(value)
    if callable(value):
        return f"{getattr(value, '__module__', '?')}.{getattr(value, '__qualname__', repr(type(value)))}"
    return f"{type(value).__module__}.{type(value).__qualname__}:{value}"
