package e2e

import "strings"

// note is an entry of the diary: a change of one row.
type note struct {
	number         int
	event          string
	record, former string // keys
	version, was   int
}

// act is one transaction, as what it has done to each row.
type act struct {
	lives []*life          // in the order in which they were first changed
	now   map[string]*life // by object and key
}

// life is what one transaction has done to a row.
type life struct {
	object       string
	found, left  string // keys; "" where it was not there, or is not any more
	was, version int
	last         int // number of the last note
}

// announcement is an event, and the number of the last note that it tells of.
type announcement struct {
	Entry
	number int
}

func (a *act) take(n note) {
	object, action, _ := strings.Cut(n.event, ".")
	l := a.now[object+" "+n.former]
	if l == nil || action == "created" {
		l = &life{object: object}
		if action != "created" {
			l.found, l.was = n.former, n.was
		}
		a.lives = append(a.lives, l)
	}
	delete(a.now, object+" "+n.former)
	l.left, l.version, l.last = n.record, n.version, n.number
	if action == "deleted" {
		l.left = ""
		return
	}
	a.now[object+" "+n.record] = l
}

// outcome is what is announced of the transaction.
func (a *act) outcome() (told []announcement) {
	// what took the place of a row that is gone, and was not there before, is that row
	for _, l := range a.lives {
		if other := a.now[l.object+" "+l.found]; l.left == "" && l.found != "" && other != nil {
			if other.found == "" {
				other.found, other.was, other.last = l.found, l.was, max(other.last, l.last)
			}
			l.found = ""
		}
	}
	for _, l := range a.lives {
		e := Entry{Event: l.object + ".updated", Record: l.left, Version: l.version}
		switch {
		case l.found == l.left && (l.left == "" || l.was == l.version):
			continue
		case l.found == "":
			e.Event = l.object + ".created"
		case l.left == "":
			e = Entry{Event: l.object + ".deleted", Record: l.found, Version: l.was}
		}
		told = append(told, announcement{e, l.last})
	}
	return told
}
