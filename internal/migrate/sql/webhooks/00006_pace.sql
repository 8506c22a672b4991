-- adds: webhook.timeout webhook.rate webhook.thin webhook.batch webhook.batch_wait
-- lacks: Hookline's own table lacks one of the columns timeout, rate, thin, batch and batch_wait, so webhooks cannot say how they are sent to

ALTER TABLE {{schema}}.webhook
    ADD COLUMN IF NOT EXISTS timeout interval,
    ADD COLUMN IF NOT EXISTS rate numeric,
    ADD COLUMN IF NOT EXISTS thin boolean,
    ADD COLUMN IF NOT EXISTS batch integer,
    ADD COLUMN IF NOT EXISTS batch_wait interval;

COMMENT ON COLUMN {{schema}}.webhook.timeout IS
    'The time that one attempt has, 1ms to 10m. Null for HOOKLINE_REQUEST_TIMEOUT.';
COMMENT ON COLUMN {{schema}}.webhook.rate IS
    'How many requests it takes in a second, 0.001 to 100000, retries included. Null for as many as it can.';
COMMENT ON COLUMN {{schema}}.webhook.thin IS
    'True: data has the fields of the key alone; all updates are told. Null or false: the record.';
COMMENT ON COLUMN {{schema}}.webhook.batch IS
    'How many events a request has at most, in a JSON array: 2 to 100. Null: one, and no array.';
COMMENT ON COLUMN {{schema}}.webhook.batch_wait IS
    'How long the first event of a batch waits for others, 1ms to 10s. Null: 100ms.';
