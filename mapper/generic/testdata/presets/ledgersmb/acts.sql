-- ACT what was there
INSERT INTO defaults (setting_key, value) VALUES ('entity_control', 'A-00001');
INSERT INTO defaults (setting_key, value) VALUES ('customernumber', '1');
INSERT INTO defaults (setting_key, value) VALUES ('paynumber', '1');
INSERT INTO menu_node (id, label, position) VALUES ('0', 'Top-level', '0');
INSERT INTO menu_node (id, label, parent, position) VALUES ('1', 'AR', '0', '2');
-- ACT create an employee
BEGIN;
UPDATE defaults SET value = 'A-00002' WHERE setting_key = 'entity_control';
INSERT INTO entity (id, name, entity_class, created, control_code, country_id) VALUES (1, 'Bob Miller', 3, '2026-11-29', 'A-00002', 232);
INSERT INTO person (id, entity_id, salutation_id, first_name, last_name, created) VALUES (1, 1, 1, 'Bob', 'Miller', '2026-11-29');
INSERT INTO entity_employee (entity_id, startdate, role, ssn, sales, employeenumber, is_manager) VALUES (1, '2026-01-01', '', '000-00-0000', false, 'E1', false);
COMMIT;
-- ACT give an employee a login
BEGIN;
INSERT INTO users (id, username, notify_password, entity_id) VALUES (1, 'postgres', '7 days', 1);
INSERT INTO user_preference (id, stylesheet, dateformat, numberformat) VALUES (1, 'ledgersmb.css', 'yyyy-mm-dd', '1000.00');
COMMIT;
-- ACT log in
INSERT INTO session (session_id, token, last_used, ttl, users_id, notify_pasword) VALUES (1, 'canary-2', '2026-11-29 20:10:11.803816', 3600, 1, '7 days');
-- ACT look around
UPDATE session SET last_used = '2026-11-29 20:10:11.805174' WHERE session_id = 1;
UPDATE session SET last_used = '2026-11-29 20:10:11.805965' WHERE session_id = 1;
UPDATE session SET last_used = '2026-11-29 20:10:11.806312' WHERE session_id = 1;
INSERT INTO open_forms (id, session_id, last_used) VALUES (665254, 1, '2026-11-29 20:10:11.806628');
-- ACT create a company
BEGIN;
UPDATE defaults SET value = 'A-00003' WHERE setting_key = 'entity_control';
INSERT INTO entity (id, name, entity_class, created, control_code, country_id) VALUES (2, 'Example Ltd', 2, '2026-11-29', 'A-00003', 232);
INSERT INTO company (id, entity_id, legal_name, tax_id, created) VALUES (1, 2, 'Example Ltd', '12-345', '2026-11-29');
COMMIT;
-- ACT make a company a customer
BEGIN;
UPDATE defaults SET value = '2' WHERE setting_key = 'customernumber';
INSERT INTO entity_credit_account (id, entity_id, entity_class, description, taxincluded, creditlimit, terms, meta_number, language_code, curr, ar_ap_account_id, cash_account_id) VALUES (1, 2, 2, 'Customer', false, 1000, 30, '2', 'en', 'USD', 3, 1);
INSERT INTO business_unit (id, class_id, control_code, description, credit_id) VALUES (1, 5, '2', 'Example Ltd', 1);
COMMIT;
-- ACT rename a company
BEGIN;
UPDATE entity SET name = 'Example Two Ltd' WHERE id = 2;
UPDATE company SET legal_name = 'Example Two Ltd' WHERE entity_id = 2 AND legal_name = 'Example Ltd';
COMMIT;
-- ACT save a company as it is
BEGIN;
UPDATE entity SET id = id WHERE id = 2;
UPDATE company SET entity_id = entity_id WHERE entity_id = 2 AND legal_name = 'Example Two Ltd';
COMMIT;
-- ACT edit the credit limit of a customer
UPDATE entity_credit_account SET creditlimit = 2000 WHERE entity_id = 2 AND entity_class = 2 AND meta_number = '2';
-- ACT add an address to a customer
BEGIN;
INSERT INTO location (id, line_one, city, state, country_id, mail_code, created, active) VALUES (1, '1 Main St', 'Springfield', 'IL', 232, '62701', '2026-11-29', true);
INSERT INTO eca_to_location (location_id, location_class, credit_id) VALUES (1, 1, 1);
COMMIT;
-- ACT add an e-mail address to a customer
INSERT INTO eca_to_contact (credit_id, contact_class_id, contact, description) VALUES (1, 12, 'office@example.com', 'office');
-- ACT write a note on a customer
INSERT INTO eca_note (id, note_class, note, vector, created, created_by, ref_key, subject) VALUES (1, 3, 'Call back', '', '2026-11-29 20:10:11.819683', 'postgres', 1, 'Call');
-- ACT add a bank account
BEGIN;
INSERT INTO entity_bank_account (id, entity_id, bic, iban, remark) VALUES (1, 2, 'EXAMPLEBIC', 'XX00EXAMPLE', 'main');
UPDATE entity_credit_account SET bank_account = 1 WHERE entity_id = 2 AND entity_class = 2 AND meta_number = '2';
COMMIT;
-- ACT create a part
BEGIN;
INSERT INTO parts (id, partnumber, priceupdate, onhand, makemodel, assembly, alternate, obsolete, bom) VALUES (1, 'Sun Nov 29 20:10:00 2026123', '2026-11-29', 0, false, false, false, false, false);
UPDATE parts SET partnumber = 'R1', description = 'Rocket', unit = 'pc', listprice = 12, sellprice = 10, lastcost = 5, weight = 1, notes = '', rop = 0, income_accno_id = 15, expense_accno_id = 15, bin = '', image = '', drawing = '', microfiche = '' WHERE id = 1;
COMMIT;
-- ACT edit the price of a part
UPDATE parts SET sellprice = 11 WHERE id = 1;
-- ACT post a transaction of a customer
BEGIN;
INSERT INTO transactions (id, table_name, approved) VALUES (1, 'ar', true);
INSERT INTO ar (id, invnumber, transdate, invoice, terms, person_id, on_hold, reverse, approved, entity_credit_account, is_return) VALUES (1, '176453', '2026-11-29', false, 0, 1, false, false, true, 1, false);
INSERT INTO audittrail (trans_id, tablename, reference, action, transdate, person_id, entry_id, rolname) VALUES (1, 'ar', '176453', 'INSERT', '2026-11-29 20:10:11.824039', 1, 1, 'postgres');
UPDATE transactions SET approved = false WHERE id = 1;
UPDATE ar SET approved = false WHERE id = 1;
INSERT INTO audittrail (trans_id, tablename, reference, action, transdate, person_id, entry_id, rolname) VALUES (1, 'ar', '176453', 'UPDATE', '2026-11-29 20:10:11.824039', 1, 2, 'postgres');
UPDATE ar SET invnumber = 'INV-1', taxincluded = false, amount = 100, netamount = 100, duedate = '2026-12-29', notes = '', curr = 'USD', ordnumber = '', intnotes = '', ponumber = 'PO 7', description = '', crdate = '2026-11-29' WHERE id = 1;
INSERT INTO audittrail (trans_id, tablename, reference, action, transdate, person_id, entry_id, rolname) VALUES (1, 'ar', '176453', 'UPDATE', '2026-11-29 20:10:11.824039', 1, 3, 'postgres');
INSERT INTO acc_trans (trans_id, chart_id, amount, transdate, cleared, fx_transaction, memo, approved, entry_id) VALUES (1, 15, 100, '2026-11-29', false, false, '', true, 1);
INSERT INTO acc_trans (trans_id, chart_id, amount, transdate, cleared, fx_transaction, approved, entry_id) VALUES (1, 3, -100, '2026-11-29', false, false, true, 2);
COMMIT;
-- ACT approve it
BEGIN;
UPDATE transactions SET approved = true WHERE id = 1;
UPDATE ar SET approved = true WHERE id = 1;
INSERT INTO audittrail (trans_id, tablename, reference, action, transdate, person_id, entry_id, rolname) VALUES (1, 'ar', 'INV-1', 'UPDATE', '2026-11-29 20:10:11.829601', 1, 4, 'postgres');
UPDATE transactions SET approved_by = 1, approved_at = '2026-11-29 20:10:11.829601' WHERE id = 1;
COMMIT;
-- ACT post a journal entry
BEGIN;
INSERT INTO transactions (id, table_name, approved) VALUES (2, 'gl', true);
INSERT INTO gl (id, reference, transdate, approved, trans_type_code) VALUES (2, 'Sun Nov 29 20:11:00 2026123', '2026-11-29', true, 'gl');
INSERT INTO audittrail (trans_id, tablename, reference, action, transdate, person_id, entry_id, rolname) VALUES (2, 'gl', 'Sun Nov 29 20:11:00 2026123', 'INSERT', '2026-11-29 20:10:11.830969', 1, 5, 'postgres');
UPDATE gl SET id = id WHERE id = 2;
INSERT INTO audittrail (trans_id, tablename, reference, action, transdate, person_id, entry_id, rolname) VALUES (2, 'gl', 'Sun Nov 29 20:11:00 2026123', 'UPDATE', '2026-11-29 20:10:11.830969', 1, 6, 'postgres');
UPDATE gl SET reference = 'GL-1', description = 'Opening', notes = '' WHERE id = 2;
INSERT INTO audittrail (trans_id, tablename, reference, action, transdate, person_id, entry_id, rolname) VALUES (2, 'gl', 'Sun Nov 29 20:11:00 2026123', 'UPDATE', '2026-11-29 20:10:11.830969', 1, 7, 'postgres');
INSERT INTO acc_trans (trans_id, chart_id, amount, transdate, cleared, fx_transaction, approved, entry_id) VALUES (2, 1, -50, '2026-11-29', false, false, true, 3);
INSERT INTO acc_trans (trans_id, chart_id, amount, transdate, cleared, fx_transaction, approved, entry_id) VALUES (2, 15, 50, '2026-11-29', false, false, true, 4);
COMMIT;
-- ACT take a payment
BEGIN;
UPDATE defaults SET value = '2' WHERE setting_key = 'paynumber';
INSERT INTO payment (id, reference, payment_class, payment_date, closed, entity_credit_id, employee_id, currency, notes) VALUES (1, '2', 2, '2026-11-30', false, 1, 1, 'USD', '');
INSERT INTO acc_trans (trans_id, chart_id, amount, transdate, source, cleared, fx_transaction, memo, approved, entry_id) VALUES (1, 1, -100, '2026-11-30', 'check', false, false, '', true, 5);
INSERT INTO payment_links (payment_id, entry_id, type) VALUES (1, 5, 1);
INSERT INTO acc_trans (trans_id, chart_id, amount, transdate, source, cleared, fx_transaction, memo, approved, entry_id) VALUES (1, 3, 100, '2026-11-30', 'check', false, false, '', true, 6);
INSERT INTO payment_links (payment_id, entry_id, type) VALUES (1, 6, 1);
INSERT INTO acc_trans (trans_id, chart_id, amount, transdate, source, cleared, fx_transaction, memo, approved, entry_id) VALUES (1, 3, 0, '2026-11-30', 'check', false, true, '', true, 7);
INSERT INTO payment_links (payment_id, entry_id, type) VALUES (1, 7, 1);
COMMIT;
-- ACT take an order
BEGIN;
INSERT INTO oe (id, ordnumber, transdate, closed, quotation, terms, entity_credit_account, oe_class_id) VALUES (1, '1764532', '2026-11-29', false, false, 0, 1, 1);
INSERT INTO orderitems (id, trans_id, parts_id, description, qty, sellprice, discount, unit, reqdate, ship, serialnumber, notes) VALUES (1, 1, 1, 'Rocket', 2, 11, 0, 'pc', '2026-12-01', 0, '', '');
UPDATE oe SET ordnumber = 'SO-1', amount = 22, netamount = 22, reqdate = '2026-12-01', taxincluded = false, shippingpoint = '', notes = '', curr = 'USD', quonumber = '', intnotes = '', shipvia = '', terms = 30 WHERE id = 1;
COMMIT;
-- ACT edit an order: close it
UPDATE oe SET closed = true WHERE id = 1;
-- ACT attach a file to a customer
INSERT INTO file_eca (content, mime_type_id, file_name, description, uploaded_by, uploaded_at, id, ref_key, file_class) VALUES ('\x416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20416e206f666665722e20', 153, 'offer.txt', 'An offer', 1, '2026-11-29 20:10:11.840666', 1, 1, 5);
-- ACT set an account for outgoing mail
INSERT INTO defaults (setting_key, value) VALUES ('smtppassword', 'canary-smtp-password');
-- ACT look around again
UPDATE session SET last_used = '2026-11-29 20:10:11.842735' WHERE session_id = 1;
DELETE FROM open_forms WHERE id = 665254;
-- ACT change a preference
UPDATE user_preference SET language = 'en', printer = '' WHERE id = 1;
-- ACT delete a part
INSERT INTO parts (id, partnumber, description, priceupdate, onhand, makemodel, assembly, alternate, obsolete, bom) VALUES (2, 'R2', 'Mistake', '2026-11-29', 0, false, false, false, false, false);
DELETE FROM parts WHERE id = 2;
-- ACT log out
DELETE FROM session WHERE session_id = 1;
