-- Records of the workspace that twentydb.Load makes: of each object one with everything, one with as little as can be.
set search_path to workspace_1wgvd1injqtife6y4rvfbu3h5;

insert into "workspaceMember" (id, "createdAt", "updatedAt", "userId", "nameFirstName", "nameLastName", "userEmail")
values ('20000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05', '2026-01-02 03:04:05', '20000000-0000-4000-8000-000000000002',
    'Tim', 'Apple', 'tim@apple.example');

insert into company (
    id, "createdAt", "updatedAt", name, "domainNamePrimaryLinkLabel", "domainNamePrimaryLinkUrl", "domainNameSecondaryLinks",
    "addressAddressStreet1", "addressAddressStreet2", "addressAddressCity", "addressAddressPostcode", "addressAddressState",
    "addressAddressCountry", "addressAddressLat", "addressAddressLng", "annualRevenueAmountMicros", "annualRevenueCurrencyCode",
    "position", "createdBySource", "createdByName", "createdByContext", "updatedBySource", "updatedByWorkspaceMemberId", "updatedByName",
    "accountOwnerId", employees, tagline, "workPolicy", "visaSponsorship")
values (
    '10000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05.678999+00', '2026-02-03 04:05:06+02',
    E'Müller & Söhne <b>"GmbH"</b> 🚀', 'Site', 'https://example.com/a?b=1&c=2', '[{"url": "https://x.example.com", "label": "x\/y"}]',
    E'1 Main\nSt', '', 'São Paulo', '01000', 'SP', 'Brazil', -23.55051990, 1e-7, 1234567890123456789.75, 'EUR',
    -1.5, 'API', 'importer', '{"provider": "google", "10": 1, "9": 2}', 'MANUAL', '20000000-0000-4000-8000-000000000001', 'Tim Apple',
    '20000000-0000-4000-8000-000000000001', 1e21, E'line1\nline2\ttab \\ back \u2028', '{ON_SITE,HYBRID}', true);
insert into company (id, "createdAt", "updatedAt")
values ('10000000-0000-4000-8000-000000000002', '2026-01-02 03:04:05.1', '2026-01-02 03:04:05.1');

insert into person (
    id, "createdAt", "updatedAt", "deletedAt", "nameFirstName", "nameLastName", "emailsPrimaryEmail", "emailsAdditionalEmails",
    "linkedinLinkPrimaryLinkUrl", "jobTitle", "phonesPrimaryPhoneNumber", "phonesPrimaryPhoneCountryCode",
    "phonesPrimaryPhoneCallingCode", "phonesAdditionalPhones", "avatarFile", "position", "companyId", intro, "workPreference",
    "performanceRating")
values (
    '30000000-0000-4000-8000-000000000001', '1969-12-31 23:59:59.9999', '2026-01-02 03:04:05.000001', '2026-01-03 00:00:00',
    'Ada', 'O''Lovelace', 'ada@example.com', '["ada2@example.com"]', 'https://linkedin.com/in/ada', 'Eng "lead"', '612345678', 'FR',
    '+33', '[{"number": "2079460958", "callingCode": "+44", "countryCode": "GB"}]', '[{"fileId": "f1", "label": "a.png"}]', 9007199254740993,
    '10000000-0000-4000-8000-000000000001', E'\u0001', '{REMOTE_WORK}', 'RATING_3');
insert into person (id, "createdAt", "updatedAt", "emailsAdditionalEmails", "avatarFile", "whatsappPrimaryPhoneCountryCode")
values ('30000000-0000-4000-8000-000000000002', '2026-01-02 03:04:05', '2026-01-02 03:04:05', 'null', 'null', null);

insert into opportunity (
    id, "createdAt", "updatedAt", name, "amountAmountMicros", "amountCurrencyCode", "closeDate", stage, "companyId", "pointOfContactId")
values (
    '40000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05', '2026-01-02 03:04:05', 'Big deal', 19990000, 'USD',
    '10000-01-01 00:00:00.5', 'MEETING', '10000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000001');
insert into opportunity (id, "createdAt", "updatedAt", "amountAmountMicros", "closeDate", "position")
values ('40000000-0000-4000-8000-000000000002', '2026-01-02 03:04:05', '2026-01-02 03:04:05', 'NaN', '-infinity', 'Infinity');

insert into note (id, "createdAt", "updatedAt", title, "bodyV2Blocknote", "bodyV2Markdown")
values ('50000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05', '2026-01-02 03:04:05', 'T', '[{"type": "paragraph"}]', '**md**');
insert into note (id, "createdAt", "updatedAt")
values ('50000000-0000-4000-8000-000000000002', '0044-03-15 12:00:00 BC', '0099-01-01 00:00:00');

insert into "noteTarget" (id, "createdAt", "updatedAt", "noteId", "targetPersonId")
values ('60000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05', '2026-01-02 03:04:05', '50000000-0000-4000-8000-000000000001',
    '30000000-0000-4000-8000-000000000001');

insert into task (id, "createdAt", "updatedAt", title, "dueAt", status, "assigneeId")
values ('70000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05', '2026-01-02 03:04:05', 'Call', '2027-12-31 23:59:59.999999', 'DONE',
    '20000000-0000-4000-8000-000000000001');
insert into task (id, "createdAt", "updatedAt", status)
values ('70000000-0000-4000-8000-000000000002', '2026-01-02 03:04:05', '2026-01-02 03:04:05', null);

insert into _rocket (id, "createdAt", "updatedAt", name, "launchedOn", "payloadMass", crew, "createdBySource", "createdByName")
values ('80000000-0000-4000-8000-000000000001', '2026-01-02 03:04:05', '2026-01-02 03:04:05', 'Ariane', '2027-12-31', 1234567890.1230,
    array['one', 'two, three', 'fo"ur', 'NULL', '', E'ba\\ck', null], 'IMPORT', 'x');
insert into _rocket (id, "createdAt", "updatedAt", "launchedOn", "payloadMass", crew, "createdBySource", "createdByName")
values ('80000000-0000-4000-8000-000000000002', '2026-01-02 03:04:05', '2026-01-02 03:04:05', '0044-03-15 BC', 'NaN', '{}', null, null);
