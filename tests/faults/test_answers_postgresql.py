"""Every answer lost in every way, with the sending history in a database."""

from __future__ import annotations

from typing import ClassVar

from lost_answers import LostAnswers


class TestPostgresql(LostAnswers):
    store: ClassVar[str] = "postgresql"
