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

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"

	"hookline/internal/pg"
)

// State is where a Source stands.
type State int32

const (
	Connecting State = iota // not connected, or connection lost
	Standby                 // another process holds the slot; this one takes over when it is free
	// this process holds the slot, and either the stream has yet to flow or Changes to be ranged
	// over
	Starting
	Active // this process holds the slot and takes its changes
	InGap  // the stream cannot go on before an operator has seen to it: see Gap
	// the stream must not go on before an operator has seen to it: see Blocked
	StateBlocked
	Stopped // closed, or failed for good
)

// States are all there are.
var States = [...]State{Connecting, Standby, Starting, Active, InGap, StateBlocked, Stopped}

var stateNames = [...]string{
	Connecting:   "connecting",
	Standby:      "standby",
	Starting:     "starting",
	Active:       "active",
	InGap:        "gap",
	StateBlocked: "blocked",
	Stopped:      "stopped",
}

func (s State) String() string { return stateNames[s] }

// Source reads one replication slot. One goroutine owns the connection: it reads, decodes, queues,
// and reports what is settled at least every third of wal_sender_timeout, also while the queue is
// full. A lost connection is made anew, and what was read already is passed over then.
type Source struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	ledger  *ledger
	system  system                  // at the last connection; belongs to Acquire, then to the reader
	trees   tableTrees              // likewise
	reached LSN                     // how far it has read, at the last connection; likewise
	history atomic.Pointer[history] // of system
	origin  origin                  // set by Acquire

	checkpoints Checkpoints   // nil: progress is kept by the slot alone
	saved       atomic.Uint64 // LSN up to which the slot may be acknowledged
	savers      sync.WaitGroup

	lookahead       lookahead
	keepaliveWanted atomic.Bool // by Peek: how far the server has come

	queue chan *batch // closed when the Source has failed for good
	// batches that the pump has done with, to be filled again
	spent chan *batch
	stop  chan struct{} // closed by Close
	// closed by Close once it has interrupted the reader, which may have seen stop before
	interrupted chan struct{}
	done        chan struct{}                 // closed when the reader has ended
	conn        atomic.Pointer[pgconn.PgConn] // the reader's
	err         error                         // why the Source failed; set before queue is closed

	wake   chan struct{} // by Wake
	halted chan struct{} // closed by Halt
	halt   error         // why; set before halted is closed
	once   sync.Once     // of Halt

	annotations sync.Once  // of warnAnnotation
	skip        Checkpoint // see SkipSettled; zero for nothing

	began   time.Time    // what times that have to be one number are kept as distances from
	contact atomic.Int64 // when the server was last heard of, as time since began
	// since when it has had WAL that it has not gone through for us, likewise; 0 when it has gone
	// through all
	pendingSince atomic.Int64
	state        atomic.Int32
	// held while the state changes, so that onState hears of the changes in their order
	mu      sync.Mutex
	onState func(State, error) // nil when nobody wants to hear
	pumped  atomic.Bool        // Changes is ranged over
	flowing atomic.Bool        // the stream has brought a change, or has caught up
}

const (
	batchItems = 128       // items handed over at once, at most
	batchBytes = 128 << 10 // bytes of WAL after which a batch is handed over
	batchQueue = 4         // batches that wait for the pump

	firstPause = 100 * time.Millisecond // between two tries to connect; doubled each time
	// between two reports while nothing moves; wal_sender_timeout/3 when that is shorter
	reportInterval        = 10 * time.Second
	blockedReportInterval = time.Second // between two reports while nothing is read
	// after which a server that was asked for an answer counts as gone
	silenceLimit = 45 * time.Second
	writeTimeout = 10 * time.Second
	// between two polls whether a server that is not read from is shutting down
	shutdownCheckInterval = 2 * time.Second
)

var (
	// ErrStopped is what Acquire returns when Close came first.
	ErrStopped = errors.New("stopped")
	// ErrTakenOver ends the stream when another process has read the slot while this one was cut
	// off from the server. What this one knows of catalog and webhooks is out of date then: it has
	// to start over.
	ErrTakenOver = errors.New("another process has taken the slot over")
	// ErrStale is for Halt: what is known of catalog and webhooks is out of date, since a table of
	// theirs was not published for a while. It has to be read anew.
	ErrStale = errors.New("a table that says who hears of changes, or how, is followed again: it " +
		"has to be read anew")
)

// Open returns a Source that is not connected yet. Without checkpoints, nil, all that is known of
// the progress is the slot's own position.
func Open(
	cfg Config, checkpoints Checkpoints, log *slog.Logger, registerer prometheus.Registerer,
) (*Source, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if _, err := pg.ReplicationConfig(cfg.URL); err != nil {
		return nil, err
	}
	s := &Source{
		cfg:         cfg,
		checkpoints: checkpoints,
		log:         log,
		began:       time.Now(),
		queue:       make(chan *batch, batchQueue),
		spent:       make(chan *batch, batchQueue+2),
		stop:        make(chan struct{}),
		interrupted: make(chan struct{}),
		done:        make(chan struct{}),
		wake:        make(chan struct{}, 1),
		halted:      make(chan struct{}),
	}
	s.metrics = newMetrics(registerer, s)
	return s, nil
}

// Acquire connects and takes the slot, waiting as long as another process holds it. From its return
// on the stream is read; Changes delivers it. It returns an error when the database cannot be
// reached, or the slot is not usable: a Gap when it was, once.
func (s *Source) Acquire(ctx context.Context) error {
	conn, err := s.connect(ctx, 0)
	if err != nil {
		s.enterFailure(err)
		close(s.done)
		return err
	}
	position, latest, err := s.resume(ctx)
	if err != nil {
		s.conn.Store(nil)
		_ = conn.Close(ctx)
		s.enterFailure(err)
		close(s.done)
		return err
	}
	s.ledger = newLedger(position, latest)
	s.saved.Store(uint64(position.End))
	s.metrics.start(s.ledger)
	keeper := &saver{source: s, saved: position, at: time.Now()}
	s.savers.Go(func() { keeper.run(s.stop) })
	go s.run(conn)
	return nil
}

// Database returns 8 hex digits that tell this database from every other one: of its cluster's
// system identifier and its OID. Valid after Acquire.
func (s *Source) Database() string {
	sum := sha256.Sum256([]byte(s.origin.id + "/" + s.origin.database))
	return hex.EncodeToString(sum[:4])
}

// Settled is how far the stream is settled; before anything is taken, where it begins. Safe for
// concurrent use, after Acquire.
func (s *Source) Settled() Position { return s.ledger.settled() }

// Saved is the end of the last checkpoint that was saved, up to which the slot may be acknowledged.
// Safe for concurrent use, after Acquire.
func (s *Source) Saved() LSN { return LSN(s.saved.Load()) }

// SaveAgain saves a checkpoint, whether there is progress or not: somebody else may have set it
// back. Safe for concurrent use, after Acquire.
func (s *Source) SaveAgain(ctx context.Context) error {
	settled, latest, _ := s.ledger.progress()
	return s.checkpoints.SaveCheckpoint(ctx, s.cfg.Slot, s.origin.checkpoint(settled, latest))
}

// State tells where the Source stands. Safe for concurrent use.
func (s *Source) State() State { return State(s.state.Load()) }

// OnState has f called at every change of state, in their order; err tells why a Source has come to
// InGap or Stopped by itself. f must not wait for anything. Call it before Acquire.
func (s *Source) OnState(f func(state State, err error)) { s.onState = f }

// enter changes the state and returns the one before.
func (s *Source) enter(state State, err error) (before State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(state, err)
}

// activate makes a Source that holds the slot an active one, once the stream flows and Changes is
// ranged over.
func (s *Source) activate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.State() == Starting && s.flowing.Load() && s.pumped.Load() {
		s.change(Active, nil)
	}
}

// change is enter for who holds mu.
func (s *Source) change(state State, err error) (before State) {
	before = State(s.state.Swap(int32(state)))
	if before != state && s.onState != nil {
		s.onState(state, err)
	}
	return before
}

// LastContact is when the server was last heard of. Safe for concurrent use.
func (s *Source) LastContact() time.Time { return s.began.Add(time.Duration(s.contact.Load())) }

// heardAt notes when the server was last heard of.
func (s *Source) heardAt(at time.Time) { s.contact.Store(int64(at.Sub(s.began))) }

// SetPending notes since when the server has had WAL that it has not decoded for this Source. The
// zero time says that it has decoded all. Safe for concurrent use.
func (s *Source) SetPending(since time.Time) {
	if since.IsZero() {
		s.pendingSince.Store(0)
		return
	}
	s.pendingSince.Store(int64(since.Sub(s.began)))
}

// InTransaction tells how far a transaction in progress has come: whether all before it is settled,
// so that WAL is held for its sake alone, and a number that rises with each of its changes that is
// taken or settled. Safe for concurrent use, after Acquire.
func (s *Source) InTransaction() (work uint64, alone bool) { return s.ledger.inTransaction() }

// Changes returns the stream, to be ranged over once and by one goroutine. It ends without an error
// when ctx ends or the loop is left, and with one when the stream cannot go on: a Gap, or
// ErrTakenOver. What has not been taken by then is sent again at the next start. A change counts as
// taken when the loop comes back for the next one, and its rows are not valid any more then.
func (s *Source) Changes(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		s.pumped.Store(true)
		s.activate()
		var last struct { // the change that the pump has come back from
			tx    *Tx
			index uint32
		}
		end := func() {
			if last.tx != nil {
				s.ledger.advance(last.tx, last.index+1)
				last.tx = nil
			}
		}
		take := func(c *Change) (on bool) {
			if c.Repeated {
				end()
			} else {
				s.ledger.advance(c.Tx, c.Index)
			}
			if !yield(*c, nil) {
				return false
			}
			if !c.Repeated {
				if last.tx, last.index = c.Tx, c.Index; c.Kind == End || c.Sole {
					last.index = afterTransaction - 1
				}
			}
			return true
		}
		for {
			b, open := s.nextBatch(ctx)
			if b == wakeBatch {
				end() // it is taken, also when the loop is left here
				if !yield(Change{Kind: Woken}, nil) {
					return
				}
				continue
			}
			if !open {
				end()
				yield(Change{}, s.err)
				return
			}
			if b == nil {
				end()
				return
			}
			for i := range b.items {
				s.lookahead.at = i
				c := &b.items[i].change
				if c.Kind == 0 {
					s.ledger.skip(b.items[i].end, c.Tx)
					last.tx = nil
					continue
				}
				if ctx.Err() != nil {
					end()
					return
				}
				sole := c.Sole
				if s.skip.passes(c) {
					continue
				}
				if !take(c) {
					return
				}
				if sole && !c.Sole { // it was read without its End, and there was one before
					if !take(&Change{Kind: End, Tx: c.Tx, Index: c.Index + 1}) {
						return
					}
				}
			}
			s.lookahead.hand = nil
			b.empty()
			select {
			case s.spent <- b:
			default:
			}
		}
	}
}

// nextBatch returns what the reader has handed over. Once ctx has ended it no longer waits, and
// returns nothing when nothing is there: the marks behind the last change are still worth taking.
func (s *Source) nextBatch(ctx context.Context) (b *batch, open bool) {
	if len(s.lookahead.later) > 0 {
		return s.lookahead.next(), true
	}
	if s.lookahead.closed {
		return nil, false
	}
	if b, open = s.fromQueue(ctx); b != nil {
		s.lookahead.take(b)
	}
	return b, open
}

func (s *Source) fromQueue(ctx context.Context) (b *batch, open bool) {
	select {
	case <-s.wake:
		return wakeBatch, true
	default:
	}
	select {
	case b, open = <-s.queue:
		return b, open
	default:
	}
	select {
	case b, open = <-s.queue:
		return b, open
	case <-s.wake:
		return wakeBatch, true
	case <-ctx.Done():
		return nil, true
	}
}

// wakeBatch is what nextBatch returns in place of a batch after Wake.
var wakeBatch = new(batch)

// Wake has Changes return a change of kind Woken soon, also when nothing moves. Safe for concurrent
// use.
func (s *Source) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close reports what is settled for the last time and gives the slot back, so that it is free at
// once. Call it when the last holds have been released; until then the Source goes on reporting.
// ctx bounds all that.
func (s *Source) Close(ctx context.Context) error {
	if s.ledger == nil {
		s.enter(Stopped, nil)
		return nil
	}
	close(s.stop)
	s.interrupt()
	close(s.interrupted)
	select {
	case <-s.done:
		s.savers.Wait() // for the last checkpoint, also when there was no connection to report on
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the replication stream: %w", context.Cause(ctx))
	}
}

// Halt ends the stream for good, because of err, which must be one of this package: the slot is
// free at once, and Changes ends with err when what has been read is taken. What is in hand goes
// on, and Close is still to be called. Only the first call counts. Safe for concurrent use, after
// Acquire.
func (s *Source) Halt(err error) {
	s.once.Do(func() {
		s.halt = err
		close(s.halted)
		s.interrupt()
	})
}

// ended returns why the reader has to end, nil when it has not.
func (s *Source) ended() error {
	select {
	case <-s.stop:
		return ErrStopped
	default:
		return s.haltedBy()
	}
}

// haltedBy returns why Halt was called, nil when it was not.
func (s *Source) haltedBy() error {
	select {
	case <-s.halted:
		return s.halt
	default:
		return nil
	}
}

// interrupt ends the wait of the reader, whatever it waits for.
func (s *Source) interrupt() {
	if conn := s.conn.Load(); conn != nil {
		_ = conn.Conn().SetReadDeadline(time.Unix(1, 0))
	}
}

// run reads until Close or until the stream cannot go on, over as many connections as it takes.
func (s *Source) run(conn *pgconn.PgConn) {
	defer close(s.done)
	read := s.ledger.settled()
	_, latest, _ := s.ledger.progress()
	retold := read     // until something behind it has been read
	left := new(batch) // read, but not handed over yet when the connection broke
	pause := time.Duration(0)
	var last *unreadableError
	tries := 0 // at last
	for {
		r := newReader(s, conn, read, retold, left)
		r.decoder.latest = latest
		began := time.Now()
		err := r.read()
		if errors.Is(err, ErrStopped) {
			<-s.interrupted // or the interruption would come in the middle of the last report
			s.savers.Wait() // for the last checkpoint
			r.finish()
			s.enter(Stopped, nil)
			return
		}
		s.conn.Store(nil)
		conn.Conn().Close()
		if now, ok := errors.AsType[*unreadableError](err); ok {
			if tries++; !now.same(last) {
				tries = 1
			}
			if last = now; now.certain || tries == unreadableTries {
				err = s.recordUnreadable(now.change)
			}
		}
		if permanent(err) {
			s.fail(err, r.batch)
			return
		}
		s.log.Warn("replication stream lost, connecting again", "slot", s.cfg.Slot, "error", err)
		s.metrics.reconnects.Inc()
		s.enter(Connecting, nil)
		if r.decoder.read != read {
			retold = Position{}
		}
		read, latest, left = r.decoder.read, r.decoder.latest, r.batch
		s.reached = max(read.End, read.Commit)
		if pause = min(2*pause+firstPause, s.cfg.ReconnectWait); time.Since(began) > s.cfg.ReconnectWait {
			pause = 0 // it worked for a while: no need to hold back
		}
		timeline := s.system.timeline
		held := r.decoder.windows.held(r.now, LSN(s.saved.Load()))
		if conn, err = s.reconnect(pause, held); err != nil {
			if errors.Is(err, ErrStopped) {
				s.enter(Stopped, nil)
			} else {
				s.fail(err, left)
			}
			return
		}
		s.origin.timeline.Store(s.system.timeline)
		if s.system.timeline != timeline {
			s.log.Warn("the server is on another timeline, and has all that was read of the one before",
				"before", timeline, "now", s.system.timeline, "read", s.reached)
		}
	}
}

// fail ends the stream for good, after what has been read of it.
func (s *Source) fail(err error, left *batch) {
	if s.enterFailure(err) == Stopped {
		s.log.Warn("replication stream ended", "slot", s.cfg.Slot, "error", err)
	}
	if _, diverged := errors.AsType[*DivergedError](err); diverged {
		left = new(batch)
		s.discardQueue()
	}
	if len(left.items) > 0 {
		select {
		case s.queue <- left:
		case <-s.stop:
		}
	}
	s.err = err
	close(s.queue)
}

// discardQueue empties the queue of what the pump has not taken yet.
func (s *Source) discardQueue() {
	for {
		select {
		case <-s.queue:
		default:
			return
		}
	}
}

// enterFailure enters the state that err leads to.
func (s *Source) enterFailure(err error) State {
	state := Stopped
	if _, ok := errors.AsType[*Gap](err); ok {
		state = InGap
	}
	if _, ok := errors.AsType[*Blocked](err); ok {
		state = StateBlocked
	}
	s.enter(state, err)
	return state
}
