"""`publish new`: a post with its front matter filled in and a fresh id."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option
from byline.cli.common import App, emit_json, say
from byline.errors import UsageError
from byline.fields import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from byline.content import Content
    from byline.settings import Settings


@click.command(short_help="Start a post: front matter filled in, a fresh id.")
@click.argument("title", required=False, default="")
@click.option("--author", "authors", multiple=True, help="Short name of the author; may be given again.")
@click.option("--campaign", default="", help="Short name of the campaign.")
@click.option("--category", default="", help="The category.")
@click.option(
    "--date", "day", default="", help="The day on which it becomes public, such as 2026-11-24 (today)."
)
@click.option("--in", "folder", default="", help="A folder below the posts, such as 2026.")
@click.option(
    "--draft/--no-draft", default=True, help="Keep it back until you delete its draft line (the default)."
)
@click.option(
    "--form",
    type=click.Path(path_type=Path, dir_okay=False),
    help='Take everything from the form "New post" of a code host: the event\'s file, for CI.',
)
@json_option
@click.pass_obj
def command(
    app: App,
    title: str,
    authors: tuple[str, ...],
    campaign: str,
    category: str,
    day: str,
    folder: str,
    draft: bool,
    form: Path | None,
    as_json: bool,
) -> None:
    """Write a post called TITLE, with front matter filled in and a fresh id, and say where it lies."""
    from byline import content
    from byline.reading.fresh import NewPost, free_slug, text_of
    from byline.reading.ids import fresh_id

    settings = app.settings()
    description = text = ""
    if form is not None:
        from byline.importing.html import with_more
        from byline.reading.form import read_form

        filled = read_form(form)
        title, description, category, day = filled.title, filled.description, filled.category, filled.day
        authors = tuple(name.strip() for name in filled.author.split(",") if name.strip())
        text = with_more(filled.text) if filled.text else ""
    title = " ".join(title.split())
    if not title:
        raise UsageError("the title is empty", hint='write `publish new "What the post is about"`')
    when = _day(day) if day else app.clock.now().astimezone(settings.zone).date()
    found = content.read(settings)
    _known("author", authors, found.authors, "name one of them, or add the author to .authors.yml first")
    _known(
        "campaign",
        (campaign,) * bool(campaign),
        settings.campaigns,
        f"name one of them, or add it in {settings.file_name}",
    )
    allowed = settings.categories_allowed
    _known(
        "category",
        (category,) * bool(category and allowed),
        allowed,
        f"name one of them, or add it in {settings.file_name}",
    )
    slug = free_slug(title, when, {post.slug for post in found.posts})
    path = _place(settings, folder, slug)
    post_id = fresh_id(title, {post.id for post in found.posts} | content.ids_of_unreadable(settings, found))
    whole = text_of(
        NewPost(
            title=title,
            day=when,
            id=post_id,
            slug=slug,
            authors=authors or tuple(found.authors)[:1],
            category=category or _usual_category(found, allowed),
            campaign=campaign,
            campaigns=tuple(settings.campaigns),
            network=next(iter(settings.share_by_default or settings.channels), ""),
            draft=draft,
            description=description,
            text=text,
        )
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(whole)
    except FileExistsError:
        raise UsageError(
            f"{_shown(path)} is there already; nothing was changed",
            hint="choose another title, or write on in that file",
        ) from None
    if as_json:
        shown = path.relative_to(settings.root).as_posix()
        emit_json({"file": shown, "id": post_id, "slug": slug, "title": title, "draft": draft})
        return
    click.echo(f"Wrote {_shown(path)}")
    say("Next: write the description and the text" + (", and delete the line `draft: true`" if draft else "")
               + ". `publish check` finds mistakes, `publish preview` shows the result.")  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"`--date {text}` is no day", hint="write year, month and day, such as --date 2026-11-24"
        ) from None


def _known(what: str, given: Iterable[str], known: Collection[str], otherwise: str) -> None:
    for name in given:
        if name not in known:
            meant = did_you_mean(name, known)
            raise UsageError(
                f"there is no {what} `{name}`; known are {', '.join(known) or 'none'}",
                hint=f"did you mean `{meant}`?" if meant else otherwise,
            )


def _usual_category(found: Content, allowed: Collection[str]) -> str:
    """What most posts have, else the first that is allowed."""
    counted = Counter(
        name for post in found.posts for name in post.categories if not allowed or name in allowed
    )
    return counted.most_common(1)[0][0] if counted else next(iter(allowed), "")


def _place(settings: Settings, folder: str, slug: str) -> Path:
    posts = settings.docs / "posts"
    path = Path(os.path.normpath(posts / folder / f"{slug}.md"))
    if not path.is_relative_to(posts) or any(part.startswith(".") for part in path.relative_to(posts).parts):
        raise UsageError(
            f"`--in {folder}` is no folder below the posts", hint="write, for example, `--in 2026`"
        )
    return path


def _shown(path: Path) -> str:
    return os.path.relpath(path)
