package spool

import (
	"context"
	"fmt"

	"hookline/sender"
)

// step is how many deliveries one transaction changes where there may be any number: others wait
// for it.
const step = 5000

// Requeue is that of sender.Spool. It takes a step at a time.
func (s *Spool) Requeue(ctx context.Context, webhook string) error {
	for more := true; more; {
		err := s.ownChange(ctx, []string{webhook}, func(c *change) error {
			more = false
			q := c.queues[webhook]
			if q == nil || q.wanted == 0 {
				return nil
			}
			// Rows that are inserted get their places in the order of the list. Those of an UPDATE would
			// get them in any.
			tag, err := c.Exec(ctx, `WITH list AS (
					DELETE FROM {{schema}}.delivery WHERE queue = $1 AND event_id IN (
						SELECT event_id FROM {{schema}}.delivery WHERE queue = $1 AND wanted ORDER BY `+oldestFirst+`
						LIMIT $2
					) RETURNING *
				)
				INSERT INTO {{schema}}.delivery (`+ofEvent+`, attempts, status, reason, dead, replay)
				SELECT `+ofEvent+`, 0, 0, '', false, true FROM list ORDER BY `+oldestFirst, q.id, step)
			if err != nil {
				return err
			}
			n := tag.RowsAffected()
			q.waiting += n
			q.dead -= n
			q.wanted -= n
			more = n == step
			return c.refront(ctx)
		})
		if err != nil {
			return fmt.Errorf("requeue deliveries of webhook %s: %w", webhook, err)
		}
	}
	return nil
}

// ofEvent are the columns that stay what they are as long as a delivery is in the spool.
const ofEvent = `queue, event_id, record, object, action, workspace, commit_time, object_id, member_id, updated_fields, format, data, size,
	former, record_key, previous_key, position, previous, context`

// oldestFirst orders deliveries as their events were told. The transaction is told by the first 29
// bytes of an ID, evt_<8 digits>_<16 digits>. Within it the position decides, which an earlier
// version has left null; and of one change the ID: a decimal number, and _1 behind it comes last. A
// p at the end tells nothing of the order: see mapper.ID.
const oldestFirst = `commit_time, left(event_id, 29), position NULLS FIRST,
	length(rtrim(split_part(event_id, '_', 4), 'p')), rtrim(event_id, 'p')`

// Discard is that of sender.Spool. It takes a step at a time.
func (s *Spool) Discard(ctx context.Context, webhook string) error {
	for more := true; more; {
		err := s.ownChange(ctx, []string{webhook}, func(c *change) error {
			more = false
			q := c.queues[webhook]
			if q == nil || q.waiting == 0 {
				return nil
			}
			// The list is made once, however few rows the server takes the queue to have.
			var n, bytes int64
			err := c.QueryRow(ctx, `WITH gone AS (
					DELETE FROM {{schema}}.delivery WHERE queue = $1 AND NOT dead AND seq = ANY (ARRAY(
						SELECT seq FROM {{schema}}.delivery WHERE queue = $1 AND NOT dead AND seq >= $2 ORDER BY seq
						LIMIT $3
					)) RETURNING size
				) SELECT count(*), coalesce(sum(size), 0) FROM gone`, q.id, q.front, step).Scan(&n, &bytes)
			if err != nil {
				return err
			}
			q.waiting -= n
			q.bytes -= bytes
			more = n == step
			return c.refront(ctx)
		})
		if err != nil {
			return fmt.Errorf("discard the queue of webhook %s: %w", webhook, err)
		}
	}
	return nil
}

// Pause is that of sender.Spool.
func (s *Spool) Pause(ctx context.Context, webhook, why, version string) error {
	err := s.ownChange(ctx, nil, func(c *change) error {
		_, err := c.Exec(
			ctx,
			`INSERT INTO {{schema}}.queue (slot, webhook, paused, paused_version) VALUES ($1, $2, $3, $4)
			ON CONFLICT (slot, webhook) DO UPDATE SET paused = EXCLUDED.paused, paused_version =
			EXCLUDED.paused_version`,
			s.cfg.Slot,
			webhook,
			remark(c, why),
			version,
		)
		return err
	})
	if err != nil {
		return fmt.Errorf("pause webhook %s: %w", webhook, err)
	}
	return nil
}

var _ sender.Spool = (*Spool)(nil)
