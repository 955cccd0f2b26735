"""`publish crm setup`: the fields and statuses that the CRM lacks, shown first, then made."""

from __future__ import annotations

import click

from byline.cli._crm_sync import open_driver
from byline.cli._publishing import json_option, open_http
from byline.cli.common import DONE, FAILED, PARTLY, App, count, emit_json, progress


@click.command("setup")
@click.option("--plan", "plan", is_flag=True, help="Only show what would be made (the default).")
@click.option("--apply", "apply", is_flag=True, help="Make it.")
@json_option
@click.pass_obj
def setup(app: App, plan: bool, apply: bool, as_json: bool) -> int:
    """Show what the CRM lacks for Byline (fields, statuses, rights), and with --apply make it.

    What no interface of the CRM can make is listed as steps for a person. Run it again at any time: what is there is
    left alone.
    """
    from byline.errors import UsageError

    if plan and apply:
        raise UsageError(
            "--plan and --apply exclude each other", hint="look with --plan, then make it with --apply"
        )
    settings = app.settings()
    http = open_http(app, settings)
    try:
        driver = open_driver(app, settings, http)
        steps = driver.missing()
        rows = driver.set_up(steps) if apply else ()
    finally:
        http.close()
    label = driver.caps.label
    made = [step for step in steps if not step.by_hand]
    by_hand = [step for step in steps if step.by_hand]
    failed = [row for row in rows if row.change == "failed"]
    if as_json:
        emit_json(
            {
                "crm": settings.crm.type,
                "applied": apply,
                "steps": [{"key": step.key, "text": step.text, "by_hand": step.by_hand} for step in steps],
                "rows": [
                    {"key": row.key, "change": row.change, "message": row.message, "fix": row.fix}
                    for row in rows
                ],
            }
        )
        return DONE if not failed else PARTLY if len(failed) < len(rows) else FAILED
    words = {step.key: step.text for step in steps}
    if apply:
        for row in rows:
            if row.change == "failed":
                click.echo(f"  failed  {words[row.key]}")
                click.echo(f"          {row.message}\n          next: {row.fix}")
            else:
                click.echo(f"  {'made' if row.change == 'added' else 'there':<7} {words[row.key]}")
    else:
        for step in made:
            click.echo(f"  make    {step.text}")
    if by_hand:
        click.echo(f"For a person, in {label}:")
        for step in by_hand:
            click.echo(f"  - {step.text}")
    if not steps:
        click.echo(f"{label} has everything that Byline needs.")
    elif not apply and made:
        progress(f"{count(len(made), 'thing')} to make; nothing was changed. Next: publish crm setup --apply")
    return DONE if not failed else PARTLY if len(failed) < len(rows) else FAILED


COMMANDS = (setup,)
