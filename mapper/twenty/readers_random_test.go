package twenty

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/mapper"
)

// judgeSQL makes a function that tells whether a record may be told, by the metadata and the rows
// as they are: 0 no, 2 yes. For one that returns from the trash, what is in the trash may belong to
// a parent that is back already, or not: 1 where that makes a difference.
const judgeSQL = `
CREATE FUNCTION told(object text, record uuid, returns_ boolean, depth int DEFAULT 0) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	o core."objectMetadata";
	f record;
	row_ jsonb;
	child record;
	v int;
	best int := 0;
	doubtful int[] := '{}';
	attached boolean := false;
BEGIN
	SELECT * INTO o FROM core."objectMetadata" WHERE "nameSingular" = object;
	IF o.readability = 'OPEN' THEN RETURN 2; END IF;
	IF o.readability <> 'INHERITED' OR depth > 3 THEN RETURN 0; END IF;
	EXECUTE format('SELECT to_jsonb(t) FROM %s t WHERE id = $1', tab(object)) INTO row_ USING record;
	IF row_ IS NULL THEN RETURN 0; END IF;
	FOR f IN
		SELECT a.settings ->> 'relationType' AS side, a.settings ->> 'joinColumnName' AS col,
		  t."nameSingular" AS target,
			i.settings ->> 'joinColumnName' AS inverse
		FROM core."fieldMetadata" a JOIN core."objectMetadata" t
		  ON t.id = a."relationTargetObjectMetadataId"
			JOIN core."fieldMetadata" i ON i.id = a."relationTargetFieldMetadataId"
		WHERE a."objectMetadataId" = o.id
		  AND (a."universalIdentifier" = ANY (o."readabilityParentFieldUniversalIdentifiers")
			OR a."morphId" IN (SELECT "morphId" FROM core."fieldMetadata" b WHERE b."objectMetadataId" = o.id
				AND b."universalIdentifier" = ANY (o."readabilityParentFieldUniversalIdentifiers")))
	LOOP
		IF f.side = 'MANY_TO_ONE' THEN
			IF row_ ->> f.col IS NOT NULL THEN
				attached := true;
				best := greatest(best, told(f.target, (row_ ->> f.col)::uuid, returns_, depth + 1));
			END IF;
		ELSE
			FOR child IN EXECUTE format('SELECT id, "deletedAt" IS NULL OR coalesce("deletedAt" >= $2, false) AS there FROM %s WHERE %I = $1',
				tab(f.target), f.inverse) USING record, (row_ ->> 'deletedAt')::timestamptz
			LOOP
				v := told(f.target, child.id, returns_, depth + 1);
				IF child.there THEN
					attached := true;
					best := greatest(best, v);
				ELSIF returns_ AND row_ ->> 'deletedAt' IS NULL THEN
					doubtful := doubtful || v;
				END IF;
			END LOOP;
		END IF;
	END LOOP;
	IF best = 2 THEN RETURN 2; END IF;
	IF NOT attached AND object IN ('note', 'task') THEN best := 2; END IF;
	RETURN CASE WHEN best = ALL (doubtful) THEN best ELSE 1 END;
END $$;
CREATE FUNCTION tab(object text) RETURNS text LANGUAGE sql AS $$ SELECT quote_ident(CASE object WHEN 'rocket' THEN '_rocket' ELSE object END) $$;
CREATE FUNCTION all_told() RETURNS TABLE (record uuid, tells int, returning_ int) LANGUAGE plpgsql AS $$
DECLARE object text;
BEGIN
	FOREACH object IN ARRAY ARRAY['note', 'task', 'noteTarget', 'taskTarget', 'attachment', 'person',
	  'company', 'opportunity', 'rocket'] LOOP
		RETURN QUERY EXECUTE format('SELECT id, told(%L, id, false), told(%1$L, id, true) FROM %2$s',
		  object, tab(object));
	END LOOP;
END $$`

// readability is whether a record may be told, and whether it may when it has just come back from
// the trash.
type readability struct{ now, restored mapper.Verdict }

// dice does random work in a workspace. The work follows from the seed.
type dice struct {
	*rand.Rand
	r      *readers
	last   map[string]readability            // by record, as the database is now
	before map[uint32]map[string]readability // the same, before a transaction, by its id
	after  map[uint32]map[string]readability
	did    map[uint32]string // the statements
}

// oneOf returns one of a list.
func (d *dice) oneOf(list ...string) string { return list[d.IntN(len(list))] }

// some returns the id of one of a few records, as SQL.
func (d *dice) some(kind string) string { return "'" + id(kind, d.IntN(5)) + "'" }

var kinds = map[string]string{
	"note": aNote, "task": aTask, "noteTarget": aTarget,
	"taskTarget": "6a000000-0000-4000-8000-00000000000%d", "attachment": aFile,
	"person":      "30000000-0000-4000-8000-00000000000%d",
	"company":     "10000000-0000-4000-8000-00000000000%d",
	"opportunity": "40000000-0000-4000-8000-00000000000%d",
	"_rocket":     "70000000-0000-4000-8000-00000000000%d",
}

// target sets one of the columns of a morph relation, or none.
func (d *dice) target() string {
	of := d.oneOf("person", "company", "opportunity", "_rocket", "")
	var set []string
	for _, object := range []string{"person", "company", "opportunity", "_rocket"} {
		value := "NULL"
		if object == of {
			value = fmt.Sprintf("(SELECT id FROM %s WHERE id = %s)", object, d.some(kinds[object]))
		}
		name := strings.TrimPrefix(object, "_")
		set = append(set, fmt.Sprintf(`"target%s%sId" = %s`, strings.ToUpper(name[:1]), name[1:], value))
	}
	return strings.Join(set, ", ")
}

// statement returns one that changes a row or a few.
func (d *dice) statement() string {
	table := d.oneOf("note", "note", "task", "noteTarget", "noteTarget", "taskTarget", "attachment",
		"person", "company", "opportunity")
	quoted, where := pg.Identifier(table), d.some(kinds[table])
	switch d.IntN(8) {
	case 0, 1:
		return fmt.Sprintf(`INSERT INTO %s (id) VALUES (%s) ON CONFLICT DO NOTHING`, quoted, where)
	case 2:
		if d.IntN(3) > 0 {
			break
		}
		return fmt.Sprintf(`DELETE FROM %s WHERE id = %s`, quoted, where)
	case 3:
		return fmt.Sprintf(
			`UPDATE %s SET "deletedAt" = CASE WHEN "deletedAt" IS NULL THEN clock_timestamp() END WHERE id = %s`, quoted, where)
	}
	switch table {
	case "noteTarget", "taskTarget":
		record := strings.TrimSuffix(table, "Target")
		return fmt.Sprintf(
			`UPDATE %s SET "%sId" = (SELECT id FROM %[2]s WHERE id = %s), %s WHERE id = %s`,
			quoted, record, d.some(kinds[record]), d.target(), where)
	case "attachment":
		return fmt.Sprintf(
			`UPDATE attachment SET %s, "targetNoteId" = (SELECT id FROM note WHERE id = %s) WHERE id = %s`,
			d.target(), d.some(aNote), where)
	case "person":
		return fmt.Sprintf(
			`UPDATE person SET "jobTitle" = random()::text, "companyId" = (SELECT id FROM company WHERE id = %s) WHERE id = %s`,
			d.some(kinds["company"]), where)
	case "opportunity":
		return fmt.Sprintf(
			`UPDATE opportunity SET name = random()::text, "pointOfContactId" = (SELECT id FROM person WHERE id = %s) WHERE id = %s`,
			d.some(kinds["person"]), where)
	case "company":
		return fmt.Sprintf(`UPDATE company SET tagline = random()::text WHERE id = %s`, where)
	}
	return fmt.Sprintf(`UPDATE %s SET title = random()::text WHERE id = %s`, quoted, where)
}

// look returns what may be told now.
func (d *dice) look() map[string]readability {
	rows, err := d.r.conn.Query(d.r.Context(),
		"SELECT record::text, tells, returning_ FROM all_told()")
	if err != nil {
		d.r.Fatal(err)
	}
	told := map[string]readability{}
	verdicts := []mapper.Verdict{mapper.Hidden, mapper.Undecided, mapper.Visible}
	var record string
	var tells, returning int
	_, err = pgx.ForEachRow(rows, []any{&record, &tells, &returning}, func() error {
		told[record] = readability{verdicts[tells], verdicts[returning]}
		return nil
	})
	if err != nil {
		d.r.Fatal(err)
	}
	return told
}

// transact runs a transaction of a few statements, and notes what may be told before and after it.
func (d *dice) transact() {
	var statements []string
	for range 1 + d.IntN(4) {
		statements = append(statements, d.statement())
	}
	var text string
	err := pgx.BeginFunc(d.r.Context(), d.r.conn, func(tx pgx.Tx) error {
		for _, sql := range statements {
			if _, err := tx.Exec(d.r.Context(), sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return tx.QueryRow(d.r.Context(), "SELECT pg_current_xact_id()::xid::text").Scan(&text)
	})
	if err != nil {
		d.r.Fatal(err)
	}
	xid, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		d.r.Fatal(err)
	}
	d.before[uint32(xid)] = d.last
	d.did[uint32(xid)] = strings.Join(statements, ";\n\t")
	d.last = d.look()
	d.after[uint32(xid)] = d.last
}

// verdict is an event and what was found of it.
type verdict struct {
	name, record  string
	xid           uint32
	delete, heard bool
	verdict       mapper.Verdict
}

// check reads up to the workspaceMember of a name, compares each verdict with the state of the
// commit, and returns how many were told and hidden. An event goes by its own row, so it is
// compared if that is the one that the transaction left, or, when it is deleted, found.
func (d *dice) check(name string) (told, hidden int) {
	r := d.r
	type change struct {
		record string
		xid    uint32
	}
	events, seen := map[change]int{}, map[change]bool{}
	list := d.read(name)
	for _, e := range list {
		events[change{e.record, e.xid}]++
	}
	for _, e := range list {
		state := d.after[e.xid]
		if e.delete {
			state = d.before[e.xid]
		}
		at := change{e.record, e.xid}
		events[at]--
		moved := seen[at] // in the same transaction, which may delete it with another record
		seen[at] = true
		of, known := state[e.record]
		want := of.now
		if strings.HasSuffix(e.name, ".restored") {
			want = of.restored
		}
		_, lives := d.after[e.xid][e.record]
		switch {
		case !known || !e.delete && !lives: // made and deleted by one transaction
		case !e.heard || events[at] > 0 || e.delete && (moved || d.touched(e)):
		// by when it went into the trash
		case want == mapper.Undecided && (e.name == "note.restored" || e.name == "task.restored"):
		case e.verdict != want:
			r.Errorf("%s of %s by transaction %d is %q, want %q:\n\t%s",
				e.name, e.record, e.xid, verdicts[e.verdict], verdicts[want], d.did[e.xid])
		case want == mapper.Undecided:
		case want == mapper.Visible:
			told++
		default:
			hidden++
		}
	}
	return told, hidden
}

// touched reports whether a transaction may have changed the record before it deleted it.
func (d *dice) touched(e verdict) bool { return strings.Count(d.did[e.xid], e.record) > 1 }

// read reads up to the workspaceMember of a name.
func (d *dice) read(name string) (list []verdict) {
	r := d.r
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	for {
		change, err, ok := r.changes()
		if err != nil || !ok {
			r.Fatalf("the stream ended: %v, %v", err, ok)
		}
		if change.Kind != cdc.End && r.catalog.Observe(change) {
			continue
		}
		draft, err := r.mapper.Map(ctx, change)
		for ; draft != nil && err == nil; draft, err = r.mapper.Next(ctx) {
			e := draft.Event()
			if e.Object == "workspaceMember" {
				if strings.Contains(string(e.Parts().Data), `"`+name+`"`) {
					return list
				}
				continue
			}
			j := verdict{name: e.Name, record: idIn(e.Parts().Data), xid: change.Tx.XID}
			// A delete is told when a later change has come; a soft delete, which is an update, at once.
			j.delete = (e.Action == mapper.Deleted || e.Action == mapper.Destroyed) &&
				!updates(change, j.record)
			if j.heard = d.IntN(4) > 0; j.heard {
				if j.verdict, err = draft.Verdict(ctx); err != nil {
					break
				}
			}
			list = append(list, j)
		}
		if err != nil {
			r.Fatal(err)
		}
	}
}

// updates reports whether a change is an update of the record.
func updates(change cdc.Change, record string) bool {
	return change.Kind == cdc.Update && change.New[change.Relation.Column("id")].String() == record
}

var streams = flag.Int("streams", 2, "how many streams TestReadersRandom reads")

// TestReadersRandom compares what is told with a direct evaluation of the rule in the state that
// each commit has left, under random readabilities and work, while the stream is read at once or
// much later, with much or hardly any memory.
func TestReadersRandom(t *testing.T) {
	first := uint64(time.Now().UnixNano())
	for i := range *streams {
		seed, major := first+uint64(i), []int{0, 18}[i%2]
		t.Run(fmt.Sprintf("seed %d on %d", seed, major), func(t *testing.T) {
			dice := &dice{
				Rand: rand.New(rand.NewPCG(seed, 0)), before: map[uint32]map[string]readability{},
				after: map[uint32]map[string]readability{}, did: map[uint32]string{},
			}
			sql := []string{judgeSQL}
			for _, object := range []string{"person", "company", "opportunity", "rocket"} {
				parent := map[string]string{
					"person": "company", "opportunity": "pointOfContact",
					"company": "nothing", "rocket": "nothing",
				}[object]
				if said := dice.oneOf("OPEN", "OPEN", "PRIVATE", "INHERITED"); said == "INHERITED" {
					sql = append(sql, inherits(object, parent))
				} else {
					sql = append(sql, readableBy(said, object))
				}
			}
			for range 20 {
				sql = append(sql, dice.statement())
			}
			dice.r = newReaders(t, major, "2.43", strings.Join(sql, ";\n"), Config{})
			if (first+uint64(i/2))%2 == uint64(i%2) { // for one of two; sometimes it is the other
				dice.r.catalog.links.most = 3
			}
			dice.last = dice.look()
			var told, hidden int
			for i := 0; i < 120; {
				for range 1 + dice.IntN(30) {
					dice.transact()
					i++
				}
				name := fmt.Sprintf("end-%d", i)
				dice.r.mark(name)
				more, fewer := dice.check(name)
				told, hidden = told+more, hidden+fewer
				if t.Failed() {
					return
				}
			}
			if told == 0 {
				t.Error("nothing was told")
			}
			t.Logf("%d told, %d hidden, %d queries", told, hidden, dice.r.catalog.links.asked)
		})
	}
}
