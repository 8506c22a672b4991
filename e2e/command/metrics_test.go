package command

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/token"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hookline/e2e"
	"hookline/internal/source"
)

const reference = "../../docs/metrics.md"

const referenceHead = `# Metrics

What ` + "`/metrics`" + ` has, as a running Hookline tells it. This page is generated:
` + "`make metrics`" + `. [operations.md](operations.md#watching-it) says which of it to look at and
when; [k8s/monitoring](../k8s/monitoring) has alerts and a dashboard.

No label has a value for each webhook or record: how many series there are does not depend on
the database, but for the objects of ` + "`hookline_events_undecided_total`" + `. Counters begin at
zero with each session, as after a loss of the slot; ` + "`rate()`" + ` knows that. To a
scraper that asks for OpenMetrics, as Prometheus does, each bucket of
` + "`hookline_commit_to_delivery_seconds`" + ` has the ID of a recent event in it as its exemplar;
Prometheus keeps them with ` + "`--enable-feature=exemplar-storage`" + `. Those of Go and of the
process (` + "`go_`, `process_`" + `) are the usual ones. Readers and senders that have NATS
between them have [more](scale.md#metrics).

| metric | type | labels | |
|---|---|---|---|
`

// ofBus is what metrics of readers and senders begin with, of which docs/scale.md tells.
const ofBus = "hookline_bus_"

// unsampled are the metrics that have no series before something has happened, and their labels.
var unsampled = map[string]string{"hookline_events_undecided_total": "`object`"}

// /metrics is what docs/metrics.md says that it is, and follows Prometheus' conventions. Run it
// with -update to write the page anew. Beside that, the process is traced.
func TestMetricsReference(t *testing.T) {
	t.Parallel()
	db, box := e2e.NewCRM(t), e2e.NewInbox(t)
	db.AddWebhook(box, "*.*")
	spans := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		spans <- r.URL.Path + " " + string(body)
	}))
	t.Cleanup(collector.Close)
	sut := e2e.Start(t, db, "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL,
		"OTEL_BSP_SCHEDULE_DELAY=3600000").Until("active")
	db.OneByOne("contact", 1)
	box.UntilAccepted(1)

	var text string
	families := map[string]*dto.MetricFamily{}
	e2e.Eventually(t, func() (err error) {
		text = sut.Get("/metrics")
		_, body, _ := strings.Cut(text, " ") // behind the status
		text = body + "\n"
		textual := expfmt.NewTextParser(model.UTF8Validation)
		families, err = textual.TextToMetricFamilies(strings.NewReader(text))
		if err == nil && families["hookline_safe_wal_bytes"] == nil {
			return fmt.Errorf("the slot was not looked at yet")
		}
		return err
	})
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if err != nil {
		t.Error(err)
	}

	var page strings.Builder
	page.WriteString(referenceHead)
	inSource := named(t)
	for name := range families {
		if !strings.HasPrefix(name, "hookline_") {
			delete(families, name)
		} else if inSource[name] == "" {
			t.Errorf("nothing in the code is called %s", name)
		}
	}
	for name := range unsampled {
		help, kind := inSource[name], dto.MetricType_COUNTER
		families[name] = &dto.MetricFamily{Name: &name, Help: &help, Type: &kind}
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		f := families[name]
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", name, strings.ToLower(f.GetType().String()),
			labels(f), f.GetHelp())
	}
	for name := range inSource {
		if families[name] == nil && !strings.HasPrefix(name, ofBus) {
			t.Errorf("%s is in the code, and not in /metrics", name)
		}
	}
	if *e2e.Update {
		if err := os.WriteFile(reference, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(reference); err != nil || string(was) != page.String() {
		t.Errorf("docs/metrics.md is stale, %v: make metrics writes it anew. It should be\n%s", err,
			page.String())
	}
	e2e.Finish(t, sut, box.Gets(db.Diary()...))

	told := box.All()[0]
	parent := strings.Split(told.Header.Get("Traceparent"), "-")
	if len(parent) != 4 {
		t.Fatalf("traceparent %q", parent)
	}
	raw, err := hex.DecodeString(parent[1])
	got := <-spans // as it ended
	if err != nil || !strings.HasPrefix(got, "/v1/traces ") || !strings.Contains(got, string(raw)) ||
		!strings.Contains(got, told.ID) {
		t.Errorf("the collector got %q, want the trace %s of %s, %v", got, parent[1], told.ID, err)
	}
	if strings.Contains(got, "contact1") {
		t.Errorf("spans tell of a record: %q", got)
	}
}

// labels returns the labels of a family, with their values where there are several.
func labels(f *dto.MetricFamily) string {
	if l, ok := unsampled[f.GetName()]; ok {
		return l
	}
	values := map[string][]string{}
	for _, m := range f.Metric {
		for _, l := range m.Label {
			values[l.GetName()] = append(values[l.GetName()], l.GetValue())
		}
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all := values[name]
		slices.Sort(all)
		if all = slices.Compact(all); len(f.Metric) == 1 {
			list = append(list, "`"+name+"`")
		} else {
			list = append(list, "`"+name+"`: "+strings.Join(all, ", "))
		}
	}
	return strings.Join(list, "; ")
}

var metricName = regexp.MustCompile(`^hookline(_[a-z]+)+$`)

// named returns what the source calls metrics, and says of them: pairs of literals, the first of
// them a name.
func named(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	constants := map[string]string{}
	source.Each(t, "../..", func(_ *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				constants[spec.Names[0].Name] = source.Text(spec.Values[0], nil)
			}
			return true
		})
	})
	note := func(list []ast.Expr) {
		for i := 1; i < len(list); i++ {
			name, help := source.Text(valueOf(list[i-1]), constants), source.Text(valueOf(list[i]), nil)
			if metricName.MatchString(name) && strings.Contains(help, " ") {
				found[name] = cmp.Or(found[name], help)
			}
		}
	}
	source.Each(t, "../..", func(_ *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				note(n.Args)
			case *ast.CompositeLit:
				note(n.Elts)
			}
			return true
		})
	})
	return found
}

// valueOf returns the value of a key, or the expression itself.
func valueOf(e ast.Expr) ast.Expr {
	if pair, ok := e.(*ast.KeyValueExpr); ok {
		return pair.Value
	}
	return e
}
