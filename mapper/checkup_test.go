package mapper

import (
	"log/slog"
	"strings"
	"testing"

	"hookline/cdc"
	"hookline/internal/twentydb"
)

func TestAnnounces(t *testing.T) {
	conn := twentyDatabase(t)
	execute(t, conn, `UPDATE core."objectMetadata" SET "isActive" = false WHERE "nameSingular" = 'note'`)
	catalog := twentyCatalog(t, conn, Config{})
	for object, want := range map[string]bool{"person": true, "rocket": true, "_rocket": false, "note": false, "timelineActivity": false, "dog": false} {
		if got, err := Announces(catalog, nil, twentydb.Workspace, object); err != nil || got != want {
			t.Errorf("%s is announced: %t, %v, want %t", object, got, err, want)
		}
	}
	for _, workspace := range []string{"", "nonsense", "3b8e6458-5fc1-4e63-8563-008ccddaa6db"} {
		if _, err := Announces(catalog, nil, workspace, "person"); err == nil {
			t.Errorf("workspace %q is said to be there", workspace)
		}
	}
}

func TestKeysOfTables(t *testing.T) {
	conn := connect(t)
	execute(t, conn, `CREATE TABLE people (id int PRIMARY KEY); CREATE TABLE visits (at timestamptz); CREATE TABLE secrets (id int);
		CREATE SCHEMA other; CREATE TABLE other.visits (at timestamptz); CREATE TEMP TABLE passing (id int);
		CREATE UNLOGGED TABLE drafts (id int PRIMARY KEY)`)
	g := NewGeneric(Config{Exclude: []string{"secret"}}, nil, slog.New(slog.DiscardHandler))
	found, err := g.CheckKeys(t.Context(), conn)
	if err != nil || len(found) != 2 || found[0].Level != cdc.Warning || found[1].Level != cdc.Warning {
		t.Fatalf("found %+v, %v, want public.drafts and public.visits", found, err)
	}
	if sql := found[0].SQL; len(sql) != 1 || sql[0] != `ALTER TABLE "public"."drafts" SET LOGGED` || !strings.Contains(found[0].Found, "UNLOGGED") {
		t.Errorf("of the table that is not logged: %+v", found[0])
	}
	if !strings.Contains(found[1].Mend, `ALTER TABLE "public"."visits" ADD PRIMARY KEY`) {
		t.Errorf("of the table without a key: %+v", found[1])
	}
}
