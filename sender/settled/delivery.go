// Package settled tells deliveries that were settled by a process before this one from those that
// are to be made: the stream may bring both. It keeps a record of accepted ones that outlives the
// process.
package settled

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"hookline/cdc"
	"hookline/mapper"
)

// Delivery tells one delivery of a database from all others: its webhook, and the event by what its
// ID is made of. The time of the commit tells two deliveries apart that were at the same place,
// where the database was set back to a copy of its disk between them.
type Delivery struct {
	Commit cdc.LSN
	Time   int64 // of the commit, Unix microseconds
	Index  uint32
	// the timeline's number times 4, 2 for a part, and 1 for a second event of one change
	Turn    uint32
	Webhook uint64 // see Webhook
}

// Webhook returns the number of a webhook: 64 bits of a cryptographic hash of its key.
func Webhook(key string) uint64 {
	sum := sha256.Sum256([]byte(key))
	return binary.BigEndian.Uint64(sum[:])
}

// mostTimelines bounds the number of a timeline: 3 of the 32 bits of Turn are for other things.
const mostTimelines = 1 << 29

// Of returns the delivery of an event to a webhook. ok is false for an ID that no event can have.
func Of(webhook uint64, event string, at time.Time) (d Delivery, ok bool) {
	id, ok := mapper.ParseID(event)
	if id.Timeline >= mostTimelines {
		return d, false
	}
	d = Delivery{
		Commit: id.Commit, Time: at.UnixMicro(), Index: id.Index, Turn: uint32(id.Timeline) << 2,
		Webhook: webhook,
	}
	if id.Second {
		d.Turn++
	}
	if id.Part {
		d.Turn += 2
	}
	return d, ok
}

// Timeline is the number of the timeline on which the change was committed.
func (d Delivery) Timeline() int32 { return max(1, int32(d.Turn>>2)) }

// Event returns the ID of the event in a database.
func (d Delivery) Event(database string) string {
	id := mapper.ID{
		Commit: d.Commit, Index: d.Index, Timeline: int32(d.Turn >> 2),
		Second: d.Turn&1 != 0, Part: d.Turn&2 != 0,
	}
	return id.In(database)
}

func (d Delivery) compare(other Delivery) int {
	return cmp.Or(cmp.Compare(d.Commit, other.Commit), cmp.Compare(d.Index, other.Index),
		cmp.Compare(d.Turn, other.Turn), cmp.Compare(d.Time, other.Time),
		cmp.Compare(d.Webhook, other.Webhook))
}

// Set is a set of deliveries, 32 bytes each. The zero Set is empty. Sort goes between Add and Has.
type Set struct {
	list []Delivery
}

// Add puts a delivery into the set.
func (s *Set) Add(d Delivery) { s.list = append(s.list, d) }

// Sort makes the set ready for Has, which any number of goroutines may call from then on.
func (s *Set) Sort() {
	slices.SortFunc(s.list, Delivery.compare)
	s.list = slices.Compact(s.list)
}

// Has reports whether a delivery is in the set.
func (s *Set) Has(d Delivery) bool {
	_, found := slices.BinarySearchFunc(s.list, d, Delivery.compare)
	return found
}

// Len is how many deliveries there are.
func (s *Set) Len() int { return len(s.list) }

// Last is a position behind which no commit is that one of them is of.
func (s *Set) Last() cdc.LSN {
	if len(s.list) == 0 {
		return 0
	}
	return s.list[len(s.list)-1].Commit
}
