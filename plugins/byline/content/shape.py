"""What reading gives: posts, authors and the mistakes in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from byline.errors import Problem
from byline.model import Author, Post
from byline.reading.naming import address


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


def _in_share(key: str) -> bool:
    return key == "share" or key.startswith("share.")


def public(content: Content, now: datetime) -> tuple[Post, ...]:
    """The posts that readers may see at this instant, newest first."""
    found = [post for post in content.posts if not post.draft and post.published <= now]
    return tuple(sorted(found, key=lambda post: (post.published, post.id), reverse=True))


def addresses(post: Post) -> frozenset[str]:
    """Where the post lies and lay, each in the one spelling for comparing: no slashes around it, small letters."""
    return frozenset(address(url) for url in (post.url, *post.aliases))
