-- adds: webhook.rekey
-- lacks: Hookline's own table has no column rekey, so changed keys are told as updates

ALTER TABLE {{schema}}.webhook
    ADD COLUMN IF NOT EXISTS rekey text;

COMMENT ON COLUMN {{schema}}.webhook.rekey IS
    'split: a record whose key has changed is deleted under the old one and created under the new one; null: it is updated.';
