CREATE TABLE {{schema}}.owner (
    slot  text COLLATE "C" PRIMARY KEY,
    epoch bigint NOT NULL
);

COMMENT ON TABLE {{schema}}.owner IS 'Which process may write: the one that made epoch what it is. Who replaces it raises epoch.';

CREATE TABLE {{schema}}.queue (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slot    text COLLATE "C" NOT NULL,
    webhook text COLLATE "C" NOT NULL,
    waiting bigint NOT NULL DEFAULT 0,
    dead    bigint NOT NULL DEFAULT 0,
    wanted  bigint NOT NULL DEFAULT 0,
    bytes   bigint NOT NULL DEFAULT 0,
    front   bigint NOT NULL DEFAULT 0,
    oldest  timestamptz,
    since   timestamptz,
    is_full boolean NOT NULL DEFAULT false,
    paused  text NOT NULL DEFAULT '',
    paused_version text NOT NULL DEFAULT '',
    UNIQUE (slot, webhook)
) WITH (fillfactor = 50);

COMMENT ON TABLE {{schema}}.queue IS 'How each webhook stands. Whoever changes its deliveries locks its row first, and leaves the numbers right.';
COMMENT ON COLUMN {{schema}}.queue.wanted IS 'Of the dead deliveries, those that are to be sent again.';
COMMENT ON COLUMN {{schema}}.queue.bytes IS 'Sum of the sizes of all its deliveries.';
COMMENT ON COLUMN {{schema}}.queue.front IS 'No delivery waits at a place before this one: what was removed there need not be passed over again and again.';
COMMENT ON COLUMN {{schema}}.queue.oldest IS 'Commit time of the first that waits.';
COMMENT ON COLUMN {{schema}}.queue.since IS 'When the first that waits was put into the queue.';
COMMENT ON COLUMN {{schema}}.queue.is_full IS 'Nothing is taken until there is room again: see gap.';
COMMENT ON COLUMN {{schema}}.queue.paused IS 'Why nothing is sent; empty when something is.';
COMMENT ON COLUMN {{schema}}.queue.paused_version IS 'Version of the webhook that this goes for: another one is not paused.';

CREATE TABLE {{schema}}.delivery (
    queue           bigint NOT NULL,
    seq             bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    record          bigint NOT NULL,
    commit_time     timestamptz NOT NULL,
    parked_at       timestamptz NOT NULL DEFAULT now(),
    last_attempt_at timestamptz,
    due_at          timestamptz,
    attempts        integer NOT NULL,
    status          integer NOT NULL,
    size            integer NOT NULL,
    dead            boolean NOT NULL,
    wanted          boolean NOT NULL DEFAULT false,
    replay          boolean NOT NULL,
    event_id        text COLLATE "C" NOT NULL,
    object          text NOT NULL,
    action          text NOT NULL,
    workspace       text NOT NULL,
    object_id       text NOT NULL,
    member_id       text NOT NULL,
    updated_fields  text[],
    reason          text NOT NULL,
    format          text NOT NULL,
    data            bytea NOT NULL,
    PRIMARY KEY (queue, event_id)
);

CREATE UNIQUE INDEX delivery_waiting ON {{schema}}.delivery (queue, seq) WHERE NOT dead;
CREATE INDEX delivery_waiting_of_record ON {{schema}}.delivery (queue, record, seq) WHERE NOT dead;
CREATE INDEX delivery_dead ON {{schema}}.delivery (queue, commit_time, event_id) WHERE dead;
CREATE INDEX delivery_wanted ON {{schema}}.delivery (queue, commit_time) WHERE wanted;

COMMENT ON TABLE {{schema}}.delivery IS 'Deliveries that wait for an attempt, and dead ones.';
COMMENT ON COLUMN {{schema}}.delivery.seq IS 'Place in the queue.';
COMMENT ON COLUMN {{schema}}.delivery.record IS 'Hash of table and primary key, 64 bits.';
COMMENT ON COLUMN {{schema}}.delivery.parked_at IS 'When it got its place in the queue.';
COMMENT ON COLUMN {{schema}}.delivery.size IS 'Bytes of memory that it takes, roughly.';
COMMENT ON COLUMN {{schema}}.delivery.wanted IS 'It is dead, and to be sent again.';
COMMENT ON COLUMN {{schema}}.delivery.replay IS 'It was dead, and is sent again.';
COMMENT ON COLUMN {{schema}}.delivery.data IS 'The record as JSON in UTF-8, whatever the encoding of the database.';

CREATE TABLE {{schema}}.gap (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue       bigint NOT NULL,
    first_event text NOT NULL,
    last_event  text NOT NULL,
    events      bigint NOT NULL,
    began_at    timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);

CREATE UNIQUE INDEX gap_open ON {{schema}}.gap (queue) WHERE ended_at IS NULL;

COMMENT ON TABLE {{schema}}.gap IS 'Runs of deliveries that were given up because the queue was full.';
