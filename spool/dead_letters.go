package spool

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Want marks the dead deliveries that f picks, and returns how many. The process that owns the
// spool sends them again. It may be called by any process, and takes a step at a time: what it has
// done when it fails stays done. Those of tell are called after each step with how many it has
// marked.
func (s *Spool) Want(ctx context.Context, f Filter, tell ...func(n int)) ([]Count, error) {
	f.Unwanted = true
	return s.eachDead(ctx, f, tell, func(c *change, q *queue, found deadLetters) error {
		_, err := c.Exec(ctx,
			`UPDATE {{schema}}.delivery SET wanted = true WHERE queue = $1 AND event_id = ANY ($2)`, q.id,
			found.events)
		q.wanted += int64(len(found.events))
		return err
	})
}

// DiscardDead removes the dead deliveries that f picks, for good, and returns how many they were.
// As Want, it may be called by any process, takes a step at a time, and tells of each. The stream
// may bring one again that the checkpoint has not passed: it is known by its ID then.
func (s *Spool) DiscardDead(ctx context.Context, f Filter, tell ...func(n int)) ([]Count, error) {
	return s.eachDead(ctx, f, tell, func(c *change, q *queue, found deadLetters) error {
		_, err := c.Exec(ctx, `WITH gone AS (
				DELETE FROM {{schema}}.delivery WHERE queue = $1 AND event_id = ANY ($2)
				RETURNING queue, event_id, commit_time
			) `+leave("$3"), q.id, found.events, s.cfg.Slot)
		q.dead -= int64(len(found.events))
		q.wanted -= found.wanted
		q.bytes -= found.bytes
		return err
	})
}

// deadLetters is some dead deliveries of one webhook.
type deadLetters struct {
	events        []string
	wanted, bytes int64
}

// eachDead calls do for the dead deliveries that f picks, a step at a time, and returns how many
// they were.
func (s *Spool) eachDead(ctx context.Context, f Filter, tell []func(n int),
	do func(c *change, q *queue, found deadLetters) error,
) ([]Count, error) {
	queues, err := s.Queues(ctx)
	if err != nil {
		return nil, setUp(err)
	}
	f.State = Dead
	var counts []Count
	for _, q := range queues {
		if q.Dead == 0 || f.Webhook != "" && f.Webhook != q.Webhook ||
			slices.Contains(f.NotTo, q.Webhook) {
			continue
		}
		n, err := s.eachDeadOf(ctx, q.Webhook, f, tell, do)
		if n > 0 {
			counts = append(counts, Count{q.Webhook, n})
		}
		if err != nil {
			return counts, fmt.Errorf("change the dead deliveries of webhook %s: %w", q.Webhook, err)
		}
	}
	return counts, nil
}

// eachDeadOf is eachDead for one webhook.
func (s *Spool) eachDeadOf(ctx context.Context, webhook string, f Filter, tell []func(n int),
	do func(c *change, q *queue, found deadLetters) error,
) (n int, err error) {
	f.Webhook = webhook
	var at time.Time // where the step before has ended
	var id string
	for more := true; more; {
		var found deadLetters
		err := s.change(ctx, new(pgx.Batch), []string{webhook}, func(c *change) error {
			where, args := f.where([]any{s.cfg.Slot, at, id, step})
			rows, err := c.Query(
				ctx,
				`SELECT commit_time, event_id, d.wanted, size FROM {{schema}}.queue q JOIN {{schema}}.delivery
					d ON d.queue = q.id
				WHERE slot = $1 AND (commit_time, event_id) > ($2, $3)`+where+`
				ORDER BY commit_time, event_id LIMIT $4`,
				args...)
			if err != nil {
				return err
			}
			var wanted bool
			var bytes int64
			_, err = pgx.ForEachRow(rows, []any{&at, &id, &wanted, &bytes}, func() error {
				found.events = append(found.events, id)
				found.bytes += bytes
				if wanted {
					found.wanted++
				}
				return nil
			})
			if err != nil || len(found.events) == 0 {
				return err
			}
			return do(c, c.queues[webhook], found)
		})
		if err != nil {
			return n, err
		}
		n += len(found.events)
		for _, tell := range tell {
			tell(len(found.events))
		}
		more = len(found.events) == step
	}
	return n, nil
}
