-- LedgerSMB 1.6.33 (Debian ledgersmb 1.6.33+ds-2.1), worked through its functions of SQL, and by the statements of its Perl modules for
-- parts, orders and postings: the tables that the acts changed, without indexes, defaults, triggers and references. Secrets and numbers of people are replaced.
CREATE TABLE acc_trans (
    trans_id integer NOT NULL,
    chart_id integer NOT NULL,
    amount numeric NOT NULL,
    transdate date,
    source text,
    cleared boolean,
    fx_transaction boolean,
    memo text,
    invoice_id integer,
    approved boolean,
    cleared_on date,
    reconciled_on date,
    voucher_id integer,
    entry_id integer NOT NULL,
    PRIMARY KEY (entry_id)
);
CREATE TABLE ar (
    id integer NOT NULL,
    invnumber text,
    transdate date,
    entity_id integer,
    taxincluded boolean,
    amount numeric,
    netamount numeric,
    duedate date,
    invoice boolean,
    shippingpoint text,
    terms smallint,
    notes text,
    curr character(3),
    ordnumber text,
    person_id integer,
    till character varying(20),
    quonumber text,
    intnotes text,
    shipvia text,
    language_code character varying(6),
    ponumber text,
    on_hold boolean,
    reverse boolean,
    approved boolean,
    entity_credit_account integer NOT NULL,
    force_closed boolean,
    description text,
    is_return boolean,
    crdate date,
    setting_sequence text,
    PRIMARY KEY (id)
);
CREATE TABLE audittrail (
    trans_id integer,
    tablename text,
    reference text,
    formname text,
    action text,
    transdate timestamp without time zone,
    person_id integer,
    entry_id bigint NOT NULL,
    rolname text NOT NULL,
    PRIMARY KEY (entry_id)
);
CREATE TABLE business_unit (
    id integer NOT NULL,
    class_id integer NOT NULL,
    control_code text,
    description text,
    start_date date,
    end_date date,
    parent_id integer,
    credit_id integer,
    PRIMARY KEY (id)
);
CREATE TABLE company (
    id integer NOT NULL,
    entity_id integer NOT NULL,
    legal_name text NOT NULL,
    tax_id text,
    sales_tax_id text,
    license_number text,
    sic_code character varying,
    created date NOT NULL,
    PRIMARY KEY (entity_id, legal_name)
);
CREATE TABLE defaults (
    setting_key text NOT NULL,
    value text,
    PRIMARY KEY (setting_key)
);
CREATE TABLE eca_note (
    id integer NOT NULL,
    note_class integer NOT NULL,
    note text NOT NULL,
    vector tsvector NOT NULL,
    created timestamp without time zone NOT NULL,
    created_by text,
    ref_key integer NOT NULL,
    subject text,
    PRIMARY KEY (id)
);
CREATE TABLE eca_to_contact (
    credit_id integer NOT NULL,
    contact_class_id integer NOT NULL,
    contact text NOT NULL,
    description text,
    PRIMARY KEY (credit_id, contact_class_id, contact)
);
CREATE TABLE eca_to_location (
    location_id integer NOT NULL,
    location_class integer NOT NULL,
    credit_id integer NOT NULL,
    PRIMARY KEY (location_id, credit_id, location_class)
);
CREATE TABLE entity (
    id integer NOT NULL,
    name text,
    entity_class integer NOT NULL,
    created date NOT NULL,
    control_code text NOT NULL,
    country_id integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE entity_bank_account (
    id integer NOT NULL,
    entity_id integer NOT NULL,
    bic character varying NOT NULL,
    iban character varying NOT NULL,
    remark character varying,
    PRIMARY KEY (entity_id, bic, iban)
);
CREATE TABLE entity_credit_account (
    id integer NOT NULL,
    entity_id integer NOT NULL,
    entity_class integer NOT NULL,
    pay_to_name text,
    discount numeric,
    description text,
    discount_terms integer,
    discount_account_id integer,
    taxincluded boolean,
    creditlimit numeric,
    terms smallint,
    meta_number character varying(32) NOT NULL,
    business_id integer,
    language_code character varying(6),
    pricegroup_id integer,
    curr character(3),
    startdate date,
    enddate date,
    threshold numeric,
    employee_id integer,
    primary_contact integer,
    ar_ap_account_id integer,
    cash_account_id integer,
    bank_account integer,
    taxform_id integer,
    PRIMARY KEY (entity_id, meta_number, entity_class)
);
CREATE TABLE entity_employee (
    entity_id integer NOT NULL,
    startdate date NOT NULL,
    enddate date,
    role character varying(20),
    ssn text,
    sales boolean,
    manager_id integer,
    employeenumber character varying(32),
    dob date,
    is_manager boolean,
    PRIMARY KEY (entity_id)
);
CREATE TABLE file_eca (
    content bytea NOT NULL,
    mime_type_id integer NOT NULL,
    file_name text NOT NULL,
    description text,
    uploaded_by integer NOT NULL,
    uploaded_at timestamp without time zone NOT NULL,
    id integer NOT NULL,
    ref_key integer NOT NULL,
    file_class integer NOT NULL,
    PRIMARY KEY (ref_key, file_name, file_class)
);
CREATE TABLE gl (
    id integer NOT NULL,
    reference text,
    description text,
    transdate date,
    person_id integer,
    notes text,
    approved boolean,
    trans_type_code character(2) NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE location (
    id integer NOT NULL,
    line_one text NOT NULL,
    line_two text,
    line_three text,
    city text NOT NULL,
    state text,
    country_id integer NOT NULL,
    mail_code text,
    created date NOT NULL,
    inactive_date timestamp without time zone,
    active boolean NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE menu_node (
    id integer NOT NULL,
    label character varying NOT NULL,
    parent integer,
    position integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE oe (
    id integer NOT NULL,
    ordnumber text,
    transdate date,
    entity_id integer,
    amount numeric,
    netamount numeric,
    reqdate date,
    taxincluded boolean,
    shippingpoint text,
    notes text,
    curr character(3),
    person_id integer,
    closed boolean,
    quotation boolean,
    quonumber text,
    intnotes text,
    shipvia text,
    language_code character varying(6),
    ponumber text,
    terms smallint,
    entity_credit_account integer NOT NULL,
    oe_class_id integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE open_forms (
    id integer NOT NULL,
    session_id integer,
    form_name character varying(100),
    last_used timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE orderitems (
    id integer NOT NULL,
    trans_id integer,
    parts_id integer,
    description text,
    qty numeric,
    sellprice numeric,
    precision integer,
    discount numeric,
    unit character varying(5),
    reqdate date,
    ship numeric,
    serialnumber text,
    notes text,
    PRIMARY KEY (id)
);
CREATE TABLE parts (
    id integer NOT NULL,
    partnumber text,
    description text,
    unit character varying(5),
    listprice numeric,
    sellprice numeric,
    lastcost numeric,
    priceupdate date,
    weight numeric,
    onhand numeric,
    notes text,
    makemodel boolean,
    assembly boolean,
    alternate boolean,
    rop numeric,
    inventory_accno_id integer,
    income_accno_id integer,
    expense_accno_id integer,
    returns_accno_id integer,
    bin text,
    obsolete boolean,
    bom boolean,
    image text,
    drawing text,
    microfiche text,
    partsgroup_id integer,
    avgcost numeric,
    PRIMARY KEY (id)
);
CREATE TABLE payment (
    id integer NOT NULL,
    reference text NOT NULL,
    gl_id integer,
    payment_class integer NOT NULL,
    payment_date date,
    closed boolean,
    entity_credit_id integer,
    employee_id integer,
    currency character(3),
    notes text,
    PRIMARY KEY (id)
);
CREATE TABLE payment_links (
    payment_id integer,
    entry_id integer,
    type integer
);
CREATE TABLE person (
    id integer NOT NULL,
    entity_id integer NOT NULL,
    salutation_id integer,
    first_name text NOT NULL,
    middle_name text,
    last_name text NOT NULL,
    created date NOT NULL,
    birthdate date,
    personal_id text,
    PRIMARY KEY (id)
);
CREATE TABLE session (
    session_id integer NOT NULL,
    token character varying(32),
    last_used timestamp without time zone,
    ttl integer NOT NULL,
    users_id integer NOT NULL,
    notify_pasword interval NOT NULL,
    PRIMARY KEY (session_id)
);
CREATE TABLE transactions (
    id integer NOT NULL,
    table_name text,
    locked_by integer,
    approved boolean,
    approved_by integer,
    approved_at timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE user_preference (
    id integer NOT NULL,
    language character varying(6),
    stylesheet text NOT NULL,
    printer text,
    dateformat text NOT NULL,
    numberformat text NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE users (
    id integer NOT NULL,
    username character varying(30) NOT NULL,
    notify_password interval NOT NULL,
    entity_id integer NOT NULL,
    PRIMARY KEY (username)
);
