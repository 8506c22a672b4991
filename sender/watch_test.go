package sender

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hookline/mapper"
)

// Whoever watches is told of each attempt, with what the receiver has answered to those that
// failed, and no secret.
func TestWatch(t *testing.T) {
	hits := make(chan hit, 10)
	server := receiver(t, hits, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(headerAttempt) == "1" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "you signed with shh "+strings.Repeat("x", 2000))
	})
	told := make(chan Attempt, 10)
	s := newSender(
		t,
		Config{
			RetrySchedule: []time.Duration{time.Millisecond},
			Watch:         func(a Attempt) { told <- a },
		},
	)
	to := subscription("a", server.URL)
	to.Secret = "shh"
	to.Headers = http.Header{"Authorization": {"Bearer xyz"}, "Host": {"ignored"}}
	e := mapper.NewEvent(mapper.Parts{
		ID:     "evt_1",
		Object: "person",
		Record: 7,
		Time:   time.Now(),
		Data:   []byte(`{"id":"7"}`),
		Key:    []byte(`{"id":"7"}`),
	})
	<-s.send(to, e)
	first, second := <-told, <-told
	if first.Event != "evt_1" || first.Name != "person.created" || first.Webhook != "a" ||
		first.Key.String() != `{"id":"7"}` || first.Number != 1 ||
		first.Outcome != Failed || first.Status != 503 || first.Next.IsZero() || first.Dead ||
		first.Took <= 0 ||
		!strings.HasPrefix(first.Answer, "you signed with [secret] x") ||
		len(first.Answer) < 1000 ||
		len(first.Answer) > 1100 {
		t.Errorf("the first attempt: %+v", first)
	}
	if second.Number != 2 || second.Outcome != Delivered || second.Status != 200 ||
		second.Answer != "" ||
		!second.Next.IsZero() {
		t.Errorf("the second attempt: %+v", second)
	}
	sent := (<-hits).header
	lines := first.Header(sent.Get("User-Agent"))
	for _, l := range lines {
		if l.Name == "X-Hookline-Replay" {
			continue
		}
		want := sent.Get(l.Name)
		if slices.Contains([]string{
			HeaderSignature, headerNonce, HeaderStandardSignature,
			"Authorization",
		}, l.Name) {
			want = "[secret]"
		}
		if strings.HasSuffix(strings.ToLower(l.Name), "timestamp") &&
			l.Value[:9] == want[:9] { // signed a moment later
			continue
		}
		if l.Value != want {
			t.Errorf("header %s: %q is told, %q was sent", l.Name, l.Value, sent.Get(l.Name))
		}
	}
	if len(lines) != 10 {
		t.Errorf("%d lines: %v", len(lines), lines)
	}
	statuses := s.WebhookStatuses()
	if len(statuses) != 1 || statuses[0].Webhook != "a" || statuses[0].Delivered != 1 ||
		statuses[0].Failed != 1 || statuses[0].Mean <= 0 ||
		statuses[0].LastStatus != 503 ||
		statuses[0].LastFailed.IsZero() ||
		statuses[0].LastDelivered.IsZero() ||
		statuses[0].Failing {
		t.Errorf("standing %+v", statuses)
	}
}

// A tally counts an hour, and forgets what is older.
func TestTally(t *testing.T) {
	r := newWebhookQueue(&Sender{}, "a")
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for minute := range 120 {
		r.tally.add(attempted{took: time.Second, verdict: Verdict{Outcome: Outcome(minute % 2)}},
			start.Add(time.Duration(minute)*time.Minute))
	}
	for after, want := range map[time.Duration]int{
		119 * time.Minute: 30, 139 * time.Minute: 20,
		4 * time.Hour: 0,
	} {
		st := r.status(start.Add(after))
		if st.Delivered != want || st.Failed != want || want > 0 && st.Mean != time.Second {
			t.Errorf("after %s: %+v, want %d of each", after, st, want)
		}
	}
}

func TestLongKeysAreNotKept(t *testing.T) {
	for n, want := range map[int]int{0: 0, 55: 55, 56: 0, 300: 0} {
		if got := len(newRecordKey(make([]byte, n)).String()); got != want {
			t.Errorf("of %d bytes %d are kept, want %d", n, got, want)
		}
	}
}
