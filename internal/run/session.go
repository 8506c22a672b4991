package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/bus"
	"hookline/internal/crm"
	"hookline/internal/operate"
	"hookline/mapper"
	"hookline/notice"
	"hookline/sender"
	"hookline/sender/settled"
	"hookline/spool"
	"hookline/webhook/filter"
)

// session prepares the database, waits for the slot, and delivers until the stream cannot go on.
// Then it finishes what it has in hand, for at most cfg.DrainTimeout, and gives the slot back. It
// runs once.
type session struct {
	cfg     config.Config
	log     *slog.Logger
	metrics *prometheus.Registry
	process *process
	// attend is told who streams and who delivers, and that nobody does in the end.
	attend    func(*cdc.Source, operate.Delivering)
	decisions *filter.Decisions // of filters, for operators; nil where nobody looks

	db       *crm.Database
	store    *spool.Spool
	source   *cdc.Source
	notices  *notice.Tracker
	accepted *settled.Record // nil where there is none
	out      *sender.Sender
	events   *mapper.Mapper
	tables   *newTables

	bus       *bus.Bus       // of a reader, which has no sender
	publisher *bus.Publisher // likewise
	changed   chan uint32    // likewise: the transaction that was the last to change webhooks
	before    *settled.Set   // likewise: of what the slot brings, what the spool has, or has had
}

// run returns nil when ctx has ended, and else why the stream could not go on.
func (s *session) run(ctx context.Context) error {
	return s.parts().run(ctx, s.log, s.deliver)
}

// parts are started before the first change is taken, and stopped after the last one.
func (s *session) parts() parts {
	if s.cfg.Bus.On() {
		return s.readerParts()
	}
	return parts{
		{"database", s.openDatabase, s.closeDatabase},
		{"spool", s.openSpool, s.closeSpool},
		{"stream", s.openStream, s.closeStream},
		{"replication", s.tryReplication, nil}, // before anything is changed
		{"notices", s.openNotices, s.closeNotices},
		// Opened by "deliveries of before"; closed when nothing is accepted any more.
		{"accepted deliveries", nil, s.closeAccepted},
		{"sender", s.openSender, s.drain},
		{"publication", s.prepare, nil},
		{"slot", s.acquire, nil}, // given back by "stream"
		background("monitor", s.monitor),
		{"webhooks and catalog", s.load, nil},
		{"deliveries of before", s.takeUp, nil},
		background("record", func(ctx context.Context) { s.accepted.TakeUp(ctx) }),
		background("spool watch", s.watchSpool),
		background("transitions", s.followTransitions),
		{"mapper", s.openMapper, nil},
		background("new tables", func(ctx context.Context) { s.tables.follow(ctx) }),
		background("columns", s.followColumns),
		{"what operators see", s.tellOperators, s.tellOperatorsOfEnd},
	}
}

// openDatabase connects with a context that does not end with ctx: the stops need the connections.
func (s *session) openDatabase(ctx context.Context) (err error) {
	s.db, err = crm.Open(context.WithoutCancel(ctx), s.cfg, s.log, s.metrics)
	if err != nil {
		return err
	}
	s.tables = newNewTables(s.db)
	s.db.OnSkipped(s.tables.checkSoon)
	return nil
}

func (s *session) closeDatabase(context.Context) error {
	s.db.Close()
	return nil
}

func (s *session) openSpool(ctx context.Context) (err error) {
	s.store, err = crm.OpenSpool(ctx, s.cfg)
	return err
}

func (s *session) closeSpool(context.Context) error {
	s.store.Close()
	return nil
}

func (s *session) openStream(context.Context) (err error) {
	if s.source, err = cdc.Open(s.cfg.CDC, s.store, s.log, s.metrics); err == nil {
		s.process.follow(s.source)
	}
	return err
}

func (s *session) tryReplication(ctx context.Context) error {
	err := cdc.TryReplication(ctx, s.cfg.CDC.URL)
	if _, refused := errors.AsType[*pgconn.PgError](err); err != nil && !refused &&
		cdc.Transient(err) {
		return fmt.Errorf("%w: %w", errAway, err) // it was there a moment ago
	}
	return err
}

// giveBackLimit is how long giving the slot back may take, after everything is delivered or given
// up.
const giveBackLimit = 10 * time.Second

func (s *session) closeStream(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, giveBackLimit,
		errors.New("the server does not answer"))
	defer cancel()
	return s.source.Close(ctx)
}

// othersEvery is the time between two looks for what senders have to tell operators.
const othersEvery = 2 * time.Second

func (s *session) openNotices(context.Context) error {
	if s.cfg.Bus.On() {
		s.cfg.Notice.Others = othersEvery
	}
	s.notices = notice.New(s.cfg.Notice, s.store, s.log, s.metrics)
	s.cfg.Sender.Notify = s.notices.Notify
	return nil
}

func (s *session) closeNotices(ctx context.Context) error {
	s.notices.Close(ctx)
	return nil
}

func (s *session) closeAccepted(context.Context) error { return s.accepted.Close() }

func (s *session) openSender(context.Context) (err error) {
	s.cfg.Sender.Large = tightenFor(s.cfg.Sender.MaxBuffer)
	s.out, err = sender.New(s.cfg.Sender, s.store, s.db.Webhooks, s.log, s.metrics)
	return err
}

// drain finishes what is in hand. What is left then is no error: it is not settled, so it comes
// again.
func (s *session) drain(ctx context.Context) error {
	limit := s.cfg.DrainTimeout
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("HOOKLINE_DRAIN_TIMEOUT of %s is over", limit))
	defer cancel()
	err := s.out.Drain(ctx)
	left, ok := errors.AsType[*sender.LeftError](err)
	if !ok {
		return err
	}
	s.log.Warn("not everything could be delivered; it stays unsettled", "error", left)
	return nil
}

func (s *session) prepare(ctx context.Context) error {
	s.db.Config.CDC.Standby = true
	return away(s.db.Prepare(ctx, s.store))
}

func (s *session) acquire(ctx context.Context) error {
	if err := s.source.Acquire(ctx); err != nil {
		return away(err)
	}
	s.db.Config.CDC.Standby = false
	return nil
}

// monitor watches what the slot costs the server, and what keeps it from being read.
func (s *session) monitor(ctx context.Context) {
	relieve := func() {} // of a reader: senders have what waits
	if s.out != nil {
		relieve = s.out.SpoolBacklog
	}
	cdc.Monitor(ctx, s.db.Pool, s.cfg.CDC, s.log, s.metrics, cdc.Watch{
		Lag:     spoolAbove(s.cfg.HoldWAL, s.source.InTransaction, relieve),
		Blocked: s.source.Halt,
		Held:    s.process.hold,
		Pending: s.source.SetPending,
		Retained: func(kept, left int64) {
			s.notices.Lag(s.source.Lag())
			s.notices.Slot(kept, left)
		},
	})
}

// load reads webhooks and catalog. Tables may have come while this process stood by.
func (s *session) load(ctx context.Context) error {
	err := cdc.Retry(ctx, s.log, func() error {
		if err := s.db.Prepare(ctx, s.store); err != nil {
			return err
		}
		return s.db.Load(ctx)
	})
	if err == nil && s.out != nil {
		s.db.Webhooks.OnChange(s.out.Recheck)
	}
	return err
}

func (s *session) takeUp(ctx context.Context) error {
	err := cdc.Retry(ctx, s.log, func() error { return crm.LeftBus(ctx, s.store) })
	if err != nil {
		return err
	}
	s.accepted = openRecord(s.cfg, s.source, s.log)
	err = cdc.Retry(ctx, s.log, func() error {
		return takeUp(ctx, s.store, s.source, s.accepted, s.out, s.notices, s.log)
	})
	if err == nil {
		tellHeld(s.db.Webhooks, s.out.Recheck, func(string) bool { return true })
	}
	return err
}

// followTransitions notes operator events as they begin and end.
func (s *session) followTransitions(ctx context.Context) {
	var out notice.Sender = s.out
	if s.publisher != nil {
		out = s.publisher
	}
	s.notices.Run(ctx, out, s.db.Webhooks, s.source.Database())
}

// followColumns tells operators of fields that come, go and change.
func (s *session) followColumns(ctx context.Context) {
	c := columns{cfg: s.cfg, log: s.log, db: s.db, store: s.store, notices: s.notices}
	c.follow(ctx)
}

func (s *session) openMapper(ctx context.Context) error {
	format, database := s.cfg.Mapper.Format, s.source.Database()
	s.events = mapper.New(s.db.Catalog, s.db.Pool, database, format, s.log)
	s.events.KeepMoved(cdc.NewMovedRecords(s.cfg.CDC, s.db.Pool))
	listings := cdc.NewStreamCoverage(s.cfg.CDC, s.db.Pool)
	s.events.Follow(mapper.Stream{Ahead: s.source, Listings: listings, Slot: s.cfg.CDC.Slot})
	s.tables.store, s.tables.listings = s.store, listings
	s.tables.wake, s.tables.halt = s.source.Wake, s.source.Halt
	return cdc.Retry(ctx, s.log, func() error {
		_, err := listings.Record(ctx)
		return err
	})
}

func (s *session) tellOperators(context.Context) error {
	if s.out == nil {
		s.attend(s.source, nil)
	} else {
		s.attend(s.source, s.out)
	}
	return nil
}

func (s *session) tellOperatorsOfEnd(context.Context) error {
	s.attend(nil, nil)
	return nil
}

// deliver moves the stream until ctx ends. What was begun by then goes on for at most the drain
// timeout.
func (s *session) deliver(ctx context.Context) error {
	late, cancel := endLater(ctx, s.cfg.DrainTimeout)
	defer cancel()
	p := pump{
		source: s.source, db: s.db, tables: s.tables, events: s.events, out: s.out,
		choose: chooser{latest: s.decisions},
	}
	if s.publisher != nil {
		p.out, p.followed = &unsettled{s.publisher, s.before}, s.webhooksChanged
	} else {
		p.followed = s.webhooksFollowed
	}
	p.observe(s.metrics)
	err := p.run(ctx, late)
	if cause := context.Cause(ctx); cause != nil {
		s.log.Info("stopping: finishing what is in hand", "reason", cause,
			"at_most", s.cfg.DrainTimeout)
	}
	return err
}

// webhooksFollowed has a change of webhooks count as settled once the spool has given up what
// waited for those that are gone. A process that is killed before gets the change again.
func (s *session) webhooksFollowed(tx *cdc.Tx) {
	for _, prefix := range s.db.Webhooks.Emptied() {
		s.out.RecheckGone(prefix)
	}
	s.out.AfterDiscards(tx.Hold())
}

// endLater returns a context that ends d after ctx has.
func endLater(ctx context.Context, d time.Duration) (late context.Context, cancel func()) {
	late, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(d, func() { end(context.Cause(ctx)) })
	})
	return late, func() { stop(); end(nil) }
}

// errAway ends a session when the database was there at first, and then went away before the stream
// began.
var errAway = errors.New("the database has gone away")

// away marks err with errAway when it says so. One that nobody can connect to may never have been
// there.
func away(err error) error {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); err != nil && !ok && cdc.Transient(err) {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	return err
}
