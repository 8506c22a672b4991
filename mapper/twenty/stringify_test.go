package twenty

import (
	"bytes"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hookline/cdc"
	"hookline/internal/pg"
	"hookline/internal/twentydb"
	"hookline/mapper"
	"hookline/mapper/mappertest"
	"hookline/mapper/pgtext/pgtexttest"
)

var seed = flag.Uint64("seed", 0,
	"what TestBodiesAreStringified generates its records from; 0: something else each time")

// TestBodiesAreStringified makes records with every field type, has Postgres print them as the
// stream does, and expects of every event in every form that JavaScript prints the parsed body as
// the same bytes: the verifier in Twenty's documentation signs those.
func TestBodiesAreStringified(t *testing.T) {
	const rows = 700
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("to repeat it: go test ./mapper -run TestBodiesAreStringified -seed=%d", *seed)
	r := rand.New(rand.NewPCG(*seed, 0))

	conn := TwentyDatabase(t)
	specimens := newSpecimens(t, conn)
	specimens.insert(t, conn, r, rows)
	rel := mappertest.Relation(t, conn, twentydb.Schema, "_specimen")
	catalog := TwentyCatalog(t, conn, Config{})
	formats := []mapper.Format{mapper.FormatEvent, mapper.FormatTwenty, mapper.FormatStandard}
	var mappers []*mapper.Mapper
	for _, format := range formats {
		mappers = append(mappers, mapper.New(catalog, nil, "0badcafe", format,
			slog.New(slog.DiscardHandler)))
	}

	var bodies []string
	seen := make([]int, len(mapper.Actions()))
	members := 0
	tuples := mappertest.Read(t, conn, rel, "true")
	for i, row := range tuples {
		change := cdc.Change{
			Kind: cdc.Insert, Relation: rel, New: row,
			Tx: &cdc.Tx{Commit: cdc.LSN(r.Uint64()), Time: randomTime(r)}, Index: r.Uint32(),
		}
		switch i % 3 {
		case 1:
			change.Kind, change.Old = cdc.Update, slices.Clone(tuples[i-1])
			id := rel.Column("id")
			change.Old[id] = row[id]
		case 2:
			change.Kind, change.Old, change.New = cdc.Delete, row, nil
		}
		to := mapper.Addressee{ID: randomText(r), URL: "https://example.com/" + randomText(r)}
		events := make([]*mapper.Event, len(formats))
		own := make([][]byte, len(formats))
		for j, m := range mappers {
			e := mappertest.EventOf(t, m, change)
			seen[e.Action]++
			if e.Parts().Member != "" {
				members++
			}
			events[j], own[j] = e, e.Body(formats[j], to)
			bodies = append(bodies, string(own[j]))
		}
		for j, e := range events {
			other := (j + 1) % len(formats)
			if !bytes.Equal(e.Body(formats[other], to), own[other]) {
				t.Fatalf("row %d: an event made for the form %v has another body of form %v", i, formats[j],
					formats[other])
			}
		}
	}
	for action, n := range seen {
		// of records that have drafts, which nothing here has
		if a := mapper.Action(action); n == 0 && a != mapper.Published && a != mapper.Unpublished {
			t.Errorf("no event was %v", mapper.Action(action))
		}
	}
	if members == 0 {
		t.Error("no event has a member")
	}
	size := 0
	for _, body := range bodies {
		size += len(body)
	}
	t.Logf("%d bodies of %d bytes in all", len(bodies), size)
	pgtexttest.Compare(t, `return JSON.stringify(JSON.parse(s))`, bodies, func(body string) string {
		return body
	})
}

// specimens is the table of a custom object with a field of every type that docs/twenty.md lists,
// each over all its columns.
type specimens struct {
	names, types []string // of the columns
}

func newSpecimens(t *testing.T, conn *pgx.Conn) *specimens {
	t.Helper()
	s := &specimens{}
	kinds := map[string]string{} // by field
	for _, d := range documentedColumns(t) {
		field := "of" + d.kind
		if d.kind == "RICH_TEXT" && !d.isComposite() {
			field = "ofOld" + d.kind
		}
		kinds[field] = d.kind
		s.names = append(s.names, field+strings.TrimPrefix(d.name, "f"))
		s.types = append(s.types, d.postgresType())
	}
	for _, c := range []struct{ field, kind, name, postgres string }{
		{"id", "UUID", "id", "uuid"},
		{"updatedAt", "DATE_TIME", "updatedAt", "timestamptz"},
		{"deletedAt", "DATE_TIME", "deletedAt", "timestamptz"},
		{"updatedBy", "ACTOR", "updatedByWorkspaceMemberId", "uuid"},
		// keeps what jsonb refuses or drops: lone surrogates, white space, keys that come twice
		{"text", "RAW_JSON", "text", "json"},
	} {
		kinds[c.field] = c.kind
		s.names = append(s.names, c.name)
		s.types = append(s.types, c.postgres)
	}
	labels := make([]string, len(oddLabels))
	for i, label := range oddLabels {
		labels[i] = "'" + strings.ReplaceAll(label, "'", "''") + "'"
	}
	var columns []string
	for i, name := range s.names {
		columns = append(columns, pg.Identifier(name)+" "+s.types[i])
	}
	mappertest.Execute(t, conn, fmt.Sprintf(`
		SET search_path TO %s, core;
		CREATE TYPE odd AS ENUM (%s);
		CREATE TABLE _specimen (%s);
		INSERT INTO "objectMetadata" ("nameSingular", "namePlural", "labelSingular", "labelPlural",
		  "targetTableName", "isActive",
			"workspaceId", "applicationId", "universalIdentifier")
		SELECT 'specimen', 'specimens', 'Specimen', 'Specimens', 'DEPRECATED', true, "workspaceId",
		  "applicationId", gen_random_uuid()
		FROM "objectMetadata" WHERE "nameSingular" = 'rocket'`,
		twentydb.Schema, strings.Join(labels, ", "), strings.Join(columns, ", ")))
	for field, kind := range kinds {
		var settings *string
		if strings.HasSuffix(kind, "RELATION") {
			text := fmt.Sprintf(`{"relationType": "MANY_TO_ONE", "joinColumnName": "%sId"}`, field)
			settings = &text
		}
		_, err := conn.Exec(t.Context(), `
			INSERT INTO "fieldMetadata" ("objectMetadataId", type, name, label, settings, "workspaceId",
			  "universalIdentifier",
				"applicationId", "morphId")
			SELECT id, $1, $2, $2, $3::jsonb, "workspaceId", gen_random_uuid(), "applicationId",
			  gen_random_uuid()
			FROM "objectMetadata" WHERE "nameSingular" = 'specimen'`, kind, field, settings)
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// insert adds rows of random values. In the first one JSON is nested as deep as it is printed.
func (s *specimens) insert(t *testing.T, conn *pgx.Conn, r *rand.Rand, rows int) {
	t.Helper()
	deep := strings.Repeat(`{"0":[`, nest/2) + strings.Repeat(`]}`, nest/2)
	var values, from []string
	var args []any
	for i, kind := range s.types {
		list := make([]*string, rows)
		for row := range list {
			if text := randomValue(r, kind); row == 0 && strings.HasPrefix(kind, "json") {
				list[row] = &deep
			} else if s.names[i] == "id" || r.IntN(8) > 0 {
				list[row] = &text
			}
		}
		args = append(args, list)
		values = append(values, fmt.Sprintf("v%d::%s", i, kind))
		from = append(from, fmt.Sprintf("$%d::text[]", i+1))
	}
	names := make([]string, len(values))
	for i := range names {
		names[i] = fmt.Sprintf("v%d", i)
	}
	sql := fmt.Sprintf("INSERT INTO _specimen SELECT %s FROM unnest(%s) AS v(%s)",
		strings.Join(values, ", "), strings.Join(from, ", "), strings.Join(names, ", "))
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// refused are the escapes that jsonb does not take: lone surrogates, of which all are taken for one
// here, and the zero character.
var refused = regexp.MustCompile(`\\u([dD][89a-fA-F][0-9a-fA-F]{2}|0000)`)

// randomValue returns what may be entered into a column of the type.
func randomValue(r *rand.Rand, kind string) string {
	switch kind {
	case "uuid":
		return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
	case "boolean":
		return strconv.FormatBool(r.IntN(2) == 0)
	case "double precision":
		f := math.Float64frombits(r.Uint64())
		switch r.IntN(4) {
		case 0:
			f = pgtexttest.EdgeNumbers[r.IntN(len(pgtexttest.EdgeNumbers))]
		case 1:
			f = math.Round(r.NormFloat64()*math.Pow10(r.IntN(22))) / math.Pow10(r.IntN(8))
		}
		return strconv.FormatFloat(f, 'g', -1, 64)
	case "numeric":
		if r.IntN(20) == 0 {
			return [...]string{"NaN", "Infinity", "-Infinity", "-0", "-0.00", "0.50"}[r.IntN(6)]
		}
		return [...]string{"", "-"}[r.IntN(2)] + randomDigits(r, 1+r.IntN(40)) + "." +
			randomDigits(r, r.IntN(40))
	case "date":
		return [...]string{randomDay(r), "infinity", "-infinity"}[max(0, r.IntN(22)-19)]
	case "timestamptz":
		at := strings.Replace(randomDay(r)+" ", " ",
			fmt.Sprintf(" %s.%06d+00 ", randomTime(r).Format(time.TimeOnly), r.IntN(1e6)), 1)
		return [...]string{at, "infinity", "-infinity"}[max(0, r.IntN(22)-19)]
	case "odd":
		return oddLabels[r.IntN(len(oddLabels))]
	case "odd[]", "text[]":
		elements := make([]string, r.IntN(5))
		for i := range elements {
			text := oddLabels[r.IntN(len(oddLabels))]
			if kind == "text[]" {
				text = randomText(r)
			}
			elements[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
			if r.IntN(6) == 0 {
				elements[i] = "NULL"
			}
		}
		return "{" + strings.Join(elements, ",") + "}"
	case "json":
		return string(pgtexttest.AppendDocument(nil, r, 2))
	case "jsonb":
		return string(refused.ReplaceAllLiteral(pgtexttest.AppendDocument(nil, r, 2),
			[]byte(`\ud83d\ude00`)))
	case "tsvector":
		return "cat:2 fat:1"
	default: // text and varchar
		return randomText(r)
	}
}

func randomDigits(r *rand.Rand, n int) string {
	digits := make([]byte, n)
	for i := range digits {
		digits[i] = '0' + byte(r.IntN(10))
	}
	return string(digits)
}

// randomDay returns a day as Postgres writes it, mostly of this age.
func randomDay(r *rand.Rand) string {
	year := 1900 + r.IntN(200)
	era := ""
	switch r.IntN(8) {
	case 0:
		year = 1 + r.IntN(290000)
	case 1:
		year, era = 1+r.IntN(4700), " BC"
	}
	return fmt.Sprintf("%04d-%02d-%02d%s", year, 1+r.IntN(12), 1+r.IntN(28), era)
}

func randomTime(r *rand.Rand) time.Time { return time.UnixMicro(r.Int64N(4e15)).UTC() }

// randomText returns text that a database may hold: any character but zero.
func randomText(r *rand.Rand) string {
	text := make([]rune, r.IntN(10))
	for i := range text {
		switch r.IntN(5) {
		case 0:
			text[i] = 1 + r.Int32N(0x1f)
		case 1:
			text[i] = []rune("\"\\/'{},<>&\x7f\u0080\u2028\u2029\ufeff\ufffe\uffff")[r.IntN(17)]
		case 2:
			text[i] = 0x10000 + r.Int32N(0x100000)
		case 3:
			text[i] = [...]rune{0xe000, 0xd7ff, 0x7ff, 0x800, 0x300, 0x1f600, 0x10ffff}[r.IntN(7)]
		default:
			text[i] = 0x20 + r.Int32N(0x5f)
		}
	}
	return string(text)
}
