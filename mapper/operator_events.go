package mapper

// An operator event tells of Hookline itself, not of a record: see package notice. Its object is
// Operator, and its actions are these. Some tell that something has begun, others that it is over.
const (
	Failing       Action = iota + actions + 1 // a receiver accepts nothing
	Recovered                                 // it accepts deliveries again
	Paused                                    // a receiver said 410: nothing is sent to its webhook
	Resumed                                   // something is again
	DeadLetters                               // a delivery was given up after its last attempt
	Overflow                                  // a webhook's queue is full: what comes for it is lost
	OverflowOver                              // there is room again
	GapAccepted                               // changes were not announced, and will not be
	Lagging                                   // the oldest commit that is not delivered is too old
	CaughtUp                                  // it is not any more
	SlotAtRisk                                // the server is about to give the slot up
	SlotSafe                                  // it is not any more
	SchemaChanged                             // events of an object have other fields than before
	allActions                                // one more than the last of all
)

// Operator is the object of operator events.
const Operator = "hookline"

// overs are the actions that say that something is over, and what has begun by then.
var overs = map[Action]Action{
	Recovered: Failing, Resumed: Paused, OverflowOver: Overflow, CaughtUp: Lagging,
	SlotSafe: SlotAtRisk,
}

// OfOperator reports whether it is an action of operator events.
func (a Action) OfOperator() bool { return a > actions }

// Begins returns the action that tells of the beginning of what a tells of, and whether a is that
// itself.
func (a Action) Begins() (beginning Action, itself bool) {
	if b, ends := overs[a]; ends {
		return b, false
	}
	return a, true
}

// Momentary reports whether a tells of what happens and is over with that: nothing of it goes on.
func (a Action) Momentary() bool { return a == GapAccepted || a == SchemaChanged }

// OperatorActions returns all of them.
func OperatorActions() []Action {
	all := make([]Action, 0, allActions-actions-1)
	for a := actions + 1; a < allActions; a++ {
		all = append(all, a)
	}
	return all
}

// OfOperator reports whether the event tells of Hookline itself.
func (s *Subject) OfOperator() bool { return s.Action.OfOperator() }
