"""`publish record`: note a post that a person made by hand, or found on the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from byline.cli._publishing import json_option, make_drivers, open_http, read_scope, to_option
from byline.cli.common import DONE, UNKNOWN, App, emit_json, say
from byline.errors import UsageError
from byline.fields import did_you_mean

if TYPE_CHECKING:
    from byline.planning import Delivery, Plan
    from byline.settings import Settings


@click.command()
@click.argument("target", metavar="ID|PATH")
@click.option("--url", required=True, metavar="ADDRESS", help="Where the post is on the network.")
@click.option("--at", metavar="TIME", help="When it was posted, as 2026-11-24 09:00 (default: now).")
@to_option
@json_option
@click.pass_obj
def command(app: App, target: str, url: str, at: str | None, to: Sequence[str], as_json: bool) -> int:
    """Note a post that a person made by hand, so that it is never sent again and its visitors are counted.

    Name the delivery (hp7.linkedin.dana, as `publish plan` shows it), or a post and --to linkedin.dana.
    """
    from byline import content as contents
    from byline import planning, sharing
    from byline.ledger import open_ledger
    from byline.ledger.base import Intent
    from byline.ledger.runs import new_run
    from byline.model import Receipt
    from byline.settling import record_by_hand

    settings = app.settings()
    content = contents.read(settings)
    http = open_http(app, settings)
    drivers = make_drivers(app, http)
    ledger = open_ledger(settings, app.environment, app.clock)
    try:
        history = ledger.snapshot()
        whole = target in history.records or (target.count(".") >= 2 and "/" not in target)
        scope = read_scope(settings, content, () if whole else (target,), to, None)
        plan = planning.plan(
            content, settings, history, app.clock.now(), drivers=drivers, scope=scope, everything=True,
            only=frozenset({target}) if whole else None,
        )  # fmt: skip
        if whole and not plan.deliveries:
            # Whoever shares by hand may share any post, also one that does not name the account.
            told = replace(content, posts=tuple(sharing.with_hands(post, settings) for post in content.posts))
            found = planning.plan(
                told, settings, history, app.clock.now(), drivers=drivers, scope=scope, everything=True,
                only=frozenset({target}),
            )  # fmt: skip
            plan = replace(found, hash=plan.hash, digests=plan.digests)
        item = _chosen(plan, target, whole)
        account = settings.account(item.channel, item.account)
        driver = drivers(account) if account else None
        receipt = Receipt(
            remote_id=_remote_id(url, driver, settings), url=url, at=_moment(at, settings) or app.clock.now()
        )
        intent = Intent(
            id=item.id, post=item.post, channel=item.channel, account=item.account, number=item.number,
            title=item.title, path=item.path, due=item.due, text=item.text, link=item.link, card=item.card,
            fingerprint=item.fingerprint,
        )  # fmt: skip
        record = record_by_hand(ledger, intent, receipt, new_run(), app.clock.now())
        after = ledger.snapshot()
    finally:
        ledger.close()
        http.close()
    if as_json:
        row = planning.updated(item, record, settings.zone)
        emit_json({"deliveries": [row.as_json()], "hash": plan.hash})
    else:
        say(f"{record.id}: noted   {url}")
    return UNKNOWN if any(other.uncertain for other in after.records.values()) else DONE


def _chosen(plan: Plan, target: str, whole: bool) -> Delivery:
    """The one delivery that is meant."""
    found = plan.deliveries
    if whole and not found:
        meant = did_you_mean(target, tuple(plan.digests))
        raise UsageError(
            f"there is no delivery {target}",
            hint=f"did you mean {meant}?" if meant else "`publish status` lists every delivery",
        )
    waiting = [item for item in found if item.state not in ("sent", "retracted")]
    if len(found) == 1 or len(waiting) == 1:
        return (waiting or list(found))[0]
    names = ", ".join(item.id for item in waiting or found) or "none"
    raise UsageError(
        f"{target} has {len(waiting or found)} deliveries that could be meant: {names}",
        hint="name one of them instead of the post, or add --to NETWORK.ACCOUNT",
    )


def _remote_id(url: str, driver: object, settings: Settings) -> str:
    """The network's own id in the address, where the driver can read it; else the address itself."""
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"`{url}` is not the address of a post",
            hint="copy the link to the post from the network: https://…",
        )
    if parts.hostname == urlsplit(settings.site_url).hostname and parts.path.startswith(
        urlsplit(settings.site_url).path + "posts/"
    ):
        raise UsageError(
            f"{url} is the page on your own site",
            hint="give the address of the post on the network, which its menu calls “copy link to post”",
        )
    read = getattr(driver, "remote_id", None)
    if read is None:
        return url
    found = read(url)
    if not found:
        raise UsageError(
            f"{url} does not look like a post there",
            hint="copy the link to the post itself from the network",
        )
    return str(found)


def _moment(text: str | None, settings: Settings) -> datetime | None:
    """A wall-clock time of the site's zone, or a time with an offset."""
    if text is None:
        return None
    from byline.times import WallClockError, at_wall_clock

    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is not None:
            return moment
        return at_wall_clock(moment.date(), moment.time(), settings.zone)
    except WallClockError as error:
        raise UsageError(f"--at: {error}", hint="add the offset, as 2026-10-25T02:30+01:00") from None
    except ValueError:
        raise UsageError(f"--at: `{text}` is not a time", hint='write it as "2026-11-24 09:00"') from None
