package mapper

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/twentydb"
)

const secondWorkspace = "3b8e6458-5fc1-4e63-8563-008ccddaa6db"

//go:embed testdata/twenty/records.sql
var twentyRecords string

// twentyDatabase returns a connection to the miniature Twenty database, without records.
func twentyDatabase(t testing.TB) *pgx.Conn {
	t.Helper()
	conn := connect(t)
	if err := twentydb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

// twentyCatalog returns the catalog of a database as it is now.
func twentyCatalog(t testing.TB, conn *pgx.Conn, cfg Config) *Twenty {
	t.Helper()
	catalog := NewTwenty(cfg, slog.New(slog.DiscardHandler))
	if err := loadCatalog(t.Context(), conn, catalog); err != nil {
		t.Fatal(err)
	}
	return catalog
}

func loadCatalog(ctx context.Context, conn *pgx.Conn, catalog Catalog) error {
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		snapshot, err := cdc.TakeSnapshot(ctx, tx)
		if err != nil {
			return err
		}
		return catalog.Load(ctx, tx, snapshot)
	})
}

// describe returns the plan for a table, which must be announced.
func describe(t testing.TB, catalog Catalog, rel *cdc.Relation) *object {
	t.Helper()
	o, err := catalog.object(t.Context(), rel)
	if err != nil {
		t.Fatal(err)
	}
	if o == nil {
		t.Fatalf("table %s.%s is not announced", rel.Schema, rel.Name)
	}
	return o
}

// announced returns the name of the object that a table is announced as, "" when it is not.
func announced(t testing.TB, catalog Catalog, rel *cdc.Relation) string {
	t.Helper()
	o, err := catalog.object(t.Context(), rel)
	if err != nil {
		t.Fatal(err)
	}
	if o == nil {
		return ""
	}
	return o.name
}

// keysOf returns the keys of an object's records.
func keysOf(o *object) []string {
	keys := make([]string, len(o.fields))
	for i, f := range o.fields {
		keys[i] = f.name
	}
	return keys
}

// names returns the names of tables: those of records with schema, those that describe them in brackets.
// tableNames returns the tables to publish; those in brackets describe others, those behind a minus are left.
func tableNames(t testing.TB, db interface {
	BeginTx(context.Context, pgx.TxOptions) (pgx.Tx, error)
}, catalog Catalog,
) (list []string) {
	t.Helper()
	err := pgx.BeginTxFunc(t.Context(), db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		tables, err := catalog.Tables(t.Context(), tx)
		for _, table := range tables {
			name := table.Schema + "." + table.Name
			if !table.Full {
				name = "(" + name + ")"
			}
			if table.Left {
				name = "-" + name
			}
			list = append(list, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func equal[S ~[]E, E comparable](t *testing.T, what string, got, want S) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

// A record reads the same on every version, also one that has gone through the upgrades.
func TestTwentyRecords(t *testing.T) {
	for _, version := range append([]string{""}, twentydb.Versions...) {
		conn := twentyDatabase(t)
		execute(t, conn, twentyRecords)
		if version != "" {
			if err := twentydb.Upgrade(t.Context(), conn, version); err != nil {
				t.Fatal(err)
			}
		}
		catalog := twentyCatalog(t, conn, Config{})
		for _, table := range []string{"company", "person", "opportunity", "note", "noteTarget", "task", "_rocket", "workspaceMember"} {
			t.Run(version+"/"+table, func(t *testing.T) {
				rel := relation(t, conn, twentydb.Schema, table)
				o := describe(t, catalog, rel)
				slices.SortFunc(o.fields, func(a, b field) int { return strings.Compare(a.name, b.name) }) // how rows lie on disk is no concern
				var got []byte
				for _, row := range read(t, conn, rel, "true") {
					got = o.appendRow(got, row)
					if !json.Valid(got[bytes.LastIndexByte(got, '\n')+1:]) {
						t.Errorf("not JSON: %s", got)
					}
					got = append(got, '\n')
				}
				golden(t, "twenty/"+o.name+".json", got)
			})
		}
	}
}

func TestTwentyObject(t *testing.T) {
	conn := twentyDatabase(t)
	rel := relation(t, conn, twentydb.Schema, "person")
	for _, format := range []Format{FormatEvent, FormatTwenty} {
		o := describe(t, twentyCatalog(t, conn, Config{Format: format}), rel)
		if o.name != "person" || o.events[Destroyed] != "person.destroyed" || o.workspace != twentydb.Workspace {
			t.Errorf("got name %s, event %s, workspace %s", o.name, o.events[Destroyed], o.workspace)
		}
		var id string
		row := conn.QueryRow(t.Context(), `SELECT id::text FROM core."objectMetadata" WHERE "nameSingular" = 'person'`)
		if err := row.Scan(&id); err != nil {
			t.Fatal(err)
		}
		if o.id != id {
			t.Errorf("got id %s, want %s", o.id, id)
		}
		equal(t, "key", o.key, []int{rel.Column("id")})
		equal(t, "member", o.member, []int{rel.Column("updatedByWorkspaceMemberId")})
		if o.deletedAt != rel.Column("deletedAt") {
			t.Errorf("got soft delete in column %d, want %d", o.deletedAt, rel.Column("deletedAt"))
		}
		if o.destroys != (format == FormatTwenty) {
			t.Errorf("format %v: destroys is %v", format, o.destroys)
		}
	}
}

func TestTwentyChangedFields(t *testing.T) {
	conn := twentyDatabase(t)
	execute(t, conn, twentyRecords)
	catalog := twentyCatalog(t, conn, Config{})
	const first, second = "0001", "0002"
	for _, test := range []struct {
		table, record, set string
		want               []string
	}{
		{"person", first, `"jobTitle" = 'CTO'`, []string{"jobTitle"}},
		{"person", first, `"updatedAt" = now()`, nil},
		{"person", first, `"nameFirstName" = 'Augusta', "updatedAt" = now()`, []string{"name"}},
		{"person", first, `"companyId" = NULL`, []string{"company", "companyId"}},
		{"person", first, `"deletedAt" = NULL`, []string{"deletedAt"}},
		{"person", first, `"deletedAt" = "deletedAt" + interval '1 us'`, nil},
		{"person", first, `"createdAt" = "createdAt" - interval '1 ms'`, []string{"createdAt"}},
		{"person", first, `"position" = 1`, []string{"position"}},
		{"person", first, `"workPreference" = '{}', intro = ''`, []string{"intro", "workPreference"}},
		{"person", first, `"phonesAdditionalPhones" = NULL, "phonesPrimaryPhoneNumber" = '1'`, []string{"phones"}},
		{"person", first, `"updatedByName" = 'Tim', "updatedAt" = now()`, []string{"updatedBy"}},
		{"person", second, `"jobTitle" = '', "nameLastName" = '', "emailsAdditionalEmails" = NULL, "avatarFile" = NULL`, nil},
		{"person", second, `"linkedinLinkSecondaryLinks" = '[]', "workPreference" = '{}'`, nil},
		{"person", second, `"avatarFile" = '[]', "performanceRating" = 'RATING_1'`, []string{"avatarFile", "performanceRating"}},
		{"company", first, `"annualRevenueAmountMicros" = 1234567890123456789.5`, nil},
		{"company", first, `"annualRevenueAmountMicros" = 1234567890123456780`, nil}, // the same double
		{"company", first, `"annualRevenueCurrencyCode" = 'CHF', employees = 5`, []string{"annualRevenue", "employees"}},
		{"company", first, `"addressAddressLat" = -23.5505199`, nil},
		{
			"noteTarget", first, `"targetPersonId" = NULL, "targetCompanyId" = '10000000-0000-4000-8000-000000000001'`,
			[]string{"targetPersonId", "targetCompanyId"},
		},
	} {
		rel := relation(t, conn, twentydb.Schema, test.table)
		where := "id::text LIKE '%" + test.record + "'"
		before := read(t, conn, rel, where)[0]
		execute(t, conn, fmt.Sprintf("UPDATE %s.%q SET %s WHERE %s", twentydb.Schema, test.table, test.set, where))
		after := read(t, conn, rel, where)[0]
		equal(t, test.table+" "+test.record+": "+test.set, describe(t, catalog, rel).changed(before, after), test.want)
	}
}

func TestTwentyTables(t *testing.T) {
	conn := twentyDatabase(t)
	second, err := twentydb.AddWorkspace(t.Context(), conn, secondWorkspace, "Second")
	if err != nil {
		t.Fatal(err)
	}
	execute(t, conn, fmt.Sprintf(`
		UPDATE core.workspace SET "databaseSchema" = '', "activationStatus" = 'SUSPENDED' WHERE id = '%s';
		UPDATE core."objectMetadata" SET "isActive" = false WHERE "nameSingular" = 'task' AND "workspaceId" = '%[1]s';
		DROP TABLE %s."taskTarget";
		CREATE TABLE %[2]s.favorite (id uuid PRIMARY KEY)`, twentydb.Workspace, twentydb.Schema))
	control := []string{
		"(core.application)", "(core.fieldMetadata)", "(core.objectMetadata)", "(core.upgradeMigration)", "(core.workspace)",
	}
	in := func(schema string, tables ...string) (list []string) {
		for _, table := range tables {
			list = append(list, schema+"."+table)
		}
		return list
	}
	left := func(tables []string, objects ...string) (list []string) {
		for _, table := range tables {
			_, name, _ := strings.Cut(table, ".")
			if slices.Contains(objects, strings.TrimPrefix(name, "_")) {
				table = "-" + table
			}
			list = append(list, table)
		}
		return list
	}
	first := in(twentydb.Schema, "_rocket", "company", "note", "noteTarget", "opportunity", "person", "task", "timelineActivity", "workspaceMember")
	other := in(second, "_rocket", "company", "note", "noteTarget", "opportunity", "person", "task", "taskTarget", "timelineActivity",
		"workspaceMember")
	all := slices.Concat(first, other)
	equal(t, "tables", tableNames(t, conn, twentyCatalog(t, conn, Config{})), slices.Concat(control, left(all, "timelineActivity")))

	catalog := twentyCatalog(t, conn, Config{Exclude: []string{"rocket", "person", "noteTarget", "taskTarget"}})
	equal(t, "tables with the excluded", tableNames(t, conn, catalog),
		slices.Concat(control, left(all, "timelineActivity", "rocket", "person", "noteTarget", "taskTarget")))
	for table, want := range map[string]string{
		"company": "company", "_rocket": "", "person": "", "task": "", "timelineActivity": "", "favorite": "",
	} {
		if got := announced(t, catalog, relation(t, conn, twentydb.Schema, table)); got != want {
			t.Errorf("%s is announced as %q, want %q", table, got, want)
		}
	}

	execute(t, conn, `UPDATE core.workspace SET "deletedAt" = now() WHERE id = '`+secondWorkspace+`'`)
	catalog = twentyCatalog(t, conn, Config{})
	equal(t, "tables with the deleted workspace", tableNames(t, conn, catalog), slices.Concat(control, left(all, "timelineActivity")))
	if got := announced(t, catalog, relation(t, conn, second, "person")); got != "" {
		t.Errorf("a record of a deleted workspace is announced as %s", got)
	}
}

// TestTwentyJudgesByTable has the database say of two objects the contrary of what their tables are called.
func TestTwentyJudgesByTable(t *testing.T) {
	conn := twentyDatabase(t)
	execute(t, conn, `
		UPDATE core."objectMetadata" SET "applicationId" =
			(SELECT id FROM core.application WHERE name = CASE "nameSingular" WHEN 'rocket' THEN 'Standard' ELSE 'Custom' END)
		WHERE "nameSingular" IN ('rocket', 'person');
		CREATE TABLE `+twentydb.Schema+`._company (LIKE `+twentydb.Schema+`.company INCLUDING ALL)`)
	catalog := twentyCatalog(t, conn, Config{})
	for table, want := range map[string]string{"_rocket": "rocket", "person": "person", "company": "company", "_company": ""} {
		if got := announced(t, catalog, relation(t, conn, twentydb.Schema, table)); got != want {
			t.Errorf("table %s holds %q, want %q", table, got, want)
		}
	}
	list := tableNames(t, conn, catalog)
	for table, want := range map[string]bool{
		"_rocket": true, "rocket": false, "person": true, "_person": false, "company": true, "_company": false,
	} {
		if got := slices.Contains(list, twentydb.Schema+"."+table); got != want {
			t.Errorf("table %s is published: %v, want %v", table, got, want)
		}
	}
}

// TestTwentyOldLayout reads the tables as they were before 1.0: in the schema metadata, with isCustom, without applications and
// without the settings of relations, of which join columns have fields of their own.
func TestTwentyOldLayout(t *testing.T) {
	conn := twentyDatabase(t)
	execute(t, conn, `
		ALTER TABLE core."objectMetadata" ADD COLUMN "isCustom" boolean NOT NULL DEFAULT false;
		UPDATE core."objectMetadata" SET "isCustom" = true WHERE "nameSingular" = 'rocket';
		INSERT INTO core."fieldMetadata" (
			"objectMetadataId", type, name, label, "isActive", "isSystem", "workspaceId", "universalIdentifier", "applicationId")
		SELECT "objectMetadataId", 'UUID', settings ->> 'joinColumnName', label, true, true, "workspaceId", gen_random_uuid(),
			"applicationId"
		FROM core."fieldMetadata" WHERE settings ->> 'joinColumnName' = 'companyId';
		UPDATE core."fieldMetadata" SET settings = NULL WHERE settings IS NOT NULL`)
	execute(t, conn, `
		ALTER TABLE core.workspace DROP COLUMN "databaseSchema", DROP COLUMN "workspaceCustomApplicationId";
		ALTER TABLE core."objectMetadata" DROP COLUMN "applicationId";
		ALTER TABLE core."fieldMetadata" DROP COLUMN "applicationId";
		DROP TABLE core.application CASCADE;
		DROP TABLE core."upgradeMigration";
		CREATE SCHEMA metadata;
		ALTER TABLE core."objectMetadata" SET SCHEMA metadata;
		ALTER TABLE core."fieldMetadata" SET SCHEMA metadata;
		ALTER TABLE `+twentydb.Schema+`.person DROP COLUMN "updatedBySource", DROP COLUMN "updatedByWorkspaceMemberId",
			DROP COLUMN "updatedByName", DROP COLUMN "updatedByContext", DROP COLUMN "createdByContext";
		ALTER TABLE `+twentydb.Schema+`.note DROP COLUMN "bodyV2Blocknote";
		ALTER TABLE `+twentydb.Schema+`.note RENAME COLUMN "bodyV2Markdown" TO "bodyV2"`)
	catalog := twentyCatalog(t, conn, Config{})
	tables := tableNames(t, conn, catalog)
	equal(t, "tables", tables[:4], []string{
		"(core.workspace)", "(metadata.fieldMetadata)", "(metadata.objectMetadata)", twentydb.Schema + "._rocket",
	})

	person := describe(t, catalog, relation(t, conn, twentydb.Schema, "person"))
	execute(t, conn, `INSERT INTO `+twentydb.Schema+`.person (id, "companyId") VALUES (gen_random_uuid(), NULL)`)
	rel := relation(t, conn, twentydb.Schema, "person")
	row := read(t, conn, rel, "true")[0]
	changed := slices.Clone(row)
	changed[rel.Column("companyId")] = cdc.Text([]byte("10000000-0000-4000-8000-000000000001"))
	equal(t, "changed fields", person.changed(row, changed), []string{"company", "companyId"})
	keys := keysOf(person)
	if n := len(slices.Compact(slices.Sorted(slices.Values(keys)))); n != len(keys) {
		t.Errorf("keys come twice: %v", keys)
	}
	if slices.Contains(keys, "updatedBy") || person.member != nil {
		t.Errorf("a table without updatedBy has the keys %v and members in columns %v", keys, person.member)
	}
	const createdBy = `"createdBy":{"source":"MANUAL","workspaceMemberId":null,"name":"System"}`
	if json := string(person.appendRow(nil, row)); !strings.Contains(json, createdBy) {
		t.Errorf("got %s, want %s", json, createdBy)
	}
	note := relation(t, conn, twentydb.Schema, "note")
	execute(t, conn, `INSERT INTO `+twentydb.Schema+`.note (id, "bodyV2") VALUES (gen_random_uuid(), 'text')`)
	row = read(t, conn, note, "true")[0]
	if json := string(describe(t, catalog, note).appendRow(nil, row)); !strings.Contains(json, `"bodyV2":"text"`) {
		t.Errorf("got %s, want bodyV2 as a string", json)
	}
}

func TestTwentyLoadRefuses(t *testing.T) {
	conn := twentyDatabase(t)
	catalog := twentyCatalog(t, conn, Config{})
	person, generation := relation(t, conn, twentydb.Schema, "person"), catalog.Generation()
	for _, test := range []struct{ sql, want string }{
		{
			`ALTER TABLE core."objectMetadata" RENAME COLUMN "nameSingular" TO nom`,
			`no column "nameSingular" in table core."objectMetadata"`,
		},
		{`DROP SCHEMA core CASCADE`, `no column "id" in table core."workspace"`},
	} {
		execute(t, conn, test.sql)
		if err := loadCatalog(t.Context(), conn, catalog); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %s", test.sql, err, test.want)
		}
	}
	if got := announced(t, catalog, person); got != "person" {
		t.Errorf("after a failed load a person is announced as %q", got)
	}
	if catalog.Generation() != generation {
		t.Error("a failed load raised the generation")
	}
}

func BenchmarkTwentyAppendRow(b *testing.B) {
	conn := twentyDatabase(b)
	execute(b, conn, twentyRecords)
	catalog := twentyCatalog(b, conn, Config{})
	rel := relation(b, conn, twentydb.Schema, "person")
	row := read(b, conn, rel, "true")[0]
	o := describe(b, catalog, rel)
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = o.appendRow(buf[:0], row)
	}
	b.SetBytes(int64(len(buf)))
}
