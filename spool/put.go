package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/sender"
)

// errNoQueue says that a webhook has no queue yet.
var errNoQueue = errors.New("no such queue")

// Put is that of sender.Spool.
func (s *Spool) Put(ctx context.Context, deliveries []sender.Spooled) ([]sender.Overflow, error) {
	if len(deliveries) == 0 {
		return nil, nil
	}
	webhooks := make([]string, len(deliveries))
	for i, d := range deliveries {
		webhooks[i] = d.Webhook
	}
	overflows, err := s.put(ctx, webhooks, deliveries)
	if errors.Is(err, errNoQueue) {
		if err = s.create(ctx, webhooks); err == nil {
			overflows, err = s.put(ctx, webhooks, deliveries)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("park %d deliveries: %w", len(deliveries), err)
	}
	return overflows, nil
}

// create makes the queues of webhooks where they are missing. It is no part of the change that
// needs them, which locks all of its queues in one order.
func (s *Spool) create(ctx context.Context, webhooks []string) error {
	webhooks = slices.Compact(slices.Sorted(slices.Values(webhooks)))
	_, err := s.pool.Exec(
		ctx,
		`INSERT INTO {{schema}}.queue (slot, webhook) SELECT $1, unnest($2::text[]) ON CONFLICT DO
			NOTHING`,
		s.cfg.Slot,
		webhooks,
	)
	return err
}

func (s *Spool) put(
	ctx context.Context,
	webhooks []string,
	deliveries []sender.Spooled,
) ([]sender.Overflow, error) {
	var done *change
	err := s.ownChange(ctx, webhooks, func(c *change) error {
		for _, webhook := range webhooks {
			if c.queues[webhook] == nil {
				return errNoQueue
			}
		}
		known, err := c.known(ctx, deliveries)
		if err != nil {
			return err
		}
		done = c
		return c.insert(ctx, c.take(deliveries, known))
	})
	if err != nil {
		return nil, err
	}
	return done.overflows, nil
}

// deliveryKey is what tells one delivery from all others.
type deliveryKey struct {
	queue int64
	event string
}

// known returns which of the deliveries are in the spool already, or have left it a while ago.
func (c *change) known(
	ctx context.Context,
	deliveries []sender.Spooled,
) (map[deliveryKey]bool, error) {
	queues, events := make([]int64, len(deliveries)), make([]string, len(deliveries))
	for i, d := range deliveries {
		queues[i], events[i] = c.queues[d.Webhook].id, d.Event.ID
	}
	rows, err := c.Query(ctx, `WITH p AS (
			SELECT * FROM unnest($1::bigint[], $2::text[]) AS p (queue, event_id)
		)
		SELECT queue, event_id FROM p JOIN {{schema}}.delivery USING (queue, event_id)
		UNION ALL SELECT queue, event_id FROM p JOIN {{schema}}.delivered d USING (queue, event_id)
			WHERE d.commit = substr(p.event_id, 14, 16)`, queues, events)
	if err != nil {
		return nil, err
	}
	known := map[deliveryKey]bool{}
	var p deliveryKey
	_, err = pgx.ForEachRow(rows, []any{&p.queue, &p.event}, func() error {
		known[p] = true
		return nil
	})
	return known, err
}

// take counts the deliveries that are new, and returns those of them that find room.
func (c *change) take(deliveries []sender.Spooled, known map[deliveryKey]bool) []sender.Spooled {
	taken := make([]sender.Spooled, 0, len(deliveries))
	for _, d := range deliveries {
		q := c.queues[d.Webhook]
		q.judge(c.cfg, c.now)
		p := deliveryKey{q.id, d.Event.ID}
		switch {
		case known[p]:
		case q.full:
			q.miss(d.Event.ID)
		default:
			q.add(d, c.now)
			known[p] = true
			taken = append(taken, d)
		}
	}
	return taken
}

var inserted = []string{
	"queue", "event_id", "record", "object", "action", "workspace", "commit_time", "object_id",
	"member_id", "updated_fields", "format", "data",
	"former", "record_key", "previous_key", "position", "previous", "context",
	"size", "attempts", "resent", "due_at", "status", "reason", "dead", "replay", "last_attempt_at",
}

// orNone is null in place of 0, for there is no former key.
func orNone(former uint64) *int64 {
	if former == 0 {
		return nil
	}
	id := int64(former)
	return &id
}

// insert writes deliveries that are new. Their places rise in the given order.
func (c *change) insert(ctx context.Context, deliveries []sender.Spooled) error {
	if len(deliveries) == 0 {
		return nil
	}
	_, err := c.CopyFrom(ctx, pgx.Identifier{c.cfg.Schema, "delivery"}, inserted,
		pgx.CopyFromSlice(len(deliveries), func(i int) ([]any, error) {
			d := deliveries[i]
			var last time.Time
			if d.Attempts > 0 {
				last = c.now // a moment ago
			}
			e := d.Event.Parts()
			return []any{
				c.queues[d.Webhook].id, e.ID, int64(e.Record), text(e.Object), e.Action.String(),
				text(e.Workspace), e.Time,
				text(e.ObjectID), text(e.Member), texts(e.Updated), e.Format.String(), e.Data,
				orNone(e.Former), e.Key, e.PreviousKey, e.Position, e.Previous, e.Context,
				d.Event.Size(), d.Attempts, d.Resent, orNull(d.Due), d.Status, remark(c, d.Reason), d.Dead,
				d.Replay, orNull(last),
			}, nil
		}))
	return err
}
