package spool

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/bus"
	"hookline/internal/pg"
)

var (
	_ bus.Memory = (*Spool)(nil)
	_ bus.Large  = (*Spool)(nil)
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

// DeleteLarge is that of bus.Large.
func (s *Spool) DeleteLarge(ctx context.Context, event, webhook string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM {{schema}}.large
		WHERE slot = $1 AND event_id = $2 AND webhook = $3`, s.cfg.Slot, event, webhook)
	if err != nil {
		return fmt.Errorf("remove the data of event %s: %w", event, err)
	}
	return nil
}
