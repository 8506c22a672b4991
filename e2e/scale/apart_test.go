package scale

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// apart is a sender that is in the middle of its deliveries, with requests under way at every
// receiver, and the messages that it has not settled.
type apart struct {
	*ground
	sender, reader *e2e.Process
	settled        int // deliveries to each webhook that the stream has no more
}

// newApart has a sender that connects to one address deliver to webhooks of a bus at another one.
func newApart(t *testing.T, url, sendersURL string) *apart {
	t.Helper()
	a := &apart{ground: newGround(t, url, 4), settled: 10}
	a.settings = append(a.settings, fmt.Sprint("HOOKLINE_MAX_IN_FLIGHT=", inFlight),
		"HOOKLINE_REQUEST_TIMEOUT=10m")
	for _, box := range a.boxes {
		box.CloseAfter(a.settled)
	}
	a.reader = a.start("reader").Until("active")
	a.unpacked(a.reader, "contact", 40)
	a.sender = a.start("sender", "HOOKLINE_NATS_URL="+sendersURL)
	for _, box := range a.boxes {
		box.UntilHeld(inFlight)
	}
	js, left := natstest.Client(t, url), len(a.boxes)*(40-a.settled)+2 // position and mark
	e2e.Eventually(t, func() error {
		stream, err := js.Stream(t.Context(), streamName)
		if err == nil && stream.CachedInfo().State.Msgs != uint64(left) { //nolint:gosec // above 0
			err = fmt.Errorf("%d messages are in the stream, want %d", stream.CachedInfo().State.Msgs, left)
		}
		return err
	})
	return a
}

// takeOver starts another sender, and waits until it has all partitions.
func (a *apart) takeOver() *e2e.Process {
	a.t.Helper()
	other := a.start("sender")
	holds(a.t, partitions, other)
	return other
}

// holds waits until each of the processes has so many partitions.
func holds(t *testing.T, n float64, processes ...*e2e.Process) {
	t.Helper()
	e2e.Eventually(t, func() error {
		for _, p := range processes {
			if got := p.Metric(held); got != n {
				return fmt.Errorf("process %d has %v partitions, want %v", p.Cmd.Process.Pid, got, n)
			}
		}
		return nil
	})
}

// A sender is stopped for longer than its leases last. What it had under way comes again, from who
// has taken its partitions. When it goes on, it makes no request for what it had, and takes its
// share of partitions anew.
func TestStopped(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, natstest.Options(t.TempDir()))
	a := newApart(t, nats.ClientURL(), nats.ClientURL())
	a.sender.Signal(syscall.SIGSTOP)
	other := a.takeOver()
	came := 40 + inFlight
	for _, box := range a.boxes {
		box.OpenGate()
		box.UntilAccepted(came)
	}
	a.sender.Signal(syscall.SIGCONT)
	holds(t, partitions/2, a.sender, other)
	a.db.OneByOne("later", 40)
	for _, box := range a.boxes {
		e2e.Eventually(t, box.Gets(a.db.Diary()...).Missing)
	}
	for _, p := range []*e2e.Process{a.sender, other, a.reader} {
		p.Stop()
	}
	for _, box := range a.boxes {
		for _, r := range box.All()[came:] {
			if e, err := e2e.Read(r); err != nil || !strings.HasPrefix(e.Record, "later") {
				t.Errorf("the sender has gone on, and %s %+v has come, %v", r.ID, e, err)
			}
		}
		if n := box.Count(); n != came+40 {
			t.Errorf("%d deliveries were accepted, want %d", n, came+40)
		}
	}
}

// A sender that reaches receivers and not the bus stops in time: what it has under way is broken
// off, and comes from who has taken its partitions, once. When the bus is there again, it takes its
// share anew.
func TestCutOff(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, natstest.Options(t.TempDir()))
	line := newLine(t, nats.Addr().String())
	a := newApart(t, nats.ClientURL(), "nats://"+line.address)
	line.carries.Lock()
	other := a.takeOver()
	untilReady(t, a.sender, "503 bus")
	for _, box := range a.boxes {
		box.OpenGate()
		e2e.Eventually(t, box.Gets(a.db.Diary()...).Missing)
	}
	line.carries.Unlock()
	holds(t, partitions/2, a.sender, other)
	a.db.OneByOne("later", 40)
	a.arrived(a.sender, other, a.reader) // nothing twice
}

// line carries bytes between clients and a server, as long as nobody has locked carries.
type line struct {
	address string
	carries sync.RWMutex
}

func newLine(t *testing.T, server string) *line {
	t.Helper()
	l := &line{}
	l.address = relay(t, server, func(client, there net.Conn) {
		go l.carry(there, client)
		go l.carry(client, there)
	})
	return l
}

// relay listens for clients, connects to the server for each, and has both connections carried. It
// returns where it listens.
func relay(t *testing.T, server string, carry func(client, there net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			carry(client, there)
		}
	}()
	return listener.Addr().String()
}

// carry ends both connections when one has ended.
func (l *line) carry(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	_, _ = io.Copy(writer(func(p []byte) (int, error) {
		l.carries.RLock()
		defer l.carries.RUnlock()
		return to.Write(p)
	}), from)
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
