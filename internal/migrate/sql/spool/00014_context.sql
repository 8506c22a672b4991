ALTER TABLE {{schema}}.delivery ADD COLUMN IF NOT EXISTS context bytea;

COMMENT ON COLUMN {{schema}}.delivery.context IS 'What the writer has said of the change, as JSON in UTF-8; null for nothing.';
