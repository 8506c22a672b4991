-- Medusa 2.21.2, run once: what its migrations made of the tables that acts.sql writes, and of a few that are its own,
-- without indexes, foreign keys and checks. Tokens, hashes and keys are replaced, and what defaults to the present time has a fixed one.
CREATE TYPE order_status_enum AS ENUM ('pending', 'completed', 'draft', 'archived', 'canceled', 'requires_action');
CREATE TABLE account_holder (
    id text NOT NULL,
    provider_id text NOT NULL,
    external_id text NOT NULL,
    email text,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE api_key (
    id text NOT NULL,
    token text NOT NULL,
    salt text NOT NULL,
    redacted text NOT NULL,
    title text NOT NULL,
    type text NOT NULL,
    last_used_at timestamp with time zone,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    revoked_by text,
    revoked_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE auth_identity (
    id text NOT NULL,
    app_metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE auth_password_reset_token (
    id text NOT NULL,
    auth_identity_id text NOT NULL,
    provider_identity_id text NOT NULL,
    entity_id text NOT NULL,
    token_hash text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE cart (
    id text NOT NULL,
    region_id text,
    customer_id text,
    sales_channel_id text,
    email text,
    currency_code text NOT NULL,
    shipping_address_id text,
    billing_address_id text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    completed_at timestamp with time zone,
    locale text
);
CREATE TABLE cart_address (
    id text NOT NULL,
    customer_id text,
    company text,
    first_name text,
    last_name text,
    address_1 text,
    address_2 text,
    city text,
    country_code text,
    province text,
    postal_code text,
    phone text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE cart_line_item (
    id text NOT NULL,
    cart_id text NOT NULL,
    title text NOT NULL,
    subtitle text,
    thumbnail text,
    quantity integer NOT NULL,
    variant_id text,
    product_id text,
    product_title text,
    product_description text,
    product_subtitle text,
    product_type text,
    product_collection text,
    product_handle text,
    variant_sku text,
    variant_barcode text,
    variant_title text,
    variant_option_values jsonb,
    requires_shipping boolean DEFAULT true NOT NULL,
    is_discountable boolean DEFAULT true NOT NULL,
    is_tax_inclusive boolean DEFAULT false NOT NULL,
    compare_at_unit_price numeric,
    raw_compare_at_unit_price jsonb,
    unit_price numeric NOT NULL,
    raw_unit_price jsonb NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    product_type_id text,
    is_custom_price boolean DEFAULT false NOT NULL,
    is_giftcard boolean DEFAULT false NOT NULL
);
CREATE TABLE cart_payment_collection (
    cart_id character varying(255) NOT NULL,
    payment_collection_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE cart_shipping_method (
    id text NOT NULL,
    cart_id text NOT NULL,
    name text NOT NULL,
    description jsonb,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    is_tax_inclusive boolean DEFAULT false NOT NULL,
    shipping_option_id text,
    data jsonb,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE customer (
    id text NOT NULL,
    company_name text,
    first_name text,
    last_name text,
    email text,
    phone text,
    has_account boolean DEFAULT false NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    created_by text
);
CREATE TABLE customer_account_holder (
    customer_id character varying(255) NOT NULL,
    account_holder_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE customer_address (
    id text NOT NULL,
    customer_id text NOT NULL,
    address_name text,
    is_default_shipping boolean DEFAULT false NOT NULL,
    is_default_billing boolean DEFAULT false NOT NULL,
    company text,
    first_name text,
    last_name text,
    address_1 text,
    address_2 text,
    city text,
    country_code text,
    province text,
    postal_code text,
    phone text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE customer_group (
    id text NOT NULL,
    name text NOT NULL,
    metadata jsonb,
    created_by text,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE customer_group_customer (
    id text NOT NULL,
    customer_id text NOT NULL,
    customer_group_id text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    created_by text,
    deleted_at timestamp with time zone
);
CREATE TABLE fulfillment_set (
    id text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE geo_zone (
    id text NOT NULL,
    type text DEFAULT 'country'::text NOT NULL,
    country_code text NOT NULL,
    province_code text,
    city text,
    service_zone_id text NOT NULL,
    postal_expression jsonb,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE invite (
    id text NOT NULL,
    email text NOT NULL,
    accepted boolean DEFAULT false NOT NULL,
    token text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE layout_configuration (
    id text NOT NULL,
    zone text NOT NULL,
    user_id text,
    is_system_default boolean DEFAULT false NOT NULL,
    configuration jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE link_module_migrations (
    id integer NOT NULL,
    table_name character varying(255) NOT NULL,
    link_descriptor jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp without time zone DEFAULT '2026-11-29 20:05:00+00'
);
CREATE SEQUENCE link_module_migrations_id_seq
    AS integer;
CREATE TABLE location_fulfillment_provider (
    stock_location_id character varying(255) NOT NULL,
    fulfillment_provider_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE location_fulfillment_set (
    stock_location_id character varying(255) NOT NULL,
    fulfillment_set_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE notification (
    id text NOT NULL,
    "to" text NOT NULL,
    channel text NOT NULL,
    template text,
    data jsonb,
    trigger_type text,
    resource_id text,
    resource_type text,
    receiver_id text,
    original_notification_id text,
    idempotency_key text,
    external_id text,
    provider_id text,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    status text DEFAULT 'pending'::text NOT NULL,
    "from" text,
    provider_data jsonb
);
CREATE TABLE "order" (
    id text NOT NULL,
    region_id text,
    display_id integer,
    customer_id text,
    version integer DEFAULT 1 NOT NULL,
    sales_channel_id text,
    status order_status_enum DEFAULT 'pending'::order_status_enum NOT NULL,
    is_draft_order boolean DEFAULT false NOT NULL,
    email text,
    currency_code text NOT NULL,
    shipping_address_id text,
    billing_address_id text,
    no_notification boolean,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    canceled_at timestamp with time zone,
    custom_display_id text,
    locale text
);
CREATE TABLE order_address (
    id text NOT NULL,
    customer_id text,
    company text,
    first_name text,
    last_name text,
    address_1 text,
    address_2 text,
    city text,
    country_code text,
    province text,
    postal_code text,
    phone text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE order_cart (
    order_id character varying(255) NOT NULL,
    cart_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE order_change (
    id text NOT NULL,
    order_id text NOT NULL,
    version integer NOT NULL,
    description text,
    status text DEFAULT 'pending'::text NOT NULL,
    internal_note text,
    created_by text,
    requested_by text,
    requested_at timestamp with time zone,
    confirmed_by text,
    confirmed_at timestamp with time zone,
    declined_by text,
    declined_reason text,
    metadata jsonb,
    declined_at timestamp with time zone,
    canceled_by text,
    canceled_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    change_type text,
    deleted_at timestamp with time zone,
    return_id text,
    claim_id text,
    exchange_id text,
    carry_over_promotions boolean,
    no_notification boolean
);
CREATE TABLE order_change_action (
    id text NOT NULL,
    order_id text,
    version integer,
    ordering bigint NOT NULL,
    order_change_id text,
    reference text,
    reference_id text,
    action text NOT NULL,
    details jsonb,
    amount numeric,
    raw_amount jsonb,
    internal_note text,
    applied boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    return_id text,
    claim_id text,
    exchange_id text
);
CREATE SEQUENCE order_change_action_ordering_seq;
CREATE TABLE order_credit_line (
    id text NOT NULL,
    order_id text NOT NULL,
    reference text,
    reference_id text,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL
);
CREATE SEQUENCE order_display_id_seq
    AS integer;
CREATE TABLE order_item (
    id text NOT NULL,
    order_id text NOT NULL,
    version integer NOT NULL,
    item_id text NOT NULL,
    quantity numeric NOT NULL,
    raw_quantity jsonb NOT NULL,
    fulfilled_quantity numeric NOT NULL,
    raw_fulfilled_quantity jsonb DEFAULT '{"value": "0", "precision": 20}'::jsonb NOT NULL,
    shipped_quantity numeric NOT NULL,
    raw_shipped_quantity jsonb DEFAULT '{"value": "0", "precision": 20}'::jsonb NOT NULL,
    return_requested_quantity numeric NOT NULL,
    raw_return_requested_quantity jsonb DEFAULT '{"value": "0", "precision": 20}'::jsonb NOT NULL,
    return_received_quantity numeric NOT NULL,
    raw_return_received_quantity jsonb DEFAULT '{"value": "0", "precision": 20}'::jsonb NOT NULL,
    return_dismissed_quantity numeric NOT NULL,
    raw_return_dismissed_quantity jsonb DEFAULT '{"value": "0", "precision": 20}'::jsonb NOT NULL,
    written_off_quantity numeric NOT NULL,
    raw_written_off_quantity jsonb DEFAULT '{"value": "0", "precision": 20}'::jsonb NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    delivered_quantity numeric DEFAULT 0 NOT NULL,
    raw_delivered_quantity jsonb DEFAULT '{"value": "0", "precision": 20}'::jsonb NOT NULL,
    unit_price numeric,
    raw_unit_price jsonb,
    compare_at_unit_price numeric,
    raw_compare_at_unit_price jsonb
);
CREATE TABLE order_line_item (
    id text NOT NULL,
    totals_id text,
    title text NOT NULL,
    subtitle text,
    thumbnail text,
    variant_id text,
    product_id text,
    product_title text,
    product_description text,
    product_subtitle text,
    product_type text,
    product_collection text,
    product_handle text,
    variant_sku text,
    variant_barcode text,
    variant_title text,
    variant_option_values jsonb,
    requires_shipping boolean DEFAULT true NOT NULL,
    is_discountable boolean DEFAULT true NOT NULL,
    is_tax_inclusive boolean DEFAULT false NOT NULL,
    compare_at_unit_price numeric,
    raw_compare_at_unit_price jsonb,
    unit_price numeric NOT NULL,
    raw_unit_price jsonb NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    is_custom_price boolean DEFAULT false NOT NULL,
    product_type_id text,
    is_giftcard boolean DEFAULT false NOT NULL
);
CREATE TABLE order_payment_collection (
    order_id character varying(255) NOT NULL,
    payment_collection_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE order_shipping (
    id text NOT NULL,
    order_id text NOT NULL,
    version integer NOT NULL,
    shipping_method_id text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    return_id text,
    claim_id text,
    exchange_id text
);
CREATE TABLE order_shipping_method (
    id text NOT NULL,
    name text NOT NULL,
    description jsonb,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    is_tax_inclusive boolean DEFAULT false NOT NULL,
    shipping_option_id text,
    data jsonb,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    is_custom_amount boolean DEFAULT false NOT NULL
);
CREATE TABLE order_summary (
    id text NOT NULL,
    order_id text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    totals jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE payment (
    id text NOT NULL,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    currency_code text NOT NULL,
    provider_id text NOT NULL,
    data jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    captured_at timestamp with time zone,
    canceled_at timestamp with time zone,
    payment_collection_id text NOT NULL,
    payment_session_id text NOT NULL,
    metadata jsonb
);
CREATE TABLE payment_collection (
    id text NOT NULL,
    currency_code text NOT NULL,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    authorized_amount numeric,
    raw_authorized_amount jsonb,
    captured_amount numeric,
    raw_captured_amount jsonb,
    refunded_amount numeric,
    raw_refunded_amount jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    completed_at timestamp with time zone,
    status text DEFAULT 'not_paid'::text NOT NULL,
    metadata jsonb
);
CREATE TABLE payment_session (
    id text NOT NULL,
    currency_code text NOT NULL,
    amount numeric NOT NULL,
    raw_amount jsonb NOT NULL,
    provider_id text NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    context jsonb,
    status text DEFAULT 'pending'::text NOT NULL,
    authorized_at timestamp with time zone,
    payment_collection_id text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE price (
    id text NOT NULL,
    title text,
    price_set_id text NOT NULL,
    currency_code text NOT NULL,
    raw_amount jsonb NOT NULL,
    rules_count integer DEFAULT 0,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    price_list_id text,
    amount numeric NOT NULL,
    min_quantity numeric,
    max_quantity numeric,
    raw_min_quantity jsonb,
    raw_max_quantity jsonb
);
CREATE TABLE price_preference (
    id text NOT NULL,
    attribute text NOT NULL,
    value text,
    is_tax_inclusive boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE price_set (
    id text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE product (
    id text NOT NULL,
    title text NOT NULL,
    handle text NOT NULL,
    subtitle text,
    description text,
    is_giftcard boolean DEFAULT false NOT NULL,
    status text DEFAULT 'draft'::text NOT NULL,
    thumbnail text,
    weight real,
    length real,
    height real,
    width real,
    origin_country text,
    hs_code text,
    mid_code text,
    material text,
    collection_id text,
    type_id text,
    discountable boolean DEFAULT true NOT NULL,
    external_id text,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    metadata jsonb
);
CREATE TABLE product_category (
    id text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    handle text NOT NULL,
    mpath text NOT NULL,
    is_active boolean DEFAULT false NOT NULL,
    is_internal boolean DEFAULT false NOT NULL,
    rank integer DEFAULT 0 NOT NULL,
    parent_category_id text,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    metadata jsonb,
    external_id text
);
CREATE TABLE product_category_product (
    product_id text NOT NULL,
    product_category_id text NOT NULL
);
CREATE TABLE product_option (
    id text NOT NULL,
    title text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    is_exclusive boolean DEFAULT false NOT NULL
);
CREATE TABLE product_option_value (
    id text NOT NULL,
    value text NOT NULL,
    option_id text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    rank integer
);
CREATE TABLE product_product_option (
    id text NOT NULL,
    product_id text NOT NULL,
    product_option_id text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE product_product_option_value (
    id text NOT NULL,
    product_product_option_id text NOT NULL,
    product_option_value_id text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE product_sales_channel (
    product_id character varying(255) NOT NULL,
    sales_channel_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE product_shipping_profile (
    product_id character varying(255) NOT NULL,
    shipping_profile_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE product_tag (
    id text NOT NULL,
    value text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    external_id text
);
CREATE TABLE product_tags (
    product_id text NOT NULL,
    product_tag_id text NOT NULL
);
CREATE TABLE product_variant (
    id text NOT NULL,
    title text NOT NULL,
    sku text,
    barcode text,
    ean text,
    upc text,
    allow_backorder boolean DEFAULT false NOT NULL,
    manage_inventory boolean DEFAULT true NOT NULL,
    hs_code text,
    origin_country text,
    mid_code text,
    material text,
    weight real,
    length real,
    height real,
    width real,
    metadata jsonb,
    variant_rank integer DEFAULT 0,
    product_id text,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    thumbnail text
);
CREATE TABLE product_variant_option (
    variant_id text NOT NULL,
    option_value_id text NOT NULL
);
CREATE TABLE product_variant_price_set (
    variant_id character varying(255) NOT NULL,
    price_set_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE provider_identity (
    id text NOT NULL,
    entity_id text NOT NULL,
    provider text NOT NULL,
    auth_identity_id text NOT NULL,
    user_metadata jsonb,
    provider_metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE publishable_api_key_sales_channel (
    publishable_key_id character varying(255) NOT NULL,
    sales_channel_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE region (
    id text NOT NULL,
    name text NOT NULL,
    currency_code text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    automatic_taxes boolean DEFAULT true NOT NULL
);
CREATE TABLE region_country (
    iso_2 text NOT NULL,
    iso_3 text NOT NULL,
    num_code text NOT NULL,
    name text NOT NULL,
    display_name text NOT NULL,
    region_id text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE region_payment_provider (
    region_id character varying(255) NOT NULL,
    payment_provider_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE sales_channel (
    id text NOT NULL,
    name text NOT NULL,
    description text,
    is_disabled boolean DEFAULT false NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE sales_channel_stock_location (
    sales_channel_id character varying(255) NOT NULL,
    stock_location_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE search_index (
    id text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    active_version integer
);
CREATE TABLE service_zone (
    id text NOT NULL,
    name text NOT NULL,
    metadata jsonb,
    fulfillment_set_id text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE shipping_option (
    id text NOT NULL,
    name text NOT NULL,
    price_type text DEFAULT 'flat'::text NOT NULL,
    service_zone_id text NOT NULL,
    shipping_profile_id text,
    provider_id text,
    data jsonb,
    metadata jsonb,
    shipping_option_type_id text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE shipping_option_price_set (
    shipping_option_id character varying(255) NOT NULL,
    price_set_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE shipping_option_type (
    id text NOT NULL,
    label text NOT NULL,
    description text,
    code text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE shipping_profile (
    id text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE stock_location (
    id text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    name text NOT NULL,
    address_id text,
    metadata jsonb
);
CREATE TABLE stock_location_address (
    id text NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone,
    address_1 text NOT NULL,
    address_2 text,
    company text,
    city text,
    country_code text NOT NULL,
    phone text,
    province text,
    postal_code text,
    metadata jsonb
);
CREATE TABLE store (
    id text NOT NULL,
    name text DEFAULT 'Medusa Store'::text NOT NULL,
    default_sales_channel_id text,
    default_region_id text,
    default_location_id text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE "user" (
    id text NOT NULL,
    first_name text,
    last_name text,
    email text NOT NULL,
    avatar_url text,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE user_rbac_role (
    user_id character varying(255) NOT NULL,
    rbac_role_id character varying(255) NOT NULL,
    id character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp with time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp with time zone
);
CREATE TABLE workflow_execution (
    id character varying NOT NULL,
    workflow_id character varying NOT NULL,
    transaction_id character varying NOT NULL,
    execution jsonb,
    context jsonb,
    state character varying NOT NULL,
    created_at timestamp without time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    updated_at timestamp without time zone DEFAULT '2026-11-29 20:05:00+00' NOT NULL,
    deleted_at timestamp without time zone,
    retention_time integer,
    run_id text DEFAULT '01M8MEJ49WB3J6JF4X71958NAV'::text NOT NULL
);
ALTER TABLE link_module_migrations ALTER COLUMN id SET DEFAULT nextval('link_module_migrations_id_seq'::regclass);
ALTER TABLE "order" ALTER COLUMN display_id SET DEFAULT nextval('order_display_id_seq'::regclass);
ALTER TABLE order_change_action ALTER COLUMN ordering SET DEFAULT nextval('order_change_action_ordering_seq'::regclass);
ALTER TABLE account_holder
    ADD CONSTRAINT account_holder_pkey PRIMARY KEY (id);
ALTER TABLE api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);
ALTER TABLE auth_identity
    ADD CONSTRAINT auth_identity_pkey PRIMARY KEY (id);
ALTER TABLE auth_password_reset_token
    ADD CONSTRAINT auth_password_reset_token_pkey PRIMARY KEY (id);
ALTER TABLE cart_address
    ADD CONSTRAINT cart_address_pkey PRIMARY KEY (id);
ALTER TABLE cart_line_item
    ADD CONSTRAINT cart_line_item_pkey PRIMARY KEY (id);
ALTER TABLE cart_payment_collection
    ADD CONSTRAINT cart_payment_collection_pkey PRIMARY KEY (cart_id, payment_collection_id);
ALTER TABLE cart
    ADD CONSTRAINT cart_pkey PRIMARY KEY (id);
ALTER TABLE cart_shipping_method
    ADD CONSTRAINT cart_shipping_method_pkey PRIMARY KEY (id);
ALTER TABLE customer_account_holder
    ADD CONSTRAINT customer_account_holder_pkey PRIMARY KEY (customer_id, account_holder_id);
ALTER TABLE customer_address
    ADD CONSTRAINT customer_address_pkey PRIMARY KEY (id);
ALTER TABLE customer_group_customer
    ADD CONSTRAINT customer_group_customer_pkey PRIMARY KEY (id);
ALTER TABLE customer_group
    ADD CONSTRAINT customer_group_pkey PRIMARY KEY (id);
ALTER TABLE customer
    ADD CONSTRAINT customer_pkey PRIMARY KEY (id);
ALTER TABLE fulfillment_set
    ADD CONSTRAINT fulfillment_set_pkey PRIMARY KEY (id);
ALTER TABLE geo_zone
    ADD CONSTRAINT geo_zone_pkey PRIMARY KEY (id);
ALTER TABLE invite
    ADD CONSTRAINT invite_pkey PRIMARY KEY (id);
ALTER TABLE layout_configuration
    ADD CONSTRAINT layout_configuration_pkey PRIMARY KEY (id);
ALTER TABLE link_module_migrations
    ADD CONSTRAINT link_module_migrations_pkey PRIMARY KEY (id);
ALTER TABLE link_module_migrations
    ADD CONSTRAINT link_module_migrations_table_name_key UNIQUE (table_name);
ALTER TABLE location_fulfillment_provider
    ADD CONSTRAINT location_fulfillment_provider_pkey PRIMARY KEY (stock_location_id, fulfillment_provider_id);
ALTER TABLE location_fulfillment_set
    ADD CONSTRAINT location_fulfillment_set_pkey PRIMARY KEY (stock_location_id, fulfillment_set_id);
ALTER TABLE notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);
ALTER TABLE order_address
    ADD CONSTRAINT order_address_pkey PRIMARY KEY (id);
ALTER TABLE order_cart
    ADD CONSTRAINT order_cart_pkey PRIMARY KEY (order_id, cart_id);
ALTER TABLE order_change_action
    ADD CONSTRAINT order_change_action_pkey PRIMARY KEY (id);
ALTER TABLE order_change
    ADD CONSTRAINT order_change_pkey PRIMARY KEY (id);
ALTER TABLE order_credit_line
    ADD CONSTRAINT order_credit_line_pkey PRIMARY KEY (id);
ALTER TABLE order_item
    ADD CONSTRAINT order_item_pkey PRIMARY KEY (id);
ALTER TABLE order_line_item
    ADD CONSTRAINT order_line_item_pkey PRIMARY KEY (id);
ALTER TABLE order_payment_collection
    ADD CONSTRAINT order_payment_collection_pkey PRIMARY KEY (order_id, payment_collection_id);
ALTER TABLE "order"
    ADD CONSTRAINT order_pkey PRIMARY KEY (id);
ALTER TABLE order_shipping_method
    ADD CONSTRAINT order_shipping_method_pkey PRIMARY KEY (id);
ALTER TABLE order_shipping
    ADD CONSTRAINT order_shipping_pkey PRIMARY KEY (id);
ALTER TABLE order_summary
    ADD CONSTRAINT order_summary_pkey PRIMARY KEY (id);
ALTER TABLE payment_collection
    ADD CONSTRAINT payment_collection_pkey PRIMARY KEY (id);
ALTER TABLE payment
    ADD CONSTRAINT payment_pkey PRIMARY KEY (id);
ALTER TABLE payment_session
    ADD CONSTRAINT payment_session_pkey PRIMARY KEY (id);
ALTER TABLE price
    ADD CONSTRAINT price_pkey PRIMARY KEY (id);
ALTER TABLE price_preference
    ADD CONSTRAINT price_preference_pkey PRIMARY KEY (id);
ALTER TABLE price_set
    ADD CONSTRAINT price_set_pkey PRIMARY KEY (id);
ALTER TABLE product_category
    ADD CONSTRAINT product_category_pkey PRIMARY KEY (id);
ALTER TABLE product_category_product
    ADD CONSTRAINT product_category_product_pkey PRIMARY KEY (product_id, product_category_id);
ALTER TABLE product_option
    ADD CONSTRAINT product_option_pkey PRIMARY KEY (id);
ALTER TABLE product_option_value
    ADD CONSTRAINT product_option_value_pkey PRIMARY KEY (id);
ALTER TABLE product
    ADD CONSTRAINT product_pkey PRIMARY KEY (id);
ALTER TABLE product_product_option
    ADD CONSTRAINT product_product_option_pkey PRIMARY KEY (id);
ALTER TABLE product_product_option_value
    ADD CONSTRAINT product_product_option_value_pkey PRIMARY KEY (id);
ALTER TABLE product_sales_channel
    ADD CONSTRAINT product_sales_channel_pkey PRIMARY KEY (product_id, sales_channel_id);
ALTER TABLE product_shipping_profile
    ADD CONSTRAINT product_shipping_profile_pkey PRIMARY KEY (product_id, shipping_profile_id);
ALTER TABLE product_tag
    ADD CONSTRAINT product_tag_pkey PRIMARY KEY (id);
ALTER TABLE product_tags
    ADD CONSTRAINT product_tags_pkey PRIMARY KEY (product_id, product_tag_id);
ALTER TABLE product_variant_option
    ADD CONSTRAINT product_variant_option_pkey PRIMARY KEY (variant_id, option_value_id);
ALTER TABLE product_variant
    ADD CONSTRAINT product_variant_pkey PRIMARY KEY (id);
ALTER TABLE product_variant_price_set
    ADD CONSTRAINT product_variant_price_set_pkey PRIMARY KEY (variant_id, price_set_id);
ALTER TABLE provider_identity
    ADD CONSTRAINT provider_identity_pkey PRIMARY KEY (id);
ALTER TABLE publishable_api_key_sales_channel
    ADD CONSTRAINT publishable_api_key_sales_channel_pkey PRIMARY KEY (publishable_key_id, sales_channel_id);
ALTER TABLE region_country
    ADD CONSTRAINT region_country_pkey PRIMARY KEY (iso_2);
ALTER TABLE region_payment_provider
    ADD CONSTRAINT region_payment_provider_pkey PRIMARY KEY (region_id, payment_provider_id);
ALTER TABLE region
    ADD CONSTRAINT region_pkey PRIMARY KEY (id);
ALTER TABLE sales_channel
    ADD CONSTRAINT sales_channel_pkey PRIMARY KEY (id);
ALTER TABLE sales_channel_stock_location
    ADD CONSTRAINT sales_channel_stock_location_pkey PRIMARY KEY (sales_channel_id, stock_location_id);
ALTER TABLE search_index
    ADD CONSTRAINT search_index_pkey PRIMARY KEY (id);
ALTER TABLE service_zone
    ADD CONSTRAINT service_zone_pkey PRIMARY KEY (id);
ALTER TABLE shipping_option
    ADD CONSTRAINT shipping_option_pkey PRIMARY KEY (id);
ALTER TABLE shipping_option_price_set
    ADD CONSTRAINT shipping_option_price_set_pkey PRIMARY KEY (shipping_option_id, price_set_id);
ALTER TABLE shipping_option_type
    ADD CONSTRAINT shipping_option_type_pkey PRIMARY KEY (id);
ALTER TABLE shipping_profile
    ADD CONSTRAINT shipping_profile_pkey PRIMARY KEY (id);
ALTER TABLE stock_location_address
    ADD CONSTRAINT stock_location_address_pkey PRIMARY KEY (id);
ALTER TABLE stock_location
    ADD CONSTRAINT stock_location_pkey PRIMARY KEY (id);
ALTER TABLE store
    ADD CONSTRAINT store_pkey PRIMARY KEY (id);
ALTER TABLE "user"
    ADD CONSTRAINT user_pkey PRIMARY KEY (id);
ALTER TABLE user_rbac_role
    ADD CONSTRAINT user_rbac_role_pkey PRIMARY KEY (user_id, rbac_role_id);
ALTER TABLE workflow_execution
    ADD CONSTRAINT workflow_execution_pkey PRIMARY KEY (workflow_id, transaction_id, run_id);
INSERT INTO "region_country" (iso_2, iso_3, num_code, name, display_name, region_id, metadata, created_at, updated_at, deleted_at) VALUES
('us', 'usa', '840', 'UNITED STATES', 'United States', NULL, NULL, '2026-11-29T20:04:57.827+00:00', '2026-11-29T20:06:01.959+00:00', NULL);
INSERT INTO "sales_channel" (id, name, description, is_disabled, metadata, created_at, updated_at, deleted_at) VALUES
('sc_01M8MEK6K1B6ARN5BM2J2FSMBM', 'Default Sales Channel', 'Created by Medusa', 'false', NULL, '2026-11-29T20:05:27.778+00:00', '2026-11-29T20:05:27.778+00:00', NULL);
INSERT INTO "shipping_profile" (id, name, type, metadata, created_at, updated_at, deleted_at) VALUES
('sp_01M8MEJQHXPVAYQ05VZ27WJWH6', 'Default Shipping Profile', 'default', NULL, '2026-11-29T20:05:12.388+00:00', '2026-11-29T20:05:12.388+00:00', NULL);
INSERT INTO "api_key" (id, token, salt, redacted, title, type, last_used_at, created_by, created_at, revoked_by, revoked_at, updated_at, deleted_at) VALUES
('apk_01M8MEK6S0HWVWF0YBKY3AZ4FX', 'canary-7', '', 'pk_***', 'Default Publishable API Key', 'publishable', NULL, '', '2026-11-29T20:05:27.969+00:00', NULL, NULL, '2026-11-29T20:05:27.969+00:00', NULL);
