-- ACT invite and make a user of the admin
INSERT INTO invite (id, email, token, expires_at) VALUES ('invite_01', 'ann@example.com', 'canary-invite', '2026-12-06 16:00:00+00');
INSERT INTO "user" (id, first_name, email) VALUES ('user_01', 'Ann', 'ann@example.com');
-- ACT register and log in
BEGIN;
INSERT INTO auth_identity (id, app_metadata) VALUES ('authid_01', '{"customer_id": "cus_01"}');
INSERT INTO provider_identity (id, entity_id, provider, auth_identity_id, provider_metadata)
VALUES ('01', 'bob@example.com', 'emailpass', 'authid_01', '{"password": "canary-hash"}');
COMMIT;
INSERT INTO auth_password_reset_token (id, auth_identity_id, provider_identity_id, entity_id, token_hash, expires_at)
VALUES ('reset_01', 'authid_01', '01', 'bob@example.com', 'canary-reset', '2026-11-29 17:00:00+00');
-- ACT make and use an API key
INSERT INTO api_key (id, token, salt, redacted, title, type, created_by)
VALUES ('apk_01', 'canary-token', 'canary-salt', 'sk_***', 'Import', 'secret', 'user_01');
UPDATE api_key SET last_used_at = '2026-11-29 16:30:00+00', updated_at = '2026-11-29 16:30:00+00' WHERE id = 'apk_01';
-- ACT create a customer
INSERT INTO customer (id, first_name, email, has_account, created_at, updated_at)
VALUES ('cus_01', 'Bob', 'bob@example.com', true, '2026-11-29 16:00:00+00', '2026-11-29 16:00:00+00');
-- ACT edit a customer
UPDATE customer SET phone = '555-0100', updated_at = '2026-11-29 16:01:00+00' WHERE id = 'cus_01';
-- ACT save a customer as it is
UPDATE customer SET phone = '555-0100', updated_at = '2026-11-29 16:02:00+00' WHERE id = 'cus_01';
-- ACT create a product
BEGIN;
INSERT INTO product (id, title, handle, metadata, created_at, updated_at)
VALUES ('prod_01', 'Shirt', 'shirt', '{"erp": {"api_key": "canary-erp"}}', '2026-11-29 16:03:00+00', '2026-11-29 16:03:00+00');
INSERT INTO product_variant (id, title, sku, product_id, created_at, updated_at)
VALUES ('variant_01', 'S', 'SHIRT-S', 'prod_01', '2026-11-29 16:03:00+00', '2026-11-29 16:03:00+00');
COMMIT;
-- ACT edit a product
UPDATE product SET status = 'published', updated_at = '2026-11-29 16:04:00+00' WHERE id = 'prod_01';
-- ACT edit a variant
UPDATE product_variant SET title = 'Small', updated_at = '2026-11-29 16:05:00+00' WHERE id = 'variant_01';
-- ACT give a product a tag
BEGIN;
INSERT INTO product_tag (id, value, created_at, updated_at)
VALUES ('ptag_01', 'new', '2026-11-29 16:06:00+00', '2026-11-29 16:06:00+00');
INSERT INTO product_tags (product_id, product_tag_id) VALUES ('prod_01', 'ptag_01');
COMMIT;
-- ACT delete a product
BEGIN;
UPDATE product SET deleted_at = '2026-11-29 16:07:00+00', updated_at = '2026-11-29 16:07:00+00' WHERE id = 'prod_01';
UPDATE product_variant SET deleted_at = '2026-11-29 16:07:00+00', updated_at = '2026-11-29 16:07:00+00' WHERE id = 'variant_01';
COMMIT;
-- ACT restore a product
BEGIN;
UPDATE product SET deleted_at = NULL, updated_at = '2026-11-29 16:08:00+00' WHERE id = 'prod_01';
UPDATE product_variant SET deleted_at = NULL, updated_at = '2026-11-29 16:08:00+00' WHERE id = 'variant_01';
COMMIT;
