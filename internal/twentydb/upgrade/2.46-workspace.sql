-- 2.44: the runs of a workflow are its owner's. (In 2.44 and 2.45 a talk with an agent inherits from its run.)
select pg_temp.set_readability(id, 'workflowRun', 'PRIVATE') from upgraded;

-- 2.46: mail and calendar are their owners'.
select pg_temp.set_readability(id, 'messageThread', 'PRIVATE') from upgraded;
select pg_temp.set_readability(id, 'calendarEvent', 'PRIVATE') from upgraded;
select pg_temp.set_readability(id, 'message', 'INHERITED', 'messageThread') from upgraded;
