-- Notes of a Twenty database that count like the contacts of schema.sql: two fields say which record it is, in which version.

SET search_path TO workspace_1wgvd1injqtife6y4rvfbu3h5, core;

ALTER TABLE note ADD record float8, ADD version float8;
INSERT INTO "fieldMetadata"
SELECT (jsonb_populate_record(f, jsonb_build_object(
    'id', gen_random_uuid(), 'universalIdentifier', gen_random_uuid(), 'name', added, 'label', added, 'type', 'NUMBER', 'settings', NULL))).*
FROM "fieldMetadata" f JOIN "objectMetadata" o ON o.id = f."objectMetadataId" AND o."nameSingular" = 'note',
    unnest(ARRAY['record', 'version']) added
WHERE f.name = 'title' AND f."objectMetadataId" = o.id;

INSERT INTO person (id) SELECT md5('person' || n)::uuid FROM generate_series(0, 99) n;

-- commit_notes writes notes first to last, attaches each to a person, and brings it to the given version, every step in a transaction of its own.
CREATE PROCEDURE public.commit_notes(first bigint, last bigint, versions integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN first..last LOOP
        INSERT INTO note (id, title, "bodyV2Markdown", record, version)
        VALUES (md5('note' || n)::uuid, 'Call ' || n, repeat('Called on Monday; wants an offer, and to hear back. ', 8), n, 1);
        COMMIT;
        INSERT INTO "noteTarget" ("noteId", "targetPersonId") VALUES (md5('note' || n)::uuid, md5('person' || n % 100)::uuid);
        COMMIT;
    END LOOP;
    FOR v IN 2..versions LOOP
        FOR n IN first..last LOOP
            UPDATE note SET version = v, "updatedAt" = now() WHERE id = md5('note' || n)::uuid;
            COMMIT;
        END LOOP;
    END LOOP;
END
$$;
