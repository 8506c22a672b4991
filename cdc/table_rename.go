package cdc

import (
	"fmt"

	"hookline/internal/pg"
)

// The stream describes a table by its name before the first change that comes of it, and again when
// its definition has changed. It does not where the name is another table's: a partitioned one,
// which is described only along with one of its partitions; and the parent of chunks, whose name is
// not in the stream. Of these the catalog scan tells by a description in the table backfill.

// renamed reports whether the stream has to be told of t's name, which is another one than at the
// last catalog scan.
func (t *candidate) renamed(f *catalogScan) bool {
	k := f.known.relations[t.oid]
	return k != nil && f.slot && t.listed && !t.Skip && !t.unwanted &&
		(t.partitioned || f.hasChunks(t)) &&
		k.noted != (tableName{}) && k.noted != k.now &&
		k.now == t.name()
}

// hasChunks reports whether rows of t lie in children that are announced under its name.
func (f *catalogScan) hasChunks(t *candidate) bool { return len(f.chunks(t)) > 0 }

func (f *catalogScan) chunks(t *candidate) (list []*candidate) {
	for i := range f.tables {
		if c := &f.tables[i]; c.Parent != "" && c.listed && c.ParentSchema == t.Schema &&
			c.Parent == t.Name {
			list = append(list, c)
		}
	}
	return list
}

// rename plans the step that tells the stream of t's name.
func (p *Plan) rename(t *candidate) {
	var statements []string
	if t.partitioned {
		statements = append(statements, p.describe(t.regclass(), ""))
	}
	for _, c := range p.scan.chunks(t) {
		statements = append(statements, p.describeAs(c, ""))
	}
	p.add(Step{
		Kind: Rename, Table: t.Table, table: t,
		SQL: p.transaction("tell that changes come under the name "+t.String()+" from now on",
			append(statements, p.noteSQL([]note{t.note()}))...),
	})
}

// describeAs is describe under the name that t's changes are announced under: its own, or its
// parent's.
func (p *Plan) describeAs(t *candidate, extra string) string {
	if t.Parent != "" {
		extra = fmt.Sprintf(" || jsonb_build_object('schema', %s, 'name', %s, 'child', true)",
			pg.Literal(t.ParentSchema), pg.Literal(t.Parent)) + extra
	}
	return p.describe(t.regclass(), extra)
}
