package cdc

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// Snapshot is what a transaction at REPEATABLE READ or above sees, so that tables read in it and
// the stream can be put together: a change of the stream that the snapshot covers is in the tables
// as read, every other one is not yet.
//
// Transactions are told apart by id, not by position: between writing its commit record and
// becoming visible a transaction may wait for a synchronous standby. A position read beside a
// snapshot would call changes covered that the snapshot does not see.
//
// https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
type Snapshot struct {
	xmin, xmax uint64
	running    map[uint64]bool
	// a position after the snapshot was taken: what commits there or later is not covered
	taken LSN
}

// TakeSnapshot returns the snapshot of tx, which must run at REPEATABLE READ or SERIALIZABLE.
func TakeSnapshot(ctx context.Context, tx pgx.Tx) (*Snapshot, error) {
	var text string
	if err := tx.QueryRow(ctx, "SELECT pg_current_snapshot()::text").Scan(&text); err != nil {
		return nil, fmt.Errorf("take snapshot: %w", err)
	}
	s, err := parseSnapshot(text)
	if err != nil {
		return nil, err
	}
	if err := tx.QueryRow(ctx, "SELECT pg_current_wal_insert_lsn()").Scan(&s.taken); err != nil {
		return nil, fmt.Errorf("take snapshot: %w", err)
	}
	return s, nil
}

// parseSnapshot reads xmin:xmax:xip[,xip…], all but the position.
func parseSnapshot(text string) (*Snapshot, error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("snapshot %q: want xmin:xmax:xip,…", text)
	}
	s := &Snapshot{running: map[uint64]bool{}}
	var err error
	if s.xmin, err = strconv.ParseUint(parts[0], 10, 64); err != nil {
		return nil, fmt.Errorf("snapshot %q: xmin: %w", text, err)
	}
	if s.xmax, err = strconv.ParseUint(parts[1], 10, 64); err != nil {
		return nil, fmt.Errorf("snapshot %q: xmax: %w", text, err)
	}
	if parts[2] == "" {
		return s, nil
	}
	for part := range strings.SplitSeq(parts[2], ",") {
		xid, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("snapshot %q: xip: %w", text, err)
		}
		s.running[xid] = true
	}
	return s, nil
}

// Covers reports whether the snapshot sees what tx did. A nil Snapshot covers nothing.
func (s *Snapshot) Covers(tx *Tx) bool {
	if s == nil || tx.Commit >= s.taken {
		return false // and ids may have come round since
	}
	xid := s.widen(tx.XID)
	return xid < s.xmax && (xid < s.xmin || !s.running[xid])
}

// Until returns a position such that the snapshot shows nothing that is committed behind it: who
// has read the stream so far has all that it shows.
func (s *Snapshot) Until() LSN {
	// Where a page begins, the position is said to be behind its header. The stream stops before it.
	const page, header, first = 8 << 10, 24, 40 // the header of a segment's first page is longer
	if at := s.taken % page; at == header || at == first {
		return s.taken - at
	}
	return s.taken
}

// Visible reports whether statements that begin from now on see what tx did. The stream brings a
// transaction as soon as its commit is written. Others see it a moment later, or longer where the
// commit waits for a synchronous standby. db is a connection or a pool of the same server.
func Visible(ctx context.Context, db pg.Querier, tx *Tx) (bool, error) {
	var text string
	if err := db.QueryRow(ctx, "SELECT pg_current_snapshot()::text").Scan(&text); err != nil {
		return false, fmt.Errorf("look whether a transaction is visible: %w", err)
	}
	s, err := parseSnapshot(text)
	if err != nil {
		return false, err
	}
	xid := s.widen(tx.XID)
	return xid < s.xmax && !s.running[xid], nil
}

const (
	// VisibleTimeout bounds how long a transaction is waited for that the stream has brought before
	// others see it.
	VisibleTimeout = 5 * time.Second
	// VisiblePoll is the time between two polls whether they do.
	VisiblePoll = 2 * time.Millisecond
)

// UntilVisible waits until Visible reports that it is. A commit that waits for a synchronous
// standby for longer than VisibleTimeout is not waited for.
func UntilVisible(ctx context.Context, db pg.Querier, tx *Tx) error {
	for began := time.Now(); ; {
		visible, err := Visible(ctx, db, tx)
		if err != nil || visible || time.Since(began) > VisibleTimeout {
			return err
		}
		select {
		case <-time.After(VisiblePoll):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// widen puts the epoch back on a 32-bit transaction id: ids that are alive lie within 2^31 of xmax.
func (s *Snapshot) widen(xid uint32) uint64 {
	const epoch = 1 << 32
	full := s.xmax&^(epoch-1) | uint64(xid)
	switch {
	case full > s.xmax+epoch/2 && full >= epoch:
		return full - epoch
	case full+epoch/2 < s.xmax:
		return full + epoch
	}
	return full
}
