package queue

// Step is a Transition, and what it comes from.
type Step struct {
	Transition
	On string
}

// Transitions is every step that there is. docs/states.md has the same, drawn.
var Transitions = []Step{
	{
		Transition{OfQueue, "live", "spooling"},
		"the receiver is slower than what comes, too many key queues wait by " +
			"themselves, or the spool has something from before",
	},
	{
		Transition{OfQueue, "live", "probing"},
		"attempts at five records have failed in a row, or an earlier process has left it so",
	},
	{Transition{OfQueue, "spooling", "probing"}, "attempts at five records have failed in a row"},
	{Transition{OfQueue, "probing", "spooling"}, "a probe was accepted"},
	{
		Transition{OfQueue, "probing", "live"},
		"there is nothing to probe with, or the webhook is gone",
	},
	{
		Transition{OfQueue, "spooling", "live"},
		"nothing is left in the spool, or the webhook is gone",
	},
	{
		Transition{OfQueue, "live", "paused"},
		"the receiver answered 410, or an earlier process has paused the webhook",
	},
	{Transition{OfQueue, "spooling", "paused"}, "the receiver answered 410"},
	{Transition{OfQueue, "probing", "paused"}, "the receiver answered 410"},
	{
		Transition{OfQueue, "paused", "spooling"},
		"the webhook has changed, or a dead letter is replayed",
	},
	{
		Transition{OfQueue, "paused", "probing"},
		"likewise, and the receiver accepted nothing before",
	},
	{Transition{OfQueue, "paused", "live"}, "the webhook is gone"},
	{Transition{OfQueue, "live", "draining"}, "the process stops"},
	{Transition{OfQueue, "spooling", "draining"}, "the process stops"},
	{Transition{OfQueue, "probing", "draining"}, "the process stops"},
	{Transition{OfQueue, "paused", "closed"}, "the process stops"},
	{Transition{OfQueue, "draining", "closed"}, "a second is over, or the receiver answered 410"},
	{Transition{OfDelivery, "buffered", "in flight"}, "an attempt begins"},
	{Transition{OfDelivery, "buffered", "spooled"}, "it has to go through the spool"},
	{Transition{OfDelivery, "buffered", "discarded"}, "the webhook is gone"},
	{Transition{OfDelivery, "in flight", "delivered"}, "the receiver has accepted it"},
	{
		Transition{OfDelivery, "in flight", "waiting"},
		"the attempt has failed, and the next is soon",
	},
	{
		Transition{OfDelivery, "in flight", "spooled"},
		"the attempt has failed, and the next is later, or it was cut short",
	},
	{Transition{OfDelivery, "in flight", "dead"}, "the attempt has failed, and there is no other"},
	{Transition{OfDelivery, "in flight", "discarded"}, "the webhook is gone"},
	{Transition{OfDelivery, "waiting", "in flight"}, "the next attempt is due"},
	{Transition{OfDelivery, "waiting", "spooled"}, "it has to go through the spool"},
	{Transition{OfDelivery, "waiting", "discarded"}, "the webhook is gone"},
	{Transition{OfDelivery, "spooled", "buffered"}, "it is read from the spool"},
	{Transition{OfDelivery, "spooled", "discarded"}, "the webhook is gone"},
	{Transition{OfDelivery, "dead", "spooled"}, "it is replayed"},
	{
		Transition{OfDelivery, "buffered", "merged"},
		"another of its record is attempted in its place",
	},
	{Transition{OfDelivery, "merged", "delivered"}, "that was accepted, or need not be"},
	{Transition{OfDelivery, "merged", "spooled"}, "that goes to the spool, and so does this one"},
	{Transition{OfDelivery, "merged", "dead"}, "that is dead, and so is this one"},
	{Transition{OfDelivery, "merged", "discarded"}, "the webhook is gone"},
	{Transition{OfKey, "idle", "ready"}, "it has a delivery in memory"},
	{Transition{OfKey, "idle", "held"}, "another is joined before it"},
	{Transition{OfKey, "idle", "spooled"}, "its deliveries are in the spool, and not due"},
	{Transition{OfKey, "idle", "to load"}, "its deliveries are in the spool, and due"},
	{Transition{OfKey, "idle", "settling"}, "it has deliveries in memory, and its record is not quiet"},
	{Transition{OfKey, "settling", "in flight"}, "the record was quiet, and an attempt begins"},
	{Transition{OfKey, "settling", "ready"}, "memory is needed, or the receiver is behind"},
	{
		Transition{OfKey, "settling", "spooled"},
		"it is held for too long to stay in memory, or was joined",
	},
	{Transition{OfKey, "settling", "held"}, "it was joined, and one before it has an attempt under way"},
	{Transition{OfKey, "settling", "idle"}, "it was joined to another, goes to the spool, or is given up"},
	{Transition{OfKey, "ready", "in flight"}, "an attempt begins"},
	{
		Transition{OfKey, "ready", "held"},
		"it was joined, and one before it has an attempt under way",
	},
	{Transition{OfKey, "ready", "spooled"}, "it was joined, and goes to the spool"},
	{Transition{OfKey, "ready", "idle"}, "all of it has gone to the spool, or been given up"},
	{Transition{OfKey, "in flight", "idle"}, "the attempt is over, and does not wait for another"},
	{Transition{OfKey, "in flight", "waiting"}, "the attempt has failed"},
	{Transition{OfKey, "waiting", "in flight"}, "the next attempt is due"},
	{Transition{OfKey, "waiting", "ready"}, "the receiver takes connections again"},
	{Transition{OfKey, "waiting", "spooled"}, "it goes to the spool"},
	{
		Transition{OfKey, "waiting", "held"},
		"it was joined, and one before it has an attempt under way",
	},
	{Transition{OfKey, "waiting", "idle"}, "it was joined to another, or given up"},
	{Transition{OfKey, "held", "ready"}, "those before it are done"},
	{
		Transition{OfKey, "held", "to load"},
		"those before it are done, and its deliveries are in the spool",
	},
	{Transition{OfKey, "held", "spooled"}, "likewise, and they are not due"},
	{Transition{OfKey, "held", "idle"}, "it was joined to another, or given up"},
	{Transition{OfKey, "spooled", "to load"}, "its deliveries are due, or worth a probe"},
	{
		Transition{OfKey, "spooled", "held"},
		"it was joined, and one before it has an attempt under way",
	},
	{Transition{OfKey, "spooled", "idle"}, "it was joined to another, or given up"},
	{Transition{OfKey, "to load", "loading"}, "its deliveries are being read"},
	{Transition{OfKey, "to load", "spooled"}, "it was joined, and is not due"},
	{
		Transition{OfKey, "to load", "held"},
		"it was joined, and one before it has an attempt under way",
	},
	{Transition{OfKey, "to load", "idle"}, "it was joined to another, or given up"},
	{Transition{OfKey, "loading", "idle"}, "they were read, or could not be"},
}
