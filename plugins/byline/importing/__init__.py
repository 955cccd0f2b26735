"""An existing blog -> what a company's site is made of: posts, pages, people, pictures, and what could not be carried.

`read` takes the export of WordPress or Ghost, the folder of a Hugo or Jekyll site, or a feed; `writing.write` puts what
it found into a site. What is read is data from elsewhere: nothing in it is run, followed out of its folder, or asked for
on a private address.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from byline.errors import UsageError
from byline.importing.model import Blog

KINDS = ("wordpress", "ghost", "hugo", "jekyll", "feed")


def read(kind: str, source: str, zone: ZoneInfo, *, fetch: Callable[[str], bytes] | None = None) -> Blog:
    """Everything in the export that can be carried, and notes on the rest.

    `zone` is the clock of days and hours that name none. `fetch` brings a feed by its address; None: no network.
    Raises UsageError when the source is not there or not of this kind.
    """
    import importlib

    module = importlib.import_module(f"byline.importing.{kind}")
    if kind == "feed":
        return _blog(module.read(source, zone, fetch))
    path = Path(source)
    folder = kind in ("hugo", "jekyll")
    if not (path.is_dir() if folder else path.is_file()):
        what = "folder" if folder else "file"
        raise UsageError(
            f"there is no {what} {source} to bring posts from",
            hint=f"write `--from {kind} {'FOLDER' if folder else 'EXPORT'}` with the path of the {what}",
        )
    try:
        return _blog(module.read(path, zone))
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}", hint="mend its rights") from None


def _blog(found: object) -> Blog:
    assert isinstance(found, Blog)
    return found
