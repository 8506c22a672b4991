-- The database of one scenario: a table of webhooks, and contacts of 22 columns, the one with number n made of n alone.

CREATE TABLE webhooks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    url text NOT NULL,
    secret text,
    operations text[] NOT NULL DEFAULT '{*.*}',
    enabled boolean NOT NULL DEFAULT true
);

CREATE TYPE stage AS ENUM ('lead', 'qualified', 'customer', 'lost');

CREATE TABLE contacts (
    id bigint PRIMARY KEY,
    version integer NOT NULL,
    external_id uuid NOT NULL,
    first_name text,
    last_name text,
    email text,
    phone varchar(40),
    job_title text,
    company_id uuid,
    country char(2),
    stage stage,
    score smallint,
    revenue numeric(14, 2),
    conversion double precision,
    subscribed boolean,
    birthday date,
    tags text[],
    custom jsonb,
    notes text,
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz
);

-- insert_contacts adds contacts first to last in one statement.
CREATE PROCEDURE insert_contacts(first bigint, last bigint) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contacts
    SELECT n, 1,
           md5('external' || n)::uuid,
           'Ana-' || n, 'O''Brien "' || n || '"', 'ana.' || n || '@example.com', '+45 20 ' || lpad((n % 1000000)::text, 6, '0'),
           'Head of Özel Projects',
           md5('company' || n % 1000)::uuid,
           'DK',
           (ARRAY['lead', 'qualified', 'customer', 'lost']::stage[])[1 + n % 4],
           n % 100,
           n * 17.35,
           1.0 / (1 + n % 7),
           n % 2 = 0,
           date '1970-01-01' + (n % 15000)::integer,
           ARRAY['newsletter', 'trade fair', 'tag ' || n % 50],
           jsonb_build_object('source', 'import', 'utm', jsonb_build_object('campaign', 'c' || n % 20, 'clicks', n % 9), 'vip', n % 10 = 0),
           repeat('Called on Monday; wants an offer for ' || n % 500 || ' seats, and to hear back. ', 5),
           timestamptz '2025-01-01 00:00+00' + n * interval '1 second',
           timestamptz '2025-02-01 00:00+00' + n * interval '1 second',
           NULL
    FROM generate_series(first, last) n;
END
$$;

-- update_contacts brings contacts first to last to a further version in one statement.
CREATE PROCEDURE update_contacts(first bigint, last bigint, next integer) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts SET version = next, score = next % 100, updated_at = updated_at + interval '1 minute' WHERE id BETWEEN first AND last;
END
$$;

-- commit_twice adds contacts 1 to n by transactions of the given number of rows, each of which updates its rows, too.
CREATE PROCEDURE commit_twice(n integer, step integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 0..(n - 1) / step LOOP
        CALL insert_contacts(1 + i * step, least(n, (i + 1) * step));
        CALL update_contacts(1 + i * step, least(n, (i + 1) * step), 1);
        COMMIT;
    END LOOP;
END
$$;

-- insert_twice adds contacts 1 to n and brings all of them to version 2, by one transaction.
CREATE PROCEDURE insert_twice(n bigint) LANGUAGE plpgsql AS $$
BEGIN
    CALL insert_contacts(1, n);
    CALL update_contacts(1, n, 2);
END
$$;

-- write_contact brings a contact to its next version, 1 by an insert and each further one by an update.
CREATE PROCEDURE write_contact(n bigint, next integer) LANGUAGE plpgsql AS $$
BEGIN
    IF next = 1 THEN
        CALL insert_contacts(n, n);
    ELSE
        UPDATE contacts SET version = next, score = next % 100, updated_at = updated_at + interval '1 minute' WHERE id = n;
    END IF;
END
$$;

-- commit_contacts brings contacts first to last to the given version, each step in a transaction of its own.
CREATE PROCEDURE commit_contacts(first bigint, last bigint, versions integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR v IN 1..versions LOOP
        FOR n IN first..last LOOP
            CALL write_contact(n, v);
            COMMIT;
        END LOOP;
    END LOOP;
END
$$;

-- commit_lives does so likewise, but the last version of a contact is its deletion.
CREATE PROCEDURE commit_lives(first bigint, last bigint, versions integer) LANGUAGE plpgsql AS $$
BEGIN
    CALL commit_contacts(first, last, versions - 1);
    FOR n IN first..last LOOP
        DELETE FROM contacts WHERE id = n;
        COMMIT;
    END LOOP;
END
$$;

-- create_tables makes tables things1 to things<n>, some hundred in a transaction, since each of them takes locks.
CREATE PROCEDURE create_tables(n integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..n LOOP
        EXECUTE format('CREATE TABLE things%s (id bigint PRIMARY KEY, version integer NOT NULL, name varchar(80))', i);
        IF i % 500 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;

-- commit_things inserts a row into each of the tables first to last, with the table's number as its id, and then brings each to the given
-- version, every step in a transaction of its own.
CREATE PROCEDURE commit_things(first bigint, last bigint, versions integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN first..last LOOP
        EXECUTE format('INSERT INTO things%s VALUES (%s, 1, ''thing number %s'')', n, n, n);
        COMMIT;
    END LOOP;
    FOR v IN 2..versions LOOP
        FOR n IN first..last LOOP
            EXECUTE format('UPDATE things%s SET version = %s', n, v);
            COMMIT;
        END LOOP;
    END LOOP;
END
$$;
