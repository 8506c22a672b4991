ALTER TABLE {{schema}}.delivery ADD COLUMN IF NOT EXISTS position bigint;

COMMENT ON COLUMN {{schema}}.delivery.position IS
    'Place of the event among those of its transaction, in the order in which they were told; null in what an earlier version has left.';
