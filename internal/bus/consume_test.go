package bus

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"hookline/internal/natstest"
)

// lateWrites are connections on which the write of a request for messages returns late.
type lateWrites struct {
	net.Conn
	returns *sync.Mutex   // once it is free
	wrote   chan struct{} // for each request that was written
}

func (c lateWrites) Dial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	c.Conn = conn
	return c, err
}

func (c lateWrites) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if bytes.Contains(b, []byte("CONSUMER.MSG.NEXT")) {
		c.wrote <- struct{}{}
		c.returns.Lock()
		defer c.returns.Unlock()
	}
	return n, err
}

// When all that a request is for has come before its write returns, the client asks for nothing. It
// is noticed, by the same consumer.
func TestNothingAskedFor(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	other := connect(t, config(s.ClientURL()))
	list := rangeOf(0, 4*pullSize)
	sendEach(t, publisher(t, other, &memory{}), "w", list...)

	late := lateWrites{returns: new(sync.Mutex), wrote: make(chan struct{}, len(list))}
	b := connect(t, other.cfg)
	var err error
	// Who publishes writes: there is no buffer.
	b.nc, err = nats.Connect(s.ClientURL(), nats.SetCustomDialer(late), nats.WriteBufferSize(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.nc.Close)
	if b.js, err = b.jetstream(); err != nil {
		t.Fatal(err)
	}
	i := patient(b)
	var got collected
	begin := make(chan struct{})
	acknowledging := make(chan func(), len(list)) // while nothing can be written
	end := run(t, i, func(m Message, settled func()) {
		<-begin
		got.add(m.Event.ID)
		acknowledging <- settled
	})
	defer end()
	<-late.wrote
	late.returns.Lock()
	free := sync.OnceFunc(late.returns.Unlock)
	defer free() // or the connection could not be closed when the test fails
	close(begin)
	<-late.wrote // when half of it has come
	const asked = pullSize/2 + 1 + pullSize
	until(t, "all that is asked for has come", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.delivered == asked && i.idle
	})
	info := consumerOf(t, &Intake{bus: other, stream: i.stream, current: i.current}).CachedInfo()
	if info.NumWaiting > 0 || info.NumPending == 0 {
		t.Fatalf("the server has %d requests, and %d messages", info.NumWaiting, info.NumPending)
	}
	free()
	for range list {
		(<-acknowledging)()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if !slices.Equal(got.ids, ids(list)) || i.consumers != 1 {
		t.Errorf("%d came, by %d consumers", len(got.ids), i.consumers)
	}
}

// The client is left alone while the server has a request.
func TestAskedFor(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.Options(t.TempDir()))
	b := connect(t, config(s.ClientURL()))
	p := publisher(t, b, &memory{})
	requests := make(chan *nats.Msg, 1000)
	if _, err := b.nc.ChanSubscribe("$JS.API.CONSUMER.>", requests); err != nil {
		t.Fatal(err)
	}
	i := patient(b)
	defer run(t, i, func(_ Message, settled func()) { settled() })()
	asked := 0
	look := func() {
		for r := range requests {
			switch {
			case strings.Contains(r.Subject, ".MSG.NEXT."):
				asked++
			case strings.Contains(r.Subject, ".INFO."):
				return
			}
		}
	}
	look()
	sendEach(t, p, "w", rangeOf(0, pullSize)...)
	look()
	if asked > 2 { // at first, and after half of them
		t.Errorf("%d requests", asked)
	}
}
