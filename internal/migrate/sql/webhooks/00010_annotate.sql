-- adds: annotate()
-- lacks: Hookline's own schema has no function annotate, so writers cannot annotate what they change

CREATE OR REPLACE FUNCTION {{schema}}.annotate(annotation jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    annotation := coalesce(annotation, '{}');
    IF jsonb_typeof(annotation) <> 'object' THEN
        RAISE EXCEPTION 'an annotation is a JSON object, such as {"source": "mysync"}, and not %',
            jsonb_typeof(annotation) USING ERRCODE = 'invalid_parameter_value';
    ELSIF octet_length(convert_to(annotation::text, 'UTF8')) > 8192 THEN
        RAISE EXCEPTION 'an annotation may have 8192 bytes, and this one has %',
            octet_length(convert_to(annotation::text, 'UTF8'))
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    PERFORM pg_logical_emit_message(true, 'hookline.annotation', convert_to(annotation::text, 'UTF8'));
END $$;
COMMENT ON FUNCTION {{schema}}.annotate(jsonb) IS
    'Says something of what the transaction changes from here on: webhooks get it as context, and may ignore such changes. Null or {}: nothing.';
