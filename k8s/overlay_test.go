package k8s_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// withoutKind leaves the objects of a kind out of a rendered list.
func withoutKind(t *testing.T, rendered []byte, kind string) []byte {
	t.Helper()
	var kept [][]byte
	for document := range bytes.SplitSeq(rendered, []byte("\n---\n")) {
		if !bytes.Contains(document, []byte("\nkind: "+kind+"\n")) {
			kept = append(kept, document)
		}
	}
	return bytes.Join(kept, []byte("\n---\n"))
}

// Readers and senders have NATS between them, and the same settings and secret.
func TestOverlay(t *testing.T) {
	rendered := render(t, overlay)
	objects := decode[object](t, rendered)
	settings := ""
	for deployment, role := range map[string]string{"hookline": "reader", "hookline-sender": "sender"} {
		d := find(t, objects, "Deployment", deployment)
		c := d.Spec.Template.Spec.container(t, "hookline")
		if want := []string{"run", "--role", role}; !slices.Equal(c.Args, want) {
			t.Errorf("%s is started with %q, want %q", deployment, c.Args, want)
		}
		for name, key := range map[string]string{
			"HOOKLINE_DATABASE_URL": "database-url", "HOOKLINE_NATS_URL": "nats-url",
		} {
			if ref := c.env(name).ValueFrom.SecretKeyRef; ref.Name != "hookline" || ref.Key != key {
				t.Errorf("%s reads %s from %+v", deployment, name, ref)
			}
		}
		env := environment(t, objects, c)
		if env["HOOKLINE_BUS_REPLICAS"] != "3" || settings != "" && env["HOOKLINE_SLOT"] != settings {
			t.Errorf("%s has the settings %v", deployment, env)
		}
		settings = env["HOOKLINE_SLOT"]
		if got := d.Spec.Template.Metadata.Labels["app.kubernetes.io/name"]; got != deployment {
			t.Errorf("%s has pods of %q: another one would count them as its own", deployment, got)
		}
	}
	policy := find(t, objects, "NetworkPolicy", "hookline").Spec
	want := []map[string]any{{
		"key": "app.kubernetes.io/name", "operator": "In",
		"values": []any{"hookline", "hookline-sender"},
	}}
	if got := policy.PodSelector.MatchExpressions; !reflect.DeepEqual(got, want) {
		t.Errorf("the policy selects %v, want %v", got, want)
	}
	if !slices.ContainsFunc(policy.Egress, func(r peerRule) bool {
		return slices.Contains(r.Ports, policyPort{4222, "TCP"})
	}) {
		t.Error("the policy keeps pods from NATS")
	}
	scaler := find(t, objects, "HorizontalPodAutoscaler", "hookline-sender").Spec
	if scaler.ScaleTargetRef.Kind != "Deployment" || scaler.ScaleTargetRef.Name != "hookline-sender" {
		t.Errorf("what is scaled is %+v", scaler.ScaleTargetRef)
	}
	if !strings.Contains(string(rendered), "name: hookline_bus_waiting") {
		t.Error("it is not scaled by what waits")
	}
}
