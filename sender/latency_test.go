package sender

import (
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Each bucket has an exemplar, and a new one after a second, though most deliveries make none.
func TestExemplars(t *testing.T) {
	l := newLatency()
	commit := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l.observe("quick1", commit, commit.Add(7*time.Millisecond))
	l.observe("quick2", commit, commit.Add(8*time.Millisecond))
	l.observe("late1", commit, commit.Add(20*time.Second))
	l.observe("late2", commit, commit.Add(22*time.Second))
	l.observe("never", commit, commit.Add(1000*time.Hour))
	var m dto.Metric
	if err := l.Write(&m); err != nil {
		t.Fatal(err)
	}
	got := map[float64]string{}
	for _, b := range m.Histogram.Bucket {
		if e := b.Exemplar; e != nil {
			got[b.GetUpperBound()] = e.Label[0].GetName() + "=" + e.Label[0].GetValue()
		}
	}
	if got[.01] != "event=quick1" || got[30] != "event=late2" || m.Histogram.GetSampleCount() != 5 {
		t.Errorf("exemplars %v of %d deliveries, want those of quick1 and late2 of 5", got,
			m.Histogram.GetSampleCount())
	}
	if n := testing.AllocsPerRun(100, func() {
		l.observe("more", commit,
			commit.Add(8*time.Millisecond))
	}); n > 0 {
		t.Errorf("a delivery that makes no exemplar takes %v allocations", n)
	}
}
