package twenty

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/twentydb"
	"hookline/mapper"
	"hookline/mapper/mappertest"
)

// metadataStream tells a catalog what happens to the tables that describe records, as the stream
// does: under the default replica identity an update comes without the row before, a delete with
// its key.
type metadataStream struct {
	testing.TB
	conn    *pgx.Conn
	catalog *Catalog
}

// exec executes sql and passes on what it did.
func (s metadataStream) exec(sql string) {
	s.Helper()
	s.follow(func() { mappertest.Execute(s, s.conn, sql) })
}

func (s metadataStream) follow(do func()) {
	s.Helper()
	var relations []*cdc.Relation
	var before []map[string]cdc.Tuple
	for table := range s.catalog.metadata.control {
		rel := mappertest.Relation(s, s.conn, table.schema, table.name)
		rel.Identity = 'd'
		relations = append(relations, rel)
		before = append(before, s.rows(rel))
	}
	do()
	tx := &cdc.Tx{XID: s.transaction()}
	for i, rel := range relations {
		after := s.rows(rel)
		for id, row := range after {
			switch old := before[i][id]; {
			case old == nil:
				s.observe(cdc.Change{Kind: cdc.Insert, Relation: rel, New: row, Tx: tx})
			case !slices.EqualFunc(old, row, mapper.Same):
				s.observe(cdc.Change{Kind: cdc.Update, Relation: rel, New: row, Tx: tx})
			}
		}
		for id, row := range before[i] {
			if after[id] == nil {
				key := make(cdc.Tuple, len(row))
				key[rel.Column("id")] = row[rel.Column("id")]
				s.observe(cdc.Change{Kind: cdc.Delete, Relation: rel, Old: key, OldIsKey: true, Tx: tx})
			}
		}
	}
}

func (s metadataStream) observe(change cdc.Change) {
	s.Helper()
	if !s.catalog.Observe(change) {
		s.Errorf("Observe does not know table %s.%s", change.Relation.Schema, change.Relation.Name)
	}
}

// transaction returns the id of a new transaction.
func (s metadataStream) transaction() (id uint32) {
	s.Helper()
	var full uint64
	if err := s.conn.QueryRow(s.Context(), "SELECT pg_current_xact_id()::text::bigint").Scan(
		&full); err != nil {
		s.Fatal(err)
	}
	return uint32(full)
}

func (s metadataStream) rows(rel *cdc.Relation) map[string]cdc.Tuple {
	s.Helper()
	rows := map[string]cdc.Tuple{}
	for _, row := range mappertest.Read(s, s.conn, rel, "true") {
		rows[row[rel.Column("id")].String()] = row
	}
	return rows
}

// keys returns the keys of the records of a table of the first workspace, nil when they are not
// announced.
func (s metadataStream) keys(table string) []string {
	s.Helper()
	o, err := s.catalog.Describe(s.Context(), mappertest.Relation(s, s.conn, twentydb.Schema, table))
	if err != nil {
		s.Fatal(err)
	}
	if o == nil {
		return nil
	}
	return keysOf(o)
}

func newMetadataStream(t *testing.T) metadataStream {
	conn := TwentyDatabase(t)
	mappertest.Execute(t, conn, "SET search_path TO "+twentydb.Schema+", core")
	return metadataStream{t, conn, TwentyCatalog(t, conn, Config{})}
}

func TestTwentyFollowsFields(t *testing.T) {
	s := newMetadataStream(t)
	want := s.keys("_rocket")
	mass := slices.Index(want, "payloadMass")

	s.exec(`
		ALTER TABLE _rocket RENAME COLUMN "payloadMass" TO mass;
		UPDATE "fieldMetadata" SET name = 'mass', label = 'Mass' WHERE name = 'payloadMass'`)
	want[mass] = "mass"
	mappertest.Equal(t, "after a rename", s.keys("_rocket"), want)

	s.exec(`
		ALTER TABLE _rocket ADD COLUMN "padSite" text, ADD COLUMN "padExtra" jsonb;
		INSERT INTO "fieldMetadata" ("objectMetadataId", type, name, label, "workspaceId",
		  "universalIdentifier", "applicationId")
		SELECT id, 'TEXT', 'padSite', 'Pad', "workspaceId", gen_random_uuid(), "applicationId"
		FROM "objectMetadata" WHERE "nameSingular" = 'rocket'`)
	want = append(want, "padSite")
	mappertest.Equal(t, "after a new field", s.keys("_rocket"), want)

	s.exec(`UPDATE "fieldMetadata" SET "isActive" = false WHERE name = 'mass'`)
	mappertest.Equal(t, "after a field was switched off", s.keys("_rocket"), want)

	s.exec(`UPDATE "fieldMetadata" SET type = 'LINKS' WHERE name = 'padSite'`)
	mappertest.Equal(t, "after the type and not yet the column changed", s.keys("_rocket"), want)

	s.exec(`DELETE FROM "fieldMetadata" WHERE name = 'mass'`)
	want = slices.Delete(want, mass, mass+1)
	mappertest.Equal(t, "after a field was deleted", s.keys("_rocket"), want)

	want = s.keys("person")
	s.exec(`
		ALTER TABLE person RENAME COLUMN "companyId" TO "employerId";
		UPDATE "fieldMetadata" SET name = 'employer', settings = settings || '{"joinColumnName": "employerId"}'
		WHERE name = 'company' AND settings ->> 'joinColumnName' = 'companyId'
			AND "objectMetadataId" = (SELECT id FROM "objectMetadata" WHERE "nameSingular" = 'person')`)
	want[slices.Index(want, "companyId")] = "employerId"
	mappertest.Equal(t, "after a relation was renamed", s.keys("person"), want)
}

func TestTwentyFollowsObjects(t *testing.T) {
	s := newMetadataStream(t)
	names := func(tables ...string) (list []string) {
		for _, table := range tables {
			list = append(list, mappertest.Announced(t, s.catalog,
				mappertest.Relation(t, s.conn, twentydb.Schema, table)))
		}
		return list
	}
	rockets := mappertest.Relation(t, s.conn, twentydb.Schema, "_rocket")

	s.exec(`
		ALTER TABLE _rocket RENAME TO _missile;
		UPDATE "objectMetadata" SET "nameSingular" = 'missile', "namePlural" = 'missiles' WHERE "nameSingular" = 'rocket'`)
	mappertest.Equal(t, "after a rename", names("_missile"), []string{"missile"})
	if got := mappertest.Announced(t, s.catalog, rockets); got != "" {
		t.Errorf("after a rename the old table is announced as %s", got)
	}

	s.exec(`
		CREATE TABLE _pet (id uuid PRIMARY KEY, name text);
		INSERT INTO "objectMetadata" ("nameSingular", "namePlural", "labelSingular", "labelPlural",
		  "targetTableName", "isActive",
			"workspaceId", "applicationId", "universalIdentifier")
		SELECT 'pet', 'pets', 'Pet', 'Pets', 'DEPRECATED', true, "workspaceId", "applicationId",
		  gen_random_uuid()
		FROM "objectMetadata" WHERE "nameSingular" = 'missile';
		INSERT INTO "fieldMetadata" ("objectMetadataId", type, name, label, "workspaceId",
		  "universalIdentifier", "applicationId")
		SELECT id, 'TEXT', 'name', 'Name', "workspaceId", gen_random_uuid(), "applicationId"
		FROM "objectMetadata" WHERE "nameSingular" = 'pet'`)
	mappertest.Equal(t, "after a new object", s.keys("_pet"), []string{"name"})

	s.exec(`UPDATE "objectMetadata" SET "isActive" = "nameSingular" NOT IN ('pet', 'person')`)
	mappertest.Equal(t, "after objects were switched off", names("_pet", "person", "company"),
		[]string{"", "", "company"})
	s.exec(`UPDATE "objectMetadata" SET "isActive" = true`)
	mappertest.Equal(t, "after objects were switched on", names("_pet", "person"),
		[]string{"pet", "person"})

	s.exec(`DELETE FROM "objectMetadata" WHERE "nameSingular" = 'pet'`)
	mappertest.Equal(t, "after an object was deleted", names("_pet", "person"), []string{"", "person"})

	s.exec(`UPDATE "objectMetadata" SET "nameSingular" = 'x' WHERE "nameSingular" = 'note';
		UPDATE "objectMetadata" SET "nameSingular" = 'note', "namePlural" = 'y'
		  WHERE "nameSingular" = 'task';
		UPDATE "objectMetadata" SET "nameSingular" = 'task' WHERE "nameSingular" = 'x';
		ALTER TABLE note RENAME TO x; ALTER TABLE task RENAME TO note; ALTER TABLE x RENAME TO task`)
	mappertest.Equal(t, "after two objects changed names", names("note", "task"),
		[]string{"note", "task"})
	if keys := s.keys("note"); !slices.Contains(keys, "dueAt") {
		t.Errorf("after two objects changed names one still has the keys of the other: %v", keys)
	}
	if got := s.catalog.Profile(); got != "twenty" {
		t.Errorf("got profile %s", got)
	}
}

func TestTwentyFollowsWorkspaces(t *testing.T) {
	s := newMetadataStream(t)
	var second string
	s.follow(func() {
		var err error
		if second, err = twentydb.AddWorkspace(t.Context(), s.conn, secondWorkspace,
			"Second"); err != nil {
			t.Fatal(err)
		}
	})
	rockets := mappertest.Relation(t, s.conn, second, "_rocket")
	if o := mappertest.Describe(t, s.catalog, rockets); o.Object != "rocket" ||
		o.Workspace != secondWorkspace {
		t.Errorf("a new workspace's records are announced as %s of %s", o.Object, o.Workspace)
	}
	expect := func(when, want string) {
		t.Helper()
		if got := mappertest.Announced(t, s.catalog, rockets); got != want {
			t.Errorf("%s its records are announced as %q, want %q", when, got, want)
		}
		if s.keys("person") == nil {
			t.Errorf("%s records of the other workspace are not announced", when)
		}
	}
	s.exec(`UPDATE workspace SET "databaseSchema" = NULL WHERE id = '` + secondWorkspace + `'`)
	expect("when the workspace does not name its schema", "rocket")
	s.exec(`UPDATE workspace SET "activationStatus" = 'SUSPENDED' WHERE id = '` + secondWorkspace +
		`'`)
	expect("when the workspace is suspended", "rocket")
	s.exec(`UPDATE workspace SET "databaseSchema" = 'elsewhere' WHERE id = '` + secondWorkspace + `'`)
	expect("when the workspace has another schema", "")
	s.exec(`UPDATE workspace SET "databaseSchema" = '' WHERE id = '` + secondWorkspace + `'`)
	expect("when the workspace has its schema back", "rocket")
	s.exec(`UPDATE workspace SET "deletedAt" = now() WHERE id = '` + secondWorkspace + `'`)
	expect("when the workspace is deleted softly", "")
	s.exec(`UPDATE workspace SET "deletedAt" = NULL WHERE id = '` + secondWorkspace + `'`)
	expect("when the workspace is restored", "rocket")
	s.exec(`BEGIN; SET CONSTRAINTS ALL DEFERRED; DELETE FROM workspace WHERE id = '` +
		secondWorkspace + `'; COMMIT`)
	expect("when the workspace is deleted", "")
	if n := len(s.catalog.metadata.objects.rows); n != len(s.catalog.metadata.names) || n != 10 {
		t.Errorf("when the workspace is deleted %d objects are known by id, %d by name, want 10", n,
			len(s.catalog.metadata.names))
	}
	if n := len(s.catalog.metadata.fieldsOf); n != 10 {
		t.Errorf("when the workspace is deleted the fields of %d objects are known, want 10", n)
	}
}

func TestTwentyGeneration(t *testing.T) {
	s := newMetadataStream(t)
	for _, test := range []struct {
		sql  string
		want bool
	}{
		{`UPDATE workspace SET "metadataVersion" = "metadataVersion" + 1`, false},
		{`UPDATE "fieldMetadata" SET label = 'L', "updatedAt" = now()`, false},
		{
			`UPDATE "fieldMetadata" SET settings = settings || '{"decimals": 2}' WHERE name = 'company'`,
			false,
		},
		{`UPDATE "objectMetadata" SET icon = 'I'`, false},
		{`UPDATE application SET version = '2'`, false},
		{`UPDATE "fieldMetadata" SET name = 'jobTitel' WHERE name = 'jobTitle'`, true},
		{`UPDATE "fieldMetadata" SET type = 'NUMBER' WHERE name = 'tagline'`, true},
		{`UPDATE "objectMetadata" SET "isActive" = false WHERE "nameSingular" = 'task'`, true},
		{
			`UPDATE application SET "universalIdentifier" = gen_random_uuid() WHERE name = 'Standard'`,
			true,
		},
		{`UPDATE workspace SET "deletedAt" = now()`, true},
	} {
		before := s.catalog.Generation()
		s.exec(test.sql)
		if got := s.catalog.Generation() > before; got != test.want {
			t.Errorf("%s\nraised the generation: %v, want %v", test.sql, got, test.want)
		}
	}
}

// TestTwentyPassesOverWhatItHasRead replays a change from before the snapshot, which said something
// else then.
func TestTwentyPassesOverWhatItHasRead(t *testing.T) {
	s := newMetadataStream(t)
	rel := mappertest.Relation(t, s.conn, "core", "fieldMetadata")
	row := mappertest.Read(t, s.conn, rel, "name = 'intro'")[0]
	old := cdc.Change{Kind: cdc.Update, Relation: rel, New: row, Tx: &cdc.Tx{XID: s.transaction()}}
	mappertest.Execute(t, s.conn, `
		UPDATE "fieldMetadata" SET name = 'role' WHERE name = 'intro';
		ALTER TABLE person RENAME COLUMN intro TO role`)
	if err := mappertest.LoadCatalog(t.Context(), s.conn, s.catalog); err != nil {
		t.Fatal(err)
	}
	generation := s.catalog.Generation()
	s.observe(old)
	if keys := s.keys("person"); !slices.Contains(keys, "role") ||
		s.catalog.Generation() != generation {
		t.Errorf("a change that the snapshot covers was applied: %v", keys)
	}
	old.Tx = &cdc.Tx{XID: s.transaction()}
	s.observe(old)
	if keys := s.keys("person"); slices.Contains(keys, "role") ||
		s.catalog.Generation() == generation {
		t.Errorf("a change that the snapshot does not cover was not applied: %v", keys)
	}
}

func TestTwentyKeepsUnchangedColumns(t *testing.T) {
	s := newMetadataStream(t)
	rel := mappertest.Relation(t, s.conn, "core", "fieldMetadata")
	row := mappertest.Read(t, s.conn, rel, `settings ->> 'joinColumnName' = 'pointOfContactId'`)[0]
	row[rel.Column("settings")] = cdc.Unchanged()
	row[rel.Column("name")] = cdc.Text([]byte("contact"))
	s.observe(cdc.Change{Kind: cdc.Update, Relation: rel, New: row, Tx: &cdc.Tx{XID: s.transaction()}})
	if keys := s.keys("opportunity"); !slices.Contains(keys, "pointOfContactId") {
		t.Errorf("got keys %v, want pointOfContactId among them", keys)
	}
}

func TestTwentyTruncate(t *testing.T) {
	s := newMetadataStream(t)
	generation := s.catalog.Generation()
	fields := mappertest.Relation(t, s.conn, "core", "fieldMetadata")
	truncate := cdc.Change{Kind: cdc.Truncate, Relation: fields, Tx: &cdc.Tx{XID: s.transaction()}}
	s.observe(truncate)
	if keys := s.keys("person"); keys == nil || len(keys) > 0 {
		t.Errorf("without fields: got keys %v, want none", keys)
	}
	truncate.Relation = mappertest.Relation(t, s.conn, "core", "objectMetadata")
	s.observe(truncate)
	if keys := s.keys("person"); keys != nil {
		t.Errorf("without objects: got keys %v, want no object", keys)
	}
	if got := s.catalog.Generation(); got != generation+2 {
		t.Errorf("got generation %d, want %d", got, generation+2)
	}
}

func TestTwentyObservesOnlyMetadata(t *testing.T) {
	s := newMetadataStream(t)
	for _, table := range []struct{ schema, name string }{
		{twentydb.Schema, "person"},
		{"core", "webhook"},
	} {
		change := cdc.Change{
			Kind:     cdc.Truncate,
			Relation: mappertest.Relation(t, s.conn, table.schema, table.name), Tx: &cdc.Tx{},
		}
		if s.catalog.Observe(change) {
			t.Errorf("%s.%s is taken for a table that describes records", table.schema, table.name)
		}
	}
}

// TestTwentyFieldOrder expects fields in the order in which their rows are stored.
func TestTwentyFieldOrder(t *testing.T) {
	conn := TwentyDatabase(t)
	// a row that changes goes to the end
	mappertest.Execute(t, conn,
		`UPDATE core."fieldMetadata" SET label = label || '!' WHERE name = 'id'`)
	rel := mappertest.Relation(t, conn, twentydb.Schema, "_rocket")
	fields := mappertest.Relation(t, conn, "core", "fieldMetadata")
	var want []string
	for _, row := range mappertest.Read(t, conn, fields, `
		"objectMetadataId" = (SELECT id FROM core."objectMetadata" WHERE "nameSingular" = 'rocket')
		AND type NOT IN ('RELATION', 'MORPH_RELATION', 'TS_VECTOR')`) {
		want = append(want, row[fields.Column("name")].String())
	}
	got := keysOf(mappertest.Describe(t, TwentyCatalog(t, conn, Config{}), rel))
	mappertest.Equal(t, "keys", got, want)
	if i := slices.Index(got, "id"); i == 0 {
		t.Error("the row of id was not moved, so the test tells nothing")
	}
}
