"""Leads, deals and invoices as CSV files, from any CRM and any accounting system; and tables out again.

A file is read whole before anything is kept: every line that cannot be used is told at once. Nothing is guessed
where a guess could be wrong: dates are ISO 8601 unless a format is given, amounts have a point unless a comma is
asked for.

table     a file, read                     mappings   the exports of other systems
columns   what our own files hold          proposing  a mapping out of a sample
cells     single values out of a row       keeping    what was read, put into a store
items     leads, deals, invoices of rows   drop       leads out, for a CRM without an interface
"""

from byline.crm._exports import Kind
from byline.crm._sheets import clean, decode, neutral, write
from byline.crm.csv.cells import Form, date_pattern
from byline.crm.csv.columns import COLUMNS
from byline.crm.csv.drop import CsvCrm
from byline.crm.csv.keeping import Store, store, unmatched
from byline.crm.csv.mappings import mapping, propose, saved_mappings
from byline.crm.csv.table import Table, read

CRM = CsvCrm
__all__ = [
    "COLUMNS",
    "CRM",
    "CsvCrm",
    "Form",
    "Kind",
    "Store",
    "Table",
    "clean",
    "date_pattern",
    "decode",
    "mapping",
    "neutral",
    "propose",
    "read",
    "saved_mappings",
    "store",
    "unmatched",
    "write",
]
