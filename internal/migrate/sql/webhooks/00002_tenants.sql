-- adds: webhook.workspace_id:text
-- lacks: column workspace_id of Hookline's own table takes nothing but UUIDs

ALTER TABLE {{schema}}.webhook ALTER COLUMN workspace_id TYPE text;
