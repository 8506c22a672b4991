package recent

import (
	"math/bits"
	"time"

	"hookline/sender"
)

// Step is the time between two points.
const Step = 10 * time.Second

// pointsMost is an hour of them.
const pointsMost = int(time.Hour / Step)

// Point is how the Step before a moment went.
type Point struct {
	Time      time.Time
	Delivered uint32 // attempts
	Failed    uint32
	// of the attempts that delivered, from the commit to the answer; 0 when there was none
	Median  time.Duration
	P99     time.Duration
	Lag     time.Duration
	Backlog int
}

// series are points, and the counts of the next one.
type series struct {
	points            []Point
	next              int // where the next one goes once there is an hour of them
	delivered, failed uint32
	latency           histogram
}

func (s *series) add(a *sender.Attempt) {
	if a.Outcome != sender.Delivered {
		s.failed++
		return
	}
	s.delivered++
	s.latency.add(a.Began.Add(a.Took).Sub(a.Committed))
}

func (s *series) sample(now time.Time, sample Sample) {
	p := Point{
		Time:      now,
		Delivered: s.delivered,
		Failed:    s.failed,
		Median:    s.latency.quantile(0.5),
		P99:       s.latency.quantile(0.99),
		Lag:       sample.Lag,
		Backlog:   sample.Backlog,
	}
	s.delivered, s.failed, s.latency = 0, 0, histogram{}
	if len(s.points) < pointsMost {
		s.points = append(s.points, p)
		return
	}
	s.points[s.next] = p
	s.next = (s.next + 1) % pointsMost
}

// histogram counts durations, four classes for each doubling: a quantile is right within a fifth.
type histogram struct {
	classes [4 * 40]uint32
	total   uint32
}

func (h *histogram) add(d time.Duration) {
	h.classes[class(d)]++
	h.total++
}

// class is that of a duration: classes double from a microsecond on, in quarters.
func class(d time.Duration) int {
	µs := uint64(max(d.Microseconds(), 1))
	doublings := bits.Len64(µs) - 1
	quarter := 0
	if doublings >= 2 {
		quarter = int(µs>>(doublings-2)) & 3
	}
	return min(4*doublings+quarter, len(histogram{}.classes)-1)
}

// quantile returns the lower bound of the class that it falls into.
func (h *histogram) quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := uint32(q * float64(h.total-1))
	for c, n := range h.classes {
		if rank < n {
			low := float64(uint64(1)<<(c/4)) * (1 + float64(c%4)/4)
			return time.Duration(low * float64(time.Microsecond))
		}
		rank -= n
	}
	return 0
}
