-- adds: webhook.ignore
-- lacks: Hookline's own table has no column ignore, so webhooks hear of their own echo

ALTER TABLE {{schema}}.webhook
    ADD COLUMN IF NOT EXISTS ignore text[];

COMMENT ON COLUMN {{schema}}.webhook.ignore IS
    'Changes that it does not hear of: actor:API, actor:API:name of the key, actor:member:id, origin:name, annotation:key=value. Null for none.';
