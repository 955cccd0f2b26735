"""What `publish init` writes: a small company site that passes `publish check` and builds.

The files below `site/` are written as they are, with `@@WORD@@` replaced; a name that begins with `dot-` gets its dot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from byline import __version__

CI = ("github", "gitlab", "none")

# The secrets of every network, by the names that people's CI already has.
SECRETS = (
    "LINKEDIN_ACCESS_TOKEN",
    "LINKEDIN_CLIENT_ID",
    "LINKEDIN_CLIENT_SECRET",
    "TWITTER_CONSUMER_KEY",
    "TWITTER_CONSUMER_SECRET",
    "TWITTER_ACCESS_TOKEN",
    "TWITTER_ACCESS_TOKEN_SECRET",
    "FACEBOOK_PAGE_TOKEN",
    "MASTODON_ACCESS_TOKEN",
    "BLUESKY_IDENTIFIER",
    "BLUESKY_APP_PASSWORD",
)
INSTALL = (
    "pip install --quiet --require-hashes --no-deps -r requirements.lock",
    "pip install --quiet --no-deps --no-build-isolation -r requirements.txt",
)

_PLAIN = re.compile(r"[A-Za-zÀ-ɏ][\w .,()/&+’-]*[\w.)]")
_LEDGER = {
    "github": "the sending history, on a branch of this repository",
    "gitlab": "the sending history, on a branch of this repository",
    "none": "the sending history, in .byline/ on this machine: keep that folder",
}
_README = {
    "github": """
A pull request shows what would go out; its merge puts the site on line and sends the posts. What is to be set up once
on GitHub (Pages, tokens) is in Byline's manual under "Publish on merge"; the workflow is `.github/workflows/publish.yml`.
""",
    "gitlab": """
A merge request shows what would go out; its merge puts the site on line and sends the posts. What is to be set up once
on GitLab (variables, a schedule) is in Byline's manual under "Publish on merge"; the pipeline is `.gitlab-ci.yml`.
""",
    "none": "",
}
_READ_OTHERWISE = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n", "none"))


def write(
    folder: Path,
    *,
    name: str,
    site_url: str,
    timezone: str,
    today: date,
    local: bool,
    ci: str = "github",
) -> tuple[str, ...]:
    """Write the site and return the files' paths below the folder.

    `local`: the form may stay on this machine. `ci`: which service publishes on merge, one of `CI`.
    """
    words = {
        "NAME": quoted(name),
        "NAME_TEXT": name if _PLAIN.fullmatch(name) else "This company",
        "TITLE": name,
        "SITE_URL": site_url,
        "TIMEZONE": timezone,
        "START": str(today - timedelta(days=30)),
        "END": str(today + timedelta(days=335)),
        "DATE1": str(today - timedelta(days=21)),
        "DATE1B": str(today - timedelta(days=14)),
        "DATE2": str(today - timedelta(days=7)),
        "LEAD_FORM": "local" if local else "off",
        "LEDGER": "sqlite" if ci == "none" else "git",
        "LEDGER_WHY": _LEDGER[ci],
        "CI": _README[ci],
        "VERSION": __version__,
    } | ci_words()
    written: list[str] = []
    _copy(files(__name__) / "site", folder, "", words, written)
    if ci != "none":
        _copy(files(__name__) / "ci" / ci, folder, "", words, written)
    return tuple(written)


def ci_words(
    install: Sequence[str] = INSTALL, more: Sequence[str] = (), switch: str = "!= 'off'"
) -> dict[str, str]:
    """What differs between workflows: how the engine is installed, which secrets there are, what `PUBLISH` must be."""
    return {
        "SWITCH": switch,
        "INSTALL": "\n".join(" " * 10 + line for line in install),
        "INSTALL_GITLAB": "\n".join(f"    - {line}" for line in install),
        "SECRETS": "\n".join(
            f"          {secret}: ${{{{ secrets.{secret} }}}}" for secret in (*SECRETS, *more)
        ),
    }


def filled(template: str, words: Mapping[str, str]) -> str:
    """The text with each `@@WORD@@` replaced."""
    return re.sub(r"@@([A-Z0-9_]+)@@", lambda match: words[match[1]], template)


def quoted(text: str) -> str:
    """The text as a YAML value: bare where that is safe, else in quotes."""
    plain = (
        _PLAIN.fullmatch(text)
        and text.lower() not in _READ_OTHERWISE
        and ": " not in text
        and " #" not in text
    )
    return text if plain else json.dumps(text, ensure_ascii=False)


def _copy(
    source: Traversable, folder: Path, prefix: str, words: Mapping[str, str], written: list[str]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in sorted(source.iterdir(), key=lambda item: item.name):
        name = re.sub(r"^dot-", ".", entry.name)
        if entry.is_dir():
            _copy(entry, folder / name, f"{prefix}{name}/", words, written)
            continue
        text = filled(entry.read_text(encoding="utf-8"), words)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        written.append(prefix + name)
