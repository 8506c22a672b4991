package twenty

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper"
)

// guess is what is known of a lookup when the stream could not be read ahead as far as the
// database's answer: rows that were the same all the time. There may have been others.
type guess struct {
	rows  []linkRow
	until cdc.LSN // when the answer was given; from there on it is worth asking anew
}

// answer is what the database says of lookups.
type answer struct {
	snapshot *cdc.Snapshot
	rows     map[linkKey][]linkRow
	steady   map[linkKey][]linkRow // those that are known to have been there at the commit in hand
	altered  map[linkKey]bool      // the table is not as the stream has it any more
}

const (
	askTime = 10 * time.Second // that a query has
	askLock = time.Second      // that it waits for a lock
)

// learn finds out what the judge has missed, and reports whether there is anything to be judged
// anew.
func (l *links) learn(ctx context.Context) (bool, error) {
	if l.reach <= l.tx.Commit {
		if ends, err := l.readAhead(ctx, l.tx.Commit+1); err != nil || ends {
			return ends, err
		}
	}
	ends := l.reach > l.tx.Commit
	asked := slices.DeleteFunc(l.missed, func(key linkKey) bool {
		g, guessed := l.guesses[key]
		return guessed && l.tx.Commit < g.until || ends && l.known(key)
	})
	if len(asked) == 0 || l.pool == nil {
		return false, nil
	}
	for len(l.wanted) < mostWanted { // what is there already
		if more, err := l.see(ctx, false); err != nil {
			return false, err
		} else if !more {
			break
		}
	}
	for key := range l.wanted {
		if !l.known(key) && !slices.Contains(asked, key) {
			asked = append(asked, key)
		}
	}
	clear(l.wanted)
	var a *answer
	var seen bool
	for began := time.Now(); ; {
		err := l.retry(ctx, "look who may read records", func() (err error) {
			ctx, cancel := context.WithTimeout(ctx, askTime)
			defer cancel()
			a, err = l.ask(ctx, asked)
			return err
		})
		if err != nil {
			return false, err
		}
		seen = l.recent.visible(a.snapshot, l.tx)
		if seen || time.Since(began) > cdc.VisibleTimeout {
			break
		}
		select {
		case <-time.After(cdc.VisiblePoll):
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
	reached, err := l.readAhead(ctx, a.snapshot.Until())
	if err != nil {
		return false, err
	}
	for _, key := range asked {
		l.take(key, a, seen && reached && l.reach > l.tx.Commit)
	}
	return true, nil
}

// take keeps what the answer says of a lookup. sure says that the stream has been read up to it.
func (l *links) take(key linkKey, a *answer, sure bool) {
	if !sure || a.altered[key] || l.blind[key.watch] > 0 || !l.trusted(key.watch) {
		if len(l.guesses) >= mostLinks {
			clear(l.guesses)
		}
		l.guesses[key] = guess{a.steady[key], a.snapshot.Until()}
		return
	}
	s := &linkSet{rows: a.rows[key]}
	undone := map[string]bool{}
	for _, c := range l.of[key] {
		if id := c.id(); !undone[id] {
			undone[id] = true
			s.set(id, key.found(c.before))
		}
	}
	delete(l.guesses, key)
	l.put(key, s)
}

// learnTrust finds out since when a table is published, if that is not known.
func (l *links) learnTrust(ctx context.Context, w *watch) error {
	if _, known := l.trust[w]; known || l.pool == nil {
		return nil
	}
	return l.retry(ctx, "look what is published", func() error {
		ctx, cancel := context.WithTimeout(ctx, askTime)
		defer cancel()
		return pgx.BeginTxFunc(
			ctx,
			l.pool,
			pgx.TxOptions{AccessMode: pgx.ReadOnly},
			func(tx pgx.Tx) error {
				return l.askTrust(ctx, tx, w)
			},
		)
	})
}

// ask asks the database, in one snapshot and holding nothing up, for what lookups find.
func (l *links) ask(ctx context.Context, keys []linkKey) (*answer, error) {
	l.asked++
	a := &answer{
		rows: map[linkKey][]linkRow{}, steady: map[linkKey][]linkRow{}, altered: map[linkKey]bool{},
	}
	values := map[lookup][]string{}
	for _, key := range keys {
		values[key.lookup] = append(values[key.lookup], key.value)
	}
	err := pgx.BeginTxFunc(
		ctx,
		l.pool,
		pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) (err error) {
			_, err = tx.Exec(ctx,
				fmt.Sprintf("SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d",
					askTime.Milliseconds(), askLock.Milliseconds()))
			if err != nil {
				return err
			}
			if a.snapshot, err = cdc.TakeSnapshot(ctx, tx); err != nil {
				return err
			}
			for by := range values {
				if from, known := l.trust[by.watch]; known && from != never {
					continue
				}
				if err := l.askTrust(ctx, tx, by.watch); err != nil {
					return err
				}
			}
			for by, values := range values {
				if err := l.askRows(ctx, tx, by, values, a); err != nil {
					return err
				}
			}
			return nil
		},
	)
	return a, err
}

// slotSQL is the age of the slot's catalog_xmin: whatever is older was committed before all
// that the slot is yet to bring.
var slotSQL = `(SELECT ` + pg.XIDAge("catalog_xmin") +
	` FROM pg_replication_slots WHERE slot_name = $1)`

// askTrust finds out from where on the stream has all changes of a table.
func (l *links) askTrust(ctx context.Context, tx pgx.Tx, w *watch) error {
	delete(l.trust, w)
	if l.stream.Listings == nil {
		l.trust[w] = never
		return nil
	}
	from, known, err := l.stream.Listings.CompleteFrom(ctx, tx, w.schema, w.table)
	if err != nil {
		return err
	}
	if l.trust[w] = never; known {
		l.trust[w] = from
	}
	return nil
}

// askRows reads the rows that a lookup finds for some values.
func (l *links) askRows(
	ctx context.Context, tx pgx.Tx, by lookup, values []string, a *answer,
) error {
	names := make([]string, len(by.columns))
	for i, c := range by.columns {
		names[i] = pg.Identifier(c)
	}
	sql := fmt.Sprintf(
		`SELECT coalesce(%s > %s OR xmin = $2::xid, false), %s FROM %s WHERE %s = ANY ($3::uuid[])`,
		pg.XIDAge("xmin"), slotSQL, strings.Join(names, ", "), pg.Identifier(by.schema, by.table),
		names[by.at])
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { // a savepoint: it may fail
		result := tx.Conn().PgConn().ExecParams(ctx, sql, [][]byte{
			[]byte(l.stream.Slot),
			fmt.Append(nil, l.tx.XID),
			[]byte("{" + strings.Join(values, ",") + "}"),
		}, nil, nil, nil)
		for result.NextRow() {
			texts := result.Values()
			row := make(linkRow, len(names))
			for i := range row {
				row[i] = string(texts[i+1])
			}
			key := linkKey{by, row[by.at]}
			a.rows[key] = append(a.rows[key], row)
			if string(texts[0]) == "t" {
				a.steady[key] = append(a.steady[key], row)
			}
		}
		_, err := result.Close()
		return err
	})
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && mapper.IsAltered(refused) {
		l.unread.note(by.watch, refused, tx.Conn().Config().User)
		for _, v := range values {
			a.altered[linkKey{by, v}] = true
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s.%s: %w", by.schema, by.table, err)
	}
	l.unread.clear(by.watch)
	return nil
}
