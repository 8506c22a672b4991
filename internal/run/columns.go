package run

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hookline/cdc"
	"hookline/config"
	"hookline/internal/crm"
	"hookline/internal/eventschema"
	"hookline/notice"
	"hookline/spool"
	"hookline/webhook"
)

// columns tells operators when events of a table get other fields than they had, of those that some
// webhook gets or names. How they were is in the spool, so a change that was made while no process
// ran is told by the next one.
type columns struct {
	cfg     config.Config
	log     *slog.Logger
	db      *crm.Database // whose webhooks are asked
	store   *spool.Spool
	notices *notice.Tracker

	seen   string          // what crm.Database.Columns said when tables were last looked at
	again  bool            // they are looked at once more, though it says the same
	absent map[string]bool // tables that are known, and were not there then
}

// How much longer than it took a pause is, after it was asked whether columns have changed, and
// after tables were looked at because they have: at most that part of the time is spent on it.
const (
	pauseAsked  = 100
	pauseLooked = 10
)

// follow looks again and again until ctx ends.
func (c *columns) follow(ctx context.Context) {
	tick := c.cfg.CDC.Schedule.Every(checkInterval)
	defer tick.Stop()
	var told string
	for {
		pause, err := c.check(ctx)
		next := time.Now().Add(pause)
		switch {
		case err == nil:
			told = ""
		case ctx.Err() == nil && !cdc.Transient(err) && err.Error() != told:
			told = err.Error()
			c.log.Warn("it cannot be told whether events have other fields than before, trying again",
				"error", err)
		}
		for ticked := false; !ticked || time.Now().Before(next); ticked = true {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// check looks at the tables when their columns are others than the last time, and once more after
// that: what a column means may be told in a transaction of its own, and a table that is gone may
// come again. It returns how long to leave the server alone.
func (c *columns) check(ctx context.Context) (pause time.Duration, err error) {
	began := time.Now()
	now, err := c.db.Columns(ctx)
	pause = pauseAsked * time.Since(began)
	if err != nil || now == c.seen && !c.again {
		return pause, err
	}
	began = time.Now()
	err = c.compare(ctx)
	if err == nil {
		c.seen, c.again = now, c.seen != "" && now != c.seen
	} else if errors.Is(err, spool.ErrDescribed) {
		err = nil // a process that was replaced is at work still; the next look sees what it has written
	}
	return pause + pauseLooked*time.Since(began), err
}

// events describes the tables as they are now, which the stream may be yet to come to.
func (c *columns) events(ctx context.Context) ([]eventschema.Object, error) {
	look, err := crm.Open(ctx, c.cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return nil, err
	}
	defer look.Close()
	look.Tries = crm.FewTries
	objects, _, err := look.Events(ctx, "")
	return objects, err
}

// compare writes down how tables are, and what of it operators are to hear of. What is known is
// read first: so nobody who has seen the tables as they were before overwrites what is newer.
func (c *columns) compare(ctx context.Context) error {
	known, err := c.store.Described(ctx)
	if err != nil {
		return err
	}
	objects, err := c.events(ctx)
	if err != nil {
		return err
	}
	var changes []notice.SchemaChange
	left, now := maps.Clone(known), map[string]eventschema.Forms{}
	for i := range objects {
		o := &objects[i]
		table := strings.ToValidUTF8(o.Table, "\uFFFD")
		forms, before := eventschema.FormsOf(o), known[table]
		delete(left, table)
		if before != nil && maps.Equal(forms, before) {
			continue
		}
		now[table] = forms
		if before == nil {
			continue
		}
		change := notice.SchemaChange{Object: o.Name, Table: table}
		change.Added, change.Removed, change.Changed = forms.Since(before)
		if concerns(&change, o, c.subscriptions()) {
			changes = append(changes, change)
		}
	}
	absent := map[string]bool{}
	for table := range left {
		if absent[table] = true; c.absent[table] {
			now[table] = nil
		}
	}
	if len(now) > 0 {
		rows, err := c.store.Describe(ctx, known, now, c.notices.Schema(changes))
		if err != nil {
			return err
		}
		c.notices.Told(rows)
	}
	c.absent = absent
	return nil
}

func (c *columns) subscriptions() (list []*webhook.Subscription) {
	for _, status := range c.db.Webhooks.List() {
		if sub := c.db.Webhooks.Get(status.Key); sub != nil {
			list = append(list, sub)
		}
	}
	return list
}

// mostBroken is how many webhooks an event names.
const mostBroken = 100

// concerns leaves of a change of an object the fields that some webhook gets, or names, and adds
// those that name what is gone. It reports whether anything is left.
func concerns(
	change *notice.SchemaChange, o *eventschema.Object, subs []*webhook.Subscription,
) bool {
	var all bool
	var wanted []string
	for _, i := range o.Key { // which is in every event
		wanted = append(wanted, o.Fields[i].Name)
	}
	var heard bool
	for _, sub := range subs {
		if !sub.HearsOf(o.Name, o.Tenant) {
			continue
		}
		heard = true
		named := sub.Named()
		if sub.View == nil || sub.View.Fields == nil {
			all = true
		}
		wanted = append(wanted, named...)
		if len(change.Broken) < mostBroken && slices.ContainsFunc(named, func(name string) bool {
			return slices.Contains(change.Removed, name)
		}) {
			change.Broken = append(change.Broken, sub.Key)
		}
	}
	if all || !heard {
		return all
	}
	for _, names := range []*[]string{&change.Added, &change.Removed, &change.Changed} {
		*names = slices.DeleteFunc(*names, func(name string) bool {
			return !slices.Contains(wanted, name)
		})
	}
	return len(change.Added)+len(change.Removed)+len(change.Changed) > 0
}
