package settled

import (
	"math/rand/v2"
	"testing"
)

// Entries is how many entries the file has.
const Entries = entries

// A process may be killed in the middle of an entry that takes the place of an older one. Whatever
// is there of either, it reads as one of the two, or as nothing.
func TestTornEntry(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func() Delivery {
		return Delivery{
			Commit: 0, Time: random.Int64(), Index: random.Uint32N(4), Turn: random.Uint32N(4),
			Webhook: random.Uint64N(3),
		}
	}
	for range 200 {
		before, after := some(), some()
		var old, now [entrySize]byte
		encode(&old, before)
		encode(&now, after)
		if before.Time == 0 {
			old = [entrySize]byte{} // a place that was never used
		}
		check := func(torn [entrySize]byte) {
			t.Helper()
			if d, whole := decode(&torn); whole && d != before && d != after {
				t.Fatalf("of %+v and %+v became %+v", before, after, d)
			}
		}
		for cut := range entrySize + 1 {
			fromFront, fromEnd := old, now
			copy(fromFront[:cut], now[:cut])
			copy(fromEnd[:cut], old[:cut])
			check(fromFront)
			check(fromEnd)
		}
		for range 500 { // in any order of words, too
			torn := old
			for word := 0; word < entrySize; word += 4 {
				if random.IntN(2) == 0 {
					copy(torn[word:word+4], now[word:word+4])
				}
			}
			check(torn)
		}
	}
	var none [entrySize]byte
	if d, whole := decode(&none); whole {
		t.Errorf("a place that was never used has %+v", d)
	}
}
