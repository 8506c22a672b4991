package queue

// Step is a Transition, and what it comes from.
type Step struct {
	Transition
	On string
}

// Transitions is every step that there is. docs/states.md has the same, drawn.
var Transitions = []Step{
	{
		Transition{ofQueue, "live", "spooling"},
		"the receiver is slower than what comes, too many key queues wait by " +
			"themselves, or the spool has something from before",
	},
	{
		Transition{ofQueue, "live", "probing"},
		"attempts at five records have failed in a row, or an earlier process has left it so",
	},
	{Transition{ofQueue, "spooling", "probing"}, "attempts at five records have failed in a row"},
	{Transition{ofQueue, "probing", "spooling"}, "a probe was accepted"},
	{
		Transition{ofQueue, "probing", "live"},
		"there is nothing to probe with, or the webhook is gone",
	},
	{
		Transition{ofQueue, "spooling", "live"},
		"nothing is left in the spool, or the webhook is gone",
	},
	{
		Transition{ofQueue, "live", "paused"},
		"the receiver answered 410, its row has a mistake, or an earlier process has paused the " +
			"webhook",
	},
	{
		Transition{ofQueue, "spooling", "paused"},
		"the receiver answered 410, or its row has a mistake",
	},
	{
		Transition{ofQueue, "probing", "paused"},
		"the receiver answered 410, or its row has a mistake",
	},
	{
		Transition{ofQueue, "paused", "spooling"},
		"the webhook has changed, or a dead letter is replayed",
	},
	{
		Transition{ofQueue, "paused", "probing"},
		"likewise, and the receiver accepted nothing before",
	},
	{Transition{ofQueue, "paused", "live"}, "the webhook is gone"},
	{Transition{ofQueue, "live", "draining"}, "the process stops"},
	{Transition{ofQueue, "spooling", "draining"}, "the process stops"},
	{Transition{ofQueue, "probing", "draining"}, "the process stops"},
	{Transition{ofQueue, "paused", "closed"}, "the process stops"},
	{Transition{ofQueue, "draining", "closed"}, "a second is over, or the receiver answered 410"},
	{Transition{ofDelivery, "buffered", "in flight"}, "an attempt begins"},
	{Transition{ofDelivery, "buffered", "spooled"}, "it has to go through the spool"},
	{Transition{ofDelivery, "buffered", "discarded"}, "the webhook is gone"},
	{Transition{ofDelivery, "in flight", "delivered"}, "the receiver has accepted it"},
	{
		Transition{ofDelivery, "in flight", "waiting"},
		"the attempt has failed, and the next is soon",
	},
	{
		Transition{ofDelivery, "in flight", "spooled"},
		"the attempt has failed, and the next is later, or it was cut short",
	},
	{Transition{ofDelivery, "in flight", "dead"}, "the attempt has failed, and there is no other"},
	{Transition{ofDelivery, "in flight", "discarded"}, "the webhook is gone"},
	{Transition{ofDelivery, "waiting", "in flight"}, "the next attempt is due"},
	{Transition{ofDelivery, "waiting", "spooled"}, "it has to go through the spool"},
	{Transition{ofDelivery, "waiting", "discarded"}, "the webhook is gone"},
	{Transition{ofDelivery, "spooled", "buffered"}, "it is read from the spool"},
	{Transition{ofDelivery, "spooled", "discarded"}, "the webhook is gone"},
	{Transition{ofDelivery, "dead", "spooled"}, "it is replayed"},
	{
		Transition{ofDelivery, "buffered", "merged"},
		"another of its record is attempted in its place",
	},
	{Transition{ofDelivery, "merged", "delivered"}, "that was accepted, or need not be"},
	{Transition{ofDelivery, "merged", "spooled"}, "that goes to the spool, and so does this one"},
	{Transition{ofDelivery, "merged", "dead"}, "that is dead, and so is this one"},
	{Transition{ofDelivery, "merged", "discarded"}, "the webhook is gone"},
	{Transition{ofKey, "idle", "ready"}, "it has a delivery in memory"},
	{Transition{ofKey, "idle", "held"}, "another is joined before it"},
	{Transition{ofKey, "idle", "spooled"}, "its deliveries are in the spool, and not due"},
	{Transition{ofKey, "idle", "to load"}, "its deliveries are in the spool, and due"},
	{Transition{ofKey, "idle", "settling"}, "it has deliveries in memory, and its record is not quiet"},
	{Transition{ofKey, "settling", "in flight"}, "the record was quiet, and an attempt begins"},
	{Transition{ofKey, "settling", "ready"}, "memory is needed, or the receiver is behind"},
	{
		Transition{ofKey, "settling", "spooled"},
		"it is held for too long to stay in memory, or was joined",
	},
	{Transition{ofKey, "settling", "held"}, "it was joined, and one before it has an attempt under way"},
	{Transition{ofKey, "settling", "idle"}, "it was joined to another, goes to the spool, or is given up"},
	{Transition{ofKey, "ready", "in flight"}, "an attempt begins"},
	{
		Transition{ofKey, "ready", "held"},
		"it was joined, and one before it has an attempt under way",
	},
	{Transition{ofKey, "ready", "spooled"}, "it was joined, and goes to the spool"},
	{Transition{ofKey, "ready", "idle"}, "all of it has gone to the spool, or been given up"},
	{Transition{ofKey, "in flight", "idle"}, "the attempt is over, and does not wait for another"},
	{Transition{ofKey, "in flight", "waiting"}, "the attempt has failed"},
	{Transition{ofKey, "waiting", "in flight"}, "the next attempt is due"},
	{Transition{ofKey, "waiting", "ready"}, "the receiver takes connections again"},
	{Transition{ofKey, "waiting", "spooled"}, "it goes to the spool"},
	{
		Transition{ofKey, "waiting", "held"},
		"it was joined, and one before it has an attempt under way",
	},
	{Transition{ofKey, "waiting", "idle"}, "it was joined to another, or given up"},
	{Transition{ofKey, "held", "ready"}, "those before it are done"},
	{
		Transition{ofKey, "held", "to load"},
		"those before it are done, and its deliveries are in the spool",
	},
	{Transition{ofKey, "held", "spooled"}, "likewise, and they are not due"},
	{Transition{ofKey, "held", "idle"}, "it was joined to another, or given up"},
	{Transition{ofKey, "spooled", "to load"}, "its deliveries are due, or worth a probe"},
	{
		Transition{ofKey, "spooled", "held"},
		"it was joined, and one before it has an attempt under way",
	},
	{Transition{ofKey, "spooled", "idle"}, "it was joined to another, or given up"},
	{Transition{ofKey, "to load", "loading"}, "its deliveries are being read"},
	{Transition{ofKey, "to load", "spooled"}, "it was joined, and is not due"},
	{
		Transition{ofKey, "to load", "held"},
		"it was joined, and one before it has an attempt under way",
	},
	{Transition{ofKey, "to load", "idle"}, "it was joined to another, or given up"},
	{Transition{ofKey, "loading", "idle"}, "they were read, or could not be"},
}
