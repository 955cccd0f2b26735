"""mkdocs.yml, with what it inherits -> Settings, or every Problem in it at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from byline.errors import Problem
from byline.fields import Fields, did_you_mean, kind
from byline.reading.block import read_block
from byline.settings import Settings
from byline.yamlread import Mapping_, Node, Scalar, Sequence_, YamlProblem, decode, read, walk

# Lines of the n-th inherited file are counted from n times this number, so that one merged tree still tells
# which file each of its lines stands in.
_FILE_STEP = 10_000_000

_BLOG = {"blog_dir": ".", "post_dir": "posts", "post_url_format": "posts/{slug}"}
_BLOG_LINE = '- blog: {blog_dir: ., post_dir: posts, post_url_format: "posts/{slug}"}'


class _Stop(Exception):
    """The file cannot be read at all: nothing after it can be checked."""


class _Reader:
    """One run over mkdocs.yml; `problems` grows, lines still count by `_FILE_STEP`."""

    def __init__(self, file: Path, environment: Mapping[str, str]) -> None:
        self.file = file
        self.root = file.parent
        self.environment = environment
        self.files = [file]
        self.problems: list[Problem] = []

    def problem(self, line: int, key: str, code: str, message: str, fix: str) -> None:
        self.problems.append(
            Problem(file=self.file.name, line=line, key=key, code=code, message=message, fix=fix)
        )

    def placed(self) -> tuple[Problem, ...]:
        """The problems with their true file and line."""
        return tuple(
            replace(
                problem,
                file=_shown(self.files[problem.line // _FILE_STEP], self.root),
                line=problem.line % _FILE_STEP,
            )
            for problem in self.problems
        )

    def tree(self, file: Path) -> Mapping_:
        """The whole of the file, merged over what it inherits. Raises _Stop."""
        offset = (len(self.files) - 1) * _FILE_STEP
        try:
            text = decode(file.read_bytes())
            node = read(text, offset=offset, opaque_tags=True, environment=self.environment)
        except OSError as error:
            self.problem(
                offset, "", "unreadable", f"the file cannot be read: {error.strerror}", "mend its rights"
            )
            raise _Stop from None
        except YamlProblem as error:
            line = error.line if error.line >= offset else error.line + offset
            self.problem(line, "", error.code, error.message, error.fix)
            raise _Stop from None
        if not isinstance(node, Mapping_):
            self.problem(
                offset + 1,
                "",
                "wrong-kind",
                f"the file holds {kind(node)}; settings such as `site_name: …` are expected",
                "start a site with `publish init DIR` and compare",
            )
            raise _Stop
        inherit = node.items.get("INHERIT")
        if not isinstance(inherit, Scalar) or not isinstance(inherit.value, str):
            return node
        parent = Path(os.path.normpath(file.parent / inherit.value))
        if not parent.is_file() or parent in self.files:
            found = "includes itself" if parent in self.files else "is not there"
            self.problem(
                node.key_lines["INHERIT"],
                "INHERIT",
                "inherit",
                f"the file to inherit from, `{inherit.value}`, {found}",
                "correct the path or delete the line",
            )
            raise _Stop
        self.files.append(parent)
        return _merge(self.tree(parent), node)


def _shown(file: Path, root: Path) -> str:
    return Path(os.path.relpath(file, root)).as_posix()


def _merge(under: Mapping_, over: Mapping_) -> Mapping_:
    """Maps are joined, everything else is replaced: as MkDocs does it."""
    items, lines = dict(under.items), dict(under.key_lines)
    for key, value in over.items.items():
        below = items.get(key)
        both = isinstance(below, Mapping_) and isinstance(value, Mapping_)
        items[key] = _merge(below, value) if both else value  # type: ignore[arg-type]
        lines[key] = over.key_lines[key]
    return Mapping_(items, lines, over.line)


def read_settings(file: Path, environment: Mapping[str, str]) -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings, as far as they could be read, and all that is wrong with them, by file and line."""
    path = Path(os.path.normpath(file.absolute()))
    if not path.is_file() and path.name == "mkdocs.yml" and path.with_suffix(".yaml").is_file():
        path = path.with_suffix(".yaml")
    if not path.is_file():
        missing = Problem(
            file=path.name,
            line=0,
            key="",
            code="no-settings",
            message=f"there is no {path.name} in {path.parent}; it holds the site's settings",
            fix="go to the folder of your site, name the file with `publish -f FILE …`, or start a site with "
            "`publish init DIR`",
        )
        return None, (missing,)
    reader = _Reader(path, environment)
    try:
        settings = _settings(reader, reader.tree(path))
    except _Stop:
        settings = None
    problems = sorted(reader.placed(), key=lambda item: (item.file, item.line, item.key))
    return settings, tuple(problems)


def _settings(reader: _Reader, tree: Mapping_) -> Settings:
    top = Fields(tree, file=reader.file.name, problems=reader.problems)
    site_name = top.text("site_name", required=True, expected="the name of the site")
    site_url = top.url("site_url", required=True)
    if "?" in site_url or "#" in site_url:
        top.problem(
            "site_url", "not-a-url", f"`site_url` is `{site_url}`; no ? or # is expected", "cut it off there"
        )
    docs = _folder(top, reader.root, "docs_dir", "docs")
    site = _folder(top, reader.root, "site_dir", "site")
    if not docs.is_dir():
        top.problem(
            "docs_dir",
            "no-docs",
            f"the folder of pages and posts, `{_shown(docs, reader.root)}`, is not there",
            "write `docs_dir: content`, or make the folder",
        )
    if site == docs or site in docs.parents or docs in site.parents:
        top.problem(
            "site_dir",
            "site-in-docs",
            "`site_dir` and `docs_dir` lie in each other; the site would overwrite or publish itself",
            "write `site_dir: site` and `docs_dir: content`",
        )
    _markdown_urls(top)
    language = _theme(top)
    plugins, line = _plugins(top)
    categories = _blog(reader, plugins, line)
    found = Settings(
        file=reader.file,
        root=reader.root,
        docs=docs,
        site=site,
        site_name=site_name,
        site_url=site_url if site_url.endswith("/") else f"{site_url}/",
        site_description=top.text("site_description"),
        zone=ZoneInfo("UTC"),
        language=language,
        categories_allowed=categories,
    )
    if "byline" not in plugins:
        reader.problem(
            line,
            "plugins",
            "byline-missing",
            "the plugin `byline` is not among `plugins`, so there are no settings to work with",
            "add under `plugins:` the two lines `- byline:` and, indented below, `timezone: Europe/Berlin`",
        )
        return found
    node, key_line = plugins["byline"]
    if isinstance(node, Scalar) and node.value is None:
        node = Mapping_({}, {}, key_line)
    if not isinstance(node, Mapping_):
        reader.problem(
            key_line,
            "byline",
            "wrong-kind",
            f"`byline` is {kind(node)}; a group of settings is expected",
            "write `- byline:` and indent its settings below",
        )
        return found
    block = Fields(
        Mapping_(node.items, node.key_lines, key_line),
        file=reader.file.name,
        problems=reader.problems,
        path="byline",
    )
    found = replace(found, zone=_zone(block))
    found = read_block(block, found)
    block.done()
    lines = {key: top.line(key) for key in top}
    lines |= dict(walk(node, "byline."))
    return replace(found, lines={key: at if at < _FILE_STEP else 0 for key, at in lines.items()})


def _folder(top: Fields, root: Path, key: str, default: str) -> Path:
    return Path(os.path.normpath(root / (top.text(key) or default)))


def _markdown_urls(top: Fields) -> None:
    """Addresses end in a slash; pages named `.html` would break every link already sent."""
    if not top.flag("use_directory_urls", True):
        top.problem(
            "use_directory_urls",
            "directory-urls",
            "`use_directory_urls: false` changes the address of every post; addresses that end in a slash are expected",
            "delete the line",
        )


def _theme(top: Fields) -> str:
    node = top.get("theme")
    if isinstance(node, Scalar) and node.value == "material":
        return "en"
    if isinstance(node, Mapping_):
        theme = Fields(node, file=top.file, problems=top.problems, path="theme")
        if theme.text("name") == "material":
            return theme.text(
                "language", "en", pattern=r"[A-Za-z]{2,3}([-_][A-Za-z]+)*", expected="a code such as en or de"
            )
    top.problem(
        "theme",
        "theme",
        "the theme is not Material; the posts are made by its blog",
        "write `theme: {name: material}`",
    )
    return "en"


def _plugins(top: Fields) -> tuple[dict[str, tuple[Node | None, int]], int]:
    """Plugin name -> its settings as written and where it stands; list and map are both allowed by MkDocs."""
    node, found = top.get("plugins"), dict[str, tuple[Node | None, int]]()
    if isinstance(node, Mapping_):
        for name, value in node.items.items():
            found[_short(name)] = (value, node.key_lines[name])
    elif isinstance(node, Sequence_):
        for item in node.items:
            if isinstance(item, Scalar) and isinstance(item.value, str):
                found[_short(item.value)] = (Scalar(None, "", False, item.line), item.line)
            elif isinstance(item, Mapping_):
                _entry(top, item, found)
    elif node is not None:
        top.problem(
            "plugins",
            "wrong-kind",
            f"`plugins` is {kind(node)}; a list is expected",
            "write `- byline:` below",
        )
    return found, top.line("plugins") if "plugins" in top else 1


def _entry(top: Fields, item: Mapping_, found: dict[str, tuple[Node | None, int]]) -> None:
    """One `- name: {...}` of the list; settings that are not indented below the name are told by their line."""
    for index, (name, value) in enumerate(item.items.items()):
        if index and _short(next(iter(item.items))) in ("byline", "blog"):
            top.problem(
                "plugins",
                "indentation",
                f"`{name}` stands beside `{next(iter(item.items))}`, not below it",
                "indent the plugin's settings by four more spaces than the `-`",
                line=item.key_lines[name],
            )
            continue
        found[_short(name)] = (value, item.key_lines[name])


def _short(name: str) -> str:
    return name.removeprefix("material/")


def _blog(reader: _Reader, plugins: dict[str, tuple[Node | None, int]], line: int) -> tuple[str, ...]:
    """What Material's blog must be set to, so that a post lies where its links say; its allowed categories."""
    if "blog" not in plugins:
        reader.problem(
            line,
            "plugins",
            "blog-missing",
            "Material's plugin `blog` is not among `plugins`; it makes the posts",
            f"add under `plugins:` the line `{_BLOG_LINE}`",
        )
        return ()
    node, at = plugins["blog"]
    block = node if isinstance(node, Mapping_) else Mapping_({}, {}, at)
    blog = Fields(
        Mapping_(block.items, block.key_lines, at),
        file=reader.file.name,
        problems=reader.problems,
        path="blog",
    )
    for key, expected in _BLOG.items():
        value = blog.get(key)
        found = value.raw.rstrip("/") if isinstance(value, Scalar) else ""
        if found == expected or (key == "post_dir" and found in ("{blog}/posts", "./posts")):
            continue
        shown = f'"{expected}"' if "{" in expected else expected
        blog.problem(
            key,
            "blog-address",
            f"`{key}` of the blog is {f'`{found}`' if found else 'not set'}; `{expected}` is expected, "
            "so that every post lies under posts/",
            f"write `{key}: {shown}` under `- blog:`",
        )
    authors = blog.text("authors_file", "{blog}/.authors.yml").removeprefix("{blog}/").removeprefix("./")
    if authors != ".authors.yml":
        blog.problem(
            "authors_file",
            "blog-address",
            f"`authors_file` is `{authors}`; the authors stand in `.authors.yml` beside the pages",
            "delete the line and move the file there",
        )
    return blog.texts("categories_allowed")


def _zone(block: Fields) -> ZoneInfo:
    name = block.text("timezone", required=True, expected="the site's time zone, such as Europe/Berlin")
    if not name:
        return ZoneInfo("UTC")
    try:
        if re.fullmatch(r"[A-Za-z0-9+_/-]+", name):
            return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        pass
    lower = {zone.lower(): zone for zone in available_timezones()}
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(available_timezones())}
    word = name.lower().replace(" ", "_")
    meant = (
        cities.get(word) or lower.get(did_you_mean(word, lower)) or cities.get(did_you_mean(word, cities), "")
    )
    block.problem(
        "timezone",
        "unknown-timezone",
        f"`timezone` is `{name}`; a name such as Europe/Berlin or America/New_York is expected",
        f"did you mean `{meant}`?" if meant else "write Continent/City",
    )
    return ZoneInfo("UTC")
