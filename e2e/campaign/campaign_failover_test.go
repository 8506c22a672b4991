package campaign

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"hookline/cdc"
	"hookline/e2e"
	"hookline/internal/postgres"
)

// The faults by which another server gets into play.
const (
	levelPromoted  fault = "a standby takes over that has everything"
	behindPromoted fault = "a standby takes over that is behind"
	copyStarted    fault = "a copy of the disk is started elsewhere"
)

// pair is a primary and its standby, by the two ports that they share. The standby has the slot by
// its file, as Patroni brings it along, on every version.
type pair struct {
	standby  *postgres.Server
	follower *e2e.Database
	spare    int // port of whoever stands by
	lost     map[e2e.Entry]bool
	diverged map[int32]cdc.LSN // where timelines ended
	lostAll  int               // changes that were lost
	copies   int
}

// follow gives the server a standby, and has everybody go to whichever takes writes.
func (c *campaign) follow() {
	c.t.Helper()
	var err error
	if c.spare, err = postgres.FreePort(); err != nil {
		c.t.Fatal(err)
	}
	c.lost, c.diverged = map[e2e.Entry]bool{}, map[int32]cdc.LSN{}
	c.db.URL = e2e.TakesWrites(c.t, c.db.URL, c.server.Port(), c.spare)
	c.standBy()
}

// standBy makes a standby at the spare port.
func (c *campaign) standBy() {
	c.t.Helper()
	c.standby = e2e.CopyServer(c.t, c.server, c.db, e2e.Copy{
		Dir: filepath.Join(c.server.Dir(), "s"), Major: c.major, Port: c.spare,
		Standby: true, Slots: true,
	})
	c.follower = e2e.Connect(c.t, c.standby.URL(c.db.Name))
	e2e.CaughtUp(c.db, c.follower)
}

// promote has the standby take over: one that has everything, or one that lacks some of it.
func (c *campaign) promote(level bool, behind int64) {
	c.t.Helper()
	c.readmit() // or the pause could be lost, and its end
	e2e.CaughtUp(c.db, c.follower)
	if !level {
		e2e.CutOff(c.follower)
		c.commit(behind)
	}
	c.silently(func() { c.takeOver(level) })
	c.standBy()
}

// takeOver is promote while nobody writes.
func (c *campaign) takeOver(level bool) {
	c.t.Helper()
	if level {
		e2e.CaughtUp(c.db, c.follower)
	}
	if c.spool == c.db {
		c.readClaims()
	}
	before := c.db.Diary()
	version := e2e.Value[int64](c.db, `SELECT last_value FROM diary.versions`)
	old, oldPort := c.server, c.server.Port()
	if err := old.Kill(); err != nil {
		c.t.Fatal(err)
	}
	if c.spool == c.db {
		c.lastClaim = e2e.Value[int64](c.follower, `SELECT coalesce(max(n), 0) FROM diary.claims`)
	}
	c.follower.Exec(`SELECT pg_promote()`)
	c.noteTimeline()
	c.server, c.spare = c.standby, oldPort
	c.db.Conn = c.db.Session()
	c.db.Exec(`SELECT setval('diary.versions', $1)`, version+1000) // what was lost has used some
	left := map[e2e.Entry]bool{}
	for _, e := range c.db.Diary() {
		left[e] = true
	}
	lost := 0
	for _, e := range before {
		if !left[e] {
			c.lost[e] = true
			lost++
		}
	}
	if level && lost > 0 {
		c.t.Errorf("a standby that had everything lacks %d changes", lost)
	}
	c.lostAll += lost
	c.changes.Store(e2e.Value[int64](c.db, `SELECT count(*) FROM diary.entries`))
	if err := os.RemoveAll(filepath.Join(old.Dir(), "data")); err != nil { // memory
		c.t.Fatal(err)
	}
}

// noteTimeline takes note of where the timeline before has ended for the server that was promoted.
func (c *campaign) noteTimeline() {
	c.t.Helper()
	file := e2e.Value[string](c.follower, `SELECT pg_read_file('pg_wal/' ||
		left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || '.history')`)
	lines := strings.Split(strings.TrimSpace(file), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	number, err := strconv.ParseInt(fields[0], 10, 32)
	var end cdc.LSN
	if err == nil {
		err = end.Scan(fields[1])
	}
	if err != nil {
		c.t.Fatalf("history of a timeline: %v: %q", err, file)
	}
	c.diverged[int32(number)] = end
}

// startCopy starts Hookline beside a copy of the disk, with the settings of the original, but for
// the name of the environment. It must not deliver anything.
func (c *campaign) startCopy() {
	c.t.Helper()
	c.bringSpoolBack() // nobody starts Hookline while its database is away
	c.copies++
	dir := filepath.Join(c.server.Dir(), fmt.Sprint("copy", c.copies))
	server := e2e.CopyServer(c.t, c.server, c.db, e2e.Copy{Dir: dir, Major: c.major, Slots: true})
	db := e2e.Connect(c.t, server.URL(c.db.Name))
	p := e2e.Start(c.t, db, append(c.settings[:len(c.settings):len(c.settings)],
		"HOOKLINE_ENVIRONMENT=copy", "HOOKLINE_STATE_DIR=")...)
	c.until(func() error {
		if got := p.Get("/readyz"); !strings.HasPrefix(got, "503 gap (other_environment)") {
			return fmt.Errorf("the copy is %q, want it to be in a gap", got)
		}
		return nil
	})
	p.Kill()
	if err := server.Stop(); err != nil {
		c.t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		c.t.Fatal(err)
	}
}
