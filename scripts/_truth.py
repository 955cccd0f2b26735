"""Write docs/explanation/how-far.md from the simulated years; `--check` only says whether it is what would be written."""

from __future__ import annotations

import sys
from pathlib import Path

from byline.testing.truth import page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "how-far.md"


def main() -> int:
    """Write or compare."""
    wanted = page()
    if "--check" in sys.argv:
        return int(not PAGE.exists() or PAGE.read_text(encoding="utf-8") != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
