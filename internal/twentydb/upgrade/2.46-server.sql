-- 2.45 to 2.46: a record can be found without being read; and how far sharing reaches. From here on the server holds message,
-- messageThread and calendarEvent private whatever their rows say.
alter type core."objectMetadata_readability_enum" add value if not exists 'DISCOVERABLE' after 'PRIVATE';
alter table core."objectMetadata" add "discoverableFieldUniversalIdentifiers" uuid[], add "sharingReach" text;
