"""`publish report --mail`: to everybody whom the settings name, once a day each."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import open_http
from byline.cli.common import DONE, FAILED, PARTLY, UNKNOWN, App, count, say
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.report.model import Report


def send(app: App, report: Report, to: tuple[str, ...], *, again: bool) -> int:
    """Mail the report; returns the exit code. Who has today's already gets no second one, unless `again`."""
    from byline.mail import people, smtp
    from byline.mail.headers import address
    from byline.private import URL, open_store
    from byline.report import mail as mails

    settings = app.settings()
    if not settings.mail.server:
        raise UsageError(
            "no mail server is set up",
            hint="add `mail: {server: smtps://smtp.example.com, from: reports@…, to: [you@…]}` under `- byline:`",
        )
    readers = tuple(dict.fromkeys(to or settings.mail.to))
    bad = [one for one in readers if not address(one)]
    if bad or not readers:
        raise UsageError(
            f"`{bad[0]}` is no mail address" if bad else "nobody is named to whom the report could go",
            hint="write `to: [you@your-company.example]` under `mail`, or give --to",
        )
    secrets, now = app.secrets(), app.clock.now()
    asked = f"{report.model.name} {report.by} {report.since} {report.window_days} {report.shared}"
    mark = hashlib.sha256(asked.encode()).hexdigest()[:8]
    day = now.astimezone(settings.zone)
    host = address(settings.mail.sender).rpartition("@")[2]
    mailing = f"report-{day:%Y-%m-%d}-{mark}@{host}"
    http = open_http(app, settings)
    outcomes: dict[str, str] = {}
    try:
        with open_store(settings.state, secrets.get(URL), site=settings.site_key) as store:
            journal = people.Journal(store)
            keys = {people.person(one): one for one in readers}
            if again:
                store.run("DELETE FROM mailing_people WHERE mailing = ?", mailing)
            journal.add(mailing, keys, now)
            left = journal.left(mailing)
            if left:
                where = smtp.server(settings.mail.server, secrets, http)
                with smtp.Session(where, http, now) as session:
                    for key in (key for key in keys if key in left):
                        made = mails.mail(
                            report, sender=address(settings.mail.sender), sender_name=settings.mail.sender_name,
                            to=keys[key], message_id=f"{key[:12]}.{mailing}", at=now,
                        )  # fmt: skip
                        journal.mark(mailing, key, "going", now)
                        fate = session.hand_over(settings.mail.sender, keys[key], made)
                        state: people.State = (
                            "done"
                            if fate.kind == "accepted"
                            else "going"
                            if fate.kind == "unclear"
                            else "todo"
                        )
                        journal.mark(mailing, key, state, now, fate.words)
                        outcomes[keys[key]] = (
                            "" if state == "done" else f"{fate.kind}: {fate.words}".rstrip(": ")
                        )
            standing = journal.standing(mailing)
    finally:
        http.close()
    if not left:
        say("Nobody is left to mail it to: everybody has today's (--again sends it once more).")
    for who, trouble in outcomes.items():
        click.echo(f"{who}: {trouble or 'mailed'}")
    if standing.unclear:
        say(
            f"{count(standing.unclear, 'person', 'people')} may or may not have it: the server's answer was lost. Look there; "
            "--again sends it once more."
        )
        return UNKNOWN
    if not standing.left:
        return DONE
    return PARTLY if standing.done else FAILED
