package queue

import "time"

// Effect is something for whoever drives a queue to do, in the order of the list.
type Effect struct {
	Do       Action
	Delivery *Delivery // that it is about; nil of those that are about the whole queue
	Due      time.Time // of the next attempt, or probe; zero: as soon as it is its turn
}

// Action is a kind of Effect.
type Action uint8

const (
	Spool         Action = iota // write the delivery to the end of the queue in the spool
	ReportFailure               // tell the spool what became of an attempt at what it has
	Deliver                     // it is delivered: settle it, or, if it is Stored, tell the spool
	DeadLetter                  // write it down as dead; if it is Stored, tell the spool
	Discard                     // it is given up: settle it, unless it is Stored
	DiscardQueue                // empty the queue in the spool
	RequeueDead                 // move the dead letters that are wanted to the end of that queue
	NotePause                   // note in the spool that the webhook is paused
	NoteResume                  // and that it is not any more
	NoteFailing                 // tell that the receiver accepts nothing, as of that delivery
	NoteRecovered               // tell that it accepts deliveries again
)

// Effects returns what is to be done, and forgets it. The list is valid until the next call of
// another method.
func (q *Queue) Effects() []Effect {
	list := q.effects
	const most = 1024 // of which the memory is kept
	if q.effects = q.effects[:0]; cap(q.effects) > most {
		q.effects = nil
	}
	return list
}

// Pending reports whether there is anything to be done.
func (q *Queue) Pending() bool { return len(q.effects) > 0 }

func (q *Queue) emit(do Action, d *Delivery, due time.Time) {
	q.effects = append(q.effects, Effect{do, d, due})
}

func (q *Queue) tell(do Action) { q.emit(do, nil, time.Time{}) }
