package notice

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
	"hookline/sender"
)

// sums returns what the sums among the rows say.
func (m *memory) sums(t *testing.T) (list []eventFacts) {
	t.Helper()
	for _, r := range m.rows {
		var f eventFacts
		if err := json.Unmarshal(r.Data, &f); err != nil {
			t.Fatal(err)
		}
		if f.Webhooks > 0 {
			list = append(list, f)
		}
	}
	return list
}

// A host that takes a thousand webhooks with it is a few events, and one that says how many the
// others are and whose. Nothing of it is lost: each has a row, and the next process knows of all.
func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{settled: map[int64]bool{}}
		out := &post{webhooks: []string{"operator"}}
		tracker, stop := start(t, store, out)
		const many = 1000
		news := func(what mapper.Action, n int) {
			host := "hooks.example.com"
			if n%10 == 0 {
				host = "other.example.com"
			}
			tracker.Notify(sender.Notice{What: what, Webhook: fmt.Sprint("w", n), Host: host, Reason: "503"})
		}
		for n := range many {
			news(mapper.Failing, n)
			synctest.Wait()
			time.Sleep(30 * time.Millisecond) // 30 s in all
		}
		wantTold(t, "at first", out.names("operator"), slices.Repeat([]string{"failing"}, alone)...)
		time.Sleep(window)
		synctest.Wait()
		wantTold(t, "a minute later", out.names("operator"),
			slices.Repeat([]string{"failing"}, alone+1)...)
		got := store.sums(t)
		if len(got) != 1 || got[0].Webhooks != many-alone ||
			fmt.Sprint(got[0].Hosts) != "[{hooks.example.com 891} {other.example.com 99}]" ||
			!strings.Contains(got[0].Message, "990 webhooks (891 at hooks.example.com,") ||
			!strings.Contains(got[0].Message, "(503)") {
			t.Fatalf("the sum is %+v", got)
		}
		if n := len(store.rows); n != many+1 {
			t.Errorf("%d rows, want one of each, and the sum", n)
		}
		stop()
		if left, _ := store.Unsettled(t.Context()); len(left) > 0 {
			t.Errorf("%d are not settled", len(left))
		}

		out = &post{webhooks: []string{"operator"}}
		for n := range many {
			out.webhooks = append(out.webhooks, fmt.Sprint("w", n))
		}
		tracker, stop = start(t, store, out)
		if n := len(tracker.Open(mapper.Failing)); n != many {
			t.Errorf("the next process knows of %d that fail, want %d", n, many)
		}
		for n := range many {
			news(mapper.Failing, n)
			news(mapper.Recovered, n)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		wantTold(t, "in the end", out.names("operator"), "recovered")
		if got := store.sums(t); len(got) != 2 || got[1].Webhooks != many {
			t.Errorf("the sums are %+v", got)
		}
		stop()
	})
}

// A few within a minute are told by themselves, however many have been before, and the stream's own
// troubles always are.
func TestFewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{settled: map[int64]bool{}}
		out := &post{webhooks: []string{"operator"}}
		tracker, stop := start(t, store, out)
		for n := range 5 * alone {
			tracker.Notify(sender.Notice{What: mapper.Paused, Webhook: fmt.Sprint("w", n)})
			synctest.Wait()
			time.Sleep(window / alone)
		}
		if got := out.names("operator"); len(got) != 5*alone || len(store.sums(t)) > 0 {
			t.Errorf("%d are told, and the sums %v", len(got), store.sums(t))
		}
		stop()
	})
}

// A process that ends within the window leaves it to the next one: that tells no further ones by
// themselves, and sums up what it finds when the window is over.
func TestManyAcrossRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{settled: map[int64]bool{}}
		out := &post{webhooks: []string{"operator"}}
		const many = 30
		fail := func(tracker *Tracker) {
			for n := range many {
				what := sender.Notice{What: mapper.Failing, Webhook: fmt.Sprint("w", n), Host: "h"}
				tracker.Notify(what)
				synctest.Wait()
				time.Sleep(30 * time.Millisecond)
			}
		}
		tracker, stop := start(t, store, out)
		fail(tracker)
		stop()
		tracker, stop = start(t, store, out)
		defer stop()
		fail(tracker)
		wantTold(t, "after a restart", out.names("operator"),
			slices.Repeat([]string{"failing"}, alone)...)
		time.Sleep(window)
		synctest.Wait()
		wantTold(t, "a minute later", out.names("operator"),
			slices.Repeat([]string{"failing"}, alone+1)...)
		if got := store.sums(t); len(got) != 1 || got[0].Webhooks != many-alone {
			t.Errorf("the sum is %+v", got)
		}
	})
}
