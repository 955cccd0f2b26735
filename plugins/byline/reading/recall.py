"""Posts that were read before, as plain values: a post without an error need not be read again while nothing that
reading it looked at has changed. What it was warned of is told again.

What it looked at is its own bytes, the settings and authors (the caller names both), and which files are there: each
question whether a file is there is noted with its answer and asked again, and so is what a picture holds. A post with an error is always read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from byline.errors import Problem
from byline.model import Again, NetworkShare, Post, Share
from byline.reading.files import Address

_MICROSECOND = timedelta(microseconds=1)


class Asked(set[str]):
    """The files that are there, noting who was asked for."""

    answers: dict[str, bool]

    def __contains__(self, path: object) -> bool:
        found = super().__contains__(path)
        self.answers[str(path)] = found
        return found


class Known(NamedTuple):
    """A post, the pages it links to with their lines, its links by address, and what it was warned of."""

    post: Post
    targets: list[tuple[str, int]]
    addresses: list[Address]
    warnings: list[Problem]


class Beside(Protocol):
    """Another process that reads posts from the end of a list."""

    def mine(self, path: str) -> bool:
        """Must this process read it?"""

    def take(self) -> Mapping[str, Any] | None:
        """What the other one gave, when it is done; None when that failed."""

    def leave(self) -> None:
        """Nobody wants it any more."""


# Starts one, where that pays: the posts, how one is read, what is to be given at the end.
Begin = Callable[[Sequence[str], Callable[[str], Any], Callable[[], Mapping[str, Any]]], Beside | None]


class Recall:
    """`row` gives for a post's path what `keep` made of it before, or anything else; `fresh` maps the paths of posts
    that were read this time to what is to be given the next time."""

    def __init__(
        self,
        row: Callable[[str], Any],
        zone: ZoneInfo,
        sha: Callable[[str], str],
        begin: Begin = lambda _posts, _read, _done: None,
    ) -> None:
        """`sha` gives the hash of a file below `docs_dir`, empty for one that is not there."""
        self.row = row
        self.begin = begin
        self.zone = zone
        self.sha = sha
        self.fresh: dict[str, Any] = {}

    def find(self, path: str, files: set[str]) -> Known | None:
        """What reading the post would give; None when it must be read."""
        row = self.fresh.get(path) or self.row(path)
        sha = self.sha(path)
        try:
            if (
                not sha
                or row is None
                or row["sha"] != sha
                or any((file in files) is not told for file, told in row["asked"])
                or any(self.sha(file) != told for file, told in row["looked"])
            ):
                return None
            post = self._post(row["post"], sha)
            targets = [(target, line) for target, line in row["targets"]]
            addresses = [
                Address(code=code, file=file, line=line, shown=shown, path=where)
                for code, file, line, shown, where in row["addresses"]
            ]
            warnings = [Problem(**values) for values in row["warnings"]]
        except (TypeError, ValueError, KeyError, AttributeError):
            return None  # not ours
        return Known(post, targets, addresses, warnings)

    def keep(
        self,
        path: str,
        asked: Mapping[str, bool],
        looked: Collection[str],
        known: Known,
    ) -> None:
        """Remember a post that was read without an error."""
        try:
            values = self._plain(known.post)
        except ValueError:
            return
        self.fresh[path] = {
            "sha": known.post.hash,
            "asked": list(asked.items()),
            "looked": [(file, self.sha(file)) for file in looked],
            "post": values,
            "targets": known.targets,
            "addresses": [[one.code, one.file, one.line, one.shown, one.path] for one in known.addresses],
            "warnings": [{name: getattr(one, name) for name in _PROBLEM} for one in known.warnings],
        }

    def _plain(self, post: Post) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in _POST:
            value = getattr(post, name)
            if name in _MOMENTS:
                value = self._moment(value)
            elif name == "effort":
                value = None if value is None else value // _MICROSECOND
            elif name == "lines":
                value = dict(value)
            elif name == "share" and value is not None:
                value = self._plain_share(value)
            found[name] = value
        return found

    def _post(self, row: Mapping[str, Any], sha: str) -> Post:
        values = dict(row)
        for name in _MOMENTS:
            values[name] = self._of_moment(values[name])
        for name in _TUPLES:
            values[name] = tuple(values[name])
        if values["effort"] is not None:
            values["effort"] = values["effort"] * _MICROSECOND
        if values["share"] is not None:
            values["share"] = self._share(values["share"])
        values["lines"] = MappingProxyType(values["lines"])
        return Post(hash=sha, **values)

    def _moment(self, value: datetime | None) -> list[Any] | None:
        if value is None:
            return None
        if value.tzinfo is not self.zone:
            raise ValueError("a time of another zone")
        return [value.replace(tzinfo=None).isoformat(), value.fold]

    def _of_moment(self, value: list[Any] | None) -> datetime | None:
        if value is None:
            return None
        return datetime.fromisoformat(value[0]).replace(tzinfo=self.zone, fold=value[1])

    def _plain_share(self, share: Share) -> list[Any]:
        return [
            share.off,
            self._moment(share.at),
            {name: self._plain_network(one) for name, one in share.networks.items()},
            [
                [
                    one.after // _MICROSECOND,
                    {name: self._plain_network(net) for name, net in one.networks.items()},
                    one.line,
                ]
                for one in share.again
            ],
            share.line,
        ]

    def _share(self, row: list[Any]) -> Share:
        off, at, networks, again, line = row
        return Share(
            off=off,
            at=self._of_moment(at),
            networks=MappingProxyType({name: self._network(one) for name, one in networks.items()}),
            again=tuple(
                Again(
                    after=after * _MICROSECOND,
                    networks=MappingProxyType({name: self._network(net) for name, net in nets.items()}),
                    line=where,
                )
                for after, nets, where in again
            ),
            line=line,
        )

    def _plain_network(self, one: NetworkShare) -> list[Any]:
        accounts = {name: self._plain_network(account) for name, account in one.accounts.items()}
        return [
            one.off, list(one.texts), self._moment(one.at), list(one.as_), accounts, one.image, one.image_alt, one.link,
            one.line,
        ]  # fmt: skip

    def _network(self, row: list[Any]) -> NetworkShare:
        off, texts, at, as_, accounts, image, image_alt, link, line = row
        return NetworkShare(
            off=off,
            texts=tuple(texts),
            at=self._of_moment(at),
            as_=tuple(as_),
            accounts=MappingProxyType({name: self._network(account) for name, account in accounts.items()}),
            image=image,
            image_alt=image_alt,
            link=link,
            line=line,
        )


_MOMENTS = ("published", "updated")
_POST = tuple(field.name for field in fields(Post) if field.name != "hash")
_PROBLEM = tuple(field.name for field in fields(Problem))
_TUPLES = ("authors", "categories", "tags", "audience", "aliases")
