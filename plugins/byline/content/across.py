"""What only shows when all posts are known: doubles, addresses in use, links to what is not public yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from byline.errors import Problem
from byline.model import Post
from byline.reading.files import Reading
from byline.reading.naming import address

# Addresses that the site's builder makes beside posts and pages.
_MADE = ("category/", "author/", "archive/", "tags/", "page/", "thanks/")


def across(reading: Reading, posts: list[Post]) -> None:
    """Note in the reading's problems what no single post shows."""
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
