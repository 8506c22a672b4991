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
    ADD COLUMN IF NOT EXISTS left_x      xid,
    ADD COLUMN IF NOT EXISTS left_c      bigint,
    ADD COLUMN IF NOT EXISTS successor   oid,
    ADD COLUMN IF NOT EXISTS predecessor oid,
    ADD COLUMN IF NOT EXISTS apart       boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS webhooks    boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS tenant      text,
    ADD COLUMN IF NOT EXISTS unread      boolean NOT NULL DEFAULT false;

COMMENT ON TABLE {{schema}}.known_table IS
    'Tables that were there before the slot, or have been looked at since. Any other is new: the rows it has are announced.';
COMMENT ON COLUMN {{schema}}.known_table.table_name IS 'Its name when it was last looked at; was_table: the one before, until renamed_at.';
COMMENT ON COLUMN {{schema}}.known_table.root IS 'The partitioned table under whose name its rows were announced.';
COMMENT ON COLUMN {{schema}}.known_table.left_x IS 'The transaction, and left_c the command in it, that detached it from its root.';
COMMENT ON COLUMN {{schema}}.known_table.successor IS 'The table that has taken its name over. It is announced no longer.';
COMMENT ON COLUMN {{schema}}.known_table.webhooks IS 'Webhooks were read from it. Its rows are never announced, whatever it is called.';
COMMENT ON COLUMN {{schema}}.known_table.unread IS 'It is published, and the rows that it had by then have yet to be announced.';
COMMENT ON COLUMN {{schema}}.known_table.tenant IS 'Its column that told which tenant a webhook belongs to.';
COMMENT ON COLUMN {{schema}}.known_table.apart IS 'Whether it has changed its schema: then it is told under no other name than its own.';
COMMENT ON COLUMN {{schema}}.known_table.predecessor IS 'The table whose name it has taken over, as long as what differs has yet to be announced.';

CREATE OR REPLACE FUNCTION {{schema}}.keep_known() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % tell which tables have been announced: without them, rows of new tables would be lost', TG_RELID::regclass
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Hookline keeps them up to date by itself. To remove all that it has made: hookline teardown';
END $$;

DROP TRIGGER IF EXISTS keep_known ON {{schema}}.known_table;
CREATE TRIGGER keep_known BEFORE DELETE OR TRUNCATE ON {{schema}}.known_table
    FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}.keep_known();

CREATE TABLE IF NOT EXISTS {{schema}}.moved_record (
    slot     text   NOT NULL,
    relation oid    NOT NULL,
    record   bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (slot, relation, record)
);

COMMENT ON TABLE {{schema}}.moved_record IS
    'Hashes of the keys of rows that were moved to tables which are partitions by now, and told. They are kept for an hour.';

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
    'Always empty. Rows that a table has and that have yet to be announced pass through it, and so through the stream.';
