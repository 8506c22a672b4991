-- Strapi 5.54.0 with @strapi/plugin-users-permissions 5.54.0: what it made of the content types article (drafts, two locales,
-- relations, a component and a dynamic zone), author, tag (in table crm_labels), page (drafts, three locales, no parts) and homepage
-- (a single type), without indexes and with a few of its own tables. Of what
-- it says of its types the keys that matter are left.
CREATE TABLE admin_users (
    id integer NOT NULL,
    document_id character varying(255),
    firstname character varying(255),
    lastname character varying(255),
    username character varying(255),
    email character varying(255),
    password character varying(255),
    reset_password_token character varying(255),
    reset_password_token_expires_at timestamp(6) without time zone,
    registration_token character varying(255),
    is_active boolean,
    blocked boolean,
    prefered_language character varying(255),
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE admin_users_id_seq
    AS integer;
CREATE TABLE articles (
    id integer NOT NULL,
    document_id character varying(255),
    title character varying(255),
    slug character varying(255),
    body jsonb,
    price numeric(10,2),
    views bigint,
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE TABLE articles_author_lnk (
    id integer NOT NULL,
    article_id integer,
    author_id integer,
    article_ord double precision
);
CREATE SEQUENCE articles_author_lnk_id_seq
    AS integer;
CREATE TABLE articles_cmps (
    id integer NOT NULL,
    entity_id integer,
    cmp_id integer,
    component_type character varying(255),
    field character varying(255),
    "order" double precision
);
CREATE SEQUENCE articles_cmps_id_seq
    AS integer;
CREATE SEQUENCE articles_id_seq
    AS integer;
CREATE TABLE articles_tags_lnk (
    id integer NOT NULL,
    article_id integer,
    tag_id integer,
    tag_ord double precision,
    article_ord double precision
);
CREATE SEQUENCE articles_tags_lnk_id_seq
    AS integer;
CREATE TABLE authors (
    id integer NOT NULL,
    document_id character varying(255),
    name character varying(255),
    email character varying(255),
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE authors_id_seq
    AS integer;
CREATE TABLE components_shared_quotes (
    id integer NOT NULL,
    text text
);
CREATE SEQUENCE components_shared_quotes_id_seq
    AS integer;
CREATE TABLE components_shared_seos (
    id integer NOT NULL,
    meta_title character varying(255),
    meta_description text
);
CREATE SEQUENCE components_shared_seos_id_seq
    AS integer;
CREATE TABLE crm_labels (
    id integer NOT NULL,
    document_id character varying(255),
    name character varying(255),
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE crm_labels_id_seq
    AS integer;
CREATE TABLE files (
    id integer NOT NULL,
    document_id character varying(255),
    name character varying(255),
    alternative_text text,
    caption text,
    focal_point jsonb,
    width integer,
    height integer,
    formats jsonb,
    hash character varying(255),
    ext character varying(255),
    mime character varying(255),
    size numeric(10,2),
    url text,
    preview_url text,
    provider character varying(255),
    provider_metadata jsonb,
    folder_path character varying(255),
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE files_id_seq
    AS integer;
CREATE TABLE homepages (
    id integer NOT NULL,
    document_id character varying(255),
    headline character varying(255),
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE homepages_id_seq
    AS integer;
CREATE TABLE i18n_locale (
    id integer NOT NULL,
    document_id character varying(255),
    name character varying(255),
    code character varying(255),
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE i18n_locale_id_seq
    AS integer;
CREATE TABLE strapi_api_tokens (
    id integer NOT NULL,
    document_id character varying(255),
    name character varying(255),
    description character varying(255),
    kind character varying(255),
    type character varying(255),
    access_key character varying(255),
    encrypted_key text,
    last_used_at timestamp(6) without time zone,
    expires_at timestamp(6) without time zone,
    lifespan bigint,
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE strapi_api_tokens_id_seq
    AS integer;
CREATE TABLE strapi_core_store_settings (
    id integer NOT NULL,
    key character varying(255),
    value text,
    type character varying(255),
    environment character varying(255),
    tag character varying(255)
);
CREATE SEQUENCE strapi_core_store_settings_id_seq
    AS integer;
CREATE TABLE strapi_database_schema (
    id integer NOT NULL,
    schema json,
    "time" timestamp without time zone,
    hash character varying(255)
);
CREATE SEQUENCE strapi_database_schema_id_seq
    AS integer;
CREATE TABLE strapi_sessions (
    id integer NOT NULL,
    document_id character varying(255),
    user_id character varying(255),
    session_id character varying(255),
    child_id character varying(255),
    device_id character varying(255),
    origin character varying(255),
    expires_at timestamp(6) without time zone,
    absolute_expires_at timestamp(6) without time zone,
    status character varying(255),
    type character varying(255),
    metadata jsonb,
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE strapi_sessions_id_seq
    AS integer;
CREATE TABLE up_users (
    id integer NOT NULL,
    document_id character varying(255),
    username character varying(255),
    email character varying(255),
    provider character varying(255),
    password character varying(255),
    reset_password_token character varying(255),
    confirmation_token character varying(255),
    confirmed boolean,
    blocked boolean,
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE up_users_id_seq
    AS integer;
ALTER TABLE admin_users ALTER COLUMN id SET DEFAULT nextval('admin_users_id_seq'::regclass);
ALTER TABLE articles ALTER COLUMN id SET DEFAULT nextval('articles_id_seq'::regclass);
ALTER TABLE articles_author_lnk ALTER COLUMN id SET DEFAULT nextval('articles_author_lnk_id_seq'::regclass);
ALTER TABLE articles_cmps ALTER COLUMN id SET DEFAULT nextval('articles_cmps_id_seq'::regclass);
ALTER TABLE articles_tags_lnk ALTER COLUMN id SET DEFAULT nextval('articles_tags_lnk_id_seq'::regclass);
ALTER TABLE authors ALTER COLUMN id SET DEFAULT nextval('authors_id_seq'::regclass);
ALTER TABLE components_shared_quotes ALTER COLUMN id SET DEFAULT nextval('components_shared_quotes_id_seq'::regclass);
ALTER TABLE components_shared_seos ALTER COLUMN id SET DEFAULT nextval('components_shared_seos_id_seq'::regclass);
ALTER TABLE crm_labels ALTER COLUMN id SET DEFAULT nextval('crm_labels_id_seq'::regclass);
ALTER TABLE files ALTER COLUMN id SET DEFAULT nextval('files_id_seq'::regclass);
ALTER TABLE homepages ALTER COLUMN id SET DEFAULT nextval('homepages_id_seq'::regclass);
ALTER TABLE i18n_locale ALTER COLUMN id SET DEFAULT nextval('i18n_locale_id_seq'::regclass);
ALTER TABLE strapi_api_tokens ALTER COLUMN id SET DEFAULT nextval('strapi_api_tokens_id_seq'::regclass);
ALTER TABLE strapi_core_store_settings ALTER COLUMN id SET DEFAULT nextval('strapi_core_store_settings_id_seq'::regclass);
ALTER TABLE strapi_database_schema ALTER COLUMN id SET DEFAULT nextval('strapi_database_schema_id_seq'::regclass);
ALTER TABLE strapi_sessions ALTER COLUMN id SET DEFAULT nextval('strapi_sessions_id_seq'::regclass);
ALTER TABLE up_users ALTER COLUMN id SET DEFAULT nextval('up_users_id_seq'::regclass);
ALTER TABLE admin_users
    ADD CONSTRAINT admin_users_pkey PRIMARY KEY (id);
ALTER TABLE articles_author_lnk
    ADD CONSTRAINT articles_author_lnk_pkey PRIMARY KEY (id);
ALTER TABLE articles_author_lnk
    ADD CONSTRAINT articles_author_lnk_uq UNIQUE (article_id, author_id);
ALTER TABLE articles_cmps
    ADD CONSTRAINT articles_cmps_pkey PRIMARY KEY (id);
ALTER TABLE articles
    ADD CONSTRAINT articles_pkey PRIMARY KEY (id);
ALTER TABLE articles_tags_lnk
    ADD CONSTRAINT articles_tags_lnk_pkey PRIMARY KEY (id);
ALTER TABLE articles_tags_lnk
    ADD CONSTRAINT articles_tags_lnk_uq UNIQUE (article_id, tag_id);
ALTER TABLE articles_cmps
    ADD CONSTRAINT articles_uq UNIQUE (entity_id, cmp_id, field, component_type);
ALTER TABLE authors
    ADD CONSTRAINT authors_pkey PRIMARY KEY (id);
ALTER TABLE components_shared_quotes
    ADD CONSTRAINT components_shared_quotes_pkey PRIMARY KEY (id);
ALTER TABLE components_shared_seos
    ADD CONSTRAINT components_shared_seos_pkey PRIMARY KEY (id);
ALTER TABLE crm_labels
    ADD CONSTRAINT crm_labels_pkey PRIMARY KEY (id);
ALTER TABLE files
    ADD CONSTRAINT files_pkey PRIMARY KEY (id);
ALTER TABLE homepages
    ADD CONSTRAINT homepages_pkey PRIMARY KEY (id);
ALTER TABLE i18n_locale
    ADD CONSTRAINT i18n_locale_pkey PRIMARY KEY (id);
ALTER TABLE strapi_api_tokens
    ADD CONSTRAINT strapi_api_tokens_pkey PRIMARY KEY (id);
ALTER TABLE strapi_core_store_settings
    ADD CONSTRAINT strapi_core_store_settings_pkey PRIMARY KEY (id);
ALTER TABLE strapi_database_schema
    ADD CONSTRAINT strapi_database_schema_pkey PRIMARY KEY (id);
ALTER TABLE strapi_sessions
    ADD CONSTRAINT strapi_sessions_pkey PRIMARY KEY (id);
ALTER TABLE up_users
    ADD CONSTRAINT up_users_pkey PRIMARY KEY (id);
ALTER TABLE admin_users
    ADD CONSTRAINT admin_users_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE admin_users
    ADD CONSTRAINT admin_users_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE articles_author_lnk
    ADD CONSTRAINT articles_author_lnk_fk FOREIGN KEY (article_id) REFERENCES articles(id) ON DELETE CASCADE;
ALTER TABLE articles_author_lnk
    ADD CONSTRAINT articles_author_lnk_ifk FOREIGN KEY (author_id) REFERENCES authors(id) ON DELETE CASCADE;
ALTER TABLE articles
    ADD CONSTRAINT articles_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE articles_cmps
    ADD CONSTRAINT articles_entity_fk FOREIGN KEY (entity_id) REFERENCES articles(id) ON DELETE CASCADE;
ALTER TABLE articles_tags_lnk
    ADD CONSTRAINT articles_tags_lnk_fk FOREIGN KEY (article_id) REFERENCES articles(id) ON DELETE CASCADE;
ALTER TABLE articles_tags_lnk
    ADD CONSTRAINT articles_tags_lnk_ifk FOREIGN KEY (tag_id) REFERENCES crm_labels(id) ON DELETE CASCADE;
ALTER TABLE articles
    ADD CONSTRAINT articles_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE authors
    ADD CONSTRAINT authors_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE authors
    ADD CONSTRAINT authors_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE crm_labels
    ADD CONSTRAINT crm_labels_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE crm_labels
    ADD CONSTRAINT crm_labels_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE files
    ADD CONSTRAINT files_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE files
    ADD CONSTRAINT files_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE homepages
    ADD CONSTRAINT homepages_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE homepages
    ADD CONSTRAINT homepages_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE i18n_locale
    ADD CONSTRAINT i18n_locale_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE i18n_locale
    ADD CONSTRAINT i18n_locale_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE strapi_api_tokens
    ADD CONSTRAINT strapi_api_tokens_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE strapi_api_tokens
    ADD CONSTRAINT strapi_api_tokens_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE strapi_sessions
    ADD CONSTRAINT strapi_sessions_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE strapi_sessions
    ADD CONSTRAINT strapi_sessions_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE up_users
    ADD CONSTRAINT up_users_created_by_id_fk FOREIGN KEY (created_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
ALTER TABLE up_users
    ADD CONSTRAINT up_users_updated_by_id_fk FOREIGN KEY (updated_by_id) REFERENCES admin_users(id) ON DELETE SET NULL;
CREATE TABLE pages (
    id integer NOT NULL,
    document_id character varying(255),
    title character varying(255),
    rank integer,
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    published_at timestamp(6) without time zone,
    created_by_id integer,
    updated_by_id integer,
    locale character varying(255)
);
CREATE SEQUENCE pages_id_seq
    AS integer;
ALTER TABLE pages ALTER COLUMN id SET DEFAULT nextval('pages_id_seq'::regclass);
ALTER TABLE pages
    ADD CONSTRAINT pages_pkey PRIMARY KEY (id);

INSERT INTO strapi_core_store_settings (id, key, value, type) VALUES
(1, 'plugin_users-permissions_email', '{"reset_password":{"options":{}}}', 'object'),
(2, 'strapi_content_types_schema', '{"api::article.article":{"uid":"api::article.article","collectionName":"articles","info":{"singularName":"article","pluralName":"articles"},"options":{"draftAndPublish":true},"attributes":{"title":{"type":"string"},"slug":{"type":"uid"},"body":{"type":"blocks"},"price":{"type":"decimal"},"views":{"type":"biginteger"},"author":{"type":"relation","relation":"manyToOne","target":"api::author.author"},"tags":{"type":"relation","relation":"manyToMany","target":"api::tag.tag"},"seo":{"type":"component"},"sections":{"type":"dynamiczone"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":false},"localizations":{"type":"relation","private":false,"relation":"oneToMany","target":"api::article.article"}}},
"api::author.author":{"uid":"api::author.author","collectionName":"authors","info":{"singularName":"author","pluralName":"authors"},"options":{"draftAndPublish":false},"attributes":{"name":{"type":"string"},"email":{"type":"email"},"articles":{"type":"relation","relation":"oneToMany","target":"api::article.article"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":true},"localizations":{"type":"relation","private":true,"relation":"oneToMany","target":"api::author.author"}}},
"api::tag.tag":{"uid":"api::tag.tag","collectionName":"crm_labels","info":{"singularName":"tag","pluralName":"tags"},"options":{"draftAndPublish":false},"attributes":{"name":{"type":"string"},"articles":{"type":"relation","relation":"manyToMany","target":"api::article.article"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":true},"localizations":{"type":"relation","private":true,"relation":"oneToMany","target":"api::tag.tag"}}},
"api::page.page":{"uid":"api::page.page","collectionName":"pages","info":{"singularName":"page","pluralName":"pages"},"options":{"draftAndPublish":true},"attributes":{"title":{"type":"string"},"rank":{"type":"integer"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":false},"localizations":{"type":"relation","private":false,"relation":"oneToMany","target":"api::page.page"}}},
"api::homepage.homepage":{"uid":"api::homepage.homepage","collectionName":"homepages","info":{"singularName":"homepage","pluralName":"homepages"},"options":{"draftAndPublish":true},"attributes":{"headline":{"type":"string"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":true},"localizations":{"type":"relation","private":true,"relation":"oneToMany","target":"api::homepage.homepage"}}},
"plugin::users-permissions.user":{"uid":"plugin::users-permissions.user","collectionName":"up_users","info":{"singularName":"user","pluralName":"users"},"options":{"timestamps":true,"draftAndPublish":false},"attributes":{"username":{"type":"string"},"email":{"type":"email"},"provider":{"type":"string"},"password":{"type":"password","private":true},"resetPasswordToken":{"type":"string","private":true},"confirmationToken":{"type":"string","private":true},"confirmed":{"type":"boolean"},"blocked":{"type":"boolean"},"role":{"type":"relation","relation":"manyToOne","target":"plugin::users-permissions.role"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":true},"localizations":{"type":"relation","private":true,"relation":"oneToMany","target":"plugin::users-permissions.user"}}},
"plugin::upload.file":{"uid":"plugin::upload.file","collectionName":"files","info":{"singularName":"file","pluralName":"files"},"options":{"draftAndPublish":false},"attributes":{"name":{"type":"string"},"alternativeText":{"type":"text"},"caption":{"type":"text"},"focalPoint":{"type":"json"},"width":{"type":"integer"},"height":{"type":"integer"},"formats":{"type":"json"},"hash":{"type":"string"},"ext":{"type":"string"},"mime":{"type":"string"},"size":{"type":"decimal"},"url":{"type":"text"},"previewUrl":{"type":"text"},"provider":{"type":"string"},"provider_metadata":{"type":"json"},"related":{"type":"relation","relation":"morphToMany"},"folder":{"type":"relation","private":true,"relation":"manyToOne","target":"plugin::upload.folder"},"folderPath":{"type":"string","private":true},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":true},"localizations":{"type":"relation","private":true,"relation":"oneToMany","target":"plugin::upload.file"}}},
"admin::user":{"uid":"admin::user","collectionName":"admin_users","info":{"singularName":"user","pluralName":"users"},"options":{"draftAndPublish":false},"attributes":{"firstname":{"type":"string"},"lastname":{"type":"string"},"username":{"type":"string"},"email":{"type":"email","private":true},"password":{"type":"password","private":true},"resetPasswordToken":{"type":"string","private":true},"resetPasswordTokenExpiresAt":{"type":"datetime","private":true},"registrationToken":{"type":"string","private":true},"isActive":{"type":"boolean","private":true},"roles":{"type":"relation","private":true,"relation":"manyToMany","target":"admin::role"},
"apiTokens":{"type":"relation","private":true,"relation":"oneToMany","target":"admin::api-token"},"blocked":{"type":"boolean","private":true},"preferedLanguage":{"type":"string"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":true},"localizations":{"type":"relation","private":true,"relation":"oneToMany","target":"admin::user"}}},
"admin::api-token":{"uid":"admin::api-token","collectionName":"strapi_api_tokens","info":{"singularName":"api-token","pluralName":"api-tokens"},"options":{"draftAndPublish":false},"attributes":{"name":{"type":"string"},"description":{"type":"string"},"kind":{"type":"enumeration"},"type":{"type":"enumeration"},"accessKey":{"type":"string"},"encryptedKey":{"type":"text"},"lastUsedAt":{"type":"datetime"},"permissions":{"type":"relation","relation":"oneToMany","target":"admin::api-token-permission"},
"adminPermissions":{"type":"relation","relation":"oneToMany","target":"admin::permission"},
"adminUserOwner":{"type":"relation","relation":"manyToOne","target":"admin::user"},"expiresAt":{"type":"datetime"},"lifespan":{"type":"biginteger"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":true},"localizations":{"type":"relation","private":true,"relation":"oneToMany","target":"admin::api-token"}}},
"plugin::i18n.locale":{"uid":"plugin::i18n.locale","collectionName":"i18n_locale","info":{"singularName":"locale","pluralName":"locales"},"options":{"draftAndPublish":false},"attributes":{"name":{"type":"string"},"code":{"type":"string"},"createdAt":{"type":"datetime"},"updatedAt":{"type":"datetime"},"publishedAt":{"type":"datetime"},"createdBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"updatedBy":{"type":"relation","private":true,"relation":"oneToOne","target":"admin::user"},"locale":{"type":"string","private":true},"localizations":{"type":"relation","private":true,"relation":"oneToMany","target":"plugin::i18n.locale"}}}}', 'object');
INSERT INTO strapi_database_schema (id, schema, time, hash) VALUES (1, '{"tables":[{"name":"files"},{"name":"upload_folders"},{"name":"i18n_locale"},{"name":"strapi_releases"},{"name":"strapi_release_actions"},{"name":"strapi_workflows"},{"name":"strapi_workflows_stages"},{"name":"up_permissions"},{"name":"up_roles"},{"name":"up_users"},{"name":"articles_cmps"},{"name":"articles"},{"name":"authors"},{"name":"homepages"},{"name":"pages"},{"name":"crm_labels"},{"name":"admin_permissions"},{"name":"admin_users"},{"name":"admin_roles"},{"name":"strapi_api_tokens"},{"name":"strapi_api_token_permissions"},{"name":"strapi_transfer_tokens"},{"name":"strapi_transfer_token_permissions"},{"name":"strapi_sessions"},{"name":"components_shared_seos"},{"name":"components_shared_quotes"},{"name":"strapi_core_store_settings"},{"name":"strapi_webhooks"},{"name":"strapi_history_versions"},{"name":"strapi_ai_metadata_jobs"},{"name":"strapi_ai_localization_jobs"},{"name":"files_related_mph"},{"name":"files_folder_lnk"},{"name":"upload_folders_parent_lnk"},{"name":"strapi_release_actions_release_lnk"},{"name":"strapi_workflows_stage_required_to_publish_lnk"},{"name":"strapi_workflows_stages_workflow_lnk"},{"name":"strapi_workflows_stages_permissions_lnk"},{"name":"up_permissions_role_lnk"},{"name":"up_users_role_lnk"},{"name":"articles_author_lnk"},{"name":"articles_tags_lnk"},{"name":"admin_permissions_role_lnk"},{"name":"admin_permissions_api_token_lnk"},{"name":"admin_users_roles_lnk"},{"name":"strapi_api_tokens_admin_user_owner_lnk"},{"name":"strapi_api_token_permissions_token_lnk"},{"name":"strapi_transfer_token_permissions_token_lnk"}]}', '2026-11-29 17:19:00', 'x');
