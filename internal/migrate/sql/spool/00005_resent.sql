ALTER TABLE {{schema}}.delivery ADD COLUMN resent integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN {{schema}}.delivery.resent IS 'Requests that were sent again within an attempt, though the receiver may have taken the one before.';
