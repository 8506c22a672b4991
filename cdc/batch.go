package cdc

// batch is what the reader hands over at once: items, and the memory of their rows. Batches go
// round between the reader, which fills them, and the pump.
type batch struct {
	items []item
	bytes int // of WAL
	arena
}

// empty makes a batch that the pump has done with ready to be filled again.
func (b *batch) empty() {
	b.items, b.bytes = b.items[:0], 0
	b.arena.empty()
}

// arena is memory for rows. The zero value has none, and gets it as it is needed.
type arena struct {
	text   []byte
	values Tuple
}

const (
	minText, maxText     = 4 << 10, 256 << 10 // bytes of text that room is made for at once
	minValues, maxValues = 64, 8 << 10        // and values
)

// keep returns a copy of text.
func (a *arena) keep(text []byte) []byte {
	if cap(a.text)-len(a.text) < len(text) {
		a.text = make([]byte, 0, max(len(text), minText, min(2*cap(a.text), maxText)))
	}
	start := len(a.text)
	a.text = append(a.text, text...)
	return a.text[start:len(a.text):len(a.text)]
}

// tuple returns a tuple of so many columns, with anything in them.
func (a *arena) tuple(columns int) Tuple {
	if cap(a.values)-len(a.values) < columns {
		a.values = make(Tuple, 0, max(columns, minValues, min(2*cap(a.values), maxValues)))
	}
	start := len(a.values)
	a.values = a.values[:start+columns]
	return a.values[start:len(a.values):len(a.values)]
}

// empty takes back all that was handed out. What was made for rows of unusual size is not kept.
func (a *arena) empty() {
	a.text, a.values = a.text[:0], a.values[:0]
	if cap(a.text) > maxText || cap(a.values) > maxValues {
		*a = arena{}
	}
}
