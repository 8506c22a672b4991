package webhook

import (
	"cmp"
	"slices"

	"hookline/mapper"
)

// exactOnly is the event of Twenty that no wildcard matches: a running workflow updates its run many times a second.
const exactOnly = "workflowRun.updated"

// index finds the subscriptions that match an event.
type index struct {
	exactOnly string             // name of the event that wildcards pass over
	tenants   map[string]*tenant // by workspace
}

// tenant is what one workspace has subscribed to.
type tenant struct {
	subs    []*Subscription            // by key
	matches map[string][]*Subscription // by event name, of the events asked for since subs last changed
}

// match returns the subscriptions that hear of the event, by key. It allocates nothing but the first time that an event's name comes up
// after a change of the workspace's subscriptions.
func (x *index) match(e *mapper.Subject) []*Subscription {
	t := x.tenants[e.Workspace]
	if t == nil {
		return nil
	}
	subs, known := t.matches[e.Name]
	if !known {
		subs = x.search(t, e)
		t.matches[e.Name] = subs
	}
	return subs
}

func (x *index) search(t *tenant, e *mapper.Subject) (subs []*Subscription) {
	patterns := []string{e.Name, e.Object + ".*", "*." + e.Action.String(), "*.*"}
	if e.Name == x.exactOnly {
		patterns = patterns[:1]
	}
	for _, sub := range t.subs {
		if slices.ContainsFunc(sub.Operations, func(o string) bool { return slices.Contains(patterns, o) }) {
			subs = append(subs, sub)
		}
	}
	return subs
}

// replace takes before out of the index and puts after in; either may be nil. Results of match that were handed out stay as they are.
func (x *index) replace(before, after *Subscription) {
	if before != nil {
		t := x.tenants[before.Workspace]
		if i, found := t.find(before.Key); found {
			t.subs = slices.Delete(t.subs, i, i+1)
		}
		clear(t.matches)
		if len(t.subs) == 0 {
			delete(x.tenants, before.Workspace)
		}
	}
	if after != nil {
		t := x.tenants[after.Workspace]
		if t == nil {
			t = &tenant{matches: map[string][]*Subscription{}}
			x.tenants[after.Workspace] = t
		}
		i, _ := t.find(after.Key)
		t.subs = slices.Insert(t.subs, i, after)
		clear(t.matches)
	}
}

func (t *tenant) find(key string) (int, bool) {
	return slices.BinarySearchFunc(t.subs, key, func(s *Subscription, key string) int { return cmp.Compare(s.Key, key) })
}
