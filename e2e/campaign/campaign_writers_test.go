package campaign

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// companiesSQL adds a table of companies, whose changes are noted in the diary too, to what
// contactsSQL makes. Versions of records are unique, so that no two changes of a record are
// alike, also when it is deleted and made again.
const companiesSQL = `
	CREATE TABLE companies (LIKE contacts INCLUDING ALL);
	CREATE SEQUENCE diary.versions AS int;
	CREATE FUNCTION diary.write_company() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO diary.entries (event, record, version, former, was) VALUES (
			'company.' || CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'updated' ELSE 'deleted' END,
			coalesce(NEW.id, OLD.id), coalesce(NEW.version, OLD.version), OLD.id, OLD.version);
		RETURN NULL;
	END $$;
	CREATE TRIGGER diary AFTER INSERT OR UPDATE OR DELETE ON companies FOR EACH ROW EXECUTE FUNCTION diary.write_company()`

const (
	writeRecord = `INSERT INTO %s (id, version) VALUES ($1, nextval('diary.versions'))
		ON CONFLICT (id) DO UPDATE SET version = nextval('diary.versions')`
	deleteRecord = `DELETE FROM %s WHERE id = $1`
	renameRecord = `UPDATE %[1]s SET id = $2, version = nextval('diary.versions')
		WHERE id = $1 AND NOT EXISTS (SELECT FROM %[1]s WHERE id = $2)`

	writers = 2
	records = 10                    // of each table: few, so that each has many events
	rhythm  = 50 * time.Millisecond // of one writer's transactions
	leisure = 4                     // rhythms between two while nobody waits for commits
)

// writer commits one transaction after the other, of one or several changes, also while the
// server comes and goes.
type writer struct {
	t       *testing.T
	url     string
	number  int
	origin  string
	random  *rand.Rand
	conn    *pgx.Conn // nil while there is none
	writing *sync.RWMutex
	commits func(changes int64)
	awaited *atomic.Bool // the campaign waits for commits, and for nothing else
}

// startWriters starts writers and returns what ends them.
func (c *campaign) startWriters(seed uint64) (stop func()) {
	var group sync.WaitGroup
	done := make(chan struct{})
	for i := range writers {
		w := &writer{
			t: c.t, url: c.db.URL, number: i, origin: c.origin(i), writing: &c.writing, awaited: &c.awaited,
			random: rand.New(rand.NewPCG(seed, uint64(1+i))), commits: func(changes int64) {
				c.changes.Add(changes)
				c.commits.Add(1)
			},
		}
		group.Go(func() { w.run(done) })
	}
	stop = sync.OnceFunc(func() { close(done); group.Wait() })
	c.t.Cleanup(stop)
	return stop
}

func (w *writer) run(done <-chan struct{}) {
	tick := time.NewTicker(rhythm)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-tick.C:
			if n%leisure > 0 && !w.awaited.Load() {
				continue
			}
		case <-done:
			if w.conn != nil {
				w.conn.Close(context.Background())
			}
			return
		}
		// Nothing but the server's end cuts a transaction short, so none is committed after this
		// goroutine has ended.
		w.writing.RLock()
		changes, err := w.transaction(context.Background())
		w.writing.RUnlock()
		switch refused := (*pgconn.PgError)(nil); {
		case err == nil:
			w.commits(changes)
		// operator intervention: the server goes down, or comes up
		case errors.As(err, &refused) && refused.Code[:2] != "57":
			w.t.Errorf("writer: %v", err)
			return
		case w.conn != nil:
			w.conn.Close(context.Background())
			w.conn = nil
		}
	}
}

// size returns how many changes a transaction has: one, several, or now and then more than fit
// into the buffers.
func (w *writer) size() int {
	switch dice := w.random.IntN(100); {
	case dice == 0:
		return 150
	case dice < 50:
		return 1 + w.random.IntN(8)
	}
	return 1
}

// transaction commits some changes and returns how many there were. They are in a fixed order, so
// that no two writers wait for each other, and may be of one record.
func (w *writer) transaction(ctx context.Context) (changes int64, err error) {
	if w.conn == nil {
		if w.conn, err = pgx.Connect(ctx, w.url); err != nil {
			return 0, err
		}
	}
	places := make([]int, w.size())
	for i := range places {
		places[i] = w.random.IntN(2 * records)
	}
	slices.Sort(places)
	annotated := w.random.IntN(4) == 0
	if w.random.IntN(4) == 0 {
		done, err := w.imports(ctx)
		if err != nil {
			return 0, err
		}
		if done != nil {
			defer done()
		}
	}
	err = pgx.BeginFunc(ctx, w.conn, func(tx pgx.Tx) error {
		if annotated {
			if _, err := tx.Exec(ctx, annotate); err != nil {
				return err
			}
		}
		for _, place := range places {
			sql := writeRecord
			if w.random.IntN(4) == 0 {
				sql = deleteRecord
			}
			table := []string{"companies", "contacts"}[place/records]
			done, err := tx.Exec(ctx, fmt.Sprintf(sql, table), fmt.Sprintf("%s%d", table, place%records))
			if err != nil {
				return err
			}
			changes += done.RowsAffected()
		}
		for range w.random.IntN(4) {
			done, err := w.changeOwn(ctx, tx)
			if err != nil {
				return err
			}
			changes += done.RowsAffected()
		}
		return nil
	})
	return changes, err
}

// imports has what is committed come from the writer's origin, until done is called. It does
// nothing, and done is nil, while the server has yet to notice that the session before, which had
// the origin, is over.
func (w *writer) imports(ctx context.Context) (done func(), err error) {
	const objectInUse = "55006"
	_, err = w.conn.Exec(ctx, comeFrom, w.origin)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == objectInUse {
		return nil, nil
	}
	return func() {
		if w.conn != nil { // who cannot end it has lost the session
			_, _ = w.conn.Exec(ctx, comeFromHere)
		}
	}, err
}

// changeOwn changes one of a few records that nobody else does, and mostly its key: one that is
// free, or was another record's just now.
func (w *writer) changeOwn(ctx context.Context, tx pgx.Tx) (pgconn.CommandTag, error) {
	const own = 3
	table := []string{"companies", "contacts"}[w.random.IntN(2)]
	name := func(n int) string { return fmt.Sprintf("%s of writer %d, %d", table, w.number, n%own) }
	n := w.random.IntN(own)
	switch w.random.IntN(6) {
	case 0:
		return tx.Exec(ctx, fmt.Sprintf(deleteRecord, table), name(n))
	case 1:
		return tx.Exec(ctx, fmt.Sprintf(writeRecord, table), name(n))
	default:
		return tx.Exec(ctx, fmt.Sprintf(renameRecord, table), name(n), name(n+1))
	}
}
