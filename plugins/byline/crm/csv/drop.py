"""A CRM without an interface: each lead as it comes, as a line of a file that the CRM imports. For `csv`.

The folder is `crm.drop`, else `.byline/leads-out/`; it holds persons and belongs into no repository. One file a day
(UTC), made for spreadsheets: UTF-8 with a mark, CRLF, nothing in it that could run as a formula.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import ClassVar

from byline.crm import _fields as words
from byline.crm import _sheets as sheets
from byline.crm.base import (
    CLICKS,
    TAGS,
    Caps,
    Catalogue,
    CrmHealth,
    Kind,
    Page,
    Promotion,
    Row,
    SetupStep,
    Totals,
    lead_key,
)
from byline.errors import NotSent
from byline.fields import Fields
from byline.http import Http
from byline.model import Deal, Invoice, Lead
from byline.settings import CrmSettings, Secrets
from byline.times import Clock
from byline.yamlread import Scalar

LABEL = "CSV"
USUAL = Path(".byline/leads-out")
COLUMNS = (
    *(
        "byline_key",
        "created_at",
        "name",
        "email",
        "company",
        "message",
        "heard_from",
        "consent",
        "read_before",
    ),
    *(f"utm_{name}" for name in TAGS),
    *(f"first_utm_{name}" for name in TAGS),
    *("first_touch_at", "last_touch_at", "first_landing_page", "landing_page", "first_referrer", "referrer"),
    *CLICKS,
)
_MARK = b"\xef\xbb\xbf"


class CsvCrm:
    """Any CRM that takes files. What became of the leads comes back by `publish crm import`."""

    name: ClassVar[str] = "csv"
    caps: ClassVar[Caps] = Caps(label=LABEL, campaigns=False, deals=False)

    def __init__(
        self,
        options: CrmSettings,
        *,
        http: Http | None = None,
        secrets: Secrets | None = None,
        clock: Clock | None = None,
        catalogue: Catalogue | None = None,
        root: Path | None = None,
    ) -> None:
        """`root` is the folder of mkdocs.yml, to which a relative `drop` belongs; the present folder without one."""
        node = options.node.items.get("drop")
        named = Path(node.raw) if isinstance(node, Scalar) and node.value else USUAL
        self.folder = (root or Path()) / named
        self._catalogue = catalogue or Catalogue()

    @staticmethod
    def settings(block: Fields) -> None:
        """`drop` is a folder."""
        block.text("drop", expected="a folder, such as ../crm-leads")

    # -- out -----------------------------------------------------------------------------------------------

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Append the lead to the day's file and return our key; it is on disk when this returns.

        The same lead again is found by its key in any of the files there. Raises NotSent when the file cannot be
        written (a spreadsheet may hold it open).
        """
        if aside:
            return ""
        key = lead_key(lead, fingerprint)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone():
                if any(row and row[0] == sheets.neutral(key) for _, rows in self._files() for row in rows):
                    return key
                self._append(
                    self.folder / f"leads-{lead.at.astimezone(UTC):%Y-%m-%d}.csv", self._line(lead, key)
                )
        except OSError as error:
            raise NotSent(
                f"the lead cannot be written into {self.folder}: {error.strerror or error}",
                service=LABEL,
                cause="unreachable",
                hint="close the file where it is open, or look whether the folder may be written and the disk is full",
            ) from None
        return key

    def _line(self, lead: Lead, key: str) -> list[str]:
        values = {
            **words.values(lead),
            "byline_key": key,
            "created_at": words.stamp(lead.at),
            "name": lead.name,
            "email": lead.email,
            "company": lead.company,
            "message": lead.message,
            "heard_from": lead.heard_from,
            "consent": lead.consent,
            "read_before": words.reading(lead, self._catalogue),
        }
        return [values.get(name, "") for name in COLUMNS]

    def _append(self, path: Path, line: Sequence[str]) -> None:
        fresh = not path.exists() or path.stat().st_size == 0
        out = sheets.write(COLUMNS, [line]) if fresh else _row(line)
        if not fresh and not path.read_bytes().endswith(b"\n"):
            out = b"\r\n" + out  # what was written last was cut off: it stays a line of its own
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            os.write(handle, out)
            os.fsync(handle)
        finally:
            os.close(handle)

    def _files(self) -> Iterator[tuple[Path, list[list[str]]]]:
        for path in sorted(self.folder.glob("leads-*.csv")):
            text = path.read_bytes().decode("utf-8-sig", "replace")
            yield path, list(csv.reader(StringIO(text, newline="")))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time, on systems that can say so."""
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                import fcntl
            except ImportError:
                pass
            else:
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def erase(self, email: str) -> int:
        """Take the person's lines out of every file here; what the CRM has imported, it must delete itself."""
        address = email.strip().lower()
        if not address or not self.folder.is_dir():
            return 0
        gone = 0
        with self._alone():
            for path, rows in list(self._files()):
                kept = [row for row in rows if len(row) < 4 or sheets.clean(row[3]).lower() != address]
                if len(kept) == len(rows):
                    continue
                gone += len(rows) - len(kept)
                temporary = path.with_suffix(".tmp")
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(_MARK + b"".join(_written(row) for row in kept))
                temporary.replace(path)
        return gone

    def put_campaigns(self, promotions: Sequence[Promotion]) -> tuple[Row, ...]:
        """None: a file of leads has no campaigns."""
        return ()

    def put_journeys(self, leads: Sequence[Lead]) -> tuple[Row, ...]:
        """The journey stands at each lead from the beginning."""
        return tuple(Row(key=lead.id, change="same") for lead in leads)

    # -- in: by `publish crm import` -----------------------------------------------------------------------

    def leads(self, since: datetime | None = None) -> Iterator[Lead]:
        """None; they come in by files."""
        return iter(())

    def deals(self, since: datetime | None = None) -> Iterator[Deal]:
        """None; they come in by files."""
        return iter(())

    def invoices(self, since: datetime | None = None) -> Iterator[Invoice]:
        """None; they come in by files."""
        return iter(())

    def changed_leads(self, after: str = "") -> Iterator[Page[Lead]]:
        """None; they come in by files."""
        return iter(())

    def changed_deals(self, after: str = "") -> Iterator[Page[Deal]]:
        """None; they come in by files."""
        return iter(())

    def totals(self, since: datetime | None = None) -> Totals:
        """Unknown here."""
        return Totals()

    # -- about it ------------------------------------------------------------------------------------------

    def missing(self) -> tuple[SetupStep, ...]:
        """Nothing."""
        return ()

    def set_up(self, steps: Sequence[SetupStep]) -> tuple[Row, ...]:
        """Nothing to make."""
        return ()

    def health(self) -> tuple[CrmHealth, ...]:
        """Whether the folder can be written, and how many leads wait in it."""
        folder = self.folder
        nearest = next((one for one in (folder, *folder.absolute().parents) if one.exists()), folder)
        if not os.access(nearest, os.W_OK):
            return (
                CrmHealth(
                    about=LABEL,
                    level="red",
                    message=f"leads cannot be written into {folder}",
                    fix="make the folder, or give the right to write it",
                ),
            )
        number = sum(max(0, len(rows) - 1) for _, rows in self._files())
        return (
            CrmHealth(
                about=LABEL,
                level="ok",
                message=f"leads in {folder} for the CRM to import: {number}",
                who=str(folder),
            ),
        )

    def record_url(self, kind: Kind, record: str) -> str:
        """No such page."""
        return ""


def _row(line: Sequence[str]) -> bytes:
    return _written([sheets.neutral(value) for value in line])


def _written(row: Sequence[str]) -> bytes:
    out = StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(row)
    return out.getvalue().encode()
