"""What an account reads back, and what reading costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from byline.testing.server import Answer, Call, answer
from byline.testing.twitter.shapes import fields, invalid, problem
from byline.testing.twitter.signing import Signing, User


class Reading(Signing):
    """Timelines, posts and their numbers; a thing that is read is paid for once in a day."""

    def _bill(self, what: str, price: Decimal) -> None:
        """A thing that is read is paid for once in a day of UTC."""
        day = f"{self.clock.now().astimezone(UTC):%Y-%m-%d} {what}"
        if day not in self._billed:
            self._billed.add(day)
            self.charged += price

    def _usage(self, call: Call) -> Answer:
        """How many posts the app has read this month; for its own token alone."""
        if call.headers.get("authorization") != f"Bearer {self.bearer}":
            return self.unauthorized()
        read = sum(1 for what in self._billed if " post " in what)
        return answer(
            200,
            {
                "data": {
                    "cap_reset_day": 7,
                    "project_cap": "2000000",
                    "project_id": "1",
                    "project_usage": str(read),
                }
            },
        )

    def _timeline(self, call: Call, user_id: str) -> Answer:
        count = call.params.get("max_results", "10")
        if not count.isdigit() or not 5 <= int(count) <= 100:
            return invalid(f"The `max_results` query parameter value [{count}] is not between 5 and 100")
        start = _time(call.params.get("start_time", ""))
        wanted = set(call.params.get("tweet.fields", "").split(","))
        found = [
            fields(post, wanted)
            for post in self.listed()
            if post.author == user_id and (start is None or post.at >= start)
        ][: int(count)]
        for post in found:
            self._bill(f"post {post['id']}", Decimal("0.005"))
        meta = {"result_count": len(found)}
        return answer(200, {"data": found, "meta": meta} if found else {"meta": meta})

    def _single(self, remote_id: str) -> Answer:
        post = self.by_id(remote_id)
        if post is None:
            return problem(404, "Not Found Error", f"Could not find tweet with id: [{remote_id}].")
        return answer(200, {"data": fields(post, {"created_at", "entities"})})

    def _lookup(self, call: Call, user: User) -> Answer:
        wanted = set(call.params.get("tweet.fields", "").split(","))
        data: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for remote_id in call.params.get("ids", "").split(","):
            post = self.by_id(remote_id)
            old = post is not None and self.clock.now() - post.at > timedelta(days=30)
            if post is None or (old and "non_public_metrics" in wanted):
                errors.append(
                    {
                        "title": "Field Authorization Error" if post else "Not Found Error",
                        "detail": "Sorry, you are not authorized to access 'non_public_metrics.url_link_clicks' on the Tweet"
                        if post
                        else f"Could not find tweet with ids: [{remote_id}].",
                        "type": "https://api.twitter.com/2/problems/field-authorization",
                    }
                )
                continue
            shown = fields(post, wanted)
            numbers = {
                "impression_count": 0,
                "like_count": 0,
                "reply_count": 0,
                "retweet_count": 0,
                "quote_count": 0,
            }
            numbers |= self.numbers.get(remote_id, {})
            if "public_metrics" in wanted:
                shown["public_metrics"] = {k: v for k, v in numbers.items() if k != "url_link_clicks"}
            if "non_public_metrics" in wanted and post.author == user.id:
                shown["non_public_metrics"] = {"url_link_clicks": numbers.get("url_link_clicks", 0)}
            self._bill(f"post {remote_id}", Decimal("0.005"))
            data.append(shown)
        return answer(200, ({"data": data} if data else {}) | ({"errors": errors} if errors else {}))


def _time(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
