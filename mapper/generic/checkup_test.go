package generic

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper/mappertest"
)

// An object's name that is another one than in earlier versions is told, once in the log, until the
// configuration says what it is.
func TestNamesThatHaveChanged(t *testing.T) {
	conn := mappertest.Connect(t)
	mappertest.Execute(t, conn, `CREATE TABLE people (id int PRIMARY KEY); CREATE TABLE area (id int PRIMARY KEY); CREATE TABLE "flashDrives" (id int PRIMARY KEY);
		CREATE TABLE gps (id int PRIMARY KEY); CREATE TABLE lens (id int); CREATE SCHEMA other; CREATE
		  TABLE other.idea (id int PRIMARY KEY);
		CREATE TABLE zebra (id int PRIMARY KEY)`)
	var log bytes.Buffer
	names := map[string]string{"public.gps": "gps"}
	g := New(Config{Exclude: []string{"zebra"}, ObjectNames: names}, nil,
		slog.New(slog.NewTextHandler(&log, nil)))
	var tables []cdc.Table
	for range 2 {
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) (err error) {
			tables, err = g.Tables(t.Context(), tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "another name than in earlier versions"); n != 2 {
		t.Errorf("told %d times, want once of each of two: %s", n, log.String())
	}
	found := g.checkNames(tables)
	if len(found) != 1 || found[0].Level != cdc.Warning ||
		!strings.HasSuffix(found[0].Found,
			`: "public"."area" is area, and was areum; "public"."flashDrives" is flashDrive, and was flashDrife`) ||
		!strings.HasPrefix(found[0].Hint,
			"HOOKLINE_OBJECT_NAMES=public.area=areum,public.flashDrives=flashDrife keeps") {
		t.Errorf("found %+v, want area and flashDrive", found)
	}
	names["public.area"], names["public.flashDrives"] = "areum", "flashDrive"
	if found := g.checkNames(tables); found != nil {
		t.Errorf("found %+v, and the configuration says the names", found)
	}
}

func TestKeysOfTables(t *testing.T) {
	conn := mappertest.Connect(t)
	mappertest.Execute(t, conn, `CREATE TABLE people (id int PRIMARY KEY); CREATE TABLE visits (at timestamptz); CREATE TABLE secrets (id int);
		CREATE SCHEMA other; CREATE TABLE other.visits (at timestamptz); CREATE TEMP TABLE passing (id
		  int);
		CREATE UNLOGGED TABLE drafts (id int PRIMARY KEY)`)
	g := New(Config{Exclude: []string{"secret"}}, nil, slog.New(slog.DiscardHandler))
	found, err := g.checkKeys(t.Context(), conn, "hookline")
	if err != nil || len(found) != 2 || found[0].Level != cdc.Warning ||
		found[1].Level != cdc.Warning {
		t.Fatalf("found %+v, %v, want public.drafts and public.visits", found, err)
	}
	if sql := found[0].SQL; len(sql) != 1 || sql[0] != `ALTER TABLE "public"."drafts" SET LOGGED` ||
		!strings.Contains(found[0].Found, "UNLOGGED") {
		t.Errorf("of the table that is not logged: %+v", found[0])
	}
	if found[1].Check != "table left out" ||
		!strings.HasPrefix(found[1].Hint, "HOOKLINE_EXCLUDE=public.visits, ") ||
		!strings.Contains(found[1].Hint, `if the schema is yours, give it one, as its owner: `+
			`ALTER TABLE "public"."visits" ADD PRIMARY KEY`) {
		t.Errorf("of the table without a key: %+v", found[1])
	}
	mappertest.Execute(t, conn, `CREATE PUBLICATION hookline FOR TABLE visits`)
	found, err = g.checkKeys(t.Context(), conn, "hookline")
	if err != nil || len(found) != 2 || found[1].Check != "table published" {
		t.Errorf("of the table without a key that is published: %+v, %v", found, err)
	}
	g = New(Config{Exclude: []string{"secret", "public.visits"}}, nil, mappertest.Discard)
	if found, err = g.checkKeys(t.Context(), conn, "hookline"); err != nil || len(found) != 1 {
		t.Errorf("with what it says to set: %+v, %v", found, err)
	}
}
