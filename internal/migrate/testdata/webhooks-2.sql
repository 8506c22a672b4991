CREATE SCHEMA IF NOT EXISTS {{schema}};

CREATE TABLE IF NOT EXISTS {{schema}}.webhook (
    id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id text,
    url          text        NOT NULL,
    secret       text        NOT NULL DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
    operations   text[]      NOT NULL DEFAULT '{*.*}',
    format       text,
    headers      jsonb,
    enabled      boolean     NOT NULL DEFAULT true,
    description  text,
    created_at   timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE {{schema}}.webhook IS 'Webhooks that Hookline serves. A change takes effect with its commit.';
COMMENT ON COLUMN {{schema}}.webhook.workspace_id IS
    'The tenant whose events it hears of, in Twenty''s database the workspace; * for all. Null where there are no tenants.';
COMMENT ON COLUMN {{schema}}.webhook.url IS 'Where events are posted to: http:// or https://.';
COMMENT ON COLUMN {{schema}}.webhook.secret IS 'Signs every request. Made up when left out; an empty string sends unsigned.';
COMMENT ON COLUMN {{schema}}.webhook.operations IS
    'What it hears of: person.created, person.*, *.created or *.*; actions are created, updated, deleted, restored, destroyed.';
COMMENT ON COLUMN {{schema}}.webhook.format IS 'Form of the body: event, twenty or standard; null for HOOKLINE_PAYLOAD_FORMAT.';
COMMENT ON COLUMN {{schema}}.webhook.headers IS
    'More headers, as {"name": "value"}. Those that Hookline or HTTP itself needs cannot be replaced.';
COMMENT ON COLUMN {{schema}}.webhook.enabled IS 'False switches it off: events of that time are not sent later.';
COMMENT ON COLUMN {{schema}}.webhook.description IS 'For people; Hookline does not read it.';
