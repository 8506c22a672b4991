package mapper

import (
	"fmt"
	"strings"
	"testing"

	"hookline/cdc"
)

// TestRoomOfRows is no less than a row needs, and little more; all rows of a class have the same.
func TestRoomOfRows(t *testing.T) {
	for n := range mostSpent + 1 {
		room, class := rowClass(n)
		if room < n || room > max(leastRow, n+n/8) || class < 0 || class >= rowClasses {
			t.Fatalf("a row of %d bytes has room for %d, in class %d", n, room, class)
		}
		if again, same := rowClass(room); again != room || same != class {
			t.Fatalf("one of %d bytes for %d, in class %d; one of %d in class %d", n, room, class, room,
				same)
		}
	}
}

// TestMemoryGoesRound maps transactions of a thousand rows: all but the first take up what the one
// before has left, and no more is kept than may be held.
func TestMemoryGoesRound(t *testing.T) {
	const rows = 1000
	m := hearing(oneTable{}, Audience{Commits: true}, mostOfCommit)
	commit, told := cdc.LSN(0), 0
	var changes []cdc.Change
	for i := range rows {
		row := cdc.Tuple{cdc.Text(fmt.Append(nil, i)), cdc.Text([]byte(strings.Repeat("x", 1000)))}
		changes = append(changes, cdc.Change{
			Kind: cdc.Insert, New: row, Relation: letters,
			Index: uint32(i),
		})
	}
	changes = append(changes, cdc.Change{Kind: cdc.End, Index: rows})
	transaction := func() {
		commit++
		tx := &cdc.Tx{Commit: commit}
		for _, c := range changes {
			c.Tx = tx
			draft, err := m.Map(t.Context(), c)
			for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
				told++
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	transaction()
	if allocated := testing.AllocsPerRun(5, transaction); allocated > rows/10 {
		t.Errorf("a transaction of %d rows has allocated %.0f blocks", rows, allocated)
	}
	if told != 7*rows || m.commits.bytes != 0 || m.commits.spent.bytes > mostOfCommit {
		t.Errorf("%d events, %d bytes are held, %d are free", told, m.commits.bytes,
			m.commits.spent.bytes)
	}
}
