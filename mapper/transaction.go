package mapper

import (
	"context"

	"hookline/cdc"
)

// Audience is who hears of events.
type Audience struct {
	Changes bool // somebody who hears of each change
	Commits bool // somebody who hears of each commit: once of a record, whatever was done to it
	Ignores bool // somebody who ignores some: from the next transaction on, see Draft.Ignored
}

// Serve says who hears of what Map is given from now on. From the next transaction on, when
// somebody hears of each commit while nobody has until now: he hears of each change of this one.
func (m *Mapper) Serve(a Audience) { m.audience = a }

// transaction is what is known of the transaction in progress.
type transaction struct {
	commit cdc.LSN
	xid    uint32
	index  uint32 // of the last change
	folds  bool   // it is gathered for those who hear of each commit
	tracks bool   // it is noted how its changes came about

	taken taken // by changes
	moves moves

	place int64 // of the record that has left last, because of the last change: see position

	ending *cdc.Tx // the End is in hand
	end    uint32  // its index, without steps
}

// enter has what is known of the transaction go on to change. One that does not come behind the
// last one begins the transaction anew.
func (m *Mapper) enter(change cdc.Change) {
	t := &m.tx
	if change.Tx.Commit != t.commit || change.Tx.XID != t.xid || change.Index <= t.index {
		*t = transaction{
			commit: change.Tx.Commit, xid: change.Tx.XID, folds: m.audience.Commits,
			tracks: m.audience.Ignores,
		}
		m.causes, m.changes.cause, m.commits.cause, m.documents.cause = causes{}, nil, nil, nil
		m.changes.forget()
		m.commits.forget()
		m.documents.forget()
	}
	t.index, t.place = change.Index-change.Settled, 0
}

// position is where what is told now stands among all that is told of the transaction: whoever is
// given it again comes to the same. It is that of the change at which it is told, and of the one at
// which the record was first changed that has left, if one has. Other tables have no part in it:
// what is known of them may be otherwise by then.
func (t *transaction) position() int64 { return int64(t.index)<<31 | t.place }

// leave notes that a record leaves for those who hear of commits, or of changes, which do first.
func (t *transaction) leave(first uint32, commits bool) {
	const most = 1<<30 - 1
	if t.place = min(int64(first)+1, most); commits {
		t.place |= 1 << 30
	}
}

// end returns the first event of what the transaction has left to tell.
func (m *Mapper) end(ctx context.Context, change cdc.Change) (*Draft, error) {
	began := change.Repeated || change.Settled > 0
	m.documents.end(began)
	m.changes.ended, m.commits.ended = true, true
	if began {
		settled := change.Settled
		if m.tx.moves.visible { // the database was asked, and may have answered otherwise then
			settled = 0
		}
		m.drop(settled)
	}
	if change.Repeated {
		return nil, nil
	}
	m.tx.ending, m.tx.end = change.Tx, m.tx.index
	return m.Next(ctx)
}

// popChange returns the next record that those who hear of each change are told of now, nil when
// there is none.
func (m *Mapper) popChange() *kept {
	d := m.changes.pop()
	if d != nil {
		m.tx.leave(d.first, false)
	}
	return d
}

// pop returns the next record that those who hear of each commit are told of now, nil when there is
// none. At the end of a transaction the place of each is a step.
func (m *Mapper) pop() *kept {
	d := m.commits.pop()
	if d == nil {
		return nil
	}
	if m.tx.leave(d.first, true); m.tx.ending != nil {
		m.tx.ending.Step(m.tx.end + d.first)
	}
	return d
}

// drop takes out what has to leave, as it was told before: of the records of those who hear of each
// commit only those that come before a place.
func (m *Mapper) drop(place uint32) {
	for m.popChange() != nil { //nolint:revive // it is dropped
	}
	for m.commits.next() < place && m.commits.pop() != nil { //nolint:revive // likewise
	}
}
