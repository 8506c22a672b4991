package spool

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/mapper"
	"hookline/notice"
)

var _ notice.Store = (*Spool)(nil)

// keepNotices is how long a notice is kept when there is a later one about the same, and
// mostNotices how many are.
const (
	keepNotices = 30 * 24 * time.Hour
	mostNotices = 10_000
)

// Note is that of notice.Store. It needs no claim.
func (s *Spool) Note(ctx context.Context, rows []notice.Row) ([]notice.Row, error) {
	var noted []notice.Row
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		noted, err = s.note(ctx, qualified{tx, s.pool.schema}, rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write %d notices: %w", len(rows), err)
	}
	return noted, nil
}

// note writes notices down in a transaction.
func (s *Spool) note(ctx context.Context, q qualified, rows []notice.Row) ([]notice.Row, error) {
	noted := make([]notice.Row, len(rows))
	var batch pgx.Batch
	for i, row := range rows {
		topic, _ := row.What.Begins()
		batch.Queue(`INSERT INTO {{schema}}.notice (slot, event, topic, webhook, data, settled)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, at`,
			s.cfg.Slot, row.What.String(), topic.String(), text(row.Webhook), string(row.Data),
			row.Summed).
			QueryRow(func(r pgx.Row) error {
				noted[i] = row
				return r.Scan(&noted[i].ID, &noted[i].At)
			})
	}
	batch.Queue(`DELETE FROM {{schema}}.notice n WHERE slot = $1 AND settled
		AND (at < now() - $2::interval OR id <= (SELECT max(id) FROM {{schema}}.notice) - $3)
		AND EXISTS (SELECT FROM {{schema}}.notice later
			WHERE later.slot = n.slot AND later.topic = n.topic AND later.webhook = n.webhook
			AND later.id > n.id)`, s.cfg.Slot, keepNotices, mostNotices)
	return noted, q.SendBatch(ctx, &batch).Close()
}

// Unsettled is that of notice.Store.
func (s *Spool) Unsettled(ctx context.Context) ([]notice.Row, error) {
	return s.notices(ctx, `SELECT id, at, event, webhook, data::text FROM {{schema}}.notice
		WHERE slot = $1 AND NOT settled ORDER BY id`)
}

// Latest is that of notice.Store. Of a part it is what is about its webhooks.
func (s *Spool) Latest(ctx context.Context) ([]notice.Row, error) {
	rows, err := s.notices(
		ctx,
		`SELECT DISTINCT ON (topic, webhook) id, at, event, webhook, data::text FROM {{schema}}.notice
		WHERE slot = $1 ORDER BY topic, webhook, id DESC`,
	)
	if s.has != nil {
		rows = slices.DeleteFunc(rows, func(r notice.Row) bool {
			return r.Webhook == "" || !s.has(r.Webhook)
		})
	}
	return rows, err
}

func (s *Spool) notices(ctx context.Context, sql string) ([]notice.Row, error) {
	rows, err := s.pool.Query(ctx, sql, s.cfg.Slot)
	if err != nil {
		return nil, fmt.Errorf("read the notices: %w", err)
	}
	var list []notice.Row
	var row notice.Row
	var event, data string
	_, err = pgx.ForEachRow(
		rows,
		[]any{&row.ID, &row.At, &event, &row.Webhook, &data},
		func() error {
			what, known := mapper.ParseAction(event)
			if row.What, row.Data = what, []byte(data); known && what.OfOperator() {
				list = append(list, row) // any other is of a later version, which has told it or will
			}
			return nil
		},
	)
	if err != nil {
		return nil, fmt.Errorf("read the notices: %w", err)
	}
	return list, nil
}

// Settle is that of notice.Store. It needs no claim.
func (s *Spool) Settle(ctx context.Context, ids []int64) error {
	_, err := s.pool.Exec(ctx,
		`UPDATE {{schema}}.notice SET settled = true WHERE id = ANY ($1) AND NOT settled`, ids)
	if err != nil {
		return fmt.Errorf("settle %d notices: %w", len(ids), err)
	}
	return nil
}

// ForgetNotices removes all notices of the slot: they came along with a copy of another database.
func (s *Spool) ForgetNotices(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM {{schema}}.notice WHERE slot = $1`,
		s.cfg.Slot); err != nil {
		return fmt.Errorf("remove the notices: %w", err)
	}
	return nil
}
