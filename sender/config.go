package sender

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"hookline/internal/poll"
	"hookline/sender/queue"
	"hookline/trace"
)

// defaultRetrySchedule is the wait before the second attempt, before the third, and so on: eleven
// retries over some three days.
var defaultRetrySchedule = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour,
}

// Config of a Sender. A zero value takes the field's default.
type Config struct {
	// RequestTimeout is the time that one attempt has, from the look-up of the host to the header of
	// the answer. Default 10 s, 1 ms to 10 min.
	RequestTimeout time.Duration

	// MaxInFlight is how many POSTs one webhook gets at once. Default 64, 1 to 4096.
	MaxInFlight int

	// MaxRequests is how many attempts are under way at once, over all webhooks: see Limit. Each takes
	// 8 to 30 kB, its connection and its goroutines; with 64 for each webhook, 15 of them have all
	// they may. Default 1,024, or twice MaxInFlight if that is more, so that a webhook alone gets as
	// many as it may. 1 to 65536.
	MaxRequests int

	// Limit is that of several Senders, in place of one of their own of MaxRequests; nil for that.
	Limit *Limit

	// MaxBuffer is how many bytes of deliveries are held in memory, over all webhooks; an event for
	// two webhooks counts once. Attempts under way count for 8 KiB each, and for half of it at most.
	// Send waits while the buffer is full. An event larger than the whole buffer is let through when
	// the buffer is empty. Default 16 MiB, at least 64 KiB.
	MaxBuffer int64

	// RetrySchedule is the wait after the first failed attempt, after the second, and so on; after
	// its end, a delivery is a dead letter. Each is spread by up to 20 % either way. Default
	// defaultRetrySchedule; each 1 ms to 168 h.
	RetrySchedule []time.Duration

	// HoldMax is how long a delivery that has failed may hold the stream back, from its first
	// failure. It is spooled earlier when its next attempt is due only later. Default 10 s, 0 stands
	// for it; at least 1 ms.
	HoldMax time.Duration

	// AllowAddresses are the private or otherwise special addresses that may be dialled all the same.
	// Each entry is
	//   - an IP address or a CIDR range;
	//   - a host name: whatever it resolves to may be dialled, link-local and metadata addresses
	//     excepted;
	//   - * for every address there is.
	// A range does not name the metadata addresses within it: each takes an entry of its own.
	// Default: none.
	AllowAddresses []string

	// Large, unless it is nil, is called for each event that takes more than an eighth of MaxBuffer.
	// It may come from the stream or from the spool. It must not wait for anything.
	Large func()

	// Notify is called, if it is not nil, when a webhook's state becomes what an operator should know
	// of, and when it is no longer. It must not wait for anything, nor call the Sender.
	Notify func(Notice)

	// Schedule is told of attempts and of what is settled, and says when to look at the spool. nil:
	// always as if something moved.
	Schedule *poll.Schedule

	// Tracer is told of deliveries and attempts, and names the trace to receivers. nil: nothing is
	// traced.
	Tracer *trace.Tracer

	// Watch is called, if it is not nil, after each attempt. It must not wait for anything, nor call
	// the Sender. Beginnings of answers are kept for it alone.
	Watch func(Attempt)

	// Fence is asked before each request, if it is not nil, whether what is sent is this Sender's to
	// send. An error ends the Sender: see Abandon. It must not wait for anything.
	Fence func() error

	// Version is Hookline's own, told to receivers as User-Agent: hookline/<version>. Default dev.
	Version string

	// trace is called with each step of the queues, unless it is nil.
	trace func(queue.Transition)

	// maxSpooledKeys is how many records of a webhook may wait in the spool by themselves; when there
	// are more, all of the webhook goes through the spool. Default 1,000.
	maxSpooledKeys int
}

func (c Config) withDefaults() Config {
	c.RequestTimeout = cmp.Or(c.RequestTimeout, 10*time.Second)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, 64)
	c.MaxBuffer = cmp.Or(c.MaxBuffer, 16<<20)
	c.HoldMax = cmp.Or(c.HoldMax, 10*time.Second)
	if len(c.RetrySchedule) == 0 {
		c.RetrySchedule = defaultRetrySchedule
	}
	c.Version = cmp.Or(c.Version, "dev")
	c.maxSpooledKeys = cmp.Or(c.maxSpooledKeys, 1000)
	c.MaxRequests = cmp.Or(c.MaxRequests, max(1024, 2*c.MaxInFlight))
	return c
}

// NewLimit returns a Limit of as many attempts as c says.
func (c Config) NewLimit() *Limit { return NewLimit(c.withDefaults().MaxRequests) }

func (c Config) validate() error {
	if c.RequestTimeout < time.Millisecond || c.RequestTimeout > 10*time.Minute {
		return fmt.Errorf("RequestTimeout %s: want 1ms to 10m", c.RequestTimeout)
	}
	if c.MaxInFlight < 1 || c.MaxInFlight > 4096 {
		return fmt.Errorf("MaxInFlight %d: want 1 to 4096", c.MaxInFlight)
	}
	if c.MaxRequests < 1 || c.MaxRequests > 65536 {
		return fmt.Errorf("MaxRequests %d: want 1 to 65536", c.MaxRequests)
	}
	if c.MaxBuffer < 64<<10 {
		return fmt.Errorf("MaxBuffer %d: want at least 65536 bytes", c.MaxBuffer)
	}
	if c.HoldMax < time.Millisecond || c.HoldMax > time.Hour {
		return fmt.Errorf("HoldMax %s: want 1ms to 1h", c.HoldMax)
	}
	for i, wait := range c.RetrySchedule {
		if wait < time.Millisecond || wait > 168*time.Hour {
			return fmt.Errorf("RetrySchedule[%d] %s: want 1ms to 168h", i, wait)
		}
	}
	if strings.ContainsFunc(c.Version, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("the Version, %q: want printable ASCII without spaces", c.Version)
	}
	return nil
}
