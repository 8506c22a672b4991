package mapper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hookline/cdc"
	"hookline/internal/pg"
)

// complete returns the row after an update with every column known: what the stream left out as
// unchanged is taken from the row before, or read back by key. Of a row that is gone by now,
// belongs to another tenant, or may not be read, they stay unchanged: it is partial.
func (m *Mapper) complete(
	ctx context.Context, o *object, rel *cdc.Relation, before, after cdc.Tuple,
) (row cdc.Tuple, partial bool, err error) {
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
	err = m.retry(ctx, "read back "+rel.Schema+"."+rel.Name, func() (err error) {
		values, err = m.readBack(ctx, o, rel, after, columns)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if owned && values != nil &&
		!bytes.Equal(values[len(missing)], after[o.tenant.column].Bytes()) {
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

// readBack returns the named columns of the row that has the key of row, as text; nil when there is
// no such row.
func (m *Mapper) readBack(
	ctx context.Context, o *object, rel *cdc.Relation, row cdc.Tuple, columns []int,
) ([][]byte, error) {
	rows, err := m.ask(ctx, cdc.Table{Schema: rel.Schema, Name: rel.Name}, rel, columns, o.key,
		[]cdc.Tuple{row}, 1)
	if errors.Is(err, errAltered) {
		m.logUnread(rel, err)
		return nil, nil
	}
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// logUnread says once that columns cannot be read back.
func (m *Mapper) logUnread(rel *cdc.Relation, err error) {
	what := rel.Schema + "." + rel.Name + " " + err.Error()
	if m.unread[what] {
		return
	}
	m.unread[what] = true
	m.log.Warn(
		"columns cannot be read back, so events lack them",
		"table",
		rel.Schema+"."+rel.Name,
		"error",
		err,
		"to_mend_it",
		"let the role read the table (GRANT SELECT, ALTER ROLE … BYPASSRLS), or set REPLICA IDENTITY "+
			"FULL, with which nothing is read back",
	)
}

// errAltered says that a table is not as the stream has it any more: it, or one of its columns, was
// renamed or dropped, or has another type.
var errAltered = errors.New("the table, or the right to read it, is another than the stream knows")

// altered are the classes of SQLSTATE that say so: there is no such name, or a value is none of the
// column's type, as the column has another one by now.
//
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var altered = []string{"42", "22"}

// IsAltered reports whether the server refuses because a table is another than the stream knows.
func IsAltered(refused *pgconn.PgError) bool { return slices.Contains(altered, refused.Code[:2]) }

// ask returns the named columns, as text, of rows: of at most limit that have, in the columns by,
// the values of one of rows. The error may be errAltered. from is the table's name by now.
func (m *Mapper) ask(
	ctx context.Context, from cdc.Table, rel *cdc.Relation, columns, by []int, rows []cdc.Tuple,
	limit int,
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
	name := func(c int) string { return pg.Identifier(rel.Columns[c].Name) }
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
	if refused, ok := errors.AsType[*pgconn.PgError](result.Err); ok && IsAltered(refused) {
		// the message may quote a value
		return nil, fmt.Errorf("%w (SQLSTATE %s)", errAltered, refused.Code)
	}
	return result.Rows, result.Err
}

// firstOwnType is the least OID that a type can have which is not the server's own.
const firstOwnType = 16384

// equals returns the operators that compare values of columns.
func (m *Mapper) equals(
	ctx context.Context, conn *pgx.Conn, rel *cdc.Relation, columns []int,
) ([]string, error) {
	list := make([]string, len(columns))
	for i, c := range columns {
		oid := rel.Columns[c].Type
		if list[i] = "="; oid < firstOwnType {
			continue
		}
		if m.operators[oid] == "" {
			var operator string
			if err := conn.QueryRow(ctx, "SELECT "+pg.EqualsSQL("$1::oid"), oid).
				Scan(&operator); err != nil {
				return nil, fmt.Errorf("look up how values of %s.%s compare: %w", rel.Schema, rel.Name, err)
			}
			m.operators[oid] = operator
		}
		list[i] = m.operators[oid]
	}
	return list, nil
}

// retry calls f until it succeeds or ctx ends: a change must not be passed over because the
// database is away for a while.
func (m *Mapper) retry(ctx context.Context, what string, f func() error) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := f()
		if err == nil {
			return nil
		}
		m.log.Warn(cdc.DescribeFailure(err)+", trying again", "doing", what, "error", err, "next_in",
			wait)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-time.After(wait):
		}
	}
}
