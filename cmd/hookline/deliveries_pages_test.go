package main

import (
	"fmt"
	"testing"
	"time"

	"hookline/admin/api"
	"hookline/internal/operate"
	"hookline/internal/postgres/postgrestest"
	"hookline/sender"
	"hookline/spool"
)

// What is remembered and what is in the spool are one list, newest first, of which each page goes
// on where the one before has ended.
func TestDeliveriesPageByPage(t *testing.T) {
	url := postgrestest.NewDatabase(t)
	query(t, url, contacts+hooks)
	newSpool(t, spool.Config{URL: url, Slot: nameOf(url)})
	d := operate.New(configOf(t, url), starting{})
	defer d.Close()
	for _, n := range []int{4, 0, 1, 2} {
		d.Recent.Add(sender.Attempt{
			Event: fmt.Sprint("evt_", n), Webhook: "c", Name: "person.updated",
			Outcome: sender.Delivered, Committed: committed.Add(time.Duration(n) * time.Second),
		})
	}
	const want = "[evt_4 c evt_3 b evt_2 a evt_2 c evt_1 a evt_1 b evt_1 c evt_0 c]"
	for limit := 1; limit < 9; limit++ {
		var got []string
		f := api.Filter{Limit: limit}
		for pages := 0; pages < 9; pages++ {
			if err := f.Check(); err != nil {
				t.Fatal(err)
			}
			page, err := d.Deliveries(t.Context(), f)
			if err != nil || len(page.List) > limit {
				t.Fatalf("%d deliveries, %v", len(page.List), err)
			}
			for _, one := range page.List {
				got = append(got, one.ID+" "+one.Webhook)
			}
			if f.After = page.More.String(); f.After == "" {
				break
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%d at once: %v, want %s", limit, got, want)
		}
	}
}
