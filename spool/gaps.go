package spool

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/sender"
)

// Gap is a sender.Gap and its time.
type Gap struct {
	sender.Gap
	Began time.Time
	Ended time.Time // zero while the queue is full
}

// Gaps returns all gaps there ever were, in the order in which they began.
func (s *Spool) Gaps(ctx context.Context) ([]Gap, error) {
	rows, err := s.pool.Query(ctx, `SELECT webhook, first_event, last_event, events, began_at, ended_at FROM {{schema}}.gap JOIN {{schema}}.queue q ON q.id = gap.queue
		WHERE slot = $1 ORDER BY gap.id`, s.cfg.Slot)
	if err != nil {
		return nil, fmt.Errorf("read the gaps: %w", setUp(err))
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g Gap, err error) {
		var ended *time.Time
		err = row.Scan(&g.Webhook, &g.First, &g.Last, &g.Events, &g.Began, &ended)
		g.Began, g.Ended = g.Began.UTC(), orZero(ended)
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the gaps: %w", setUp(err))
	}
	return list, nil
}
