"""Which requests are people. Published: the manual's page docs/explanation/traffic.md lists every rule from here.

A rule can err in both directions, so the number before and the number after are always shown together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

SAME_VISIT = timedelta(minutes=30)
AT_ONCE = timedelta(seconds=10)
MANY = 3  # different links of ours by one visitor at once
AFTER_SENDING = timedelta(seconds=10)
SCORE = 30  # Cloudflare: below, a machine is likely

# Words in what a program calls itself. Lower case; found anywhere in the name.
ROBOTS = (
    *("bot", "crawl", "spider", "slurp", "scrape", "archiver", "monitor", "uptime", "pingdom", "lighthouse"),
    *(
        "feedfetcher",
        "feedly",
        "feedbin",
        "inoreader",
        "newsblur",
        "netnewswire",
        "tiny tiny rss",
        "freshrss",
    ),
    *(
        "gptbot",
        "chatgpt-user",
        "claude",
        "perplexity",
        "ccbot",
        "bytespider",
        "amazonbot",
        "google-extended",
    ),
)
PREVIEWS = (
    *("facebookexternalhit", "facebookcatalog", "meta-external", "linkedinbot", "twitterbot", "slackbot"),
    *("whatsapp", "telegrambot", "discordbot", "skypeuripreview", "mastodon/", "bluesky cardyb", "cardyb"),
    *("pinterestbot", "embedly", "iframely", "vkshare", "snapchat url preview", "link preview", "preview"),
    *("akkoma", "pleroma", "misskey", "lemmy", "friendica", "gotosocial"),
)
SCANNERS = (
    *("barracuda", "proofpoint", "mimecast", "safelinks", "bitdefender", "zscaler", "symantec", "forcepoint"),
    *(
        "fortiguard",
        "trendmicro",
        "trend micro",
        "sophos",
        "cisco ironport",
        "google-safety",
        "googleimageproxy",
    ),
    *("ms-office", "microsoft office", "microsoft outlook", "ms word", "scanner", "virustotal", "urlscan"),
    *("cloudmark", "checkpoint", "paloalto", "netskope", "yahoo link preview", "yahoomailproxy"),
)
TOOLS = (
    *("curl", "wget", "python", "aiohttp", "httpx", "go-http", "java/", "okhttp", "libwww", "lwp", "perl"),
    *("ruby", "php", "guzzle", "node-fetch", "axios", "undici", "postman", "insomnia", "httpclient"),
    *("headless", "phantomjs", "puppeteer", "playwright", "selenium", "zgrab", "masscan", "nmap"),
)
_BROWSER = re.compile(r"(Mozilla|Opera)/\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One reason why a request is not counted. `machine` is false where a person did it, once more."""

    code: str
    words: str
    machine: bool = True


RULES: tuple[Rule, ...] = (
    Rule(
        code="method",
        words="asks for something else than a page to read (only GET counts: link checkers send HEAD)",
    ),
    Rule(
        code="status",
        words="got no page (only answers 200 to 206 and 304 count; a redirect counts where it ends)",
    ),
    Rule(code="robot", words="calls itself a robot, a feed reader or an archive"),
    Rule(code="preview", words="fetches the page for a network's preview of the link"),
    Rule(code="scanner", words="is a mail filter that looks at every link"),
    Rule(
        code="tool",
        words="is a program that is no browser, gives no name, or runs a browser without a screen",
    ),
    Rule(code="score", words=f"Cloudflare scores it below {SCORE}: likely a machine"),
    Rule(
        code="burst",
        words=f"opened {MANY} or more different links of ours within {AT_ONCE.seconds} seconds, as mail filters do",
    ),
    Rule(
        code="instant",
        words=f"came within {AFTER_SENDING.seconds} seconds of the post: networks' own checks are that fast, people are not",
    ),
    Rule(
        code="again",
        words=f"the same visitor and link within {SAME_VISIT.seconds // 60} minutes: one visit",
        machine=False,
    ),
)
BY_CODE: Mapping[str, Rule] = {rule.code: rule for rule in RULES}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Click:
    """One request for a tagged page, without its address: `visitor` is a salted hash that no file holds."""

    key: str
    at: datetime
    visitor: bytes
    content: str
    source: str
    medium: str
    campaign: str
    why: str = ""


def alone(method: str, status: int, agent: str, score: int) -> str:
    """The rule that one request breaks by itself, or an empty string."""
    if method != "GET":
        return "method"
    if not (200 <= status <= 206 or status == 304):
        return "status"
    if 0 < score < SCORE:
        return "score"
    return by_name(agent)


@lru_cache(maxsize=4096)
def by_name(agent: str) -> str:
    """What the program's name gives away."""
    low = agent.lower().replace("cubot", "")  # a maker of telephones
    for code, words in (("preview", PREVIEWS), ("scanner", SCANNERS), ("robot", ROBOTS), ("tool", TOOLS)):
        if any(word in low for word in words):
            return code
    return "" if _BROWSER.match(agent) else "tool"


def together(clicks: Iterable[Click], sent: Mapping[str, datetime]) -> dict[str, str]:
    """The rules that show only when one looks at all of a visitor's clicks, by the key of the click.

    `sent` tells when each delivery went out.
    """
    found: dict[str, str] = {}
    visitors: dict[bytes, list[Click]] = {}
    for click in clicks:
        if click.why:
            continue
        out = sent.get(click.content)
        if out is not None and timedelta(0) <= click.at - out <= AFTER_SENDING:
            found[click.key] = "instant"
            continue
        visitors.setdefault(click.visitor, []).append(click)
    for theirs in visitors.values():
        theirs.sort(key=lambda click: (click.at, click.key))
        fast = _at_once(theirs)
        found |= dict.fromkeys(fast, "burst")
        last: dict[tuple[str, str], datetime] = {}
        for click in theirs:
            if click.key in fast:
                continue
            name = (click.content, click.source)
            before = last.get(name)
            if before is not None and click.at - before <= SAME_VISIT:
                found[click.key] = "again"
            last[name] = click.at
    return found


def _at_once(clicks: Sequence[Click]) -> set[str]:
    found: set[str] = set()
    begin = 0
    for end in range(len(clicks)):
        while clicks[end].at - clicks[begin].at > AT_ONCE:
            begin += 1
        window = clicks[begin : end + 1]
        if len({click.content for click in window}) >= MANY:
            found |= {click.key for click in window}
    return found
