-- ACT what was there
INSERT INTO attributes (id, name, description, content, contenttype, objecttype, objectid, creator, created, lastupdatedby, lastupdated) VALUES ('2', 'QueueCacheNeedsUpdate', '0', '1795982555', '', 'RT::System', '1', '1', '2026-11-29 20:02:34', '1', '2026-11-29 20:02:35');
INSERT INTO catalogs (id, name, lifecycle, description, disabled, creator, created, lastupdatedby, lastupdated) VALUES ('1', 'General assets', 'assets', 'The default catalog', '0', '1', '2026-11-29 20:02:35', '1', '2026-11-29 20:02:35');
INSERT INTO queues (id, name, description, correspondaddress, commentaddress, lifecycle, sortorder, creator, created, lastupdatedby, lastupdated, sladisabled, disabled) VALUES ('1', 'General', 'The default queue', '', '', 'default', '0', '1', '2026-11-29 20:02:34', '1', '2026-11-29 20:02:34', '1', '0');
INSERT INTO queues (id, name, description, correspondaddress, commentaddress, lifecycle, sortorder, creator, created, lastupdatedby, lastupdated, sladisabled, disabled) VALUES ('2', '___Approvals', 'A system-internal queue for the approvals system', '', '', 'approvals', '0', '1', '2026-11-29 20:02:35', '1', '2026-11-29 20:02:35', '1', '2');
INSERT INTO scripconditions (id, name, description, execmodule, applicabletranstypes, creator, created, lastupdatedby, lastupdated) VALUES ('1', 'On Create', 'When a ticket is created', 'AnyTransaction', 'Create', '1', '2026-11-29 20:02:35', '1', '2026-11-29 20:02:35');
INSERT INTO scripconditions (id, name, description, execmodule, applicabletranstypes, creator, created, lastupdatedby, lastupdated) VALUES ('10', 'On Status Change', 'Whenever a ticket''s status changes', 'AnyTransaction', 'Status', '1', '2026-11-29 20:02:35', '1', '2026-11-29 20:02:35');
INSERT INTO users (id, name, password, comments, realname, creator, created, lastupdatedby, lastupdated) VALUES ('1', 'RT_System', 'canary-1', 'Do not delete or modify this user. It is integral to RT''s internal database structures', 'The RT System itself', '1', '2026-11-29 20:02:33', '1', '2026-11-29 20:02:33');
INSERT INTO users (id, name, password, comments, emailaddress, realname, gecos, creator, created, lastupdatedby, lastupdated) VALUES ('14', 'root', 'canary-2', 'SuperUser', 'root@localhost', 'Enoch Root', 'root', '1', '2026-11-29 20:02:34', '1', '2026-11-29 20:02:34');
-- ACT create a user
BEGIN;
INSERT INTO principals (id, principaltype, disabled) VALUES (27, 'User', 0);
INSERT INTO users (id, name, password, emailaddress, realname, creator, created, lastupdatedby, lastupdated) VALUES (27, 'ann', 'canary-3', 'ann@example.com', 'Ann Smith', 14, '2026-11-29 20:05:58', 14, '2026-11-29 20:05:58');
INSERT INTO principals (id, principaltype, disabled) VALUES (28, 'Group', 0);
INSERT INTO groups (id, name, description, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (28, 'UserEquiv', 'ACL equiv. for user 27', 'ACLEquivalence', 27, 14, '2026-11-29 20:05:58', 14, '2026-11-29 20:05:58');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (35, 28, 28, 0, 28, 0);
UPDATE cachedgroupmembers SET via = 35 WHERE id = 35;
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (12, 28, 27, 14, '2026-11-29 20:05:58', 14, '2026-11-29 20:05:58');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (36, 28, 27, 0, 28, 0);
UPDATE cachedgroupmembers SET via = 36 WHERE id = 36;
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (13, 3, 27, 14, '2026-11-29 20:05:58', 14, '2026-11-29 20:05:58');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (37, 3, 27, 0, 3, 0);
UPDATE cachedgroupmembers SET via = 37 WHERE id = 37;
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (14, 4, 27, 14, '2026-11-29 20:05:58', 14, '2026-11-29 20:05:58');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (38, 4, 27, 0, 4, 0);
UPDATE cachedgroupmembers SET via = 38 WHERE id = 38;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (28, 'RT::User', 27, 0, 'Create', 14, '2026-11-29 20:05:58');
COMMIT;
-- ACT edit a user
UPDATE users SET realname = 'Ann Jones' WHERE id = 27;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (29, 'RT::User', 27, 0, 'Set', 'RealName', 'Ann Smith', 'Ann Jones', 14, '2026-11-29 20:05:58');
-- ACT change a password
UPDATE users SET lastupdated = '2026-11-29 20:05:59' WHERE id = 27;
UPDATE users SET password = 'canary-4' WHERE id = 27;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (30, 'RT::User', 27, 0, 'Set', 'Password', '********', '********', 14, '2026-11-29 20:05:59');
-- ACT give a user a token for feeds
UPDATE users SET authtoken = 'canary-5' WHERE id = 27;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, newvalue, creator, created) VALUES (31, 'RT::User', 27, 0, 'Set', 'AuthToken', 'c1a654c427c3db51', 14, '2026-11-29 20:05:59');
-- ACT make an API token
INSERT INTO authtokens (id, owner, token, description, creator, created, lastupdatedby, lastupdated) VALUES (1, 27, 'canary-6', 'script', 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
-- ACT create a queue
BEGIN;
INSERT INTO queues (id, name, description, correspondaddress, commentaddress, lifecycle, sortorder, creator, created, lastupdatedby, lastupdated, sladisabled, disabled) VALUES (3, 'Support', '', 'support@example.com', '', 'default', 0, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59', 1, 0);
INSERT INTO principals (id, principaltype, disabled) VALUES (29, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (29, 'AdminCc', 'RT::Queue-Role', 3, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (39, 29, 29, 0, 29, 0);
UPDATE cachedgroupmembers SET via = 39 WHERE id = 39;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (32, 'RT::Group', 29, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO principals (id, principaltype, disabled) VALUES (30, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (30, 'Cc', 'RT::Queue-Role', 3, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (40, 30, 30, 0, 30, 0);
UPDATE cachedgroupmembers SET via = 40 WHERE id = 40;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (33, 'RT::Group', 30, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO principals (id, principaltype, disabled) VALUES (31, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (31, 'Owner', 'RT::Queue-Role', 3, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (41, 31, 31, 0, 31, 0);
UPDATE cachedgroupmembers SET via = 41 WHERE id = 41;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (34, 'RT::Group', 31, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (15, 31, 6, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (42, 31, 6, 0, 31, 0);
UPDATE cachedgroupmembers SET via = 42 WHERE id = 42;
INSERT INTO principals (id, principaltype, disabled) VALUES (32, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (32, 'Requestor', 'RT::Queue-Role', 3, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (43, 32, 32, 0, 32, 0);
UPDATE cachedgroupmembers SET via = 43 WHERE id = 43;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (35, 'RT::Group', 32, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (36, 'RT::Queue', 3, 0, 'Create', 14, '2026-11-29 20:05:59');
COMMIT;
UPDATE attributes SET lastupdated = '2026-11-29 20:05:59' WHERE id = 2;
UPDATE attributes SET content = '1795982759' WHERE id = 2;
-- ACT edit a queue
UPDATE queues SET description = 'Help' WHERE id = 3;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (37, 'RT::Queue', 3, 0, 'Set', 'Description', '', 'Help', 14, '2026-11-29 20:05:59');
-- ACT create a custom field
INSERT INTO customfields (id, name, type, maxvalues, pattern, lookuptype, description, sortorder, uniquevalues, creator, created, lastupdatedby, lastupdated, disabled) VALUES (2, 'Product', 'Freeform', 1, '', 'RT::Queue-RT::Ticket', '', 0, 0, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59', 0);
UPDATE customfields SET entryhint = 'Enter one value' WHERE id = 2;
-- ACT apply a custom field
INSERT INTO objectcustomfields (id, customfield, objectid, sortorder, creator, created, lastupdatedby, lastupdated) VALUES (2, 2, 3, 0, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
-- ACT create a group
BEGIN;
INSERT INTO principals (id, principaltype, disabled) VALUES (33, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (33, 'Helpers', 'UserDefined', 0, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (44, 33, 33, 0, 33, 0);
UPDATE cachedgroupmembers SET via = 44 WHERE id = 44;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (38, 'RT::Group', 33, 0, 'Create', 14, '2026-11-29 20:05:59');
COMMIT;
-- ACT add a member
BEGIN;
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (16, 33, 27, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (45, 33, 27, 0, 33, 0);
UPDATE cachedgroupmembers SET via = 45 WHERE id = 45;
COMMIT;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, creator, created) VALUES (39, 'RT::User', 27, 0, 'AddMembership', '33', 14, '2026-11-29 20:05:59');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, creator, created) VALUES (40, 'RT::Group', 33, 0, 'AddMember', '27', 14, '2026-11-29 20:05:59');
-- ACT create a ticket
BEGIN;
INSERT INTO tickets (id, effectiveid, queue, type, owner, subject, initialpriority, finalpriority, priority, timeestimated, timeworked, status, timeleft, starts, started, due, resolved, lastupdatedby, lastupdated, creator, created) VALUES (1, 0, 3, 'ticket', 0, 'Printer is on fire', 0, 0, 0, 0, 0, 'new', 0, '1970-01-01 00:00:00', '1970-01-01 00:00:00', '1970-01-01 00:00:00', '1970-01-01 00:00:00', 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
UPDATE tickets SET effectiveid = 1 WHERE id = 1;
INSERT INTO principals (id, principaltype, disabled) VALUES (34, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (34, 'AdminCc', 'RT::Ticket-Role', 1, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (46, 34, 34, 0, 34, 0);
UPDATE cachedgroupmembers SET via = 46 WHERE id = 46;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (41, 'RT::Group', 34, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO principals (id, principaltype, disabled) VALUES (35, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (35, 'Cc', 'RT::Ticket-Role', 1, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (47, 35, 35, 0, 35, 0);
UPDATE cachedgroupmembers SET via = 47 WHERE id = 47;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (42, 'RT::Group', 35, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO principals (id, principaltype, disabled) VALUES (36, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (36, 'Owner', 'RT::Ticket-Role', 1, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (48, 36, 36, 0, 36, 0);
UPDATE cachedgroupmembers SET via = 48 WHERE id = 48;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (43, 'RT::Group', 36, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (17, 36, 6, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (49, 36, 6, 0, 36, 0);
UPDATE cachedgroupmembers SET via = 49 WHERE id = 49;
UPDATE tickets SET owner = 6 WHERE id = 1;
INSERT INTO principals (id, principaltype, disabled) VALUES (37, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (37, 'Requestor', 'RT::Ticket-Role', 1, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (50, 37, 37, 0, 37, 0);
UPDATE cachedgroupmembers SET via = 50 WHERE id = 50;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (44, 'RT::Group', 37, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (45, 'RT::Ticket', 1, 0, 'Create', 14, '2026-11-29 20:05:59');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, contenttype, contentencoding, content, headers, creator, created) VALUES (1, 45, 0, '', 'Printer is on fire', 'text/plain', 'none', 'Please help.', 'Content-Type: text/plain
Content-Disposition: inline
Content-Transfer-Encoding: binary
MIME-Version: 1.0
X-Mailer: MIME-tools 5.510 (Entity 5.510)
Subject: Printer is on fire
Content-Length: 12
', 14, '2026-11-29 20:05:59');
COMMIT;
-- ACT by itself: answer a new ticket by mail
BEGIN;
INSERT INTO tickets (id, effectiveid, queue, type, owner, subject, initialpriority, finalpriority, priority, timeestimated, timeworked, status, timeleft, starts, started, due, resolved, lastupdatedby, lastupdated, creator, created) VALUES (2, 0, 3, 'ticket', 0, 'By mail', 0, 0, 0, 0, 0, 'new', 0, '1970-01-01 00:00:00', '1970-01-01 00:00:00', '1970-01-01 00:00:00', '1970-01-01 00:00:00', 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
UPDATE tickets SET effectiveid = 2 WHERE id = 2;
INSERT INTO principals (id, principaltype, disabled) VALUES (38, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (38, 'AdminCc', 'RT::Ticket-Role', 2, 14, '2026-11-29 20:05:59', 14, '2026-11-29 20:05:59');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (51, 38, 38, 0, 38, 0);
UPDATE cachedgroupmembers SET via = 51 WHERE id = 51;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (46, 'RT::Group', 38, 0, 'Create', 14, '2026-11-29 20:06:00');
UPDATE groups SET lastupdated = '2026-11-29 20:06:00' WHERE id = 38;
INSERT INTO principals (id, principaltype, disabled) VALUES (39, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (39, 'Cc', 'RT::Ticket-Role', 2, 14, '2026-11-29 20:06:00', 14, '2026-11-29 20:06:00');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (52, 39, 39, 0, 39, 0);
UPDATE cachedgroupmembers SET via = 52 WHERE id = 52;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (47, 'RT::Group', 39, 0, 'Create', 14, '2026-11-29 20:06:00');
INSERT INTO principals (id, principaltype, disabled) VALUES (40, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (40, 'Owner', 'RT::Ticket-Role', 2, 14, '2026-11-29 20:06:00', 14, '2026-11-29 20:06:00');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (53, 40, 40, 0, 40, 0);
UPDATE cachedgroupmembers SET via = 53 WHERE id = 53;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (48, 'RT::Group', 40, 0, 'Create', 14, '2026-11-29 20:06:00');
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (18, 40, 6, 14, '2026-11-29 20:06:00', 14, '2026-11-29 20:06:00');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (54, 40, 6, 0, 40, 0);
UPDATE cachedgroupmembers SET via = 54 WHERE id = 54;
UPDATE tickets SET lastupdated = '2026-11-29 20:06:00' WHERE id = 2;
UPDATE tickets SET owner = 6 WHERE id = 2;
INSERT INTO principals (id, principaltype, disabled) VALUES (41, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (41, 'Requestor', 'RT::Ticket-Role', 2, 14, '2026-11-29 20:06:00', 14, '2026-11-29 20:06:00');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (55, 41, 41, 0, 41, 0);
UPDATE cachedgroupmembers SET via = 55 WHERE id = 55;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (49, 'RT::Group', 41, 0, 'Create', 14, '2026-11-29 20:06:00');
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (19, 41, 27, 14, '2026-11-29 20:06:00', 14, '2026-11-29 20:06:00');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (56, 41, 27, 0, 41, 0);
UPDATE cachedgroupmembers SET via = 56 WHERE id = 56;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (50, 'RT::Ticket', 2, 0, 'Create', 14, '2026-11-29 20:06:00');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, contenttype, contentencoding, content, headers, creator, created) VALUES (2, 50, 0, '', 'By mail', 'text/plain', 'none', 'Hello.', 'Content-Type: text/plain
Content-Disposition: inline
Content-Transfer-Encoding: binary
MIME-Version: 1.0
X-Mailer: MIME-tools 5.510 (Entity 5.510)
Subject: By mail
Content-Length: 6
', 14, '2026-11-29 20:06:00');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, data, creator, created) VALUES (51, 'RT::Ticket', 2, 0, 'EmailRecord', '<rt-5.0.3+dfsg-3~deb12u7-15181-1795982760-391.2-7-0@example.com>', 1, '2026-11-29 20:06:00');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, contenttype, headers, creator, created) VALUES (3, 51, 0, 'rt-5.0.3+dfsg-3~deb12u7-15181-1795982760-391.2-7-0@example.com', '[example.com #2] AutoReply: By mail', 'multipart/alternative', 'Message-ID: <rt-5.0.3+dfsg-3~deb12u7-15181-1795982760-391.2-7-0@example.com>
In-Reply-To:
Content-Type: multipart/alternative; boundary="----------=_1795982760-15181-4"
MIME-Version: 1.0
Reply-To: support@example.com
From: "Help via RT" <support@example.com>
Subject: [example.com #2] AutoReply: By mail
X-RT-Ticket: example.com #2
Precedence: bulk
X-Managed-BY: RT 5.0.3+dfsg-3~deb12u7 (http://www.bestpractical.com/rt/)
X-RT-Originator: root@localhost
X-RT-Loop-Prevention: example.com
References: <RT-Ticket-2@example.com>
Auto-Submitted: auto-replied
To: ann@example.com
Content-Transfer-Encoding: 8bit
Date: Sun, 29 Nov 2026 20:06:00 +0000
Content-Length: 0
', 1, '2026-11-29 20:06:00');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, contenttype, contentencoding, content, headers, creator, created) VALUES (4, 51, 3, '', '', 'text/plain', 'none', 'Greetings,

This message has been automatically generated in response to the creation of a
trouble ticket regarding By mail, a summary of which appears below.

There is no need to reply to this message right now. Your ticket has been
assigned an ID of [example.com #2].

Please include the string [example.com #2] in the subject line of all future
correspondence about this issue. To do so, you may reply to this message.

Thank you,
support@example.com

------------------------------------------------------------------------------

Hello.

', 'Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 7bit
X-RT-Original-Encoding: utf-8
Content-Length: 543
', 1, '2026-11-29 20:06:00');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, contenttype, contentencoding, content, headers, creator, created) VALUES (5, 51, 3, '', '', 'text/html', 'none', '<p>Greetings,</p>

<p>This message has been automatically generated in response to the
creation of a trouble ticket regarding <b>By mail</b>,
a summary of which appears below.</p>

<p>There is no need to reply to this message right now.  Your ticket has been
assigned an ID of <b>[example.com #2]</b>.</p>

<p>Please include the string <b>[example.com #2]</b>
in the subject line of all future correspondence about this issue. To do so,
you may reply to this message.</p>

<p>Thank you,<br/>
support@example.com</p>

<hr/>
<pre style="white-space: pre-wrap; font-family: monospace;">Hello.</pre>
', 'Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: 7bit
X-RT-Original-Encoding: utf-8
Content-Length: 596
', 1, '2026-11-29 20:06:00');
COMMIT;
-- ACT edit the subject of a ticket
UPDATE tickets SET lastupdated = '2026-11-29 20:06:00' WHERE id = 1;
UPDATE tickets SET subject = 'Printer smokes' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (52, 'RT::Ticket', 1, 0, 'Set', 'Subject', 'Printer is on fire', 'Printer smokes', 14, '2026-11-29 20:06:00');
-- ACT save a ticket as it is
-- ACT set the due date
UPDATE tickets SET due = '2026-12-01 00:00:00' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (53, 'RT::Ticket', 1, 0, 'Set', 'Due', '1970-01-01 00:00:00', '2026-12-01 00:00:00', 14, '2026-11-29 20:06:00');
-- ACT unset the due date
UPDATE tickets SET due = '1970-01-01 00:00:00' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (54, 'RT::Ticket', 1, 0, 'Set', 'Due', '2026-12-01 00:00:00', '1970-01-01 00:00:00', 14, '2026-11-29 20:06:00');
-- ACT take a ticket
-- ACT comment on a ticket
BEGIN;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, data, creator, created) VALUES (55, 'RT::Ticket', 1, 0, 'Comment', 'c
', 14, '2026-11-29 20:06:00');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, contenttype, contentencoding, content, headers, creator, created) VALUES (6, 55, 0, '', 'c', 'text/plain', 'none', 'Internal.', 'X-Mailer: MIME-tools 5.510 (Entity 5.510)
X-RT-Interface: API
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Disposition: inline
Content-Transfer-Encoding: binary
Subject: c
X-RT-Original-Encoding: ascii
RT-Message-ID: <rt-5.0.3+dfsg-3~deb12u7-15181-1795982760-849.1-0-0@example.com>
Content-Length: 9
', 14, '2026-11-29 20:06:00');
COMMIT;
-- ACT reply to a ticket, with a file: 4 records
BEGIN;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, data, creator, created) VALUES (56, 'RT::Ticket', 1, 0, 'Correspond', 'r
', 14, '2026-11-29 20:06:00');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, contenttype, headers, creator, created) VALUES (7, 56, 0, '', 'r', 'multipart/mixed', 'Subject: r
X-RT-Interface: API
X-Mailer: MIME-tools 5.510 (Entity 5.510)
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="----------=_1795982760-15181-10"
RT-Message-ID: <rt-5.0.3+dfsg-3~deb12u7-15181-1795982760-207.1-0-0@example.com>
Content-Length: 0
', 14, '2026-11-29 20:06:00');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, contenttype, contentencoding, content, headers, creator, created) VALUES (8, 56, 7, '', '', 'text/plain', 'none', 'Try water.', 'Content-Disposition: inline
Content-Transfer-Encoding: binary
Content-Type: text/plain; charset="utf-8"
X-RT-Original-Encoding: ascii
Content-Length: 10
', 14, '2026-11-29 20:06:00');
INSERT INTO attachments (id, transactionid, parent, messageid, subject, filename, contenttype, contentencoding, content, headers, creator, created) VALUES (9, 56, 7, '', '', 'log.txt', 'text/plain', 'none', 'A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. A line of a log. ', 'Content-Disposition: inline; filename="log.txt"
Content-Transfer-Encoding: binary
Content-Type: text/plain; charset="utf-8"; name="log.txt"
X-RT-Original-Encoding: ascii
Content-Length: 5100
', 14, '2026-11-29 20:06:00');
UPDATE tickets SET lastupdated = '2026-11-29 20:06:01' WHERE id = 1;
UPDATE tickets SET lastupdatedby = 1 WHERE id = 1;
UPDATE tickets SET started = '2026-11-29 20:06:01' WHERE id = 1;
UPDATE tickets SET status = 'open' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (57, 'RT::Ticket', 1, 0, 'Status', 'Status', 'new', 'open', 1, '2026-11-29 20:06:01');
UPDATE tickets SET lastupdatedby = 14 WHERE id = 1;
COMMIT;
-- ACT set a custom field
INSERT INTO objectcustomfieldvalues (id, customfield, objecttype, objectid, sortorder, content, contenttype, contentencoding, creator, created, lastupdatedby, lastupdated, disabled) VALUES (1, 2, 'RT::Ticket', 1, 0, 'P1', '', '', 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01', 0);
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, referencetype, newreference, creator, created) VALUES (58, 'RT::Ticket', 1, 0, 'CustomField', '2', 'RT::ObjectCustomFieldValue', 1, 14, '2026-11-29 20:06:01');
-- ACT change a custom field
BEGIN;
UPDATE objectcustomfieldvalues SET disabled = 1 WHERE id = 1;
INSERT INTO objectcustomfieldvalues (id, customfield, objecttype, objectid, sortorder, content, contenttype, contentencoding, creator, created, lastupdatedby, lastupdated, disabled) VALUES (2, 2, 'RT::Ticket', 1, 0, 'P2', '', '', 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01', 0);
COMMIT;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, referencetype, oldreference, newreference, creator, created) VALUES (59, 'RT::Ticket', 1, 0, 'CustomField', '2', 'RT::ObjectCustomFieldValue', 1, 2, 14, '2026-11-29 20:06:01');
-- ACT link two tickets
INSERT INTO links (id, base, target, type, localtarget, localbase, lastupdatedby, lastupdated, creator, created) VALUES (5, 'fsck.com-rt://example.com/ticket/1', 'fsck.com-rt://example.com/ticket/2', 'DependsOn', 2, 1, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, newvalue, creator, created) VALUES (60, 'RT::Ticket', 1, 0, 'AddLink', 'DependsOn', 'fsck.com-rt://example.com/ticket/2', 14, '2026-11-29 20:06:01');
BEGIN;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, newvalue, creator, created) VALUES (61, 'RT::Ticket', 2, 0, 'AddLink', 'DependedOnBy', 'fsck.com-rt://example.com/ticket/1', 14, '2026-11-29 20:06:01');
UPDATE tickets SET lastupdated = '2026-11-29 20:06:01' WHERE id = 2;
COMMIT;
-- ACT unlink them
DELETE FROM links WHERE id = 5;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, creator, created) VALUES (62, 'RT::Ticket', 1, 0, 'DeleteLink', 'DependsOn', 'fsck.com-rt://example.com/ticket/2', 14, '2026-11-29 20:06:01');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, creator, created) VALUES (63, 'RT::Ticket', 2, 0, 'DeleteLink', 'DependedOnBy', 'fsck.com-rt://example.com/ticket/1', 14, '2026-11-29 20:06:01');
-- ACT resolve a ticket
UPDATE tickets SET resolved = '2026-11-29 20:06:01' WHERE id = 1;
UPDATE tickets SET status = 'resolved' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (64, 'RT::Ticket', 1, 0, 'Status', 'Status', 'open', 'resolved', 14, '2026-11-29 20:06:01');
-- ACT reopen a ticket
UPDATE tickets SET status = 'open' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (65, 'RT::Ticket', 1, 0, 'Status', 'Status', 'resolved', 'open', 14, '2026-11-29 20:06:01');
-- ACT delete a ticket
UPDATE tickets SET id = id WHERE id = 2;
UPDATE tickets SET started = '2026-11-29 20:06:01' WHERE id = 2;
UPDATE tickets SET resolved = '2026-11-29 20:06:01' WHERE id = 2;
UPDATE tickets SET status = 'deleted' WHERE id = 2;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (66, 'RT::Ticket', 2, 0, 'Status', 'Status', 'new', 'deleted', 14, '2026-11-29 20:06:01');
-- ACT undelete a ticket
UPDATE tickets SET status = 'open' WHERE id = 2;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (67, 'RT::Ticket', 2, 0, 'Status', 'Status', 'deleted', 'open', 14, '2026-11-29 20:06:01');
-- ACT merge tickets
BEGIN;
UPDATE tickets SET effectiveid = 1 WHERE id = 2;
UPDATE tickets SET ismerged = 1 WHERE id = 2;
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (20, 37, 27, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (57, 37, 27, 0, 37, 0);
UPDATE cachedgroupmembers SET via = 57 WHERE id = 57;
INSERT INTO links (id, base, target, type, localtarget, localbase, lastupdatedby, lastupdated, creator, created) VALUES (6, 'fsck.com-rt://example.com/ticket/2', 'fsck.com-rt://example.com/ticket/1', 'MergedInto', 1, 1, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, newvalue, creator, created) VALUES (68, 'RT::Ticket', 2, 0, 'AddLink', 'MergedInto', 'fsck.com-rt://example.com/ticket/1', 14, '2026-11-29 20:06:01');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, newvalue, creator, created) VALUES (69, 'RT::Ticket', 1, 0, 'AddLink', 'MergedInto', 'fsck.com-rt://example.com/ticket/1', 14, '2026-11-29 20:06:01');
COMMIT;
-- ACT create an asset
BEGIN;
INSERT INTO assets (id, name, catalog, status, description, creator, created, lastupdatedby, lastupdated) VALUES (1, 'Printer', 1, 'new', '', 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO principals (id, principaltype, disabled) VALUES (42, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (42, 'Owner', 'RT::Asset-Role', 1, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (58, 42, 42, 0, 42, 0);
UPDATE cachedgroupmembers SET via = 58 WHERE id = 58;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (70, 'RT::Group', 42, 0, 'Create', 14, '2026-11-29 20:06:01');
INSERT INTO groupmembers (id, groupid, memberid, creator, created, lastupdatedby, lastupdated) VALUES (21, 42, 6, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (59, 42, 6, 0, 42, 0);
UPDATE cachedgroupmembers SET via = 59 WHERE id = 59;
INSERT INTO principals (id, principaltype, disabled) VALUES (43, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (43, 'HeldBy', 'RT::Asset-Role', 1, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (60, 43, 43, 0, 43, 0);
UPDATE cachedgroupmembers SET via = 60 WHERE id = 60;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (71, 'RT::Group', 43, 0, 'Create', 14, '2026-11-29 20:06:01');
INSERT INTO principals (id, principaltype, disabled) VALUES (44, 'Group', 0);
INSERT INTO groups (id, name, domain, instance, creator, created, lastupdatedby, lastupdated) VALUES (44, 'Contact', 'RT::Asset-Role', 1, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled) VALUES (61, 44, 44, 0, 44, 0);
UPDATE cachedgroupmembers SET via = 61 WHERE id = 61;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (72, 'RT::Group', 44, 0, 'Create', 14, '2026-11-29 20:06:01');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (73, 'RT::Asset', 1, 0, 'Create', 14, '2026-11-29 20:06:01');
COMMIT;
-- ACT edit an asset
UPDATE assets SET description = 'HP' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (74, 'RT::Asset', 1, 0, 'Set', 'Description', '', 'HP', 14, '2026-11-29 20:06:01');
-- ACT delete an asset
UPDATE assets SET status = 'deleted' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (75, 'RT::Asset', 1, 0, 'Status', 'Status', 'new', 'deleted', 14, '2026-11-29 20:06:01');
-- ACT create an article
BEGIN;
INSERT INTO articles (id, name, summary, sortorder, class, parent, disabled, creator, created, lastupdatedby, lastupdated) VALUES (1, 'Fires', 'What to do', 0, 1, 0, 0, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
UPDATE articles SET uri = 'fsck.com-article://example.com/article/1' WHERE id = 1;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (76, 'RT::Article', 1, 0, 'Create', 14, '2026-11-29 20:06:01');
COMMIT;
-- ACT edit an article
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, creator, created) VALUES (77, 'RT::Article', 1, 0, 'Set', 'Summary', 'What to do', 'Water', 14, '2026-11-29 20:06:01');
UPDATE articles SET summary = 'Water' WHERE id = 1;
-- ACT disable a queue
UPDATE queues SET lastupdated = '2026-11-29 20:06:01' WHERE id = 3;
UPDATE queues SET disabled = 1 WHERE id = 3;
UPDATE attributes SET lastupdated = '2026-11-29 20:06:01' WHERE id = 2;
UPDATE attributes SET content = '1795982761' WHERE id = 2;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, oldvalue, newvalue, creator, created) VALUES (78, 'RT::Queue', 3, 0, 'Disabled', '0', '1', 14, '2026-11-29 20:06:01');
-- ACT enable a queue
UPDATE queues SET disabled = 0 WHERE id = 3;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, oldvalue, newvalue, creator, created) VALUES (79, 'RT::Queue', 3, 0, 'Enabled', '1', '0', 14, '2026-11-29 20:06:01');
-- ACT disable a user
BEGIN;
UPDATE principals SET disabled = 1 WHERE id = 27;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (80, 'RT::User', 27, 0, 'Disabled', 14, '2026-11-29 20:06:01');
UPDATE users SET lastupdated = '2026-11-29 20:06:01' WHERE id = 27;
COMMIT;
-- ACT enable a user
BEGIN;
UPDATE principals SET disabled = 0 WHERE id = 27;
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (81, 'RT::User', 27, 0, 'Enabled', 14, '2026-11-29 20:06:01');
COMMIT;
-- ACT save a search
BEGIN;
INSERT INTO attributes (id, name, description, content, contenttype, objecttype, objectid, creator, created, lastupdatedby, lastupdated) VALUES (12, 'SavedSearch', 'Mine', 'BQsDAAAAAgoNU3RhdHVzPSdvcGVuJwAAAAVRdWVyeQoGVGlja2V0AAAAClNlYXJjaFR5cGU=
', 'storable', 'RT::User', 14, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
INSERT INTO transactions (id, objecttype, objectid, timetaken, type, creator, created) VALUES (82, 'RT::Attribute', 12, 0, 'Create', 14, '2026-11-29 20:06:01');
INSERT INTO attributes (id, name, content, contenttype, objecttype, objectid, creator, created, lastupdatedby, lastupdated) VALUES (13, 'ContentHistory', 'BQsDAAAAAgoNU3RhdHVzPSdvcGVuJwAAAAVRdWVyeQoGVGlja2V0AAAAClNlYXJjaFR5cGU=
', 'storable', 'RT::Attribute', 12, 14, '2026-11-29 20:06:01', 14, '2026-11-29 20:06:01');
COMMIT;
-- ACT log in, and look around
INSERT INTO sessions (id, a_session, lastupdated) VALUES ('canary-7', '\x63616e6172792d38', '2026-11-29 20:06:01.697214');
UPDATE sessions SET a_session = '\x63616e6172792d39' WHERE id = 'canary-7';
UPDATE sessions SET a_session = '\x63616e6172792d3130' WHERE id = 'canary-7';
