package cdc

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"hookline/internal/pg"
)

// reader reads one connection until it breaks.
type reader struct {
	source  *Source
	conn    *pgconn.PgConn
	input   *bufio.Reader // what conn reads from
	decoder *decoder
	batch   *batch

	now         time.Time // as of the last look at the clock
	lastMessage time.Time // when the server last sent something that was waited for
	deadline    time.Time // of the next catalog scan
	keepalives  keepaliveBurst
	end         LSN      // of the server's log, by the last keepalive
	resumeAt    Position // where the stream was left
	resumed     bool     // it has come there again
	lastNotice  string   // the server's last message
	reported    LSN
	report      time.Time // when it was reported
}

func newReader(s *Source, conn *pgconn.PgConn, read, retold Position, left *batch) *reader {
	now := time.Now()
	input := conn.CustomData()[inputKey].(*bufio.Reader)
	r := &reader{
		source:      s,
		conn:        conn,
		input:       input,
		decoder:     newDecoder(s.cfg, s.ledger, read),
		now:         now,
		lastMessage: now,
		resumeAt:    read,
	}
	r.decoder.replayUntil, r.decoder.trees = retold, s.trees
	r.decoder.timeline, r.decoder.history = s.system.timeline, s.system.history
	r.decoder.rejected = s.warnAnnotation
	r.use(left)
	return r
}

// read hands over what the connection brings. It returns ErrStopped after Close, else what broke
// the connection; what it has decoded by then and could not hand over is left in r.batch.
func (r *reader) read() error {
	if err := r.handOver(); err != nil {
		return err
	}
	frontend := r.conn.Frontend()
	for {
		if err := r.service(); err != nil {
			return err
		}
		message, err := frontend.Receive()
		if err != nil {
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				// it is over, or somebody has interrupted: either way a new one is wanted
				r.deadline = time.Time{}
				continue
			}
			r.offer()
			return fmt.Errorf("receive: %w", err)
		}
		r.lastMessage = r.now
		switch m := message.(type) {
		case *pgproto3.CopyData:
			err = r.message(m.Data)
		case *pgproto3.ErrorResponse:
			err = r.refused(pgconn.ErrorResponseToPgError(m))
		case *pgproto3.NoticeResponse:
			err = r.notice(m)
		case *pgproto3.CopyDone:
			err = errors.New("the server ended the stream")
		}
		if err != nil {
			r.offer()
			return err
		}
		if n := len(r.batch.items); n >= batchItems || r.batch.bytes >= batchBytes ||
			n > 0 && r.drained() {
			if err := r.handOver(); err != nil {
				return err
			}
		}
	}
}

// drained reports whether nothing is left to decode of what has come.
func (r *reader) drained() bool {
	return r.conn.Frontend().ReadBufferLen() == 0 && r.input.Buffered() == 0
}

// notice takes what the server only warns of. From Postgres 18 on that goes for a publication that
// does not exist at this point of the stream, too: it then sends nothing of what is committed, and
// everything looks fine.
func (r *reader) notice(m *pgproto3.NoticeResponse) error {
	if m.Code == pg.ObjectNotInPrerequisiteState &&
		strings.Contains(m.Message, r.source.cfg.Publication) {
		return noPublication(r.source.cfg, m.Message)
	}
	if m.Message == r.lastNotice {
		return nil // it says so again and again for as long as it is so
	}
	r.lastNotice = m.Message
	r.source.log.Warn("the server says", "severity", m.Severity, "message", m.Message, "detail",
		m.Detail, "hint", m.Hint)
	return nil
}

// message takes one message of the streaming replication protocol.
//
// https://www.postgresql.org/docs/current/protocol-replication.html#PROTOCOL-REPLICATION-START-REPLICATION
func (r *reader) message(data []byte) (err error) {
	const header = 1 + 8 + 8 + 8 // 'w', start, end, clock
	switch {
	case len(data) > header && data[0] == pglogrepl.XLogDataByteID:
		r.source.cfg.Schedule.Moved()
		r.batch.bytes += len(data)
		r.batch.items, err = r.decoder.decode(r.batch.items, data[header:])
		r.noteReached(0)
		if len(r.batch.items) > 0 {
			r.noteFlow()
		}
		return err
	case len(data) == 1+8+8+1 && data[0] == pglogrepl.PrimaryKeepaliveMessageByteID:
		end := LSN(binary.BigEndian.Uint64(data[1:]))
		if end > r.end {
			r.end = end
			r.source.cfg.Schedule.Moved()
		}
		r.noteReached(end)
		if end >= r.source.system.end {
			r.noteFlow()
		}
		if len(r.source.queue) < cap(r.source.queue) {
			r.batch.items = r.decoder.keepalive(r.batch.items, end)
		}
		if wantsReply := data[17] != 0; !wantsReply {
			return nil
		}
		if r.keepalives.count(end, r.now) {
			return errShutdown
		}
		return r.send(false)
	}
	return fmt.Errorf("replication message of %d bytes is not understood", len(data))
}

// noteFlow notes that the server has sent a change, or gone through its log up to where that ended
// when the connection was made: whatever may be wrong with the publication has not kept it from
// that.
func (r *reader) noteFlow() {
	if !r.source.flowing.Load() {
		r.source.flowing.Store(true)
		r.source.activate()
	}
}

// errShutdown ends a connection so that the server can go down.
var errShutdown = errors.New("the server is shutting down")

// keepaliveBurst tells a server that is shutting down from one that only wants to know whether we
// are there. The latter asks once in a while. The former does not go down before we have
// acknowledged all it has sent, and asks again as soon as it is answered. It may be unable to take
// what would let us acknowledge more: deliveries go on, but the checkpoint cannot be saved. Then it
// would ask for ever.
type keepaliveBurst struct {
	at    LSN
	since time.Time
	n     int
}

// count counts a keepalive that asks for an answer, by the position that came with it. It reports
// whether such questions have come in a burst.
func (p *keepaliveBurst) count(at LSN, now time.Time) (burst bool) {
	const many, window = 20, time.Second
	if at != p.at || now.Sub(p.since) > window {
		*p = keepaliveBurst{at: at, since: now}
	}
	p.n++
	return p.n >= many
}

// service reports if it is time to, and sees to it that the next Receive returns when it is time
// again.
func (r *reader) service() error {
	if err := r.source.ended(); err != nil {
		return err
	}
	r.now = time.Now()
	if err := r.answerPeek(); err != nil {
		return err
	}
	if r.now.Before(r.deadline) && r.acknowledged() == r.reported {
		return nil
	}
	if silence := r.now.Sub(r.lastMessage); silence > silenceLimit {
		return fmt.Errorf("the server has not answered for %s", silence.Round(time.Second))
	}
	r.source.heardAt(r.lastMessage)
	if err := r.reportDue(); err != nil {
		return err
	}
	r.deadline = r.now.Add(r.idle())
	if err := r.conn.Conn().SetReadDeadline(r.deadline); err != nil {
		return err
	}
	// what came between the first check and the new deadline would go unnoticed until then
	if err := r.source.ended(); err != nil {
		return err
	}
	if err := r.answerPeek(); err != nil {
		return err
	}
	return r.reportDue()
}

// answerPeek asks the server how far it has come when somebody wants to know.
func (r *reader) answerPeek() error {
	if r.source.keepaliveWanted.Load() && r.source.keepaliveWanted.Swap(false) {
		return r.send(true)
	}
	return nil
}

// acknowledged is the position that the server may be told. While windows are open, or what closed
// them is not settled, it stays at the first one's mark; and before the stream has come to where it
// was left, at where the slot stood, as windows may have yet to be opened again.
func (r *reader) acknowledged() LSN {
	saved := LSN(r.source.saved.Load())
	held := r.decoder.windows.held(r.now, saved)
	if slot := r.source.system.slot.settled; !r.resumed && slot < r.resumeAt.End {
		held = slot
	}
	if held != 0 && held < saved {
		return max(held, r.reported)
	}
	return saved
}

// noteReached notes how far the stream has come.
func (r *reader) noteReached(end LSN) {
	r.resumed = r.resumed || end >= r.resumeAt.End || r.decoder.read != r.resumeAt
}

// reportDue reports when there is news, or when the server has to be kept from giving up on us;
// then it also asks for an answer, so that a connection that died without a word is noticed.
func (r *reader) reportDue() error {
	switch {
	case r.now.Sub(r.report) >= r.idle():
		return r.send(true)
	case r.acknowledged() > r.reported:
		return r.send(false)
	}
	return nil
}

// idle is the time between two reports while nothing moves.
func (r *reader) idle() time.Duration {
	if t := r.source.system.timeout / 3; t > 0 {
		return min(t, reportInterval)
	}
	return reportInterval
}

// send tells the server what is settled and saved, and asks for an answer if wanted.
func (r *reader) send(answer bool) error {
	settled := r.acknowledged()
	if err := r.conn.Conn().SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	err := pglogrepl.SendStandbyStatusUpdate(
		context.Background(),
		r.conn,
		pglogrepl.StandbyStatusUpdate{
			WALWritePosition: settled,
			WALFlushPosition: settled,
			WALApplyPosition: settled,
			ReplyRequested:   answer,
		},
	)
	if err != nil {
		return fmt.Errorf("report position %s: %w", settled, err)
	}
	r.reported, r.report = settled, time.Now()
	return nil
}

// handOver gives the batch to the pump. While the queue is full nothing is read, but reports go on.
func (r *reader) handOver() error {
	if !r.offer() {
		return r.waitToHandOver()
	}
	return nil
}

// offer gives the batch to the pump if there is room in the queue.
func (r *reader) offer() bool {
	if len(r.batch.items) > 0 {
		select {
		case r.source.queue <- r.batch:
			r.handedOver()
		default:
			return false
		}
	}
	return true
}

// handedOver begins a batch: one that the pump has done with, or a new one.
func (r *reader) handedOver() {
	select {
	case b := <-r.source.spent:
		r.use(b)
	default:
		r.use(new(batch))
	}
}

// use makes b the batch that further items are added to.
func (r *reader) use(b *batch) { r.batch, r.decoder.arena = b, &b.arena }

// waitToHandOver is handOver when the queue is full.
func (r *reader) waitToHandOver() error {
	tick := time.NewTicker(min(saveInterval, r.idle()))
	defer tick.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	down := make(chan struct{})
	go r.source.watchForShutdown(ctx, down)
	for {
		select {
		case r.source.queue <- r.batch:
			r.lastMessage = time.Now() // its silence until now was ours
			r.handedOver()
			return nil
		case <-r.source.stop:
			return ErrStopped
		case <-r.source.halted:
			return r.source.halt
		case <-down:
			return errShutdown
		case r.now = <-tick.C:
			r.source.heardAt(r.now)
			if err := r.reportBlocked(); err != nil {
				return err
			}
		}
	}
}

// reportBlocked is reportDue while nothing is read: an answer would not be heard. Only a write
// tells that the connection is lost, once the server has refused what was written before.
func (r *reader) reportBlocked() error {
	if r.acknowledged() == r.reported && r.now.Sub(r.report) < min(blockedReportInterval, r.idle()) {
		return nil
	}
	return r.send(false)
}

// finish reports for the last time and ends the stream in an orderly way, which frees the slot at
// once.
func (r *reader) finish() {
	conn := r.conn.Conn()
	_ = conn.SetReadDeadline(time.Now().Add(writeTimeout))
	err := r.send(false)
	if err == nil {
		_, err = pglogrepl.SendStandbyCopyDone(context.Background(), r.conn)
	}
	if err != nil {
		r.source.log.Warn("the replication stream did not end cleanly", "error", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	_ = r.conn.Close(ctx)
	r.source.log.Info("replication slot released", "slot", r.source.cfg.Slot, "settled", r.reported)
}
