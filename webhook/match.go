package webhook

import (
	"cmp"
	"slices"

	"hookline/mapper"
)

// exactOnly is the event of Twenty that no wildcard matches: a running workflow updates its run
// many times a second.
const exactOnly = "workflowRun.updated"

// index finds the subscriptions that match an event.
type index struct {
	exactOnly string             // name of the event that wildcards pass over
	tenants   map[string]*tenant // by workspace; mapper.Everyone has those that hear of everything
	matches   matches            // of events that everyone may hear of
	others    matches            // of events of tenants that have no subscriptions
}

// matches are the subscriptions that match an event, by its name: of those asked for since the last
// change.
type matches map[string][]*Subscription

// tenant is what one workspace has subscribed to.
type tenant struct {
	subs    []*Subscription // by key
	matches matches
}

// match returns the subscriptions that hear of the event, by key. It allocates nothing but the
// first time that an event's name comes up after a change of the workspace's subscriptions, and for changed keys.
func (x *index) match(e *mapper.Subject) []*Subscription {
	known := x.others
	if t := x.tenants[e.Workspace]; e.Workspace == mapper.Everyone {
		known = x.matches
	} else if t != nil {
		known = t.matches
	}
	subs, searched := known[e.Name]
	if !searched {
		subs = x.search(e)
		known[e.Name] = subs
	}
	if e.Telling != mapper.ToAll {
		return told(subs, e.Telling == mapper.ToSplit)
	}
	return subs
}

// told returns those of subs that hear of changed keys in one of the two ways.
func told(subs []*Subscription, split bool) (some []*Subscription) {
	for _, sub := range subs {
		if sub.Split == split {
			some = append(some, sub)
		}
	}
	return some
}

func (x *index) search(e *mapper.Subject) (subs []*Subscription) {
	patterns := []string{e.Name, e.Object + ".*", "*." + e.Action.String(), "*.*"}
	if e.Name == x.exactOnly {
		patterns = patterns[:1]
	}
	matches := func(operation string) bool { return slices.Contains(patterns, operation) }
	take := func(t *tenant) {
		for _, sub := range t.subs {
			if slices.ContainsFunc(sub.Operations, matches) {
				subs = append(subs, sub)
			}
		}
	}
	if e.Workspace == mapper.Everyone {
		for _, t := range x.tenants {
			take(t)
		}
	} else {
		for _, name := range []string{e.Workspace, mapper.Everyone} {
			if t := x.tenants[name]; t != nil {
				take(t)
			}
		}
	}
	slices.SortFunc(subs, func(a, b *Subscription) int { return cmp.Compare(a.Key, b.Key) })
	return subs
}

// replace takes before out of the index and puts after in; either may be nil. Results of match that
// were handed out stay as they are.
func (x *index) replace(before, after *Subscription) {
	if before != nil {
		t := x.tenants[before.Workspace]
		if i, found := t.find(before.Key); found {
			t.subs = slices.Delete(t.subs, i, i+1)
		}
		x.forget(before.Workspace)
		if len(t.subs) == 0 {
			delete(x.tenants, before.Workspace)
		}
	}
	if after != nil {
		t := x.tenants[after.Workspace]
		if t == nil {
			t = &tenant{matches: matches{}}
			x.tenants[after.Workspace] = t
		}
		i, _ := t.find(after.Key)
		t.subs = slices.Insert(t.subs, i, after)
		x.forget(after.Workspace)
	}
}

// forget has everything be searched anew that a subscription of the workspace may be among.
func (x *index) forget(workspace string) {
	clear(x.matches)
	clear(x.tenants[workspace].matches)
	if workspace != mapper.Everyone {
		return
	}
	clear(x.others)
	for _, t := range x.tenants {
		clear(t.matches)
	}
}

func (t *tenant) find(key string) (int, bool) {
	return slices.BinarySearchFunc(t.subs, key, func(s *Subscription, key string) int {
		return cmp.Compare(s.Key, key)
	})
}
