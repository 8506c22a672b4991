package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/mapper"
)

// Key tells a delivery from all others.
type Key struct {
	Event   string // its ID
	Webhook string // Subscription.Key
}

// Spooled knows which deliveries of a partition the spool has, or has had.
type Spooled interface {
	// HasAny reports whether Known may be true of anything.
	HasAny(ctx context.Context) (bool, error)
	// Known tells of each delivery whether it waits in the spool, is dead there, or has left it.
	Known(ctx context.Context, list []Key) ([]bool, error)
	// Forget has Known tell no longer of deliveries that have left the spool, and whose events were
	// committed before a position: 16 hexadecimal digits, or what sorts behind them. It is cheap
	// while there are none.
	Forget(ctx context.Context, before string) error
	// Leave has Known tell of deliveries that are settled, and were taken, until Forget is told that
	// they are passed. None of them is an operator event's.
	Leave(ctx context.Context, list []Settled) error
}

// Settled is a delivery that is settled.
type Settled struct {
	Key
	At time.Time // of its commit
}

const (
	knownAtOnce = 1000 // deliveries that Spooled is asked about at once
	// of a consumer that nobody asks any more, until the server removes it
	inactive = time.Minute
	afterAll = "g" // sorts behind all positions
)

// TakeUp ends the tenures before this one, and finds out which of their messages the spool has, or
// has had: whoever put them there was killed before the stream knew, or has left them behind as
// settled (see Remove). They are not taken once more.
// Call it once the spool is claimed, before anything of it is delivered, and before Run.
//
// A tenure has taken the first messages that there are, no more than its consumer could have
// unacknowledged. So no others are looked at.
func (i *Intake) TakeUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, takeUpLimit)
	defer cancel()
	some, err := i.spooled.HasAny(ctx)
	if err != nil || !some {
		return err
	}
	heads, err := i.readHeads(ctx)
	if err != nil {
		return fmt.Errorf("look at the messages of before: %w", err)
	}
	passed := afterAll
	for some := range slices.Chunk(heads, knownAtOnce) {
		keys := make([]Key, len(some))
		for n, h := range some {
			keys[n] = h.Key
			passed = before(passed, h.commit())
		}
		known, err := i.spooled.Known(ctx, keys)
		if err != nil {
			return err
		}
		for n, h := range some {
			if known[n] {
				i.parked[h.place] = true
			}
		}
	}
	if n := len(i.parked); n > 0 {
		i.log.Info("deliveries are in the stream that have been in the spool: they are not made twice",
			"deliveries", n)
	}
	return i.spooled.Forget(ctx, passed)
}

// takeUpLimit is how long TakeUp may take.
const takeUpLimit = 4 * connectLimit

// head is what a message without its data tells of one of its deliveries.
type head struct {
	Key
	place
}

// place is where in the stream a delivery is.
type place struct {
	sequence uint64
	index    int // in a pack
}

// commit returns the position of the event's transaction, as 16 hexadecimal digits; "" for an
// operator event, which has none.
func (k Key) commit() string {
	const from, to = len("evt_01234567_"), len("evt_01234567_0123456789abcdef")
	if _, ok := mapper.ParseID(k.Event); !ok {
		return ""
	}
	return k.Event[from:to]
}

// before returns the lesser of two positions; commit may be "" for none.
func before(position, commit string) string {
	if commit != "" && commit < position {
		return commit
	}
	return position
}

// readHeads returns the heads of the messages that an earlier tenure may have taken, in the order
// of the stream.
func (i *Intake) readHeads(ctx context.Context) ([]head, error) {
	stream, err := i.bus.js.Stream(ctx, i.stream)
	if err != nil {
		return nil, err
	}
	most, err := i.evict(ctx, stream)
	if err != nil {
		return nil, err
	}
	most = max(most, i.most)
	look, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:       fmt.Sprintf("%s%d-look", consumerPrefix(i.partition), i.epoch),
		FilterSubject: i.bus.cfg.subject(i.partition), HeadersOnly: true,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: takeUpLimit, MaxAckPending: most,
		InactiveThreshold: inactive,
	})
	if err != nil {
		return nil, err
	}
	var heads []head
	there := look.CachedInfo().NumPending
	for want := min(most, int(there)); want > 0; { //nolint:gosec // of a stream
		batch, err := look.Fetch(want, jetstream.FetchContext(ctx))
		if err != nil {
			return nil, err
		}
		for msg := range batch.Messages() {
			meta, err := msg.Metadata()
			if err != nil {
				return nil, err
			}
			for n, k := range KeysOf(msg.Headers()) {
				heads = append(heads, head{k, place{meta.Sequence.Stream, n}})
			}
			want--
		}
		if err := errors.Join(batch.Error(), ctx.Err()); err != nil {
			return nil, err
		}
	}
	return heads, nil
}

// evict removes all consumers of the partition: whoever had them can no longer acknowledge
// anything. It returns how many messages any of them could have unacknowledged.
func (i *Intake) evict(ctx context.Context, stream jetstream.Stream) (most int, err error) {
	consumers := stream.ListConsumers(ctx)
	for info := range consumers.Info() {
		if !strings.HasPrefix(info.Name, consumerPrefix(i.partition)) {
			continue
		}
		err := stream.DeleteConsumer(ctx, info.Name)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return 0, err
		}
		most = max(most, info.Config.MaxAckPending)
	}
	return most, consumers.Err()
}

// passed returns the position before which the stream has nothing left of what it has brought; ""
// while that is not known.
func (i *Intake) passed() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.latest == "" || i.brought < i.again {
		return ""
	}
	position := i.latest + afterAll
	for _, h := range i.inHand {
		position = before(position, h.key.commit())
	}
	for _, a := range i.acks {
		position = before(position, a.key.commit())
	}
	return position
}

// forget has the spool forget what the stream has passed. What fails the next look does.
func (i *Intake) forget(ctx context.Context) {
	if passed := i.passed(); passed != "" {
		_ = i.spooled.Forget(ctx, passed)
	}
}
