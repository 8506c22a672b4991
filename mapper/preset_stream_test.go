package mapper

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/postgres/postgrestest"
)

// application is the database of one that has a preset, whose changes come through a slot: the tables
// that it made, and the statements that it wrote when somebody used it. testdata/presets has them.
type application struct {
	name   string
	schema string
	acts   []act
}

// act is what a user did, once.
type act struct{ name, sql string }

func readApplication(t *testing.T, name string) application {
	t.Helper()
	text := func(file string) string {
		b, err := os.ReadFile(filepath.Join("testdata", "presets", name, file))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	app := application{name: name, schema: text("schema.sql")}
	for _, section := range strings.Split(text("acts.sql"), "-- ACT ")[1:] {
		title, sql, _ := strings.Cut(section, "\n")
		app.acts = append(app.acts, act{title, sql})
	}
	return app
}

// told runs the acts under the default settings and returns what is announced of each.
func (app application) told(t *testing.T, major int) [][]*Event {
	t.Helper()
	url := postgrestest.NewDatabaseMajor(t, major)
	settings, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	settings.ConnConfig.RuntimeParams = cdc.SessionSettings()
	pool, err := pgxpool.NewWithConfig(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	own := settings.ConnConfig.Copy()
	delete(own.RuntimeParams, "search_path") // it makes tables, by names without a schema
	conn, err := pgx.ConnectConfig(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	execute(t, conn, "CREATE TABLE done (act int PRIMARY KEY)")
	execute(t, conn, app.schema)

	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	profile, err := Detect(t.Context(), conn)
	if err != nil || profile != app.name {
		t.Fatalf("the profile is taken for %q, %v", profile, err)
	}
	catalog, err := NewCatalog(profile, Config{}, pool, log)
	if err != nil {
		t.Fatal(err)
	}
	var tables []cdc.Table
	look := cdc.Reading{Tables: catalog.Describing(), Log: log}
	err = look.Do(t.Context(), conn, func(tx pgx.Tx) (err error) {
		tables, err = catalog.Tables(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := cdc.Config{URL: url, Slot: settings.ConnConfig.Database, Keeps: Keeps(catalog)}
	if _, err := cdc.Prepare(t.Context(), conn, cfg, tables, nil, log); err != nil {
		t.Fatal(err)
	}
	source, err := cdc.Open(cfg, nil, log, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := source.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	err = pgx.BeginTxFunc(t.Context(), conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		snapshot, err := cdc.TakeSnapshot(t.Context(), tx)
		if err != nil {
			return err
		}
		return catalog.Load(t.Context(), tx, snapshot)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range app.acts {
		for statement := range strings.SplitSeq(a.sql, ";\n") { // together they would be one transaction
			execute(t, conn, statement)
		}
		execute(t, conn, fmt.Sprintf("INSERT INTO done VALUES (%d)", i))
	}
	return follow(t, source, catalog, pool, log, len(app.acts))
}

// follow returns the events of each of the acts, whose ends are told by rows of a table.
func follow(t *testing.T, source *cdc.Source, catalog Catalog, pool *pgxpool.Pool, log *slog.Logger, acts int) [][]*Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	m := New(catalog, pool, "0badcafe", FormatEvent, log)
	told := make([][]*Event, 1, acts+1)
	for change, err := range source.Changes(ctx) {
		if len(told) > acts {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if change.Kind != cdc.End && catalog.Observe(change) {
			continue
		}
		for _, e := range eventsOf(t, m, change) {
			if e.Object == "done" {
				if told = append(told, nil); len(told) > acts {
					cancel()
				}
				continue
			}
			told[len(told)-1] = append(told[len(told)-1], e)
		}
	}
	if len(told) <= acts {
		t.Fatalf("the stream ended after %d acts", len(told)-1)
	}
	return told[:acts]
}

// TestPresets runs what people did in each application, on the tables that it has made, and compares
// what is announced. An edit of a record is one event of its object, and no credential is in any.
func TestPresets(t *testing.T) {
	for _, p := range presets {
		for _, major := range []int{0, 18} {
			t.Run(fmt.Sprintf("%s on %d", p.name, major), func(t *testing.T) {
				app := readApplication(t, p.name)
				if !strings.Contains(app.schema+fmt.Sprint(app.acts), "canary") {
					t.Fatal("no credential is there that could leave")
				}
				var list strings.Builder
				for i, events := range app.told(t, major) {
					name := app.acts[i].name
					fmt.Fprintln(&list, name)
					of := map[string]int{}
					for _, e := range events {
						fmt.Fprintln(&list, "   ", e.Name, strings.Join(e.updated, ","))
						fmt.Fprintln(&list, "       ", string(e.data))
						of[e.Object]++
						if strings.Contains(strings.ToLower(string(e.body)), "canary") {
							t.Errorf("%s: a credential is in %s", name, e.body)
						}
					}
					if strings.HasPrefix(name, "edit ") && (len(of) != 1 || len(events) != 1) {
						t.Errorf("%s: %d events of %d objects", name, len(events), len(of))
					}
				}
				golden(t, "presets/"+p.name+"/events.txt", []byte(list.String()))
			})
		}
	}
}
