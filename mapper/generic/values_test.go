package generic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/mappertest"
	"hookline/mapper/pattern"
	"hookline/mapper/preset"
	"hookline/mapper/tenants"
)

// valuesConfig reads the three settings.
func valuesConfig(t *testing.T, softDelete, omit, nulls string) (cfg Config) {
	t.Helper()
	for _, s := range []struct {
		text string
		into interface{ UnmarshalText([]byte) error }
	}{{softDelete, &cfg.SoftDelete}, {omit, &cfg.Omit}, {nulls, &cfg.Nulls}} {
		if s.text == "" {
			continue
		}
		if err := s.into.UnmarshalText([]byte(s.text)); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

// TestSoftDeleteByValue has a record go and come back by the value of a column, within its tenant
// and from one to another, and by a change of its key, too.
func TestSoftDeleteByValue(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `CREATE TABLE tickets (
		id int PRIMARY KEY, status text, disabled bool, org text, subject text)`)
	rel := mappertest.DescribeTable(t, pool, "public", "tickets")
	row := func(values ...string) (list cdc.Tuple) {
		for _, v := range values {
			value := cdc.Text([]byte(v))
			if v == "-" {
				value = cdc.Value{}
			}
			list = append(list, value)
		}
		return list
	}
	open, renamed := row("1", "open", "f", "a", "x"), row("1", "open", "f", "a", "y")
	deleted, off := row("1", "deleted", "f", "a", "x"), row("1", "open", "t", "a", "x")
	moved, movedAway := row("1", "open", "f", "b", "x"), row("1", "deleted", "f", "b", "x")
	rekeyed := row("2", "deleted", "f", "a", "x")
	unknown := row("1", "-", "f", "a", "x")
	cfg := valuesConfig(t, "ticket.status:del*, public.tickets.disabled:true", "", "")
	for _, test := range []struct {
		name     string
		old, row cdc.Tuple
		tenants  bool
		want     string
	}{
		{name: "made", row: open, want: "ticket.created"},
		{name: "made as deleted", row: deleted},
		{name: "deleted", old: open, row: deleted, want: "ticket.deleted status"},
		{name: "disabled", old: open, row: off, want: "ticket.deleted disabled"},
		{name: "back", old: deleted, row: renamed, want: "ticket.created"},
		{name: "changed while deleted", old: deleted, row: movedAway},
		{name: "from one to another", old: deleted, row: off},
		{name: "edited", old: open, row: renamed, want: "ticket.updated subject"},
		{name: "null is no value", old: open, row: unknown, want: "ticket.updated status"},
		{name: "removed", old: open, want: "ticket.deleted"},
		{name: "removed after it was deleted", old: deleted},
		{name: "deleted under another key", old: open, row: rekeyed, want: "ticket.deleted status"},
		{
			name: "moved to another tenant", tenants: true, old: open, row: moved,
			want: "a ticket.deleted; b ticket.created",
		},
		{name: "moved and deleted", tenants: true, old: open, row: movedAway, want: "a ticket.deleted"},
		{name: "moved and back", tenants: true, old: movedAway, row: open, want: "a ticket.created"},
		{name: "moved while deleted", tenants: true, old: deleted, row: movedAway},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := cfg
			g := New(cfg, pool, mappertest.Discard)
			if test.tenants {
				mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
					if err := divide(t, conn, g, tenants.Tenancy{On: true, Column: "org"}); err != nil {
						t.Fatal(err)
					}
				})
			}
			m := mapper.New(g, pool, "0badcafe", mapper.FormatEvent, mappertest.Discard)
			change := cdc.Change{
				Kind: cdc.Update, Relation: rel, Old: test.old, New: test.row, Tx: &cdc.Tx{Commit: 1},
			}
			switch {
			case test.old == nil:
				change.Kind = cdc.Insert
			case test.row == nil:
				change.Kind = cdc.Delete
			}
			var told []string
			events := mappertest.EventsOf(t, m, change)
			end := cdc.Change{Kind: cdc.End, Tx: change.Tx, Index: 1}
			for _, e := range slices.Concat(events, mappertest.EventsOf(t, m, end)) {
				one := fmt.Sprint(e.Workspace, " ", e.Name, " ", strings.Join(e.Parts().Updated, ","))
				told = append(told, strings.TrimSpace(one))
			}
			if got := strings.Join(told, "; "); got != test.want {
				t.Errorf("told %q, want %q", got, test.want)
			}
		})
	}
}

// TestValues leaves values out, also by their size, and has days stand for no date.
func TestValues(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `
		CREATE TABLE files (id text PRIMARY KEY, note text, body text, raw bytea, made date,
			due timestamp, seen timestamptz, deleted_at timestamp);
		INSERT INTO files VALUES ('a', 'n', repeat('x', 1024), decode(repeat('00', 1024), 'hex'),
			'1970-01-01', '1970-01-01', '1970-01-01', '1970-01-01');
		INSERT INTO files VALUES ('b', 'n', repeat('x', 1025), decode(repeat('00', 1025), 'hex'),
			'1970-01-02', '1970-01-01 00:00:01', 'infinity', '1970-01-01')`)
	cfg := valuesConfig(t, "", "file.note, *.body:1KB, public.files.raw:1024B, files.id",
		"1970-01-01,file.seen:infinity,-files.nothing")
	g := New(cfg, pool, mappertest.Discard)
	rel := mappertest.DescribeTable(t, pool, "public", "files")
	o, err := g.Describe(t.Context(), rel)
	if err != nil {
		t.Fatal(err)
	}
	rows := mappertest.ReadTuples(t, pool, rel)
	for i, want := range []string{
		`{"id":"a","body":"` + strings.Repeat("x", 1024) + `","raw":"\\x` + strings.Repeat("00", 1024) +
			`","made":null,"due":null,"seen":null,"deletedAt":null}`,
		`{"id":"b","made":"1970-01-02","due":"1970-01-01T00:00:01Z","seen":null,"deletedAt":null}`,
	} {
		if got := string(mappertest.RowOf(t, o, rows[i])); got != want {
			t.Errorf("row %d is\n%s, want\n%s", i, got, want)
		}
		if got := string(mappertest.KnownOf(t, o, rows[i])); got != want {
			t.Errorf("what is known of row %d is\n%s, want\n%s", i, got, want)
		}
	}
	after := slices.Clone(rows[0])
	after[rel.Column("note")] = cdc.Text([]byte("another"))
	after[rel.Column("due")] = cdc.Value{}
	if updated, announce := mappertest.UpdateOf(t, o, rows[0], after); announce {
		t.Errorf("what nobody can see is an update of %q", updated)
	}
	after[rel.Column("body")] = cdc.Text([]byte(strings.Repeat("y", 2048)))
	updated, announce := mappertest.UpdateOf(t, o, rows[0], after)
	if !announce || !slices.Equal(updated, []string{"body"}) {
		t.Errorf("a value that has become too large is an update of %q", updated)
	}
	if action := mappertest.DeletionOf(t, o, rows[0]); action != mapper.Deleted {
		t.Errorf("a record whose deleted_at says nothing is %s", action)
	}
	mappertest.WithConn(t, pool, func(conn *pgx.Conn) {
		objects, err := g.Objects(t.Context(), conn)
		want := []string{"note (omitted)", "body (beyond 1KB)", "raw (beyond 1KB)"}
		if err != nil || len(objects) != 1 || !slices.Equal(objects[0].LeftOut, want) {
			t.Errorf("%+v, %v", objects, err)
		}
		found, err := g.checkCredentials(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, f := range found {
			fmt.Fprintln(&text, f.Level, f.Check, f.Found)
		}
		for _, want := range []string{
			`HOOKLINE_OMIT names "files.id": it is part of the primary key`,
			`HOOKLINE_NULLS names "-files.nothing": it matches no column`,
			"values not sent: files.note (omitted), files.body (beyond 1KB)",
		} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not said:\n%s", want, text.String())
			}
		}
	})
}

// TestMistakesOfValues has entries that name nothing, or nothing of use.
func TestMistakesOfValues(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `CREATE TABLE tickets (
		id int PRIMARY KEY, status text, content text, due timestamp, gone boolean, off smallint)`)
	cfg := valuesConfig(t, "tickets.stats:deleted,-ticket.state,ticket.gone:1,ticket.gone:true,"+
		"ticket.off:true,ticket.off:01,ticket.off:-1,ticket.off:*,ticket.status:1",
		"ticket.contents,tickets.content",
		"ticket.status:1970-01-01")
	g := New(cfg, pool, mappertest.Discard)
	_, _, log := listTables(t, g, pool)
	for _, want := range []string{
		`HOOKLINE_SOFT_DELETE may be wrong" entry=tickets.stats:deleted ` +
			`reason="it matches no column: is tickets.status meant?"`,
		`HOOKLINE_SOFT_DELETE may be wrong" entry=-ticket.state`,
		`HOOKLINE_SOFT_DELETE may be wrong" entry=ticket.gone:1 ` +
			`reason="the column's type has no such value"`,
		`HOOKLINE_SOFT_DELETE may be wrong" entry=ticket.off:true `,
		`HOOKLINE_SOFT_DELETE may be wrong" entry=ticket.off:01 `,
		`HOOKLINE_OMIT may be wrong" entry=ticket.contents`,
		`HOOKLINE_NULLS may be wrong" entry=ticket.status:1970-01-01 reason="the column holds no dates`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %s:\n%s", want, log)
		}
	}
	for _, right := range []string{
		"tickets.content", "ticket.gone:true", "ticket.off:-1", "ticket.off:*", "ticket.status:1",
	} {
		if strings.Contains(log, "entry="+right+" ") {
			t.Errorf("%s, which is right, is said to be wrong:\n%s", right, log)
		}
	}
}

// TestSettingsOverPresets has the configuration take back what a preset says of values.
func TestSettingsOverPresets(t *testing.T) {
	cfg := valuesConfig(t, "-tickets.status,tickets.subject:spam", "-attachments.content", "")
	both := preset.Named("request-tracker").Values.And(valuesConfigValues(cfg))
	said := func(list pattern.Entries, table, column string) (values []string) {
		for _, e := range list.Of("public", []string{table}, column) {
			values = append(values, e.Value)
		}
		return values
	}
	if got := said(both.SoftDelete, "tickets", "status"); got != nil {
		t.Errorf("a ticket is deleted by %q", got)
	}
	if got := said(both.SoftDelete, "assets", "status"); !slices.Equal(got, []string{"deleted"}) {
		t.Errorf("an asset is deleted by %q", got)
	}
	if got := said(both.SoftDelete, "tickets", "subject"); !slices.Equal(got, []string{"spam"}) {
		t.Errorf("a ticket is deleted by the subjects %q", got)
	}
	if got := pattern.NewLimit(both.Omit.Of("public", []string{"attachments"}, "content")); got != 0 {
		t.Errorf("the content of attachments is %s", got)
	}
}

func valuesConfigValues(cfg Config) pattern.Values {
	return pattern.Values{
		SoftDelete: cfg.SoftDelete.Entries, Omit: cfg.Omit.Entries,
		Nulls: cfg.Nulls.Entries,
	}
}

// TestValuesOfACommit folds updates of what is not sent, of what stands for null, and of a
// credential: a commit tells of the fields that receivers see, as they are in the end.
func TestValuesOfACommit(t *testing.T) {
	pool := mappertest.NewPool(t)
	mappertest.RunSQL(t, pool, `CREATE TABLE files (
		id text PRIMARY KEY, note text, body text, raw text, due date, password text)`)
	g := New(valuesConfig(t, "", "*.body:4B, files.raw", "1970-01-01"), pool, mappertest.Discard)
	rel := mappertest.DescribeTable(t, pool, "public", "files")
	row := func(values ...string) (list cdc.Tuple) {
		for _, v := range values {
			list = append(list, cdc.Text([]byte(v)))
		}
		return list
	}
	null := row("a", "n", "body", "raw", "", "secret")
	null[4] = cdc.Value{}
	first := row("a", "n", "body", "raw", "1970-01-01", "secret")
	for _, test := range []struct {
		name string
		rows []cdc.Tuple
		want string
	}{
		{"nothing that is seen", []cdc.Tuple{
			first, row("a", "n", "body", "other", "1970-01-01", "secret"),
			row("a", "m", "body", "other", "1970-01-01", "changed"),
			row("a", "n", "body", "other", "1970-01-01", "changed"), null,
		}, ""},
		{"a note, beside what is not", []cdc.Tuple{
			first, row("a", "n", "body", "other", "1970-01-01", "changed"),
			row("a", "m", "large", "other", "2026-01-02", "changed"),
			row("a", "m", "body", "third", "1970-01-01", "again"),
		}, `file.updated note {"id":"a","note":"m","body":"body","due":null}`},
		{"too large in the end", []cdc.Tuple{
			first, row("a", "n", "tiny", "raw", "1970-01-01", "secret"),
			row("a", "n", "large", "raw", "2026-01-02", "changed"),
		}, `file.updated body,due {"id":"a","note":"n","due":"2026-01-02"}`},
		{"born", []cdc.Tuple{
			nil, row("a", "n", "large", "raw", "2026-01-02", "secret"), first,
		}, `file.created  {"id":"a","note":"n","body":"body","due":null}`},
		{"gone", []cdc.Tuple{
			first, row("a", "m", "large", "raw", "2026-01-02", "changed"), nil,
		}, `file.deleted  {"id":"a","note":"n","body":"body","due":null}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mapper.New(g, pool, "0badcafe", mapper.FormatEvent, mappertest.Discard)
			m.Serve(mapper.Audience{Commits: true})
			tx := &cdc.Tx{Commit: 100, XID: 100}
			var told []string
			hear := func(c cdc.Change) {
				for _, e := range mappertest.EventsOf(t, m, c) {
					told = append(told, fmt.Sprint(e.Name, " ", strings.Join(e.Parts().Updated, ","), " ",
						string(e.Parts().Data)))
				}
			}
			for i, after := range test.rows[1:] {
				c := cdc.Change{
					Kind: cdc.Update, Relation: rel, Tx: tx, Index: uint32(i),
					Old: slices.Clone(test.rows[i]), New: slices.Clone(after),
				}
				switch {
				case c.Old == nil:
					c.Kind = cdc.Insert
				case c.New == nil:
					c.Kind = cdc.Delete
				}
				hear(c)
			}
			hear(cdc.Change{Kind: cdc.End, Tx: tx, Index: uint32(len(test.rows))})
			if got := strings.Join(told, "; "); got != test.want {
				t.Errorf("told\n%s, want\n%s", got, test.want)
			}
		})
	}
}
