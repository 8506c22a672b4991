-- Payload 3.90.2 with @payloadcms/db-postgres 3.90.2: what it made of the collections users (auth, useAPIKey),
-- categories and blog-posts (drafts, trash, two locales), and of the global site-settings. Left out here: indexes and
-- a few tables like those that are there.
CREATE TYPE _locales AS ENUM ('en', 'de');
CREATE TYPE enum__blog_posts_v_published_locale AS ENUM ('en', 'de');
CREATE TYPE enum__blog_posts_v_version_mood AS ENUM ('good', 'bad');
CREATE TYPE enum__blog_posts_v_version_status AS ENUM ('draft', 'published');
CREATE TYPE enum_blog_posts_labels AS ENUM ('a', 'b', 'c');
CREATE TYPE enum_blog_posts_mood AS ENUM ('good', 'bad');
CREATE TYPE enum_blog_posts_status AS ENUM ('draft', 'published');
CREATE TABLE _blog_posts_v (
    id integer NOT NULL,
    parent_id integer,
    version_published_on timestamp(3) with time zone,
    version_views numeric,
    version_mood enum__blog_posts_v_version_mood,
    version_category_id integer,
    version_seo_meta_title character varying,
    version_updated_at timestamp(3) with time zone,
    version_created_at timestamp(3) with time zone,
    version_deleted_at timestamp(3) with time zone,
    version__status enum__blog_posts_v_version_status DEFAULT 'draft'::enum__blog_posts_v_version_status,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    snapshot boolean,
    published_locale enum__blog_posts_v_published_locale,
    latest boolean
);
CREATE SEQUENCE _blog_posts_v_id_seq
    AS integer;
CREATE TABLE _blog_posts_v_locales (
    version_title character varying,
    id integer NOT NULL,
    _locale _locales NOT NULL,
    _parent_id integer NOT NULL
);
CREATE SEQUENCE _blog_posts_v_locales_id_seq
    AS integer;
CREATE TABLE blog_posts (
    id integer NOT NULL,
    published_on timestamp(3) with time zone,
    views numeric,
    mood enum_blog_posts_mood,
    category_id integer,
    seo_meta_title character varying,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp(3) with time zone,
    _status enum_blog_posts_status DEFAULT 'draft'::enum_blog_posts_status
);
CREATE SEQUENCE blog_posts_id_seq
    AS integer;
CREATE TABLE blog_posts_labels (
    "order" integer NOT NULL,
    parent_id integer NOT NULL,
    value enum_blog_posts_labels,
    id integer NOT NULL
);
CREATE SEQUENCE blog_posts_labels_id_seq
    AS integer;
CREATE TABLE blog_posts_links (
    _order integer NOT NULL,
    _parent_id integer NOT NULL,
    id character varying NOT NULL,
    label character varying,
    url character varying
);
CREATE TABLE blog_posts_locales (
    title character varying,
    id integer NOT NULL,
    _locale _locales NOT NULL,
    _parent_id integer NOT NULL
);
CREATE SEQUENCE blog_posts_locales_id_seq
    AS integer;
CREATE TABLE blog_posts_rels (
    id integer NOT NULL,
    "order" integer,
    parent_id integer NOT NULL,
    path character varying NOT NULL,
    categories_id integer
);
CREATE SEQUENCE blog_posts_rels_id_seq
    AS integer;
CREATE TABLE categories (
    id integer NOT NULL,
    name character varying,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE categories_id_seq
    AS integer;
CREATE TABLE payload_locked_documents (
    id integer NOT NULL,
    global_slug character varying,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE payload_locked_documents_id_seq
    AS integer;
CREATE TABLE payload_migrations (
    id integer NOT NULL,
    name character varying,
    batch numeric,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE payload_migrations_id_seq
    AS integer;
CREATE TABLE payload_preferences (
    id integer NOT NULL,
    key character varying,
    value jsonb,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE payload_preferences_id_seq
    AS integer;
CREATE TABLE site_settings (
    id integer NOT NULL,
    headline character varying,
    updated_at timestamp(3) with time zone,
    created_at timestamp(3) with time zone
);
CREATE SEQUENCE site_settings_id_seq
    AS integer;
CREATE TABLE site_settings_menu (
    _order integer NOT NULL,
    _parent_id integer NOT NULL,
    id character varying NOT NULL,
    label character varying
);
CREATE TABLE users (
    id integer NOT NULL,
    first_name character varying,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    enable_a_p_i_key boolean,
    api_key character varying,
    api_key_index character varying,
    email character varying NOT NULL,
    reset_password_token character varying,
    reset_password_expiration timestamp(3) with time zone,
    salt character varying,
    hash character varying,
    reset_password_requested_at timestamp(3) with time zone,
    login_attempts numeric DEFAULT 0,
    lock_until timestamp(3) with time zone
);
CREATE SEQUENCE users_id_seq
    AS integer;
CREATE TABLE users_sessions (
    _order integer NOT NULL,
    _parent_id integer NOT NULL,
    id character varying NOT NULL,
    created_at timestamp(3) with time zone,
    expires_at timestamp(3) with time zone NOT NULL
);
ALTER TABLE _blog_posts_v ALTER COLUMN id SET DEFAULT nextval('_blog_posts_v_id_seq'::regclass);
ALTER TABLE _blog_posts_v_locales ALTER COLUMN id SET DEFAULT nextval('_blog_posts_v_locales_id_seq'::regclass);
ALTER TABLE blog_posts ALTER COLUMN id SET DEFAULT nextval('blog_posts_id_seq'::regclass);
ALTER TABLE blog_posts_labels ALTER COLUMN id SET DEFAULT nextval('blog_posts_labels_id_seq'::regclass);
ALTER TABLE blog_posts_locales ALTER COLUMN id SET DEFAULT nextval('blog_posts_locales_id_seq'::regclass);
ALTER TABLE blog_posts_rels ALTER COLUMN id SET DEFAULT nextval('blog_posts_rels_id_seq'::regclass);
ALTER TABLE categories ALTER COLUMN id SET DEFAULT nextval('categories_id_seq'::regclass);
ALTER TABLE payload_locked_documents ALTER COLUMN id SET DEFAULT nextval('payload_locked_documents_id_seq'::regclass);
ALTER TABLE payload_migrations ALTER COLUMN id SET DEFAULT nextval('payload_migrations_id_seq'::regclass);
ALTER TABLE payload_preferences ALTER COLUMN id SET DEFAULT nextval('payload_preferences_id_seq'::regclass);
ALTER TABLE site_settings ALTER COLUMN id SET DEFAULT nextval('site_settings_id_seq'::regclass);
ALTER TABLE users ALTER COLUMN id SET DEFAULT nextval('users_id_seq'::regclass);
ALTER TABLE _blog_posts_v_locales
    ADD CONSTRAINT _blog_posts_v_locales_pkey PRIMARY KEY (id);
ALTER TABLE _blog_posts_v
    ADD CONSTRAINT _blog_posts_v_pkey PRIMARY KEY (id);
ALTER TABLE blog_posts_labels
    ADD CONSTRAINT blog_posts_labels_pkey PRIMARY KEY (id);
ALTER TABLE blog_posts_links
    ADD CONSTRAINT blog_posts_links_pkey PRIMARY KEY (id);
ALTER TABLE blog_posts_locales
    ADD CONSTRAINT blog_posts_locales_pkey PRIMARY KEY (id);
ALTER TABLE blog_posts
    ADD CONSTRAINT blog_posts_pkey PRIMARY KEY (id);
ALTER TABLE blog_posts_rels
    ADD CONSTRAINT blog_posts_rels_pkey PRIMARY KEY (id);
ALTER TABLE categories
    ADD CONSTRAINT categories_pkey PRIMARY KEY (id);
ALTER TABLE payload_locked_documents
    ADD CONSTRAINT payload_locked_documents_pkey PRIMARY KEY (id);
ALTER TABLE payload_migrations
    ADD CONSTRAINT payload_migrations_pkey PRIMARY KEY (id);
ALTER TABLE payload_preferences
    ADD CONSTRAINT payload_preferences_pkey PRIMARY KEY (id);
ALTER TABLE site_settings_menu
    ADD CONSTRAINT site_settings_menu_pkey PRIMARY KEY (id);
ALTER TABLE site_settings
    ADD CONSTRAINT site_settings_pkey PRIMARY KEY (id);
ALTER TABLE users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE users_sessions
    ADD CONSTRAINT users_sessions_pkey PRIMARY KEY (id);
ALTER TABLE _blog_posts_v_locales
    ADD CONSTRAINT _blog_posts_v_locales_parent_id_fk FOREIGN KEY (_parent_id) REFERENCES _blog_posts_v(id) ON DELETE CASCADE;
ALTER TABLE _blog_posts_v
    ADD CONSTRAINT _blog_posts_v_parent_id_blog_posts_id_fk FOREIGN KEY (parent_id) REFERENCES blog_posts(id) ON DELETE SET NULL;
ALTER TABLE _blog_posts_v
    ADD CONSTRAINT _blog_posts_v_version_category_id_categories_id_fk FOREIGN KEY (version_category_id) REFERENCES categories(id) ON DELETE SET NULL;
ALTER TABLE blog_posts
    ADD CONSTRAINT blog_posts_category_id_categories_id_fk FOREIGN KEY (category_id) REFERENCES categories(id) ON DELETE SET NULL;
ALTER TABLE blog_posts_labels
    ADD CONSTRAINT blog_posts_labels_parent_fk FOREIGN KEY (parent_id) REFERENCES blog_posts(id) ON DELETE CASCADE;
ALTER TABLE blog_posts_links
    ADD CONSTRAINT blog_posts_links_parent_id_fk FOREIGN KEY (_parent_id) REFERENCES blog_posts(id) ON DELETE CASCADE;
ALTER TABLE blog_posts_locales
    ADD CONSTRAINT blog_posts_locales_parent_id_fk FOREIGN KEY (_parent_id) REFERENCES blog_posts(id) ON DELETE CASCADE;
ALTER TABLE blog_posts_rels
    ADD CONSTRAINT blog_posts_rels_categories_fk FOREIGN KEY (categories_id) REFERENCES categories(id) ON DELETE CASCADE;
ALTER TABLE blog_posts_rels
    ADD CONSTRAINT blog_posts_rels_parent_fk FOREIGN KEY (parent_id) REFERENCES blog_posts(id) ON DELETE CASCADE;
ALTER TABLE site_settings_menu
    ADD CONSTRAINT site_settings_menu_parent_id_fk FOREIGN KEY (_parent_id) REFERENCES site_settings(id) ON DELETE CASCADE;
ALTER TABLE users_sessions
    ADD CONSTRAINT users_sessions_parent_id_fk FOREIGN KEY (_parent_id) REFERENCES users(id) ON DELETE CASCADE;
