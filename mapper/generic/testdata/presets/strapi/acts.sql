-- ACT register an administrator
BEGIN;
insert into "admin_users" ("blocked", "created_at", "document_id", "email", "firstname", "is_active", "lastname", "password", "published_at", "registration_token", "updated_at", "username") values ('f', '2026-11-29 17:19:53.664', 'p8hvbtpm47sqg7chcrg08f7v', 'ann@example.com', 'Ann', 't', 'A', 'canary-1', '2026-11-29 17:19:53.665', NULL, '2026-11-29 17:19:53.664', NULL);
COMMIT;
insert into "strapi_sessions" ("absolute_expires_at", "child_id", "created_at", "device_id", "document_id", "expires_at", "metadata", "origin", "published_at", "session_id", "status", "type", "updated_at", "user_id") values ('2026-12-29 17:19:53.928', NULL, '2026-11-29 17:19:53.928', 'canary-2', 'p6wpmy3tqaezqia48j4usn4j', '2026-11-29 19:19:53.928', '{"loginAt": "2026-11-29T17:19:53.897Z"}', 'admin', '2026-11-29 17:19:53.929', 'fd7b941677b0d8acc5ead038ec5dc062', 'active', 'session', '2026-11-29 17:19:53.928', '1');
-- ACT make an API token
insert into "strapi_api_tokens" ("access_key", "created_at", "description", "document_id", "encrypted_key", "expires_at", "kind", "lifespan", "name", "published_at", "type", "updated_at") values ('canary-3', '2026-11-29 17:19:55.238', '', 'x9sxxex8nnyo1ltgtnyubwgb', 'v1:77fbceacfb28126fa68d81f9ccc7ce5b:97e7ee07cd5803f832bafe989a5d7ea4f8eadf15c1564406ea035df33ac2bc91de1902a3ce0997148aee1fdd18ac64a61ba088040e23dfb2a07a78593e8c1dff21e197dcbd33f020a452e106a563e11c8f3c772b59570bc097efb4a8d6b2b2ceb83a7e3046e77e06df10d6acc5088abab84abaf8a91a9bcddcec95ae108b1f5034910fcd68b9242a3a5ca916cfc59af7b3f25c610eb692a34306b17b35e79a7cdb685d691dff9e963e66a677536425718051d9dcd248ea8347a2b1665e63c9e196ad07bda3d1a50ba3f559f0c3c7d10a86165ec6edd4222ca1fb1f790132776de22ade1fcb6744c9d00b38aa516b8da2e251deec15e644e2b11ba57c05a6120d:bc86058e65c340109cdedff570d8c4f0', NULL, 'content-api', NULL, 'import', '2026-11-29 17:19:55.238', 'full-access', '2026-11-29 17:19:55.238');
-- ACT add a locale
insert into "i18n_locale" ("code", "created_at", "created_by_id", "document_id", "name", "published_at", "updated_at", "updated_by_id") values ('de', '2026-11-29 17:19:56.258', '1', 'sh4hth472vwrkfzo7t1xsb69', 'German (de)', '2026-11-29 17:19:56.258', '2026-11-29 17:19:56.258', '1');
-- ACT create an author
BEGIN;
insert into "authors" ("created_at", "document_id", "email", "name", "published_at", "updated_at") values ('2026-11-29 17:19:58.184', 'dg8fxmrbevjg0wtrmb414cmu', 'ann@example.com', 'Ann', '2026-11-29 17:19:58.125', '2026-11-29 17:19:58.184');
COMMIT;
-- ACT edit an author
BEGIN;
update "authors" set "name" = 'Anna', "updated_at" = '2026-11-29 17:19:59', "published_at" = '2026-11-29 17:19:58.887' where ("id" = '1');
COMMIT;
-- ACT create a tag
BEGIN;
insert into "crm_labels" ("created_at", "document_id", "name", "published_at", "updated_at") values ('2026-11-29 17:20:00.066', 'vbicimea4c5vctr66ce0hn2g', 'News', '2026-11-29 17:20:00.054', '2026-11-29 17:20:00.066');
COMMIT;
-- ACT create a draft
BEGIN;
insert into "components_shared_seos" ("meta_title") values ('T');
insert into "components_shared_quotes" ("text") values ('Q');
insert into "articles" ("body", "created_at", "created_by_id", "document_id", "locale", "price", "published_at", "slug", "title", "updated_at", "updated_by_id", "views") values ('[{"type": "paragraph", "children": [{"text": "Hi", "type": "text"}]}]', '2026-11-29 17:20:02.261', '1', 'lrexklkm3rw8z3d3hisinzzi', 'en', '9.5', NULL, 'hello', 'Hello', '2026-11-29 17:20:02.261', '1', '9007199254740993');
insert into "articles_author_lnk" ("article_id", "article_ord", "author_id") values ('1', '1', '1');
insert into "articles_tags_lnk" ("article_id", "article_ord", "tag_id", "tag_ord") values ('1', '1', '1', '0');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('1', 'shared.seo', '1', 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('1', 'shared.quote', '1', 'sections', '1');
COMMIT;
-- ACT edit a draft
BEGIN;
update "articles" set "title" = 'Hello again', "updated_by_id" = '1', "locale" = 'en', "updated_at" = '2026-11-29 17:20:05.945', "published_at" = NULL where ("id" = '1');
COMMIT;
-- ACT publish
BEGIN;
update "articles" set "updated_by_id" = '1', "locale" = 'en', "updated_at" = '2026-11-29 17:20:09.388', "published_at" = NULL where ("id" = '1');
insert into "components_shared_seos" ("meta_description", "meta_title") values (NULL, 'T');
insert into "components_shared_quotes" ("text") values ('Q');
insert into "articles" ("body", "created_at", "created_by_id", "document_id", "locale", "price", "published_at", "slug", "title", "updated_at", "updated_by_id", "views") values ('[{"type": "paragraph", "children": [{"text": "Hi", "type": "text"}]}]', '2026-11-29 17:20:02.261', '1', 'lrexklkm3rw8z3d3hisinzzi', 'en', '9.5', '2026-11-29 17:20:10.333', 'hello', 'Hello again', '2026-11-29 17:20:09.388', '1', '9007199254740993');
insert into "articles_author_lnk" ("article_id", "article_ord", "author_id") values ('2', '2', '1');
insert into "articles_tags_lnk" ("article_id", "article_ord", "tag_id", "tag_ord") values ('2', '2', '1', '1');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('2', 'shared.seo', '2', 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('2', 'shared.quote', '2', 'sections', '1');
update "articles_tags_lnk" set "tag_ord" = CASE WHEN "article_id" = '2' AND "tag_id" = '1' THEN '0' ELSE "tag_ord" END where "article_id" in ('2');
update "articles_author_lnk" set "article_ord" = CASE WHEN "article_id" = '2' AND "author_id" = '1' THEN '1' ELSE "article_ord" END where "article_id" in ('2');
update "articles_tags_lnk" set "article_ord" = CASE WHEN "article_id" = '2' AND "tag_id" = '1' THEN '1' ELSE "article_ord" END where "article_id" in ('2');
COMMIT;
-- ACT edit the draft of what is published
BEGIN;
update "articles" set "title" = 'Hello once more', "updated_by_id" = '1', "locale" = 'en', "updated_at" = '2026-11-29 17:20:13.771', "published_at" = NULL where ("id" = '1');
COMMIT;
-- ACT publish again
BEGIN;
update "articles" set "updated_by_id" = '1', "locale" = 'en', "updated_at" = '2026-11-29 17:20:17.081', "published_at" = NULL where ("id" = '1');
delete from "articles" where ("id" = '2');
delete from "articles_cmps" where ("entity_id" = '2' and "field" = 'sections');
delete from "components_shared_seos" where ("id" = '2');
delete from "components_shared_quotes" where ("id" = '2');
insert into "components_shared_seos" ("meta_description", "meta_title") values (NULL, 'T');
insert into "components_shared_quotes" ("text") values ('Q');
insert into "articles" ("body", "created_at", "created_by_id", "document_id", "locale", "price", "published_at", "slug", "title", "updated_at", "updated_by_id", "views") values ('[{"type": "paragraph", "children": [{"text": "Hi", "type": "text"}]}]', '2026-11-29 17:20:02.261', '1', 'lrexklkm3rw8z3d3hisinzzi', 'en', '9.5', '2026-11-29 17:20:18.045', 'hello', 'Hello once more', '2026-11-29 17:20:17.081', '1', '9007199254740993');
insert into "articles_author_lnk" ("article_id", "article_ord", "author_id") values ('3', '2', '1');
insert into "articles_tags_lnk" ("article_id", "article_ord", "tag_id", "tag_ord") values ('3', '2', '1', '1');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('3', 'shared.seo', '3', 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('3', 'shared.quote', '3', 'sections', '1');
update "articles_author_lnk" set "article_ord" = CASE WHEN "article_id" = '3' AND "author_id" = '1' THEN '1' ELSE "article_ord" END where "article_id" in ('3');
update "articles_tags_lnk" set "article_ord" = CASE WHEN "article_id" = '3' AND "tag_id" = '1' THEN '1' ELSE "article_ord" END where "article_id" in ('3');
COMMIT;
-- ACT edit and publish at once
BEGIN;
update "articles" set "title" = 'Final', "updated_by_id" = '1', "locale" = 'en', "updated_at" = '2026-11-29 17:20:21.344', "published_at" = NULL where ("id" = '1');
delete from "articles" where ("id" = '3');
delete from "articles_cmps" where ("entity_id" = '3' and "field" = 'sections');
delete from "components_shared_seos" where ("id" = '3');
delete from "components_shared_quotes" where ("id" = '3');
insert into "components_shared_seos" ("meta_description", "meta_title") values (NULL, 'T');
insert into "components_shared_quotes" ("text") values ('Q');
insert into "articles" ("body", "created_at", "created_by_id", "document_id", "locale", "price", "published_at", "slug", "title", "updated_at", "updated_by_id", "views") values ('[{"type": "paragraph", "children": [{"text": "Hi", "type": "text"}]}]', '2026-11-29 17:20:02.261', '1', 'lrexklkm3rw8z3d3hisinzzi', 'en', '9.5', '2026-11-29 17:20:22.091', 'hello', 'Final', '2026-11-29 17:20:21.344', '1', '9007199254740993');
insert into "articles_author_lnk" ("article_id", "article_ord", "author_id") values ('4', '2', '1');
insert into "articles_tags_lnk" ("article_id", "article_ord", "tag_id", "tag_ord") values ('4', '2', '1', '1');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('4', 'shared.seo', '4', 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('4', 'shared.quote', '4', 'sections', '1');
update "articles_author_lnk" set "article_ord" = CASE WHEN "article_id" = '4' AND "author_id" = '1' THEN '1' ELSE "article_ord" END where "article_id" in ('4');
update "articles_tags_lnk" set "article_ord" = CASE WHEN "article_id" = '4' AND "tag_id" = '1' THEN '1' ELSE "article_ord" END where "article_id" in ('4');
COMMIT;
-- ACT edit a component alone
BEGIN;
update "components_shared_seos" set "id" = '1', "meta_title" = 'T2' where ("id" = '1');
update "articles" set "locale" = 'en', "updated_at" = '2026-11-29 17:20:24.44', "published_at" = NULL where ("id" = '1');
delete from "articles_cmps" where ("entity_id" = '1' and "cmp_id" not in ('1') and "field" = 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('1', 'shared.seo', '1', 'seo') on conflict ("entity_id", "cmp_id", "field", "component_type") do nothing;
delete from "articles_cmps" where "entity_id" = '1' and "cmp_id" not in ('1') and "field" = 'seo';
COMMIT;
-- ACT edit a relation alone
BEGIN;
update "articles" set "locale" = 'en', "updated_at" = '2026-11-29 17:20:25.648', "published_at" = NULL where ("id" = '1');
delete from "articles_tags_lnk" where ("article_id" = '1' and "tag_id" in ('1'));
UPDATE "articles_tags_lnk" as a SET "tag_ord" = b.src_order FROM ( select "id", row_number() over (partition by "article_id" order by "tag_ord") as src_order from "articles_tags_lnk" where "article_id" = '1' ) AS b WHERE b.id = a.id;
UPDATE "articles_tags_lnk" as a SET "article_ord" = b.inv_order FROM ( select "id", row_number() over (partition by "tag_id" order by "article_ord") as inv_order from "articles_tags_lnk" where "tag_id" in ('1') ) AS b WHERE b.id = a.id;
COMMIT;
-- ACT save as it is
BEGIN;
update "articles" set "locale" = 'en', "updated_at" = '2026-11-29 17:20:27.245', "published_at" = NULL where ("id" = '1');
COMMIT;
-- ACT edit an author that is related
BEGIN;
update "authors" set "email" = 'anna@example.com', "updated_at" = '2026-11-29 17:20:28.101', "published_at" = '2026-11-29 17:20:28.083' where ("id" = '1');
COMMIT;
-- ACT translate
BEGIN;
insert into "components_shared_seos" ("meta_description", "meta_title") values (NULL, 'T2');
insert into "components_shared_quotes" ("text") values ('Q');
insert into "articles" ("created_at", "created_by_id", "document_id", "locale", "price", "published_at", "title", "updated_at", "updated_by_id", "views") values ('2026-11-29 17:20:29.732', '1', 'lrexklkm3rw8z3d3hisinzzi', 'de', '9.5', NULL, 'Hallo', '2026-11-29 17:20:29.732', '1', '9007199254740993');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('5', 'shared.seo', '5', 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('5', 'shared.quote', '5', 'sections', '1');
COMMIT;
delete from "components_shared_seos" where ("id" = '1');
insert into "components_shared_seos" ("meta_description", "meta_title") values (NULL, 'T2');
delete from "components_shared_quotes" where ("id" = '1');
insert into "components_shared_quotes" ("text") values ('Q');
update "articles" set "price" = '9.5', "views" = '9007199254740993', "updated_at" = '2026-11-29 17:20:30.948' where ("id" = '1');
BEGIN;
delete from "articles_cmps" where ("entity_id" = '1' and "cmp_id" not in ('6') and "field" = 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('6', 'shared.seo', '1', 'seo') on conflict ("entity_id", "cmp_id", "field", "component_type") do nothing;
delete from "articles_cmps" where "entity_id" = '1' and "cmp_id" not in ('6') and "field" = 'seo';
delete from "articles_cmps" where ("entity_id" = '1' and "field" = 'sections');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('6', 'shared.quote', '1', 'sections', '1');
COMMIT;
-- ACT publish the translation
BEGIN;
update "articles" set "updated_by_id" = '1', "locale" = 'de', "updated_at" = '2026-11-29 17:20:33.372', "published_at" = NULL where ("id" = '5');
insert into "components_shared_seos" ("meta_description", "meta_title") values (NULL, 'T2');
insert into "components_shared_quotes" ("text") values ('Q');
insert into "articles" ("body", "created_at", "created_by_id", "document_id", "locale", "price", "published_at", "slug", "title", "updated_at", "updated_by_id", "views") values (NULL, '2026-11-29 17:20:29.732', '1', 'lrexklkm3rw8z3d3hisinzzi', 'de', '9.5', '2026-11-29 17:20:33.944', NULL, 'Hallo', '2026-11-29 17:20:33.372', '1', '9007199254740993');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('7', 'shared.seo', '6', 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('7', 'shared.quote', '6', 'sections', '1');
COMMIT;
-- ACT discard the draft
BEGIN;
delete from "articles" where ("id" = '1');
delete from "articles_cmps" where ("entity_id" = '1' and "field" = 'sections');
delete from "components_shared_seos" where ("id" = '6');
delete from "components_shared_quotes" where ("id" = '6');
insert into "components_shared_seos" ("meta_description", "meta_title") values (NULL, 'T');
insert into "components_shared_quotes" ("text") values ('Q');
insert into "articles" ("body", "created_at", "created_by_id", "document_id", "locale", "price", "published_at", "slug", "title", "updated_at", "updated_by_id", "views") values ('[{"type": "paragraph", "children": [{"text": "Hi", "type": "text"}]}]', '2026-11-29 17:20:02.261', '1', 'lrexklkm3rw8z3d3hisinzzi', 'en', '9.5', NULL, 'hello', 'Final', '2026-11-29 17:20:21.344', '1', '9007199254740993');
insert into "articles_author_lnk" ("article_id", "article_ord", "author_id") values ('7', '2', '1');
insert into "articles_tags_lnk" ("article_id", "article_ord", "tag_id", "tag_ord") values ('7', '2', '1', '1');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('8', 'shared.seo', '7', 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('8', 'shared.quote', '7', 'sections', '1');
update "articles_author_lnk" set "article_ord" = CASE WHEN "article_id" = '7' AND "author_id" = '1' THEN '1' ELSE "article_ord" END where "article_id" in ('7');
COMMIT;
delete from "components_shared_seos" where ("id" = '5');
insert into "components_shared_seos" ("meta_description", "meta_title") values (NULL, 'T');
delete from "components_shared_quotes" where ("id" = '5');
insert into "components_shared_quotes" ("text") values ('Q');
update "articles" set "price" = '9.5', "views" = '9007199254740993', "updated_at" = '2026-11-29 17:20:36.962' where ("id" = '5');
BEGIN;
delete from "articles_cmps" where ("entity_id" = '5' and "cmp_id" not in ('9') and "field" = 'seo');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field") values ('9', 'shared.seo', '5', 'seo') on conflict ("entity_id", "cmp_id", "field", "component_type") do nothing;
delete from "articles_cmps" where "entity_id" = '5' and "cmp_id" not in ('9') and "field" = 'seo';
delete from "articles_cmps" where ("entity_id" = '5' and "field" = 'sections');
insert into "articles_cmps" ("cmp_id", "component_type", "entity_id", "field", "order") values ('9', 'shared.quote', '5', 'sections', '1');
COMMIT;
-- ACT unpublish
BEGIN;
delete from "articles" where ("id" = '4');
delete from "articles_cmps" where ("entity_id" = '4' and "field" = 'sections');
delete from "components_shared_seos" where ("id" = '4');
delete from "components_shared_quotes" where ("id" = '4');
COMMIT;
-- ACT create and publish at once
BEGIN;
insert into "articles" ("created_at", "document_id", "locale", "published_at", "slug", "title", "updated_at") values ('2026-11-29 17:20:39.412', 'i7grud1wjkzrgtmspk9tb2jp', 'en', NULL, 'rest', 'Rest', '2026-11-29 17:20:39.412');
insert into "articles" ("body", "created_at", "created_by_id", "document_id", "locale", "price", "published_at", "slug", "title", "updated_at", "updated_by_id", "views") values (NULL, '2026-11-29 17:20:39.412', NULL, 'i7grud1wjkzrgtmspk9tb2jp', 'en', NULL, '2026-11-29 17:20:39.602', 'rest', 'Rest', '2026-11-29 17:20:39.412', NULL, NULL);
COMMIT;
-- ACT edit and publish in one call
BEGIN;
update "articles" set "title" = 'Rest again', "locale" = 'en', "updated_at" = '2026-11-29 17:20:40.915', "published_at" = NULL where ("id" = '8');
delete from "articles" where ("id" = '9');
delete from "articles_cmps" where ("entity_id" = '9' and "field" = 'sections');
insert into "articles" ("body", "created_at", "created_by_id", "document_id", "locale", "price", "published_at", "slug", "title", "updated_at", "updated_by_id", "views") values (NULL, '2026-11-29 17:20:39.412', NULL, 'i7grud1wjkzrgtmspk9tb2jp', 'en', NULL, '2026-11-29 17:20:41.404', 'rest', 'Rest again', '2026-11-29 17:20:40.915', NULL, NULL);
COMMIT;
-- ACT delete a published document
BEGIN;
delete from "articles" where ("id" = '10');
delete from "articles" where ("id" = '8');
delete from "articles_cmps" where ("entity_id" = '10' and "field" = 'sections');
delete from "articles_cmps" where ("entity_id" = '8' and "field" = 'sections');
COMMIT;
-- ACT delete a document with a translation
BEGIN;
delete from "articles" where ("id" = '6');
delete from "articles" where ("id" = '5');
delete from "articles" where ("id" = '7');
delete from "articles_cmps" where ("entity_id" = '6' and "field" = 'sections');
delete from "articles_cmps" where ("entity_id" = '5' and "field" = 'sections');
delete from "articles_cmps" where ("entity_id" = '7' and "field" = 'sections');
delete from "components_shared_seos" where ("id" = '7');
delete from "components_shared_seos" where ("id" = '9');
delete from "components_shared_seos" where ("id" = '8');
delete from "components_shared_quotes" where ("id" = '7');
delete from "components_shared_quotes" where ("id" = '9');
delete from "components_shared_quotes" where ("id" = '8');
COMMIT;
-- ACT edit a single type
BEGIN;
insert into "homepages" ("created_at", "created_by_id", "document_id", "headline", "published_at", "updated_at", "updated_by_id") values ('2026-11-29 17:20:44.605', '1', 'kabu1916qtkekbr2d6lwh1i9', 'Welcome', NULL, '2026-11-29 17:20:44.605', '1');
COMMIT;
-- ACT register a user
BEGIN;
insert into "up_users" ("blocked", "confirmed", "created_at", "document_id", "email", "password", "provider", "published_at", "updated_at", "username") values ('f', 't', '2026-11-29 17:20:46.45', 'htf3vw992h5xepeq9l90bo2r', 'bob@example.com', 'canary-4', 'local', '2026-11-29 17:20:45.792', '2026-11-29 17:20:46.45', 'bob');
COMMIT;
-- ACT log a user in
-- ACT forget a password
BEGIN;
update "up_users" set "reset_password_token" = 'canary-5', "updated_at" = '2026-11-29 17:20:48.607', "published_at" = '2026-11-29 17:20:48.528' where ("id" = '1');
COMMIT;
-- ACT create a page in one locale
BEGIN;
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:31.584', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'en', NULL, '1', 'Home', '2026-11-29 19:57:31.584', '1');
COMMIT;
-- ACT translate a page
BEGIN;
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:32.583', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'de', NULL, '1', 'Start', '2026-11-29 19:57:32.583', '1');
COMMIT;
-- ACT translate a page once more
BEGIN;
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:33.856', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'fr', NULL, '1', 'Accueil', '2026-11-29 19:57:33.856', '1');
COMMIT;
-- ACT edit one locale of a page
BEGIN;
update "pages" set "title" = 'Startseite', "updated_by_id" = '1', "locale" = 'de', "updated_at" = '2026-11-29 19:57:34.633', "published_at" = NULL where ("id" = '2');
COMMIT;
-- ACT save a page as it is
BEGIN;
update "pages" set "title" = 'Startseite', "updated_by_id" = '1', "locale" = 'de', "updated_at" = '2026-11-29 19:57:35.224', "published_at" = NULL where ("id" = '2');
COMMIT;
-- ACT change what the locales of a page share
BEGIN;
update "pages" set "rank" = '2', "updated_by_id" = '1', "locale" = 'en', "updated_at" = '2026-11-29 19:57:35.819', "published_at" = NULL where ("id" = '1');
COMMIT;
update "pages" set "rank" = '2', "updated_at" = '2026-11-29 19:57:35.924' where ("id" = '2');
update "pages" set "rank" = '2', "updated_at" = '2026-11-29 19:57:35.924' where ("id" = '3');
-- ACT publish one locale of a page
BEGIN;
update "pages" set "updated_by_id" = '1', "locale" = 'de', "updated_at" = '2026-11-29 19:57:36.623', "published_at" = NULL where ("id" = '2');
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:32.583', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'de', '2026-11-29 19:57:36.704', '2', 'Startseite', '2026-11-29 19:57:36.623', '1');
COMMIT;
-- ACT publish all locales of a page
BEGIN;
delete from "pages" where ("id" = '4');
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:32.583', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'de', '2026-11-29 19:57:37.314', '2', 'Startseite', '2026-11-29 19:57:36.623', '1');
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:31.584', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'en', '2026-11-29 19:57:37.314', '2', 'Home', '2026-11-29 19:57:35.819', '1');
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:33.856', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'fr', '2026-11-29 19:57:37.314', '2', 'Accueil', '2026-11-29 19:57:35.924', '1');
COMMIT;
-- ACT change what the published locales of a page share
BEGIN;
update "pages" set "rank" = '3', "updated_by_id" = '1', "locale" = 'de', "updated_at" = '2026-11-29 19:57:37.975', "published_at" = NULL where ("id" = '2');
COMMIT;
update "pages" set "rank" = '3', "updated_at" = '2026-11-29 19:57:38.087' where ("id" = '1');
update "pages" set "rank" = '3', "updated_at" = '2026-11-29 19:57:38.087' where ("id" = '3');
-- ACT change and publish what the locales share
BEGIN;
update "pages" set "title" = 'Startseite', "rank" = '4', "updated_by_id" = '1', "locale" = 'de', "updated_at" = '2026-11-29 19:57:38.727', "published_at" = NULL where ("id" = '2');
update "pages" set "rank" = '4', "updated_at" = '2026-11-29 19:57:38.736' where ("id" = '1');
update "pages" set "rank" = '4', "updated_at" = '2026-11-29 19:57:38.736' where ("id" = '3');
delete from "pages" where ("id" = '5');
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:32.583', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'de', '2026-11-29 19:57:38.749', '4', 'Startseite', '2026-11-29 19:57:38.727', '1');
update "pages" set "rank" = '4', "updated_at" = '2026-11-29 19:57:38.823' where ("id" = '6');
update "pages" set "rank" = '4', "updated_at" = '2026-11-29 19:57:38.823' where ("id" = '7');
COMMIT;
-- ACT edit and publish one locale of a page
BEGIN;
update "pages" set "title" = 'Bienvenue', "locale" = 'fr', "updated_at" = '2026-11-29 19:57:39.522', "published_at" = NULL where ("id" = '3');
delete from "pages" where ("id" = '7');
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:33.856', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'fr', '2026-11-29 19:57:39.597', '4', 'Bienvenue', '2026-11-29 19:57:39.522', '1');
COMMIT;
-- ACT discard the draft of one locale
BEGIN;
delete from "pages" where ("id" = '2');
insert into "pages" ("created_at", "created_by_id", "document_id", "locale", "published_at", "rank", "title", "updated_at", "updated_by_id") values ('2026-11-29 19:57:32.583', '1', 'sp6qz9t4kukm53x05tk9i8ku', 'de', NULL, '4', 'Startseite', '2026-11-29 19:57:38.727', '1');
COMMIT;
-- ACT unpublish one locale of a page
BEGIN;
delete from "pages" where ("id" = '8');
COMMIT;
-- ACT unpublish all locales of a page
BEGIN;
delete from "pages" where ("id" = '6');
delete from "pages" where ("id" = '9');
COMMIT;
-- ACT delete one locale of a page
BEGIN;
delete from "pages" where ("id" = '10');
COMMIT;
-- ACT delete a page
BEGIN;
delete from "pages" where ("id" = '1');
delete from "pages" where ("id" = '3');
COMMIT;
-- ACT call a tag a label
UPDATE strapi_core_store_settings SET value = replace(value, '"singularName":"tag"', '"singularName":"label"') WHERE id = 2;
-- ACT edit a label
UPDATE crm_labels SET name = 'Old news', updated_at = '2026-11-29 17:30:00' WHERE id = 1;
