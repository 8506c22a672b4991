package cdc

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// A table that is read has a lock against nothing but that it is altered. A statement that waits
// for it keeps all others waiting that come after it. So a step that reads for long yields: it
// is cancelled as soon as somebody waits for it, and tried again later. And while it reads, the
// stream is told so, as the slot is held for that (see windows).

// yieldInterval is the time between two polls whether somebody waits.
const yieldInterval = 100 * time.Millisecond

// yieldLock cancels what conn runs as soon as somebody waits for its locks, until stop is called.
// That reports whether it was. watch is another connection; keep is what it runs now and then, when
// it tells of progress, too.
func yieldLock(ctx context.Context, conn, watch *pgx.Conn, keep string, progress *backfillProgress,
) (stop func() (yielded bool)) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	var yielded atomic.Bool
	go func() {
		defer close(ended)
		tick := time.NewTicker(yieldInterval)
		defer tick.Stop()
		keepalive := time.NewTicker(windowKeepalive)
		defer keepalive.Stop()
		report := time.NewTicker(progressInterval)
		defer report.Stop()
		for {
			select {
			case <-tick.C:
			case <-report.C:
				if progress.report(context.WithoutCancel(ctx), watch, time.Now()) != nil {
					return
				}
			case <-keepalive.C:
				if sendKeepalive(context.WithoutCancel(ctx), watch, keep) != nil {
					return
				}
			case <-ctx.Done():
				return
			}
			var waits bool
			err := watch.QueryRow(context.WithoutCancel(ctx), `
				SELECT EXISTS (SELECT FROM pg_locks
				WHERE NOT granted AND locktype = 'relation' AND $1 = ANY (pg_blocking_pids(pid)))`,
				int32(conn.PgConn().PID())).Scan(&waits)
			if err != nil {
				return
			}
			if waits {
				yielded.Store(true)
				_ = conn.PgConn().CancelRequest(context.WithoutCancel(ctx))
				return
			}
		}
	}()
	return func() bool {
		cancel()
		<-ended
		return yielded.Load()
	}
}
