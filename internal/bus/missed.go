package bus

import "errors"

// errMissed has a consumer made anew. Else what is missed would come again once AckWait is over,
// behind others of its webhook.
var errMissed = errors.New("the server has delivered a message that has not arrived")

// idleLooks is how many looks there are to one that is made while nothing moves.
const idleLooks = 5

// arrived is how many messages a consumer has brought.
type arrived struct {
	consumer string
	messages uint64
}

// isQuiet reports whether a look can wait: nothing is to be confirmed, and nothing has come since
// the server last said that all had arrived. i.mu is held.
func (i *Intake) isQuiet(now arrived) bool {
	i.looks++
	return len(i.acks) == 0 && now == i.complete && i.looks%idleLooks != 0
}

// compare holds what had arrived before a look against what the server then said that it had
// delivered: messages are lost where a connection breaks. Where others follow, their numbers tell
// so (isNew). Where none do, it is certain when two looks find it, while nothing came and nothing
// that had come waited to be taken.
func (i *Intake) compare(before arrived, delivered uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch now := (arrived{i.current, i.delivered}); {
	case now != before || !i.idle:
		i.lacking = arrived{}
	case delivered == now.messages:
		i.complete, i.lacking = now, arrived{}
	case i.lacking == now:
		i.restart(errMissed)
	default:
		i.lacking = now
	}
}
