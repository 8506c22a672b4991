// Package monitoring holds what others read of Hookline against their own libraries: alerts and the
// dashboard against Prometheus', spans against OpenTelemetry's. It is a module of its own, as those
// are many times the size of Hookline; k8s/monitoring_test.go runs it.
package monitoring

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"gopkg.in/yaml.v3"
)

const (
	monitoring = "../../../k8s/monitoring/"
	reference  = "../../../docs/metrics.md"
)

// suite is what of promtool's format for tests alerts_test.yaml makes use of.
type suite struct {
	Interval model.Duration `yaml:"evaluation_interval"`
	Tests    []struct {
		Name     string
		Interval model.Duration
		Series   []struct{ Series, Values string } `yaml:"input_series"`
		Expect   []struct {
			At      model.Duration `yaml:"eval_time"`
			Expr    string
			Samples []struct {
				Labels string
				Value  float64
			} `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	}
}

func read[T any](t *testing.T, file string, unmarshal func([]byte, any) error) (v T) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = unmarshal(text, &v)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return v
}

// alerts returns the alerting rules by name.
func alerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	text, err := os.ReadFile(monitoring + "alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(text, false)
	for _, err := range errs {
		t.Fatal(err)
	}
	rules := map[string]rulefmt.Rule{}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" ||
				r.Labels["severity"] == "" {
				t.Errorf("%s lacks a summary, a description or a severity", r.Alert)
			}
			rules[r.Alert] = r
		}
	}
	return rules
}

// Each alert fires when it should, and not otherwise; there is a test of either for each.
func TestAlerts(t *testing.T) {
	rules := alerts(t)
	tests := read[suite](t, monitoring+"alerts_test.yaml", yaml.Unmarshal)
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, test := range tests.Tests {
		t.Run(test.Name, func(t *testing.T) {
			var load strings.Builder
			fmt.Fprintf(&load, "load %s\n", test.Interval)
			for _, s := range test.Series {
				fmt.Fprintf(&load, "  %s %s\n", s.Series, s.Values)
			}
			storage := promqltest.LoadedStorage(t, load.String())
			defer storage.Close()
			for _, want := range test.Expect {
				name := alertOf(t, want.Expr)
				rule, known := rules[name]
				if !known {
					t.Fatalf("there is no alert %s", name)
				}
				ask := func(at time.Duration) promql.Vector {
					engine := promql.NewEngine(promql.EngineOpts{
						MaxSamples: 1e6, Timeout: time.Minute,
						EnableAtModifier: true,
					})
					query, err := engine.NewInstantQuery(t.Context(), storage, nil, rule.Expr,
						time.Unix(0, 0).Add(at))
					if err != nil {
						t.Fatal(err)
					}
					defer query.Close()
					v, err := query.Exec(t.Context()).Vector()
					if err != nil {
						t.Fatal(err)
					}
					return append(promql.Vector{}, v...)
				}
				got := firing(rule, ask, time.Duration(tests.Interval), time.Duration(want.At))
				var expected []string
				for _, s := range want.Samples {
					metric, err := parser.ParseMetric(s.Labels)
					if err != nil || s.Value != 1 {
						t.Fatalf("%s = %v: %v", s.Labels, s.Value, err)
					}
					expected = append(expected, metric.String())
				}
				slices.Sort(expected)
				if !slices.Equal(got, expected) {
					t.Errorf("at %s %s fires as %v, want %v", want.At, name, got, expected)
				}
				fires[name] = fires[name] || len(expected) > 0
				silent[name] = silent[name] || len(expected) == 0
			}
		})
	}
	for name := range rules {
		if !fires[name] || !silent[name] {
			t.Errorf("%s: a test shows that it fires: %t, that it does not: %t; want both", name,
				fires[name], silent[name])
		}
	}
}

// alertOf returns which alert an expression asks for.
func alertOf(t *testing.T, expr string) string {
	t.Helper()
	matchers, err := parser.ParseMetricSelector(expr)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range matchers {
		if m.Name == "alertname" {
			return m.Value
		}
	}
	t.Fatalf("%s names no alert", expr)
	return ""
}

// firing returns as what a rule fires at a time: what its expression has returned at each
// evaluation for long enough.
func firing(rule rulefmt.Rule, ask func(time.Duration) promql.Vector, every,
	at time.Duration,
) (list []string) {
	since := map[string]time.Duration{}
	for now := time.Duration(0); now <= at; now += every {
		before := since
		since = map[string]time.Duration{}
		for _, sample := range ask(now) {
			b := labels.NewBuilder(sample.Metric).Del(labels.MetricName)
			for name, value := range rule.Labels {
				b.Set(name, value)
			}
			b.Set(labels.MetricName, "ALERTS").Set("alertname", rule.Alert).Set("alertstate", "firing")
			key := b.Labels().String()
			since[key] = now
			if was, active := before[key]; active {
				since[key] = was
			}
		}
	}
	for key, was := range since {
		if at-was >= time.Duration(rule.For) {
			list = append(list, key)
		}
	}
	slices.Sort(list)
	return list
}

// panels is what of a dashboard has expressions.
type panels struct {
	UID    string
	Title  string
	Panels []struct {
		ID      int
		Title   string
		Type    string
		GridPos struct{ H, W, X, Y int }
		Targets []struct{ Expr string }
	}
	Templating struct {
		List []struct {
			Name  string
			Query any
		}
	}
}

// variables are what Grafana puts in place of its own.
var variables = strings.NewReplacer("$__rate_interval", "5m", "$job", "hookline")

// The dashboard's expressions are PromQL; each panel has one, and none lies over another.
func TestDashboard(t *testing.T) {
	d := read[panels](t, monitoring+"dashboard.json", json.Unmarshal)
	taken := map[[2]int]int{}
	for _, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			if _, err := parser.ParseExpr(variables.Replace(target.Expr)); err != nil {
				t.Errorf("panel %q: %s: %v", p.Title, target.Expr, err)
			}
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other, over := taken[[2]int{x, y}]; over {
					t.Fatalf("panels %d and %d lie over each other", other, p.ID)
				}
				if taken[[2]int{x, y}] = p.ID; x >= 24 {
					t.Fatalf("panel %d is too wide", p.ID)
				}
			}
		}
	}
}

// What the alerts and the dashboard name is there: docs/metrics.md has it, which a test holds to
// what /metrics has.
func TestMetricsExist(t *testing.T) {
	text, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	row := regexp.MustCompile("(?m)^\\| `(hookline_[a-z_]+)` \\| ([a-z]+) \\|")
	for _, row := range row.FindAllStringSubmatch(string(text), -1) {
		if exists[row[1]] = true; row[2] == "histogram" {
			exists[row[1]+"_bucket"], exists[row[1]+"_sum"], exists[row[1]+"_count"] = true, true, true
		}
	}
	named := map[string]bool{}
	note := func(expr string) {
		parsed, err := parser.ParseExpr(variables.Replace(expr))
		if err != nil {
			return // others tell of it
		}
		parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
			if selector, ok := n.(*parser.VectorSelector); ok {
				named[selector.Name] = true
			}
			return nil
		})
	}
	for _, rule := range alerts(t) {
		note(rule.Expr)
	}
	d := read[panels](t, monitoring+"dashboard.json", json.Unmarshal)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			note(target.Expr)
		}
	}
	for _, v := range d.Templating.List {
		for _, name := range regexp.MustCompile("hookline_[a-z_]+").FindAllString(fmt.Sprint(v.Query),
			-1) {
			named[name] = true
		}
	}
	if len(named) < 30 {
		t.Errorf("only %d metrics are named", len(named))
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if strings.HasPrefix(name, "hookline_") && !exists[name] {
			t.Errorf("%s is no metric of Hookline", name)
		}
	}
}
