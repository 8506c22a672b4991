-- What the steps are written with. The functions last for a session. They take the miniature and what a real server of
-- version 2.21 has made alike, and leave alone what is there already. Ids are made of names, as in metadata.sql.

set check_function_bodies = off; -- the last one is about columns that come with the steps

-- The universalIdentifier of an object. Of these five Twenty thinks apart, and knows them by it.
create or replace function pg_temp.identifier(name text) returns uuid language sql as $$
    select case name
        when 'note' then '20202020-0b00-45cd-b6f6-6cd806fc6804'
        when 'task' then '20202020-1ba1-48ba-bc83-ef7e5990ed10'
        when 'message' then '20202020-3f6b-4425-80ab-e468899ab4b2'
        when 'messageThread' then '20202020-849a-4c3e-84f5-a25a7d802271'
        when 'calendarEvent' then '20202020-8f1d-4eef-9f85-0d1965e27221'
        else md5(name)
    end::uuid
$$;

create or replace function pg_temp.object_id(tenant uuid, object text) returns uuid language sql as $$
    select id from core."objectMetadata" where "workspaceId" = tenant and "nameSingular" = object
$$;

-- The table of an object, with its schema. A custom object's begins with an underscore.
create or replace function pg_temp.table_of(tenant uuid, object text) returns regclass language sql as $$
    select coalesce(to_regclass(format('%I.%I', "databaseSchema", object)),
        to_regclass(format('%I.%I', "databaseSchema", '_' || object)))
    from core.workspace where id = tenant
$$;

-- Adds a system object that has nothing but an id and its three times.
create or replace function pg_temp.add_object(tenant uuid, object text, plural text) returns void language plpgsql as $$
declare
    new_id uuid := md5(tenant || object)::uuid;
begin
    if pg_temp.object_id(tenant, object) is not null then return; end if;
    insert into core."objectMetadata"
    select (jsonb_populate_record(o, jsonb_build_object(
        'id', new_id, 'universalIdentifier', pg_temp.identifier(object), 'nameSingular', object, 'namePlural', plural,
        'labelSingular', object, 'labelPlural', plural, 'isSystem', true, 'labelIdentifierFieldMetadataId', null))).*
    from core."objectMetadata" o where o.id = pg_temp.object_id(tenant, 'noteTarget');
    insert into core."fieldMetadata"
    select (jsonb_populate_record(f, jsonb_build_object(
        'id', md5(tenant || object || '.' || f.name)::uuid, 'objectMetadataId', new_id,
        'universalIdentifier', md5(object || '.' || f.name)::uuid))).*
    from core."fieldMetadata" f
    where f."objectMetadataId" = pg_temp.object_id(tenant, 'noteTarget')
        and f.name in ('id', 'createdAt', 'updatedAt', 'deletedAt');
    execute format('create table %I.%I (
            id uuid primary key default public.uuid_generate_v4(), "createdAt" timestamptz not null default now(),
            "updatedAt" timestamptz not null default now(), "deletedAt" timestamptz)',
        (select "databaseSchema" from core.workspace where id = tenant), object);
end $$;

-- Adds the row of a field, which is the application's that its object is of.
create or replace function pg_temp.describe_field(tenant uuid, object text, field text, kind text, more jsonb)
returns void language sql as $$
    insert into core."fieldMetadata"
    select (jsonb_populate_record(f, jsonb_build_object(
        'id', md5(tenant || object || '.' || field)::uuid, 'objectMetadataId', pg_temp.object_id(tenant, object),
        'universalIdentifier', md5(object || '.' || field)::uuid, 'type', kind, 'name', field, 'label', field,
        'isSystem', false, 'isNullable', true, 'defaultValue', null, 'settings', null) || more)).*
    from core."fieldMetadata" f where f."objectMetadataId" = pg_temp.object_id(tenant, object) and f.name = 'id'
$$;

create or replace function pg_temp.has_field(tenant uuid, object text, field text) returns boolean language sql as $$
    select exists (
        select from core."fieldMetadata" f
        where f."objectMetadataId" = pg_temp.object_id(tenant, object) and f.name = field)
$$;

-- Adds a field of one column.
create or replace function pg_temp.add_field(tenant uuid, object text, field text, kind text, pg_type text)
returns void language plpgsql as $$
begin
    if pg_temp.has_field(tenant, object, field) then return; end if;
    perform pg_temp.describe_field(tenant, object, field, kind, '{}');
    execute format('alter table %s add %I %s', pg_temp.table_of(tenant, object), field, pg_type);
end $$;

-- Adds a relation: a column with a foreign key, and a field at either end. One of several that are the same to a user,
-- each with another target, has the prefix of all of them: target, of targetPerson and targetCompany.
create or replace function pg_temp.add_relation(
    tenant uuid, object text, field text, target text, inverse text, on_delete text, morph text default null)
returns void language plpgsql as $$
begin
    if pg_temp.has_field(tenant, object, field) or pg_temp.object_id(tenant, target) is null then return; end if;
    perform pg_temp.describe_field(tenant, object, field, case when morph is null then 'RELATION' else 'MORPH_RELATION' end,
        jsonb_build_object(
            'settings', jsonb_build_object('relationType', 'MANY_TO_ONE', 'joinColumnName', field || 'Id', 'onDelete', on_delete),
            'relationTargetObjectMetadataId', pg_temp.object_id(tenant, target),
            'relationTargetFieldMetadataId', md5(tenant || target || '.' || inverse)::uuid,
            'morphId', coalesce((
                select "morphId" from core."fieldMetadata"
                where "objectMetadataId" = pg_temp.object_id(tenant, object) and name like morph || '%'
                    and "morphId" is not null limit 1), md5(object || '.' || morph)::uuid)));
    perform pg_temp.describe_field(tenant, target, inverse, 'RELATION', jsonb_build_object(
        'settings', '{"relationType": "ONE_TO_MANY"}'::jsonb,
        'relationTargetObjectMetadataId', pg_temp.object_id(tenant, object),
        'relationTargetFieldMetadataId', md5(tenant || object || '.' || field)::uuid));
    execute format('alter table %s add %I uuid references %s (id) on delete %s',
        pg_temp.table_of(tenant, object), field || 'Id', pg_temp.table_of(tenant, target), replace(on_delete, '_', ' '));
    execute format('create index on %s (%I)', pg_temp.table_of(tenant, object), field || 'Id');
end $$;

-- Adds the relations of a morph field target to each of the objects that records are usually attached to.
create or replace function pg_temp.add_targets(tenant uuid, object text, plural text) returns void language sql as $$
    select pg_temp.add_relation(tenant, object, 'target' || initcap(target), target, plural,
        case target when 'rocket' then 'SET_NULL' else 'CASCADE' end, 'target')
    from unnest(array['person', 'company', 'opportunity', 'rocket']) target
$$;

-- Says of an object who may read its records: with INHERITED, who may read one that a field of these names leads to.
create or replace function pg_temp.set_readability(tenant uuid, object text, said text, variadic parents text[] default '{}')
returns void language sql as $$
    update core."objectMetadata" o
    set readability = said::core."objectMetadata_readability_enum",
        "readabilityParentFieldUniversalIdentifiers" = (
            select array_agg(f."universalIdentifier") from core."fieldMetadata" f
            where f."objectMetadataId" = o.id and f.name = any (parents))
    where o."workspaceId" = tenant and o."nameSingular" = object
$$;
