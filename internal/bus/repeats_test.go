package bus

import (
	"slices"
	"testing"

	"hookline/internal/natstest"
	"hookline/mapper"
)

// What comes twice in one group, and a group that is known as a whole, are no batch that replicas
// take: each delivery is stored once, in order, and all that follows is.
func TestReplicasKnowOfAGroup(t *testing.T) {
	_, urls := natstest.Cluster(t)
	cfg := config(urls)
	cfg.Replicas = 3
	b := connect(t, cfg)
	m := &memory{}
	apart := mapper.NewEvent(mapper.Parts{ID: "evt_test", Object: "person", Data: []byte("{}")})
	p := publisher(t, b, m)
	sendApart(t, p, apart)
	sendApart(t, p, apart)
	sendApart(t, p, event(0), event(1), event(1), event(2), apart)
	wait(t, send(t, p, "w", rangeOf(3, 300)...))
	want := append([]string{"evt_test"}, ids(rangeOf(0, 300))...)
	if got := stored(t, b, b.cfg); !slices.Equal(got, want) {
		t.Errorf("stored %d: %v…, want %d", len(got), got[:min(len(got), 8)], len(want))
	}
	info, err := p.stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	memo, err := m.LoadMemo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last := info.State.LastSeq; p.last != last || memo.Last > last {
		t.Errorf("the stream has %d, and %d is expected, %d noted", last, p.last, memo.Last)
	}
}
