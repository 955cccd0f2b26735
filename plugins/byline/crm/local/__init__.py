"""The embedded CRM: one SQLite file, `.byline/crm.db`, readable by its owner alone.

Every write is a transaction that is on disk when the call returns. Values are bound, never pasted into SQL. One
object may be used by several threads, and several processes may open the same file.

file    the file and its transactions      leads  leads with their touches
schema  its tables, form by form           money  deals and invoices
rows    values to columns and back         store  all of it, with campaigns and a person's right
"""

from byline.crm.local.leads import REPEAT_WITHIN
from byline.crm.local.store import LocalCrm

FILE = "crm.db"
CRM = LocalCrm

__all__ = ["CRM", "FILE", "REPEAT_WITHIN", "LocalCrm"]
