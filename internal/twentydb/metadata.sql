-- The rows of core for the new workspace. Their ids are made of names, so they are the same in every run; a
-- universalIdentifier is the same in every workspace too.

insert into core.workspace (
    id, "displayName", "activationStatus", "databaseSchema", subdomain, "defaultRoleId", "workspaceCustomApplicationId")
select id, name, 'ACTIVE', schema, replace(schema, '_', '-'), md5(id || ' role')::uuid, md5(id || ' Custom')::uuid
from new_workspace;

insert into core.application (
    id, "universalIdentifier", name, version, "sourcePath", "workspaceId", "canBeUninstalled")
select md5(id || ' Standard')::uuid, '20202020-64aa-4b6f-b003-9c74b97cee20'::uuid, 'Standard', '1.0.1', 'cli-sync', id, false
from new_workspace
union all
select md5(id || ' Custom')::uuid, md5(id || ' Custom')::uuid, 'Custom', '1.0.1', 'workspace-custom', id, false
from new_workspace;

insert into core."objectMetadata" (
    id, "nameSingular", "namePlural", "labelSingular", "labelPlural", "targetTableName", "isActive", "isSystem",
    "isAuditLogged", "isSearchable", "isUICreatable", "labelIdentifierFieldMetadataId", "workspaceId", "applicationId",
    "universalIdentifier")
select md5(w.id || o.name)::uuid, o.name, o.plural, initcap(regexp_replace(o.name, '([A-Z])', ' \1', 'g')),
    initcap(regexp_replace(o.plural, '([A-Z])', ' \1', 'g')), 'DEPRECATED', true, o.is_system,
    o.name <> 'timelineActivity', not o.is_system or o.name = 'workspaceMember', not o.is_system,
    md5(w.id || o.name || '.' || o.identifier)::uuid, w.id, md5(w.id || ' ' || o.application)::uuid,
    case o.name -- of these two Twenty thinks apart, and knows them by it
        when 'note' then '20202020-0b00-45cd-b6f6-6cd806fc6804'
        when 'task' then '20202020-1ba1-48ba-bc83-ef7e5990ed10'
        else md5(o.name)
    end::uuid
from new_workspace w, object o;

insert into core."fieldMetadata" (
    id, "objectMetadataId", type, name, label, "defaultValue", options, settings, "isActive", "isSystem", "isNullable",
    "workspaceId", "relationTargetObjectMetadataId", "relationTargetFieldMetadataId", "morphId", "universalIdentifier",
    "applicationId")
select md5(w.id || f.object || '.' || f.name)::uuid, md5(w.id || f.object)::uuid, f.type, f.name,
    initcap(regexp_replace(f.name, '([A-Z])', ' \1', 'g')), f.more -> 'defaultValue',
    (
        select jsonb_agg(jsonb_build_object(
            'id', md5(w.id || f.object || '.' || f.name || '.' || value)::uuid, 'value', value,
            'label', initcap(replace(value, '_', ' ')), 'color', 'blue', 'position', n - 1) order by n)
        from jsonb_array_elements_text(f.more -> 'values') with ordinality option (value, n)
    ),
    f.more -> 'settings', true, coalesce((f.more -> 'isSystem')::boolean, false),
    coalesce((f.more -> 'isNullable')::boolean, true), w.id, md5(w.id || f.target)::uuid,
    md5(w.id || f.target || '.' || f.inverse)::uuid,
    case f.type when 'MORPH_RELATION' then md5(f.object || '.target')::uuid end, md5(f.object || '.' || f.name)::uuid,
    md5(w.id || ' ' || f.application)::uuid
from new_workspace w, field f
order by f.n;
