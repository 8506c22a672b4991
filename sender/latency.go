package sender

import (
	"sort"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// latencyBuckets reach from a receiver next door to the end of the retry schedule, in seconds.
var latencyBuckets = [...]float64{
	.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200, 172800,
}

// exemplarEvery is how often a bucket gets a new exemplar, at most: each costs some allocations.
const exemplarEvery = time.Second

// latency is the histogram of how late deliveries are. The exemplar of each bucket is the ID of a
// recent event in it. So one that was late can be looked up. Safe for concurrent use.
type latency struct {
	prometheus.Histogram
	exemplified [len(latencyBuckets) + 1]atomic.Int64 // when, Unix nanoseconds
}

func newLatency() *latency {
	return &latency{Histogram: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "hookline_commit_to_delivery_seconds",
		Help:    "Time from the commit of a change to the receiver's 2xx, retries included.",
		Buckets: latencyBuckets[:],
	})}
}

// observe takes a delivery that was accepted at now.
func (l *latency) observe(event string, commit, now time.Time) {
	late := now.Sub(commit).Seconds()
	bucket := &l.exemplified[sort.SearchFloat64s(latencyBuckets[:], late)]
	last := bucket.Load()
	if now.UnixNano()-last < int64(exemplarEvery) || !bucket.CompareAndSwap(last, now.UnixNano()) {
		l.Observe(late)
		return
	}
	l.Histogram.(prometheus.ExemplarObserver).ObserveWithExemplar(late,
		prometheus.Labels{"event": event})
}
