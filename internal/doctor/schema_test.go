package doctor

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/migrate"
	"hookline/internal/postgres/postgrestest"
)

// What an older version's table of webhooks lacks is told, each with SQL that adds it.
func TestLacking(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), postgrestest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	find := func() []cdc.Finding {
		t.Helper()
		pending, err := migrate.Pending(t.Context(), conn, "hookline", migrate.Webhooks)
		if err != nil {
			t.Fatal(err)
		}
		return lacking(pending)
	}
	exec(migrate.Script("hookline", migrate.Webhooks))
	if found := find(); found != nil {
		t.Errorf("of a new table: %+v", found)
	}
	exec("ALTER TABLE hookline.webhook DROP rekey, DROP mask; DROP FUNCTION hookline.annotate")
	found := find()
	if len(found) != 3 {
		t.Fatalf("found %+v, want three", found)
	}
	for _, f := range found {
		if f.Level != cdc.Warning || f.Found == "" {
			t.Errorf("%+v", f)
		}
		exec(f.SQL[0])
	}
	if found := find(); found != nil {
		t.Errorf("after the SQL was run: %+v", found)
	}
}
