-- 2.41: what belongs to a record is for whoever may read that. One field of a morph relation stands for all of them.
select pg_temp.set_readability(id, 'attachment', 'INHERITED', 'targetNote') from upgraded;
select pg_temp.set_readability(id, 'timelineActivity', 'INHERITED', 'targetPerson') from upgraded;
select pg_temp.set_readability(id, 'noteTarget', 'INHERITED', 'targetPerson') from upgraded;
select pg_temp.set_readability(id, 'taskTarget', 'INHERITED', 'targetPerson') from upgraded;
select pg_temp.set_readability(id, 'note', 'INHERITED', 'noteTargets') from upgraded;
select pg_temp.set_readability(id, 'task', 'INHERITED', 'taskTargets') from upgraded;
select pg_temp.set_readability(id, 'messageThreadTarget', 'INHERITED', 'messageThread') from upgraded;
select pg_temp.set_readability(id, 'calendarEventTarget', 'INHERITED', 'calendarEvent') from upgraded;
