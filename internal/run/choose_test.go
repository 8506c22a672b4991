package run

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"hookline/cdc"
	"hookline/mapper"
	"hookline/mapper/pgtext"
	"hookline/webhook"
	"hookline/webhook/filter"
)

// stages is a catalog of one table.
type stages struct{}

func (stages) Generation() uint64                     { return 1 }
func (stages) Refresh(context.Context, *cdc.Tx) error { return nil }
func (stages) Describe(_ context.Context, rel *cdc.Relation) (*mapper.Description, error) {
	d := &mapper.Description{Object: "deal", Hash: 1, Key: []int{0}, DeletedAt: -1}
	for i, c := range rel.Columns {
		d.Fields = append(d.Fields, mapper.Field{
			Name: c.Name, Key: pgtext.JSONKey(c.Name), Columns: []int{i},
			Encode: func(dst []byte, row cdc.Tuple) []byte {
				if row[i].IsNull() {
					return append(dst, "null"...)
				}
				return pgtext.AppendString(dst, row[i].Bytes())
			},
		})
	}
	return d, nil
}

// What a filter lets through is counted and noted, and what it cannot decide on goes to the
// webhook: the log says so once of each filter and reason.
func TestChooser(t *testing.T) {
	var log strings.Builder
	registry := prometheus.NewRegistry()
	notes := filter.NewDecisions(5)
	c := chooser{
		log: slog.New(slog.NewTextHandler(&log, nil)), count: newChoiceMetrics(registry), latest: notes,
	}
	compile := func(text string) *filter.Filter {
		f, err := filter.Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	m := mapper.New(stages{}, nil, "0badcafe", mapper.FormatEvent, slog.New(slog.DiscardHandler))
	rel := &cdc.Relation{
		OID: 1, Schema: "public", Name: "deals", Identity: 'f',
		Columns: []cdc.Column{{Name: "id"}, {Name: "stage"}},
	}
	decide := func(to *webhook.Subscription, stage cdc.Value) bool {
		d, err := m.Map(t.Context(), cdc.Change{
			Kind: cdc.Insert, Relation: rel, New: cdc.Tuple{cdc.Text([]byte("1")), stage},
			Tx: &cdc.Tx{Commit: 1, XID: 1}, Sole: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.begin()
		return c.passes(to, d)
	}
	won, null := cdc.Text([]byte("WON")), cdc.Value{}
	one := &webhook.Subscription{Key: "one", Filter: compile(`data.stage > "A"`)}
	two := &webhook.Subscription{Key: "two", Filter: compile(`data.id == "1" && data.stage == "OPEN"`)}
	if !decide(one, won) || decide(two, won) || !decide(one, null) || !decide(one, null) {
		t.Error("it is decided otherwise")
	}
	if f := notes.Failing("one", one.Filter.String()); f.Times != 2 ||
		!strings.Contains(f.Reason, "data.x != null") {
		t.Errorf("failing: %+v", f)
	}
	one.Filter = compile(`data.stage > "B"`)
	if f := notes.Failing("one", one.Filter.String()); f.Times != 0 {
		t.Errorf("a filter that nobody has asked fails: %+v", f)
	}
	if !decide(one, null) || notes.Failing("one", one.Filter.String()).Times != 1 {
		t.Error("the failures of another filter are counted")
	}
	if n := strings.Count(log.String(), "cannot be evaluated"); n != 2 {
		t.Errorf("%d lines of a filter that fails, want one of each:\n%s", n, log.String())
	}
	if strings.Contains(log.String(), "WON") {
		t.Errorf("the log quotes the record: %s", &log)
	}
	var list []string
	for _, d := range append(notes.Of("two"), notes.Of("one")...) {
		list = append(list, string(d.Verdict)+" "+d.Event+" "+d.ID)
	}
	const id = " deal.created evt_0badcafe_0000000000000001_0"
	if got, want := strings.Join(list, ";"), strings.Join([]string{
		"withheld" + id, "failed" + id, "failed" + id, "failed" + id, "passed" + id,
	}, ";"); got != want {
		t.Errorf("noted %s\nwant  %s", got, want)
	}
	if why := notes.Of("two")[0].Reason; why != `data.stage == "OPEN" is false` {
		t.Errorf("why not: %s", why)
	}
	decide(two, won)
	if n := len(notes.Of("one")); n != 3 { // the oldest has made room
		t.Errorf("%d are remembered, want 3", n)
	}
	for name, want := range map[string]float64{"passed": 1, "withheld": 2, "failed": 3} {
		if got := decided(t, registry, name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// decided returns how many events were decided on so.
func decided(t *testing.T, registry *prometheus.Registry, decision string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if has(m.GetLabel(), decision) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

func has(labels []*dto.LabelPair, value string) bool {
	return len(labels) == 1 && labels[0].GetValue() == value
}
