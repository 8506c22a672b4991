package mapper

import "hookline/cdc"

// pop takes a record out that has to leave, if there is one: because the transaction is over, or
// since more is held than may be. It is the oldest, or what has taken its place:
//
// What is absent, before or after, is not there: see absences.
//
// A record that was inserted, and one of the same key that is gone, are one: nobody can tell them
// apart. A record that is gone need not be told of where another has its key: what is told of that
// one does it. It is told of at once, as it may leave the key again.
//
// Who has had the key of a record that was told of before does not tell that he has left it:
// whoever removed what he has under that key would remove the other one.
func (f *fold) pop() *kept {
	f.reuse()
	d := f.oldest.next
	if d == &f.oldest {
		f.ended = false
		f.free()
		return nil
	}
	if f.bytes <= f.most && !f.ended {
		return nil
	}
	place := d.first
	switch {
	case d.isNew() && d.isGone(): // nobody hears of it
	case d.isGone() && !d.replaced:
		d = f.instead(d)
	case d.isNew() && len(f.by[found]) > 0:
		gone := f.find(found, d.object, d.relation, f.row(d, left), func(other *kept) bool {
			return other.isGone() && !other.isNew() && !other.replaced
		})
		if gone != nil {
			f.merge(d, gone)
		}
	}
	if f.remove(d); !d.isGone() {
		f.give(d)
	}
	d.part, d.first = !f.ended, place
	return d
}

// next returns the place of what pop takes out next, if it does: where the record was first changed
// whose turn it is. Places rise. Where there is none it is 0.
func (f *fold) next() uint32 { return f.oldest.next.first }

// instead returns what is told of in place of a record that is gone: itself, where nobody has its
// key.
func (f *fold) instead(d *kept) *kept {
	row := f.row(d, found)
	born := func(other *kept) bool { return other.isNew() && !other.isGone() }
	if other := f.find(left, d.object, d.relation, row, born); other != nil {
		f.merge(other, d)
		return other
	}
	other := f.find(left, d.object, d.relation, row, func(o *kept) bool { return !o.isGone() })
	if other == nil || f.tenant(other, left) != f.tenant(d, found) {
		return d
	}
	other.causes.addAll(d.causes)
	f.remove(d)
	return other
}

func whichever(*kept) bool { return true }

// merge makes one of a record that was inserted and one of the same key that is gone.
func (f *fold) merge(d, gone *kept) {
	f.adapt(gone, d.object, d.relation)
	d.isKey, d.came, d.unannounced = gone.isKey, gone.came, false
	d.replaced, d.foreign = gone.replaced, gone.foreign
	d.key = gone.key
	d.causes.addAll(gone.causes)
	f.set(d, found, unpack(nil, gone.at[found].row))
	d.asked, d.lives, d.now = false, false, nil
	f.remove(gone)
}

// give notes for all others that d has the key that it leaves with, where it has not had it all the
// time.
func (f *fold) give(d *kept) {
	notes := d.object.deferred && !f.ended
	if d.at[found].row == nil && len(f.by[found]) == 0 && !notes { // nobody has lost a key to it
		return
	}
	row := f.row(d, left)
	columns := d.object.ordering()
	stays := !d.isNew() && f.shares(d, found, columns, columns, row)
	d.again = stays && d.replaced
	gained := !stays || d.again
	if gained {
		f.find(found, d.object, d.relation, row, func(other *kept) bool {
			f.replace(other, d)
			return false
		})
	}
	if notes && (gained || d.came) {
		f.taken.give(d.object, row)
	}
}

// replace notes that another record has the key that d was found with, and is told before.
func (f *fold) replace(d, by *kept) {
	d.replaced = true
	d.foreign = f.tenant(by, left) != f.tenant(d, found)
}

// isTold reports whether there is something to tell of a record that has left.
func (d *kept) isTold() bool { return !d.isGone() || !d.replaced || d.foreign }

// empty has all records of a table be gone. Nothing is known of those that nothing was held of.
func (f *fold) empty(o *object, change cdc.Change) {
	for d := f.oldest.next; d != &f.oldest; {
		next := d.next
		switch {
		case !d.isOf(o, change.Relation):
		case d.isNew():
			f.remove(d)
		default:
			f.explain(d, change)
			f.set(d, left, nil)
		}
		d = next
	}
}
