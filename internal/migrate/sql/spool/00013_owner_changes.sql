ALTER TABLE {{schema}}.owner ADD COLUMN IF NOT EXISTS changes bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN {{schema}}.owner.changes IS
    'How many changes the process has made that epoch is of. It knows so when the server has lost some.';
