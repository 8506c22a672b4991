package spool

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/mapper"
	"hookline/sender"
)

// spooledColumns are what scanSpooled reads.
const spooledColumns = `seq, event_id, record, object, action, workspace, commit_time, object_id,
	member_id, updated_fields, format, data,
	former, record_key, previous_key, coalesce(position, 0), previous, context,
	attempts, resent, due_at, status, reason, dead, replay`

// Waiting is that of sender.Spool.
func (s *Spool) Waiting(ctx context.Context, page sender.Page) ([]sender.Spooled, error) {
	list, err := s.waiting(ctx, page)
	if err == nil && len(list) == 0 && page.After == 0 && page.Records == nil {
		err = s.recount(ctx, page.Webhook)
	}
	if err != nil {
		return nil, fmt.Errorf("read the queue of webhook %s: %w", page.Webhook, err)
	}
	return list, nil
}

// waiting walks indexes from where the page begins, or from the front of the queue, one for each
// record. Values that are stored apart from their row are read of those rows only that fit on the
// page.
func (s *Spool) waiting(ctx context.Context, page sender.Page) ([]sender.Spooled, error) {
	args := []any{s.cfg.Slot, page.Webhook, page.After, page.Rows, page.Bytes}
	rows := fmt.Sprintf(walk, "true")
	if page.Records != nil {
		ids := make([]int64, len(page.Records))
		for i, id := range page.Records {
			ids[i] = int64(id)
		}
		args = append(args, ids)
		rows = ofRecords
	}
	later := "false"
	if page.Later {
		later = moreOfRecord
	}
	result, err := s.pool.Query(ctx, `SELECT `+spooledColumns+`, `+later+` FROM (
			SELECT d.*, row_number() OVER w AS place, sum(size) OVER w AS total FROM {{schema}}.queue q,
			LATERAL (`+rows+`) AS d WHERE slot = $1 AND webhook = $2
			WINDOW w AS (ORDER BY d.seq ROWS UNBOUNDED PRECEDING)
		) AS d WHERE place = 1 OR total <= $5 ORDER BY seq`, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(result, func(row pgx.CollectableRow) (sender.Spooled, error) {
		return scanSpooled(row, page.Webhook)
	})
}

// moreOfRecord tells whether another delivery of a record waits behind delivery d.
const moreOfRecord = `EXISTS (SELECT FROM {{schema}}.delivery AS behind
	WHERE behind.queue = d.queue AND NOT behind.dead AND behind.record = d.record
		AND behind.seq > d.seq)`

// walk finds the first deliveries of queue q, behind a place, that fulfil a condition. Each index
// holds them in their order.
const walk = `SELECT * FROM {{schema}}.delivery WHERE queue = q.id AND NOT dead AND seq >
	greatest($3, q.front - 1) AND %s ORDER BY seq LIMIT $4`

// ofRecords finds those of some records: an event of a key that has changed is of two.
var ofRecords = `SELECT * FROM (
		SELECT d.* FROM unnest($6::bigint[]) AS id, LATERAL (` + fmt.Sprintf(walk, "record = id") + `) AS
		d
		UNION ALL
		SELECT d.* FROM unnest($6::bigint[]) AS id, LATERAL
		(` + fmt.Sprintf(walk, "former = id AND record <> ALL ($6)") + `) AS d
	) AS either ORDER BY seq LIMIT $4`

// scanSpooled reads spooledColumns, and whether more of the record waits.
func scanSpooled(row pgx.CollectableRow, webhook string) (sender.Spooled, error) {
	d := sender.Spooled{Webhook: webhook}
	var e mapper.Parts
	var record int64
	var action, format string
	var data, key, previousKey, previous, said pgtype.DriverBytes // NewEvent copies them
	var former *int64
	var due *time.Time
	err := row.Scan(&d.Seq, &e.ID, &record, &e.Object, &action, &e.Workspace, &e.Time, &e.ObjectID,
		&e.Member, &e.Updated, &format, &data, &former, &key, &previousKey, &e.Position, &previous, &said,
		&d.Attempts, &d.Resent, &due, &d.Status, &d.Reason, &d.Dead, &d.Replay, &d.Later)
	if err != nil {
		return d, err
	}
	e.Record, e.Data, d.Due = uint64(record), data, orZero(due)
	e.Key, e.PreviousKey, e.Previous, e.Context = key, previousKey, previous, said
	if former != nil {
		e.Former = uint64(*former)
	}
	var known bool
	if e.Action, known = mapper.ParseAction(action); !known {
		return d, fmt.Errorf("event %s has the unknown action %q: was it parked by a later version?",
			e.ID, action)
	}
	if err := e.Format.UnmarshalText([]byte(format)); err != nil {
		return d, fmt.Errorf("event %s: %w", e.ID, err)
	}
	d.Event = mapper.NewEvent(e)
	return d, nil
}

// recount mends how a queue stands after somebody has removed rows by hand: a queue that is said to
// be longer than it is would be waited for in vain.
func (s *Spool) recount(ctx context.Context, webhook string) error {
	var waiting int64
	err := s.pool.QueryRow(ctx, `SELECT coalesce(sum(waiting), 0)::bigint FROM {{schema}}.queue WHERE
		slot = $1 AND webhook = $2`, s.cfg.Slot, webhook).
		Scan(&waiting)
	if err != nil || waiting == 0 {
		return err
	}
	return s.ownChange(ctx, []string{webhook}, func(c *change) error {
		for _, q := range c.queues {
			q.front = 0
			err := c.QueryRow(ctx, `SELECT count(*) FILTER (WHERE NOT dead), count(*) FILTER (WHERE dead),
				count(*) FILTER (WHERE wanted),
				coalesce(sum(size), 0) FROM {{schema}}.delivery WHERE queue = $1`, q.id).
				Scan(&q.waiting, &q.dead, &q.wanted, &q.bytes)
			if err != nil {
				return err
			}
		}
		return c.refront(ctx)
	})
}
