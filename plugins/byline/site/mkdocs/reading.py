"""What a company's own templates read: a page that shows something of other pages must be made again with them.

Only what is certain counts: a template whose words cannot be followed to the end is taken to read everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import nodes

# Names under which templates find other pages, or the hour of the build.
_OTHERS = frozenset(
    {"nav", "pages", "posts", "files", "blog", "pagination", "self", "caller", "varargs", "kwargs"}
)
_HOUR = frozenset({"build_date_utc"})
# What of a page, of the menu and of the settings stands in the name of each page already.
_OF_PAGE = frozenset(
    {
        "title",
        "url",
        "content",
        "meta",
        "toc",
        "canonical_url",
        "abs_url",
        "edit_url",
        "is_homepage",
        "is_page",
        "active",
    }
)
_OF_NAV = frozenset({"homepage", "items"})
_OF_CONFIG_NOT = frozenset({"plugins", "theme", "_current_page"})
# What a page or an entry of the menu, under any name, leads on to.
_LEADS_ON = frozenset(
    {
        "children",
        "parent",
        "ancestors",
        "previous_page",
        "next_page",
        "markdown",
        "posts",
        "views",
        "excerpt",
        "file",
    }
)
_OF_LISTS = frozenset({"latest", "topics", "writers", "", "?"})
_NO_TEMPLATE = (".css", ".js", ".map", ".json")


@dataclass(frozen=True, slots=True)
class Reads:
    """`others`: something of other pages. `hour`: when the site was built. `lists`: of how many posts there are, or of
    what is new, anywhere."""

    others: bool = False
    hour: bool = False
    lists: bool = False


def reads(templates: Mapping[str, bytes], find: Callable[[str], bytes | None]) -> Reads:
    """What any of these files reads, given by their paths, and what they include.

    `find` gives the text of a theme's template by its name; None for one whose pages are named whole already.
    """
    from jinja2 import Environment, TemplateError

    made = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])  # noqa: S701 - nothing is rendered
    others = hour = lists = False
    rest, seen = list(templates.items()), set[str]()
    while rest:
        path, data = rest.pop()
        if b"{{" not in data and b"{%" not in data:
            continue
        try:
            tree = made.parse(data.decode("utf-8"))
        except (UnicodeDecodeError, TemplateError):
            others = others or not path.endswith(_NO_TEMPLATE)
            continue
        found = list(_names(tree))
        for name in referenced(tree):
            if name is None:
                others = True
            elif name not in seen:
                seen.add(name)
                there = find(name)
                if there is not None:
                    rest.append((name, there))
        others = others or any(_leads_elsewhere(name, attribute) for name, attribute in found)
        hour = hour or any(name in _HOUR for name, _ in found)
        lists = lists or any(name == "byline" and attribute in _OF_LISTS for name, attribute in found)
    return Reads(others, hour, lists or others)


def referenced(tree: nodes.Template) -> Iterator[str | None]:
    """The templates that this one includes, extends or imports; None for a name that is worked out."""
    from jinja2.meta import find_referenced_templates

    return find_referenced_templates(tree)


def _names(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    """Each name that is read with the attribute that is asked of it, both empty where there is none."""
    from jinja2 import nodes

    # As `page.title` and `page["title"]`: what is asked, and of which name.
    asked: set[int] = set()
    found: list[Any] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    for node in found:
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if isinstance(node.node, nodes.Name):
            asked.add(id(node.node))
        yield name, _attribute(node)
    for one in tree.find_all(nodes.Name):
        if id(one) not in asked and one.ctx == "load":
            yield one.name, ""
    for call in tree.find_all(nodes.Filter):
        if call.name in (
            "attr",
            "map",
            "selectattr",
            "rejectattr",
            "groupby",
            "sort",
            "sum",
            "unique",
            "min",
            "max",
        ):
            for word in [*call.args, *(pair.value for pair in call.kwargs)]:
                yield "", word.value if isinstance(word, nodes.Const) and isinstance(word.value, str) else ""


def _attribute(node: Any) -> str:
    from jinja2 import nodes

    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node.arg, nodes.Const):
        return str(node.arg.value)
    return "?"


def _leads_elsewhere(name: str, attribute: str) -> bool:
    if name == "page":
        return attribute not in _OF_PAGE
    if name == "nav":
        return attribute not in _OF_NAV
    if name == "config":
        return attribute in _OF_CONFIG_NOT or attribute in ("", "?")
    return name in _OTHERS or attribute in _LEADS_ON
