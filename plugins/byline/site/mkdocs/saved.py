"""A post whose text alone was changed, made anew in a site that was just built: its page, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from byline import content
from byline.content import Content
from byline.settings import Settings
from byline.site.inputs import mark
from byline.site.mkdocs.shown import facts

if TYPE_CHECKING:
    from byline.site.mkdocs.plugin import BylinePlugin


def page(plugin: BylinePlugin, settings: Settings, found: Content, uri: str) -> bool:
    """Write the post's page; False when other pages may show something else now, or something is wrong with it.

    How long reading takes, and feeds, are left to the build that follows.

    `uri` is the file below docs_dir. The cache file of the build that `plugin` belongs to must still be open.
    """
    engine, old = plugin.engine, plugin.by_source.get(uri)
    if engine is None or old is None or engine.reads.others:
        return False
    file = plugin.files.get_file_from_path(uri)
    made: Any = file.page if file is not None else None
    new = content.read_again(settings, found, uri)
    if new is None or made is None or facts(new) != facts(old) or not _same_front(made, settings, uri):
        return False
    path = f"{settings.docs}/{uri}"
    engine.inputs.files[path] = mark(os.stat(path)), new.hash  # noqa: PTH116
    known = set(plugin.outputs.pictures)
    plugin.by_source[uri] = new
    for kept in (plugin.bodies, plugin.known_minutes, plugin.lazy_bodies):
        kept.pop(old.id, None)
    with plugin.patched(plugin.config_used):
        engine.again(made, plugin.config_used, plugin.files, plugin.nav, plugin.env)
    for url in plugin.outputs.pictures.keys() - known:
        plugin.outputs.keep(url, [], plugin.outputs.pictures[url], packed=False)
    return True


def _same_front(made: Any, settings: Settings, uri: str) -> bool:
    """Is the front matter as it was? Then the page has its new text."""
    import yaml
    from mkdocs.utils.meta import YAML_RE

    with open(f"{settings.docs}/{uri}", encoding="utf-8-sig") as opened:  # noqa: PTH123
        text = opened.read()
    match = YAML_RE.match(text)
    if match is None:
        return False
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    meta = yaml.load(match[1], loader) or {}  # noqa: S506 - it is a safe one
    before = {key: value for key, value in made.meta.items() if key not in ("template", "hide", "date")}
    if {key: value for key, value in meta.items() if key not in ("template", "hide", "date")} != before:
        return False
    made.markdown = text[match.end() :].lstrip("\n")
    return True
