CREATE INDEX IF NOT EXISTS delivery_newest ON {{schema}}.delivery (dead, commit_time, event_id);
