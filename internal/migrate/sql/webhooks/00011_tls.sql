-- adds: webhook.ca webhook.client_certificate webhook.client_key
-- lacks: Hookline's own table lacks one of the columns ca, client_certificate and client_key, so webhooks cannot have authorities and certificates of their own

ALTER TABLE {{schema}}.webhook
    ADD COLUMN IF NOT EXISTS ca text,
    ADD COLUMN IF NOT EXISTS client_certificate text,
    ADD COLUMN IF NOT EXISTS client_key text;

COMMENT ON COLUMN {{schema}}.webhook.ca IS
    'Certificates, in PEM, of the authorities by which its receiver is known over TLS. Null: those of the system.';
COMMENT ON COLUMN {{schema}}.webhook.client_certificate IS
    'The certificate, in PEM, that is shown to a receiver that asks for one, and those between it and an authority. Null for none.';
COMMENT ON COLUMN {{schema}}.webhook.client_key IS 'The private key of client_certificate, in PEM: as secret as secret.';
