package mirror

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/e2e"
	"hookline/internal/postgres/postgrestest"
)

// TestMirror does to tables whatever a CRM and its migrations may do to them, in an order that a
// seed decides, while Hookline runs, is stopped and is killed. No statement fails or waits for
// Hookline, and in the end a mirror that is kept from the events alone equals the tables.
//
// It is short and always the same, unless E2E_MIRROR says how many schedules to run. E2E_SEED is
// the seed of the first one; the others have the numbers after it.
func TestMirror(t *testing.T) {
	t.Parallel()
	first, schedules := uint64(1), uint64(24)
	if text := os.Getenv("E2E_MIRROR"); text != "" {
		first, schedules = *e2e.Seed%1e9, number(t, "E2E_MIRROR")
	}
	if os.Getenv("E2E_SEED") != "" {
		first = number(t, "E2E_SEED")
	}
	for name, major := range map[string]int{"default": 0, "18": 18} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			postgrestest.NeedMajor(t, major)
			began, run := time.Now(), uint64(0)
			for run < schedules && !t.Failed() {
				n := min(batch, schedules-run)
				t.Run(fmt.Sprint(first+run), func(t *testing.T) { newMirrorRun(t, major, first+run, n).run() })
				run += n
			}
			took := time.Since(began)
			t.Logf("%d schedules from E2E_SEED=%d on in %s, %.1f/s",
				run, first, took.Round(time.Second), float64(run)/took.Seconds())
		})
	}
}

// number returns the whole number that a variable holds.
func number(t *testing.T, variable string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(os.Getenv(variable), 10, 64)
	if err != nil {
		t.Fatalf("%s=%q: it takes a whole number", variable, os.Getenv(variable))
	}
	return n
}

const (
	// schedules that share a database and a Hookline: a look costs 2 s, however many there are
	batch    = 200
	looks    = 3 // of one schedule, once Hookline runs
	sessions = 6 // in which schedules are run, one act at a time
	chances  = 8 // looks that Hookline has to take up what was done
)

// mirrorSettings are those of the CRM's sessions. The time-outs are reached only if somebody keeps
// a lock.
const mirrorSettings = "SET lock_timeout = '20s'; SET statement_timeout = '60s'"

// mirrorRun is some schedules that share a database, in schemas of their own, and a Hookline.
type mirrorRun struct {
	t         *testing.T
	seed      uint64
	db        *e2e.Database
	pool      *pgxpool.Pool
	box       *e2e.Inbox
	schedules []*performance
	settings  []string
	sut       *e2e.Process
	committed atomic.Int64 // acts
	barriers  int
	lives     int // of Hookline

	read int             // requests of the inbox that are in seen
	seen map[string]bool // object, action and id of what was accepted
}

// performance is a schedule that is carried out.
type performance struct {
	*schedule
	marks []mark // one for each act that was done
	err   error  // of the act after them; the schedule ends there
	late  error  // what the last look has left undone
}

func newMirrorRun(t *testing.T, major int, first, schedules uint64) *mirrorRun {
	t.Helper()
	db := e2e.NewDatabaseMajor(t, major)
	r := &mirrorRun{t: t, seed: first, db: db, box: e2e.NewInbox(t), seen: map[string]bool{}}
	config, err := pgxpool.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = sessions
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, mirrorSettings)
		return err
	}
	if r.pool, err = pgxpool.NewWithConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.pool.Close)
	schemas := []string{"public"}
	for i := range int(schedules) {
		s := newSchedule(first+uint64(i), i, looks, major)
		r.schedules = append(r.schedules, &performance{schedule: s})
		schemas = append(schemas, s.schema())
	}
	r.settings = []string{"HOOKLINE_SCHEMAS=" + strings.Join(schemas, ",")}
	return r
}

// run carries the schedules out, and judges.
func (r *mirrorRun) run() {
	r.db.Exec(e2e.WebhooksSQL)
	r.db.Exec(
		`CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing`)
	r.db.AddWebhook(r.box, "*.*")
	random := rand.New(rand.NewPCG(r.seed, 2))
	r.act(random) // what is there before Hookline is
	r.db.SetUp(r.settings...)
	r.launch()
	r.look()
	release := r.holdTable()
	for i := range looks {
		wait := r.breakDown(rand.New(rand.NewPCG(random.Uint64(), 3)))
		r.act(random)
		wait()
		r.look()
		if i == 0 {
			release()
		}
	}
	r.until(due{object: held, id: "1", action: "created"})
	position := r.db.Position()
	r.barrier()
	r.db.UntilAcknowledged(position)
	r.judge()
	r.sut.Stop()
}

// act carries every schedule out up to its next look, several at once.
func (r *mirrorRun) act(random *rand.Rand) {
	r.t.Helper()
	order := slices.Clone(r.schedules)
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	queue := make(chan *performance, len(order))
	for _, p := range order {
		queue <- p
	}
	close(queue)
	var group sync.WaitGroup
	for range sessions {
		group.Go(func() {
			for p := range queue {
				for p.err == nil && p.next().look == nil {
					p.err = r.perform(p, p.next())
				}
			}
		})
	}
	group.Wait()
}

// next returns the act that is to be done.
func (p *performance) next() act { return p.acts[len(p.marks)] }

// perform does one act.
func (r *mirrorRun) perform(p *performance, a act) error {
	const position = "SELECT pg_current_wal_insert_lsn()"
	statements := slices.Concat([]string{"BEGIN"}, a.sql, []string{position, "COMMIT", position})
	return r.pool.AcquireFunc(r.t.Context(), func(conn *pgxpool.Conn) error {
		results, err := conn.Conn().PgConn().Exec(r.t.Context(),
			strings.Join(statements, ";\n")).ReadAll()
		if err != nil {
			_, _ = conn.Exec(r.t.Context(), "ROLLBACK")
			return fmt.Errorf("%s: %w", statements[min(len(results), len(statements)-1)], err)
		}
		var m mark
		for at, to := range map[int]*uint64{len(results) - 3: &m.before, len(results) - 1: &m.after} {
			if *to, err = parseLSN(string(results[at].Rows[0][0])); err != nil {
				return err
			}
		}
		p.marks = append(p.marks, m)
		r.committed.Add(1)
		return nil
	})
}

func parseLSN(text string) (uint64, error) {
	var high, low uint64
	_, err := fmt.Sscanf(text, "%X/%X", &high, &low)
	return high<<32 | low, err
}

// breakDown stops or kills Hookline a few times while the schedules go on, and starts it again.
// What it returns waits for that.
func (r *mirrorRun) breakDown(random *rand.Rand) (wait func()) {
	left := 0 // acts until the next look
	for _, p := range r.schedules {
		left += slices.IndexFunc(p.acts[len(p.marks):], func(a act) bool { return a.look != nil })
	}
	began := r.committed.Load()
	var turns []int64 // when it goes and comes
	for range 2 * random.IntN(4) {
		turns = append(turns, began+random.Int64N(int64(left)+1))
	}
	slices.Sort(turns)
	idle := make(chan struct{})
	until := func(commits int64) {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for r.committed.Load() < commits {
			select {
			case <-tick.C:
			case <-idle:
				return
			}
		}
	}
	var group sync.WaitGroup
	group.Go(func() {
		for turn := range slices.Chunk(turns, 2) {
			until(turn[0])
			if random.IntN(3) > 0 {
				r.sut.Kill() // whether it is ready or not
			} else {
				r.sut.Until("active").Stop()
			}
			until(turn[1])
			r.launch()
		}
	})
	return func() {
		close(idle)
		group.Wait()
	}
}

// launch starts Hookline.
func (r *mirrorRun) launch() {
	r.lives++
	r.sut = e2e.Start(r.t, r.db, r.settings...)
}

// look waits until Hookline has taken up what was done to the tables. It has a few looks for that;
// each one shows in a new table of ours that is announced.
func (r *mirrorRun) look() {
	r.t.Helper()
	var waiting []*performance
	for _, p := range r.schedules {
		if p.err == nil {
			waiting = append(waiting, p)
		}
	}
	for range chances {
		r.barrier()
		published, err := r.published()
		if err != nil {
			r.t.Fatal(err)
		}
		position, err := parseLSN(r.db.Position())
		if err != nil {
			r.t.Fatal(err)
		}
		waiting = slices.DeleteFunc(waiting, func(p *performance) bool {
			if p.late = r.taken(*p.next().look, published); p.late == nil {
				p.marks = append(p.marks, mark{position, position})
			}
			return p.late == nil
		})
		if len(waiting) == 0 {
			return
		}
	}
	for _, p := range waiting {
		p.err = p.late
	}
}

// barrier waits until a table that is new now is announced, with its row.
func (r *mirrorRun) barrier() {
	r.t.Helper()
	r.barriers++
	name := fmt.Sprintf("barrier%d", r.barriers)
	r.db.Exec(fmt.Sprintf(`CREATE TABLE %s (id text PRIMARY KEY); INSERT INTO %[1]s VALUES ('1')`,
		name))
	r.until(due{object: name, id: "1", action: "created"})
}

// until waits for an event.
func (r *mirrorRun) until(d due) {
	r.t.Helper()
	e2e.Eventually(r.t, func() error {
		if !r.has(d) {
			return fmt.Errorf("%s.%s %s has not come; /readyz says %s", d.object, d.action, d.id,
				r.sut.Get("/readyz"))
		}
		return nil
	})
}

// held is a table that is locked for a while.
const held = "held"

// holdTable makes a table that a transaction keeps locked until release is called, so that it
// cannot be published; all else goes on.
func (r *mirrorRun) holdTable() (release func()) {
	r.t.Helper()
	r.db.Exec(`CREATE TABLE ` + held + ` (id text PRIMARY KEY)`)
	tx, err := r.db.Session().Begin(r.t.Context())
	if err == nil {
		_, err = tx.Exec(r.t.Context(), `INSERT INTO `+held+` VALUES ('1')`)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return func() {
		r.t.Helper()
		if err := tx.Commit(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
	}
}

// has tells whether an event was accepted.
func (r *mirrorRun) has(d due) bool {
	all := r.box.All()
	for _, request := range all[r.read:] {
		if n, err := readNotice(request); err == nil {
			r.seen[n.object+"."+n.action+" "+n.id] = true
		}
	}
	r.read = len(all)
	return r.seen[d.object+"."+d.action+" "+d.id]
}

// publication is how a table is published.
type publication struct {
	published bool
	identity  string
}

// published returns how each table is published, by its name with its schema.
func (r *mirrorRun) published() (map[string]publication, error) {
	rows, err := r.db.Conn.Query(r.t.Context(), `
		SELECT relnamespace::regnamespace || '.' || relname, relreplident::text, EXISTS (SELECT
		  FROM pg_publication_rel WHERE prrelid = c.oid)
		FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text LIKE 'm%'`)
	if err != nil {
		return nil, err
	}
	all := map[string]publication{}
	var name string
	var p publication
	_, err = pgx.ForEachRow(rows, []any{&name, &p.identity, &p.published}, func() error {
		all[name] = p
		return nil
	})
	return all, err
}

// taken returns an error that tells what of a look has not been done.
func (r *mirrorRun) taken(l look, published map[string]publication) error {
	var errs []error
	for _, want := range l.tables {
		is, there := published[want.table]
		switch {
		case !there:
			errs = append(errs, fmt.Errorf("%s is not there", want.table))
		case want.published && !is.published:
			errs = append(errs, fmt.Errorf("%s is not published", want.table))
		case !want.published && is.published:
			errs = append(errs, fmt.Errorf("%s is published", want.table))
		case want.identity != "" && is.identity != want.identity:
			errs = append(errs, fmt.Errorf("%s has replica identity %q, want %q", want.table, is.identity,
				want.identity))
		}
	}
	for _, d := range l.events {
		if !r.has(d) {
			errs = append(errs, fmt.Errorf("%s.%s %s has not come", d.object, d.action, d.id))
		}
	}
	return errors.Join(errs...)
}

// judge replays each schedule's events, and compares the mirror with its tables.
func (r *mirrorRun) judge() {
	r.t.Helper()
	unordered := map[string]bool{}
	for _, p := range r.schedules {
		maps.Copy(unordered, p.unordered)
	}
	notices, errs := readNotices(r.box.All(), unordered)
	if err := errors.Join(errs...); err != nil {
		r.t.Error(err)
	}
	failed, acts := 0, 0
	for _, p := range r.schedules {
		var own []notice
		for _, n := range notices {
			if strings.HasPrefix(n.object, p.prefix()) {
				own = append(own, n)
			}
		}
		acts += len(p.marks)
		if err := r.judgeOne(p, own); err != nil {
			failed++
			r.t.Errorf("E2E_SEED=%d: %v\n%s", p.seed, err, p.story())
		}
	}
	r.t.Logf(
		"E2E_SEED=%d: %d schedules, %d acts, %d events, Hookline started %d times, %d barriers, %d "+
			"failed",
		r.seed, len(r.schedules), acts, len(notices), r.lives, r.barriers, failed)
}

func (r *mirrorRun) judgeOne(p *performance, notices []notice) error {
	m := replay(p.acts, p.marks, notices)
	err := errors.Join(m.errs...)
	if p.err != nil {
		return errors.Join(fmt.Errorf("act %d: %w", len(p.marks), p.err), err)
	}
	known := map[string]bool{}
	for _, t := range p.tables {
		if known[t.name] = true; !t.settled {
			continue
		}
		rows, failure := r.stored(t)
		if failure != nil {
			return failure
		}
		for id, row := range t.rows {
			if rows[id].version != row.version {
				return fmt.Errorf("the test is wrong: %s %s has version %d, want %d", t, id, rows[id].version,
					row.version)
			}
		}
		if len(rows) != len(t.rows) {
			return fmt.Errorf("the test is wrong: %s has %d rows, want %d", t, len(rows), len(t.rows))
		}
		columns := map[string]int{}
		for _, c := range t.columns {
			if c.generated == "" || c.generated == "STORED" && p.major >= 18 {
				columns[c.name] = c.since
			}
		}
		err = errors.Join(err, m.compare(t.name, rows, columns))
	}
	for _, object := range slices.Sorted(maps.Keys(m.objects)) {
		if n := len(m.objects[object]); n > 0 && !known[object] && !m.loose[object] && !m.quiet[object] {
			err = errors.Join(err, fmt.Errorf("the mirror has %d records of %s, which is no table", n,
				object))
		}
	}
	return err
}

// stored returns the rows of a table, by id.
func (r *mirrorRun) stored(t *table) (map[string]stored, error) {
	only := "ONLY "
	if t.partitioned() {
		only = ""
	}
	rows, err := r.db.Conn.Query(r.t.Context(),
		fmt.Sprintf("SELECT id, v, to_jsonb(t)::text FROM %s%s t", only, t))
	if err != nil {
		return nil, err
	}
	all := map[string]stored{}
	var id, text string
	var row stored
	_, err = pgx.ForEachRow(rows, []any{&id, &row.version, &text}, func() error {
		row.data = nil
		decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
		decoder.UseNumber()
		err := decoder.Decode(&row.data)
		all[id] = row
		return err
	})
	return all, err
}

// story is what was done, as SQL that can be run by hand.
func (p *performance) story() string {
	var b strings.Builder
	for i, a := range p.acts[:min(len(p.acts), len(p.marks)+1)] {
		var at string
		if i < len(p.marks) {
			at = fmt.Sprintf(" -- %X to %X", p.marks[i].before, p.marks[i].after)
		}
		fmt.Fprintf(&b, "/* %d */ %s%s\n", i, a, at)
	}
	return b.String()
}
