"""The manual as a site, made by the program that it explains: `publish manual`.

The pages stay what they are; the three files from beside them (the security policy, how to take part, what changed) become
pages too. The menu is the list of the index, so that there is one list only.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import yaml

from byline import __version__, manual
from byline.errors import BylineError

_HERE = Path(__file__).resolve().parent


class ManualProblem(BylineError):
    """The manual could not be made into a site; the text says what is wrong with it, one line each."""


def kept(place: Path) -> Path:
    """The manual's site, made once for these pages and this version and kept below `place`; older ones are thrown away.

    Raises ManualProblem where it cannot be made, OSError where `place` cannot be written.
    """
    name = _key()
    folder = place / name
    if not (folder / "index.html").is_file():
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place) as temporary:
            made = make(Path(temporary))
            # Another that was quicker has made the same.
            if not folder.exists():
                made.rename(folder)
    for old in place.iterdir():
        if old.name != name and re.fullmatch(r"[0-9a-f]{16}", old.name):
            shutil.rmtree(old, ignore_errors=True)
    return folder


def is_kept(place: Path) -> bool:
    """Is it there already?"""
    return (place / _key() / "index.html").is_file()


def make(folder: Path, address: str = "") -> Path:
    """Lay the site out in the folder and build it; the folder of its pages. Raises ManualProblem for any warning."""
    lay_out(folder, address)
    done = subprocess.run(
        [sys.executable, "-m", "byline", "-f", str(folder / "mkdocs.yml"), "build", "--strict"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ManualProblem(
            f"the manual could not be made:\n{(done.stderr + done.stdout).strip()}",
            hint="its pages can be read as text: `publish manual NAME --text`",
        )
    return folder / "site"


def lay_out(folder: Path, address: str = "") -> None:
    """Settings, pages, menu. What is kept from the last build stays."""
    docs = folder / "docs"
    shutil.rmtree(docs, ignore_errors=True)
    files = {name.lower() if name in manual.BESIDE else name: path for name, path in manual.sources().items()}
    for name, path in files.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".md"):
            text = _turned(path.read_text(encoding="utf-8"), name, files)
            (docs / name).write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(path, docs / name)
    for name in ("posts", "assets"):
        (docs / name).mkdir(exist_ok=True)
    shutil.copyfile(_HERE / "logo.svg", docs / "assets" / "logo.svg")
    settings = (_HERE / "mkdocs.yml").read_text(encoding="utf-8")
    if address:
        settings = re.sub(r"^site_url: .*$", lambda _: f"site_url: {address}", settings, flags=re.M)
    nav = yaml.safe_dump({"nav": menu(docs)}, sort_keys=False, allow_unicode=True, width=200)
    (folder / "mkdocs.yml").write_text(f"{settings}\n{nav}", encoding="utf-8")


def menu(docs: Path) -> list[dict[str, object]]:
    """Each heading of the index as a page of its own, with what it lists below it, each page once, under the words there."""
    found: list[dict[str, object]] = [{"Home": "index.md"}]
    seen = {"index.md"}
    index = manual.sources()["index.md"].read_text(encoding="utf-8")
    project = "".join(f"- [{title}]({name.lower()})\n" for name, title in manual.BESIDE.items())
    for heading, rows in [*manual.headings(index), (manual.PROJECT, f"\n{project}")]:
        overview = f"{heading.lower().replace(' ', '-')}.md"
        (docs / overview).write_text(f"# {heading}\n{rows}", encoding="utf-8")
        below: list[object] = [{"All of it": overview}]
        for title, page in manual.listed(rows):
            if page not in seen:
                seen.add(page)
                below.append({title: page})
        found.append({heading: below})
    return found


def _turned(text: str, name: str, files: dict[str, Path]) -> str:
    """Links to the three from beside lead to their pages; links to other files of the repository become words.

    A link that leads nowhere stays as it is, and the build stops at it. Without the repository one cannot be told from a
    link to a file of it, so there both become words.
    """
    beside = name.upper().removesuffix(".MD") + ".md" in manual.BESIDE
    here = PurePosixPath(name).parent
    up = "../" * len(here.parts)

    def turn(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        own = PurePosixPath(target)
        if own.name in manual.BESIDE:
            return f"[{words}]({up}{own.name.lower()})"
        if beside:  # its links start at the repository's root
            inside = target.removeprefix("docs/")
            return f"[{words}]({inside})" if inside in files else words
        if _joined(here, own) in files:
            return found[0]
        if manual.in_clone():
            clone = manual.sources()["index.md"].parent / here / target
            return words if clone.exists() else found[0]
        return words

    return re.sub(r"(?<!!)\[([^\]]*)\]\(([^)#\s:]+)\)", turn, text)


def _joined(here: PurePosixPath, target: PurePosixPath) -> str:
    """The target as a name below docs/; empty where it leads out of it."""
    parts = list(here.parts)
    for part in target.parts:
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _key() -> str:
    """The pages, their settings and the program's version."""
    found = sha256(__version__.encode())
    own = {name: _HERE / name for name in ("mkdocs.yml", "logo.svg", "site.py")}
    for name, path in (manual.sources() | own).items():
        found.update(f"\0{name}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]
