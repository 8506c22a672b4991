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

// position is the place of a delivery, of an event to a webhook, in the stream of Postgres. As what
// is published it stands for all up to it: deliveries are sent in the order of transactions, of the
// events of each, and of the keys of webhooks.
type position struct {
	Event   string `json:"event,omitempty"` // its ID; "" for nothing yet
	Place   int64  `json:"place,omitempty"` // mapper.Event.Position
	Webhook string `json:"webhook,omitempty"`
}

// at returns the position of a delivery; ok is false for one that is not of the stream.
func at(m *Message) (p position, ok bool) {
	_, ok = mapper.ParseID(m.Event.ID)
	return position{Event: m.Event.ID, Place: m.Event.Position, Webhook: m.Webhook}, ok
}

// covers reports whether a delivery is published that the stream of a database brings.
func (p position) covers(d position) bool {
	last, ok := mapper.ParseID(p.Event)
	id, of := mapper.ParseID(d.Event)
	if !ok || !of || !sameDatabase(p.Event, d.Event) {
		return false
	}
	switch {
	case id.Commit != last.Commit:
		return id.Commit < last.Commit
	case d.Place != p.Place:
		return d.Place < p.Place
	}
	return d.Event == p.Event && d.Webhook <= p.Webhook
}

// progress is how far the stream of Postgres has been published: all up to a position, and of some
// webhooks more, as packs are not in the order in which deliveries are sent. It is the one message
// of its subject, and names who writes the stream.
//
// It lies ahead of packs, and tells what is in each. The stream takes them in order, so its last
// sequence says how many of them it has, whatever of them senders have settled.
type progress struct {
	Writer string `json:"writer"`
	position
	Mark uint64 `json:"mark,omitempty"` // sequence of the stream's mark: see findMark
	// Packs are the last deliveries of messages, zero for one that is not of the stream of Postgres:
	// of Stored that the stream has had, and then of those behind this one, in their order.
	Packs  []position `json:"packs,omitempty"`
	Stored int        `json:"stored,omitempty"`
	// To is up to where all is published once the stream has had all of them; nil for no further.
	To *position `json:"to,omitempty"`
	// Singles is how many deliveries come next, at most, of which the stream may have had messages of
	// one each that nothing is left of, and knows by their ids. They are in no packs.
	Singles int `json:"singles,omitempty"`
}

// onTheirWay is how many messages are at once, at most.
const onTheirWay = groups * (groupSize + 1)

// covers reports whether a delivery is published that the stream of a database brings.
func (p *progress) covers(d position) bool {
	if p.position.covers(d) {
		return true
	}
	for _, last := range p.Packs[:p.Stored] {
		if last.Webhook == d.Webhook && last.covers(d) {
			return true
		}
	}
	return false
}

// isBehind reports whether nothing that comes after a delivery can be covered, which is not.
func (p *progress) isBehind(d position) bool {
	for _, last := range append([]position{p.position}, p.Packs[:p.Stored]...) {
		if last.Event == d.Event || last.covers(d) {
			return false
		}
	}
	return true
}

// furthest returns the last delivery that is published.
func (p *progress) furthest() position {
	last := p.position
	for _, pack := range p.Packs[:p.Stored] {
		if !last.covers(pack) {
			last = pack
		}
	}
	return last
}

// announced is how many messages behind it are told of.
func (p *progress) announced() uint64 { return uint64(len(p.Packs) - p.Stored) }

// advance has it be what it is once the stream has so many messages more.
func (p *progress) advance(messages uint64) {
	to := p.position
	if messages >= p.announced() {
		messages = p.announced()
		if p.To != nil {
			to = *p.To
		}
	}
	p.Packs, p.To = p.Packs[:p.Stored+int(messages)], nil //nolint:gosec // no more than there are
	p.move(to)
}

// move has all up to a position be published. What it tells of has been stored.
func (p *progress) move(to position) {
	p.position = to
	p.Packs = beyond(to, p.Packs)
	p.Stored = len(p.Packs)
}

// beyond returns the positions of a list that another one does not cover.
func beyond(to position, list []position) (left []position) {
	for _, last := range list {
		if last.Event != "" && !to.covers(last) {
			left = append(left, last)
		}
	}
	return left
}

// sameDatabase reports whether two events are of the same database: see mapper.ID.
func sameDatabase(a, b string) bool {
	const database = len("evt_01234567_")
	return len(a) > database && strings.HasPrefix(b, a[:database])
}

// commit returns where the transaction ends in Postgres that the position is in.
func (p position) commit() (lsn cdc.LSN, timeline int32) {
	id, _ := mapper.ParseID(p.Event)
	return id.Commit, max(id.Timeline, 1)
}

// findMark reports whether the stream has the mark that a position tells of. That is a message
// which nobody takes and nobody writes again: where it is missing, somebody has emptied the stream,
// also when a later position is there.
func (c Config) findMark(ctx context.Context, stream jetstream.Stream, p progress) (bool, error) {
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

// readSaid returns what the stream has said of how far it is, and the sequence of its message: 0
// for none.
func (c Config) readSaid(
	ctx context.Context, stream jetstream.Stream,
) (p progress, sequence uint64, err error) {
	said, err := stream.GetLastMsgForSubject(ctx, c.positionSubject())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return p, 0, nil
	}
	if err == nil {
		sequence, err = said.Sequence, json.Unmarshal(said.Data, &p)
	}
	if err == nil && (p.Stored < 0 || p.Stored > len(p.Packs)) {
		err = errors.New("it tells of fewer messages than it counts")
	}
	if err != nil {
		return p, 0, fmt.Errorf("read how far stream %s has come: %w", c.Stream(), err)
	}
	return p, sequence, nil
}

// readProgress returns who writes the stream, and how far it has come that ends with a sequence: by
// what it has said, by how many messages are behind that, and by the delivery there, if it is still
// there and nobody has announced it. Those behind it that nobody has announced were sent one by
// one.
func (c Config) readProgress(
	ctx context.Context, stream jetstream.Stream, end uint64,
) (progress, error) {
	p, said, err := c.readSaid(ctx, stream)
	if err != nil {
		return p, err
	}
	last, err := stream.GetLastMsgForSubject(ctx, c.subjects())
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return p, nil
	case err != nil:
		return p, fmt.Errorf("read the last message of stream %s: %w", c.Stream(), err)
	}
	behind := end - min(said, end)
	if last.Sequence > said && last.Sequence-said <= p.announced() {
		pack := p.Packs[p.Stored+int(last.Sequence-said)-1] //nolint:gosec // no more than there are
		keys := KeysOf(last.Header)
		if pack.Event != "" && keys[len(keys)-1] != (Key{pack.Event, pack.Webhook}) {
			behind = last.Sequence - said - 1 // it is somebody else's, and no pack behind it was taken
		}
	}
	told := said + p.announced()
	unannounced := last.Sequence > told
	untold := min(end-min(told, end), onTheirWay)
	p.advance(behind)
	if !unannounced || last.Subject == c.markSubject() || last.Header.Get(referenceHeader) != "" ||
		isPack(last.Data) {
		p.Singles = min(p.Singles+int(untold), onTheirWay) //nolint:gosec // no more than that
		return p, nil
	}
	m, err := decode(last.Data)
	if err != nil {
		return p, fmt.Errorf("message %d of stream %s: %w", last.Sequence, c.Stream(), err)
	}
	if further, ok := at(&m); ok {
		untold = min(end-min(last.Sequence, end), onTheirWay)
		p.move(further)
	}
	p.Singles = min(p.Singles+int(untold), onTheirWay) //nolint:gosec // no more than that
	return p, nil
}
