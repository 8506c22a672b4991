package spool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Place is where a delivery stands among all: by the time of its commit and the ID of its event,
// both falling, and the key of its webhook. The zero Place is before all of them.
type Place struct {
	Committed time.Time
	Event     string
	Webhook   string
}

// reach is how many deliveries Page looks through at most.
const reach = 20_000

// Page returns the deliveries that f picks and that come after a place, newest first, at most limit
// of them. f.State must be said. more is where it has stopped when there may be further ones, and
// zero when there are none. A filter that picks few of many does not read all: Page looks through a
// bounded number of deliveries, and the list may be short, or empty, though more is told.
func (s *Spool) Page(
	ctx context.Context, f Filter, after Place, limit int,
) (list []Delivery, more Place, err error) {
	list, more, err = s.page(ctx, f, after, limit)
	if err != nil {
		return nil, Place{}, fmt.Errorf("find deliveries: %w", setUp(err))
	}
	return list, more, nil
}

func (s *Spool) page(
	ctx context.Context, f Filter, after Place, limit int,
) (list []Delivery, more Place, err error) {
	each := Filter{Object: f.Object, Action: f.Action, Status: f.Status} // what no index knows
	f.Object, f.Action, f.Status = "", "", 0
	reached, args := f.from([]any{s.cfg.Slot}, after)
	where, all := each.where(args)
	rows, err := s.pool.Query(ctx, fmt.Sprintf(`SELECT %s NULL::bytea FROM (%s LIMIT %d) AS d
		WHERE true%s LIMIT %d`, shown, reached, reach, where, limit), all...)
	if err != nil {
		return nil, more, err
	}
	if list, err = pgx.CollectRows(rows, scanDelivery); err != nil {
		return nil, more, err
	}
	if len(list) == limit {
		last := list[limit-1]
		return list, Place{last.Committed, last.ID, last.Webhook}, nil
	}
	if where == "" {
		return list, more, nil
	}
	err = s.pool.QueryRow(ctx, fmt.Sprintf(`SELECT commit_time, event_id, webhook FROM (%s) AS d
		OFFSET %d LIMIT 1`, reached, reach-1), args...).
		Scan(&more.Committed, &more.Event, &more.Webhook)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	if !more.Committed.IsZero() {
		more.Committed = more.Committed.UTC()
	}
	return list, more, err
}

// from returns the query of the deliveries that f picks and that come after a place, in order, and
// args with its arguments after them.
func (f Filter) from(args []any, after Place) (string, []any) {
	where, args := f.where(args)
	if after != (Place{}) {
		args = append(args, after.Committed, after.Event, after.Webhook)
		n := len(args)
		where += fmt.Sprintf(` AND (commit_time, event_id) <= ($%d, $%d)
			AND ((commit_time, event_id) < ($%[1]d, $%[2]d) OR webhook > $%[3]d)`, n-2, n-1, n)
	}
	first := "commit_time"
	if f.Records != nil || f.Events != nil { // few: to go by time would be to read all for them
		first = "commit_time + interval '0'"
	}
	return `SELECT d.*, webhook FROM {{schema}}.delivery d JOIN {{schema}}.queue q ON q.id = d.queue
		WHERE slot = $1` + where + ` ORDER BY ` + first + ` DESC, event_id DESC, webhook`, args
}
