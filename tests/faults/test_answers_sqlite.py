"""Every answer lost in every way, with the sending history in a file."""

from __future__ import annotations

from typing import ClassVar

from lost_answers import LostAnswers


class TestSqlite(LostAnswers):
    store: ClassVar[str] = "sqlite"
