"""The schemas for editors accept what the readers accept and refuse what they refuse, value by value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from byline import content, settings
from byline.errors import Problem
from byline.reading import post
from byline.starter import Answers, render
from byline.yamlread import Mapping_, Node, Scalar, Sequence_, read
from support import AUTHORS, POST, SETTINGS, make_site

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "plugins" / "byline" / "starter" / "schemas"
# What a schema can see. Names of authors, files and campaigns, and what two lines say together, it cannot.
SEEN = {"unknown-key", "wrong-kind", "needs-list", "unknown-value", "out-of-range", "not-a-url"}


def schema(name: str) -> jsonschema.Draft7Validator:
    found = json.loads((SHIPPED / f"byline-{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(found)
    return jsonschema.Draft7Validator(found)


def seen(node: Node | None) -> Any:
    """The value as an editor sees it: YAML 1.2, where a day, `off` and `11:00` are text."""
    if isinstance(node, Mapping_):
        return {key: seen(value) for key, value in node.items.items()}
    if isinstance(node, Sequence_):
        return [seen(item) for item in node.items]
    if node is None or node.value is None:
        return None
    assert isinstance(node, Scalar)
    if isinstance(node.value, bool):
        return node.value if node.raw.lower() in ("true", "false") else node.raw
    if isinstance(node.value, int | float):
        return (
            node.value
            if re.fullmatch(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?", node.raw)
            else node.raw
        )
    return node.raw


VALUES = [
    "x", '"x"', "true", "false", "7", "-1", "1.5", "0", "2026-11-24", "2026-11-24 09:00", '"11:00"', "[x]", "[]", "[x, y]", "[1]", "[true]", "{}", "{x: y}", "{x: {}}",
    "[{x: y}]", "60d", "48h", "https://x.com/", "http://127.0.0.1/", "EUR", "local", "api", "manual", '"#1f4e79"', "/old/", '""', "null", "99999999", "off", "[10, 30]",
    "urn:li:person:Kx1", "smtps://x.com", "{created: 2026-11-24}", "{text: x}", "[[x]]",
]  # fmt: skip


def _posts(folder: Path) -> Iterator[tuple[str, str]]:
    for key in post.KEYS:
        for value in VALUES:
            yield key, value


def test_each_value_of_each_key_of_a_post(tmp_path: Path) -> None:
    """All of them in one site, a file each: what the reader refuses and the editor does not, and the other way round."""
    lines = [line for line in POST.split("---\n")[1].splitlines() if line]
    cases = [
        *_posts(tmp_path),
        *(
            (f"share.{key}", value)
            for key in ("at", "linkedin", "x", "again", "nonsense")
            for value in VALUES
        ),
    ]
    cases += [
        (f"share.linkedin.{key}", value)
        for key in ("text", "at", "as", "accounts", "image", "image_alt", "link", "nonsense")
        for value in VALUES
    ]
    cases += [("nonsense", value) for value in VALUES[:3]] + [("date.created", value) for value in VALUES]
    texts = {}
    for number, (key, value) in enumerate(cases):
        names = key.split(".")
        own = names[0]
        front = [line for line in lines if line.partition(":")[0] not in (own, "id", "slug")]
        ids = [f"id: p{number}xx"] if own != "id" else []
        slugs = [f"slug: s{number}"] if own != "slug" else []
        tree = "".join(
            "  " * depth + f"{name}:{' ' + value if depth == len(names) - 1 else ''}\n"
            for depth, name in enumerate(names)
        )
        texts[f"{number}.md"] = "---\n" + "\n".join([*front, *ids, *slugs]) + "\n" + tree + "---\nWords.\n"
    found = content.read(settings.load(make_site(tmp_path, posts=texts), {}))
    validator = schema("post")
    by_file: dict[str, list[Problem]] = {}
    for problem in found.problems:
        if problem.severity == "error":
            by_file.setdefault(problem.file, []).append(problem)
    wrong = []
    for number, (key, value) in enumerate(cases):
        text = texts[f"{number}.md"].split("---\n")[1]
        told = [item for item in by_file.get(f"content/posts/{number}.md", []) if item.line or item.key]
        editor = [error.message[:100] for error in validator.iter_errors(seen(read(text, problems=[])))]
        if not told and editor:
            wrong.append(f"the reader takes {key}: {value}; the schema says {editor}")
        as_typed = read(f"v: {value}")
        assert isinstance(as_typed, Mapping_)
        eleven = (
            isinstance(found_value := as_typed.items["v"], Scalar)
            and not isinstance(found_value.value, str)
            and isinstance(seen(found_value), str)
        )
        if not editor and not eleven and {item.code for item in told} & SEEN:
            wrong.append(
                f"the schema takes {key}: {value}; the reader says {sorted({item.code for item in told} & SEEN)}"
            )
    assert not wrong, "\n".join(wrong)


def _block(key: str, value: str) -> str:
    names = key.split(".")
    out = []
    for depth, name in enumerate(names):
        out.append("      " + "  " * depth + f"{name}:{' ' + value if depth == len(names) - 1 else ''}")
    return "\n".join(out)


def _settings_keys() -> list[str]:
    """Every key of the schema's own block, two groups deep, and of each network and its accounts."""
    top = json.loads((SHIPPED / "byline-settings.schema.json").read_text(encoding="utf-8"))

    def solve(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            node = top["definitions"][node["$ref"].rpartition("/")[2]]
        return node

    def groups(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        node = solve(node)
        for one in (node, *node.get("anyOf", ())):
            one = solve(one)
            if one.get("type") == "object":
                yield one

    block = solve(solve(top["properties"]["plugins"]["anyOf"][1])["properties"]["byline"])
    found = []
    for key, value in block["properties"].items():
        found.append(key)
        for group in groups(value):
            found += [f"{key}.{name}" for name in group["properties"]]
            for name, inner in group["properties"].items():
                if key == "channels" and name in ("linkedin", "mastodon", "twitter", "newsletter"):
                    for network in groups(inner):
                        found += [f"channels.{name}.{own}" for own in network["properties"]]
            rest = group.get("additionalProperties")
            if isinstance(rest, dict):
                found.append(f"{key}.some-name")
                for inner in groups(rest):
                    found += [f"{key}.some-name.{name}" for name in inner["properties"]]
    return [
        *sorted(set(found) - {"timezone"}),
        "nonsense",
        "brand.nonsense",
        "channels.linkedin.nonsense",
        "crm.nonsense",
    ]


def test_each_value_of_each_setting(tmp_path: Path) -> None:
    validator = schema("settings")
    file = make_site(tmp_path)
    base = SETTINGS.partition("      ledger: sqlite")[0]
    wrong = []
    keys = _settings_keys()
    assert {
        "brand.primary",
        "channels.linkedin.version",
        "campaigns.some-name.start",
        "lead_form.to",
        "crm.fields",
    } <= set(keys)
    for key in keys:
        for value in VALUES[::2] if "." in key else VALUES:
            text = f"{base}{_block(key, value)}\n"
            file.write_text(text)
            _, problems = settings.read(file, {})
            told = {item.code for item in problems if item.severity == "error"}
            node = read(text, opaque_tags=True)
            editor = [error.message[:80] for error in validator.iter_errors(seen(node))]
            if not told and editor:
                wrong.append(f"the reader takes {key}: {value}; the schema says {editor}")
            typed = read(f"v: {value}")
            assert isinstance(typed, Mapping_)
            raw = typed.items["v"]
            eleven = isinstance(raw, Scalar) and not isinstance(raw.value, str) and isinstance(seen(raw), str)
            if not editor and not eleven and told & (SEEN - {"not-a-url"}):
                wrong.append(f"the schema takes {key}: {value}; the reader says {sorted(told & SEEN)}")
    assert not wrong, f"{len(wrong)}\n" + "\n".join(wrong[:80])


def test_what_the_site_of_this_repository_says_is_accepted() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [
        error.message for error in schema("settings").iter_errors(seen(read(text, opaque_tags=True)))
    ] == []
    authors = (ROOT / "content" / ".authors.yml").read_text(encoding="utf-8")
    assert [error.message for error in schema("authors").iter_errors(seen(read(authors)))] == []
    assert [error.message for error in schema("authors").iter_errors(seen(read(AUTHORS)))] == []
    for path in (ROOT / "content" / "posts").rglob("*.md"):
        front = path.read_text(encoding="utf-8").split("---\n")[1]
        assert [error.message for error in schema("post").iter_errors(seen(read(front)))] == [], path


@pytest.mark.parametrize(
    "text",
    [
        "authors: [x]",
        "authors: {dana: {name: 7}}",
        "authors: {dana: {nam: x}}",
        "authors: {Dana: {name: x}}",
        "author: {}",
        "authors: {dana: {url: x}}",
    ],
)
def test_authors_that_are_wrong_are_refused(text: str, tmp_path: Path) -> None:
    assert list(schema("authors").iter_errors(seen(read(text))))
    found = content.read(settings.load(make_site(tmp_path, authors=text), {}))
    assert [item for item in found.problems if item.file.endswith(".authors.yml")]


def test_the_schema_knows_exactly_the_keys_of_a_post() -> None:
    found = json.loads((SHIPPED / "byline-post.schema.json").read_text(encoding="utf-8"))
    assert set(found["properties"]) == set(post.KEYS)


def test_what_init_writes_is_set_up_for_editors() -> None:
    answers = Answers(
        name="Acme",
        site_url="https://x.com/",
        timezone="UTC",
        today=date(2026, 11, 24),
        engine="x",
        networks=("linkedin", "mastodon"),
    )
    made = render(answers)
    assert made["mkdocs.yml"].startswith(
        "# yaml-language-server: $schema=.vscode/byline-settings.schema.json\n"
    )
    assert [
        error.message
        for error in schema("settings").iter_errors(seen(read(made["mkdocs.yml"], opaque_tags=True)))
    ] == []
    assert [
        error.message for error in schema("authors").iter_errors(seen(read(made["content/.authors.yml"])))
    ] == []
    for path, text in made.items():
        if path.startswith("content/posts/"):
            assert [
                error.message for error in schema("post").iter_errors(seen(read(text.split("---\n")[1])))
            ] == []
        if path.startswith(".vscode/"):
            json.loads(text)
    named = json.loads(made[".vscode/settings.json"])["yaml.schemas"]
    assert all(path.removeprefix("./") in made for path in named)
