"""What leads and campaigns lack in Dataverse, and how it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from byline.crm.base import Row, SetupStep
from byline.crm.dynamics.calls import DataverseCalls
from byline.errors import NotSent, RemoteError
from byline.times import Clock

LOOKS, PAUSE = 24, 5.0  # at keys that are not active yet; seconds between looks
_TYPES = "Microsoft.Dynamics.CRM."
_THERE = ("0x80044363", "0x80060895", "0x80048403")  # a column or key of that name exists
_LANGUAGE = 1033


def missing(calls: DataverseCalls, fields: Mapping[str, str], key: str, prefix: str) -> tuple[SetupStep, ...]:
    """Columns first, then the keys over them."""
    steps: list[SetupStep] = []
    keys: list[SetupStep] = []
    for table, wanted in (("lead", fields), ("campaign", {"key": key})):
        known = {str(row["LogicalName"]) for row in _definitions(calls, table, "Attributes", "LogicalName")}
        for word, name in wanted.items():
            if name not in known:
                payload = {"table": table, "path": "Attributes", "body": _column(word, name)}
                steps.append(
                    SetupStep(
                        key=f"{table}.{name}",
                        text=f"make the column `{name}` of the table {table} ({_label(word)})",
                        payload=payload,
                    )
                )
        found = _definitions(calls, table, "Keys", "")
        if not any(tuple(row.get("KeyAttributes") or ()) == (key,) for row in found):
            schema = f"{prefix}_BylineKey"
            body = {"SchemaName": schema, "KeyAttributes": [key], "DisplayName": _words("Byline key")}
            keys.append(
                SetupStep(
                    key=f"{table}.{schema}",
                    text=f"make the alternate key `{schema}` of the table {table}, over `{key}`",
                    payload={"table": table, "path": "Keys", "body": body},
                )
            )
    return (*steps, *keys)


def make(calls: DataverseCalls, steps: Sequence[SetupStep], clock: Clock) -> tuple[Row, ...]:
    """One row a step. Waits for keys to become active, two minutes at most."""
    rows = [_made(calls, step) for step in steps if not step.by_hand]
    if any(row.change == "added" for row in rows):
        answer = calls.call("POST", "PublishAllXml")
        if not answer.ok:
            raise calls.refused(answer, "publishing the changes")
    for table in dict.fromkeys(
        str(step.payload["table"]) for step in steps if step.payload["path"] == "Keys"
    ):
        for look in range(LOOKS):
            states = {str(row.get("EntityKeyIndexStatus")) for row in _definitions(calls, table, "Keys", "")}
            if not states & {"Pending", "InProgress"}:
                break
            if look < LOOKS - 1:
                clock.sleep(PAUSE)
    return tuple(rows)


def _made(calls: DataverseCalls, step: SetupStep) -> Row:
    path = f"EntityDefinitions(LogicalName='{step.payload['table']}')/{step.payload['path']}"
    try:
        answer = calls.call("POST", path, body=step.payload["body"])
        if answer.ok:
            return Row(key=step.key, change="added")
        if calls.said(answer)[0] in _THERE or _there(calls, step):
            return Row(key=step.key, change="same")
        error: RemoteError = calls.refused(answer, "the change of a table")
    except NotSent as found:
        if found.cause != "auth" or found.status != 403:
            raise
        error = found
    hint = (
        "use the prefix of a publisher of yours (`crm.prefix`)"
        if "0x8004701e" in error.message
        else error.hint
    )
    return Row(key=step.key, change="failed", message=error.message, fix=hint)


def _there(calls: DataverseCalls, step: SetupStep) -> bool:
    body: Any = step.payload["body"]
    if step.payload["path"] == "Keys":
        return any(
            row.get("SchemaName") == body["SchemaName"]
            for row in _definitions(calls, str(step.payload["table"]), "Keys", "")
        )
    rows = _definitions(calls, str(step.payload["table"]), "Attributes", "LogicalName")
    return body["SchemaName"].lower() in {row["LogicalName"] for row in rows}


def _definitions(calls: DataverseCalls, table: str, what: str, select: str) -> list[dict[str, Any]]:
    path = f"EntityDefinitions(LogicalName='{table}')/{what}"
    answer = calls.get(path, {"$select": select} if select else None)
    found = answer.object().get("value")
    if not answer.ok or not isinstance(found, list):
        raise calls.refused(answer, f"the definition of {table}")
    return found


def _column(word: str, name: str) -> dict[str, Any]:
    base = {
        "SchemaName": name,
        "DisplayName": _words(_label(word)),
        "Description": _words("Written by Byline"),
        "RequiredLevel": {"Value": "None"},
    }
    if word in ("first_touch_at", "last_touch_at"):
        when = {"@odata.type": f"{_TYPES}DateTimeAttributeMetadata", "Format": "DateAndTime"}
        return {**base, **when, "DateTimeBehavior": {"Value": "UserLocal"}}
    if word == "journey":
        return {
            **base,
            "@odata.type": f"{_TYPES}MemoAttributeMetadata",
            "Format": "TextArea",
            "MaxLength": 32_768,
        }
    length = 100 if word == "key" else 255
    return {
        **base,
        "@odata.type": f"{_TYPES}StringAttributeMetadata",
        "FormatName": {"Value": "Text"},
        "MaxLength": length,
    }


def _label(word: str) -> str:
    named = {
        "key": "Byline key",
        "journey": "Byline journey",
        "self_reported_source": "How they heard about us",
    }
    return named.get(word) or word.replace("_", " ").capitalize().replace("Utm", "UTM").replace(
        " utm", " UTM"
    )


def _words(label: str) -> dict[str, Any]:
    return {
        "@odata.type": f"{_TYPES}Label",
        "LocalizedLabels": [
            {"@odata.type": f"{_TYPES}LocalizedLabel", "Label": label, "LanguageCode": _LANGUAGE}
        ],
    }
