package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"hookline/cdc"
	"hookline/sender"
	"hookline/webhook"
)

const (
	groupSize  = 512             // deliveries that are settled at once, at most
	groups     = 4               // that are on their way at once
	ackTimeout = 5 * time.Second // for the stream to acknowledge
	noteEvery  = time.Second     // between two notes of how far the stream has come
	headerRoom = 4 << 10         // of a message's largest size, for what is not its data
	idHeader   = nats.MsgIdHdr   // event and webhook
	sameSubj   = "sub"           // of nats.MsgRollup: it takes the place of all of its subject
)

// Headers of an atomic batch.
const (
	batchHeader         = "Nats-Batch-Id"
	batchSequenceHeader = "Nats-Batch-Sequence"
	batchCommitHeader   = "Nats-Batch-Commit"
)

// referenceHeader says that the data of a message lie in the database: see Large.
const referenceHeader = "Hookline-Reference"

// Large keeps what is too large for a message.
type Large interface {
	PutLarge(ctx context.Context, event, webhook string, data []byte) error
	// GetLarge returns nil when it is there no more.
	GetLarge(ctx context.Context, event, webhook string) ([]byte, error)
	DeleteLarge(ctx context.Context, event, webhook string) error
}

// Publisher writes deliveries to the stream, in the order in which they are sent, and settles each
// once the stream has it. One writes at a time: a new one fences the one before. Safe for
// concurrent use.
type Publisher struct {
	bus    *Bus
	js     jetstream.JetStream
	stream jetstream.Stream
	memory Memory
	large  Large
	most   int // bytes of data that fit into a message

	partitions int
	writer     string
	count      *publisherMetrics

	waiting atomic.Int64                           // deliveries that are not known to be in the stream
	resume  atomic.Pointer[progress]               // nil once the stream has passed it
	lacks   func(int32, cdc.LSN) bool              // see NewPublisher
	seen    atomic.Uint32                          // see Follow
	config  atomic.Pointer[jetstream.StreamConfig] // as it was last seen: operators change it
	problem atomic.Pointer[cdc.Problem]            // what keeps it from publishing; nil for nothing
	tell    func(*cdc.Problem)

	mu       sync.Mutex
	unsent   []*outgoing
	versions map[*webhook.Subscription]string
	news     chan struct{} // there is something unsent
	room     *semaphore.Weighted
	buffer   int64 // that room is of

	ctx     context.Context
	end     context.CancelCauseFunc
	done    chan struct{}
	watched chan struct{} // closed when nobody looks at the stream any more

	// The rest belongs to run.
	memo   Memo
	own    int      // messages that are no deliveries, which were made
	told   bool     // the stream tells how far it is by packs
	far    progress // of all that is in the stream, once all on their way are there
	last   uint64   // sequence of the stream's last message, once all on their way are there
	lastID string   // its id
	flight []*group
	noted  time.Time
}

// outgoing is a delivery on its way into the stream.
type outgoing struct {
	data      []byte // encoded; nil where it lies in the database
	at        position
	ordered   bool // at is one of the stream of Postgres
	partition int
	size      int64
	settled   func()
}

// item is a message that the stream is to store: of one delivery, several, or none.
type item struct {
	*nats.Msg
	holds    []*outgoing
	sequence uint64 // that it has, if it is stored; 0: it is not
	known    bool   // the stream had it already, elsewhere
}

// group is what is settled at once: deliveries, and what tells how far they are: ahead of packs, or
// behind all of them.
type group struct {
	items []*item
	// the first item, which tells of all others; nil where it is the last
	far    *progress
	stored jetstream.PubAckFuture // the fate of the last one
}

// PublisherConfig is what a Publisher stands on.
type PublisherConfig struct {
	Memory Memory
	Large  Large
	// MaxBuffer is how many bytes of deliveries wait for the stream, at most.
	MaxBuffer int64
	// Lacks reports whether the server of Postgres lacks a commit on a timeline.
	Lacks func(timeline int32, commit cdc.LSN) bool
	// Tell is called with what keeps it from publishing, and with nil when nothing does any more.
	// It must not wait.
	Tell func(*cdc.Problem)
}

// NewPublisher makes the stream where it is missing, fences whoever wrote it before, and returns
// its writer. Call it while the slot is held. The errors are those of MakeStream.
func NewPublisher(
	ctx context.Context, b *Bus, cfg PublisherConfig, registry prometheus.Registerer,
) (*Publisher, error) {
	stream, memo, err := b.MakeStream(ctx, cfg.Memory)
	if err != nil {
		return nil, err
	}
	p := &Publisher{
		bus: b, stream: stream, memo: *memo, partitions: memo.Partitions,
		memory: cfg.Memory, large: cfg.Large, tell: cfg.Tell,
		lacks: cfg.Lacks, writer: rand.Text(), buffer: cfg.MaxBuffer,
		room: semaphore.NewWeighted(cfg.MaxBuffer), versions: map[*webhook.Subscription]string{},
		news: make(chan struct{}, 1), done: make(chan struct{}), watched: make(chan struct{}),
	}
	p.most = int(b.nc.MaxPayload()) - headerRoom
	if limit := int(stream.CachedInfo().Config.MaxMsgSize); limit > 0 {
		p.most = min(p.most, limit-headerRoom)
	}
	p.js, err = b.jetstream(jetstream.WithPublishAsyncMaxPending(2*groups*groupSize),
		jetstream.WithPublishAsyncTimeout(ackTimeout))
	if err != nil {
		return nil, away(err)
	}
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	p.count = newPublisherMetrics(registry, p)
	p.ctx, p.end = context.WithCancelCause(context.Background())
	go p.watch(p.memo)
	go p.run()
	return p, nil
}

// begin makes this the writer of the stream. From its return on, nobody who wrote before can.
func (p *Publisher) begin(ctx context.Context) error {
	for {
		at, err := p.writeFirst(ctx)
		switch {
		case wrongSequence(err): // whoever wrote before has written once more
			continue
		case full(err):
			return away(fmt.Errorf("stream %s is full, and nobody has made room", p.bus.cfg.Stream()))
		case err != nil:
			return away(err)
		}
		p.far = at
		commit, timeline := at.furthest().commit()
		switch {
		case at.furthest().Event == "":
		case p.lacks == nil || !p.lacks(timeline, commit):
			p.resume.Store(&at)
		default:
			p.far = progress{Mark: at.Mark}
		}
		p.bus.log.Info("publishing", "stream", p.bus.cfg.Stream(), "from", at.Event)
		return nil
	}
}

// writeFirst writes who writes the stream from now on, and a mark where there is none. It returns
// what it has written.
func (p *Publisher) writeFirst(ctx context.Context) (at progress, err error) {
	info, err := p.stream.Info(ctx)
	if err != nil {
		return at, err
	}
	if at, err = p.bus.cfg.readProgress(ctx, p.stream, info.State.LastSeq); err != nil {
		return at, err
	}
	p.config.Store(&info.Config)
	marked, err := p.bus.cfg.findMark(ctx, p.stream, at)
	if err != nil {
		return at, err
	}
	if !marked {
		at.Mark = 0
	}
	at.Writer, p.last = p.writer, info.State.LastSeq
	if err = p.write(ctx, p.progressMessage(&at)); err != nil || marked {
		return at, err
	}
	mark := &nats.Msg{
		Subject: p.bus.cfg.markSubject(), Header: nats.Header{idHeader: {p.ownID()}},
	}
	if err = p.write(ctx, mark); err != nil {
		return at, err
	}
	at.Mark = p.last
	return at, p.write(ctx, p.progressMessage(&at))
}

// write writes a message while nothing is on its way.
func (p *Publisher) write(ctx context.Context, m *nats.Msg) error {
	expect(m, p.last, "")
	ack, err := p.js.PublishMsg(ctx, m, jetstream.WithRetryAttempts(0))
	if err == nil {
		p.last, p.lastID = ack.Sequence, m.Header.Get(idHeader)
	}
	return err
}

// Partitions is how many the stream has.
func (p *Publisher) Partitions() int { return p.partitions }

// Follow notes the transaction that was the last to change webhooks. What is sent from now on is
// for those who have seen it.
func (p *Publisher) Follow(xid uint32) { p.seen.Store(xid) }

// Problem returns what keeps the Publisher from publishing, nil when nothing does.
func (p *Publisher) Problem() *cdc.Problem { return p.problem.Load() }

// Send takes a delivery, and settles it once the stream has it. It waits while the buffer is full.
// When ctx ends first, or the Publisher has ended, it returns why; then the delivery is not taken.
func (p *Publisher) Send(ctx context.Context, d sender.Delivery) error {
	m := Message{
		Webhook: d.To.Key, Version: p.version(d.To), Seen: p.seen.Load(), Event: d.Event,
	}
	o := &outgoing{settled: d.Settled, partition: PartitionOf(m.Webhook, p.partitions)}
	o.at, o.ordered = at(&m)
	if resume := p.resume.Load(); resume != nil {
		if resume.covers(o.at) {
			p.count.skipped.Inc()
			d.Settled()
			return nil
		}
		if o.ordered && resume.isBehind(o.at) {
			p.resume.Store(nil)
		}
	}
	o.data = m.encode(make([]byte, 0, d.Event.Size()+256))
	o.size = min(int64(len(o.data))+256, p.buffer)
	if len(o.data) > p.most {
		if err := p.putLarge(ctx, o); err != nil {
			return err
		}
	}
	if !p.room.TryAcquire(o.size) {
		if err := p.waitForRoom(ctx, o.size); err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.unsent = append(p.unsent, o)
	p.mu.Unlock()
	p.waiting.Add(1)
	signal(p.news)
	return nil
}

// waitForRoom takes so many bytes of the buffer once they are free. The error is why ctx, or the
// Publisher, has ended.
func (p *Publisher) waitForRoom(ctx context.Context, size int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ctx, func() { cancel(context.Cause(p.ctx)) })()
	if p.room.Acquire(ctx, size) != nil {
		return context.Cause(ctx)
	}
	return nil
}

// putLarge leaves the data of a delivery in the database.
func (p *Publisher) putLarge(ctx context.Context, o *outgoing) error {
	err := cdc.Retry(ctx, p.bus.log, func() error {
		return p.large.PutLarge(ctx, o.at.Event, o.at.Webhook, o.data)
	})
	if err != nil {
		return err
	}
	p.count.large.Inc()
	o.data = nil
	return nil
}

// version returns the version of a subscription, which is immutable.
func (p *Publisher) version(s *webhook.Subscription) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.versions[s]
	if !ok {
		if len(p.versions) == 4096 {
			clear(p.versions)
		}
		v = s.Version()
		p.versions[s] = v
	}
	return v
}

// Close publishes what was sent, until ctx ends. What is left then stays unsettled, so it comes
// again.
func (p *Publisher) Close(ctx context.Context) {
	for p.left() > 0 && p.ctx.Err() == nil && ctx.Err() == nil {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if left := p.left(); left > 0 {
		p.bus.log.Warn("not everything could be published; it stays unsettled", "deliveries", left)
	}
	clean := p.ctx.Err() == nil
	p.end(sender.ErrDraining)
	<-p.done
	<-p.watched
	if clean && len(p.flight) == 0 && p.told {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectLimit)
		defer cancel()
		_ = p.write(limit, p.progressMessage(&p.far)) // for an older version: it knows no packs
	}
}

// left is how many deliveries are not in the stream.
func (p *Publisher) left() int { return int(p.waiting.Load()) }

// Done is closed when the Publisher has ended; Err tells why.
func (p *Publisher) Done() <-chan struct{} { return p.ctx.Done() }

// Err returns why the Publisher has ended: a *cdc.Gap when the stream is gone, cdc.ErrTakenOver
// when another one writes it.
func (p *Publisher) Err() error { return context.Cause(p.ctx) }

// run publishes until the Publisher ends.
func (p *Publisher) run() {
	defer close(p.done)
	for p.ctx.Err() == nil {
		most := groups
		if p.replicated() {
			most = 1
		}
		if len(p.flight) < most {
			if g := p.take(); g != nil {
				if most == 1 {
					p.publishAlone(g)
				} else {
					p.launch(g)
				}
				continue
			}
		}
		var stored <-chan *jetstream.PubAck
		var failed <-chan error
		if len(p.flight) > 0 {
			stored, failed = p.flight[0].stored.Ok(), p.flight[0].stored.Err()
		}
		news := p.news
		if len(p.flight) >= most {
			news = nil
		}
		select {
		case ack := <-stored:
			if ack.Duplicate { // it is elsewhere, which tells nothing of those before it
				p.mend(nil)
				continue
			}
			g := p.flight[0]
			p.flight = p.flight[1:]
			p.settle(g)
		case err := <-failed:
			p.mend(err)
		case <-news:
		case <-p.ctx.Done():
		}
	}
}

// mend repairs what is on its way, or ends the Publisher.
func (p *Publisher) mend(cause error) {
	if err := p.repair(cause); err != nil {
		p.end(err)
	}
}

// take returns what is sent next, nil for nothing.
func (p *Publisher) take() *group {
	p.mu.Lock()
	n := min(len(p.unsent), groupSize)
	list := slices.Clone(p.unsent[:n])
	p.unsent = slices.Delete(p.unsent, 0, n)
	p.mu.Unlock()
	if n == 0 {
		return nil
	}
	return p.arrange(list)
}

// ownID returns an id for a message that is no delivery, like no other one.
func (p *Publisher) ownID() string {
	p.own++
	return fmt.Sprintf("%s %d", p.writer, p.own)
}

// expect has the stream refuse a message unless its last one has that sequence, and that id where
// one is given. The sequence alone would do for messages that are sent one by one. Of those that
// are on their way at once, each expects one more than the one before: a single message of somebody
// else would have one refused, and the next one fit.
func expect(m *nats.Msg, last uint64, id string) {
	m.Header.Set(nats.ExpectedLastSeqHdr, strconv.FormatUint(last, 10))
	if m.Header.Del(nats.ExpectedLastMsgIdHdr); id != "" {
		m.Header.Set(nats.ExpectedLastMsgIdHdr, id)
	}
}

// launch sends a group on its way. Each message expects the one before, so the stream has all of
// them once it has the last one, and is asked to acknowledge that alone.
func (p *Publisher) launch(g *group) {
	p.flight = append(p.flight, g)
	var err error
	for i, o := range g.items {
		expect(o.Msg, p.last, p.lastID)
		p.last++
		p.lastID = o.Header.Get(idHeader)
		o.sequence = p.last
		switch {
		case err != nil: // the stream would refuse it
		case i < len(g.items)-1:
			err = p.bus.nc.PublishMsg(o.Msg)
		default:
			g.stored, err = p.js.PublishMsgAsync(o.Msg, jetstream.WithRetryAttempts(0))
		}
	}
	if err != nil {
		g.stored = failure(err)
	}
}

// replicated reports whether the stream has several replicas. Then one group is on its way at a
// time, and expects no id: a stream of nats-server 2.14.10, 2.15.2 and 2.15.3 with replicas was
// seen to take nothing more, for good, after a reader with several on their way had been replaced.
func (p *Publisher) replicated() bool { return p.config.Load().Replicas > 1 }

// publishAlone publishes a group while nothing else is on its way: as an atomic batch where the
// stream takes one, otherwise one message after the other.
func (p *Publisher) publishAlone(g *group) {
	p.flight = append(p.flight, g)
	publish := p.publishEach
	if p.config.Load().AllowAtomicPublish {
		publish = p.publishBatch
	}
	if err := publish(g); err != nil {
		p.bus.log.Debug("messages were not taken", "error", err)
		p.mend(nil) // which finds out what the stream has of it
		return
	}
	p.flight = nil
	p.settle(g)
}

// errKnown says that what is told of a group's messages does not hold for those behind one.
var errKnown = errors.New("the stream has one of the messages already")

// publishEach publishes a group's messages one after the other.
func (p *Publisher) publishEach(g *group) error {
	for _, o := range g.items {
		if err := p.publish(o, p.last); err != nil {
			return err
		}
		switch {
		case !o.known:
			p.last, p.lastID = o.sequence, o.Header.Get(idHeader)
		case g.far != nil:
			return errKnown
		}
	}
	return nil
}

// publishBatch publishes a group of which the stream takes all or nothing, and waits until it has.
// Only its first message may expect something.
//
// https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-50.md
func (p *Publisher) publishBatch(g *group) (err error) {
	ctx, cancel := context.WithTimeout(p.ctx, ackTimeout)
	defer cancel()
	id := rand.Text()
	defer func() { g.endBatch(err) }()
	for i, o := range g.items {
		o.sequence = p.last + uint64(i) + 1
		o.Header.Set(batchHeader, id)
		o.Header.Set(batchSequenceHeader, strconv.Itoa(i+1))
		if i == 0 {
			expect(o.Msg, p.last, "")
		}
		if i < len(g.items)-1 {
			if err = p.bus.nc.PublishMsg(o.Msg); err != nil {
				return err
			}
			continue
		}
		o.Header.Set(batchCommitHeader, "1")
		ack, err := p.js.PublishMsg(ctx, o.Msg, jetstream.WithRetryAttempts(0))
		if err != nil {
			return err
		}
		p.last, p.lastID = ack.Sequence, o.Header.Get(idHeader)
	}
	return nil
}

// endBatch has the messages be of no batch. When the stream refused it, it has none of them.
func (g *group) endBatch(err error) {
	_, refused := errors.AsType[jetstream.JetStreamError](err)
	for _, o := range g.items {
		for _, header := range []string{batchHeader, batchSequenceHeader, batchCommitHeader} {
			o.Header.Del(header)
		}
		if refused {
			o.sequence = 0
		}
	}
}

// settle keeps the promises of a group, which is in the stream.
func (p *Publisher) settle(g *group) {
	for _, m := range g.items {
		for _, o := range m.holds {
			o.settled()
			p.room.Release(o.size)
		}
		p.count.published.Add(float64(len(m.holds)))
		p.waiting.Add(-int64(len(m.holds)))
	}
	if now := time.Now(); now.Sub(p.noted) >= noteEvery {
		p.noted = now
		p.note(g.items[len(g.items)-1].sequence)
	}
}

// note writes down how far the stream has come, so that one that was set back is found.
func (p *Publisher) note(last uint64) {
	ctx, cancel := context.WithTimeout(p.ctx, ackTimeout)
	defer cancel()
	memo := p.memo
	if memo.Last = last; memo.Last <= p.memo.Last {
		return
	}
	if err := p.memory.SaveMemo(ctx, memo); err == nil {
		p.memo = memo
	} else if p.ctx.Err() == nil {
		p.bus.log.Debug("how far the stream has come could not be noted", "error", err)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
