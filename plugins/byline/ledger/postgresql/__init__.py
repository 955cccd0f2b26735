"""The sending history in PostgreSQL. See `store`."""

from byline.ledger.postgresql.memory import read_memory
from byline.ledger.postgresql.store import PostgresqlLedger

__all__ = ["PostgresqlLedger", "read_memory"]
