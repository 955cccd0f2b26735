"""Every answer lost in every way, with the sending history in a branch."""

from __future__ import annotations

from typing import ClassVar

from lost_answers import LostAnswers


class TestGit(LostAnswers):
    store: ClassVar[str] = "git"
