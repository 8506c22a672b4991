package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"hookline/cdc"
	"hookline/internal/doctor"
	"hookline/internal/operate"
	"hookline/internal/pg"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
	"hookline/internal/tlstest"
	"hookline/internal/twentydb"
)

// hospital is where sick databases are examined.
type hospital struct {
	t            *testing.T
	last         string           // URL of the database that was made last
	bare         *postgres.Server // on which nothing is set as it should be
	failed, seen map[string]bool  // checks, by what they have found
}

// newRole makes a role on the shared server, for the time of the test.
func (h *hospital) newRole(name, options string, databases ...string) {
	h.t.Helper()
	query(h.t, databases[0], "CREATE ROLE "+name+" LOGIN "+options)
	h.t.Cleanup(func() {
		for _, database := range databases {
			query(h.t, database, "DROP OWNED BY "+name)
		}
		query(h.t, databases[0], "DROP ROLE "+name)
	})
}

// as returns the URL of a database for a role.
func as(role, address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User = url.User(role)
	return u.String()
}

// examine has both the doctor and the console look at the same moment, and compares.
func (h *hospital) examine(t *testing.T, c *sick) {
	for i := 0; i < len(c.env); i += 2 {
		t.Setenv(c.env[i], c.env[i+1])
	}
	if c.url == "" {
		if !c.same {
			h.last = postgrestest.NewDatabase(h.t)
		}
		c.url = h.last
	}
	if c.before != "" {
		query(t, c.url, c.before)
	}
	if c.setup {
		setUp(t, c.url)
	}
	if c.after != "" {
		query(t, c.url, c.after)
	}
	for c.until != "" && !isTrue(t, c.url, c.until) {
	}
	if c.reads {
		readSlot(t, c.url)
	}
	if c.role != "" {
		t.Setenv("HOOKLINE_SLOT", nameOf(c.url))
		c.url = as(c.role, c.url)
	}
	cfg := configOf(t, c.url)
	d := operate.New(cfg, starting{})
	defer d.Close()
	done := make(chan error, 1)
	go func() {
		_, err := d.Diagnosis(t.Context())
		done <- err
	}()
	all, err := doctor.CheckAll(t.Context(), cfg)
	if consoles := <-done; err != nil || consoles != nil {
		t.Fatal(err, consoles)
	}
	compare(t, d, all.Findings)
	for _, f := range all.Findings {
		h.seen[f.Check] = true
		h.failed[f.Check] = h.failed[f.Check] || f.Level != cdc.Fine
	}
	found := func(is func(cdc.Finding) bool) bool { return slices.ContainsFunc(all.Findings, is) }
	for _, text := range c.says {
		if !found(func(f cdc.Finding) bool { return strings.Contains(f.Found, text) }) {
			t.Errorf("nothing is found that says %q: %+v", text, all.Findings)
		}
	}
	for _, check := range c.want {
		if !found(func(f cdc.Finding) bool { return f.Check == check && f.Level != cdc.Fine }) {
			t.Errorf("%s is fine: %+v", check, all.Findings)
		}
	}
	for _, check := range c.fine {
		if !found(func(f cdc.Finding) bool { return f.Check == check && f.Level == cdc.Fine }) {
			t.Errorf("%s is not fine: %+v", check, all.Findings)
		}
	}
}

// isTrue asks in a session of its own, within two minutes.
func isTrue(t *testing.T, address, sql string) (yes bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err == nil {
		err = conn.QueryRow(ctx, sql).Scan(&yes)
		_ = conn.Close(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

// readSlot reads the slot of a database until the test ends, and acknowledges nothing.
func readSlot(t *testing.T, address string) {
	t.Helper()
	config, err := pgconn.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["replication"] = "database"
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	conn.Frontend().SendQuery(&pgproto3.Query{String: fmt.Sprintf("START_REPLICATION SLOT %s LOGICAL "+
		"0/0 (proto_version '1', publication_names 'hookline')", pg.Identifier(nameOf(address)))})
	if err := conn.Frontend().Flush(); err != nil {
		t.Fatal(err)
	}
	if message, err := conn.ReceiveMessage(ctx); err != nil {
		t.Fatal(err)
	} else if _, ok := message.(*pgproto3.CopyBothResponse); !ok {
		t.Fatalf("the server answers START_REPLICATION with a %T", message)
	}
}

// connections are databases that cannot be reached, or not by this role.
func (h *hospital) connections() []sick {
	crm, other := postgrestest.NewDatabase(h.t), postgrestest.NewDatabase(h.t)
	const poor = "poor_of_console"
	h.newRole(poor, "", crm, other)
	query(h.t, crm, contacts+hooks+"GRANT SELECT ON webhooks TO "+poor)
	query(h.t, other, contacts+hooks)
	setUp(h.t, other)
	isNowhere, err := url.Parse(crm)
	if err != nil {
		h.t.Fatal(err)
	}
	isNowhere.Path = "/nowhere"
	return []sick{
		{name: "nobody listens", url: nowhere, want: []string{"connection"}},
		{name: "no such database", url: isNowhere.String(), want: []string{"connection"}},
		{name: "no such role", url: as("nobody_of_console", crm), want: []string{"connection"}},
		{
			name: "poor role", url: crm, role: poor,
			want: []string{"role", "own schema", "ownership"},
		},
		{
			name: "poor role that may not read rows", url: crm, role: poor,
			env:  []string{"HOOKLINE_REPLICA_IDENTITY", "keep"},
			want: []string{"reading back"}, fine: []string{"replica identity"},
			says: []string{`the role may not read "public"."contacts"`},
		},
		{
			name: "spool of others", url: crm,
			env:  []string{"HOOKLINE_SPOOL_DATABASE_URL", as(poor, other)},
			want: []string{"spool schema", "spool"}, says: []string{"the role may not use all of it"},
		},
		{
			name: "a slot of another database", before: contacts + hooks,
			env: []string{"HOOKLINE_SLOT", nameOf(other)}, want: []string{"slot"},
		},
		{
			name: "spool away", before: contacts + hooks,
			env: []string{"HOOKLINE_SPOOL_DATABASE_URL", nowhere}, want: []string{"spool"},
		},
	}
}

// rows are databases whose tables and webhooks are not as they should be.
func (h *hospital) rows() []sick {
	own := []string{"HOOKLINE_WEBHOOKS_TABLE", "hookline.webhook"}
	directus, err := os.ReadFile("../../mapper/generic/testdata/presets/directus/schema.sql")
	if err != nil {
		h.t.Fatal(err)
	}
	return []sick{
		{name: "no webhooks", before: contacts, want: []string{"webhooks"}},
		{name: "own table to come", same: true, env: own, want: []string{"webhooks"}},
		{
			name: "odd rows", before: contacts + hooks + `CREATE TABLE keyless (name text);
				INSERT INTO webhooks VALUES ('2', 'https://two.example', NULL, '{*.*}'),
				('3', 'https://three.example', 's', '{unheard.created}'),
				('4', 'ftp://four.example', 's', '{*.*}'),
				('5', 'https://five.example', 's', '{contact.*,contact.exploded}');
				ALTER TABLE webhooks ADD colour text`,
			want: []string{"table left out", "webhook"}, fine: []string{"columns of webhooks"},
		},
		{name: "nothing to tell of", before: hooks, want: []string{"tables"}},
		{
			name: "a credential", before: contacts + hooks + `ALTER TABLE contacts ADD password_hash text`,
			fine: []string{"credentials"},
		},
		{
			name: "busy", before: contacts + hooks + `ALTER TABLE contacts ADD last_seen_at timestamptz;
				INSERT INTO contacts SELECT generate_series(1, 100);
				DO $$ BEGIN FOR n IN 1..100 LOOP UPDATE contacts SET name = n; END LOOP; END $$`,
			want: []string{"busy column", "busy table"},
		},
		{name: "an application's", before: string(directus), env: own, fine: []string{"preset"}},
	}
}

// settings are databases that settings do not fit to.
func (h *hospital) settings() []sick {
	return []sick{
		{
			name: "names that nothing has", before: contacts + hooks,
			env: []string{
				"HOOKLINE_EXCLUDE", "unheard", "HOOKLINE_SECRET_COLUMNS", "contacts.unheard",
				"HOOKLINE_TOUCH_COLUMNS", "contacts.unheard", "HOOKLINE_OMIT", "contacts.unheard",
			},
			want: []string{"objects", "credentials", "touch columns", "values"},
			says: []string{"HOOKLINE_EXCLUDE names", "HOOKLINE_OMIT names"},
		},
		{
			name: "tenants", before: hooks + `ALTER TABLE webhooks ADD organization_id int;
				CREATE TABLE organizations (id int PRIMARY KEY);
				CREATE TABLE deals (id int PRIMARY KEY, organization_id int);
				CREATE TABLE notes (id int PRIMARY KEY)`,
			env: []string{
				"HOOKLINE_SHARED_TABLES", "public.unheard", "HOOKLINE_REPLICA_IDENTITY", "keep",
			},
			want: []string{"tenants"},
			says: []string{
				`no tenant hears of "public"."notes"`, "HOOKLINE_SHARED_TABLES names public.unheard",
				`the replica identity of "public"."deals" does not have organization_id`,
			},
		},
		{
			name: "other names than before", before: contacts + hooks +
				"CREATE TABLE schema_migrations (version varchar PRIMARY KEY)",
			setup: true,
			after: `INSERT INTO hookline.known_table (slot, relation, object, object_of)
				SELECT current_database(), t::regclass, replace(t, 'public.', 'former_'), t
				FROM unnest('{public.contacts,public.schema_migrations}'::text[]) t
				ON CONFLICT (slot, relation) DO UPDATE
				SET object = excluded.object, object_of = excluded.object_of;
				ALTER TABLE schema_migrations REPLICA IDENTITY FULL`,
			want: []string{"names of objects", "frameworks"},
			says: []string{"was announced as former_contacts", "was announced before"},
		},
	}
}

// published are databases whose publication is not as it should be.
func (h *hospital) published() []sick {
	crm := postgrestest.NewDatabase(h.t)
	const owner = "owner_of_console"
	h.newRole(owner, "REPLICATION", crm)
	h.last = crm
	return []sick{
		{
			name: "tables of others", same: true, before: contacts + hooks + `
				CREATE TABLE deals (id int PRIMARY KEY) PARTITION BY RANGE (id);
				CREATE UNLOGGED TABLE deals_1 PARTITION OF deals FOR VALUES FROM (1) TO (10);
				ALTER TABLE contacts OWNER TO ` + owner,
			setup: true, want: []string{"migrations", "table tells less"},
		},
		{
			name: "publication of others", same: true, role: owner, before: `
				GRANT SELECT ON ALL TABLES IN SCHEMA public TO ` + owner + `;
				GRANT USAGE, CREATE ON SCHEMA hookline TO ` + owner + `;
				GRANT ALL ON ALL TABLES IN SCHEMA hookline TO ` + owner,
			want: []string{"publication"}, says: []string{"the role cannot add tables that come later"},
		},
		{
			name: "a table that must not be published", same: true, role: owner,
			before: `CREATE TABLE keyless (name text); ALTER PUBLICATION hookline ADD TABLE keyless`,
			want:   []string{"table published"},
			says:   []string{"the CRM's own updates and deletes of it fail"},
		},
	}
}

// streams are the states of one database that is set up.
func (h *hospital) streams() []sick {
	certificate, key := tlstest.NewAuthority(h.t, "clients").
		Issue(h.t, "crm", time.Now().Add(-time.Minute))
	return []sick{
		{name: "nobody reads", before: contacts + hooks, setup: true, want: []string{"slot"}},
		{
			name: "queues", same: true,
			before: `INSERT INTO hookline.queue (slot, webhook, waiting, dead, paused, is_full)
				VALUES (current_database(), 'public.webhooks/1', 3, 7, 'it answered 410', true),
				(current_database(), 'public.webhooks/deleted', 2, 0, 'it answered 410', true)`,
			want: []string{"spool"},
			says: []string{"is paused", "the spool is full", "was deleted, and 2 deliveries wait"},
		},
		{
			name: "a rotated secret", same: true,
			before: `INSERT INTO hookline.webhook (url, previous_secret, previous_secret_until)
				VALUES ('https://one.example', 'secret', now() - interval '1 s')`,
			want: []string{"rotated secrets"},
		},
		{
			name: "what webhooks say of events and receivers", same: true,
			before: fmt.Sprintf(`INSERT INTO hookline.webhook
					(url, operations, ignore, filter, client_certificate, client_key)
				VALUES ('https://one.example', '{contact.*}', '{origin:nobody}', 'data.nickname == "Z"',
					%s, %s), ('http://10.0.0.1/', '{contact.*}', NULL, NULL, NULL, NULL)`,
				pg.Literal(certificate), pg.Literal(key)),
			want: []string{"certificates", "ignored changes", "webhook"},
			says: []string{"names the field", "gets nothing", "has been valid until"},
		},
		{
			name: "bus away", same: true,
			env:  []string{"HOOKLINE_NATS_URL", "nats://someone:confidential@127.0.0.1:1"},
			want: []string{"bus"},
		},
		{
			name: "identity taken back", same: true, reads: true,
			before: "ALTER TABLE contacts REPLICA IDENTITY DEFAULT; CREATE TABLE more (id text PRIMARY KEY)",
			want:   []string{"replica identity", "preparation waits"},
		},
		{
			name: "publication dropped", same: true,
			before: `DROP PUBLICATION hookline;
				INSERT INTO hookline.checkpoint (slot, system_identifier, database_oid, timeline,
					settled_lsn, commit_lsn, change_index)
				SELECT slot_name, (SELECT system_identifier::text FROM pg_control_system()), datoid::text,
					(SELECT timeline_id FROM pg_control_checkpoint()), confirmed_flush_lsn, '0/0', 0
				FROM pg_replication_slots WHERE database = current_database()`,
			want: []string{"gap"},
		},
		{
			name: "slot dropped", same: true,
			before: "SELECT pg_drop_replication_slot(current_database())", want: []string{"gap"},
		},
	}
}

// newTwenty makes the database of a server of Twenty, which has one webhook.
func (h *hospital) newTwenty(version string) (address string) {
	h.t.Helper()
	address = postgrestest.NewDatabase(h.t)
	conn, err := pgx.Connect(h.t.Context(), address)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = conn.Close(h.t.Context()) }()
	if err := twentydb.LoadAt(h.t.Context(), conn, version); err != nil {
		h.t.Fatal(err)
	}
	if _, err := twentydb.AddWebhook(h.t.Context(), conn, twentydb.Webhook{
		Workspace: twentydb.Workspace, URL: "https://one.example", Secret: "secret-of-one",
		Operations: []string{"*.*"},
	}); err != nil {
		h.t.Fatal(err)
	}
	return address
}

// twenties are databases of Twenty.
func (h *hospital) twenties() []sick {
	crm, later := h.newTwenty("2.21"), h.newTwenty("2.43")
	const reader = "reader_of_console"
	h.newRole(reader, "REPLICATION", crm, later)
	h.last = crm
	return []sick{
		{
			name: "no Twenty", url: postgrestest.NewDatabase(h.t), before: contacts + hooks,
			env: []string{"HOOKLINE_PROFILE", "twenty"}, want: []string{"layout of Twenty"},
		},
		{
			name: "Twenty that the role may not read", same: true, role: reader,
			want: []string{"rights to read"}, fine: []string{"deployment"},
		},
		{
			name: "Twenty whose records the role may not read", url: later, role: reader,
			before: "GRANT USAGE ON SCHEMA core TO " + reader +
				"; GRANT SELECT ON ALL TABLES IN SCHEMA core TO " + reader,
			env:  []string{"HOOKLINE_EXCLUDE", "unheard"},
			want: []string{"who may read", "doubles", "objects"},
			fine: []string{"layout of Twenty", "workspaces", "version of Twenty"},
			says: []string{"may not read all of", "hear of everything twice"},
		},
		{
			name: "Twenty in an upgrade", same: true,
			before: `INSERT INTO core."upgradeMigration" (name, status, "executedByVersion", "workspaceId")
				VALUES ('2.22.0_Fast_1', 'completed', '2.38.1', NULL)`,
			want: []string{"upgrade of Twenty"}, says: []string{"of version 2.38 is not done"},
		},
		{
			name: "Twenty without a workspace", same: true,
			before: `UPDATE core.workspace SET "activationStatus" = 'PENDING_CREATION'`,
			want:   []string{"workspaces"},
		},
	}
}

// newest are checks of what only the newest Postgres has.
func (h *hospital) newest() []string {
	return []string{"idle_replication_slot_timeout", "synchronized_standby_slots"}
}

// servers are servers that are set up for something else.
func (h *hospital) servers() []sick {
	h.bare = postgrestest.NewServer(h.t, postgres.Options{Settings: map[string]string{
		"wal_level": "replica", "max_wal_senders": "0", "max_replication_slots": "0",
		"default_transaction_read_only": "on", "synchronous_standby_names": "*",
		"cluster_name": "crm", "bg_mon.listen_address": "0.0.0.0",
		"archive_mode": "on", "archive_command": "true",
	}})
	address := h.bare.URL("postgres")
	list := []sick{
		{
			name: "a server for something else", url: address,
			before: "BEGIN READ WRITE;" + contacts + hooks + "COMMIT",
			want: []string{
				"wal_level", "max_wal_senders", "max_replication_slots", "max_slot_wal_keep_size",
				"default_transaction_read_only", "synchronous_standby_names", "replication connection",
				"patroni",
			},
		},
		{
			name: "CloudNativePG", url: address,
			before: "ALTER SYSTEM SET archive_command = '/controller/manager wal-archive'",
			after:  "SELECT pg_reload_conf()",
			until:  "SELECT current_setting('archive_command') LIKE '/controller/%'",
			want:   []string{"cloudnative-pg"},
		},
	}
	if _, err := postgres.FindMajor(18); err != nil {
		return list
	}
	newest := postgrestest.NewServer(h.t, postgres.Options{Major: 18, Settings: map[string]string{
		"idle_replication_slot_timeout": "60",
	}})
	return append(list, sick{
		name: "the newest Postgres", url: newest.URL("postgres"), before: contacts + hooks, setup: true,
		after: "SELECT pg_create_physical_replication_slot('standby_of_console')",
		want:  []string{"idle_replication_slot_timeout"},
	}, sick{
		name: "a standby that is waited for", url: newest.URL("postgres"),
		before: "ALTER SYSTEM SET synchronized_standby_slots = 'standby_of_console'",
		after:  "SELECT pg_reload_conf()",
		until:  "SELECT current_setting('synchronized_standby_slots') <> ''",
		want:   []string{"synchronized_standby_slots"},
	})
}

// standby has the bare server come up as a standby.
func (h *hospital) standby() {
	signal := filepath.Join(h.bare.Dir(), "data", "standby.signal")
	if err := os.WriteFile(signal, nil, 0o666); err != nil {
		h.t.Fatal(err)
	}
	if err := h.bare.Restart(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Run("a standby", func(t *testing.T) {
		h.examine(t, &sick{url: h.bare.URL("postgres"), want: []string{"primary"}})
	})
}
