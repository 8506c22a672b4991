package spool

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/sender"
)

// queue is how a webhook stands, while its row is locked.
type queue struct {
	id      int64
	webhook string
	queueState
	before queueState
	eased  bool            // it was full for a while, and then not
	missed sender.Overflow // what this change did not take
}

// queueState is what is written down of a queue. See the comments of the table.
type queueState struct {
	waiting, dead, wanted, bytes int64
	front                        int64
	oldest, since                time.Time // zero when nothing waits
	full                         bool
}

// judge decides whether the queue is full. Once it is, it stays so until an eighth of each limit is
// free again: overflows are few and long, rather than many and short.
func (q *queue) judge(limits Config, now time.Time) {
	if q.full {
		limits.MaxBytes -= limits.MaxBytes / 8
		limits.MaxAge -= limits.MaxAge / 8
	}
	full := q.bytes >= limits.MaxBytes || !q.since.IsZero() && now.Sub(q.since) >= limits.MaxAge
	q.eased = q.eased || q.full && !full
	q.full = full
}

// add counts a delivery that is taken.
func (q *queue) add(d sender.Spooled, now time.Time) {
	q.bytes += int64(d.Event.Size())
	if d.Dead {
		q.dead++
		return
	}
	if q.waiting == 0 {
		q.oldest, q.since = d.Event.Time, now
	}
	q.waiting++
}

// miss counts a delivery that is not taken.
func (q *queue) miss(event string) {
	if q.missed.Events == 0 {
		q.missed.First = event
	}
	q.missed.Last = event
	q.missed.Events++
}

// refront finds what is first in each queue now. Together with front, its query passes over each
// removed delivery once, and not each time: until a vacuum comes along, they are in the index
// still.
func (c *change) refront(ctx context.Context) error {
	var batch pgx.Batch
	for _, q := range c.queues {
		q.oldest, q.since = time.Time{}, time.Time{}
		batch.Queue(`SELECT seq, commit_time, parked_at FROM {{schema}}.delivery WHERE queue = $1 AND NOT
			dead AND seq >= $2 ORDER BY seq LIMIT 1`,
			q.id, q.front).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					var oldest, since *time.Time
					if err := rows.Scan(&q.front, &oldest, &since); err != nil {
						return err
					}
					q.oldest, q.since = orZero(oldest), orZero(since)
				}
				return rows.Err()
			})
	}
	return c.SendBatch(ctx, &batch).Close()
}

// Queues is that of sender.Spool.
func (s *Spool) Queues(ctx context.Context) ([]sender.Queue, error) {
	list, err := s.queryQueues(ctx)
	if err != nil {
		return nil, fmt.Errorf("read how the queues stand: %w", err)
	}
	return list, nil
}

func (s *Spool) queryQueues(ctx context.Context) (list []sender.Queue, err error) {
	claim := s.claim.Load()
	acknowledged := claim.acknowledged()
	rows, err := s.pool.Query(ctx, `SELECT coalesce(epoch, 0), coalesce(changes, 0), q.id IS NOT NULL,
			coalesce(webhook, ''), coalesce(waiting, 0), coalesce(dead, 0), coalesce(wanted, 0),
			coalesce(bytes, 0), oldest, coalesce(paused, ''), coalesce(paused_version, ''),
			coalesce(is_full OR now() - since >= $2, false)
		FROM (SELECT) AS always LEFT JOIN {{schema}}.owner o ON o.slot = $1
		LEFT JOIN {{schema}}.queue q ON q.slot = $3 AND (waiting > 0 OR dead > 0 OR paused <> '')
		ORDER BY webhook`, s.owner, s.cfg.MaxAge, s.cfg.Slot)
	if err != nil {
		return nil, err
	}
	var epoch, changes int64
	var is bool
	var q sender.Queue
	var oldest *time.Time
	_, err = pgx.ForEachRow(rows, []any{
		&epoch, &changes, &is, &q.Webhook, &q.Waiting, &q.Dead, &q.Wanted, &q.Bytes, &oldest, &q.Paused,
		&q.Version, &q.Full,
	}, func() error {
		if q.Oldest = orZero(oldest); is && (s.has == nil || s.has(q.Webhook)) {
			list = append(list, q)
		}
		return nil
	})
	if err == nil {
		err = claim.check(epoch, changes, acknowledged)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}
