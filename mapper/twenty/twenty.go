package twenty

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
	"hookline/mapper"
	"hookline/mapper/credential"
	"hookline/mapper/pattern"
)

// Catalog is the catalog of the database of a Twenty CRM. Each workspace has a schema of its own,
// each object a table in it; what the tables hold is described, for all workspaces, in
// objectMetadata and fieldMetadata.
//
// Records read as Twenty's REST API gives them at depth 0, but for searchVector, which the stream
// brings from Postgres 18 on only. Objects that are inactive are not announced, those of a
// suspended workspace are: what is committed is told. Private ones are announced only when the
// configuration says so.
type Catalog struct {
	log                *slog.Logger
	selection          pattern.Selection
	alsoPrivate        map[string]bool // objects that are announced though private
	allPrivate         bool            // all of them are
	announcesUpgrades  bool            // also what an upgrade writes
	loggedPrivate      []string        // the private objects that were last said to be left out
	unloggedTx         *cdc.Tx         // the transaction that may have changed them since
	destroys           bool
	announcesUndecided bool // what cannot be decided is announced
	secrets            *credential.SecretColumns
	touch              *pattern.Columns
	checked            bool // its entries were looked up once
	metadata           *metadata
	snapshot           *cdc.Snapshot
	generation         uint64
	ruled              map[pgtype.UUID]*rules // by workspace; see rulesIn
	ruledAt            uint64                 // generation
	links              *links                 // see Readers
}

var (
	_ mapper.Catalog        = (*Catalog)(nil)
	_ mapper.RecordByRecord = (*Catalog)(nil)
	_ mapper.Restricted     = (*Catalog)(nil)
	_ mapper.Deployed       = (*Catalog)(nil)
)

// neverTold is the object that Twenty itself announces nothing of.
const neverTold = "timelineActivity"

// New returns a catalog that knows nothing until Load. timelineActivity, which Twenty writes
// for every change of another record, is never announced.
func New(cfg Config, log *slog.Logger) *Catalog {
	t := &Catalog{
		log:                log,
		selection:          pattern.NewSelection(cfg.Include, cfg.Exclude),
		alsoPrivate:        map[string]bool{},
		loggedPrivate:      []string{},
		announcesUpgrades:  cfg.Upgrades == UpgradesTold,
		destroys:           cfg.Destroys,
		announcesUndecided: cfg.TellUndecided,
		metadata:           newMetadata(),
		secrets:            &cfg.SecretColumns,
		touch:              &cfg.TouchColumns,
	}
	for _, name := range cfg.PrivateObjects {
		t.alsoPrivate[name] = true
	}
	t.allPrivate = t.alsoPrivate["*"]
	return t
}

// Profile returns twenty.
func (t *Catalog) Profile() string { return "twenty" }

// Describing returns the tables of metadata, where they are in any version.
func (t *Catalog) Describing() []cdc.Table {
	var tables []cdc.Table
	for _, schema := range metadataSchemas {
		for _, name := range metadataTables {
			tables = append(tables, cdc.Table{Schema: schema, Name: name})
		}
	}
	return tables
}

// Load reads the catalog anew from tx, which sees the given snapshot. When it fails, the catalog
// stays as it was.
func (t *Catalog) Load(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error {
	m := newMetadata()
	if err := m.load(ctx, tx); err != nil {
		return fmt.Errorf("load catalog of Twenty: %w", err)
	}
	t.metadata, t.snapshot = m, snapshot
	t.generation++
	t.log.Info("catalog loaded", "workspaces", len(m.workspaces.rows), "objects", len(m.objects.rows),
		"fields", len(m.fields.rows))
	t.logPrivate()
	t.logUnused()
	return nil
}

// Tables returns the tables of all objects, as far as they exist, and the tables that describe
// them, sorted by name. Those of inactive and private objects and of deleted workspaces are among
// them: what makes them public takes effect with its commit. So are those of excluded objects that
// decide who may read others.
func (t *Catalog) Tables(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error) {
	m := newMetadata()
	if err := m.load(ctx, tx); err != nil {
		return nil, fmt.Errorf("list tables of Twenty: %w", err)
	}
	rules := m.rules(t.announcesPrivate)
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
			tables = append(
				tables,
				cdc.Table{
					Schema: table.schema, Name: table.name, Full: true,
					Skip: t.omits(m, o) != "" && !decides,
				},
			)
		}
	}
	slices.SortFunc(tables, func(a, b cdc.Table) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	return tables, nil
}

// Observe follows workspaces, objects and fields as they come, change and go.
func (t *Catalog) Observe(change cdc.Change) bool {
	if t.unloggedTx != nil && t.unloggedTx != change.Tx {
		// once the transaction is over: within it, an object may be there and its relations not yet
		t.logPrivate()
	}
	control := t.metadata.control[tableName{change.Relation.Schema, change.Relation.Name}]
	if control == nil {
		return false
	}
	if !t.snapshot.Covers(change.Tx) && control.follow(change) {
		t.generation++
		t.unloggedTx = change.Tx
	}
	return true
}

// Generation rises whenever the description of a record may have changed.
func (t *Catalog) Generation() uint64 { return t.generation }

// Refresh has nothing to do: columns of Twenty's have no composite types.
func (t *Catalog) Refresh(context.Context, *cdc.Tx) error { return nil }

func (t *Catalog) announces(o *object) bool {
	return o.active && t.omits(t.metadata, o) == "" && t.shown(o)
}

// omits tells why an object is not announced although everybody may read it, "" when it may be.
func (t *Catalog) omits(m *metadata, o *object) string {
	if o.name == neverTold {
		return "Twenty itself announces nothing of it"
	}
	return t.selection.Omits(m.candidate(o))
}

// candidate is an object as a selection takes it.
func (m *metadata) candidate(o *object) pattern.Candidate {
	c := pattern.Candidate{Object: o.name}
	if w := m.workspaces.rows[o.workspace]; w != nil {
		table := m.table(w.schemaName(), o)
		c.Schema, c.Table = table.schema, table.name
	}
	return c
}

// ruleOf returns which records of rel may be told, nil when all of them may, or none is announced.
func (t *Catalog) ruleOf(rel *cdc.Relation) *relationRule {
	row := t.metadata.object(tableName{rel.Schema, rel.Name})
	if row == nil || !t.announces(row) || rel.Column("id") < 0 {
		return nil
	}
	if r := t.rulesIn(row.workspace).of[row]; r.kind != ruleTold {
		return newRelationRule(r, rel)
	}
	return nil
}

// watch returns how rows of rel are kept that decide which records may be told; nil when they
// decide nothing.
func (t *Catalog) watch(rel *cdc.Relation) *watchPlan {
	row := t.metadata.object(tableName{rel.Schema, rel.Name})
	if row == nil {
		return nil
	}
	w := t.rulesIn(row.workspace).watches[tableName{rel.Schema, rel.Name}]
	if w == nil {
		return nil
	}
	return newWatchPlan(w, rel)
}

// Describe returns how rows of rel are announced, nil when they are not.
func (t *Catalog) Describe(_ context.Context, rel *cdc.Relation) (*mapper.Description, error) {
	row := t.metadata.object(tableName{rel.Schema, rel.Name})
	if row == nil || !t.announces(row) {
		return nil, nil
	}
	id := rel.Column("id")
	if id < 0 {
		t.log.Warn("table has no column id, its records are not announced", "table",
			rel.Schema+"."+rel.Name)
		return nil, nil
	}
	o := &mapper.Description{
		Object:    row.name,
		ID:        row.id.String(),
		Workspace: row.workspace.String(),
		Hash:      xxhash.Sum64(row.id.Bytes[:]),
		Key:       []int{id},
		Exact:     rel.Columns[id].Type == pgtype.UUIDOID,
		DeletedAt: rel.Column("deletedAt"),
		Destroys:  t.destroys,
	}
	if r := t.metadata.upgrades.rewritesOf(row, rel); r != nil && !t.announcesUpgrades {
		o.Rewrites = r
	}
	// Who created a record tells nothing of who changed it later, and createdBy comes with
	// updatedBy on an insert.
	if c := rel.Column("updatedByWorkspaceMemberId"); c >= 0 {
		o.Member = []int{c}
	}
	if c := rel.Column("updatedBySource"); c >= 0 {
		o.Actor = &mapper.Actor{
			Source: c, Name: rel.Column("updatedByName"),
			Member: rel.Column("updatedByWorkspaceMemberId"),
		}
	}
	for _, f := range t.metadata.fieldsIn(row) {
		plan, ok := f.plan(rel)
		if !ok || t.hides(row, rel, f.name) {
			continue
		}
		plan.Touch = t.touch.Matches(rel.Schema, []string{row.name, rel.Name}, f.name)
		if f.kind == "MORPH_RELATION" && t.metadata.upgrades.server.from(2, 29) {
			plan.Also = f.name
		}
		if i := slices.IndexFunc(o.Fields, func(other mapper.Field) bool {
			return other.Name == plan.Name
		}); i >= 0 {
			// Old versions describe a join column twice: as itself and as the relation.
			o.Fields[i].Also = cmp.Or(o.Fields[i].Also, plan.Also)
			continue
		}
		o.Fields = append(o.Fields, plan)
	}
	return o, nil
}
