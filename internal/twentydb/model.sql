-- The objects of a workspace, their fields and relations: the one list that metadata rows and tables are both made of. The
-- columns of a table have the order of this file.

set local jit = off; -- tables without statistics make Postgres compile what runs for a millisecond

create temp table new_workspace (id uuid, name text, schema text) on commit drop;

create temp table object (
    application text, -- Standard: Twenty's own; Custom: made in this workspace
    name        text primary key,
    plural      text,
    is_system   boolean,
    identifier  text, -- the field that names a record
    searched    text  -- what searchVector indexes
) on commit drop;

insert into object values
    ('Standard', 'workspaceMember',  'workspaceMembers',   true,  'name',  '"nameFirstName" "nameLastName" "userEmail"'),
    ('Standard', 'company',          'companies',          false, 'name',  '"name" "domainNamePrimaryLinkUrl"'),
    ('Standard', 'person',           'people',             false, 'name',
        '"nameFirstName" "nameLastName" "emailsPrimaryEmail" "phonesPrimaryPhoneNumber" "jobTitle"'),
    ('Standard', 'opportunity',      'opportunities',      false, 'name',  '"name"'),
    ('Standard', 'note',             'notes',              false, 'title', '"title" "bodyV2Markdown"'),
    ('Standard', 'task',             'tasks',              false, 'title', '"title" "bodyV2Markdown"'),
    ('Standard', 'noteTarget',       'noteTargets',        true,  'id',    '"id"'),
    ('Standard', 'taskTarget',       'taskTargets',        true,  'id',    '"id"'),
    ('Standard', 'timelineActivity', 'timelineActivities', true,  'name',  '"name"'),
    ('Custom',   'rocket',           'rockets',            false, 'name',  '"name"');

create temp table declared (
    n           int generated always as identity,
    application text, -- default: the object's
    object      text, -- or an application, for all its objects, or *, for all
    name        text,
    type        text,
    more        jsonb -- isNullable (default true), isSystem (default false), defaultValue, settings, values (of an enum)
) on commit drop;

insert into declared (object, name, type, more) values
    ('*', 'id',        'UUID',      '{"isSystem": true, "isNullable": false, "defaultValue": "uuid"}'),
    ('*', 'createdAt', 'DATE_TIME',
        '{"isSystem": true, "isNullable": false, "defaultValue": "now", "settings": {"displayFormat": "RELATIVE"}}'),
    ('*', 'updatedAt', 'DATE_TIME',
        '{"isSystem": true, "isNullable": false, "defaultValue": "now", "settings": {"displayFormat": "RELATIVE"}}'),
    ('*', 'deletedAt', 'DATE_TIME', '{"isSystem": true, "settings": {"displayFormat": "RELATIVE"}}');

insert into declared (object, name, type, more) values
    ('workspaceMember',  'name',                   'FULL_NAME', '{"isNullable": false}'),
    ('workspaceMember',  'colorScheme',            'TEXT',
        $${"isSystem": true, "isNullable": false, "defaultValue": "'System'"}$$),
    ('workspaceMember',  'locale',                 'TEXT',
        $${"isSystem": true, "isNullable": false, "defaultValue": "'en'"}$$),
    ('workspaceMember',  'avatarUrl',              'TEXT',      '{"isSystem": true}'),
    ('workspaceMember',  'userEmail',              'TEXT',      '{"isSystem": true}'),
    ('workspaceMember',  'jobTitle',               'TEXT',      '{"isSystem": true}'),
    ('workspaceMember',  'calendarStartDay',       'NUMBER',
        '{"isSystem": true, "isNullable": false, "defaultValue": 7, "settings": {"dataType": "int"}}'),
    ('workspaceMember',  'userId',                 'UUID',      '{"isSystem": true, "isNullable": false}'),
    ('workspaceMember',  'timeZone',               'TEXT',
        $${"isSystem": true, "isNullable": false, "defaultValue": "'system'"}$$),
    ('workspaceMember',  'dateFormat',             'SELECT',
        $${"isSystem": true, "isNullable": false, "defaultValue": "'SYSTEM'",
        "values": ["SYSTEM", "MONTH_FIRST", "DAY_FIRST", "YEAR_FIRST"]}$$),
    ('workspaceMember',  'timeFormat',             'SELECT',
        $${"isSystem": true, "isNullable": false, "defaultValue": "'SYSTEM'",
        "values": ["SYSTEM", "HOUR_24", "HOUR_12"]}$$),
    ('workspaceMember',  'numberFormat',           'SELECT',
        $${"isSystem": true, "isNullable": false, "defaultValue": "'SYSTEM'",
        "values": ["SYSTEM", "COMMAS_AND_DOT", "SPACES_AND_COMMA", "DOTS_AND_COMMA", "APOSTROPHE_AND_DOT"]}$$),
    ('company',          'name',                   'TEXT',      '{}'),
    ('company',          'domainName',             'LINKS',     '{"settings": {"maxNumberOfValues": 1}}'),
    ('company',          'address',                'ADDRESS',   '{}'),
    ('company',          'linkedinLink',           'LINKS',     '{}'),
    ('company',          'annualRevenue',          'CURRENCY',  '{}'),
    ('person',           'name',                   'FULL_NAME', '{}'),
    ('person',           'emails',                 'EMAILS',    '{"settings": {"maxNumberOfValues": 1}}'),
    ('person',           'linkedinLink',           'LINKS',     '{}'),
    ('person',           'jobTitle',               'TEXT',      '{}'),
    ('person',           'phones',                 'PHONES',    '{"settings": {"maxNumberOfValues": 1}}'),
    ('person',           'avatarUrl',              'TEXT',      '{"isSystem": true}'),
    ('person',           'avatarFile',             'FILES',     '{"isSystem": true, "settings": {"maxNumberOfValues": 1}}'),
    ('opportunity',      'name',                   'TEXT',      '{}'),
    ('opportunity',      'amount',                 'CURRENCY',  '{}'),
    ('opportunity',      'closeDate',              'DATE_TIME', '{}'),
    ('opportunity',      'stage',                  'SELECT',    $${"isNullable": false, "defaultValue": "'NEW'",
        "values": ["NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER"]}$$),
    ('note',             'title',                  'TEXT',      '{}'),
    ('note',             'bodyV2',                 'RICH_TEXT', '{}'),
    ('task',             'title',                  'TEXT',      '{}'),
    ('task',             'bodyV2',                 'RICH_TEXT', '{}'),
    ('task',             'dueAt',                  'DATE_TIME', '{}'),
    ('task',             'status',                 'SELECT',    $${"defaultValue": "'TODO'",
        "values": ["TODO", "IN_PROGRESS", "DONE"]}$$),
    ('timelineActivity', 'happensAt',              'DATE_TIME', '{"isNullable": false, "defaultValue": "now"}'),
    ('timelineActivity', 'name',                   'TEXT',      '{}'),
    ('timelineActivity', 'properties',             'RAW_JSON',  '{}'),
    ('timelineActivity', 'linkedRecordCachedName', 'TEXT',      '{"isSystem": true}'),
    ('timelineActivity', 'linkedRecordId',         'UUID',      '{"isSystem": true}'),
    ('timelineActivity', 'linkedObjectMetadataId', 'UUID',      '{"isSystem": true}'),
    ('rocket',           'name',                   'TEXT',      '{}');

insert into declared (object, name, type, more) values
    ('*',        'position',     'POSITION',  '{"isSystem": true, "isNullable": false, "defaultValue": 0}'),
    ('Standard', 'createdBy',    'ACTOR',     $${"isSystem": true, "isNullable": false,
        "defaultValue": {"name": "'System'", "source": "'MANUAL'", "workspaceMemberId": null}}$$),
    ('Standard', 'updatedBy',    'ACTOR',     $${"isSystem": true, "isNullable": false,
        "defaultValue": {"name": "'System'", "source": "'MANUAL'", "workspaceMemberId": null}}$$),
    ('Custom',   'createdBy',    'ACTOR',     $${"isSystem": true, "isNullable": false,
        "defaultValue": {"name": "''", "source": "'MANUAL'"}}$$),
    ('Custom',   'updatedBy',    'ACTOR',     $${"isSystem": true, "isNullable": false,
        "defaultValue": {"name": "''", "source": "'MANUAL'"}}$$),
    ('*',        'searchVector', 'TS_VECTOR', '{"isSystem": true}');

-- Fields that an administrator of this workspace has added. Together with those above, every field type occurs.
insert into declared (application, object, name, type, more) values
    ('Custom', 'company', 'employees',         'NUMBER',       '{}'),
    ('Custom', 'company', 'tagline',           'TEXT',         $${"isNullable": false, "defaultValue": "''"}$$),
    ('Custom', 'company', 'introVideo',        'LINKS',        '{}'),
    ('Custom', 'company', 'workPolicy',        'MULTI_SELECT', '{"values": ["ON_SITE", "HYBRID", "REMOTE_WORK"]}'),
    ('Custom', 'company', 'visaSponsorship',   'BOOLEAN',      '{"defaultValue": false}'),
    ('Custom', 'person',  'intro',             'TEXT',         '{}'),
    ('Custom', 'person',  'whatsapp',          'PHONES',       $${"isNullable": false, "defaultValue": {"additionalPhones": null,
        "primaryPhoneNumber": null, "primaryPhoneCallingCode": "'+33'", "primaryPhoneCountryCode": "'FR'"}}$$),
    ('Custom', 'person',  'workPreference',    'MULTI_SELECT', '{"values": ["ON_SITE", "HYBRID", "REMOTE_WORK"]}'),
    ('Custom', 'person',  'performanceRating', 'RATING',
        '{"values": ["RATING_1", "RATING_2", "RATING_3", "RATING_4", "RATING_5"]}'),
    ('Custom', 'rocket',  'launchedOn',        'DATE',         '{}'),
    ('Custom', 'rocket',  'payloadMass',       'NUMERIC',      '{}'),
    ('Custom', 'rocket',  'crew',              'ARRAY',        '{}');

-- A relation is a field at either end. The end that is declared here is the "many" one, which owns the join column.
create temp table relation (
    n         int generated always as identity,
    object    text,
    type      text,
    name      text,
    target    text,
    inverse   text, -- the field at the other end
    on_delete text
) on commit drop;

insert into relation (object, type, name, target, inverse, on_delete) values
    ('company',          'RELATION',       'accountOwner',      'workspaceMember', 'accountOwnerForCompanies',       'SET_NULL'),
    ('person',           'RELATION',       'company',           'company',         'people',                         'SET_NULL'),
    ('opportunity',      'RELATION',       'company',           'company',         'opportunities',                  'SET_NULL'),
    ('opportunity',      'RELATION',       'pointOfContact',    'person',          'pointOfContactForOpportunities', 'SET_NULL'),
    ('opportunity',      'RELATION',       'owner',             'workspaceMember', 'ownedOpportunities',             'SET_NULL'),
    ('task',             'RELATION',       'assignee',          'workspaceMember', 'assignedTasks',                  'SET_NULL'),
    ('noteTarget',       'RELATION',       'note',              'note',            'noteTargets',                    'CASCADE'),
    ('noteTarget',       'MORPH_RELATION', 'targetPerson',      'person',          'noteTargets',                    'CASCADE'),
    ('noteTarget',       'MORPH_RELATION', 'targetCompany',     'company',         'noteTargets',                    'CASCADE'),
    ('noteTarget',       'MORPH_RELATION', 'targetOpportunity', 'opportunity',     'noteTargets',                    'CASCADE'),
    ('noteTarget',       'MORPH_RELATION', 'targetRocket',      'rocket',          'noteTargets',                    'SET_NULL'),
    ('taskTarget',       'RELATION',       'task',              'task',            'taskTargets',                    'CASCADE'),
    ('taskTarget',       'MORPH_RELATION', 'targetPerson',      'person',          'taskTargets',                    'CASCADE'),
    ('taskTarget',       'MORPH_RELATION', 'targetCompany',     'company',         'taskTargets',                    'CASCADE'),
    ('taskTarget',       'MORPH_RELATION', 'targetOpportunity', 'opportunity',     'taskTargets',                    'CASCADE'),
    ('taskTarget',       'MORPH_RELATION', 'targetRocket',      'rocket',          'taskTargets',                    'SET_NULL'),
    ('timelineActivity', 'RELATION',       'workspaceMember',   'workspaceMember', 'timelineActivities',             'CASCADE'),
    ('timelineActivity', 'MORPH_RELATION', 'targetPerson',      'person',          'timelineActivities',             'CASCADE'),
    ('timelineActivity', 'MORPH_RELATION', 'targetCompany',     'company',         'timelineActivities',             'CASCADE'),
    ('timelineActivity', 'MORPH_RELATION', 'targetOpportunity', 'opportunity',     'timelineActivities',             'SET_NULL'),
    ('timelineActivity', 'MORPH_RELATION', 'targetNote',        'note',            'timelineActivities',             'SET_NULL'),
    ('timelineActivity', 'MORPH_RELATION', 'targetTask',        'task',            'timelineActivities',             'SET_NULL'),
    ('timelineActivity', 'MORPH_RELATION', 'targetRocket',      'rocket',          'timelineActivities',             'SET_NULL');

create temp table field on commit drop as
select d.n, coalesce(d.application, o.application) application, o.name object, d.name, d.type, d.more, null target, null inverse
from declared d join object o on d.object in (o.name, o.application, '*')
union all
select 1000 + r.n, least(o.application, t.application), f.* -- Custom when either end is
from relation r join object o on o.name = r.object join object t on t.name = r.target,
    lateral (values
        (r.object, r.name, r.type, jsonb_build_object('settings', jsonb_build_object(
            'relationType', 'MANY_TO_ONE', 'joinColumnName', r.name || 'Id', 'onDelete', r.on_delete)), r.target, r.inverse),
        (r.target, r.inverse, 'RELATION', '{"settings": {"relationType": "ONE_TO_MANY"}}', r.object, r.name)
    ) f;
