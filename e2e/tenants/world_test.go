package tenants

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/e2e"
)

// A world is a database that tenants share. What it holds is changed at random, and it keeps
// account of what everybody is to hear.
//
// Each row says in its note which tenant it was of when it was written, so that whatever leaves can
// be told. No tenant's note is to reach another.
type world struct {
	*e2e.Database
	random   *rand.Rand
	settings []string // of its processes
	tenants  []string
	tables   []table
	hook     func(to *e2e.Inbox, tenant, operations string) (key string)
	give     func(from *e2e.Inbox, tenant string) // has the webhook belong to another tenant

	records []*record
	made    int
	heard   map[string][]e2e.Entry // by tenant; nobody's by ""
	all     []e2e.Entry            // in order; what every tenant hears of once
	// of which kinds the change was: by tenant, for each of what is heard; and of the last transaction
	kinds map[string][]int
	kind  int
}

// table is where records of a tenant are, "" for where those of all are.
type table struct {
	object string
	name   func(tenant string) string
	tenant string // the column that tells whose a record is; "": its table does
	shared bool   // every tenant hears of it
	lonely bool   // nobody hears of it
	orphan bool   // a record may have no tenant
	counts bool   // it has a column version
	actor  bool   // its rows say who has changed them
	note   string // the column of the note
}

// record is a row as it was written last.
type record struct {
	table   table
	id      string
	tenant  string // "" for none
	version int
}

const nobody = ""

// The kinds of changes that webhooks may ignore.
const (
	annotated = 1 << iota // the writer has said so
	imported              // they came from a replication origin
	byAPI                 // a row says so, which is not there once it is deleted
)

// annotate is what a transaction begins with that some webhooks ignore.
const annotate = `SELECT hookline.annotate('{"source": "world"}')`

func note(tenant string) string { return fmt.Sprintf("%s note of <%s>", e2e.Confidential, tenant) }

// shapes are the kinds of tables that a generic database may have, and what tables of a kind are
// called. In their statements %[1]s is the name, %[2]s the type of the tenants' keys, %[3]s the
// columns that all have, and %[4]s the first tenant.
var shapes = []struct {
	names []string
	table
	sql string
}{
	{
		[]string{"contacts", "leads", "offers"},
		table{tenant: "organization_id", orphan: true},
		"CREATE TABLE %[1]s (id text PRIMARY KEY, organization_id %[2]s, %[3]s)",
	},
	{
		[]string{"deals", "trips"},
		table{tenant: `"organizationId"`},
		`CREATE TABLE %[1]s (id text, "organizationId" %[2]s, %[3]s,
			PRIMARY KEY ("organizationId", id))`,
	},
	{
		[]string{"visits", "orders"},
		table{tenant: "organization_id"},
		`CREATE TABLE %[1]s (id text, organization_id %[2]s, %[3]s, PRIMARY KEY (id, organization_id))
			PARTITION BY LIST (organization_id);
		CREATE TABLE %[1]s_first PARTITION OF %[1]s FOR VALUES IN ('%[4]s');
		CREATE TABLE %[1]s_others PARTITION OF %[1]s DEFAULT`,
	},
	{
		[]string{"tickets"},
		table{tenant: "owner", orphan: true},
		"CREATE TABLE %[1]s (id text PRIMARY KEY, owner %[2]s, %[3]s)",
	},
	{[]string{"countries"}, table{shared: true}, "CREATE TABLE %[1]s (id text PRIMARY KEY, %[3]s)"},
	{
		[]string{"drafts", "imports"},
		table{lonely: true},
		"CREATE TABLE %[1]s (id text PRIMARY KEY, %[3]s)",
	},
}

// newGeneric makes a CRM that nobody has heard of. How many tenants it has and of which type their
// keys are is left to chance, and so is which tables there are.
func newGeneric(t *testing.T, random *rand.Rand) *world {
	w := &world{
		Database: e2e.NewDatabase(t), random: random, heard: map[string][]e2e.Entry{},
		kinds: map[string][]int{},
	}
	key := []string{"uuid", "bigint", "text"}[random.IntN(3)]
	for i := range 2 + random.IntN(3) {
		switch key {
		case "uuid":
			w.tenants = append(w.tenants, e2e.UUID())
		case "bigint":
			w.tenants = append(w.tenants, fmt.Sprint(7+i))
		default:
			w.tenants = append(w.tenants, fmt.Sprintf("tenant %d", i))
		}
	}
	t.Logf("tenants are %s: %q", key, w.tenants)
	w.Exec(fmt.Sprintf(`CREATE TABLE webhooks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
		url text, secret text, operations text[], organization_id %s)`, key))
	for _, shape := range shapes {
		for _, name := range shape.names[:1+random.IntN(len(shape.names))] {
			made := shape.table
			made.object = strings.TrimSuffix(strings.Replace(name, "ies", "ys", 1), "s")
			made.name = func(string) string { return name }
			made.note, made.counts = "note", true
			w.tables = append(w.tables, made)
			sql := strings.ReplaceAll(shape.sql, "%[4]s", w.tenants[0]) // not all have it
			w.Exec(fmt.Sprintf(sql, name, key, "note text, version int NOT NULL"))
		}
	}
	w.hook = func(to *e2e.Inbox, tenant, operations string) string {
		return "public.webhooks/" + e2e.Value[string](w.Database,
			`INSERT INTO webhooks (url, secret, organization_id, operations)
			VALUES ($1, $2, `+literal(tenant)+`, ARRAY[$3]) RETURNING id::text`,
			to.URL(), to.Secret, operations)
	}
	w.give = func(from *e2e.Inbox, tenant string) {
		w.Exec(`UPDATE webhooks SET organization_id = `+literal(tenant)+` WHERE url = $1`, from.URL())
	}
	return w
}

// genericTenants are the settings that newGeneric's tables ask for.
const genericTenants = "HOOKLINE_TENANT_COLUMN=organization_id,public.tickets=owner"

// newTwenty makes an instance with three workspaces.
func newTwenty(t *testing.T, random *rand.Rand) *world {
	db := e2e.NewTwenty(t)
	w := &world{
		Database: db.Database, random: random, heard: map[string][]e2e.Entry{},
		kinds: map[string][]int{},
	}
	of := map[string]e2e.Workspace{}
	for _, workspace := range []e2e.Workspace{
		db.Apple(), db.NewWorkspace("Pear"),
		db.NewWorkspace("Quince"),
	} {
		of[workspace.ID] = workspace
		w.tenants = append(w.tenants, workspace.ID)
	}
	in := func(name string) func(string) string {
		return func(tenant string) string { return of[tenant].Schema + "." + name }
	}
	w.tables = []table{
		{object: "person", name: in("person"), note: `"jobTitle"`, actor: true},
		{object: "company", name: in("company"), note: "name", actor: true},
	}
	w.hook = func(to *e2e.Inbox, tenant, operations string) string {
		if tenant == nobody {
			return ""
		}
		return "core.webhook/" + of[tenant].AddWebhook(to, operations)
	}
	w.give = func(from *e2e.Inbox, tenant string) {
		w.Exec(`UPDATE core.webhook SET "workspaceId" = $2 WHERE "targetUrl" = $1`, from.URL(), tenant)
	}
	return w
}

// anyTenant returns one at random; nobody, where a row can have none.
func (w *world) anyTenant(t table) string {
	switch {
	case t.shared || t.lonely:
		return nobody
	case t.orphan && w.random.IntN(8) == 0:
		return nobody
	}
	return w.tenants[w.random.IntN(len(w.tenants))]
}

// step commits a transaction of a few changes, and notes what is to be heard of them.
func (w *world) step() {
	w.T.Helper()
	var entries []func()
	touched := map[*record]bool{}
	w.kind = 0
	for _, kind := range []int{annotated, imported, byAPI} {
		if w.random.IntN(4) == 0 {
			w.kind |= kind
		}
	}
	if w.kind&imported != 0 {
		w.Exec(`SELECT pg_replication_origin_session_setup($1)`, w.origin())
		defer w.Exec(`SELECT pg_replication_origin_session_reset()`)
	}
	w.Transaction(func(tx pgx.Tx) error {
		if w.kind&annotated != 0 {
			if _, err := tx.Exec(w.T.Context(), annotate); err != nil {
				return err
			}
		}
		for range 1 + w.random.IntN(4) {
			told, err := w.change(tx, touched)
			if err != nil {
				return err
			}
			entries = append(entries, told)
		}
		return nil
	})
	for _, tell := range entries {
		tell()
	}
}

// origin is the world's own: their names belong to the server.
func (w *world) origin() string { return "from " + w.Name }

// newOrigin makes it.
func (w *world) newOrigin() {
	w.Exec(`SELECT pg_replication_origin_create($1)`, w.origin())
	w.T.Cleanup(func() {
		_, err := w.Conn.Exec(context.Background(), `SELECT pg_replication_origin_drop($1)`, w.origin())
		if err != nil {
			w.T.Error(err)
		}
	})
}

// source is what rows say of who changes them in this transaction.
func (w *world) source() string {
	if w.kind&byAPI != 0 {
		return "API"
	}
	return "MANUAL"
}

// change makes one change of a record that the transaction has not touched yet. told notes what is
// to be heard of it.
func (w *world) change(tx pgx.Tx, touched map[*record]bool) (told func(), err error) {
	exec := func(sql string, args ...any) {
		if err == nil {
			_, err = tx.Exec(w.T.Context(), sql, args...)
		}
	}
	var r *record
	if n := len(w.records); n > 0 {
		if r = w.records[w.random.IntN(n)]; touched[r] {
			r = nil
		}
	}
	action := w.random.IntN(10)
	if r == nil || action < 3 {
		t := w.tables[w.random.IntN(len(w.tables))]
		w.made++
		r = &record{table: t, id: e2e.UUID(), tenant: w.anyTenant(t), version: 1}
		w.records = append(w.records, r)
		touched[r] = true
		w.insert(exec, r)
		was := *r
		return func() { w.tell(was, "created") }, err
	}
	touched[r] = true
	was := *r
	where := fmt.Sprintf("%s WHERE id = '%s'", r.table.name(r.tenant), r.id)
	switch {
	case action == 3:
		exec("DELETE FROM " + where)
		w.records = slices.DeleteFunc(w.records, func(other *record) bool { return other == r })
		return func() { w.tell(was, "deleted") }, err
	case action < 7 || r.table.tenant == "":
		r.version++
		exec(w.update(r, ""), r.id, w.noteOf(r))
	case action < 9: // it is given to another tenant, or to the same
		r.tenant = w.anyTenant(r.table)
		r.version++
		exec(w.update(r, fmt.Sprintf(", %s = %s", r.table.tenant, literal(r.tenant))), r.id, w.noteOf(r))
	default: // likewise, by way of a new row
		r.tenant = w.anyTenant(r.table)
		r.version++
		exec("DELETE FROM " + where)
		w.insert(exec, r)
	}
	now := *r
	return func() {
		if now.tenant == was.tenant {
			w.tell(now, "updated")
			return
		}
		w.tell(was, "deleted")
		w.tell(now, "created")
	}, err
}

func literal(tenant string) string {
	if tenant == nobody {
		return "NULL"
	}
	return "'" + tenant + "'"
}

// noteOf differs from version to version, where a table does not count them.
func (w *world) noteOf(r *record) string { return fmt.Sprintf("%s %d", note(r.tenant), r.version) }

// update returns the statement for $1, the id, and $2, the note.
func (w *world) update(r *record, more string) string {
	if r.table.counts {
		more += fmt.Sprintf(", version = %d", r.version)
	}
	if r.table.actor {
		more += fmt.Sprintf(`, "updatedBySource" = '%s', "updatedAt" = clock_timestamp()`, w.source())
	}
	return fmt.Sprintf("UPDATE %s SET %s = $2%s WHERE id = $1", r.table.name(r.tenant), r.table.note,
		more)
}

func (w *world) insert(exec func(sql string, args ...any), r *record) {
	columns, values := []string{"id", r.table.note}, []string{"$1", "$2"}
	if r.table.counts {
		columns, values = append(columns, "version"), append(values, fmt.Sprint(r.version))
	}
	if r.table.actor {
		columns, values = append(columns, `"updatedBySource"`), append(values, "'"+w.source()+"'")
	}
	if r.table.tenant != "" {
		columns, values = append(columns, r.table.tenant), append(values, literal(r.tenant))
	}
	exec(fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", r.table.name(r.tenant),
		strings.Join(columns, ", "), strings.Join(values, ", ")),
		r.id, w.noteOf(r))
}

// tell notes an event.
func (w *world) tell(r record, action string) {
	e := e2e.Entry{Event: r.table.object + "." + action, Record: r.id, Workspace: r.tenant}
	if r.table.counts {
		e.Version = r.version
	}
	kind := w.kind
	if !r.table.actor || action == "deleted" {
		kind &^= byAPI
	}
	w.all = append(w.all, e)
	hear := func(tenant string) {
		w.heard[tenant] = append(w.heard[tenant], e)
		w.kinds[tenant] = append(w.kinds[tenant], kind)
	}
	if r.table.shared {
		for _, tenant := range w.tenants {
			hear(tenant)
		}
	} else if !r.table.lonely {
		hear(r.tenant)
	}
}
