-- adds: webhook.previous_secret webhook.previous_secret_until
-- lacks: Hookline's own table has no column previous_secret, so secrets cannot be rotated with a grace period

ALTER TABLE {{schema}}.webhook
    ADD COLUMN IF NOT EXISTS previous_secret text,
    ADD COLUMN IF NOT EXISTS previous_secret_until timestamptz;

COMMENT ON COLUMN {{schema}}.webhook.previous_secret IS
    'The secret before a rotation. Until previous_secret_until it signs beside the new one.';
COMMENT ON COLUMN {{schema}}.webhook.previous_secret_until IS 'From then on previous_secret signs no more.';
