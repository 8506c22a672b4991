package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	pullSize   = 64               // messages that wait in memory to be taken, at most
	pullExpiry = 10 * time.Second // of one pull
	ackMargin  = 30 * time.Second // of AckWait beyond a request's deadline
	madeEvery  = time.Second      // between two tries to make a consumer
	lookEvery  = 10 * time.Millisecond
	// between two looks whether what was settled is acknowledged
	confirmEvery = 3 * time.Second
)

// Intake brings the messages of one partition, for one tenure of its lease: in the order of the
// stream, each once, from the first that nobody has acknowledged.
type Intake struct {
	bus       *Bus
	stream    string
	partition int
	epoch     uint64
	log       *slog.Logger
	large     Large
	ackWait   time.Duration
	most      int // messages in hand
	count     *intakeMetrics

	consumers int // that were made for it

	mu     sync.Mutex
	inHand map[uint64]*inHand // by sequence in the stream
	last   uint64             // the highest sequence that was ever in hand
	// Where acknowledgements went, by sequence, since the server was last seen to have all of them. Of
	// the present consumer.
	acks    map[uint64]string
	current string // its name; "" for none

	delivered uint64 // messages that the consumer has brought
}

// inHand is a message that is not settled.
type inHand struct {
	msg   jetstream.Msg // as it was delivered last
	since time.Time     // when its wait was last extended
}

// IntakeConfig is what an Intake stands on.
type IntakeConfig struct {
	Partition int
	Epoch     uint64        // of the lease
	Timeout   time.Duration // of a request
	Buffer    int64         // bytes of deliveries that its Sender holds
	Large     Large
}

// leastSize is the least that a delivery takes of a Sender's buffer.
const leastSize = 700

// NewIntake returns the Intake of a partition.
func NewIntake(b *Bus, stream string, cfg IntakeConfig, m *IntakeMetrics) *Intake {
	return &Intake{
		bus: b, stream: stream, partition: cfg.Partition, epoch: cfg.Epoch, large: cfg.Large,
		log:     b.log.With("partition", cfg.Partition),
		ackWait: cfg.Timeout + ackMargin, most: int(cfg.Buffer/leastSize) + 2*pullSize,
		inHand: map[uint64]*inHand{}, acks: map[uint64]string{}, count: m.of(cfg.Partition),
	}
}

// Run calls take with each message until ctx ends, or take returns an error, which may be ctx's.
// take must not be called again for a message that it has; settled is to be called once, when the
// message is accounted for, at any time. Messages that are not settled come again to the next
// tenure.
func (i *Intake) Run(
	ctx context.Context, take func(ctx context.Context, m Message, settled func()) error,
) error {
	extending, end := context.WithCancel(ctx)
	defer end()
	go i.extend(extending)
	go i.confirm(extending)
	defer i.count.waiting.Set(0)
	for ctx.Err() == nil {
		consumer, err := i.consumer(ctx)
		if err == nil {
			err = i.drain(ctx, consumer, take)
			if final, ok := errors.AsType[*takeError](err); ok {
				return final.error
			}
		}
		if ctx.Err() != nil {
			break
		}
		i.log.Warn("the consumer of a partition is made anew", "error", err)
		select {
		case <-time.After(madeEvery):
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}

// takeError is an error of take.
type takeError struct{ error }

// consumer makes the consumer of this tenure, and removes all others of the partition: whoever had
// them can no longer acknowledge anything. A new one begins with the first message that is there.
func (i *Intake) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	stream, err := i.bus.js.Stream(ctx, i.stream)
	if err != nil {
		return nil, err
	}
	prefix := consumerPrefix(i.partition)
	names := stream.ConsumerNames(ctx)
	for name := range names.Name() {
		if strings.HasPrefix(name, prefix) {
			err := stream.DeleteConsumer(ctx, name)
			if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
				return nil, err
			}
		}
	}
	if err := names.Err(); err != nil {
		return nil, err
	}
	i.consumers++
	i.mu.Lock()
	i.current = i.name()
	clear(i.acks) // what they were of comes again, and is acknowledged anew
	i.mu.Unlock()
	return stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:       i.name(),
		FilterSubject: i.bus.cfg.subject(i.partition),
		AckPolicy:     jetstream.AckExplicitPolicy, AckWait: i.ackWait, MaxDeliver: -1,
		MaxAckPending: i.most,
		MemoryStorage: true, // see missed
	})
}

func consumerPrefix(partition int) string { return fmt.Sprintf("p%d-", partition) }

// Remove removes the consumer, so that the server keeps nothing for it while the partition has no
// holder. What was settled is acknowledged before, as far as the server answers in time.
func (i *Intake) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	name := i.name()
	consumer, err := i.bus.js.Consumer(ctx, i.stream, name)
	for sent := time.Now(); err == nil && !i.acknowledged(consumer.CachedInfo()); {
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return nil // whoever is next removes it, and some may come again
		}
		if time.Since(sent) > confirmEvery { // nobody sees to it any more
			i.confirmOnce(ctx)
			sent = time.Now()
		}
		_, err = consumer.Info(ctx)
	}
	if err == nil {
		err = i.bus.js.DeleteConsumer(ctx, i.stream, name)
	}
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	return err
}

// acknowledged reports whether the server waits for nothing but what is not settled: in hand, or
// not taken yet.
func (i *Intake) acknowledged(info *jetstream.ConsumerInfo) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	untaken := info.Delivered.Consumer - min(info.Delivered.Consumer, i.delivered)
	return info.NumAckPending <= len(i.inHand)+int(untaken) //nolint:gosec // no more than most
}

// name is that of the consumer.
func (i *Intake) name() string {
	return fmt.Sprintf("%s%d-%d", consumerPrefix(i.partition), i.epoch, i.consumers)
}

var errMissed = errors.New("the server has delivered a message that has not arrived")

// drain takes what the consumer brings until that breaks off.
func (i *Intake) drain(
	ctx context.Context, consumer jetstream.Consumer,
	take func(context.Context, Message, func()) error,
) error {
	messages, err := consumer.Messages(jetstream.PullMaxMessages(pullSize),
		jetstream.PullExpiry(pullExpiry))
	if err != nil {
		return err
	}
	defer messages.Stop()
	bringing, end := context.WithCancelCause(ctx)
	defer end(nil)
	go i.missed(bringing, consumer, end)
	i.mu.Lock()
	i.delivered = 0
	i.mu.Unlock()
	for {
		msg, err := messages.Next(jetstream.NextContext(bringing))
		if err != nil {
			return cmp.Or(context.Cause(bringing), err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		isNew, err := i.isNew(meta.Sequence, msg)
		if err != nil {
			return err
		}
		if !isNew {
			continue
		}
		i.count.waiting.Set(float64(meta.NumPending))
		m, err := i.read(ctx, msg)
		if err != nil {
			return &takeError{fmt.Errorf("message %d of stream %s: %w", meta.Sequence.Stream, i.stream, err)}
		}
		settled := func() { i.settle(meta.Sequence.Stream) }
		if m.Event == nil { // it was settled by an earlier tenure
			settled()
			continue
		}
		if err := take(ctx, m, settled); err != nil {
			return &takeError{err}
		}
	}
}

// missed looks for the consumer whenever the connection was made anew, and calls end when it is gone:
// what it knows is in no file, so a server that starts again has none. Nothing else would tell for
// as long as a pull lasts. The next one begins with the first message that is not acknowledged.
func (i *Intake) missed(
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

// isNew reports whether a message is to be taken, and takes it in hand then. One that is in hand
// is acknowledged as it came last; one that was is acknowledged again.
func (i *Intake) isNew(at jetstream.SequencePair, msg jetstream.Msg) (bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.delivered++; at.Consumer != i.delivered {
		return false, errMissed // it would come again later, behind others of its webhook
	}
	sequence := at.Stream
	switch h := i.inHand[sequence]; {
	case h != nil:
		h.msg, h.since = msg, time.Now()
	case sequence <= i.last:
		i.acks[sequence] = msg.Reply()
		_ = msg.Ack() // else it comes again
	default:
		i.last = sequence
		i.inHand[sequence] = &inHand{msg, time.Now()}
		i.count.inHand.Inc()
		return true, nil
	}
	i.count.refused.Inc()
	return false, nil
}

// read returns what a message holds. The event is nil when the message is settled already.
func (i *Intake) read(ctx context.Context, msg jetstream.Msg) (Message, error) {
	reference := msg.Headers().Get(referenceHeader)
	if reference == "" {
		return decode(msg.Data())
	}
	event, webhook, _ := strings.Cut(reference, " ")
	data, err := i.large.GetLarge(ctx, event, webhook)
	if err != nil || data == nil {
		return Message{}, err
	}
	return decode(data)
}

// settle acknowledges a message, after its data are removed where they lie in the database: found
// without them, it is settled.
func (i *Intake) settle(sequence uint64) {
	i.mu.Lock()
	h := i.inHand[sequence]
	delete(i.inHand, sequence)
	i.mu.Unlock()
	if h == nil {
		return
	}
	i.count.inHand.Dec()
	i.count.settled.Inc()
	reference := h.msg.Headers().Get(referenceHeader)
	if reference == "" {
		i.acknowledge(sequence, h.msg) // else it comes again, and is acknowledged again
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), connectLimit)
		defer cancel()
		event, webhook, _ := strings.Cut(reference, " ")
		if err := i.large.DeleteLarge(ctx, event, webhook); err != nil {
			i.log.Warn("the data of a delivery stay in the database", "event", event, "error", err)
		}
		i.acknowledge(sequence, h.msg)
	}()
}

func (i *Intake) acknowledge(sequence uint64, msg jetstream.Msg) {
	i.mu.Lock()
	i.acks[sequence] = msg.Reply()
	i.mu.Unlock()
	_ = msg.Ack() // see confirm
}

// confirm sees to it that acknowledgements arrive: while a consumer has no leader, nobody takes
// them, and what they were of would be there for whoever has the partition next.
func (i *Intake) confirm(ctx context.Context) {
	tick := time.NewTicker(confirmEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			i.confirmOnce(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// confirmOnce acknowledges again what was, unless the server has all of it.
func (i *Intake) confirmOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	i.mu.Lock()
	name, sent := i.current, maps.Clone(i.acks)
	i.mu.Unlock()
	if len(sent) == 0 {
		return
	}
	consumer, err := i.bus.js.Consumer(ctx, i.stream, name)
	if err != nil {
		return // the next look tells more
	}
	info := consumer.CachedInfo()
	all := i.acknowledged(info)
	for sequence, reply := range sent {
		if !all && sequence > info.AckFloor.Stream {
			_ = i.bus.nc.Publish(reply, []byte("+ACK"))
			delete(sent, sequence)
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for sequence, reply := range sent {
		if i.acks[sequence] == reply {
			delete(i.acks, sequence)
		}
	}
}

// extend has the server wait for what is in hand for as long as it takes.
func (i *Intake) extend(ctx context.Context) {
	tick := time.NewTicker(i.ackWait / 6)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			for _, msg := range i.aged(now) {
				_ = msg.InProgress() // else it comes again, and is known
			}
		case <-ctx.Done():
			return
		}
	}
}

// aged returns what has been in hand for a while since its wait was last extended.
func (i *Intake) aged(now time.Time) (list []jetstream.Msg) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, h := range i.inHand {
		if now.Sub(h.since) >= i.ackWait/3 {
			h.since = now
			list = append(list, h.msg)
		}
	}
	return list
}
