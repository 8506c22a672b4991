-- The statements that make the tables of the new workspace, in the order to run them.

with type (name, n, subfield, pg_type) as (values
    ('UUID',         1, null,                      'uuid'),
    ('TEXT',         1, null,                      'text'),
    ('NUMBER',       1, null,                      'double precision'),
    ('POSITION',     1, null,                      'double precision'),
    ('NUMERIC',      1, null,                      'numeric'),
    ('BOOLEAN',      1, null,                      'boolean'),
    ('DATE',         1, null,                      'date'),
    ('DATE_TIME',    1, null,                      'timestamptz'),
    ('SELECT',       1, null,                      'enum'),
    ('RATING',       1, null,                      'enum'),
    ('MULTI_SELECT', 1, null,                      'enum[]'),
    ('ARRAY',        1, null,                      'text[]'),
    ('RAW_JSON',     1, null,                      'jsonb'),
    ('FILES',        1, null,                      'jsonb'),
    ('TS_VECTOR',    1, null,                      'tsvector'),
    ('FULL_NAME',    1, 'firstName',               'text'),
    ('FULL_NAME',    2, 'lastName',                'text'),
    ('EMAILS',       1, 'primaryEmail',            'text'),
    ('EMAILS',       2, 'additionalEmails',        'jsonb'),
    ('PHONES',       1, 'primaryPhoneNumber',      'text'),
    ('PHONES',       2, 'primaryPhoneCountryCode', 'text'),
    ('PHONES',       3, 'primaryPhoneCallingCode', 'text'),
    ('PHONES',       4, 'additionalPhones',        'jsonb'),
    ('LINKS',        1, 'primaryLinkLabel',        'text'),
    ('LINKS',        2, 'primaryLinkUrl',          'text'),
    ('LINKS',        3, 'secondaryLinks',          'jsonb'),
    ('ADDRESS',      1, 'addressStreet1',          'text'),
    ('ADDRESS',      2, 'addressStreet2',          'text'),
    ('ADDRESS',      3, 'addressCity',             'text'),
    ('ADDRESS',      4, 'addressPostcode',         'text'),
    ('ADDRESS',      5, 'addressState',            'text'),
    ('ADDRESS',      6, 'addressCountry',          'text'),
    ('ADDRESS',      7, 'addressLat',              'numeric'),
    ('ADDRESS',      8, 'addressLng',              'numeric'),
    ('CURRENCY',     1, 'amountMicros',            'numeric'),
    ('CURRENCY',     2, 'currencyCode',            'text'),
    ('ACTOR',        1, 'source',                  'enum'),
    ('ACTOR',        2, 'workspaceMemberId',       'uuid'),
    ('ACTOR',        3, 'name',                    'text'),
    ('ACTOR',        4, 'context',                 'jsonb'),
    ('RICH_TEXT',    1, 'blocknote',               'text'),
    ('RICH_TEXT',    2, 'markdown',                'text')
),
actor_source (labels) as (values
    ('["EMAIL", "CALENDAR", "WORKFLOW", "AGENT", "API", "IMPORT", "MANUAL", "SYSTEM", "WEBHOOK", "APPLICATION"]'::jsonb)
),
table_of (object, name, qualified) as (
    select o.name, t.name, format('%I.%I', w.schema, t.name)
    from new_workspace w, object o,
        lateral (select case o.application when 'Custom' then '_' else '' end || o.name) t (name)
),
-- One row per column. Of a field that is required, a plain column is not null, and so are the source and name of an actor,
-- except in the custom object that Twenty's own seed makes.
column_of (object, n, name, pg_type, labels, default_value, not_null) as (
    select f.object, 10 * f.n + type.n,
        f.name || coalesce(upper(left(type.subfield, 1)) || substr(type.subfield, 2), ''),
        type.pg_type,
        case when f.type = 'ACTOR' then actor_source.labels else f.more -> 'values' end,
        case when type.subfield is null then f.more ->> 'defaultValue'
            else nullif(f.more -> 'defaultValue' ->> type.subfield, $$''$$) end,
        not coalesce((f.more -> 'isNullable')::boolean, true) and (type.subfield is null
            or f.type = 'ACTOR' and type.subfield in ('source', 'name') and f.application = 'Standard')
    from field f join type on type.name = f.type, actor_source
    union all
    select object, 10 * n, more -> 'settings' ->> 'joinColumnName', 'uuid', null, null, false
    from field where more -> 'settings' ? 'joinColumnName'
),
-- An enum type belongs to one column and bears its name.
enum_of (object, column_name, qualified, labels) as (
    select c.object, c.name, format('%I.%I', w.schema, t.name || '_' || c.name || '_enum'),
        (select string_agg(quote_literal(label), ', ' order by n)
            from jsonb_array_elements_text(c.labels) with ordinality l (label, n))
    from new_workspace w, column_of c join table_of t using (object)
    where c.pg_type like 'enum%'
),
definition (object, n, sql) as (
    select c.object, c.n, format('%I %s', c.name, case
        when c.pg_type = 'tsvector' then format('tsvector generated always as (to_tsvector(''simple'', %s)) stored',
            (select string_agg(format('coalesce(public.unaccent_immutable(%s::text), '''')', searched), $$ || ' ' || $$)
                from string_to_table(o.searched, ' ') searched))
        else replace(c.pg_type, 'enum', coalesce(e.qualified, ''))
            || case when c.name = 'id' then ' primary key' when c.not_null then ' not null' else '' end
            || coalesce(' default ' || case c.default_value
                when 'uuid' then 'public.uuid_generate_v4()' when 'now' then 'now()' else c.default_value end, '')
        end)
    from column_of c join object o on o.name = c.object
        left join enum_of e on (e.object, e.column_name) = (c.object, c.name)
)
select 1, format('create schema %I', schema) from new_workspace
union all
select 2, format('create type %s as enum (%s)', qualified, labels) from enum_of
union all
select 3, format('create table %s (%s)', t.qualified, string_agg(d.sql, ', ' order by d.n))
from definition d join table_of t using (object) group by t.qualified
union all
select 4, format('alter table %s add foreign key (%I) references %s (id) on delete %s',
    t.qualified, r.name || 'Id', target.qualified, replace(r.on_delete, '_', ' '))
from relation r join table_of t on t.object = r.object join table_of target on target.object = r.target
union all
select 5, format('create index on %s (%I)', t.qualified, r.name || 'Id') from relation r join table_of t using (object)
union all
select 5, format('create index on %s using gin ("searchVector")', qualified) from table_of
union all
select 5, format('create unique index on %s (%I)', t.qualified, u.column_name)
from table_of t join (values
    ('person', 'emailsPrimaryEmail'), ('company', 'domainNamePrimaryLinkUrl'), ('workspaceMember', 'userEmail')
) u (object, column_name) using (object)
order by 1
