package campaign

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"hookline/e2e"
)

// The faults of Hookline and of the servers. Those of receivers are in illnesses.
const (
	hooklineKilled  fault = "hookline is killed"
	hooklineStopped fault = "hookline is stopped"
	standbyStarted  fault = "a standby is started"
	connectionsCut  fault = "hookline's connections are terminated"
	hooklineFrozen  fault = "hookline is frozen until the standby has taken over"
	postgresCrashed fault = "postgres crashes"
	allCrashed      fault = "postgres and hookline crash together"
	spoolAway       fault = "the spool's postgres goes away"
	receiverGone    fault = "a receiver answers 410"
)

// faults are all that can be planned, some of them twice. apart says that the spool has a server of
// its own.
func faults(apart bool) []fault {
	all := []fault{
		hooklineKilled, hooklineKilled, hooklineStopped, hooklineStopped, standbyStarted,
		standbyStarted,
		connectionsCut, hooklineFrozen, postgresCrashed, allCrashed, receiverGone, receiverReloads,
		receiverReloads, levelPromoted, behindPromoted, copyStarted,
	}
	if apart {
		all = append(all, spoolAway)
	}
	for _, i := range illnesses("") {
		all = append(all, i.fault)
	}
	return all
}

// apply does what the step says.
func (c *campaign) apply(s step) {
	c.t.Helper()
	if with, ok := c.illnesses[s.fault]; ok {
		c.frail[s.hook].sicken(with, c.commits.Load()+s.lasting)
		return
	}
	c.tight = s.tight
	switch {
	case s.calm:
		c.calm()
	case s.rash && s.fault == hooklineKilled:
	default: // what else happens to Hookline while it starts may end it
		c.ready()
	}
	switch s.fault {
	case hooklineKilled:
		c.kill(c.active())
	case hooklineStopped:
		c.stop(c.active())
	case standbyStarted:
		if len(c.processes) == 1 {
			c.launch()
		}
	case connectionsCut:
		c.cutConnections()
	case hooklineFrozen:
		c.freeze()
	case postgresCrashed:
		c.crash(s.rash)
	case allCrashed:
		c.crashAll()
	case spoolAway:
		c.sendSpoolAway(s.lasting)
	case receiverGone:
		c.leave(s.lasting)
	case receiverReloads:
		c.reloader.reload()
	case levelPromoted:
		c.promote(true, 0)
	case behindPromoted:
		c.promote(false, 5+s.lasting/4)
	case copyStarted:
		c.startCopy()
	}
	switch {
	case len(c.processes) == 0:
		c.launch()
	case s.alone && s.fault != standbyStarted:
		c.ready()
		c.killStandby()
	}
}

// launch starts a process. It keeps its address for probes when it starts over by itself.
func (c *campaign) launch() {
	c.t.Helper()
	c.bringSpoolBack() // nobody starts Hookline while its database is away
	buffer := "32MiB"
	if c.tight {
		buffer = "64KiB"
	}
	probes := listenLow(c.t)
	address := probes.Addr().String()
	probes.Close()
	number := len(c.launched) + 1
	settings := append(c.settings[:len(c.settings):len(c.settings)],
		"HOOKLINE_HEALTH_ADDR="+address, "HOOKLINE_MAX_BUFFER="+buffer,
		"HOOKLINE_DATABASE_URL="+asProcess(c.db.URL, number))
	if c.spool != c.db {
		settings = append(settings, "HOOKLINE_SPOOL_DATABASE_URL="+asProcess(c.spool.URL, number))
	}
	p := e2e.Start(c.t, c.db, settings...)
	c.processes, c.launched = append(c.processes, p), append(c.launched, p)
	c.numbers[p] = number
}

// asProcess has sessions at an address say which process they are of: see claimsSQL.
func asProcess(address string, number int) string {
	return fmt.Sprintf("%s&options=-c%%20campaign.process%%3D%d", address, number)
}

// ready waits until one process is active, and the other one, if there is one, stands by.
func (c *campaign) ready() {
	c.t.Helper()
	c.until(func() error {
		active := 0
		for i, p := range c.processes {
			switch state := p.Get("/readyz"); state {
			case "200 active":
				active++
			case "200 standby":
			default:
				return fmt.Errorf("process %d of %d is %s", i, len(c.processes), state)
			}
		}
		if active != 1 {
			return fmt.Errorf("%d processes of %d are active", active, len(c.processes))
		}
		return nil
	})
}

// active returns the process that is active, or the only one.
func (c *campaign) active() *e2e.Process {
	for _, p := range c.processes {
		if p.Get("/readyz") == "200 active" {
			return p
		}
	}
	return c.processes[0]
}

// gone takes note of the end of a process.
func (c *campaign) gone(dead *e2e.Process) {
	c.processes = slices.DeleteFunc(c.processes, func(p *e2e.Process) bool { return p == dead })
}

func (c *campaign) kill(p *e2e.Process) {
	c.t.Helper()
	p.Kill()
	c.ended(p, time.Time{})
	c.gone(p)
	c.kills++
}

// killStandby kills the process that stands by, if there is one. It may have been active before.
func (c *campaign) killStandby() {
	c.t.Helper()
	active := c.active()
	for _, p := range slices.Clone(c.processes) {
		if p != active {
			c.kill(p)
		}
	}
}

func (c *campaign) stop(p *e2e.Process) {
	c.t.Helper()
	c.bringSpoolBack() // which the last checkpoint is for
	asked := time.Now()
	p.Stop()
	c.ended(p, asked)
	c.gone(p)
}

// cutConnections terminates every connection of Hookline's, and returns when they have ended. With
// a standby there, either may take the slot then.
func (c *campaign) cutConnections() {
	c.t.Helper()
	const sql = `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
		WHERE application_name = 'hookline'`
	c.db.Exec(sql)
	if c.spoolBack == 0 {
		c.spool.Exec(sql)
	}
}

// freeze has the active process stand still until a standby has taken over.
func (c *campaign) freeze() {
	c.t.Helper()
	if len(c.processes) == 1 {
		c.launch()
		c.ready()
	}
	frozen := c.active()
	frozen.Signal(syscall.SIGSTOP)
	c.cutConnections()
	for _, p := range c.processes {
		if p != frozen {
			c.until(func() error {
				if state := p.Get("/readyz"); state != "200 active" {
					return fmt.Errorf("the standby is %s", state)
				}
				return nil
			})
		}
	}
	frozen.Signal(syscall.SIGCONT)
}

// crash has Postgres end at once, and brings it back: at once, or when Hookline has noticed.
func (c *campaign) crash(atOnce bool) {
	c.t.Helper()
	active := c.active()
	c.killServer()
	if !atOnce {
		active.Until("connecting")
	}
	c.restartServer()
}

func (c *campaign) crashAll() {
	c.t.Helper()
	c.killServer()
	for len(c.processes) > 0 {
		c.kill(c.processes[0])
	}
	c.restartServer()
}

func (c *campaign) killServer() {
	c.t.Helper()
	if err := c.server.Kill(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *campaign) restartServer() {
	c.t.Helper()
	if err := c.server.Restart(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.db.Conn = c.db.Session()
}
