"""A plan that was kept and approved, and the refusal to send anything that differs from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byline import planning
from byline.errors import Stopped, UsageError
from byline.ledger.base import Ledger
from byline.planning import Drivers, Plan, Scope
from byline.settings import Settings

if TYPE_CHECKING:
    from byline.content import Content

_FIELDS = ("channel", "account", "text", "link", "card")
_SHOWN = 12


def approval(
    file: Path, content: Content, settings: Settings, ledger: Ledger, drivers: Drivers
) -> Callable[[Plan], None]:
    """A check of a plan against the kept one. Raises UsageError for a file that is no plan; the check raises Stopped."""
    kept = _read(file)

    def approve(plan: Plan) -> None:
        current = planning.plan(
            content,
            settings,
            ledger.snapshot(),
            plan.now,
            drivers=drivers,
            scope=kept["scope"],
            everything=True,
        )
        differences = list(_differences(kept, current, plan))
        if not differences:
            return
        shown = [f"  {line}" for line in differences[:_SHOWN]]
        if len(differences) > _SHOWN:
            shown.append(f"  and {len(differences) - _SHOWN} more")
        raise Stopped(
            f"what would go out is not what {file.name} says; nothing was sent:\n" + "\n".join(shown),
            hint=f"look at it and approve it anew: publish plan --out {file.name}",
        )

    return approve


def _read(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        items = {item["id"]: item for item in data["deliveries"]}
        scope = data.get("scope", {})
        return {
            "items": items,
            "hash": str(data["hash"]),
            "digests": dict(data["digests"]),
            "scope": Scope(
                posts=frozenset(scope.get("posts", ())),
                to=frozenset(
                    (network, account)
                    for network, _, account in (str(name).partition(".") for name in scope.get("to", ()))
                ),
            ),
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{file} is not a plan that can be sent",
            hint="make one with `publish plan --out plan.json`",
        ) from None


def _differences(kept: Mapping[str, Any], current: Plan, wanted: Plan) -> Iterator[str]:
    """Every difference in words, each delivery once."""
    now = {item.id: item for item in current.deliveries}
    digests: Mapping[str, str] = kept["digests"]
    told: set[str] = set()
    for name, item in kept["items"].items():
        found = now.get(name)
        if found is None:
            told.add(name)
            yield f"{name}: approved, but the content no longer asks for it"
            continue
        if found.record is not None and found.state in ("sent", "retracted"):
            continue  # what is out is out
        shown = found.as_json()
        for field in _FIELDS:
            if item.get(field) != shown[field]:
                told.add(name)
                yield f"{name}: {field}: approved {_quoted(item.get(field))}, now {_quoted(shown[field])}"
        if item.get("declared") != shown["declared"]:
            told.add(name)
            yield f"{name}: time: approved {item.get('declared')}, now {shown['declared']}"
    for name in sorted(digests.keys() | current.digests.keys()):
        if name in told or digests.get(name) == current.digests.get(name):
            continue
        told.add(name)
        if name not in digests:
            yield f"{name}: not in the approved plan"
        elif name not in current.digests:
            yield f"{name}: approved, but the content no longer asks for it"
        else:
            yield f"{name}: its words, picture or time changed"
    for item in wanted.ready():
        if item.id not in digests and item.id not in told:
            yield f"{item.id}: not in the approved plan"
    if not told and kept["hash"] != current.hash:
        yield "the plan's hash does not belong to its deliveries: the file was changed by hand"


def _quoted(value: object, limit: int = 70) -> str:
    text = " ".join(str(value or "").split())
    return f"“{text}”" if len(text) <= limit else f"“{text[: limit - 1]}…”"
