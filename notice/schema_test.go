package notice

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
)

// Changes of fields are told by themselves as long as they are few within a minute, and else summed
// up. Each has a row, is told once, and is nothing that goes on: the next process tells only what
// was not delivered.
func TestSchemaChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, out := &memory{settled: map[int64]bool{}}, &post{webhooks: []string{"operator"}}
		tracker, stop := start(t, store, out)
		change := func(n int) SchemaChange {
			return SchemaChange{
				Object: "deal", Table: fmt.Sprint("public.t", n), Removed: []string{"stage", "ü"},
				Added: []string{"phase"}, Changed: []string{"amount"}, Broken: []string{"w"},
			}
		}
		tell := func(changes ...SchemaChange) {
			rows, err := store.Note(t.Context(), tracker.Schema(changes))
			if err != nil {
				t.Fatal(err)
			}
			tracker.Told(rows)
			synctest.Wait()
		}
		tell(change(0))
		wantTold(t, "one", out.names("operator"), "schemaChanged")
		const want = `{"message":"Events of deal (table public.t0) have other fields than before; ` +
			`gone: stage, \u00fc; new: phase; of another type: amount. ` +
			`What is gone is named by filter, fields or mask of w.","since":"2000-01-01T00:00:00Z",` +
			`"object":"deal","table":"public.t0","added":["phase"],"removed":["stage","\u00fc"],` +
			`"changed":["amount"],"brokenWebhooks":["w"]}`
		if got := string(store.rows[0].Data); got != want {
			t.Errorf("told is %s\nwant    %s", got, want)
		}

		var many []SchemaChange
		for n := range 30 {
			many = append(many, change(n))
		}
		tell(many...)
		wantTold(t, "many", out.names("operator"), slices.Repeat([]string{"schemaChanged"}, alone+1)...)
		var sum eventFacts
		if err := json.Unmarshal(store.rows[len(store.rows)-1].Data, &sum); err != nil {
			t.Fatal(err)
		}
		if sum.Tables != 30-(alone-1) || len(store.rows) != 1+30+1 || sum.Message != "Events of 21 "+
			"more tables have other fields than before (public.t9, public.t10, public.t11, public.t12, "+
			"public.t13, public.t14, public.t15, public.t16, public.t17, public.t18 and 11 more). "+
			"Table hookline.notice has a row for each." {
			t.Errorf("the sum of %d rows is %+v", len(store.rows), sum)
		}
		time.Sleep(window)
		tell(change(0))
		wantTold(t, "a minute later", out.names("operator")[alone+1:], "schemaChanged")
		stop()
		if left, _ := store.Unsettled(t.Context()); len(left) > 0 {
			t.Errorf("%d are not settled", len(left))
		}

		rows, err := store.Note(t.Context(), tracker.Schema([]SchemaChange{change(0)}))
		if err != nil {
			t.Fatal(err)
		}
		out = &post{webhooks: []string{"operator"}}
		tracker, stop = start(t, store, out)
		tracker.Told(rows) // by who has written them just before
		synctest.Wait()
		wantTold(t, "written before the process began", out.names("operator"), "schemaChanged")
		if open := tracker.Open(mapper.SchemaChanged); len(open) > 0 {
			t.Errorf("it goes on: %q", open)
		}
		stop()
	})
}
