package twenty

import (
	"context"
	"slices"
	"time"

	"hookline/cdc"
	"hookline/mapper"
)

// deepest is how many steps a record is away from what its readers are inherited from, at most.
// Twenty goes no further either.
const deepest = 3

// instant is which state of the rows counts.
type instant uint8

const (
	atCommit instant = iota // as the transaction in hand leaves them
	atBegin                 // as it found them
	within                  // all that it found or made, also what it has taken away since
)

// judge tells whether a record that the rule g is for may be told.
func (l *links) judge(
	ctx context.Context,
	g *relationRule,
	q mapper.Question,
) (mapper.Verdict, error) {
	row := q.Row
	l.enter(q.Change.Tx)
	r := record{rule: g.rule, tuple: row, places: g.columns, id: row[g.id].String()}
	if q.Change.Kind == cdc.Delete {
		r.when = atBegin
	}
	if g.deleted >= 0 {
		r.deleted = row[g.deleted].String()
		switch {
		case q.Action == mapper.Restored: // its targets, which went with it, come back after it
			r.deleted, r.returns = q.Before[g.deleted].String(), true
		case q.Before == nil && q.Change.Kind == cdc.Update:
			r.returns = true
		}
	}
	for {
		l.missed = l.missed[:0]
		if g.loose && l.isTransient(linkKey{g.self, r.id}, r.when) {
			r.when = within
		}
		v := l.told(r, 0)
		if v != mapper.Undecided {
			return v, nil
		}
		if more, err := l.learn(ctx); err != nil || !more {
			return mapper.Undecided, err
		}
	}
}

// isTransient reports whether the instant at which a record is judged does not have it: the
// transaction in hand, which made it, deletes it, or deletes it after what it has told of it. What
// it belonged to goes with it, which does not make it a record that belongs to nothing.
func (l *links) isTransient(self linkKey, when instant) bool {
	if when == atBegin {
		made := l.before[self]
		return len(made) > 0 && made[0].before == nil
	}
	var last *linkChange
	for _, c := range l.of[self] {
		if !sameTx(c.tx, l.tx) {
			break
		}
		last = c
	}
	return last != nil && last.after == nil
}

// record is one whose readers are wanted.
type record struct {
	*rule
	when        instant
	id, deleted string

	// It is told of as something comes back from the trash, or that may be. Then rows in the trash
	// may have gone there with a record that is back already, and be about to follow it.
	returns bool

	tuple  cdc.Tuple // that of an event; nil for another
	row    linkRow
	places []int // in tuple or row, of each of rule.columns; -1 where it is missing
}

// parent returns the id in a column of the rule, "" when there is none, and whether it is known.
func (r *record) parent(column int) (id string, known bool) {
	switch at := r.places[column]; {
	case at < 0:
		return "", true
	case r.tuple != nil:
		return r.tuple[at].String(), !r.tuple[at].IsUnchanged()
	default:
		return r.row[at], true
	}
}

// next returns the record that a row of links is, which r leads to.
func (r *record) next(of *rule, row linkRow) record {
	return record{
		rule: of, when: r.when, id: row[linkID], deleted: row[linkDeleted], returns: r.returns,
		row: row, places: of.places,
	}
}

// told tells as much as is known by now, and adds to missed what is not.
func (l *links) told(r record, depth int) mapper.Verdict {
	switch {
	case r.kind == ruleTold:
		return mapper.Visible
	case r.kind == ruleHidden || depth > deepest:
		return mapper.Hidden
	}
	attached, verdict := false, mapper.Hidden
	for i, up := range r.columns {
		id, known := r.parent(i)
		v := mapper.Undecided
		if known {
			if id == "" {
				continue
			}
			v = l.above(&r, up, id, depth+1)
		}
		attached = true
		switch v {
		case mapper.Visible:
			return mapper.Visible
		case mapper.Undecided:
			verdict = mapper.Undecided
		}
	}
	var doubtful []record
	for _, down := range r.rows {
		rows, known := l.find(linkKey{down.by, r.id}, r.when)
		if !known {
			verdict = mapper.Undecided
		}
		for _, row := range rows {
			if !attaches(row[linkDeleted], r.deleted) {
				if r.returns && r.deleted == "" {
					doubtful = append(doubtful, r.next(down.of, row))
				}
				continue
			}
			attached = true
			switch l.told(r.next(down.of, row), depth+1) {
			case mapper.Visible:
				return mapper.Visible
			case mapper.Undecided:
				verdict = mapper.Undecided
			}
		}
	}
	if !attached && verdict == mapper.Hidden && r.loose {
		verdict = mapper.Visible
	}
	for _, other := range doubtful { // with or without it, the verdict has to be the same
		if verdict != mapper.Undecided && l.told(other, depth+1) != verdict {
			verdict = mapper.Undecided
		}
	}
	return verdict
}

// above tells of a record that r names.
func (l *links) above(r *record, up upward, id string, depth int) mapper.Verdict {
	if up.of.kind != ruleInherited {
		return l.told(record{rule: up.of}, depth)
	}
	if depth > deepest {
		return mapper.Hidden
	}
	rows, known := l.find(linkKey{up.by, id}, r.when)
	for _, row := range rows {
		if v := l.told(r.next(up.of, row), depth); v != mapper.Hidden {
			return v
		}
	}
	if !known {
		return mapper.Undecided
	}
	return mapper.Hidden
}

// find returns the rows that a lookup finds, as far as they are known, and reports whether these
// are all there are.
func (l *links) find(key linkKey, when instant) (rows []linkRow, known bool) {
	s := l.get(key)
	if s != nil && l.reaches(when) {
		if rows = l.then(s.rows, key, when); !s.some {
			return rows, true
		}
	}
	l.missed = append(l.missed, key)
	if g, guessed := l.guesses[key]; guessed && l.tx.Commit < g.until {
		rows = append(slices.Clip(rows), g.rows...)
	}
	return rows, false
}

// reaches reports whether it is known what the transaction in hand does until, or did since, an
// instant.
func (l *links) reaches(when instant) bool {
	switch ahead := l.reach > l.tx.Commit; when {
	case atBegin:
		return !l.blurred
	case within:
		return ahead && !l.blurred
	default:
		return ahead
	}
}

// then returns what rows of now are at an instant.
func (l *links) then(rows []linkRow, key linkKey, when instant) []linkRow {
	changes := l.of[key]
	switch when {
	case atBegin:
		changes = l.before[key]
	case within:
		return l.within(rows, key)
	}
	if len(changes) == 0 {
		return rows
	}
	then := linkSet{rows: slices.Clone(rows)}
	if when == atBegin {
		for _, c := range slices.Backward(changes) {
			then.set(c.id(), key.found(c.before))
		}
		return then.rows
	}
	for _, c := range changes {
		if !sameTx(c.tx, l.tx) {
			break
		}
		then.set(c.id(), key.found(c.after))
	}
	return then.rows
}

// within returns all rows that the transaction in hand has found or made, as it has them last.
func (l *links) within(rows []linkRow, key linkKey) []linkRow {
	var all linkSet
	keep := func(row linkRow) {
		if key.found(row) != nil {
			all.set(row[linkID], row)
		}
	}
	for _, c := range l.before[key] {
		keep(c.before)
	}
	for _, row := range rows {
		keep(row)
	}
	for _, c := range l.of[key] {
		if !sameTx(c.tx, l.tx) {
			break
		}
		keep(c.after)
	}
	return all.rows
}

// attaches reports whether a row still attaches the record that it names. One that was soft-deleted
// does when it has gone with the record, or after it.
func attaches(deleted, record string) bool {
	if deleted == "" || record == "" {
		return deleted == ""
	}
	row, err := time.Parse(timestampForm, deleted)
	if err != nil {
		return false
	}
	of, err := time.Parse(timestampForm, record)
	return err == nil && !row.Before(of)
}

// timestampForm is how Postgres prints a timestamptz under pg.SessionSettings.
const timestampForm = "2006-01-02 15:04:05.999999-07"
