package cdc

import (
	"fmt"
	"strings"
	"testing"

	"hookline/internal/migrate"
	"hookline/internal/pg"
)

// An annotation holds for what comes behind it, up to the next one, and no longer than its
// transaction. What is none takes the one before away, and is told of.
func TestAnnotation(t *testing.T) {
	d := newDecoder(Config{}, newLedger(Position{}, 0), Position{})
	var rejected []string
	d.rejected = func(err error) { rejected = append(rejected, err.Error()) }
	row := messageRow('I', 7, byte('N'), []any{"1"})
	large := `{"a": "` + strings.Repeat("x", MaxAnnotation) + `"}`
	fits := `{"a": "` + strings.Repeat("x", MaxAnnotation-len(`{"a": ""}`)) + `"}`
	loose := messageLogical(annotationPrefix, `{"loose": 1}`)
	loose[1] = 0 // not part of the transaction
	var items []item
	for _, m := range [][]byte{
		messageLogical(annotationPrefix, `{"outside": 1}`),
		messageBegin(50, 1), messageRelation(7, "t", "id"),
		row,
		messageLogical(annotationPrefix, `{"a": 1, "b": "x y"}`), row,
		messageLogical("hookline", ""), messageLogical(annotationPrefix+"s", "{}"), loose,
		messageLogical(annotationPrefix, `{"a": 1, "b": "x y"}`), row,
		messageLogical(annotationPrefix, `{"a": 2}`), row,
		messageLogical(annotationPrefix, `{}`), row,
		messageLogical(annotationPrefix, `{"a": 3}`), messageLogical(annotationPrefix, `[]`), row,
		messageLogical(annotationPrefix, `{"a": 4}`), messageLogical(annotationPrefix, ``), row,
		messageLogical(annotationPrefix, "{\"\xff\": 5}"), row,
		messageLogical(annotationPrefix, large), row,
		messageLogical(annotationPrefix, fits), row,
		messageCommit(50, 55),
		messageBegin(60, 2), row, messageOrigin("late"), row, messageCommit(60, 65),
	} {
		var err error
		if items, err = d.decode(items, m); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	var shared []*Annotation
	for _, it := range items {
		if it.change.Kind != Insert {
			continue
		}
		text := ""
		if a := it.change.Annotation; a != nil {
			text = string(a.JSON)
		}
		if it.change.Tx.Origin != "" {
			t.Error("an origin is told of a transaction that is the pump's already")
		}
		got, shared = append(got, text), append(shared, it.change.Annotation)
	}
	want := []string{
		"", `{"a":1,"b":"x y"}`, `{"a":1,"b":"x y"}`, `{"a":2}`, "", "", "", "", "",
		strings.Replace(fits, ": ", ":", 1), "", "",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("annotations are\n%.400s\nwant\n%.400s", got, want)
	}
	if shared[1] != shared[2] {
		t.Error("one that is said again is another")
	}
	const reasons = "it is not a JSON object; it is not JSON; it is not UTF-8; " +
		"it has 8201 bytes, and may have 8192"
	if got := strings.Join(rejected, "; "); got != reasons {
		t.Errorf("rejected: %s", got)
	}
}

// TestAnnotateKnowsTheLimits holds the function with which writers annotate against what is read.
func TestAnnotateKnowsTheLimits(t *testing.T) {
	sql := migrate.SQL("hookline", migrate.Webhooks, "annotate")
	for _, want := range []string{
		"(true, " + pg.Literal(annotationPrefix) + ",", fmt.Sprintf("> %d THEN", MaxAnnotation),
		fmt.Sprintf("may have %d bytes", MaxAnnotation),
	} {
		if !strings.Contains(sql, want) {
			t.Errorf("no %q in %s", want, sql)
		}
	}
}
