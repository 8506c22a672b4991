package campaign

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hookline/cdc"
	"hookline/internal/receiver"
	"hookline/sender/settled"
)

// What came again has a reason only if what the next sender found leaves it one.
func TestReasons(t *testing.T) {
	t.Parallel()
	const event, next = "evt_62f97b98_0000000000000500_0", "evt_62f97b98_0000000000000700_0"
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(second int) time.Time { return begin.Add(time.Duration(second) * time.Second) }
	d := delivery{"w", event}
	only := map[delivery]bool{d: true}
	has := map[noted]bool{{settled.Webhook("public.webhooks/w"), event}: true}
	request := func(second int, id string) receiver.Request {
		return receiver.Request{At: at(second), ID: id, Attempt: 1, Status: http.StatusOK}
	}
	before, again := request(10, event), request(30, event)

	for name, test := range map[string]struct {
		change func(e *evidence, k *claim) // k is the takeover in between
		want   string                      // part of the reason; with a ! in front, of why there is none
	}{
		"killed before it was settled": {func(*evidence, *claim) {}, "neither checkpoint nor spool"},
		"nobody took over": {
			func(e *evidence, _ *claim) { e.claims = e.claims[:1] },
			"!the checkpoint was at",
		},
		"the checkpoint had passed it": {
			func(_ *evidence, k *claim) { k.settled = 0x501 },
			"!the checkpoint was at 0/501",
		},
		"the checkpoint ends before it": {func(_ *evidence, k *claim) { k.settled = 0x500 }, "neither"},
		"left the spool": {
			func(_ *evidence, k *claim) { k.gone = only },
			"!left the spool",
		},
		"dead": {func(_ *evidence, k *claim) { k.dead = only }, "!dead letter"},
		"it waits in the spool": {
			func(_ *evidence, k *claim) { k.waiting = only },
			"still waited",
		},
		"left the spool without a trace": {func(e *evidence, _ *claim) {
			e.spooled[d] = at(5)
		}, "!no trace"},
		"went into the spool when it was accepted": {func(e *evidence, _ *claim) {
			e.spooled[d] = at(11)
		}, "neither"},
		"an orderly end": {
			func(e *evidence, _ *claim) {
				e.endings[1].orderly = true
				e.logs[1].attempts[d] = []attempt{{number: 1, delivered: true, begun: at(10)}}
			},
			"!finished everything",
		},
		"an orderly end of one that had not come so far": {
			func(e *evidence, _ *claim) { e.endings[1].orderly = true },
			"neither checkpoint nor spool",
		},
		"an orderly end of one that has begun anew since": {
			func(e *evidence, k *claim) {
				e.endings[1].orderly = true
				e.logs[1].attempts[d] = []attempt{{number: 1, delivered: true, begun: at(10)}}
				e.claims = append(e.claims[:1], &claim{at: at(12), process: 1, timeline: 1}, k)
			},
			"neither checkpoint nor spool",
		},
		"in the record": {func(e *evidence, _ *claim) {
			e.snapshots = []*snapshot{{at: at(16), live: has}}
		}, "!the record had it"},
		"in a record of later": {func(e *evidence, _ *claim) {
			e.snapshots = []*snapshot{{at: at(15)}, {at: at(25), live: has}}
		}, "in flight"},
		"in the record, of the spool": {func(e *evidence, k *claim) {
			k.waiting = only
			e.snapshots = []*snapshot{{at: at(16), spooled: has}}
		}, "!accepted from the spool"},
		"not in the record": {
			func(e *evidence, _ *claim) { e.snapshots = []*snapshot{{at: at(16)}} },
			"in flight",
		},
		"not in the record, and done with": {func(e *evidence, _ *claim) {
			e.snapshots = []*snapshot{{at: at(16)}}
		}, "!gone on to " + next},
		"nobody had the record": {func(e *evidence, _ *claim) {
			e.snapshots = []*snapshot{{at: at(16), live: has}}
			e.logs[2].recorded = false
		}, "neither checkpoint nor spool"},
		"the one before is still there": {func(e *evidence, k *claim) {
			delete(e.endings, 1)
			k.settled = 0x600
			e.logs[2].streams = []stream{{at(19), 0x400}}
		}, "still there"},
		"given up": {func(e *evidence, k *claim) {
			k.settled = 0x600
			e.logs[1].attempts[d] = []attempt{{number: 1, unanswered: true}}
		}, "given up waiting"},
		"both from one sender": {func(e *evidence, k *claim) {
			k.at = at(5)
			delete(e.endings, 1)
			e.logs[2].attempts[d] = []attempt{
				{number: 1, delivered: true, begun: at(10)}, {number: 1, delivered: true, begun: at(30)},
			}
		}, "!no sender has taken over"},
		"the second of one sender is of later": {func(e *evidence, k *claim) {
			k.at = at(5)
			delete(e.endings, 1)
			e.claims = append(e.claims, &claim{at: at(35), process: 2, timeline: 1, settled: 0x300})
			e.logs[2].attempts[d] = []attempt{
				{number: 1, delivered: true, begun: at(30)}, {number: 1, delivered: true, begun: at(40)},
			}
		}, "still there"},
		"lost in a failover": {func(e *evidence, k *claim) {
			k.timeline, e.diverged[1] = 2, 0x500
		}, "!this server does not have it"},
	} {
		t.Run(name, func(t *testing.T) {
			k := &claim{at: at(20), process: 2, timeline: 1, settled: 0x300}
			e := &evidence{
				claims:  []*claim{{at: at(0), process: 1, timeline: 1, settled: 0x501}, k},
				endings: map[int]*ending{1: {at: at(15)}},
				spooled: map[delivery]time.Time{},
				keys:    map[string]uint64{"w": settled.Webhook("public.webhooks/w")},
				logs: map[int]*account{
					1: {attempts: map[delivery][]attempt{}, recorded: true, whole: true},
					2: {attempts: map[delivery][]attempt{}, recorded: true, whole: true},
				},
				diverged: map[int32]cdc.LSN{},
			}
			test.change(e, k)
			asked := &requests{keys: map[string]string{event: "contact ada", next: "contact ada"}}
			if strings.HasSuffix(test.want, next) {
				asked.list = []receiver.Request{before, request(12, next), again}
			}
			why, is := e.reason(d, before, again, asked)
			want, not := strings.CutPrefix(test.want, "!")
			if is == not || !strings.Contains(why, want) {
				t.Errorf("a reason: %t, %q; want %t, %q", is, why, !not, want)
			}
		})
	}
}

// A checkpoint that was saved before its time is found at the next takeover, and so is one that was
// left behind by a sender that had done with everything.
func TestTakeoversAreJudged(t *testing.T) {
	t.Parallel()
	const event = "evt_62f97b98_0000000000000500_0"
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := delivery{"w", event}
	only := map[delivery]bool{d: true}
	const early, behind = "has passed " + event, "is not past " + event
	for name, test := range map[string]struct {
		change   func(e *evidence, k *claim)
		accepted bool
		want     string // part of what is wrong; "" when nothing is
	}{
		"saved early":   {func(_ *evidence, k *claim) { k.settled = 0x501 }, false, early},
		"accepted":      {func(_ *evidence, k *claim) { k.settled = 0x501 }, true, ""},
		"in the spool":  {func(_ *evidence, k *claim) { k.settled, k.waiting = 0x501, only }, false, ""},
		"a dead letter": {func(_ *evidence, k *claim) { k.settled, k.dead = 0x501, only }, false, ""},
		"has left":      {func(_ *evidence, k *claim) { k.settled, k.gone = 0x501, only }, false, ""},
		"yet to come":   {func(*evidence, *claim) {}, false, ""},
		"killed":        {func(*evidence, *claim) {}, true, ""},
		"an orderly end": {func(e *evidence, _ *claim) {
			e.endings[1].orderly = true
			e.logs[1].attempts[d] = []attempt{{number: 1, delivered: true, begun: at}}
		}, true, behind},
		"an orderly end of one that had not come so far": {
			func(e *evidence, _ *claim) { e.endings[1].orderly = true }, true, "",
		},
		"settled in part": {func(e *evidence, k *claim) {
			e.endings[1].orderly, k.committing = true, 0x500
			e.logs[1].attempts[d] = []attempt{{number: 1, delivered: true, begun: at}}
		}, true, ""},
		"lost in a failover": {func(e *evidence, k *claim) {
			k.settled, k.timeline, e.diverged[1] = 0x501, 2, 0x500
		}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			k := &claim{at: at.Add(time.Minute), process: 2, timeline: 1, settled: 0x500}
			e := &evidence{
				claims:   []*claim{{at: at, process: 1, timeline: 1}, k},
				endings:  map[int]*ending{1: {at: at.Add(time.Second)}},
				logs:     map[int]*account{1: {attempts: map[delivery][]attempt{}}},
				diverged: map[int32]cdc.LSN{},
			}
			test.change(e, k)
			got := e.wrong(1, d, test.accepted)
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("%q is wrong, want %q", got, test.want)
			}
		})
	}
}

// readLog finds what matters.
func TestReadLog(t *testing.T) {
	t.Parallel()
	const log = `time=2026-11-29T23:46:51.788Z level=INFO msg="replication stream started" slot=s from=0/15A43F8 timeline=1
time=2026-11-29T23:46:52.000Z level=DEBUG msg=delivered event=evt_1 name=a.b webhook=public.webhooks/w host=h attempt=2 status=200 duration=1.5s
time=2026-11-29T23:46:53.000Z level=WARN msg="attempt failed" event=evt_2 name=a.b webhook=public.webhooks/w host=h attempt=1 error="no answer within 1s" duration=1s verdict=failed next_in=50ms
time=2026-11-29T23:46:54.000Z level=WARN msg="accepted deliveries are not recorded: after a kill more of them come again" dir=d
`
	keys := map[string]uint64{}
	a := readLog(log, keys)
	one, two := a.attempts[delivery{"w", "evt_1"}], a.attempts[delivery{"w", "evt_2"}]
	if len(one) != 1 || !one[0].delivered || one[0].number != 2 || one[0].unanswered ||
		one[0].begun.Format(moment) != "23:46:50.500000" {
		t.Errorf("the first attempt is %+v", one)
	}
	if len(two) != 1 || two[0].delivered || !two[0].unanswered {
		t.Errorf("the second attempt is %+v", two)
	}
	if len(a.streams) != 1 || a.streams[0].from != 0x15A43F8 || a.recorded ||
		keys["w"] != settled.Webhook("public.webhooks/w") {
		t.Errorf("streams %+v, a record %t, keys %v", a.streams, a.recorded, keys)
	}
}
