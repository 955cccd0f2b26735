"""Campaigns in Dataverse: upserted by our key, only where something differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from byline.crm import _fields as words
from byline.crm.base import Change as Became
from byline.crm.base import Promotion, Row
from byline.crm.dynamics.calls import BATCH, Change, DataverseCalls, chunks, key_path

NAME, TEXT, CODE = 128, 2000, 128  # characters
_READ = "campaignid,name,proposedstart,proposedend,othercost,description,promotioncodename"


class Campaigns:
    """Our campaigns of one environment, read when first needed."""

    def __init__(self, calls: DataverseCalls, key: str) -> None:
        self._calls = calls
        self._key = key
        self._found: dict[str, dict[str, Any]] | None = None
        self._currencies: dict[str, str] | None = None

    def record(self, key: str) -> str:
        """The vendor's id of the campaign with our key; empty when there is none."""
        return str(self._ours().get(key, {}).get("campaignid") or "")

    def _ours(self) -> dict[str, dict[str, Any]]:
        if self._found is None:
            asked = {"$select": f"{_READ},{self._key}", "$filter": f"startswith({self._key},'byline:')"}
            pages = self._calls.rows("campaigns", asked, size=500)
            self._found = {str(row[self._key]): row for page in pages for row in page}
        return self._found

    def put(self, promotions: Sequence[Promotion]) -> tuple[Row, ...]:
        """One row for each, in order."""
        rows: dict[int, Row] = {}
        todo: list[tuple[int, Promotion, Became, dict[str, Any]]] = []
        for n, item in enumerate(promotions):
            have = self._ours().get(item.key)
            wanted = self._wanted(item, str((have or {}).get("description") or ""))
            body = wanted if have is None else {k: v for k, v in wanted.items() if not _same(have, k, v)}
            if body.keys() <= {"transactioncurrencyid@odata.bind"} and have is not None:
                record = str(have["campaignid"])
                rows[n] = Row(key=item.key, change="same", record=record, kind="campaign")
            else:
                todo.append((n, item, "added" if have is None else "changed", body))
        for part in chunks(todo, BATCH):
            changes = [
                Change(method="PATCH", path=key_path("campaigns", self._key, item.key), body=body, headers={})
                for _, item, _, body in part
            ]
            for (n, item, change, body), answer in zip(part, self._calls.batch(changes), strict=True):
                if not answer.ok:
                    error = self._calls.refused(answer, "the campaign")
                    rows[n] = Row(
                        key=item.key, change="failed", message=error.message, fix=error.hint, kind="campaign"
                    )
                    continue
                record = answer.headers.get("odata-entityid", "").rpartition("(")[2].rstrip(")")
                kept = self._ours().setdefault(item.key, {"campaignid": record})
                kept.update(body)
                rows[n] = Row(key=item.key, change=change, record=str(kept["campaignid"]), kind="campaign")
        return tuple(rows[n] for n in range(len(promotions)))

    def _wanted(self, item: Promotion, told: str) -> dict[str, Any]:
        figures = ", ".join(f"{number} {name}" for name, number in item.figures.items())
        parent = f"Belongs to {item.parent}" if item.parent else ""
        lines = [
            item.text,
            item.url if item.url not in item.text else "",
            figures if figures not in item.text else "",
            parent,
        ]
        found: dict[str, Any] = {
            "name": item.name[:NAME] or item.key,
            "description": words.behind_mark(told, "\n".join(filter(None, lines)), TEXT),
            "promotioncodename": item.key.rpartition(":")[2][:CODE],
            "proposedstart": item.start.isoformat() if item.start else None,
            "proposedend": item.end.isoformat() if item.end else None,
        }
        currency = self._currency(item.currency) if item.cost else ""
        if currency:
            found["othercost"] = float(item.cost)
            found["transactioncurrencyid@odata.bind"] = f"/transactioncurrencies({currency})"
        elif not item.cost:
            found["othercost"] = None
        return {name: value for name, value in found.items() if value is not None or self.record(item.key)}

    def _currency(self, code: str) -> str:
        """The environment's record of a currency; empty when it does not know it (then the cost stays out)."""
        if self._currencies is None:
            asked = {"$select": "transactioncurrencyid,isocurrencycode"}
            pages = self._calls.rows("transactioncurrencies", asked, size=500)
            self._currencies = {
                str(row["isocurrencycode"]): str(row["transactioncurrencyid"])
                for page in pages
                for row in page
            }
        return self._currencies.get(code, "")


def _same(have: Mapping[str, Any], name: str, value: Any) -> bool:
    old = have.get(name)
    if name.endswith("@odata.bind"):
        return False  # sent along with a cost that changed; alone it is no change
    if name == "othercost":
        return Decimal(str(old or 0)) == Decimal(str(value or 0))
    if name in ("proposedstart", "proposedend"):
        return str(old or "")[:10] == (value or "")
    return bool((old or "") == (value or ""))
