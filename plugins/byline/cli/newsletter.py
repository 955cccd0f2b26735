"""`publish newsletter`: one mail about the posts since the last one; and who of a mailing may not have got theirs."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option, make_drivers, open_http, refuse_unmerged, write_out
from byline.cli.common import DONE, FAILED, UNKNOWN, App, count, emit_json, progress, say
from byline.errors import Stopped, UsageError

if TYPE_CHECKING:
    from byline.delivering import Carried
    from byline.digest import Digest
    from byline.settings import Account, Settings


@click.command()
@click.option("--to", "name", default="", metavar="ACCOUNT", help="This newsletter (newsletter.acme); without it the first one.")  # fmt: skip
@click.option("--since", metavar="DATE", help="Posts of this day and later that no mail told yet (default: since the last one).")  # fmt: skip
@click.option(
    "--subject", default="", help="The subject (default: the newest post's title, and how many more)."
)
@click.option("--text", "words", default="", help="The words at its beginning.")
@click.option("--show", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.html", help="Write the mail to a file and send nothing.")  # fmt: skip
@click.option("--who", is_flag=True, help="List those of whom it is not clear that they got theirs; shows addresses, on this machine alone.")  # fmt: skip
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@click.option("--no-wait", is_flag=True, help="Look once whether the pages are live.")
@json_option
@click.pass_obj
def command(
    app: App, name: str, since: str | None, subject: str, words: str, show: Path | None, who: bool, yes: bool,
    no_wait: bool, as_json: bool,
) -> int:  # fmt: skip
    """One mail about all posts since the last one, to everybody on the list, once.

    What a run that stopped left open is gone on with first. Nobody gets a mail twice, no post stands in two.

    Ends with 0 when it is out or there is nothing new, 1 when nothing went out, 4 when somebody may or may not have
    got theirs, 5 when a page is not live or a person said no.
    """
    from byline import digest

    settings = app.settings()
    account = digest.account_of(settings, name)
    if who:
        return _who(app, account)
    return _send(
        app, settings, account, _day(since, settings), subject, words, show, yes=yes, patient=not no_wait,
        as_json=as_json,
    )  # fmt: skip


def _send(
    app: App,
    settings: Settings,
    account: Account,
    since: datetime | None,
    subject: str,
    words: str,
    show: Path | None,
    *,
    yes: bool,
    patient: bool,
    as_json: bool,
) -> int:
    from byline import content, digest
    from byline.ledger import open_ledger

    if show is None:
        refuse_unmerged(app.environment, settings.root)
    read = content.read(settings)
    http = open_http(app, settings)
    drivers = make_drivers(app, http)
    ledger = open_ledger(settings, app.environment, app.clock)
    try:
        history = ledger.snapshot()
        if history.empty:
            raise Stopped(
                "sending never began here, so nobody knows which posts are old",
                hint="run `publish send` once: it marks old posts and sends new ones",
            )
        if show is None:
            left = digest.unclear(history, account)
            done = digest.settle(
                left, settings, ledger, drivers, app.clock, patient=patient, progress=progress
            )
            still = [item for item in done if item.record is not None and item.record.uncertain]
            if still:
                return _told(still[0], as_json=as_json)
            history = ledger.snapshot()
        made = digest.choose(
            read, settings, history, account, drivers(account), app.clock.now(),
            since=since, subject=subject, words=words,
        )  # fmt: skip
        if made is None:
            if as_json:
                emit_json({"sent": False, "id": "", "posts": [], "state": "", "reason": "nothing new"})
            else:
                click.echo("nothing new: every public post was told already")
            return DONE
        if made.problems:
            raise UsageError(f"the mail cannot be sent: {'; '.join(made.problems)}", hint="shorten --text")
        if show is not None:
            return _show(made, account, show)
        _list(made)
        if not yes and sys.stdin.isatty() and not click.confirm("Send it now?", default=True, err=True):
            raise Stopped(
                "nothing was sent, as you wished", hint="`publish newsletter --show FILE.html` shows it"
            )
        carried = digest.send(
            made,
            read,
            settings,
            ledger,
            drivers(account),
            http,
            app.clock,
            patient=patient,
            progress=progress,
        )
        if carried.record is not None and carried.record.uncertain and not carried.held:
            (carried,) = digest.settle(
                [carried.record], settings, ledger, drivers, app.clock, patient=patient, progress=progress
            ) or (carried,)
        return _told(carried, as_json=as_json)
    finally:
        ledger.close()
        http.close()


def _list(made: Digest) -> None:
    card = made.message.card
    progress(f"{made.id}: “{card.title if card else ''}”")
    for post in made.posts:
        progress(f"  {post.published:%Y-%m-%d}  {post.title}")


def _show(made: Digest, account: Account, out: Path) -> int:
    from byline import registry

    look = registry.channel(account.channel).caps.look
    assert look.document is not None
    write_out(out, look.document(made.message, account))
    _list(made)
    click.echo(f"Written: {out}. Nothing was sent.")
    return DONE


def _told(carried: Carried, *, as_json: bool) -> int:
    """What became of it, and the exit code."""
    record = carried.record
    state = record.state if record is not None else "due"
    reason = record.reason if record is not None else ""
    if carried.held:
        state, reason = "sending", "another run has it"
    if as_json:
        path = record.intent.path if record else ""
        emit_json(
            {
                "sent": state == "sent",
                "id": record.id if record else "",
                "posts": path.partition("digest of ")[2].split(", ") if path else [],
                "state": state,
                "reason": reason,
            }
        )
    else:
        words = {"sent": "sent", "unknown": "may have reached some and not others", "sending": "is being sent",
                 "due": "not sent", "failed": "refused"}  # fmt: skip
        name = record.id if record is not None else "the mail"
        say(f"{name}: {words.get(state, state)}" + (f": {reason}" if reason else ""))
    return {"sent": DONE, "unknown": UNKNOWN, "sending": UNKNOWN}.get(state, FAILED)


def _who(app: App, account: Account) -> int:
    """Those who were refused or are unclear, by mailing; addresses come from the list, never from a store."""
    from byline.mail import people
    from byline.private import URL, open_store

    raw = app.secrets().get("NEWSLETTER_RECIPIENTS", account.name) or account.option("recipients")
    try:
        found = people.read_people(people.load(raw, account.home)) if raw else people.People(addresses=())
    except OSError as error:
        raise UsageError(f"the list cannot be read: {error.strerror}", hint="look at `recipients`") from None
    names = {people.person(one): one for one in found.addresses}
    with open_store(account.home / ".byline", app.secrets().get(URL), site=account.site) as store:
        journal = people.Journal(store)
        any_trouble = False
        for standing in journal.standings():
            trouble = journal.trouble(standing.mailing)
            say(
                f"{standing.mailing.partition('@')[0]}: {standing.done} of {standing.total} people have it"
                + (f", {standing.left} are left" if standing.left else "")
            )
            for key, (state, words) in trouble.items():
                any_trouble = True
                who = names.get(key, "somebody who is no longer on the list")
                what = "was refused" if state == "refused" else "may have it, the server's answer was lost"
                click.echo(f"  {who}: {what}" + (f" ({words})" if words else ""))
        gone = sum(key in names for key in journal.unsubscribed())
        if gone:
            say(f"{count(gone, 'person', 'people')} on the list want no more of it and get none")
    return DONE if not any_trouble else UNKNOWN if _open(app, account) else DONE


def _open(app: App, account: Account) -> bool:
    from byline import digest, ledger

    history = ledger.read_snapshot(app.settings(), app.clock, app.environment)
    return bool(digest.unclear(history, account))


def _day(raw: str | None, settings: Settings) -> datetime | None:
    from byline.times import start_of_day

    if raw is None:
        return None
    try:
        return start_of_day(date.fromisoformat(raw), settings.zone) - timedelta(seconds=1)
    except ValueError:
        raise UsageError(
            f"--since is `{raw}`; a day is expected", hint="write it as --since 2026-10-31"
        ) from None
