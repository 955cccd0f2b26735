"""What lies under `docs_dir`, listed once: posts, pages, pictures. Nothing outside it is ever followed."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from byline.errors import Problem
from byline.fields import did_you_mean
from byline.reading.images import Image, look

MARKDOWN = (".md", ".markdown", ".mdown", ".mkdn", ".mkd")
POSTS = "posts"


@dataclass
class Tree:
    """`files` are paths relative to `docs` with forward slashes; those that begin with a dot are left out."""

    docs: Path
    root: Path
    files: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    looked: set[str] = field(default_factory=set)  # pictures that somebody asked about
    guessed: bool = False  # has somebody asked what was meant?
    _images: dict[str, Image] = field(default_factory=dict)
    _meant: dict[str, str] = field(default_factory=dict)

    @property
    def posts(self) -> list[str]:
        """The posts, in order of path."""
        return sorted(path for path in self.files if path.startswith(f"{POSTS}/") and path.endswith(".md"))

    @property
    def pages(self) -> list[str]:
        """Every other page."""
        return sorted(
            path for path in self.files if path.endswith(MARKDOWN) and not path.startswith(f"{POSTS}/")
        )

    def shown(self, path: str) -> str:
        """The file as messages name it: relative to the folder of mkdocs.yml."""
        return posixpath.normpath(f"{self._prefix}/{path}")

    @cached_property
    def _prefix(self) -> str:
        return Path(os.path.relpath(self.docs, self.root)).as_posix()

    def image(self, path: str) -> Image:
        """What the first bytes of the picture tell; looked at once."""
        self.looked.add(path)
        if path not in self._images:
            self._images[path] = look(self.docs / path)
        return self._images[path]

    def meant(self, path: str) -> str:
        """The file that was most likely meant: another case, another folder, a typing mistake."""
        self.guessed = True
        if path not in self._meant:
            self._meant[path] = self._nearest(path.lower())
        return self._meant[path]

    def _nearest(self, path: str) -> str:
        by_path, by_name = self._spellings
        base = posixpath.basename(path)
        if path in by_path or base in by_name:
            return by_path.get(path) or by_name[base]
        stem, suffix = posixpath.splitext(base)
        near = {posixpath.splitext(name)[0]: file for name, file in by_name.items() if name.endswith(suffix)}
        return near.get(did_you_mean(stem, near), "")

    @cached_property
    def _spellings(self) -> tuple[dict[str, str], dict[str, str]]:
        """Every file by its path and by its name alone, in small letters; of two alike the first counts."""
        files = sorted(self.files, reverse=True)
        return (
            {file.lower(): file for file in files},
            {posixpath.basename(file).lower(): file for file in files},
        )


def scan(docs: Path, root: Path) -> Tree:
    """List the folder. A link that leads out of it is a Problem and is not followed."""
    tree = Tree(docs=docs, root=root)
    real = os.path.realpath(docs)
    _scan(tree, real, str(docs), "", {real})
    _beside(tree)
    return tree


def _scan(tree: Tree, real: str, folder: str, prefix: str, seen: set[str]) -> None:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        tree.problems.append(
            Problem(
                file=tree.shown(prefix or "."),
                line=0,
                key="",
                code="unreadable",
                message=f"the folder cannot be read: {error.strerror}",
                fix="mend its rights",
            )
        )
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = prefix + entry.name
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if target != real and not target.startswith(real + os.sep):
                tree.problems.append(
                    Problem(
                        file=tree.shown(path),
                        line=0,
                        key="",
                        code="outside-tree",
                        message=f"this is a link to a place outside {tree.docs.name}/; it would be published from there",
                        fix="put a copy of the file here instead of the link",
                    )
                )
                continue
        if entry.is_dir():
            target = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
            if target not in seen:
                seen.add(target)
                _scan(tree, real, entry.path, f"{path}/", seen)
        elif entry.is_file():
            tree.files.add(path)
        elif entry.is_symlink():
            tree.problems.append(
                Problem(
                    file=tree.shown(path),
                    line=0,
                    key="",
                    code="missing-file",
                    message="this is a link to a file that is not there",
                    fix="delete the link, or put the file in its place",
                )
            )


def _beside(tree: Tree) -> None:
    """Files that one reader would take for posts and another would not."""
    for path in sorted(tree.files):
        base, suffix = posixpath.splitext(path)
        if path.startswith(f"{POSTS}/"):
            if suffix != ".md" and suffix.lower() in MARKDOWN:
                tree.problems.append(
                    Problem(
                        file=tree.shown(path),
                        line=0,
                        key="",
                        code="wrong-suffix",
                        message=f"the name of this post ends in `{suffix}`; `.md` is expected",
                        fix=f"rename it to {posixpath.basename(base)}.md",
                    )
                )
        elif path.startswith(POSTS) and path.endswith(MARKDOWN):
            folder = path.partition("/")[0]
            tree.problems.append(
                Problem(
                    file=tree.shown(path),
                    line=0,
                    key="",
                    code="beside-posts",
                    message=f"the site's builder takes everything whose name begins with `{POSTS}` for a post, "
                    f"`{folder}` too",
                    fix=f"move it into {POSTS}/, or give `{folder}` a name that begins otherwise",
                )
            )
