CREATE TABLE {{schema}}.checkpoint (
    slot              text PRIMARY KEY,
    system_identifier text NOT NULL,
    database_oid      text NOT NULL,
    timeline          integer NOT NULL,
    settled_lsn       pg_lsn NOT NULL,
    commit_lsn        pg_lsn NOT NULL,
    change_index      bigint NOT NULL,
    commit_time       timestamptz,
    saved_at          timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

COMMENT ON TABLE {{schema}}.checkpoint IS 'How far the stream of each replication slot is settled.';
COMMENT ON COLUMN {{schema}}.checkpoint.settled_lsn IS 'End of the last transaction that is settled whole. The slot is never acknowledged beyond it.';
COMMENT ON COLUMN {{schema}}.checkpoint.commit_lsn IS 'Commit of the transaction in progress, of which the changes before change_index are settled; 0/0 when there is none.';
COMMENT ON COLUMN {{schema}}.checkpoint.commit_time IS 'Commit time of the last change that was taken.';
