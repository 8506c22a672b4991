package spool

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/eventschema"
	"hookline/notice"
)

// Described returns what fields the events of each table had when that was last written down.
func (s *Spool) Described(ctx context.Context) (map[string]eventschema.Forms, error) {
	rows, err := s.pool.Query(ctx, `SELECT name, fields FROM {{schema}}.described WHERE slot = $1`,
		s.cfg.Slot)
	if err != nil {
		return nil, fmt.Errorf("read how tables were: %w", err)
	}
	known := map[string]eventschema.Forms{}
	var name, fields []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &fields}, func() error {
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
// durable on return, all or nothing. It needs no claim.
func (s *Spool) Describe(
	ctx context.Context, now map[string]eventschema.Forms, rows []notice.Row,
) (noted []notice.Row, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		q := qualified{tx, s.pool.schema}
		var batch pgx.Batch
		for name, forms := range now {
			if forms == nil {
				batch.Queue(`DELETE FROM {{schema}}.described WHERE slot = $1 AND name = $2`,
					s.cfg.Slot, []byte(name))
				continue
			}
			fields, err := json.Marshal(forms)
			if err != nil {
				return err
			}
			batch.Queue(`INSERT INTO {{schema}}.described (slot, name, fields) VALUES ($1, $2, $3)
				ON CONFLICT (slot, name) DO UPDATE SET fields = excluded.fields`,
				s.cfg.Slot, []byte(name), fields)
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
