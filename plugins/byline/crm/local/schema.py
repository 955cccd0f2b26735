"""The tables of the file, and the steps from each earlier form of it to this one."""

from __future__ import annotations

VERSION = 3
SCHEMA = """
CREATE TABLE leads (
  id TEXT PRIMARY KEY, at TEXT NOT NULL, person TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL,
  company TEXT NOT NULL, message TEXT NOT NULL, heard_from TEXT NOT NULL, consent TEXT NOT NULL,
  fields TEXT NOT NULL, aside TEXT NOT NULL, fingerprint TEXT NOT NULL
) STRICT;
CREATE INDEX leads_at ON leads (at, id);
CREATE INDEX leads_person ON leads (person);
CREATE INDEX leads_fingerprint ON leads (fingerprint, at);
CREATE TABLE touches (
  lead_id TEXT NOT NULL REFERENCES leads (id) ON DELETE CASCADE, n INTEGER NOT NULL, at TEXT NOT NULL,
  source TEXT NOT NULL, medium TEXT NOT NULL, campaign TEXT NOT NULL, content TEXT NOT NULL, term TEXT NOT NULL,
  page TEXT NOT NULL, referrer TEXT NOT NULL, click TEXT NOT NULL, PRIMARY KEY (lead_id, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE deals (
  id TEXT PRIMARY KEY, lead_id TEXT NOT NULL, person TEXT NOT NULL, created TEXT NOT NULL, closed TEXT,
  won INTEGER NOT NULL, stage TEXT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL
) STRICT;
CREATE INDEX deals_created ON deals (created, id);
CREATE TABLE stages (
  deal_id TEXT NOT NULL REFERENCES deals (id) ON DELETE CASCADE, n INTEGER NOT NULL, at TEXT NOT NULL,
  stage TEXT NOT NULL, PRIMARY KEY (deal_id, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE invoices (
  id TEXT PRIMARY KEY, person TEXT NOT NULL, company TEXT NOT NULL, issued TEXT NOT NULL, paid TEXT,
  amount TEXT NOT NULL, currency TEXT NOT NULL
) STRICT;
CREATE TABLE campaigns (
  key TEXT PRIMARY KEY, slug TEXT NOT NULL, name TEXT NOT NULL, starts TEXT, ends TEXT, cost TEXT NOT NULL,
  goal TEXT NOT NULL, target INTEGER
) STRICT;
CREATE VIEW leads_with_touches AS SELECT leads.*, (
  SELECT json_group_array(json_array(at, source, medium, campaign, content, term, page, referrer, click))
  FROM (SELECT * FROM touches WHERE lead_id = leads.id ORDER BY n)
) AS touches FROM leads;
"""
# Numbered steps from each form of the file to the next; never changed once they were released.
STEPS: dict[int, str] = {
    1: """
ALTER TABLE deals ADD COLUMN people TEXT NOT NULL DEFAULT '[]';
ALTER TABLE deals ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE deals ADD COLUMN crm TEXT NOT NULL DEFAULT '';
CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID
""",
    2: """
ALTER TABLE touches ADD COLUMN utm_id TEXT NOT NULL DEFAULT '';
DROP VIEW leads_with_touches;
CREATE VIEW leads_with_touches AS SELECT leads.*, (
  SELECT json_group_array(json_array(at, source, medium, campaign, content, term, page, referrer, click, utm_id))
  FROM (SELECT * FROM touches WHERE lead_id = leads.id ORDER BY n)
) AS touches FROM leads
""",
}
