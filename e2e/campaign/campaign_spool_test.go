package campaign

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"hookline/e2e"
	"hookline/internal/receiver"
)

// sendSpoolAway has the spool's server go away until that many more transactions are committed.
func (c *campaign) sendSpoolAway(commits int64) {
	c.t.Helper()
	if c.spoolBack > 0 {
		return
	}
	if err := c.spoolServer.Kill(); err != nil {
		c.t.Fatal(err)
	}
	c.spoolBack = c.commits.Load() + commits
}

// bringSpoolBack is the end of sendSpoolAway, if the spool is away.
func (c *campaign) bringSpoolBack() {
	c.t.Helper()
	if c.spoolBack == 0 {
		return
	}
	if err := c.spoolServer.Restart(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.spoolBack = 0
	c.spool.Conn = c.spool.Session()
}

// silence is a time in which no attempt at a webhook must begin.
type silence struct{ from, to time.Time }

// leave has the leaver answer one request with 410. Its webhook is paused then, until its row is
// changed after that many more commits. The spool has to be there for that, and comes back if it is
// away.
func (c *campaign) leave(commits int64) {
	c.t.Helper()
	if c.leaver.wellAt > 0 {
		return
	}
	c.bringSpoolBack()
	before, err := c.deliveries("dead")
	if err != nil {
		c.t.Fatal(err)
	}
	var left atomic.Bool
	c.leaver.Answers(func(receiver.Request) receiver.Answer {
		if left.CompareAndSwap(false, true) {
			return receiver.Answer{Status: http.StatusGone}
		}
		return receiver.Answer{}
	})
	asked := time.Now()
	c.until(func() error {
		dead, err := c.deliveries("dead")
		if err == nil && len(dead) == len(before) {
			err = fmt.Errorf("no dead letter of the receiver that has answered 410")
			if time.Since(asked) > requestTimeout { // who got the answer was replaced before it could
				asked = time.Now() // write that down
				left.Store(false)
			}
		}
		return err
	})
	left.Store(true) // whether the first answer did it or a later one: there is none left
	c.until(func() error {
		const paused = `SELECT count(*) > 0 FROM hookline.queue
			WHERE webhook LIKE '%' || $1 AND paused <> ''`
		if !e2e.Value[bool](c.spool, paused, c.leaver.id) {
			return fmt.Errorf("the webhook is not paused in the spool")
		}
		return nil
	})
	c.silences = append(c.silences, silence{from: time.Now()})
	c.leaver.wellAt = c.commits.Load() + commits
}

// readmit is the end of leave, if the leaver has left.
func (c *campaign) readmit() {
	c.t.Helper()
	if c.leaver == nil || c.leaver.wellAt == 0 {
		return
	}
	c.leaver.wellAt = 0
	c.silences[len(c.silences)-1].to = time.Now()
	c.db.Exec(`UPDATE webhooks SET url = $2 WHERE id = $1`, c.leaver.id,
		fmt.Sprintf("%s/%d", c.leaver.URL(), len(c.silences)))
}

// inSpool is a delivery in the spool, as `hookline deliveries list --json` tells of it.
type inSpool struct {
	Event   string `json:"id"` // its id
	Webhook string // ends with the id of its row
	State   string
}

// deliveries returns the deliveries of the spool in a state: waiting or dead.
func (c *campaign) deliveries(state string) (list []inSpool, err error) {
	c.t.Helper()
	p := e2e.Run(c.t, c.db.Env(c.settings...), "deliveries", "list", "--json", "--state", state)
	if code := p.Wait(); code != 0 {
		return nil, fmt.Errorf("deliveries list: exit code %d: %s", code, p.Log.String())
	}
	if err := json.Unmarshal([]byte(p.Out.String()), &list); err != nil {
		return nil, fmt.Errorf("deliveries list --json: %w: %s", err, p.Out.String())
	}
	return slices.DeleteFunc(list, func(d inSpool) bool { return d.State != state }), nil
}

// of returns the ids of the events of those that are for the webhook.
func (h *hook) of(list []inSpool) (events []string) {
	for _, d := range list {
		if strings.HasSuffix(d.Webhook, "/"+h.id) {
			events = append(events, d.Event)
		}
	}
	return events
}

// judgeSilences checks that no attempt at the leaver was begun while it was paused, by what senders
// have logged of those that came to it, and that nobody else has a dead letter.
func (c *campaign) judgeSilences(e *evidence, dead []inSpool) {
	c.t.Helper()
	for i, h := range c.hooks {
		if n := len(h.of(dead)); n > 0 && h != c.leaver {
			c.t.Errorf("receiver %d has %d dead letters, want none", i, n)
		}
	}
	for _, s := range c.silences {
		for _, r := range c.leaver.All() {
			if r.At.Before(s.from) || r.At.After(s.to) {
				continue
			}
			for _, a := range e.attempts(delivery{c.leaver.id, r.ID}) {
				if a.number == r.Attempt && a.begun.After(s.from) &&
					a.begun.Add(logged).Before(s.to) {
					c.t.Errorf("attempt %d at %s was begun at %s, while the webhook was paused",
						a.number, r.ID, a.begun.Format("15:04:05.000"))
				}
			}
		}
	}
}
