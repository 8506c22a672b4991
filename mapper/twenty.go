package mapper

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
)

// Twenty is the catalog of the database of a Twenty CRM. Each workspace has a schema of its own, each object a table in it; what
// the tables hold is described, for all workspaces, in objectMetadata and fieldMetadata.
//
// Records read as Twenty's REST API gives them at depth 0, but for searchVector, which the stream brings from Postgres 18 on only.
// Objects that are inactive are not announced, those of a suspended workspace are: what is committed is told. Private ones are announced
// only when the configuration says so.
type Twenty struct {
	log         *slog.Logger
	selection   selection
	alsoPrivate map[string]bool // objects that are announced though private
	allPrivate  bool            // all of them are
	tellsAll    bool            // also what an upgrade writes
	told        []string        // the private objects that were last said to be left out
	untold      *cdc.Tx         // the transaction that may have changed them since
	destroys    bool
	tellsDoubt  bool // what cannot be decided is announced
	secrets     *SecretColumns
	touch       *ColumnPatterns
	checked     bool // its entries were looked up once
	metadata    *twentyMetadata
	snapshot    *cdc.Snapshot
	generation  uint64
	ruled       map[pgtype.UUID]*twentyRules // by workspace; see rulesIn
	ruledAt     uint64                       // generation
}

// neverTold is the object that Twenty itself announces nothing of.
const neverTold = "timelineActivity"

// NewTwenty returns a catalog that knows nothing until Load. Of cfg it takes Include, Exclude, PrivateObjects, SecretColumns, TouchColumns, Upgrades,
// TellUndecided and Format. timelineActivity, which Twenty writes for every change of another record, is never announced.
func NewTwenty(cfg Config, log *slog.Logger) *Twenty {
	t := &Twenty{
		log: log, selection: newSelection(cfg.Include, cfg.Exclude), alsoPrivate: map[string]bool{}, told: []string{},
		tellsAll: cfg.Upgrades == UpgradesTold, destroys: cfg.Format == FormatTwenty, tellsDoubt: cfg.TellUndecided,
		metadata: newTwentyMetadata(), secrets: &cfg.SecretColumns, touch: &cfg.TouchColumns,
	}
	for _, name := range cfg.PrivateObjects {
		t.alsoPrivate[name] = true
	}
	t.allPrivate = t.alsoPrivate["*"]
	return t
}

// Profile returns twenty.
func (t *Twenty) Profile() string { return "twenty" }

// Describing returns the tables of metadata, where they are in any version.
func (t *Twenty) Describing() []cdc.Table {
	var tables []cdc.Table
	for _, schema := range metadataSchemas {
		for _, name := range metadataTables {
			tables = append(tables, cdc.Table{Schema: schema, Name: name})
		}
	}
	return tables
}

// Load reads the catalog anew from tx, which sees the given snapshot. When it fails, the catalog stays as it was.
func (t *Twenty) Load(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error {
	m := newTwentyMetadata()
	if err := m.load(ctx, tx); err != nil {
		return fmt.Errorf("load catalog of Twenty: %w", err)
	}
	t.metadata, t.snapshot = m, snapshot
	t.generation++
	t.log.Info("catalog loaded", "workspaces", len(m.workspaces.rows), "objects", len(m.objects.rows), "fields", len(m.fields.rows))
	t.tellPrivate()
	t.tellUnused()
	return nil
}

// Tables returns the tables of all objects, as far as they exist, and the tables that describe them, sorted by name. Those of inactive and
// private objects and of deleted workspaces are among them: what makes them public takes effect with its commit. So are those of excluded
// objects that decide who may read others.
func (t *Twenty) Tables(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
	m := newTwentyMetadata()
	if err := m.load(ctx, tx); err != nil {
		return nil, fmt.Errorf("list tables of Twenty: %w", err)
	}
	rules := m.rules(t.tells)
	var tables []cdc.Table
	for table := range m.control {
		tables = append(tables, cdc.Table{Schema: table.schema, Name: table.name})
	}
	for _, o := range m.objects.rows {
		w := m.workspaces.rows[o.workspace]
		if w == nil {
			continue
		}
		if table := m.table(w.schemaName(), o); m.tables[table] {
			decides := rules[o.workspace].made().watches[table] != nil
			tables = append(tables, cdc.Table{Schema: table.schema, Name: table.name, Full: true, Left: t.omits(m, o) != "" && !decides})
		}
	}
	slices.SortFunc(tables, func(a, b cdc.Table) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	return tables, nil
}

// Observe follows workspaces, objects and fields as they come, change and go.
func (t *Twenty) Observe(change cdc.Change) bool {
	if t.untold != nil && t.untold != change.Tx {
		t.tellPrivate() // once the transaction is over: within it, an object may be there and its relations not yet
	}
	control := t.metadata.control[twentyTable{change.Relation.Schema, change.Relation.Name}]
	if control == nil {
		return false
	}
	if !t.snapshot.Covers(change.Tx) && control.follow(change) {
		t.generation++
		t.untold = change.Tx
	}
	return true
}

// Generation rises whenever the description of a record may have changed.
func (t *Twenty) Generation() uint64 { return t.generation }

func (t *Twenty) refresh(context.Context, *cdc.Tx) error { return nil }

func (t *Twenty) announces(o *twentyObject) bool {
	return o.active && t.omits(t.metadata, o) == "" && t.shown(o)
}

// omits tells why an object is not announced although everybody may read it, "" when it may be.
func (t *Twenty) omits(m *twentyMetadata, o *twentyObject) string {
	if o.name == neverTold {
		return "Twenty itself announces nothing of it"
	}
	return t.selection.omits(m.candidate(o))
}

// candidate is an object as a selection takes it.
func (m *twentyMetadata) candidate(o *twentyObject) candidate {
	c := candidate{object: o.name}
	if w := m.workspaces.rows[o.workspace]; w != nil {
		table := m.table(w.schemaName(), o)
		c.schema, c.table = table.schema, table.name
	}
	return c
}

// watch returns how rows of rel are kept that decide which records may be told; nil when they decide nothing.
func (t *Twenty) watch(rel *cdc.Relation) *watchPlan {
	row := t.metadata.object(twentyTable{rel.Schema, rel.Name})
	if row == nil {
		return nil
	}
	w := t.rulesIn(row.workspace).watches[twentyTable{rel.Schema, rel.Name}]
	if w == nil {
		return nil
	}
	return newWatchPlan(w, rel)
}

func (t *Twenty) object(_ context.Context, rel *cdc.Relation) (*object, error) {
	row := t.metadata.object(twentyTable{rel.Schema, rel.Name})
	if row == nil || !t.announces(row) {
		return nil, nil
	}
	id := rel.Column("id")
	if id < 0 {
		t.log.Warn("table has no column id, its records are not announced", "table", rel.Schema+"."+rel.Name)
		return nil, nil
	}
	o := &object{
		id:        row.id.String(),
		workspace: row.workspace.String(),
		hash:      xxhash.Sum64(row.id.Bytes[:]),
		key:       []int{id},
		exact:     rel.Columns[id].Type == pgtype.UUIDOID,
		deletedAt: rel.Column("deletedAt"),
		destroys:  t.destroys,
	}
	o.call(row.name)
	if !t.tellsAll {
		o.rewrites = t.metadata.upgrades.rewritesOf(row, rel)
	}
	if r := t.rulesIn(row.workspace).of[row]; r.kind != ruleTold {
		o.guard = newGuard(r, rel)
	}
	// Who created a record tells nothing of who changed it later, and createdBy comes with updatedBy on an insert.
	if c := rel.Column("updatedByWorkspaceMemberId"); c >= 0 {
		o.member = []int{c}
	}
	for _, f := range t.metadata.fieldsIn(row) {
		plan, ok := f.plan(rel)
		if !ok || t.hides(row, rel, f.name) {
			continue
		}
		plan.touch = t.touch.matches(rel.Schema, []string{row.name, rel.Name}, f.name)
		if f.kind == "MORPH_RELATION" && t.metadata.upgrades.server.from(2, 29) {
			plan.also = f.name
		}
		if i := slices.IndexFunc(o.fields, func(other field) bool { return other.name == plan.name }); i >= 0 {
			// Old versions describe a join column twice: as itself and as the relation.
			o.fields[i].also = cmp.Or(o.fields[i].also, plan.also)
			continue
		}
		o.fields = append(o.fields, plan)
	}
	return o, nil
}
