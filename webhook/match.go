package webhook

import (
	"cmp"
	"slices"
	"strings"

	"hookline/mapper"
)

// index finds the subscriptions that match an event.
type index struct {
	exactOnly string             // name of the event that wildcards pass over
	tenants   map[string]*tenant // by workspace; mapper.Everyone has those that hear of everything
	matches   matches            // of events that everyone may hear of
	others    matches            // of events of tenants that have no subscriptions
	per       [2]int             // how many hear of each commit, and how many of each change
	ignoring  int                // how many ignore some changes
}

// matches are the subscriptions that match an event: of those asked for since the last change.
type matches map[question][]*Subscription

// question is what of an event decides who hears of it, beside the tenant.
type question struct {
	name    string
	telling mapper.Telling
}

// tenant is what one workspace has subscribed to.
type tenant struct {
	subs    []*Subscription // by key
	matches matches
}

// match returns the subscriptions that hear of the event, by key. It allocates nothing but the
// first time that such an event comes up after a change of the workspace's subscriptions.
func (x *index) match(e *mapper.Subject) []*Subscription {
	known := x.others
	if t := x.tenants[e.Workspace]; e.Workspace == mapper.Everyone {
		known = x.matches
	} else if t != nil {
		known = t.matches
	}
	q := question{e.Name, e.Telling}
	subs, searched := known[q]
	if !searched {
		subs = slices.DeleteFunc(x.search(e), func(sub *Subscription) bool {
			return e.Telling&sub.never() != 0
		})
		known[q] = subs
	}
	return subs
}

// never returns what is told to others only.
func (s *Subscription) never() mapper.Telling {
	never := mapper.ToSplit | mapper.ToChanges
	if s.Split {
		never ^= mapper.ToSplit | mapper.ToWhole
	}
	if s.Changes {
		never ^= mapper.ToChanges | mapper.ToCommits
	}
	return never
}

// Hears reports whether the webhook hears of an event, whatever its filter says: by its tenant, its
// operations, and in which way it is told of changed keys and of commits.
func (s *Subscription) Hears(e *mapper.Subject) bool {
	return (s.Workspace == mapper.Everyone || s.Workspace == e.Workspace) &&
		e.Telling&s.never() == 0 && slices.ContainsFunc(patterns(e), func(p string) bool {
		return slices.Contains(s.Operations, p)
	})
}

// HearsOf reports whether the webhook hears of some event of an object, whose records are all of
// one tenant, with "" of any, or with mapper.Everyone everybody's.
func (s *Subscription) HearsOf(object, tenant string) bool {
	everybodys := tenant == "" || tenant == mapper.Everyone
	if !everybodys && s.Workspace != mapper.Everyone && s.Workspace != tenant {
		return false
	}
	return slices.ContainsFunc(s.Operations, func(operation string) bool {
		of, _, _ := strings.Cut(operation, ".")
		return of == "*" || of == object
	})
}

// Named returns the fields that the webhook chooses by: those of filter, fields and mask.
func (s *Subscription) Named() (fields []string) {
	fields = append(fields, s.Filter.Fields()...)
	if s.View != nil {
		fields = append(append(fields, s.View.Fields...), s.View.Mask...)
	}
	return fields
}

// patterns are the operations that ask for an event.
func patterns(e *mapper.Subject) []string {
	return []string{e.Name, e.Object + ".*", "*." + e.Action.String(), "*.*"}
}

func (x *index) search(e *mapper.Subject) (subs []*Subscription) {
	patterns := patterns(e)
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
		x.per[perIndex(before)]--
		x.ignoring -= ignoring(before)
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
		x.per[perIndex(after)]++
		x.ignoring += ignoring(after)
		x.forget(after.Workspace)
	}
}

func perIndex(s *Subscription) int {
	if s.Changes {
		return 1
	}
	return 0
}

// audience is who hears of events.
func (x *index) audience() mapper.Audience {
	return mapper.Audience{
		Commits: x.per[0] > 0, Changes: x.per[1] > 0, Ignores: x.ignoring > 0,
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
