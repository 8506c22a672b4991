CREATE SCHEMA IF NOT EXISTS {{schema}};

CREATE TABLE IF NOT EXISTS {{schema}}.webhook (
    id                    uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id          text,
    url                   text        NOT NULL,
    secret                text        NOT NULL
        DEFAULT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
    operations            text[]      NOT NULL DEFAULT '{*.*}',
    format                text,
    headers               jsonb,
    rekey                 text,
    per                   text,
    previous              text,
    filter                text,
    fields                text[],
    mask                  text[],
    ignore                text[],
    enabled               boolean     NOT NULL DEFAULT true,
    description           text,
    created_at            timestamptz NOT NULL DEFAULT now(),
    previous_secret       text,
    previous_secret_until timestamptz
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
COMMENT ON COLUMN {{schema}}.webhook.rekey IS
    'split: a record whose key has changed is deleted under the old one and created under the new one; null: it is updated.';
COMMENT ON COLUMN {{schema}}.webhook.per IS
    'commit: one event of a record and commit, with the record as committed; change: one of each change. Null: change in Twenty''s database, else commit.';
COMMENT ON COLUMN {{schema}}.webhook.previous IS
    'What is sent of the row before, beside data: changed, the fields that have changed; all; null: nothing.';
COMMENT ON COLUMN {{schema}}.webhook.filter IS
    'Which of the events that it hears of are sent, in CEL: ''stage'' in changed && data.stage == ''WON''. Null: all.';
COMMENT ON COLUMN {{schema}}.webhook.fields IS 'Which fields of data are sent, beside those of the key. Null: all.';
COMMENT ON COLUMN {{schema}}.webhook.mask IS 'Fields that are sent as *** in place of their values.';
COMMENT ON COLUMN {{schema}}.webhook.ignore IS
    'Changes that it does not hear of: actor:API, actor:API:name of the key, actor:member:id, origin:name, annotation:key=value. Null for none.';
COMMENT ON COLUMN {{schema}}.webhook.enabled IS 'False switches it off: events of that time are not sent later.';
COMMENT ON COLUMN {{schema}}.webhook.description IS 'For people; Hookline does not read it.';
COMMENT ON COLUMN {{schema}}.webhook.previous_secret IS
    'The secret before a rotation. Until previous_secret_until it signs beside the new one.';
COMMENT ON COLUMN {{schema}}.webhook.previous_secret_until IS 'From then on previous_secret signs no more.';
