package scale

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"hookline/e2e"
	"hookline/internal/natstest"
)

// ground is a CRM with a NATS server and webhooks.
type ground struct {
	t        *testing.T
	db       *e2e.Database
	boxes    []*e2e.Inbox
	ids      []string // of the webhooks that are theirs
	settings []string
}

// unpacked adds contacts, each once the reader has published the one before: a message is a delivery.
func (g *ground) unpacked(reader *e2e.Process, prefix string, contacts int) {
	g.t.Helper()
	const metric = "hookline_bus_published_total"
	want := reader.Metric(metric)
	for n := range contacts {
		g.db.OneByOne(fmt.Sprint(prefix, n, "-"), 1)
		want += float64(len(g.boxes))
		e2e.Eventually(g.t, func() error {
			if got := reader.Metric(metric); got != want {
				return fmt.Errorf("%v deliveries are published, want %v", got, want)
			}
			return nil
		})
	}
}

// newGround makes a CRM with so many webhooks, which hear of everything.
func newGround(t *testing.T, natsURL string, webhooks int) *ground {
	t.Helper()
	g := &ground{t: t, db: e2e.NewCRM(t), settings: []string{
		"HOOKLINE_NATS_URL=" + natsURL, fmt.Sprint("HOOKLINE_BUS_PARTITIONS=", partitions),
		"HOOKLINE_BUS_MAX_BYTES=64MiB",
	}}
	for range webhooks {
		box := e2e.NewInbox(t)
		g.ids = append(g.ids, g.db.AddWebhook(box, "*.*"))
		g.boxes = append(g.boxes, box)
	}
	g.db.SetUp(g.settings...)
	return g
}

func (g *ground) start(role string, more ...string) *e2e.Process {
	g.t.Helper()
	return e2e.StartRole(g.t, g.db, role, append(g.settings, more...)...)
}

// arrived waits until all has arrived, and checks how.
func (g *ground) arrived(processes ...*e2e.Process) {
	g.t.Helper()
	diary := g.db.Diary()
	for _, box := range g.boxes {
		e2e.Eventually(g.t, box.Gets(diary...).Missing)
	}
	for _, p := range processes {
		p.Stop()
	}
	for _, box := range g.boxes {
		box.Gets(diary...).Check()
	}
}

// expectReplay says that something was killed.
func (g *ground) expectReplay() {
	for _, box := range g.boxes {
		box.ExpectReplay()
	}
}

// What is committed comes through the bus, in order and once, also from a webhook that is made
// while all of it runs, and a clean stop of a sender moves its partitions.
func TestThroughBus(t *testing.T) {
	t.Parallel()
	nats := natstest.Start(t, natstest.Options(t.TempDir()))
	g := newGround(t, nats.ClientURL(), 4)
	random := e2e.Random(t)
	reader := g.start("reader", "HOOKLINE_ADMIN_ADDR=127.0.0.1:0").Until("active")
	one, two := g.start("sender", "HOOKLINE_ADMIN_ADDR=127.0.0.1:0").Until("active"),
		g.start("sender", "HOOKLINE_ADMIN_ADDR=127.0.0.1:0").Until("active")
	e2e.Eventually(t, func() error {
		if a, b := one.Metric(held), two.Metric(held); a != 4 || b != 4 {
			return fmt.Errorf("partitions are held %v and %v, want 4 and 4", a, b)
		}
		return nil
	})
	g.db.Backlog(random, 200)
	for _, box := range g.boxes {
		e2e.Eventually(t, box.Gets(g.db.Diary()...).Missing)
	}
	for _, h := range consoleWebhooks(t, reader) {
		if h.Delivered > 0 {
			t.Errorf("the reader has delivered: %+v", h)
		}
	}
	told := map[string]int{}
	for _, p := range []*e2e.Process{one, two} {
		for _, h := range consoleWebhooks(t, p) {
			if h.Delivered > 0 {
				told[h.Key]++
			}
		}
	}
	for _, id := range g.ids {
		if n := told["public.webhooks/"+id]; n != 1 {
			t.Errorf("%d senders tell of deliveries to webhook %s, want 1: %v", n, id, told)
		}
	}
	one.Stop()
	g.db.OneByOne("more", 20)
	g.arrived(reader, two)
}

var console = regexp.MustCompile(`msg="serving console, API and profiles" addr=(\S+)`)

// consoleWebhooks asks the console of a process how the webhooks stand.
func consoleWebhooks(t *testing.T, p *e2e.Process) (list []consoleWebhook) {
	t.Helper()
	addr := console.FindStringSubmatch(p.Log.String())
	if addr == nil {
		t.Fatal("it serves no console")
	}
	for _, page := range []string{"overview", "webhooks"} {
		resp, err := http.Get("http://" + addr[1] + "/api/v1/" + page)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", page, resp.Status)
		}
		if page == "webhooks" {
			if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
				t.Fatal(err)
			}
		}
	}
	return list
}

type consoleWebhook struct {
	Key       string
	Delivered int // in the last hour, by this process
}

const held = "hookline_bus_held_partitions"

// Reader, senders and the bus are killed in the middle of a backlog.
func TestKilled(t *testing.T) {
	t.Parallel()
	nats := natstest.StartProcess(t)
	g := newGround(t, nats.URL(), 3)
	// What is held back is not to be sent again for that: a receiver may accept what its sender has
	// just given up.
	g.settings = append(g.settings, "HOOKLINE_REQUEST_TIMEOUT=10m")
	random := e2e.Random(t)
	g.db.Backlog(random, 600)
	hold := func() { // something is left, whatever comes again
		for _, box := range g.boxes {
			box.CloseAfter(100)
		}
	}
	untilClosed := func() {
		for _, box := range g.boxes {
			box.UntilClosed()
		}
	}
	hold()
	reader, sender := g.start("reader"), g.start("sender")
	untilClosed()
	reader.Kill()
	reader = g.start("reader")
	reader.Until("active")

	hold()
	untilClosed()
	sender.Kill()
	g.expectReplay()
	sender = g.start("sender")

	hold()
	untilClosed()
	nats.Kill()
	nats.Start()
	sender.Until("active")
	for _, box := range g.boxes {
		box.BeginLife() // a lease may have lapsed, on a machine that is short of breath
		box.OpenGate()
	}
	g.arrived(reader, sender)
}
