package mapper

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"

	"hookline/cdc"
)

// deals is a catalog of a table with all that decides what is told of a row: a secret by row, a
// limit, a column that a migration makes anew, a soft delete.
type deals struct{ migrated bool }

func (deals) Generation() uint64                     { return 1 }
func (deals) Refresh(context.Context, *cdc.Tx) error { return nil }
func (c deals) Describe(_ context.Context, rel *cdc.Relation) (*Description, error) {
	o := &Description{
		Object: "deal", Hash: 1, Key: []int{0}, Exact: true, DeletedAt: 5,
		Secret: func(row cdc.Tuple) bool { return row[1].String() == "secret" },
	}
	for i, column := range rel.Columns {
		o.Fields = append(o.Fields, textField(column.Name, i))
	}
	o.Fields[2].MaybeSecret = true
	o.Fields[3].Limit = 4
	o.Fields[4].Also = "ownerId"
	if c.migrated {
		o.Fields[4].Before = [][2]int{{4, 6}}
	}
	o.Fields = o.Fields[:6]
	return o, nil
}

var dealTable = func() *cdc.Relation {
	rel := &cdc.Relation{OID: 9, Schema: "public", Name: "deals", Identity: 'f'}
	for _, name := range []string{"id", "kind", "value", "note", "owner", "deletedAt", "old"} {
		rel.Columns = append(rel.Columns, cdc.Column{Name: name, Type: pgtextOID, Identity: true})
	}
	return rel
}()

const pgtextOID = 25

// dealRow makes a row of texts: - is null, ~ unchanged.
func dealRow(texts ...string) cdc.Tuple {
	row := make(cdc.Tuple, len(dealTable.Columns))
	for i, s := range texts {
		switch s {
		case "-":
		case "~":
			row[i] = cdc.Unchanged()
		default:
			row[i] = cdc.Text([]byte(s))
		}
	}
	return row
}

func viewOf(previous Previous, lists ...[]string) *View {
	lists = append(lists, nil, nil)
	return NewView(previous, lists[0], lists[1])
}

// shown returns an event as a view shows it, without what all have, and checks that it is the same
// in all forms, and after it was stored. It is nil where there is none.
func shown(t *testing.T, e *Event) map[string]any {
	t.Helper()
	if e == nil {
		return nil
	}
	body := e.Body(FormatEvent, Addressee{})
	if i := bytes.Index(e.body, []byte(`,"previous":{`)); i >= 0 &&
		&e.body[i+len(`,"previous":`)] != &e.before[0] {
		t.Error("the row before takes memory twice")
	}
	for _, format := range []Format{FormatTwenty, FormatStandard} {
		p := e.Parts()
		p.Format = format
		if got := NewEvent(p).Body(FormatEvent, Addressee{}); string(got) != string(body) {
			t.Errorf("stored as %s it is\n%s\nand was\n%s", format, got, body)
		}
		var other map[string]any
		if err := json.Unmarshal(e.Body(format, Addressee{}), &other); err != nil {
			t.Fatal(err)
		}
		if _, has := other["previous"]; has == (format == FormatTwenty) && e.before != nil {
			t.Errorf("%s: %v", format, other)
		}
	}
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"event", "timestamp", "id"} {
		delete(all, name)
	}
	return all
}

const migrated = "what a migration has moved to another column"

func TestViews(t *testing.T) {
	changed, all := viewOf(PreviousChanged), viewOf(PreviousAll)
	update := func(old, row cdc.Tuple) []cdc.Change {
		return []cdc.Change{{Kind: cdc.Update, Old: old, New: row}}
	}
	was := dealRow("1", "a", "v", "n", "o", "-", "-")
	const data = `"data":{"deletedAt":null,"id":"1","kind":"b","note":"n","owner":"o","value":"v"},`
	for _, test := range []struct {
		name    string
		changes []cdc.Change
		view    *View
		want    string // what is shown; "" for no event
	}{
		{
			"the key alone, and the names of all that has changed",
			update(was, dealRow("1", "b", "w", "n", "o", "-", "-")), NewThinView(nil),
			`{"data":{"id":"1"},"key":{"id":"1"},"updatedFields":["kind","value"]}`,
		},
		{
			"likewise masked, and of a record that is new",
			[]cdc.Change{{Kind: cdc.Insert, New: was}},
			NewThinView([]string{"id", "kind"}),
			`{"data":{"id":"***"},"key":{"id":"***"}}`,
		},
		{
			"what has changed, as it was", update(was, dealRow("1", "b", "v", "n", "o", "-", "-")), changed,
			`{` + data + `"key":{"id":"1"},"previous":{"kind":"a"},"updatedFields":["kind"]}`,
		},
		{
			"all of it", update(was, dealRow("1", "b", "v", "n", "o", "-", "-")), all,
			`{` + data + `"key":{"id":"1"},"previous":{"deletedAt":null,"id":"1","kind":"a","note":"n",` +
				`"owner":"o","value":"v"},"updatedFields":["kind"]}`,
		},
		{
			"a null is told where it was one",
			update(dealRow("1", "-", "v", "n", "o", "-"), dealRow("1", "b", "v", "n", "o", "-")), changed,
			`{` + data + `"key":{"id":"1"},"previous":{"kind":null},"updatedFields":["kind"]}`,
		},
		{
			"not what is not known",
			update(dealRow("1", "a", "v", "~", "o", "-"), dealRow("1", "b", "v", "n", "o", "-")), all,
			`{` + data + `"key":{"id":"1"},"previous":{"deletedAt":null,"id":"1","kind":"a","owner":"o",` +
				`"value":"v"},"updatedFields":["kind","note"]}`,
		},
		{
			"nothing where nothing is known", update(nil, dealRow("1", "b", "v", "n", "o", "-")), all,
			`{` + data + `"key":{"id":"1"}}`,
		},
		{
			"nor where the key alone is",
			[]cdc.Change{{
				Kind: cdc.Update, OldIsKey: true, Old: dealRow("0", "~", "~", "~", "~", "~", "~"),
				New: dealRow("1", "b", "v", "n", "o", "-"),
			}},
			all,
			`{` + data + `"key":{"id":"1"},"previousKey":{"id":"0"}}`,
		},
		{
			"what was secret, and is no more",
			update(dealRow("1", "secret", "v", "n", "o", "-"), dealRow("1", "b", "v", "n", "o", "-")), all,
			`{"data":{"deletedAt":null,"id":"1","kind":"b","note":"n","owner":"o"},"key":{"id":"1"},` +
				`"previous":{"deletedAt":null,"id":"1","kind":"secret","note":"n","owner":"o"},` +
				`"updatedFields":["kind"]}`,
		},
		{
			"what is secret by now",
			update(dealRow("1", "b", "v", "n", "o", "-"), dealRow("1", "secret", "w", "n", "o", "-")), all,
			`{"data":{"deletedAt":null,"id":"1","kind":"secret","note":"n","owner":"o"},` +
				`"key":{"id":"1"},"previous":{"deletedAt":null,"id":"1","kind":"b","note":"n","owner":"o"},` +
				`"updatedFields":["kind"]}`,
		},
		{
			"what is too large",
			update(dealRow("1", "b", "v", "12345", "o", "-"), dealRow("1", "b", "v", "n", "o", "-")), changed,
			`{` + data + `"key":{"id":"1"},"previous":{},"updatedFields":["note"]}`,
		},
		{
			migrated,
			update(dealRow("1", "b", "v", "n", "-", "-", "p"), dealRow("1", "c", "v", "n", "q", "-", "p")),
			viewOf(PreviousChanged, []string{"owner"}),
			`{"data":{"id":"1","owner":"q"},"key":{"id":"1"},"previous":{"owner":"p"},` +
				`"updatedFields":["ownerId","owner"]}`,
		},
		{
			"a soft delete", update(was, dealRow("1", "a", "v", "n", "o", "t")), changed,
			`{"data":{"deletedAt":"t","id":"1","kind":"a","note":"n","owner":"o","value":"v"},` +
				`"key":{"id":"1"},"previous":{"deletedAt":null},"updatedFields":["deletedAt"]}`,
		},
		{
			"a creation has none",
			[]cdc.Change{{Kind: cdc.Insert, New: dealRow("1", "b", "v", "n", "o", "-")}},
			all,
			`{` + data + `"key":{"id":"1"}}`,
		},
		{
			"a deletion is what was",
			[]cdc.Change{{
				Kind: cdc.Delete, Old: dealRow("1", "b", "v", "n", "o", "-"),
			}},
			all,
			`{` + data + `"key":{"id":"1"}}`,
		},
		{
			"several changes of a commit",
			[]cdc.Change{
				{Kind: cdc.Update, Old: was, New: dealRow("1", "x", "v", "n", "o", "-")},
				{
					Kind: cdc.Update, Old: dealRow("1", "x", "v", "n", "o", "-"),
					New: dealRow("1", "b", "v", "n", "o", "-"),
				},
			},
			changed,
			`{` + data + `"key":{"id":"1"},"previous":{"kind":"a"},"updatedFields":["kind"]}`,
		},
		{
			"some fields, the key among them",
			update(was, dealRow("1", "b", "w", "n", "o", "-")), viewOf(PreviousAll, []string{"kind", "x"}),
			`{"data":{"id":"1","kind":"b"},"key":{"id":"1"},"previous":{"id":"1","kind":"a"},` +
				`"updatedFields":["kind"]}`,
		},
		{
			"the key alone",
			[]cdc.Change{{Kind: cdc.Insert, New: slices.Clone(was)}},
			viewOf(PreviousNone, []string{}),
			`{"data":{"id":"1"},"key":{"id":"1"}}`,
		},
		{
			"nothing of what has changed",
			update(was, dealRow("1", "b", "v", "n", "o", "-")), viewOf(PreviousNone, []string{"value"}), "",
		},
		{
			"nothing but the key",
			update(dealRow("0", "a", "v", "n", "o", "-"), dealRow("1", "b", "v", "n", "o", "-")),
			viewOf(PreviousNone, []string{"value"}),
			`{"data":{"id":"1","value":"v"},"key":{"id":"1"},"previousKey":{"id":"0"},` +
				`"updatedFields":["id"]}`,
		},
		{
			"masked",
			update(was, dealRow("1", "b", "-", "n", "o", "-")),
			viewOf(PreviousChanged, nil, []string{"value", "note", "kind"}),
			`{"data":{"deletedAt":null,"id":"1","kind":"***","note":"***","owner":"o","value":"***"},` +
				`"key":{"id":"1"},"previous":{"kind":"***","value":"***"},"updatedFields":["kind","value"]}`,
		},
		{
			"a masked key",
			update(dealRow("0", "a", "v", "n", "o", "-"), dealRow("1", "a", "v", "n", "o", "-")),
			viewOf(PreviousChanged, []string{"kind"}, []string{"id"}),
			`{"data":{"id":"***","kind":"a"},"key":{"id":"***"},"previous":{"id":"***"},` +
				`"previousKey":{"id":"***"},"updatedFields":["id"]}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, format := range []Format{FormatEvent, FormatStandard, FormatTwenty} {
				m := New(deals{test.name == migrated}, nil, "0badcafe", format, discard)
				m.Serve(Audience{Commits: true})
				tx := &cdc.Tx{Commit: 1, XID: 1}
				var got []string
				for i, c := range append(slices.Clone(test.changes), cdc.Change{Kind: cdc.End}) {
					c.Relation, c.Tx, c.Index = dealTable, tx, uint32(i)
					c.Old, c.New = slices.Clone(c.Old), slices.Clone(c.New)
					draft, err := m.Map(t.Context(), c)
					for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
						if draft.Telling&ToSplit != 0 {
							continue
						}
						plain := draft.EventFor(nil)
						e := draft.EventFor(test.view)
						again := *test.view
						if draft.EventFor(&again) != e || draft.EventFor(nil) != plain {
							t.Error("webhooks of one view do not share the event")
						}
						if plain.before != nil || !slices.Equal(plain.updated, draft.updated) {
							t.Error("a view has changed what others get")
						}
						if e == nil {
							continue
						}
						text, err := json.Marshal(shown(t, e))
						if err != nil {
							t.Fatal(err)
						}
						got = append(got, string(text))
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				if test.want == "" && len(got) == 0 {
					continue
				}
				if len(got) != 1 || got[0] != test.want {
					t.Errorf("%s: got\n%s\nwant\n%s", format, got, test.want)
				}
			}
		})
	}
}

// Of records that not everybody may read, the row before may be of a time when nobody was told.
func TestViewOfJudgedRecords(t *testing.T) {
	m := New(deals{}, nil, "0badcafe", FormatEvent, discard)
	d, err := m.Map(t.Context(), cdc.Change{
		Kind: cdc.Update, Relation: dealTable, Tx: &cdc.Tx{Commit: 1, XID: 1}, Sole: true,
		Old: dealRow("1", "a", "v", "n", "o", "-"), New: dealRow("1", "b", "v", "n", "o", "-"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if e := d.EventFor(viewOf(PreviousAll)); e.before == nil || !d.IsBeforeKnown() {
		t.Fatal("nothing of the row before")
	}
	d.object.judge, d.views = everybody{}, nil
	if e := d.EventFor(viewOf(PreviousAll)); e.before != nil || d.IsBeforeKnown() {
		t.Errorf("told: %s", e.before)
	}
}

type everybody struct{}

func (everybody) Born(context.Context, cdc.Change) error             { return nil }
func (everybody) Verdict(context.Context, Question) (Verdict, error) { return Visible, nil }

func TestParsePrevious(t *testing.T) {
	for _, p := range []Previous{PreviousChanged, PreviousAll} {
		if got, ok := ParsePrevious(p.String()); !ok || got != p {
			t.Errorf("%s: %v, %v", p, got, ok)
		}
	}
	for _, text := range []string{"", "none", "Changed"} {
		if _, ok := ParsePrevious(text); ok {
			t.Errorf("%q is taken", text)
		}
	}
}
