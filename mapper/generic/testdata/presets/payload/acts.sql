-- ACT create a user
BEGIN;
insert into "users" ("id", "first_name", "updated_at", "created_at", "enable_a_p_i_key", "api_key", "api_key_index", "email", "reset_password_token", "reset_password_expiration", "salt", "hash", "reset_password_requested_at", "login_attempts", "lock_until") values (default, 'Ann', '2026-11-29 16:45:04.07+00', '2026-11-29 16:45:03.992+00', 't', 'canary-api-key', 'canary-api-key-index', 'ann@example.com', default, default, 'canary-salt', 'canary-hash', default, '0', default);
COMMIT;
-- ACT log in
BEGIN;
insert into "users" ("id", "first_name", "updated_at", "created_at", "enable_a_p_i_key", "api_key", "api_key_index", "email", "reset_password_token", "reset_password_expiration", "salt", "hash", "reset_password_requested_at", "login_attempts", "lock_until") values ('1', 'Ann', default, '2026-11-29 16:45:03.992+00', 't', 'canary-api-key', 'canary-api-key-index', 'ann@example.com', NULL, NULL, 'canary-salt', 'canary-hash', NULL, '0', NULL) on conflict ("id") do update set "id" = '1', "first_name" = 'Ann', "created_at" = '2026-11-29 16:45:03.992+00', "enable_a_p_i_key" = 't', "api_key" = 'canary-api-key', "api_key_index" = 'canary-api-key-index', "email" = 'ann@example.com', "reset_password_token" = NULL, "reset_password_expiration" = NULL, "salt" = 'canary-salt', "hash" = 'canary-hash', "reset_password_requested_at" = NULL, "login_attempts" = '0', "lock_until" = NULL;
delete from "users_sessions" where "users_sessions"."_parent_id" = '1';
insert into "users_sessions" ("_order", "_parent_id", "id", "created_at", "expires_at") values ('1', '1', 'canary-session-1', '2026-11-29 16:45:12.796+00', '2026-11-29 18:45:12.796+00');
COMMIT;
-- ACT fail to log in
update "users" set "updated_at" = '2026-11-29 16:45:21.495+00', "login_attempts" = login_attempts + 1 where "users"."id" = '1';
-- ACT log in again
BEGIN;
insert into "users" ("id", "first_name", "updated_at", "created_at", "enable_a_p_i_key", "api_key", "api_key_index", "email", "reset_password_token", "reset_password_expiration", "salt", "hash", "reset_password_requested_at", "login_attempts", "lock_until") values ('1', 'Ann', default, '2026-11-29 16:45:03.992+00', 't', 'canary-api-key', 'canary-api-key-index', 'ann@example.com', NULL, NULL, 'canary-salt', 'canary-hash', NULL, '1', NULL) on conflict ("id") do update set "id" = '1', "first_name" = 'Ann', "created_at" = '2026-11-29 16:45:03.992+00', "enable_a_p_i_key" = 't', "api_key" = 'canary-api-key', "api_key_index" = 'canary-api-key-index', "email" = 'ann@example.com', "reset_password_token" = NULL, "reset_password_expiration" = NULL, "salt" = 'canary-salt', "hash" = 'canary-hash', "reset_password_requested_at" = NULL, "login_attempts" = '1', "lock_until" = NULL;
delete from "users_sessions" where "users_sessions"."_parent_id" = '1';
insert into "users_sessions" ("_order", "_parent_id", "id", "created_at", "expires_at") values ('1', '1', 'canary-session-1', '2026-11-29 16:45:12.796+00', '2026-11-29 18:45:12.796+00'), ('2', '1', 'canary-session-2', '2026-11-29 16:45:29.108+00', '2026-11-29 18:45:29.108+00');
update "users" set "updated_at" = '2026-11-29 16:45:29.192+00', "login_attempts" = '0', "lock_until" = NULL where "users"."id" = '1';
COMMIT;
-- ACT forget the password
BEGIN;
insert into "users" ("id", "first_name", "updated_at", "created_at", "enable_a_p_i_key", "api_key", "api_key_index", "email", "reset_password_token", "reset_password_expiration", "salt", "hash", "reset_password_requested_at", "login_attempts", "lock_until") values ('1', 'Ann', '2026-11-29 16:45:32.623+00', '2026-11-29 16:45:03.992+00', 't', default, default, 'ann@example.com', 'canary-reset-token', '2026-11-29 17:45:31.787+00', 'canary-salt', 'canary-hash', NULL, '0', NULL) on conflict ("id") do update set "id" = '1', "first_name" = 'Ann', "updated_at" = '2026-11-29 16:45:32.623+00', "created_at" = '2026-11-29 16:45:03.992+00', "enable_a_p_i_key" = 't', "email" = 'ann@example.com', "reset_password_token" = 'canary-reset-token', "reset_password_expiration" = '2026-11-29 17:45:31.787+00', "salt" = 'canary-salt', "hash" = 'canary-hash', "reset_password_requested_at" = NULL, "login_attempts" = '0', "lock_until" = NULL;
delete from "users_sessions" where "users_sessions"."_parent_id" = '1';
insert into "users_sessions" ("_order", "_parent_id", "id", "created_at", "expires_at") values ('1', '1', 'canary-session-1', '2026-11-29 16:45:12.796+00', '2026-11-29 18:45:12.796+00'), ('2', '1', 'canary-session-2', '2026-11-29 16:45:29.108+00', '2026-11-29 18:45:29.108+00');
COMMIT;
-- ACT edit a user
BEGIN;
insert into "users" ("id", "first_name", "updated_at", "created_at", "enable_a_p_i_key", "api_key", "api_key_index", "email", "reset_password_token", "reset_password_expiration", "salt", "hash", "reset_password_requested_at", "login_attempts", "lock_until") values ('1', 'Anna', '2026-11-29 16:45:35.833+00', '2026-11-29 16:45:03.992+00', 't', default, default, 'ann@example.com', 'canary-reset-token', '2026-11-29 17:45:31.787+00', 'canary-salt', 'canary-hash', NULL, '0', NULL) on conflict ("id") do update set "id" = '1', "first_name" = 'Anna', "updated_at" = '2026-11-29 16:45:35.833+00', "created_at" = '2026-11-29 16:45:03.992+00', "enable_a_p_i_key" = 't', "email" = 'ann@example.com', "reset_password_token" = 'canary-reset-token', "reset_password_expiration" = '2026-11-29 17:45:31.787+00', "salt" = 'canary-salt', "hash" = 'canary-hash', "reset_password_requested_at" = NULL, "login_attempts" = '0', "lock_until" = NULL;
delete from "users_sessions" where "users_sessions"."_parent_id" = '1';
insert into "users_sessions" ("_order", "_parent_id", "id", "created_at", "expires_at") values ('1', '1', 'canary-session-1', '2026-11-29 16:45:12.796+00', '2026-11-29 18:45:12.796+00'), ('2', '1', 'canary-session-2', '2026-11-29 16:45:29.108+00', '2026-11-29 18:45:29.108+00');
COMMIT;
-- ACT create a category
BEGIN;
insert into "categories" ("id", "name", "updated_at", "created_at") values (default, 'News', '2026-11-29 16:45:38.122+00', '2026-11-29 16:45:38.122+00');
COMMIT;
-- ACT edit a category
BEGIN;
update "categories" set "name" = 'Our news', "updated_at" = '2026-11-29 16:45:41.108+00', "created_at" = '2026-11-29 16:45:38.122+00' where "categories"."id" = '1';
COMMIT;
-- ACT create and publish a post
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values (default, default, '3', 'good', '1', 'Hi', '2026-11-29 16:45:42.942+00', '2026-11-29 16:45:42.94+00', default, 'published');
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Hello', default, 'en', '1');
insert into "blog_posts_rels" ("id", "order", "parent_id", "path", "categories_id") values (default, '1', '1', 'related', '1');
insert into "blog_posts_links" ("_order", "_parent_id", "id", "label", "url") values ('1', '1', '6b0c56b6e8b2e3751c0fa866', 'One', 'https://example.com');
insert into "blog_posts_labels" ("order", "parent_id", "value", "id") values ('1', '1', 'a', default), ('2', '1', 'b', default);
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '1', NULL, '3', 'good', '1', 'Hi', '2026-11-29 16:45:42.942+00', '2026-11-29 16:45:42.94+00', NULL, 'published', '2026-11-29 16:45:43.669+00', '2026-11-29 16:45:43.669+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Hello', default, 'en', '1');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '1' AND "_blog_posts_v"."parent_id" = '1' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:45:43.669+00';
COMMIT;
-- ACT edit a post
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('1', NULL, '3', 'good', '1', 'Hi', '2026-11-29 16:45:47.605+00', '2026-11-29 16:45:42.94+00', NULL, 'published') on conflict ("id") do update set "id" = '1', "published_on" = NULL, "views" = '3', "mood" = 'good', "category_id" = '1', "seo_meta_title" = 'Hi', "updated_at" = '2026-11-29 16:45:47.605+00', "created_at" = '2026-11-29 16:45:42.94+00', "deleted_at" = NULL, "_status" = 'published';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '1';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '1');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '1' and "blog_posts_rels"."path" in ('related'));
insert into "blog_posts_rels" ("id", "order", "parent_id", "path", "categories_id") values (default, '1', '1', 'related', '1');
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '1';
insert into "blog_posts_links" ("_order", "_parent_id", "id", "label", "url") values ('1', '1', '6b0c56b6e8b2e3751c0fa866', 'One', 'https://example.com');
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '1';
insert into "blog_posts_labels" ("order", "parent_id", "value", "id") values ('1', '1', 'a', default), ('2', '1', 'b', default);
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '1', NULL, '3', 'good', '1', 'Hi', '2026-11-29 16:45:47.605+00', '2026-11-29 16:45:42.94+00', NULL, 'published', '2026-11-29 16:45:48.842+00', '2026-11-29 16:45:48.842+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '2');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '2' AND "_blog_posts_v"."parent_id" = '1' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:45:48.842+00';
COMMIT;
-- ACT edit a field of the main table of a post
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('1', NULL, '4', 'good', '1', 'Hi', '2026-11-29 16:45:53.496+00', '2026-11-29 16:45:42.94+00', NULL, 'published') on conflict ("id") do update set "id" = '1', "published_on" = NULL, "views" = '4', "mood" = 'good', "category_id" = '1', "seo_meta_title" = 'Hi', "updated_at" = '2026-11-29 16:45:53.496+00', "created_at" = '2026-11-29 16:45:42.94+00', "deleted_at" = NULL, "_status" = 'published';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '1';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '1');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '1' and "blog_posts_rels"."path" in ('related'));
insert into "blog_posts_rels" ("id", "order", "parent_id", "path", "categories_id") values (default, '1', '1', 'related', '1');
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '1';
insert into "blog_posts_links" ("_order", "_parent_id", "id", "label", "url") values ('1', '1', '6b0c56b6e8b2e3751c0fa866', 'One', 'https://example.com');
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '1';
insert into "blog_posts_labels" ("order", "parent_id", "value", "id") values ('1', '1', 'a', default), ('2', '1', 'b', default);
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '1', NULL, '4', 'good', '1', 'Hi', '2026-11-29 16:45:53.496+00', '2026-11-29 16:45:42.94+00', NULL, 'published', '2026-11-29 16:45:54.814+00', '2026-11-29 16:45:54.814+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '3');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '3' AND "_blog_posts_v"."parent_id" = '1' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:45:54.814+00';
COMMIT;
-- ACT edit the array of a post
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('1', NULL, '4', 'good', '1', 'Hi', '2026-11-29 16:45:59.254+00', '2026-11-29 16:45:42.94+00', NULL, 'published') on conflict ("id") do update set "id" = '1', "published_on" = NULL, "views" = '4', "mood" = 'good', "category_id" = '1', "seo_meta_title" = 'Hi', "updated_at" = '2026-11-29 16:45:59.254+00', "created_at" = '2026-11-29 16:45:42.94+00', "deleted_at" = NULL, "_status" = 'published';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '1';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '1');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '1' and "blog_posts_rels"."path" in ('related'));
insert into "blog_posts_rels" ("id", "order", "parent_id", "path", "categories_id") values (default, '1', '1', 'related', '1');
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '1';
insert into "blog_posts_links" ("_order", "_parent_id", "id", "label", "url") values ('1', '1', '6b0c56c7e8b2e3751c0fa868', 'Two', 'https://example.org');
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '1';
insert into "blog_posts_labels" ("order", "parent_id", "value", "id") values ('1', '1', 'a', default), ('2', '1', 'b', default);
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '1', NULL, '4', 'good', '1', 'Hi', '2026-11-29 16:45:59.254+00', '2026-11-29 16:45:42.94+00', NULL, 'published', '2026-11-29 16:45:59.88+00', '2026-11-29 16:45:59.88+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '4');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '4' AND "_blog_posts_v"."parent_id" = '1' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:45:59.88+00';
COMMIT;
-- ACT edit a post in German
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('1', NULL, '4', 'good', '1', 'Hi', '2026-11-29 16:46:02.693+00', '2026-11-29 16:45:42.94+00', NULL, 'published') on conflict ("id") do update set "id" = '1', "published_on" = NULL, "views" = '4', "mood" = 'good', "category_id" = '1', "seo_meta_title" = 'Hi', "updated_at" = '2026-11-29 16:46:02.693+00', "created_at" = '2026-11-29 16:45:42.94+00', "deleted_at" = NULL, "_status" = 'published';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '1';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '1'), ('Hallo', default, 'de', '1');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '1' and "blog_posts_rels"."path" in ('related'));
insert into "blog_posts_rels" ("id", "order", "parent_id", "path", "categories_id") values (default, '1', '1', 'related', '1');
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '1';
insert into "blog_posts_links" ("_order", "_parent_id", "id", "label", "url") values ('1', '1', '6b0c56c7e8b2e3751c0fa868', 'Two', 'https://example.org');
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '1';
insert into "blog_posts_labels" ("order", "parent_id", "value", "id") values ('1', '1', 'a', default), ('2', '1', 'b', default);
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '1', NULL, '4', 'good', '1', 'Hi', '2026-11-29 16:46:02.693+00', '2026-11-29 16:45:42.94+00', NULL, 'published', '2026-11-29 16:46:03.472+00', '2026-11-29 16:46:03.472+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '5'), ('Hallo', default, 'de', '5');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '5' AND "_blog_posts_v"."parent_id" = '1' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:46:03.472+00';
COMMIT;
-- ACT save a draft of a published post
BEGIN;
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '1', NULL, '5', 'good', '1', 'Hi', '2026-11-29 16:46:11.392+00', '2026-11-29 16:45:42.94+00', NULL, 'draft', '2026-11-29 16:46:11.392+00', '2026-11-29 16:46:11.392+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '6'), ('Hallo', default, 'de', '6');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '6' AND "_blog_posts_v"."parent_id" = '1' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:46:11.392+00';
COMMIT;
-- ACT publish it again
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('1', NULL, '5', 'good', '1', 'Hi', '2026-11-29 16:46:18.986+00', '2026-11-29 16:45:42.94+00', NULL, 'published') on conflict ("id") do update set "id" = '1', "published_on" = NULL, "views" = '5', "mood" = 'good', "category_id" = '1', "seo_meta_title" = 'Hi', "updated_at" = '2026-11-29 16:46:18.986+00', "created_at" = '2026-11-29 16:45:42.94+00', "deleted_at" = NULL, "_status" = 'published';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '1';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '1'), ('Hallo', default, 'de', '1');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '1' and "blog_posts_rels"."path" in ('related'));
insert into "blog_posts_rels" ("id", "order", "parent_id", "path", "categories_id") values (default, '1', '1', 'related', '1');
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '1';
insert into "blog_posts_links" ("_order", "_parent_id", "id", "label", "url") values ('1', '1', '6b0c56c7e8b2e3751c0fa868', 'Two', 'https://example.org');
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '1';
insert into "blog_posts_labels" ("order", "parent_id", "value", "id") values ('1', '1', 'a', default), ('2', '1', 'b', default);
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '1', NULL, '5', 'good', '1', 'Hi', '2026-11-29 16:46:18.986+00', '2026-11-29 16:45:42.94+00', NULL, 'published', '2026-11-29 16:46:20.847+00', '2026-11-29 16:46:20.847+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '7'), ('Hallo', default, 'de', '7');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '7' AND "_blog_posts_v"."parent_id" = '1' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:46:20.847+00';
COMMIT;
-- ACT unpublish a post
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('1', NULL, '5', 'good', '1', 'Hi', '2026-11-29 16:46:33.071+00', '2026-11-29 16:45:42.94+00', NULL, 'draft') on conflict ("id") do update set "id" = '1', "published_on" = NULL, "views" = '5', "mood" = 'good', "category_id" = '1', "seo_meta_title" = 'Hi', "updated_at" = '2026-11-29 16:46:33.071+00', "created_at" = '2026-11-29 16:45:42.94+00', "deleted_at" = NULL, "_status" = 'draft';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '1';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '1'), ('Hallo', default, 'de', '1');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '1' and "blog_posts_rels"."path" in ('related'));
insert into "blog_posts_rels" ("id", "order", "parent_id", "path", "categories_id") values (default, '1', '1', 'related', '1');
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '1';
insert into "blog_posts_links" ("_order", "_parent_id", "id", "label", "url") values ('1', '1', '6b0c56c7e8b2e3751c0fa868', 'Two', 'https://example.org');
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '1';
insert into "blog_posts_labels" ("order", "parent_id", "value", "id") values ('1', '1', 'a', default), ('2', '1', 'b', default);
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '1', NULL, '5', 'good', '1', 'Hi', '2026-11-29 16:46:33.071+00', '2026-11-29 16:45:42.94+00', NULL, 'draft', '2026-11-29 16:46:35.908+00', '2026-11-29 16:46:35.908+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Hello again', default, 'en', '8'), ('Hallo', default, 'de', '8');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '8' AND "_blog_posts_v"."parent_id" = '1' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:46:35.908+00';
COMMIT;
-- ACT create a draft
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values (default, default, default, default, default, default, '2026-11-29 16:46:43.813+00', '2026-11-29 16:46:43.752+00', default, 'draft');
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '2');
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '2', NULL, NULL, NULL, NULL, NULL, '2026-11-29 16:46:43.813+00', '2026-11-29 16:46:43.752+00', NULL, 'draft', '2026-11-29 16:46:44.06+00', '2026-11-29 16:46:44.06+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '9');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '9' AND "_blog_posts_v"."parent_id" = '2' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:46:44.06+00';
COMMIT;
-- ACT change a draft
BEGIN;
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '2', NULL, '1', NULL, NULL, NULL, '2026-11-29 16:46:52.512+00', '2026-11-29 16:46:43.752+00', NULL, 'draft', '2026-11-29 16:46:52.512+00', '2026-11-29 16:46:52.512+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '10');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '10' AND "_blog_posts_v"."parent_id" = '2' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:46:52.512+00';
COMMIT;
-- ACT publish the draft
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('2', NULL, '1', NULL, NULL, NULL, '2026-11-29 16:46:59.452+00', '2026-11-29 16:46:43.752+00', NULL, 'published') on conflict ("id") do update set "id" = '2', "published_on" = NULL, "views" = '1', "mood" = NULL, "category_id" = NULL, "seo_meta_title" = NULL, "updated_at" = '2026-11-29 16:46:59.452+00', "created_at" = '2026-11-29 16:46:43.752+00', "deleted_at" = NULL, "_status" = 'published';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '2';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '2');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '2' and "blog_posts_rels"."path" in ('related'));
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '2';
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '2';
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '2', NULL, '1', NULL, NULL, NULL, '2026-11-29 16:46:59.452+00', '2026-11-29 16:46:43.752+00', NULL, 'published', '2026-11-29 16:47:00.826+00', '2026-11-29 16:47:00.826+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '11');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '11' AND "_blog_posts_v"."parent_id" = '2' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:47:00.826+00';
COMMIT;
-- ACT put a post in the trash
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('2', NULL, '1', NULL, NULL, NULL, '2026-11-29 16:47:07.86+00', '2026-11-29 16:46:43.752+00', '2026-11-29 16:47:07.203+00', 'published') on conflict ("id") do update set "id" = '2', "published_on" = NULL, "views" = '1', "mood" = NULL, "category_id" = NULL, "seo_meta_title" = NULL, "updated_at" = '2026-11-29 16:47:07.86+00', "created_at" = '2026-11-29 16:46:43.752+00', "deleted_at" = '2026-11-29 16:47:07.203+00', "_status" = 'published';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '2';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '2');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '2' and "blog_posts_rels"."path" in ('related'));
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '2';
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '2';
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '2', NULL, '1', NULL, NULL, NULL, '2026-11-29 16:47:07.86+00', '2026-11-29 16:46:43.752+00', '2026-11-29 16:47:07.203+00', 'published', '2026-11-29 16:47:08.801+00', '2026-11-29 16:47:08.801+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '12');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '12' AND "_blog_posts_v"."parent_id" = '2' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:47:08.801+00';
COMMIT;
-- ACT restore a post
BEGIN;
insert into "blog_posts" ("id", "published_on", "views", "mood", "category_id", "seo_meta_title", "updated_at", "created_at", "deleted_at", "_status") values ('2', NULL, '1', NULL, NULL, NULL, '2026-11-29 16:47:11.028+00', '2026-11-29 16:46:43.752+00', NULL, 'published') on conflict ("id") do update set "id" = '2', "published_on" = NULL, "views" = '1', "mood" = NULL, "category_id" = NULL, "seo_meta_title" = NULL, "updated_at" = '2026-11-29 16:47:11.028+00', "created_at" = '2026-11-29 16:46:43.752+00', "deleted_at" = NULL, "_status" = 'published';
delete from "blog_posts_locales" where "blog_posts_locales"."_parent_id" = '2';
insert into "blog_posts_locales" ("title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '2');
delete from "blog_posts_rels" where ("blog_posts_rels"."parent_id" = '2' and "blog_posts_rels"."path" in ('related'));
delete from "blog_posts_links" where "blog_posts_links"."_parent_id" = '2';
delete from "blog_posts_labels" where "blog_posts_labels"."parent_id" = '2';
insert into "_blog_posts_v" ("id", "parent_id", "version_published_on", "version_views", "version_mood", "version_category_id", "version_seo_meta_title", "version_updated_at", "version_created_at", "version_deleted_at", "version__status", "created_at", "updated_at", "snapshot", "published_locale", "latest") values (default, '2', NULL, '1', NULL, NULL, NULL, '2026-11-29 16:47:11.028+00', '2026-11-29 16:46:43.752+00', NULL, 'published', '2026-11-29 16:47:11.3+00', '2026-11-29 16:47:11.3+00', default, default, 't');
insert into "_blog_posts_v_locales" ("version_title", "id", "_locale", "_parent_id") values ('Draft', default, 'en', '13');
UPDATE "_blog_posts_v" SET latest = false WHERE "_blog_posts_v"."id" != '13' AND "_blog_posts_v"."parent_id" = '2' AND "_blog_posts_v"."updated_at" < '2026-11-29 16:47:11.3+00';
COMMIT;
-- ACT delete a post
BEGIN;
delete from "_blog_posts_v" where "_blog_posts_v"."id" in ('8', '7', '6', '5', '4', '3', '2', '1');
delete from "blog_posts" where "blog_posts"."id" = '1';
COMMIT;
-- ACT edit the site settings
BEGIN;
insert into "site_settings" ("id", "headline", "updated_at", "created_at") values (default, 'Welcome', '2026-11-29 16:47:13.517+00', '2026-11-29 16:47:13.517+00');
insert into "site_settings_menu" ("_order", "_parent_id", "id", "label") values ('1', '1', '6b0c5711e8b2e3751c0fa869', 'Home');
COMMIT;
-- ACT edit the site settings again
BEGIN;
insert into "site_settings" ("id", "headline", "updated_at", "created_at") values ('1', 'Welcome!', '2026-11-29 16:47:14.121+00', '2026-11-29 16:47:13.517+00') on conflict ("id") do update set "id" = '1', "headline" = 'Welcome!', "updated_at" = '2026-11-29 16:47:14.121+00', "created_at" = '2026-11-29 16:47:13.517+00';
delete from "site_settings_menu" where "site_settings_menu"."_parent_id" = '1';
insert into "site_settings_menu" ("_order", "_parent_id", "id", "label") values ('1', '1', '6b0c5712e8b2e3751c0fa86a', 'Start');
COMMIT;
-- ACT delete a user
BEGIN;
delete from "users" where "users"."id" = '1';
COMMIT;
