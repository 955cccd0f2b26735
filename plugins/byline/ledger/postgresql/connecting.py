"""The way to the database, and what its errors mean to a person. Never shows the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from byline.errors import LedgerError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.exc import DBAPIError


def connect_to(url: str, connect_seconds: float) -> tuple[str, Engine]:
    """Where it is, in words without the password, and the way to it."""
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise UsageError(
            "`ledger: postgresql` needs packages that are not installed here",
            hint="pip install 'psycopg[binary]>=3.2,<4' 'SQLAlchemy>=2.0.36,<3'",
        ) from None
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] not in ("postgresql", "postgres") or not rest:
        raise UsageError(
            "the address of the sending history is no address of a PostgreSQL database",
            hint="BYLINE_LEDGER_URL=postgresql://USER:PASSWORD@HOST/DATABASE",
        )
    try:
        parsed = make_url(f"postgresql+psycopg://{rest}")
        engine = create_engine(
            parsed,
            pool_size=1,
            max_overflow=1,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(connect_seconds)),
                "application_name": "byline",
                "prepare_threshold": None,  # a pooler before the database may hand us another session each time
            },
        )
    except (ArgumentError, ValueError):
        raise UsageError(
            "the address of the sending history cannot be read",
            hint="BYLINE_LEDGER_URL=postgresql://USER:PASSWORD@HOST/DATABASE; special characters in the password are "
            "written as %XX",
        ) from None
    host = parsed.host or str(parsed.query.get("host", "")) or "this machine"
    port = f":{parsed.port}" if parsed.port else ""
    return f"PostgreSQL {host}{port}/{parsed.database or ''}", engine


def passing(error: DBAPIError) -> bool:
    """May the same work succeed a moment later? (A lost connection, a deadlock, a clash of transactions.)"""
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state in ("40001", "40P01", "57P01")


def explained(error: DBAPIError, place: str) -> LedgerError:
    """The database's error in plain words, with what to do."""
    said = " ".join(str(error.orig).split()) or type(error.orig).__name__
    hint = "nothing more was sent; run it again when the database is back"
    if "password" in said or "authentication" in said or "no pg_hba" in said:
        hint = "check BYLINE_LEDGER_URL (or PGUSER and PGPASSWORD) in the environment"
    elif "does not exist" in said:
        hint = "make the database, or correct its name in BYLINE_LEDGER_URL"
    elif "permission denied" in said or "read-only" in said:
        hint = "the role must be able to make and change tables in its schema (GRANT CREATE, or own the database)"
    elif "lock timeout" in said or "statement timeout" in said:
        hint = "another run holds it for too long; run it again when that has ended"
    elif "history is kept" in said:
        hint = "events are never changed"
    return LedgerError(f"the sending history in {place} cannot be reached or written: {said}", hint=hint)
