"""`publish init`: a company's own site."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from byline.cli.common import App, count
from byline.errors import UsageError


@click.command(short_help="Start a company's own site.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=True))
@click.option("--yes", is_flag=True, help="Ask nothing; take what is given and sensible values for the rest.")
@click.option("--name", default="", help="The company's name (from the folder's name).")
@click.option("--site-url", default="", help="The address of the future site (https://www.example.com/).")
@click.option(
    "--timezone", default="", help="The company's time zone, such as Europe/Berlin (this machine's)."
)
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    default="github",
    show_default=True,
    help="Where a merge publishes: writes the workflow for it.",
)
@click.pass_obj
def command(app: App, folder: Path, yes: bool, name: str, site_url: str, timezone: str, ci: str) -> None:
    """Write a new site into DIR: settings, three example posts with authors, pages, a workflow that publishes on merge.

    It passes `publish check`.
    """
    from byline import settings, starter
    from byline.reading.block import is_public

    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty; nothing was changed",
            hint="name a new folder, such as `publish init insights`",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="name a new folder, such as `publish init insights`")
    usual_name = " ".join(re.findall(r"\w+", folder.absolute().name)).title() or "Example Company"
    usual_zone = _this_zone(app.environment.get("TZ", ""))
    if not yes:
        if not _somebody_there():
            raise UsageError(
                "there is nobody to ask: standard input is no terminal",
                hint=f"add --yes, and what you know: publish init {folder} --yes --name … --site-url https://…/",
            )
        name = name or click.prompt("The company's name", default=usual_name)
        site_url = site_url or click.prompt("The address of the site", default="https://www.example.com/")
        timezone = timezone or click.prompt("Its time zone", default=usual_zone)
    name = " ".join((name or usual_name).split())
    site_url = _address(site_url or "https://www.example.com/")
    timezone = _zone(timezone or usual_zone)
    today = app.clock.now().astimezone(ZoneInfo(timezone)).date()
    try:
        written = starter.write(
            folder,
            name=name,
            site_url=site_url,
            timezone=timezone,
            today=today,
            local=not is_public(site_url),
            ci=ci,
        )
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}", hint="choose another folder"
        ) from None
    settings.load(folder / "mkdocs.yml", app.environment)
    click.echo(
        f"Wrote a site of {count(len(written), 'file')} into {folder}: settings, three example posts, two authors, pages"
        + (f", a workflow for {'GitHub' if ci == 'github' else 'GitLab'}." if ci != "none" else ".")
    )
    if "example.com" in site_url:
        click.echo(
            "The address is still an example: change `site_url` in mkdocs.yml before anything is published."
        )
    click.echo(
        f'Next: cd {_quoted(folder)}, then `publish check`, `publish serve` to look at it, `publish new "Title"` to write.'
    )


def _somebody_there() -> bool:
    return sys.stdin.isatty()


def _address(text: str) -> str:
    from byline.fields import Fields
    from byline.yamlread import Mapping_, Scalar

    node = Mapping_({"site_url": Scalar(text, text, True, 1)}, {"site_url": 1}, 1)
    fields = Fields(node, file="", problems=[])
    found = fields.url("site_url")
    if fields.problems or not re.fullmatch(r"[!-~]+", found) or re.search(r"[\"'#?]", found):
        hint = fields.problems[0].fix if fields.problems else "write --site-url https://www.example.com/"
        raise UsageError(
            f"`{text}` cannot be the address of the site", hint=hint.replace("`site_url: ", "`--site-url ")
        )
    return found if found.endswith("/") else f"{found}/"


def _zone(name: str) -> str:
    from byline.fields import did_you_mean

    try:
        if re.fullmatch(r"[A-Za-z0-9+_/-]+", name):
            return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        pass
    from zoneinfo import available_timezones

    lower = {zone.lower(): zone for zone in available_timezones()}
    meant = lower.get(did_you_mean(name, lower), "")
    raise UsageError(
        f"there is no time zone `{name}`",
        hint=f"did you mean {meant}?" if meant else "write, for example, Europe/Berlin",
    )


def _this_zone(named: str) -> str:
    """The zone of this machine, or UTC."""
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    for candidate in (named.lstrip(":"), linked):
        try:
            if candidate and re.fullmatch(r"[A-Za-z0-9+_/-]+", candidate):
                return ZoneInfo(candidate).key
        except (ValueError, OSError, KeyError):
            continue
    return "UTC"


def _quoted(path: Path) -> str:
    from shlex import quote

    return quote(str(path))
