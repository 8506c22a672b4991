package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// messages that wait in memory to be taken; as many again after the connection is made anew
	pullSize   = 16
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
	spooled   Spooled
	ackWait   time.Duration
	most      int // messages in hand
	count     *intakeMetrics

	consumers int            // that were made for it
	parked    map[place]bool // what the spool has had before: see TakeUp

	mu     sync.Mutex
	inHand map[uint64]*inHand // by sequence in the stream
	last   uint64             // the highest sequence that was ever in hand
	latest string             // the highest position of those messages: see Key.commit
	// Acknowledgements by sequence, of what the stream is not known to be without.
	acks    map[uint64]ack
	current string // its name; "" for none

	delivered uint64 // messages that the consumer has brought
	brought   uint64 // the highest sequence of them
	again     uint64 // up to which it may bring what an earlier one has brought
	idle      bool   // it is waited for the next one
	restart   context.CancelCauseFunc
	looks     int
	complete  arrived // when the server last said that this was all
	lacking   arrived // when it last said that it was not, while nothing came
}

// inHand is a message that is not settled.
type inHand struct {
	key       Key    // its first delivery
	reference string // the delivery whose data lie in the database: see referenceHeader
	left      int    // deliveries that are not settled
	settled   uint64 // those of a pack that are, a bit each, but for those past the 64th
	// as it was delivered last:
	reply    string    // where it is acknowledged
	consumer uint64    // its number then; notBrought where that was of an earlier consumer
	since    time.Time // when its wait was last extended
}

// notBrought is the number of a message that the present consumer has not brought.
const notBrought = math.MaxUint64

// ack is an acknowledgement that the server may not have.
type ack struct {
	reply string // where it goes; "" when that was an earlier consumer, which takes none
	key   Key
}

// IntakeConfig is what an Intake stands on.
type IntakeConfig struct {
	Partition int
	Epoch     uint64        // of the lease
	Timeout   time.Duration // of a request
	Buffer    int64         // bytes of deliveries that its Sender holds
	Large     Large
	Spooled   Spooled
}

// leastSize is the least that a delivery takes of a Sender's buffer.
const leastSize = 700

// NewIntake returns the Intake of a partition.
func NewIntake(b *Bus, stream string, cfg IntakeConfig, m *IntakeMetrics) *Intake {
	return &Intake{
		bus: b, stream: stream, partition: cfg.Partition, epoch: cfg.Epoch, large: cfg.Large,
		spooled: cfg.Spooled, parked: map[place]bool{},
		log:     b.log.With("partition", cfg.Partition),
		ackWait: cfg.Timeout + ackMargin, most: int(cfg.Buffer/leastSize) + 2*pullSize,
		inHand: map[uint64]*inHand{}, acks: map[uint64]ack{}, count: m.of(cfg.Partition),
	}
}

// Run calls take with each delivery until ctx ends, or take returns an error, which may be ctx's.
// settled is to be called once, when the delivery is accounted for, at any time. Messages of which
// not all deliveries are settled come again to the next tenure, but for what Remove leaves behind.
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
	if _, err := i.evict(ctx, stream); err != nil {
		return nil, err
	}
	i.consumers++
	i.mu.Lock()
	i.begin()
	i.mu.Unlock()
	return stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:       i.name(),
		FilterSubject: i.bus.cfg.subject(i.partition),
		AckPolicy:     jetstream.AckExplicitPolicy, AckWait: i.ackWait, MaxDeliver: -1,
		MaxAckPending: i.most,
		MemoryStorage: true, // see lost
	})
}

// begin has nothing be known of the consumer that is made next. What was settled by an earlier one,
// and is still there, comes again, and is acknowledged anew. i.mu is held.
func (i *Intake) begin() {
	i.current, i.delivered = i.name(), 0
	i.brought, i.again = 0, i.last
	for _, h := range i.inHand {
		h.consumer = notBrought
	}
	for sequence, a := range i.acks {
		i.acks[sequence] = ack{key: a.key}
	}
}

func consumerPrefix(partition int) string { return fmt.Sprintf("p%d-", partition) }

// removeLimit is how long Remove waits for the server to have all acknowledgements: a consumer that
// has lost its leader has another one in some five seconds, and is told again after three.
const removeLimit = 3 * connectLimit

// Remove removes the consumer, so that the server keeps nothing for it while the partition has no
// holder. What was settled is acknowledged before: while the server cannot be asked, or does not
// hear, for at most removeLimit. What it has not heard then comes again. What was settled of
// messages that are not, the spool knows then; should it fail to note that, it comes again, too.
func (i *Intake) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, removeLimit)
	defer cancel()
	i.leave(ctx)
	for sent := time.Now(); !i.heard(ctx); {
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return nil // whoever is next removes it, and some may come again
		}
		if time.Since(sent) > confirmEvery { // nobody sees to it any more
			i.confirmOnce(ctx)
			sent = time.Now()
		}
	}
	err := i.bus.js.DeleteConsumer(ctx, i.stream, i.name())
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	return err
}

// leave has the spool know what is settled of messages that stay in the stream: see TakeUp.
func (i *Intake) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	list, err := i.readSettled(ctx)
	if err == nil && len(list) > 0 {
		err = i.spooled.Leave(ctx, list)
	}
	if err != nil {
		i.log.Warn("deliveries come again that are settled: others of their messages are not, and "+
			"the spool could not be told", "error", err)
	}
}

// readSettled returns what is settled of messages that are not, as a whole.
func (i *Intake) readSettled(ctx context.Context) (list []Settled, err error) {
	settled := map[uint64]uint64{} // by sequence
	i.mu.Lock()
	for sequence, h := range i.inHand {
		if h.settled != 0 && h.left > 0 {
			settled[sequence] = h.settled
		}
	}
	i.mu.Unlock()
	if len(settled) == 0 {
		return nil, nil
	}
	stream, err := i.bus.js.Stream(ctx, i.stream)
	if err != nil {
		return nil, err
	}
	for sequence, bits := range settled {
		raw, err := stream.GetMsg(ctx, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) { // somebody has removed it
			continue
		}
		if err != nil {
			return nil, err
		}
		pack, err := decodeAll(raw.Data)
		if err != nil {
			return nil, err
		}
		for n, m := range pack {
			if bits>>n&1 == 1 {
				list = append(list, Settled{Key{m.Event.ID, m.Webhook}, m.Event.Time})
			}
		}
	}
	return list, nil
}

// heard reports whether the stream has nothing left of what was settled.
func (i *Intake) heard(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, madeEvery)
	defer cancel()
	consumer, err := i.bus.js.Consumer(ctx, i.stream, i.name())
	all := errors.Is(err, jetstream.ErrConsumerNotFound)
	switch {
	case all:
	case err != nil:
		return false
	case i.forgotten(consumer.CachedInfo()):
		all = true
	case !i.acknowledged(consumer.CachedInfo()):
		return false
	}
	return i.deleteSettled(ctx, func(a ack) bool { return all || a.reply == "" }) == nil
}

// forgotten reports whether the server does not know what its consumer has delivered. That is so
// when it has died without a trace of it: it takes no acknowledgement then.
func (i *Intake) forgotten(info *jetstream.ConsumerInfo) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return info.Delivered.Consumer < i.delivered
}

// deleteSettled deletes messages from the stream that are settled and that the server may not have
// heard of, as far as they are meant.
func (i *Intake) deleteSettled(ctx context.Context, meant func(ack) bool) error {
	i.mu.Lock()
	settled := maps.Clone(i.acks)
	i.mu.Unlock()
	maps.DeleteFunc(settled, func(_ uint64, a ack) bool { return !meant(a) })
	if len(settled) == 0 {
		return nil
	}
	stream, err := i.bus.js.Stream(ctx, i.stream)
	if err != nil {
		return err
	}
	for sequence, a := range settled {
		msg, err := stream.GetMsg(ctx, sequence)
		if err == nil && keyOf(msg.Header.Get(idHeader)) == a.key { // else of another stream
			err = stream.DeleteMsg(ctx, sequence)
		}
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return err
		}
		i.heardOf(sequence, a)
	}
	return nil
}

// heardOf takes note of an acknowledgement that needs no further care.
func (i *Intake) heardOf(sequence uint64, a ack) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.acks[sequence] == a {
		delete(i.acks, sequence)
	}
}

// acknowledged reports whether the server waits for nothing but what is not settled: in hand, or
// not taken yet. One that has just started may not know yet what it has delivered.
func (i *Intake) acknowledged(info *jetstream.ConsumerInfo) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if info.Delivered.Consumer < i.delivered { // it is forgotten
		return false
	}
	waitsFor := int(info.Delivered.Consumer - i.delivered) //nolint:gosec // no more than most
	for _, h := range i.inHand {
		if h.consumer <= info.Delivered.Consumer { // else it has come since
			waitsFor++
		}
	}
	return info.NumAckPending <= waitsFor
}

// name is that of the consumer.
func (i *Intake) name() string {
	return fmt.Sprintf("%s%d-%d", consumerPrefix(i.partition), i.epoch, i.consumers)
}

// drain takes what the consumer brings until that breaks off.
func (i *Intake) drain(
	ctx context.Context, consumer jetstream.Consumer,
	take func(context.Context, Message, func()) error,
) error {
	coming, restart := context.WithCancelCause(ctx)
	defer restart(nil)
	i.mu.Lock()
	i.restart, i.idle = restart, true
	i.mu.Unlock()
	var taking sync.Mutex // guards failed, too
	var failed error
	err := i.consume(coming, consumer, func(msg jetstream.Msg) {
		taking.Lock()
		defer taking.Unlock()
		if coming.Err() != nil {
			return // it comes again
		}
		i.setIdle(false)
		defer i.setIdle(true)
		if failed = i.taken(ctx, msg, take); failed != nil {
			restart(failed)
		}
	}, restart)
	if err != nil {
		return err
	}
	go i.lost(coming, consumer, restart)
	<-coming.Done()
	taking.Lock() // nothing is taken after this
	defer taking.Unlock()
	i.setIdle(false)
	return cmp.Or(failed, context.Cause(coming))
}

// endsConsumer reports whether a consumer is to be made anew after an error of it.
func endsConsumer(err error) bool {
	for _, final := range []error{
		jetstream.ErrNoHeartbeat, jetstream.ErrConsumerDeleted, jetstream.ErrBadRequest,
		jetstream.ErrConnectionClosed,
	} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

// taken has the deliveries of a message taken, if it is new. An error breaks off what the consumer
// brings.
func (i *Intake) taken(
	ctx context.Context, msg jetstream.Msg, take func(context.Context, Message, func()) error,
) error {
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	isNew, err := i.isNew(meta.Sequence, msg)
	if err != nil || !isNew {
		return err
	}
	i.count.waiting.Set(float64(meta.NumPending))
	sequence := meta.Sequence.Stream
	if !isPack(msg.Data()) && i.isParked(place{sequence, 0}) {
		i.settle(place{sequence, 0})
		return nil
	}
	list, err := i.read(ctx, msg)
	if err != nil {
		return &takeError{fmt.Errorf("message %d of stream %s: %w", sequence, i.stream, err)}
	}
	i.hold(sequence, list)
	for n, m := range list {
		at := place{sequence, n}
		if m.Event == nil || i.isParked(at) { // it was settled by an earlier tenure
			i.settle(at)
			continue
		}
		settled := func() { i.settle(at) }
		if err := take(ctx, m, settled); err != nil {
			return &takeError{err}
		}
	}
	return nil
}

// isParked reports whether the spool has had a delivery, which is then refused.
func (i *Intake) isParked(p place) bool {
	if !i.parked[p] {
		return false
	}
	delete(i.parked, p)
	i.count.refused.Inc()
	return true
}

// hold has a message be in hand until all of its deliveries are settled.
func (i *Intake) hold(sequence uint64, list []Message) {
	if len(list) == 1 {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.inHand[sequence].left = len(list)
	i.latest = max(i.latest, Key{Event: list[len(list)-1].Event.ID}.commit())
	i.count.inHand.Add(float64(len(list) - 1))
}

func (i *Intake) setIdle(is bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.idle = is
}

// isNew reports whether a message is to be taken, and takes it in hand then. One that is in hand
// is acknowledged as it came last; one that was is acknowledged again.
func (i *Intake) isNew(at jetstream.SequencePair, msg jetstream.Msg) (bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.delivered++; at.Consumer != i.delivered {
		return false, errMissed
	}
	sequence := at.Stream
	i.brought = max(i.brought, sequence)
	switch h := i.inHand[sequence]; {
	case h != nil:
		h.reply, h.consumer, h.since = msg.Reply(), at.Consumer, time.Now()
	case sequence <= i.last:
		i.acks[sequence] = ack{msg.Reply(), keyOf(msg.Headers().Get(idHeader))}
		i.answer(msg.Reply(), acknowledged) // else it comes again
	default:
		key := keyOf(msg.Headers().Get(idHeader))
		i.last = sequence
		i.latest = max(i.latest, key.commit())
		i.inHand[sequence] = &inHand{
			key: key, reference: msg.Headers().Get(referenceHeader), left: 1,
			reply: msg.Reply(), consumer: at.Consumer, since: time.Now(),
		}
		i.count.inHand.Inc()
		return true, nil
	}
	i.count.refused.Inc()
	return false, nil
}

// read returns the deliveries of a message. The event is nil of one that is settled already.
func (i *Intake) read(ctx context.Context, msg jetstream.Msg) ([]Message, error) {
	reference := msg.Headers().Get(referenceHeader)
	if reference == "" {
		return decodeAll(msg.Data())
	}
	event, webhook, _ := strings.Cut(reference, " ")
	data, err := i.large.GetLarge(ctx, event, webhook)
	if err != nil || data == nil {
		return []Message{{}}, err
	}
	m, err := decode(data)
	return []Message{m}, err
}

// settle takes note of a delivery that is settled, and acknowledges its message when it was the
// last one: after its data are removed where they lie in the database. Found without them, it is
// settled.
func (i *Intake) settle(at place) {
	sequence := at.sequence
	i.mu.Lock()
	h := i.inHand[sequence]
	if h == nil {
		i.mu.Unlock()
		return
	}
	h.left--
	done := h.left == 0
	h.settled |= 1 << at.index
	i.mu.Unlock()
	i.count.inHand.Dec()
	i.count.settled.Inc()
	switch {
	case !done:
		return
	case h.reference == "":
		i.acknowledge(sequence)
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), connectLimit)
		defer cancel()
		event, webhook, _ := strings.Cut(h.reference, " ")
		if err := i.large.DeleteLarge(ctx, event, webhook); err != nil {
			i.log.Warn("the data of a delivery stay in the database", "event", event, "error", err)
		}
		i.acknowledge(sequence)
	}()
}

// acknowledge acknowledges a message that was in hand.
func (i *Intake) acknowledge(sequence uint64) {
	i.mu.Lock()
	h := i.inHand[sequence]
	delete(i.inHand, sequence)
	reply := h.reply
	i.acks[sequence] = ack{reply, h.key}
	if h.consumer == notBrought {
		i.acks[sequence] = ack{key: h.key}
	}
	i.mu.Unlock()
	i.answer(reply, acknowledged) // else it comes again, and is acknowledged again: see confirm
}

// What the server is told of a message.
var (
	acknowledged = []byte("+ACK")
	inProgress   = []byte("+WPI")
)

// answer tells the server of a message, and does not wait until it has heard.
func (i *Intake) answer(reply string, what []byte) { _ = i.bus.nc.Publish(reply, what) }

// confirm sees to it that acknowledgements arrive: while a consumer has no leader, nobody takes
// them, and what they were of would be there for whoever has the partition next.
func (i *Intake) confirm(ctx context.Context) {
	tick := time.NewTicker(confirmEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			i.confirmOnce(ctx)
			i.forget(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// confirmOnce acknowledges again what was, unless the server has all of it, and looks whether all
// that it has delivered has arrived.
func (i *Intake) confirmOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	i.mu.Lock()
	now, sent := arrived{i.current, i.delivered}, maps.Clone(i.acks)
	quiet := i.isQuiet(now)
	i.mu.Unlock()
	if quiet {
		return
	}
	consumer, err := i.bus.js.Consumer(ctx, i.stream, now.consumer)
	if err != nil {
		return // the next look tells more
	}
	info := consumer.CachedInfo()
	i.compare(now, info.Delivered.Consumer)
	i.end(now, info)
	all, again := i.acknowledged(info), i.bringsAgain()
	for sequence, a := range sent {
		switch {
		case a.reply == "" && again: // it may come once more
		case a.reply == "", all, sequence <= info.AckFloor.Stream:
			i.heardOf(sequence, a)
		default:
			i.answer(a.reply, acknowledged)
		}
	}
}

// end takes note of a consumer that has brought all that there is.
func (i *Intake) end(before arrived, info *jetstream.ConsumerInfo) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if now := (arrived{i.current, i.delivered}); now == before && info.NumPending == 0 &&
		info.Delivered.Consumer == now.messages {
		i.brought = max(i.brought, i.again)
	}
}

// bringsAgain reports whether the consumer may still bring what an earlier one has brought.
func (i *Intake) bringsAgain() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.brought < i.again
}

// extend has the server wait for what is in hand for as long as it takes.
func (i *Intake) extend(ctx context.Context) {
	tick := time.NewTicker(i.ackWait / 6)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			for _, reply := range i.aged(now) {
				i.answer(reply, inProgress) // else it comes again, and is known
			}
		case <-ctx.Done():
			return
		}
	}
}

// aged returns where to answer for what has been in hand for a while since its wait was last
// extended.
func (i *Intake) aged(now time.Time) (replies []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, h := range i.inHand {
		if now.Sub(h.since) >= i.ackWait/3 {
			h.since = now
			replies = append(replies, h.reply)
		}
	}
	return replies
}
