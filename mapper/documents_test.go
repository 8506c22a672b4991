package mapper

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
)

// oneDocument is a catalog of a table whose rows are all of one document: id, document, locale,
// published, value.
type oneDocument struct{ oneTable }

func (oneDocument) Describe(_ context.Context, rel *cdc.Relation) (*Description, error) {
	o := &Description{
		Object: "article", Hash: 1, Key: []int{0}, Apart: []int{1, 2}, Exact: true, DeletedAt: -1,
		Drafts: true, Published: 3,
	}
	for _, i := range []int{0, 1, 2, 4} {
		name := rel.Columns[i].Name
		f := textField(name, i)
		f.Silent = i == 0
		o.Fields = append(o.Fields, f)
	}
	return o, nil
}

var editions = &cdc.Relation{
	OID: 8, Schema: "public", Name: "articles", Identity: 'f',
	Columns: []cdc.Column{
		{Name: "id"},
		{Name: "document_id"},
		{Name: "locale"},
		{Name: "published_at"},
		{Name: "value"},
	},
}

// editing makes a transaction of a text: I1dx inserts row 1, a draft with the value x; U1dxy makes
// x y; D2px deletes row 2, which is published; P1dx publishes the draft where it is.
func editing(words string) (changes []cdc.Change) {
	text := func(s string) cdc.Value { return cdc.Text([]byte(s)) }
	tx := &cdc.Tx{Commit: 100, XID: 100}
	for i, w := range strings.Fields(words) {
		row := func(state byte, value string) cdc.Tuple {
			published := cdc.Value{}
			if state == 'p' {
				published = text("now")
			}
			return cdc.Tuple{text(w[1:2]), text("doc"), {}, published, text(value)}
		}
		c := cdc.Change{Relation: editions, Tx: tx, Index: uint32(i)}
		value, last := w[3:4], w[len(w)-1:]
		switch w[0] {
		case 'I':
			c.Kind, c.New = cdc.Insert, row(w[2], value)
		case 'U':
			c.Kind, c.Old, c.New = cdc.Update, row(w[2], value), row(w[2], last)
		case 'P':
			c.Kind, c.Old, c.New = cdc.Update, row('d', value), row('p', value)
		case 'D':
			c.Kind, c.Old = cdc.Delete, row(w[2], value)
		}
		changes = append(changes, c)
	}
	return append(changes, cdc.Change{Kind: cdc.End, Tx: tx, Index: uint32(len(changes))})
}

func TestDocuments(t *testing.T) {
	for _, test := range []struct{ name, changes, want string }{
		{"a draft is created", "I1dx", "created 1x #0"},
		{"and edited", "I1dx U1dxy", "created 1y #1"},
		{"a draft is edited", "U1dxy", "updated 1y value #0"},
		{"and edited back", "U1dxy U1dyx", ""},
		{"saved as it is", "U1dxx", ""},
		{"published", "U1dxx I2px", "published 2x #1"},
		{"published again", "U1dyy D2px I3py", "published 3y value #2"},
		{"the new one comes first", "I3py D2px", "published 3y value #0"},
		{"edited and published", "U1dxy D2px I3py", "published 3y value #2"},
		{"published as it was", "D2px I3px", "published 3x #1"},
		{"published where it is", "P1dx", "published 1x #0"},
		{"what is published is edited where it is", "U2pxy", "published 2y value #0"},
		{"or touched", "U2pxx", ""},
		{"unpublished", "D2px", "unpublished 2x #0"},
		{"edited and unpublished", "U1dxy D2px", "unpublished 2x #1"},
		{"created and published", "I1dx I2px", "created 1x #0; published 2x #1"},
		{"discarded", "D1dy I3dx", "updated 3x value #1"},
		{"deleted, the draft first", "D1dx D2px", "deleted 1x #0"},
		{"deleted, the draft last", "D2px D1dx", "deleted 1x #1"},
		{"a draft alone is deleted", "D1dx", "deleted 1x #0"},
		{"edited and deleted", "U1dxy D1dy D2px", "deleted 1x #1"},
		{"born and dead", "I1dx D1dx", ""},
		{"published and unpublished", "I2px D2px", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			changes := editing(test.changes)
			m := New(oneDocument{}, nil, "0badcafe", FormatEvent, discard)
			for settled := range changes { // that many come again to another process
				if settled%2 == 0 {
					m = New(oneDocument{}, nil, "0badcafe", FormatEvent, discard)
				}
				var got []string
				for i, c := range changes {
					c.Repeated = i < settled
					for _, e := range eventsOf(t, m, c) {
						got = append(got, told(e))
					}
				}
				if all := strings.Join(got, "; "); all != test.want {
					t.Errorf("from change %d: got %q, want %q", settled, all, test.want)
				}
			}
		})
	}
}

// TestDocumentTakesAnotherIdentity has the row of one document become that of another: two events
// with ids of their own, each with the key of its document, whatever rows that is in.
func TestDocumentTakesAnotherIdentity(t *testing.T) {
	for _, test := range []struct{ changes, want string }{
		{"U1dxx", "#0 deleted doc; #0_1 created other"},
		{"U1dxy D2px", "#0 deleted doc; #0_1 created other"},
		{"P1dx", "#0 deleted doc; #0_1 published other"},
	} {
		changes := editing(test.changes)
		changes[0].New[1] = cdc.Text([]byte("other"))
		m := New(oneDocument{}, nil, "0badcafe", FormatEvent, discard)
		var got []string
		for _, c := range changes {
			for _, e := range eventsOf(t, m, c) {
				var body struct {
					Key map[string]string
				}
				if err := json.Unmarshal(e.Body(FormatEvent, Addressee{}), &body); err != nil ||
					len(body.Key) != 2 {
					t.Fatalf("%s: %v", e.Body(FormatEvent, Addressee{}), err)
				}
				_, id, _ := strings.Cut(e.ID, fmt.Sprintf("_%016x_", 100))
				got = append(got, "#"+id+" "+e.Action.String()+" "+body.Key["document_id"])
			}
		}
		slices.Sort(got)
		if all := strings.Join(got, "; "); all != test.want {
			t.Errorf("%s: got %s, want %s", test.changes, all, test.want)
		}
	}
}

// What is beyond the bound is told before the end, the oldest document first, and once.
func TestDocumentsAreBounded(t *testing.T) {
	const documents, row = 100, 1000
	var changes []cdc.Change
	for i := range documents {
		for _, c := range editing("U1dxy D2px I3py")[:3] {
			for _, tuple := range []cdc.Tuple{c.Old, c.New} {
				if tuple != nil {
					tuple[1] = cdc.Text(fmt.Appendf(nil, "%*d", row, i))
				}
			}
			c.Tx, c.Index = &cdc.Tx{Commit: 100, XID: 100}, uint32(len(changes))
			changes = append(changes, c)
		}
	}
	changes = append(changes, cdc.Change{
		Kind: cdc.End, Tx: changes[0].Tx,
		Index: uint32(len(changes)),
	})
	of := func(told int) (list []string, before int) {
		m := New(oneDocument{}, nil, "0badcafe", FormatEvent, discard)
		m.documents.most = 20 * row
		for i, c := range changes {
			c.Repeated = i < told
			for _, e := range eventsOf(t, m, c) {
				list = append(list, e.ID)
				if c.Kind != cdc.End {
					before++
				}
			}
			if h := m.documents; h.bytes > h.most || len(h.held) != len(h.queue) {
				t.Fatalf("%d bytes of %d documents, %d in line", h.bytes, len(h.held), len(h.queue))
			}
		}
		if h := m.documents; h.bytes != 0 || len(h.held)+len(h.queue)+len(h.due) != 0 {
			t.Fatalf("%d bytes are left", h.bytes)
		}
		return list, before
	}
	whole, before := of(0)
	if len(whole) < documents || before == 0 {
		t.Fatalf("%d events, %d of them before the end", len(whole), before)
	}
	for told := range changes {
		if rest, _ := of(told); len(rest) > len(whole) ||
			!slices.Equal(rest, whole[len(whole)-len(rest):]) {
			t.Fatalf("from change %d: %d events, which are not the last of %d", told, len(rest), len(whole))
		}
	}
}

// lettersAndDocuments is a catalog of both.
type lettersAndDocuments struct{ oneTable }

func (c lettersAndDocuments) Describe(
	ctx context.Context, rel *cdc.Relation,
) (*Description, error) {
	if rel == editions {
		return oneDocument{}.Describe(ctx, rel)
	}
	return c.oneTable.Describe(ctx, rel)
}

// TestDocumentsBesideRecords edits a document and other records in one transaction: each is told of
// as it is in the end. Who takes over in its midst tells all of that.
func TestDocumentsBesideRecords(t *testing.T) {
	records := script(100, letters, "u1ab I2x u1bc u2xy D3a")
	documents := editing("I1dx U1dxy I2px D2px I3pz U1dyz")
	var changes []cdc.Change
	for i := range max(len(records), len(documents)) {
		for _, list := range [][]cdc.Change{records, documents} {
			if i < len(list) && list[i].Kind != cdc.End {
				changes = append(changes, list[i])
			}
		}
	}
	changes = append(changes, cdc.Change{Kind: cdc.End})
	tx := &cdc.Tx{Commit: 100, XID: 100}
	for i := range changes {
		changes[i].Tx, changes[i].Index = tx, uint32(i)
	}
	want := []string{
		"created 1z #10", "published 3z #9", "updated 1c value #4", "created 2y #6", "deleted 3a #8",
	}
	for at := range changes {
		m := hearing(lettersAndDocuments{}, Audience{Commits: true}, mostHeld)
		var got []string
		for i, c := range changes {
			c := c.Clone()
			c.Repeated = i < at
			for _, e := range eventsOf(t, m, c) {
				got = append(got, told(e))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("taken over at %d: got  %q\nwant %q", at, got, want)
		}
	}
}
