package cdc

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// A server that is promoted begins a timeline where the one before ended for it. What that one had
// behind this position the promoted server does not have, and other transactions come to lie at the
// same positions.

// history is where the timelines ended that a server's present one has come from, the oldest first.
type history []timelineEnd

type timelineEnd struct {
	timeline int32
	end      LSN // of what the later timelines have of it
}

// readHistory asks for the history of a timeline, which the first one does not have.
//
// https://www.postgresql.org/docs/current/protocol-replication.html#PROTOCOL-REPLICATION-TIMELINE-HISTORY
func readHistory(ctx context.Context, conn *pgconn.PgConn, timeline int32) (history, error) {
	if timeline <= 1 {
		return nil, nil
	}
	file, err := pglogrepl.TimelineHistory(ctx, conn, timeline)
	if err != nil {
		return nil, fmt.Errorf("read the history of timeline %d: %w", timeline, err)
	}
	return parseHistory(file.Content)
}

// parseHistory reads a history file: a line for each timeline, with its number, its end and a
// reason.
func parseHistory(file []byte) (h history, err error) {
	for lines := bufio.NewScanner(bytes.NewReader(file)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		var one timelineEnd
		if len(fields) >= 2 {
			var n int64
			if n, err = strconv.ParseInt(fields[0], 10, 32); err == nil {
				one.timeline = int32(n)
				err = one.end.Scan(fields[1])
			}
		}
		if len(fields) < 2 || err != nil {
			return nil, fmt.Errorf("read the history of a timeline: %q is not understood", lines.Text())
		}
		h = append(h, one)
	}
	return h, nil
}

// end returns where a timeline has ended for the server, and whether the server's has come from it.
func (h history) end(timeline int32) (end LSN, known bool) {
	for _, one := range h {
		if one.timeline == timeline {
			return one.end, true
		}
	}
	return 0, false
}

// of returns the timeline on which a record lies of a server that is on timeline now.
func (h history) of(at LSN, now int32) int32 {
	for _, one := range h {
		if at < one.end {
			return one.timeline
		}
	}
	return now
}

// DivergedError ends the stream when the server lacks what this process has read of another one,
// before that failed. What this process knows of catalog and webhooks may be lacking there, too, so
// it has to start over.
type DivergedError struct {
	Before, Now int32 // timelines
	End         LSN   // what the server has of the one before
	Read        LSN   // how far this process had read that
	Announced   int   // deliveries of what the server lacks
	AtLeast     bool  // there were more than are remembered
}

func (e *DivergedError) Error() string {
	count := fmt.Sprint(e.Announced)
	if e.AtLeast {
		count = "at least " + count
	}
	return fmt.Sprintf("the server has taken over before it had everything: it is on timeline %d, "+
		"and of timeline %d, which was read up to %s, "+
		"it has what lies before %s; deliveries of changes that it does not have: %s",
		e.Now, e.Before, e.Read, e.End, count)
}

// checkTimeline returns a *DivergedError when found lacks what has been read on the timeline
// before.
func (s *Source) checkTimeline(found system) error {
	if found.timeline == s.system.timeline {
		return nil
	}
	end, known := found.history.end(s.system.timeline)
	if known && s.reached <= end {
		return nil
	}
	if !known {
		end = found.slot.settled
	}
	n, all := s.ledger.heldSince(end)
	return &DivergedError{
		Before:    s.system.timeline,
		Now:       found.timeline,
		End:       end,
		Read:      s.reached,
		Announced: n,
		AtLeast:   !all,
	}
}

// Lacks reports whether the server lacks what was committed at a position of an earlier timeline,
// as it took over without it. It does not know of timelines that are none of its history. Safe for
// concurrent use, after Acquire.
func (s *Source) Lacks(timeline int32, commit LSN) bool {
	end, known := s.history.Load().end(timeline)
	return known && commit >= end
}

// shared returns what of a position the server has that was reached on a timeline. A server whose
// timeline has not come from that one has what its slot says.
func (s *system) shared(p Position, timeline int32) Position {
	if timeline == s.timeline {
		return p
	}
	end, known := s.history.end(timeline)
	switch {
	case !known:
		return Position{End: s.slot.settled}
	case p.End > end:
		return Position{End: end}
	case p.Commit >= end:
		return Position{End: p.End}
	}
	return p
}

// jumped reports whether the slot is behind the end of the checkpoint's timeline, and so of the
// server's own making: one that has come along from the server before is no further than that had
// come.
func (s *system) jumped(c *Checkpoint) bool {
	if c == nil || c.Timeline == s.timeline {
		return false
	}
	end, known := s.history.end(c.Timeline)
	return known && s.slot.settled > end
}

// queryHistory is readHistory for whoever has no replication connection. Where the role may not
// replicate nothing is known.
func queryHistory(ctx context.Context, cfg Config, timeline int32) (history, error) {
	config, err := pg.ReplicationConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if pg.Is(err, pg.InsufficientPrivilege) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open a replication connection: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return readHistory(ctx, conn, timeline)
}
