"""Properties, which an administrator may add."""

from __future__ import annotations

import re

from byline.testing.hubspot.objects import Objects
from byline.testing.hubspot.shapes import (
    TYPES,
    property_of,
    refusal,
)
from byline.testing.server import Answer, Call, answer


class Schemas(Objects):
    """Properties, which an administrator may add."""

    def _properties(self, call: Call, scopes: frozenset[str], kind: str, rest: str) -> Answer:
        kind = TYPES.get(kind, kind)
        if kind == "0-35" and self.campaign_keys:
            self.properties.setdefault("0-35", {})
            self.groups.setdefault("0-35", {"campaigninformation"})
        if kind not in self.properties:
            return refusal(400, f"Unable to infer object type from: {kind}", "VALIDATION_ERROR")
        known = self.properties[kind]
        area = "read" if call.method == "GET" else "write"
        if kind in ("contacts", "deals"):
            refused = self._needs(scopes, f"crm.schemas.{kind}.{area}")
            if refused:
                return refused
        body = call.json() or {}
        if rest == "groups" and call.method == "POST":
            if body.get("name") in self.groups[kind]:
                return refusal(409, f"A property group named '{body['name']}' already exists.", "CONFLICT")
            self.groups[kind].add(body["name"])
            return answer(201, {"name": body["name"], "label": body.get("label"), "archived": False})
        if rest == "groups":
            return answer(
                200, {"results": [{"name": name, "archived": False} for name in sorted(self.groups[kind])]}
            )
        if call.method == "GET" and not rest:
            return answer(200, {"results": list(known.values())})
        if call.method == "GET":
            found = known.get(rest)
            return (
                answer(200, found)
                if found
                else refusal(404, f"Property {rest} does not exist", "OBJECT_NOT_FOUND")
            )
        if call.method != "POST":
            return refusal(405, "Method not allowed", "VALIDATION_ERROR")
        specs = body.get("inputs") if rest == "batch/create" else [body]
        made = []
        for spec in specs or ():
            missing = [
                name for name in ("name", "label", "type", "fieldType", "groupName") if not spec.get(name)
            ]
            if missing or not re.fullmatch(r"[a-z][a-z0-9_]*", str(spec.get("name", ""))):
                return refusal(400, f"Invalid input JSON: missing {missing}", "VALIDATION_ERROR")
            if spec["name"] in known:
                return refusal(409, f"A property named '{spec['name']}' already exists.", "CONFLICT")
            if spec["groupName"] not in self.groups[kind]:
                return refusal(
                    400, f"Property group '{spec['groupName']}' does not exist.", "VALIDATION_ERROR"
                )
            self.writes.append("properties")
            known[spec["name"]] = {**property_of(spec["name"], spec["type"]), **spec, "hubspotDefined": False}
            made.append(known[spec["name"]])
        return answer(201, {"status": "COMPLETE", "results": made} if rest else made[0])
