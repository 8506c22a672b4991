-- adds: webhook.previous webhook.filter webhook.fields webhook.mask
-- lacks: Hookline's own table lacks one of the columns previous, filter, fields and mask, so webhooks cannot choose by it

ALTER TABLE {{schema}}.webhook
    ADD COLUMN IF NOT EXISTS previous text,
    ADD COLUMN IF NOT EXISTS filter text,
    ADD COLUMN IF NOT EXISTS fields text[],
    ADD COLUMN IF NOT EXISTS mask text[];

COMMENT ON COLUMN {{schema}}.webhook.previous IS
    'What is sent of the row before, beside data: changed, the fields that have changed; all; null: nothing.';
COMMENT ON COLUMN {{schema}}.webhook.filter IS
    'Which of the events that it hears of are sent, in CEL: ''stage'' in changed && data.stage == ''WON''. Null: all.';
COMMENT ON COLUMN {{schema}}.webhook.fields IS 'Which fields of data are sent, beside those of the key. Null: all.';
COMMENT ON COLUMN {{schema}}.webhook.mask IS 'Fields that are sent as *** in place of their values.';
