-- 2.40: a field can be left out of the audit log.
alter table core."fieldMetadata" add "isAuditLogged" boolean not null default true;

-- 2.41: through which fields a record inherits who may read it.
alter table core."objectMetadata" add "readabilityParentFieldUniversalIdentifiers" uuid[];
