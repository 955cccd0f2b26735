"""What may be out, as Markdown for the people who can look: for an issue, read by somebody without a command line.

The words of a post are indented and everything else is ours or the settings': nothing in it can call people or end a block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from byline import registry
from byline.doctor.handover import called

if TYPE_CHECKING:
    from byline.planning import Delivery
    from byline.settings import Settings


def unclear(rows: Sequence[Delivery], settings: Settings, environment: Mapping[str, str]) -> str:
    """For each post that may be out: whom it concerns, its words and link, and how to say what was seen.

    Under GitHub Actions and GitLab CI the answer is given on the host's own page; elsewhere by a command. Empty when nothing is
    unclear.
    """
    return "\n".join(
        _one(item, settings, environment) for item in rows if item.state in ("unknown", "sending")
    )


def _one(item: Delivery, settings: Settings, environment: Mapping[str, str]) -> str:
    account = settings.account(item.channel, item.account)
    person = called(account.owner) if account else ""
    where = f"{registry.label(item.channel)}, account `{item.account}`"
    lines = [
        f"### {item.id}",
        "",
        f"{f'{person}: p' if person else 'P'}lease look at {where}. Is this there?",
        "",
    ]
    for part in item.text:
        lines += [*_indented(part), ""]
    if item.link:
        lines += ["The link in it:", "", *_indented(item.link), ""]
    there, absent = _answers(item.id, environment)
    lines += [
        f"- **It is there**: {there}",
        f"- **It is surely not there**: {absent} It goes out with the next run.",
        "",
    ]
    return "\n".join(lines)


def _answers(delivery: str, environment: Mapping[str, str]) -> tuple[str, str]:
    if environment.get("GITLAB_CI"):
        form = f"[New pipeline]({environment.get('CI_PROJECT_URL', '')}/-/pipelines/new)"
        given = f"{form} with two variables: `POST` is `{delivery}`, `ADDRESS` is"
        return f"{given} the address of the post.", f"{given} `not there`."
    if environment.get("GITHUB_ACTIONS"):
        home = f"{environment.get('GITHUB_SERVER_URL', '')}/{environment.get('GITHUB_REPOSITORY', '')}"
        form = f"[Posted by hand]({home}/actions/workflows/posted.yml), *Run workflow*, with `{delivery}` and"
        return f"{form} the address of the post.", f"{form} `not there` in place of the address."
    return f"`publish record {delivery} --url ADDRESS`.", f"`publish settle {delivery} --not-sent`."


def _indented(text: str) -> list[str]:
    return [f"    {row}" for row in text.splitlines() or [""]]
