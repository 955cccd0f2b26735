"""Is everything well? One look at every account, the clock, the sending history, the live site and the CRM.

Every look stands alone: whatever fails in one is its own finding and hides nothing else. Reads only.
"""

from __future__ import annotations

from byline.doctor.examine import Doctor
from byline.doctor.findings import Finding, failed

__all__ = ["Doctor", "Finding", "failed"]
