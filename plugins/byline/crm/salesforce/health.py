"""One look at Salesforce for `publish doctor`: who signs in, calls left, version, rights, fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from byline.crm.base import CrmHealth, SetupStep
from byline.crm.salesforce import influence
from byline.crm.salesforce.api import Api
from byline.crm.salesforce.setup import survives
from byline.errors import NotSent, RemoteError

OLD = 9  # versions behind the newest: three years, after which Salesforce may take one away
NEAR, OVER = 0.2, 0.05  # of the day's calls


def look(
    api: Api, names: Mapping[str, str], missing: Callable[[], Sequence[SetupStep]]
) -> tuple[CrmHealth, ...]:
    """Every finding; a sign-in that is refused is the only one then."""
    try:
        who = _who(api)
    except NotSent as error:
        if error.cause != "auth":
            raise
        return (CrmHealth(about="Salesforce", level="red", message=error.message, fix=error.hint),)
    found = [who]
    for part in (_version, _calls, _rights, _influence):
        try:
            found += part(api)
        except RemoteError as error:
            found.append(
                CrmHealth(about="Salesforce", level="warning", message=error.message, fix=error.hint)
            )
    found += _fields(api, names, [step for step in missing() if not step.by_hand])
    return tuple(found)


def _who(api: Api) -> CrmHealth:
    user = api.token.user
    rows = api.having("User", ("Id", "Username", "Name"), "Id", [user]) if user else []
    if not user:
        api.count("Lead")
    name = str(rows[0].get("Username") or "") if rows else user
    return CrmHealth(
        about="Salesforce",
        level="ok",
        who=name or "Byline's user",
        message=f"signed in to {api.token.org or 'your organisation'}",
    )


def _version(api: Api) -> Iterator[CrmHealth]:
    listed = api.get("/services/data/", "the list of versions")
    known = [float(item["version"]) for item in listed if isinstance(item, dict) and "version" in item]
    about = "Salesforce version"
    if not known:
        return
    newest = max(known)
    if float(api.version) not in known:
        yield CrmHealth(
            about=about,
            level="red",
            message=f"{api.version} is not offered by your Salesforce; it has {min(known)} to {newest}",
            fix=f'write `version: "{newest}"` under `crm`',
        )
    elif newest - float(api.version) > OLD:
        yield CrmHealth(
            about=about,
            level="warning",
            message=f"{api.version} is {newest - float(api.version):.0f} versions old; the newest is {newest}",
            fix=f'write `version: "{newest}"` under `crm`, then `publish crm sync`',
        )
    else:
        yield CrmHealth(about=about, level="ok", message=f"{api.version}; the newest is {newest}")


def _calls(api: Api) -> Iterator[CrmHealth]:
    found: Any = api.get("limits", "the limits")
    daily = found.get("DailyApiRequests", {}) if isinstance(found, dict) else {}
    most, left = daily.get("Max"), daily.get("Remaining")
    if not isinstance(most, int) or not isinstance(left, int) or not most:
        return
    short = left / most
    yield CrmHealth(
        about="Salesforce calls",
        level="red" if short < OVER else "warning" if short < NEAR else "ok",
        message=f"{left:,} of today's {most:,} are left",
        fix="look in Setup > Company Information which program uses them" if short < NEAR else "",
    )


def _rights(api: Api) -> Iterator[CrmHealth]:
    columns = {"Lead": "Company", "Campaign": "Name", "CampaignMember": "CampaignId"}
    lacking = [kind for kind, column in columns.items() if not api.usable(kind, [column], right="createable")]
    reading = [
        kind
        for kind, column in {"Opportunity": "Amount", "Contact": "Email"}.items()
        if not api.usable(kind, [column])
    ]
    if lacking or reading:
        parts = [f"may not make: {', '.join(lacking)}"] if lacking else []
        parts += [f"may not read: {', '.join(reading)}"] if reading else []
        yield CrmHealth(
            about="Salesforce rights",
            level="red",
            message=f"Byline's user {'; '.join(parts)}",
            fix="give it those rights by a permission set, and for campaigns tick Marketing User at the user",
        )
    else:
        yield CrmHealth(about="Salesforce rights", level="ok", message="leads, campaigns, opportunities")


def _influence(api: Api) -> Iterator[CrmHealth]:
    """Whether opportunities show which posts led to them; nobody has to have that."""
    about = "Salesforce influence"
    models = influence.models(api)
    if models is None:
        message = (
            "your organisation has not switched on Customizable Campaign Influence, so opportunities do not show which"
            " posts led to them; the report and the campaigns' members do"
        )
    elif influence.MODEL not in models:
        message = f"no model {influence.MODEL}, so opportunities do not show which posts led to them"
    else:
        message = f"opportunities show which posts led to them, by the model {influence.MODEL}"
    yield CrmHealth(about=about, level="ok", message=message)


def _fields(api: Api, names: Mapping[str, str], steps: Sequence[SetupStep]) -> Iterator[CrmHealth]:
    about = "Salesforce fields"
    if steps:
        shown = ", ".join(step.key for step in steps[:3])
        more = f" and {len(steps) - 3} more" if len(steps) > 3 else ""
        yield CrmHealth(
            about=about,
            level="warning",
            message=f"not there or not visible to Byline's user: {shown}{more}",
            fix="publish crm setup --plan, then --apply",
        )
        return
    column = names.get("utm_content", "")
    kept = survives(api, column) if column else None
    if kept is False:
        yield CrmHealth(
            about=about,
            level="warning",
            message="the latest converted lead lost our fields: its contact does not have them",
            fix="Setup > Object Manager > Lead > Map Lead Fields: map each of our fields to the contact's of that name",
        )
    else:
        what = "a converted lead keeps them" if kept else "no converted lead has them yet"
        yield CrmHealth(about=about, level="ok", message=f"all there; {what}")
