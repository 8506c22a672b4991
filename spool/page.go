package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Place is where a delivery stands among all: by the time of its commit and the ID of its event,
// both falling, and the key of its webhook. IDs are in the order of mapper.CompareIDs. The zero
// Place is before all of them.
type Place struct {
	Committed time.Time
	Event     string
	Webhook   string
}

// reach is after how many deliveries Page stops to look through commits.
const reach = 20_000

// Page returns the deliveries that f picks and that come after a place, newest first, at most limit
// of them. f.State must be said. more is where it has stopped when there may be further ones, and
// zero when there are none. A filter that picks few of many does not read all: Page looks through a
// bounded number of deliveries, up to the end of a commit, and the list may be short, or empty,
// though more is told.
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
	from, args := f.from([]any{s.cfg.Slot}, after)
	first := "commit_time"
	if f.Records != nil || f.Events != nil { // few: to go by time would be to read all for them
		first = "commit_time + interval '0'"
	}
	narrowed, all := each.where(args)
	if narrowed != "" {
		err := s.pool.QueryRow(ctx, fmt.Sprintf("SELECT commit_time%s ORDER BY %s DESC OFFSET %d LIMIT 1",
			from, first, reach-1), args...).Scan(&more.Committed)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
		case err != nil:
			return nil, Place{}, err
		default:
			more.Committed = more.Committed.UTC() // the end of that commit, as no ID comes before none
			all = append(all, more.Committed)
			narrowed += fmt.Sprintf(" AND commit_time >= $%d", len(all))
		}
	}
	rows, err := s.pool.Query(ctx, fmt.Sprintf(
		"SELECT %s NULL::bytea%s%s ORDER BY %s DESC, %s DESC, webhook LIMIT %d", shown, from, narrowed,
		first, strings.Join(orderOf("event_id"), " DESC, "), limit), all...)
	if err != nil {
		return nil, Place{}, err
	}
	if list, err = pgx.CollectRows(rows, scanDelivery); err != nil {
		return nil, Place{}, err
	}
	if len(list) == limit {
		last := list[limit-1]
		more = Place{last.Committed, last.ID, last.Webhook}
	}
	return list, more, nil
}

// from returns where the deliveries are that f picks and that come after a place, and args with its
// arguments after them.
func (f Filter) from(args []any, after Place) (string, []any) {
	where, args := f.where(args)
	if after != (Place{}) {
		args = append(args, after.Committed, after.Event, after.Webhook)
		n := len(args)
		event := fmt.Sprintf("$%d::text", n-1)
		where += fmt.Sprintf(` AND commit_time <= $%d AND (commit_time < $%[1]d OR (%[2]s) < (%[3]s)
			OR event_id = %[4]s AND webhook > $%[5]d)`, n-2, strings.Join(orderOf("event_id"), ", "),
			strings.Join(orderOf(event), ", "), event, n)
	}
	return ` FROM {{schema}}.delivery d JOIN {{schema}}.queue q ON q.id = d.queue
		WHERE slot = $1` + where, args
}

// orderOf returns by what the IDs of one commit time are compared, as mapper.CompareIDs does.
func orderOf(id string) []string {
	return []string{
		"split_part(" + id + ", '_', 3)", "length(rtrim(split_part(" + id + ", '_', 4), 'p'))",
		"rtrim(" + id + ", 'p')", id,
	}
}
