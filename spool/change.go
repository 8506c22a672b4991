package spool

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/sender"
)

// change is a transaction that changes deliveries. It holds the rows of their queues locked, so
// what it knows of them is true to its end.
type change struct {
	pgx.Tx
	cfg       Config
	now       time.Time // when the transaction began, by the server's clock
	queues    map[string]*queue
	overflows []sender.Overflow // made or widened, once it is saved
}

// ownChange runs f in a change of the process that owns the spool. Of the webhooks, those that have
// a queue are locked.
func (s *Spool) ownChange(ctx context.Context, webhooks []string, f func(c *change) error) error {
	claim := s.claim.Load()
	if claim == nil {
		return errUnclaimed
	}
	var batch pgx.Batch
	var n int64
	claim.count(&batch, s.owner, &n)
	if err := s.change(ctx, &batch, webhooks, f); err != nil {
		return err
	}
	claim.made(n)
	return nil
}

// change runs f in a change that begins with batch, and writes down afterwards how the queues
// stand. Locks are taken in the order of the webhooks, so that no two changes wait for each other.
func (s *Spool) change(
	ctx context.Context,
	batch *pgx.Batch,
	webhooks []string,
	f func(c *change) error,
) error {
	webhooks = slices.Compact(slices.Sorted(slices.Values(webhooks)))
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		c := &change{Tx: qualified{tx, s.pool.schema}, cfg: s.cfg, queues: map[string]*queue{}}
		c.lock(batch, webhooks)
		if err := c.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if err := f(c); err != nil {
			return err
		}
		return c.save(ctx)
	})
}

// lock adds to batch what locks and reads the queues of webhooks.
func (c *change) lock(batch *pgx.Batch, webhooks []string) {
	batch.Queue(`SELECT now(), id, webhook, waiting, dead, wanted, bytes, front, oldest, since,
		is_full FROM {{schema}}.queue
		WHERE slot = $1 AND webhook = ANY ($2) ORDER BY webhook FOR UPDATE`, c.cfg.Slot, webhooks).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var q queue
				var oldest, since *time.Time
				err := rows.Scan(&c.now, &q.id, &q.webhook, &q.waiting, &q.dead, &q.wanted, &q.bytes, &q.front,
					&oldest, &since, &q.full)
				if err != nil {
					return err
				}
				q.oldest, q.since = orZero(oldest), orZero(since)
				q.before = q.queueState
				c.queues[q.webhook] = &q
			}
			return rows.Err()
		})
}

// save writes down how the queues stand, and the overflows that came of it.
func (c *change) save(ctx context.Context) error {
	var batch pgx.Batch
	for _, webhook := range slices.Sorted(maps.Keys(c.queues)) {
		q := c.queues[webhook]
		q.judge(c.cfg, c.now)
		if q.queueState != q.before {
			batch.Queue(
				`UPDATE {{schema}}.queue SET waiting = $2, dead = $3, wanted = $4, bytes = $5, front = $6,
					oldest = $7, since = $8, is_full = $9
				WHERE id = $1`,
				q.id,
				q.waiting,
				q.dead,
				q.wanted,
				q.bytes,
				q.front,
				orNull(q.oldest),
				orNull(q.since),
				q.full,
			)
		}
		if q.eased {
			batch.Queue(
				`UPDATE {{schema}}.overflow SET ended_at = now() WHERE queue = $1 AND ended_at IS NULL`, q.id)
		}
		if m := q.missed; m.Events > 0 {
			batch.Queue(`INSERT INTO {{schema}}.overflow AS g (queue, first_event, last_event, events)
				VALUES ($1, $2, $3, $4)
				ON CONFLICT (queue) WHERE ended_at IS NULL
				DO UPDATE SET last_event = EXCLUDED.last_event, events = g.events + EXCLUDED.events
				RETURNING first_event, last_event, events`, q.id, m.First, m.Last, m.Events).
				QueryRow(func(row pgx.Row) error {
					overflow := sender.Overflow{Webhook: webhook}
					err := row.Scan(&overflow.First, &overflow.Last, &overflow.Events)
					c.overflows = append(c.overflows, overflow)
					return err
				})
		}
	}
	return c.SendBatch(ctx, &batch).Close()
}
