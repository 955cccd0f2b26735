"""Draw where to click for a token: sketches of our own, one for each place, into docs/tokens/. `--check` only compares."""

from __future__ import annotations

import html
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "tokens"
# Place -> (title, address, (pane, pane, ...)); of a pane's lines the one with * is clicked, one with = is what is copied or pasted.
PLACES: dict[str, tuple[str, str, tuple[tuple[str, ...], ...]]] = {
    "linkedin": (
        "LinkedIn: where a token is made",
        "developer.linkedin.com",
        (
            ("My apps", "*your app"),
            ("Settings", "*Auth", "Products"),
            ("OAuth 2.0 tools", "*Create token"),
            ("openid", "profile", "w_member_social", "*Request access token"),
            ("Access token", "=copy this"),
        ),
    ),
    "twitter": (
        "Twitter: where keys and tokens stand",
        "the developer console of X",
        (
            ("Projects and apps", "*your app"),
            ("Settings", "*Keys and tokens"),
            ("Access token and secret", "*Generate"),
            ("Access token", "=copy this", "Access token secret", "=and this"),
        ),
    ),
    "mastodon": (
        "Mastodon: where an application's token stands",
        "your own server",
        (
            ("Profile", "*Preferences"),
            ("Account", "*Development"),
            ("*New application", "or the one there"),
            ("read", "write", "*Submit"),
            ("Your access token", "=copy this"),
        ),
    ),
    "bluesky": (
        "Bluesky: where an app password is made",
        "bsky.app",
        (
            ("Home", "*Settings"),
            ("Account", "*Privacy and security"),
            ("*App passwords",),
            ("Name: Byline", "*Add App Password"),
            ("App password", "=copy this"),
        ),
    ),
    "facebook_1": (
        "Facebook, first half: a token of two months",
        "developers.facebook.com, Tools",
        (
            ("*Graph API Explorer", "Meta App: your app"),
            ("pages_manage_posts", "pages_read_engagement", "pages_show_list", "*Generate Access Token"),
            ("Access Token", "=copy this"),
            ("*Access Token Debugger", "=paste it", "*Debug"),
            ("*Extend Access Token", "=copy the new one"),
        ),
    ),
    "facebook_2": (
        "Facebook, second half: the page's own token",
        "developers.facebook.com, Tools",
        (
            ("*Graph API Explorer", "Meta App: your app"),
            ("Access Token", "=paste the new one"),
            ("GET me/accounts", "*Submit"),
            ("name: your page", "access_token:", "=copy this"),
        ),
    ),
    "github": (
        "GitHub: where the secret is pasted",
        "your site's repository",
        (
            ("Code", "Issues", "*Settings"),
            ("Actions", "*Environments"),
            ("*networks",),
            ("Environment secrets", "*Add environment secret"),
            ("Name: as in this manual", "=paste the token", "*Add secret"),
        ),
    ),
    "gitlab": (
        "GitLab: where the secret is pasted",
        "your site's project",
        (
            ("Code", "Build", "*Settings"),
            ("General", "*CI/CD"),
            ("Variables", "*Add variable"),
            ("*Protected", "*Masked"),
            ("Key: as in this manual", "=paste the token", "*Add variable"),
        ),
    ),
}
WIDE, ROW, GAP, TOP = 236, 34, 34, 86
STYLE = (
    "text{font:15px system-ui,sans-serif;fill:#1a1d1c}.t{font-size:19px;font-weight:600}.d{fill:#5a605e}"
    ".p{fill:#fff;stroke:#8b918f}.c{fill:#1d3d36}.c+text{fill:#fff;font-weight:600}"
    ".k{fill:#fff3dc;stroke:#9a5b00;stroke-dasharray:5 3}.a{stroke:#9a5b00;stroke-width:3;fill:none}.n{fill:#9a5b00}"
    ".n+text{fill:#fff;font-size:13px;font-weight:700}"
)


def drawing(place: str) -> str:
    """One place as an SVG that needs no font and no other file."""
    title, address, panes = PLACES[place]
    wide = len(panes) * (WIDE + GAP) - GAP + 48
    high = TOP + max(map(len, panes)) * ROW + 62
    told = ". ".join(", then ".join(line.lstrip("*=") for line in pane if line[0] in "*=") for pane in panes)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" aria-labelledby="t d">',
        f'<title id="t">{html.escape(title)}</title><desc id="d">{html.escape(address)}: {html.escape(told)}.</desc>',
        f'<style>{STYLE}</style><rect width="{wide}" height="{high}" rx="10" fill="#f4f5f4"/>',
        f'<text x="24" y="36" class="t">{html.escape(title)}</text><text x="24" y="60" class="d">{html.escape(address)}</text>',
    ]
    for number, pane in enumerate(panes):
        parts += _pane(number, pane, 24 + number * (WIDE + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _pane(number: int, pane: tuple[str, ...], left: int) -> list[str]:
    high = len(pane) * ROW + 34
    parts = [f'<rect class="p" x="{left}" y="{TOP}" width="{WIDE}" height="{high}" rx="6"/>']
    for index, line in enumerate(pane):
        y = TOP + 26 + index * ROW
        words = html.escape(line.lstrip("*="))
        if line[0] in "*=":
            kind = "c" if line[0] == "*" else "k"
            parts.append(
                f'<rect class="{kind}" x="{left + 8}" y="{y - 3}" width="{WIDE - 16}" height="28" rx="5"/>'
            )
        parts.append(f'<text x="{left + 18}" y="{y + 16}">{words}</text>')
    parts.append(f'<circle class="n" cx="{left + 4}" cy="{TOP + 2}" r="12"/>')
    parts.append(f'<text x="{left + 4}" y="{TOP + 7}" text-anchor="middle">{number + 1}</text>')
    if number:
        y = TOP + 40
        parts.append(f'<path class="a" d="M{left - GAP + 6} {y}h{GAP - 14}m-7 -6l7 6l-7 6"/>')
    return parts


def main() -> int:
    """Write all of them; with --check tell whether they are what would be written."""
    stale = 0
    for place in PLACES:
        file = FOLDER / f"{place}.svg"
        if "--check" in sys.argv:
            stale += not file.exists() or file.read_text(encoding="utf-8") != drawing(place)
            continue
        FOLDER.mkdir(exist_ok=True)
        file.write_text(drawing(place), encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
