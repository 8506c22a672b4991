-- What Twenty 2.21 keeps beside the records: the workspaces of the instance, the objects and fields of each, its webhooks, and
-- which upgrades were done.

create schema core;

-- Twenty takes these two from the extensions uuid-ossp and unaccent, which are not installed everywhere.
create or replace function public.uuid_generate_v4() returns uuid
    language sql volatile as 'select gen_random_uuid()';
create or replace function public.unaccent_immutable(input text) returns text
    language sql immutable as $$ select regexp_replace(normalize(input, nfd), '[\u0300-\u036f]', '', 'g') $$;

create type core."workspace_activationStatus_enum" as enum (
    'ONGOING_CREATION', 'PENDING_CREATION', 'ACTIVE', 'INACTIVE', 'SUSPENDED'
);

create table core.workspace (
    id                             uuid primary key default public.uuid_generate_v4(),
    "displayName"                  varchar,
    "deletedAt"                    timestamptz,
    "createdAt"                    timestamptz not null default now(),
    "updatedAt"                    timestamptz not null default now(),
    "activationStatus"             core."workspace_activationStatus_enum" not null default 'INACTIVE',
    "metadataVersion"              integer not null default 1,
    "databaseSchema"               varchar,
    subdomain                      varchar not null unique,
    "customDomain"                 varchar unique,
    "defaultRoleId"                uuid,
    "trashRetentionDays"           integer not null default 14,
    "workspaceCustomApplicationId" uuid not null,
    "suspendedAt"                  timestamptz,
    check ("activationStatus" in ('PENDING_CREATION', 'ONGOING_CREATION') or "defaultRoleId" is not null)
);

-- An object or field belongs to an application: Twenty's own, the one of the workspace's administrators, or an installed one.
create table core.application (
    id                    uuid primary key default public.uuid_generate_v4(),
    "universalIdentifier" uuid not null,
    name                  text not null,
    description           text,
    version               text,
    "sourceType"          text not null default 'local',
    "sourcePath"          text not null,
    "workspaceId"         uuid not null
        references core.workspace (id) on delete cascade deferrable initially deferred,
    "createdAt"           timestamptz not null default now(),
    "updatedAt"           timestamptz not null default now(),
    "deletedAt"           timestamptz,
    "canBeUninstalled"    boolean not null default true
);
create unique index on core.application ("universalIdentifier", "workspaceId") where "deletedAt" is null;

alter table core.workspace add foreign key ("workspaceCustomApplicationId")
    references core.application (id) on delete restrict deferrable initially deferred;

create table core."objectMetadata" (
    id                               uuid primary key default public.uuid_generate_v4(),
    "dataSourceId"                   uuid,
    "nameSingular"                   varchar not null,
    "namePlural"                     varchar not null,
    "labelSingular"                  varchar not null,
    "labelPlural"                    varchar not null,
    description                      text,
    icon                             varchar,
    "targetTableName"                varchar not null,
    "isRemote"                       boolean not null default false,
    "isActive"                       boolean not null default false,
    "isSystem"                       boolean not null default false,
    "isUIReadOnly"                   boolean not null default false,
    "isAuditLogged"                  boolean not null default true,
    "isSearchable"                   boolean not null default false,
    "duplicateCriteria"              jsonb,
    shortcut                         varchar,
    "labelIdentifierFieldMetadataId" uuid,
    "imageIdentifierFieldMetadataId" uuid,
    "isLabelSyncedWithName"          boolean not null default false,
    "workspaceId"                    uuid not null references core.workspace (id) on delete cascade,
    "createdAt"                      timestamptz not null default now(),
    "updatedAt"                      timestamptz not null default now(),
    "applicationId"                  uuid not null references core.application (id) on delete cascade,
    "universalIdentifier"            uuid not null,
    color                            text,
    "isUIEditable"                   boolean not null default true,
    "isUICreatable"                  boolean not null default true,
    overrides                        jsonb,
    unique ("nameSingular", "workspaceId"),
    unique ("namePlural", "workspaceId"),
    unique ("workspaceId", "universalIdentifier")
);

create table core."fieldMetadata" (
    id                               uuid primary key default public.uuid_generate_v4(),
    "objectMetadataId"               uuid not null references core."objectMetadata" (id) on delete cascade,
    type                             varchar not null,
    name                             varchar not null,
    label                            varchar not null,
    "defaultValue"                   jsonb,
    description                      text,
    icon                             varchar,
    options                          jsonb,
    settings                         jsonb,
    "isActive"                       boolean not null default false,
    "isSystem"                       boolean not null default false,
    "isUIReadOnly"                   boolean not null default false,
    "isNullable"                     boolean default true,
    "workspaceId"                    uuid not null references core.workspace (id) on delete cascade,
    "isLabelSyncedWithName"          boolean not null default false,
    "relationTargetFieldMetadataId"  uuid unique
        references core."fieldMetadata" (id) deferrable initially deferred,
    "relationTargetObjectMetadataId" uuid references core."objectMetadata" (id) on delete cascade,
    "morphId"                        uuid,
    "createdAt"                      timestamptz not null default now(),
    "updatedAt"                      timestamptz not null default now(),
    "universalIdentifier"            uuid not null,
    "applicationId"                  uuid not null references core.application (id) on delete cascade,
    "isUIEditable"                   boolean not null default true,
    "isSystemSideEffect"             boolean not null default false,
    overrides                        jsonb,
    unique (name, "objectMetadataId", "workspaceId"),
    unique ("workspaceId", "universalIdentifier"),
    check (type <> 'MORPH_RELATION' or "morphId" is not null)
);
create index on core."fieldMetadata" ("objectMetadataId");

create table core.webhook (
    id                    uuid primary key default public.uuid_generate_v4(),
    "targetUrl"           varchar not null,
    operations            text[] not null default '{*.*}',
    description           varchar,
    secret                varchar not null,
    "workspaceId"         uuid not null references core.workspace (id) on delete cascade,
    "createdAt"           timestamptz not null default now(),
    "updatedAt"           timestamptz not null default now(),
    "deletedAt"           timestamptz,
    "universalIdentifier" uuid not null,
    "applicationId"       uuid not null references core.application (id) on delete cascade,
    unique ("workspaceId", "universalIdentifier")
);
create index on core.webhook ("workspaceId");

-- One row for each command of an upgrade, of the server or, with its id, of a workspace.
create table core."upgradeMigration" (
    id                  uuid primary key default public.uuid_generate_v4(),
    name                varchar not null,
    status              varchar not null,
    attempt             integer not null default 1,
    "executedByVersion" varchar not null,
    "createdAt"         timestamptz not null default now(),
    "workspaceId"       uuid references core.workspace (id) on delete cascade,
    "errorMessage"      text,
    "isInitial"         boolean not null default false
);
insert into core."upgradeMigration" (name, status, "executedByVersion", "isInitial")
values ('2.21.0_Miniature', 'completed', '2.21.0', true);
