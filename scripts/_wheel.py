"""What a wheel holds besides the package: the manual, where the program looks for it.

An editable install takes the pages from `docs/`, so that nothing is there twice.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Manual(BuildHookInterface):  # type: ignore[type-arg] # hatchling's own type is of its own making
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs; `version` is `standard` or `editable`."""
        if version != "standard":
            return
        sys.path.insert(0, str(Path(self.root) / "plugins"))
        from byline import manual

        for name, path in manual.shipped().items():
            build_data["force_include"][str(path)] = f"{manual.FOLDER}/{name}"
