package cdc

import (
	"bytes"
	"slices"
	"testing"
)

// Rows that are in one arena do not get into each other, and one that takes the place of another
// has nothing of it.
func TestArena(t *testing.T) {
	d := newDecoder(Config{}, newLedger(Position{}, 0), Position{})
	for _, m := range [][]byte{messageRelation(7, "people", "id", "name"), messageBegin(5, 1)} {
		if _, err := d.decode(nil, m); err != nil {
			t.Fatal(err)
		}
	}
	long := string(bytes.Repeat([]byte("x"), 3*minText))
	for round, rows := range [][][]any{
		{{"1", "Ana"}, {"2", long}, {"3", ""}},
		{{nil, nil}, {nil, "~"}, {"a", nil}, {"b", "Bo"}},
		{{"", ""}, {long, long}, {nil, "end"}},
	} {
		var items []item
		for _, row := range rows {
			var err error
			if items, err = d.decode(items, messageRow('I', 7, byte('N'), row)); err != nil {
				t.Fatal(err)
			}
		}
		for i, row := range rows {
			for c, want := range row {
				got := items[i].change.New[c]
				text, _ := want.(string)
				unchanged := text == "~"
				if unchanged {
					text = ""
				}
				if got.IsNull() != (want == nil) || got.IsUnchanged() != unchanged || got.String() != text {
					t.Errorf("round %d, row %d, column %d: %.20q, null %t, unchanged %t; want %.20v", round, i, c,
						got, got.IsNull(), got.IsUnchanged(), want)
				}
			}
			if tuple := items[i].change.New; cap(tuple) != len(tuple) ||
				cap(tuple[0].Bytes()) != len(tuple[0].Bytes()) {
				t.Errorf("round %d, row %d: appending to it would overwrite what follows", round, i)
			}
		}
		d.arena.empty()
	}
}

// What was made for large rows does not stay.
func TestArenaGivesBack(t *testing.T) {
	var a arena
	a.keep(make([]byte, 100))
	a.tuple(3)
	a.empty()
	if cap(a.text) != minText || cap(a.values) != minValues {
		t.Errorf("room for %d bytes and %d values, want %d and %d", cap(a.text), cap(a.values), minText,
			minValues)
	}
	a.keep(make([]byte, maxText+1))
	a.empty()
	if cap(a.text) != 0 || cap(a.values) != 0 {
		t.Errorf("room for %d bytes and %d values, want none", cap(a.text), cap(a.values))
	}
}

func TestClone(t *testing.T) {
	text := []byte("Ana")
	c := Change{
		Kind: Update,
		Old:  Tuple{Text(text), {}, Unchanged(), Text(nil)},
		New:  Tuple{Text(text)},
	}
	kept := c.Clone()
	copy(text, "Bob")
	c.New[0] = Value{}
	if kept.Old[0].String() != "Ana" || kept.New[0].String() != "Ana" || !kept.Old[1].IsNull() ||
		!kept.Old[2].IsUnchanged() ||
		kept.Old[3].IsNull() {
		t.Errorf("%+v", kept)
	}
	if none := (Change{}).Clone(); none.Old != nil || none.New != nil {
		t.Errorf("the rows of a change without any: %v, %v", none.Old, none.New)
	}
	if !slices.Equal(kept.New[0].Bytes(), []byte("Ana")) {
		t.Errorf("%s", kept.New[0])
	}
}
