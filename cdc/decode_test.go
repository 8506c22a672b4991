package cdc

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pglogrepl"
	"github.com/prometheus/client_golang/prometheus"
)

// Builders of pgoutput messages, as the server writes them.

func messageBegin(commit LSN, xid uint32) []byte {
	b := binary.BigEndian.AppendUint64([]byte{'B'}, uint64(commit))
	b = binary.BigEndian.AppendUint64(b, 812_345_678_901_234)
	return binary.BigEndian.AppendUint32(b, xid)
}

func messageCommit(commit, end LSN) []byte {
	b := []byte{'C', 0}
	b = binary.BigEndian.AppendUint64(b, uint64(commit))
	b = binary.BigEndian.AppendUint64(b, uint64(end))
	return binary.BigEndian.AppendUint64(b, 812_345_678_901_234)
}

func messageRelation(oid uint32, name string, columns ...string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{'R'}, oid)
	b = append(b, "public\x00"+name+"\x00f"...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(columns)))
	for _, column := range columns {
		b = append(b, 1)
		b = append(b, column+"\x00"...)
		b = binary.BigEndian.AppendUint32(b, 25)
		b = binary.BigEndian.AppendUint32(b, 0xffffffff)
	}
	return b
}

// messageRow builds an Insert, Update or Delete; parts alternate a tuple's letter and its values:
// nil is null, "~" unchanged.
func messageRow(kind byte, oid uint32, parts ...any) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind}, oid)
	for i := 0; i < len(parts); i += 2 {
		b = append(b, parts[i].(byte))
		values := parts[i+1].([]any)
		b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
		for _, value := range values {
			switch value {
			case nil:
				b = append(b, 'n')
			case "~":
				b = append(b, 'u')
			default:
				b = binary.BigEndian.AppendUint32(append(b, 't'), uint32(len(value.(string))))
				b = append(b, value.(string)...)
			}
		}
	}
	return b
}

func messageTruncate(oids ...uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{'T'}, uint32(len(oids)))
	b = append(b, 0)
	for _, oid := range oids {
		b = binary.BigEndian.AppendUint32(b, oid)
	}
	return b
}

// messageLogical builds a transactional logical message, and messageOrigin that of an origin.
func messageLogical(prefix, content string) []byte {
	b := binary.BigEndian.AppendUint64([]byte{'M', 1}, 77)
	b = append(b, prefix+"\x00"...)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(content))), content...)
}

func messageOrigin(name string) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{'O'}, 77), name+"\x00"...)
}

// backfilled is the configuration for which transactions that backfill new tables.
var backfilled = Config{Schema: "public", Slot: "ours"}

// messagesBackfill are those of a transaction that brings two rows of a new table, and what another
// slot takes of the same.
func messagesBackfill(random *rand.Rand) [][]byte {
	insert := func(slot string, columns, record any) []byte {
		return messageRow('I', 9, byte('N'), []any{"1", slot, "77", columns, record})
	}
	remove := messageRow('D', 9, byte('K'), []any{"1", nil, nil, nil, nil})
	const columns = `{"schema":"crm","name":"rockets","columns":[{"name":"id","type":20,"modifier":-1,"sent":true},` +
		`{"name":"twice","type":20,"modifier":-1,"sent":false},{"name":"name","type":25,"modifier":-1,"sent":true}]}`
	ours := [][]byte{
		insert("ours", columns, nil),
		insert("ours", nil, `(1,2,Ariel)`),
		insert("ours", nil, `(2,4,"")`),
	}
	theirs := [][]byte{insert("theirs", columns, nil), insert("theirs", nil, `(1,2,Ariel)`), remove}
	messages := [][]byte{messageRelation(9, "backfill", "id", "slot", "relation", "columns", "record")}
	if random.IntN(2) == 0 {
		messages = append(messages, theirs...)
	}
	return append(append(messages, ours...), remove, remove, remove)
}

// transactions returns the messages of n transactions of some changes each, in the order of the
// stream.
func transactions(n int, random *rand.Rand) (messages [][]byte, ends []LSN) {
	at := LSN(1000)
	for i := range n {
		commit := at + LSN(random.IntN(100))
		messages = append(messages, messageBegin(commit, uint32(i)))
		if random.IntN(3) == 0 {
			messages = append(messages, messageOrigin("there"))
		}
		messages = append(messages, messageRelation(7, "people", "id", "name"))
		for n := range 1 + random.IntN(4) {
			switch random.IntN(4) {
			case 0:
				messages = append(messages, messageLogical(annotationPrefix, fmt.Sprintf(`{"n": %d}`, n)))
			case 1:
				messages = append(messages, messageLogical("other", "{}"))
			}
			switch random.IntN(5) {
			case 4:
				messages = append(messages, messagesBackfill(random)...)
			case 0:
				messages = append(messages, messageRow('I', 7, byte('N'), []any{"1", "Ada"}))
			case 1:
				messages = append(messages, messageRow('U', 7, byte('O'), []any{"1", "Ada"}, byte('N'),
					[]any{"1", "~"}))
			case 2:
				messages = append(messages, messageRow('D', 7, byte('O'), []any{"1", nil}))
			case 3:
				messages = append(messages, messageTruncate(7, 7))
			}
		}
		at = commit + 1 + LSN(random.IntN(100))
		messages = append(messages, messageCommit(commit, at))
		ends = append(ends, at)
	}
	return messages, ends
}

type identity struct {
	commit, end LSN
	index       uint32
	row         string // table and new row
	said        string // origin and annotation
}

func identities(items []item) []identity {
	var list []identity
	for _, it := range items {
		if it.change.Kind == 0 {
			list = append(list, identity{end: it.end})
			continue
		}
		if it.change.Kind == End {
			list = append(list, identity{commit: it.change.Tx.Commit, index: it.change.Index, row: "end"})
			continue
		}
		said := it.change.Tx.Origin
		if a := it.change.Annotation; a != nil {
			said += string(a.JSON)
		}
		row := it.change.Relation.Schema + "." + it.change.Relation.Name
		for _, v := range it.change.New {
			row += " " + v.String()
		}
		list = append(list, identity{
			commit: it.change.Tx.Commit, index: it.change.Index, row: row, said: said,
		})
	}
	return list
}

// withoutLoneEnds leaves out the ends of transactions of one change, which have one where that was
// handed over before its commit came.
func withoutLoneEnds(list []identity) []identity {
	return slices.DeleteFunc(list, func(it identity) bool { return it.row == "end" && it.index == 1 })
}

// TestAlone tells of a change that it is the only one of its transaction where it has not been
// handed over yet; else there is an End.
func TestAlone(t *testing.T) {
	row := func(id string) []byte { return messageRow('I', 7, byte('N'), []any{id}) }
	decodeAll := func(d *decoder, cut int, messages ...[]byte) (items []item) {
		t.Helper()
		for i, m := range messages {
			var err error
			batch := items
			if i >= cut {
				batch = nil // the others were handed over
			}
			if batch, err = d.decode(batch, m); err != nil {
				t.Fatal(err)
			}
			if items = batch; i >= cut {
				break
			}
		}
		return items
	}
	relation := messageRelation(7, "t", "id")
	for _, test := range []struct {
		name     string
		messages [][]byte
		cut      int
		alone    bool
		ends     int
	}{
		{"one", [][]byte{messageBegin(50, 1), relation, row("1"), messageCommit(50, 55)}, 9, true, 0},
		{
			"two",
			[][]byte{messageBegin(50, 1), relation, row("1"), row("2"), messageCommit(50, 55)},
			9,
			false, 1,
		},
		{"none", [][]byte{messageBegin(50, 1), relation, messageCommit(50, 55)}, 9, false, 0},
		{
			"one that is gone",
			[][]byte{messageBegin(50, 1), relation, row("1"), messageCommit(50, 55)},
			3,
			false, 1,
		},
	} {
		d := newDecoder(Config{}, newLedger(Position{}, 0), Position{})
		alone, ends := false, 0
		for _, it := range decodeAll(d, test.cut, test.messages...) {
			alone = alone || it.change.Sole
			if it.change.Kind == End {
				ends++
			}
		}
		if alone != test.alone || ends != test.ends {
			t.Errorf("%s: alone is %t, and there are %d ends; want %t, %d", test.name, alone, ends,
				test.alone, test.ends)
		}
	}
}

// TestSteps takes up a stream in the midst of an End, and behind it.
func TestSteps(t *testing.T) {
	for _, test := range []struct {
		index, settled uint32
		told           bool
	}{{2, 0, false}, {5, 3, false}, {afterTransaction, afterTransaction - 2, true}} {
		at := Position{Commit: 50, Index: test.index}
		d := newDecoder(Config{}, newLedger(at, 0), at)
		d.replayUntil = at
		var items []item
		var err error
		for _, m := range [][]byte{
			messageBegin(50, 1), messageRelation(7, "t", "id"), messageRow('I', 7, byte('N'), []any{"1"}),
			messageRow('I', 7, byte('N'), []any{"2"}), messageCommit(50, 55),
		} {
			if items, err = d.decode(items, m); err != nil {
				t.Fatal(err)
			}
		}
		c := items[2].change
		if c.Kind != End || c.Settled != test.settled || c.Repeated != test.told ||
			c.Index != test.index {
			t.Errorf("at index %d: the end is %+v", test.index, c)
		}
	}
}

// TestResume breaks a stream after every message and has the server start over from any confirmed
// end before: together the decoders return each change once and in order.
func TestResume(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	messages, ends := transactions(12, random)
	ledger := newLedger(Position{}, 0)
	var whole []item
	var err error
	d := newDecoder(backfilled, ledger, Position{})
	for _, m := range messages {
		if whole, err = d.decode(whole, m); err != nil {
			t.Fatal(err)
		}
	}
	want := withoutLoneEnds(identities(whole))
	filled, said := 0, map[string]bool{}
	for _, it := range want {
		said[it.said] = true
		switch it.row {
		case "crm.rockets 1 Ariel", "crm.rockets 2 ":
			filled++
		case "public.people 1 Ada", "public.people 1 ", "public.people", "end", "":
		default:
			t.Errorf("%q is none of what was sent", it.row)
		}
	}
	if filled == 0 || filled%2 != 0 {
		t.Errorf("%d rows of new tables", filled)
	}
	if !said[""] || !said["there"] || !said[`{"n":1}`] || !said[`there{"n":0}`] {
		t.Errorf("of changes is said %v", said)
	}
	starts := append([]LSN{0}, ends...)
	for cut := range messages {
		for _, confirmed := range starts {
			first := newDecoder(backfilled, ledger, Position{})
			var items []item
			for _, m := range messages[:cut] {
				if items, err = first.decode(items, m); err != nil {
					t.Fatal(err)
				}
			}
			if confirmed > first.read.End {
				continue // nobody could have confirmed that
			}
			second := newDecoder(backfilled, ledger, first.read)
			if first.read.Commit != 0 { // the server begins with a keepalive from before what it sends again
				if items = second.keepalive(items, first.read.Commit); second.read != first.read {
					t.Fatalf("a keepalive made the decoder forget that it has read up to %+v", first.read)
				}
			}
			// the server sends whole transactions that end after confirmed
			for i := 0; i < len(messages); i++ {
				if begin := messages[i][0] == 'B'; begin &&
					LSN(binary.BigEndian.Uint64(messages[i][1:])) < confirmed {
					for messages[i][0] != 'C' {
						i++
					}
					continue
				}
				if items, err = second.decode(items, messages[i]); err != nil {
					t.Fatal(err)
				}
			}
			got := withoutLoneEnds(identities(items))
			if len(got) != len(want) {
				t.Fatalf("cut after %d messages, start at %s: %d items, want %d", cut, confirmed, len(got),
					len(want))
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("cut after %d messages, start at %s: item %d is %+v, want %+v", cut, confirmed, i,
						got[i], want[i])
				}
			}
		}
	}
}

// TestTold starts a new process at every position in the middle of a transaction: it returns what
// has yet to be settled, and before that, marked as told, the rest of that transaction.
func TestTold(t *testing.T) {
	cfg := backfilled
	messages, _ := transactions(12, rand.New(rand.NewPCG(3, 3)))
	decodeAll := func(d *decoder) (items []item) {
		t.Helper()
		var err error
		for _, m := range messages {
			if items, err = d.decode(items, m); err != nil {
				t.Fatal(err)
			}
		}
		return items
	}
	whole := decodeAll(newDecoder(cfg, newLedger(Position{}, 0), Position{}))
	told := 0
	var previous LSN // end of the transaction before
	for i, it := range whole {
		if it.change.Kind == 0 {
			previous = it.end
			continue
		}
		at := Position{End: previous, Commit: it.change.Tx.Commit, Index: it.change.Index}
		d := newDecoder(cfg, newLedger(at, 0), at)
		d.replayUntil = at
		first := i // that has to come
		for j := i - 1; j >= 0 && whole[j].change.Kind != 0; j-- {
			first = j
		}
		again := slices.Clone(whole[first:i])
		items := decodeAll(d)
		if got, want := identities(items),
			identities(append(again, whole[i:]...)); !slices.Equal(got, want) {
			t.Fatalf("from %+v: got\n%+v\nwant\n%+v", at, got, want)
		}
		for j, it := range items {
			if want := j < len(again); it.change.Repeated != want {
				t.Fatalf("from %+v: told is %t for %+v", at, it.change.Repeated, it.change)
			}
		}
		told += len(again)
	}
	if told == 0 {
		t.Error("nothing was told again")
	}
}

func TestKeepaliveInsideATransactionSaysNothing(t *testing.T) {
	d := newDecoder(Config{}, newLedger(Position{}, 0), Position{End: 10})
	items, err := d.decode(nil, messageBegin(50, 1))
	if err != nil {
		t.Fatal(err)
	}
	if items = d.keepalive(items, 60); len(items) != 0 {
		t.Errorf("a keepalive inside a transaction advanced to %+v", items)
	}
	if items, err = d.decode(items, messageCommit(50, 55)); err != nil {
		t.Fatal(err)
	}
	items = d.keepalive(items, 54)
	items = d.keepalive(items, 60)
	if got := identities(items); len(got) != 2 || got[0].end != 55 || got[1].end != 60 {
		t.Errorf("marks %+v, want ends 55 and 60", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, messages := range map[string][][]byte{
		"empty":        {{}},
		"unknown type": {{'?', 1, 2}},
		"change outside a transaction": {
			messageRelation(7, "t", "id"),
			messageRow('I', 7, byte('N'), []any{"1"}),
		},
		"unknown relation": {messageBegin(5, 1), messageRow('I', 7, byte('N'), []any{"1"})},
		"too few columns": {
			messageBegin(5, 1), messageRelation(7, "t", "id", "name"),
			messageRow('I', 7, byte('N'), []any{"1"}),
		},
		"no tuple": {
			messageBegin(5, 1), messageRelation(7, "t", "id"),
			messageRow('I', 7),
		},
		"cut short": {
			messageBegin(5, 1), messageRelation(7, "t", "id"),
			messageRow('I', 7, byte('N'), []any{"12345"})[:14],
		},
		"message cut short":      {messageBegin(5, 1), messageLogical(annotationPrefix, "{}")[:30]},
		"message too long":       {messageBegin(5, 1), append(messageLogical(annotationPrefix, "{}"), 0)},
		"message of a byte":      {{'M'}},
		"origin cut short":       {messageBegin(5, 1), messageOrigin("there")[:12]},
		"origin of a byte":       {{'O'}},
		"commit without begin":   {messageCommit(5, 6)},
		"truncate of an unknown": {messageBegin(5, 1), messageTruncate(9)},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(Config{}, newLedger(Position{}, 0), Position{})
			var err error
			for _, m := range messages {
				if _, err = d.decode(nil, m); err != nil {
					return
				}
			}
			t.Error("no error")
		})
	}
}

// FuzzDecode feeds a decoder one arbitrary message after a sound beginning. It must not panic, and
// what it accepts must say the same as pglogrepl's own decoding.
func FuzzDecode(f *testing.F) {
	seeds, _ := transactions(20, rand.New(rand.NewPCG(2, 2)))
	for _, m := range seeds {
		f.Add(m)
	}
	f.Add(messageRow('U', 7, byte('K'), []any{"1", nil}, byte('N'), []any{"2", "~"}))
	f.Fuzz(func(t *testing.T, message []byte) {
		d := newDecoder(Config{}, newLedger(Position{}, 0), Position{})
		for _, m := range [][]byte{messageRelation(7, "people", "id", "name"), messageBegin(5, 1)} {
			if _, err := d.decode(nil, m); err != nil {
				t.Fatal(err)
			}
		}
		items, err := d.decode(nil, message)
		if err != nil || len(items) == 0 {
			return
		}
		change := items[0].change
		parsed, err := parse(message)
		if err != nil {
			return // pglogrepl is stricter about some lengths
		}
		switch m := parsed.(type) {
		case *pglogrepl.InsertMessage:
			compare(t, change.New, m.Tuple)
		case *pglogrepl.UpdateMessage:
			compare(t, change.New, m.NewTuple)
			if m.OldTuple != nil {
				compare(t, change.Old, m.OldTuple)
			}
		case *pglogrepl.DeleteMessage:
			compare(t, change.Old, m.OldTuple)
		}
	})
}

func compare(t *testing.T, got Tuple, want *pglogrepl.TupleData) {
	t.Helper()
	if len(got) != len(want.Columns) {
		t.Fatalf("%d columns, pglogrepl has %d", len(got), len(want.Columns))
	}
	for i, column := range want.Columns {
		switch column.DataType {
		case pglogrepl.TupleDataTypeNull:
			if !got[i].IsNull() {
				t.Fatalf("column %d is %q, pglogrepl has null", i, got[i])
			}
		case pglogrepl.TupleDataTypeToast:
			if !got[i].IsUnchanged() {
				t.Fatalf("column %d is %q, pglogrepl has unchanged", i, got[i])
			}
		case pglogrepl.TupleDataTypeText:
			if got[i].String() != string(column.Data) {
				t.Fatalf("column %d is %q, pglogrepl has %q", i, got[i], column.Data)
			}
		}
	}
}

func FuzzParseSnapshot(f *testing.F) {
	f.Add("10:20:10,14,15")
	f.Add("10:20:")
	f.Fuzz(func(_ *testing.T, text string) {
		if s, err := parseSnapshot(text); err == nil {
			s.Covers(&Tx{XID: 12})
		}
	})
}

func TestSnapshotCovers(t *testing.T) {
	for _, test := range []struct {
		snapshot string
		xid      uint32
		want     bool
	}{
		{"10:20:10,14", 9, true},
		{"10:20:10,14", 10, false},
		{"10:20:10,14", 12, true},
		{"10:20:10,14", 14, false},
		{"10:20:10,14", 20, false},
		{"10:20:10,14", 21, false},
		{"4294967290:4294967300:4294967294", 4294967291, true}, // xmax has wrapped to 4, xip has not
		{"4294967290:4294967300:4294967294", 4294967294, false},
		{"4294967290:4294967300:4294967294", 3, true},
		{"4294967290:4294967300:4294967294", 5, false},
		{"4294967280:4294967290:", 2, false}, // the stream has wrapped since
	} {
		s, err := parseSnapshot(test.snapshot)
		if err != nil {
			t.Fatal(err)
		}
		s.taken = 100
		if got := s.Covers(&Tx{XID: test.xid, Commit: 99}); got != test.want {
			t.Errorf("%s covers %d: %t, want %t", test.snapshot, test.xid, got, test.want)
		}
		if s.Covers(&Tx{XID: test.xid, Commit: 100}) {
			t.Errorf("%s covers %d, which committed after it was taken", test.snapshot, test.xid)
		}
	}
	if (*Snapshot)(nil).Covers(&Tx{}) {
		t.Error("no snapshot covers something")
	}
}

// benchmarkRow is an update of 22 columns of text, with the whole row before.
func benchmarkRow() (relation, update []byte) {
	var columns []string
	var values []any
	for i := range 22 {
		columns = append(columns, "column_"+string(rune('a'+i)))
		values = append(values, "a value of twenty-six bytes")
	}
	return messageRelation(
		7,
		"people",
		columns...), messageRow('U', 7, byte('O'), values, byte('N'), values)
}

func BenchmarkDecode(b *testing.B) {
	relation, update := benchmarkRow()
	d := newDecoder(Config{}, newLedger(Position{}, 0), Position{})
	for _, m := range [][]byte{relation, messageBegin(5, 1)} {
		if _, err := d.decode(nil, m); err != nil {
			b.Fatal(err)
		}
	}
	items := make([]item, 0, 1)
	b.ReportAllocs()
	b.SetBytes(int64(len(update)))
	for n := 1; b.Loop(); n++ {
		if _, err := d.decode(items, update); err != nil {
			b.Fatal(err)
		}
		if n%batchItems == 0 {
			d.arena.empty()
		}
	}
}

// BenchmarkDecodeTransaction is a transaction of one such row: Begin, the row, Commit.
func BenchmarkDecodeTransaction(b *testing.B) {
	relation, update := benchmarkRow()
	d := newDecoder(Config{}, newLedger(Position{}, 0), Position{})
	for _, m := range [][]byte{messageBegin(5, 1), relation, messageCommit(5, 6)} {
		if _, err := d.decode(nil, m); err != nil {
			b.Fatal(err)
		}
	}
	items := make([]item, 0, 3)
	b.ReportAllocs()
	for n := 1; b.Loop(); n++ {
		at := LSN(10 * n)
		for _, m := range [][]byte{messageBegin(at, uint32(n)), update, messageCommit(at, at+1)} {
			if _, err := d.decode(items, m); err != nil {
				b.Fatal(err)
			}
		}
		d.arena.empty()
	}
}

// BenchmarkHandOver is the way of a change from the reader to the pump, in batches, and what the
// ledger has to do with it.
func BenchmarkHandOver(b *testing.B) {
	source, err := Open(Config{URL: "postgres://nowhere/x"}, nil, slog.New(slog.DiscardHandler),
		prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	source.ledger = newLedger(Position{}, 0)
	tx := &Tx{Commit: 5, ledger: source.ledger}
	ctx, cancel := context.WithCancel(b.Context())
	go func() {
		for ctx.Err() == nil {
			var filled *batch
			select {
			case filled = <-source.spent:
			default:
				filled = new(batch)
			}
			for i := range batchItems {
				filled.items = append(filled.items,
					item{change: Change{Kind: Insert, Tx: tx, Index: uint32(i)}})
			}
			select {
			case source.queue <- filled:
			case <-ctx.Done():
			}
		}
	}()
	b.ReportAllocs()
	n := 0
	for _, err := range source.Changes(ctx) {
		if err != nil {
			b.Fatal(err)
		}
		tx.Hold()()
		if n++; n == b.N {
			break
		}
	}
	cancel()
}

// BenchmarkDecodePglogrepl is what BenchmarkDecode is to be compared with.
func BenchmarkDecodePglogrepl(b *testing.B) {
	_, update := benchmarkRow()
	b.ReportAllocs()
	b.SetBytes(int64(len(update)))
	for b.Loop() {
		if _, err := pglogrepl.Parse(update); err != nil {
			b.Fatal(err)
		}
	}
}
