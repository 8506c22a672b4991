package queue

// State is what a queue does with deliveries.
type State uint8

const (
	Live     State = iota // they are kept in memory until the receiver has accepted them
	Spooling              // they go through the spool, as the receiver is behind
	Probing               // likewise, and one at a time is tried: the receiver accepts nothing
	Paused                // none is tried: the receiver wants nothing
	Draining              // no more are taken; those in memory are tried
	Closed                // no more are tried; those in memory go to the spool
)

var stateNames = [...]string{"live", "spooling", "probing", "paused", "draining", "closed"}

func (s State) String() string { return stateNames[s] }

// KeyState is where a key queue stands.
type KeyState uint8

const (
	Idle     KeyState = iota // nowhere, for a moment
	Ready                    // its first delivery is in line for an attempt
	InFlight                 // an attempt at its first delivery is under way
	Waiting                  // its first delivery waits in memory for a retry
	Settling                 // its deliveries wait in memory until its record is quiet
	Held                     // it waits for key queues that were joined with it
	Spooled                  // its deliveries wait in the spool until they are due
	ToLoad                   // they are to be read from the spool
	Loading                  // they are being read
)

var keyStateNames = [...]string{
	"idle", "ready", "in flight", "waiting", "settling", "held", "spooled", "to load", "loading",
}

func (s KeyState) String() string { return keyStateNames[s] }

// Stage is how far a delivery has come.
type Stage uint8

const (
	StageBuffered  Stage = iota // in memory, in line
	StageInFlight               // an attempt is under way
	StageWaiting                // in memory, for a retry
	StageSpooled                // in the spool, and not in memory
	StageDelivered              // the receiver has accepted it
	StageDead                   // given up, and kept in the spool
	StageDiscarded              // given up: the webhook is gone
	StageMerged                 // another one of its record stands for it, and is attempted
)

var stageNames = [...]string{
	"buffered", "in flight", "waiting", "spooled", "delivered", "dead", "discarded",
	"merged",
}

func (s Stage) String() string { return stageNames[s] }

// Transition is one step of a queue, of a key queue, or of a delivery.
type Transition struct{ Of, From, To string }

// What a Transition is of.
const (
	OfQueue    = "queue"
	OfKey      = "key queue"
	OfDelivery = "delivery"
)

// enter has the queue be in another state.
func (q *Queue) enter(s State) {
	if q.cfg.Trace != nil && s != q.state {
		q.cfg.Trace(Transition{OfQueue, q.state.String(), s.String()})
	}
	q.state = s
}

// place has a key queue be in another state.
func (q *Queue) place(k *keyQueue, s KeyState) {
	if q.cfg.Trace != nil && s != k.state {
		q.cfg.Trace(Transition{OfKey, k.state.String(), s.String()})
	}
	k.state = s
}

// move has a delivery be at another stage.
func (q *Queue) move(d *Delivery, s Stage) {
	q.trace(d.stage, s)
	d.stage = s
}

// trace tells of a step of a delivery.
func (q *Queue) trace(from, to Stage) {
	if q.cfg.Trace != nil && from != to {
		q.cfg.Trace(Transition{OfDelivery, from.String(), to.String()})
	}
}
