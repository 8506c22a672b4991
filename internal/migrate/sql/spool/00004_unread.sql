-- From here on hookline.known_table says which tables are published and have yet to be read, and rows pass through
-- hookline.backfill in other ways than before. Versions that do not know of that have to refuse, and this version is
-- what they know it by.
COMMENT ON TABLE {{schema}}.schema_version IS 'What has been done to Hookline''s own tables. A version of Hookline that knows less than this refuses to start.';
