package webhook

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper/naming"
)

// tableInfo is a table or view as the system catalog describes it.
type tableInfo struct {
	relation cdc.Relation // its columns that matter; Column.Identity means the primary key
	bases    []uint32     // their types without domains
	kind     string       // pg_class.relkind
	secured  bool         // row-level security holds for the role,
	open     bool         // and has a policy that shows it everything
	role     string       // quoted
	key      []string     // columns of the primary key, in its order
	// the primary key is DEFERRABLE, which the server takes for no replica identity
	deferred  bool
	generated []string // those of relation that the stream does not have
	// other columns, but for those that say nothing of what a webhook hears of
	unread []string
}

// queryTables looks tables up by schema and name. The columns more matter, too.
func queryTables(
	ctx context.Context, tx pgx.Tx, schemas, names []string, more ...string,
) (map[cdc.Table]*tableInfo, error) {
	rows, err := tx.Query(ctx, `
		WITH RECURSIVE `+pg.BasesSQL+`
		SELECT n.nspname, c.relname, c.oid, c.relkind::text, c.relreplident::text,
		  row_security_active(c.oid), `+cdc.OpenSQL+`,
		       quote_ident(current_user), a.attname, a.atttypid, `+pg.BaseSQL("a.atttypid")+`, `+
		pg.OmittedColumnSQL+`, ARRAY(
			SELECT ka.attname::text
			FROM pg_index i
			CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
			JOIN pg_attribute ka ON ka.attrelid = c.oid AND ka.attnum = k.attnum
			WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts
			ORDER BY k.place),
			EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
			  AND NOT i.indimmediate)
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE n.nspname = ANY($1) AND c.relname = ANY($2) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
		ORDER BY n.nspname, c.relname, a.attnum`, schemas, names)
	if err != nil {
		return nil, err
	}
	found := map[cdc.Table]*tableInfo{}
	var (
		name           cdc.Table
		oid            uint32
		kind, identity string
		secured, open  bool
		role           string
		column         cdc.Column
		base           uint32
		generated      bool
		key            []string
		deferred       bool
	)
	_, err = pgx.ForEachRow(rows, []any{
		&name.Schema, &name.Name, &oid, &kind, &identity, &secured, &open, &role,
		&column.Name, &column.Type, &base, &generated, &key, &deferred,
	}, func() error {
		t := found[name]
		if t == nil {
			t = &tableInfo{
				relation: cdc.Relation{
					OID: oid, Schema: name.Schema, Name: name.Name, Identity: identity[0],
				},
				kind:     kind,
				key:      key,
				secured:  secured,
				open:     open,
				role:     role,
				deferred: deferred,
			}
			found[name] = t
		}
		column.Identity = slices.Contains(key, column.Name)
		if column.Identity || matters(column.Name) || slices.Contains(more, column.Name) {
			t.relation.Columns, t.bases = append(t.relation.Columns, column), append(t.bases, base)
			if generated {
				t.generated = append(t.generated, column.Name)
			}
		} else if !slices.Contains(plainNames, naming.Plain(column.Name)) {
			t.unread = append(t.unread, column.Name)
		}
		return nil
	})
	return found, err
}

func (t *tableInfo) name() cdc.Table {
	return cdc.Table{Schema: t.relation.Schema, Name: t.relation.Name}
}

// check reports why the table cannot be a table of webhooks.
func (t *tableInfo) check() error {
	name := t.name()
	switch {
	case t.kind != "r" && t.kind != "p":
		return &cdc.Problem{
			What: fmt.Sprintf("%s is not a table, so its changes cannot be followed", name),
			Hint: "set HOOKLINE_WEBHOOKS_TABLE to the table that holds the webhooks",
		}
	case t.urlColumn() < 0:
		return &cdc.Problem{
			What: fmt.Sprintf(
				"table %s has no column for the URL of a webhook (looked for url, target_url, endpoint, "+
					"endpoint_url)",
				name,
			),
			Hint: fmt.Sprintf(
				"ALTER TABLE %s ADD COLUMN url text;\nor set HOOKLINE_WEBHOOKS_TABLE to the table that "+
					"holds the webhooks",
				name,
			),
		}
	case len(t.key) == 0 && t.relation.Column("id") >= 0:
		return &cdc.Problem{
			What: fmt.Sprintf("table %s has no primary key, so its changes cannot be followed", name),
			Hint: fmt.Sprintf("ALTER TABLE %s ADD PRIMARY KEY (id);", name),
		}
	case len(t.key) == 0:
		return &cdc.Problem{
			What: fmt.Sprintf("table %s has no primary key, so its changes cannot be followed", name),
			Hint: fmt.Sprintf("ALTER TABLE %s ADD COLUMN id uuid PRIMARY KEY DEFAULT gen_random_uuid();",
				name),
		}
	case t.relation.Identity == 'd' && t.deferred:
		return &cdc.Problem{
			What: fmt.Sprintf(
				"the primary key of table %s is DEFERRABLE, which Postgres takes for no replica identity, "+
					"so its changes cannot be followed",
				name,
			),
			Hint: fmt.Sprintf("ALTER TABLE %s REPLICA IDENTITY FULL;", name),
		}
	case t.relation.Identity != 'd' && !t.relation.Full():
		return &cdc.Problem{
			What: fmt.Sprintf(
				"the replica identity of table %s is not its primary key, so its changes cannot be followed",
				name),
			Hint: fmt.Sprintf("ALTER TABLE %s REPLICA IDENTITY DEFAULT;", name),
		}
	case t.secured && !t.open:
		return cdc.HiddenProblem(name.String(), t.role)
	}
	return nil
}

func (t *tableInfo) urlColumn() int { return find(t.relation.Columns, roleNames[roleURL]) }

// read returns the rows of the table in the order of its columns, as text.
func (t *tableInfo) read(ctx context.Context, tx pgx.Tx) ([]cdc.Tuple, error) {
	columns := make([]string, len(t.relation.Columns))
	for i, c := range t.relation.Columns {
		columns[i] = pg.Identifier(c.Name)
	}
	name := t.name()
	if t.secured { // which a policy makes no difference to
		if _, err := tx.Exec(ctx, "SET LOCAL row_security = on"); err != nil {
			return nil, err
		}
		defer func() { _, _ = tx.Exec(ctx, "SET LOCAL row_security = off") }()
	}
	rows, err := tx.Query(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+name.String(),
		pgx.QueryResultFormats{pgx.TextFormatCode})
	if err != nil {
		return nil, refused(err, name, tx)
	}
	defer rows.Close()
	var tuples []cdc.Tuple
	for rows.Next() {
		tuple := make(cdc.Tuple, len(columns))
		for i, text := range rows.RawValues() {
			if text != nil {
				tuple[i] = cdc.Text(bytes.Clone(text))
			}
		}
		tuples = append(tuples, tuple)
	}
	return tuples, refused(rows.Err(), name, tx)
}

// refused says which right is missing when err means that one is.
func refused(err error, name cdc.Table, tx pgx.Tx) error {
	if !pg.Is(err, pg.InsufficientPrivilege) {
		return err
	}
	role := pg.Identifier(tx.Conn().Config().User)
	if pg.IsRowSecurity(err) {
		return cdc.HiddenProblem(name.String(), role)
	}
	return &cdc.Problem{
		What: fmt.Sprintf("role %s may not read table %s", role, name),
		Hint: fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s;\nGRANT SELECT ON %s TO %s;",
			pg.Identifier(name.Schema), role, name, role),
	}
}
