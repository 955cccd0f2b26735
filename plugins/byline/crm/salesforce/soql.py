"""Values as Salesforce's query language and its ids want them."""

from __future__ import annotations


def literal(value: str) -> str:
    """A text as SOQL writes it."""
    for plain, written in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        value = value.replace(plain, written)
    return f"'{value}'"


def long_id(record: str) -> str:
    """The 18 letters of an id that may be written with 15: only those can be compared whatever the case."""
    if len(record) != 15:
        return record
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return record + "".join(
        letters[sum(1 << n for n, letter in enumerate(record[start : start + 5]) if "A" <= letter <= "Z")]
        for start in (0, 5, 10)
    )
