"""A working copy of a company's site that talks to this machine only: the fakes, a local site, a local intake.

The copy's mkdocs.yml is the company's own with a few values changed; everything else (posts, texts, accounts,
campaigns, brand) stays as it is, so that the demo shows the company's own site.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

_MAP = "tag:yaml.org,2002:map"
# What a copy of the site needs beside its settings: the folders that these keys name.
FOLDERS = (("docs_dir",), ("theme", "custom_dir"))


def copy(
    settings_file: Path,
    target: Path,
    changes: Mapping[str, object],
    *,
    channels: Mapping[str, str],
    ids: Mapping[str, tuple[str, str]] = MappingProxyType({}),
) -> Path:
    """Copy the site into the folder and return the copy's settings file.

    `changes` are new values by dotted key, `byline.…` for the plugin's own block. Of the networks only `channels`
    stay, each with the base URL given here. Every account posts by itself here, a manual one too; `ids` tells for a
    network which key identifies an account and what to write for one that has none (`{}` is its name).
    """
    target.mkdir(parents=True, exist_ok=True)
    root = settings_file.parent
    tree = yaml.compose(settings_file.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    assert isinstance(tree, yaml.MappingNode)
    for keys in FOLDERS:
        name = _scalar(tree, keys) or ("docs" if keys == ("docs_dir",) else "")
        if name and (root / name).is_dir():
            shutil.copytree(root / name, target / name, dirs_exist_ok=True)
    _inherited(tree, root, target)
    block = plugin(tree, "byline")
    for key, value in changes.items():
        where, _, own = key.partition(".")
        put(block if where == "byline" else tree, (own if where == "byline" else key).split("."), value)
    networks = _child(block, "channels")
    if isinstance(networks, yaml.MappingNode):
        networks.value = [pair for pair in networks.value if _network(pair[0].value) in channels]
        for name, node in networks.value:
            put(node, ["api"], channels[_network(name.value)])
            _by_itself(node, ids.get(_network(name.value)))
    defaults = _child(block, "share_by_default")
    if isinstance(defaults, yaml.SequenceNode):
        defaults.value = [node for node in defaults.value if _network(node.value) in channels]
    copied = target / settings_file.name
    copied.write_text(yaml.serialize(tree, allow_unicode=True, width=110), encoding="utf-8")
    return copied


def _by_itself(network: yaml.MappingNode, id_: tuple[str, str] | None) -> None:
    """Let every account of the network post without a hand."""
    put(network, ["mode"], "api")
    accounts = _child(network, "accounts")
    for name, node in accounts.value if isinstance(accounts, yaml.MappingNode) else ():
        if isinstance(node, yaml.MappingNode):
            put(node, ["mode"], "api")
            if id_ and _child(node, id_[0]) is None:
                put(node, [id_[0]], id_[1].format(name.value))


def _network(name: str) -> str:
    return "twitter" if name == "x" else name


def plugin(tree: yaml.MappingNode, name: str) -> yaml.MappingNode:
    """The block of one plugin; an empty one is put in its place when it has none."""
    plugins = _child(tree, "plugins")
    for node in getattr(plugins, "value", []):
        if isinstance(node, yaml.MappingNode):
            for place, (key, value) in enumerate(node.value):
                if key.value == name:
                    block = value if isinstance(value, yaml.MappingNode) else yaml.MappingNode(_MAP, [])
                    node.value[place] = (key, block)
                    return block
    raise ValueError(f"the plugin {name} is not among `plugins`")


def put(node: yaml.Node, keys: list[str], value: object) -> None:
    """Set a value by its path of keys; groups on the way are made."""
    assert isinstance(node, yaml.MappingNode)
    key, *rest = keys
    for place, (name, found) in enumerate(node.value):
        if name.value == key:
            if rest and isinstance(found, yaml.MappingNode):
                put(found, rest, value)
            else:
                node.value[place] = (name, _node(_nest(rest, value)))
            return
    node.value.append((_node(key), _node(_nest(rest, value))))


def _nest(keys: list[str], value: object) -> object:
    return {keys[0]: _nest(keys[1:], value)} if keys else value


def _node(value: object) -> Any:
    return yaml.compose(yaml.safe_dump(value, allow_unicode=True), Loader=yaml.SafeLoader)


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value  # type: ignore[no-any-return]
    return None


def _scalar(tree: yaml.Node, keys: tuple[str, ...]) -> str:
    node: yaml.Node | None = tree
    for key in keys:
        node = _child(node, key)
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _inherited(tree: yaml.Node, root: Path, target: Path) -> None:
    """Files that the settings inherit from lie at the same place beside the copy."""
    name = _scalar(tree, ("INHERIT",))
    while name and (root / name).is_file() and (root / name).resolve().is_relative_to(root.resolve()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, target / name)
        above = yaml.compose((root / name).read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
        name = _scalar(above, ("INHERIT",)) if above else ""


class Folder:
    """A folder served over HTTP on a free port of loopback, until `close`. The folder may be made later.

    `before` runs ahead of each page, so that what is shown is what is so.
    """

    def __init__(self, folder: Path, *, before: Callable[[], object] = lambda: None) -> None:
        handler = partial(_Quiet, directory=str(folder), missing=folder / "404.html", before=before)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving and free the port."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, missing: Path, before: Callable[[], object], **options: Any) -> None:
        self._missing, self._before = missing, before
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        """Serve one file."""
        if self.path.endswith((".html", "/")):
            self._before()
        super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The site's own page for what is not there, as a web host would show it."""
        if code != 404 or not self._missing.is_file():
            super().send_error(code, message, explain)
            return
        body = self._missing.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the demo's own lines tell what happens."""
