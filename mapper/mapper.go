package mapper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"hookline/cdc"
)

// Config says what to announce and how.
type Config struct {
	Profile     string            // auto (from the database), twenty or generic
	Format      Format            // the form of bodies, unless a webhook asks for another
	Schemas     []string          // generic: schemas whose tables are announced; nil: public
	Include     ObjectPatterns    // objects and tables that alone are announced; nil: all
	Exclude     ObjectPatterns    // objects and tables that are never announced
	ObjectNames map[string]string // generic: schema.table → object name, where the singular of the table's name will not do

	// SecretColumns are left out of events as credentials, or let through though their names say that they are some.
	SecretColumns SecretColumns
	// HoldsWebhooks reports whether a table looks like one of webhooks, which is never announced; nil: none does. generic.
	HoldsWebhooks func(table string, columns []string) bool
	Tenants       TenantConfig   // generic: how tenants are told apart
	TouchColumns  ColumnPatterns // an update of nothing else is not announced
	Forms         Forms          // generic: how values read

	// PrivateObjects are announced though Twenty's metadata says that not every user may read them; * stands for all.
	PrivateObjects []string
	Upgrades       string // UpgradesTold: also records that Twenty's upgrade writes by SQL

	// TellUndecided has records announced of which it cannot be told any more whether everybody may read them.
	TellUndecided bool
}

// UpgradesTold and UpgradesSilent are what Config.Upgrades may be.
const (
	UpgradesTold   = "told"
	UpgradesSilent = "silent"
)

// Catalog knows what the tables of a database hold. Its methods belong to one goroutine.
type Catalog interface {
	// Profile is the catalog's name: twenty or generic.
	Profile() string
	// Describing returns the tables that Load and Tables read, whether or not they exist: they have to be locked before the snapshot is taken.
	Describing() []cdc.Table
	// Load reads the catalog anew from tx, which sees the given snapshot.
	Load(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error
	// Tables returns what has to be published, as tx sees it: the tables that hold records, and those that describe them. It leaves the
	// catalog as it is, and another goroutine may call it beside the other methods.
	Tables(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error)
	// Observe takes a change of a table that describes records and reports whether the change was of such a table.
	Observe(change cdc.Change) bool
	// Generation rises whenever Observe or Load changed what object would return.
	Generation() uint64

	// object returns how rows of rel are announced, nil when they are not.
	object(ctx context.Context, rel *cdc.Relation) (*object, error)
	// watch returns how rows of rel are kept that decide which records of any table may be told; nil when they decide nothing.
	watch(rel *cdc.Relation) *watchPlan
	// refresh sees to it that what object returns of composite types is as new as tx, and raises Generation when it was not.
	refresh(ctx context.Context, tx *cdc.Tx) error
}

// Mapper turns changes into events. It belongs to one goroutine.
type Mapper struct {
	catalog    Catalog
	pool       *pgxpool.Pool
	log        *slog.Logger
	format     Format
	prefix     string // evt_<database>_
	generation uint64
	plans      map[uint32]plan   // by the relation's OID
	operators  map[uint32]string // see equals
	fold       *fold
	documents  *documents
	due        *deletion // what has left fold and is yet to be told, linked by next
	arrival    arrival
	rekeying   rekeying
	taken      taken
	moves      moves
	links      *links
	unread     map[string]bool // what tellUnread has said

	attachments attachments
	draft       Draft
	rewritten   atomic.Uint64   // rows that an upgrade wrote, and that are not announced
	noticed     map[string]bool // commands of upgrades and workspaces that the log tells of
	scratch     []byte          // where bodies are made, which then take as much memory as they need
	keys        []byte          // likewise keys
}

// plan is how the rows of a relation are announced; a nil object when they are not.
type plan struct {
	relation *cdc.Relation // a relation that is sent anew is another one
	object   *object
	watch    *watchPlan // nil where its rows do not decide which records may be told
}

// New returns a mapper. database is the identity of the database in event ids, 8 hex digits; pool reads back columns that the stream
// left out, and its connections must have cdc.SessionSettings.
func New(catalog Catalog, pool *pgxpool.Pool, database string, format Format, log *slog.Logger) *Mapper {
	m := &Mapper{
		catalog: catalog, pool: pool, log: log, format: format, prefix: "evt_" + database + "_",
		plans: map[uint32]plan{}, operators: map[uint32]string{}, fold: newFold(mostHeld),
		documents: newDocuments(mostHeld), noticed: map[string]bool{},
		unread: map[string]bool{},
	}
	m.links = newLinks(m)
	return m
}

// Follow tells the mapper of the stream that its changes come from, of which Draft.Verdict reads ahead. Without it, what the
// stream has not brought is not decided.
func (m *Mapper) Follow(s Stream) { m.links.stream = s }

// Map returns the first of the events that are to be announced now that change has come, or nil when there is none; Next returns the others,
// and has to be called until there are no more. What change announces may wait for later ones: see fold. Nothing is announced where its
// table holds no announced object, or where nothing that a receiver would see has changed. The event is yet to be put together: see Draft.
// An error means that the database could not be asked until ctx ended.
func (m *Mapper) Map(ctx context.Context, change cdc.Change) (*Draft, error) {
	if change.Kind == cdc.End {
		m.follow(change)
		m.documents.end(change.Told)
		return m.leave(ctx, change, m.fold.drain(0))
	}
	p, err := m.plan(ctx, change)
	if err != nil {
		return nil, err
	}
	if p.watch != nil && !change.Read { // a row that was there before is no change
		m.links.follow(p.watch, change)
	}
	o := p.object
	if o == nil || change.Kind == cdc.Truncate {
		return nil, nil
	}
	if o.guard != nil && change.Kind == cdc.Insert {
		if err := m.links.born(ctx, o.guard, change); err != nil {
			return nil, err
		}
	}
	if change.Unheard {
		if change.Kind == cdc.Delete {
			return nil, nil
		}
		change.Kind = cdc.Insert
	}
	if o.deferred && change.Kind == cdc.Delete {
		if m.taken.begin(change.Tx); m.taken.leaves(o, change.Old) {
			return nil, nil // the row that took its key was told under it
		}
	}
	switch {
	case o.drafts != nil && !change.Attached:
		return m.document(ctx, o, change)
	case change.Kind == cdc.Delete && o.exact && o.knows(change.Old):
		m.follow(change)
		return m.leave(ctx, change, m.fold.hold(o, change))
	case change.Attached:
		moved, err := m.hasMoved(ctx, o, change)
		if err != nil || moved {
			return nil, err
		}
	case len(m.fold.held) > 0 && change.Kind != cdc.Delete:
		if change, err = m.join(ctx, o, change); err != nil {
			return nil, err
		}
	}
	if change.Told {
		return nil, nil
	}
	return m.announce(ctx, o, change)
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
	for m.due != nil {
		d := m.due
		draft, err := m.tell(ctx, d)
		if err != nil {
			return nil, err
		}
		if m.due = d.next; draft != nil {
			return draft, nil
		}
	}
	return nil, nil
}

// leave returns the first event of what has left the fold because of change.
func (m *Mapper) leave(ctx context.Context, change cdc.Change, leaving *deletion) (*Draft, error) {
	if change.Told {
		return nil, nil
	}
	m.due = leaving
	return m.Next(ctx)
}

// follow has what is known of the transaction go on to change.
func (m *Mapper) follow(change cdc.Change) {
	if m.fold.follow(change) {
		m.moves = moves{}
		m.documents.forget()
	}
}

// join returns what change is together with the deletes that are held: a row that comes back under its key was updated.
func (m *Mapper) join(ctx context.Context, o *object, change cdc.Change) (cdc.Change, error) {
	m.follow(change)
	d := m.fold.find(o, change.Relation, change.New)
	if d == nil && change.Kind == cdc.Insert && o.stays != nil {
		var err error
		if d, err = m.moved(ctx, o, change); err != nil {
			return change, err
		}
	}
	if d == nil || change.Kind == cdc.Update && o.tenant != nil && m.fold.tenant(d) != o.tenant.of(change.New) {
		return change, nil // the tenant that the record was of has to hear that it is gone
	}
	m.fold.remove(d)
	if change.Kind == cdc.Insert { // an update that took the key over tells what became of the record as it is
		change.Kind, change.Unheard = cdc.Update, false
		change.Old, change.OldIsKey = m.fold.before(d, change.Relation)
	}
	return change, nil
}

// announce returns the event of a change, nil when it announces none.
func (m *Mapper) announce(ctx context.Context, o *object, change cdc.Change) (d *Draft, err error) {
	d = &m.draft
	*d = Draft{mapper: m, object: o, change: change, row: change.New, before: change.Old}
	if change.OldIsKey {
		d.before = nil
	}
	switch change.Kind {
	case cdc.Insert:
		d.Action = Created
		if change.Unheard { // it was updated
			if d.row, d.partial, err = m.complete(ctx, o, change.Relation, change.Old, d.row); err != nil {
				return nil, err
			}
			d.before = nil
		}
	case cdc.Update:
		if d.row, d.partial, err = m.complete(ctx, o, change.Relation, d.before, d.row); err != nil {
			return nil, err
		}
		if o.tenant != nil {
			if was, known := o.tenant.before(change); known && was != o.tenant.of(d.row) {
				return m.depart(d, was), nil
			}
		}
		var announce bool
		if d.Action, d.updated, announce = o.update(d.before, d.row); !announce {
			return nil, nil
		}
	case cdc.Delete:
		d.row = change.Old
		d.Action = o.deletion(d.row, change.OldIsKey)
	}
	d.guarded = o.secret != nil && change.Kind == cdc.Update && change.Old != nil && o.secret(change.Old)
	if o.rewrites != nil && o.rewrites.wrote(&change, d.before, d.row) {
		m.passOver(o)
		return nil, nil
	}
	d.Name, d.Object, d.Workspace = o.events[d.Action], o.name, o.workspace
	if o.tenant != nil {
		d.Workspace = o.tenant.of(d.row)
	}
	if change.Kind == cdc.Update || o.deferred {
		m.rekey(d)
	}
	return d, nil
}

// arrival is a record that has come from another tenant: the second event of the change that brought it.
type arrival struct {
	object  *object
	change  cdc.Change // an Insert
	partial bool       // see Draft
	guarded bool       // likewise
	was     cdc.Tuple  // likewise
}

// depart returns the first event of an update after which a record belongs to another tenant: it is gone,
// says the row as it was. What it is now comes next, and is not for the tenant that it was of.
func (m *Mapper) depart(d *Draft, was string) *Draft {
	o, change := d.object, d.change
	m.arrival = arrival{o, change, d.partial, o.secret != nil && o.secret(change.Old), o.rekeyed(change.Old, d.row)}
	m.arrival.change.Kind, m.arrival.change.Old, m.arrival.change.New = cdc.Insert, nil, d.row
	change.Kind, change.New = cdc.Delete, nil
	if !o.knows(change.Old) { // the identity is another one than the key, which then stayed as it is
		row := slices.Clone(change.Old)
		for _, c := range o.key {
			if row[c].IsUnchanged() {
				row[c] = d.row[c]
			}
		}
		change.Old = row
	}
	*d = Draft{mapper: m, object: o, change: change, row: change.Old}
	d.Action = o.deletion(d.row, change.OldIsKey)
	d.Name, d.Object, d.Workspace = o.events[d.Action], o.name, was
	return d
}

// arrive returns the second one.
func (m *Mapper) arrive(a arrival) *Draft {
	d := &m.draft
	*d = Draft{
		mapper: m, object: a.object, change: a.change, row: a.change.New, partial: a.partial, guarded: a.guarded, second: true,
		was: a.was,
	}
	d.Action = Created
	d.Name, d.Object, d.Workspace = a.object.events[Created], a.object.name, a.object.tenant.of(d.row)
	return d
}

// passOver counts a row that an upgrade wrote, and logs the first of each command and workspace.
func (m *Mapper) passOver(o *object) {
	m.rewritten.Add(1)
	if key := o.rewrites.class() + " " + o.workspace; !m.noticed[key] {
		m.noticed[key] = true
		m.log.Warn("records that an upgrade of Twenty has written are not announced",
			"object", o.name, "workspace", o.workspace, "command", o.rewrites.class(),
			"to_announce", "HOOKLINE_TWENTY_UPGRADES=told")
	}
}

// Rewritten returns how many rows were not announced because an upgrade of Twenty wrote them. Safe
// for concurrent use.
func (m *Mapper) Rewritten() uint64 { return m.rewritten.Load() }

// plan returns the plan for a change's relation, compiled once for each relation and generation of the catalog.
func (m *Mapper) plan(ctx context.Context, change cdc.Change) (plan, error) {
	rel := change.Relation
	for {
		if g := m.catalog.Generation(); g != m.generation {
			m.generation = g
			clear(m.plans)
			m.links.reset()
		}
		p := m.plans[rel.OID]
		if p.relation != rel {
			p = plan{relation: rel}
			err := m.persist(ctx, "describe table "+rel.Schema+"."+rel.Name, func() (err error) {
				if p.object, err = m.catalog.object(ctx, rel); p.object != nil {
					p.object.identify()
				}
				return err
			})
			if err != nil {
				return p, err
			}
			if before := m.plans[rel.OID].object; before != nil && p.object != nil && before.hash != p.object.hash {
				p.object.former = before.hash
			}
			p.watch = m.catalog.watch(rel)
			m.plans[rel.OID] = p
		}
		if p.object == nil || !p.object.composite {
			return p, nil
		}
		err := m.persist(ctx, "describe the types of "+rel.Schema+"."+rel.Name, func() error { return m.catalog.refresh(ctx, change.Tx) })
		if err != nil || m.catalog.Generation() == m.generation {
			return p, err
		}
	}
}

// update tells what an update of a record was. before is nil when the row before is not known; then every update is taken for real.
func (o *object) update(before, after cdc.Tuple) (action Action, updated []string, announce bool) {
	deleted := o.deletedAt >= 0 && !after[o.deletedAt].IsNull()
	if before == nil {
		if deleted {
			return Deleted, nil, true
		}
		return Updated, nil, true
	}
	updated = o.changed(before, after)
	if o.deletedAt >= 0 {
		switch was := !before[o.deletedAt].IsNull(); {
		case !was && deleted:
			return Deleted, updated, true
		case was && !deleted:
			return Restored, updated, true
		}
	}
	return Updated, updated, len(updated) > 0
}

// deletion tells what the removal of a row was.
func (o *object) deletion(row cdc.Tuple, keyOnly bool) Action {
	softDeleted := o.deletedAt >= 0 && !keyOnly && !row[o.deletedAt].IsNull()
	if o.destroys || softDeleted {
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

// record returns the hash of what tells the row from others: its primary key, or what tells records apart in
// its place, or its replica identity where a delete tells that and not the key.
func (o *object) record(row cdc.Tuple) uint64 { return o.recordOf(o.hash, row) }

// ordering returns the columns whose values tell the row from others.
func (o *object) ordering() []int {
	switch {
	case o.index != nil:
		return o.index
	case o.apart != nil:
		return o.apart
	}
	return o.key
}

// recordOf is record for another table than that of o.
func (o *object) recordOf(table uint64, row cdc.Tuple) uint64 {
	var d xxhash.Digest
	d.ResetWithSeed(table)
	for _, c := range o.ordering() {
		_, _ = d.Write(row[c].Bytes())
		_, _ = d.Write([]byte{0}) // no text of Postgres holds a zero byte
	}
	return d.Sum64()
}

// actor returns the id of the workspace member who did it, "" where the rows do not tell: what a foreign key does leaves the member of the
// last edit, and so do, in most versions, deleting and restoring. before is nil when it is not known.
func (o *object) actor(action Action, before, after cdc.Tuple) string {
	if o.member == nil {
		return ""
	}
	edited := action == Created || action == Updated && (before == nil || o.touched(before, after))
	for _, c := range o.member {
		if !after[c].IsNull() && (edited || before != nil && !same(before[c], after[c])) {
			return after[c].String()
		}
	}
	return ""
}

// complete returns the row after an update with every column known: what the stream left out as unchanged is taken from the row before,
// or read back by key. Of a row that is gone by now, belongs to another tenant, or may not be read, they stay unchanged: it is partial.
func (m *Mapper) complete(ctx context.Context, o *object, rel *cdc.Relation, before, after cdc.Tuple) (row cdc.Tuple, partial bool, err error) {
	var missing []int
	for i := range after {
		if !after[i].IsUnchanged() {
			continue
		}
		if before != nil && !before[i].IsUnchanged() {
			after[i] = before[i]
			continue
		}
		if o.ignore != nil && o.ignore[i] {
			after[i] = cdc.Value{}
			continue
		}
		missing = append(missing, i)
	}
	if missing == nil {
		return after, false, nil
	}
	columns := missing
	owned := o.tenant != nil && !after[o.tenant.column].IsUnchanged()
	if owned {
		columns = append(slices.Clone(missing), o.tenant.column)
	}
	var values [][]byte
	err = m.persist(ctx, "read back "+rel.Schema+"."+rel.Name, func() (err error) {
		values, err = m.readBack(ctx, o, rel, after, columns)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if owned && values != nil && !bytes.Equal(values[len(missing)], after[o.tenant.column].Bytes()) {
		values = nil // what the row holds by now is not for the tenant that hears of this update
	}
	if values == nil {
		return after, true, nil
	}
	for i, c := range missing {
		if after[c] = (cdc.Value{}); values[i] != nil {
			after[c] = cdc.Text(values[i])
		}
	}
	return after, false, nil
}

// readBack returns the named columns of the row that has the key of row, as text; nil when there is no such row.
func (m *Mapper) readBack(ctx context.Context, o *object, rel *cdc.Relation, row cdc.Tuple, columns []int) ([][]byte, error) {
	rows, err := m.ask(ctx, cdc.Table{Schema: rel.Schema, Name: rel.Name}, rel, columns, o.key, []cdc.Tuple{row}, 1)
	if errors.Is(err, errAltered) {
		m.tellUnread(rel, err)
		return nil, nil
	}
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// tellUnread says once that columns cannot be read back.
func (m *Mapper) tellUnread(rel *cdc.Relation, err error) {
	what := rel.Schema + "." + rel.Name + " " + err.Error()
	if m.unread[what] {
		return
	}
	m.unread[what] = true
	m.log.Warn("columns cannot be read back, so events lack them", "table", rel.Schema+"."+rel.Name, "error", err,
		"to_mend_it", "let the role read the table (GRANT SELECT, ALTER ROLE … BYPASSRLS), or set REPLICA IDENTITY FULL, with which nothing is read back")
}

// errAltered says that a table is not as the stream has it any more: it, or one of its columns, was renamed
// or dropped, or has another type.
var errAltered = errors.New("the table, or the right to read it, is another than the stream knows")

// altered are the classes of SQLSTATE that say so: there is no such name, or a value is none of the column's
// type, as the column has another one by now.
//
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var altered = []string{"42", "22"}

// ask returns the named columns, as text, of the rows that have the values of one of rows in the columns by, but no more than limit. The error
// may be errAltered. from is the table's name by now.
func (m *Mapper) ask(
	ctx context.Context, from cdc.Table, rel *cdc.Relation, columns, by []int, rows []cdc.Tuple, limit int,
) ([][][]byte, error) {
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	equals, err := m.equals(ctx, conn.Conn(), rel, by)
	if err != nil {
		return nil, err
	}
	name := func(c int) string { return pgx.Identifier{rel.Columns[c].Name}.Sanitize() }
	var sql strings.Builder
	sql.WriteString("SELECT ")
	for i, c := range columns {
		if i > 0 {
			sql.WriteString(", ")
		}
		sql.WriteString(name(c))
	}
	fmt.Fprintf(&sql, " FROM %s WHERE ", from)
	var values [][]byte
	for i, row := range rows {
		if i > 0 {
			sql.WriteString(" OR ")
		}
		for j, c := range by {
			if j > 0 {
				sql.WriteString(" AND ")
			}
			values = append(values, row[c].Bytes())
			fmt.Fprintf(&sql, "%s %s $%d", name(c), equals[j], len(values))
		}
	}
	fmt.Fprintf(&sql, " LIMIT %d", limit)
	result := conn.Conn().PgConn().ExecParams(ctx, sql.String(), values, nil, nil, nil).Read()
	if refused, ok := errors.AsType[*pgconn.PgError](result.Err); ok && slices.Contains(altered, refused.Code[:2]) {
		return nil, fmt.Errorf("%w (SQLSTATE %s)", errAltered, refused.Code) // the message may quote a value
	}
	return result.Rows, result.Err
}

// firstOwnType is the least OID that a type can have which is not the server's own.
const firstOwnType = 16384

// equals returns the operators that compare values of columns.
func (m *Mapper) equals(ctx context.Context, conn *pgx.Conn, rel *cdc.Relation, columns []int) ([]string, error) {
	list := make([]string, len(columns))
	for i, c := range columns {
		oid := rel.Columns[c].Type
		if list[i] = "="; oid < firstOwnType {
			continue
		}
		if m.operators[oid] == "" {
			var operator string
			if err := conn.QueryRow(ctx, "SELECT "+cdc.EqualsSQL("$1::oid"), oid).Scan(&operator); err != nil {
				return nil, fmt.Errorf("look up how values of %s.%s compare: %w", rel.Schema, rel.Name, err)
			}
			m.operators[oid] = operator
		}
		list[i] = m.operators[oid]
	}
	return list, nil
}

// persist calls f until it succeeds or ctx ends: a change must not be passed over because the database is away for a while.
func (m *Mapper) persist(ctx context.Context, what string, f func() error) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := f()
		if err == nil {
			return nil
		}
		m.log.Warn(cdc.Trouble(err)+", trying again", "to", what, "error", err, "in", wait)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-time.After(wait):
		}
	}
}
