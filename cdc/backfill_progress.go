package cdc

import (
	"context"
	"log/slog"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jackc/pgx/v5"
)

// progressInterval is the time between two lines that tell how far the reading of a table's rows
// has come.
const progressInterval = 10 * time.Second

// backfillProgress tells how far a step has come that copies the rows of a table into the table
// backfill: how large that has grown, and how large the table is, which is nearly the same. It asks
// for no lock on the table, since others may wait for one.
type backfillProgress struct {
	log      *slog.Logger
	table    Table
	backfill string // quoted
	started  time.Time
	before   int64 // bytes of backfill when it began; -1 when that is not known
	total    int64 // bytes of the table, as of its last VACUUM or ANALYZE; 0 when there was none
}

// newBackfillProgress notes where it begins.
func newBackfillProgress(
	ctx context.Context, watch *pgx.Conn, log *slog.Logger, backfill, table Table,
) *backfillProgress {
	p := &backfillProgress{
		log:      log,
		table:    table,
		backfill: backfill.String(),
		started:  time.Now(),
		before:   -1,
	}
	bytes, err := p.size(ctx, watch)
	if err != nil {
		return p
	}
	err = watch.QueryRow(ctx, `
		WITH RECURSIVE tree AS (SELECT to_regclass($1)::oid AS oid
		    UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)
		SELECT coalesce(sum(greatest(relpages, 0)::bigint * current_setting('block_size')::int),
		    0)::bigint
		FROM pg_class JOIN tree USING (oid)`, table.String()).Scan(&p.total)
	if err == nil {
		p.before = bytes
	}
	return p
}

func (p *backfillProgress) size(ctx context.Context, watch *pgx.Conn) (bytes int64, err error) {
	err = watch.QueryRow(ctx, "SELECT coalesce(pg_relation_size(to_regclass($1)), 0)", p.backfill).
		Scan(&bytes)
	return bytes, err
}

// report logs how far it has come.
func (p *backfillProgress) report(ctx context.Context, watch *pgx.Conn, now time.Time) error {
	if p.before < 0 {
		return nil
	}
	bytes, err := p.size(ctx, watch)
	if err != nil {
		return err
	}
	p.log.Info("reading the rows that a table has, to announce them", p.attributes(bytes, now)...)
	return nil
}

func (p *backfillProgress) attributes(bytes int64, now time.Time) []any {
	done := max(bytes-p.before, 0)
	rate := float64(done) / max(now.Sub(p.started).Seconds(), 1e-3)
	facts := []any{
		"table", p.table.String(), "done", humanize.IBytes(uint64(done)),
		"per_second", humanize.IBytes(uint64(rate)),
	}
	if left := p.total - done; left > 0 && rate > 0 {
		rest := time.Duration(float64(left) / rate * float64(time.Second))
		facts = append(facts, []any{
			"left_about", humanize.IBytes(uint64(left)), "to_go", rest.Round(time.Second),
		}...)
	}
	return facts
}
