-- ACT make a user of the admin
BEGIN;
insert into "user" ("id", "email", "created_at", "updated_at", "first_name", "last_name", "avatar_url", "metadata", "deleted_at") values ('user_01M8MEK6VRBS1X2AGF7A70ZYX1', 'ann@example.com', '2026-11-29T20:05:28.057Z', '2026-11-29T20:05:28.057Z', NULL, NULL, NULL, NULL, NULL);
COMMIT;
BEGIN;
insert into "auth_identity" ("id", "created_at", "updated_at", "app_metadata", "deleted_at") values ('authid_01M8MEK7357J5G891KHM3KCCDV', '2026-11-29T20:05:28.294Z', '2026-11-29T20:05:28.294Z', NULL, NULL);
insert into "provider_identity" ("id", "entity_id", "provider", "provider_metadata", "created_at", "updated_at", "auth_identity_id", "user_metadata", "deleted_at") values ('01M8MEK7336YMEKFGF3MN0T18J', 'ann@example.com', 'emailpass', '{"password":"canary-1"}', '2026-11-29T20:05:28.295Z', '2026-11-29T20:05:28.295Z', 'authid_01M8MEK7357J5G891KHM3KCCDV', NULL, NULL);
COMMIT;
BEGIN;
update "auth_identity" set "app_metadata" = '{"user_id":"user_01M8MEK6VRBS1X2AGF7A70ZYX1"}', "updated_at" = '2026-11-29T20:05:28.333Z' where "id" = 'authid_01M8MEK7357J5G891KHM3KCCDV';
COMMIT;;
-- ACT log an administrator in
-- ACT invite a user of the admin
BEGIN;
insert into "invite" ("id", "email", "token", "expires_at", "created_at", "updated_at", "accepted", "metadata", "deleted_at") values ('invite_01M8MEKWCQZN6ZGGS8PV0JC75P', 'eve@example.com', 'canary-2', '2026-11-30T20:05:50.103Z', '2026-11-29T20:05:50.109Z', '2026-11-29T20:05:50.109Z', false, NULL, NULL);
COMMIT;
-- ACT make an API key
BEGIN;
insert into "api_key" ("id", "token", "salt", "redacted", "title", "type", "created_by", "created_at", "updated_at", "last_used_at", "revoked_by", "revoked_at", "deleted_at") values ('apk_01M8MEKXJD0S7YD9H1P3G806AB', 'canary-3', 'canary-4', 'sk_***', 'Import', 'secret', 'user_01M8MEK6VRBS1X2AGF7A70ZYX1', '2026-11-29T20:05:51.309Z', '2026-11-29T20:05:51.309Z', NULL, NULL, NULL, NULL);
COMMIT;
-- ACT use the API key
-- ACT create a customer
BEGIN;
insert into "customer" ("id", "first_name", "email", "created_by", "created_at", "updated_at", "company_name", "last_name", "phone", "has_account", "metadata", "deleted_at") values ('cus_01M8MEKZVBNAEFQ3D02QQ4NX47', 'Bob', 'bob@example.com', 'user_01M8MEK6VRBS1X2AGF7A70ZYX1', '2026-11-29T20:05:53.644Z', '2026-11-29T20:05:53.644Z', NULL, NULL, NULL, false, NULL, NULL);
COMMIT;
-- ACT edit a customer
BEGIN;
update "customer" set "phone" = '555-0100', "updated_at" = '2026-11-29T20:05:54.779Z' where "id" = 'cus_01M8MEKZVBNAEFQ3D02QQ4NX47';
COMMIT;
-- ACT save a customer as it is
-- ACT edit the metadata of a customer
BEGIN;
update "customer" set "metadata" = '{"erp":{"number":7,"api_key":"canary-erp"}}', "updated_at" = '2026-11-29T20:05:57.041Z' where "id" = 'cus_01M8MEKZVBNAEFQ3D02QQ4NX47';
COMMIT;
-- ACT give a customer an address
BEGIN;
insert into "customer_address" ("id", "first_name", "address_1", "city", "country_code", "postal_code", "customer_id", "created_at", "updated_at", "address_name", "is_default_shipping", "is_default_billing", "company", "last_name", "address_2", "province", "phone", "metadata", "deleted_at") values ('cuaddr_01M8MEM49D1MDR5P7NSE71NFFM', 'Bob', 'Main St 1', 'Anytown', 'us', '10001', 'cus_01M8MEKZVBNAEFQ3D02QQ4NX47', '2026-11-29T20:05:58.189Z', '2026-11-29T20:05:58.189Z', NULL, false, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
COMMIT;
-- ACT create a group of customers
BEGIN;
insert into "customer_group" ("id", "name", "created_by", "created_at", "updated_at", "metadata", "deleted_at") values ('cusgroup_01M8MEM5CZXA5NVZYV1E4BJ521', 'Good ones', 'user_01M8MEK6VRBS1X2AGF7A70ZYX1', '2026-11-29T20:05:59.328Z', '2026-11-29T20:05:59.328Z', NULL, NULL);
COMMIT;
-- ACT put a customer into a group
BEGIN;
insert into "customer_group_customer" ("id", "customer_id", "customer_group_id", "created_at", "updated_at", "created_by", "metadata", "deleted_at") values ('cusgc_01M8MEM6K183SB6YD9WA3FA695', 'cus_01M8MEKZVBNAEFQ3D02QQ4NX47', 'cusgroup_01M8MEM5CZXA5NVZYV1E4BJ521', '2026-11-29T20:06:00.550Z', '2026-11-29T20:06:00.551Z', NULL, NULL, NULL);
COMMIT;
BEGIN;
insert into "publishable_api_key_sales_channel" ("deleted_at", "id", "publishable_key_id", "sales_channel_id") values (NULL, 'pksc_01M8MEM7CSQC3DA2DC3T49D4PW', 'apk_01M8MEK6S0HWVWF0YBKY3AZ4FX', 'sc_01M8MEK6K1B6ARN5BM2J2FSMBM') on conflict ("publishable_key_id", "sales_channel_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
-- ACT create a region
BEGIN;
insert into "region" ("id", "name", "currency_code", "created_at", "updated_at", "automatic_taxes", "metadata", "deleted_at") values ('reg_01M8MEM7YHV5FMGYQYA680PF4V', 'US', 'usd', '2026-11-29T20:06:01.959Z', '2026-11-29T20:06:01.959Z', true, NULL, NULL);
update "region_country" set "region_id" = 'reg_01M8MEM7YHV5FMGYQYA680PF4V', "updated_at" = '2026-11-29T20:06:01.959Z' where "iso_2" = 'us';
COMMIT;
BEGIN;
insert into "price_preference" ("id", "attribute", "value", "is_tax_inclusive", "created_at", "updated_at", "deleted_at") values ('prpref_01M8MEM80E8C647SN2ZCSDGGQW', 'region_id', 'reg_01M8MEM7YHV5FMGYQYA680PF4V', false, '2026-11-29T20:06:01.999Z', '2026-11-29T20:06:01.999Z', NULL);
COMMIT;
BEGIN;
insert into "region_payment_provider" ("deleted_at", "id", "payment_provider_id", "region_id") values (NULL, 'regpp_01M8MEM80J87VPWGW5AYCKJ3S4', 'pp_system_default', 'reg_01M8MEM7YHV5FMGYQYA680PF4V') on conflict ("region_id", "payment_provider_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
-- ACT create a stock location
BEGIN;
insert into "stock_location_address" ("id", "address_1", "country_code", "created_at", "updated_at", "address_2", "company", "city", "phone", "province", "postal_code", "metadata", "deleted_at") values ('laddr_01M8MEM940YH34C1WKHS5KF5ZY', 'Dock 1', 'us', '2026-11-29T20:06:03.137Z', '2026-11-29T20:06:03.137Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "stock_location" ("id", "name", "address_id", "created_at", "updated_at", "metadata", "deleted_at") values ('sloc_01M8MEM9419WSXYFF6RE633NC3', 'Warehouse', 'laddr_01M8MEM940YH34C1WKHS5KF5ZY', '2026-11-29T20:06:03.138Z', '2026-11-29T20:06:03.138Z', NULL, NULL);
COMMIT;
BEGIN;
insert into "sales_channel_stock_location" ("deleted_at", "id", "sales_channel_id", "stock_location_id") values (NULL, 'scloc_01M8MEM9RG6R0W24ZYEEY9GWKB', 'sc_01M8MEK6K1B6ARN5BM2J2FSMBM', 'sloc_01M8MEM9419WSXYFF6RE633NC3') on conflict ("sales_channel_id", "stock_location_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
insert into "location_fulfillment_provider" ("deleted_at", "fulfillment_provider_id", "id", "stock_location_id") values (NULL, 'manual_manual', 'locfp_01M8MEM9T0RPSK22QAX3AJHRXN', 'sloc_01M8MEM9419WSXYFF6RE633NC3') on conflict ("stock_location_id", "fulfillment_provider_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
insert into "fulfillment_set" ("id", "name", "type", "created_at", "updated_at", "metadata", "deleted_at") values ('fuset_01M8MEM9V6DJHKY9AHC4DAM2C6', 'Ship', 'shipping', '2026-11-29T20:06:03.879Z', '2026-11-29T20:06:03.879Z', NULL, NULL);
COMMIT;
BEGIN;
insert into "location_fulfillment_set" ("deleted_at", "fulfillment_set_id", "id", "stock_location_id") values (NULL, 'fuset_01M8MEM9V6DJHKY9AHC4DAM2C6', 'locfs_01M8MEM9VN6S7JD2MGTXW64FR3', 'sloc_01M8MEM9419WSXYFF6RE633NC3') on conflict ("stock_location_id", "fulfillment_set_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
insert into "service_zone" ("id", "name", "fulfillment_set_id", "created_at", "updated_at", "metadata", "deleted_at") values ('serzo_01M8MEM9XEZG7JRWPS44B2CVQR', 'US', 'fuset_01M8MEM9V6DJHKY9AHC4DAM2C6', '2026-11-29T20:06:03.950Z', '2026-11-29T20:06:03.950Z', NULL, NULL);
insert into "geo_zone" ("id", "type", "country_code", "created_at", "updated_at", "province_code", "city", "postal_expression", "service_zone_id", "metadata", "deleted_at") values ('fgz_01M8MEM9XDVDMMR46FAD3NSAG7', 'country', 'us', '2026-11-29T20:06:03.950Z', '2026-11-29T20:06:03.950Z', NULL, NULL, NULL, 'serzo_01M8MEM9XEZG7JRWPS44B2CVQR', NULL, NULL);
COMMIT;
BEGIN;
insert into "shipping_option_type" ("id", "label", "description", "code", "created_at", "updated_at", "deleted_at") values ('sotype_01M8MEMA1079RTTJGFQCEHPKVP', 'Post', 'Post', 'post', '2026-11-29T20:06:04.065Z', '2026-11-29T20:06:04.065Z', NULL);
insert into "shipping_option" ("id", "name", "price_type", "service_zone_id", "shipping_profile_id", "provider_id", "shipping_option_type_id", "created_at", "updated_at", "data", "metadata", "deleted_at") values ('so_01M8MEMA10BW48RJ69JMZR0F51', 'Post', 'flat', 'serzo_01M8MEM9XEZG7JRWPS44B2CVQR', 'sp_01M8MEJQHXPVAYQ05VZ27WJWH6', 'manual_manual', 'sotype_01M8MEMA1079RTTJGFQCEHPKVP', '2026-11-29T20:06:04.065Z', '2026-11-29T20:06:04.065Z', NULL, NULL, NULL);
COMMIT;
BEGIN;
insert into "price_set" ("id", "created_at", "updated_at", "deleted_at") values ('pset_01M8MEMA1KMJNWSR3ZRPM7834D', '2026-11-29T20:06:04.084Z', '2026-11-29T20:06:04.084Z', NULL);
insert into "price" ("id", "currency_code", "amount", "rules_count", "raw_amount", "created_at", "updated_at", "title", "min_quantity", "max_quantity", "price_set_id", "raw_min_quantity", "raw_max_quantity", "deleted_at") values ('price_01M8MEMA1J4FA2GVWK7XZBD6YG', 'usd', 5, 0, '{"value":"5","precision":20}', '2026-11-29T20:06:04.084Z', '2026-11-29T20:06:04.084Z', NULL, NULL, NULL, 'pset_01M8MEMA1KMJNWSR3ZRPM7834D', NULL, NULL, NULL);
COMMIT;
BEGIN;
insert into "shipping_option_price_set" ("deleted_at", "id", "price_set_id", "shipping_option_id") values (NULL, 'sops_01M8MEMA2T1E5ATVZQM6774S1N', 'pset_01M8MEMA1KMJNWSR3ZRPM7834D', 'so_01M8MEMA10BW48RJ69JMZR0F51') on conflict ("shipping_option_id", "price_set_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
-- ACT create a product
BEGIN;
insert into "product_option" ("id", "title", "is_exclusive", "created_at", "updated_at", "metadata", "deleted_at") values ('opt_01M8MEMAM47MBQEGSKHSQVE7D9', 'Size', true, '2026-11-29T20:06:04.683Z', '2026-11-29T20:06:04.683Z', NULL, NULL);
insert into "product_option_value" ("id", "value", "created_at", "updated_at", "rank", "metadata", "option_id", "deleted_at") values ('optval_01M8MEMAM9FAGZZVJ2GHQ7ZGAF', 'S', '2026-11-29T20:06:04.683Z', '2026-11-29T20:06:04.683Z', NULL, NULL, 'opt_01M8MEMAM47MBQEGSKHSQVE7D9', NULL), ('optval_01M8MEMAM9TWH7VN7JJJ4VD4YZ', 'M', '2026-11-29T20:06:04.684Z', '2026-11-29T20:06:04.684Z', NULL, NULL, 'opt_01M8MEMAM47MBQEGSKHSQVE7D9', NULL);
insert into "product" ("id", "title", "handle", "is_giftcard", "status", "discountable", "metadata", "created_at", "updated_at", "subtitle", "description", "thumbnail", "weight", "length", "height", "width", "origin_country", "hs_code", "mid_code", "material", "external_id", "deleted_at") values ('prod_01M8MEMAM4MB57N5TYQZD7AV5E', 'Shirt', 'shirt', false, 'draft', true, '{"erp":{"api_key":"canary-erp"}}', '2026-11-29T20:06:04.682Z', '2026-11-29T20:06:04.682Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "product_product_option" ("id", "product_id", "product_option_id", "created_at", "updated_at", "deleted_at") values ('prodopt_01M8MEMAMYP5H427CBE79148ZM', 'prod_01M8MEMAM4MB57N5TYQZD7AV5E', 'opt_01M8MEMAM47MBQEGSKHSQVE7D9', '2026-11-29T20:06:04.704Z', '2026-11-29T20:06:04.704Z', NULL);
insert into "product_product_option_value" ("id", "product_product_option_id", "product_option_value_id", "created_at", "updated_at", "deleted_at") values ('prodoptval_01M8MEMAMZPGFMVKAVWEQV6CPN', 'prodopt_01M8MEMAMYP5H427CBE79148ZM', 'optval_01M8MEMAM9TWH7VN7JJJ4VD4YZ', '2026-11-29T20:06:04.704Z', '2026-11-29T20:06:04.704Z', NULL), ('prodoptval_01M8MEMAMZW3FPM9R0QG2VJ62Q', 'prodopt_01M8MEMAMYP5H427CBE79148ZM', 'optval_01M8MEMAM9FAGZZVJ2GHQ7ZGAF', '2026-11-29T20:06:04.704Z', '2026-11-29T20:06:04.704Z', NULL);
COMMIT;
BEGIN;
insert into "product_sales_channel" ("deleted_at", "id", "product_id", "sales_channel_id") values (NULL, 'prodsc_01M8MEMAQVQRR32J4W3H9FJKM3', 'prod_01M8MEMAM4MB57N5TYQZD7AV5E', 'sc_01M8MEK6K1B6ARN5BM2J2FSMBM') on conflict ("product_id", "sales_channel_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
insert into "product_shipping_profile" ("deleted_at", "id", "product_id", "shipping_profile_id") values (NULL, 'prodsp_01M8MEMARQHAYBHAEC406KA4ZK', 'prod_01M8MEMAM4MB57N5TYQZD7AV5E', 'sp_01M8MEJQHXPVAYQ05VZ27WJWH6') on conflict ("product_id", "shipping_profile_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
insert into "product_variant" ("id", "title", "sku", "allow_backorder", "manage_inventory", "product_id", "created_at", "updated_at", "barcode", "ean", "upc", "hs_code", "origin_country", "mid_code", "material", "weight", "length", "height", "width", "metadata", "variant_rank", "thumbnail", "deleted_at") values ('variant_01M8MEMATHY2B2JATP7GNQ0CG6', 'S', 'SHIRT-S', false, false, 'prod_01M8MEMAM4MB57N5TYQZD7AV5E', '2026-11-29T20:06:04.882Z', '2026-11-29T20:06:04.882Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL);
insert into "product_variant_option" ("option_value_id", "variant_id") values ('optval_01M8MEMAM9FAGZZVJ2GHQ7ZGAF', 'variant_01M8MEMATHY2B2JATP7GNQ0CG6');
insert into "product_variant_option" ("option_value_id", "variant_id") values ('optval_01M8MEMAM9FAGZZVJ2GHQ7ZGAF', 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') on conflict ("variant_id", "option_value_id") do nothing;
COMMIT;
BEGIN;
insert into "price_set" ("id", "created_at", "updated_at", "deleted_at") values ('pset_01M8MEMAWQY42MGEWAESBKS6QZ', '2026-11-29T20:06:04.952Z', '2026-11-29T20:06:04.952Z', NULL);
insert into "price" ("id", "currency_code", "amount", "raw_amount", "created_at", "updated_at", "title", "min_quantity", "max_quantity", "rules_count", "price_set_id", "raw_min_quantity", "raw_max_quantity", "deleted_at") values ('price_01M8MEMAWQN41RBYQCWDGQ0PSK', 'usd', 10, '{"value":"10","precision":20}', '2026-11-29T20:06:04.952Z', '2026-11-29T20:06:04.952Z', NULL, NULL, NULL, 0, 'pset_01M8MEMAWQY42MGEWAESBKS6QZ', NULL, NULL, NULL);
COMMIT;
BEGIN;
insert into "product_variant_price_set" ("deleted_at", "id", "price_set_id", "variant_id") values (NULL, 'pvps_01M8MEMAYGJ31521VTV93NBHX2', 'pset_01M8MEMAWQY42MGEWAESBKS6QZ', 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') on conflict ("variant_id", "price_set_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
-- ACT edit a product
BEGIN;
update "product" set "status" = 'published', "updated_at" = '2026-11-29T20:06:06.341Z' where "id" = 'prod_01M8MEMAM4MB57N5TYQZD7AV5E';
COMMIT;
-- ACT save a product as it is
-- ACT edit a variant
BEGIN;
update "product_variant" set "id" = case when ("id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') then 'variant_01M8MEMATHY2B2JATP7GNQ0CG6' else "id" end, "title" = case when ("id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') then 'Small' else "title" end, "product_id" = case when ("id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') then 'prod_01M8MEMAM4MB57N5TYQZD7AV5E' else "product_id" end, "updated_at" = case when ("id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') then '2026-11-29T20:06:09.510Z' else "updated_at" end where "id" in ('variant_01M8MEMATHY2B2JATP7GNQ0CG6');
COMMIT;
-- ACT change the price of a variant
BEGIN;
update "product_variant" set "id" = case when ("id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') then 'variant_01M8MEMATHY2B2JATP7GNQ0CG6' else "id" end, "product_id" = case when ("id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') then 'prod_01M8MEMAM4MB57N5TYQZD7AV5E' else "product_id" end, "updated_at" = case when ("id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6') then '2026-11-29T20:06:10.938Z' else "updated_at" end where "id" in ('variant_01M8MEMATHY2B2JATP7GNQ0CG6');
COMMIT;
BEGIN;
delete from "price" where "price"."id" = 'price_01M8MEMAWQN41RBYQCWDGQ0PSK';
insert into "price" ("id", "currency_code", "amount", "price_set_id", "raw_amount", "created_at", "updated_at", "title", "min_quantity", "max_quantity", "rules_count", "raw_min_quantity", "raw_max_quantity", "deleted_at") values ('price_01M8MEMGWE0YFBKR9C0DT9MZS5', 'usd', 12, 'pset_01M8MEMAWQY42MGEWAESBKS6QZ', '{"value":"12","precision":20}', '2026-11-29T20:06:11.111Z', '2026-11-29T20:06:11.112Z', NULL, NULL, NULL, 0, NULL, NULL, NULL);
COMMIT;
-- ACT create a tag
BEGIN;
insert into "product_tag" ("id", "value", "created_at", "updated_at", "external_id", "metadata", "deleted_at") values ('ptag_01M8MEMJ6K2FDRK6DYKXSFSHZQ', 'new', '2026-11-29T20:06:12.436Z', '2026-11-29T20:06:12.436Z', NULL, NULL, NULL);
COMMIT;
-- ACT give a product a tag
BEGIN;
insert into "product_tags" ("product_tag_id", "product_id") values ('ptag_01M8MEMJ6K2FDRK6DYKXSFSHZQ', 'prod_01M8MEMAM4MB57N5TYQZD7AV5E');
COMMIT;
-- ACT create a category
BEGIN;
insert into "product_category" ("id", "name", "handle", "mpath", "is_active", "rank", "created_at", "updated_at", "description", "is_internal", "external_id", "metadata", "deleted_at") values ('pcat_01M8MEMMXRXQQHDPTVX3QQSPS1', 'Clothes', 'clothes', 'pcat_01M8MEMMXRXQQHDPTVX3QQSPS1', true, 0, '2026-11-29T20:06:15.225Z', '2026-11-29T20:06:15.225Z', '', false, NULL, NULL, NULL);
COMMIT;
-- ACT edit a category
BEGIN;
update "product_category" set "name" = 'Clothing', "updated_at" = '2026-11-29T20:06:16.450Z' where "id" = 'pcat_01M8MEMMXRXQQHDPTVX3QQSPS1';
COMMIT;
-- ACT put a product into a category
BEGIN;
insert into "product_category_product" ("product_category_id", "product_id") values ('pcat_01M8MEMMXRXQQHDPTVX3QQSPS1', 'prod_01M8MEMAM4MB57N5TYQZD7AV5E');
COMMIT;
-- ACT register a customer
BEGIN;
insert into "auth_identity" ("id", "created_at", "updated_at", "app_metadata", "deleted_at") values ('authid_01M8MEMS3S5S26SVXHQY5JZ2WK', '2026-11-29T20:06:19.513Z', '2026-11-29T20:06:19.513Z', NULL, NULL);
insert into "provider_identity" ("id", "entity_id", "provider", "provider_metadata", "created_at", "updated_at", "auth_identity_id", "user_metadata", "deleted_at") values ('01M8MEMS3RNT4ZWC7Y9VZQ6479', 'cid@example.com', 'emailpass', '{"password":"canary-5"}', '2026-11-29T20:06:19.513Z', '2026-11-29T20:06:19.513Z', 'authid_01M8MEMS3S5S26SVXHQY5JZ2WK', NULL, NULL);
COMMIT;
-- ACT create the account of a customer
BEGIN;
insert into "customer" ("id", "first_name", "email", "has_account", "created_at", "updated_at", "company_name", "last_name", "phone", "metadata", "created_by", "deleted_at") values ('cus_01M8MEMTB3WCGTVKGMJH995JN3', 'Cid', 'cid@example.com', true, '2026-11-29T20:06:20.772Z', '2026-11-29T20:06:20.772Z', NULL, NULL, NULL, NULL, NULL, NULL);
COMMIT;
BEGIN;
update "auth_identity" set "app_metadata" = '{"customer_id":"cus_01M8MEMTB3WCGTVKGMJH995JN3"}', "updated_at" = '2026-11-29T20:06:20.839Z' where "id" = 'authid_01M8MEMS3S5S26SVXHQY5JZ2WK';
COMMIT;
-- ACT log a customer in
-- ACT forget a password
BEGIN;
insert into "auth_password_reset_token" ("id", "auth_identity_id", "provider_identity_id", "entity_id", "token_hash", "expires_at", "created_at", "updated_at", "deleted_at") values ('authprt_01M8MEMXCRHGW7JYMR2AX0SMA0', 'authid_01M8MEMS3S5S26SVXHQY5JZ2WK', '01M8MEMS3RNT4ZWC7Y9VZQ6479', 'cid@example.com', 'canary-6', '2026-11-29T20:21:23.894Z', '2026-11-29T20:06:23.896Z', '2026-11-29T20:06:23.897Z', NULL);
COMMIT;
-- ACT begin a cart
BEGIN;
insert into "cart_address" ("id", "country_code", "created_at", "updated_at", "customer_id", "company", "first_name", "last_name", "address_1", "address_2", "city", "province", "postal_code", "phone", "metadata", "deleted_at") values ('caaddr_01M8MEMZ2YK1CXVR81E1G5S1A3', 'us', '2026-11-29T20:06:25.637Z', '2026-11-29T20:06:25.637Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "cart" ("id", "region_id", "customer_id", "sales_channel_id", "email", "currency_code", "shipping_address_id", "created_at", "updated_at", "locale", "metadata", "completed_at", "deleted_at") values ('cart_01M8MEMZ2VTTP7JHSQFKYNZ4P3', 'reg_01M8MEM7YHV5FMGYQYA680PF4V', 'cus_01M8MEMTB3WCGTVKGMJH995JN3', 'sc_01M8MEK6K1B6ARN5BM2J2FSMBM', 'cid@example.com', 'usd', 'caaddr_01M8MEMZ2YK1CXVR81E1G5S1A3', '2026-11-29T20:06:25.638Z', '2026-11-29T20:06:25.638Z', NULL, NULL, NULL, NULL);
COMMIT;
-- ACT put something into the cart
BEGIN;
insert into "cart_line_item" ("id", "title", "subtitle", "thumbnail", "quantity", "variant_id", "product_id", "product_title", "product_description", "product_subtitle", "product_type", "product_type_id", "product_collection", "product_handle", "variant_sku", "variant_barcode", "variant_title", "requires_shipping", "is_discountable", "is_giftcard", "is_tax_inclusive", "unit_price", "metadata", "cart_id", "raw_unit_price", "created_at", "updated_at", "variant_option_values", "is_custom_price", "compare_at_unit_price", "raw_compare_at_unit_price", "deleted_at") values ('cali_01M8MEN21W5M4GQXVCNVBNXH2A', 'Shirt', 'Small', NULL, 2, 'variant_01M8MEMATHY2B2JATP7GNQ0CG6', 'prod_01M8MEMAM4MB57N5TYQZD7AV5E', 'Shirt', NULL, NULL, NULL, NULL, NULL, 'shirt', 'SHIRT-S', NULL, 'Small', true, true, false, false, 12, '{}', 'cart_01M8MEMZ2VTTP7JHSQFKYNZ4P3', '{"value":"12","precision":20}', '2026-11-29T20:06:28.669Z', '2026-11-29T20:06:28.669Z', NULL, false, NULL, NULL, NULL);
COMMIT;
-- ACT tell the address of a cart
BEGIN;
insert into "cart_address" ("id", "first_name", "address_1", "city", "country_code", "postal_code", "created_at", "updated_at", "customer_id", "company", "last_name", "address_2", "province", "phone", "metadata", "deleted_at") values ('caaddr_01M8MEN4Y5RWNEM6GDMKD0VQY0', 'Cid', 'Elm St 2', 'Anytown', 'us', '10001', '2026-11-29T20:06:31.621Z', '2026-11-29T20:06:31.621Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
update "cart" set "shipping_address_id" = 'caaddr_01M8MEN4Y5RWNEM6GDMKD0VQY0', "updated_at" = '2026-11-29T20:06:31.621Z' where "id" = 'cart_01M8MEMZ2VTTP7JHSQFKYNZ4P3';
COMMIT;
-- ACT choose how to ship a cart
BEGIN;
insert into "cart_shipping_method" ("id", "name", "amount", "is_tax_inclusive", "shipping_option_id", "data", "cart_id", "raw_amount", "created_at", "updated_at", "description", "metadata", "deleted_at") values ('casm_01M8MEN8YS1QQ05EBX1212F1BG', 'Post', 5, false, 'so_01M8MEMA10BW48RJ69JMZR0F51', '{}', 'cart_01M8MEMZ2VTTP7JHSQFKYNZ4P3', '{"value":"5","precision":20}', '2026-11-29T20:06:35.738Z', '2026-11-29T20:06:35.738Z', NULL, NULL, NULL);
COMMIT;
-- ACT begin to pay
BEGIN;
insert into "payment_collection" ("id", "currency_code", "amount", "raw_amount", "created_at", "updated_at", "authorized_amount", "captured_amount", "refunded_amount", "completed_at", "status", "metadata", "raw_authorized_amount", "raw_captured_amount", "raw_refunded_amount", "deleted_at") values ('pay_col_01M8MEND7M18JGMEPAKF6ACQYA', 'usd', 29, '{"value":"29","precision":20}', '2026-11-29T20:06:40.117Z', '2026-11-29T20:06:40.117Z', NULL, NULL, NULL, NULL, 'not_paid', NULL, NULL, NULL, NULL, NULL);
COMMIT;
BEGIN;
insert into "cart_payment_collection" ("cart_id", "deleted_at", "id", "payment_collection_id") values ('cart_01M8MEMZ2VTTP7JHSQFKYNZ4P3', NULL, 'capaycol_01M8MEND9Q285T3Q5FDANEJ3Y7', 'pay_col_01M8MEND7M18JGMEPAKF6ACQYA') on conflict ("cart_id", "payment_collection_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
insert into "account_holder" ("id", "provider_id", "external_id", "email", "created_at", "updated_at", "data", "metadata", "deleted_at") values ('acchld_01M8MENDQYK3MS6DVT1NB6BJ6A', 'pp_system_default', 'cus_01M8MEMTB3WCGTVKGMJH995JN3', 'cid@example.com', '2026-11-29T20:06:40.639Z', '2026-11-29T20:06:40.639Z', '{}', NULL, NULL);
COMMIT;
BEGIN;
insert into "customer_account_holder" ("account_holder_id", "customer_id", "deleted_at", "id") values ('acchld_01M8MENDQYK3MS6DVT1NB6BJ6A', 'cus_01M8MEMTB3WCGTVKGMJH995JN3', NULL, 'custacchldr_01M8MENDTB5BM8WY2KH88J5XX7') on conflict ("customer_id", "account_holder_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
insert into "payment_session" ("id", "currency_code", "amount", "provider_id", "data", "context", "payment_collection_id", "metadata", "raw_amount", "created_at", "updated_at", "status", "authorized_at", "deleted_at") values ('payses_01M8MENDWQS7YC966GA6G9QKKH', 'usd', 29, 'pp_system_default', '{}', '{"customer":{"id":"cus_01M8MEMTB3WCGTVKGMJH995JN3","email":"cid@example.com","company_name":null,"first_name":"Cid","last_name":null,"phone":null,"metadata":null,"addresses":[],"account_holders":[]},"account_holder":{"id":"acchld_01M8MENDQYK3MS6DVT1NB6BJ6A","provider_id":"pp_system_default","external_id":"cus_01M8MEMTB3WCGTVKGMJH995JN3","email":"cid@example.com","data":{},"metadata":null,"created_at":"2026-11-29T20:06:40.639Z","updated_at":"2026-11-29T20:06:40.639Z","deleted_at":null}}', 'pay_col_01M8MEND7M18JGMEPAKF6ACQYA', '{}', '{"value":"29","precision":20}', '2026-11-29T20:06:40.792Z', '2026-11-29T20:06:40.792Z', 'pending', NULL, NULL);
COMMIT;
-- ACT place an order
BEGIN;
insert into "workflow_execution" ("workflow_id", "transaction_id", "run_id", "id", "execution", "context", "state", "retention_time", "created_at", "updated_at", "deleted_at") values ('complete-cart', 'auto-01M8MENF5R6T024YY2PSB5VT0S', '01M8MENF6F855YWME8JEGGZD64', 'wf_exec_01M8MENF807DW4MYMRX8EM0JQB', '{"input":{"token":"canary-workflow"}}', '{"input":{"token":"canary-workflow"}}', 'not_started', 259200, '2026-11-29T20:06:42.176Z', '2026-11-29T20:06:42.176Z', NULL);
COMMIT;
BEGIN;
insert into "order_shipping_method" ("id", "name", "description", "amount", "is_tax_inclusive", "shipping_option_id", "data", "metadata", "raw_amount", "created_at", "updated_at", "is_custom_amount", "deleted_at") values ('ordsm_01M8MENFWD7NCBKVJNHWXKDY18', 'Post', NULL, 5, false, 'so_01M8MEMA10BW48RJ69JMZR0F51', '{}', NULL, '{"value":"5","precision":20}', '2026-11-29T20:06:42.876Z', '2026-11-29T20:06:42.876Z', false, NULL);
insert into "order_line_item" ("id", "title", "subtitle", "variant_id", "product_id", "product_title", "product_type", "product_type_id", "product_collection", "product_handle", "variant_sku", "variant_title", "variant_option_values", "requires_shipping", "is_giftcard", "is_discountable", "is_tax_inclusive", "compare_at_unit_price", "unit_price", "metadata", "raw_compare_at_unit_price", "raw_unit_price", "created_at", "updated_at", "thumbnail", "product_description", "product_subtitle", "variant_barcode", "is_custom_price", "deleted_at") values ('ordli_01M8MENFWT7ZJCVWQCCEQ513ZB', 'Shirt', 'Small', 'variant_01M8MEMATHY2B2JATP7GNQ0CG6', 'prod_01M8MEMAM4MB57N5TYQZD7AV5E', 'Shirt', NULL, NULL, NULL, 'shirt', 'SHIRT-S', 'Small', NULL, true, false, true, false, NULL, 12, '{}', NULL, '{"value":"12","precision":20}', '2026-11-29T20:06:42.865Z', '2026-11-29T20:06:42.865Z', NULL, NULL, NULL, NULL, false, NULL);
insert into "order_address" ("id", "customer_id", "company", "first_name", "last_name", "address_1", "address_2", "city", "country_code", "province", "postal_code", "phone", "metadata", "created_at", "updated_at", "deleted_at") values ('ordaddr_01M8MENFVEWEJYKYZWGVMG1TME', NULL, NULL, 'Cid', NULL, 'Elm St 2', NULL, 'Anytown', 'us', NULL, '10001', NULL, NULL, '2026-11-29T20:06:31.621Z', '2026-11-29T20:06:31.621Z', NULL);
insert into "order" ("id", "region_id", "customer_id", "sales_channel_id", "status", "email", "currency_code", "locale", "no_notification", "metadata", "shipping_address_id", "created_at", "updated_at", "custom_display_id", "version", "is_draft_order", "canceled_at", "deleted_at") values ('order_01M8MENFWEAEF6JDK37Q9DBF9J', 'reg_01M8MEM7YHV5FMGYQYA680PF4V', 'cus_01M8MEMTB3WCGTVKGMJH995JN3', 'sc_01M8MEK6K1B6ARN5BM2J2FSMBM', 'pending', 'cid@example.com', 'usd', NULL, false, NULL, 'ordaddr_01M8MENFVEWEJYKYZWGVMG1TME', '2026-11-29T20:06:42.864Z', '2026-11-29T20:06:42.864Z', NULL, 1, false, NULL, NULL);
insert into "order_shipping" ("id", "shipping_method_id", "created_at", "updated_at", "version", "order_id", "deleted_at") values ('ordspmv_01M8MENFWD866TZR8C8F0FP2SQ', 'ordsm_01M8MENFWD7NCBKVJNHWXKDY18', '2026-11-29T20:06:42.877Z', '2026-11-29T20:06:42.877Z', 1, 'order_01M8MENFWEAEF6JDK37Q9DBF9J', NULL);
insert into "order_summary" ("id", "totals", "created_at", "updated_at", "version", "order_id", "deleted_at") values ('ordsum_01M8MENFW5NT7K6H763P5AZSZN', '{"transaction_total":0,"original_order_total":29,"current_order_total":29,"pending_difference":29,"paid_total":0,"refunded_total":0,"credit_line_total":0,"accounting_total":29,"raw_transaction_total":{"value":"0","precision":20},"raw_original_order_total":{"value":"29","precision":20},"raw_current_order_total":{"value":"29","precision":20},"raw_pending_difference":{"value":"29","precision":20},"raw_paid_total":{"value":"0","precision":20},"raw_refunded_total":{"value":"0","precision":20},"raw_credit_line_total":{"value":"0","precision":20},"raw_accounting_total":{"value":"29","precision":20}}', '2026-11-29T20:06:42.876Z', '2026-11-29T20:06:42.876Z', 1, 'order_01M8MENFWEAEF6JDK37Q9DBF9J', NULL);
insert into "order_item" ("id", "version", "quantity", "metadata", "order_id", "item_id", "raw_quantity", "created_at", "updated_at", "unit_price", "compare_at_unit_price", "fulfilled_quantity", "delivered_quantity", "shipped_quantity", "return_requested_quantity", "return_received_quantity", "return_dismissed_quantity", "written_off_quantity", "raw_unit_price", "raw_compare_at_unit_price", "raw_fulfilled_quantity", "raw_delivered_quantity", "raw_shipped_quantity", "raw_return_requested_quantity", "raw_return_received_quantity", "raw_return_dismissed_quantity", "raw_written_off_quantity", "deleted_at") values ('orditem_01M8MENFX8G0YSB8T00Q87ZGWG', 1, 2, '{}', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', 'ordli_01M8MENFWT7ZJCVWQCCEQ513ZB', '{"value":"2","precision":20}', '2026-11-29T20:06:42.871Z', '2026-11-29T20:06:42.871Z', NULL, NULL, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', NULL);
COMMIT;
BEGIN;
insert into "order_cart" ("cart_id", "deleted_at", "id", "order_id") values ('cart_01M8MEMZ2VTTP7JHSQFKYNZ4P3', NULL, 'ordercart_01M8MENGG470QMJS28AHTNNWRX', 'order_01M8MENFWEAEF6JDK37Q9DBF9J') on conflict ("order_id", "cart_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
insert into "order_payment_collection" ("deleted_at", "id", "order_id", "payment_collection_id") values (NULL, 'ordpay_01M8MENGGG17RMZ6NQ5AZKS2WK', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', 'pay_col_01M8MEND7M18JGMEPAKF6ACQYA') on conflict ("order_id", "payment_collection_id") do update set "id" = excluded."id", "deleted_at" = excluded."deleted_at";
COMMIT;
BEGIN;
update "cart" set "completed_at" = '2026-11-29T20:06:43.297Z', "updated_at" = '2026-11-29T20:06:43.513Z' where "id" = 'cart_01M8MEMZ2VTTP7JHSQFKYNZ4P3';
COMMIT;
BEGIN;
insert into "payment" ("id", "amount", "currency_code", "provider_id", "data", "payment_collection_id", "payment_session_id", "raw_amount", "created_at", "updated_at", "metadata", "captured_at", "canceled_at", "deleted_at") values ('pay_01M8MENGP4J7T73V5DQ478QKNV', 29, 'usd', 'pp_system_default', '{}', 'pay_col_01M8MEND7M18JGMEPAKF6ACQYA', 'payses_01M8MENDWQS7YC966GA6G9QKKH', '{"value":"29","precision":20}', '2026-11-29T20:06:43.652Z', '2026-11-29T20:06:43.652Z', NULL, NULL, NULL, NULL);
update "payment_session" set "status" = 'authorized', "authorized_at" = '2026-11-29T20:06:43.646Z', "updated_at" = '2026-11-29T20:06:43.653Z' where "id" = 'payses_01M8MENDWQS7YC966GA6G9QKKH';
COMMIT;
BEGIN;
update "payment_collection" set "authorized_amount" = 29, "captured_amount" = 0, "refunded_amount" = 0, "status" = 'authorized', "raw_authorized_amount" = '{"value":"29","precision":20}', "raw_captured_amount" = '{"value":"0","precision":20}', "raw_refunded_amount" = '{"value":"0","precision":20}', "updated_at" = '2026-11-29T20:06:43.908Z' where "id" = 'pay_col_01M8MEND7M18JGMEPAKF6ACQYA';
COMMIT;
BEGIN;
update "workflow_execution" set "execution" = '{"input":{"token":"canary-workflow"}}', "context" = '{"input":{"token":"canary-workflow"}}', "state" = 'done', "updated_at" = '2026-11-29T20:06:44.054Z' where "workflow_id" = 'complete-cart' and "transaction_id" = 'auto-01M8MENF5R6T024YY2PSB5VT0S' and "run_id" = '01M8MENF6F855YWME8JEGGZD64';
COMMIT;
-- ACT change the mail address of an order
BEGIN;
update "order" set "email" = 'cid2@example.com', "updated_at" = '2026-11-29T20:06:45.939Z' where "id" = 'order_01M8MENFWEAEF6JDK37Q9DBF9J';
COMMIT;
BEGIN;
insert into "order_change" ("id", "version", "change_type", "status", "created_by", "confirmed_by", "confirmed_at", "order_id", "created_at", "updated_at", "return_id", "claim_id", "exchange_id", "description", "internal_note", "requested_by", "requested_at", "declined_by", "declined_reason", "metadata", "declined_at", "canceled_by", "canceled_at", "carry_over_promotions", "no_notification", "deleted_at") values ('ordch_01M8MENJZBN7JBB29GDEBN8424', 1, 'update_order', 'confirmed', 'user_01M8MEK6VRBS1X2AGF7A70ZYX1', 'user_01M8MEK6VRBS1X2AGF7A70ZYX1', '2026-11-29T20:06:45.982Z', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', '2026-11-29T20:06:45.995Z', '2026-11-29T20:06:45.995Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
insert into "order_change_action" ("id", "version", "action", "details", "applied", "created_at", "updated_at", "order_id", "return_id", "claim_id", "exchange_id", "reference", "reference_id", "amount", "internal_note", "order_change_id", "raw_amount", "deleted_at") values ('ordchact_01M8MENJZAFGRFS81FMY6KZG91', 1, 'UPDATE_ORDER_PROPERTIES', '{"type":"email","old":"cid@example.com","new":"cid2@example.com"}', true, '2026-11-29T20:06:45.996Z', '2026-11-29T20:06:45.996Z', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'ordch_01M8MENJZBN7JBB29GDEBN8424', NULL, NULL);
COMMIT;
-- ACT cancel an order
BEGIN;
update "payment" set "canceled_at" = '2026-11-29T20:06:47.642Z', "updated_at" = '2026-11-29T20:06:47.689Z' where "id" = 'pay_01M8MENGP4J7T73V5DQ478QKNV';
COMMIT;
BEGIN;
insert into "order_change" ("id", "version", "change_type", "order_id", "created_at", "updated_at", "return_id", "claim_id", "exchange_id", "description", "status", "internal_note", "created_by", "requested_by", "requested_at", "confirmed_by", "confirmed_at", "declined_by", "declined_reason", "metadata", "declined_at", "canceled_by", "canceled_at", "carry_over_promotions", "no_notification", "deleted_at") values ('ordch_01M8MENMW4GEV5E0N0D1X03SPC', 2, 'credit_line', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', '2026-11-29T20:06:47.940Z', '2026-11-29T20:06:47.940Z', NULL, NULL, NULL, NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
COMMIT;
BEGIN;
insert into "order_change_action" ("id", "order_id", "version", "reference", "reference_id", "action", "amount", "order_change_id", "raw_amount", "created_at", "updated_at", "return_id", "claim_id", "exchange_id", "details", "internal_note", "applied", "deleted_at") values ('ordchact_01M8MENMYQKCKWRY2MJSYT4XMR', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', 2, 'payment_collection', 'pay_col_01M8MEND7M18JGMEPAKF6ACQYA', 'CREDIT_LINE_ADD', 0, 'ordch_01M8MENMW4GEV5E0N0D1X03SPC', '{"value":"0","precision":20}', '2026-11-29T20:06:48.033Z', '2026-11-29T20:06:48.033Z', NULL, NULL, NULL, '{}', NULL, false, NULL);
COMMIT;
BEGIN;
insert into "order_credit_line" ("id", "version", "reference", "reference_id", "amount", "raw_amount", "metadata", "order_id", "created_at", "updated_at", "deleted_at") values ('ordcl_01M8MENNAPYQWBQTTJJP2WPBTQ', 2, 'payment_collection', 'pay_col_01M8MEND7M18JGMEPAKF6ACQYA', 0, '{"value":"0","precision":20}', '{"created_in_version":2}', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', '2026-11-29T20:06:48.412Z', '2026-11-29T20:06:48.412Z', NULL);
insert into "order_shipping" ("id", "version", "order_id", "return_id", "exchange_id", "claim_id", "shipping_method_id", "created_at", "updated_at", "deleted_at") values ('ordspmv_01M8MENNANG0HBC4PN5KK8C15E', 2, 'order_01M8MENFWEAEF6JDK37Q9DBF9J', NULL, NULL, NULL, 'ordsm_01M8MENFWD7NCBKVJNHWXKDY18', '2026-11-29T20:06:42.877Z', '2026-11-29T20:06:42.877Z', NULL);
insert into "order_summary" ("id", "version", "totals", "order_id", "created_at", "updated_at", "deleted_at") values ('ordsum_01M8MENNAN3Y55AKB2ZCT7BCXY', 2, '{"transaction_total":0,"original_order_total":29,"current_order_total":29,"pending_difference":29,"paid_total":0,"refunded_total":0,"credit_line_total":0,"accounting_total":29,"raw_transaction_total":{"value":"0","precision":20},"raw_original_order_total":{"value":"29","precision":20},"raw_current_order_total":{"value":"29","precision":20},"raw_pending_difference":{"value":"29","precision":20},"raw_paid_total":{"value":"0","precision":20},"raw_refunded_total":{"value":"0","precision":20},"raw_credit_line_total":{"value":"0","precision":20},"raw_accounting_total":{"value":"29","precision":20}}', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', '2026-11-29T20:06:48.412Z', '2026-11-29T20:06:48.412Z', NULL);
insert into "order_item" ("id", "version", "unit_price", "compare_at_unit_price", "quantity", "fulfilled_quantity", "delivered_quantity", "shipped_quantity", "return_requested_quantity", "return_received_quantity", "return_dismissed_quantity", "written_off_quantity", "metadata", "order_id", "item_id", "raw_unit_price", "raw_compare_at_unit_price", "raw_quantity", "raw_fulfilled_quantity", "raw_delivered_quantity", "raw_shipped_quantity", "raw_return_requested_quantity", "raw_return_received_quantity", "raw_return_dismissed_quantity", "raw_written_off_quantity", "created_at", "updated_at", "deleted_at") values ('orditem_01M8MENNAMT5XWK96PF76YNQC2', 2, 12, NULL, 2, 0, 0, 0, 0, 0, 0, 0, '{}', 'order_01M8MENFWEAEF6JDK37Q9DBF9J', 'ordli_01M8MENFWT7ZJCVWQCCEQ513ZB', '{"value":"12","precision":20}', NULL, '{"value":"2","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '{"value":"0","precision":20}', '2026-11-29T20:06:48.412Z', '2026-11-29T20:06:48.412Z', NULL);
update "order_change" set "status" = 'confirmed', "confirmed_at" = '2026-11-29T20:06:48.222Z', "updated_at" = '2026-11-29T20:06:48.412Z' where "id" = 'ordch_01M8MENMW4GEV5E0N0D1X03SPC';
update "order" set "version" = 2, "updated_at" = '2026-11-29T20:06:48.601Z' where "id" = 'order_01M8MENFWEAEF6JDK37Q9DBF9J';
update "order_change_action" set "applied" = true, "updated_at" = '2026-11-29T20:06:48.600Z' where "id" = 'ordchact_01M8MENMYQKCKWRY2MJSYT4XMR';
COMMIT;
BEGIN;
update "payment_collection" set "status" = 'canceled', "updated_at" = '2026-11-29T20:06:48.741Z' where "id" = 'pay_col_01M8MEND7M18JGMEPAKF6ACQYA';
COMMIT;
BEGIN;
update "order" set "status" = 'canceled', "canceled_at" = '2026-11-29T20:06:48.938Z', "updated_at" = '2026-11-29T20:06:48.955Z' where "id" = 'order_01M8MENFWEAEF6JDK37Q9DBF9J';
COMMIT;
-- ACT delete a product
BEGIN;
update "product_sales_channel" set "deleted_at" = '2026-11-29T20:06:50.576Z', "updated_at" = '2026-11-29T20:06:50.577Z' where "product_id" = 'prod_01M8MEMAM4MB57N5TYQZD7AV5E' and "sales_channel_id" = 'sc_01M8MEK6K1B6ARN5BM2J2FSMBM';
COMMIT;
BEGIN;
update "product_variant_price_set" set "deleted_at" = '2026-11-29T20:06:50.584Z', "updated_at" = '2026-11-29T20:06:50.585Z' where "variant_id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6' and "price_set_id" = 'pset_01M8MEMAWQY42MGEWAESBKS6QZ';
COMMIT;
BEGIN;
update "product" set "deleted_at" = '2026-11-29T20:06:50.537Z', "updated_at" = '2026-11-29T20:06:50.538Z' where "id" = 'prod_01M8MEMAM4MB57N5TYQZD7AV5E';
update "product_variant" set "deleted_at" = '2026-11-29T20:06:50.537Z', "updated_at" = '2026-11-29T20:06:50.606Z', "product_id" = 'prod_01M8MEMAM4MB57N5TYQZD7AV5E' where "id" = 'variant_01M8MEMATHY2B2JATP7GNQ0CG6';
COMMIT;
BEGIN;
update "product_shipping_profile" set "deleted_at" = '2026-11-29T20:06:50.660Z', "updated_at" = '2026-11-29T20:06:50.660Z' where "product_id" = 'prod_01M8MEMAM4MB57N5TYQZD7AV5E' and "shipping_profile_id" = 'sp_01M8MEJQHXPVAYQ05VZ27WJWH6';
COMMIT;
BEGIN;
update "price_set" set "deleted_at" = '2026-11-29T20:06:50.713Z', "updated_at" = '2026-11-29T20:06:50.713Z' where "id" = 'pset_01M8MEMAWQY42MGEWAESBKS6QZ';
update "price" set "deleted_at" = '2026-11-29T20:06:50.713Z', "updated_at" = '2026-11-29T20:06:50.752Z', "price_set_id" = 'pset_01M8MEMAWQY42MGEWAESBKS6QZ' where "id" = 'price_01M8MEMGWE0YFBKR9C0DT9MZS5';
COMMIT;
BEGIN;
update "product_option" set "deleted_at" = '2026-11-29T20:06:50.869Z', "updated_at" = '2026-11-29T20:06:50.870Z' where "id" = 'opt_01M8MEMAM47MBQEGSKHSQVE7D9';
update "product_product_option" set "deleted_at" = '2026-11-29T20:06:50.856Z', "updated_at" = '2026-11-29T20:06:50.870Z' where "id" = 'prodopt_01M8MEMAMYP5H427CBE79148ZM';
update "product_product_option_value" set "deleted_at" = case when ("id" = 'prodoptval_01M8MEMAMZPGFMVKAVWEQV6CPN') then '2026-11-29T20:06:50.847Z' when ("id" = 'prodoptval_01M8MEMAMZW3FPM9R0QG2VJ62Q') then '2026-11-29T20:06:50.847Z' else "deleted_at" end, "updated_at" = case when ("id" = 'prodoptval_01M8MEMAMZPGFMVKAVWEQV6CPN') then '2026-11-29T20:06:50.870Z' when ("id" = 'prodoptval_01M8MEMAMZW3FPM9R0QG2VJ62Q') then '2026-11-29T20:06:50.870Z' else "updated_at" end where "id" in ('prodoptval_01M8MEMAMZPGFMVKAVWEQV6CPN', 'prodoptval_01M8MEMAMZW3FPM9R0QG2VJ62Q');
update "product_option_value" set "deleted_at" = case when ("id" = 'optval_01M8MEMAM9FAGZZVJ2GHQ7ZGAF') then '2026-11-29T20:06:50.869Z' when ("id" = 'optval_01M8MEMAM9TWH7VN7JJJ4VD4YZ') then '2026-11-29T20:06:50.869Z' else "deleted_at" end, "updated_at" = case when ("id" = 'optval_01M8MEMAM9FAGZZVJ2GHQ7ZGAF') then '2026-11-29T20:06:50.959Z' when ("id" = 'optval_01M8MEMAM9TWH7VN7JJJ4VD4YZ') then '2026-11-29T20:06:50.960Z' else "updated_at" end, "option_id" = case when ("id" = 'optval_01M8MEMAM9FAGZZVJ2GHQ7ZGAF') then 'opt_01M8MEMAM47MBQEGSKHSQVE7D9' when ("id" = 'optval_01M8MEMAM9TWH7VN7JJJ4VD4YZ') then 'opt_01M8MEMAM47MBQEGSKHSQVE7D9' else "option_id" end where "id" in ('optval_01M8MEMAM9FAGZZVJ2GHQ7ZGAF', 'optval_01M8MEMAM9TWH7VN7JJJ4VD4YZ');
COMMIT;
-- ACT delete a customer
BEGIN;
update "customer" set "deleted_at" = '2026-11-29T20:06:52.579Z', "updated_at" = '2026-11-29T20:06:52.580Z' where "id" = 'cus_01M8MEKZVBNAEFQ3D02QQ4NX47';
update "customer_address" set "deleted_at" = '2026-11-29T20:06:52.579Z', "updated_at" = '2026-11-29T20:06:52.612Z', "customer_id" = 'cus_01M8MEKZVBNAEFQ3D02QQ4NX47' where "id" = 'cuaddr_01M8MEM49D1MDR5P7NSE71NFFM';
COMMIT;
