package scale

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hookline/e2e"
	"hookline/internal/bus"
	"hookline/internal/natstest"
)

// step is what befalls the processes at one moment of a campaign.
type step string

const (
	readerKilled  step = "the reader is killed"
	senderKilled  step = "a sender is killed"
	sendersKilled step = "two senders are killed at once"
	serverKilled  step = "a server of the bus is killed"
	leaderKilled  step = "the server that leads the stream is killed"
	senderStopped step = "a sender is stopped, and goes on when its partitions are another's"
)

var kills = []step{readerKilled, senderKilled, sendersKilled, serverKilled, leaderKilled}

// TestKills kills in the middle of a backlog whatever can be killed: the reader, senders, and
// servers of a bus of three. In the end everything has come to every webhook, in order, and what
// came twice had a reason to, which is computed of what the processes were doing.
//
// It is short, unless E2E_CAMPAIGN is long: then 20 kills meet a backlog of 100,000 deliveries.
// E2E_BACKLOG has it be of another size; -seed repeats the order.
func TestKills(t *testing.T) {
	t.Parallel()
	rounds, deliveries := 1, 2000
	if os.Getenv("E2E_CAMPAIGN") == "long" {
		rounds, deliveries = 4, 100_000
	}
	deliveries = number(t, "E2E_BACKLOG", deliveries)
	c := newCampaign(t, deliveries)
	var steps []step
	for range rounds {
		round := append([]step{senderStopped}, kills...)
		c.random.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
		steps = append(steps, round...)
	}
	c.write(deliveries / 2)
	for i, s := range steps {
		c.inTheMiddle(len(steps)-i, deliveries/2/len(steps))
		t.Logf("%s %s", time.Now().Format(moment), s)
		give := c.withhold()
		c.apply(s)
		give()
		c.revive()
	}
	c.finish()
	c.judge(rounds * len(kills))
}

// number returns the number that a variable of the environment has, or another one without it.
func number(t *testing.T, name string, without int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return without
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < webhooks {
		t.Fatalf("%s=%q: it takes a whole number, at least %d", name, text, webhooks)
	}
	return n
}

const (
	webhooks = 4
	inFlight = 16
	senders  = 3
)

// campaign is readers, senders and a bus of three servers, and what befalls them.
type campaign struct {
	*ground
	random  *rand.Rand
	author  *e2e.Author
	js      jetstream.JetStream
	nodes   []*natstest.Process
	dead    *natstest.Process // the server that was killed last, until it is started again
	witness *witness

	reader   *e2e.Process
	senders  []*e2e.Process
	launched []*e2e.Process // all there ever were; the number of each is its place and one
	faults   []fault

	diagnosed bool
}

func newCampaign(t *testing.T, deliveries int) *campaign {
	t.Helper()
	c := &campaign{random: e2e.Random(t), nodes: natstest.StartCluster(t)}
	c.author = &e2e.Author{Random: c.random, Prefix: "contact"}
	urls := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		urls[i] = n.URL()
	}
	all := strings.Join(urls, ",")
	c.ground = newGround(t, all, webhooks)
	c.settings = append(c.settings, "HOOKLINE_BUS_REPLICAS=3", fmt.Sprint("HOOKLINE_MAX_IN_FLIGHT=",
		inFlight), fmt.Sprintf("HOOKLINE_BUS_MAX_BYTES=%d", deliveries<<10),
		// what is held back here is not to be sent again for that
		"HOOKLINE_REQUEST_TIMEOUT=10m", e2e.Often)
	c.db.Exec(claimsSQL)
	c.js = natstest.Client(t, all)
	c.reader = c.launch("reader").Until("active")
	c.witness = listenIn(t, c.js, c.nodes)
	c.witness.look(t, c.js)
	for range senders {
		c.senders = append(c.senders, c.launch("sender"))
	}
	return c
}

// diagnose tells how things stood when the test failed.
func (c *campaign) diagnose() {
	if !c.t.Failed() || c.diagnosed {
		return
	}
	c.diagnosed = true
	p := e2e.Command(c.t, c.db.Env(c.settings...), "status").Launch()
	p.Wait()
	c.t.Log(p.Out.String() + p.Log.String())
	for i, box := range c.boxes {
		c.t.Logf("webhook %s: %d deliveries of %d events", c.ids[i], box.Count(), box.Events())
	}
}

func (c *campaign) launch(role string) *e2e.Process {
	c.t.Helper()
	p := c.start(role, "HOOKLINE_DATABASE_URL="+asProcess(c.db.URL, len(c.launched)+1))
	c.launched = append(c.launched, p)
	c.t.Cleanup(c.diagnose) // before it is killed
	return p
}

// write commits at least what makes so many deliveries.
func (c *campaign) write(deliveries int) {
	c.t.Helper()
	const sql = `SELECT count(*) FROM diary.entries`
	for until := e2e.Value[int](c.db, sql) + deliveries/webhooks; e2e.Value[int](c.db, sql) < until; {
		if err := c.author.Write(c.t, c.db.Conn, 10); err != nil {
			c.t.Fatal(err)
		}
	}
}

// inTheMiddle commits what makes so many deliveries, and waits until a share of what is left has
// come, and more than that waits at every receiver, not accepted.
func (c *campaign) inTheMiddle(steps, deliveries int) {
	c.t.Helper()
	for _, box := range c.boxes {
		box.CloseAfter(0) // or all may have come before the next gate is closed
	}
	c.write(max(deliveries, 4*inFlight*webhooks))
	due := len(c.db.Diary())
	for _, box := range c.boxes {
		// what is held back at the gate before comes, too
		box.CloseAfter(max(0, due-box.Events()-2*inFlight) / (steps + 1))
	}
	for _, box := range c.boxes {
		box.UntilClosed()
	}
}

// withhold has, half of the time, every receiver accept what waits there without its sender hearing
// of it, until give is called.
func (c *campaign) withhold() (give func()) {
	c.t.Helper()
	if c.random.IntN(2) == 0 {
		return func() {}
	}
	var all []func()
	for _, box := range c.boxes {
		all = append(all, box.Withhold())
		before := box.Count()
		box.OpenGate()
		box.UntilAccepted(before + 1)
	}
	return func() {
		for _, give := range all {
			give()
		}
	}
}

func (c *campaign) apply(s step) {
	c.t.Helper()
	switch s {
	case readerKilled:
		c.kill(s, c.reader)
		c.reader = c.launch("reader")
	case senderKilled:
		c.killSenders(s, 1)
	case sendersKilled:
		c.killSenders(s, 2)
	case serverKilled, leaderKilled:
		c.killServer(s)
	case senderStopped:
		c.stopSender(s)
	}
}

func (c *campaign) kill(s step, list ...*e2e.Process) {
	c.t.Helper()
	before := len(c.faults)
	for _, p := range list {
		c.faults = append(c.faults, fault{
			at: time.Now(), process: 1 + slices.Index(c.launched, p), what: string(s),
		})
	}
	e2e.KillAll(list...)
	for i := before; i < len(c.faults); i++ {
		c.faults[i].over = time.Now()
	}
}

func (c *campaign) killSenders(s step, n int) {
	c.t.Helper()
	c.random.Shuffle(senders, func(i, j int) {
		c.senders[i], c.senders[j] = c.senders[j], c.senders[i]
	})
	c.kill(s, c.senders[:n]...)
	for i := range n {
		c.senders[i] = c.launch("sender")
	}
}

// killServer kills a server of the bus, which leaves two that have everything: one that has not
// caught up since it was killed is killed again.
func (c *campaign) killServer(s step) {
	c.t.Helper()
	victim := c.nodes[c.random.IntN(len(c.nodes))].Name
	leader, behind := c.lookAtBus()
	switch {
	case behind != "":
		victim = behind
	case s == leaderKilled:
		victim = leader
	}
	c.t.Logf("it is %s; %s leads the stream", victim, leader)
	i := slices.IndexFunc(c.nodes, func(n *natstest.Process) bool { return n.Name == victim })
	c.faults = append(c.faults, fault{at: time.Now(), what: string(s)})
	c.nodes[i].Kill()
	c.dead = c.nodes[i]
}

// revive starts the server that was killed last.
func (c *campaign) revive() {
	c.t.Helper()
	if c.dead != nil {
		c.dead.Start()
		c.dead = nil
	}
}

// lookAtBus returns the server that leads the stream, and one that has not all of stream and
// leases, if it has not caught up in a moment; "" for none.
func (c *campaign) lookAtBus() (leader, behind string) {
	c.t.Helper()
	moment := time.Now().Add(15 * time.Second)
	e2e.Eventually(c.t, func() (err error) {
		behind, leader, err = c.readBus()
		if err == nil && (behind != "" && time.Now().Before(moment) || leader == "") {
			err = fmt.Errorf("%q leads, and %q is behind", leader, behind)
		}
		return err
	})
	return leader, behind
}

// readBus returns what lookAtBus does, as it is now.
func (c *campaign) readBus() (behind, leader string, err error) {
	for _, name := range []string{"KV_" + streamName, streamName} {
		ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
		stream, err := c.js.Stream(ctx, name)
		cancel()
		if err != nil {
			return "", "", err
		}
		cluster := stream.CachedInfo().Cluster
		for _, r := range cluster.Replicas {
			if !r.Current || r.Offline {
				behind = r.Name
			}
		}
		leader = cluster.Leader
	}
	return behind, leader, nil
}

// stopSender stops a sender until others have all partitions, and has it go on.
func (c *campaign) stopSender(s step) {
	c.t.Helper()
	p := c.senders[c.random.IntN(senders)]
	number := 1 + slices.Index(c.launched, p)
	c.faults = append(c.faults, fault{at: time.Now(), process: number, what: string(s)})
	p.Signal(syscall.SIGSTOP)
	e2e.Eventually(c.t, func() error {
		for n, list := range readTenures(c.db) {
			if len(list) > 0 && list[len(list)-1].process == number {
				return fmt.Errorf("partition %d is still that of the stopped one", n)
			}
		}
		return nil
	})
	c.faults[len(c.faults)-1].over = time.Now()
	p.Signal(syscall.SIGCONT)
}

// finish waits until all has come, and ends all processes.
func (c *campaign) finish() {
	c.t.Helper()
	for _, box := range c.boxes {
		box.OpenGate()
	}
	diary := c.db.Diary()
	for _, box := range c.boxes {
		e2e.Eventually(c.t, box.Gets(diary...).Missing)
	}
	e2e.Eventually(c.t, func() error {
		stream, err := c.js.Stream(c.t.Context(), streamName)
		if err == nil && stream.CachedInfo().State.Msgs > 2 { // position and mark
			err = fmt.Errorf("%d messages are left in the stream", stream.CachedInfo().State.Msgs)
		}
		return err
	})
	for _, p := range append(c.senders, c.reader) {
		p.Stop()
	}
}

// judge holds what has come against what was committed, and says what it found.
func (c *campaign) judge(kills int) {
	c.t.Helper()
	diary, tenures, stays := c.db.Diary(), readTenures(c.db), readStays(c.db)
	acked, packs, twice := c.witness.acknowledged()
	if len(twice) > 0 {
		c.t.Errorf("the stream has had %d deliveries twice: %v", len(twice), twice[0])
	}
	total, reasons := 0, map[string]int{}
	for webhook := range c.witness.webhooks {
		i := slices.IndexFunc(c.ids, func(id string) bool { return strings.HasSuffix(webhook, "/"+id) })
		partition := bus.PartitionOf(webhook, partitions)
		h := history{
			webhook: webhook, due: diary, requests: c.boxes[i].All(), tenures: tenures[partition],
			faults: c.faults, acked: acked, packs: packs, stays: stays,
		}
		h.takes, h.releases, h.wholes = c.witness.of(partition)
		again, err := h.judge()
		if err != nil {
			c.t.Errorf("webhook %s: %v", webhook, err)
		}
		for reason, n := range again {
			reasons[reason] += n
		}
		total += c.boxes[i].Count()
	}
	if n := len(c.witness.webhooks); n != webhooks {
		c.t.Errorf("the stream had messages for %d webhooks, want %d", n, webhooks)
	}
	c.t.Logf("%d kills; %d events, %d deliveries accepted, %d were in the spool; came again: %v",
		kills, len(diary), total, len(stays), reasons)
}
