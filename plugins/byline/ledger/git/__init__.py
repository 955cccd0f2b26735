"""The sending history on a branch of the site's own repository. See `store`."""

from byline.ledger.git.remote import Remote
from byline.ledger.git.store import GitLedger

__all__ = ["GitLedger", "Remote"]
