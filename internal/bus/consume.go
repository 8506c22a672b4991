package bus

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// quietFor is how long nothing comes before it is looked whether the next message is asked for.
const quietFor = 500 * time.Millisecond

// consume has handle called with what a consumer brings, one by one, until ctx ends. Errors after
// which the consumer is to be made anew go to end.
//
// The client asks for more once half of what it has asked for has come, but not while a request is
// still being written: then it is up to the next message. When all of that request comes before its
// write returns, there is no next one, and nothing is asked for: it would be noticed after two
// heartbeats. So who has got that much looks whether the server has a request, once nothing comes.
func (i *Intake) consume(
	ctx context.Context, consumer jetstream.Consumer, handle jetstream.MessageHandler,
	end context.CancelCauseFunc,
) error {
	var came atomic.Int64 // since a request was seen
	quiet := time.NewTimer(quietFor)
	// Not by Messages, which drops what it asks for too much: after the connection, or the consumer's
	// leader, has changed, as much again as waits to be taken.
	start := func() (jetstream.ConsumeContext, error) {
		return consumer.Consume(func(msg jetstream.Msg) {
			handle(msg)
			if came.Add(1) >= pullSize {
				quiet.Reset(quietFor)
			}
		}, jetstream.PullMaxMessages(pullSize), jetstream.PullExpiry(pullExpiry),
			jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
				if endsConsumer(err) {
					end(err)
				}
				quiet.Reset(quietFor)
			}))
	}
	consuming, err := start()
	if err != nil {
		return err
	}
	go func() {
		defer func() { consuming.Stop() }()
		for missing := false; ; {
			select {
			case <-quiet.C:
			case <-ctx.Done():
				return
			}
			before := came.Load()
			n, known := i.requests(ctx, consumer)
			switch {
			case known && n > 0:
				came.Add(-before)
				missing = false
				continue
			case known && !missing: // or one is on its way, as the one before has expired
				missing = true
				quiet.Reset(quietFor / 10)
				continue
			case known:
				i.log.Debug("nothing was asked for: the client begins anew")
				consuming.Stop()
				if consuming, err = start(); err != nil {
					end(err)
					return
				}
			}
			missing = false
			quiet.Reset(quietFor)
		}
	}()
	return nil
}

// requests returns how many requests for the next message the server has. It is not known while
// something is on its way, or is being taken, nor while the server does not answer.
func (i *Intake) requests(ctx context.Context, consumer jetstream.Consumer) (n int, known bool) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	i.mu.Lock()
	now, idle := i.delivered, i.idle
	i.mu.Unlock()
	if !idle {
		return 0, false
	}
	info, err := consumer.Info(ctx)
	if err != nil || info.Delivered.Consumer != now {
		return 0, false
	}
	return info.NumWaiting, true
}
