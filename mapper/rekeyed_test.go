package mapper

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hookline/cdc"
)

// deferredTable is a catalog of tables that take two rows of one key in passing.
type deferredTable struct{ oneTable }

func (d deferredTable) Describe(ctx context.Context, rel *cdc.Relation) (*Description, error) {
	o, err := d.oneTable.Describe(ctx, rel)
	o.Deferred = true
	return o, err
}

// toldTo returns the events of a transaction that webhooks hear of which take a changed key in one
// of the two ways, in short: the action, the key, the one before, and what the id ends with.
func toldTo(t *testing.T, m *Mapper, changes []cdc.Change, way Telling) (list []string) {
	t.Helper()
	for _, c := range changes {
		draft, err := m.Map(t.Context(), c)
		for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
			if draft.Telling&(ToWhole|ToSplit)&^way != 0 {
				continue
			}
			e := draft.Event()
			var body struct{ Key, PreviousKey struct{ ID string } }
			if err := json.Unmarshal(e.Body(FormatEvent, Addressee{}), &body); err != nil {
				t.Fatal(err)
			}
			s := e.Action.String() + " " + body.Key.ID
			if body.PreviousKey.ID != "" {
				s += " was " + body.PreviousKey.ID
			}
			list = append(list, s+" #"+strings.SplitN(e.ID, "_", 4)[3])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestChangedKeys(t *testing.T) {
	for _, test := range []struct {
		name, changes, whole, split string
		catalog                     Describer
	}{
		{"a key is corrected", "U12x", "updated 2 was 1 #0", "deleted 1 #0; created 2 #0_1", nil},
		{"an update leaves it", "U1x", "updated 1 #0", "updated 1 #0", nil},
		{
			"a chain", "U12x U23x", "updated 2 was 1 #0; updated 3 was 2 #1",
			"deleted 1 #0; created 2 #0_1; deleted 2 #1; created 3 #1_1", nil,
		},
		{
			"another row takes the key", "U12x I1y", "updated 2 was 1 #0; created 1 #1",
			"deleted 1 #0; created 2 #0_1; created 1 #1", nil,
		},
		{
			"two swap theirs by way of a third", "U13x U21x U32x",
			"updated 3 was 1 #0; updated 1 was 2 #1; updated 2 was 3 #2",
			"deleted 1 #0; created 3 #0_1; deleted 2 #1; created 1 #1_1; deleted 3 #2; created 2 #2_1", nil,
		},
		{
			"two swap theirs at once", "U12x U21y", "updated 2 was 1 #0; updated 1 #1",
			"deleted 1 #0; created 2 #0_1; created 1 #1_1",
			deferredTable{},
		},
		{
			"all move up", "U12x U23y U34z", "updated 2 was 1 #0; updated 3 #1; updated 4 #2",
			"deleted 1 #0; created 2 #0_1; created 3 #1_1; created 4 #2_1",
			deferredTable{},
		},
		{
			"a row goes on under its new key", "U12x u2xy u23y",
			"updated 2 was 1 #0; updated 2 #1; updated 3 was 2 #2",
			"deleted 1 #0; created 2 #0_1; updated 2 #1; deleted 2 #2; created 3 #2_1",
			deferredTable{},
		},
		{
			"the one before goes for good", "U12x D2z", "updated 2 was 1 #0",
			"deleted 1 #0; created 2 #0_1",
			deferredTable{},
		},
		{
			"so does the one after", "U12x D2x", "updated 2 was 1 #0; deleted 2 #1",
			"deleted 1 #0; created 2 #0_1; deleted 2 #1",
			deferredTable{},
		},
		{
			"a row is born in the place of another", "I1x U12y", "created 1 #0; updated 2 #1",
			"created 1 #0; created 2 #1_1",
			deferredTable{},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.catalog == nil {
				test.catalog = oneTable{}
			}
			m := New(test.catalog, nil, "0badcafe", FormatEvent, discard)
			for round := range 2 { // nothing is left for the next transaction
				changes := script(cdc.LSN(100+round), letters, test.changes)
				if got := strings.Join(toldTo(t, m, changes, ToWhole), "; "); got != test.whole {
					t.Errorf("as a whole: %s, want %s", got, test.whole)
				}
				if got := strings.Join(toldTo(t, m, changes, ToSplit), "; "); got != test.split {
					t.Errorf("split: %s, want %s", got, test.split)
				}
			}
		})
	}
}

// TestKeyOnly has the server send no more than the key of the row before, as under the default
// replica identity.
func TestKeyOnly(t *testing.T) {
	m := New(oneTable{}, nil, "0badcafe", FormatEvent, discard)
	changes := script(100, letters, "U12x")
	changes[0].OldIsKey, changes[0].Old[1] = true, cdc.Unchanged()
	if got, want := toldTo(t, m, changes, ToWhole),
		[]string{"updated 2 was 1 #0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := toldTo(t, m, changes, ToSplit),
		[]string{"deleted 1 #0", "created 2 #0_1"}; !slices.Equal(got, want) {
		t.Errorf("split: got %q, want %q", got, want)
	}
	draft, err := m.Map(t.Context(), changes[0])
	if err == nil {
		draft, err = m.Next(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(draft.Event().data), `{"id":"1"}`; got != want {
		t.Errorf("the record that is gone is %s, want %s", got, want)
	}
}

// TestKeysInBodies has events in each format, whatever they were encoded as first.
func TestKeysInBodies(t *testing.T) {
	const keys = `,"key":{"id":"2"},"previousKey":{"id":"1"}`
	for _, first := range []Format{FormatEvent, FormatTwenty, FormatStandard} {
		m := New(oneTable{}, nil, "0badcafe", first, discard)
		draft, err := m.Map(t.Context(), script(100, letters, "U12x")[0])
		if err != nil {
			t.Fatal(err)
		}
		e := draft.Event()
		if o := draft.object; e.Former != o.record(cdc.Tuple{cdc.Text([]byte("1"))}) ||
			e.Record != o.record(cdc.Tuple{cdc.Text([]byte("2"))}) {
			t.Errorf("encoded as %s: its records are not those of its keys", first)
		}
		for _, e := range []*Event{e, NewEvent(e.Parts())} {
			for f, want := range map[Format]bool{
				FormatEvent: true, FormatTwenty: false,
				FormatStandard: true,
			} {
				body := string(e.Body(f, Addressee{}))
				if !json.Valid([]byte(body)) || strings.Contains(body, keys) != want ||
					!want && strings.Contains(strings.ToLower(body), "key") {
					t.Errorf("encoded as %s, the %s body is %s", first, f, body)
				}
			}
		}
	}
}

// TestKeysThatAreSecret leaves out of the key what is left out of the record.
func TestKeysThatAreSecret(t *testing.T) {
	o := &object{key: []int{0, 1}, fields: []Field{textField("b", 1)}}
	o.identify()
	row := cdc.Tuple{cdc.Text([]byte("secret")), cdc.Text([]byte("open"))}
	if got := string(o.appendKey(nil, row)); got != `{"b":"open"}` {
		t.Errorf("the key is %s", got)
	}
	o.fields[0].MaybeSecret = true
	o.identify()
	if got := string(o.appendKey(nil, row)); got != "" {
		t.Errorf("the key is %s, want none", got)
	}
}

// tenantTable is a catalog of tables whose second column is the tenant.
type tenantTable struct{ oneTable }

func (c tenantTable) Describe(ctx context.Context, rel *cdc.Relation) (*Description, error) {
	o, err := c.oneTable.Describe(ctx, rel)
	o.Tenant = &TenantColumn{column: 1, names: map[string]string{}, log: discard}
	return o, err
}

// TestChangedKeyOfATenant tells it to that tenant, in either way; and a record that comes from
// another one under another key without the key that it had there, but behind its events.
func TestChangedKeyOfATenant(t *testing.T) {
	m := New(tenantTable{}, nil, "0badcafe", FormatEvent, discard)
	var got []string
	for _, c := range script(100, letters, "u12y U34z") {
		draft, err := m.Map(t.Context(), c)
		for ; draft != nil && err == nil; draft, err = m.Next(t.Context()) {
			e := draft.Event()
			s := draft.Workspace + ": " + e.Action.String() + " " + string(e.key) + string(e.previous)
			if e.Former != 0 {
				s += " joined"
			}
			got = append(got, s)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`y: updated {"id":"2"}{"id":"1"} joined`, `y: deleted {"id":"1"}`, `y: created {"id":"2"} joined`,
		`before: deleted {"id":"3"}`, `z: created {"id":"4"} joined`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
