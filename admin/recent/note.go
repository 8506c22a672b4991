package recent

import (
	"time"

	"hookline/sender"
)

// note is what is kept of an attempt: half as much as that, since one is written for each, into
// memory that nobody has touched for long. What is told is made of it when somebody asks.
type note struct {
	event, name, webhook string
	as                   *sender.SentAs
	failed               *failure // nil unless there is something to tell of it
	committed, began     int64    // nanoseconds since 1970; 0 for never
	took                 time.Duration
	number               int32
	status               int16
	outcome              sender.Outcome
	replay, dead         bool
	key                  sender.RecordKey
}

// failure is what only an attempt has that did not deliver.
type failure struct {
	reason, answer string
	next           time.Time
}

func noteOf(a *sender.Attempt) note {
	n := note{
		event: a.Event, name: a.Name, webhook: a.Webhook, as: a.As,
		committed: nanosOf(a.Committed), began: nanosOf(a.Began), took: a.Took,
		number: int32(a.Number), status: int16(a.Status), outcome: a.Outcome,
		replay: a.Replay, dead: a.Dead, key: a.Key,
	}
	if a.Reason != "" || a.Answer != "" || !a.Next.IsZero() {
		n.failed = &failure{a.Reason, a.Answer, a.Next}
	}
	return n
}

// tell makes an attempt of it.
func (n *note) tell(a *sender.Attempt) {
	*a = sender.Attempt{
		Event: n.event, Name: n.name, Webhook: n.webhook, As: n.as,
		Committed: timeOf(n.committed), Began: timeOf(n.began), Took: n.took,
		Number: int(n.number), Status: int(n.status), Outcome: n.outcome,
		Replay: n.replay, Dead: n.dead, Key: n.key,
	}
	if f := n.failed; f != nil {
		a.Reason, a.Answer, a.Next = f.reason, f.answer, f.next
	}
}

// answer is how many bytes of one are kept.
func (n *note) answer() int {
	if n.failed == nil {
		return 0
	}
	return len(n.failed.answer)
}

func (n *note) forgetAnswer() {
	if n.failed != nil {
		n.failed.answer = ""
	}
}

func nanosOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos)
}
