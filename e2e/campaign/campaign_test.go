package campaign

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookline/e2e"
	"hookline/internal/postgres"
	"hookline/internal/postgres/postgrestest"
)

// TestCampaign breaks whatever can break, in an order that a seed decides, while writers go on
// committing: Hookline, Postgres and receivers, several at a time; standbys take over, and copies
// are started. In the end everything that was committed has arrived at every webhook, in order, and
// what came twice had a reason to, which is computed of what the sender that sent it again had
// found.
//
// It is short and always the same, unless E2E_CAMPAIGN is long: then E2E_ROUNDS says how long.
// E2E_SEED repeats the campaign of a seed, E2E_MAJOR has it be on a major version of Postgres.
func TestCampaign(t *testing.T) {
	t.Parallel()
	seed, rounds := uint64(1), 1
	if os.Getenv("E2E_CAMPAIGN") == "long" {
		seed, rounds = *e2e.Seed, int(number(t, "E2E_ROUNDS", 8))
	}
	seed = number(t, "E2E_SEED", seed)
	t.Logf("the same again: E2E_SEED=%d", seed)
	for _, one := range []struct {
		name  string
		major int
		apart bool
	}{{"one database", 0, false}, {"spool apart", 18, true}} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			major := int(number(t, "E2E_MAJOR", uint64(one.major)))
			postgrestest.NeedMajor(t, major)
			newCampaign(t, major, one.apart, seed).run(seed, rounds)
		})
	}
}

// number returns the number that a variable of the environment has, or another one without it.
func number(t *testing.T, name string, without uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return without
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q: it takes a whole number", name, text)
	}
	return n
}

// What Hookline is told in a campaign.
const (
	requestTimeout = time.Second
	drainTimeout   = 2 * time.Second
	holdMax        = 500 * time.Millisecond
)

// campaign is a CRM with its webhooks, Hookline beside it, and all that befalls them.
type campaign struct {
	t     *testing.T
	began time.Time

	server      *postgres.Server
	db          *e2e.Database
	spoolServer *postgres.Server
	spool       *e2e.Database // may be db
	settings    []string      // of Hookline
	chance      *rand.Rand    // which webhooks are signed with a key pair

	hooks    []*hook
	frail    []*hook    // those of them that fall ill
	leaver   *hook      // answers 410 at times; nil for none
	reloader *reloader  // is well, and reloads at times
	merging  *hook      // hears of records that have settled
	batched  *hook      // answers batches one by one, and refuses most of them until the end
	trap     *e2e.Inbox // is told of by redirects

	ignored map[version]int // that come of changes that webhooks may ignore: of which kinds
	// what the first webhook was told under each ID, of its first so many arrivals
	names map[string]e2e.Entry
	named int

	processes []*e2e.Process // one, or one and its standby
	launched  []*e2e.Process // all there ever were
	tight     bool           // the next one gets a small buffer

	commits atomic.Int64 // transactions whose commit was acknowledged to their writers
	changes atomic.Int64 // the rows they have changed
	awaited atomic.Bool  // commits are waited for: see commit

	illnesses map[fault]illness
	writing   sync.RWMutex // held for reading by who has a transaction open
	spoolBack int64        // number of commits after which the spool comes back; 0 while it is there
	silences  []silence

	major int // version of the servers; 0 is the default one
	pair

	stateDir  string // "" for none
	database  string // see databaseID
	numbers   map[*e2e.Process]int
	lastClaim int64 // that was read: see claimsSQL
	claims    []*claim
	endings   map[int]*ending
	snapshots []*snapshot
	kills     int
}

// newCampaign prepares a campaign; apart gives the spool a server of its own, and seed decides what
// webhooks choose.
func newCampaign(t *testing.T, major int, apart bool, seed uint64) *campaign {
	t.Helper()
	c := &campaign{
		t: t, began: time.Now(), major: major, trap: e2e.NewInbox(t), illnesses: map[fault]illness{},
		numbers: map[*e2e.Process]int{}, endings: map[int]*ending{}, names: map[string]e2e.Entry{},
		chance: rand.New(rand.NewPCG(seed, 1)),
	}
	c.server, c.db = e2e.NewServerMajor(t, major, map[string]string{"autovacuum": "off"})
	c.db.Plain = false // no campaign is like the other
	c.db.WithContacts()
	c.database = databaseID(c.db)
	c.db.Exec(companiesSQL)
	c.settings = []string{
		"HOOKLINE_REQUEST_TIMEOUT=" + requestTimeout.String(),
		"HOOKLINE_LOG_LEVEL=debug", // which leaves no attempt out
		"HOOKLINE_DRAIN_TIMEOUT=" + drainTimeout.String(),
		// long enough for every illness
		"HOOKLINE_RETRY_SCHEDULE=50ms,100ms,200ms" + strings.Repeat(",400ms", 500),
		"HOOKLINE_HOLD_MAX=" + holdMax.String(),
		"HOOKLINE_ENVIRONMENT=campaign", // a copy has another one
	}
	c.spoolServer, c.spool = c.server, c.db
	if apart {
		c.spoolServer, c.spool = e2e.NewServerMajor(t, major, nil)
		c.stateDir = t.TempDir() // of a process and its standby
		c.settings = append(c.settings, "HOOKLINE_SPOOL_DATABASE_URL="+c.spool.URL,
			"HOOKLINE_STATE_DIR="+c.stateDir)
	}
	for _, i := range illnesses(c.trap.URL()) {
		c.illnesses[i.fault] = i
	}
	c.frail = []*hook{c.newHook(""), c.newHook(""), c.newHook("contact"), c.newHook("company")}
	c.newChoices(seed)
	c.leaver = c.newHook("contact")
	c.hooks = append([]*hook{c.newHook("")}, c.frail...) // the first one is always well
	c.reloader = c.newReloader()
	c.hooks = append(c.hooks, c.leaver, c.reloader.hook, c.batched)
	c.watchClaims()
	c.validate()
	c.follow()
	return c
}

// run carries the plan of a seed out, waits until everything is settled, and judges.
func (c *campaign) run(seed uint64, rounds int) {
	c.launch()
	c.ready()
	stop := c.startWriters(seed)
	applied := map[fault]int{}
	all := faults(c.spool != c.db)
	if rounds == 1 { // it is to be short
		slices.Sort(all)
		all = slices.Compact(all)
	}
	for _, s := range plan(seed, rounds, all, len(c.frail)) {
		c.commit(s.pause)
		c.t.Logf("%s, %d commits: %s", time.Now().Format("15:04:05.000"), c.commits.Load(), c.describe(s))
		c.apply(s)
		applied[s.fault]++
	}
	stop()
	diary, dead := c.settle()

	accepted, repeats := c.judge(diary, dead)
	var list []string
	for _, f := range slices.Sorted(maps.Keys(applied)) {
		list = append(list, fmt.Sprintf("%d × %s", applied[f], f))
	}
	c.t.Logf("E2E_SEED=%d, Postgres %s: %s", seed,
		e2e.Value[string](c.db, `SHOW server_version`), strings.Join(list, ", "))
	c.t.Logf("%d kills, %d takeovers; %d events, %d deliveries, %d dead letters, %d events of "+
		"commits that a standby lacked; came again: %v; %s", c.kills, len(c.claims), len(diary), accepted,
		len(dead), c.lostAll, repeats, time.Since(c.began).Round(time.Second))
}

func (c *campaign) describe(s step) string {
	switch _, ill := c.illnesses[s.fault]; {
	case ill:
		return fmt.Sprintf("receiver %d %s for %d commits", 1+s.hook, s.fault, s.lasting)
	case s.calm:
		return fmt.Sprintf("after a calm, %s", s.fault)
	}
	return string(s.fault)
}

// until waits until f returns nil. Meanwhile it ends what is to last no longer.
func (c *campaign) until(f func() error) {
	c.t.Helper()
	e2e.Eventually(c.t, func() error {
		c.end(c.commits.Load())
		return f()
	})
}

// end ends what was to last until that many commits.
func (c *campaign) end(commits int64) {
	c.t.Helper()
	for _, h := range c.frail {
		if h.wellAt > 0 && h.wellAt <= commits {
			h.heal()
		}
	}
	if commits == math.MaxInt64 {
		c.merging.Answers(nil)
		c.batched.Answers(nil)
	}
	if c.spoolBack <= commits {
		c.bringSpoolBack()
	}
	if c.leaver != nil && c.leaver.wellAt <= commits {
		c.readmit()
	}
}

// commit waits for that many more transactions.
func (c *campaign) commit(transactions int64) {
	c.t.Helper()
	c.awaited.Store(true)
	defer c.awaited.Store(false)
	target := c.commits.Load() + transactions
	c.until(func() error {
		if now := c.commits.Load(); now < target {
			return fmt.Errorf("%d transactions are committed, want %d", now, target)
		}
		return nil
	})
}
