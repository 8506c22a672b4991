-- 2.21 itself: the standard objects that the miniature leaves out and later versions are about. A real server has them.

select pg_temp.add_object(id, 'attachment', 'attachments') from upgraded;
select pg_temp.add_field(id, 'attachment', 'name', 'TEXT', 'text') from upgraded;
select pg_temp.add_field(id, 'attachment', 'file', 'FILES', 'jsonb') from upgraded;
select pg_temp.add_targets(id, 'attachment', 'attachments') from upgraded;
select pg_temp.add_relation(id, 'attachment', 'targetNote', 'note', 'attachments', 'CASCADE', 'target') from upgraded;
select pg_temp.add_relation(id, 'attachment', 'targetTask', 'task', 'attachments', 'CASCADE', 'target') from upgraded;

select pg_temp.add_object(id, 'messageThread', 'messageThreads') from upgraded;
select pg_temp.add_object(id, 'message', 'messages') from upgraded;
select pg_temp.add_field(id, 'message', 'subject', 'TEXT', 'text') from upgraded;
select pg_temp.add_relation(id, 'message', 'messageThread', 'messageThread', 'messages', 'CASCADE') from upgraded;
select pg_temp.add_object(id, 'calendarEvent', 'calendarEvents') from upgraded;
select pg_temp.add_field(id, 'calendarEvent', 'title', 'TEXT', 'text') from upgraded;

select pg_temp.add_object(id, 'workflowRun', 'workflowRuns') from upgraded;
select pg_temp.add_field(id, 'workflowRun', 'name', 'TEXT', 'text') from upgraded;
select pg_temp.add_field(id, 'workflowRun', 'state', 'RAW_JSON', 'jsonb') from upgraded;
