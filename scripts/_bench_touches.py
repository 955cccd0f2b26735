"""Write so many made-up touches, and the conversions of some of these people, as Parquet: `_bench_touches.py DIR COUNT`."""

from __future__ import annotations

import sys

BEGIN, YEAR, DAY = 1_767_225_600_000_000, 31_536_000_000_000, 86_400_000_000
TOUCHES = """
COPY (
  SELECT 'p' || a AS person, $begin + b AS at, i AS n, CASE c WHEN 0 THEN 'twitter' ELSE 'linkedin' END AS source,
    'social' AS medium, 'autumn' AS campaign, 'post' || d || CASE c WHEN 0 THEN '.twitter.acme'
    WHEN 1 THEN '.linkedin.company' ELSE '.linkedin.dana' END AS content, '' AS click
  FROM (
    SELECT i, (hash(i) % $people)::BIGINT AS a, (hash(i + 7) % $year)::BIGINT AS b, (hash(i + 1) % 3)::BIGINT AS c,
      (hash(i + 2) % 360)::BIGINT AS d FROM range($touches) t(i)
  )
) TO '$folder/touches.parquet' (FORMAT parquet)
"""
CONVERSIONS = """
COPY (
  SELECT kind, 'c' || i AS id, 'c' || i AS lead, 'p' || i AS person, asked + later * $day AS at,
    asked + later * $day AS until, asked AS lead_at, CASE kind WHEN 'lead' THEN NULL ELSE asked + 20 * $day END AS opportunity_at,
    CASE kind WHEN 'order' THEN price / 100.0 ELSE 0.0 END AS amount, CASE kind WHEN 'order' THEN 'EUR' ELSE '' END AS currency,
    1 AS counts
  FROM (
    SELECT i, kind, later, $begin + $year // 2 + (hash(i + 9) % ($year // 2))::BIGINT AS asked,
      (hash(i + 3) % 5000000)::BIGINT AS price
    FROM range($converted) t(i), (VALUES ('lead', 0), ('opportunity', 20), ('order', 90)) k(kind, later)
    WHERE kind = 'lead' OR hash(i + 4) % 4 = 0
  )
) TO '$folder/conversions.parquet' (FORMAT parquet)
"""


def main(folder: str, touches: int) -> None:
    """A fifth as many people; eight in a hundred of them ask, two buy."""
    from string import Template

    import duckdb

    words = {
        "folder": folder,
        "touches": touches,
        "people": touches // 5,
        "converted": touches * 16 // 1000,
        "begin": BEGIN,
        "year": YEAR,
        "day": DAY,
    }
    database = duckdb.connect()
    for statement in ("SET memory_limit='1GB'", "SET preserve_insertion_order=false", TOUCHES, CONVERSIONS):
        database.execute(Template(statement).substitute(words))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
