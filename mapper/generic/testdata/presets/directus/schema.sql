-- Directus 11.17 (@directus/api 35.2.0): what it made of the collections press_articles (a hashed field, a list as csv, who and when it was updated), tags, and
-- the one that joins them, without indexes and with a few of its own tables.
CREATE TABLE directus_activity (
    id integer NOT NULL,
    action character varying(45) NOT NULL,
    "user" uuid,
    "timestamp" timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    ip character varying(50),
    user_agent text,
    collection character varying(64) NOT NULL,
    item character varying(255) NOT NULL,
    origin character varying(255)
);
CREATE SEQUENCE directus_activity_id_seq
    AS integer;
CREATE TABLE directus_collections (
    collection character varying(64) NOT NULL,
    icon character varying(64),
    note text,
    display_template character varying(255),
    hidden boolean DEFAULT false NOT NULL,
    singleton boolean DEFAULT false NOT NULL,
    translations json,
    archive_field character varying(64),
    archive_app_filter boolean DEFAULT true NOT NULL,
    archive_value character varying(255),
    unarchive_value character varying(255),
    sort_field character varying(64),
    accountability character varying(255) DEFAULT 'all'::character varying,
    color character varying(255),
    item_duplication_fields json,
    sort integer,
    "group" character varying(64),
    collapse character varying(255) DEFAULT 'open'::character varying NOT NULL,
    preview_url character varying(255),
    versioning boolean DEFAULT false NOT NULL
);
CREATE TABLE directus_fields (
    id integer NOT NULL,
    collection character varying(64) NOT NULL,
    field character varying(64) NOT NULL,
    special character varying(64),
    interface character varying(64),
    options json,
    display character varying(64),
    display_options json,
    readonly boolean DEFAULT false NOT NULL,
    hidden boolean DEFAULT false NOT NULL,
    sort integer,
    width character varying(30) DEFAULT 'full'::character varying,
    translations json,
    note text,
    conditions json,
    required boolean DEFAULT false,
    "group" character varying(64),
    validation json,
    validation_message text,
    searchable boolean DEFAULT true NOT NULL
);
CREATE SEQUENCE directus_fields_id_seq
    AS integer;
CREATE TABLE directus_revisions (
    id integer NOT NULL,
    activity integer NOT NULL,
    collection character varying(64) NOT NULL,
    item character varying(255) NOT NULL,
    data json,
    delta json,
    parent integer,
    version uuid
);
CREATE SEQUENCE directus_revisions_id_seq
    AS integer;
CREATE TABLE directus_sessions (
    token character varying(64) NOT NULL,
    "user" uuid,
    expires timestamp with time zone NOT NULL,
    ip character varying(255),
    user_agent text,
    share uuid,
    origin character varying(255),
    next_token character varying(64)
);
CREATE TABLE directus_settings (
    id integer NOT NULL,
    project_name character varying(100) DEFAULT 'Directus'::character varying NOT NULL,
    project_url character varying(255),
    project_color character varying(255) DEFAULT '#6644FF'::character varying NOT NULL,
    project_logo uuid,
    public_foreground uuid,
    public_background uuid,
    public_note text,
    auth_login_attempts integer DEFAULT 25,
    auth_password_policy character varying(100),
    storage_asset_transform character varying(7) DEFAULT 'all'::character varying,
    storage_asset_presets json,
    custom_css text,
    storage_default_folder uuid,
    basemaps json,
    mapbox_key character varying(255),
    module_bar json,
    project_descriptor character varying(100),
    default_language character varying(255) DEFAULT 'en-US'::character varying NOT NULL,
    custom_aspect_ratios json,
    public_favicon uuid,
    default_appearance character varying(255) DEFAULT 'auto'::character varying NOT NULL,
    default_theme_light character varying(255),
    theme_light_overrides json,
    default_theme_dark character varying(255),
    theme_dark_overrides json,
    report_error_url character varying(255),
    report_bug_url character varying(255),
    report_feature_url character varying(255),
    public_registration boolean DEFAULT false NOT NULL,
    public_registration_verify_email boolean DEFAULT true NOT NULL,
    public_registration_role uuid,
    public_registration_email_filter json,
    visual_editor_urls json,
    project_id uuid,
    mcp_enabled boolean DEFAULT false NOT NULL,
    mcp_allow_deletes boolean DEFAULT false NOT NULL,
    mcp_prompts_collection character varying(255) DEFAULT NULL::character varying,
    mcp_system_prompt_enabled boolean DEFAULT true NOT NULL,
    mcp_system_prompt text,
    project_owner character varying(255),
    project_usage character varying(255),
    org_name character varying(255),
    product_updates boolean,
    project_status character varying(255),
    ai_openai_api_key text,
    ai_anthropic_api_key text,
    ai_system_prompt text,
    ai_google_api_key text,
    ai_openai_compatible_api_key text,
    ai_openai_compatible_base_url text,
    ai_openai_compatible_name text,
    ai_openai_compatible_models json,
    ai_openai_compatible_headers json,
    ai_openai_allowed_models json,
    ai_anthropic_allowed_models json,
    ai_google_allowed_models json,
    collaborative_editing_enabled boolean DEFAULT false NOT NULL
);
CREATE SEQUENCE directus_settings_id_seq
    AS integer;
CREATE TABLE directus_users (
    id uuid NOT NULL,
    first_name character varying(50),
    last_name character varying(50),
    email character varying(128),
    password character varying(255),
    location character varying(255),
    title character varying(50),
    description text,
    tags json,
    avatar uuid,
    language character varying(255) DEFAULT NULL::character varying,
    tfa_secret character varying(255),
    status character varying(16) DEFAULT 'active'::character varying NOT NULL,
    role uuid,
    token character varying(255),
    last_access timestamp with time zone,
    last_page character varying(255),
    provider character varying(128) DEFAULT 'default'::character varying NOT NULL,
    external_identifier character varying(255),
    auth_data json,
    email_notifications boolean DEFAULT true,
    appearance character varying(255),
    theme_dark character varying(255),
    theme_light character varying(255),
    theme_light_overrides json,
    theme_dark_overrides json,
    text_direction character varying(255) DEFAULT 'auto'::character varying NOT NULL
);
CREATE TABLE press_articles (
    id integer NOT NULL,
    status character varying(255) DEFAULT 'draft'::character varying,
    title character varying(255),
    door_word character varying(255),
    labels text,
    date_updated timestamp with time zone,
    user_updated uuid
);
CREATE SEQUENCE press_articles_id_seq
    AS integer;
CREATE TABLE press_articles_tags (
    id integer NOT NULL,
    press_articles_id integer,
    tags_id integer
);
CREATE SEQUENCE press_articles_tags_id_seq
    AS integer;
CREATE TABLE tags (
    id integer NOT NULL,
    name character varying(255)
);
CREATE SEQUENCE tags_id_seq
    AS integer;
ALTER TABLE directus_activity ALTER COLUMN id SET DEFAULT nextval('directus_activity_id_seq'::regclass);
ALTER TABLE directus_fields ALTER COLUMN id SET DEFAULT nextval('directus_fields_id_seq'::regclass);
ALTER TABLE directus_revisions ALTER COLUMN id SET DEFAULT nextval('directus_revisions_id_seq'::regclass);
ALTER TABLE directus_settings ALTER COLUMN id SET DEFAULT nextval('directus_settings_id_seq'::regclass);
ALTER TABLE press_articles ALTER COLUMN id SET DEFAULT nextval('press_articles_id_seq'::regclass);
ALTER TABLE press_articles_tags ALTER COLUMN id SET DEFAULT nextval('press_articles_tags_id_seq'::regclass);
ALTER TABLE tags ALTER COLUMN id SET DEFAULT nextval('tags_id_seq'::regclass);
ALTER TABLE directus_activity
    ADD CONSTRAINT directus_activity_pkey PRIMARY KEY (id);
ALTER TABLE directus_collections
    ADD CONSTRAINT directus_collections_pkey PRIMARY KEY (collection);
ALTER TABLE directus_fields
    ADD CONSTRAINT directus_fields_pkey PRIMARY KEY (id);
ALTER TABLE directus_revisions
    ADD CONSTRAINT directus_revisions_pkey PRIMARY KEY (id);
ALTER TABLE directus_sessions
    ADD CONSTRAINT directus_sessions_pkey PRIMARY KEY (token);
ALTER TABLE directus_settings
    ADD CONSTRAINT directus_settings_pkey PRIMARY KEY (id);
ALTER TABLE directus_users
    ADD CONSTRAINT directus_users_email_unique UNIQUE (email);
ALTER TABLE directus_users
    ADD CONSTRAINT directus_users_external_identifier_unique UNIQUE (external_identifier);
ALTER TABLE directus_users
    ADD CONSTRAINT directus_users_pkey PRIMARY KEY (id);
ALTER TABLE directus_users
    ADD CONSTRAINT directus_users_token_unique UNIQUE (token);
ALTER TABLE press_articles
    ADD CONSTRAINT press_articles_pkey PRIMARY KEY (id);
ALTER TABLE press_articles_tags
    ADD CONSTRAINT press_articles_tags_pkey PRIMARY KEY (id);
ALTER TABLE tags
    ADD CONSTRAINT tags_pkey PRIMARY KEY (id);
ALTER TABLE directus_collections
    ADD CONSTRAINT directus_collections_group_foreign FOREIGN KEY ("group") REFERENCES directus_collections(collection);
ALTER TABLE directus_revisions
    ADD CONSTRAINT directus_revisions_activity_foreign FOREIGN KEY (activity) REFERENCES directus_activity(id) ON DELETE CASCADE;
ALTER TABLE directus_revisions
    ADD CONSTRAINT directus_revisions_parent_foreign FOREIGN KEY (parent) REFERENCES directus_revisions(id);
ALTER TABLE directus_sessions
    ADD CONSTRAINT directus_sessions_user_foreign FOREIGN KEY ("user") REFERENCES directus_users(id) ON DELETE CASCADE;
ALTER TABLE press_articles_tags
    ADD CONSTRAINT press_articles_tags_press_articles_id_foreign FOREIGN KEY (press_articles_id) REFERENCES press_articles(id) ON DELETE CASCADE;
ALTER TABLE press_articles_tags
    ADD CONSTRAINT press_articles_tags_tags_id_foreign FOREIGN KEY (tags_id) REFERENCES tags(id) ON DELETE CASCADE;
insert into "directus_fields" ("collection", "field", "hidden", "sort") values ('press_articles', 'id', 't', '1');
insert into "directus_fields" ("collection", "field", "sort") values ('press_articles', 'status', '2');
insert into "directus_fields" ("collection", "field", "sort") values ('press_articles', 'title', '3');
insert into "directus_fields" ("collection", "field", "sort", "special") values ('press_articles', 'door_word', '4', 'hash,conceal');
insert into "directus_fields" ("collection", "field", "sort", "special") values ('press_articles', 'labels', '5', 'cast-csv');
insert into "directus_fields" ("collection", "field", "sort", "special") values ('press_articles', 'date_updated', '6', 'date-updated');
insert into "directus_fields" ("collection", "field", "sort", "special") values ('press_articles', 'user_updated', '7', 'user-updated');
insert into "directus_collections" ("archive_field", "archive_value", "collection", "unarchive_value") values ('status', 'archived', 'press_articles', 'draft');
insert into "directus_fields" ("collection", "field", "sort") values ('tags', 'name', '1');
insert into "directus_collections" ("collection") values ('tags');
insert into "directus_fields" ("collection", "field", "sort") values ('press_articles_tags', 'press_articles_id', '1');
insert into "directus_fields" ("collection", "field", "sort") values ('press_articles_tags', 'tags_id', '2');
insert into "directus_collections" ("collection", "hidden") values ('press_articles_tags', 't');
insert into "directus_fields" ("collection", "field", "interface", "sort", "special") values ('press_articles', 'tags', 'list-m2m', '8', 'm2m');
INSERT INTO directus_users (id, first_name, email, password, token, status, provider) VALUES ('c46f744b-bc37-48dd-aba2-cee892113225', 'Ann', 'ann@example.com', 'canary-hash', 'canary-static', 'active', 'default');
