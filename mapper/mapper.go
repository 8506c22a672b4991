package mapper

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
)

// Mapper turns changes into events. It belongs to one goroutine.
type Mapper struct {
	catalog    Describer
	pool       *pgxpool.Pool
	log        *slog.Logger
	format     Format
	prefix     string // evt_<database>_
	generation uint64
	plans      map[uint32]plan   // by the relation's OID
	operators  map[uint32]string // see equals
	audience   Audience
	tx         transaction
	changes    *fold // for those who hear of each change
	commits    *fold // for those who hear of each commit
	documents  *documents
	arrival    arrival
	rekeying   rekeying
	readers    Readers         // nil where everybody may read everything
	unread     map[string]bool // what logUnread has said

	attachments attachments
	draft       Draft
	causes      causes          // of what is told of now
	cause       *cause          // the last one
	rewritten   atomic.Uint64   // rows that an upgrade wrote, and that are not announced
	noticed     map[string]bool // commands of upgrades and workspaces that the log tells of
	// where bodies are made, which then take as much memory as they need
	scratch []byte
	keys    []byte // likewise keys
}

// plan is how the rows of a relation are announced; a nil object when they are not.
type plan struct {
	relation *cdc.Relation // a relation that is sent anew is another one
	object   *object
	watch    Watch // nil where its rows do not decide which records may be told
}

// New returns a mapper. database is the identity of the database in event ids, 8 hex digits; pool
// reads back columns that the stream left out, and its connections must have pg.SessionSettings.
func New(
	catalog Describer, pool *pgxpool.Pool, database string, format Format, log *slog.Logger,
) *Mapper {
	m := &Mapper{
		catalog: catalog, pool: pool, log: log, format: format, prefix: idPrefix(database),
		plans: map[uint32]plan{}, operators: map[uint32]string{}, documents: newDocuments(mostHeld),
		changes: newFold(mostHeld), commits: newFold(mostOfCommit), noticed: map[string]bool{},
		unread: map[string]bool{},
	}
	if r, ok := catalog.(RecordByRecord); ok {
		m.readers = r.Readers(pool, m.retry, log)
	}
	return m
}

// Map returns the first of the events that are to be announced now that change has come, or nil
// when there is none; Next returns the others, and has to be called until there are no more. What
// change announces may wait for later ones: see fold. Nothing is announced where its table holds no
// announced object, or where nothing that a receiver would see has changed. The event is yet to be
// put together: see Draft. An error means that the database could not be asked until ctx ended.
func (m *Mapper) Map(ctx context.Context, change cdc.Change) (*Draft, error) {
	m.enter(change)
	if change.Kind == cdc.End {
		return m.end(ctx, change)
	}
	p, err := m.plan(ctx, change)
	if err != nil {
		return nil, err
	}
	if p.watch != nil && !change.Read { // a row that was there before is no change
		p.watch.Follow(change)
	}
	o := p.object
	if o == nil {
		return nil, nil
	}
	if m.tx.tracks {
		m.track(o, &change)
	}
	if change.Kind == cdc.Truncate {
		m.commits.empty(o, change)
		return nil, nil
	}
	if o.judge != nil && change.Kind == cdc.Insert {
		if err := o.judge.Born(ctx, change); err != nil {
			return nil, err
		}
	}
	if change.Unannounced {
		if change.Kind == cdc.Delete {
			return nil, nil
		}
		change.Kind = cdc.Insert
	}
	switch {
	case change.Attached:
		if moved, err := m.hasMoved(ctx, o, change); err != nil || moved || change.Repeated {
			return nil, err
		}
		return m.announce(ctx, o, change, manner{})
	case o.drafts != nil:
		return m.document(ctx, o, change)
	case change.Read: // nothing else of the transaction is about it
		if change.Repeated {
			return nil, nil
		}
		return m.announce(ctx, o, change, manner{})
	case m.tx.folds && !change.Sole:
		if gathered, err := m.gather(ctx, o, change); err != nil ||
			gathered && !m.audience.Changes {
			return m.leave(ctx, change, nil, err)
		} else if gathered {
			return m.change(ctx, o, change, ToChanges)
		}
	}
	return m.change(ctx, o, change, ToAll)
}

// gather has what is held for those who hear of commits go on to a change. It does not where nobody
// can tell which record the change is of.
func (m *Mapper) gather(
	ctx context.Context, o *object, change cdc.Change,
) (gathered bool, err error) {
	if change.Old != nil && change.New != nil {
		fill(change.New, change.Old)
	}
	if !o.orders(change) {
		return false, nil
	}
	if change.Kind == cdc.Insert && o.stays != nil {
		d, err := m.moved(ctx, m.commits, o, change)
		if err != nil {
			return false, err
		}
		if d != nil {
			m.commits.come(d, o, change)
			return true, nil
		}
	}
	m.commits.take(o, change)
	return true, nil
}

// change is Map for those who hear of each change.
func (m *Mapper) change(
	ctx context.Context, o *object, change cdc.Change, telling Telling,
) (d *Draft, err error) {
	how := manner{telling: telling}
	if o.deferred {
		if change.Kind == cdc.Update && change.Old != nil {
			fill(change.New, change.Old)
		}
		how.replaced = m.tx.taken.follow(o, change)
	}
	switch {
	case how.replaced && (change.Kind == cdc.Delete || o.absent.of(change.New)):
		// it is gone, and the row that took its key was told under it
		return m.leave(ctx, change, nil, nil)
	case change.Kind == cdc.Delete && !change.OldIsKey && o.absent.of(change.Old):
		return m.leave(ctx, change, nil, nil)
	case change.Kind == cdc.Delete && o.exact && o.knows(change.Old):
		m.changes.hold(o, change, telling)
		m.changes.ended = change.Sole
		return m.leave(ctx, change, nil, nil)
	case change.Kind != cdc.Delete && m.changes.bytes > 0:
		if change, err = m.join(ctx, o, change); err != nil {
			return nil, err
		}
	}
	if !change.Repeated {
		d, err = m.announce(ctx, o, change, how)
	}
	return m.leave(ctx, change, d, err)
}

// Next returns the next event that the last change has brought about, nil when there are no more.
func (m *Mapper) Next(ctx context.Context) (*Draft, error) {
	if a := m.arrival; a.object != nil {
		m.arrival = arrival{}
		return m.arrive(a), nil
	}
	if d := m.documents.next(m); d != nil {
		return d, nil
	}
	if m.rekeying.draft.object != nil {
		return m.split(), nil
	}
	for d := m.popChange(); d != nil; d = m.popChange() {
		if draft, err := m.tell(ctx, m.changes, d, d.telling); err != nil || draft != nil {
			return draft, err
		}
	}
	telling := ToAll
	if m.audience.Changes {
		telling = ToCommits
	}
	for d := m.pop(); d != nil; d = m.pop() {
		if draft, err := m.tell(ctx, m.commits, d, telling); err != nil || draft != nil {
			return draft, err
		}
	}
	return nil, nil
}

// leave returns d, or else the first event of what has to leave because of change.
func (m *Mapper) leave(
	ctx context.Context, change cdc.Change, d *Draft, err error,
) (*Draft, error) {
	if d != nil || err != nil {
		return d, err
	}
	if change.Repeated {
		m.drop(math.MaxUint32)
		return nil, nil
	}
	return m.Next(ctx)
}

// join returns what change is together with the deletes that are held: a row that comes back under
// its key was updated.
func (m *Mapper) join(ctx context.Context, o *object, change cdc.Change) (cdc.Change, error) {
	d := m.changes.deleted(o, change)
	if d == nil && change.Kind == cdc.Insert && o.stays != nil {
		var err error
		if d, err = m.moved(ctx, m.changes, o, change); err != nil {
			return change, err
		}
	}
	if d == nil {
		return change, nil
	}
	took := change.Kind == cdc.Update // another row has taken the key over
	if took && (o.absent.of(change.New) ||
		o.tenant != nil && m.changes.tenant(d, found) != o.tenant.of(change.New)) {
		return change, nil // who had the record has to hear that it is gone
	}
	m.changes.remove(d)
	m.causes.addAll(d.causes)
	if took && (change.Old == nil || change.OldIsKey || !o.absent.of(change.Old)) {
		return change, nil // that row tells what became of the record as it is
	}
	change.Kind, change.Unannounced = cdc.Update, false
	change.Old, change.OldIsKey = m.changes.before(d, change.Relation)
	return change, nil
}

// manner is how a change is told.
type manner struct {
	telling  Telling
	part     bool   // see Draft
	replaced bool   // likewise
	key      []byte // likewise wasKey
}

// announce returns the event of a change, nil when it announces none.
func (m *Mapper) announce(
	ctx context.Context, o *object, change cdc.Change, how manner,
) (d *Draft, err error) {
	d = &m.draft
	*d = Draft{
		mapper: m, object: o, change: change, row: change.New, before: change.Old,
		part: how.part, replaced: how.replaced, wasKey: how.key, causes: m.causes,
	}
	d.Telling = how.telling
	if change.OldIsKey {
		d.before = nil
	}
	switch change.Kind {
	case cdc.Insert:
		d.Action = Created
		if change.Unannounced { // it was updated
			if d.row, d.partial, err = m.complete(ctx, o, change.Relation, change.Old, d.row); err != nil {
				return nil, err
			}
			d.before = nil
		}
		if o.absent.of(d.row) {
			return nil, nil
		}
	case cdc.Update:
		if d.row, d.partial, err = m.complete(ctx, o, change.Relation, d.before, d.row); err != nil {
			return nil, err
		}
		passage := o.absent.passage(d.before, d.row)
		switch passage {
		case away:
			return nil, nil
		case goes:
			d.row = o.underOldKey(change.Old, d.row)
		}
		if o.tenant != nil && passage != comes {
			if was, known := o.tenant.before(change); known && was != o.tenant.of(d.row) {
				d = m.depart(d, was)
				if passage == goes {
					m.arrival = arrival{}
				}
				if how.replaced { // what it had there is another record's
					return m.Next(ctx)
				}
				return d, nil
			}
		}
		var announce bool
		if d.Action, d.updated, announce = o.update(d.before, d.row); !announce &&
			passage == stays {
			return nil, nil
		}
		switch passage {
		case comes:
			change.Kind, change.New = cdc.Insert, d.row
			d.Action, d.change, d.before, d.updated = Created, change, nil, nil
		case goes:
			d.Action = Deleted
		}
	case cdc.Delete:
		if d.row = change.Old; !change.OldIsKey && o.absent.of(d.row) {
			return nil, nil
		}
		d.partial = how.key != nil
		d.Action = o.deletion(d.row, change.OldIsKey)
	}
	d.wasSecret = o.secret != nil && change.Kind == cdc.Update && change.Old != nil &&
		o.secret(change.Old)
	if o.rewrites != nil && o.rewrites.Wrote(change.Tx, change.Kind, d.before, d.row) {
		m.skipRewrite(o)
		return nil, nil
	}
	d.Name, d.Object, d.Workspace = o.events[d.Action], o.name, o.workspace
	if o.tenant != nil {
		d.Workspace = o.tenant.of(d.row)
	}
	if change.Kind == cdc.Update {
		m.rekey(d)
	}
	return d, nil
}

// arrival is a record that has come from another tenant: the second event of the change that
// brought it.
type arrival struct {
	object    *object
	change    cdc.Change // an Insert
	partial   bool       // see Draft
	wasSecret bool       // likewise
	was       cdc.Tuple  // likewise
	part      bool       // likewise
	telling   Telling
	causes    causes
}

// depart returns the first event of an update after which a record belongs to another tenant: it is
// gone, says the row as it was. What it is now comes next, and is not for the tenant that it was
// of.
func (m *Mapper) depart(d *Draft, was string) *Draft {
	o, change := d.object, d.change
	m.arrival = arrival{
		o, change, d.partial, o.secret != nil && o.secret(change.Old), o.rekeyed(change.Old, d.row),
		d.part, d.Telling, d.causes,
	}
	m.arrival.change.Kind, m.arrival.change.Old, m.arrival.change.New = cdc.Insert, nil, d.row
	change.Kind, change.New = cdc.Delete, nil
	// the identity is another one than the key, which then stayed as it is
	if !o.knows(change.Old) {
		row := slices.Clone(change.Old)
		for _, c := range o.key {
			if row[c].IsUnchanged() {
				row[c] = d.row[c]
			}
		}
		change.Old = row
	}
	telling := d.Telling
	*d = Draft{
		mapper: m, object: o, change: change, row: change.Old, part: d.part, causes: d.causes,
	}
	d.Action, d.Telling = o.deletion(d.row, change.OldIsKey), telling
	d.Name, d.Object, d.Workspace = o.events[d.Action], o.name, was
	return d
}

// arrive returns the second one.
func (m *Mapper) arrive(a arrival) *Draft {
	d := &m.draft
	*d = Draft{
		mapper: m, object: a.object, change: a.change, row: a.change.New, partial: a.partial,
		wasSecret: a.wasSecret, second: true, was: a.was, part: a.part, causes: a.causes,
	}
	d.Action, d.Telling = Created, a.telling
	d.Name, d.Object, d.Workspace = a.object.events[Created], a.object.name, a.object.tenant.of(d.row)
	return d
}

// skipRewrite counts a row that an upgrade wrote, and logs the first of each command and workspace.
func (m *Mapper) skipRewrite(o *object) {
	m.rewritten.Add(1)
	if key := o.rewrites.Command() + " " + o.workspace; !m.noticed[key] {
		m.noticed[key] = true
		m.log.Warn("records that an upgrade of Twenty has written are not announced",
			"object", o.name, "workspace", o.workspace, "command", o.rewrites.Command(),
			"to_announce", "HOOKLINE_TWENTY_UPGRADES=told")
	}
}

// Rewritten returns how many rows were not announced because an upgrade of Twenty wrote them. Safe
// for concurrent use.
func (m *Mapper) Rewritten() uint64 { return m.rewritten.Load() }

// plan returns the plan for a change's relation, compiled once for each relation and generation of
// the catalog.
func (m *Mapper) plan(ctx context.Context, change cdc.Change) (plan, error) {
	rel := change.Relation
	for {
		if g := m.catalog.Generation(); g != m.generation {
			m.generation = g
			clear(m.plans)
			if m.readers != nil {
				m.readers.Reset()
			}
		}
		p := m.plans[rel.OID]
		if p.relation != rel {
			p = plan{relation: rel}
			err := m.retry(ctx, "describe table "+rel.Schema+"."+rel.Name, func() error {
				d, err := m.catalog.Describe(ctx, rel)
				if d != nil {
					p.object = newObject(d)
				}
				return err
			})
			if err != nil {
				return p, err
			}
			if before := m.plans[rel.OID].object; before != nil && p.object != nil &&
				before.hash != p.object.hash {
				p.object.former = before.hash
			}
			if m.readers != nil {
				p.watch = m.readers.Watch(rel)
			}
			if m.readers != nil && p.object != nil {
				p.object.judge = m.readers.Judge(rel)
			}
			m.plans[rel.OID] = p
		}
		if p.object == nil || !p.object.composite {
			return p, nil
		}
		err := m.retry(ctx, "describe the types of "+rel.Schema+"."+rel.Name, func() error {
			return m.catalog.Refresh(ctx, change.Tx)
		})
		if err != nil || m.catalog.Generation() == m.generation {
			return p, err
		}
	}
}

// update tells what an update of a record was. before is nil when the row before is not known; then
// every update is taken for real.
func (o *object) update(before, after cdc.Tuple) (action Action, updated []string, announce bool) {
	deleted := o.softDeleted(after)
	if before == nil {
		if deleted {
			return Deleted, nil, true
		}
		return Updated, nil, true
	}
	updated = o.changed(before, after)
	if o.deletedAt >= 0 {
		switch was := o.softDeleted(before); {
		case !was && deleted:
			return Deleted, updated, true
		case was && !deleted:
			return Restored, updated, true
		}
	}
	return Updated, updated, len(updated) > 0
}

// softDeleted reports whether a row has the time of a soft delete.
func (o *object) softDeleted(row cdc.Tuple) bool {
	return o.deletedAt >= 0 && !row[o.deletedAt].IsNull() &&
		!slices.Contains(o.undeleted, row[o.deletedAt].String())
}

// deletion tells what the removal of a row was.
func (o *object) deletion(row cdc.Tuple, keyOnly bool) Action {
	if o.destroys || !keyOnly && o.softDeleted(row) {
		return Destroyed
	}
	return Deleted
}

// knows reports whether a row that was deleted has all columns of the key.
func (o *object) knows(old cdc.Tuple) bool {
	for _, c := range o.key {
		if old[c].Bytes() == nil {
			return false
		}
	}
	return len(o.key) > 0
}

// record returns the hash of what tells the row from others: its primary key, or what tells records
// apart in its place, or its replica identity where a delete tells that and not the key.
func (o *object) record(row cdc.Tuple) uint64 { return o.recordOf(o.hash, row) }

// ordering returns the columns whose values tell the row from others.
func (o *object) ordering() []int {
	return ordering(o.index, o.apart, o.key)
}

// recordOf is record for another table than that of o.
func (o *object) recordOf(table uint64, row cdc.Tuple) uint64 {
	var d xxhash.Digest
	d.ResetWithSeed(table)
	for _, c := range o.ordering() {
		_, _ = d.Write(o.shownKey(c, row[c].Bytes()))
		_, _ = d.Write([]byte{0}) // no text of Postgres holds a zero byte
	}
	return d.Sum64()
}

// actor returns the id of the workspace member who did it, "" where the rows do not tell: what a
// foreign key does leaves the member of the last edit, and so do, in most versions, deleting and
// restoring. before is nil when it is not known.
func (o *object) actor(action Action, before, after cdc.Tuple) string {
	if o.member == nil {
		return ""
	}
	edited := action == Created || action == Updated && (before == nil || o.edited(before, after))
	for _, c := range o.member {
		if !after[c].IsNull() && (edited || before != nil && !Same(before[c], after[c])) {
			return after[c].String()
		}
	}
	return ""
}
