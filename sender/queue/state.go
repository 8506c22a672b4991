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

// keyState is where a key queue stands.
type keyState uint8

const (
	keyIdle     keyState = iota // nowhere, for a moment
	keyReady                    // its first delivery is in line for an attempt
	keyInFlight                 // an attempt at its first delivery is under way
	keyWaiting                  // its first delivery waits in memory for a retry
	keySettling                 // its deliveries wait in memory until its record is quiet
	keyHeld                     // it waits for key queues that were joined with it
	keySpooled                  // its deliveries wait in the spool until they are due
	keyToLoad                   // they are to be read from the spool
	keyLoading                  // they are being read
)

var keyStateNames = [...]string{
	"idle", "ready", "in flight", "waiting", "settling", "held", "spooled", "to load", "loading",
}

func (s keyState) String() string { return keyStateNames[s] }

// deliveryStage is how far a delivery has come.
type deliveryStage uint8

const (
	stageBuffered  deliveryStage = iota // in memory, in line
	stageInFlight                       // an attempt is under way
	stageWaiting                        // in memory, for a retry
	stageSpooled                        // in the spool, and not in memory
	stageDelivered                      // the receiver has accepted it
	stageDead                           // given up, and kept in the spool
	stageDiscarded                      // given up: the webhook is gone
	stageMerged                         // another one of its record stands for it, and is attempted
)

var stageNames = [...]string{
	"buffered", "in flight", "waiting", "spooled", "delivered", "dead", "discarded",
	"merged",
}

func (s deliveryStage) String() string { return stageNames[s] }

// Transition is one step of a queue, of a key queue, or of a delivery.
type Transition struct{ Of, From, To string }

// What a Transition is of.
const (
	ofQueue    = "queue"
	ofKey      = "key queue"
	ofDelivery = "delivery"
)

// enter has the queue be in another state.
func (q *Queue) enter(s State) {
	if q.cfg.Trace != nil && s != q.state {
		q.cfg.Trace(Transition{ofQueue, q.state.String(), s.String()})
	}
	q.state = s
}

// place has a key queue be in another state.
func (q *Queue) place(k *keyQueue, s keyState) {
	if q.cfg.Trace != nil && s != k.state {
		q.cfg.Trace(Transition{ofKey, k.state.String(), s.String()})
	}
	k.state = s
}

// move has a delivery be at another stage.
func (q *Queue) move(d *Delivery, s deliveryStage) {
	q.trace(d.stage, s)
	d.stage = s
}

// trace tells of a step of a delivery.
func (q *Queue) trace(from, to deliveryStage) {
	if q.cfg.Trace != nil && from != to {
		q.cfg.Trace(Transition{ofDelivery, from.String(), to.String()})
	}
}
