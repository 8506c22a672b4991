package sender

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookline/mapper"
)

// wantTold checks what was told of, and returns it.
func wantTold(t *testing.T, when string, notice *list[Notice], want ...mapper.Action) []Notice {
	t.Helper()
	synctest.Wait()
	var got []mapper.Action
	for _, n := range notice.all() {
		got = append(got, n.What)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: told of %v, want %v", when, got, want)
	}
	return notice.all()
}

// Operators hear that a receiver fails and why, that it has recovered, of its dead letters, and of
// its pause.
func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var status atomic.Int64
		status.Store(http.StatusBadGateway)
		var notice list[Notice]
		s := bubble(t, Config{Notify: func(n Notice) { notice.add(n) }},
			func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(int(status.Load()))
			})
		to, changed := subscription("w", "http://receiver.test"), subscription("w",
			"http://receiver.test/new")
		current := row(to, changed)
		for record := range 5 {
			s.send(to, newEvent(record, 1))
		}
		failing := wantTold(t, "failing", &notice, mapper.Failing)
		if n := failing[0]; n.Webhook != "w" || n.Host != to.Host ||
			n.Reason != "it answered 502 Bad Gateway" {
			t.Errorf("told %+v", n)
		}
		status.Store(http.StatusOK)
		time.Sleep(time.Minute)
		wantTold(t, "well again", &notice, mapper.Failing, mapper.Recovered)
		status.Store(http.StatusGone)
		s.send(to, newEvent(100, 1))
		all := wantTold(t, "gone", &notice, mapper.Failing, mapper.Recovered, mapper.DeadLetters,
			mapper.Paused)
		if dead := all[2]; dead.Event != newEvent(100, 1).ID ||
			dead.Reason != "it answered 410 Gone" {
			t.Errorf("told %+v", dead)
		}
		current.Store(changed)
		s.Recheck("w")
		wantTold(t, "changed", &notice, mapper.Failing, mapper.Recovered, mapper.DeadLetters,
			mapper.Paused, mapper.Resumed)
	})
}

// Of an operator event that is given up nobody is told: that would have no end.
func TestNoNewsOfOperatorEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notice list[Notice]
		cfg := Config{
			Notify:        func(n Notice) { notice.add(n) },
			RetrySchedule: []time.Duration{time.Second},
		}
		s := bubble(t, cfg, func(w http.ResponseWriter,
			_ *http.Request,
		) {
			w.WriteHeader(http.StatusTeapot)
		})
		p := newEvent(1, 1).Parts()
		p.Object, p.Action = mapper.Operator, mapper.Failing
		s.send(subscription("w", "http://receiver.test"), mapper.NewEvent(p))
		time.Sleep(time.Minute)
		wantTold(t, "dead", &notice)
		if n := len(s.Dead("w")); n != 1 {
			t.Errorf("%d dead letters, want one", n)
		}
	})
}

// What an earlier process has told the beginning of, this one tells the end of.
func TestRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notice list[Notice]
		s := bubble(t, Config{Notify: func(n Notice) { notice.add(n) }}, nil)
		s.Remember(mapper.Failing, []string{"w"})
		for record := range 2 {
			<-s.send(subscription("w", "http://receiver.test"), newEvent(record, 1))
		}
		wantTold(t, "accepted", &notice, mapper.Recovered)
	})
}

// It is told that a queue is full, and that it has room again; the latter by another process, too.
func TestOverflowIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notice list[Notice]
		var well atomic.Bool
		cfg := Config{
			Notify:        func(n Notice) { notice.add(n) },
			RetrySchedule: []time.Duration{time.Hour},
		}
		to := subscription("w", "http://receiver.test")
		spool := NewMemory(Limits{MaxBytes: 1})
		answer := func(w http.ResponseWriter, _ *http.Request) {
			if !well.Load() {
				w.WriteHeader(http.StatusBadGateway)
			}
		}
		s := bubbleOn(t, spool, cfg, answer, to)
		for record := range 2 {
			<-s.send(to, newEvent(record, 1))
		}
		if full := wantTold(t, "full", &notice, mapper.Overflow); full[0].Webhook != "w" ||
			full[0].Event == "" {
			t.Errorf("told %+v", full[0])
		}
		well.Store(true)
		time.Sleep(2 * time.Hour)
		wantTold(t, "empty", &notice, mapper.Overflow, mapper.OverflowOver)

		next := inBubble(t, spool, cfg, answer, to)
		next.Remember(mapper.Overflow, []string{"v"})
		if err := next.Resume(t.Context(), SettledBefore{}); err != nil {
			t.Fatal(err)
		}
		over := wantTold(t, "of another process", &notice, mapper.Overflow, mapper.OverflowOver,
			mapper.OverflowOver)
		if over[2].Webhook != "v" {
			t.Errorf("told %+v", over[2])
		}
	})
}
