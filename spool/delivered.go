package spool

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// What has left the spool may come again from the stream, until the checkpoint has passed it: a
// process that is killed begins there. So it leaves its ID behind, by which Put and Ahead know it.
// Over a bus the checkpoint tells how much is published, and it is from the bus that it may come
// again: there Known knows it, until Forget is told that the bus has passed it.

// settledEnd is where the checkpoint of a slot stands, as IDs tell positions. It is null without
// one.
const settledEnd = `(SELECT lpad(to_hex((settled_lsn - '0/0'::pg_lsn)::bigint), 16, '0')
	FROM {{schema}}.checkpoint WHERE slot = %s)`

// throughBus tells whether the deliveries of a slot go through a bus.
const throughBus = `EXISTS (SELECT FROM {{schema}}.bus WHERE slot = %s)`

// leave returns SQL that notes the deliveries of gone that the checkpoint of a slot has not passed,
// over a bus all of them.
// Notices have no position, so the stream does not bring them, and nothing passes them: their IDs
// have an n in its place.
func leave(slot string) string {
	return `INSERT INTO {{schema}}.delivered (queue, commit, event_id, commit_time)
		SELECT queue, substr(event_id, 14, 16), event_id, commit_time FROM gone
		WHERE (substr(event_id, 14, 16) >= ` + fmt.Sprintf(settledEnd, slot) + `
				OR ` + fmt.Sprintf(throughBus, slot) + `)
			AND substr(event_id, 14, 1) < 'g'
		ON CONFLICT DO NOTHING`
}

// Ahead calls each with the deliveries of a database that are in the spool, or have left it. Only
// with those that the checkpoint has not passed: the stream may bring them again. Call it after
// Claim.
func (s *Spool) Ahead(
	ctx context.Context, database string, each func(webhook, event string, at time.Time),
) error {
	if err := s.ahead(ctx, "evt_"+database+"_", each); err != nil {
		return fmt.Errorf("read what the spool has had of what the stream brings: %w", err)
	}
	return nil
}

func (s *Spool) ahead(
	ctx context.Context, prefix string, each func(webhook, event string, at time.Time),
) error {
	if err := s.forget(ctx); err != nil {
		return err
	}
	var from *string
	err := s.pool.QueryRow(ctx, `SELECT `+fmt.Sprintf(settledEnd, "$1"), s.cfg.Slot).Scan(&from)
	if err != nil || from == nil {
		return err
	}
	rows, err := s.pool.Query(ctx, `SELECT webhook, event_id, commit_time
			FROM {{schema}}.queue q JOIN {{schema}}.delivery d ON d.queue = q.id
			WHERE q.slot = $1 AND d.event_id >= $2 AND d.event_id < $3
		UNION ALL SELECT webhook, event_id, commit_time
			FROM {{schema}}.queue q JOIN {{schema}}.delivered d ON d.queue = q.id
			WHERE q.slot = $1 AND d.commit >= $4`,
		s.cfg.Slot, prefix+*from, prefix+"g", *from)
	if err != nil {
		return err
	}
	var webhook, event string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&webhook, &event, &at}, func() error {
		each(webhook, event, at)
		return nil
	})
	return err
}

// forget removes what the checkpoint has passed, if there may be any.
func (s *Spool) forget(ctx context.Context) error {
	s.left.Store(false)
	var more bool
	err := s.pool.QueryRow(ctx, `WITH mine AS (
			SELECT id FROM {{schema}}.queue WHERE slot = $1 AND NOT `+fmt.Sprintf(throughBus, "$1")+`
		),
		passed AS (DELETE FROM {{schema}}.delivered
			WHERE queue IN (SELECT id FROM mine) AND commit < `+fmt.Sprintf(settledEnd, "$1")+`)
		SELECT EXISTS (SELECT FROM {{schema}}.delivered
			WHERE queue IN (SELECT id FROM mine) AND commit >= `+fmt.Sprintf(settledEnd, "$1")+`)`,
		s.cfg.Slot).Scan(&more)
	if err != nil || more {
		s.left.Store(true)
	}
	return err
}
