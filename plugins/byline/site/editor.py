"""The page on which people write posts without git: Sveltia CMS under `/admin/`, set up from what a post may hold.

Its fields are those of the front matter, its choices those of the settings, so that nothing can be picked that `publish
check` would refuse. A post is proposed as a pull request (the editor calls it "in review"); merging publishes it. The
page is in no menu, no map of the site and no search engine, and holds no secret: whoever opens it signs in to the code
host with an account of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any
from urllib.parse import quote

from byline.model import Author
from byline.settings import Settings
from byline.site.labels import said, spoken

FOLDER = "admin/"
SCRIPT = f"{FOLDER}sveltia-cms.js"
CONFIG = f"{FOLDER}config.yml"
VERSION = "0.221.1"  # of the vendored file
SIGNS = f"{FOLDER}signs.woff2"
WORDS = f"{FOLDER}words.woff2"
# The editor would fetch its fonts from elsewhere; they lie beside it.
_FONTS = re.compile(rb"https://cdn\.jsdelivr\.net/fontsource/fonts/([a-z0-9-]+)[^)\"'`]*")
# Where each code host answers the editor; a host of one's own is named in the settings.
_HOSTS = {
    "github": ("https://api.github.com", "https://github.com", "https://avatars.githubusercontent.com"),
    "gitlab": ("https://gitlab.com",),
    "gitea": (),
    "test-repo": (),
}
# It would ask there for a newer version of itself, and for its words in the reader's language, again and again when
# there is no answer; both lie beside it.
_ELSEWHERE = b"https://unpkg.com/@sveltia/cms"
Field = dict[str, Any]


def files(settings: Settings, authors: Mapping[str, Author], categories: Sequence[str]) -> dict[str, bytes]:
    """Path on the site -> bytes; nothing where the settings name no editor. `categories` are those in use."""
    if not settings.editor.backend:
        return {}
    vendor = resources.files("byline.site").joinpath("vendor")
    script = _FONTS.sub(
        lambda match: b"signs.woff2" if match[1].startswith(b"material") else b"words.woff2",
        vendor.joinpath("sveltia-cms", "sveltia-cms.js").read_bytes(),
    )
    script = script.replace(_ELSEWHERE, b"sveltia")
    made = json.dumps(config(settings, authors, categories), ensure_ascii=False, indent=1)
    words = vendor.joinpath("sveltia-cms", "locales")
    return {
        f"{FOLDER}sveltia@{VERSION}/locales/{file.name}": file.read_bytes()
        for file in sorted(words.iterdir(), key=lambda one: one.name)
    } | {
        f"{FOLDER}sveltia/package.json": json.dumps({"version": VERSION}).encode() + b"\n",
        f"{FOLDER}index.html": _page(settings).encode(),
        SCRIPT: script,
        CONFIG: f"{made}\n".encode(),
        SIGNS: vendor.joinpath("material-symbols", "outlined-400.woff2").read_bytes(),
        WORDS: resources.files("byline").joinpath("fonts", "inter-latin-wght-normal.woff2").read_bytes(),
    }


def config(settings: Settings, authors: Mapping[str, Author], categories: Sequence[str]) -> dict[str, Any]:
    """The editor's own settings. JSON, which every reader of YAML takes."""
    editor = settings.editor
    docs = settings.docs.relative_to(settings.root).as_posix()
    backend = {
        "name": editor.backend,
        "repo": editor.repo,
        "branch": editor.branch,
        "base_url": editor.base_url,
        "api_root": editor.api_root,
        "app_id": editor.app_id,
        "auth_type": "pkce" if editor.app_id else "",
        "commit_messages": editor.repo
        and {
            "create": "Write {{slug}}",
            "update": "Edit {{slug}}",
            "delete": "Delete {{slug}}",
            "uploadMedia": "Add {{path}}",
            "deleteMedia": "Delete {{path}}",
        },
    }
    return {
        "backend": {key: value for key, value in backend.items() if value},
        "publish_mode": "editorial_workflow" if editor.backend in ("github", "gitlab") else "simple",
        "site_url": settings.site_url,
        "app_title": _title(settings),
        **({"logo": {"src": _logo(settings)}} if settings.brand.logo else {}),
        "media_folder": f"{docs}/assets/uploads",
        "public_folder": "/assets/uploads",
        "output": {"omit_empty_optional_fields": True, "yaml": {"quote": "none"}},
        "slug": {"encoding": "ascii", "clean_accents": True},
        "collections": spoken(
            [
                {
                    "name": "posts",
                    "label": "Posts",
                    "label_singular": "Post",
                    "folder": f"{docs}/posts",
                    "path": "{{year}}/{{slug}}",
                    "media_folder": "",
                    "public_folder": "",
                    "slug": "{{title}}",
                    "preview_path": "posts/{{fields.slug}}/",
                    "sortable_fields": ["date", "title"],
                    "fields": fields(settings, authors, categories),
                }
            ],
            settings.language,
        ),
    }


def fields(settings: Settings, authors: Mapping[str, Author], categories: Sequence[str]) -> list[Field]:
    """Every field of a post, those that are always wanted first."""
    known = settings.categories_allowed or tuple(categories)
    found: list[Field] = [
        _text("title", "Title"),
        _long("description", "Description", "What the reader takes away, in one sentence. Networks and search engines show it."),
        {
            "name": "date", "label": "Day", "widget": "datetime", "type": "date", "format": "YYYY-MM-DD", "default": "{{now}}",
            "hint": "In the future: nobody sees the post before that day.",
        },
        _choice("authors", "Authors", {key: one.name for key, one in authors.items()}, several=True, needed=True),
        _choice("categories", "Topic", dict.fromkeys(known), several=True) if known else _list("categories", "Topic"),
        {"name": "body", "label": "Text", "widget": "markdown", "modes": ["rich_text", "raw"]},
        _picture("image", "Picture", "Beside the post. Without one a card is drawn."),
        _text("image_alt", "What the picture shows", "For people who cannot see it.", needed=False),
        share(settings),
        _list("tags", "Tags"),
        _text("series", "Series", "Posts with the same words here are parts of one series.", needed=False),
    ]  # fmt: skip
    if settings.campaigns:
        names = {slug: one.name for slug, one in settings.campaigns.items()}
        found.append(_choice("campaign", "Campaign", names))
    if settings.audiences:
        found.append(_choice("audience", "For whom", settings.audiences, several=True))
    found += [
        _text("effort", "Time it took", "Such as 5h or 90m. The report counts it as cost.", needed=False),
        {
            "name": "draft",
            "label": "Keep it back as a draft",
            "widget": "boolean",
            "default": False,
            "required": False,
        },
        _text(
            "slug",
            "Word in the address",
            "Small letters and hyphens. Leave it as it is once the post is out.",
            needed=False,
        )
        | {"pattern": ["^[a-z0-9]+(-[a-z0-9]+)*$", "small letters, digits and single hyphens"]},
        _list("aliases", "Former addresses", "Each begins with a slash: /old/pricing/"),
        _text(
            "canonical_url", "First published at", "The whole address, when that was elsewhere.", needed=False
        )
        | {"type": "url"},
        # Made once, then kept: the post is known by it whatever becomes of its title.
        {"name": "id", "label": "Id", "widget": "compute", "value": "p{{uuid_short}}", "preview": False},
    ]
    return found


def share(settings: Settings) -> Field:
    """The words for each network that the settings know; a network left empty gets the description."""
    from byline import registry

    rows: list[Field] = [
        _text("at", "When", "Such as 2026-11-24 09:00. Empty: as soon as the post is online.", needed=False)
        | {"pattern": [r"^(\d{4}-\d{2}-\d{2} )?\d{1,2}:\d{2}$", "a time such as 09:00, or a day and a time"]}
    ]
    for name, channel in settings.channels.items():
        label = registry.label(name)
        if len(channel.accounts) == 1:
            rows.append(_long(name, label, "Empty: the description. The link is added.", needed=False))
            continue
        inner = [_long("text", "Words", "Empty: the description. The link is added.", needed=False)]
        inner.append(_choice("as", "From", {key: key for key in channel.accounts}, several=True))
        rows.append(
            {
                "name": name,
                "label": label,
                "widget": "object",
                "collapsed": True,
                "required": False,
                "fields": inner,
            }
        )
    return {
        "name": "share", "label": "What the networks say", "widget": "object", "collapsed": True, "required": False,
        "fields": rows,
    }  # fmt: skip


def _text(name: str, label: str, hint: str = "", *, needed: bool = True) -> Field:
    return _with({"name": name, "label": label, "widget": "string"}, hint, needed)


def _long(name: str, label: str, hint: str = "", *, needed: bool = True) -> Field:
    return _with({"name": name, "label": label, "widget": "text"}, hint, needed)


def _list(name: str, label: str, hint: str = "") -> Field:
    return _with({"name": name, "label": label, "widget": "list"}, hint, False)


def _picture(name: str, label: str, hint: str) -> Field:
    return _with({"name": name, "label": label, "widget": "image", "choose_url": False}, hint, False)


def _choice(
    name: str, label: str, options: Mapping[str, str | None], *, several: bool = False, needed: bool = False
) -> Field:
    rows = [{"value": key, "label": shown or key} for key, shown in options.items()]
    field: Field = {"name": name, "label": label, "widget": "select", "options": rows}
    if several:
        field["multiple"] = True
    return _with(field, "", needed)


def _with(field: Field, hint: str, needed: bool) -> Field:
    if hint:
        field["hint"] = hint
    if not needed:
        field["required"] = False
    return field


def _logo(settings: Settings) -> str:
    """The company's logo as the editor's page finds it."""
    return f"../{quote(settings.brand.logo)}"


def _title(settings: Settings) -> str:
    return f"{settings.brand.name or settings.site_name}: {said('write', settings.language)}"


def _page(settings: Settings) -> str:
    from html import escape

    editor = settings.editor
    hosts = {*_HOSTS[editor.backend], *filter(None, (editor.base_url, editor.api_root))}
    outside = " ".join(sorted(hosts))
    icon = f'<link rel="icon" href="{escape(_logo(settings))}">\n' if settings.brand.logo else ""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:;"
        f" font-src 'self' data:; connect-src 'self' blob: data: {outside}; worker-src 'self' blob:; media-src 'self' blob:;"
        f" frame-src 'self' blob:; form-action 'self' {outside}; base-uri 'none'"
    )
    return f"""<!doctype html>
<html lang="{escape(settings.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{escape(_title(settings))}</title>
{icon}<link href="config.yml" type="text/yaml" rel="cms-config-url">
</head>
<body>
<script src="sveltia-cms.js"></script>
<noscript>{escape(said("Writing needs JavaScript; reading the site does not.", settings.language))}</noscript>
</body>
</html>
"""
