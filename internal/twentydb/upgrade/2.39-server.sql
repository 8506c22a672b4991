-- 2.22: a workspace can be CREATED.
alter type core."workspace_activationStatus_enum" add value if not exists 'CREATED';

-- 2.32: who may write.
create type core."objectMetadata_writability_enum" as enum ('OPEN', 'APPLICATION', 'SYSTEM');
alter table core."objectMetadata" add writability core."objectMetadata_writability_enum" not null default 'OPEN';

-- 2.39: who may read.
create type core."objectMetadata_readability_enum" as enum ('OPEN', 'PRIVATE', 'INHERITED', 'APPLICATION', 'SYSTEM');
alter table core."objectMetadata" add readability core."objectMetadata_readability_enum" not null default 'OPEN';
