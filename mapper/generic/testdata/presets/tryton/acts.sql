-- ACT what was there
INSERT INTO ir_cache (id, name, timestamp) VALUES ('24', 'ir.model.field.get_name', '2026-11-29 20:04:47.189394');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('28', 'ir.model.get_names', '2026-11-29 20:04:47.192611');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('4', 'modelview.fields_view_get', '2026-11-29 20:04:47.181321');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('25', 'ir.translation', '2026-11-29 20:04:47.178235');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('22', 'ir.message', '2026-11-29 20:04:47.196838');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('26', 'ir.translation.get_report', '2026-11-29 20:04:47.174293');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('1', 'res_user.get_groups', '2026-11-29 20:04:39.67783');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('2', 'res_user._get_login', '2026-11-29 20:04:39.665128');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('5', 'ir_rule.domain_get', '2026-11-29 20:04:39.673513');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('14', 'res_user.get_preferences', '2026-11-29 20:04:39.667784');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('13', 'ir_model_access.get_access', '2026-11-29 20:04:39.680715');
INSERT INTO ir_cache (id, name, timestamp) VALUES ('11', 'ir_model_field_access.check', '2026-11-29 20:04:39.679279');
INSERT INTO ir_module (id, create_uid, create_date, name, state) VALUES ('1', '0', '2026-11-29 19:58:11.95021', 'ir', 'activated');
INSERT INTO ir_module (id, create_uid, create_date, name, state) VALUES ('10', '0', '2026-11-29 19:59:19.689311', 'product', 'activated');
INSERT INTO ir_sequence_strict (id, active, create_date, create_uid, last_timestamp, name, number_increment, number_next_internal, padding, sequence_type, timestamp_offset, timestamp_rounding, type, write_date, write_uid, company) VALUES ('1', 'true', '2026-11-29 20:04:42.689236', '1', '0', 'Invoices', '1', '1', '0', '13', '946681200', '1', 'incremental', '2026-11-29 20:04:42.689236', '1', '2');
INSERT INTO party_party (id, active, code, create_date, create_uid, name) VALUES ('1', 'true', '1', '2026-11-29 20:04:21.704216', '1', 'Example Ltd');
INSERT INTO party_party (id, active, code, create_date, create_uid, name) VALUES ('2', 'true', '2', '2026-11-29 20:04:38.87903', '1', 'Example Ltd');
INSERT INTO res_group (id, name, active, create_date, create_uid) VALUES ('1', 'Administration', 'true', '2026-11-29 19:59:05.462582', '0');
INSERT INTO res_group (id, name, active, create_date, create_uid, parent) VALUES ('10', 'Stock Administration', 'true', '2026-11-29 20:01:25.968864', '0', '9');
-- ACT log in
INSERT INTO ir_session (id, create_date, create_uid, key) VALUES (1, '2026-11-29 20:07:05.4068', 1, 'canary-1');
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.514988', write_uid = 0 WHERE id = 1;
-- ACT look around
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.583065' WHERE id = 1;
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.595667' WHERE id = 1;
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.606243' WHERE id = 1;
-- ACT create a party
BEGIN;
INSERT INTO party_party (id, active, code, create_date, create_uid, name) VALUES (3, true, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Smith');
INSERT INTO party_party_location (id, create_date, create_uid, customer_location, party, supplier_location) VALUES (3, '2026-11-29 20:07:05.620294', 1, 7, 3, 6);
INSERT INTO party_party_payment_term (id, create_date, create_uid, party) VALUES (3, '2026-11-29 20:07:05.620294', 1, 3);
INSERT INTO party_party_account (id, company, create_date, create_uid, party) VALUES (3, 2, '2026-11-29 20:07:05.620294', 1, 3);
INSERT INTO party_party_lang (id, create_date, create_uid, party, company) VALUES (3, '2026-11-29 20:07:05.620294', 1, 3, 2);
UPDATE party_party_location SET write_date = '2026-11-29 20:07:05.620294', write_uid = 1 WHERE id = 3;
UPDATE party_party_account SET write_date = '2026-11-29 20:07:05.620294', write_uid = 1 WHERE id = 3;
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name) VALUES (3, 3, true, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Smith');
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.773409' WHERE id = 1;
-- ACT edit the name of a party
BEGIN;
UPDATE party_party SET name = 'Ann Jones', write_date = '2026-11-29 20:07:05.782302', write_uid = 1 WHERE id = 3;
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name, write_date, write_uid) VALUES (3, 4, true, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Jones', '2026-11-29 20:07:05.782302', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.802314' WHERE id = 1;
-- ACT save a party as it is
BEGIN;
UPDATE party_party SET write_date = '2026-11-29 20:07:05.810811' WHERE id = 3;
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name, write_date, write_uid) VALUES (3, 5, true, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Jones', '2026-11-29 20:07:05.810811', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.816608' WHERE id = 1;
-- ACT edit party: add an address
BEGIN;
UPDATE party_party SET write_date = '2026-11-29 20:07:05.824461' WHERE id = 3;
INSERT INTO party_address (id, active, city, create_date, create_uid, party, street, delivery, invoice) VALUES (3, true, 'Springfield', '2026-11-29 20:07:05.824461', 1, 3, '1 Main St', false, false);
INSERT INTO party_address__history (id, __id, active, city, create_date, create_uid, delivery, invoice, party, street) VALUES (3, 3, true, 'Springfield', '2026-11-29 20:07:05.824461', 1, false, false, 3, '1 Main St');
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name, write_date, write_uid) VALUES (3, 6, true, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Jones', '2026-11-29 20:07:05.824461', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.854234' WHERE id = 1;
-- ACT add an e-mail address to a party
BEGIN;
UPDATE party_party SET write_date = '2026-11-29 20:07:05.861588' WHERE id = 3;
INSERT INTO party_contact_mechanism (id, active, create_date, create_uid, party, type, value, delivery, invoice) VALUES (1, true, '2026-11-29 20:07:05.861588', 1, 3, 'email', 'ann@example.com', false, false);
UPDATE party_contact_mechanism SET value_compact = 'ann@example.com', write_date = '2026-11-29 20:07:05.861588', write_uid = 1 WHERE id = 1;
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name, write_date, write_uid) VALUES (3, 7, true, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Jones', '2026-11-29 20:07:05.861588', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.885838' WHERE id = 1;
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:05.967555' WHERE id = 24 AND name = 'ir.model.field.get_name' AND timestamp = '2026-11-29 20:04:47.189394';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:05.97009' WHERE id = 28 AND name = 'ir.model.get_names' AND timestamp = '2026-11-29 20:04:47.192611';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:05.971591' WHERE id = 4 AND name = 'modelview.fields_view_get' AND timestamp = '2026-11-29 20:04:47.181321';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:05.972974' WHERE id = 25 AND name = 'ir.translation' AND timestamp = '2026-11-29 20:04:47.178235';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:05.97447' WHERE id = 22 AND name = 'ir.message' AND timestamp = '2026-11-29 20:04:47.196838';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:05.975902' WHERE id = 26 AND name = 'ir.translation.get_report' AND timestamp = '2026-11-29 20:04:47.174293';
-- ACT create a category
BEGIN;
INSERT INTO party_category (id, active, create_date, create_uid, name) VALUES (1, true, '2026-11-29 20:07:05.895095', 1, 'Friends');
INSERT INTO ir_translation (id, lang, src, name, res_id, value, type, fuzzy, create_date, create_uid) VALUES (4320, 'en', 'Friends', 'party.category,name', 1, 'Friends', 'model', false, '2026-11-29 20:07:05.895095', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:05.988144' WHERE id = 1;
-- ACT edit party: add it to a category
BEGIN;
UPDATE party_party SET write_date = '2026-11-29 20:07:05.997598' WHERE id = 3;
INSERT INTO party_category_rel (id, category, create_date, create_uid, party) VALUES (1, 1, '2026-11-29 20:07:05.997598', 1, 3);
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name, write_date, write_uid) VALUES (3, 8, true, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Jones', '2026-11-29 20:07:05.997598', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.039044' WHERE id = 1;
-- ACT edit a party: archive it
BEGIN;
UPDATE party_party SET active = false, write_date = '2026-11-29 20:07:06.047423' WHERE id = 3;
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name, write_date, write_uid) VALUES (3, 9, false, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Jones', '2026-11-29 20:07:06.047423', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.053303' WHERE id = 1;
-- ACT edit a party: take it out of the archive
BEGIN;
UPDATE party_party SET active = true, write_date = '2026-11-29 20:07:06.063313' WHERE id = 3;
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name, write_date, write_uid) VALUES (3, 10, true, '3', '2026-11-29 20:07:05.620294', 1, 'Ann Jones', '2026-11-29 20:07:06.063313', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.069021' WHERE id = 1;
-- ACT create a party by mistake
BEGIN;
INSERT INTO party_party (id, active, code, create_date, create_uid, name) VALUES (4, true, '4', '2026-11-29 20:07:06.076947', 1, 'Oops');
INSERT INTO party_party_location (id, create_date, create_uid, customer_location, party, supplier_location) VALUES (4, '2026-11-29 20:07:06.076947', 1, 7, 4, 6);
INSERT INTO party_party_payment_term (id, create_date, create_uid, party) VALUES (4, '2026-11-29 20:07:06.076947', 1, 4);
INSERT INTO party_party_account (id, company, create_date, create_uid, party) VALUES (4, 2, '2026-11-29 20:07:06.076947', 1, 4);
INSERT INTO party_party_lang (id, create_date, create_uid, party, company) VALUES (4, '2026-11-29 20:07:06.076947', 1, 4, 2);
UPDATE party_party_location SET write_date = '2026-11-29 20:07:06.076947', write_uid = 1 WHERE id = 4;
UPDATE party_party_account SET write_date = '2026-11-29 20:07:06.076947', write_uid = 1 WHERE id = 4;
INSERT INTO party_party__history (id, __id, active, code, create_date, create_uid, name) VALUES (4, 11, true, '4', '2026-11-29 20:07:06.076947', 1, 'Oops');
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.139636' WHERE id = 1;
-- ACT edit the parties: delete one
BEGIN;
DELETE FROM party_party_lang WHERE id = 4;
DELETE FROM party_party_account WHERE id = 4;
DELETE FROM party_party_location WHERE id = 4;
DELETE FROM party_party_payment_term WHERE id = 4;
DELETE FROM party_party WHERE id = 4;
INSERT INTO party_party__history (id, __id, write_date, write_uid) VALUES (4, 12, '2026-11-29 20:07:06.149987', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.251985' WHERE id = 1;
-- ACT attach a file
BEGIN;
INSERT INTO ir_attachment (id, create_date, create_uid, name, resource, type) VALUES (1, '2026-11-29 20:07:06.258314', 1, 'offer.txt', 'party.party,3', 'data');
UPDATE ir_attachment SET file_id = '005e5a0118d0b52a1b6b45b38bfe6aba' WHERE id = 1;
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.352439' WHERE id = 1;
-- ACT write a note
BEGIN;
INSERT INTO ir_note (id, create_date, create_uid, message, resource) VALUES (1, '2026-11-29 20:07:06.359037', 1, 'Call back', 'party.party,3');
INSERT INTO ir_note_read (id, create_date, create_uid, note, "user") VALUES (1, '2026-11-29 20:07:06.359037', 1, 1, 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.376107' WHERE id = 1;
-- ACT create an opportunity
BEGIN;
INSERT INTO sale_opportunity (id, amount, company, conversion_probability, create_date, create_uid, description, number, party, payment_term, start_date, state) VALUES (1, 100, 2, 0.5, '2026-11-29 20:07:06.3915', 1, 'Rockets', '1', 3, 1, '2026-11-29', 'lead');
INSERT INTO sale_opportunity__history (id, __id, amount, company, conversion_probability, create_date, create_uid, description, number, party, payment_term, start_date, state) VALUES (1, 1, 100, 2, 0.5, '2026-11-29 20:07:06.3915', 1, 'Rockets', '1', 3, 1, '2026-11-29', 'lead');
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.447801' WHERE id = 1;
-- ACT edit an opportunity
BEGIN;
UPDATE sale_opportunity SET conversion_probability = 0.8, write_date = '2026-11-29 20:07:06.463699', write_uid = 1 WHERE id = 1;
INSERT INTO sale_opportunity__history (id, __id, amount, company, conversion_probability, create_date, create_uid, description, number, party, payment_term, start_date, state, write_date, write_uid) VALUES (1, 2, 100, 2, 0.8, '2026-11-29 20:07:06.3915', 1, 'Rockets', '1', 3, 1, '2026-11-29', 'lead', '2026-11-29 20:07:06.463699', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.481184' WHERE id = 1;
-- ACT edit an opportunity: it is lost
BEGIN;
UPDATE sale_opportunity SET end_date = '2026-11-29', state = 'lost', write_date = '2026-11-29 20:07:06.488262' WHERE id = 1;
INSERT INTO sale_opportunity__history (id, __id, amount, company, conversion_probability, create_date, create_uid, description, end_date, number, party, payment_term, start_date, state, write_date, write_uid) VALUES (1, 3, 100, 2, 0.8, '2026-11-29 20:07:06.3915', 1, 'Rockets', '2026-11-29', '1', 3, 1, '2026-11-29', 'lost', '2026-11-29 20:07:06.488262', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.525474' WHERE id = 1;
-- ACT create a product
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:06.898275' WHERE id = 24 AND name = 'ir.model.field.get_name' AND timestamp = '2026-11-29 20:07:05.967555';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:06.90113' WHERE id = 28 AND name = 'ir.model.get_names' AND timestamp = '2026-11-29 20:07:05.97009';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:06.903058' WHERE id = 4 AND name = 'modelview.fields_view_get' AND timestamp = '2026-11-29 20:07:05.971591';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:06.904782' WHERE id = 25 AND name = 'ir.translation' AND timestamp = '2026-11-29 20:07:05.972974';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:06.906869' WHERE id = 22 AND name = 'ir.message' AND timestamp = '2026-11-29 20:07:05.97447';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:06.911848' WHERE id = 26 AND name = 'ir.translation.get_report' AND timestamp = '2026-11-29 20:07:05.975902';
BEGIN;
INSERT INTO product_template (id, active, consumable, create_date, create_uid, default_uom, name, type, account_category, salable, sale_uom) VALUES (1, true, false, '2026-11-29 20:07:06.533215', 1, 1, 'Rocket', 'service', 1, true, 1);
INSERT INTO ir_translation (id, lang, src, name, res_id, value, type, fuzzy, create_date, create_uid) VALUES (4321, 'en', 'Rocket', 'product.template,name', 1, 'Rocket', 'model', false, '2026-11-29 20:07:06.533215', 1);
INSERT INTO product_list_price (id, company, create_date, create_uid, list_price, template) VALUES (1, 2, '2026-11-29 20:07:06.533215', 1, 10, 1);
INSERT INTO product_product (id, active, code, create_date, create_uid, template) VALUES (1, true, 'R1', '2026-11-29 20:07:06.533215', 1, 1);
INSERT INTO product_cost_price (id, company, cost_price, create_date, create_uid, product) VALUES (1, 2, 0, '2026-11-29 20:07:06.533215', 1, 1);
INSERT INTO product_product__history (id, __id, active, code, create_date, create_uid, template) VALUES (1, 1, true, 'R1', '2026-11-29 20:07:06.533215', 1, 1);
UPDATE product_product SET code = null, write_date = '2026-11-29 20:07:06.533215', write_uid = 1 WHERE id = 1;
INSERT INTO product_product__history (id, __id, active, create_date, create_uid, template, write_date, write_uid) VALUES (1, 2, true, '2026-11-29 20:07:06.533215', 1, 1, '2026-11-29 20:07:06.533215', 1);
INSERT INTO product_cost_price_method (id, company, cost_price_method, create_date, create_uid, template) VALUES (1, 2, 'fixed', '2026-11-29 20:07:06.533215', 1, 1);
INSERT INTO product_template__history (id, __id, account_category, active, consumable, create_date, create_uid, default_uom, name, salable, sale_uom, type) VALUES (1, 1, 1, true, false, '2026-11-29 20:07:06.533215', 1, 1, 'Rocket', true, 1, 'service');
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.927012' WHERE id = 1;
UPDATE ir_session SET write_date = '2026-11-29 20:07:06.968024' WHERE id = 1;
-- ACT edit a product
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:07.109388' WHERE id = 24 AND name = 'ir.model.field.get_name' AND timestamp = '2026-11-29 20:07:06.898275';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:07.112473' WHERE id = 28 AND name = 'ir.model.get_names' AND timestamp = '2026-11-29 20:07:06.90113';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:07.114517' WHERE id = 4 AND name = 'modelview.fields_view_get' AND timestamp = '2026-11-29 20:07:06.903058';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:07.120897' WHERE id = 25 AND name = 'ir.translation' AND timestamp = '2026-11-29 20:07:06.904782';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:07.12426' WHERE id = 22 AND name = 'ir.message' AND timestamp = '2026-11-29 20:07:06.906869';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:07.129867' WHERE id = 26 AND name = 'ir.translation.get_report' AND timestamp = '2026-11-29 20:07:06.911848';
BEGIN;
UPDATE product_product SET description = 'Flies', write_date = '2026-11-29 20:07:06.982586' WHERE id = 1;
INSERT INTO ir_translation (id, lang, src, name, res_id, value, type, fuzzy, create_date, create_uid) VALUES (4322, 'en', 'Flies', 'product.product,description', 1, 'Flies', 'model', false, '2026-11-29 20:07:06.982586', 1);
INSERT INTO product_product__history (id, __id, active, create_date, create_uid, description, template, write_date, write_uid) VALUES (1, 3, true, '2026-11-29 20:07:06.533215', 1, 'Flies', 1, '2026-11-29 20:07:06.982586', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:07.144683' WHERE id = 1;
-- ACT edit the price of a product
BEGIN;
UPDATE product_template SET write_date = '2026-11-29 20:07:07.155949', write_uid = 1 WHERE id = 1;
UPDATE product_list_price SET list_price = 12, write_date = '2026-11-29 20:07:07.155949', write_uid = 1 WHERE id = 1;
INSERT INTO product_template__history (id, __id, account_category, active, consumable, create_date, create_uid, default_uom, name, salable, sale_uom, type, write_date, write_uid) VALUES (1, 2, 1, true, false, '2026-11-29 20:07:06.533215', 1, 1, 'Rocket', true, 1, 'service', '2026-11-29 20:07:07.155949', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:07.194339' WHERE id = 1;
UPDATE ir_session SET write_date = '2026-11-29 20:07:07.214803' WHERE id = 1;
-- ACT create a sale
BEGIN;
INSERT INTO sale_sale (id, company, create_date, create_uid, currency, invoice_address, invoice_method, invoice_state, party, payment_term, sale_date, shipment_address, shipment_method, shipment_state, state, warehouse, revision) VALUES (1, 2, '2026-11-29 20:07:07.224815', 1, 1, 3, 'order', 'none', 3, 1, '2026-11-29', 3, 'order', 'none', 'draft', 5, 0);
INSERT INTO sale_line (id, create_date, create_uid, description, product, quantity, sale, type, unit, unit_price) VALUES (1, '2026-11-29 20:07:07.224815', 1, 'Two rockets', 1, 2, 1, 'line', 1, 10);
INSERT INTO sale_line__history (id, __id, create_date, create_uid, description, product, quantity, sale, type, unit, unit_price) VALUES (1, 1, '2026-11-29 20:07:07.224815', 1, 'Two rockets', 1, 2, 1, 'line', 1, 10);
INSERT INTO sale_sale__history (id, __id, company, create_date, create_uid, currency, invoice_address, invoice_method, invoice_state, party, payment_term, revision, sale_date, shipment_address, shipment_method, shipment_state, state, warehouse) VALUES (1, 1, 2, '2026-11-29 20:07:07.224815', 1, 1, 3, 'order', 'none', 3, 1, 0, '2026-11-29', 3, 'order', 'none', 'draft', 5);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:07.483384' WHERE id = 1;
-- ACT quote a sale
BEGIN;
UPDATE sale_sale SET number = '1', write_date = '2026-11-29 20:07:07.492238', write_uid = 1 WHERE id = 1;
INSERT INTO sale_sale__history (id, __id, company, create_date, create_uid, currency, invoice_address, invoice_method, invoice_state, number, party, payment_term, revision, sale_date, shipment_address, shipment_method, shipment_state, state, warehouse, write_date, write_uid) VALUES (1, 2, 2, '2026-11-29 20:07:07.224815', 1, 1, 3, 'order', 'none', '1', 3, 1, 0, '2026-11-29', 3, 'order', 'none', 'draft', 5, '2026-11-29 20:07:07.492238', 1);
UPDATE sale_sale SET state = 'quotation' WHERE id = 1;
INSERT INTO sale_sale__history (id, __id, company, create_date, create_uid, currency, invoice_address, invoice_method, invoice_state, number, party, payment_term, revision, sale_date, shipment_address, shipment_method, shipment_state, state, warehouse, write_date, write_uid) VALUES (1, 3, 2, '2026-11-29 20:07:07.224815', 1, 1, 3, 'order', 'none', '1', 3, 1, 0, '2026-11-29', 3, 'order', 'none', 'quotation', 5, '2026-11-29 20:07:07.492238', 1);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:07.580851' WHERE id = 1;
-- ACT confirm a sale
BEGIN;
UPDATE sale_sale SET tax_amount_cache = 0, total_amount_cache = 20.00, untaxed_amount_cache = 20.00, write_date = '2026-11-29 20:07:07.588188' WHERE id = 1;
INSERT INTO sale_sale__history (id, __id, company, create_date, create_uid, currency, invoice_address, invoice_method, invoice_state, number, party, payment_term, revision, sale_date, shipment_address, shipment_method, shipment_state, state, tax_amount_cache, total_amount_cache, untaxed_amount_cache, warehouse, write_date, write_uid) VALUES (1, 4, 2, '2026-11-29 20:07:07.224815', 1, 1, 3, 'order', 'none', '1', 3, 1, 0, '2026-11-29', 3, 'order', 'none', 'quotation', 0, 20.00, 20.00, 5, '2026-11-29 20:07:07.588188', 1);
INSERT INTO ir_queue (id, create_date, create_uid, data, enqueued_at, name) VALUES (1, '2026-11-29 20:07:07.588188', 0, '{"args":[],"context":{"_request":{"http_host":"127.0.0.1:8098","is_secure":false,"remote_addr":"127.0.0.1","scheme":"http"},"company":2,"employee":null,"language":"en"},"instances":[1],"kwargs":{},"method":"process","model":"sale.sale","user":1}', '2026-11-29 20:07:07.634258', 'sale');
UPDATE sale_sale SET state = 'confirmed' WHERE id = 1;
INSERT INTO sale_sale__history (id, __id, company, create_date, create_uid, currency, invoice_address, invoice_method, invoice_state, number, party, payment_term, revision, sale_date, shipment_address, shipment_method, shipment_state, state, tax_amount_cache, total_amount_cache, untaxed_amount_cache, warehouse, write_date, write_uid) VALUES (1, 5, 2, '2026-11-29 20:07:07.224815', 1, 1, 3, 'order', 'none', '1', 3, 1, 0, '2026-11-29', 3, 'order', 'none', 'confirmed', 0, 20.00, 20.00, 5, '2026-11-29 20:07:07.588188', 1);
COMMIT;
-- ACT by itself: process the sale
BEGIN;
INSERT INTO account_invoice (id, account, company, create_date, create_uid, currency, invoice_address, journal, party, payment_term, state, type) VALUES (1, 5, 2, '2026-11-29 20:07:07.6653', 1, 1, 3, 1, 3, 1, 'draft', 'out');
INSERT INTO account_invoice_line (id, account, company, create_date, create_uid, currency, description, invoice, invoice_type, origin, product, quantity, taxes_deductible_rate, type, unit, unit_price, correction) VALUES (1, 6, 2, '2026-11-29 20:07:07.6653', 1, 1, 'Two rockets', 1, 'out', 'sale.line,1', 1, 2, 1, 'line', 1, 10, false);
UPDATE sale_sale SET invoice_state = 'waiting', write_date = '2026-11-29 20:07:07.6653' WHERE id = 1;
INSERT INTO sale_sale__history (id, __id, company, create_date, create_uid, currency, invoice_address, invoice_method, invoice_state, number, party, payment_term, revision, sale_date, shipment_address, shipment_method, shipment_state, state, tax_amount_cache, total_amount_cache, untaxed_amount_cache, warehouse, write_date, write_uid) VALUES (1, 6, 2, '2026-11-29 20:07:07.224815', 1, 1, 3, 'order', 'waiting', '1', 3, 1, 0, '2026-11-29', 3, 'order', 'none', 'confirmed', 0, 20.00, 20.00, 5, '2026-11-29 20:07:07.6653', 1);
UPDATE sale_line SET actual_quantity = 2, write_date = '2026-11-29 20:07:07.6653', write_uid = 1 WHERE id = 1;
INSERT INTO sale_line__history (id, __id, actual_quantity, create_date, create_uid, description, product, quantity, sale, type, unit, unit_price, write_date, write_uid) VALUES (1, 2, 2, '2026-11-29 20:07:07.224815', 1, 'Two rockets', 1, 2, 1, 'line', 1, 10, '2026-11-29 20:07:07.6653', 1);
UPDATE sale_sale SET state = 'processing' WHERE id = 1;
INSERT INTO sale_sale__history (id, __id, company, create_date, create_uid, currency, invoice_address, invoice_method, invoice_state, number, party, payment_term, revision, sale_date, shipment_address, shipment_method, shipment_state, state, tax_amount_cache, total_amount_cache, untaxed_amount_cache, warehouse, write_date, write_uid) VALUES (1, 7, 2, '2026-11-29 20:07:07.224815', 1, 1, 3, 'order', 'waiting', '1', 3, 1, 0, '2026-11-29', 3, 'order', 'none', 'processing', 0, 20.00, 20.00, 5, '2026-11-29 20:07:07.6653', 1);
UPDATE ir_queue SET dequeued_at = '2026-11-29 20:07:07.895482', finished_at = '2026-11-29 20:07:07.895486', write_date = '2026-11-29 20:07:07.6653', write_uid = 0 WHERE id = 1;
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:07.900524' WHERE id = 1;
-- ACT look at it
UPDATE ir_session SET write_date = '2026-11-29 20:07:07.955846' WHERE id = 1;
UPDATE ir_session SET write_date = '2026-11-29 20:07:07.977645' WHERE id = 1;
-- ACT edit the reference of an invoice
UPDATE account_invoice SET reference = 'PO 7', write_date = '2026-11-29 20:07:07.9858', write_uid = 1 WHERE id = 1;
UPDATE ir_session SET write_date = '2026-11-29 20:07:08.029246' WHERE id = 1;
-- ACT edit the date of an invoice
UPDATE account_invoice SET invoice_date = '2026-11-29', write_date = '2026-11-29 20:07:08.037889' WHERE id = 1;
UPDATE ir_session SET write_date = '2026-11-29 20:07:08.083076' WHERE id = 1;
-- ACT by itself: post an invoice
BEGIN;
UPDATE ir_sequence_strict SET number_next_internal = 2, write_date = '2026-11-29 20:07:08.092561', write_uid = 0 WHERE id = 1;
UPDATE account_invoice SET number = '1', sequence = 1, write_date = '2026-11-29 20:07:08.092561' WHERE id = 1;
INSERT INTO account_move (id, company, create_date, create_uid, date, journal, number, origin, period, state) VALUES (1, 2, '2026-11-29 20:07:08.092561', 1, '2026-11-29', 1, '1', 'account.invoice,1', 11, 'draft');
INSERT INTO account_move_line (id, account, amount_second_currency, create_date, create_uid, credit, debit, move, origin, second_currency, state) VALUES (1, 6, -20.00, '2026-11-29 20:07:08.092561', 1, 20.00, 0, 1, 'account.invoice.line,1', 1, 'draft');
INSERT INTO account_move_line (id, account, amount_second_currency, create_date, create_uid, credit, debit, maturity_date, move, party, second_currency, state) VALUES (2, 5, 20.00, '2026-11-29 20:07:08.092561', 1, 0, 20.00, '2026-11-29', 1, 3, 1, 'draft');
INSERT INTO account_journal_period (id, active, create_date, create_uid, journal, period, state) VALUES (1, true, '2026-11-29 20:07:08.092561', 1, 1, 11, 'open');
UPDATE account_move_line SET state = 'valid' WHERE id = 1;
UPDATE account_move_line SET state = 'valid' WHERE id = 2;
UPDATE account_invoice SET move = 1, state = 'posted' WHERE id = 1;
UPDATE account_move SET post_date = '2026-11-29', post_number = '1', state = 'posted', write_date = '2026-11-29 20:07:08.092561', write_uid = 1 WHERE id = 1;
UPDATE account_invoice SET invoice_report_format = 'odt' WHERE id = 1;
UPDATE account_invoice SET invoice_report_cache = '\x504b0304140000000000e4a07d5d5ec6320c2700000027000000080000006d696d65747970656170706c69636174696f6e2f766e642e6f617369732e6f70656e646f63756d656e742e74657874504b0304140000000800e4a07d5d3a25f2c502080000cb3300000c00000073657474696e67732e786d6cbd5b5f5722b9127fdf4fe1e13ecc13d30aea2847dd8338ec3a83ca0166bd77df427768fa9a4ef549d202df7eabd20d02d2dad2665f5448552aa9fad5bf245efc3e8fc5c133573a0279f9e5e8ebe197032e7d0822195e7ef935ead6cfbefc7ef5db054c2691cf5b01f869cca5a96b6e0c92e8036497ba950d5fd652255bc074a45b92c55cb78cdf8284cb255b6b9dba85c26a39bf360b519add12af731b3e376599897683978dcb4bb6c4ebdc8162b3b2cc448b2a5b679f4059e6b916f509d47d881366a2ad55cc45249f2e6b53639296e7cd66b3afb3e65750a177747e7eeed9d1d582fd155d922a61a902dfe3829330ed1d7d3df296b43137acecfa88767d49328dc75c95560d33ec9555f573581a11cf61816afc2953a5b1618937cddb0cca9bb719acf3c6cc4c0b6c72e6dde1a0fd71d77bc1828acbca22da0d55f92a4a4a6f33a3ded012c849545adb19f53a3f00acb64a0c9983dbed360e0f8fbdecf31af5ec4df2998a0c576be4fe9be43e13feca6210ef523ad21d794851e7cf04f395e39022750143c3cb8657c43a289cfabf77bda13fe5317b218ede27ae47521b265f34a3c888853b3df1144f4099956226e5032e5aabb15adbd4c4a2385cd0e892345441b0931497d3f43074a0e3d69f233efb4f6d2313bc0d88f32d40d8b0fa1e8b255a8fbb6f321c1d7a44b3023842e42549a87095c826904adc0426bf5c817c9e7015d1101396adb531c33aea05ec31659efbd666d848081117cb88b3dad2ce6900eab14600a1a340d25ae3decc2f2a9e979b8e9c0382c9f68c5b81c6d7ba6976e16134f068ac4ee9d5ab5d2deb85659970f5dbc1c1451e37b25f7574f198ca8883fc6b5ad5650df7d5223cad0a8c1ab1eee2dde4fb0b79da8ab31124b5e588592438224086b5abc6b7f3e3c30beff5341f9bbec72766e7fc9f30f7631498e9cec94f8ebf1d7e82803f79144e772fbff1ede4dbd1fe128653980d78808506ef4c990cb9de923206109cc9da955129df5fceadbc5630d3fc0e025e2461c284fe90887acc12847dc0e73c78adb81c80858ce83f6a919194b3c46db0b5726d54443620d8370a175e72f64280369a8d93f3aab3177957f3e4b8715a6d724d95db1eee557ef2fd4243f9f90785de75727c7a7ef60912aec11888778b383939aab489bf01e2114eb80dce29151c55f58fb8640b484d07441acbede090cb288e3f1f92710df0b47f7c28a9a92ef30da8827dbc11abcbc4383dc46ecc373ce82afcc2d936dad2c7f5f2608419fbe199ab89008c1e21f3177b8adc35b215220b49f2f06bcb845d34580d7ca884c8be48952dc33e5a4bf4311e9bbe029da0193e2dcdec9041e1aecf9c65cb6c1f38ff35f39f424565a943411d40338370b997b69460ac497738f8bb91aa9c8c3f144ba691ef721b3651b8b67b97cdef5f878fbcd6f03e0420ec13ba0ae22137e97606fd5477a048d417cce7531001df8eae9f25ea26d2d4493e4c2664823ee88800455a71628c769288459f291612b0ee987aea624fc5cc08eeed11d91b823f43a7034e67bbbcd0f12bca18b131e50edc5618494732bea39a822ed8631b270286a9b2c191f0f788561ac64c0847b25e423161827477931d0bbbda5c474449c2837ee49b5415479c8a52ba0298b12734f7105b30b892f44b8eb1957db2a2960ee44a9645de70a171c025fe7227a202cc6978259db94c39433485e03f60eccc51c9313b2cd17dae7c3ab80af9e9a99b0d61a7225010ff1e2766d1e14290bbba1135423ce7bacbfaa36b02785bdbca8dfe74a44dba7eb8669ad3a94d5b44a1a4b34047b2da41d6cd60d6c562dc153e6e758f8db9b8c90f625d3a135795abab87d490ea7b98a1c5ffe8e456bbae08eef423a8a0037132522c42e1e1b560f2c9993942890d663752daf470a3b7d8e349732b5deff2571230c3a9621df13811f8b7c398870af49f1c2707c10730fbc9b9abe2dba6b98007370c33380684cac8ce0c8f2bd76d196410c3a29730d061c24f856de15c595ff30711e43e7ac771ddc5bd5c557c4bccdae61a5d8aab61c27c77901eb267fe8780315bc53654a633bf25c30d3859e9998f20735b372e34d0d176678276ab5d35ce0f9bcdb3e3aa471ff911ce60d473990a6c89e0b09db71d24c25a917fbadcc89f114601495d90bb2a80ca281bd27287699ba161ca11bcba9455dba9812c25b81192051cd7496d87ea1c15be5314e363eca432011b467a17b6cfbd40a998f657f6eeec417604e8cfbbd17bbd23e31a0579c2a16049cf2f2842dbdb8882bbbe69144eeba85dacf729175629797f7225db3a62b29f4aecf11de7563abce2ea61fc7f8cab25ceceaaa31e2162229f897fa17d18a66343d8ef8a855ede8eb4ed2747813df3e9dc9d47609d9b7a4d77f2becf11a492891e6781bb10922a850eb02c27e9f71052e5572b2adb42c0ccbad90f1877e8d554e1195d55570683e826a4bbf6232a89dd568e5661ef1d31564e80d96e96e7a789c3de4ece5196cfffe60a10cbefc0b87a1ddcb6777459098c8257e7f8fa56f622edaa4eca9fd2e440c408fb93bfba9445c73a3dbe8e24538bf2d73990ac216e3855d444acfa7357e9172456f92fe87890983d3075b8d21d0a1b006c9bc6b61567678dc36685ae62484f94f53ddcf0094b852beb536b97952ac5b79c15de6ad9a33e84f6d040b2cce06e02c30ddc83f9916a134d160430fd1899e91d9329132ecf35add801c74281dcb56d8ca2d3072cd0e998c615c837531ed6ce3193c18ebad9e2b042d5dc03160c30ea81147bbed328a7bf0e4be8be883207baab7e90d4e0feabcaab7e73cdd5ce2beb3d22275da2b5f5aa355a16878ff69d3a1688b638dd2fa2bdf1dce5c27bfd8a76f5ddabffc4b9fa07504b0304140000000800000021006faaa42a960c0000718800000b000000636f6e74656e742e786d6ced5d6d939bba15fede5fc138d3b96da71803f67aedc9eecc6e924ed349da34d9dbe9b73b32c85e6e007185bc5ef757f537f497552f800101068cbd242199c9bd968ec4a347e71c1dbd205ea3f5dab1e0d246d6d6833e512de413fa5fe5d973fd7029726f465bec2f11089d70e9030f864b622d5100fdb8d4322dbdd4c79351543e247bb776712e9c2e4de033a95b98c966ca8255fd2773e174691b835dddc24cd6f137e9e26b54b7f073e8aa6b4459f702409c1c8a67d7f1bfde8c1e0909969ab6dbedc63b738cf046d3178b85c67313c05622176cb1cba56c4b832e640f0b357dac6bb1ac0709a88b8fc9a621f95b6f05716d6a000152af864f9bda1af1b429a1c67a04b8b66e70e16cf79a76fdee35ed74590f90c7923eb9d63ed24cfecfc70f075dc05edd6731d90c55167682dacd14d2199690bf766ab32da4d3e511424953590161e0bcb9c66432d5c4ef94f4ae527c871d02714adcaa14b7806b253d86bc22d2a99cae5109153e31354f0c87111996143034919d08877669d5fffef8e18bf5083d7010768e0bab8e1f12e01f98c1ac134b5b3ad3300c10260931ebfa0e97f69691607b249e5bee2e586e2cbac1b65d284ae1981a751dd470d52707ee5e8d322341b5422c720ac1ddeab1225c28ed772b0be8138dc9240a4e55e43048e04d328eadd1d6a78d70901f11089f03881d96055c5e6c99a921adf52e6a516534f6a56ac80c080e74638f9334a9b01a84542fa40a440d0505cb54e9ecf882bde77ad531e340f63a5f63ced158616892227d78f8acb13c950dafdae8f675f428e16ac2dbdf294a3649899c900bfccd166ce8084c5bb4bca79a6c8d983415a7bf5d6785017620af2093b657211d606c1bda0a4b644dba197da1c664036c8f34518526d5f15acba0a049b9142615235dd310475d030baa36b45c515e8c52498e227e278fc75ff6de0a51f3a123522ce539ee3e93a91dade98343074fae42ca17da496ba3a0c29ff2423f8d944c9d4c4cdd409fe651ff899107fc8c44e0108b8e504f941c6e5acd61e9cd61011b619f871a37a37be4da17c77c1ae4cf70b375013e3bea8747fa4c1bb850b9fbf85004392370d99e077e78b4e3a94c35a870e78461b7a01a636adab15d60be139dc6c0283fbf2f829c9538c2e23e24d03b11d25bf82bf8d7b694c25476276012872bbbd7d8f1822da13a4b1c4be575a53d2fff376b2aac663d796c045b440b621810393c450de8d80631a1c3415460e7d82c4ebf1a2f8ca9e9503b11733ce03a1bff66e4c2358928d452006a001adf1542a2d31477ebf905c844860c304a8f701ae3f954a730db61ba3f0b261a1f4c67d7ad41dd15779e6a41d72dc24493d388d668b902d6d70d666117438ce8b4f395c5ff8c586e006c9bcebb6f4693f1c4bc36581fb33208db10abac8379ce8cc524c8756ce5d584ff494b6167f348c57ce4c3743241c1f1b22b44089b9414ca45718d685faa198e4763a2388aa9687d2bc2dfbd20e17de2e1ce389587ee54eb981857b5bcfe55aa564b6334074e244ea603271227b3fe7052e8962fc0c1fdc0c1f8cdc0c1f8edc0c1f85d8f38e88d8fbc1a389138990f9c489c5cf7879317f31f3de2a0377ab1183891170b2603293229e798d1c32bf6b7e32594ee297b99a5037d583b282065583c282065583d282065982e149032cc170a4819260c39528a479e867b5d3369abcb0378e3f8c9fea607f6ea0a43f0555d41b283d05731da8537a3357043d80ef799b6c4ccf1f44ab447e462e8aa3909637e35ff534bd0e7d933ab07faba1de8e261b8818618e3b9b9b8ea6e37d43c53d74fc60bdd345aee3c9ac3cee365c36673fc66d879148a37cc1e644e7a347978995530737c3f70307ed3230e7a631bc31c52e6649842ca9c0c33489993610299e3a4d89934981e9863dd9ccb3348dec863f34782b7eda68fd3b39da89c5cf3b94e3b50e73b52395fb406354c6c2e1ad0532d3899f016539796ba71f2dce34575a3ef7b43541786c99dccc910d4e738298e5e2f3408b75fc49df571149ef571149ebde828dc1f87381b469c73137cfa88732982bf8be31fb35ead55f66438ebd51ad5cbac5d5243ec1107bdd18b619deec0c92729240800061b0c82c7388326b0fb95f80f5594fa2b04144886aca4588e2b76ff821a858216f4f9352aa2c4afdb9038ebbd1a522a69cd3bdab84c20987403ab21556972a147ea99387468e1c94437a6e6fcaa3109d270558784bf2044be2712a421e48c9a101280c9a91cd03af92bdba1f31f8a4437025a63252f8bb9c9ee78895a19175541e8003fae209fc96e7172e17394dd9453c9fdfe88d625f9db41b14e562c695fe547f458d2464a1d127814f08b31f9e58db830301c55a14ef55ad94d384d514b2f969c8ebafb5e6cd01ee9a590ee7b213148967b3372086d939535295e776470a5f989cd45128d8325e95d8fcbf41df4ed33749cfc9246ef5ad3ca995ce9bad5dc2ce51728bad7e32ad8c66cbe305ac4efadc2b604361b6629f797f681f23b0827a3be90e69d838c5601d20305c6b858217b7ff1ee6b157ed4465c6526137b3e9bb740dc2e56e802b131995287d41c71ab3821b20c065a7fa1402f95baf5690cef3a3e8c476ebe56312a1689f638d85d5b2512d14a305765feffcd496d15ac5c90d4268b16ad8291e44aca3aed10af60444b5ad3f1743a59448b5d514ebc8c15a5f2763bb4bffc3851d4cffa54cd649eea69f99d7f8d196b15f07c4f8c55074e2b703d593567b555e094b09aec0c87d44cd4006c62895ef09d3480c18aae10171e8aadc7463bd96b84216bf5e6f21add2afa1bb8bf986db48a737be571aac86ec244ab20f79b61e28281a1d12af8fee6993cd180db92dd6aded088ec2e8cabd55ca110e505962c8c5641f8e968afe6d06a7ec84c3e33459f5913c461d26a5fe98d47f707f914cdb147a752fb36f77a908fa8d46b4deb7889070e2ed8a32dc92009bcfc2c2e919336fa370937d7e359e4ed78ea23142e50d70fee8e06292afb400160e9892a6387e247d8611f3660d029008409060e497bd4e89cf9fc7a3ecdbadac36ebf9c179f35907392f305719600c33e6442679eaa876c4a848b55b28ab3220236d8491db99ab0bf45124c27423a364c8b3257203c1034191bfa55eac5f2b420deaef607c1621901559c8128a961055df601974cd49816e25d10bde951906d3b61407f6705d608111f11a87ae039033173be2b910a6110531cbf093e99cc53ba411fc2bfac12397a56409c1f595c170881350bc80b65d2269d6605d86c6dc1e3a32c7f2f3e4a672ff2c7675a67bf8f53e31e4e9f1a490ca9d820d226f3c87767d5c4e2f2196bbed3988f2aa85e663a5b52e4ca2043b2077dc1f52a8b5d4296eaa917421c997621dc3cac822eb84d5d515f70117d7c473d5ba3e43544bf9933158f4aaeb7c71e6b15f652d5ac91b50d536119cb0c0277afda3074367e647d99b507fec1b210feb6857efa4b2485390a4f8a0c4ca58de1daebc227e8524a46225b78e5f7ae4bf55778f7e85127d6c8b70b3aaa8a0d559dd4f4567c742d51833236c5530251341d07b175bfdb3bdf57fe468d3f8c2a086a94d1958fc0a103276950e60b739d1bfe199f9aa5f4ebd1ed7bff09518d53fefebfff2e15bd6ec1abd1ed5b283e7ac33e55a43428177549007c59800670b79fe11a624670cc3795bca5d0feac7cfa8732aff7a0ec5ec05b4020ad40d78c8566d0d03257077f0182ff1bbd0c91be43287e412253bbc88935ec503e7a33a0b4c8f8eea0970d4addc720c4c24a241faa180690368d46add3c27a236fc9deda10b9d96c9a1e25e7e040d7ad684232775b3e01770b55b20f58c04a70b2c9a754eb8099d19d4c67082bcb61792990ffdc029f3864df5f843ffb0e513e6127b1951e627c00cf39cfd715bc775dc0bbf3d0d627b5f16533120bca264b765762764dba6256a7ade5fe503ef9f019595fa1dcf006353cec9082792df9fe2da7af7e8bdf9ed66276fce7d650b67d4446878e773a9b734c263d8447638233a06257349fda9def0c465a4d70c5969a493d16accc9228ba2a44304a4304a3798860b40a11d83d7345a5aa5c4d9dcea86ab659da6c33ed7b6bb781dff27624cc31e356e6ab96239d722a1a29ae597710ac330ee69d6d9569bd10ca7b104ab1448730df7404b378d43e02b464ec96720a9449761b5510e5b1526bee494fb5cf69a97d4e5bd9e7f4e0999a16bc2f2b9831cada6a34adafed155a4459784004b8ca1fe0b3e58ee9c3689cfac7a5ac53952a551ff37d0798cbc6c06a94157adf496718dd7406e3ff8cf49bddd0ffbdb2cf4ca1ffec77a8fccd5cfaa7f9511f5e3fe0ac72dbb352b73d6b1e4dce5a4593b39268f20ccb49e29a8bc2a88f2dfbf92ce8aba7e0d5f1c227b0679b2dca03c45ee3b5080b3d410c6df52050ac0a25d1764b5eba68365bf83cc3d28bb833e2c7587a11571374bbf452b212ddc5445bdc22f06d4db4b38bf5e9a7265b69d1fe58f25bec9f253f6d646d997d53e7c139befd3f504b030414000000080000002100019dcfac1f0f0000649f00000a0000007374796c65732e786d6ced5d6daf9b3816febebf22ca6835d24a2481bc5fb595daceac76a456db9d7656fb6de4809330058cc0dcdcf4d7af5fc18021405e6e6e4bafd4f6e263f3f09ce3e3736c635ea1edd6b5e18383ecc4870136627cf4603c78f2bd207ee085af8749143c2010bbf143007c183f60fb01853090951e54e9077334198afaacb1a6d599b05a1bc327dcb43295cdd5059be67766c26a6d270287a695a9ac1becd4ea5bd4b4f253ec195b64d8c80f01760b289e3c37f8fa7ab8c7387c188f0f87c3e8301da1683736d7ebf59895a680ed542e4c228f4939f6187a90de2c1e9b23732c657d8841537c5456851424fe06468da9011894b41a3fee1a5bc4e3ae821a7b0fa2c6b6c184f3ea9d3acdd53b75d4ba3ec0fb0a9dacc61f4921fbebe387cc1622bfe9bda86c8e2a3b72c3c68fc9a5732ca160eb36669b4babf51142e9a3d20abc83b3c7b52693d998ffae481f6ac50f918b61a488dbb5e236f0ec5463c8d7914ee4cc319130e02335f3b4e35022e38a0ad69817a7c2b153d9f4ff3e7ef86cefa10f3261f7b4b0e106310641c64c449558f9a4f371044314e194986d73874bb465a5d8f6d8f7aadd052d95a2bbc871b4a204ce744c5c07e9b8c6a30b0f3f0d732341bd41ac0b06c1dceaa92a4c48f5bbb515ccc998caa4064e4c241b24a25d3a8c6d5112908770512008844f218c5c5a043c56ed21d7826af51eead0a418fb94167203820b3de971d247d2368390e1c7c480484741e183523b3fbe44fe53b3e668e740ceb6d862c1d1d8713cc53a7bf8f2fb98961974781d0fdfbc12b7da2212296c810d0d07da5efce66f83c12beee8d39201ff9d827a3dfc8c41f4f9e86f10b140e2d4a594ef7ac75ce1f8644b1f5c32fe302d0c3e93e7dc5a9a067f2e0afd3c1ce4daa462c60e06a48cb8a008f920c849842eb689937f0491cbacb33d2cb33d2ce0a02860a3f5ebe13be43937c77c1ee4dfe12ef1407475d45ff6e49e0ef0e0e0edc72f3ac83981db6a1e04f149c513997a50f1c18de3cb826a8da9ad622f81f92d571a0533f8e3371de4bcc409168f3186fe99907e817f81ff2695142ac51701f36a5ce95ea5e3e5d99902dc815b9078226d93371000771108f7ae3da4e2525e5c33423218c008bb24d5a30f16e3087d8524d8f61089ee7f9ab03fc3011d6bc9f0e37969c97a6ddb5be22ab6e8e1409a3250484de8f5304006fd5d5489f7c4820e06011d436c90a16a3232cd95e906daf263b99c0c09d820090e34e210d824bd3248af76bf213aaa7169735627fd489fcdd6c89218aa71bb25595dab82728f3ccec1c57b8327ad5be0c5c2c224f3218800633fc73d2ba2750c9060446f44ecce7520e2a2c00bf740de8461d9441090a49028ccb571cea4dcc0813446a459bc0a5ba26160241a1276119b41612c308eab41aa0fc19096f02731240f1f50953224c2587094c01c42ad072796c40a63f71b2934ad10b36b1e087609d8914b3060176c127fe188d8ca1f9f53422026518df11546017b4eed0d0d12468340e35f32317a6b29664e46f3302556a290a5df9e9e6491c0234b021468ee4db3570f3e9dbe7b2ac80928dc3d2dd5dc3f2d6308b8531b6b9c4343a7915ac0f0a4f112a5ec8fe11e066c18313ce038441b0c1773089eebbbe9b334b4f130096c9cf006a943214129218168f7742790266d382e4fbf68379dadad79d64d69064a3bb28f1c52ea4506dee43b696fdf776edfaad141e9d98a96189124dc0d0c3aef23cdd12a098549bc2f889cdd7978329b33287a45b5283ed7b84111ed2bd40ec96842ecc903614cadfc32108c081d3430c8d542fffd0a616860b483784fa7f568ff6c0641bd759ae3111b88b2bca5e450a4623d1093b89276b5e1e9bea774ac52542bbb56b3a096fd57347599a0f6441fcb11799ac07f41e0288eae923f7201161ea7c87d40a95405be900b7f5a933f37c8399ed24395aff741441c31b19690c53f8b0573ac59c106614ca7e926a3c96acacaf83c884de821ff26c02b4624a905b2c829609113f00ee01837f1ca1596c153d95ad32867b26d6de374e658f4fb8b1057baee7c9e51baab906a9a6f48f9aaac43969f36e3990e73ea8f4fa04ee51ae34e6b54224f25aab16703cdac7d17d47513124d841e382a1d69a0169fd34dcfea81e776beee3dec3bf4bd1f48c8d845a3357ed5a34d36e438f700567bf8ef014bc32f6893046b043a0c0bd2face1a16d8622e5f6a64996c9c2f6129805c899cd41b7245f49d1925c94448eeefdad5066515bc20674f945655d6c6bb4af5b45c34d052e1bf9134ffe982ea76597b27d57d41c55cd0fa45e044fba1a9f7da42626076a1ac10979d155b9d30cf856a9e07e8eef62422da141703727c99f3bfe70a792d59acaf9b196745ed5480d56f3b8852ff4c09794f7b385b96d58ea4546c5094b99debba812d771a8a52fa0a76a763ef8c94a1524b3916c5351fc4742222a4b93aafde6868e0733e9ebb2364d830608bffbcc65f498cddedd1a0392f817420e9704abf6c7397f1cff2d22b69ac7201ef8c14e202eb772ddd406e56a78923b8444f571caf55ef78ad3b77bcb39ab8a09d228a39d3a968a19dbfd6b75e0c26aea8e769bd9ea72f49cfdd147a9ec22ea58ecc95deeb88a95f6ee2578b97256214bb7c39713a9a2dac4536718f8f214cc79071c34616a3b535b78a8d445401b20d497a1e5fd7d5b0bcb1ad8b7df5ecd0e09f08e15ef13fa0e2550f48ff75d92aef8919aa415eea42d31a6d27ab3cb8c56cbe785d9c2f8eb8f72d4c64d54e6e359d5466fae18f2f6a71ac348e347285ca5c583b7574a1b5304d93eb84e3da3bfe274198459e974c94d88ed00eaa9caea74bbd2a3545f59395d22aee41a92e56a6156f13bed87b6211c4b15d2d996a313766ad5ac746bc4ad7d8a8aaf659b1d1e76483ef5c918509d399b9bcc43adab5cdc32c6a2b37aa690bb32878d57ec8fbe4011bee890594039ec6413f4ba6a943887d40f7b08130165b2de436b715f949a304da4a425c48c4774fd18baf870ed106742a640eae43df06e1d3135a0971ab6cdb485b1ede259e0799d9f13dd215b3695c6c509069cc98a2baf28eede24488ae4c1ff9a88b9cb93de099487e8db34248b535ed3d5253abbfcb29b1bcd9aeabad96c5bd28c199a5e494f66f5e2228cf097bf0117aa20a8f9ee905d24752b793f806dd9f0fb09c65934aa32b4aa27e3138f7e9f00c36a444ddfc6452ef2137f855a16881d17a0118a72f00e3ec05609cbf008c8b178071f90230ae5e00c6f50bc0684e9e1364a1b430580508c3d8e0ef78266215232d304418bb4508d3df758f618ad91ebedbfe11780985272eca8ab191cdc2d0159c5c1d3e4544f7dfd2f6e47b7562886d0e12064e1546578f51b903a526c3a1bb53e534177f5b41cd5aab4912ad6464d0dc5994b9811db1d7b2a993cdbdf7c1da535ff7a0812569d7b58db4e8c4c2616985bbc196547e59c4b274ee6c36a54fc777aa8a9482e1efb292698ede6a21d16838f1030d325e500628ae0b9cd668393365cf688de9dd553099249b9baf3a837aab579e6143cfd36122970b59cf06d85f77117d51357d61c7667f58a01e02c7615923c92ca72b4b649d622bb29cdc99cc433c8891e73a83f435a04c4a4cf4a45bb1c56599cbd6d655f2dab25cce472a8fe1fac48be4df51d13e7d27c27f7d46c2ef8987b7a5e5d9b63c5cceb44e8931532bda5fad6975ec8ca5a5cc9e93b7b39e931227f3fbe144eb966fc0c1bb9e83d1fb9e83d12f3d07a35fef8883bbf1918b9e931227cb9e931227abfbe1e4d9fcc71d71703776b1ee39294f164c7a52caa45c23a3870bfa73e12994cb53f63c5307663f77a021a59f3cd090d2cf1e6848e9d3050d297dbea021a54f180aa4e8479e966b5df3d25217df8697eea1f2c1919f37646c203e4018d06354e2ae9b4c19ee2b2d89b1bdf3cac264043da320612d17cb7f74047d9d35b366a057dd40eb87e11616628d96d3f5e272aba1d32ba97e325a9b53abe3cae3b45f79bc6dd83c1dbdef571eb9e1f5d94399933b4a1e9e67166c3a7ad773307a7f471cdc4ddfe873c832277d0a59e6a4cf20cb9cf409648113bd3369911e4c47e67459ce20f99bc627f24776986b27d457db513959b15ca71ba8eb6da95cae3b83ea139b9b06f4c40ace26bc43ead2d136cece3d9ed536ee7d6d88d8429fdc9539e983fa0227fae8f5468370f749dcf93d8ec2f37b1c85e7cf3a0adf8f439cf723ceb5093e7fc4b915c1dfc5f68ff95dcd55dec97076577354cf3377493ae21d71703776d1cfd3659c7cea7c14f3b31d97947e0255b96714bba4f264625ab3e972d19a844ec7a28a5300bf1b123a9f19da8104f662f8850f466207bcd7f2b25e4eed9a2f16944e882f1f20df96d392fbfd117b57c9dff68675b66195d6557e448f555a48e976e07a1d6a456bfa03caadd6a84b2f969c8ffaf25a6cf13ca597422eaf85ede92f85b0b66b3e06c2cacffcdac7a7f2bb1eb7d11d0c9c2b28aefc92c6dd3d4d2767b2304dbb7db72cbf4071793bae836dcd976bab43fcde296c4b61cbb3366fec03cbef209c8dfa4696770d323a0548b953506f8db853f8d118715d379938cbf9b203e26eb1c225105b93197148ed11778a1372df607a9e404fb95a3ac595cd550cf5223738c4f593d92958b921a96d262d3a0523e919e44d9e2377e0f86c349b4dd6b567c7773a1abc93df02416cb667ac53c0f33d31561f386dc06ab269cf6aa7c0a978167ec74f5b5d9beff4014a5fc1a2f3b162257b8b2228ce59bcb545778afe7aee6fd6373ac5b977e571eac86ec344a720f7c53071c3c0d0ea147cbf7826cfecc05dc9ee9437b422fb129dab53aea0457983290bab53107e3edac512daed379995f74c9dfa884306224b5a9d85d97a74ff52de45d3ecfb1177997b7d296f5169fd358c76f1120b1c3c704409ce2109fd621697ca9516fa772937ab91fc6e16bbba171fe631cdca13a845eb914bf0a3c825060dc489dc28c21170b1ea51c53ef3e56a39abfa0c4db94cee352897a4fb0b64110773885c4c0fdcf6914388f022036f6491206017b9ca96ab09fdd1498873b967335de106c41941939165aac774ab8251b23966827a190e95ef81a86861033d7428448daa10538178d343532cbee092179027a91b3e78ca41ccedef4aa562283f7f97be093e992c15db9047c90b474f2bf0fd23eb9546086c6940ae9551bbb4ca0a70e8dc023fcf9c9f72ceafd317f9e59ed6ec2bd3d9a777b25d23ca67f7741d42ed327bb63aab1ccc5f28d8b295c6625441ec32a7ec922137f9305de9a36579ec25648aa69e09b1e8da5ab845581a15bc514ea6d71c442fcfa817495c7a5d3e9f92dce5bc6031095495aef7939c29411e3b423f94c7fc67c3f4a7e9f0cdaf4f80aeb30d3e60477c0c21d4e8a8ac1d0d332a27ca93a89c141f3c2d905f369045ff07504b030414000000080000002100ef03b6173f0300001f0c0000080000006d6574612e786d6ca5975d6fdb201486eff72b22afb736d84eb2c44a7331ed6652aa4d5b2f7a57118c1d361b2cc071f6ef07fe20769aa46893aa2ae53cef010e2f9c74c3b38c6292a41cd72561ca2f8942b35359309974a147af162ce148529930541299289cf08ab041928ce9240ca0d7eba5fa5338cb5b78ac56e4a45cc5869d68d1de7de6161eab53811a57b16129cbc7f28cbb8a4fb2f033ee635e5648d18b559c0aca7e3f7a07a5aa0480a66982260eb8c841b85eaf411bb50bc696ab6a51b4548a012988994c823008c1c09af3755d9f61c74b6275b927c2b93448a137a72a8fb9b3238ef98dd2e00312cede68e1e9f1c6a9fbf1c6e9585b2275b871262bf0a483edafa7ddd90ba2749dcbb0935261412be76d76f4a44a9c65d4b9da1d3dd673ceed568da0bbe0ed762308e7a0fb7b443777f1465045c408c777718c0a6c4f8c97d78aaeb91068c2274763737b714c21e50d4104bab085657a33f5cbd3ee273e90129d61fa3eec53261562e7ca0873883777ba0082545c285b98ccfdc1d5a715d9b51d5459dc7e2e4c74407391a65751bd9c18e8a7435f5cff4849f3d19b7482fb86585f18a27d56df93b4d0f8ddbd2b0821308c35b8b6c8b94988dc36b18cd74c6f8272d617909c2a22a809a1a29525930c63d717fc1f52f6bd6f9461d21028298617c76ee96a1acefd526a03e98bc2ab64a49ef617519edcd299cbc1d3ec32e3c54383a58cd5353f3cff0026e69bf60abceda69fcab485eda66d0e39614420c5c57647f7827c6b01b00c601007d1c38eb2faf4fab25abe2ee7b311f05a09fe8b6005202ce1c3e79a16a91f6dc045c66e062c485b765f579f6cb507223f0cfd70f11c2e12089378d1eba65ca7252955ba39fbf80f2e88dc863d7a313c65d35ab479b6dfe1970bde863a85fdcaa4afbba252513c6bc75b4febce55335dd485d70dd212e57610f6837c6faa70395a8dc8a51d132817a83a0c81301c420d17e9301ac3553f6aba1ec2fad46d68311f624c57a939e8d7585608eba9dea0f162e9817e97b5d48194649491b4976ba73d7a5f59c667a11b16b961b11b363718187bf1c3ec8a5786d79714c64d543f2bf6a3a77d142d8d8fa2f5730413f82981ab205ecea3787ec74eff9ff5a637efa6bdeb5b7b5feea6b01f010c42fdf3f6b2816bff086cff02504b0304140000000800e4a07d5d3a4061fbc500000052020000150000004d4554412d494e462f6d616e69666573742e786d6cad92c10ec2200c86ef3ec5c265a781de0c19f3e613e80310d6290914323ae3de5e66e2a6d18bc96e256dbfef4f437db87b57dca04f36a02a777c5b168026b4162faa3c9f8ed5be3c349bda6bb41d2492afa2c87b98e6a762438f32e8649344ed2149323244c03698c10392fc9c97d9c49a05db5907551eebc76251416b75456304c5748cce1a4d39a5b861cb9f26fe2ee0047762cb76373857454d57c504137fa8268ec8697fb33c90e653773d6402a27ceeb432d604a4e92e2b87a5d1c11c557cfd8be601504b01021403140000000000e4a07d5d5ec6320c27000000270000000800000000000000000000008001000000006d696d6574797065504b01021403140000000800e4a07d5d3a25f2c502080000cb3300000c000000000000000000000080014d00000073657474696e67732e786d6c504b01021403140000000800000021006faaa42a960c0000718800000b0000000000000000000000800179080000636f6e74656e742e786d6c504b0102140314000000080000002100019dcfac1f0f0000649f00000a00000000000000000000008001381500007374796c65732e786d6c504b0102140314000000080000002100ef03b6173f0300001f0c000008000000000000000000000080017f2400006d6574612e786d6c504b01021403140000000800e4a07d5d3a4061fbc5000000520200001500000000000000000000008001e42700004d4554412d494e462f6d616e69666573742e786d6c504b050600000000060006005a010000dc2800000000' WHERE id = 1;
INSERT INTO ir_queue (id, create_date, create_uid, data, enqueued_at, name) VALUES (2, '2026-11-29 20:07:08.092561', 0, '{"args":[],"context":{"_request":{"http_host":"127.0.0.1:8098","is_secure":false,"remote_addr":"127.0.0.1","scheme":"http"},"company":2,"employee":null,"language":"en"},"instances":[1],"kwargs":{},"method":"process","model":"sale.sale","user":1}', '2026-11-29 20:07:08.558473', 'default');
COMMIT;
UPDATE ir_queue SET dequeued_at = '2026-11-29 20:07:08.59115', finished_at = '2026-11-29 20:07:08.591156', write_date = '2026-11-29 20:07:08.563347', write_uid = 0 WHERE id = 2;
UPDATE ir_session SET write_date = '2026-11-29 20:07:08.594512' WHERE id = 1;
-- ACT create a user
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:08.928838' WHERE id = 1 AND name = 'res_user.get_groups' AND timestamp = '2026-11-29 20:04:39.67783';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:08.931003' WHERE id = 4 AND name = 'modelview.fields_view_get' AND timestamp = '2026-11-29 20:07:07.114517';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:08.932293' WHERE id = 2 AND name = 'res_user._get_login' AND timestamp = '2026-11-29 20:04:39.665128';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:08.933405' WHERE id = 5 AND name = 'ir_rule.domain_get' AND timestamp = '2026-11-29 20:04:39.673513';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:08.934571' WHERE id = 14 AND name = 'res_user.get_preferences' AND timestamp = '2026-11-29 20:04:39.667784';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:08.935685' WHERE id = 13 AND name = 'ir_model_access.get_access' AND timestamp = '2026-11-29 20:04:39.680715';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:08.936879' WHERE id = 11 AND name = 'ir_model_field_access.check' AND timestamp = '2026-11-29 20:04:39.679279';
BEGIN;
INSERT INTO res_user (id, name, active, login, create_date, create_uid, email, menu, company, company_filter) VALUES (2, 'Bob', true, 'bob', '2026-11-29 20:07:08.604381', 1, 'bob@example.com', 2, 2, 'one');
UPDATE res_user SET password_hash = 'canary-2', write_date = '2026-11-29 20:07:08.604381', write_uid = 1 WHERE id = 2;
INSERT INTO "res_user-company_company" (id, company, create_date, create_uid, "user") VALUES (2, 2, '2026-11-29 20:07:08.604381', 1, 2);
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:08.941517' WHERE id = 1;
-- ACT change a password
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.332589' WHERE id = 1 AND name = 'res_user.get_groups' AND timestamp = '2026-11-29 20:07:08.928838';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.335427' WHERE id = 4 AND name = 'modelview.fields_view_get' AND timestamp = '2026-11-29 20:07:08.931003';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.337248' WHERE id = 2 AND name = 'res_user._get_login' AND timestamp = '2026-11-29 20:07:08.932293';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.338741' WHERE id = 5 AND name = 'ir_rule.domain_get' AND timestamp = '2026-11-29 20:07:08.933405';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.340399' WHERE id = 14 AND name = 'res_user.get_preferences' AND timestamp = '2026-11-29 20:07:08.934571';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.342005' WHERE id = 13 AND name = 'ir_model_access.get_access' AND timestamp = '2026-11-29 20:07:08.935685';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.34366' WHERE id = 11 AND name = 'ir_model_field_access.check' AND timestamp = '2026-11-29 20:07:08.936879';
BEGIN;
UPDATE res_user SET write_date = '2026-11-29 20:07:08.951753' WHERE id = 2;
UPDATE res_user SET password_hash = 'canary-3' WHERE id = 2;
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:09.348715' WHERE id = 1;
-- ACT reset a password
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.563556' WHERE id = 1 AND name = 'res_user.get_groups' AND timestamp = '2026-11-29 20:07:09.332589';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.566381' WHERE id = 4 AND name = 'modelview.fields_view_get' AND timestamp = '2026-11-29 20:07:09.335427';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.568243' WHERE id = 2 AND name = 'res_user._get_login' AND timestamp = '2026-11-29 20:07:09.337248';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.569852' WHERE id = 5 AND name = 'ir_rule.domain_get' AND timestamp = '2026-11-29 20:07:09.338741';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.571479' WHERE id = 14 AND name = 'res_user.get_preferences' AND timestamp = '2026-11-29 20:07:09.340399';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.573046' WHERE id = 13 AND name = 'ir_model_access.get_access' AND timestamp = '2026-11-29 20:07:09.342005';
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.574512' WHERE id = 11 AND name = 'ir_model_field_access.check' AND timestamp = '2026-11-29 20:07:09.34366';
BEGIN;
UPDATE res_user SET password_reset = 'canary-4', password_reset_expire = '2026-11-30 20:07:09.416622', write_date = '2026-11-29 20:07:09.357862' WHERE id = 2;
UPDATE res_user SET password_hash = null WHERE id = 2;
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:09.581778' WHERE id = 1;
-- ACT an application asks for access
UPDATE ir_cache SET timestamp = '2026-11-29 20:07:09.609418' WHERE id = 14 AND name = 'res_user.get_preferences' AND timestamp = '2026-11-29 20:07:09.571479';
INSERT INTO res_user_application (id, application, create_date, create_uid, key, state, "user") VALUES (1, 'web_shop', '2026-11-29 20:07:09.588639', 0, 'canary-5', 'requested', 1);
-- ACT fail to log in
INSERT INTO res_user_login_attempt (id, create_date, create_uid, ip_address, ip_network, login) VALUES (1, '2026-11-29 20:07:10.38466', 0, '127.0.0.1', '127.0.0.1/32', 'bob');
-- ACT log in as somebody else
INSERT INTO ir_session (id, create_date, create_uid, key) VALUES (2, '2026-11-29 20:07:10.669599', 1, 'canary-6');
-- ACT create a web user
BEGIN;
INSERT INTO web_user (id, active, create_date, create_uid, email, email_valid, party) VALUES (1, true, '2026-11-29 20:07:10.698594', 1, 'ann@example.com', false, 3);
UPDATE web_user SET password_hash = 'canary-7', write_date = '2026-11-29 20:07:10.698594', write_uid = 1 WHERE id = 1;
COMMIT;
UPDATE ir_session SET write_date = '2026-11-29 20:07:11.024028', write_uid = 0 WHERE id = 2;
-- ACT log out
DELETE FROM ir_session WHERE id = 2;
