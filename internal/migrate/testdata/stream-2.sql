CREATE SCHEMA IF NOT EXISTS {{schema}};

CREATE TABLE IF NOT EXISTS {{schema}}.known_table (
    slot     text NOT NULL,
    relation oid  NOT NULL,
    PRIMARY KEY (slot, relation)
);

ALTER TABLE {{schema}}.known_table
    ADD COLUMN IF NOT EXISTS schema_name text,
    ADD COLUMN IF NOT EXISTS table_name  text,
    ADD COLUMN IF NOT EXISTS was_schema  text,
    ADD COLUMN IF NOT EXISTS was_table   text,
    ADD COLUMN IF NOT EXISTS renamed_at  timestamptz,
    ADD COLUMN IF NOT EXISTS root        oid,
    ADD COLUMN IF NOT EXISTS successor   oid;

COMMENT ON TABLE {{schema}}.known_table IS
    'Tables that were there before the slot, or have been looked at since. Any other is new: the rows it has are announced.';
COMMENT ON COLUMN {{schema}}.known_table.table_name IS 'Its name when it was last looked at; was_table: the one before, until renamed_at.';
COMMENT ON COLUMN {{schema}}.known_table.root IS 'The partitioned table under whose name its rows were announced.';
COMMENT ON COLUMN {{schema}}.known_table.successor IS 'The table that has taken its name over. It is announced no longer.';

CREATE TABLE IF NOT EXISTS {{schema}}.backfill (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot     text   NOT NULL,
    relation oid    NOT NULL,
    columns  jsonb,
    record   text
);

ALTER TABLE {{schema}}.backfill
    ADD COLUMN IF NOT EXISTS action text,
    ADD COLUMN IF NOT EXISTS old    text;

COMMENT ON TABLE {{schema}}.backfill IS
    'Always empty. The rows that a new table has pass through it, and so through the stream, in the transaction that publishes the table.';
