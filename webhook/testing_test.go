package webhook_test

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
	"hookline/internal/twentydb"
	"hookline/mapper"
	"hookline/webhook"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var (
	twenty  = webhook.Config{Profile: "twenty"}
	generic = webhook.Config{Profile: "generic"}
)

// otherWorkspace is a second tenant, and otherSchema where its records are.
const (
	otherWorkspace = "3b8e6458-5fc1-4e63-8563-008ccddaa6db"
	otherSchema    = "workspace_3ixj3i1a5avy16ptijtb3lae3"
)

// database is a database with a registry of its webhooks, and the stream that the registry follows.
type database struct {
	*webhook.Registry
	t       testing.TB
	url     string
	conn    *pgx.Conn
	metrics *prometheus.Registry
	log     *logBuffer
	next    func() (cdc.Change, error, bool)
}

// newDatabase runs the statements in an empty database and opens a registry, which has read nothing
// yet.
func newDatabase(t testing.TB, cfg webhook.Config, sql ...string) *database {
	t.Helper()
	return newDatabaseAt(t, postgrestest.NewDatabase(t), cfg, sql...)
}

// newDatabaseIn does the same in a database that several tests use one after the other: at its end
// the test empties it.
func newDatabaseIn(t testing.TB, url string, cfg webhook.Config, sql ...string) *database {
	t.Helper()
	d := newDatabaseAt(t, url, cfg, sql...)
	t.Cleanup(func() {
		_, err := d.conn.Exec(context.Background(), `SET client_min_messages = warning;
			DO $$
			DECLARE name text;
			BEGIN
				FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
				  AND nspname <> 'information_schema' LOOP
					EXECUTE format('DROP SCHEMA %I CASCADE', name);
				END LOOP;
			END $$;
			CREATE SCHEMA public`)
		if err != nil {
			t.Error(err)
		}
	})
	return d
}

func newDatabaseAt(t testing.TB, url string, cfg webhook.Config, sql ...string) *database {
	t.Helper()
	d := &database{t: t, url: url, metrics: prometheus.NewRegistry(), log: &logBuffer{}}
	config, err := pgx.ParseConfig(d.url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams = pg.SessionSettings()
	delete(config.RuntimeParams, "search_path") // it makes tables, by names without a schema
	if d.conn, err = pgx.ConnectConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.conn.Close(context.Background()) })
	d.exec(sql...)
	d.reopen(cfg)
	return d
}

// newTwenty does the same in the database of a Twenty with two workspaces.
func newTwenty(t testing.TB, cfg webhook.Config, sql ...string) *database {
	t.Helper()
	url := postgrestest.NewDatabaseLike(t, 0, "Twenty with two workspaces",
		func(ctx context.Context, conn *pgx.Conn) error {
			if err := twentydb.Load(ctx, conn); err != nil {
				return err
			}
			_, err := twentydb.AddWorkspace(ctx, conn, otherWorkspace, "Other")
			return err
		})
	return newDatabaseAt(t, url, cfg, sql...)
}

// reopen puts a new registry in place.
func (d *database) reopen(cfg webhook.Config) {
	d.t.Helper()
	out := io.Writer(d.log)
	if _, isTest := d.t.(*testing.T); isTest {
		out = io.MultiWriter(out, d.t.Output())
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	d.metrics = prometheus.NewRegistry()
	if d.Registry, err = webhook.Open(cfg, log, d.metrics); err != nil {
		d.t.Fatal(err)
	}
}

func (d *database) exec(sql ...string) {
	d.t.Helper()
	for _, statements := range sql {
		if _, err := d.conn.PgConn().Exec(d.t.Context(), statements).ReadAll(); err != nil {
			d.t.Fatalf("%.300s: %v", statements, err)
		}
	}
}

// hook adds a row to Twenty's table and returns its key.
func (d *database) hook(w twentydb.Webhook) (key string) {
	d.t.Helper()
	id, err := twentydb.AddWebhook(d.t.Context(), d.conn, w)
	if err != nil {
		d.t.Fatal(err)
	}
	return "core.webhook/" + id
}

func (d *database) tryLoad() error {
	d.t.Helper()
	tx, err := d.conn.BeginTx(d.t.Context(),
		pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(d.t.Context()) }()
	snapshot, err := cdc.TakeSnapshot(d.t.Context(), tx)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.Load(d.t.Context(), tx, snapshot)
}

func (d *database) load() {
	d.t.Helper()
	if err := d.tryLoad(); err != nil {
		d.t.Fatal(err)
	}
}

// stream loads, and starts to read what is committed from now on. The first tables are those that
// Load finds; more are published too.
func (d *database) stream(more ...cdc.Table) {
	d.t.Helper()
	d.load()
	d.exec("CREATE TABLE public.marker (id int PRIMARY KEY)")
	tables := append(d.Tables(), cdc.Table{Schema: "public", Name: "marker"})
	cfg := cdc.Config{URL: d.url, Slot: "slot_" + d.conn.Config().Database}
	log := slog.New(slog.DiscardHandler)
	if _, err := cdc.Prepare(d.t.Context(), d.conn, cfg, append(tables, more...), nil,
		log); err != nil {
		d.t.Fatal(err)
	}
	source, err := cdc.Open(cfg, nil, log, prometheus.NewRegistry())
	if err != nil {
		d.t.Fatal(err)
	}
	if err := source.Acquire(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(d.t.Context())
	next, stop := iter.Pull2(source.Changes(ctx))
	d.next = next
	d.t.Cleanup(func() {
		cancel()
		stop()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := source.Close(ctx); err != nil {
			d.t.Error(err)
		}
	})
}

// commit runs each of the statements in a transaction of its own, and returns when the registry has
// observed their changes.
func (d *database) commit(sql ...string) {
	d.t.Helper()
	d.exec(append(sql, "INSERT INTO public.marker SELECT count(*) FROM public.marker")...)
	d.observe()
}

// observe lets the registry observe all changes up to the next of table marker.
func (d *database) observe() (changes []cdc.Change) {
	d.t.Helper()
	for {
		change, err, ok := d.next()
		if !ok || err != nil {
			d.t.Fatalf("the stream ended: %v", err)
		}
		if change.Kind == cdc.End {
			continue
		}
		marker := change.Relation.Name == "marker"
		others := marker || change.Relation.Schema == "core" && change.Relation.Name == "workspace"
		if observed := d.Observe(change); observed == others {
			d.t.Fatalf("Observe of a change of %s.%s: %t", change.Relation.Schema, change.Relation.Name,
				observed)
		}
		if marker {
			return changes
		}
		changes = append(changes, change.Clone())
	}
}

// status returns how one webhook stands, and fails when it is not listed.
func (d *database) status(key string) webhook.Status {
	d.t.Helper()
	list := d.List()
	i := slices.IndexFunc(list, func(s webhook.Status) bool { return s.Key == key })
	if i < 0 {
		d.t.Fatalf("%s is not in %+v", key, list)
	}
	return list[i]
}

// matched returns the keys of what hears of an event of the generic profile.
func (d *database) matched(name string) []string { return d.matchedIn("", name) }

func (d *database) matchedIn(workspace, name string) (keys []string) {
	d.t.Helper()
	for _, sub := range d.Match(event(d.t, workspace, name)) {
		keys = append(keys, sub.Key)
	}
	return keys
}

func event(t testing.TB, workspace, name string) mapper.Subject {
	t.Helper()
	object, verb, _ := strings.Cut(name, ".")
	action, ok := mapper.ParseAction(verb)
	if !ok {
		t.Fatalf("event %q", name)
	}
	return mapper.Subject{Name: name, Object: object, Action: action, Workspace: workspace}
}

// logBuffer holds what was logged.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take returns what was logged since the last call.
func (b *logBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}

func equal[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
