"""mkdocs.yml as Zensical is to read it: the same, but for what we do in its place.

Worked on as a tree of YAML nodes, so that `!ENV` and `!!python/name:` stay what they are.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from byline.errors import UsageError

_OURS = ("byline", "byline/byline")
_DIAGRAM = "{name: mermaid, class: mermaid, format: !!python/name:pymdownx.superfences.fence_code_format ''}"
_CHAIN = 20  # files that inherit from one another


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`nav` as written (None without one), the blog plugin's settings, the company's own templates, whether there is
    a search and a favicon of the company's own; `text` is the file for Zensical."""

    nav: Any
    blog: Mapping[str, Any]
    own: Path | None
    search: bool
    favicon: bool
    text: str


def read(file: Path, docs: str, templates: str, said: Mapping[str, str]) -> Options:
    """The options in that mkdocs.yml, with its documents and templates in other folders; `said` are the theme's words.

    Raises UsageError where it is not written as MkDocs expects; `settings.load` says so better, so call that first.
    """
    tree = _tree(file, 0)
    plugins = _plugins(tree)
    blog = _plain(plugins.get("blog") or plugins.get("material/blog"))
    theme = _get(tree, "theme")
    own = _plain(_get(theme, "custom_dir")) if isinstance(theme, yaml.MappingNode) else None
    favicon = _plain(_get(theme, "favicon")) if isinstance(theme, yaml.MappingNode) else None
    _set(tree, "docs_dir", _node(docs))
    _set(tree, "site_dir", _node("site"))
    _set(tree, "plugins", _staged(plugins))
    for key in ("hooks", "watch", "INHERIT"):
        _drop(tree, key)
    if not isinstance(theme, yaml.MappingNode):
        theme = _node({"name": "material"})
        _set(tree, "theme", theme)
    _set(theme, "custom_dir", _node(templates))
    _set(theme, "variant", _node("classic"))  # the one that our style sheet is made for
    _set(theme, "font", _node(False))
    if not isinstance(_get(theme, "palette"), yaml.SequenceNode):
        from byline.site.mkdocs.theme import palette

        _set(theme, "palette", _node(palette(said)))
    _diagrams(_get(tree, "markdown_extensions"))
    return Options(
        nav=_plain(_get(tree, "nav")),
        blog=blog if isinstance(blog, dict) else {},
        own=(file.parent / str(own)).resolve() if own else None,
        search=any(name in plugins for name in ("search", "material/search")),
        favicon=bool(favicon),
        text=yaml.serialize(tree, Dumper=yaml.SafeDumper, allow_unicode=True),
    )


def _tree(file: Path, depth: int) -> yaml.MappingNode:
    try:
        node = yaml.compose(file.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file.name} cannot be read: {error}", hint="`publish check` says where") from None
    if not isinstance(node, yaml.MappingNode) or depth > _CHAIN:
        raise UsageError(
            f"{file.name} holds no settings", hint="compare with a site that `publish init` makes"
        )
    parent = _plain(_get(node, "INHERIT"))
    if not parent:
        return node
    _drop(node, "INHERIT")
    return _merged(_tree((file.parent / str(parent)).resolve(), depth + 1), node)


def _merged(below: yaml.MappingNode, above: yaml.MappingNode) -> yaml.MappingNode:
    for key, value in above.value:
        old = _get(below, key.value)
        if isinstance(old, yaml.MappingNode) and isinstance(value, yaml.MappingNode):
            _merged(old, value)
        else:
            _set(below, key.value, value)
    return below


def _plugins(tree: yaml.MappingNode) -> dict[str, Any]:
    """Name -> node of its settings, None where it has none."""
    node = _get(tree, "plugins")
    found: dict[str, Any] = {}
    for item in node.value if isinstance(node, yaml.SequenceNode) else []:
        if isinstance(item, yaml.MappingNode):
            found |= {key.value: value for key, value in item.value}
        else:
            found[item.value] = None
    if isinstance(node, yaml.MappingNode):
        found = {key.value: value for key, value in node.value}
    return found


def _staged(plugins: Mapping[str, Any]) -> yaml.Node:
    """What we decide ourselves is switched off: who is public, categories' names, authors' pages."""
    rows = []
    for name, value in plugins.items():
        if name in _OURS:
            continue
        if name in ("blog", "material/blog"):
            value = value if isinstance(value, yaml.MappingNode) else _node({})
            for key in ("categories_allowed", "authors_file", "post_excerpt", "categories_slugify"):
                _drop(value, key)
            for key in ("authors", "authors_profiles", "draft_if_future_date", "post_readtime"):
                _set(value, key, _node(False))
        rows.append(_node(name) if value is None else _pair(name, value))
    return yaml.SequenceNode("tag:yaml.org,2002:seq", rows)


def _diagrams(node: Any) -> None:
    """A fence marked `mermaid` is a diagram, as in the builds with MkDocs."""
    if not isinstance(node, yaml.SequenceNode):
        return
    fence = yaml.compose(_DIAGRAM, Loader=yaml.SafeLoader)
    for index, item in enumerate(node.value):
        if isinstance(item, yaml.ScalarNode) and item.value == "pymdownx.superfences":
            item = node.value[index] = _pair(item.value, _node({}))
        if not isinstance(item, yaml.MappingNode):
            continue
        options = _get(item, "pymdownx.superfences")
        if options is None:
            continue
        if not isinstance(options, yaml.MappingNode):
            options = _node({})
            _set(item, "pymdownx.superfences", options)
        fences = _get(options, "custom_fences")
        if not isinstance(fences, yaml.SequenceNode):
            fences = _node([])
            _set(options, "custom_fences", fences)
        if all(_plain(_get(one, "name")) != "mermaid" for one in fences.value):
            fences.value.append(fence)


def _get(node: Any, key: str) -> Any:
    for name, value in node.value if isinstance(node, yaml.MappingNode) else []:
        if name.value == key:
            return value
    return None


def _set(node: yaml.MappingNode, key: str, value: yaml.Node) -> None:
    _drop(node, key)
    node.value.append((_node(key), value))


def _drop(node: yaml.MappingNode, key: str) -> None:
    node.value[:] = [pair for pair in node.value if pair[0].value != key]


def _pair(key: str, value: yaml.Node) -> yaml.MappingNode:
    return yaml.MappingNode("tag:yaml.org,2002:map", [(_node(key), value)])


def _node(value: Any) -> Any:
    return yaml.SafeDumper(io.StringIO()).represent_data(value)


def _plain(node: Any) -> Any:
    """The values of a node; a foreign tag's is its text."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if node is None or not node.tag.startswith("tag:yaml.org,2002:") or ":python/" in node.tag:
        return None if node is None else node.value
    return yaml.constructor.SafeConstructor().construct_document(node)
