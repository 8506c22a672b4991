package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

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

// lost looks for the consumer whenever the connection was made anew, and calls end when it is
// gone: what it knows is in no file, so a server that starts again has none. Nothing else would
// tell for as long as a pull lasts. The next one begins with the first message that is not
// acknowledged.
func (i *Intake) lost(
	ctx context.Context, consumer jetstream.Consumer, end context.CancelCauseFunc,
) {
	status := i.bus.nc.StatusChanged(nats.CONNECTED)
	defer i.bus.nc.RemoveStatusListener(status)
	for {
		select {
		case _, open := <-status:
			if !open { // the connection is closed
				return
			}
		case <-ctx.Done():
			return
		}
		for ctx.Err() == nil {
			limit, cancel := context.WithTimeout(ctx, connectLimit)
			_, err := consumer.Info(limit)
			cancel()
			if errors.Is(err, jetstream.ErrConsumerNotFound) {
				end(err)
			}
			if err == nil {
				break
			}
			select {
			case <-time.After(firstPause):
			case <-ctx.Done():
			}
		}
	}
}
