package run

import (
	"context"
	"slices"
	"testing"
	"time"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/sender"
	"hookline/sender/settled"
	"hookline/webhook"
)

// published is an outlet that settles nothing.
type published struct{ got []string }

func (p *published) Send(_ context.Context, d sender.Delivery) error {
	p.got = append(p.got, d.Event.ID+" "+d.To.Key)
	return nil
}

// What the spool has had is settled, and not published; all else is published, and settled by that.
func TestUnsettled(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	id := func(n int) string { return mapper.ID{Commit: cdc.LSN(n)}.In("01234567") }
	before := new(settled.Set)
	for _, n := range []int{2, 4} {
		d, ok := settled.Of(settled.Webhook("w"), id(n), at)
		if !ok {
			t.Fatal("it has no delivery")
		}
		before.Add(d)
	}
	before.Sort()
	out := &published{}
	u := &unsettled{out, before}
	var done, want, kept []string
	for n := 1; n <= 6; n++ {
		for _, key := range []string{"v", "w"} {
			delivery := id(n) + " " + key
			err := u.Send(t.Context(), sender.Delivery{
				Event: mapper.NewEvent(mapper.Parts{ID: id(n), Time: at}),
				To:    &webhook.Subscription{Key: key}, Settled: func() { done = append(done, delivery) },
			})
			if err != nil {
				t.Fatal(err)
			}
			if key == "w" && (n == 2 || n == 4) {
				kept = append(kept, delivery)
			} else {
				want = append(want, delivery)
			}
		}
	}
	if !slices.Equal(out.got, want) || !slices.Equal(done, kept) {
		t.Errorf("published are %q, want %q; settled %q, want %q", out.got, want, done, kept)
	}
	if u.before.Len() > 0 {
		t.Error("the stream has passed them all, and they are remembered")
	}
}
