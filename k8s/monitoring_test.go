package k8s_test

import (
	"os"
	"os/exec"
	"testing"
)

// The alerts and the dashboard hold against Prometheus' own libraries, and spans against
// OpenTelemetry's: these are in a module of their own.
func TestMonitoring(t *testing.T) {
	if os.Getenv("K8S_MONITORING") == "" {
		t.Skip("the libraries take minutes to fetch and compile, the first time: make monitoring")
	}
	const module = "../internal/tools/monitoring"
	for _, file := range []string{
		"monitoring/alerts.yaml", "monitoring/alerts_test.yaml", "monitoring/dashboard.json",
		"../docs/metrics.md",
		module + "/rules_test.go", module + "/spans_test.go", module + "/go.mod",
		"../trace/testdata/spans.binpb",
	} {
		read(t, file) // so that go test knows what the result depends on
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", ".")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOFLAGS=") // whatever this test was built with
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
