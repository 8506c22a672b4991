package cdc

import (
	"cmp"
	"sync"
	"time"
)

// Position is how far the stream is settled. Every transaction that ends at or before End is
// settled whole; of the transaction whose commit record is at Commit the changes before Index are
// settled too. Commit is 0 when no transaction is in progress. Behind the last change Index goes on
// with the steps of the End.
type Position struct {
	End    LSN
	Commit LSN
	Index  uint32
}

// behind reports whether more is settled than at another position of the same stream.
func (p Position) behind(other Position) bool {
	return cmp.Or(cmp.Compare(p.End, other.End), cmp.Compare(p.Commit, other.Commit),
		cmp.Compare(p.Index, other.Index)) > 0
}

// ledger knows which changes of the stream are settled. The pump's side (advance, hold, skip)
// belongs to one goroutine; releases and Settled may be called from any.
//
// It keeps the unsettled holds alone, in the order of the stream, each with the position that is
// settled once it is the oldest. A settled hold leaves the list wherever it stands, so memory is
// bounded by what is unsettled now, not by what passed since the oldest.
type ledger struct {
	mu       sync.Mutex
	oldest   hold // sentinel of a circular list: oldest.next is the oldest hold
	position Position
	latest   int64  // see decoder.latest: behind the last transaction that has ended
	work     uint64 // changes taken and settled, and transactions ended
	count    int

	recent [1024]heldTx // a ring of transactions that have had holds, in the order of the stream
	heard  int          // how many there have been
}

// heldTx is a transaction, and how many holds it has had.
type heldTx struct {
	commit LSN
	holds  int
}

// hold is one promise: what lies at and after it is not settled.
type hold struct {
	tx         *Tx   // of the change it was taken for
	prev, next *hold // nil once released
	settled    Position
}

// newLedger returns a ledger of a stream that is settled up to start, with the decoder.latest of
// there.
func newLedger(start Position, latest int64) *ledger {
	l := &ledger{position: start, latest: latest}
	l.oldest.prev, l.oldest.next = &l.oldest, &l.oldest
	return l
}

// advance notes that the pump holds change index of tx in hand: everything before it is the pump's
// no more.
func (l *ledger) advance(tx *Tx, index uint32) {
	l.mu.Lock()
	l.position.Commit, l.position.Index = tx.Commit, index
	l.work++
	l.mu.Unlock()
}

// step notes that the pump goes on with the change in hand: see Tx.Step.
func (l *ledger) step(index uint32) {
	l.mu.Lock()
	l.position.Index = max(index, l.position.Index)
	l.work++
	l.mu.Unlock()
}

// skip notes that the pump has taken everything before end, which lies between two transactions: tx
// ends there, unless it is nil.
func (l *ledger) skip(end LSN, tx *Tx) {
	l.mu.Lock()
	if tx != nil {
		l.latest = tx.behind()
	}
	if l.position.Commit != 0 {
		l.work++
	}
	l.position = Position{End: max(end, l.position.End)}
	l.mu.Unlock()
}

// hold keeps the settled position below the change in hand until the returned function is called.
func (l *ledger) hold(tx *Tx) func() {
	h := &hold{tx: tx}
	l.mu.Lock()
	h.settled = l.position
	last := l.oldest.prev
	h.prev, h.next = last, &l.oldest
	last.next, l.oldest.prev = h, h
	l.count++
	if last := &l.recent[(l.heard+len(l.recent)-1)%len(l.recent)]; l.heard > 0 &&
		last.commit == tx.Commit {
		last.holds++
	} else {
		l.recent[l.heard%len(l.recent)] = heldTx{tx.Commit, 1}
		l.heard++
	}
	l.mu.Unlock()
	return h.release
}

// heldSince returns how many holds transactions have had whose commit records are at or behind a
// position, and whether that is all of them: only the last 1,024 transactions are remembered.
func (l *ledger) heldSince(position LSN) (holds int, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := l.heard - 1; n >= max(0, l.heard-len(l.recent)); n-- {
		tx := l.recent[n%len(l.recent)]
		if tx.commit < position {
			return holds, true
		}
		holds += tx.holds
	}
	return holds, l.heard <= len(l.recent)
}

func (h *hold) release() {
	l := h.tx.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.next == nil {
		return
	}
	h.prev.next, h.next.prev = h.next, h.prev
	h.prev, h.next = nil, nil
	l.count--
	l.work++
}

// settled returns the position up to which everything is settled.
func (l *ledger) settled() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settledLocked()
}

// settledLocked is settled for who holds mu.
func (l *ledger) settledLocked() Position {
	if first := l.oldest.next; first != &l.oldest {
		return first.settled
	}
	return l.position
}

// progress returns the settled position, the decoder.latest of there, and a number. That rises with
// each change that is taken or settled, and not with keepalives.
func (l *ledger) progress() (settled Position, latest int64, work uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	latest = l.latest
	if first := l.oldest.next; first != &l.oldest {
		latest = first.tx.latest
	}
	return l.settledLocked(), latest, l.work
}

// inTransaction returns the number of progress, and whether everything before the transaction in
// hand is settled: then nothing but the rest of that one is in the way of the next position that
// Postgres can be told.
func (l *ledger) inTransaction() (work uint64, alone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.work, l.position.Commit != 0 && l.settledLocked().Commit == l.position.Commit
}

// Unsettled returns how many holds there are, and the commit time of the oldest one.
func (l *ledger) Unsettled() (count int, oldest time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count > 0 {
		oldest = l.oldest.next.tx.Time
	}
	return l.count, oldest
}
