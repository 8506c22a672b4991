-- 2.33 to 2.35: an entry of the timeline has a type in place of a name, and knows what it told of.
do $$
declare
    w record;
begin
    for w in select id, schema from upgraded loop
        update core."objectMetadata" set "labelIdentifierFieldMetadataId" = null
        where id = pg_temp.object_id(w.id, 'timelineActivity');
        delete from core."fieldMetadata"
        where "objectMetadataId" = pg_temp.object_id(w.id, 'timelineActivity') and name in ('name', 'searchVector');
        execute format('alter table %I."timelineActivity" drop column if exists "searchVector", drop column if exists name', w.schema);
    end loop;
end $$;
select pg_temp.add_field(id, 'timelineActivity', 'timelineActivityTypeId', 'UUID', 'uuid') from upgraded;
select pg_temp.add_field(id, 'timelineActivity', 'snapshot', 'RAW_JSON', 'jsonb') from upgraded;

-- 2.35 to 2.38: what threads and events of the calendar are about is in tables of its own. Twenty fills them by SQL, out of
-- the participants, who are not here; and it writes the addresses of companies in one form.
select pg_temp.add_object(id, 'messageThreadTarget', 'messageThreadTargets') from upgraded;
select pg_temp.add_relation(id, 'messageThreadTarget', 'messageThread', 'messageThread', 'messageThreadTargets', 'CASCADE') from upgraded;
select pg_temp.add_targets(id, 'messageThreadTarget', 'messageThreadTargets') from upgraded;
select pg_temp.add_object(id, 'calendarEventTarget', 'calendarEventTargets') from upgraded;
select pg_temp.add_relation(id, 'calendarEventTarget', 'calendarEvent', 'calendarEvent', 'calendarEventTargets', 'CASCADE') from upgraded;
select pg_temp.add_targets(id, 'calendarEventTarget', 'calendarEventTargets') from upgraded;
do $$
declare
    w record;
begin
    for w in select id, schema from upgraded loop
        execute format('insert into %I."messageThreadTarget" ("messageThreadId")
            select id from %1$I."messageThread" where "deletedAt" is null', w.schema);
        execute format('insert into %I."calendarEventTarget" ("calendarEventId")
            select id from %1$I."calendarEvent" where "deletedAt" is null', w.schema);
        execute format('update %I.company set "domainNamePrimaryLinkUrl" = lower("domainNamePrimaryLinkUrl")
            where "domainNamePrimaryLinkUrl" <> lower("domainNamePrimaryLinkUrl")', w.schema);
    end loop;
end $$;

-- 2.39: what is shared with whom.
select pg_temp.add_object(id, 'recordShare', 'recordShares') from upgraded;
select pg_temp.add_field(id, 'recordShare', 'recordId', 'UUID', 'uuid') from upgraded;
select pg_temp.add_field(id, 'recordShare', 'objectMetadataId', 'UUID', 'uuid') from upgraded;
select pg_temp.add_field(id, 'recordShare', 'principalId', 'UUID', 'uuid') from upgraded;
select pg_temp.add_field(id, 'recordShare', 'accessLevel', 'TEXT', 'text') from upgraded;
update core."objectMetadata" o set readability = 'SYSTEM', writability = 'SYSTEM'
from upgraded u where o."workspaceId" = u.id and o."nameSingular" = 'recordShare';
