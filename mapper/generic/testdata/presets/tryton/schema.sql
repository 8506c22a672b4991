-- Tryton 6.0.29 with the modules party, company, product, sale, sale_opportunity, sale_history, account_invoice, stock and web_user (Debian
-- tryton-server 6.0.29-2+deb12u4 and tryton-modules-… of 6.0), worked through its JSON-RPC: the tables that the acts changed, without indexes,
-- defaults and references. Passwords, keys and sessions are replaced.
CREATE TABLE account_invoice (
    id integer NOT NULL,
    account integer NOT NULL,
    accounting_date date,
    cancel_move integer,
    comment text,
    company integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    currency integer NOT NULL,
    description character varying,
    invoice_address integer NOT NULL,
    invoice_date date,
    invoice_report_cache bytea,
    invoice_report_cache_id character varying,
    invoice_report_format character varying,
    journal integer NOT NULL,
    move integer,
    number character varying,
    party integer NOT NULL,
    party_tax_identifier integer,
    payment_term integer,
    payment_term_date date,
    reference character varying,
    sequence integer,
    state character varying,
    tax_identifier integer,
    type character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE account_invoice_line (
    id integer NOT NULL,
    account integer,
    company integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    currency integer NOT NULL,
    description text,
    invoice integer,
    invoice_type character varying,
    note text,
    origin character varying,
    party integer,
    product integer,
    quantity double precision,
    sequence integer,
    taxes_date date,
    taxes_deductible_rate numeric,
    type character varying NOT NULL,
    unit integer,
    unit_price numeric,
    write_date timestamp(6) without time zone,
    write_uid integer,
    correction boolean,
    PRIMARY KEY (id)
);
CREATE TABLE account_journal_period (
    id integer NOT NULL,
    active boolean,
    create_date timestamp(6) without time zone,
    create_uid integer,
    journal integer NOT NULL,
    period integer NOT NULL,
    state character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE account_move (
    id integer NOT NULL,
    company integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    date date NOT NULL,
    description character varying,
    journal integer NOT NULL,
    number character varying NOT NULL,
    origin character varying,
    period integer NOT NULL,
    post_date date,
    post_number character varying,
    state character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE account_move_line (
    id integer NOT NULL,
    account integer NOT NULL,
    amount_second_currency numeric,
    create_date timestamp(6) without time zone,
    create_uid integer,
    credit numeric NOT NULL,
    debit numeric NOT NULL,
    description character varying,
    maturity_date date,
    move integer NOT NULL,
    origin character varying,
    party integer,
    reconciliation integer,
    second_currency integer,
    state character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE ir_attachment (
    id integer NOT NULL,
    copy_to_resources character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    data bytea,
    description text,
    file_id character varying,
    link character varying,
    name character varying NOT NULL,
    resource character varying NOT NULL,
    type character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE ir_cache (
    id integer NOT NULL,
    name character varying NOT NULL,
    timestamp timestamp without time zone,
    create_date timestamp(6) without time zone,
    create_uid integer,
    write_date timestamp(6) without time zone,
    write_uid integer
);
CREATE TABLE ir_model (
    id integer NOT NULL,
    model character varying NOT NULL,
    name character varying,
    info text,
    module character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    global_search_p boolean,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE ir_module (
    id integer NOT NULL,
    create_uid integer,
    create_date timestamp without time zone,
    write_date timestamp without time zone,
    write_uid integer,
    name character varying NOT NULL,
    state character varying,
    PRIMARY KEY (id)
);
CREATE TABLE ir_note (
    id integer NOT NULL,
    copy_to_resources character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    message text,
    resource character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE ir_note_read (
    id integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    note integer NOT NULL,
    "user" integer NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE ir_queue (
    id integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    data text,
    dequeued_at timestamp(6) without time zone,
    enqueued_at timestamp(6) without time zone NOT NULL,
    expected_at timestamp(6) without time zone,
    finished_at timestamp(6) without time zone,
    name character varying NOT NULL,
    scheduled_at timestamp(6) without time zone,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE ir_sequence_strict (
    id integer NOT NULL,
    active boolean,
    create_date timestamp(6) without time zone,
    create_uid integer,
    last_timestamp integer,
    name character varying NOT NULL,
    number_increment integer,
    number_next_internal integer,
    padding integer,
    prefix character varying,
    sequence_type integer NOT NULL,
    suffix character varying,
    timestamp_offset double precision NOT NULL,
    timestamp_rounding double precision NOT NULL,
    type character varying,
    write_date timestamp(6) without time zone,
    write_uid integer,
    company integer,
    PRIMARY KEY (id)
);
CREATE TABLE ir_session (
    id integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    key character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE ir_translation (
    id integer NOT NULL,
    lang character varying,
    src text,
    name character varying NOT NULL,
    res_id integer NOT NULL,
    value text,
    type character varying NOT NULL,
    module character varying,
    fuzzy boolean,
    create_date timestamp(6) without time zone,
    create_uid integer,
    overriding_module character varying,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE party_address (
    id integer NOT NULL,
    active boolean,
    city character varying,
    country integer,
    create_date timestamp(6) without time zone,
    create_uid integer,
    name character varying,
    party integer NOT NULL,
    party_name character varying,
    postal_code character varying,
    sequence integer,
    street text,
    subdivision integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    delivery boolean,
    invoice boolean,
    PRIMARY KEY (id)
);
CREATE TABLE party_address__history (
    id integer,
    __id integer NOT NULL,
    active boolean,
    city character varying,
    country integer,
    create_date timestamp(6) without time zone,
    create_uid integer,
    delivery boolean,
    invoice boolean,
    name character varying,
    party integer,
    party_name character varying,
    postal_code character varying,
    sequence integer,
    street text,
    subdivision integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (__id)
);
CREATE TABLE party_category (
    id integer NOT NULL,
    active boolean,
    create_date timestamp(6) without time zone,
    create_uid integer,
    name character varying NOT NULL,
    parent integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE party_category_rel (
    id integer NOT NULL,
    category integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    party integer NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE party_contact_mechanism (
    id integer NOT NULL,
    active boolean,
    comment text,
    create_date timestamp(6) without time zone,
    create_uid integer,
    name character varying,
    party integer NOT NULL,
    sequence integer,
    type character varying NOT NULL,
    value character varying,
    value_compact character varying,
    write_date timestamp(6) without time zone,
    write_uid integer,
    delivery boolean,
    invoice boolean,
    PRIMARY KEY (id)
);
CREATE TABLE party_party (
    id integer NOT NULL,
    active boolean,
    code character varying NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    name character varying,
    replaced_by integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE party_party__history (
    id integer,
    __id integer NOT NULL,
    active boolean,
    code character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    name character varying,
    replaced_by integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (__id)
);
CREATE TABLE party_party_account (
    id integer NOT NULL,
    account_payable integer,
    account_receivable integer,
    company integer,
    create_date timestamp(6) without time zone,
    create_uid integer,
    customer_tax_rule integer,
    party integer,
    supplier_tax_rule integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE party_party_lang (
    id integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    lang integer,
    party integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    company integer,
    PRIMARY KEY (id)
);
CREATE TABLE party_party_location (
    id integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    customer_location integer,
    party integer,
    supplier_location integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE party_party_payment_term (
    id integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    customer_payment_term integer,
    party integer,
    supplier_payment_term integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE product_cost_price (
    id integer NOT NULL,
    company integer,
    cost_price numeric,
    create_date timestamp(6) without time zone,
    create_uid integer,
    product integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE product_cost_price_method (
    id integer NOT NULL,
    company integer,
    cost_price_method character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    template integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE product_list_price (
    id integer NOT NULL,
    company integer,
    create_date timestamp(6) without time zone,
    create_uid integer,
    list_price numeric,
    template integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE product_product (
    id integer NOT NULL,
    active boolean,
    code character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    description text,
    suffix_code character varying,
    template integer NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE product_product__history (
    id integer,
    __id integer NOT NULL,
    active boolean,
    code character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    description text,
    suffix_code character varying,
    template integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (__id)
);
CREATE TABLE product_template (
    id integer NOT NULL,
    active boolean,
    code character varying,
    consumable boolean,
    create_date timestamp(6) without time zone,
    create_uid integer,
    default_uom integer NOT NULL,
    name character varying NOT NULL,
    type character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    account_category integer,
    lead_time interval,
    salable boolean,
    sale_uom integer,
    PRIMARY KEY (id)
);
CREATE TABLE product_template__history (
    id integer,
    __id integer NOT NULL,
    account_category integer,
    active boolean,
    code character varying,
    consumable boolean,
    create_date timestamp(6) without time zone,
    create_uid integer,
    default_uom integer,
    lead_time interval,
    name character varying,
    salable boolean,
    sale_uom integer,
    type character varying,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (__id)
);
CREATE TABLE res_group (
    id integer NOT NULL,
    name character varying NOT NULL,
    active boolean,
    create_date timestamp(6) without time zone,
    create_uid integer,
    parent integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE res_user (
    id integer NOT NULL,
    name character varying,
    active boolean,
    login character varying NOT NULL,
    password character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    email character varying,
    language integer,
    menu integer NOT NULL,
    password_hash character varying,
    password_reset character varying,
    password_reset_expire timestamp(6) without time zone,
    signature text,
    write_date timestamp(6) without time zone,
    write_uid integer,
    company integer,
    company_filter character varying,
    employee integer,
    warehouse integer,
    PRIMARY KEY (id)
);
CREATE TABLE "res_user-company_company" (
    id integer NOT NULL,
    company integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    "user" integer NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE res_user_application (
    id integer NOT NULL,
    application character varying,
    create_date timestamp(6) without time zone,
    create_uid integer,
    key character varying NOT NULL,
    state character varying,
    "user" integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE res_user_login_attempt (
    id integer NOT NULL,
    create_date timestamp(6) without time zone,
    create_uid integer,
    device_cookie character varying,
    ip_address character varying,
    ip_network character varying,
    login character varying(512),
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE sale_line (
    id integer NOT NULL,
    actual_quantity double precision,
    create_date timestamp(6) without time zone,
    create_uid integer,
    description text,
    note text,
    product integer,
    quantity double precision,
    sale integer NOT NULL,
    sequence integer,
    type character varying NOT NULL,
    unit integer,
    unit_price numeric,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE sale_line__history (
    id integer,
    __id integer NOT NULL,
    actual_quantity double precision,
    create_date timestamp(6) without time zone,
    create_uid integer,
    description text,
    note text,
    product integer,
    quantity double precision,
    sale integer,
    sequence integer,
    type character varying,
    unit integer,
    unit_price numeric,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (__id)
);
CREATE TABLE sale_opportunity (
    id integer NOT NULL,
    address integer,
    amount numeric,
    comment text,
    company integer NOT NULL,
    contact integer,
    conversion_probability double precision NOT NULL,
    converted_by integer,
    create_date timestamp(6) without time zone,
    create_uid integer,
    description character varying,
    employee integer,
    end_date date,
    lost_reason text,
    number character varying NOT NULL,
    party integer,
    payment_term integer,
    reference character varying,
    start_date date NOT NULL,
    state character varying NOT NULL,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
CREATE TABLE sale_opportunity__history (
    id integer,
    __id integer NOT NULL,
    address integer,
    amount numeric,
    comment text,
    company integer,
    contact integer,
    conversion_probability double precision,
    converted_by integer,
    create_date timestamp(6) without time zone,
    create_uid integer,
    description character varying,
    employee integer,
    end_date date,
    lost_reason text,
    number character varying,
    party integer,
    payment_term integer,
    reference character varying,
    start_date date,
    state character varying,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (__id)
);
CREATE TABLE sale_sale (
    id integer NOT NULL,
    comment text,
    company integer NOT NULL,
    confirmed_by integer,
    contact integer,
    create_date timestamp(6) without time zone,
    create_uid integer,
    currency integer NOT NULL,
    description character varying,
    invoice_address integer,
    invoice_method character varying NOT NULL,
    invoice_party integer,
    invoice_state character varying NOT NULL,
    number character varying,
    origin character varying,
    party integer NOT NULL,
    payment_term integer,
    quoted_by integer,
    reference character varying,
    sale_date date,
    shipment_address integer,
    shipment_method character varying NOT NULL,
    shipment_party integer,
    shipment_state character varying NOT NULL,
    shipping_date date,
    state character varying NOT NULL,
    tax_amount_cache numeric,
    total_amount_cache numeric,
    untaxed_amount_cache numeric,
    warehouse integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    revision integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE sale_sale__history (
    id integer,
    __id integer NOT NULL,
    comment text,
    company integer,
    confirmed_by integer,
    contact integer,
    create_date timestamp(6) without time zone,
    create_uid integer,
    currency integer,
    description character varying,
    invoice_address integer,
    invoice_method character varying,
    invoice_party integer,
    invoice_state character varying,
    number character varying,
    origin character varying,
    party integer,
    payment_term integer,
    quoted_by integer,
    reference character varying,
    revision integer,
    sale_date date,
    shipment_address integer,
    shipment_method character varying,
    shipment_party integer,
    shipment_state character varying,
    shipping_date date,
    state character varying,
    tax_amount_cache numeric,
    total_amount_cache numeric,
    untaxed_amount_cache numeric,
    warehouse integer,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (__id)
);
CREATE TABLE web_user (
    id integer NOT NULL,
    active boolean,
    create_date timestamp(6) without time zone,
    create_uid integer,
    email character varying,
    email_token character varying,
    email_valid boolean,
    party integer,
    password_hash character varying,
    reset_password_token character varying,
    reset_password_token_expire timestamp(6) without time zone,
    write_date timestamp(6) without time zone,
    write_uid integer,
    PRIMARY KEY (id)
);
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('104', 'party.address', 'Address', 'Address', 'party', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('107', 'party.contact_mechanism', 'Contact Mechanism', 'Contact Mechanism', 'party', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('115', 'res.user-company.company', 'User - Company', 'User - Company', 'company', 'false');
INSERT INTO ir_model (id, model, name, info, module, create_date, create_uid) VALUES ('12', 'ir.sequence.strict', 'Sequence Strict', 'Sequence Strict', 'ir', '2026-11-29 19:58:25.041088', '0');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('121', 'web.user', 'Web User', 'Web User', 'web_user', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('159', 'account.journal.period', 'Journal - Period', 'Journal - Period', 'account', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('160', 'account.move', 'Account Move', 'Account Move', 'account', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('163', 'account.move.line', 'Account Move Line', 'Account Move Line', 'account', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('191', 'party.party.account', 'Party Account', 'Party Account', 'account', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('197', 'product.template', 'Product Template', 'Product Template', 'product', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('198', 'product.product', 'Product Variant', 'Product Variant', 'product', 'false');
INSERT INTO ir_model (id, model, name, info, module, create_date, create_uid) VALUES ('2', 'ir.translation', 'Translation', 'Translation', 'ir', '2026-11-29 19:58:25.041088', '0');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('200', 'product.list_price', 'Product List Price', 'Product List Price', 'product', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('201', 'product.cost_price_method', 'Product Cost Price Method', 'Product Cost Price Method', 'product', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('202', 'product.cost_price', 'Product Cost Price', 'Product Cost Price', 'product', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('213', 'party.party.location', 'Party Location', 'Party Location', 'stock', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('251', 'account.invoice', 'Invoice', 'Invoice', 'account_invoice', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('253', 'account.invoice.line', 'Invoice Line', 'Invoice Line', 'account_invoice', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('259', 'party.party.payment_term', 'Party Payment Term', 'Party Payment Term', 'account_invoice', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('264', 'sale.sale', 'Sale', 'Sale', 'sale', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('267', 'sale.line', 'Sale Line', 'Sale Line', 'sale', 'false');
INSERT INTO ir_model (id, model, name, info, module, create_date, create_uid) VALUES ('29', 'ir.model', 'Model', 'Model', 'ir', '2026-11-29 19:58:25.041088', '0');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('292', 'sale.opportunity', 'Sale Opportunity', 'Sale Opportunity', 'sale_opportunity', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('39', 'ir.attachment', 'Attachment', 'Attachment', 'ir', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('40', 'ir.note', 'Note', 'Note', 'ir', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('41', 'ir.note.read', 'Note Read', 'Note Read', 'ir', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('51', 'ir.module', 'Module', 'Module', 'ir', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('59', 'ir.cache', 'Cache', 'Cache', 'ir', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('63', 'ir.session', 'Session', 'Session', 'ir', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('65', 'ir.queue', 'Queue', 'Queue', 'ir', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('73', 'res.group', 'Group', 'Group', 'res', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('74', 'res.user', 'User', 'User', 'res', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('75', 'res.user.login.attempt', 'Login Attempt', 'Login Attempt

    This class is separated from the res.user one in order to prevent locking
    the res.user table when in a long running process.
    ', 'res', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('80', 'res.user.application', 'User Application', 'User Application', 'res', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('96', 'party.category', 'Category', 'Category', 'party', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('97', 'party.party', 'Party', 'Party', 'party', 'false');
INSERT INTO ir_model (id, model, name, info, module, global_search_p) VALUES ('98', 'party.party.lang', 'Party Lang', 'Party Lang', 'party', 'false');
