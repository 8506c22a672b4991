package spool

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/sender"
)

// Report is that of sender.Spool.
func (s *Spool) Report(ctx context.Context, reports []sender.Report) error {
	if len(reports) == 0 {
		return nil
	}
	reports = lastWords(reports)
	webhooks := make([]string, len(reports))
	for i, r := range reports {
		webhooks[i] = r.Webhook
	}
	delivered := slices.ContainsFunc(reports, func(r sender.Report) bool { return r.Delivered })
	err := s.ownChange(ctx, webhooks, func(c *change) error {
		if err := c.remove(ctx, reports); err != nil {
			return err
		}
		if err := c.update(ctx, reports); err != nil {
			return err
		}
		return c.refront(ctx)
	})
	if err != nil {
		return fmt.Errorf("report %d attempts: %w", len(reports), err)
	}
	if delivered {
		s.left.Store(true)
	}
	return nil
}

// lastWords returns one report for each delivery: the last, or the first after which it is no
// longer in the queue.
func lastWords(reports []sender.Report) []sender.Report {
	type delivery struct{ webhook, event string }
	at := make(map[delivery]int, len(reports))
	list := make([]sender.Report, 0, len(reports))
	for _, r := range reports {
		d := delivery{r.Webhook, r.Event}
		switch i, known := at[d]; {
		case !known:
			at[d] = len(list)
			list = append(list, r)
		case !list[i].Delivered && !list[i].Dead:
			list[i] = r
		}
	}
	return list
}

// remove deletes what is delivered. What the stream may bring again leaves its ID behind.
func (c *change) remove(ctx context.Context, reports []sender.Report) error {
	var queues []int64
	var events []string
	for _, r := range reports {
		if q := c.queues[r.Webhook]; q != nil && r.Delivered {
			queues, events = append(queues, q.id), append(events, r.Event)
		}
	}
	if len(queues) == 0 {
		return nil
	}
	rows, err := c.Query(ctx, `WITH gone AS (
			DELETE FROM {{schema}}.delivery d USING unnest($1::bigint[], $2::text[]) AS r (queue, event)
			WHERE d.queue = r.queue AND d.event_id = r.event AND NOT d.dead
			RETURNING d.queue, d.size, d.event_id, d.commit_time
		), left_behind AS (`+leave("$3")+`)
		SELECT webhook, count(*), sum(size) FROM gone JOIN {{schema}}.queue ON queue.id = gone.queue
		GROUP BY webhook`, queues, events, c.cfg.Slot)
	if err != nil {
		return err
	}
	var webhook string
	var n, bytes int64
	_, err = pgx.ForEachRow(rows, []any{&webhook, &n, &bytes}, func() error {
		q := c.queues[webhook]
		q.waiting -= n
		q.bytes -= bytes
		return nil
	})
	return err
}

// update writes down what became of the attempts at all others.
func (c *change) update(ctx context.Context, reports []sender.Report) error {
	var queues []int64
	var events, reasons []string
	var attempts, resent, status []int
	var due []*time.Time
	var dead []bool
	for _, r := range reports {
		q := c.queues[r.Webhook]
		if q == nil || r.Delivered {
			continue
		}
		queues, events = append(queues, q.id), append(events, r.Event)
		attempts = append(attempts, r.Attempts)
		resent = append(resent, r.Resent)
		due, status = append(due, orNull(r.Due)), append(status, r.Status)
		reasons, dead = append(reasons, remark(c, r.Reason)), append(dead, r.Dead)
	}
	if len(queues) == 0 {
		return nil
	}
	rows, err := c.Query(ctx, `WITH tried AS (
			UPDATE {{schema}}.delivery d SET attempts = r.attempts, resent = r.resent, due_at = r.due,
			status = r.status, reason = r.reason, dead = r.dead, last_attempt_at = now()
			FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::timestamptz[], $5::integer[],
			$6::text[], $7::boolean[], $8::integer[])
				AS r (queue, event, attempts, due, status, reason, dead, resent)
			WHERE d.queue = r.queue AND d.event_id = r.event AND NOT d.dead RETURNING d.queue, d.dead
		) SELECT webhook, count(*) FROM tried JOIN {{schema}}.queue ON queue.id = tried.queue WHERE
		tried.dead GROUP BY webhook`,
		queues, events, attempts, due, status, reasons, dead, resent)
	if err != nil {
		return err
	}
	var webhook string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&webhook, &n}, func() error {
		q := c.queues[webhook]
		q.waiting -= n
		q.dead += n
		return nil
	})
	return err
}
