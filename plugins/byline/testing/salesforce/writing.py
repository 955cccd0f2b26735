"""Writes: by an external id, many at once, columns through the Tooling interface, and Web-to-Lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from byline.testing.salesforce.reading import Reading
from byline.testing.salesforce.shapes import (
    ORG,
    PREFIXES,
    STANDARD,
    VERSIONS,
    Refused,
    attribute_of,
)
from byline.testing.server import Answer, Call, answer


class Writing(Reading):
    """Writes: by an external id, many at once, columns through the Tooling interface, and Web-to-Lead."""

    def _upsert(self, kind: str, name: str, value: str, call: Call) -> Answer:
        found = self._by(kind, name, value)
        if len(found) > 1:
            urls = [f"/services/data/v{VERSIONS[-1]}/sobjects/{kind}/{row['Id']}" for row in found]
            return answer(300, urls)
        given = dict(call.json())
        if name in given:
            raise Refused("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")
        if found:
            self.update(kind, found[0]["Id"], given)
            if not self.newer:
                return answer(204)
            return answer(200, {"id": found[0]["Id"], "success": True, "errors": [], "created": False})
        if call.params.get("updateOnly") == "true":
            raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)
        key = self.insert(kind, given | {name: value})
        return answer(201, {"id": key, "success": True, "errors": [], "created": True})

    def _by(self, kind: str, name: str, value: str) -> list[dict[str, Any]]:
        if name == "Id":
            return [self.find(kind, value)]
        if name not in self.visible(kind) or not self.custom[kind].get(name, {}).get("externalId"):
            raise Refused(
                "NOT_FOUND",
                f"Provided external ID field does not exist or is not accessible: {name}",
                status=404,
            )
        return [row for row in self.standing(kind) if str(row.get(name) or "").lower() == value.lower()]

    def _many(self, call: Call, one: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Answer:
        given = call.json()
        records = given.get("records") if isinstance(given, dict) else None
        if not isinstance(records, list) or len(records) > 200:
            raise Refused(
                "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records in this call"
            )
        rows: list[dict[str, Any]] = []
        for record in records:
            kind = str((record.get("attributes") or {}).get("type", ""))
            if not self._there(kind):
                raise Refused("INVALID_TYPE", f"sObject type '{kind}' is not supported.")
            try:
                rows.append({"errors": [], **one(kind, dict(record))})
            except Refused as refused:
                rows.append(refused.as_row())
        return answer(200, rows)

    def _changed(self, kind: str, row: dict[str, Any]) -> dict[str, Any]:
        self.update(kind, str(row.get("Id")), row)
        return {"id": self.find(kind, str(row["Id"]))["Id"], "success": True}

    def _upserted(self, kind: str, name: str, row: dict[str, Any]) -> dict[str, Any]:
        value = str(row.pop(name, ""))
        if not value:
            raise Refused("MISSING_ARGUMENT", f"{name} not specified")
        found = self._by(kind, name, value)
        if len(found) > 1:
            raise Refused(
                "DUPLICATE_EXTERNAL_ID", f"more than one record found for external id field: {name}"
            )
        if found:
            self.update(kind, found[0]["Id"], row)
            return {"id": found[0]["Id"], "success": True, "created": False}
        return {"id": self.insert(kind, row | {name: value}), "success": True, "created": True}

    def _delete(self, record: str) -> None:
        kind = next((kind for kind, prefix in PREFIXES.items() if record.startswith(prefix)), "")
        row = self.find(kind or "Lead", record)
        row["IsDeleted"] = True
        self._touch(row)
        self.writes.append(kind)

    def _deleted(self, record: str) -> dict[str, Any]:
        try:
            self._delete(record)
        except Refused:
            return Refused("ENTITY_IS_DELETED", "entity is deleted").as_row()
        return {"id": record, "success": True, "errors": []}

    def _custom_field(self, given: Any) -> Answer:
        kind, _, name = str(given.get("FullName", "")).partition(".")
        about = given.get("Metadata")
        if (
            kind not in STANDARD
            or not name.endswith("__c")
            or not isinstance(about, dict)
            or not about.get("label")
        ):
            raise Refused("FIELD_INTEGRITY_EXCEPTION", "FullName or Metadata is not usable")
        if name in self.custom[kind]:
            raise Refused(
                "DUPLICATE_DEVELOPER_NAME", f"There is already a field named {name} on {kind}.", (name,)
            )
        if about.get("type") == "Text" and not 1 <= int(about.get("length") or 0) <= 255:
            raise Refused("FIELD_INTEGRITY_EXCEPTION", "length must be between 1 and 255")
        if about.get("type") == "LongTextArea" and not about.get("visibleLines"):
            raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [visibleLines]")
        self.custom[kind][name] = dict(about, id=self.new_id("CustomField"))
        self.writes.append("CustomField")
        return answer(201, {"id": self.custom[kind][name]["id"], "success": True, "errors": []})

    # Web-to-Lead.

    def _web_to_lead(self, call: Call) -> Answer:
        """Always 200 with a page that goes on to `retURL`; whether a lead was made is not told."""
        form = call.form
        names = {
            "first_name": "FirstName", "last_name": "LastName", "email": "Email", "company": "Company",
            "phone": "Phone", "title": "Title", "description": "Description", "lead_source": "LeadSource",
        }  # fmt: skip
        by_id = {str(about["id"])[:15]: name for name, about in self.custom["Lead"].items()}
        record = {names[key]: value for key, value in form.items() if key in names and value}
        record |= {by_id[key[:15]]: value for key, value in form.items() if key[:15] in by_id and value}
        processed = "Exception: missing"
        if form.get("oid", "")[:15] == ORG[:15]:
            try:
                self.insert("Lead", record)
                processed = "true"
            except Refused:
                processed = "Exception: refused"
        target = form.get("retURL", "")
        page = (
            "<html><head><title>Salesforce</title>"
            f"<meta http-equiv='Refresh' content='0;URL={attribute_of(target)}'></head><body></body></html>"
        )
        return Answer(
            status=200,
            body=page.encode(),
            headers={"Content-Type": "text/html;charset=UTF-8", "Is-Processed": processed},
        )
