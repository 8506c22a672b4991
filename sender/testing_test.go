package sender

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/mapper"
	"hookline/sender/http1"
	"hookline/sender/queue"
	"hookline/webhook"
)

// patience is far longer than anything here takes.
const patience = time.Minute

var silent = slog.NewLogLogger(slog.DiscardHandler, 0) // for servers whose clients misbehave

// content is the record of the events below.
type content struct {
	Record int `json:"record"`
	Seq    int `json:"seq"`

	// Of the record of the key before, where an event has changed the key; 0 elsewhere.
	Former    int `json:"former"`
	FormerSeq int `json:"formerSeq"`
}

// newEvent returns the event number seq of a record.
func newEvent(record, seq int) *mapper.Event {
	return mapper.NewEvent(mapper.Parts{
		ID:      fmt.Sprintf("evt_0badcafe_%016x_%d", record, seq),
		Object:  "person",
		Action:  mapper.Updated,
		Record:  uint64(record),
		Time:    time.Now(),
		Updated: []string{fmt.Sprint(seq)},
		Data:    fmt.Appendf(nil, `{"record":%d,"seq":%d}`, record, seq),
	})
}

// rekeyed returns the event number seq of a record that was another one before, of which it is the
// event number formerSeq.
func rekeyed(former, formerSeq, record, seq int) *mapper.Event {
	p := newEvent(record, seq).Parts()
	p.Former = uint64(former)
	p.Data = fmt.Appendf(nil, `{"record":%d,"seq":%d,"former":%d,"formerSeq":%d}`, record, seq, former,
		formerSeq)
	return mapper.NewEvent(p)
}

// eventOf returns the first event of a record, with that much data.
func eventOf(record, size int) *mapper.Event {
	return mapper.NewEvent(mapper.Parts{
		ID:     fmt.Sprintf("evt_0badcafe_%016x_1", record),
		Object: "note",
		Record: uint64(record),
		Time:   time.Now(),
		Data:   []byte(`"` + strings.Repeat("x", size) + `"`),
	})
}

// contentOf returns the record in a body.
func contentOf(t testing.TB, body []byte) content {
	var b struct{ Data content }
	if err := json.Unmarshal(body, &b); err != nil {
		t.Errorf("body %q: %v", body, err)
	}
	return b.Data
}

// changesOf returns the numbers of the events that a body tells of: see newEvent.
func changesOf(t testing.TB, body []byte) (seqs []int) {
	var b struct{ UpdatedFields []string }
	if err := json.Unmarshal(body, &b); err != nil {
		t.Errorf("body %q: %v", body, err)
	}
	for _, name := range b.UpdatedFields {
		seq, err := strconv.Atoi(name)
		if err != nil {
			t.Errorf("body %q: %v", body, err)
		}
		seqs = append(seqs, seq)
	}
	return seqs
}

func subscription(key, target string) *webhook.Subscription {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	return &webhook.Subscription{
		Key:    key,
		ID:     key,
		URL:    target,
		Host:   u.Host,
		Secret: "s3cr3t-of-" + webhook.Secret(key),
	}
}

// row makes subs versions of one webhook, of which the first is current. Store another, or nil, to
// change the webhook.
func row(subs ...*webhook.Subscription) *atomic.Pointer[webhook.Subscription] {
	current := new(atomic.Pointer[webhook.Subscription])
	current.Store(subs[0])
	for _, sub := range subs {
		field := reflect.ValueOf(sub).Elem().FieldByName("current")
		reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).
			Elem().
			Set(reflect.ValueOf(current))
	}
	return current
}

type senderTest struct {
	*Sender
	*Memory  // its spool, if it has one of its own
	t        testing.TB
	webhooks *directory
	registry *prometheus.Registry
	log      *logBuffer
	network  *pipes // in a bubble
}

// logBuffer holds what was logged.
type logBuffer struct {
	mu    sync.Mutex
	text  strings.Builder
	wrote chan struct{} // has room for one
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.wrote <- struct{}{}:
	default:
	}
	return b.text.Write(p)
}

// await waits until the log matches.
func (b *logBuffer) await(t testing.TB, text *regexp.Regexp) {
	t.Helper()
	for !text.MatchString(b.String()) {
		await(t, b.wrote, "log that matches "+text.String())
	}
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// directory is the Subscriptions of a test: every webhook that was ever sent to.
type directory struct{ sync.Map }

func (d *directory) Known(key string) *webhook.Subscription {
	if sub, ok := d.Load(key); ok {
		return sub.(*webhook.Subscription).Current()
	}
	return nil
}

// newSender returns a sender with a spool of its own that may dial loopback addresses, and is
// drained at the end.
func newSender(t testing.TB, cfg Config) *senderTest {
	t.Helper()
	spool := NewMemory(Limits{})
	s := newSenderOn(t, spool, cfg)
	s.Memory = spool
	return s
}

// newSenderOn returns a sender that takes up what is in a spool.
func newSenderOn(
	t testing.TB,
	spool Spool,
	cfg Config,
	known ...*webhook.Subscription,
) *senderTest {
	t.Helper()
	if cfg.AllowAddresses == nil {
		cfg.AllowAddresses = []string{"127.0.0.0/8", "::1"}
	}
	registry, log := prometheus.NewRegistry(), &logBuffer{wrote: make(chan struct{}, 1)}
	handler := slog.NewTextHandler(io.MultiWriter(log, t.Output()),
		&slog.HandlerOptions{Level: slog.LevelDebug})
	webhooks := new(directory)
	for _, sub := range known {
		webhooks.Store(sub.Key, sub)
	}
	s, err := New(cfg, spool, webhooks, slog.New(handler), registry)
	if err != nil {
		t.Fatal(err)
	}
	st := &senderTest{Sender: s, t: t, webhooks: webhooks, registry: registry, log: log}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = st.Drain(ctx)
	})
	return st
}

// send sends an event and returns a channel that is closed when it is settled.
func (s *senderTest) send(to *webhook.Subscription, e *mapper.Event) <-chan struct{} {
	s.t.Helper()
	settled := make(chan struct{})
	s.webhooks.Store(to.Key, to)
	if err := s.Send(context.Background(),
		Delivery{Event: e, To: to, Settled: func() { close(settled) }}); err != nil {
		s.t.Errorf("Send: %v", err)
	}
	return settled
}

// once makes one attempt, signed by the given signer, nil for none.
func (s *senderTest) once(
	e *mapper.Event,
	to *webhook.Subscription,
	number int,
	sign *signer,
) (Verdict, time.Duration) {
	c := s.newRequestBuilder(to)
	c.signer = sign
	return s.try(&queue.Delivery{Event: e, Attempts: number}, c)
}

// metric returns the value of a counter, a gauge, or the count of a histogram. label is that of the
// counter.
func (s *senderTest) metric(name, label string) float64 {
	s.t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if label != "" && m.GetLabel()[0].GetValue() != label {
				continue
			}
			switch {
			case m.Counter != nil:
				return m.Counter.GetValue()
			case m.Gauge != nil:
				return m.Gauge.GetValue()
			default:
				return float64(m.Histogram.GetSampleCount())
			}
		}
	}
	s.t.Fatalf("no metric %s %s", name, label)
	return 0
}

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain: %s", what)
		panic("not reached")
	}
}

func open(c <-chan struct{}) bool {
	select {
	case <-c:
		return false
	default:
		return true
	}
}

// list collects what several goroutines come upon.
type list[T any] struct {
	mu    sync.Mutex
	items []T
}

// add returns how many items there are now.
func (l *list[T]) add(item T) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, item)
	return len(l.items)
}

func (l *list[T]) all() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.items)
}

// hit is a request that a receiver got.
type hit struct {
	header http.Header
	body   []byte
	at     time.Time
}

// receiver returns a server that passes each request on to hits, if not nil, before it calls
// handle, if not nil.
func receiver(t testing.TB, hits chan<- hit, handle http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(recording(t, hits, handle))
	t.Cleanup(server.Close)
	return server
}

func recording(t testing.TB, hits chan<- hit, handle http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the request: %v", err)
		}
		if hits != nil {
			hits <- hit{r.Header, body, time.Now()}
		}
		if handle != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			handle(w, r)
		}
	})
}

// verify checks both signatures of a request.
func verify(t testing.TB, h hit, secret webhook.Secret) {
	t.Helper()
	if err := Verify(string(secret), h.header, h.body, h.at, patience); err != nil {
		t.Error(err)
	}
	if err := VerifyStandard(string(secret), h.header, h.body, h.at, patience); err != nil {
		t.Error(err)
	}
}

// leftovers waits until no goroutine of a sender or of its connections is left.
func leftovers(t testing.TB) {
	t.Helper()
	buf := make([]byte, 4<<20)
	var left []string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		left = nil
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			for _, of := range []string{
				"sender.(*webhookQueue)", "sender.(*spoolWriter)", "sender.(*Sender)", "sender.(*guard)",
				"http1.(*Conn)", "http1.(*Transport)", "http2.(*Conn)", "https.(*",
			} {
				if strings.Contains(stack, of) && !strings.Contains(stack, "sender.leftovers") {
					left = append(left, stack)
					break
				}
			}
		}
		if left == nil {
			return
		}
	}
	t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
}

// pipes is a network in memory, for tests in a synctest bubble: reading from a socket would keep
// its clock from moving.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	refuses func() bool // whether a connection is refused; nil: none is
	dials   list[time.Time]
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	p.dials.add(time.Now())
	if p.refuses != nil && p.refuses() {
		refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: refused}
	}
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, errors.New("closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "pipe"} }

// bubble returns a sender whose every connection, in memory, leads to handle, and whose waits are
// spread by nothing. To be called in a synctest bubble.
func bubble(t testing.TB, cfg Config, handle http.HandlerFunc) *senderTest {
	spool := NewMemory(Limits{})
	s := inBubble(t, spool, cfg, handle)
	s.Memory = spool
	return s
}

// bubbleOn is bubble with a sender that takes up what is in a spool, and then watches it.
func bubbleOn(
	t testing.TB,
	spool Spool,
	cfg Config,
	handle http.HandlerFunc,
	known ...*webhook.Subscription,
) *senderTest {
	s := inBubble(t, spool, cfg, handle, known...)
	if err := s.Resume(t.Context(), SettledBefore{}); err != nil {
		t.Fatal(err)
	}
	return s
}

func inBubble(
	t testing.TB,
	spool Spool,
	cfg Config,
	handle http.HandlerFunc,
	known ...*webhook.Subscription,
) *senderTest {
	s := newSenderOn(t, spool, cfg, known...)
	s.policy.Jitter = func() float64 { return 0.5 }
	network := newPipes()
	s.network, s.transport.dial = network, network.dial
	s.transport.plain = http1.New(
		s.ctx,
		http1.Config{
			Dial:        network.dial,
			MaxIdle:     64,
			IdleTimeout: idleTimeout,
			BodyTimeout: drainTime,
		},
	)
	var conns sync.WaitGroup
	server := &http.Server{
		ErrorLog: silent,
		Handler:  recording(t, nil, handle),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				conns.Done()
			}
		},
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(network)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
		conns.Wait() // Close does not
	})
	return s
}

// statuses returns a handler that answers with the status that answer returns for a record.
func statuses(t testing.TB, answer func(content) int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the request: %v", err)
		}
		w.WriteHeader(answer(contentOf(t, body)))
	}
}

// eventName returns the name of the event in a body.
func eventName(t testing.TB, body []byte) string {
	var b struct{ Event string }
	if err := json.Unmarshal(body, &b); err != nil {
		t.Errorf("body %q: %v", body, err)
	}
	return b.Event
}
