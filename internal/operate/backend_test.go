package operate

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookline/admin/api"
	"hookline/admin/recent"
	"hookline/cdc"
	"hookline/config"
	"hookline/sender"
)

// What a filter does not pick takes no room in the answer, however much of it there is: neither in
// a list, nor live.
func TestRareAttemptsAreFound(t *testing.T) {
	d := &Backend{Recent: recent.New(500)}
	d.Recent.Add(sender.Attempt{Event: "evt_first", Webhook: "other"})
	d.Recent.Add(sender.Attempt{Event: "evt_failed", Webhook: "w", Outcome: sender.Failed})
	d.Recent.Add(sender.Attempt{Event: "evt_dead", Webhook: "w", Outcome: sender.Failed, Dead: true})
	for n := range 3 * liveMost {
		d.Recent.Add(sender.Attempt{
			Event: fmt.Sprintf("evt_%d", n), Webhook: "v",
			Outcome: sender.Delivered,
		})
	}
	for _, test := range []struct{ state, webhook, want string }{
		{stateRetrying, "", "[evt_failed]"},
		{stateRetrying, "w", "[evt_failed]"},
		{stateDead, "", "[evt_dead]"},
		{"", "w", "[evt_dead evt_failed]"},
		{stateDelivered, "w", "[]"},
	} {
		f := api.Filter{State: test.state, Webhook: test.webhook, Limit: 10}
		w, err := newWhich(f)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, a := range d.remembered(w) {
			got = append(got, a.Event)
		}
		live, ok := d.Live(t.Context(), f, 1)
		if fmt.Sprint(got) != test.want || len(live.List) != len(got) || live.More != 0 ||
			live.Last != d.Recent.Last() || !ok {
			t.Errorf("%s %s: %v, live %v, want %s", test.state, test.webhook, got, live, test.want)
		}
	}
	for limit, want := range map[int]int{0: liveMost, 10: 10, 2 * liveMost: liveMost} {
		live, _ := d.Live(t.Context(), api.Filter{Webhook: "v", Limit: limit}, 1)
		if len(live.List) != want || live.More != 3*liveMost-want {
			t.Errorf("at most %d: %d are told, and of %d more, want %d", limit, len(live.List), live.More,
				want)
		}
	}
}

// idle is a process that has no session.
type idle struct{}

func (idle) State() cdc.State { return cdc.Connecting }
func (idle) Gap() *cdc.Gap    { return nil }

// A database that is away is told at once, though the doctor has found all well a moment ago.
func TestOverviewWithoutDatabase(t *testing.T) {
	var cfg config.Config
	cfg.CDC.URL = "postgres://nobody@127.0.0.1:1/nothing"
	d := New(cfg, idle{})
	d.diagnosis.began, d.diagnosis.found = time.Now(), &api.Diagnosis{Healthy: true}
	o, err := d.Overview(t.Context())
	if err != nil || o.Healthy == nil || *o.Healthy || len(o.Attention) != 1 {
		t.Errorf("healthy is %v: %v, %v", o.Healthy, o.Attention, err)
	}
}

// Before the doctor has examined it is not known that all is well, and that it is not, only when
// something is known.
func TestHealthyIsWhatIsKnown(t *testing.T) {
	finding := []cdc.Finding{{Level: cdc.Warning}}
	for _, test := range []struct {
		attention []cdc.Finding
		examining bool
		want      string
	}{
		{nil, true, `"healthy":null`},
		{finding, true, `"healthy":false`},
		{finding, false, `"healthy":false`},
		{nil, false, `"healthy":true`},
	} {
		o := api.Overview{Healthy: healthy(test.attention, test.examining)}
		if text, err := json.Marshal(o); err != nil || !strings.Contains(string(text), test.want) {
			t.Errorf("%+v: %s, %v", test, text, err)
		}
	}
}

// The overview tells when the doctor has examined, and that it has not yet, for which it does not
// wait.
func TestOverviewTellsWhenExamined(t *testing.T) {
	var cfg config.Config
	cfg.CDC.URL = "postgres://nobody@127.0.0.1:1/nothing"
	d := New(cfg, idle{})
	d.diagnosis.began, d.diagnosis.running = time.Now(), make(chan struct{})
	if o, err := d.Overview(t.Context()); err != nil || !o.Examining || !o.Examined.IsZero() {
		t.Errorf("while it examines for the first time: %+v, %v", o, err)
	}
	at := time.Now().Add(-time.Minute / 2)
	d.diagnosis.found = &api.Diagnosis{Healthy: true, Examined: at}
	if o, err := d.Overview(t.Context()); err != nil || o.Examining || !o.Examined.Equal(at) {
		t.Errorf("after it has: %+v, %v", o, err)
	}
}

// How long a secret of before signs is what was asked for: nothing is 0 s, not a day.
func TestGrace(t *testing.T) {
	for seconds, want := range map[int]time.Duration{
		0: 0, 60: time.Minute, -1: -1, 1 << 40: -1, 9223372036: 9223372036 * time.Second,
	} {
		got, err := graceOf(api.Rotation{GraceSeconds: &seconds})
		if _, wrong := errors.AsType[api.Wrong](err); wrong != (want < 0) || !wrong && got != want {
			t.Errorf("%d: %s, %v, want %s", seconds, got, err, want)
		}
	}
	if got, err := graceOf(api.Rotation{}); got != DefaultGrace || err != nil {
		t.Errorf("nothing said: %s, %v", got, err)
	}
}
