CREATE TABLE IF NOT EXISTS {{schema}}.described (
    slot   text COLLATE "C" NOT NULL,
    name   bytea NOT NULL,
    fields bytea NOT NULL,
    PRIMARY KEY (slot, name)
);

COMMENT ON TABLE {{schema}}.described IS
    'The fields that events of each table have had, by which hookline.schemaChanged is told.';
COMMENT ON COLUMN {{schema}}.described.name IS
    'The table, schema.table, in UTF-8.';
COMMENT ON COLUMN {{schema}}.described.fields IS
    'The form of each field''s values, as JSON in UTF-8.';
