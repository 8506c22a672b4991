package cdc

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/internal/pg"
)

// Some changes a server cannot send, however often it is asked: a row whose old and new version
// together take more than 1 GB as text, or text that is not valid in the encoding of the database.
// Its transaction is known all the same, since its Begin comes first.

// UnreadableChange is a transaction that the server cannot send.
type UnreadableChange struct {
	Commit LSN    // of the transaction; 0 when there is none
	After  LSN    // end of what has been sent before it
	Cause  string // what the server says
}

// unreadableTries is how often the server has to fail at one change, before it is taken for one
// that it cannot send.
const unreadableTries = 3

// unreadableError is an error of the server in the middle of a transaction.
type unreadableError struct {
	change  UnreadableChange
	index   uint32 // of the change in the transaction
	certain bool   // trying again is of no use
}

func (s *unreadableError) Error() string {
	return fmt.Sprintf("the server cannot send change %d of the transaction that was committed at "+
		"%s: %s", s.index, s.change.Commit, s.change.Cause)
}

// same reports whether it is the same change as before.
func (s *unreadableError) same(before *unreadableError) bool {
	return before != nil && s.change.Commit == before.change.Commit && s.index == before.index
}

// refused returns what an error of the server inside the stream means.
func (r *reader) refused(refused *pgconn.PgError) error {
	err := refusedStream(refused, r.source.cfg)
	if d := r.decoder; errors.Is(err, refused) && d.tx != nil && !Transient(refused) {
		return &unreadableError{
			change: UnreadableChange{
				Commit: d.tx.Commit,
				After:  d.read.End,
				Cause:  causeOf(refused),
			},
			index:   d.index,
			certain: refused.Code[:2] == pg.ClassLimit,
		}
	}
	return err
}

// causeOf returns what may be told of an error. Others than these may quote the row.
func causeOf(refused *pgconn.PgError) string {
	switch refused.Code[:2] {
	case pg.ClassLimit: // the row is too large
		return fmt.Sprintf("%s (SQLSTATE %s): %s A change is sent whole, the old row and the new one "+
			"together, and has to fit into 1 GB",
			refused.Message, refused.Code, refused.Detail)
	case pg.ClassInternal: // among others a value that is too large by itself
		return fmt.Sprintf("%s (SQLSTATE %s)", refused.Message, refused.Code)
	}
	return fmt.Sprintf("SQLSTATE %s; the server's log says more", refused.Code)
}

// recordUnreadable notes a transaction that cannot be sent, for whoever looks, and returns the Gap.
func (s *Source) recordUnreadable(u UnreadableChange) error {
	if s.checkpoints != nil {
		ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
		defer cancel()
		if err := s.checkpoints.SaveUnreadable(ctx, s.cfg.Slot, u); err != nil {
			s.log.Warn("it cannot be noted down which transaction the server cannot send", "slot",
				s.cfg.Slot, "error", err)
		}
	}
	return u.gap()
}

func (u UnreadableChange) gap() *Gap {
	return &Gap{
		Unreadable,
		Problem{
			What: fmt.Sprintf("the server cannot send the transaction that was committed at %s: %s",
				u.Commit, u.Cause),
			Hint: "hookline setup --accept-gap, to go on behind it, without those of its changes that " +
				"have not been announced",
		},
	}
}

// SkipUnreadable moves slot and checkpoint behind the transaction that the server cannot send; what
// was committed before and after it is announced. It returns the checkpoint as it was, and the
// position from which on the stream goes on. The error is a Problem when the slot is read, or when
// something that was committed before is not settled.
//
// The checkpoint goes first: killed in between, the slot is still in front of the transaction, so
// the gap is still there.
func SkipUnreadable(
	ctx context.Context, conn *pgx.Conn, cfg Config, checkpoints Checkpoints,
) (before *Checkpoint, to LSN, err error) {
	cfg = cfg.withDefaults()
	c, err := checkpoints.LoadCheckpoint(ctx, cfg.Slot)
	if err != nil {
		return nil, 0, err
	}
	if c == nil || c.Unreadable.Commit == 0 {
		return nil, 0, errors.New("there is no transaction that the server cannot send")
	}
	slot, err := pg.QuerySlot(ctx, conn, cfg.Slot)
	if err != nil {
		return nil, 0, err
	}
	if !slot.Exists() {
		return nil, 0, fmt.Errorf("there is no slot %q", cfg.Slot)
	}
	if slot.Active {
		return nil, 0, &Problem{
			What: fmt.Sprintf("a process reads replication slot %q at this moment", cfg.Slot),
			Hint: "it may get past the transaction; if it does not, try again when it says so",
		}
	}
	if c.Settled.End < c.Unreadable.After {
		return nil, 0, &Problem{
			What: fmt.Sprintf("deliveries of what was committed before %s are not settled yet (%s)",
				c.Unreadable.Commit, c.Settled.End),
			Hint: "let hookline run come to the gap once more, and then try again",
		}
	}
	to = c.Unreadable.Commit + 1 // the server skips whole transactions, by where their commit begins
	after := *c
	after.Settled = Position{End: to}
	if err := checkpoints.SaveCheckpoint(ctx, cfg.Slot, after); err != nil {
		return nil, 0, err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_replication_slot_advance($1, $2::text::pg_lsn)`, cfg.Slot,
		to.String()); err != nil {
		return nil, 0, fmt.Errorf("move slot %q to %s: %w", cfg.Slot, to, err)
	}
	return c, to, nil
}
