package mapper

import (
	"context"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper/tenants"
)

// Catalog is what a profile knows of the tables of a database. Its methods belong to one goroutine,
// but for those that say otherwise.
type Catalog interface {
	Describer
	// Profile is the profile's name: twenty, generic, or that of a preset.
	Profile() string
	// Describing returns the tables that Load and Tables read, whether or not they exist. They must
	// be locked before the snapshot is taken.
	Describing() []cdc.Table
	// Load reads the catalog anew from tx, which sees the given snapshot.
	Load(ctx context.Context, tx pgx.Tx, snapshot *cdc.Snapshot) error
	// Tables returns what has to be published, as tx sees it: the tables that hold records, and
	// those that describe them. It leaves the catalog as it is, and another goroutine may call it
	// beside the other methods.
	Tables(ctx context.Context, tx pgx.Tx) ([]cdc.Table, error)
	// Observe takes a change of a table that describes records and reports whether the change was
	// of such a table.
	Observe(change cdc.Change) bool
	// Announces reports whether objects of that name are announced in a workspace, as of the last
	// Load and with the tables that Tables has returned. "" is the workspace of a database without
	// any. The error says why nothing of the workspace is announced.
	Announces(tables []cdc.Table, workspace, object string) (bool, error)
	// Objects returns what is announced of each table, sorted by the tables' names.
	Objects(ctx context.Context, db Querier) ([]ObjectStatus, error)
	// Checks returns what the doctor checks of the profile, in order. They judge by the last Load.
	Checks(c Circumstances) []Check
}

// Describer is what a Mapper asks of a catalog.
type Describer interface {
	// Generation rises whenever Describe may return something else than before.
	Generation() uint64
	// Describe returns how rows of rel are announced, nil when they are not.
	Describe(ctx context.Context, rel *cdc.Relation) (*Description, error)
	// Refresh makes what Describe returns of composite types as new as tx. It raises Generation
	// when that was not so.
	Refresh(ctx context.Context, tx *cdc.Tx) error
}

// Querier is a connection, a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Circumstances are what checks of a profile depend on beside the database.
type Circumstances struct {
	Tables      []cdc.Table // that have to be published
	Publication string
	Streamed    bool // the database was streamed before
	Keep        bool // replica identities are left as they are
}

// Check is one check of a profile. Its error says that the database could not be asked.
type Check struct {
	Name string
	Run  func(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error)
}

// Tenanted is a catalog that tells tenants apart by a column of each table.
type Tenanted interface {
	// Divide has the catalog tell tenants apart. It must be called before any other goroutine knows
	// the catalog. The error is a *cdc.Problem when the database leaves open whose records are
	// whose.
	Divide(ctx context.Context, tx pgx.Tx, t tenants.Tenancy) error
	// Divided returns what Divide was called with, and whether it was.
	Divided() (tenants.Tenancy, bool)
	// Settle says that tenants were told apart before: Divide then asks no more about tables that
	// leave open whose their records are.
	Settle()
	// Ownerships returns whose the records of the announced tables are, nil without tenants.
	Ownerships(ctx context.Context, db Querier) ([]tenants.Ownership, error)
}

// Selective is a catalog of all the tables that there are, but for those that it leaves out.
type Selective interface {
	// Skip leaves out tables that serve Hookline itself, by their names and by their OIDs. Those of
	// earlier calls stay. Safe for concurrent use.
	Skip(tables []cdc.Table, oids []uint32)
	// OnSkipped has f called when the stream brings changes of a table that is to be left out, so that
	// it leaves the publication. f must not wait. Call it before the first change.
	OnSkipped(f func())
	// Nothing tells where there are tables when none of them is announced; "" when one is.
	Nothing(tables []cdc.Table) string
}

// Naming is a catalog that makes the names of objects of those of their tables.
type Naming interface {
	// Remember tells the catalog under which names tables, as schema.table, were announced before.
	// Safe for concurrent use.
	Remember(noted map[string]string)
	// NamedObjects returns what is to be written down for Remember.
	NamedObjects(tables []cdc.Table) []NamedObject
}

// NamedObject is a table, and the name of what is announced of it.
type NamedObject struct {
	Table     cdc.Table
	Object    string
	Confirmed bool // by the configuration
}

// Restricted is a catalog of a database in which not everybody may read every record. What it
// returns is as of the last Load.
type Restricted interface {
	// Private returns the names of objects of which nothing is announced in some workspace, sorted.
	Private() []string
	// Shared returns the names of objects that are announced record by record, sorted.
	Shared() []string
	// CheckDeciding tells of tables that decide who may read records, and that the role may not
	// read.
	CheckDeciding(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error)
}

// Deployed is a catalog of an application that is usually set up in one of a few ways.
type Deployed interface {
	// FindDeployment finds out how, by the database alone.
	FindDeployment(ctx context.Context, conn *pgx.Conn) (Deployment, error)
	// CheckLayout tells whether the role may read what Load needs. Unless it may, there is no use
	// in any other check.
	CheckLayout(ctx context.Context, conn *pgx.Conn) ([]cdc.Finding, error)
}

// Deployment is how an application was set up.
type Deployment interface {
	// Finding tells which deployment it is, and by what that is told.
	Finding() cdc.Finding
	// Advise returns a finding with how to mend it in this deployment.
	Advise(f cdc.Finding) cdc.Finding
}
