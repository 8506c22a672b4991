ALTER TABLE {{schema}}.checkpoint ADD COLUMN unreadable_lsn pg_lsn, ADD COLUMN unreadable_after pg_lsn, ADD COLUMN unreadable_cause text;

COMMENT ON COLUMN {{schema}}.checkpoint.unreadable_lsn IS 'Commit of a transaction that the server cannot send. It is in the way while the slot is not behind it.';
COMMENT ON COLUMN {{schema}}.checkpoint.unreadable_after IS 'End of what the server has sent before it.';
COMMENT ON COLUMN {{schema}}.checkpoint.unreadable_cause IS 'What the server says about it.';
