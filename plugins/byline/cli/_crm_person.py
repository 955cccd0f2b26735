"""`publish crm add` and `publish crm erase`: one person in, one person out."""

from __future__ import annotations

from dataclasses import replace

import click

from byline.cli._crm_sync import open_driver
from byline.cli._publishing import json_option, open_http
from byline.cli.common import DONE, PARTLY, App, count, emit_json, progress, say


@click.command("add")
@click.option("--email", default="", help="The person's address.")
@click.option("--name", default="", help="The person's name.")
@click.option("--company", default="", help="The company.")
@click.option("--message", default="", help="What the person asked.")
@click.option("--heard-from", default="", help="What the person says brought them.")
@click.option(
    "--id", "tag", default="", help="The id in the link that they came by, such as hp7.linkedin.dana."
)
@json_option
@click.pass_obj
def add(
    app: App, email: str, name: str, company: str, message: str, heard_from: str, tag: str, as_json: bool
) -> int:
    """Note a lead from the telephone, a fair, a letter, and bring it to the CRM.

    It is kept here first. When the CRM cannot be reached it follows with the next `publish crm sync`.
    """
    from byline import content, syncing
    from byline.crm import _opening
    from byline.crm.base import person_key
    from byline.errors import RemoteError, UsageError
    from byline.model import Lead, Touch

    if not (email or name or company):
        raise UsageError("nobody is named", hint="give --email, --name or --company")
    settings = app.settings()
    now = app.clock.now()
    source = tag.split(".")[1] if tag.count(".") >= 2 else ""
    touches = (Touch(at=now, source=source, medium="social", content=tag.lower()),) if tag else ()
    lead = Lead(
        id="",
        at=now,
        person=person_key(email),
        email=email,
        name=name,
        company=company,
        message=message,
        heard_from=heard_from,
        touches=touches,
    )
    store = _opening.open_store(settings, clock=app.clock, environment=app.environment)
    try:
        lead_id = store.add_lead(lead)
        told: dict[str, object] = {"id": lead_id, "crm": settings.crm.type, "record": None, "address": ""}
        if not as_json:
            click.echo(f"Noted as {lead_id}")
        if not settings.crm.vendor:
            if as_json:
                emit_json(told)
            return DONE
        read = content.read(settings)
        http = open_http(app, settings)
        try:
            driver = open_driver(app, settings, http, syncing.catalogue(settings, read.posts, read.authors))
            record = syncing.hand_on(driver, store, replace(lead, id=lead_id))
        except RemoteError as error:
            progress(f"Not in the CRM yet: {error.message}")
            progress(f"  Next: {error.hint}; then publish crm sync hands it on")
            if as_json:
                emit_json(told | {"error": error.message})
            return PARTLY
        finally:
            http.close()
        address = driver.record_url("lead", record)
        if as_json:
            emit_json(told | {"record": record, "address": address})
        else:
            click.echo(f"In {driver.caps.label}: {address or record}")
    finally:
        store.close()
    return DONE


@click.command("erase")
@click.argument("email")
@json_option
@click.pass_obj
def erase(app: App, email: str, as_json: bool) -> int:
    """Delete a person: all leads of that address, in the CRM and here. Amounts of orders stay, without a name."""
    from byline.crm import _opening

    settings = app.settings()
    there = 0
    if settings.crm.vendor:
        http = open_http(app, settings)
        try:
            driver = open_driver(app, settings, http)
            if driver.caps.erases:
                there = driver.erase(email)
                if not as_json:
                    click.echo(f"{driver.caps.label}: {count(there, 'lead')} deleted.")
            else:
                progress(f"{driver.caps.label} cannot be asked to: delete the person there.")
        finally:
            http.close()
    store = _opening.open_store(settings, clock=app.clock, environment=app.environment)
    try:
        gone = store.erase(email)
    finally:
        store.close()
    if as_json:
        emit_json({"crm": there, "here": gone})
        return DONE
    say(
        f"{count(gone, 'lead')} deleted, with everything that came with it."
        if gone
        else "Nobody has that address."
        if not there
        else "None was kept here."
    )
    return DONE


COMMANDS = (add, erase)
