package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/cdc"
	"hookline/mapper"
)

// position is how far the stream of Postgres has been published: up to the delivery of an event to
// a webhook. Deliveries are published in the order of transactions, of the events of each, and of
// the keys of webhooks. It is the one message of its subject, and names who writes the stream.
type position struct {
	Writer  string `json:"writer"`
	Event   string `json:"event,omitempty"` // its ID; "" for nothing yet
	Place   int64  `json:"place,omitempty"` // mapper.Event.Position
	Webhook string `json:"webhook,omitempty"`
	Mark    uint64 `json:"mark,omitempty"` // sequence of the stream's mark: see findMark
}

// at returns the position of a delivery; ok is false for one that is not of the stream.
func at(m *Message) (p position, ok bool) {
	_, ok = mapper.ParseID(m.Event.ID)
	return position{Event: m.Event.ID, Place: m.Event.Position, Webhook: m.Webhook}, ok
}

// covers reports whether a delivery is published that the stream of a database brings.
func (p *position) covers(e *mapper.Event, webhook string) bool {
	last, ok := mapper.ParseID(p.Event)
	id, of := mapper.ParseID(e.ID)
	if !ok || !of || !sameDatabase(p.Event, e.ID) {
		return false
	}
	switch {
	case id.Commit != last.Commit:
		return id.Commit < last.Commit
	case e.Position != p.Place:
		return e.Position < p.Place
	}
	return e.ID == p.Event && webhook <= p.Webhook
}

// sameDatabase reports whether two events are of the same database: see mapper.ID.
func sameDatabase(a, b string) bool {
	const database = len("evt_01234567_")
	return len(a) > database && strings.HasPrefix(b, a[:database])
}

// commit returns where the transaction ends in Postgres that the position is in.
func (p *position) commit() (lsn cdc.LSN, timeline int32) {
	id, _ := mapper.ParseID(p.Event)
	return id.Commit, max(id.Timeline, 1)
}

// findMark reports whether the stream has the mark that a position tells of. That is a message
// which nobody takes and nobody writes again: where it is missing, somebody has emptied the stream,
// also when a later position is there.
func (c Config) findMark(ctx context.Context, stream jetstream.Stream, p position) (bool, error) {
	if p.Mark == 0 {
		return false, nil
	}
	m, err := stream.GetMsg(ctx, p.Mark)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for message %d of stream %s: %w", p.Mark, c.Stream(), err)
	}
	return m.Subject == c.markSubject(), nil
}

// readSaid returns the position that is in the stream, and the sequence of its message: 0 for none.
func (c Config) readSaid(
	ctx context.Context, stream jetstream.Stream,
) (p position, sequence uint64, err error) {
	said, err := stream.GetLastMsgForSubject(ctx, c.positionSubject())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return p, 0, nil
	}
	if err == nil {
		sequence, err = said.Sequence, json.Unmarshal(said.Data, &p)
	}
	if err != nil {
		return p, 0, fmt.Errorf("read how far stream %s has come: %w", c.Stream(), err)
	}
	return p, sequence, nil
}

// readPosition returns who writes the stream, and how far it has come: by what it has said, and by
// the delivery behind that, if one is still there.
func (c Config) readPosition(ctx context.Context, stream jetstream.Stream) (position, error) {
	p, said, err := c.readSaid(ctx, stream)
	if err != nil {
		return p, err
	}
	last, err := stream.GetLastMsgForSubject(ctx, c.subjects())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("read the last message of stream %s: %w", c.Stream(), err)
	}
	if last.Sequence <= said || last.Subject == c.markSubject() ||
		last.Header.Get(referenceHeader) != "" {
		return p, nil
	}
	m, err := decode(last.Data)
	if err != nil {
		return p, fmt.Errorf("message %d of stream %s: %w", last.Sequence, c.Stream(), err)
	}
	if further, ok := at(&m); ok {
		further.Writer, further.Mark = p.Writer, p.Mark
		p = further
	}
	return p, nil
}
