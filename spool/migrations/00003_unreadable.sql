-- +goose Up
ALTER TABLE checkpoint ADD COLUMN unreadable_lsn pg_lsn, ADD COLUMN unreadable_after pg_lsn, ADD COLUMN unreadable_cause text;

COMMENT ON COLUMN checkpoint.unreadable_lsn IS 'Commit of a transaction that the server cannot send. It is in the way while the slot is not behind it.';
COMMENT ON COLUMN checkpoint.unreadable_after IS 'End of what the server has sent before it.';
COMMENT ON COLUMN checkpoint.unreadable_cause IS 'What the server says about it.';
