package generic

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper"
	"hookline/mapper/naming"
	"hookline/mapper/tenants"
)

// tenancy is a Tenancy with what the catalog of the database adds to it.
type tenancy struct {
	tenants.Tenancy
	home, key string // schema.table whose rows are the tenants, and its column; "" when unknown
}

// tableColumn is a column of a table, with its type without domains.
type tableColumn struct {
	name      string
	base      uint32
	generated bool // the stream does not have it: it is generated
}

// owner finds out whose the records of a table are.
func (g *Catalog) owner(table cdc.Table, columns []tableColumn) tenants.Ownership {
	o := tenants.Ownership{Table: table}
	written := written(table)
	at := func(name string) int {
		return slices.IndexFunc(columns, func(c tableColumn) bool { return c.name == name })
	}
	set := func(column string) string {
		return fmt.Sprintf("HOOKLINE_TENANT_COLUMN=%s%s=%s", g.tenancy.Prefix(), written, column)
	}
	ask := func(column, why string) tenants.Ownership {
		o.Why = why
		o.Asks = fmt.Sprintf("%s names its column (%s=%s: nobody hears of it); "+
			"HOOKLINE_SHARED_TABLES=%[2]s has every tenant hear of it", set(column), written, tenants.None)
		return o
	}
	switch named := g.tenants.Named(table); {
	case named == tenants.None:
		o.Why = "HOOKLINE_TENANT_COLUMN says that it has no tenant"
		return o
	case named != "" && at(named) < 0:
		o.Unset = true
		return ask("…",
			fmt.Sprintf("HOOKLINE_TENANT_COLUMN names its column %q, and there is none", named))
	case named != "" && columns[at(named)].generated:
		o.Why = whyGenerated(named)
		return o
	case named != "":
		o.Column, o.Home = named, g.tenancy.home == written && g.tenancy.key == named
		return o
	case g.tenants.Shares(table):
		o.Shared = true
		return o
	}
	found := alike(columns, g.tenancy.Column)
	if g.tenancy.home == written && at(g.tenancy.key) >= 0 {
		if key := columns[at(g.tenancy.key)]; !slices.Contains(found, key) {
			found = append(found, key)
		}
		o.Home = true
	}
	if len(found) == 0 && g.tenancy.Type != 0 {
		found = slices.DeleteFunc(
			sameStem(columns, g.tenancy.Column),
			func(c tableColumn) bool {
				return !sameKind(c.base, g.tenancy.Type)
			},
		)
	}
	names := make([]string, len(found))
	for i, c := range found {
		names[i] = c.name
	}
	switch {
	case len(found) == 0 && g.tenancy.Column == "":
		o.Why = "HOOKLINE_TENANT_COLUMN does not name its column"
	case len(found) == 0:
		o.Why = "it has no column " + g.tenancy.Column
	case len(found) > 1:
		return ask(names[0], "each of the columns "+strings.Join(names, ", ")+" may hold the tenant")
	case g.tenancy.Type != 0 && !sameKind(found[0].base, g.tenancy.Type):
		return ask("…", fmt.Sprintf("its column %s is of another type than %s of table %s.%s",
			names[0], g.tenancy.Own, g.tenancy.Table.Schema, g.tenancy.Table.Name))
	case found[0].generated:
		o.Why = whyGenerated(names[0])
	default:
		o.Column = names[0]
	}
	return o
}

func whyGenerated(column string) string {
	return "its column " + column + " is generated, and the stream does not have it: " +
		"from Postgres 18 on it has those that are STORED"
}

// Settle says that tenants were told apart before. Divide then asks no more about tables that leave
// open whose their records are: those go to nobody, as they do while Hookline runs. What the
// settings have wrong it still tells.
func (g *Catalog) Settle() { g.settled = true }

// Divide has the catalog tell tenants apart. It is to be called before any other goroutine knows
// the catalog. The error is a *cdc.Problem when the database leaves open whose records are whose:
// it asks, and says which settings answer.
func (g *Catalog) Divide(ctx context.Context, tx pgx.Tx, t tenants.Tenancy) error {
	if _, err := g.know(ctx, tx); err != nil {
		return err
	}
	g.tenancy = tenancy{Tenancy: t}
	g.divided = true
	g.generation.Add(1)
	if !t.On {
		return nil
	}
	if err := g.findHome(ctx, tx); err != nil {
		return fmt.Errorf("look for the table of tenants: %w", err)
	}
	list, err := g.Ownerships(ctx, tx)
	if err != nil {
		return err
	}
	var asks []string
	has := false
	for _, o := range list {
		has = has || o.Why == "" && !o.Home
		if o.Asks != "" && (o.Unset || !g.settled) {
			asks = append(asks, fmt.Sprintf("table %s: %s. %s", o.Table, o.Why, o.Asks))
		}
	}
	switch {
	case asks != nil:
		return &cdc.Problem{
			What: fmt.Sprintf("it is not clear whose the records of %d of the tables are, "+
				"and no tenant may hear of another's", len(asks)),
			Hint: strings.Join(asks, "\n"),
		}
	case !has && len(list) > 0 && g.tenants.Column == "" && len(g.tenants.Of) == 0:
		return &cdc.Problem{
			What: fmt.Sprintf("table %s has a column %s, by which webhooks would be kept apart, "+
				"and no other table has one: is it a tenant?", t.Table, t.Own),
			Hint: fmt.Sprintf(
				"HOOKLINE_TENANT_COLUMN=<column> names what it is called in the other tables "+
					"(with %s.%s=%s, and schema.table=<column> where it is called otherwise); "+
					"HOOKLINE_TENANT_COLUMN=%s says that there are no tenants, "+
					"so that all webhooks hear of everything",
				t.Table.Schema,
				t.Table.Name,
				t.Own,
				tenants.None,
			),
		}
	}
	g.logOwnerships(list)
	return nil
}

// Divided returns what Divide was called with, and whether it was.
func (g *Catalog) Divided() (tenants.Tenancy, bool) { return g.tenancy.Tenancy, g.divided }

// findHome finds the table whose rows are the tenants: that to which the webhooks' column refers,
// or the one with the tenant's name and a primary key of one column of that type.
func (g *Catalog) findHome(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `
		SELECT n.nspname, c.relname, ka.attname
		FROM pg_constraint f
		JOIN pg_class w ON w.oid = f.conrelid JOIN pg_namespace wn ON wn.oid = w.relnamespace
		JOIN pg_attribute wa ON wa.attrelid = w.oid AND f.conkey = ARRAY[wa.attnum]
		JOIN pg_class c ON c.oid = f.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute ka ON ka.attrelid = c.oid AND f.confkey = ARRAY[ka.attnum]
		WHERE f.contype = 'f' AND wn.nspname = $1 AND w.relname = $2 AND wa.attname = $3
		ORDER BY 1, 2, 3`, g.tenancy.Table.Schema, g.tenancy.Table.Name, g.tenancy.Own)
	if err != nil {
		return err
	}
	var schema, table, key string
	_, err = pgx.ForEachRow(rows, []any{&schema, &table, &key}, func() error {
		g.tenancy.home, g.tenancy.key = schema+"."+table, key
		return nil
	})
	stem := tenants.Stem(cmp.Or(g.tenancy.Own, g.tenancy.Column))
	if err != nil || g.tenancy.home != "" || stem == "" {
		return err
	}
	rows, err = tx.Query(ctx, `
		WITH RECURSIVE `+pg.BasesSQL+`
		SELECT n.nspname, c.relname, a.attname, `+pg.BaseSQL("a.atttypid")+`
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		ORDER BY 1, 2`, g.schemas)
	if err != nil {
		return err
	}
	var base uint32
	_, err = pgx.ForEachRow(rows, []any{&schema, &table, &key, &base}, func() error {
		fits := g.tenancy.Type == 0 || sameKind(base, g.tenancy.Type)
		if fits && g.tenancy.home == "" && tenants.Stem(naming.Object(table)) == stem {
			g.tenancy.home, g.tenancy.key = schema+"."+table, key
		}
		return nil
	})
	return err
}

// Ownerships returns whose the records of the announced tables are, by schema and table; nil when
// there are no tenants.
func (g *Catalog) Ownerships(ctx context.Context, db mapper.Querier) ([]tenants.Ownership, error) {
	if !g.tenancy.On {
		return nil, nil
	}
	known, err := g.know(ctx, db)
	if err != nil {
		return nil, err
	}
	left, err := g.survey(ctx, db, known)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, `
		WITH RECURSIVE `+pg.BasesSQL+`
		SELECT n.nspname, c.relname,
		       array_agg(a.attname::text ORDER BY a.attnum),
		       array_agg(`+pg.BaseSQL("a.atttypid")+` ORDER BY a.attnum),
		       array_agg(`+pg.OmittedColumnSQL+` ORDER BY a.attnum)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE n.nspname = ANY ($1)
		  AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
		  AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
		  AND NOT EXISTS (
		      SELECT FROM pg_depend d
		      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
		        AND d.deptype = 'e')
		GROUP BY 1, 2 ORDER BY 1, 2`, g.schemas)
	if err != nil {
		return nil, fmt.Errorf("look for columns that hold the tenant: %w", err)
	}
	var list []tenants.Ownership
	var table cdc.Table
	var names []string
	var bases []uint32
	var generated []bool
	_, err = pgx.ForEachRow(
		rows,
		[]any{&table.Schema, &table.Name, &names, &bases, &generated},
		func() error {
			_, announced := g.announcesBy(known, table.Schema, table.Name)
			if !announced || left.tables[table].Whole != "" ||
				table.Schema == g.tenancy.Table.Schema && table.Name == g.tenancy.Table.Name {
				return nil
			}
			columns := make([]tableColumn, len(names))
			for i := range names {
				columns[i] = tableColumn{names[i], bases[i], generated[i]}
			}
			list = append(list, g.owner(table, columns))
			return nil
		},
	)
	if err != nil {
		return nil, fmt.Errorf("look for columns that hold the tenant: %w", err)
	}
	return list, nil
}

// logOwnerships logs whose the records of the tables are, as far as that is new: what goes to
// nobody in one line for each reason.
func (g *Catalog) logOwnerships(list []tenants.Ownership) {
	var told, shared, reasons []string
	nobody := map[string][]tenants.Ownership{}
	for _, o := range list {
		switch {
		case g.reportedAlready("tenant of " + o.Table.String() + " " + o.String()):
		case o.Why != "":
			if nobody[o.Why] == nil {
				reasons = append(reasons, o.Why)
			}
			nobody[o.Why] = append(nobody[o.Why], o)
		case o.Shared:
			shared = append(shared, o.Table.String())
		default:
			told = append(told, o.Table.String()+" "+o.Column)
		}
	}
	for _, why := range reasons {
		tables := nobody[why]
		names := make([]string, len(tables))
		for i, o := range tables {
			names[i] = written(o.Table)
		}
		hint := tables[0].Hint()
		if len(tables) > 1 && tables[0].Asks == "" {
			hint = "schema.table=<column> in HOOKLINE_TENANT_COLUMN names the column that holds the " +
				"tenant; " +
				"HOOKLINE_SHARED_TABLES=" + strings.Join(names, ",") + " has every tenant hear of them"
		}
		g.log.Warn("no tenant hears of tables", "tables", strings.Join(names, ","), "reason", why,
			"to_mend_it", hint)
	}
	if told != nil || shared != nil {
		g.log.Info("records are kept apart by their tenant", "tables", told, "shared", shared)
	}
}

// belongs has o tell whose its rows are.
func (g *Catalog) belongs(o *mapper.Description, rel *cdc.Relation) {
	if !g.tenancy.On {
		return
	}
	columns, types := make([]tableColumn, len(rel.Columns)), g.typesOf(rel)
	for i, c := range rel.Columns {
		columns[i] = tableColumn{name: c.Name, base: types.of(c.Type).base}
	}
	table := cdc.Table{Schema: rel.Schema, Name: rel.Name}
	switch owner := g.owner(table, columns); {
	case owner.Shared:
		o.Workspace = mapper.Everyone
	case owner.Why == "":
		c := rel.Column(owner.Column)
		padded := columns[c].base == pgtype.BPCharOID
		o.Tenant = mapper.NewTenantColumn(table.String(), c, padded, g.tenancy.Folding, g.log)
	}
}

// alike returns the columns of that name, in whatever case; the one that has it to the letter
// alone, if there is one.
func alike(columns []tableColumn, name string) (found []tableColumn) {
	for _, c := range columns {
		switch {
		case c.name == name:
			return []tableColumn{c}
		case name != "" && naming.Plain(c.name) == naming.Plain(name):
			found = append(found, c)
		}
	}
	return found
}

// sameStem returns the columns that have the same name but for its end: organization,
// organization_id.
func sameStem(columns []tableColumn, name string) (found []tableColumn) {
	stem := tenants.Stem(name)
	for _, c := range columns {
		if stem != "" && tenants.Stem(c.name) == stem {
			found = append(found, c)
		}
	}
	return found
}

// sameKind reports whether equal values of the types read alike.
func sameKind(a, b uint32) bool { return kindOf(a) == kindOf(b) }

func kindOf(base uint32) uint32 {
	switch base {
	case pgtype.Int2OID, pgtype.Int4OID:
		return pgtype.Int8OID
	case pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID:
		return pgtype.TextOID
	}
	return base
}
