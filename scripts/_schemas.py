"""The JSON Schemas for editors, written down by the readers themselves: each key that they ask for, with what they ask of it.

A `Recorder` is handed to the readers of settings, posts and authors in the place of `Fields`. What no question tells (a
value that may have several shapes) stands in `SHAPES`. `tests/test_schemas.py` holds schemas and readers to each other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from byline import registry
from byline.fields import Fields
from byline.model import ACCOUNT_NAME, POST_ID
from byline.reading import post as posts
from byline.reading.authors import ID as AUTHOR_ID
from byline.reading.authors import read_author
from byline.reading.block import read_block
from byline.reading.campaigns import SLUG
from byline.reading.files import Reading
from byline.reading.share import FIXED
from byline.reading.tree import Tree
from byline.settings import Settings
from byline.yamlread import Mapping_, read

DOCS = Path(__file__).resolve().parent.parent / "docs" / "reference"
ANY = "anything"  # a name that the person chooses
SPAN = {
    "anyOf": [
        {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*[smhdw]?\s*$"},
        {"type": "number", "minimum": 0},
    ]
}
DAY = {"type": "string", "pattern": r"^\s*\d{4}-\d{2}-\d{2}\s*$"}
MOMENT = {"type": "string", "pattern": r"^\s*\d{4}-\d{1,2}-\d{1,2}([Tt]|\s+|\s*$)"}
HOUR = {"type": "string", "pattern": r"\d{1,2}:\d{2}"}
TEXT = {"type": "string"}
# The site's builder reads YAML 1.1, editors 1.2: to them these words are text.
FLAG = {
    "enum": [
        True,
        False,
        *(form for word in ("yes", "no", "on", "off") for form in (word, word.title(), word.upper())),
    ]
}
TEXTS = {"type": "array", "items": TEXT}
# Shapes that no single question tells, by the end of the key's path. `…` keeps what was recorded.
SHAPES: dict[str, list[Any]] = {
    "byline.timezone": [{"type": "string", "pattern": r"^[A-Za-z0-9+_/-]+$"}],
    "byline.settle_waits": [
        {"type": "array", "minItems": 1, "items": {"type": "number", "minimum": 0, "maximum": 86_400}}
    ],
    "byline.lead_form.to": ["…", {"enum": ["off"]}, {"const": False}],
    "byline.crm.forms": [{}],
    "byline.crm.mappings": [{}],
    "byline.crm.version": ["…", {"type": "number"}],
    "byline.crm.tenant": ["…", {"type": "number"}],
    "byline.crm.prefix": ["…", {"type": "number"}],
    "linkedin.version": ["…", {"type": "integer"}],
    "accounts.*.page_id": ["…", {"type": "integer"}],
    "post.date": ["…", MOMENT],
    "post.date.*": [MOMENT],
    "post.id": [{"type": "string", "pattern": f"^{POST_ID}$"}],
    "post.slug": [{"type": "string", "maxLength": 100, "pattern": f"^({SLUG})?$"}],
    "post.links": [{"type": "array"}],
    "post.share": ["…", FLAG],
    "post.share.at": [HOUR],
    "post.share.again": ["…"],
    "post.share.again.[].after": [{"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*[smhdw]\s*$"}],
}
NETWORK = re.compile(r"post\.share\.(?:again\.\[\]\.)?(?:[a-z]+)(?:\.accounts\.\*)?$")
# Names that people choose, by the path of the group.
NAMES = {"byline.channels.*.accounts": ACCOUNT_NAME, "byline.campaigns": SLUG, "byline.audiences": SLUG, "byline.links": SLUG, "authors": AUTHOR_ID}  # fmt: skip
LONGEST = {"byline.campaigns": 64, "byline.audiences": 64, "byline.links": 64}


@dataclass
class Spec:
    """What was asked of one map: `keys` -> the shapes that would do, `below` -> maps, `lists` -> maps in a list."""

    keys: dict[str, list[Any]] = field(default_factory=dict)
    below: dict[str, Spec] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    required: dict[str, bool] = field(default_factory=dict)
    closed: bool = False

    def note(self, key: str, shape: Any = None) -> None:
        """A question about the key; without a shape it says nothing about the value."""
        known = self.keys.setdefault(key, [])
        if shape is not None and shape not in known:
            known.append(shape)

    def child(self, key: str) -> Spec:
        """The map under the key."""
        self.note(key)
        return self.below.setdefault(key, Spec())


class Recorder(Fields):
    """`Fields` that writes down every question, and finds a group wherever one is asked for."""

    def __init__(
        self,
        node: Mapping_,
        *,
        file: str = "x",
        problems: list[Any],
        path: str = "",
        spec: Spec | None = None,
    ) -> None:
        super().__init__(node, file=file, problems=problems, path=path)
        self.spec = spec or Spec()

    def below(self, node: Mapping_, path: str) -> Fields:
        """The child's questions go into the child's part; the numbered entry of a list into that of all entries."""
        own = path[len(self.path) :].strip(".") if path.startswith(self.path) else path
        keys, spec = own.split("."), self.spec
        for key, following in zip(keys, [*keys[1:], ""], strict=True):
            if key.isdigit():
                continue
            if following.isdigit():
                spec.lists.add(key)
            spec = spec.child(key)
        return Recorder(node, file=self.file, problems=self.problems, path=path, spec=spec)

    def get(self, key: str) -> Any:
        self.spec.note(key)
        return super().get(key)

    def text(
        self,
        key: str,
        default: str = "",
        *,
        pattern: str = "",
        expected: str = "text",
        required: bool = False,
    ) -> str:
        self.spec.note(key, {"type": "string", "pattern": f"^(?:{pattern})$"} if pattern else TEXT)
        self.spec.required[key] = self.spec.required.get(key, True) and required
        return super().text(key, default, pattern=pattern, expected=expected, required=required)

    def flag(self, key: str, default: bool = False) -> bool:
        self.spec.note(key, FLAG)
        return super().flag(key, default)

    def number(
        self,
        key: str,
        default: Decimal,
        *,
        low: Decimal | None = None,
        high: Decimal | None = None,
        kind: str = "number",
    ) -> Decimal:
        shape: dict[str, Any] = {"type": kind}
        shape |= {"minimum": float(low)} if low is not None else {}
        shape |= {"maximum": float(high)} if high is not None else {}
        self.spec.note(key, shape)
        return super().number(key, default, low=low, high=high)

    def integer(self, key: str, default: int, *, low: int = 0, high: int = 1_000_000) -> int:
        self.spec.note(key, {"type": "integer", "minimum": low, "maximum": high})
        return default

    def span(self, key: str, default: timedelta | None) -> timedelta | None:
        self.spec.note(key, SPAN)
        return super().span(key, default)

    def choice(self, key: str, options: Collection[str], default: str) -> str:
        self.spec.note(key, {"enum": list(options)})
        return self.plain().choice(key, options, default)

    def url(
        self,
        key: str,
        default: str = "",
        *,
        required: bool = False,
        schemes: Collection[str] = ("http", "https"),
    ) -> str:
        self.spec.note(key, {"type": "string", "pattern": rf"^\s*({'|'.join(schemes)})://|^\s*$"})
        self.spec.required[key] = self.spec.required.get(key, True) and required
        return self.plain().url(key, default, required=required, schemes=tuple(schemes))

    def plain(self) -> Fields:
        """The same map without a recorder: questions asked on the way to an answer are not questions of the reader."""
        return Fields(self.node, file=self.file, problems=self.problems, path=self.path)

    def day(self, key: str) -> date | None:
        self.spec.note(key, DAY)
        return super().day(key)

    def texts(self, key: str, *, expected: str = "a list of texts") -> tuple[str, ...]:
        self.spec.note(key, TEXTS)
        return super().texts(key, expected=expected)

    def section(self, key: str) -> Fields | None:
        node = self.node.items.get(key)
        return self.below(node if isinstance(node, Mapping_) else Mapping_({}, {}, 1), self.full(key))

    def sections(self) -> Iterator[tuple[str, Fields]]:
        for key in self.node.items:
            found = self.section(key)
            if found is not None:
                yield key, found

    def done(self, *, also: Collection[str] = ()) -> None:
        self.spec.closed = True


def _settings() -> Settings:
    here = Path(__file__).parent
    return Settings(
        file=here / "mkdocs.yml",
        root=here,
        docs=here,
        site=here / "site",
        site_name="x",
        site_url="https://x.com/",
        site_description="",
        zone=ZoneInfo("UTC"),
    )


def _node(text: str) -> Mapping_:
    found = read(text)
    assert isinstance(found, Mapping_)
    return found


def settings_spec() -> Spec:
    """The `- byline:` block, read once for each CRM, each network in both modes, and each form of what has several."""
    spec = Spec()
    networks = [*registry.channels(), "x"]
    samples = []
    for mode in ("api", "manual"):
        accounts = "".join(
            f"  {name}: {{mode: {mode}, budget: 1, accounts: {{{ANY}: {{}}}}}}\n"
            for name in networks
            if name != "x"
        )
        samples.append(f"channels:\n{accounts}")
    samples.append(f"channels: {{x: {{accounts: {{{ANY}: {{text: [a, b]}}}}, text: [a, b]}}}}")
    samples += [f"crm: {{type: {name}, fields: {{{ANY}: x}}}}" for name in ("local", "csv", *registry.crms())]
    samples += [
        "ledger: {store: git}",
        "ledger: git",
        "lead_form: {to: {url: 'https://x.com'}}",
        "lead_form: {to: local}",
    ]
    samples += [
        f"profiles: {{{ANY}: [x]}}\naudiences: {{{ANY}: X}}\nheard_from: {{{ANY}: [x]}}\ncampaigns: {{{ANY}: {{target: 1}}}}\nlinks: {{{ANY}: {{}}}}\nmail: {{server: 'smtp://x'}}"
    ]
    for sample in samples:
        recorder = Recorder(_node(sample), problems=[], path="byline", spec=spec)
        recorder.text("timezone", required=True)
        read_block(recorder, _settings())
        recorder.done()
    channels = spec.below["channels"]
    for name in registry.channels():  # one text or several, for each network
        for one in (channels.below[name], channels.below[name].below["accounts"].below[ANY]):
            one.note("text", TEXTS)
    channels.below["x"] = channels.below["twitter"]
    channels.closed = True
    return spec


def post_spec() -> Spec:
    """Front matter."""
    spec = Spec()
    names = [*dict.fromkeys((*registry.channels(), *FIXED)), "x"]
    deep = "{text: [a, b], accounts: {anything: {text: [a, b]}, anythin: [a, b], anythi: a}, as: [a]}"
    flat = "{text: a, accounts: {anything: {text: a}}}"
    again = (
        "again: ["
        + ", ".join(
            f"{{after: 60d, {name}: {shape}}}" for name in names for shape in (deep, flat, "a", "[a, b]")
        )
        + "]"
    )
    samples = [
        "date: {created: 2026-01-01, updated: 2026-01-01}",
        "title: x\ndate: 2026-01-01",
        f"share: {{{again}}}",
    ]
    samples += [
        "share: {" + ", ".join(f"{name}: {shape}" for name in names if name != "x") + "}"
        for shape in (deep, flat, "a", "[a, b]")
    ]
    samples += [f"share: {{x: {shape}}}" for shape in (deep, flat, "a", "[a, b]")]
    settings = _settings()
    tree = Tree(docs=settings.docs, root=settings.root)
    for sample in samples:
        reading = Reading(
            settings=settings, tree=tree, authors={}, networks=tuple(name for name in names if name != "x")
        )
        node = _node(sample)
        source = posts.Source(path="posts/x.md", shown="x", node=node, body="x", first=1, hash="")
        posts.read_fields(Recorder(node, problems=reading.problems, spec=spec), source, reading)
    for key in posts.PASSED_ON:  # known, and asked for by nobody
        spec.note(key)
    spec.closed = True
    spec.below["date"].closed = False
    spec.below["share"].closed = True
    return spec


def authors_spec() -> Spec:
    """`.authors.yml`."""
    spec = Spec()
    settings = _settings()
    recorder = Recorder(_node(f"authors: {{{ANY}: {{}}}}"), problems=[], spec=spec)
    section = recorder.section("authors")
    recorder.done()
    assert section is not None
    for name, fields in section.sections():
        read_author(name, fields, 1, settings, Tree(docs=settings.docs, root=settings.root))
    return spec


def as_schema(spec: Spec, path: str, told: dict[str, str]) -> dict[str, Any]:
    """The map as JSON Schema."""
    found: dict[str, Any] = {"type": "object", "properties": {}}
    for key, shapes in sorted(spec.keys.items()):
        value = _value(spec, key, list(shapes), path, told)
        if key in (ANY, "anythin", "anythi"):
            found["additionalProperties"] = _joined(found.get("additionalProperties"), value)
            continue
        words = (
            told.get(f"{path}.{key}")
            or told.get(f"{path.rpartition('.')[0]}.*.{key}")
            or told.get(f"*.{key}", "")
        )
        found["properties"][key] = ({"description": words} if words else {}) | value
    if "additionalProperties" not in found and spec.closed:
        found["additionalProperties"] = False
    general = re.sub(r"(?<=channels\.)[a-z]+", "*", path)
    if general in NAMES:
        found["propertyNames"] = {"pattern": f"^(?:{NAMES[general]})$"} | (
            {"maxLength": LONGEST[general]} if general in LONGEST else {}
        )
    needed = sorted(key for key, always in spec.required.items() if always)
    return found | ({"required": needed} if needed else {})


def _value(spec: Spec, key: str, shapes: list[Any], path: str, told: dict[str, str]) -> dict[str, Any]:
    name = "*" if key in (ANY, "anythin", "anythi") else key
    full = f"{path}.{name}".lstrip(".")
    if key in spec.below:
        child = as_schema(spec.below[key], f"{full}.[]" if key in spec.lists else full, told)
        shapes.append({"type": "array", "items": child} if key in spec.lists else child)
    given = next(
        (
            shape
            for end, shape in SHAPES.items()
            if re.search(re.escape(end).replace(r"\*", "[^.]+") + "$", full)
        ),
        None,
    )
    if NETWORK.match(full) and not full.endswith((".at", ".again", ".after")):
        shapes.append(FLAG)
    if re.search(r"share(?:\.again\.\[\])?\.[a-z]+(?:\.accounts\.\*)?\.at$", full):
        shapes = [HOUR]
    if full.endswith(".as"):
        shapes = [TEXT, {"type": "array", "minItems": 1, "items": TEXT}]
    if given is not None:
        shapes = [item for shape in given for item in (shapes if shape == "…" else [shape])]
    shapes = [shape for at, shape in enumerate(shapes) if shape not in shapes[:at]]
    if not shapes or {} in shapes:
        return {}
    # What is written without a value counts as not written.
    shapes = [*shapes, {"type": "null"}]
    return {"anyOf": shapes}


def _joined(one: Any, other: dict[str, Any]) -> dict[str, Any]:
    if not one:
        return other
    shapes = [*one.get("anyOf", [one]), *other.get("anyOf", [other])]
    return {"anyOf": [shape for at, shape in enumerate(shapes) if shape not in shapes[:at]]}


def _told(page: str, root: str, headings: dict[str, str]) -> dict[str, str]:
    """The words of the manual's tables, by path."""
    found, at = {}, root
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            names = re.findall(r"`([a-z_]+)`", line)
            at = headings.get(line.strip("# "), f"{root}.{names[0]}" if names else "-")
        elif line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            for key in re.findall(r"`([a-z_]+)`", cells[0]):
                words = re.sub(
                    r"\[([^\]]*)\]\([^)]*\)",
                    r"\1",
                    cells[-1] if len(cells) == 2 or "channels" in at else cells[1],
                )
                found[f"*.{key}" if "channels" in at else f"{at}.{key}"] = words
    return found


def _whole(title: str, body: dict[str, Any]) -> str:
    top = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "$comment": "Written by scripts/docs from Byline's own readers.",
    }
    return json.dumps(top | _once(body), ensure_ascii=False, indent=1) + "\n"


def _once(body: dict[str, Any]) -> dict[str, Any]:
    """The same schema with each large part that stands in several places written once."""
    counted: Counter[str] = Counter()

    def look(node: Any) -> None:
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            look(child)
        if isinstance(node, dict) and node.get("type") == "object":
            counted[json.dumps(node, sort_keys=True)] += 1

    look(body)
    names = {
        text: f"part{at}"
        for at, text in enumerate(
            (text for text, number in counted.items() if number > 1 and len(text) > 200), 1
        )
    }

    def short(node: Any, top: bool = False) -> Any:
        if isinstance(node, list):
            return [short(child) for child in node]
        if not isinstance(node, dict):
            return node
        name = "" if top else names.get(json.dumps(node, sort_keys=True), "")
        return (
            {"$ref": f"#/definitions/{name}"} if name else {key: short(child) for key, child in node.items()}
        )

    parts = {name: short(json.loads(text), top=True) for text, name in names.items()}
    return short(body, top=True) | ({"definitions": parts} if parts else {})  # type: ignore[no-any-return]


def settings_schema() -> dict[str, Any]:
    """mkdocs.yml: Byline's block as it is read; everything else as MkDocs likes."""
    told = _told("settings.md", "byline", {"`- byline:`": "byline"})
    block = as_schema(settings_spec(), "byline", told)
    entry = {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"byline": block}}]}
    plugins = {
        "anyOf": [{"type": "array", "items": entry}, {"type": "object", "properties": {"byline": block}}]
    }
    top = _told("settings.md", "top", {"At the top of the file": "top"})
    texts = {
        key: {"description": top.get(f"top.{key}", "")}
        for key in ("site_name", "site_url", "docs_dir", "site_dir", "theme", "INHERIT")
    }
    texts["site_url"] |= {"type": "string", "pattern": "^\\s*https?://"}
    return {"type": "object", "properties": texts | {"plugins": plugins}}


def post_schema() -> dict[str, Any]:
    """Front matter."""
    told = _told("front-matter.md", "post", {"The post": "post", "`share`": "post.share"})
    return as_schema(post_spec(), "post", told) | {"required": ["date", "id"]}


def authors_schema() -> dict[str, Any]:
    """`.authors.yml`."""
    told = {
        key.replace("authors", "authors.*", 1): words
        for key, words in _told("front-matter.md", "authors", {"`.authors.yml`": "authors"}).items()
    }
    found = as_schema(authors_spec(), "", told)
    return json.loads(json.dumps(found).replace('".authors', '"authors'))  # type: ignore[no-any-return]


def texts() -> dict[str, str]:
    """File name -> text, as they are shipped."""
    return {
        "byline-settings.schema.json": _whole("mkdocs.yml with Byline", settings_schema()),
        "byline-post.schema.json": _whole(
            "A post of Byline: what stands between the two lines of dashes", post_schema()
        ),
        "byline-authors.schema.json": _whole("Authors: .authors.yml", authors_schema()),
    }
