"""`publish init`: a company's own site."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from byline.cli._publishing import json_option
from byline.cli._questions import (
    CRMS,
    EXAMPLE,
    Asked,
    Given,
    address,
    ask,
    is_address,
    settled,
    this_zone,
    usual_name,
    zone,
)
from byline.cli.common import App, count, emit_json, example_address, progress, say
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.errors import Problem
    from byline.importing.model import Blog, Note
    from byline.importing.writing import Written

_KINDS = ("wordpress", "ghost", "hugo", "jekyll", "feed")
_NOTES_SHOWN = 15
REPORT = "import-report.md"


@click.command(short_help="Start a company's own site.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=True))
@click.option("--yes", is_flag=True, help="Ask nothing; take what is given and sensible values for the rest.")
@click.option("--name", default="", help="The company's name (from the folder's name).")
@click.option("--site-url", default="", help="The address of the future site (https://www.example.com/).")
@click.option(
    "--timezone", default="", help="The company's time zone, such as Europe/Berlin (this machine's)."
)
@click.option(
    "--networks",
    default=None,
    help="Where posts shall go, such as linkedin,mastodon; `none` for nowhere (linkedin).",
)
@click.option(
    "--crm", type=click.Choice(CRMS), default=None, help="Where enquiries shall end up (local: a file here)."
)
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    default="github",
    show_default=True,
    help="Where a merge publishes: writes the workflow for it.",
)
@click.option(
    "--from",
    "source",
    nargs=2,
    default=None,
    metavar="KIND SOURCE",
    help=f"Bring an existing blog: KIND is {', '.join(_KINDS)}; SOURCE its export, folder, or address.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder of the old blog's pictures, such as wp-content/uploads.",
)
@click.option("--no-fetch", is_flag=True, help="Fetch no picture from the old site; the report lists them.")
@click.option(
    "--engine",
    default="",
    metavar="WHEEL|GIT",
    help="Where CI takes Byline from (this very version, packed into the site).",
)
@json_option
@click.pass_obj
def command(
    app: App,
    folder: Path,
    yes: bool,
    name: str,
    site_url: str,
    timezone: str,
    networks: str | None,
    crm: str | None,
    ci: str,
    source: tuple[str, str] | None,
    pictures: Path | None,
    no_fetch: bool,
    engine: str,
    as_json: bool,
) -> None:
    """Write a new site into DIR: settings, three example posts with authors, pages, a workflow that publishes on merge.

    It passes `publish check`. With --from it brings the posts, pages, people and pictures of an existing blog instead of
    the examples, its former addresses lead to the new ones, and what could not be carried is listed with the reason.
    """
    from byline import settings, starter
    from byline.reading.block import is_public

    if folder.is_dir() and any(entry.name != ".git" for entry in folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty; nothing was changed",
            hint="name a new folder, such as `publish init insights`",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="name a new folder, such as `publish init insights`")
    wheel = _engine(engine)
    here = zone(timezone) if timezone else this_zone(app.environment.get("TZ", ""))
    blog = _read(source, here, pictures, no_fetch) if source else None
    given = Given(name=name, site_url=site_url, timezone=timezone, networks=networks, crm=crm)
    asked = _ask(given, folder, yes, here, blog)
    now = app.clock.now()
    today = now.astimezone(ZoneInfo(asked.timezone)).date()
    try:
        brought = _bring(blog, folder, asked, app, no_fetch) if blog is not None else None
        line = _put_engine(folder, wheel)
        written = starter.write(
            folder,
            name=asked.name,
            site_url=asked.site_url,
            timezone=asked.timezone,
            today=today,
            local=not is_public(asked.site_url),
            ci=ci,
            networks=asked.networks,
            crm=asked.crm,
            engine=line,
            imported=brought is not None,
            categories=brought.categories if brought else (),
            pages=_menu(brought) if brought else (),
        )
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}", hint="choose another folder"
        ) from None
    found = settings.load(folder / "mkdocs.yml", app.environment)
    if brought is not None:
        (folder / REPORT).write_text(_report(brought, source), encoding="utf-8")
    problems = _checked(found, brought)
    if as_json:
        emit_json(_as_json(folder, written, brought, problems))
        return
    _tell(folder, written, asked, ci, brought, problems)


def _ask(given: Given, folder: Path, yes: bool, here: str, blog: Blog | None) -> Asked:
    """The five answers: from the options, else from the person, else sensible ones."""
    url = blog.url if blog and blog.url.startswith("https://") and is_address(blog.url) else ""
    usual = Asked(
        name=(blog.title if blog else "") or usual_name(folder),
        site_url=address(url or EXAMPLE),
        timezone=here,
        networks=("linkedin",),
        crm="local",
    )
    if yes:
        return settled(given, usual)
    if not _somebody_there():
        raise UsageError(
            "there is nobody to ask: standard input is no terminal",
            hint=f"add --yes, and what you know: publish init {folder} --yes --name … --site-url https://…/",
        )
    return ask(given, usual)


def _engine(text: str) -> tuple[str, bytes] | str:
    """A wheel's name and content, or a requirement; nothing: the running program is packed."""
    if not text:
        return ""
    if re.fullmatch(
        r"(?:byline\s*@\s*)?git\+(?:https|ssh)://[^\s@]+(?:@[^\s@/]+)?[^\s@]*@[0-9a-f]{40}", text
    ):
        return text if text.startswith("byline") else f"byline @ {text}"
    path = Path(text)
    if path.suffix == ".whl" and path.is_file() and path.name.startswith("byline-"):
        return path.name, path.read_bytes()
    raise UsageError(
        f"`{text}` is neither a wheel of Byline nor an address in git with a whole commit",
        hint="write --engine byline-0.1.0-py3-none-any.whl, or --engine git+https://HOST/byline.git@ and the 40 characters of the commit",
    )


def _put_engine(folder: Path, wheel: tuple[str, bytes] | str) -> str:
    from byline.starter import engine as engines

    if isinstance(wheel, str):
        return wheel
    (folder / engines.FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / engines.FOLDER / wheel[0]).write_bytes(wheel[1])
    return engines.pinned(*wheel)


def _read(source: tuple[str, str], zone: str, pictures: Path | None, no_fetch: bool) -> Blog:
    from dataclasses import replace

    from byline import importing
    from byline.fields import did_you_mean
    from byline.importing.fetching import Fetcher, Refused, is_public

    kind, where = source[0].lower(), source[1]
    if kind not in _KINDS:
        meant = did_you_mean(kind, _KINDS)
        raise UsageError(
            f"there is no import from `{kind}`; known are {', '.join(_KINDS)}",
            hint=f"did you mean `{meant}`?" if meant else "write, for example, --from wordpress export.xml",
        )

    def fetch(url: str) -> bytes:
        from byline.fields import is_loopback
        from byline.importing.feed import MAX_BYTES

        # An address that the person typed may name this very machine; one that a file names may not.
        here = re.match(r"https?://([^/:]+|\[[^\]]*\])", url, re.I)
        own = bool(here) and is_loopback(here[1].strip("[]")) if here else False
        fetcher = Fetcher(allowed=(lambda address: is_loopback(address)) if own else is_public, plain=own)
        try:
            return fetcher.get(url, max_bytes=MAX_BYTES)
        except Refused as error:
            raise UsageError(
                f"the feed {url} cannot be fetched: {error}",
                hint="save it from your browser as a file and name the file",
            ) from None

    progress(f"Reading {where}")
    blog = importing.read(kind, where, ZoneInfo(zone), fetch=None if no_fetch else fetch)
    return replace(blog, roots=(*blog.roots, pictures)) if pictures else blog


def _bring(blog: Blog, folder: Path, asked: Asked, app: App, no_fetch: bool) -> Written:
    from byline.cli._progress import Progress
    from byline.importing import writing
    from byline.importing.fetching import Fetcher

    with Progress("Bringing the blog", total=len(blog.entries)) as shown:
        return writing.write(
            blog,
            folder,
            site_url=asked.site_url,
            zone=ZoneInfo(asked.timezone),
            now=app.clock.now(),
            company=asked.name,
            fetcher=None if no_fetch else Fetcher(),
            progress=shown.say,
            step=shown.step,
        )


def _menu(brought: Written) -> tuple[tuple[str, str], ...]:
    """The first pages of the old site, for the menu."""
    return tuple((title, file) for title, file in brought.pages if "/" not in file)[:5]


def _checked(found: Any, brought: Written | None) -> tuple[Problem, ...]:
    """What `publish check` says of what was brought: a person shall hear it now, not later."""
    if brought is None:
        return ()
    from byline import checks, content

    return checks.run(found, content.read(found))


def _report(brought: Written, source: tuple[str, str] | None) -> str:
    by_reason: dict[str, list[Note]] = {}
    rows = ["# What was brought, and what was not", ""]
    rows.append(f"From {' '.join(source) if source else ''}: {_counts(brought)}.")
    rows += [
        "",
        "Every public post says `share: false`: it was public before, and is never sent by itself.",
        "",
    ]
    for note in brought.notes:
        by_reason.setdefault(note.where, []).append(note)
    if not by_reason:
        rows.append("Everything could be carried.")
    for where, notes in by_reason.items():
        rows += [f"## {_plain(where)}", "", *(f"- {_plain(note.reason)}" for note in notes), ""]
    return "\n".join(rows).rstrip() + "\n"


def _plain(text: str) -> str:
    """Words from elsewhere as words of Markdown."""
    return re.sub(r"([\\`*_\[\]<>{}#])", r"\\\1", " ".join(text.split()))


def _counts(brought: Written) -> str:
    drafts = f" ({count(brought.drafts, 'draft')})" if brought.drafts else ""
    return ", ".join(
        [
            count(brought.posts, "post") + drafts,
            count(len(brought.pages), "page"),
            count(len(brought.people), "author"),
            count(brought.pictures, "picture or file", "pictures and files"),
        ]
    )


def _as_json(
    folder: Path, written: tuple[str, ...], brought: Written | None, problems: tuple[Problem, ...]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "folder": str(folder),
        "files": [*written, *((*brought.files, REPORT) if brought else ())],
        "problems": [problem.as_json() for problem in problems],
    }
    if brought is not None:
        found |= {
            "posts": brought.posts,
            "drafts": brought.drafts,
            "pages": len(brought.pages),
            "authors": len(brought.people),
            "pictures": brought.pictures,
            "notes": [{"file": note.where, "reason": note.reason} for note in brought.notes],
        }
    return found


def _tell(
    folder: Path,
    written: tuple[str, ...],
    asked: Asked,
    ci: str,
    brought: Written | None,
    problems: tuple[Problem, ...],
) -> None:
    flow = f", a workflow for {'GitHub' if ci == 'github' else 'GitLab'}" if ci != "none" else ""
    if brought is None:
        say(
            f"Wrote a site of {count(len(written), 'file')} into {folder}: settings, three example posts, two authors, pages{flow}."
        )
    else:
        say(f"Wrote a site into {folder}: {_counts(brought)}, settings, pages{flow}.")
        say("Public posts say `share: false`: they were public before, and none is ever sent by itself.")
        for note in brought.notes[:_NOTES_SHOWN]:
            say(f"  ! {note.where}: {note.reason}")
        if len(brought.notes) > _NOTES_SHOWN:
            say(f"  … and {len(brought.notes) - _NOTES_SHOWN} more")
        if brought.notes:
            say(f"What could not be carried, with the reasons: {folder / REPORT}")
        errors = sum(problem.severity == "error" for problem in problems)
        if errors:
            say(f"{count(errors, 'mistake')} came along from the old blog; `publish check` names each line.")
    for line in _ahead(asked):
        say(line)
    say(
        f'Next: cd {_quoted(folder)}, then `publish check`, `publish serve` to look at it, `publish new "Title"` to write.'
    )


def _ahead(asked: Asked) -> list[str]:
    """What takes time, or is still to be decided."""
    found = []
    if example := example_address(asked.site_url):
        found.append(example)
    if asked.networks:
        found.append(
            "Networks start by hand: you are given words and link at the hour, and `publish record` notes the post."
        )
    if "linkedin" in asked.networks:
        found.append(
            "LinkedIn: a company page can post by itself only after LinkedIn has looked at your app, which takes weeks. Apply today; "
            "a manager's own profile can start at once. The steps: `publish manual linkedin`."
        )
    if asked.crm in ("salesforce", "dynamics", "hubspot"):
        name = {"salesforce": "Salesforce", "dynamics": "Dynamics", "hubspot": "HubSpot"}[asked.crm]
        first = (
            ""
            if asked.crm == "hubspot"
            else "Until its address stands in mkdocs.yml, enquiries stay on this machine. "
        )
        found.append(
            f"CRM: {first}{name} needs its keys in the environment; `publish doctor` says which, `publish manual {asked.crm}` how."
        )
    return found


def _somebody_there() -> bool:
    return sys.stdin.isatty()


def _quoted(path: Path) -> str:
    from shlex import quote

    return quote(str(path))
