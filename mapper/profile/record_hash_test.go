package profile

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
	"hookline/internal/twentydb"
	"hookline/mapper"
	"hookline/mapper/generic"
	"hookline/mapper/mappertest"
	"hookline/mapper/twenty"
)

// What an operator finds by the ID of a record are the events of that record.
func TestRecordsOf(t *testing.T) {
	const key = "6f687b23-3329-48bd-af34-bd7857815943"
	find := func(catalog mapper.Catalog, rel *cdc.Relation, records []uint64, err error) {
		t.Helper()
		o := mappertest.Describe(t, catalog, rel)
		row := make(cdc.Tuple, len(rel.Columns))
		row[rel.Column("id")] = cdc.Text([]byte(key))
		if err != nil || !slices.Contains(records, mappertest.RecordIn(t, o, row)) ||
			slices.Contains(records, 0) {
			t.Errorf("%s: %v, %v: %d is not among them", rel.Name, records, err,
				mappertest.RecordIn(t, o, row))
		}
		row[rel.Column("id")] = cdc.Text([]byte(key[1:]))
		if slices.Contains(records, mappertest.RecordIn(t, o, row)) {
			t.Errorf("%s: another record is among them", rel.Name)
		}
	}
	conn := mappertest.Connect(t)
	if err := twentydb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(t.Context(), conn.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	records, err := RecordsOf(t.Context(), conn, "twenty", "", key)
	ofTwenty := twenty.New(twenty.Config{}, mappertest.Discard)
	if err := mappertest.LoadCatalog(t.Context(), conn, ofTwenty); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"person", "company"} {
		find(ofTwenty, mappertest.Relation(t, conn, twentydb.Schema, table), records, err)
	}
	mappertest.Execute(t, conn,
		`CREATE TABLE public.people (id uuid PRIMARY KEY, name text); CREATE PUBLICATION p FOR TABLE public.people`)
	records, err = RecordsOf(t.Context(), conn, "generic", "p", key)
	catalog := generic.New(generic.Config{}, pool, mappertest.Discard)
	if err := mappertest.LoadCatalog(t.Context(), conn, catalog); err != nil {
		t.Fatal(err)
	}
	find(catalog, mappertest.Relation(t, conn, "public", "people"), records, err)
}
