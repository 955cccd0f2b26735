"""Markdown with front matter -> posts, or every Problem in them at once. Reads files only; never raises for bad ones.

The only user of python-frontmatter. Its own reader is lenient where the site's builder is strict (a missing closing
mark is "no metadata" to it), so the bytes are checked first and the front matter is read by `yamlread`.
"""

from __future__ import annotations

import gc
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import frontmatter
from frontmatter.default_handlers import BaseHandler

from byline import registry
from byline.errors import Problem
from byline.fields import kind
from byline.model import Author, Post
from byline.reading import ids
from byline.reading.authors import read_authors
from byline.reading.body import heading
from byline.reading.files import Reading
from byline.reading.hashes import lost_words
from byline.reading.post import Source, address, read_post
from byline.reading.recall import Asked, Recall
from byline.reading.share import FIXED
from byline.reading.tree import scan
from byline.settings import Settings
from byline.yamlread import MAX_BYTES, Mapping_, Scalar, YamlProblem, decode
from byline.yamlread import read as read_yaml

_MARK = re.compile(r"^---[ \t]*$", re.MULTILINE)
_LOOKALIKE = re.compile(r"^(?:-{4,}|\.\.\.|–+|—+|- ?- ?-)[ \t]*$", re.MULTILINE)
_ID_LINE = re.compile(rb"^id:[ \t]*[\"']?([a-z][a-z0-9]{2,15})\b", re.MULTILINE)
_SETTING = re.compile(r"(?P<key>\s*(?:- )?[\w-]+):\s+(?P<value>[^\"'\[{|>\s].*?)\s*")
_MENDED_LINES = 20
_KEY = re.compile(r"[A-Za-z_][\w-]*:(?:\s|$)")
# Addresses that the site's builder makes beside posts and pages.
_MADE = ("category/", "author/", "archive/", "tags/", "page/", "thanks/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything under `docs_dir` that Byline reads.

    `posts` in order of path, with drafts and future ones and those that have a mistake but could be made;
    `problems` in order of file and line; `count` tells how many files there are under `posts/`, unreadable ones too.
    `targets` maps a post to the posts that it links to, each with the line of the link; both as `src_uri`.
    """

    posts: tuple[Post, ...]
    authors: Mapping[str, Author]
    problems: tuple[Problem, ...]
    count: int
    targets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def bad(self) -> frozenset[str]:
        """The paths of files with an error outside `share`: such a post is neither built nor sent."""
        return frozenset(
            problem.file
            for problem in self.problems
            if problem.severity == "error" and not _in_share(problem.key)
        )

    @property
    def bad_share(self) -> frozenset[str]:
        """The paths of posts with an error under `share`: such a post is built but not sent."""
        return frozenset(
            problem.file
            for problem in self.problems
            if problem.severity == "error" and _in_share(problem.key)
        )


def _in_share(key: str) -> bool:
    return key == "share" or key.startswith("share.")


def read(settings: Settings, recall: Recall | None = None) -> Content:
    """Every post and author of the site, with every mistake in them. `recall` spares the reading of known posts."""
    # Thousands of small values are made here and all of them are kept: looking for rubbish among them is a third of
    # the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _read(settings, recall)
    finally:
        if collecting:
            gc.enable()


def _read(settings: Settings, recall: Recall | None) -> Content:
    tree = scan(settings.docs, settings.root)
    problems = list(tree.problems)
    authors = read_authors(settings, tree, problems)
    networks = tuple(dict.fromkeys((*registry.channels(), *settings.channels, *FIXED)))
    reading = Reading(settings=settings, tree=tree, authors=authors, networks=networks, problems=problems)
    posts: list[Post] = []
    files = Asked(tree.files)
    for path in tree.posts:
        known = recall.find(path, tree.files) if recall else None
        if known is not None:
            posts.append(known[0])
            if known[1]:
                reading.targets[path] = known[1]
            reading.addresses.extend(known[2])
            continue
        before, links = len(problems), len(reading.addresses)
        if recall:
            files.answers, tree.looked = {}, set()
            tree.files = files
        source = _source(reading, path)
        post = read_post(source, reading) if source is not None else None
        _once_a_line(problems, before)
        if post is not None:
            posts.append(post)
            if recall and len(problems) == before:
                own = reading.addresses[links:]
                recall.keep(path, post, files.answers, tree.looked, reading.targets.get(path, []), own)
    _across(reading, posts)
    return Content(
        posts=tuple(posts),
        authors=authors,
        problems=tuple(sorted(problems, key=lambda item: (item.file, item.line, item.key, item.code))),
        count=len(tree.posts),
        targets=MappingProxyType({path: tuple(found) for path, found in reading.targets.items()}),
    )


def read_again(settings: Settings, content: Content, src_uri: str) -> Post | None:
    """One post that has just been saved, read as `read` does; None where it has a mistake or is not among the posts.

    What only shows among all posts (two with one address) is left to `read`.
    """
    tree, problems = scan(settings.docs, settings.root), list[Problem]()
    if src_uri not in tree.files:
        return None
    networks = tuple(dict.fromkeys((*registry.channels(), *settings.channels, *FIXED)))
    reading = Reading(
        settings=settings, tree=tree, authors=dict(content.authors), networks=networks, problems=problems
    )
    source = _source(reading, src_uri)
    post = read_post(source, reading) if source is not None else None
    return None if any(problem.severity == "error" for problem in problems) else post


def public(content: Content, now: datetime) -> tuple[Post, ...]:
    """The posts that readers may see at this instant, newest first."""
    found = [post for post in content.posts if not post.draft and post.published <= now]
    return tuple(sorted(found, key=lambda post: (post.published, post.id), reverse=True))


def addresses(post: Post) -> frozenset[str]:
    """Where the post lies and lay, each in the one spelling for comparing: no slashes around it, small letters."""
    return frozenset(address(url) for url in (post.url, *post.aliases))


class _Handler(BaseHandler):
    """Front matter for python-frontmatter, between two lines of exactly three dashes, read with line numbers."""

    FM_BOUNDARY = _MARK
    START_DELIMITER = END_DELIMITER = "---"

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[YamlProblem] = []
        self.first = 1

    def split(self, text: str) -> tuple[str, str]:
        """The front matter and what follows; remembers the line on which the text begins."""
        _, head, body = _MARK.split(text, 2)
        above = head.count("\n") + 1
        self.first = above + len(body) - len(body.lstrip("\n")) if body.strip() else above + 1
        return head, body

    def load(self, fm: str) -> dict[str, Any]:
        # The text begins with the line break after the first mark, so its second line is the file's second.
        rows = fm.split("\n")
        for _ in range(_MENDED_LINES):
            try:
                return {"": read_yaml("\n".join(rows), problems=self.problems)}
            except YamlProblem as problem:
                if not _mend(rows, problem):
                    raise
                # What is wrong with the other lines is to be told in the same run.
                self.problems = [problem, *(found for found in self.problems if found.line < problem.line)]
        return {"": read_yaml("\n".join(rows), problems=self.problems)}


def _mend(rows: list[str], problem: YamlProblem) -> bool:
    """Write the line as the fix says, where that is certain; False where it is not."""
    if not 1 <= problem.line <= len(rows):
        return False
    row = rows[problem.line - 1]
    mended = row
    if problem.code == "yaml-tab":
        mended = row.replace("\t", "  ")
    elif problem.code in ("yaml-colon", "yaml-alias") and (match := _SETTING.fullmatch(row)):
        mended = f"{match['key']}: {json.dumps(match['value'], ensure_ascii=False)}"
    rows[problem.line - 1] = mended
    return mended != row


def split(text: str) -> tuple[Mapping_, str, int, tuple[YamlProblem, ...]]:
    """Front matter, body, the body's first line, and what spoils single values. Raises YamlProblem for odd forms."""
    _refuse_odd_forms(text)
    handler = _Handler()
    metadata, body = frontmatter.parse(text, handler=handler)
    node = metadata.get("")
    if not isinstance(node, Mapping_):
        raise YamlProblem(
            2,
            "front-matter-kind" if node is not None else "empty-front-matter",
            f"the front matter holds {kind(node)}; lines such as `title: …` are expected",  # type: ignore[arg-type]
            "compare with a post that `publish new` wrote",
        )
    return node, body, handler.first, tuple(handler.problems)


def _refuse_odd_forms(text: str) -> None:
    """Where readers disagree on what the front matter is, none of them is asked."""
    first, _, rest = text.partition("\n")
    if not text.strip():
        raise YamlProblem(1, "empty-file", "the file is empty", "write the post, or delete the file")
    if not first.strip():
        if _MARK.match(text.lstrip()):
            raise YamlProblem(
                1, "blank-first-line", "an empty line stands above the front matter", "delete the empty line"
            )
        raise _no_front_matter(text)
    if not _MARK.fullmatch(first):
        if _LOOKALIKE.fullmatch(first.strip()):
            raise YamlProblem(
                1,
                "opening-mark",
                f"the first line is `{first.strip()[:20]}`; exactly three dashes are expected",
                "write `---` on the first line",
            )
        raise _no_front_matter(text)
    end = _MARK.search(rest)
    odd = _LOOKALIKE.search(rest, 0, end.start() if end else len(rest))
    # Between the marks, such a line can only be a closing mark gone wrong; a long text may hold dashes of its own.
    if odd is not None:
        line = rest.count("\n", 0, odd.start()) + 2
        raise YamlProblem(
            line,
            "closing-mark",
            f"the front matter is closed by `{odd[0].strip()[:20]}`; exactly three dashes are expected",
            "write `---` on this line",
        )
    if end is None:
        raise YamlProblem(
            _end_of_keys(rest),
            "no-closing-mark",
            "the front matter has no end: the second line of three dashes is missing",
            "write `---` on a line of its own after the last setting",
        )


def _no_front_matter(text: str) -> YamlProblem:
    first = text.lstrip().partition("\n")[0]
    if _KEY.match(first) and not first.lower().startswith(("http:", "https:")):
        return YamlProblem(
            1,
            "no-front-matter",
            "the settings of the post are not between two lines of three dashes",
            "write `---` above the first of them and below the last",
        )
    return YamlProblem(
        1,
        "no-front-matter",
        "the post does not begin with front matter, so it has no date and no title",
        "begin the file with `---`, `title: …`, `date: 2026-11-24`, `---`; `publish new` writes it for you",
    )


def _end_of_keys(rest: str) -> int:
    """The line after the last one that looks like a setting, counted in the file."""
    last = 1
    for number, line in enumerate(rest.split("\n"), start=2):
        if not line.strip() or line.startswith("#"):
            break
        last = number
    return last


def write_missing_ids(settings: Settings, content: Content) -> tuple[tuple[str, str], ...]:
    """Give every post that has no id one, in its file; (file, id) of each. Nothing else in a file changes.

    A file in which a line cannot be added safely keeps its problem.
    """
    written: list[tuple[str, str]] = []
    for file, fresh, _, changed, mark in missing_ids(settings, content):
        ids.write(settings.root / file, changed, mark=mark)
        written.append((file, fresh))
    return tuple(written)


def missing_ids(settings: Settings, content: Content) -> Iterator[tuple[str, str, str, str, bool]]:
    """Each post without an id to which one can be added: file, id, its text, the text with the id, has it a byte order mark."""
    taken = {post.id for post in content.posts} | ids_of_unreadable(settings, content)
    for file in sorted({problem.file for problem in content.problems if problem.code == "missing-id"}):
        path = settings.root / file
        data = path.read_bytes()
        try:
            plain = decode(data)
            node, body, *_ = split(plain)
        except YamlProblem:
            continue
        words = (node.items.get(key) for key in ("slug", "title"))
        title = next((word.raw for word in words if isinstance(word, Scalar) and word.raw.strip()), "")
        fresh = ids.fresh_id(title or heading(body) or path.stem, taken)
        changed = ids.with_id(data.decode("utf-8-sig"), fresh, lambda text: split(text)[0])
        if changed is None:
            continue
        taken.add(fresh)
        yield file, fresh, data.decode("utf-8-sig"), changed, data.startswith(b"\xef\xbb\xbf")


def ids_of_unreadable(settings: Settings, content: Content) -> set[str]:
    """Ids in files that no post could be made of: they are taken too."""
    found: set[str] = set()
    for file in {problem.file for problem in content.problems} - {post.path for post in content.posts}:
        path = settings.root / file
        if path.suffix == ".md" and path.is_file():
            with path.open("rb") as opened:
                found |= {word.decode() for word in _ID_LINE.findall(opened.read(65_536))}
    return found


def _source(reading: Reading, path: str) -> Source | None:
    """The file, split; None with a Problem when it cannot be."""
    shown = reading.tree.shown(path)

    def problem(error: YamlProblem) -> None:
        reading.problems.append(
            Problem(
                file=shown,
                line=error.line,
                key="",
                code=error.code,
                message=error.message,
                fix=error.fix,
            )
        )

    try:
        data = _bytes(f"{reading.tree.docs}/{path}")
        text = decode(data)
        node, body, first, spoilt = split(text)
    except YamlProblem as error:
        problem(error)
        return None
    except OSError as error:
        problem(YamlProblem(0, "unreadable", f"the file cannot be read: {error.strerror}", "mend its rights"))
        return None
    for value in spoilt:
        problem(value)
    if " #" in text:
        reading.problems.extend(_lost_words(shown, node, text))
    return Source(path=path, shown=shown, node=node, body=body, first=first, hash=sha256(data).hexdigest())


def _lost_words(shown: str, node: Mapping_, text: str) -> Iterator[Problem]:
    """Hashtags in texts without quotes, which are gone before anyone could tell."""
    for key, line, words, lost in lost_words(node, text.split("\n")):
        yield Problem(
            file=shown,
            line=line,
            key=key,
            code="lost-hashtag",
            message=f"`{lost[:60]}` is read as a comment and left out, since the text has no quotes",
            fix=f'put the whole text in quotes: "{words[-40:]} {lost[:60]}"'
            if len(words) <= 40
            else "put the whole text in quotes, or write it below `|`",
            severity="warning",
        )


def _bytes(path: str) -> bytes:
    """The file's bytes; of one that is far too large, only its size is looked at."""
    with open(path, "rb") as file:  # noqa: PTH123 - thousands of them, and this is twice as quick
        size = os.fstat(file.fileno()).st_size
        if size <= MAX_BYTES:
            return file.read()
    raise YamlProblem(
        0,
        "file-too-large",
        f"the file is {size / 1_000_000:.1f} MB; at most {MAX_BYTES // 1_000_000} MB of text are expected",
        "move pictures and tables out of the text into files of their own",
    )


def _once_a_line(problems: list[Problem], before: int) -> None:
    """A value that is spoilt as YAML is told once, not again by every rule that looks at it."""
    spoilt = {item.line for item in problems[before:] if item.code == "yaml-value"}
    if spoilt:
        problems[before:] = [
            item for item in problems[before:] if item.code == "yaml-value" or item.line not in spoilt
        ]


def _across(reading: Reading, posts: list[Post]) -> None:
    """What only shows when all posts are known: doubles, addresses in use, links to what is not public yet."""
    _doubles(reading, posts, lambda post: post.id, "id", "duplicate-id", "the id `{}`")
    _doubles(reading, posts, lambda post: post.url, "slug", "duplicate-url", "the address {}")
    pages = {_page_address(page): page for page in reading.tree.pages}
    taken = {address(post.url): post.path for post in posts}
    for url, page in pages.items():
        if url in taken:
            _note(reading, taken[url], 1, "slug", "duplicate-url",
                  f"the page {reading.tree.shown(page)} has the same address, {url}/",
                  "give the post another `slug`, or rename the page")  # fmt: skip
    taken = {url: reading.tree.shown(page) for url, page in pages.items()} | taken
    _alias_doubles(reading, posts, taken)
    _addresses(reading, posts, taken)
    _drafts_linked(reading, posts)


def _note(reading: Reading, file: str, line: int, key: str, code: str, message: str, fix: str) -> None:
    reading.problems.append(Problem(file=file, line=line, key=key, code=code, message=message, fix=fix))


def _doubles(
    reading: Reading, posts: Iterable[Post], value: Callable[[Post], str], key: str, code: str, what: str
) -> None:
    """Both files are named in both: which of the two is the copy, only a person knows."""
    groups: dict[str, list[Post]] = {}
    for post in posts:
        if value(post):
            groups.setdefault(value(post), []).append(post)
    for shared, group in groups.items():
        for post in group if len(group) > 1 else ():
            other = next(found for found in group if found is not post)
            fix = (
                "delete the `id` line in the newer one of the two and run `publish check --fix`"
                if key == "id"
                else f"give one of the two another `slug`, such as `slug: {post.slug}-{post.published.year}`"
            )
            line = post.lines.get(key) or post.lines.get("title", 1)
            place = f"{other.path}:{other.lines.get(key) or other.lines.get('title', 1)}"
            _note(reading, post.path, line, key, code,
                  f"{what.format(shared)} is also that of {place}; each post needs its own", fix)  # fmt: skip


def _page_address(page: str) -> str:
    """`about.md` lies at about/, an index at its folder."""
    base = page.rpartition(".")[0]
    folder, _, name = base.rpartition("/")
    return (folder if name in ("index", "README") else base).lower()


def _alias_doubles(reading: Reading, posts: Iterable[Post], taken: Mapping[str, str]) -> None:
    claimed: dict[str, str] = {}
    for post in posts:
        for alias in post.aliases:
            path = address(alias)
            holder = taken.get(path) or claimed.get(path)
            claimed.setdefault(path, post.path)
            if holder is not None and holder != post.path:
                _note(reading, post.path, post.line("aliases"), "aliases", "alias-taken",
                      f"the former address {alias} belongs to {holder}", "delete it in one of the two")  # fmt: skip


def _addresses(reading: Reading, posts: Iterable[Post], taken: Mapping[str, str]) -> None:
    """Links by address: wrong ones are errors, right ones get advice."""
    former = {address(alias) for post in posts for alias in post.aliases}
    advice = {
        "absolute-link": "counts from the top of the server; it breaks where the site lies in a folder",
        "page-address": "is a page's address; it breaks when the page moves",
    }
    for link in reading.addresses:
        path = link.path.strip("/")
        known = (
            path in (".", "") or path.lower() in taken or path.lower() in former or path in reading.tree.files
        )
        if known or f"{path}/".startswith(_MADE):
            problem = Problem(
                file=link.file,
                line=link.line,
                key="",
                code=link.code,
                message=f"the link `{link.shown}` {advice[link.code]}",
                fix="link to the file instead, such as `../about.md` or `other-post.md`",
                severity="warning",
            )
        else:
            problem = Problem(
                file=link.file,
                line=link.line,
                key="",
                code="missing-page",
                message=f"the link `{link.shown}` leads to no page of this site",
                fix="link to the page's file, such as `../about.md` or `other-post.md`",
            )
        reading.problems.append(problem)


def _drafts_linked(reading: Reading, posts: Iterable[Post]) -> None:
    """A link from a public page to a draft leads nowhere."""
    by_file = {post.src_uri: post for post in posts}
    for post in posts:
        for target, line in () if post.draft else reading.targets.get(post.src_uri, ()):
            other = by_file.get(target)
            if other is not None and other.draft:
                _note(reading, post.path, line, "", "link-not-public",
                      f"the post links to {other.path}, which is a draft: the link would lead nowhere",
                      "take the link out for now, or make the other post public")  # fmt: skip
