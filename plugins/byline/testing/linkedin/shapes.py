"""What stays on the service, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from byline.testing.server import Answer, Posted, PostedImage, answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Whose token it is. `organizations` maps a page's number to the member's role there."""

    person: str
    name: str = "Dana Weiss"
    scopes: frozenset[str] = frozenset({"openid", "profile", "w_member_social"})
    organizations: Mapping[str, str] = field(default_factory=dict)
    expires: datetime | None = None

    @property
    def urn(self) -> str:
        """The member's own URN."""
        return f"urn:li:person:{self.person}"


@dataclass(slots=True, kw_only=True)
class Image:
    urn: str
    owner: str
    made: datetime
    picture: PostedImage | None = None


def shown(post: Posted) -> dict[str, Any]:
    at = int(post.at.astimezone(UTC).timestamp() * 1000)
    return {**post.raw, "id": post.id, "createdAt": at, "publishedAt": at, "lastModifiedAt": at}


def error(status: int, message: str, *, code: int = 0) -> Answer:
    return answer(status, {"message": message, "serviceErrorCode": code or status, "status": status})


def denied() -> Answer:
    return answer(
        403,
        {
            "message": "Not enough permissions to access this resource",
            "code": "ACCESS_DENIED",
            "serviceErrorCode": 100,
            "status": 403,
        },
    )


def duplicate(urn: str) -> Answer:
    return answer(
        422,
        {
            "errorDetailType": "com.linkedin.common.error.BadRequest",
            "message": "com.linkedin.content.common.exception.BadRequestResponseException: "
            f"Content is a duplicate of {urn}",
            "errorDetails": {
                "inputErrors": [
                    {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
                ]
            },
            "status": 422,
        },
    )
