"""The manual as a site, made by the program that it explains: `scripts/docs --site`.

The pages stay what they are in docs/; three files of the repository that they link (the security policy, how to take part,
what changed) become pages beside them. The menu is the list of `docs/index.md`, so that there is one list only.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path(__file__).resolve().parent / "manual"
PLACE = ROOT / ".cache" / "manual"
# From outside docs/; where a page may link one of them, the link is turned.
BESIDE = {"SECURITY.md": "Security", "CONTRIBUTING.md": "Taking part", "CHANGELOG.md": "What changed"}
_ITEM = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<page>[^)#]+\.md)\)")


class ManualProblem(Exception):
    """The site of the manual is not as it should be; the text says what, one line each."""


def make(folder: Path = PLACE, address: str = "") -> Path:
    """Lay the site out in the folder and build it; the folder of its pages. Raises ManualProblem for any warning."""
    lay_out(folder, address)
    done = subprocess.run(
        [sys.executable, "-m", "byline", "-f", str(folder / "mkdocs.yml"), "build", "--strict"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ManualProblem((done.stderr + done.stdout).strip())
    return folder / "site"


def lay_out(folder: Path, address: str = "") -> None:
    """Settings, pages, menu. What is kept from the last build stays."""
    pages = folder / "docs"
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages)
    (pages / "posts").mkdir(exist_ok=True)
    (pages / "assets").mkdir(exist_ok=True)
    shutil.copy(SOURCE / "logo.svg", pages / "assets")
    for name in BESIDE:
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
        (pages / name.lower()).write_text(_turned(text, pages, pages / name.lower()), encoding="utf-8")
    for path in pages.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(_turned(text, pages, path), encoding="utf-8")
    settings = (SOURCE / "mkdocs.yml").read_text(encoding="utf-8")
    if address:
        settings = re.sub(r"^site_url: .*$", f"site_url: {address}", settings, flags=re.M)
    nav = yaml.safe_dump({"nav": menu(pages)}, sort_keys=False, allow_unicode=True, width=200)
    (folder / "mkdocs.yml").write_text(f"{settings}\n{nav}", encoding="utf-8")


def menu(pages: Path) -> list[dict[str, object]]:
    """Each heading of the index as a page of its own, with what it lists below it, each page once, under the words there."""
    found: list[dict[str, object]] = [{"Home": "index.md"}]
    seen = {"index.md"}
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    project = "".join(f"- [{title}]({name.lower()})\n" for name, title in BESIDE.items())
    for part in [*re.split(r"^## ", index, flags=re.M)[1:], f"Project\n\n{project}"]:
        heading, _, rows = part.partition("\n")
        overview = f"{heading.lower().replace(' ', '-')}.md"
        (pages / overview).write_text(f"# {heading}\n{rows}", encoding="utf-8")
        below: list[object] = [{"All of it": overview}]
        for row in rows.splitlines():
            for item in _ITEM.finditer(row) if row.startswith("- ") else ():
                if item["page"] not in seen:
                    seen.add(item["page"])
                    below.append({_short(item["title"]): item["page"]})
        found.append({heading: below})
    return found


def _short(title: str) -> str:
    """Without marks of code; a first letter that is large."""
    plain = title.replace("`", "")
    return plain[:1].upper() + plain[1:]


def _turned(text: str, pages: Path, path: Path) -> str:
    """Links to files that are pages here lead to those pages; links to other files of the repository become words."""

    def turn(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        name = target.rpartition("/")[2]
        if name in BESIDE and not (path.parent / target).exists():
            up = "../" * len(path.parent.relative_to(pages).parts)
            return f"[{words}]({up}{name.lower()})"
        here = path.relative_to(pages)
        own = ROOT if here.name in {name.lower() for name in BESIDE} else ROOT / "docs" / here.parent
        if not (path.parent / target).exists() and (own / target).exists():
            return str(words)  # a file of the program: there in the repository, on no page of the site
        return found[0]

    return re.sub(r"(?<!!)\[([^\]]*)\]\(([^)#\s:]+)\)", turn, text)
