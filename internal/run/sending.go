package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/notice"
	"hookline/sender"
	"hookline/spool"
)

// sendSessions runs one session of a sender after the other.
func (r *runner) sendSessions(ctx context.Context) error {
	r.process.contact = time.Now // who is not in contact says so in process.bus
	reached := false             // the database, once
	for {
		own := prometheus.NewRegistry()
		s := &sending{
			cfg: r.cfg, log: r.log, metrics: own, process: r.process, tenures: map[int]*tenure{},
		}
		r.health.ServeMetrics(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			return append(prometheus.Gatherers{r.metrics, own}, s.gatherers()...).Gather()
		}))
		s.attend = r.backend.Attend
		err := s.parts().run(ctx, r.log, s.send)
		r.process.enter(cdc.Connecting, nil)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // whoever asked for the end does not want to hear of it
		case isHalt(err):
			r.process.declare(err)
		case bus.IsAway(err):
			reached = true
			r.busAway(ctx, err)
			continue
		case reached && cdc.Transient(err):
			r.log.Warn("starting over", "next_in", restartPause, "error", err)
		case err != nil:
			return err
		}
		reached = true
		wait(ctx, restartPause)
	}
}

// sending is a session of a sender: it takes partitions of the stream, and delivers what comes from
// them, until the bus or the database is lost. It runs once.
type sending struct {
	cfg     config.Config
	log     *slog.Logger
	metrics *prometheus.Registry
	process *process
	// attend is told who delivers, and that nobody does in the end.
	attend func(*cdc.Source, operate.Delivering)

	db       *crm.Database
	store    *spool.Spool
	bus      *bus.Bus
	memo     *bus.Memo
	webhooks *addressees
	intakes  *bus.IntakeMetrics
	requests *sender.Limit // of all partitions together

	mu      sync.Mutex
	tenures map[int]*tenure // by partition
}

// tenure is a partition at work.
type tenure struct {
	out     *sender.Sender
	metrics *prometheus.Registry
}

func (s *sending) parts() parts {
	return parts{
		{"database", s.openDatabase, func(context.Context) error { s.db.Close(); return nil }},
		{"spool", s.openSpool, func(context.Context) error { s.store.Close(); return nil }},
		{"bus", s.openBus, func(context.Context) error { s.bus.Close(); return nil }},
		{"webhooks", s.loadWebhooks, nil},
		background("webhooks", func(ctx context.Context) { s.webhooks.follow(ctx) }),
	}
}

func (s *sending) openDatabase(ctx context.Context) (err error) {
	s.db, err = crm.Open(context.WithoutCancel(ctx), s.cfg, s.log, s.metrics)
	return err
}

// sendingConnections are for the spools of all partitions: those that are busy write, others look
// how things stand.
const sendingConnections = 8

func (s *sending) openSpool(ctx context.Context) (err error) {
	cfg := s.cfg
	cfg.Spool.Connections = sendingConnections
	s.store, err = crm.OpenSpool(ctx, cfg)
	return err
}

// openBus connects, and looks for the stream, which the reader makes.
func (s *sending) openBus(ctx context.Context) error {
	var memo *bus.Memo
	err := cdc.Retry(ctx, s.log, func() (err error) {
		memo, err = s.store.LoadMemo(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if memo == nil {
		return fmt.Errorf("%w: its stream was not made yet: hookline run --role reader makes it",
			bus.ErrAway)
	}
	s.memo = memo
	s.bus, err = bus.Connect(ctx, s.cfg.Bus, s.log)
	if err != nil {
		return err
	}
	if _, err = s.bus.Stream(ctx, memo); err != nil {
		s.bus.Close()
	}
	return err
}

func (s *sending) loadWebhooks(ctx context.Context) error {
	s.webhooks = newAddressees(s.db, s.recheck)
	s.intakes = bus.NewIntakeMetrics(s.metrics)
	s.requests = s.cfg.Sender.NewLimit()
	return cdc.Retry(ctx, s.log, func() error { return s.webhooks.load(ctx, 0) })
}

// recheck tells whoever delivers to a webhook that it has changed.
func (s *sending) recheck(key string) {
	s.mu.Lock()
	t := s.tenures[bus.PartitionOf(key, s.memo.Partitions)]
	s.mu.Unlock()
	if t != nil {
		t.out.Recheck(key)
	}
}

// lookEvery is the time between two looks whether the stream is still there.
const lookEvery = 2 * time.Second

// send works until ctx ends, or the stream is lost.
func (s *sending) send(ctx context.Context) error {
	keeper := bus.NewKeeper(s.bus, s.memo.Partitions, s.webhooks.changed, s.metrics)
	s.attend(nil, s)
	defer s.attend(nil, nil)
	s.process.enter(cdc.Active, nil)
	s.process.tellBus(nil)
	working, end := context.WithCancelCause(ctx)
	defer end(nil)
	var looks sync.WaitGroup
	looks.Go(func() { s.look(working, end) })
	s.log.Info("delivering from the bus", "stream", s.memo.Stream)
	keeper.Run(working, s.work)
	end(nil)
	looks.Wait()
	if err := context.Cause(working); ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// look tells how the bus stands, and ends the work when the stream is lost.
func (s *sending) look(ctx context.Context, end context.CancelCauseFunc) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		limit, cancel := context.WithTimeout(ctx, 2*lookEvery)
		_, err := s.bus.Stream(limit, s.memo)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case isHalt(err):
			end(err)
			return
		case err != nil:
			s.process.tellBus(&cdc.Problem{What: err.Error(), Hint: bus.Meanwhile})
		default:
			s.process.tellBus(nil)
		}
	}
}

// work delivers the messages of a partition, until ctx ends or its lease lapses.
func (s *sending) work(ctx context.Context, l *bus.Lease) {
	for ctx.Err() == nil {
		if err := s.workOnce(ctx, l); err != nil && ctx.Err() == nil {
			s.log.Warn("a partition is begun anew", "partition", l.Partition, "epoch", l.Epoch,
				"next_in", restartPause, "error", err)
			wait(ctx, restartPause)
		}
	}
}

func (s *sending) workOnce(ctx context.Context, l *bus.Lease) error {
	share := max(s.cfg.Sender.MaxBuffer/int64(s.memo.Partitions), 64<<10)
	own := func(webhook string) bool {
		return bus.PartitionOf(webhook, s.memo.Partitions) == l.Partition
	}
	part := s.store.Part(l.Partition, own)
	if err := part.Claim(ctx); err != nil {
		return err
	}
	cfg := s.cfg.Sender
	cfg.MaxBuffer, cfg.Limit, cfg.Fence = share, s.requests, l.Held
	metrics := prometheus.NewRegistry()
	labelled := prometheus.WrapRegistererWith(
		prometheus.Labels{"partition": strconv.Itoa(l.Partition)}, metrics)
	notices := notice.New(s.cfg.Notice, part, s.log, labelled)
	if err := notices.Load(ctx); err != nil {
		return err
	}
	cfg.Notify = notices.Notify
	out, err := sender.New(cfg, part, s.db.Webhooks, s.log, labelled)
	if err != nil {
		return err
	}
	s.begin(l.Partition, &tenure{out, metrics})
	defer s.end(l.Partition)
	stopLapse := context.AfterFunc(l.Context(), func() { out.Abandon(bus.ErrLapsed) })
	defer stopLapse()
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(out.Context(), func() { cancel(context.Cause(out.Context())) })()
	intake := bus.NewIntake(s.bus, s.memo.Stream, bus.IntakeConfig{
		Partition: l.Partition, Epoch: l.Epoch, Timeout: cfg.RequestTimeout, Buffer: share,
		Large: s.store, Spooled: part,
	}, s.intakes)
	remember(out, notices)
	stopRecord := s.record(l, notices)
	defer stopRecord()
	if err = intake.TakeUp(working); err == nil {
		err = out.Resume(working, sender.SettledBefore{})
	}
	if err == nil {
		err = s.giveUpGone(working, part, out)
	}
	if err == nil {
		tellHeld(s.db.Webhooks, out.Recheck, own)
		err = intake.Run(working, func(ctx context.Context, m bus.Message, settled func()) error {
			return s.deliver(ctx, out, m, settled)
		})
	}
	return errors.Join(err, s.drain(out, intake, l))
}

// giveUpGone has what waits in a part of the spool be given up that is for webhooks which are gone,
// or switched off: whoever had the partition when that was told may have been killed before it was
// done, and nobody may have had it. Webhooks are read anew for that, once the part is claimed. So
// one that is not known is none that an earlier holder of the partition knew, and this one does not
// yet.
func (s *sending) giveUpGone(ctx context.Context, part *spool.Spool, out *sender.Sender) error {
	unknown := func(q sender.Queue) bool {
		return q.Waiting > 0 && s.db.Webhooks.Known(q.Webhook) == nil
	}
	queues, err := part.Queues(ctx)
	if err != nil || !slices.ContainsFunc(queues, unknown) {
		return err
	}
	if err := s.webhooks.load(ctx, 0); err != nil {
		return err
	}
	for _, q := range queues {
		if unknown(q) {
			s.log.Info("what waits for a webhook that is gone, or switched off, is given up",
				"webhook", q.Webhook, "waiting", q.Waiting)
			out.Recheck(q.Webhook)
		}
	}
	return nil
}

// record writes down what operators are to hear of a partition, which the reader tells them, until
// the lease lapses or stop is called.
func (s *sending) record(l *bus.Lease, notices *notice.Tracker) (stop func()) {
	ctx, cancel := context.WithCancel(l.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		notices.Record(ctx)
	}()
	return func() { cancel(); <-over }
}

// deliver hands a message to the sender. A webhook that is gone gets nothing.
func (s *sending) deliver(
	ctx context.Context, out *sender.Sender, m bus.Message, settled func(),
) error {
	to, err := s.webhooks.find(ctx, m)
	if err != nil {
		return err
	}
	if to == nil {
		settled()
		return nil
	}
	return out.Send(ctx, sender.Delivery{Event: m.Event, To: to, Settled: settled})
}

// drain finishes what is in hand, while the lease holds.
func (s *sending) drain(out *sender.Sender, intake *bus.Intake, l *bus.Lease) error {
	limit := s.cfg.DrainTimeout
	ctx, cancel := context.WithTimeoutCause(l.Context(), limit,
		fmt.Errorf("HOOKLINE_DRAIN_TIMEOUT of %s is over", limit))
	defer cancel()
	err := out.Drain(ctx)
	if l.Held() != nil {
		return nil //nolint:nilerr // it is another's to deliver by now, and comes again there
	}
	if left, ok := errors.AsType[*sender.LeftError](err); ok {
		s.log.Warn("not everything could be delivered; it stays in the bus", "partition", l.Partition,
			"error", left)
		err = nil
	}
	// not by ctx, which may be over: who has the partition next takes what is not acknowledged
	return errors.Join(err, intake.Remove(l.Context()))
}

func (s *sending) begin(partition int, t *tenure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenures[partition] = t
}

func (s *sending) end(partition int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tenures, partition)
}

// senders are those of the partitions at work.
func (s *sending) senders() (list []*sender.Sender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tenures {
		list = append(list, t.out)
	}
	return list
}

// WebhookStatuses tells of the webhooks whose partitions this process has.
func (s *sending) WebhookStatuses() (list []sender.WebhookStatus) {
	for _, out := range s.senders() {
		list = append(list, out.WebhookStatuses()...)
	}
	return list
}

// Backlog is how many of their deliveries are not settled.
func (s *sending) Backlog() (inMemory, inSpool int) {
	for _, out := range s.senders() {
		memory, spooled := out.Backlog()
		inMemory, inSpool = inMemory+memory, inSpool+spooled
	}
	return inMemory, inSpool
}

// gatherers are those of the partitions at work.
func (s *sending) gatherers() (list prometheus.Gatherers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tenures {
		list = append(list, t.metrics)
	}
	return list
}
