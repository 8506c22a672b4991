package twenty

import (
	"bytes"
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
	"hookline/internal/twentydb/twentydbtest"
	"hookline/mapper"
	"hookline/mapper/mappertest"
)

const secondWorkspace = "3b8e6458-5fc1-4e63-8563-008ccddaa6db"

//go:embed testdata/twenty/records.sql
var twentyRecords string

// TwentyDatabase returns a connection to the miniature Twenty database, without records.
func TwentyDatabase(t testing.TB) *pgx.Conn {
	t.Helper()
	return mappertest.ConnectTo(t, twentydbtest.NewDatabase(t, 0, ""))
}

// TwentyCatalog returns the catalog of a database as it is now.
func TwentyCatalog(t testing.TB, conn *pgx.Conn, cfg Config) *Catalog {
	t.Helper()
	catalog := New(cfg, slog.New(slog.DiscardHandler))
	if err := mappertest.LoadCatalog(t.Context(), conn, catalog); err != nil {
		t.Fatal(err)
	}
	return catalog
}

// keysOf returns the keys of an object's records.
func keysOf(o *mapper.Description) []string {
	keys := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		keys[i] = f.Name
	}
	return keys
}

// A record reads the same on every version, also one that has gone through the upgrades.
func TestTwentyRecords(t *testing.T) {
	for _, version := range append([]string{""}, twentydb.Versions...) {
		conn := TwentyDatabase(t)
		mappertest.Execute(t, conn, twentyRecords)
		if version != "" {
			if err := twentydb.Upgrade(t.Context(), conn, version); err != nil {
				t.Fatal(err)
			}
		}
		catalog := TwentyCatalog(t, conn, Config{})
		for _, table := range []string{
			"company", "person", "opportunity", "note", "noteTarget", "task",
			"_rocket", "workspaceMember",
		} {
			t.Run(version+"/"+table, func(t *testing.T) {
				rel := mappertest.Relation(t, conn, twentydb.Schema, table)
				o := mappertest.Describe(t, catalog, rel)
				// how rows lie on disk is no concern
				slices.SortFunc(o.Fields, func(a, b mapper.Field) int {
					return strings.Compare(a.Name, b.Name)
				})
				var got []byte
				for _, row := range mappertest.Read(t, conn, rel, "true") {
					got = append(got, mappertest.RowOf(t, o, row)...)
					if !json.Valid(got[bytes.LastIndexByte(got, '\n')+1:]) {
						t.Errorf("not JSON: %s", got)
					}
					got = append(got, '\n')
				}
				mappertest.Golden(t, "twenty/"+o.Object+".json", got)
			})
		}
	}
}

func TestTwentyObject(t *testing.T) {
	conn := TwentyDatabase(t)
	rel := mappertest.Relation(t, conn, twentydb.Schema, "person")
	for _, format := range []mapper.Format{mapper.FormatEvent, mapper.FormatTwenty} {
		o := mappertest.Describe(t, TwentyCatalog(t, conn,
			Config{Destroys: format == mapper.FormatTwenty}), rel)
		if o.Object != "person" || o.Workspace != twentydb.Workspace {
			t.Errorf("got name %s, workspace %s", o.Object, o.Workspace)
		}
		var id string
		row := conn.QueryRow(t.Context(),
			`SELECT id::text FROM core."objectMetadata" WHERE "nameSingular" = 'person'`)
		if err := row.Scan(&id); err != nil {
			t.Fatal(err)
		}
		if o.ID != id {
			t.Errorf("got id %s, want %s", o.ID, id)
		}
		mappertest.Equal(t, "key", o.Key, []int{rel.Column("id")})
		mappertest.Equal(t, "member", o.Member, []int{rel.Column("updatedByWorkspaceMemberId")})
		if o.DeletedAt != rel.Column("deletedAt") {
			t.Errorf("got soft delete in column %d, want %d", o.DeletedAt, rel.Column("deletedAt"))
		}
		if o.Destroys != (format == mapper.FormatTwenty) {
			t.Errorf("format %v: destroys is %v", format, o.Destroys)
		}
	}
}

func TestTwentyChangedFields(t *testing.T) {
	conn := TwentyDatabase(t)
	mappertest.Execute(t, conn, twentyRecords)
	catalog := TwentyCatalog(t, conn, Config{})
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
		{
			"person", first, `"phonesAdditionalPhones" = NULL, "phonesPrimaryPhoneNumber" = '1'`,
			[]string{"phones"},
		},
		{"person", first, `"updatedByName" = 'Tim', "updatedAt" = now()`, []string{"updatedBy"}},
		{
			"person", second,
			`"jobTitle" = '', "nameLastName" = '', "emailsAdditionalEmails" = NULL, "avatarFile" = NULL`,
			nil,
		},
		{"person", second, `"linkedinLinkSecondaryLinks" = '[]', "workPreference" = '{}'`, nil},
		{
			"person", second, `"avatarFile" = '[]', "performanceRating" = 'RATING_1'`,
			[]string{"avatarFile", "performanceRating"},
		},
		{"company", first, `"annualRevenueAmountMicros" = 1234567890123456789.5`, nil},
		{"company", first, `"annualRevenueAmountMicros" = 1234567890123456780`, nil}, // the same double
		{
			"company", first, `"annualRevenueCurrencyCode" = 'CHF', employees = 5`,
			[]string{"annualRevenue", "employees"},
		},
		{"company", first, `"addressAddressLat" = -23.5505199`, nil},
		{
			"noteTarget", first,
			`"targetPersonId" = NULL, "targetCompanyId" = '10000000-0000-4000-8000-000000000001'`,
			[]string{"targetPersonId", "targetCompanyId"},
		},
	} {
		rel := mappertest.Relation(t, conn, twentydb.Schema, test.table)
		where := "id::text LIKE '%" + test.record + "'"
		before := mappertest.Read(t, conn, rel, where)[0]
		mappertest.Execute(t, conn, fmt.Sprintf("UPDATE %s.%q SET %s WHERE %s", twentydb.Schema,
			test.table, test.set, where))
		after := mappertest.Read(t, conn, rel, where)[0]
		mappertest.Equal(t, test.table+" "+test.record+": "+test.set,
			mappertest.ChangedIn(t, mappertest.Describe(t, catalog, rel), before, after), test.want)
	}
}

// The row before is told in the form that the API has, field by field.
func TestTwentyPrevious(t *testing.T) {
	conn := TwentyDatabase(t)
	mappertest.Execute(t, conn, twentyRecords)
	catalog := TwentyCatalog(t, conn, Config{})
	rel := mappertest.Relation(t, conn, twentydb.Schema, "person")
	where := "id::text LIKE '%0001'"
	before := mappertest.Read(t, conn, rel, where)[0]
	mappertest.Execute(t, conn, "UPDATE "+twentydb.Schema+`.person SET "nameFirstName" = 'Augusta',
		"companyId" = NULL, "workPreference" = '{}', "deletedAt" = NULL, "updatedAt" = now() WHERE `+where)
	after := mappertest.Read(t, conn, rel, where)[0]
	m := mapper.New(catalog, nil, "0badcafe", mapper.FormatEvent, mappertest.Discard)
	d, err := m.Map(t.Context(), cdc.Change{
		Kind: cdc.Update, Relation: rel, Old: before, New: after, Tx: &cdc.Tx{Commit: 1, XID: 1}, Sole: true,
	})
	if err != nil || d == nil {
		t.Fatalf("%v, %v", d, err)
	}
	fields := []string{"name", "companyId", "deletedAt"}
	e := d.EventFor(mapper.NewView(mapper.PreviousChanged, fields, nil)).Parts()
	var previous struct {
		ID        *string
		Name      struct{ FirstName, LastName string }
		CompanyID string
		DeletedAt string
		Intro     *string
	}
	if err := json.Unmarshal(e.Previous, &previous); err != nil {
		t.Fatal(err)
	}
	if previous.Name.FirstName != "Ada" || previous.Name.LastName != "O'Lovelace" ||
		previous.CompanyID != "10000000-0000-4000-8000-000000000001" ||
		previous.DeletedAt != "2026-01-03T00:00:00.000Z" || previous.ID != nil || previous.Intro != nil ||
		e.Action != mapper.Restored {
		t.Errorf("%s: %s", e.Action, e.Previous)
	}
	slices.Sort(e.Updated)
	mappertest.Equal(t, "updatedFields", e.Updated,
		[]string{"company", "companyId", "deletedAt", "name"})
}

func TestTwentyTables(t *testing.T) {
	conn := TwentyDatabase(t)
	second, err := twentydb.AddWorkspace(t.Context(), conn, secondWorkspace, "Second")
	if err != nil {
		t.Fatal(err)
	}
	mappertest.Execute(t, conn, fmt.Sprintf(`
		UPDATE core.workspace SET "databaseSchema" = '', "activationStatus" = 'SUSPENDED' WHERE id = '%s';
		UPDATE core."objectMetadata" SET "isActive" = false WHERE "nameSingular" = 'task'
		  AND "workspaceId" = '%[1]s';
		DROP TABLE %s."taskTarget";
		CREATE TABLE %[2]s.favorite (id uuid PRIMARY KEY)`, twentydb.Workspace, twentydb.Schema))
	control := []string{
		"(core.application)", "(core.fieldMetadata)", "(core.objectMetadata)", "(core.upgradeMigration)",
		"(core.workspace)",
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
	first := in(twentydb.Schema, "_rocket", "company", "note", "noteTarget", "opportunity", "person",
		"task", "timelineActivity", "workspaceMember")
	other := in(second, "_rocket", "company", "note", "noteTarget", "opportunity", "person", "task",
		"taskTarget", "timelineActivity",
		"workspaceMember")
	all := slices.Concat(first, other)
	mappertest.Equal(t, "tables", mappertest.TableNames(t, conn, TwentyCatalog(t, conn, Config{})),
		slices.Concat(control, left(all, "timelineActivity")))

	catalog := TwentyCatalog(t, conn,
		Config{Exclude: []string{"rocket", "person", "noteTarget", "taskTarget"}})
	mappertest.Equal(t, "tables with the excluded", mappertest.TableNames(t, conn, catalog),
		slices.Concat(control, left(all, "timelineActivity", "rocket", "person", "noteTarget",
			"taskTarget")))
	for table, want := range map[string]string{
		"company": "company", "_rocket": "", "person": "", "task": "", "timelineActivity": "",
		"favorite": "",
	} {
		if got := mappertest.Announced(t, catalog,
			mappertest.Relation(t, conn, twentydb.Schema, table)); got != want {
			t.Errorf("%s is announced as %q, want %q", table, got, want)
		}
	}

	mappertest.Execute(t, conn, `UPDATE core.workspace SET "deletedAt" = now() WHERE id = '`+
		secondWorkspace+`'`)
	catalog = TwentyCatalog(t, conn, Config{})
	mappertest.Equal(t, "tables with the deleted workspace", mappertest.TableNames(t, conn, catalog),
		slices.Concat(control, left(all, "timelineActivity")))
	if got := mappertest.Announced(t, catalog,
		mappertest.Relation(t, conn, second, "person")); got != "" {
		t.Errorf("a record of a deleted workspace is announced as %s", got)
	}
}

// TestTwentyJudgesByTable has the database say of two objects the contrary of what their tables are
// called.
func TestTwentyJudgesByTable(t *testing.T) {
	conn := TwentyDatabase(t)
	mappertest.Execute(t, conn, `
		UPDATE core."objectMetadata" SET "applicationId" =
			(SELECT id FROM core.application WHERE name = CASE "nameSingular" WHEN 'rocket' THEN 'Standard'
			  ELSE 'Custom' END)
		WHERE "nameSingular" IN ('rocket', 'person');
		CREATE TABLE `+twentydb.Schema+`._company (LIKE `+twentydb.Schema+`.company INCLUDING ALL)`)
	catalog := TwentyCatalog(t, conn, Config{})
	for table, want := range map[string]string{
		"_rocket": "rocket", "person": "person",
		"company": "company", "_company": "",
	} {
		if got := mappertest.Announced(t, catalog,
			mappertest.Relation(t, conn, twentydb.Schema, table)); got != want {
			t.Errorf("table %s holds %q, want %q", table, got, want)
		}
	}
	list := mappertest.TableNames(t, conn, catalog)
	for table, want := range map[string]bool{
		"_rocket": true, "rocket": false, "person": true, "_person": false, "company": true,
		"_company": false,
	} {
		if got := slices.Contains(list, twentydb.Schema+"."+table); got != want {
			t.Errorf("table %s is published: %v, want %v", table, got, want)
		}
	}
}

// TestTwentyOldLayout reads the tables as they were before 1.0: in the schema metadata, with
// isCustom, without applications and without the settings of relations, of which join columns have
// fields of their own.
func TestTwentyOldLayout(t *testing.T) {
	conn := TwentyDatabase(t)
	mappertest.Execute(t, conn, `
		ALTER TABLE core."objectMetadata" ADD COLUMN "isCustom" boolean NOT NULL DEFAULT false;
		UPDATE core."objectMetadata" SET "isCustom" = true WHERE "nameSingular" = 'rocket';
		INSERT INTO core."fieldMetadata" (
			"objectMetadataId", type, name, label, "isActive", "isSystem", "workspaceId",
			  "universalIdentifier", "applicationId")
		SELECT "objectMetadataId", 'UUID', settings ->> 'joinColumnName', label, true, true,
		  "workspaceId", gen_random_uuid(),
			"applicationId"
		FROM core."fieldMetadata" WHERE settings ->> 'joinColumnName' = 'companyId';
		UPDATE core."fieldMetadata" SET settings = NULL WHERE settings IS NOT NULL`)
	mappertest.Execute(t, conn, `
		ALTER TABLE core.workspace DROP COLUMN "databaseSchema",
		  DROP COLUMN "workspaceCustomApplicationId";
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
	catalog := TwentyCatalog(t, conn, Config{})
	tables := mappertest.TableNames(t, conn, catalog)
	mappertest.Equal(t, "tables", tables[:4], []string{
		"(core.workspace)", "(metadata.fieldMetadata)", "(metadata.objectMetadata)",
		twentydb.Schema + "._rocket",
	})

	person := mappertest.Describe(t, catalog, mappertest.Relation(t, conn, twentydb.Schema, "person"))
	mappertest.Execute(t, conn, `INSERT INTO `+twentydb.Schema+
		`.person (id, "companyId") VALUES (gen_random_uuid(), NULL)`)
	rel := mappertest.Relation(t, conn, twentydb.Schema, "person")
	row := mappertest.Read(t, conn, rel, "true")[0]
	changed := slices.Clone(row)
	changed[rel.Column("companyId")] = cdc.Text([]byte("10000000-0000-4000-8000-000000000001"))
	mappertest.Equal(t, "changed fields", mappertest.ChangedIn(t, person, row, changed),
		[]string{"company", "companyId"})
	keys := keysOf(person)
	if n := len(slices.Compact(slices.Sorted(slices.Values(keys)))); n != len(keys) {
		t.Errorf("keys come twice: %v", keys)
	}
	if slices.Contains(keys, "updatedBy") || person.Member != nil {
		t.Errorf("a table without updatedBy has the keys %v and members in columns %v", keys,
			person.Member)
	}
	const createdBy = `"createdBy":{"source":"MANUAL","workspaceMemberId":null,"name":"System"}`
	if json := string(mappertest.RowOf(t, person, row)); !strings.Contains(json, createdBy) {
		t.Errorf("got %s, want %s", json, createdBy)
	}
	note := mappertest.Relation(t, conn, twentydb.Schema, "note")
	mappertest.Execute(t, conn, `INSERT INTO `+twentydb.Schema+
		`.note (id, "bodyV2") VALUES (gen_random_uuid(), 'text')`)
	row = mappertest.Read(t, conn, note, "true")[0]
	if json := string(mappertest.RowOf(t, mappertest.Describe(t, catalog, note),
		row)); !strings.Contains(json, `"bodyV2":"text"`) {
		t.Errorf("got %s, want bodyV2 as a string", json)
	}
}

func TestTwentyLoadRefuses(t *testing.T) {
	conn := TwentyDatabase(t)
	catalog := TwentyCatalog(t, conn, Config{})
	person, generation := mappertest.Relation(t, conn, twentydb.Schema, "person"), catalog.Generation()
	for _, test := range []struct{ sql, want string }{
		{
			`ALTER TABLE core."objectMetadata" RENAME COLUMN "nameSingular" TO nom`,
			`no column "nameSingular" in table core."objectMetadata"`,
		},
		{`DROP SCHEMA core CASCADE`, `no column "id" in table core."workspace"`},
	} {
		mappertest.Execute(t, conn, test.sql)
		if err := mappertest.LoadCatalog(t.Context(), conn, catalog); err == nil ||
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %s", test.sql, err, test.want)
		}
	}
	if got := mappertest.Announced(t, catalog, person); got != "person" {
		t.Errorf("after a failed load a person is announced as %q", got)
	}
	if catalog.Generation() != generation {
		t.Error("a failed load raised the generation")
	}
}

func BenchmarkTwentyAppendRow(b *testing.B) {
	conn := TwentyDatabase(b)
	mappertest.Execute(b, conn, twentyRecords)
	catalog := TwentyCatalog(b, conn, Config{})
	rel := mappertest.Relation(b, conn, twentydb.Schema, "person")
	row := mappertest.Read(b, conn, rel, "true")[0]
	o := mappertest.Describe(b, catalog, rel)
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = mappertest.AppendFields(buf[:0], o, row)
	}
	b.SetBytes(int64(len(buf)))
}
