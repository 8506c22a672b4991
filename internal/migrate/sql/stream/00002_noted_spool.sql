-- adds: spool.noted_at

CREATE TABLE IF NOT EXISTS {{schema}}.spool (
    slot       text PRIMARY KEY,
    checkpoint text NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE {{schema}}.spool IS
    'The id of the checkpoint that was saved for this database. Where the spool lacks it, the spool is another one.';
