package bus

import (
	"encoding/json"

	"github.com/nats-io/nats.go"
)

// arrange returns the group of deliveries that were sent one after the other.
//
// Where packs make it half as many messages, or fewer, what tells of them goes ahead, unless the
// stream may know some of the deliveries by the ids that they have each by itself. Else each is a
// message of its own, in the order in which they were sent, and how far that is comes behind.
func (p *Publisher) arrange(list []*outgoing) *group {
	var to *position
	ordered := 0
	for _, o := range list {
		if o.ordered {
			to = &o.at
			ordered++
		}
	}
	single := p.far.Singles > 0
	p.far.Singles = max(0, p.far.Singles-ordered)
	far := p.far
	if to != nil {
		p.far.move(*to)
	}
	g := &group{}
	if packs := p.pack(list); !single && 2*len(packs) <= len(list) {
		far.Packs = beyond(far.position, far.Packs)
		far.Stored, far.To = len(far.Packs), to
		for _, pack := range packs {
			far.Packs = append(far.Packs, pack[len(pack)-1].place())
		}
		ahead := p.progressMessage(&far)
		if len(ahead.Data) <= p.most { // else the stream takes no messages of that size
			g.far, p.told = &far, true
			g.items = append(g.items, &item{Msg: ahead})
			for _, pack := range packs {
				g.items = append(g.items, p.item(pack))
			}
			return g
		}
	}
	for _, o := range list {
		g.items = append(g.items, p.item([]*outgoing{o}))
	}
	if to != nil {
		p.told = false
		g.items = append(g.items, &item{Msg: p.progressMessage(&p.far)})
	}
	return g
}

// pack returns deliveries by messages. Those to a webhook are in the order in which they were sent.
func (p *Publisher) pack(list []*outgoing) (packs [][]*outgoing) {
	type open struct{ index, size int } // in packs, and bytes of data
	last := map[string]open{}           // by webhook
	for _, o := range list {
		if !o.ordered || o.data == nil {
			packs = append(packs, []*outgoing{o})
			delete(last, o.at.Webhook)
			continue
		}
		size := min(packSize, p.most)
		l, has := last[o.at.Webhook]
		if has && len(packs[l.index]) < packMost && l.size+len(o.data) <= size {
			packs[l.index] = append(packs[l.index], o)
			l.size += len(o.data)
			last[o.at.Webhook] = l
			continue
		}
		packs = append(packs, []*outgoing{o})
		last[o.at.Webhook] = open{len(packs) - 1, len(o.data)}
	}
	return packs
}

// place returns the position of a delivery, the zero one when it has none.
func (o *outgoing) place() position {
	if !o.ordered {
		return position{}
	}
	return o.at
}

// item returns the message of deliveries to one webhook.
func (p *Publisher) item(list []*outgoing) *item {
	m := &item{holds: list}
	first := list[0]
	switch {
	case len(list) > 1:
		m.Msg = packed(list)
	default:
		id := first.at.Event + " " + first.at.Webhook
		m.Msg = &nats.Msg{Data: first.data, Header: nats.Header{idHeader: {id}}}
		if first.data == nil {
			m.Header.Set(referenceHeader, id)
		}
	}
	m.Subject = p.bus.cfg.subject(first.partition)
	return m
}

// behind returns what is to be told behind the first n items of a group, which are stored: of the
// others.
func (g *group) behind(n int) *progress {
	far := *g.far
	far.Stored += n - 1 // the first item is no pack
	return &far
}

// progressMessage returns the message that tells how far the stream has come.
func (p *Publisher) progressMessage(far *progress) *nats.Msg {
	said := *far
	said.Writer = p.writer
	data, err := json.Marshal(&said)
	if err != nil {
		panic(err) // there is nothing in it that could fail
	}
	return &nats.Msg{
		Subject: p.bus.cfg.positionSubject(), Data: data, Header: nats.Header{
			nats.MsgRollup: {sameSubj}, idHeader: {p.ownID()},
		},
	}
}
