package generic

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
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
	"hookline/mapper"
	"hookline/mapper/mappertest"
	"hookline/mapper/preset"
)

// application is the database of one that has a preset, whose changes come through a slot: the
// tables that it made, and the statements that it wrote when somebody used it. testdata/presets has
// them.
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

// told runs the acts under the default settings and returns what is announced of each. In the end
// look is called, unless it is nil.
func (app application) told(
	t *testing.T, major int, look func(conn *pgx.Conn, g *Catalog, told [][]*mapper.Event),
) [][]*mapper.Event {
	t.Helper()
	url := postgrestest.NewDatabaseMajor(t, major)
	settings, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	settings.ConnConfig.RuntimeParams = pg.SessionSettings()
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
	mappertest.Execute(t, conn, "CREATE TABLE done (act int PRIMARY KEY)")
	mappertest.Execute(t, conn, app.schema)

	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	detected, err := preset.Detect(t.Context(), conn)
	catalog := New(Config{}, pool, log)
	switch {
	case err != nil || (detected != nil) != (app.name != "generic"):
		t.Fatalf("the application is taken for %v, %v", detected, err)
	case detected != nil && detected.Name != app.name:
		t.Fatalf("the application is taken for %s", detected.Name)
	case detected != nil:
		catalog = NewPreset(detected, Config{}, pool, log)
	}
	var tables []cdc.Table
	reading := cdc.ConsistentRead{Tables: catalog.Describing(), Log: log}
	err = reading.Do(t.Context(), conn, func(tx pgx.Tx) (err error) {
		tables, err = catalog.Tables(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := cdc.Config{URL: url, Slot: settings.ConnConfig.Database}
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
	err = pgx.BeginTxFunc(t.Context(), conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead},
		func(tx pgx.Tx) error {
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
			mappertest.Execute(t, conn, statement)
		}
		mappertest.Execute(t, conn, fmt.Sprintf("INSERT INTO done VALUES (%d)", i))
	}
	told := follow(t, source, catalog, pool, log, len(app.acts))
	if look != nil {
		look(conn, catalog, told)
	}
	return told
}

// follow returns the events of each of the acts, whose ends are told by rows of a table.
func follow(
	t *testing.T, source *cdc.Source, catalog *Catalog, pool *pgxpool.Pool, log *slog.Logger, acts int,
) [][]*mapper.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	m := mapper.New(catalog, pool, "0badcafe", mapper.FormatEvent, log)
	m.Serve(mapper.Audience{Commits: true})
	told := make([][]*mapper.Event, 1, acts+1)
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
		for _, e := range mappertest.EventsOf(t, m, change) {
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

// TestPresets runs what people did in each application, on the tables that it has made, and
// compares what is announced. An edit of a record is one event of its object, and no credential is
// in any. No commit tells twice of a record. Of applications whose acts are whole, any act of a
// user is told in three events at most of each commit, but for those that say so, and a mirror that
// is made of the events is what the tables hold.
func TestPresets(t *testing.T) {
	for _, p := range preset.All {
		for _, major := range []int{0, 18} {
			t.Run(fmt.Sprintf("%s on %d", p.Name, major), func(t *testing.T) {
				app := readApplication(t, p.Name)
				if !strings.Contains(app.schema+fmt.Sprint(app.acts), "canary") {
					t.Fatal("no credential is there that could leave")
				}
				var list strings.Builder
				for i, events := range app.told(t, major, app.mirrored(t)) {
					name := app.acts[i].name
					fmt.Fprintln(&list, name)
					of := map[string]int{}
					for _, e := range events {
						fmt.Fprintln(&list, "   ", e.Name, strings.Join(e.Parts().Updated, ","))
						fmt.Fprintln(&list, "       ", string(e.Parts().Data))
						of[e.Object]++
						if holdsCanary(e.Body(mapper.FormatEvent, mapper.Addressee{})) {
							t.Errorf("%s: a credential is in %s", name, e.Body(mapper.FormatEvent, mapper.Addressee{}))
						}
					}
					if strings.HasPrefix(name, "edit ") && (len(of) != 1 || len(events) != 1) {
						t.Errorf("%s: %d events of %d objects", name, len(events), len(of))
					}
					if n := mostInCommit(events); app.isWhole() && isAct(name) && n > mostRecords(name) {
						t.Errorf("%s: %d events of a commit", name, n)
					}
					for _, e := range repeated(events) {
						t.Errorf("%s: a commit tells of a record again: %s %s", name, e.Name, e.Key())
					}
				}
				mappertest.Golden(t, "presets/"+p.Name+"/events.txt", []byte(list.String()))
			})
		}
	}
}
