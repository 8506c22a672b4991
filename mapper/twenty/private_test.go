package twenty

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/internal/twentydb"
	"hookline/mapper/mappertest"
)

// withReadability makes of the metadata what it is since 2.44.
const withReadability = `
	CREATE TYPE core."objectMetadata_readability_enum" AS ENUM ('OPEN', 'PRIVATE', 'DISCOVERABLE', 'INHERITED', 'APPLICATION', 'SYSTEM');
	ALTER TABLE core."objectMetadata" ADD readability core."objectMetadata_readability_enum" NOT NULL
	  DEFAULT 'OPEN',
		ADD "readabilityParentFieldUniversalIdentifiers" uuid[]`

// readableBy says of objects of the first workspace who may read them.
func readableBy(readability string, objects ...string) string {
	return `UPDATE core."objectMetadata" SET readability = '` + readability +
		`' WHERE "nameSingular" IN ('` + strings.Join(objects, "', '") +
		`') AND "workspaceId" = '` + twentydb.Workspace + `'`
}

// inherits has an object of the first workspace inherit through fields.
func inherits(object string, fields ...string) string {
	return readableBy("INHERITED", object) + `; UPDATE core."objectMetadata" o SET "readabilityParentFieldUniversalIdentifiers" =
		(SELECT array_agg(f."universalIdentifier") FROM core."fieldMetadata" f WHERE f."objectMetadataId" = o.id AND f.name IN ('` +
		strings.Join(fields, "', '") + `')) WHERE "nameSingular" = '` + object +
		`' AND "workspaceId" = '` + twentydb.Workspace + `'`
}

func TestTwentyPrivate(t *testing.T) {
	all := []string{
		"_rocket", "company", "note", "noteTarget", "opportunity", "person", "task",
		"taskTarget", "workspaceMember",
	}
	without := func(tables ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(table string) bool {
			return slices.Contains(tables, table)
		})
	}
	// A person belongs to a company, and that to a workspaceMember; a noteTarget to a note and to what
	// it is a note of; a rocket to nothing.
	tests := []struct {
		sql  string
		also []string // HOOKLINE_PRIVATE_OBJECTS
		want []string
	}{
		{"SELECT", nil, all},
		{readableBy("PRIVATE", "rocket"), nil, without("_rocket")},
		{readableBy("DISCOVERABLE", "rocket", "note"), nil, without("_rocket", "note")},
		{readableBy("APPLICATION", "rocket"), nil, without("_rocket")},
		{readableBy("SYSTEM", "rocket"), nil, without("_rocket")},
		{readableBy("PRIVATE", "rocket", "note"), []string{"rocket"}, without("note")},
		{readableBy("PRIVATE", "rocket", "note"), []string{"*"}, all},
		{
			readableBy("PRIVATE", "rocket", "note"),
			[]string{"rockets", "_rocket", "Note"},
			without("_rocket", "note"),
		},
		{
			"ALTER TYPE core.\"objectMetadata_readability_enum\" ADD VALUE 'TELEPATHIC'; COMMIT; BEGIN; " +
				readableBy("TELEPATHIC", "rocket"),
			nil, without("_rocket"),
		},
		// What its workspace says counts.
		{
			readableBy("PRIVATE", "rocket") +
				`; UPDATE core."objectMetadata" SET overrides = '{"readability": "OPEN", "icon": "I"}'`, nil,
			all,
		},
		{
			readableBy("PRIVATE", "rocket") +
				`; UPDATE core."objectMetadata" SET overrides = '{"readability": null, "icon": "I"}'`,
			nil, without("_rocket"),
		},
		{
			`UPDATE core."objectMetadata" SET overrides = '{"readability": "PRIVATE"}' WHERE "nameSingular" = 'rocket'`,
			nil, without("_rocket"),
		},
		{`UPDATE core."objectMetadata" SET overrides = '["PRIVATE"]'`, nil, all},
		// What inherits may be told when something that its records may belong to is, over any number of
		// steps.
		{inherits("noteTarget", "note") + ";" + inherits("taskTarget", "task") + ";" +
			inherits("person", "company"), nil, all},
		{
			inherits("noteTarget", "note") + ";" + readableBy("PRIVATE", "note"), nil,
			without("note", "noteTarget"),
		},
		{
			inherits("noteTarget", "note") + ";" + readableBy("PRIVATE", "note"),
			[]string{"noteTarget"},
			without("note"),
		},
		{inherits("noteTarget", "note") + ";" + readableBy("PRIVATE", "note"), []string{"note"}, all},
		{
			inherits("noteTarget", "targetPerson") + ";" + readableBy("PRIVATE", "note", "person"), nil,
			without("note", "person"),
		},
		{
			inherits("noteTarget", "targetPerson") + ";" +
				readableBy("PRIVATE", "person", "company", "opportunity", "rocket"),
			nil, without("noteTarget", "person", "company", "opportunity", "_rocket"),
		},
		{
			inherits("person", "company") + ";" + readableBy("PRIVATE", "company"), nil,
			without("person", "company"),
		},
		{
			inherits("company", "accountOwner") + ";" + readableBy("PRIVATE", "person"), nil,
			without("person"),
		},
		{inherits("rocket", "nothing"), nil, without("_rocket")},
		// from nothing; notes and tasks are open then
		{readableBy("INHERITED", "rocket", "note", "task"), nil, without("_rocket")},
		{
			inherits("note", "noteTargets") + ";" + readableBy("PRIVATE", "noteTarget"), nil,
			without("noteTarget"),
		},
		{
			inherits("person", "company") + ";" + inherits("company", "accountOwner") + `; UPDATE core."fieldMetadata" f
			SET "relationTargetObjectMetadataId" =
				(SELECT id FROM core."objectMetadata" o WHERE o."nameSingular" = 'person'
				  AND o."workspaceId" = f."workspaceId")
			WHERE name = 'accountOwner'`, // in a circle
			nil, without("person", "company"),
		},
	}
	const reset = `UPDATE core."objectMetadata" SET readability = 'OPEN', overrides = NULL, "readabilityParentFieldUniversalIdentifiers" = NULL;
		UPDATE core."fieldMetadata" f SET "relationTargetObjectMetadataId" =
			(SELECT id FROM core."objectMetadata" o WHERE o."nameSingular" = 'workspaceMember'
			  AND o."workspaceId" = f."workspaceId")
		WHERE name = 'accountOwner'`
	conn := TwentyDatabase(t)
	mappertest.Execute(t, conn, withReadability)
	for _, test := range tests {
		t.Run(test.sql, func(t *testing.T) {
			mappertest.Execute(t, conn, reset)
			mappertest.Execute(t, conn, "BEGIN; "+test.sql+"; COMMIT")
			catalog := TwentyCatalog(t, conn, Config{PrivateObjects: test.also})
			var got []string
			for _, table := range all {
				if mappertest.Announced(t, catalog,
					mappertest.Relation(t, conn, twentydb.Schema, table)) != "" {
					got = append(got, table)
				}
			}
			mappertest.Equal(t, "announced", got, test.want)
			var private []string
			for _, table := range all {
				if !slices.Contains(test.want, table) {
					private = append(private, strings.TrimPrefix(table, "_"))
				}
			}
			slices.Sort(private)
			mappertest.Equal(t, "told to be private", catalog.Private(), private)
			for _, table := range all {
				if tables := mappertest.TableNames(t, conn, catalog); !slices.Contains(tables,
					twentydb.Schema+"."+table) {
					t.Errorf("published: %v, want all, so that a change counts at once", tables)
				}
			}
		})
	}
}

// What Twenty keeps to itself is nothing that an owner may want to have announced: the log does not
// name it.
func TestTwentyOwnObjectsAreNotWarnedOf(t *testing.T) {
	conn := TwentyDatabase(t)
	if err := twentydb.Upgrade(t.Context(), conn, "2.39"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ sql, want string }{
		{"SELECT", ""},
		{readableBy("PRIVATE", "rocket"), "objects=rocket "},
	} {
		mappertest.Execute(t, conn, test.sql)
		var log bytes.Buffer
		catalog := New(Config{}, slog.New(slog.NewTextHandler(&log, nil)))
		if err := mappertest.LoadCatalog(t.Context(), conn, catalog); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(catalog.Private(), "recordShare") {
			t.Errorf("private are %q, want recordShare among them", catalog.Private())
		}
		if told := strings.Contains(log.String(), "private objects"); told != (test.want != "") ||
			!strings.Contains(log.String(), test.want) {
			t.Errorf("%s: logged %q, want %q in it", test.sql, log.String(), test.want)
		}
	}
}

// An object that becomes private is silent from that place in the stream on, and one that becomes
// open is heard.
func TestTwentyFollowsPrivate(t *testing.T) {
	conn := TwentyDatabase(t)
	if _, err := twentydb.AddWorkspace(t.Context(), conn, secondWorkspace, "Second"); err != nil {
		t.Fatal(err)
	}
	mappertest.Execute(t, conn, withReadability)
	mappertest.Execute(t, conn, readableBy("PRIVATE", "rocket")+`; SET search_path TO core`)
	var log bytes.Buffer
	catalog := New(Config{Exclude: []string{"task"}}, slog.New(slog.NewTextHandler(&log, nil)))
	if err := mappertest.LoadCatalog(t.Context(), conn, catalog); err != nil {
		t.Fatal(err)
	}
	s := metadataStream{t, conn, catalog}
	expect := func(when string, private ...string) {
		t.Helper()
		for table, name := range map[string]string{
			"_rocket": "rocket", "note": "note",
			"noteTarget": "noteTarget",
		} {
			if slices.Contains(private, name) {
				name = ""
			}
			if got := mappertest.Announced(t, catalog,
				mappertest.Relation(t, conn, twentydb.Schema, table)); got != name {
				t.Errorf("%s: %s is announced as %q, want %q", when, table, got, name)
			}
		}
		s.exec(`UPDATE workspace SET "metadataVersion" = "metadataVersion" + 1`) // any later transaction
		want := `level=WARN msg="private objects are not announced" objects=` +
			strings.Join(private, ",") +
			" to_announce=HOOKLINE_PRIVATE_OBJECTS\n"
		if private == nil {
			want = "level=INFO msg=\"all private objects are announced\"\n"
		}
		text := log.String()
		log.Reset()
		if strings.Count(text, "private objects") != 1 || !strings.HasSuffix(text, want) {
			t.Errorf("%s: logged %q, want %q", when, text, want)
		}
	}
	expect("at the start", "rocket")
	s.exec(readableBy("PRIVATE", "note", "task") + ";" + inherits("noteTarget", "note"))
	expect("after two objects became private", "note", "noteTarget", "rocket")
	if err := mappertest.LoadCatalog(t.Context(), conn, catalog); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Contains(text, "private") {
		t.Errorf("told again: %s", text)
	}
	log.Reset()
	s.exec(readableBy("OPEN", "rocket"))
	expect("after one became open", "note", "noteTarget")
	s.exec(
		`UPDATE "objectMetadata" SET overrides = '{"readability": "OPEN"}' WHERE "nameSingular" = 'note'`)
	expect("after the workspace opened one")
	s.exec(`UPDATE "objectMetadata" SET overrides = '{"readability": "PRIVATE"}' WHERE "workspaceId" = '` + secondWorkspace + `'
		AND "nameSingular" = 'company'`)
	if text := log.String(); text != "" {
		t.Errorf("told before the transaction was over: %s", text)
	}
	expect("after one became private in another workspace", "company")
	if got := mappertest.Announced(t, catalog,
		mappertest.Relation(t, conn, twentydb.Schema, "company")); got != "company" {
		t.Errorf("company of the first workspace is announced as %q", got)
	}
	s.exec(`UPDATE workspace SET "deletedAt" = now() WHERE id = '` + secondWorkspace + `'`)
	expect("after that workspace was deleted")
}

// The upgrade to 2.39 adds the column while the stream runs.
func TestTwentyReadabilityIsAdded(t *testing.T) {
	s := newMetadataStream(t)
	s.exec("ALTER TABLE _rocket ADD extra text") // whatever
	mappertest.Execute(t, s.conn, withReadability)
	if s.keys("_rocket") == nil {
		t.Error("not announced though it says nothing of readers")
	}
	s.exec(readableBy("PRIVATE", "rocket"))
	if s.keys("_rocket") != nil || s.keys("person") == nil {
		t.Error("announced though private, or not though open")
	}
}

// timelineActivity is never announced, whatever is excluded or asked for.
func TestTwentyTimelineActivity(t *testing.T) {
	conn := TwentyDatabase(t)
	for _, cfg := range []Config{
		{},
		{Exclude: []string{"note"}},
		{Exclude: []string{""}, PrivateObjects: []string{"*", "timelineActivity"}},
	} {
		catalog := TwentyCatalog(t, conn, cfg)
		if got := mappertest.Announced(t, catalog,
			mappertest.Relation(t, conn, twentydb.Schema, "timelineActivity")); got != "" {
			t.Errorf("%+v: announced as %s", cfg, got)
		}
		if tables := mappertest.TableNames(t, conn, catalog); !slices.Contains(tables,
			"-"+twentydb.Schema+".timelineActivity") {
			t.Errorf("%+v: published: %v", cfg, tables)
		}
	}
}

// Before 1.1 webhooks were records of the workspace. Their secrets are nothing to announce.
func TestTwentyWebhooksAsRecords(t *testing.T) {
	conn := TwentyDatabase(t)
	addWebhookObject(t, conn)
	rel := mappertest.Relation(t, conn, twentydb.Schema, "webhook")
	o := mappertest.Describe(t, TwentyCatalog(t, conn, Config{}), rel)
	mappertest.Equal(t, "keys", slices.Sorted(slices.Values(keysOf(o))), []string{"id", "targetUrl"})
	for _, row := range mappertest.Read(t, conn, rel, "true") {
		if json := string(mappertest.RowOf(t, o, row)); strings.Contains(json, "hunter2") {
			t.Errorf("got %s", json)
		}
	}
}

// TestTwentySecretColumns has the configuration decide over fields.
func TestTwentySecretColumns(t *testing.T) {
	conn := TwentyDatabase(t)
	addWebhookObject(t, conn)
	cfg := Config{}
	if err := cfg.SecretColumns.UnmarshalText(
		[]byte("-webhook.secret,webhook.target_url,person.jobTitle,person.jobTitel")); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	catalog := New(cfg, slog.New(slog.NewTextHandler(&log, nil)))
	for range 2 {
		if err := mappertest.LoadCatalog(t.Context(), conn, catalog); err != nil {
			t.Fatal(err)
		}
	}
	o := mappertest.Describe(t, catalog, mappertest.Relation(t, conn, twentydb.Schema, "webhook"))
	mappertest.Equal(t, "keys of a webhook", slices.Sorted(slices.Values(keysOf(o))),
		[]string{"id", "secret"})
	if keys := keysOf(mappertest.Describe(t, catalog,
		mappertest.Relation(t, conn, twentydb.Schema, "person"))); slices.Contains(keys, "jobTitle") {
		t.Errorf("keys of a person: %s", keys)
	}
	if text := log.String(); strings.Count(text, "matches no field") != 1 ||
		!strings.Contains(text, "entry=person.jobTitel reason=\"is person.jobTitle meant?\"") {
		t.Errorf("the log says %s", text)
	}
}

// addWebhookObject adds the object webhook, and a record of it, to the first workspace.
func addWebhookObject(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	mappertest.Execute(t, conn, `
		SET search_path TO `+twentydb.Schema+`, core;
		CREATE TABLE webhook (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "targetUrl" text,
		  secret text);
		INSERT INTO webhook ("targetUrl", secret) VALUES ('http://example.com', 'hunter2');
		INSERT INTO "objectMetadata" ("nameSingular", "namePlural", "labelSingular", "labelPlural",
		  "targetTableName", "isActive",
			"workspaceId", "applicationId", "universalIdentifier")
		SELECT 'webhook', 'webhooks', 'W', 'W', 'DEPRECATED', true, "workspaceId", "applicationId",
		  gen_random_uuid()
		FROM "objectMetadata" WHERE "nameSingular" = 'person';
		INSERT INTO "fieldMetadata" ("objectMetadataId", type, name, label, "workspaceId",
		  "universalIdentifier", "applicationId")
		SELECT id, type, name, name, "workspaceId", gen_random_uuid(), "applicationId"
		FROM "objectMetadata", (VALUES ('UUID', 'id'), ('TEXT', 'targetUrl'), ('TEXT',
		  'secret')) field (type, name)
		WHERE "nameSingular" = 'webhook'`)
}
