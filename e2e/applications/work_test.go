package applications

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// application is the tables of one, and what was recorded of an hour in which people used it.
type application struct {
	name   string
	schema string
	acts   []act
	keys   map[string]map[string]bool // columns of primary keys, by table: whether they are numbers
}

// act is what a user did, once.
type act struct {
	title      string
	statements []statement
}

// read finds the fixtures of an application, wherever they are in the mapper.
func read(t *testing.T, name string) *application {
	t.Helper()
	var dir string
	err := filepath.WalkDir("../../mapper", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasSuffix(filepath.ToSlash(path), "presets/"+name) {
			dir = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := func(file string) string {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	app := &application{name: name, schema: text("schema.sql")}
	for _, section := range strings.Split(text("acts.sql"), "-- ACT ")[1:] {
		title, sql, _ := strings.Cut(section, "\n")
		a := act{title: title}
		for text := range strings.SplitSeq(strings.TrimSpace(sql), ";\n") {
			s, err := parse(strings.TrimSuffix(text, ";"))
			if err != nil {
				t.Fatal(err)
			}
			a.statements = append(a.statements, s)
		}
		app.acts = append(app.acts, a)
	}
	return app
}

// identify reads the keys of the tables.
func (app *application) identify(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		SELECT quote_ident(c.relname), quote_ident(a.attname),
		  a.atttypid = ANY ('{int2,int4,int8}'::regtype[]),
			a.atttypid = ANY ('{text,varchar,name,bpchar}'::regtype[])
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
		WHERE i.indisprimary AND c.relnamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	app.keys = map[string]map[string]bool{}
	var table, column string
	var isNumber, isText bool
	_, err = pgx.ForEachRow(rows, []any{&table, &column, &isNumber, &isText}, func() error {
		if app.keys[table] == nil {
			app.keys[table] = map[string]bool{}
		}
		if isNumber || isText {
			app.keys[table][column] = isNumber
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wasThere is the first act, of rows that were there before anybody did anything.
const wasThere = 0

// apart is how far the numbers of two users' records are apart.
const apart = 20_000

// own returns a literal as it is in the records of one user: keys are other ones.
func (app *application) own(table string, v value, user int) string {
	isNumber, isKey := app.keys[table][v.column]
	text := strings.Trim(v.literal, "'")
	n, err := strconv.Atoi(text)
	switch {
	case user == 0 || !isKey || v.literal == "NULL" || v.literal == v.column:
		return v.literal
	case isNumber && err == nil:
		return strings.Replace(v.literal, text, strconv.Itoa(n+apart*user), 1)
	case !isNumber && strings.HasSuffix(v.literal, "'"):
		return fmt.Sprintf("%s~%d'", strings.TrimSuffix(v.literal, "'"), user)
	}
	return v.literal
}

// free are columns that hold what people type.
var free = []string{
	"name", "subject", "description", "comment", "reference", "note", "street", "city", "summary",
	"realname", "line_one", "creditlimit",
}

// worker does what users do, over one connection: each has records of its own, and goes through
// what was recorded, in its order, but comes back to what it has done, and types something else.
type worker struct {
	*application
	*rand.Rand
	conn  *pgx.Conn
	users []int // their numbers
	next  []int // the act that each does next
	fresh *int  // a number that no user has
	typed int
}

// act does one, and reports whether there was anything left to do.
func (w *worker) act(ctx context.Context) (more bool, err error) {
	var open []int
	for i, next := range w.next {
		if next < len(w.acts) {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return false, nil
	}
	i := open[w.IntN(len(open))]
	if w.next[i] > 1 && w.IntN(3) == 0 { // once more
		again := w.acts[1+w.IntN(w.next[i]-1)]
		*w.fresh++
		return true, w.do(ctx, again, w.users[i], *w.fresh)
	}
	a := w.acts[w.next[i]]
	w.next[i]++
	if w.IntN(10) == 0 { // it fails, and is done again
		if err := w.fail(ctx, a, w.users[i]); err != nil {
			return false, err
		}
	}
	return true, w.do(ctx, a, w.users[i], w.users[i])
}

// do does an act of one user; what it inserts has the keys of another one.
func (w *worker) do(ctx context.Context, a act, user, inserts int) error {
	for _, s := range a.statements {
		if err := w.exec(ctx, a, s, user, inserts); err != nil {
			return err
		}
	}
	return nil
}

// fail does it in a transaction that is rolled back.
func (w *worker) fail(ctx context.Context, a act, user int) error {
	for _, sql := range []string{"BEGIN", "", "ROLLBACK"} {
		if sql != "" {
			if _, err := w.conn.Exec(ctx, sql); err != nil {
				return err
			}
			continue
		}
		for _, s := range a.statements {
			if s.table == "" {
				continue
			}
			if err := w.exec(ctx, a, s, user, user); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *worker) exec(ctx context.Context, a act, s statement, user, inserts int) error {
	if strings.HasPrefix(s.table, "ir_mod") && user > 0 {
		return nil // which modules there are is the same for all
	}
	owner, again := user, user != inserts
	if s.verb == "INSERT INTO " {
		owner = inserts
	}
	set := func(v value) string {
		_, isKey := w.keys[s.table][v.column]
		isText := strings.HasPrefix(v.literal, "'") && len(v.literal) > 2
		if again && isText && !isKey && slices.Contains(free, v.column) {
			w.typed++
			return fmt.Sprintf("%s %d'", strings.TrimSuffix(v.literal, "'"), w.typed)
		}
		return w.own(s.table, v, owner)
	}
	sql := s.write(set, func(v value) string { return w.own(s.table, v, owner) })
	if _, err := w.conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %s: %w", a.title, sql, err)
	}
	return nil
}
