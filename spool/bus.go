package spool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/bus"
	"hookline/internal/pg"
)

var (
	_ bus.Memory  = (*Spool)(nil)
	_ bus.Large   = (*Spool)(nil)
	_ bus.Spooled = (*Spool)(nil)
)

// LoadMemo is that of bus.Memory. Before the tables are there, there is none.
func (s *Spool) LoadMemo(ctx context.Context) (*bus.Memo, error) {
	var m bus.Memo
	err := s.pool.QueryRow(ctx, `SELECT stream, incarnation, partitions, made, last
		FROM {{schema}}.bus WHERE slot = $1`, s.cfg.Slot).
		Scan(&m.Stream, &m.Incarnation, &m.Partitions, &m.Made, &m.Last)
	if errors.Is(err, pgx.ErrNoRows) || pg.IsTableGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what is known of the bus: %w", err)
	}
	return &m, nil
}

// SaveMemo is that of bus.Memory.
func (s *Spool) SaveMemo(ctx context.Context, m bus.Memo) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO {{schema}}.bus
		(slot, stream, incarnation, partitions, made, last) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (slot) DO UPDATE SET stream = EXCLUDED.stream,
			incarnation = EXCLUDED.incarnation, partitions = EXCLUDED.partitions,
			made = EXCLUDED.made, last = EXCLUDED.last`,
		s.cfg.Slot, m.Stream, m.Incarnation, m.Partitions, m.Made, m.Last)
	if err != nil {
		return fmt.Errorf("note what is known of the bus: %w", err)
	}
	return nil
}

// ForgetMemo forgets the stream, and what was too large for it: the next one is another.
func (s *Spool) ForgetMemo(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `WITH large AS (DELETE FROM {{schema}}.large WHERE slot = $1)
		DELETE FROM {{schema}}.bus WHERE slot = $1`, s.cfg.Slot)
	if err != nil {
		return fmt.Errorf("forget the bus: %w", err)
	}
	return nil
}

// PutLarge is that of bus.Large.
func (s *Spool) PutLarge(ctx context.Context, event, webhook string, data []byte) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO {{schema}}.large (slot, event_id, webhook, data)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, s.cfg.Slot, event, webhook, data)
	if err != nil {
		return fmt.Errorf("keep the data of event %s: %w", event, err)
	}
	return nil
}

// GetLarge is that of bus.Large.
func (s *Spool) GetLarge(ctx context.Context, event, webhook string) (data []byte, err error) {
	err = s.pool.QueryRow(ctx, `SELECT data FROM {{schema}}.large
		WHERE slot = $1 AND event_id = $2 AND webhook = $3`, s.cfg.Slot, event, webhook).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the data of event %s: %w", event, err)
	}
	return data, nil
}

// Large returns the deliveries of which there are data that were too large for a message.
func (s *Spool) Large(ctx context.Context) (list []bus.Key, err error) {
	rows, err := s.pool.Query(ctx, `SELECT event_id, webhook FROM {{schema}}.large WHERE slot = $1`,
		s.cfg.Slot)
	if err == nil {
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[bus.Key])
	}
	if err != nil {
		return nil, fmt.Errorf("read what was too large for the bus: %w", err)
	}
	return list, nil
}

// DeleteLarge is that of bus.Large.
func (s *Spool) DeleteLarge(ctx context.Context, event, webhook string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM {{schema}}.large
		WHERE slot = $1 AND event_id = $2 AND webhook = $3`, s.cfg.Slot, event, webhook)
	if err != nil {
		return fmt.Errorf("remove the data of event %s: %w", event, err)
	}
	return nil
}

// HasAny is that of bus.Spooled, of the webhooks of a part.
func (s *Spool) HasAny(ctx context.Context) (has bool, err error) {
	rows, err := s.pool.Query(ctx, `SELECT webhook FROM {{schema}}.queue q WHERE slot = $1
		AND (waiting > 0 OR dead > 0
			OR EXISTS (SELECT FROM {{schema}}.delivered d WHERE d.queue = q.id))`, s.cfg.Slot)
	if err == nil {
		var webhook string
		_, err = pgx.ForEachRow(rows, []any{&webhook}, func() error {
			has = has || s.has == nil || s.has(webhook)
			return nil
		})
	}
	if err != nil {
		return false, fmt.Errorf("look whether the spool has anything: %w", err)
	}
	return has, nil
}

// Known is that of bus.Spooled.
func (s *Spool) Known(ctx context.Context, list []bus.Key) ([]bool, error) {
	webhooks, events := make([]string, len(list)), make([]string, len(list))
	for i, k := range list {
		webhooks[i], events[i] = k.Webhook, k.Event
	}
	rows, err := s.pool.Query(ctx, `SELECT n FROM (
			SELECT n, q.id AS queue, p.event FROM
				unnest($2::text[], $3::text[]) WITH ORDINALITY AS p (webhook, event, n)
				JOIN {{schema}}.queue q ON q.slot = $1 AND q.webhook = p.webhook OFFSET 0
		) AS p
		WHERE EXISTS (SELECT FROM {{schema}}.delivery d
				WHERE d.queue = p.queue AND d.event_id = p.event)
			OR EXISTS (SELECT FROM {{schema}}.delivered d WHERE d.queue = p.queue
				AND d.commit = substr(p.event, 14, 16) AND d.event_id = p.event)`,
		s.cfg.Slot, webhooks, events)
	known := make([]bool, len(list))
	var n int
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&n}, func() error {
			known[n-1] = true
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("look which of %d deliveries the spool knows: %w", len(list), err)
	}
	return known, nil
}

// Leave is that of bus.Spooled. What waits in the spool, or is dead there, leaves its ID behind once
// it leaves.
func (s *Spool) Leave(ctx context.Context, list []bus.Settled) error {
	webhooks, events := make([]string, len(list)), make([]string, len(list))
	times := make([]time.Time, len(list))
	for i, d := range list {
		webhooks[i], events[i], times[i] = d.Webhook, d.Event, d.At
	}
	err := s.create(ctx, webhooks)
	if err == nil {
		_, err = s.pool.Exec(ctx, `INSERT INTO {{schema}}.delivered (queue, commit, event_id, commit_time)
			SELECT q.id, substr(p.event, 14, 16), p.event, p.at
			FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS p (webhook, event, at)
				JOIN {{schema}}.queue q ON q.slot = $1 AND q.webhook = p.webhook
			WHERE NOT EXISTS (SELECT FROM {{schema}}.delivery d
				WHERE d.queue = q.id AND d.event_id = p.event)
			ON CONFLICT DO NOTHING`, s.cfg.Slot, webhooks, events, times)
	}
	if err != nil {
		return fmt.Errorf("note that %d deliveries are settled: %w", len(list), err)
	}
	s.left.Store(true)
	return nil
}

// Forget is that of bus.Spooled, of the webhooks of a part. What the checkpoint has not passed is
// kept: a reader that begins there does not publish it.
func (s *Spool) Forget(ctx context.Context, before string) error {
	if !s.left.Swap(false) {
		return nil
	}
	err := s.forgetPart(ctx, before)
	if err != nil {
		s.left.Store(true)
		return fmt.Errorf("forget what the bus has passed: %w", err)
	}
	return nil
}

func (s *Spool) forgetPart(ctx context.Context, before string) error {
	rows, err := s.pool.Query(ctx, `SELECT id, webhook FROM {{schema}}.queue q WHERE slot = $1
		AND EXISTS (SELECT FROM {{schema}}.delivered d WHERE d.queue = q.id)`, s.cfg.Slot)
	if err != nil {
		return err
	}
	var queues []int64
	var id int64
	var webhook string
	_, err = pgx.ForEachRow(rows, []any{&id, &webhook}, func() error {
		if s.has == nil || s.has(webhook) {
			queues = append(queues, id)
		}
		return nil
	})
	if err != nil || len(queues) == 0 {
		return err
	}
	var more bool
	err = s.pool.QueryRow(ctx, `WITH passed AS (
			DELETE FROM {{schema}}.delivered
			WHERE queue = ANY ($1) AND commit < least($2, coalesce(`+fmt.Sprintf(settledEnd, "$3")+`, ''))
			RETURNING queue
		)
		SELECT (SELECT count(*) FROM passed) <
			(SELECT count(*) FROM {{schema}}.delivered WHERE queue = ANY ($1))`,
		queues, before, s.cfg.Slot).Scan(&more)
	if more {
		s.left.Store(true)
	}
	return err
}
