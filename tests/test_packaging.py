"""What is shipped is complete, declared and pinned, and runs where nothing else is installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

from installed import first_commands

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def _pins(lock: str) -> Mapping[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for line in (ROOT / "requirements" / lock).read_text(encoding="utf-8").splitlines():
        if line[:1].isalpha():
            pins.setdefault(_name(line), set()).add(line.partition("==")[2].split()[0])
    return pins


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be published."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "plugins"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "plugins/byline"], check=True, cwd=ROOT, capture_output=True, text=True
    ).stdout
    expected = {Path(name).relative_to("plugins").as_posix() for name in tracked.split("\0") if name}
    assert expected
    assert all((source / name).is_file() for name in expected)
    assert expected <= names
    fonts = "byline/fonts/cards/noto-sans-cjk.otf", "byline/fonts/cards/OFL.txt"
    assert {"byline/py.typed", "byline/fonts/OFL-inter.txt", *fonts} <= names
    manual = "byline/manual/pages"
    assert {
        f"{manual}/index.md",
        f"{manual}/how-to/tokens.md",
        f"{manual}/tokens/linkedin.svg",
        f"{manual}/SECURITY.md",
    } <= names
    assert [name for name in names if "/screenshots/" in name] == [f"{manual}/screenshots/cards.webp"]
    assert not [name for name in names if "__pycache__" in name or not name.startswith("byline")]
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_the_commands_and_the_plugin_are_announced(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        points = archive.read(name).decode()
    assert "publish = byline.cli:main" in points
    assert "byline = byline.cli:main" in points
    assert "byline = byline.site.mkdocs.plugin:BylinePlugin" in points


def test_the_installed_wheel_runs(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "an empty place"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = place / "bin" / "python"
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(purelib)
    # The dependencies come from this environment; a path in a .pth brings no editable install along.
    (Path(purelib) / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    done = subprocess.run(
        [python, "-I", "-c", "import byline; print(byline.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert Path(done.stdout.strip()).is_relative_to(place)
    site = first_commands([python, "-I", "-m", "byline"], tmp_path / "work")
    # The engine that the site holds for its CI is the very wheel, file by file.
    with zipfile.ZipFile(next((site / "engine").glob("*.whl"))) as packed, zipfile.ZipFile(wheel) as built:
        assert {name for name in built.namelist() if name.startswith("byline/")} == {
            name for name in packed.namelist() if name.startswith("byline/")
        }


def test_everything_imported_is_a_declared_dependency() -> None:
    graph = grimp.build_graph("byline", include_external_packages=True, cache_dir=None)
    declared = {_name(item) for item in PROJECT["project"]["dependencies"]}
    extras = PROJECT["project"].get("optional-dependencies", {})
    declared |= {_name(item) for items in extras.values() for item in items}
    known = packages_distributions()
    external = {name for name in graph.modules if graph.is_module_squashed(name)} - sys.stdlib_module_names
    missing = {
        name: known.get(name, ["not installed"])
        for name in external
        if not {_name(item) for item in known.get(name, [])} & declared
    }
    # They come with a package that is declared: Material, MkDocs, feedgen, markdownify and ibis[duckdb] cannot be there
    # without them.
    for name in (
        "babel",
        "jinja2",
        "markdown",
        "pymdownx",
        "lxml",
        "urllib3",
        "pygments",
        "markupsafe",
        "bs4",
        "duckdb",
    ):
        missing.pop(name, None)
    missing.pop("pyspark", None)  # the Spark lane brings its own; nothing but that lane imports it
    assert not missing


def test_the_locks_pin_what_is_declared_and_agree() -> None:
    run, test = _pins("run.txt"), _pins("test.txt")
    assert {_name(item) for item in PROJECT["project"]["dependencies"]} <= set(run)
    groups = PROJECT["dependency-groups"]
    assert {_name(item) for item in groups["setup"]} <= set(run)
    assert {_name(item) for item in groups["test"] if isinstance(item, str)} <= set(test)
    assert set(test) <= set(_pins("lowest.txt")) | {"feedparser-sgmllib"}  # which older ones got elsewhere
    assert {name: test.get(name) for name in run} == dict(run)


def test_the_oldest_versions_that_are_tried_are_the_oldest_that_are_declared() -> None:
    lowest = _pins("lowest.txt")
    extras = PROJECT["project"]["optional-dependencies"].values()
    for item in [*PROJECT["project"]["dependencies"], *(item for items in extras for item in items)]:
        declared = re.search(r">=([\d.]+)", item)
        assert declared, item
        (pinned,) = lowest[_name(item)]
        assert _numbers(pinned) == _numbers(declared[1]), item


def _numbers(version: str) -> list[int]:
    """1.7 and 1.7.0 are the same."""
    found = [int(part) for part in version.split(".")]
    return [*found, 0, 0, 0][: max(3, len(found))]


@pytest.mark.parametrize("lock", ["run.txt", "test.txt", "lowest.txt", "pds.txt"])
def test_a_lock_has_hashes_and_no_host(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert all("--hash=sha256:" in entry for entry in entries if entry.strip())


@pytest.mark.parametrize("folder", ["pds", "web"])
def test_the_locks_of_what_comes_from_npm_have_hashes_and_no_host(folder: str) -> None:
    lock = json.loads((ROOT / "tests" / folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("resolved" not in entry and "integrity" in entry for entry in packages.values())
    wanted = json.loads((ROOT / "tests" / folder / "package.json").read_text(encoding="utf-8"))[
        "dependencies"
    ]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
