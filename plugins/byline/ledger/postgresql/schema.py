"""The tables, as numbered steps from nothing to now."""

# Numbered steps, never changed once they were released; a new one is added at the end.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE byline_sites (site text PRIMARY KEY, created timestamptz NOT NULL)",
        "CREATE TABLE byline_accounts (site text NOT NULL, account text NOT NULL, begun timestamptz NOT NULL, "
        "PRIMARY KEY (site, account))",
        "CREATE TABLE byline_deliveries (site text NOT NULL, id text NOT NULL, post text NOT NULL, channel text NOT NULL, "
        "account text NOT NULL, state text NOT NULL, version integer NOT NULL, updated timestamptz NOT NULL, "
        "record text NOT NULL, PRIMARY KEY (site, id))",
        "CREATE INDEX byline_deliveries_open ON byline_deliveries (site, state) WHERE state IN ('sending', 'unknown')",
        "CREATE TABLE byline_history (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, site text NOT NULL, "
        "id text NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, event text NOT NULL)",
        "CREATE INDEX byline_history_of_one ON byline_history (site, id, number)",
        "CREATE INDEX byline_history_of_site ON byline_history (site, number)",
        "CREATE FUNCTION byline_history_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the history is kept'; END $$",
        "CREATE TRIGGER byline_history_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON byline_history "
        "FOR EACH STATEMENT EXECUTE FUNCTION byline_history_is_kept()",
        "CREATE TABLE byline_notes (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, site text NOT NULL, "
        "kind text NOT NULL, day date NOT NULL, line text NOT NULL)",
        "CREATE INDEX byline_notes_of_kind ON byline_notes (site, kind, day, number)",
    ),
)
