package cdc

import "testing"

// How much is looked at goes by what batches hold: a slow server sends many that are nearly empty.
func TestAheadIsFull(t *testing.T) {
	for _, test := range []struct{ batches, items, bytes int }{
		{lookaheadBatches, batchItems, 1},
		{lookaheadBatches * batchItems, 1, 1},
		{lookaheadBatches, 1, batchBytes},
	} {
		a := &lookahead{}
		for i := range test.batches {
			if a.full() {
				t.Errorf("%+v: full after %d batches", test, i)
				break
			}
			a.add(&batch{items: make([]item, test.items), bytes: test.bytes}, true)
		}
		if !a.full() {
			t.Errorf("%+v: not full after all", test)
		}
		if a.next(); a.full() {
			t.Errorf("%+v: full though one was taken", test)
		}
	}
}
