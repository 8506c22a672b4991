package twenty

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/postgres/postgrestest"
	"hookline/internal/twentydb"
	"hookline/internal/twentydb/twentydbtest"
	"hookline/mapper"
	"hookline/mapper/mappertest"
)

// readers is a Twenty database of some version whose stream is read as the pump does, and every
// event judged.
type readers struct {
	testing.TB
	pool    *pgxpool.Pool
	conn    *pgx.Conn
	catalog *Catalog
	mapper  *mapper.Mapper
	source  *cdc.Source
	changes func() (cdc.Change, error, bool)
	cfg     Config
	stream  cdc.Config

	listings *cdc.StreamCoverage
	end      func() // of the stream
}

// newReaders prepares such a database on a server of some major version. before is SQL that runs
// when there is no slot yet.
func newReaders(
	t testing.TB, major int, version, before string, cfg Config, identity ...cdc.ReplicaIdentity,
) *readers {
	t.Helper()
	url := twentydbtest.NewDatabase(t, major, version)
	settings, err := pg.PoolConfig(url, 4)
	if err != nil {
		t.Fatal(err)
	}
	r := &readers{TB: t, cfg: cfg}
	if r.pool, err = pgxpool.NewWithConfig(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.pool.Close)
	if r.conn, err = pgx.ConnectConfig(t.Context(), settings.ConnConfig); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.conn.Close(context.Background()) })
	mappertest.Execute(t, r.conn, "SET search_path TO "+twentydb.Schema+", core")
	mappertest.Execute(t, r.conn, before)
	r.stream = cdc.Config{
		URL: url, Slot: "slot_" + settings.ConnConfig.Database,
		Publication: "hookline",
	}
	for _, keep := range identity {
		r.stream.Identity = keep
	}
	r.begin()
	return r
}

// begin prepares the database, and reads it from what it is now on.
func (r *readers) begin() {
	r.Helper()
	log := slog.New(slog.NewTextHandler(r.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	r.catalog = New(r.cfg, log)
	r.publish(r.catalog)
	var err error
	if r.source, err = cdc.Open(r.stream, nil, log, prometheus.NewRegistry()); err != nil {
		r.Fatal(err)
	}
	if err := r.source.Acquire(r.Context()); err != nil {
		r.Fatal(err)
	}
	err = pgx.BeginTxFunc(r.Context(), r.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead},
		func(tx pgx.Tx) error {
			snapshot, err := cdc.TakeSnapshot(r.Context(), tx)
			if err != nil {
				return err
			}
			return r.catalog.Load(r.Context(), tx, snapshot)
		})
	if err != nil {
		r.Fatal(err)
	}
	ctx, cancel := context.WithCancel(r.Context())
	changes, stop := iter.Pull2(r.source.Changes(ctx))
	r.changes = changes
	r.mapper = mapper.New(r.catalog, r.pool, "0badcafe", mapper.FormatEvent, log)
	r.listings = cdc.NewStreamCoverage(r.stream, r.pool)
	r.mapper.Follow(mapper.Stream{Ahead: r.source, Listings: r.listings, Slot: r.stream.Slot})
	r.note()
	source := r.source
	r.end = sync.OnceFunc(func() {
		cancel()
		stop()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := source.Close(ctx); err != nil {
			r.Error(err)
		}
	})
	r.Cleanup(r.end)
}

// holdBack has a transaction in another database keep the slot's catalog_xmin where it is, until
// the test ends.
func (r *readers) holdBack(major int) {
	r.Helper()
	other, err := pgx.Connect(r.Context(), postgrestest.NewDatabaseMajor(r, major))
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = other.Close(context.Background()) })
	mappertest.Execute(r, other, "BEGIN; SELECT pg_current_xact_id()")
}

// note has it written down which tables are published.
func (r *readers) note() {
	r.Helper()
	if waiting, err := r.listings.Record(r.Context()); err != nil || waiting {
		r.Fatalf("what is published cannot be written down: waiting %t, %v", waiting, err)
	}
}

// publish prepares the database for the tables that a catalog names.
func (r *readers) publish(catalog *Catalog) {
	r.Helper()
	var tables []cdc.Table
	err := pgx.BeginTxFunc(r.Context(), r.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead},
		func(tx pgx.Tx) (err error) {
			tables, err = catalog.Tables(r.Context(), tx)
			return err
		})
	if err != nil {
		r.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(r.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	if _, err := cdc.Prepare(r.Context(), r.conn, r.stream, tables, nil, log); err != nil {
		r.Fatal(err)
	}
}

// verdicts are the words for what may become of an event.
var verdicts = map[mapper.Verdict]string{
	mapper.Visible: "", mapper.Hidden: "hidden ",
	mapper.Undecided: "undecided ",
}

// until returns what becomes of the events until the workspaceMember of a name is created: each
// with its verdict, unless it is told, its name and the record's id.
func (r *readers) until(name string) (list []string) {
	r.Helper()
	r.events(func(e *mapper.Event, verdict mapper.Verdict) (done bool) {
		if e.Name == "workspaceMember.created" {
			return strings.Contains(string(e.Parts().Data), `"`+name+`"`)
		}
		list = append(list, verdicts[verdict]+e.Name+" "+idIn(e.Parts().Data))
		return false
	})
	return list
}

// events calls f with each event that the stream brings, until f has enough of them.
func (r *readers) events(f func(*mapper.Event, mapper.Verdict) (done bool)) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	for {
		change, err, ok := r.changes()
		if err != nil || !ok {
			r.Fatalf("the stream ended: %v, %v", err, ok)
		}
		if change.Kind != cdc.End && r.catalog.Observe(change) {
			continue
		}
		draft, err := r.mapper.Map(ctx, change)
		for ; draft != nil && err == nil; draft, err = r.mapper.Next(ctx) {
			var verdict mapper.Verdict
			if verdict, err = draft.Verdict(ctx); err != nil {
				break
			}
			if f(draft.Event(), verdict) {
				return
			}
		}
		if err != nil {
			r.Fatal(err)
		}
	}
}

// idIn returns what stands behind "id": in a record.
func idIn(record []byte) string {
	_, rest, _ := strings.Cut(string(record), `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// mark adds the workspaceMember of a name.
func (r *readers) mark(name string) {
	r.Helper()
	mappertest.Execute(r, r.conn,
		`INSERT INTO "workspaceMember" ("userId", "userEmail") VALUES (gen_random_uuid(), '`+name+`')`)
}

// become has statements run, each in a transaction of its own, and returns what becomes of their
// events.
func (r *readers) become(statements ...string) []string {
	r.Helper()
	for _, sql := range statements {
		mappertest.Execute(r, r.conn, sql)
	}
	end := fmt.Sprintf("end-%d", rand.Uint64())
	r.mark(end)
	return r.until(end)
}

// Ids of the tests.
const (
	aPerson = "30000000-0000-4000-8000-000000000001"
	aRocket = "70000000-0000-4000-8000-000000000001"
	aThread = "80000000-0000-4000-8000-000000000001"
	aNote   = "50000000-0000-4000-8000-00000000000%d"
	aTask   = "90000000-0000-4000-8000-00000000000%d"
	aTarget = "60000000-0000-4000-8000-00000000000%d"
	aFile   = "a0000000-0000-4000-8000-00000000000%d"
)

// id returns the n-th id of a kind.
func id(kind string, n int) string { return fmt.Sprintf(kind, n) }

const somebody = `INSERT INTO person (id) VALUES ('` + aPerson +
	`'); INSERT INTO _rocket (id) VALUES ('` + aRocket + `');`

// TestReaders has what Twenty 2.41 and later do and an object as a whole cannot tell.
func TestReaders(t *testing.T) {
	private := readableBy("PRIVATE", "rocket") + ";"
	tests := []struct {
		name, version, before string
		statements, want      []string
	}{
		{
			"notes are told", "2.41", somebody,
			[]string{
				`INSERT INTO note (id) VALUES ('` + id(aNote, 1) + `')`,
				`INSERT INTO "noteTarget" (id, "noteId", "targetPersonId") VALUES ('` + id(aTarget, 1) +
					`', '` + id(aNote, 1) + `', '` + aPerson + `')`,
				`UPDATE note SET title = 'x'`,
			},
			[]string{
				"note.created " + id(aNote, 1), "noteTarget.created " + id(aTarget, 1),
				"note.updated " + id(aNote, 1),
			},
		},
		{
			"files of people are told though a talk may have some", "2.43",
			somebody + `INSERT INTO "agentChatThread" (id) VALUES ('` + aThread + `')`,
			[]string{
				`INSERT INTO attachment (id, "targetPersonId") VALUES ('` + id(aFile, 1) + `', '` + aPerson +
					`')`,
				`INSERT INTO attachment (id, "targetAgentChatThreadId") VALUES ('` + id(aFile, 2) + `', '` +
					aThread + `')`,
			},
			[]string{"attachment.created " + id(aFile, 1), "hidden attachment.created " + id(aFile, 2)},
		},
		{
			"a private object silences what belongs to it alone", "2.41", private + somebody,
			[]string{
				`BEGIN; INSERT INTO note (id) VALUES ('` + id(aNote, 1) + `'), ('` + id(aNote, 2) + `');
				INSERT INTO "noteTarget" (id, "noteId", "targetPersonId") VALUES ('` + id(aTarget, 1) + `', '` + id(aNote, 1) + `', '` + aPerson + `');
				INSERT INTO "noteTarget" (id, "noteId", "targetRocketId") VALUES ('` + id(aTarget, 2) + `', '` + id(aNote, 2) + `', '` + aRocket + `');
				COMMIT`,
				`INSERT INTO attachment (id, "targetRocketId") VALUES ('` + id(aFile, 1) + `', '` + aRocket +
					`')`,
				`INSERT INTO attachment (id, "targetNoteId") VALUES ('` + id(aFile, 2) + `', '` + id(aNote, 1) +
					`')`,
				`INSERT INTO attachment (id, "targetNoteId") VALUES ('` + id(aFile, 3) + `', '` + id(aNote, 2) +
					`')`,
			},
			[]string{
				"note.created " + id(aNote, 1), "hidden note.created " + id(aNote, 2),
				"noteTarget.created " + id(aTarget, 1),
				"hidden noteTarget.created " + id(aTarget, 2), "hidden attachment.created " + id(aFile, 1),
				"attachment.created " + id(aFile, 2), "hidden attachment.created " + id(aFile, 3),
			},
		},
		{
			"a task of a private record alone is not told", "2.41", private + somebody +
				`INSERT INTO task (id) VALUES ('` + id(aTask, 1) + `');
				INSERT INTO "taskTarget" ("taskId", "targetRocketId") VALUES ('` + id(aTask, 1) + `', '` + aRocket + `')`,
			[]string{
				`UPDATE task SET title = 'secret'`,
				`INSERT INTO "taskTarget" (id, "taskId", "targetPersonId") VALUES ('` + id(aTarget, 1) +
					`', '` + id(aTask, 1) + `', '` + aPerson + `')`,
				`UPDATE task SET title = 'known'`,
				`DELETE FROM "taskTarget" WHERE "targetPersonId" IS NOT NULL`,
				`UPDATE task SET title = 'secret again'`,
				`DELETE FROM task`,
			},
			[]string{
				"hidden task.updated " + id(aTask, 1), "taskTarget.created " + id(aTarget, 1),
				"task.updated " + id(aTask, 1),
				"taskTarget.deleted " + id(aTarget, 1), "hidden task.updated " + id(aTask, 1),
				"hidden task.deleted " + id(aTask, 1),
				"hidden taskTarget.deleted ",
			},
		},
		{
			"what belongs to nothing is private, but for notes and tasks", "2.41",
			`INSERT INTO note (id) VALUES ('` + id(aNote, 1) + `'); INSERT INTO task (id) VALUES ('` +
				id(aTask, 1) + `')`,
			[]string{
				`INSERT INTO attachment (id) VALUES ('` + id(aFile, 1) + `')`,
				`INSERT INTO "noteTarget" (id, "noteId") VALUES ('` + id(aTarget, 1) + `', '` + id(aNote, 1) +
					`')`,
				`UPDATE task SET title = 'x'`, `UPDATE note SET title = 'x'`, `DELETE FROM "noteTarget"`,
				`UPDATE note SET title = 'y'`,
			},
			[]string{
				"hidden attachment.created " + id(aFile, 1), "hidden noteTarget.created " + id(aTarget, 1),
				"task.updated " + id(aTask, 1),
				"hidden note.updated " + id(aNote, 1), "hidden noteTarget.deleted " + id(aTarget, 1),
				"note.updated " + id(aNote, 1),
			},
		},
		{
			"what went into the trash with a note keeps it private", "2.41", private + somebody + `
				INSERT INTO note (id) VALUES ('` + id(aNote, 1) + `'), ('` + id(aNote, 2) + `');
				INSERT INTO "noteTarget" ("noteId", "targetRocketId") VALUES ('` + id(aNote, 1) + `', '` + aRocket + `');
				INSERT INTO "noteTarget" ("noteId", "targetPersonId") VALUES ('` + id(aNote, 2) + `', '` + aPerson + `')`,
			[]string{
				`UPDATE note SET "deletedAt" = '2026-01-02 03:04:05.5'`,
				`UPDATE "noteTarget" SET "deletedAt" = '2026-01-02 03:04:05.51'`,
				`UPDATE "noteTarget" SET "targetPersonId" = "targetPersonId"`, // no event
				`DELETE FROM note`,
			},
			[]string{
				"hidden note.deleted " + id(aNote, 1), "note.deleted " + id(aNote, 2),
				"hidden noteTarget.deleted ", "noteTarget.deleted ",
				"hidden note.destroyed " + id(aNote, 1), "note.destroyed " + id(aNote, 2),
				"hidden noteTarget.destroyed ", "noteTarget.destroyed ",
			},
		},
		{
			"a note is destroyed by the transaction that has edited or made it", "2.41", private + somebody + `
				INSERT INTO note (id) VALUES ('` + id(aNote, 1) + `'), ('` + id(aNote, 2) + `'), ('` + id(aNote, 3) + `'), ('` + id(aNote, 4) + `');
				INSERT INTO "noteTarget" ("noteId", "targetRocketId")
				VALUES ('` + id(aNote, 1) + `', '` + aRocket + `'), ('` + id(aNote, 2) + `', '` + aRocket + `');
				INSERT INTO "noteTarget" ("noteId", "targetPersonId") VALUES ('` + id(aNote, 3) + `', '` + aPerson + `')`,
			[]string{
				`BEGIN; UPDATE note SET title = 'x'; DELETE FROM "noteTarget" WHERE "noteId" = '` + id(aNote, 2) + `';
				INSERT INTO note (id, title) VALUES ('` + id(aNote, 5) + `', 'x');
				INSERT INTO "noteTarget" ("noteId", "targetRocketId") VALUES ('` + id(aNote, 5) + `', '` + aRocket + `');
				DELETE FROM note; COMMIT`,
			},
			[]string{
				"hidden note.updated " + id(aNote, 1), "hidden note.updated " + id(aNote, 2),
				"note.updated " + id(aNote, 3),
				"note.updated " + id(aNote, 4), "hidden note.created " + id(aNote, 5),
				"hidden noteTarget.created ",
				"hidden noteTarget.deleted ", "hidden note.deleted " + id(aNote, 1),
				"hidden note.deleted " + id(aNote, 2),
				"note.deleted " + id(aNote, 3), "note.deleted " + id(aNote, 4),
				"hidden note.deleted " + id(aNote, 5),
				"hidden noteTarget.deleted ", "noteTarget.deleted ", "hidden noteTarget.deleted ",
			},
		},
		{
			"a note comes back from the trash before what keeps it private", "2.41", private + somebody + `
				INSERT INTO note (id, "deletedAt") SELECT format('` + aNote[:len(aNote)-2] + `%s', n)::uuid, '2026-01-02 03:04:05.5'
				FROM generate_series(1, 4) n;
				INSERT INTO "noteTarget" ("noteId", "targetRocketId", "deletedAt")
				VALUES ('` + id(aNote, 1) + `', '` + aRocket + `', '2026-01-02 03:04:05.51'),
					('` + id(aNote, 3) + `', '` + aRocket + `', '2026-01-01');
				INSERT INTO "noteTarget" ("noteId", "targetPersonId", "deletedAt")
				VALUES ('` + id(aNote, 2) + `', '` + aPerson + `', '2026-01-02 03:04:05.51')`,
			[]string{`UPDATE note SET "deletedAt" = NULL`},
			[]string{
				"hidden note.restored " + id(aNote, 1), "note.restored " + id(aNote, 2),
				"note.restored " + id(aNote, 3), // its target had been taken away before
				"note.restored " + id(aNote, 4),
			},
		},
		{
			"a file comes back from the trash between its note and what keeps that private", "2.41", private + somebody + `
				INSERT INTO note (id) SELECT format('` + aNote[:len(aNote)-2] + `%s', n)::uuid FROM generate_series(1, 4) n;
				INSERT INTO "noteTarget" ("noteId", "targetRocketId", "deletedAt") VALUES
					('` + id(aNote, 1) + `', '` + aRocket + `', '2026-01-02 03:04:05.51'), ('` + id(aNote, 3) + `', '` + aRocket + `', NULL);
				INSERT INTO "noteTarget" ("noteId", "targetPersonId", "deletedAt") VALUES
					('` + id(aNote, 2) + `', '` + aPerson + `', '2026-01-02 03:04:05.51'),
					('` + id(aNote, 3) + `', '` + aPerson + `', '2026-01-01');
				INSERT INTO attachment (id, "targetNoteId", "deletedAt")
				SELECT format('` + aFile[:len(aFile)-2] + `%s', n)::uuid, format('` + aNote[:len(aNote)-2] + `%s', n)::uuid, '2026-01-02 03:04:05.52'
				FROM generate_series(1, 4) n`,
			[]string{
				`UPDATE attachment SET "deletedAt" = NULL`,
				`UPDATE "noteTarget" SET "deletedAt" = NULL WHERE "deletedAt" > '2026-01-02'`,
				`UPDATE attachment SET "deletedAt" = '2026-01-03' WHERE "targetNoteId" = '` + id(aNote, 1) +
					`'`,
				`UPDATE attachment SET "deletedAt" = NULL WHERE "deletedAt" IS NOT NULL`,
			},
			[]string{
				"undecided attachment.restored " + id(aFile, 1), "attachment.restored " + id(aFile, 2),
				"undecided attachment.restored " + id(aFile, 3), // it may belong to the person, or not any more
				"attachment.restored " + id(aFile, 4), "hidden noteTarget.restored ", "noteTarget.restored ",
				"hidden attachment.deleted " + id(aFile, 1), "hidden attachment.restored " + id(aFile, 1),
			},
		},
		{
			"a file is moved, and destroyed with what it has been moved to", "2.41", private + somebody + `
				INSERT INTO attachment (id, "targetRocketId") VALUES ('` + id(aFile, 1) + `', '` + aRocket + `');
				INSERT INTO attachment (id, "targetPersonId") VALUES ('` + id(aFile, 2) + `', '` + aPerson + `')`,
			[]string{
				`BEGIN; UPDATE attachment SET "targetRocketId" = NULL, "targetPersonId" = '` + aPerson + `' WHERE id = '` + id(aFile, 1) + `';
				UPDATE attachment SET "targetPersonId" = NULL, "targetRocketId" = '` + aRocket + `' WHERE id = '` + id(aFile, 2) + `';
				DELETE FROM person; DELETE FROM attachment; COMMIT`,
			},
			[]string{
				"attachment.updated " + id(aFile, 1), "hidden attachment.updated " + id(aFile, 2),
				"person.deleted " + aPerson,
				"attachment.deleted " + id(aFile, 1), "hidden attachment.deleted " + id(aFile, 2),
			},
		},
	}
	for _, major := range []int{0, 18} {
		for _, test := range tests {
			t.Run(fmt.Sprintf("%d/%s", major, test.name), func(t *testing.T) {
				r := newReaders(t, major, test.version, test.before, Config{})
				got := r.become(test.statements...)
				for i := range got { // ids that were not chosen
					if i < len(test.want) && strings.HasSuffix(test.want[i], " ") &&
						strings.HasPrefix(got[i], test.want[i]) {
						got[i] = test.want[i]
					}
				}
				mappertest.Equal(t, "events", got, test.want)
			})
		}
	}
}

// TestReadersUnknownBefore has notes keep their replica identity: whether an update restores one is
// not known then.
func TestReadersUnknownBefore(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			r := newReaders(t, major, "2.41", readableBy("PRIVATE", "rocket")+";"+somebody+`
				INSERT INTO note (id, "deletedAt") SELECT format('`+aNote[:len(aNote)-2]+`%s', n)::uuid, '2026-01-02 03:04:05.5'
				FROM generate_series(1, 4) n;
				INSERT INTO "noteTarget" ("noteId", "targetRocketId", "deletedAt")
				VALUES ('`+id(aNote, 1)+`', '`+aRocket+`', '2026-01-02 03:04:05.51');
				INSERT INTO "noteTarget" ("noteId", "targetPersonId", "deletedAt")
				VALUES ('`+id(aNote, 2)+`', '`+aPerson+`', '2026-01-02 03:04:05.51');
				INSERT INTO "noteTarget" ("noteId", "targetRocketId") VALUES ('`+id(aNote, 4)+`', '`+aRocket+`')`,
				Config{}, cdc.IdentityKeep)
			mappertest.Equal(t, "events", r.become(`UPDATE note SET "deletedAt" = NULL`), []string{
				"undecided note.updated " + id(aNote, 1), "note.updated " + id(aNote, 2),
				"note.updated " + id(aNote, 3), "hidden note.updated " + id(aNote, 4),
			})
			mappertest.Equal(t, "events", r.become(`UPDATE note SET "deletedAt" = '2026-01-02 03:04:05.5'`),
				[]string{
					"hidden note.deleted " + id(aNote, 1), "note.deleted " + id(aNote, 2),
					"note.deleted " + id(aNote, 3), "hidden note.deleted " + id(aNote, 4),
				})
		})
	}
}

// TestReadersDeletedUnderKeep has files deleted of which the stream brings the key alone: what they
// belonged to is not known, which is not the same as that it was private.
func TestReadersDeletedUnderKeep(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			r := newReaders(t, major, "2.41", readableBy("PRIVATE", "rocket")+";"+somebody+`
				INSERT INTO attachment (id, "targetPersonId", "targetRocketId") VALUES ('`+id(aFile, 1)+`', '`+aPerson+`', NULL),
					('`+id(aFile, 2)+`', NULL, '`+aRocket+`'), ('`+id(aFile, 3)+`', NULL, NULL)`, Config{}, cdc.IdentityKeep)
			mappertest.Equal(t, "events", r.become(`UPDATE attachment SET "deletedAt" = now()`), []string{
				"attachment.deleted " + id(aFile, 1), "hidden attachment.deleted " + id(aFile, 2),
				"hidden attachment.deleted " + id(aFile, 3),
			})
			mappertest.Equal(t, "events", r.become(`DELETE FROM attachment`), []string{
				"undecided attachment.deleted " + id(aFile, 1), "undecided attachment.deleted " + id(aFile, 2),
				"undecided attachment.deleted " + id(aFile, 3),
			})
		})
	}
}

// TestReadersRightRevoked has the role lose the right to read what decides, while the stream is
// read, and get it back.
func TestReadersRightRevoked(t *testing.T) {
	r := newReaders(t, 0, "2.41", somebody+`INSERT INTO note (id) VALUES ('`+id(aNote, 1)+`')`,
		Config{})
	settings := r.pool.Config()
	role := "reader_" + settings.ConnConfig.Database
	mappertest.Execute(t, r.conn, `CREATE ROLE `+role+`; GRANT USAGE ON SCHEMA hookline, `+twentydb.Schema+` TO `+role+`;
		GRANT SELECT ON ALL TABLES IN SCHEMA hookline, `+twentydb.Schema+` TO `+role)
	t.Cleanup(func() {
		conn, err := pgx.ConnectConfig(context.Background(), settings.ConnConfig)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+
			role); err != nil {
			t.Error(err)
		}
	})
	settings.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET ROLE "+role)
		return err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var log bytes.Buffer
	r.catalog.links.pool, r.catalog.links.unread.log = pool, slog.New(slog.NewTextHandler(&log, nil))
	for _, step := range []struct {
		sql, verdict string
		unread       int
		logged       []string
	}{
		{
			`REVOKE SELECT ON "noteTarget" FROM ` + role, "undecided ", 1,
			[]string{"level=ERROR", `noteTarget`, "GRANT SELECT ON"},
		},
		{`SELECT`, "undecided ", 1, nil},
		{`GRANT SELECT ON "noteTarget" TO ` + role, "", 0, []string{"level=INFO", "can be read again"}},
		// what is known is not asked again
		{`ALTER TABLE "noteTarget" ENABLE ROW LEVEL SECURITY`, "", 0, nil},
	} {
		mappertest.Execute(t, r.conn, step.sql)
		log.Reset()
		mappertest.Equal(t, step.sql, r.become(`UPDATE note SET title = coalesce(title, '') || 'x'`),
			[]string{step.verdict + "note.updated " + id(aNote, 1)})
		if got := r.mapper.UnreadTables(); got != step.unread {
			t.Errorf("%s: %d tables are not read, want %d", step.sql, got, step.unread)
		}
		if step.logged == nil && log.Len() > 0 {
			t.Errorf("%s: logged %s", step.sql, log.String())
		}
		for _, part := range step.logged {
			if !strings.Contains(log.String(), part) {
				t.Errorf("%s: logged %q, want %q in it", step.sql, log.String(), part)
			}
		}
	}
}

// A server of version 2.46 holds three objects private before it comes to upgrade the workspace.
func TestReadersBeforeUpgrade(t *testing.T) {
	r := newReaders(t, 0, "2.43", "", Config{})
	const write = `INSERT INTO "messageThread" DEFAULT VALUES; INSERT INTO message DEFAULT VALUES; INSERT INTO "calendarEvent" DEFAULT VALUES`
	if got := r.become(write); len(got) != 3 {
		t.Errorf("before, events are %q, want three", got)
	}
	if err := twentydb.UpgradeServer(t.Context(), r.conn, "2.46"); err != nil {
		t.Fatal(err)
	}
	if got := r.become(write); len(got) != 0 {
		t.Errorf("of the server's 2.46, events are %q, want none", got)
	}
	r.cfg.PrivateObjects = []string{"message"}
	mappertest.Equal(t, "private", r.catalog.Private(), []string{
		"agentChatThread", "agentChatThreadTarget", "agentMessage", "agentMessagePart", "agentTurn",
		"agentTurnEvaluation", "calendarEvent",
		"calendarEventTarget", "campaignDelivery", "message", "messageSuppression", "messageThread",
		"messageThreadTarget", "recordShare", "shortLink",
	})
}

// No query is made for a record whose parents lie in its own row, nor for one that the stream has
// told all about.
func TestReadersAskSeldom(t *testing.T) {
	r := newReaders(t, 0, "2.43", readableBy("PRIVATE", "rocket")+";"+somebody+
		`INSERT INTO note (id) VALUES ('`+id(aNote, 1)+`')`, Config{})
	queries := func(statements ...string) int {
		before := r.catalog.links.asked
		r.become(statements...)
		return r.catalog.links.asked - before
	}
	if n := queries(`INSERT INTO attachment ("targetPersonId") VALUES ('`+aPerson+`')`,
		`INSERT INTO attachment ("targetRocketId") VALUES ('`+aRocket+`')`,
		`INSERT INTO "noteTarget" ("targetPersonId") VALUES ('`+aPerson+`')`,
		`UPDATE attachment SET name = 'x'`, `DELETE FROM attachment`); n != 0 {
		t.Errorf("%d queries for rows that say themselves what they belong to, want none", n)
	}
	if n := queries(`UPDATE note SET title = 'x'`, `UPDATE note SET title = 'y'`); n != 1 {
		t.Errorf("%d queries for two edits of an old note, want one", n)
	}
	if n := queries(`INSERT INTO note (id) VALUES ('`+id(aNote, 2)+`')`,
		`INSERT INTO "noteTarget" ("noteId", "targetPersonId") VALUES ('`+id(aNote, 2)+`', '`+aPerson+
			`')`, `UPDATE note SET title = 'z'`, `DELETE FROM note`); n != 0 {
		t.Errorf("%d queries for a note that the stream has brought, want none", n)
	}
}

// Queries are put together for what is about to come.
func TestReadersAskTogether(t *testing.T) {
	r := newReaders(t, 0, "2.41", `INSERT INTO note (title) SELECT 'old' FROM generate_series(1, 200)`,
		Config{})
	if got := r.become(`UPDATE note SET title = 'new'`); len(got) != 200 ||
		slices.ContainsFunc(got, func(s string) bool {
			return !strings.HasPrefix(s, "note.")
		}) {
		t.Fatalf("got %d events: %q", len(got), got)
	}
	if n := r.catalog.links.asked; n > 4 {
		t.Errorf("%d queries for 200 notes of one transaction, want a few", n)
	}
}

// TestReadersOperations does what an API does to the records of every object, on every version: as
// long as no object is private, all is told alike.
func TestReadersOperations(t *testing.T) {
	var statements, want []string
	do := func(event, sql string) { statements, want = append(statements, sql), append(want, event) }
	for i, table := range []string{"company", "person", "opportunity", "_rocket", "note", "task"} {
		object, record := strings.TrimPrefix(table, "_"),
			fmt.Sprintf("b0000000-0000-4000-8000-00000000000%d", i)
		where := ` WHERE id = '` + record + `'`
		do(object+".created "+record, `INSERT INTO `+table+` (id) VALUES ('`+record+`')`)
		do(object+".updated "+record, `UPDATE `+table+` SET position = 7`+where)
		do(object+".deleted "+record, `UPDATE `+table+` SET "deletedAt" = now()`+where)
		do(object+".restored "+record, `UPDATE `+table+` SET "deletedAt" = NULL`+where)
	}
	for i, record := range []string{"note", "task"} {
		target, of := fmt.Sprintf("c0000000-0000-4000-8000-00000000000%d", i),
			fmt.Sprintf("b0000000-0000-4000-8000-00000000000%d", 4+i)
		table := record + "Target"
		do(table+".created "+target,
			fmt.Sprintf(
				`INSERT INTO %q (id, "%sId", "targetPersonId") VALUES ('%s', '%s', 'b0000000-0000-4000-8000-000000000001')`,
				table, record, target, of))
		do(record+".updated "+of, `UPDATE `+record+` SET title = 'x'`)
		do(record+".deleted "+of, `UPDATE `+record+` SET "deletedAt" = now()`)
		do(table+".deleted "+target, fmt.Sprintf(`UPDATE %q SET "deletedAt" = now()`, table))
		do(record+".updated "+of, `UPDATE `+record+` SET title = 'y'`)
		statements, want = append(statements, `DELETE FROM `+record),
			append(want, record+".destroyed "+of, table+".destroyed "+target)
	}
	for _, version := range twentydb.Versions {
		t.Run(version, func(t *testing.T) {
			mappertest.Equal(t, "events", newReaders(t, 0, version, "", Config{}).become(statements...),
				want)
		})
	}
}

// The first note of a workspace that comes while the stream is read is judged like all others,
// though another transaction, which goes on and on, keeps the slot's catalog_xmin where it was.
func TestReadersNewWorkspace(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			r := newReaders(t, major, "2.43", "", Config{})
			r.holdBack(major)
			schema, err := twentydb.AddWorkspace(t.Context(), r.conn, secondWorkspace, "Second")
			if err != nil {
				t.Fatal(err)
			}
			if err := twentydb.Upgrade(t.Context(), r.conn, "2.43"); err != nil {
				t.Fatal(err)
			}
			r.publish(New(r.cfg, slog.New(slog.DiscardHandler)))
			r.note()
			insert := `INSERT INTO ` + schema + `.note (id) VALUES ('` + id(aNote, 1) + `')`
			mappertest.Equal(t, "events", r.become(insert), []string{"note.created " + id(aNote, 1)})
		})
	}
}

// Likewise one that a process has published which ended before it read, or noted, anything of it:
// the next one finds what was written since.
func TestReadersNewWorkspaceAfterRestart(t *testing.T) {
	for _, major := range []int{0, 18} {
		t.Run(strconv.Itoa(major), func(t *testing.T) {
			r := newReaders(t, major, "2.43", "", Config{})
			r.holdBack(major)
			schema, err := twentydb.AddWorkspace(t.Context(), r.conn, secondWorkspace, "Second")
			if err != nil {
				t.Fatal(err)
			}
			if err := twentydb.Upgrade(t.Context(), r.conn, "2.43"); err != nil {
				t.Fatal(err)
			}
			mappertest.Execute(t, r.conn,
				`UPDATE "objectMetadata" SET readability = 'PRIVATE' WHERE "nameSingular" = 'rocket'`)
			r.publish(New(r.cfg, slog.New(slog.DiscardHandler)))
			r.end()
			table := func(name string) string { return schema + `."` + name + `"` }
			mappertest.Execute(t, r.conn, `INSERT INTO `+table("person")+` (id) VALUES ('`+aPerson+`');
				INSERT INTO `+table("_rocket")+` (id) VALUES ('`+aRocket+`')`)
			mappertest.Execute(t, r.conn, `INSERT INTO `+table("note")+` (id) VALUES ('`+id(aNote, 1)+
				`'), ('`+id(aNote, 2)+`')`)
			mappertest.Execute(t, r.conn, `INSERT INTO `+table("noteTarget")+` (id, "noteId", "targetPersonId") VALUES
				('`+id(aTarget, 1)+`', '`+id(aNote, 1)+`', '`+aPerson+`')`)
			mappertest.Execute(t, r.conn, `INSERT INTO `+table("noteTarget")+` (id, "noteId", "targetRocketId") VALUES
				('`+id(aTarget, 2)+`', '`+id(aNote, 2)+`', '`+aRocket+`')`)
			mappertest.Execute(t, r.conn, `UPDATE `+table("note")+` SET title = 'x'`)
			r.begin()
			mappertest.Equal(t, "events", r.become(), []string{
				"person.created " + aPerson, "note.created " + id(aNote, 1), "note.created " + id(aNote, 2),
				"noteTarget.created " + id(aTarget, 1), "hidden noteTarget.created " + id(aTarget, 2),
				"note.updated " + id(aNote, 1), "hidden note.updated " + id(aNote, 2),
			})
		})
	}
}

// TestReadersFarBehind has more come in between than is read ahead. What has not changed since
// still tells; what may have, does not.
func TestReadersFarBehind(t *testing.T) {
	notes := func(n int) (list []string) {
		for i := range n {
			list = append(list, id(aNote, i+1))
		}
		return list
	}(4)
	r := newReaders(t, 0, "2.41", readableBy("PRIVATE", "rocket")+";"+somebody+`
		INSERT INTO note (id) VALUES ('`+strings.Join(notes, "'), ('")+`');
		INSERT INTO "noteTarget" ("noteId", "targetPersonId") VALUES ('`+notes[0]+`', '`+aPerson+`'), ('`+notes[3]+`', '`+aPerson+`');
		INSERT INTO "noteTarget" ("noteId", "targetRocketId") VALUES ('`+notes[1]+`', '`+aRocket+`')`, Config{})
	const much = `UPDATE "workspaceMember" SET "colorScheme" = random()::text FROM generate_series(1, 5) n`
	mappertest.Execute(t, r.conn,
		`INSERT INTO "workspaceMember" ("userId") SELECT gen_random_uuid() FROM generate_series(1, 6000)`)
	r.become()
	mappertest.Execute(t, r.conn, `UPDATE note SET title = 'x'`)
	mappertest.Execute(t, r.conn, `BEGIN;
		INSERT INTO note (id, title) VALUES ('`+id(aNote, 8)+`', 'new'), ('`+id(aNote, 9)+`', 'new and private'), ('`+id(aNote, 7)+`', 'new');
		`+much+`;
		INSERT INTO "noteTarget" ("noteId", "targetPersonId") VALUES ('`+id(aNote, 8)+`', '`+aPerson+`');
		INSERT INTO "noteTarget" ("noteId", "targetRocketId") VALUES ('`+id(aNote, 9)+`', '`+aRocket+`');
		SAVEPOINT s;
		INSERT INTO "noteTarget" ("noteId", "targetPersonId") VALUES ('`+id(aNote, 7)+`', '`+aPerson+`');
		COMMIT`)
	mappertest.Execute(t, r.conn, `DELETE FROM "noteTarget" WHERE "noteId" = '`+notes[3]+`'`)
	got := slices.DeleteFunc(r.become(), func(s string) bool {
		return strings.Contains(s, "Target.") || strings.Contains(s, "workspaceMember")
	})
	mappertest.Equal(t, "events", got, []string{
		"note.updated " + notes[0], "undecided note.updated " + notes[1],
		"undecided note.updated " + notes[2], "undecided note.updated " + notes[3],
		"note.created " + id(aNote, 8), "undecided note.created " + id(aNote, 9),
		// its target has the id of a savepoint, not of the transaction
		"undecided note.created " + id(aNote, 7),
	})
	// Once it has caught up, everything is known.
	mappertest.Equal(t, "events", r.become(`UPDATE note SET title = 'y'`), []string{
		"note.updated " + notes[0], "hidden note.updated " + notes[1], "note.updated " + notes[2],
		"note.updated " + notes[3],
		"note.updated " + id(aNote, 8), "hidden note.updated " + id(aNote, 9),
		"note.updated " + id(aNote, 7),
	})
}
