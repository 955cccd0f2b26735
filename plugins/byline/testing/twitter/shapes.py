"""What Twitter's documents say of words and answers: what is a link, what it counts, how a post is shown, how no is said."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from typing import Any

from byline import text as texts
from byline.testing.server import Answer, Posted, answer

LIMIT = 280
KEYS = {
    "text", "media", "reply", "poll", "quote_tweet_id", "reply_settings", "for_super_followers_only", "geo",
    "direct_message_deep_link", "made_with_ai", "edit_options", "community_id", "nullcast", "share_with_followers",
    "card_uri", "paid_partnership",
}  # fmt: skip
MENTION = re.compile(r"(?<![\w!#$%&*@＠])[@＠](\w{1,20})(?![@＠]|\w|://)")
TAG = re.compile(r"(?<![\w&])[#＃](\w*[^\W\d_]\w*)")
CASHTAG = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?=$|\W)")
REFUSED = re.compile("[\ufffe\ufeff\uffff]")
INVALID = "https://api.twitter.com/2/problems/invalid-request"


def links_in(text: str) -> texts.Spans:
    """What becomes a link: by the official rules, and every address that begins with http."""
    spans = list(texts.addresses(text))
    for start, end in texts.twitter_links(text):
        if not any(s < end and start < e for s, e in spans):
            spans.append((start, end))
    return tuple(sorted(spans))


def weight(text: str, spans: texts.Spans) -> int:
    """The weighted length: every link 23."""
    return texts.weighted(without(text, spans)) + 23 * len(spans) if spans else texts.weighted(text)


def shorten(post: Posted) -> dict[str, Any]:
    """The text with t.co links, and what each stands for."""
    out: list[str] = []
    entities: list[dict[str, Any]] = []
    at = 0
    for start, end in links_in(post.text):
        out.append(html.escape(post.text[at:start], quote=False))
        expanded = full(post.text[start:end])
        short = "https://t.co/" + hashlib.sha256(f"{post.id}{start}".encode()).hexdigest()[:10]
        begin = len("".join(out))
        out.append(short)
        entities.append(
            {
                "start": begin,
                "end": begin + len(short),
                "url": short,
                "expanded_url": expanded,
                "display_url": re.sub(r"^https?://", "", expanded)[:26],
            }
        )
        at = end
    out.append(html.escape(post.text[at:], quote=False))
    return {"text": "".join(out), "urls": entities}


def fields(post: Posted, wanted: set[str]) -> dict[str, Any]:
    """A post as it is read back, with the `tweet.fields` that were asked for."""
    short = shorten(post)
    shown: dict[str, Any] = {"id": post.id, "text": short["text"], "edit_history_tweet_ids": [post.id]}
    if "created_at" in wanted:
        shown["created_at"] = f"{post.at:%Y-%m-%dT%H:%M:%S}.000Z"
    if "entities" in wanted and short["urls"]:
        shown["entities"] = {"urls": short["urls"]}
    if "referenced_tweets" in wanted and post.reply_to:
        shown["referenced_tweets"] = [{"type": "replied_to", "id": post.reply_to}]
    return shown


def without(text: str, spans: texts.Spans) -> str:
    """The text with nothing in place of its links."""
    out, at = [], 0
    for start, end in spans:
        out.append(text[at:start])
        at = end
    return "".join(out) + text[at:]


def full(address: str) -> str:
    """The address with a scheme."""
    return address if re.match(r"https?://", address, re.I) else f"http://{address}"


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    kind: str = "about:blank",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A refusal in the form that all of them have (RFC 9457)."""
    value = {"title": title, "detail": detail, "type": kind, "status": status}
    return answer(status, value, {"Content-Type": "application/problem+json", **(headers or {})})


def invalid(detail: str) -> Answer:
    """A refusal of what the call says."""
    return problem(400, "Invalid Request", detail, kind=INVALID)
