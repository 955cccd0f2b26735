"""Who takes part in an opportunity besides its contact: Dynamics keeps them as connections.

Facts: Dataverse table reference, connection (a connection is two rows, one seen from each side, so that an opportunity's
are those with it as the first record); the grid *Stakeholders* of an opportunity lists them (read July 2026). What stands at the other
end may be a user, a firm or a rival: those that are contacts count, whatever their role.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from byline.crm import _fields as words
from byline.crm.dynamics.calls import DataverseCalls, chunks
from byline.errors import NotSent

IDS = 25  # of one filter: a longer address is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person of an opportunity. `lead` is the lead it came from; both may be empty."""

    email: str
    lead: str


class Stakeholders:
    """Reads connections, as far as our user may; `allowed` turns False when it may not."""

    def __init__(self, calls: DataverseCalls) -> None:
        self._calls = calls
        self.allowed = True

    def of(self, deals: Sequence[str]) -> Mapping[str, tuple[Contact, ...]]:
        """The contacts connected to each opportunity, in the order in which they were connected."""
        ends: dict[str, list[str]] = defaultdict(list)
        asked = {"$select": "_record1id_value,_record2id_value", "$orderby": "createdon asc"}
        for part in chunks(sorted(set(filter(None, deals))), IDS):
            among = " or ".join(f"_record1id_value eq {one}" for one in part)
            for row in self._rows({**asked, "$filter": f"({among}) and statecode eq 0"}):
                ends[str(row.get("_record1id_value"))].append(str(row.get("_record2id_value") or ""))
        people = self._contacts([one for found in ends.values() for one in found])
        return {
            deal: tuple(people[one] for one in dict.fromkeys(found) if one in people)
            for deal, found in ends.items()
        }

    def changed(self, since: str, overlap: timedelta) -> set[str]:
        """Records (opportunities and others) that were connected to something since then."""
        moment = words.instant(since) if since else None
        if moment is None:
            return set()
        begin = words.stamp((moment - overlap).replace(microsecond=0))
        asked = {"$select": "_record1id_value", "$filter": f"modifiedon ge {begin}"}
        return {str(row["_record1id_value"]) for row in self._rows(asked) if row.get("_record1id_value")}

    def _rows(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        if not self.allowed:
            return []
        try:
            return [row for page in self._calls.rows("connections", asked, size=500) for row in page]
        except NotSent as error:
            if error.status != 403:
                raise
            self.allowed = False  # `publish doctor` says so
            return []

    def _contacts(self, ids: Sequence[str]) -> dict[str, Contact]:
        found: dict[str, Contact] = {}
        for part in chunks(sorted(set(filter(None, ids))), IDS):
            asked = {
                "$select": "contactid,emailaddress1,_originatingleadid_value",
                "$filter": " or ".join(f"contactid eq {one}" for one in part),
            }
            for page in self._calls.rows("contacts", asked, size=500):
                for row in page:
                    found[str(row["contactid"])] = Contact(
                        email=str(row.get("emailaddress1") or ""),
                        lead=str(row.get("_originatingleadid_value") or ""),
                    )
        return found
