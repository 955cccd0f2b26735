"""One file for each CRM, and two for all the others: `local` (embedded) and `csv` (files in and out)."""
