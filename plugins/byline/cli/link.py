"""`publish link`: a tagged link for a fair, a flyer, a signature, kept in mkdocs.yml so that the report can name it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option
from byline.cli.common import DONE, App, emit_json, example_address, progress, say
from byline.errors import Problem, SettingsError, UsageError

if TYPE_CHECKING:
    from byline.model import NamedLink
    from byline.settings import Settings


@click.command()
@click.argument("name", required=False)
@click.option(
    "--source", metavar="WORD", help="Where it stands: fair, flyer, signature … (a new link needs it)."
)
@click.option(
    "--url", metavar="PAGE", help="Where it leads: pages/contact/ or https://… (default: the home page)."
)
@click.option("--campaign", metavar="NAME", help="A campaign of the settings.")
@click.option(
    "--medium", metavar="WORD", help="offline, email, social or referral (default: what goes with the place)."
)
@click.option(
    "--qr",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a QR code: stand.svg for print, stand.png for a screen.",
)
@click.option("--no-save", is_flag=True, help="Leave mkdocs.yml alone and show the lines to paste.")
@json_option
@click.pass_obj
def command(
    app: App,
    name: str | None,
    source: str | None,
    url: str | None,
    campaign: str | None,
    medium: str | None,
    qr: Path | None,
    no_save: bool,
    as_json: bool,
) -> int:
    """A tagged link for anything that is no post: a fair, a flyer, an e-mail signature. Without NAME: all of them.

    A new link is added to `links` in mkdocs.yml, one line, so that the report knows it by its name. A link that is
    there already is shown as it is: what is printed cannot be changed.
    """
    from byline import links

    settings = app.settings()
    if name is None:
        _list(settings, as_json)
        return DONE
    link, known = _link(settings, name, source, url, campaign, medium)
    address = links.named_link(settings.site_url, link)
    if qr is not None:
        _draw(address, link.name, qr)
    told = "" if known else _keep(app, settings, link, save=not no_save)
    if as_json:
        emit_json(_as_json(link, address) | {"qr": str(qr) if qr else "", "kept": known or not told})
    else:
        click.echo(address)
        if qr is not None:
            progress(f"QR code: {qr}")
    if example := example_address(address):
        progress(f"{example} Do not print this link.")
    if told:
        progress(told)
    elif not known:
        progress(f"Added to `links` in {settings.file_name}; the report calls it “{link.name}”.")
    return DONE


def _list(settings: Settings, as_json: bool) -> None:
    from byline import links

    rows = [(link, links.named_link(settings.site_url, link)) for link in settings.links.values()]
    if as_json:
        emit_json({"links": [_as_json(link, address) for link, address in rows]})
        return
    for link, address in rows:
        click.echo(f"{click.style(link.slug, bold=True)}  {link.name} ({links.PLACES[link.source][0]})")
        click.echo(f"    {address}")
    if not rows:
        click.echo(f"There is no link in {settings.file_name} yet.")
        say('Next: `publish link "Stand at the fair" --source fair --qr stand.svg`')


def _as_json(link: NamedLink, address: str) -> dict[str, object]:
    return {
        "name": link.slug,
        "label": link.name,
        "source": link.source,
        "medium": link.medium,
        "campaign": link.campaign,
        "link": address,
    }


def _link(
    settings: Settings,
    name: str,
    source: str | None,
    url: str | None,
    campaign: str | None,
    medium: str | None,
) -> tuple[NamedLink, bool]:
    """The link that is meant, and whether the settings have it already."""
    from byline import links
    from byline.model import NamedLink
    from byline.reading.placed import medium_of, wrong

    if not any(letter.isalnum() for letter in name):
        raise UsageError(
            "the name of a link needs letters or digits", hint='write `publish link "Stand at the fair"`'
        )
    slug = links.slug(name)
    found = settings.links.get(slug)
    asked = {"source": source, "url": url, "campaign": campaign, "medium": medium}
    if found is not None:
        other = [key for key, value in asked.items() if value is not None and value != getattr(found, key)]
        if other:
            raise UsageError(
                f"there is a link `{slug}` already (line {found.line} of {settings.file_name}), with another "
                f"{' and '.join(other)}; what was printed with it would no longer be counted alike",
                hint="choose another name for the new one",
            )
        return found, True
    source = source or next((word for word in slug.split("-") if word in links.PLACES), "")
    if not source:
        raise UsageError(
            f"`{name}` is a new link; the report wants to know where it stands",
            hint=f"add --source with one of {', '.join(links.PLACES)}",
        )
    link = NamedLink(
        slug=slug,
        name=name,
        source=source,
        medium=medium or medium_of(source),
        campaign=campaign or "",
        url=url or "",
    )
    if link.medium not in links.MEDIA:
        raise UsageError(f"there is no medium `{medium}`", hint=f"use one of {', '.join(links.MEDIA)}")
    mistakes = wrong(link, settings.campaigns)
    if mistakes:
        raise UsageError(
            "; ".join(message for _, _, message, _ in mistakes), hint="; ".join(fix for *_, fix in mistakes)
        )
    for _, message, fix in () if campaign else links.lint(slug):
        progress(f"Advice: {message.replace('campaign word', 'name')}; {fix}.")
    return link, False


def _keep(app: App, settings: Settings, link: NamedLink, *, save: bool) -> str:
    """Write the link into the settings; where that cannot be done safely, say which lines to paste."""
    from byline import settings as settings_module
    from byline.reading.placed import entry, inserted

    paste = (
        f"Put these lines under `- byline:` in {settings.file_name}, so that the report knows the link:\n"
        f"      links:\n        {entry(link)}"
    )
    if not save:
        return paste
    whole = settings.file.read_bytes().decode("utf-8")
    text = inserted(whole, link, settings.lines)
    if text is None:
        return paste
    trial = settings.file.with_name(f".{settings.file.stem}.new.yml")
    try:
        trial.write_bytes(text.encode("utf-8"))
        after = settings_module.load(trial, app.environment)
        same = {slug: (item.name, item.source) for slug, item in after.links.items()} == {
            slug: (item.name, item.source) for slug, item in {**settings.links, link.slug: link}.items()
        }
        if not same or tuple(after.campaigns) != tuple(settings.campaigns) or after.zone != settings.zone:
            return paste
        settings.file.write_bytes(text.encode("utf-8"))  # in place: rights and links of the file stay
    except SettingsError:
        return paste
    except OSError as error:
        problem = Problem(
            file=settings.file_name,
            line=0,
            key="byline.links",
            code="unwritable",
            message=f"the link could not be added: {error.strerror}",
            fix=f"make {settings.file_name} writable, or use --no-save and paste the lines",
        )
        raise SettingsError([problem]) from None
    finally:
        trial.unlink(missing_ok=True)
    return ""


def _draw(address: str, name: str, file: Path) -> None:
    """The QR code with the border that readers need; medium correction, so that a scratch does no harm."""
    import segno

    kind = file.suffix.lower()
    if kind not in (".svg", ".png"):
        raise UsageError(
            f"{file} is neither .svg nor .png", hint="name it stand.svg for print, stand.png for a screen"
        )
    code = segno.make(address, error="m", micro=False)
    try:
        if kind == ".svg":
            code.save(str(file), kind="svg", scale=10, border=4, title=name, desc=address, omitsize=False)
        else:
            code.save(str(file), kind="png", scale=16, border=4)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}", hint="name a file in a folder that is there"
        ) from None
