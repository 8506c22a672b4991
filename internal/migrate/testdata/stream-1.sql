CREATE SCHEMA IF NOT EXISTS {{schema}};

CREATE TABLE IF NOT EXISTS {{schema}}.known_table (
    slot     text NOT NULL,
    relation oid  NOT NULL,
    PRIMARY KEY (slot, relation)
);

COMMENT ON TABLE {{schema}}.known_table IS
    'Tables that were there before the slot, or have been looked at since. Any other is new: the rows it has are announced.';

CREATE TABLE IF NOT EXISTS {{schema}}.backfill (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot     text   NOT NULL,
    relation oid    NOT NULL,
    columns  jsonb,
    record   text
);

COMMENT ON TABLE {{schema}}.backfill IS
    'Always empty. The rows that a new table has pass through it, and so through the stream, in the transaction that publishes the table.';
