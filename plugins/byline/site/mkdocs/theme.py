"""The theme inside the installed package: templates, style sheet, fonts, and Material's settings that go with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.utils import get_relative_url

from byline.settings import Brand, Settings
from byline.site import places, styles, targets
from byline.site.stock import reduced
from byline.wording import words

FOLDER = Path(str(resources.files("byline.site").joinpath("theme")))
MERMAID = Path(str(resources.files("byline.site").joinpath("vendor", "mermaid", "mermaid.min.js")))
FONTS = Path(str(resources.files("byline").joinpath("fonts")))
SCRIPT = f"{places.ASSETS}capture.js"
DIAGRAM = 'class="mermaid"'
STYLES = "assets/stylesheets"
PROGRAM = "assets/javascripts/bundle"
FAVICON = "assets/images/favicon.png"
THANKS_PAGE = """---
title: {quoted}
search:
  exclude: true
---
# {title}

{words}
"""


def palette(said: Mapping[str, str]) -> list[dict[str, Any]]:
    """Light and dark, as the reader's system asks for, and a switch."""
    return [
        {
            "media": "(prefers-color-scheme: light)",
            "scheme": "default",
            "primary": "custom",
            "accent": "custom",
            "toggle": {"icon": "material/weather-night", "name": said["dark"]},
        },
        {
            "media": "(prefers-color-scheme: dark)",
            "scheme": "slate",
            "primary": "custom",
            "accent": "custom",
            "toggle": {"icon": "material/weather-sunny", "name": said["light"]},
        },
    ]


def prepare(config: MkDocsConfig, said: Mapping[str, str]) -> None:
    """Our templates before Material's but after the company's own; no fonts from elsewhere."""
    theme = config.theme
    dirs = theme.dirs
    if str(FOLDER) not in dirs:
        own = [theme.custom_dir] if theme.custom_dir else []
        dirs.insert(len(own), str(FOLDER))
    theme["font"] = False
    if not isinstance(theme.get("palette"), list):
        theme["palette"] = palette(said)


def stock(config: MkDocsConfig) -> str:
    """Material's style sheets, as far as our pages can need them, to stand before ours in one file.

    Empty where they are to be loaded whole: with templates of the company's own, which may show any part of Material.
    """
    theme = config.theme
    found = [
        sorted(path for folder in theme.dirs for path in Path(folder, STYLES).glob(f"{name}.*.min.css"))
        for name in ("main", "palette")
    ]
    if theme.custom_dir or any(len(paths) != 1 for paths in found):
        return ""
    colours = {str(one.get(kind) or "indigo") for one in theme["palette"] for kind in ("primary", "accent")}
    text = "\n".join(paths[0].read_text(encoding="utf-8") for paths in found)
    return reduced(text, frozenset(colours))


# Of Material's own plugins; another one may bring scripts that need Material's program while the page loads.
_QUIET = {
    "material/blog",
    "material/search",
    "material/tags",
    "material/meta",
    "byline",
    "redirects",
    "mkdocs-redirects",
}


def program(config: MkDocsConfig) -> str:
    """The address of Material's program, which pages fetch when a person first does something.

    Empty where it must run at once: for scripts and templates of the company's own, and for what it shows unasked.
    """
    found = [path for folder in config.theme.dirs for path in Path(folder).glob(f"{PROGRAM}.*.min.js")]
    unasked = any(config.extra.get(name) for name in ("analytics", "consent", "version"))
    if config.theme.custom_dir or config.extra_javascript or unasked or len(found) != 1:
        return ""
    return f"{PROGRAM.rpartition('/')[0]}/{found[0].name}" if set(config.plugins) <= _QUIET else ""


def own_favicon(config: MkDocsConfig) -> bool:
    """Has the company set `theme.favicon`? Material's own stands there otherwise."""
    return str(config.theme.get("favicon") or FAVICON) != FAVICON


def allow_diagrams(config: MkDocsConfig) -> None:
    """A fence marked `mermaid` is a diagram, as Material draws it; settings need no Python callable for that."""
    if "pymdownx.superfences" not in config.markdown_extensions:
        return
    from pymdownx.superfences import fence_code_format

    options = config.mdx_configs.setdefault("pymdownx.superfences", {})
    fences = list(options.get("custom_fences") or [])
    if all(fence.get("name") != "mermaid" for fence in fences):
        fences.append({"name": "mermaid", "class": "mermaid", "format": fence_code_format})
    options["custom_fences"] = fences


_MENDED = (
    # What Material's own templates get wrong, outside any block that could be overridden.
    (' id="__drawer" autocomplete="off">', ' id="__drawer">'),  # no attribute of a checkbox (HTML, 4.10.18.7)
    (' id="__search" autocomplete="off">', ' id="__search">'),
)


def mend(page: str) -> str:
    """The page without the errors that Material brings into it."""
    for wrong, right in _MENDED:
        page = page.replace(wrong, right, 1)
    return page


def thanks(settings: Settings) -> str:
    """The page after the form: it says no more than is known."""
    said = words(settings.language, settings.pages.words)
    # Web-to-Lead answers the same whether it made a lead or not, so nobody can promise more.
    text = said["arrived" if targets.sure(settings) else "submitted"]
    return THANKS_PAGE.format(title=said["thanks"], quoted=json.dumps(said["thanks"]), words=text)


def shadowed(dirs: Sequence[str], own: Sequence[str], name: str) -> bytes | None:
    """A template of Material's, for looking at what it reads; None for the company's own, for ours, and for the frame
    that every page has around it."""
    if name in ("main.html", "base.html") or (FOLDER / name).is_file():
        return None
    for folder in dirs:
        path = Path(folder, name)
        if path.is_file():
            return None if folder in own else path.read_bytes()
    return None


def add_assets(files: Files, config: MkDocsConfig, sheet: str, brand: Brand) -> None:
    """The style sheet and the fonts that it names."""
    files.append(File.generated(config, styles.name(sheet), content=sheet))
    for name in styles.fonts(brand):
        files.append(File.generated(config, f"{places.ASSETS}fonts/{name}", abs_src_path=str(FONTS / name)))


def menu(nav: Navigation) -> list[dict[str, str]]:
    """The pages that stand at the top of the navigation, without the home page and the blog's own lists."""
    found = []
    for item in nav.items:
        if getattr(item, "is_section", False):
            pages = [page for page in item.children or [] if getattr(page, "is_page", False)]
            if type(pages[0] if pages else None).__name__ in ("Category", "Archive", "Profile", "View"):
                continue
            if pages:
                found.append({"title": str(item.title), "url": pages[0].url})
        elif getattr(item, "is_link", False):
            found.append({"title": str(item.title), "url": str(item.url)})
        elif getattr(item, "is_page", False) and not item.is_homepage and not _lists(item):
            found.append({"title": plain(item.title), "url": item.url})
    return found


def _lists(page: Any) -> bool:
    return type(page).__name__ in ("Category", "Archive", "Profile", "View")


def privacy(nav: Navigation) -> str:
    """The address of the privacy notice, where the company has one."""
    for page in nav.pages:
        if any(word in page.file.src_uri.lower() for word in ("privacy", "datenschutz")):
            return str(page.url)
    return ""


def plain(title: Any) -> str:
    """A title as text: MkDocs escapes it once the page is rendered."""
    from html import unescape

    return unescape(str(title or ""))


def relative(url: str, page: str) -> str:
    """The address as the page links it."""
    return get_relative_url(url, page)
