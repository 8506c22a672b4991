ALTER TABLE {{schema}}.checkpoint
    ADD COLUMN prepared_major integer,
    ADD COLUMN prepared_xid   bigint,
    ADD COLUMN prepared_until pg_lsn;

COMMENT ON COLUMN {{schema}}.checkpoint.prepared_major IS
    'Major version of the server for which the slot is ready for pg_upgrade; null when it is not.';
COMMENT ON COLUMN {{schema}}.checkpoint.prepared_xid IS 'The next transaction of the server then.';
COMMENT ON COLUMN {{schema}}.checkpoint.prepared_until IS
    'The slot was confirmed beyond settled_lsn, not beyond this: nothing to announce lies between.';
