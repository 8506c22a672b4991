package bus

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hookline/cdc"
)

// repair brings into the stream what is on its way, after one of its messages was not taken, or
// not told to be. It waits for all of them first. What the stream has of them is a beginning, as
// each expects the one before; the rest is sent again, one by one, for as long as it takes. The
// error is for good: see Err.
func (p *Publisher) repair(cause error) error {
	for _, g := range p.flight[1:] { // of the first it is known
		select {
		case <-g.stored.Ok():
		case err := <-g.stored.Err():
			p.bus.log.Debug("messages were not taken", "error", err)
		case <-p.ctx.Done():
			return nil
		}
	}
	pause := firstPause
	for {
		p.judge(cause)
		if cause != nil && !wrongSequence(cause) {
			select {
			case <-time.After(pause):
				pause = min(2*pause, lastPause)
			case <-p.ctx.Done():
				return nil
			}
		}
		if cause = p.resend(); cause == nil {
			break
		}
		if p.ctx.Err() != nil {
			return nil //nolint:nilerr // it has ended, and for another reason
		}
		if _, gap := errors.AsType[*cdc.Gap](cause); gap || errors.Is(cause, cdc.ErrTakenOver) {
			p.judge(cause)
			return cause
		}
	}
	p.judge(nil)
	for _, g := range p.flight {
		p.settle(g)
	}
	p.flight = nil
	return nil
}

// resend asks the stream for its end, and sends what it lacks of what is on its way.
func (p *Publisher) resend() error {
	last, err := p.confirm()
	if err != nil {
		return err
	}
	if err := p.findForeign(last); err != nil {
		return err
	}
	end := last
	for _, g := range p.flight {
		told := false // the stream is told what it gets next
		for n, m := range g.items {
			if m.known || m.sequence != 0 && m.sequence <= end {
				continue
			}
			if g.far != nil && n > 0 && !told {
				again := &item{Msg: p.progressMessage(g.behind(n))}
				err := p.publish(again, last)
				if !wrongSequence(err) { // it may have the sequence that another one was to have
					p.unplace(end)
				}
				if err != nil {
					return err
				}
				last, p.lastID = again.sequence, again.Header.Get(idHeader)
			}
			if err := p.publish(m, last); err != nil {
				return err
			}
			if told = !m.known; told {
				last, p.lastID = m.sequence, m.Header.Get(idHeader)
			}
		}
	}
	p.last = last
	return nil
}

// unplace has what is on its way, and not stored by the end of the stream, be in no place of it.
func (p *Publisher) unplace(end uint64) {
	for _, g := range p.flight {
		for _, m := range g.items {
			if !m.known && m.sequence > end {
				m.sequence = 0
			}
		}
	}
}

// findForeign looks for a message of somebody else in the place of one that is on its way. Of that
// one and of those behind it the stream has none. It looks from the end: behind the last one that
// is there, which is mostly the first that it looks at, as the latest position stays. What the stream
// has elsewhere tells nothing.
func (p *Publisher) findForeign(last uint64) error {
	var behind []*item // the one that is looked at, and those after it
	for _, g := range slices.Backward(p.flight) {
		for _, o := range slices.Backward(g.items) {
			behind = append(behind, o)
			if o.known || o.sequence == 0 || o.sequence > last {
				continue
			}
			there, err := p.lookAt(o.sequence)
			switch {
			case errors.Is(err, jetstream.ErrMsgNotFound): // it is delivered
				continue
			case err != nil:
				return err
			case there.Header.Get(idHeader) == o.Header.Get(idHeader):
				return nil
			}
			for _, o := range behind {
				o.sequence = 0
			}
		}
	}
	return nil
}

// lookAt returns the message that the stream has at a sequence.
func (p *Publisher) lookAt(sequence uint64) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(p.ctx, ackTimeout) // of each: there may be hundreds, far away
	defer cancel()
	return p.stream.GetMsg(ctx, sequence)
}

// publish sends a message, and waits until the stream has it.
func (p *Publisher) publish(o *item, last uint64) error {
	ctx, cancel := context.WithTimeout(p.ctx, ackTimeout)
	defer cancel()
	expect(o.Msg, last, "") // nothing else is on its way
	o.sequence = last + 1   // should no word come of it
	ack, err := p.js.PublishMsg(ctx, o.Msg, jetstream.WithRetryAttempts(0))
	if err != nil {
		if wrongSequence(err) { // somebody else's has it
			o.sequence = 0
		}
		return err
	}

	o.sequence = ack.Sequence
	if o.known = ack.Duplicate; o.known {
		p.count.duplicates.Add(float64(len(o.holds)))
	}
	return nil
}

// confirm returns the last sequence of the stream, if nobody else writes it.
func (p *Publisher) confirm() (uint64, error) {
	ctx, cancel := context.WithTimeout(p.ctx, ackTimeout)
	defer cancel()
	info, err := p.stream.Info(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, gone(p.bus.cfg.Stream())
	}
	if err != nil {
		return 0, err
	}
	if err := p.bus.examine(info, &p.memo); err != nil {
		return 0, err
	}
	if err := p.bus.checkEmptied(ctx, p.stream, &p.memo); err != nil {
		return 0, err
	}
	at, _, err := p.bus.cfg.readSaid(ctx, p.stream)
	if err != nil {
		return 0, err
	}
	if at.Writer != p.writer {
		return 0, cdc.ErrTakenOver
	}
	return info.State.LastSeq, nil
}

// judge tells what keeps the Publisher from publishing, once.
func (p *Publisher) judge(err error) {
	var now *cdc.Problem
	name := p.bus.cfg.Stream()
	if known, ok := errors.AsType[*cdc.Problem](err); ok {
		now = known
	}
	switch {
	case err == nil, now != nil, wrongSequence(err), errors.Is(err, cdc.ErrTakenOver):
	case full(err):
		now = &cdc.Problem{
			What: "the bus is full: stream " + name + " takes nothing until senders have made room; " +
				"the slot waits",
			Hint: "more hookline run --role sender, or more room: nats stream edit " + name +
				" --max-bytes=…",
		}
	case tooLarge(err), errors.Is(err, nats.ErrMaxPayload):
		now = &cdc.Problem{
			What: "the bus does not take a message of the size that it took before; the slot waits",
			Hint: "set max_payload, or max_msg_size of stream " + name + ", as it was",
		}
	default:
		now = &cdc.Problem{
			What: "the bus does not answer, the slot waits: " + err.Error(),
			Hint: Meanwhile,
		}
	}
	if wrongSequence(err) {
		return // the next try tells more
	}
	before := p.problem.Swap(now)
	switch {
	case now != nil && (before == nil || before.What != now.What):
		p.bus.log.Error("nothing is published", "what", now.What, "to_mend_it", now.Hint)
	case now == nil && before != nil:
		p.bus.log.Info("the bus takes again what is committed")
	}
	if p.tell != nil {
		p.tell(now)
	}
}

// failure is a message that could not be sent.
func failure(err error) jetstream.PubAckFuture {
	f := failed{make(chan error, 1)}
	f.err <- err
	return f
}

type failed struct{ err chan error }

func (failed) Ok() <-chan *jetstream.PubAck { return nil }
func (f failed) Err() <-chan error          { return f.err }
func (failed) Msg() *nats.Msg               { return nil }
