-- 2.42 to 2.43: talks with an agent move from schema core to the workspace's. A thread is its owner's.
select pg_temp.add_object(id, 'agentChatThread', 'agentChatThreads') from upgraded;
select pg_temp.add_field(id, 'agentChatThread', 'title', 'TEXT', 'text') from upgraded;
select pg_temp.set_readability(id, 'agentChatThread', 'PRIVATE') from upgraded;
select pg_temp.add_object(id, 'agentChatThreadTarget', 'agentChatThreadTargets') from upgraded;
select pg_temp.add_relation(id, 'agentChatThreadTarget', 'thread', 'agentChatThread', 'agentChatThreadTargets', 'CASCADE') from upgraded;
select pg_temp.add_targets(id, 'agentChatThreadTarget', 'agentChatThreadTargets') from upgraded;
select pg_temp.set_readability(id, 'agentChatThreadTarget', 'INHERITED', 'thread') from upgraded;
select pg_temp.add_object(id, 'agentTurn', 'agentTurns') from upgraded;
select pg_temp.add_relation(id, 'agentTurn', 'thread', 'agentChatThread', 'turns', 'CASCADE') from upgraded;
select pg_temp.set_readability(id, 'agentTurn', 'INHERITED', 'thread') from upgraded;
select pg_temp.add_object(id, 'agentMessage', 'agentMessages') from upgraded;
select pg_temp.add_relation(id, 'agentMessage', 'thread', 'agentChatThread', 'messages', 'CASCADE') from upgraded;
select pg_temp.add_relation(id, 'agentMessage', 'turn', 'agentTurn', 'messages', 'CASCADE') from upgraded;
select pg_temp.set_readability(id, 'agentMessage', 'INHERITED', 'thread') from upgraded;
select pg_temp.add_object(id, 'agentMessagePart', 'agentMessageParts') from upgraded;
select pg_temp.add_relation(id, 'agentMessagePart', 'message', 'agentMessage', 'parts', 'CASCADE') from upgraded;
select pg_temp.set_readability(id, 'agentMessagePart', 'INHERITED', 'message') from upgraded;
select pg_temp.add_object(id, 'agentTurnEvaluation', 'agentTurnEvaluations') from upgraded;
select pg_temp.add_relation(id, 'agentTurnEvaluation', 'turn', 'agentTurn', 'evaluations', 'CASCADE') from upgraded;
select pg_temp.set_readability(id, 'agentTurnEvaluation', 'INHERITED', 'turn') from upgraded;

-- 2.43: a file can belong to such a talk; and campaigns keep their own books.
select pg_temp.add_relation(id, 'attachment', 'targetAgentChatThread', 'agentChatThread', 'attachments', 'CASCADE', 'target') from upgraded;
select pg_temp.add_object(id, 'campaignDelivery', 'campaignDeliveries') from upgraded;
select pg_temp.add_object(id, 'messageSuppression', 'messageSuppressions') from upgraded;
select pg_temp.add_object(id, 'shortLink', 'shortLinks') from upgraded;
select pg_temp.set_readability(id, object, 'SYSTEM')
from upgraded, unnest(array['campaignDelivery', 'messageSuppression', 'shortLink']) object;
