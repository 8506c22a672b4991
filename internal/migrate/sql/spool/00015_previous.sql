ALTER TABLE {{schema}}.delivery ADD COLUMN IF NOT EXISTS previous bytea;

COMMENT ON COLUMN {{schema}}.delivery.previous IS
    'What is sent of the row before, as JSON in UTF-8; null where nothing is.';
