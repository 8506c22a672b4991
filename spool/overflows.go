package spool

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/sender"
)

// Overflow is a sender.Overflow and its time.
type Overflow struct {
	sender.Overflow
	Began time.Time
	Ended time.Time // zero while the queue is full
}

// Overflows returns all overflows there ever were, in the order in which they began.
func (s *Spool) Overflows(ctx context.Context) ([]Overflow, error) {
	rows, err := s.pool.Query(
		ctx,
		`SELECT webhook, first_event, last_event, events, began_at, ended_at FROM {{schema}}.overflow
			JOIN {{schema}}.queue q ON q.id = overflow.queue
		WHERE slot = $1 ORDER BY overflow.id`,
		s.cfg.Slot,
	)
	if err != nil {
		return nil, fmt.Errorf("read the overflows: %w", setUp(err))
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g Overflow, err error) {
		var ended *time.Time
		err = row.Scan(&g.Webhook, &g.First, &g.Last, &g.Events, &g.Began, &ended)
		g.Began, g.Ended = g.Began.UTC(), orZero(ended)
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the overflows: %w", setUp(err))
	}
	return list, nil
}
