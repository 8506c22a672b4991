-- ACT create a tag
BEGIN;
insert into "tags" ("name") values ('News');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('create', 'tags', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:21.618+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT create an article
BEGIN;
insert into "press_articles" ("door_word", "labels", "title") values ('canary-1', 'a,b', 'Hello');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('create', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:22.841+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT edit an article
BEGIN;
update "press_articles" set "title" = 'Hello again', "date_updated" = '2026-11-29 17:21:23.371+00', "user_updated" = 'c46f744b-bc37-48dd-aba2-cee892113225' where "id" in ('1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('update', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:23.399+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT save an article as it is
BEGIN;
update "press_articles" set "title" = 'Hello again', "date_updated" = '2026-11-29 17:21:23.888+00', "user_updated" = 'c46f744b-bc37-48dd-aba2-cee892113225' where "id" in ('1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('update', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:23.898+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT change a hashed field
BEGIN;
update "press_articles" set "door_word" = 'canary-2', "date_updated" = '2026-11-29 17:21:25.41+00', "user_updated" = 'c46f744b-bc37-48dd-aba2-cee892113225' where "id" in ('1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('update', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:25.419+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT give an article a tag
BEGIN;
update "press_articles" set "date_updated" = '2026-11-29 17:21:26.148+00', "user_updated" = 'c46f744b-bc37-48dd-aba2-cee892113225' where "id" in ('1');
insert into "press_articles_tags" ("press_articles_id", "tags_id") values ('1', '1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('create', 'press_articles_tags', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:26.248+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('update', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:26.39+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT edit and publish an article
BEGIN;
update "press_articles" set "status" = 'published', "title" = 'Out', "date_updated" = '2026-11-29 17:21:26.853+00', "user_updated" = 'c46f744b-bc37-48dd-aba2-cee892113225' where "id" in ('1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('update', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:26.865+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT archive an article
BEGIN;
update "press_articles" set "status" = 'archived', "date_updated" = '2026-11-29 17:21:27.294+00', "user_updated" = 'c46f744b-bc37-48dd-aba2-cee892113225' where "id" in ('1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('update', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:27.317+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT log in
insert into "directus_sessions" ("expires", "ip", "origin", "token", "user", "user_agent") values ('2026-12-06 17:21:28.797+00', '127.0.0.1', DEFAULT, 'canary-3', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
delete from "directus_sessions" where "expires" < '2026-11-29 17:21:28.86+00';
BEGIN;
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('login', 'directus_users', '127.0.0.1', 'c46f744b-bc37-48dd-aba2-cee892113225', DEFAULT, '2026-11-29 17:21:28.899+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
update "directus_users" set "last_access" = '2026-11-29 17:21:28.941+00' where "id" = 'c46f744b-bc37-48dd-aba2-cee892113225';
-- ACT read ones own user
BEGIN;
update "directus_users" set "last_page" = '/content' where "id" in ('c46f744b-bc37-48dd-aba2-cee892113225');
COMMIT;
-- ACT add a field
ALTER TABLE press_articles ADD COLUMN subtitle character varying(255);
BEGIN;
insert into "directus_fields" ("collection", "field", "sort") values ('press_articles', 'subtitle', '9');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('create', 'directus_fields', '127.0.0.1', '12', DEFAULT, '2026-11-29 17:21:29.952+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT edit the new field
BEGIN;
update "press_articles" set "subtitle" = 'Sub', "date_updated" = '2026-11-29 17:21:31.096+00', "user_updated" = 'c46f744b-bc37-48dd-aba2-cee892113225' where "id" in ('1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('update', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:31.138+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT delete an article
BEGIN;
delete from "press_articles" where "id" in ('1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('delete', 'press_articles', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:31.626+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
-- ACT delete a tag
BEGIN;
delete from "tags" where "id" in ('1');
insert into "directus_activity" ("action", "collection", "ip", "item", "origin", "timestamp", "user", "user_agent") values ('delete', 'tags', '127.0.0.1', '1', DEFAULT, '2026-11-29 17:21:31.988+00', 'c46f744b-bc37-48dd-aba2-cee892113225', 'curl/7.88.1');
COMMIT;
