ALTER TABLE IF EXISTS {{schema}}.gap RENAME TO overflow;
ALTER INDEX IF EXISTS {{schema}}.gap_pkey RENAME TO overflow_pkey;
ALTER INDEX IF EXISTS {{schema}}.gap_open RENAME TO overflow_open;
ALTER SEQUENCE IF EXISTS {{schema}}.gap_id_seq RENAME TO overflow_id_seq;

COMMENT ON COLUMN {{schema}}.queue.is_full IS
    'Nothing is taken until there is room again: see overflow.';
