"""`publish kit`: words, link and picture for each person who shares a post by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option, make_drivers, open_http, read_scope
from byline.cli.common import DONE, STOPPED, App, count, emit_json, example_address, progress, show_problems
from byline.errors import UsageError
from byline.fields import did_you_mean

if TYPE_CHECKING:
    from byline.model import Author
    from byline.planning import Delivery, Plan
    from byline.preview.kit import Kit
    from byline.settings import Settings


@click.command()
@click.argument("path")
@click.option(
    "--for", "person", metavar="NAME", help="Only this person: the account's name, or the author's."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for pages and mails (default: .byline/kit/<post id>).",
)
@json_option
@click.pass_obj
def command(app: App, path: str, person: str | None, out: Path | None, as_json: bool) -> int:
    """Ready words and links for colleagues, customers and dealers who share by hand: a page and a mail for each.

    They are the accounts with `mode: manual` in the settings. Each gets the words written for that account, else
    those of the network, and a link of their own, so that visits through it are counted. Opening the page needs no
    account and no network.
    """
    from byline import content as contents
    from byline import planning, sharing
    from byline.ledger import read_snapshot
    from byline.preview import kit as kits

    settings = app.settings()
    content = contents.read(settings)
    scope = read_scope(settings, content, (path,), (), None)
    if len(scope.posts) != 1:
        raise UsageError(f"{path} holds {len(scope.posts)} posts; a kit is for one", hint="name one post")
    post = next(post for post in content.posts if post.path in scope.posts)
    if post.draft:
        raise UsageError(
            f"{post.path} is a draft: its page will not be public, so no link to it can be shared",
            hint="delete the line `draft: true` when it is ready",
        )
    if post.share is not None and post.share.off:
        raise UsageError(
            f"{post.path} goes to the site and the feeds only (`share: false`)",
            hint="delete that line to share it",
        )
    told = replace(
        content,
        posts=tuple(sharing.with_hands(item, settings) if item is post else item for item in content.posts),
    )
    now = app.clock.now()
    http = open_http(app, settings)
    try:
        plan = planning.plan(
            told,
            settings,
            read_snapshot(settings, app.clock),
            now,
            drivers=make_drivers(app, http),
            scope=scope,
            everything=True,
        )
    finally:
        http.close()
    chosen = _by_hand(plan, settings, person, content.authors)
    if plan.problems and (not chosen or any(item.blocked for item in chosen)):
        show_problems(plan.problems, err=True)
        progress("Nothing was written: correct the lines above first.")
        return STOPPED
    if not chosen:
        raise UsageError(
            f"{post.path} goes to none of the networks on which {person or 'somebody'} shares by hand",
            hint="look at its `share:` section; `false` switches a network or an account off",
        )
    for item in chosen:
        if item.state in ("sent", "retracted"):
            progress(f"{item.id}: noted already{f', {item.url}' if item.url else ''}; left out of the kit.")
    made = kits.kits(chosen, post, settings, content.authors, now)
    if not made:
        progress("Everybody has shared it already.")
    folder = out or settings.state / "kit" / post.id
    written = [_write(folder, kit, settings) for kit in made]
    if as_json:
        emit_json({"post": post.id, "kits": [_as_json(*pair) for pair in zip(made, written, strict=True)]})
        return DONE
    if not made:
        return DONE
    for page in written:
        click.echo(str(page))
    if example := example_address(settings.site_url):
        progress(f"{example} Do not send these.")
    borrowed = sorted({kit.account for kit in made for share in kit.shares if not share.own})
    progress(f"{count(len(made), 'page')}, and a mail beside each: open it, fill in the address, send it.")
    if borrowed:
        progress(
            f"{', '.join(borrowed)}: the words of the network's own post. Words in their voice do better: name the "
            "account under `as` and write its `text` under `accounts`."
        )
    progress(f"When somebody has posted: publish record {made[0].shares[0].id} --url ADDRESS")
    return DONE


def _as_json(kit: Kit, page: Path) -> dict[str, object]:
    return {
        "account": kit.account,
        "page": str(page),
        "mail": str(page.with_suffix(".eml")),
        "shares": [{"id": share.id, "link": share.link, "own_words": share.own} for share in kit.shares],
    }


def _by_hand(
    plan: Plan, settings: Settings, person: str | None, authors: Mapping[str, Author]
) -> list[Delivery]:
    """The first tellings of manual accounts, of one person where one is named."""
    manual = {
        (account.channel, account.name)
        for block in settings.channels.values()
        for account in block.accounts.values()
        if account.mode == "manual"
    }
    if not manual:
        raise UsageError(
            "there is nobody who shares by hand: no account in the settings has `mode: manual`",
            hint=f"add one under `channels` in {settings.file_name}: `milena: {{mode: manual}}`",
        )
    found = [item for item in plan.deliveries if (item.channel, item.account) in manual and item.number == 1]
    if person is None:
        return found
    names = sorted({name for _, name in manual})
    spoken = {authors[name].name.lower(): name for name in names if name in authors}
    wanted = person.strip().lower()
    name = wanted.replace(" ", "_") if wanted.replace(" ", "_") in names else spoken.get(wanted, "")
    if not name:
        meant = did_you_mean(wanted, (*names, *spoken))
        raise UsageError(
            f"nobody called `{person}` shares by hand",
            hint=f"did you mean `{meant}`?" if meant else f"there are {', '.join(names)}",
        )
    return [item for item in found if item.account == name]


def _write(folder: Path, kit: Kit, settings: Settings) -> Path:
    from byline.preview import kit as kits

    page = folder / f"{kit.account}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page.write_text(kits.page(kit, settings), encoding="utf-8", newline="\n")
        page.with_suffix(".eml").write_bytes(kits.mail(kit, settings))
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}", hint="name another folder with --out"
        ) from None
    return page
