CREATE TABLE IF NOT EXISTS {{schema}}.notice (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot    text COLLATE "C" NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    event   text NOT NULL,
    topic   text NOT NULL,
    webhook text COLLATE "C" NOT NULL DEFAULT '',
    settled boolean NOT NULL DEFAULT false,
    data    json NOT NULL
);

CREATE INDEX IF NOT EXISTS notice_unsettled ON {{schema}}.notice (slot, id) WHERE NOT settled;
CREATE INDEX IF NOT EXISTS notice_latest ON {{schema}}.notice (slot, topic, webhook, id);

COMMENT ON TABLE {{schema}}.notice IS
    'Operator events, of 30 days and 10,000 at most, and the last one of each topic and webhook.';
COMMENT ON COLUMN {{schema}}.notice.event IS
    'What has happened: the event''s name without hookline.';
COMMENT ON COLUMN {{schema}}.notice.topic IS
    'The event that tells of the beginning of what event tells of.';
COMMENT ON COLUMN {{schema}}.notice.webhook IS
    'The webhook that it is about; empty when it is about none.';
COMMENT ON COLUMN {{schema}}.notice.settled IS
    'Every webhook that asks for operator events has it, or it waits for it in delivery.';
