ALTER TABLE {{schema}}.checkpoint
    ADD COLUMN IF NOT EXISTS id uuid NOT NULL DEFAULT gen_random_uuid();

COMMENT ON COLUMN {{schema}}.checkpoint.id IS
    'Noted in the CRM''s database, in the table spool, so that a spool that lacks it is told from this one.';
