package bus

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/cdc"
)

const watchEvery = 2 * time.Second // between two looks at the stream

// watch looks at the stream until the Publisher ends, so that what is wrong with it is found also
// while nothing is committed, and tells what it holds. Nothing of it is said to be for good before
// it was seen twice: a server that starts may not know all of its streams yet.
func (p *Publisher) watch(memo Memo) {
	defer close(p.watched)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	seen := 0
	for {
		select {
		case <-tick.C:
		case <-p.ctx.Done():
			return
		}
		err := p.look(&memo)
		_, isGap := errors.AsType[*cdc.Gap](err)
		_, isBlocked := errors.AsType[*cdc.Blocked](err)
		if !isGap && !isBlocked {
			seen = 0 // it is there, or cannot be asked; then publishing tells so
			continue
		}
		if seen++; seen == 2 {
			p.end(err)
		}
	}
}

// look returns what is wrong with the stream, counts what it holds, and notes in memo how far it
// has come.
func (p *Publisher) look(memo *Memo) error {
	ctx, cancel := context.WithTimeout(p.ctx, ackTimeout)
	defer cancel()
	stream, err := p.bus.Stream(ctx, memo)
	if err != nil {
		return err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(p.bus.cfg.subjects()))
	if err != nil {
		return away(err)
	}
	p.config.Store(&info.Config)
	memo.Last = info.State.LastSeq
	for n := range p.partitions {
		p.count.messages.WithLabelValues(strconv.Itoa(n)).
			Set(float64(info.State.Subjects[p.bus.cfg.subject(n)]))
	}
	return nil
}
