-- adds: webhook.settle webhook.settle_max webhook.catch_up
-- lacks: Hookline's own table lacks one of the columns settle, settle_max and catch_up, so webhooks hear of each change by itself

ALTER TABLE {{schema}}.webhook
    ADD COLUMN IF NOT EXISTS settle interval,
    ADD COLUMN IF NOT EXISTS settle_max interval,
    ADD COLUMN IF NOT EXISTS catch_up text;

COMMENT ON COLUMN {{schema}}.webhook.settle IS
    'A record is told once it has been quiet for that long, in one event: 5s. Null: each event at once.';
COMMENT ON COLUMN {{schema}}.webhook.settle_max IS
    'But not later than that behind its first change. Null: ten times settle.';
COMMENT ON COLUMN {{schema}}.webhook.catch_up IS
    'latest: of what waits in the spool, a record is told in one event; all or null: in all of them.';
