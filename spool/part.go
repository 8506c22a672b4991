package spool

import (
	"context"
	"fmt"
)

// Part returns the spool as one process has it that delivers to some of the webhooks: those of
// partition n, of which has tells. Each part is claimed by itself, so other processes have the
// other ones. Close the whole in the end, not the part.
func (s *Spool) Part(n int, has func(webhook string) bool) *Spool {
	part := &Spool{
		cfg: s.cfg, pool: s.pool, table: s.table, owner: fmt.Sprintf("%s#%d", s.cfg.Slot, n), has: has,
	}
	part.left.Store(true) // by whoever had it before
	return part
}

// FenceParts fences off all who have claimed parts, as Claim does who had the whole.
func (s *Spool) FenceParts(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `UPDATE {{schema}}.owner SET epoch = epoch + 1, changes = 0
		WHERE starts_with(slot, $1 || '#')`, s.cfg.Slot)
	if err != nil {
		return fmt.Errorf("claim the parts of the spool of slot %q: %w", s.cfg.Slot, err)
	}
	return nil
}
