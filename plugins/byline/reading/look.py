"""`brand`, `pages`, `feeds`, `signup` and `editor`: how the site looks to people and to machines."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from byline.fields import Fields
from byline.settings import Brand, EditorSettings, FeedSettings, PageSettings, Settings, Signup
from byline.wording import KEYS

_COLOUR = r"#[0-9A-Fa-f]{6}"
BACKENDS = ("github", "gitlab", "gitea", "test-repo")
HOSTS = ("netlify", "apache", "vercel")


def read_brand(block: Fields, settings: Settings) -> Brand:
    """The company's name, colours and fonts."""
    section = block.section("brand")
    usual = Brand(name=settings.site_name)
    if section is None:
        return usual
    logo = section.text("logo")
    if logo and not (settings.docs / logo).is_file():
        section.problem(
            "logo",
            "missing-file",
            f"the logo `{logo}` is not in {settings.docs.name}/",
            "give the path from there, for example assets/logo.svg",
        )
    colour = "a colour such as #1f4e79"
    found = Brand(
        name=section.text("name", usual.name),
        claim=section.text("claim"),
        logo=logo,
        primary=section.text("primary", usual.primary, pattern=_COLOUR, expected=colour),
        accent=section.text("accent", usual.accent, pattern=_COLOUR, expected=colour),
        text_font=section.text("text_font", usual.text_font),
        heading_font=section.text("heading_font", usual.heading_font),
        profiles=_profiles(section),
    )
    section.done()
    return found


def _profiles(section: Fields) -> tuple[str, ...]:
    found = []
    for address in section.texts("profiles", expected="a list of addresses"):
        if address.startswith("https://"):
            found.append(address)
        else:
            section.problem(
                "profiles",
                "not-a-url",
                f"`{address[:80]}` under `profiles` is no address of a page",
                "write the whole address, such as `https://www.linkedin.com/company/acme`",
            )
    return tuple(found)


def read_feeds(block: Fields) -> FeedSettings:
    """How much stands in the feeds, and whom to tell of something new."""
    section = block.section("feeds")
    if section is None:
        return FeedSettings()
    found = FeedSettings(
        newest=section.integer("newest", FeedSettings().newest, low=1, high=10_000),
        full=section.flag("full", True),
        hub=section.url("hub"),
    )
    section.done()
    return found


def read_pages(block: Fields) -> PageSettings:
    """What posts may bring into a page, and which host's headers are written."""
    section = block.section("pages")
    if section is None:
        return PageSettings()
    usual = PageSettings()
    names: list[str] = []
    for name in section.texts("headers", expected=f"a list of {', '.join(HOSTS)}"):
        if name not in HOSTS:
            section.problem(
                "headers",
                "unknown-value",
                f"`{name}` is no host that a file of headers is known for; known are {', '.join(HOSTS)}",
                "leave it out and set the headers by hand: `publish manual site` shows them",
            )
        elif name not in names:
            names.append(name)
    found = PageSettings(
        raw_html=section.flag("raw_html", usual.raw_html),
        headers=tuple(names) if "headers" in section else usual.headers,
        words=_words(section),
    )
    section.done()
    return found


def _words(section: Fields) -> Mapping[str, str]:
    inner = section.section("words")
    if inner is None:
        return {}
    found = {key: text for key in sorted(KEYS) if (text := inner.text(key))}
    inner.done()
    return found


def read_signup(block: Fields) -> Signup:
    """Where readers sign up for new articles by mail."""
    section = block.section("signup")
    if section is None:
        return Signup()
    inner = section.section("hidden")
    hidden = {name: inner.text(name) for name in list(inner)} if inner is not None else {}
    found = Signup(
        url=section.url("url", required=True),
        field=section.text(
            "field", Signup().field, pattern=r"[^\s\"<>]+", expected="what the service calls the address"
        ),
        hidden=MappingProxyType(hidden),
    )
    section.done()
    return found


def read_editor(block: Fields) -> EditorSettings:
    """Where the editor page finds the repository."""
    section = block.section("editor")
    if section is None:
        return EditorSettings()
    backend = section.choice("backend", BACKENDS, "github")
    found = EditorSettings(
        backend=backend,  # type: ignore[arg-type]
        repo=section.text(
            "repo",
            required=backend != "test-repo",
            pattern=r"[\w.-]+(/[\w.-]+)+",
            expected="a repository such as acme/insights",
        ),
        branch=section.text("branch"),
        base_url=section.url("base_url").rstrip("/"),
        api_root=section.url("api_root").rstrip("/"),
        app_id=section.text("app_id", pattern=r"[\w-]+", expected="the application's public id"),
    )
    section.done()
    return found
