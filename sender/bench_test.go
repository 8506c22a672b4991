package sender

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookline/mapper"
	"hookline/sender/http1"
	"hookline/webhook"
)

// accepting is a connection to a receiver that takes no time: whatever is written, 200 can be read.
type accepting struct{ net.Conn }

func (accepting) Write(p []byte) (int, error) { return len(p), nil }
func (accepting) Read(p []byte) (int, error) {
	return copy(p, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), nil
}
func (accepting) Close() error                     { return nil }
func (accepting) SetDeadline(time.Time) error      { return nil }
func (accepting) SetReadDeadline(time.Time) error  { return nil }
func (accepting) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkDeliver is all that a delivery takes but the kernel: from Send through its queue, signed
// and encoded, to the release of its hold. A record has so many events in a row; bodies have 1.1
// kB.
func BenchmarkDeliver(b *testing.B) {
	for _, events := range []int{1, 10} {
		for _, webhooks := range []int{1, 10} {
			b.Run(fmt.Sprintf("%d_per_record/%d_webhooks", events, webhooks), func(b *testing.B) {
				benchmarkDeliver(b, Config{}, events, webhooks)
			})
		}
	}
}

// BenchmarkDeliverWatched is the first of them while each attempt is told.
func BenchmarkDeliverWatched(b *testing.B) {
	benchmarkDeliver(b, Config{Watch: func(Attempt) {}}, 1, 1)
}

func benchmarkDeliver(b *testing.B, cfg Config, events, webhooks int) {
	data := fmt.Appendf(nil, `{"id":1,"notes":%q}`, strings.Repeat("x", 1000))
	s := newSender(b, cfg)
	// as with the level info: nothing is told of what is delivered
	s.Sender.log = slog.New(slog.DiscardHandler)
	s.transport.plain = http1.New(
		s.ctx,
		http1.Config{MaxIdle: 64, Dial: func(context.Context, string, string) (net.Conn, error) {
			return accepting{}, nil
		}},
	)
	var to []*webhook.Subscription
	for n := range webhooks {
		to = append(to, subscription(fmt.Sprintf("public.webhooks/%d", n),
			fmt.Sprintf("http://receiver-%d.test", n)))
	}
	done := make(chan struct{})
	var left atomic.Int64
	left.Store(int64(b.N))
	settled := func() {
		if left.Add(-1) == 0 {
			close(done)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		e := mapper.NewEvent(mapper.Parts{
			ID:     "evt_0badcafe_0000000001a2b3c4_0",
			Object: "contact",
			Record: uint64(n / webhooks / events),
			Time:   time.Now(),
			Data:   data,
		})
		for _, sub := range to[:min(webhooks, b.N-n)] {
			if err := s.Send(b.Context(), Delivery{Event: e, To: sub, Settled: settled}); err != nil {
				b.Fatal(err)
			}
			n++
		}
	}
	<-done
}
