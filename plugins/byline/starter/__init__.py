"""What `publish init` writes: a small company site that passes `publish check` and builds.

The files below `site/` are written as they are, with `@@WORD@@` replaced; a name that begins with `dot-` gets its dot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from byline import __version__
from byline.reading import forms

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
    "TWITTER_BEARER_TOKEN",
    "CONSTANTCONTACT_CLIENT_ID",
    "CONSTANTCONTACT_CLIENT_SECRET",
    "CONSTANTCONTACT_REFRESH_TOKEN",
    "NEWSLETTER_RECIPIENTS",
    "NEWSLETTER_SECRET",
    "SMTP_USERNAME",
    "SMTP_PASSWORD",
    "BYLINE_PRIVATE_URL",
)
# For the CRM and for the report: nothing with which one could post.
CRM_SECRETS = (
    "SALESFORCE_CLIENT_ID",
    "SALESFORCE_CLIENT_SECRET",
    "SALESFORCE_USERNAME",
    "SALESFORCE_PRIVATE_KEY",
    "DYNAMICS_CLIENT_ID",
    "DYNAMICS_CLIENT_SECRET",
    "HUBSPOT_ACCESS_TOKEN",
    "BYLINE_PRIVATE_URL",
)
INSTALL = (
    "pip install --quiet --require-hashes --no-deps -r requirements.lock",
    "pip install --quiet --no-deps --no-build-isolation -r requirements.txt",
)

# What is said beside each network that init can set up: how a person becomes a machine there, and how long that takes.
NETWORKS: Mapping[str, tuple[str, ...]] = {
    "linkedin": (
        "By hand for now: you are given words and link, post them, and `publish record` notes it.",
        "A company page by itself: LinkedIn looks at your app first, which takes weeks: apply today (manual: LinkedIn).",
        'Then `company: {urn: "urn:li:organization:…"}` and `publish connect linkedin`. A manager\'s own profile can start today.',
    ),
    "twitter": (
        "By hand for now. By itself it costs money for each post: `acme: {}`, then `publish connect twitter`.",
    ),
    "facebook": ('By hand for now. By itself: `company: {page_id: "…"}`, then `publish connect facebook`.',),
    "mastodon": (
        "By hand for now. By itself, free and at once: `company: {server: https://…}`, then `publish connect mastodon`.",
    ),
    "bluesky": (
        "By hand for now. By itself, free and at once: `company: {server: https://bsky.social}`, then `publish connect bluesky`.",
    ),
}
CRMS = ("local", "salesforce", "dynamics", "hubspot", "csv")
# These need an address of the company's own, which init does not ask for: until it stands here, enquiries stay on this machine.
_CRM = {
    "salesforce": "{type: local}                      # once it is connected: {type: salesforce, api: https://YOURS.my.salesforce.com}",
    "dynamics": "{type: local}                      # once it is connected: {type: dynamics, api: https://YOURS.api.crm4.dynamics.com, tenant: …, prefix: …}",
}
_EXAMPLE_FILES = (
    "content/posts/",
    "content/.authors.yml",
    "content/assets/alex.svg",
    "content/assets/sam.svg",
)
_WORDS = """share:
  {}: |
    Two quotes for the same job, one twice the other. Usually nobody cheated: the two firms were asked different questions.

    Three things to settle before the first call.
"""
_EXAMPLES = (
    "The three posts, the two authors and the texts of the pages are examples: change them or delete them."
)
_IMPORTED = """The posts came from your old blog; what could not be carried is listed in `import-report.md`. They say `share: false`, so that
none is ever sent again by itself. The texts of the pages are examples: change them."""
_PLAIN = re.compile(r"[A-Za-zÀ-ɏ][\w .,()/&+’-]*[\w.)]")
_LEDGER = {
    "github": "the sending history, on a branch of this repository",
    "gitlab": "the sending history, on a branch of this repository",
    "none": "the sending history, in .byline/ on this machine: keep that folder",
}
_README = {
    "github": """
A pull request shows what would go out; its merge puts the site on line and sends the posts. What is to be set up once
on GitHub (Pages, tokens): `publish manual publish-on-merge`; the workflow is `.github/workflows/publish.yml`.
""",
    "gitlab": """
A merge request shows what would go out; its merge puts the site on line and sends the posts. What is to be set up once
on GitLab (variables, a schedule): `publish manual publish-on-merge`; the pipeline is `.gitlab-ci.yml`.
""",
    "none": "",
}
_NEW_POST = {
    "github": """
Without git: on GitHub open **Issues, New issue, New post**, fill in the form, send it. A minute later a pull request is
there with your post in it. Press the pencil to write on; everybody sees in its comment what will go out; merging sends it.
""",
    "gitlab": """
Without git: on GitLab open **Edit, Web IDE**, make a file such as `content/posts/my-title.md`, type `post` and press Tab: the five
lines below stand there. Write, then *Source control*, *Commit to new branch*, *Create merge request*. Its check names the line
with the `id` to add. Once the token for notes is set up (manual: "Publish on merge"), one click adds it, and a note shows what will go out.
""",
    "none": "",
}
_READ_OTHERWISE = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n", "none"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a site is made of. `today` dates the examples; `local`: the form may stay on this machine; `engine` is the line
    of `requirements.txt` that names the engine; with `imported` there are no example posts, `categories` and `pages`
    (title, file) are those that were brought along.
    """

    name: str
    site_url: str
    timezone: str
    today: date
    local: bool = False
    ci: str = "github"
    networks: tuple[str, ...] = ("linkedin",)
    crm: str = "local"
    engine: str = ""
    imported: bool = False
    categories: tuple[str, ...] = ()
    pages: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `.publish-init.json`."""
        return asdict(self) | {"today": self.today.isoformat()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Answers:
        """What `as_json` gave, of this version or an older one. Raises ValueError, TypeError or KeyError for anything else."""
        known = {item.name for item in fields(cls)}
        kept: dict[str, Any] = {
            key: tuple(found) if isinstance(found, list) else found
            for key, found in value.items()
            if key in known
        }
        kept["pages"] = tuple((str(title), str(file)) for title, file in kept.get("pages", ()))
        return cls(**(kept | {"today": date.fromisoformat(kept["today"])}))


def write(
    folder: Path,
    *,
    name: str,
    site_url: str,
    timezone: str,
    today: date,
    local: bool,
    ci: str = "github",
    networks: Sequence[str] = ("linkedin",),
    crm: str = "local",
    engine: str = "",
    imported: bool = False,
    categories: Sequence[str] = (),
    pages: Sequence[tuple[str, str]] = (),
) -> tuple[str, ...]:
    """Write the site and return the files' paths below the folder.

    Without an `engine` the running one is packed into the site (see `byline.starter.engine`).
    """
    from byline.starter import engine as engines
    from byline.starter import made

    written: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    if not engine:
        file, data = engines.wheel()
        engine = engines.pinned(file, data)
        (folder / engines.FOLDER).mkdir(exist_ok=True)
        (folder / engines.FOLDER / file).write_bytes(data)
        written.append(f"{engines.FOLDER}/{file}")
    answers = Answers(
        name=name,
        site_url=site_url,
        timezone=timezone,
        today=today,
        local=local,
        ci=ci,
        networks=tuple(networks),
        crm=crm,
        engine=engine,
        imported=imported,
        categories=tuple(categories),
        pages=tuple(pages),
    )
    everything = render(answers)
    for path, text in everything.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    record = made.Made(version=__version__, answers=answers.as_json(), files=managed(everything))
    (folder / made.FILE).write_text(made.dump(record), encoding="utf-8", newline="\n")
    return (*written, made.FILE)


def managed(everything: Mapping[str, str]) -> dict[str, str]:
    """What `publish upgrade` looks after: all but what people write."""
    return {path: text for path, text in everything.items() if not path.startswith("content/")}


def render(answers: Answers) -> dict[str, str]:
    """Every file of the site by its path, as text."""
    name = answers.name
    words = {
        "NAME": quoted(name),
        "NAME_TEXT": name if _PLAIN.fullmatch(name) else "This company",
        "TITLE": name,
        "SITE_URL": answers.site_url,
        "TIMEZONE": answers.timezone,
        "START": str(answers.today - timedelta(days=30)),
        "END": str(answers.today + timedelta(days=335)),
        "DATE1": str(answers.today - timedelta(days=21)),
        "DATE1B": str(answers.today - timedelta(days=14)),
        "DATE2": str(answers.today - timedelta(days=7)),
        "LEAD_FORM": "local" if answers.local else "off",
        "LEDGER": "sqlite" if answers.ci == "none" else "git",
        "FORM": str(forms.newest()),
        "LEDGER_WHY": _LEDGER[answers.ci],
        "CI": _README[answers.ci],
        "NEW_POST": _NEW_POST[answers.ci],
        "EXAMPLES": _IMPORTED if answers.imported else _EXAMPLES,
        "ENGINE": answers.engine,
        "SHARE": f"[{', '.join(answers.networks)}]",
        "CHANNELS": channels(answers.networks),
        "CRM": _CRM.get(answers.crm, f"{{type: {answers.crm}}}"),
        "WORDS": _WORDS.format(answers.networks[0]) if answers.networks else "",
        "CATEGORIES": _categories(answers),
        "NAV": "".join(f"\n  - {quoted(title)}: {file}" for title, file in answers.pages),
    } | ci_words()
    found: dict[str, str] = {}
    _collect(files(__name__) / "site", "", words, found)
    _collect(files(__name__) / "schemas", ".vscode/", {}, found)
    if answers.ci != "none":
        _collect(files(__name__) / "ci" / answers.ci, "", words, found)
    if answers.imported:
        found = {path: text for path, text in found.items() if not path.startswith(_EXAMPLE_FILES)}
    return found


def channels(networks: Sequence[str]) -> str:
    """The block `channels`: each network with one account that a person posts for, and a word on how to change that."""
    if not networks:
        return "      channels: {}"
    rows = ["      channels:"]
    for network in networks:
        rows.append(f"        {network}:")
        rows += [f"          # {row}" for row in NETWORKS[network]]
        rows += ["          accounts:", "            company: {mode: manual}"]
    return "\n".join(rows)


def _categories(answers: Answers) -> str:
    if not answers.imported:
        return "\n      categories_allowed: [Advice, From our work]"
    if not answers.categories:
        return ""
    rows = "\n".join(f"        - {json.dumps(name, ensure_ascii=False)}" for name in answers.categories)
    return f"\n      categories_allowed:\n{rows}"


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
        "CRM_SECRETS": "\n".join(
            f"          {secret}: ${{{{ secrets.{secret} }}}}" for secret in CRM_SECRETS
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


def _collect(source: Traversable, prefix: str, words: Mapping[str, str], found: dict[str, str]) -> None:
    for entry in sorted(source.iterdir(), key=lambda item: item.name):
        name = re.sub(r"^dot-", ".", entry.name)
        if name.startswith("__"):
            continue
        if entry.is_dir():
            _collect(entry, f"{prefix}{name}/", words, found)
        else:
            text = entry.read_text(encoding="utf-8")
            found[prefix + name] = filled(text, words) if words else text
