ALTER TABLE {{schema}}.delivery ADD COLUMN former bigint, ADD COLUMN record_key bytea, ADD COLUMN previous_key bytea;

CREATE INDEX delivery_waiting_of_former ON {{schema}}.delivery (queue, former, seq) WHERE NOT dead AND former IS NOT NULL;

COMMENT ON COLUMN {{schema}}.delivery.former IS 'As record, of the key that the record had before; null where it is the same.';
COMMENT ON COLUMN {{schema}}.delivery.record_key IS 'The fields of the primary key as JSON in UTF-8.';
COMMENT ON COLUMN {{schema}}.delivery.previous_key IS 'Likewise, as they were before the change; null where they are the same.';
