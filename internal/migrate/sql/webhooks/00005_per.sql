-- adds: webhook.per
-- lacks: Hookline's own table has no column per, so all webhooks hear of a commit in the same way

ALTER TABLE {{schema}}.webhook
    ADD COLUMN IF NOT EXISTS per text;

COMMENT ON COLUMN {{schema}}.webhook.per IS
    'commit: one event of a record and commit, with the record as committed; change: one of each change. Null: change in Twenty''s database, else commit.';
