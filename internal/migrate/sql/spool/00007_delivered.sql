-- It is there already when somebody has gone back to an earlier version and comes again.
CREATE TABLE IF NOT EXISTS {{schema}}.delivered (
    queue       bigint NOT NULL,
    commit      text COLLATE "C" NOT NULL,
    event_id    text COLLATE "C" NOT NULL,
    commit_time timestamptz NOT NULL,
    PRIMARY KEY (queue, commit, event_id)
);

COMMENT ON TABLE {{schema}}.delivered IS
    'Deliveries that have left the spool, and that the checkpoint has not passed yet.';
COMMENT ON COLUMN {{schema}}.delivered.commit IS
    'Position of the commit, 16 hexadecimal digits, as in the ID of the event.';
