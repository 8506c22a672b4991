-- adds: known_table.keep_known known_table.predecessor known_table.webhooks known_table.unread
-- adds: known_table.object_of known_table.attached_x backfill.old listing.whole_from
-- adds: replica_identity.made environment.noted_at

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
    ADD COLUMN IF NOT EXISTS attached_x  xid,
    ADD COLUMN IF NOT EXISTS left_x      xid,
    ADD COLUMN IF NOT EXISTS left_c      bigint,
    ADD COLUMN IF NOT EXISTS successor   oid,
    ADD COLUMN IF NOT EXISTS predecessor oid,
    ADD COLUMN IF NOT EXISTS apart       boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS webhooks    boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS tenant      text,
    ADD COLUMN IF NOT EXISTS unread      boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS object      text,
    ADD COLUMN IF NOT EXISTS object_of   text;

COMMENT ON TABLE {{schema}}.known_table IS
    'Tables that were there before the slot, or have been looked at since. Any other is new: the rows it has are announced.';
COMMENT ON COLUMN {{schema}}.known_table.table_name IS 'Its name when it was last looked at; was_table: the one before, until renamed_at.';
COMMENT ON COLUMN {{schema}}.known_table.root IS 'The partitioned table under whose name its rows were announced.';
COMMENT ON COLUMN {{schema}}.known_table.attached_x IS 'The transaction that made it a partition of its root, as of the last look.';
COMMENT ON COLUMN {{schema}}.known_table.left_x IS 'The transaction, and left_c the command in it, that detached it from its root.';
COMMENT ON COLUMN {{schema}}.known_table.successor IS 'The table that has taken its name over. It is announced no longer.';
COMMENT ON COLUMN {{schema}}.known_table.webhooks IS 'Webhooks were read from it. Its rows are never announced, whatever it is called.';
COMMENT ON COLUMN {{schema}}.known_table.unread IS 'It is published, and the rows that it had by then have yet to be announced.';
COMMENT ON COLUMN {{schema}}.known_table.tenant IS 'Its column that told which tenant a webhook belongs to.';
COMMENT ON COLUMN {{schema}}.known_table.object IS 'The name under which its records are announced, as table object_of.';
COMMENT ON COLUMN {{schema}}.known_table.apart IS 'Whether it has changed its schema: then it is told under no other name than its own.';
COMMENT ON COLUMN {{schema}}.known_table.predecessor IS 'The table whose name it has taken over, as long as what differs has yet to be announced.';

CREATE OR REPLACE FUNCTION {{schema}}.keep_known() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % tell which tables have been announced: without them, rows of new tables would be lost', TG_RELID::regclass
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Hookline keeps them up to date by itself.'; END $$;

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

CREATE TABLE IF NOT EXISTS {{schema}}.listing (
    slot       text   NOT NULL,
    relation   oid    NOT NULL,
    entry      oid    NOT NULL,
    made_by    xid    NOT NULL,
    whole_from pg_lsn NOT NULL,
    PRIMARY KEY (slot, relation)
);

COMMENT ON TABLE {{schema}}.listing IS
    'From where on the stream has all changes of a table: what is committed at whole_from or later. relation 0 stands for all tables.';
COMMENT ON COLUMN {{schema}}.listing.entry IS
    'The row of pg_publication_rel, or pg_publication, by which the table is published; made_by: its xmin. One that is made anew is another.';

CREATE TABLE IF NOT EXISTS {{schema}}.replica_identity (
    relation oid    PRIMARY KEY,
    name     text   NOT NULL,
    before   "char" NOT NULL,
    by_index oid,
    made     "char" NOT NULL
);

COMMENT ON TABLE {{schema}}.replica_identity IS
    'The replica identities of tables before Hookline has set others, for hookline teardown.';
COMMENT ON COLUMN {{schema}}.replica_identity.before IS
    'As in pg_class.relreplident; made: what was set in its place.';

CREATE TABLE IF NOT EXISTS {{schema}}.environment (
    slot     text PRIMARY KEY,
    name     text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE {{schema}}.environment IS
    'HOOKLINE_ENVIRONMENT of who announces this database. Who is told another announces no copy.';

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
