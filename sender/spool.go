package sender

import (
	"context"
	"errors"
	"time"

	"hookline/mapper"
)

// Spool keeps the deliveries that cannot be made now: in the spool, a webhook has a queue of those
// that wait for an attempt, and dead letters. It is safe for concurrent use.
//
// Its errors are of the moment, so that the same call may succeed later, ErrFenced and ErrBehind
// apart.
type Spool interface {
	// Put puts deliveries at the ends of their webhooks' queues, in the given order, or among the
	// dead letters if they are Dead. It is durable on return, and all or nothing. A delivery that is
	// in the spool already, by webhook and event ID, stays as it is.
	//
	// A queue that is full takes nothing until there is room again. What it does not take is counted
	// as an overflow, which is durable too. Put returns the overflows that it has made or widened.
	Put(ctx context.Context, deliveries []Spooled) ([]Overflow, error)

	// Waiting returns the deliveries on a page of a queue, in order. Due does not matter here.
	Waiting(ctx context.Context, page Page) ([]Spooled, error)

	// Report tells what became of attempts at deliveries of the spool, in order. It is durable on
	// return, and all or nothing. A delivery that is not there is passed over.
	Report(ctx context.Context, reports []Report) error

	// Requeue puts the dead deliveries of a webhook that somebody wants sent again at the end of its
	// queue, oldest first. They are replays, and count as not attempted yet. It is the one way back
	// from the dead letters.
	Requeue(ctx context.Context, webhook string) error

	// Pause notes why a webhook is to get nothing for now, and which version of it that goes for;
	// both "" let it go on.
	Pause(ctx context.Context, webhook, why, version string) error

	// Discard empties the queue of a webhook that is gone. Its dead letters stay.
	Discard(ctx context.Context, webhook string) error

	// Queues returns every webhook of which there is something to tell, ordered by webhook. It is
	// cheap enough to be asked twice a second.
	Queues(ctx context.Context) ([]Queue, error)
}

// ErrFenced says that another process has taken the spool over: what this one would write is no
// longer its to write.
var ErrFenced = errors.New("another process has taken the spool over")

// ErrBehind says that the spool lacks some of what this process has written there. What this one
// takes to be safe may be lost, so it has to start over from what there is.
var ErrBehind = errors.New("the spool's server lacks what was written there: another one has " +
	"taken over that was behind, or it was restored")

// Replaced reports whether nothing that a Sender would write is its to write any more: trying again
// is of no use then.
func Replaced(err error) bool { return errors.Is(err, ErrFenced) || errors.Is(err, ErrBehind) }

// Spooled is a delivery in a Spool.
type Spooled struct {
	Webhook string // Subscription.Key
	Event   *mapper.Event
	// place in the queue, given by the Spool: positive, and higher than that of whatever was spooled
	// before
	Seq int64

	Attempts int // made so far, those that do not count left out
	// requests that were sent again within one of them, though the receiver may have taken the one
	// before
	Resent int
	Due    time.Time // when the next attempt should be made; zero: at once
	Status int       // of the answer to the last attempt; 0 when none came
	Reason string    // why none came, or why the delivery is dead without an attempt
	Dead   bool
	Replay bool // it was dead, and is sent again because somebody wants it to be
	Later  bool // another delivery of its record waits behind it, if Page.Later asks for that
}

// Report is what became of an attempt at a spooled delivery.
type Report struct {
	Webhook   string
	Event     string // its ID
	Delivered bool   // it leaves the spool; nothing below counts then

	Attempts int
	Resent   int
	Due      time.Time
	Status   int
	Reason   string
	Dead     bool // it leaves the queue for the dead letters
}

// Page is a part of a webhook's queue.
type Page struct {
	Webhook string
	After   int64    // a Seq; 0 starts at the front
	Records []uint64 // Event.Record, or Event.Former: of these records only; nil: of all
	Rows    int      // at most so many deliveries
	Bytes   int64    // and, but for the first, at most so many bytes of Event.Size together, roughly
	Later   bool     // Spooled.Later is wanted
}

// Queue is how a webhook stands in a Spool.
type Queue struct {
	Webhook string
	Waiting int
	Dead    int
	Wanted  int       // of the dead, those that Requeue would take
	Bytes   int64     // of both, as the limit counts them
	Oldest  time.Time // Event.Time of the first that waits; zero when none does
	Paused  string    // why; "" when it is not
	Version string    // of the webhook, that was paused
	Full    bool      // nothing is taken: see Overflow
}

// Overflow is a run of deliveries to a webhook that were given up because its queue was full.
type Overflow struct {
	Webhook string
	First   string // ID of the first event
	Last    string // and of the last one so far
	Events  int
}
