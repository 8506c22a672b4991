CREATE TABLE IF NOT EXISTS {{schema}}.bus (
    slot        text COLLATE "C" PRIMARY KEY,
    stream      text NOT NULL,
    incarnation text NOT NULL,
    partitions  integer NOT NULL,
    made        boolean NOT NULL,
    last        bigint NOT NULL
);

COMMENT ON TABLE {{schema}}.bus IS
    'The stream of NATS JetStream that deliveries go through, where they do.';
COMMENT ON COLUMN {{schema}}.bus.incarnation IS
    'What the stream''s metadata has, too: another stream of that name is not this one.';
COMMENT ON COLUMN {{schema}}.bus.partitions IS 'How many the stream has, for life.';
COMMENT ON COLUMN {{schema}}.bus.made IS 'The stream was there once: if it is not, it is lost.';
COMMENT ON COLUMN {{schema}}.bus.last IS 'Sequence that the stream has had at least.';

CREATE TABLE IF NOT EXISTS {{schema}}.large (
    slot     text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    webhook  text COLLATE "C" NOT NULL,
    data     bytea NOT NULL,
    PRIMARY KEY (slot, event_id, webhook)
);

COMMENT ON TABLE {{schema}}.large IS
    'Deliveries in the stream of which the data are too large for a message.';
