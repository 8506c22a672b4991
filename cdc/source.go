package cdc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
)

// State is where a Source stands.
type State int32

const (
	Connecting State = iota // not connected, or connection lost
	Standby                 // another process holds the slot; this one takes over when it is free
	Starting                // this process holds the slot, and has yet to range over Changes
	Active                  // this process holds the slot and takes its changes
	Stopped                 // closed, or failed for good
)

var stateNames = [...]string{Connecting: "connecting", Standby: "standby", Starting: "starting", Active: "active", Stopped: "stopped"}

func (s State) String() string { return stateNames[s] }

// Source reads one replication slot. One goroutine owns the connection: it reads, decodes, queues, and reports what is settled at least
// every third of wal_sender_timeout, also while the queue is full. A lost connection is made anew, and what was read already is passed
// over then.
type Source struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	ledger  *Ledger
	system  system // as of the last connection; belongs to Acquire, then to the reader
	origin  origin // set by Acquire

	checkpoints Checkpoints   // nil: progress is kept by the slot alone
	saved       atomic.Uint64 // LSN up to which the slot may be acknowledged
	savers      sync.WaitGroup

	queue chan []item                   // closed when the Source has failed for good
	stop  chan struct{}                 // closed by Close
	done  chan struct{}                 // closed when the reader has ended
	conn  atomic.Pointer[pgconn.PgConn] // the reader's
	err   error                         // why the Source failed; set before queue is closed

	state   atomic.Int32
	pumped  atomic.Bool  // Changes is ranged over
	contact atomic.Int64 // when the server was last heard of, Unix nanoseconds
}

// system is which database the stream comes from.
type system struct {
	id       string
	timeline int32
	database string
	timeout  time.Duration // wal_sender_timeout; 0 when the server never gives up
	settled  LSN           // the slot's confirmed position
}

// origin is what never changes of a system.
type origin struct {
	id, database string
	timeline     atomic.Int32
}

func (o *origin) checkpoint(settled Position, at time.Time) Checkpoint {
	return Checkpoint{System: o.id, Database: o.database, Timeline: o.timeline.Load(), Settled: settled, Time: at}
}

const (
	batchItems = 128       // items handed over at once, at most
	batchBytes = 256 << 10 // bytes of WAL after which a batch is handed over
	batchQueue = 4         // batches that wait for the pump

	firstPause     = 100 * time.Millisecond // between two tries to connect; doubled each time
	reportInterval = 10 * time.Second       // between two reports while nothing moves; wal_sender_timeout/3 when that is shorter
	silenceLimit   = 45 * time.Second       // after which a server that was asked for an answer counts as gone
	writeTimeout   = 10 * time.Second
)

var errBadURL = errors.New("the database URL cannot be parsed: want a Postgres connection string such as postgres://user:password@host:5432/database")

var (
	// ErrStopped is what Acquire returns when Close came first.
	ErrStopped = errors.New("stopped")
	// ErrTakenOver ends the stream when another process has read the slot while this one was cut off from the server. What this one
	// knows of catalog and webhooks is out of date then: it has to start over.
	ErrTakenOver = errors.New("another process has taken the slot over")
)

// Open returns a Source that is not connected yet. Without checkpoints, nil, all that is known of the progress is the slot's own position.
func Open(cfg Config, checkpoints Checkpoints, log *slog.Logger, registerer prometheus.Registerer) (*Source, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if _, err := replicationConfig(cfg.URL); err != nil {
		return nil, err
	}
	s := &Source{
		cfg: cfg, checkpoints: checkpoints, log: log,
		queue: make(chan []item, batchQueue), stop: make(chan struct{}), done: make(chan struct{}),
	}
	s.metrics = newMetrics(registerer, s)
	return s, nil
}

// Acquire connects and takes the slot, waiting as long as another process holds it. From its return on the stream is read; Changes
// delivers it. It returns an error when the database cannot be reached, or the slot is not usable.
func (s *Source) Acquire(ctx context.Context) error {
	conn, err := s.connect(ctx, 0)
	if err != nil {
		s.state.Store(int32(Stopped))
		close(s.done)
		return err
	}
	position, err := s.resume(ctx)
	if err != nil {
		s.conn.Store(nil)
		_ = conn.Close(ctx)
		s.state.Store(int32(Stopped))
		close(s.done)
		return err
	}
	s.ledger = NewLedger(position)
	s.saved.Store(uint64(position.End))
	s.metrics.start(s.ledger)
	keeper := &saver{source: s, saved: position, at: time.Now()}
	s.savers.Go(func() { keeper.run(s.stop) })
	go s.run(conn)
	return nil
}

// resume returns where to take up from. The slot is held: nobody else moves it or the checkpoint.
func (s *Source) resume(ctx context.Context) (Position, error) {
	s.origin.id, s.origin.database = s.system.id, s.system.database
	s.origin.timeline.Store(s.system.timeline)
	if s.checkpoints == nil {
		return Position{End: s.system.settled}, nil
	}
	var c *Checkpoint
	for wait := firstPause; ; wait = min(2*wait, s.cfg.ReconnectWait) {
		var err error
		if c, err = s.checkpoints.LoadCheckpoint(ctx, s.cfg.Slot); err == nil {
			break
		}
		if !Transient(err) || ctx.Err() != nil {
			return Position{}, err
		}
		s.log.Warn("the checkpoint cannot be read yet", "error", err, "next_try", wait)
		select {
		case <-time.After(wait):
		case <-s.stop:
			return Position{}, ErrStopped
		case <-ctx.Done():
			return Position{}, context.Cause(ctx)
		}
	}
	position, err := c.resume(s.cfg.Slot, s.system)
	if err != nil {
		return Position{}, err
	}
	if c != nil && c.Timeline != s.system.timeline {
		s.log.Warn("the server is on another timeline than at the last checkpoint", "before", c.Timeline, "now", s.system.timeline,
			"checkpoint", c.Settled.End, "taking_up_from", position.End)
	}
	return position, s.checkpoints.SaveCheckpoint(ctx, s.cfg.Slot, s.origin.checkpoint(position, time.Time{}))
}

// Database returns 8 hex digits that tell this database from every other one: of its cluster's system identifier and its OID. Valid
// after Acquire.
func (s *Source) Database() string {
	sum := sha256.Sum256([]byte(s.origin.id + "/" + s.origin.database))
	return hex.EncodeToString(sum[:4])
}

// State tells where the Source stands. Safe for concurrent use.
func (s *Source) State() State { return State(s.state.Load()) }

// LastContact is when the server was last heard of. Safe for concurrent use.
func (s *Source) LastContact() time.Time { return time.Unix(0, s.contact.Load()) }

// Changes returns the stream, to be ranged over once and by one goroutine. It ends without an error when ctx ends or the loop is left,
// and with one when the stream cannot go on: the slot or the publication is gone. What has not been taken by then is sent again at the
// next start. A change counts as taken when the loop comes back for the next one.
func (s *Source) Changes(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		s.pumped.Store(true)
		s.state.CompareAndSwap(int32(Starting), int32(Active))
		var last Change // the one that the pump has come back from
		for {
			batch, open := s.nextBatch(ctx)
			if !open {
				yield(Change{}, s.err)
				return
			}
			for i := range batch {
				c := &batch[i].change
				if c.Kind == 0 {
					s.ledger.pass(batch[i].end)
					last = Change{}
					continue
				}
				if ctx.Err() != nil {
					batch = nil
					break
				}
				s.ledger.take(c.Tx, c.Index)
				if !yield(*c, nil) {
					return
				}
				last = *c
			}
			if len(batch) == 0 {
				if last.Tx != nil {
					s.ledger.take(last.Tx, last.Index+1)
				}
				return
			}
		}
	}
}

// nextBatch returns what the reader has handed over. Once ctx has ended it no longer waits, and returns nothing when nothing is there:
// the marks behind the last change are still worth taking.
func (s *Source) nextBatch(ctx context.Context) (batch []item, open bool) {
	select {
	case batch, open = <-s.queue:
		return batch, open
	default:
	}
	select {
	case batch, open = <-s.queue:
		return batch, open
	case <-ctx.Done():
		return nil, true
	}
}

// Close reports what is settled for the last time and gives the slot back, so that it is free at once. Call it when the last holds have
// been released; until then the Source goes on reporting. ctx bounds the farewell.
func (s *Source) Close(ctx context.Context) error {
	if s.ledger == nil {
		s.state.Store(int32(Stopped))
		return nil
	}
	close(s.stop)
	s.interrupt()
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the replication stream: %w", context.Cause(ctx))
	}
}

// interrupt has the reader look up from what it waits for.
func (s *Source) interrupt() {
	if conn := s.conn.Load(); conn != nil {
		_ = conn.Conn().SetReadDeadline(time.Unix(1, 0))
	}
}

// run reads until Close or until the stream cannot go on, over as many connections as it takes.
func (s *Source) run(conn *pgconn.PgConn) {
	defer close(s.done)
	defer s.state.Store(int32(Stopped))
	read := s.ledger.Settled()
	var left []item // read, but not handed over yet when the connection broke
	pause := time.Duration(0)
	for {
		r := newReader(s, conn, read, left)
		began := time.Now()
		err := r.read()
		if errors.Is(err, ErrStopped) {
			s.savers.Wait() // for the last checkpoint
			r.farewell()
			return
		}
		s.conn.Store(nil)
		conn.Conn().Close()
		if err = permanent(err, s.cfg); isPermanent(err) {
			s.fail(err)
			return
		}
		s.log.Warn("replication stream lost, connecting again", "slot", s.cfg.Slot, "error", err)
		s.metrics.reconnects.Inc()
		s.state.Store(int32(Connecting))
		read, left = r.decoder.read, r.batch
		if pause = min(2*pause+firstPause, s.cfg.ReconnectWait); time.Since(began) > s.cfg.ReconnectWait {
			pause = 0 // it worked for a while: no need to hold back
		}
		timeline := s.system.timeline
		if conn, err = s.reconnect(pause); err != nil {
			if !errors.Is(err, ErrStopped) {
				s.fail(err)
			}
			return
		}
		s.origin.timeline.Store(s.system.timeline)
		if s.system.timeline != timeline {
			// After a failover positions above the settled one may name other transactions than before.
			s.log.Warn("the server is on another timeline, taking up from what is settled",
				"before", timeline, "now", s.system.timeline, "settled", s.ledger.Settled().End)
			read = s.ledger.Settled()
		}
	}
}

func (s *Source) fail(err error) {
	s.log.Error("replication stream ended", "slot", s.cfg.Slot, "error", err)
	s.err = err
	close(s.queue)
}

// reconnect connects until it works, Close is called, or the database turns out to be unusable. It waits for a pause before the first try.
func (s *Source) reconnect(pause time.Duration) (*pgconn.PgConn, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-s.stop:
			cancel(ErrStopped)
		case <-ended:
		}
	}()
	for wait := max(pause, firstPause); ; wait = min(2*wait, s.cfg.ReconnectWait) {
		select {
		case <-time.After(pause):
			pause = wait
		case <-ctx.Done():
			return nil, ErrStopped
		}
		conn, err := s.connect(ctx, s.ledger.Settled().End)
		switch {
		case err == nil:
			s.log.Info("replication stream is back", "slot", s.cfg.Slot, "settled", s.ledger.Settled().End)
			return conn, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case isPermanent(err):
			return nil, err
		}
		s.log.Warn("cannot connect to the database yet", "error", err, "next_try", wait)
	}
}

// connect opens a replication connection and starts the stream, from start or wherever the slot stands if that is later. While another
// process holds the slot it waits.
func (s *Source) connect(ctx context.Context, start LSN) (*pgconn.PgConn, error) {
	config, err := replicationConfig(s.cfg.URL)
	if err != nil {
		return nil, err
	}
	for {
		conn, err := s.try(ctx, config, start)
		if err == nil {
			return conn, nil
		}
		refused, _ := errors.AsType[*pgconn.PgError](err)
		switch {
		case refused != nil && refused.Code == slotInUse:
			if State(s.state.Swap(int32(Standby))) != Standby {
				s.log.Info("another process holds the slot, standing by", "slot", s.cfg.Slot)
			}
		case s.State() == Standby && Transient(err): // it outlives restarts of the server, as the active one does
			s.log.Debug("standing by, and the server is away", "error", err)
		default:
			return nil, permanent(err, s.cfg)
		}
		select {
		case <-time.After(s.cfg.StandbyWait):
		case <-s.stop:
			return nil, ErrStopped
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// try opens a replication connection and starts the stream on it.
func (s *Source) try(ctx context.Context, config *pgconn.Config, start LSN) (*pgconn.PgConn, error) {
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open a replication connection: %w", err)
	}
	if err := s.start(ctx, conn, start); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func (s *Source) start(ctx context.Context, conn *pgconn.PgConn, start LSN) error {
	found, err := identify(ctx, conn, s.cfg.Slot)
	if err != nil {
		return err
	}
	if s.system.id != "" && (found.id != s.system.id || found.database != s.system.database) {
		return permanentError{fmt.Errorf("the database is not the one it was: system identifier %s, was %s. "+
			"A clone or a restore must not announce its rows; start Hookline anew if this is meant", found.id, s.system.id)}
	}
	if s.ledger != nil && found.settled > LSN(s.saved.Load()) && found.timeline == s.system.timeline {
		return permanentError{fmt.Errorf("%w: it has moved to %s, and this process had settled %s", ErrTakenOver, found.settled, LSN(s.saved.Load()))}
	}
	start = max(start, found.settled)
	err = pglogrepl.StartReplication(ctx, conn, s.cfg.Slot, start, pglogrepl.StartReplicationOptions{
		Mode:       pglogrepl.LogicalReplication,
		PluginArgs: []string{"proto_version '1'", "publication_names " + quoteLiteral(quoteIdentifier(s.cfg.Publication))},
	})
	if err != nil {
		return fmt.Errorf("start replication from slot %q: %w", s.cfg.Slot, err)
	}
	s.system = found
	s.conn.Store(conn)
	s.state.Store(int32(Starting))
	if s.pumped.Load() {
		s.state.Store(int32(Active))
	}
	s.contact.Store(time.Now().UnixNano())
	s.log.Info("replication stream started", "slot", s.cfg.Slot, "from", start, "timeline", found.timeline)
	return nil
}

// replicationConfig returns the configuration of a replication connection to the database at url. Its errors hold no password.
func replicationConfig(url string) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, errBadURL // err may quote the password
	}
	for name, value := range SessionSettings() {
		config.RuntimeParams[name] = value
	}
	config.RuntimeParams["replication"] = "database"
	return config, nil
}
