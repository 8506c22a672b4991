package spool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/eventschema"
	"hookline/notice"
)

// ErrDescribed says that another process has written down meanwhile how tables are.
var ErrDescribed = errors.New("another process has written down how tables are")

// Described returns what fields the events of each table had when that was last written down.
func (s *Spool) Described(ctx context.Context) (map[string]eventschema.Forms, error) {
	rows, err := s.pool.Query(ctx, `SELECT name, fields FROM {{schema}}.described WHERE slot = $1`,
		s.cfg.Slot)
	if err != nil {
		return nil, fmt.Errorf("read how tables were: %w", err)
	}
	return readDescribed(rows)
}

func readDescribed(rows pgx.Rows) (map[string]eventschema.Forms, error) {
	known := map[string]eventschema.Forms{}
	var name, fields []byte
	_, err := pgx.ForEachRow(rows, []any{&name, &fields}, func() error {
		var forms eventschema.Forms
		err := json.Unmarshal(fields, &forms)
		known[string(name)] = forms
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read how tables were: %w", err)
	}
	return known, nil
}

// Describe writes down what fields the events of tables have now, nil for a table that is gone.
// With them it writes the notices that tell of it, and returns these with IDs and times. It is
// durable on return, all or nothing. It needs no claim: where those tables are not described as in
// known any more, which Described has returned, the error is ErrDescribed, and nothing is written.
// So of two processes that have found the same change one tells of it.
func (s *Spool) Describe(
	ctx context.Context, known, now map[string]eventschema.Forms, rows []notice.Row,
) (noted []notice.Row, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		q := qualified{tx, s.pool.schema}
		if err := s.stillDescribed(ctx, q, known, now); err != nil {
			return err
		}
		var batch pgx.Batch
		for _, name := range slices.Sorted(maps.Keys(now)) { // so that two never wait for each other
			if now[name] == nil {
				batch.Queue(`DELETE FROM {{schema}}.described WHERE slot = $1 AND name = $2`,
					s.cfg.Slot, []byte(name))
				continue
			}
			fields, err := json.Marshal(now[name])
			if err != nil {
				return err
			}
			if known[name] != nil { // and locked
				batch.Queue(`UPDATE {{schema}}.described SET fields = $3 WHERE slot = $1 AND name = $2`,
					s.cfg.Slot, []byte(name), fields)
				continue
			}
			batch.Queue(`INSERT INTO {{schema}}.described (slot, name, fields) VALUES ($1, $2, $3)
				ON CONFLICT (slot, name) DO NOTHING`, s.cfg.Slot, []byte(name), fields).
				Exec(func(tag pgconn.CommandTag) error {
					if tag.RowsAffected() == 0 {
						return ErrDescribed
					}
					return nil
				})
		}
		if err := q.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		noted, err = s.note(ctx, q, rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write down how tables are: %w", err)
	}
	return noted, nil
}

// stillDescribed locks what is written down of the tables of now, and returns ErrDescribed where
// that is not what is known of them.
func (s *Spool) stillDescribed(
	ctx context.Context, q qualified, known, now map[string]eventschema.Forms,
) error {
	names := make([][]byte, 0, len(now))
	for name := range now {
		names = append(names, []byte(name))
	}
	rows, err := q.Query(ctx, `SELECT name, fields FROM {{schema}}.described
		WHERE slot = $1 AND name = ANY ($2) ORDER BY name FOR UPDATE`, s.cfg.Slot, names)
	if err != nil {
		return err
	}
	there, err := readDescribed(rows)
	if err != nil {
		return err
	}
	for name := range now {
		is, described := there[name]
		if was, known := known[name]; described != known || !maps.Equal(is, was) {
			return ErrDescribed
		}
	}
	return nil
}
