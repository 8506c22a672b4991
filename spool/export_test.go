package spool

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hookline/sender"
)

// Step is how many deliveries one transaction changes.
const Step = step

// Dead returns the dead deliveries of a webhook, oldest first, with all that a sender would see.
func (s *Spool) Dead(ctx context.Context, webhook string) ([]sender.Spooled, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+spooledColumns+`, false FROM {{schema}}.delivery
		WHERE dead AND queue = (SELECT id FROM {{schema}}.queue WHERE slot = $1 AND webhook = $2) ORDER
		BY `+oldestFirst, s.cfg.Slot, webhook)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (sender.Spooled, error) {
		return scanSpooled(row, webhook)
	})
}
