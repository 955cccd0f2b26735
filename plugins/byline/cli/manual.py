"""`publish manual`: the manual, which comes with the program, in the browser or in the terminal."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option
from byline.cli._tables import wrapped
from byline.cli.common import count, emit_json, progress, show_in_browser, until_stopped
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.manual import Page


def _begun(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """For the shell's Tab."""
    from byline import manual

    names = [page.name for page in manual.pages()]
    return [name for name in names if name.startswith(begun) or name.rpartition("/")[2].startswith(begun)]


@click.command("manual", short_help="Read the manual; it comes with the program.")
@click.argument("words", nargs=-1, shell_complete=_begun)
@click.option("--list", "listing", is_flag=True, help="Only list the pages, or those that the words find.")
@click.option("--text", "as_text", is_flag=True, help="Show the page here, in the terminal.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the manual as a site into this folder instead, to put it on a server.",
)
@click.option("--address", default="", help="With --out: the address that the site will have.")
@click.option("--no-browser", is_flag=True, help="Only say the address, open nothing.")
@json_option
def command(
    words: tuple[str, ...],
    listing: bool,
    as_text: bool,
    out: Path | None,
    address: str,
    no_browser: bool,
    as_json: bool,
) -> None:
    """Open the manual in the browser, at the page that WORDS name: `publish manual tokens`, `publish manual "posts twice"`.

    It is served by this machine alone until Ctrl-C, and needs no internet. With --json: the pages that the words find, each with its file.
    """
    if address and not out:
        raise UsageError("--address is for --out", hint="leave it out, or name the folder with --out")
    if out:
        _written(out, address, as_json)
        return
    found = _found(words)
    if as_json:
        emit_json({"pages": [page.as_json() for page in found]})
    elif listing or (len(found) > 1 and words):
        _listed(found, every=not words)
    elif as_text:
        click.echo_via_pager(found[0].text().removesuffix("\n"))
    else:
        _shown(found[0], browser=not no_browser)


def _found(words: tuple[str, ...]) -> list[Page]:
    """Every page where no word is given. Raises UsageError where no page has the words."""
    from byline import manual
    from byline.fields import did_you_mean

    every = manual.pages()
    if not words:
        return every
    found = manual.find(" ".join(words), every)
    if not found:
        meant = did_you_mean(" ".join(words), [page.name.rpartition("/")[2] for page in every])
        raise UsageError(
            f"no page of the manual has “{' '.join(words)}”",
            hint=f"did you mean `publish manual {meant}`?" if meant else "`publish manual --list` lists them",
        )
    return found


def _listed(found: list[Page], *, every: bool) -> None:
    """The pages below the menu's headings; for some of them also how to open one."""
    part = ""
    for page in found:
        if page.part != part:
            part = page.part
            click.echo(("\n" if page is not found[0] else "") + click.style(part, bold=True))
        click.echo(wrapped(f"{page.name}: {page.title}", first="  ", other="    "))
    if not every:
        progress(f"{count(len(found), 'page')}. Open one: publish manual {found[0].name}")


def _shown(page: Page, *, browser: bool) -> None:
    """Serve the manual on this machine and open it there."""
    from http.server import ThreadingHTTPServer

    from byline.manual import serving, site

    place = _place()
    if not site.is_kept(place):
        progress("Making the manual ready for the browser, once for this version: about ten seconds …")
    try:
        folder = site.kept(place)
    except OSError as error:
        raise UsageError(
            f"the manual's pages cannot be kept in {place}: {error.strerror}",
            hint="free that folder, or read it here: `publish manual NAME --text`",
        ) from None
    server: ThreadingHTTPServer = serving.server(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    address = f"http://127.0.0.1:{server.server_port}/{page.place}"
    try:
        with until_stopped():
            thread.start()
            click.echo(f"{page.title}: {address}")
            progress("Stop with Ctrl-C.")
            if browser:
                show_in_browser(address)
            thread.join()
    finally:
        server.shutdown()
        server.server_close()


def _written(out: Path, address: str, as_json: bool) -> None:
    """The site in a folder that holds nothing else."""
    import shutil
    from tempfile import TemporaryDirectory

    from byline.manual import site

    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty", hint="name a folder that does not exist yet, or an empty one")
    progress("Writing the manual as a site: about ten seconds …")
    with TemporaryDirectory() as temporary:
        made = site.make(Path(temporary), address)
        try:
            shutil.copytree(made, out, dirs_exist_ok=True)
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror or error}") from None
    if as_json:
        emit_json({"folder": str(out)})
    else:
        click.echo(str(out / "index.html"))


def _place() -> Path:
    """Where this user's programs keep what they can make again."""
    from platformdirs import user_cache_path

    return user_cache_path("byline") / "manual"
