// Package k8s_test renders the manifests as `kubectl apply -k` would and checks the result: against
// the schemas of Kubernetes, and for what Hookline promises about the way it runs there.
package k8s_test

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"hookline/config"
	"hookline/sender/settled"
)

const (
	base    = "base"
	example = "examples/twenty"
	overlay = "overlays/jetstream"
	// defaultGrace is what Kubernetes takes when a pod names no terminationGracePeriodSeconds.
	defaultGrace = 30
)

func TestManifestsAreValid(t *testing.T) {
	server, rendered := newAPIServer(t), render(t, base)
	for name, manifest := range map[string][]byte{
		"base": rendered, "example": render(t, example),
		"overlay": withoutKind(t, render(t, overlay), "HorizontalPodAutoscaler"), "secret": read(t, base+"/secret.example.yaml"),
	} {
		if err := server.validate(manifest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct{ name, is, becomes, want string }{
		{"a misspelt field", "readinessProbe:", "readynessProbe:", "readynessProbe"},
		{"a number that is none", "replicas: 1", "replicas: one", "replicas"},
		{
			"a field that is missing", "  selector:\n    matchLabels:", "  x:\n    matchLabels:",
			"selector",
		},
		{"a port twice", "        ports:\n", "        ports:\n        - {containerPort: 9090}\n" +
			"        - {containerPort: 9090, protocol: TCP}\n", "ports"},
		{"a name that is none", "  name: hookline\n", "  name: Hookline_\n", "name"},
		{"a kind that is none", "kind: Deployment", "kind: Deploiment", "Deploiment"},
	} {
		wrong := bytes.Replace(rendered, []byte(c.is), []byte(c.becomes), 1)
		if bytes.Equal(wrong, rendered) {
			t.Errorf("%s: the manifests have no %q", c.name, c.is)
		} else if err := server.validate(wrong); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s passed: %v", c.name, err)
		}
	}
}

// Users render with kubectl, whose kustomize is older or newer than the pinned one.
func TestKubectlRendersTheSame(t *testing.T) {
	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Log("kubectl is not installed; only the pinned kustomize is tested")
		return
	}
	for _, dir := range []string{base, example, overlay} {
		out, err := command(t, kubectl, "kustomize", dir).Output()
		if err != nil {
			t.Fatalf("kubectl kustomize %s: %v", dir, explain(err))
		}
		if got, want := decode[map[string]any](t, out),
			decode[map[string]any](t, render(t, dir)); !reflect.DeepEqual(got, want) {
			t.Errorf("kubectl kustomize %s:\n%v\nwant, as the pinned kustomize has it:\n%v", dir, got, want)
		}
	}
}

// All ways to run Hookline, each with what must hold for either.
func TestContainer(t *testing.T) {
	for _, way := range []struct {
		dir, deployment string
		keeps           bool // a directory
	}{
		{base, "hookline", true},
		{example, "crm-twenty-server", true},
		{overlay, "hookline", true},
		{overlay, "hookline-sender", false},
	} {
		t.Run(way.dir+" "+way.deployment, func(t *testing.T) {
			objects := decode[object](t, render(t, way.dir))
			pod := find(t, objects, "Deployment", way.deployment).Spec.Template.Spec
			c := pod.container(t, "hookline")
			env := environment(t, objects, c)

			t.Run("sets what there is", func(t *testing.T) {
				for name := range env {
					if strings.HasPrefix(name, "HOOKLINE_") && !slices.Contains(config.Variables(), name) {
						t.Errorf("%s: there is no such setting", name)
					}
				}
			})

			t.Run("hardened", func(t *testing.T) {
				image := regexp.MustCompile(`(?m)^USER (\d+)`).FindSubmatch(read(t, "../Dockerfile"))
				if image == nil {
					t.Fatal("the Dockerfile names no numeric USER, which runAsNonRoot needs")
				}
				security := c.SecurityContext.over(pod.SecurityContext)
				want := securityContext{
					RunAsNonRoot:             new(true),
					RunAsUser:                new(string(image[1])),
					ReadOnlyRootFilesystem:   new(true),
					AllowPrivilegeEscalation: new(false),
					Capabilities:             &capabilities{Drop: []string{"ALL"}},
					SeccompProfile:           &seccompProfile{Type: "RuntimeDefault"},
				}
				if !reflect.DeepEqual(security, want) {
					t.Errorf("security context:\n%s\nwant:\n%s", encode(t, security), encode(t, want))
				}
				if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
					t.Error("enableServiceLinks is not false: a Service called hookline would stop the start")
				}
			})

			t.Run("probed where it listens", func(t *testing.T) {
				_, port, ok := strings.Cut(env["HOOKLINE_HEALTH_ADDR"], ":")
				if !ok || len(c.Ports) != 1 || strconv.Itoa(c.Ports[0].ContainerPort) != port {
					t.Errorf("ports %+v; HOOKLINE_HEALTH_ADDR is %q", c.Ports, env["HOOKLINE_HEALTH_ADDR"])
				}
				for _, p := range []*probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
					if p != nil && p.HTTPGet.Port != c.Ports[0].Name {
						t.Errorf("a probe asks port %q; the port is called %q", p.HTTPGet.Port, c.Ports[0].Name)
					}
				}
				if c.LivenessProbe.path() != "/livez" {
					t.Errorf("liveness probe asks %q", c.LivenessProbe.path())
				}
			})

			// Loopback, the default, is the pod's: kubectl port-forward reaches it. A sidecar shares it with
			// the CRM.
			t.Run("profiles stay inside", func(t *testing.T) {
				want := ""
				if c.RestartPolicy == "Always" {
					want = "off"
				}
				if addr := env["HOOKLINE_ADMIN_ADDR"]; addr != want {
					t.Errorf("HOOKLINE_ADMIN_ADDR is %q, want %q", addr, want)
				}
			})

			t.Run("drains in time", func(t *testing.T) {
				drain, err := time.ParseDuration(env["HOOKLINE_DRAIN_TIMEOUT"])
				if err != nil {
					t.Fatalf("HOOKLINE_DRAIN_TIMEOUT: %v", err)
				}
				grace := time.Duration(cmp.Or(pod.TerminationGracePeriodSeconds, defaultGrace)) * time.Second
				// in which Hookline puts the rest into the spool and gives the slot back
				const closing = 15 * time.Second
				if grace <= drain+closing {
					t.Errorf(
						"the pod is killed after %v, before the drain of %v and the closing of %v have ended", grace,
						drain, closing)
				}
			})

			t.Run("has a directory that outlives it", func(t *testing.T) {
				if !way.keeps {
					if len(c.VolumeMounts) > 0 || env["HOOKLINE_STATE_DIR"] != "" {
						t.Errorf("mounted is %+v", c.VolumeMounts)
					}
					return
				}
				if len(c.VolumeMounts) != 1 || c.VolumeMounts[0].ReadOnly ||
					c.VolumeMounts[0].MountPath != env["HOOKLINE_STATE_DIR"] {
					t.Fatalf("mounted is %+v; HOOKLINE_STATE_DIR is %q", c.VolumeMounts, env["HOOKLINE_STATE_DIR"])
				}
				i := slices.IndexFunc(pod.Volumes, func(v volume) bool {
					return v.Name == c.VolumeMounts[0].Name
				})
				if i < 0 || pod.Volumes[i].EmptyDir == nil {
					t.Fatalf("no emptyDir is mounted: %+v", pod.Volumes)
				}
				room := mebibytes(t, pod.Volumes[i].EmptyDir.SizeLimit)
				if room<<20 < settled.FileSize {
					t.Errorf("it has %d MiB, the file %d bytes", room, settled.FileSize)
				}
				soft, hard := mebibytes(t, env["GOMEMLIMIT"]), mebibytes(t, c.Resources.Limits["memory"])
				if pod.Volumes[i].EmptyDir.Medium == "Memory" && soft+room > hard {
					t.Errorf("GOMEMLIMIT of %d MiB and %d MiB of it exceed the limit of %d MiB", soft, room, hard)
				}
			})

			t.Run("collects garbage below the limit", func(t *testing.T) {
				soft, hard := mebibytes(t, env["GOMEMLIMIT"]), mebibytes(t, c.Resources.Limits["memory"])
				if soft >= hard {
					t.Errorf("GOMEMLIMIT is %d MiB, the memory limit %d MiB", soft, hard)
				}
				if cpu, ok := c.Resources.Limits["cpu"]; ok {
					t.Errorf("CPU limit %s: it only delays webhooks", cpu)
				}
			})
		})
	}
}

func TestBase(t *testing.T) {
	objects := decode[object](t, render(t, base))
	deployment := find(t, objects, "Deployment", "hookline")
	pod := deployment.Spec.Template.Spec
	c := pod.container(t, "hookline")

	if c.StartupProbe.path() != "/livez" || c.ReadinessProbe.path() != "/readyz" {
		t.Errorf("startup probe asks %q, readiness probe %q", c.StartupProbe.path(),
			c.ReadinessProbe.path())
	}
	account := find(t, objects, "ServiceAccount", pod.ServiceAccountName)
	for name, mounted := range map[string]*bool{
		"ServiceAccount": account.AutomountServiceAccountToken,
		"pod":            pod.AutomountServiceAccountToken,
	} {
		if mounted == nil || *mounted {
			t.Errorf("%s: automountServiceAccountToken is not false", name)
		}
	}
	annotations := deployment.Spec.Template.Metadata.Annotations
	if got, want := annotations["prometheus.io/port"],
		strconv.Itoa(c.Ports[0].ContainerPort); got != want {
		t.Errorf("prometheus.io/port is %q, the port %s", got, want)
	}

	// The Secret that the example shows is the one that the Deployment asks for.
	secret := decode[object](t, read(t, base+"/secret.example.yaml"))[0]
	ref := c.env("HOOKLINE_DATABASE_URL").ValueFrom.SecretKeyRef
	if _, ok := secret.StringData[ref.Key]; !ok || ref.Name != secret.Metadata.Name {
		t.Errorf("the Deployment reads %+v; the example is Secret %s with %v", ref, secret.Metadata.Name,
			secret.StringData)
	}
}

func TestNetworkPolicy(t *testing.T) {
	objects := decode[object](t, render(t, base))
	policy := find(t, objects, "NetworkPolicy", "hookline").Spec
	pod := find(t, objects, "Deployment", "hookline").Spec.Template

	if !reflect.DeepEqual(policy.PolicyTypes, []string{"Ingress", "Egress"}) {
		t.Errorf("policy types %v", policy.PolicyTypes)
	}
	if len(policy.PodSelector.MatchLabels) == 0 {
		t.Error("the policy selects every pod of the namespace")
	}
	for label, value := range policy.PodSelector.MatchLabels {
		if pod.Metadata.Labels[label] != value {
			t.Errorf("the policy selects %s=%s; the pod has %q", label, value, pod.Metadata.Labels[label])
		}
	}
	if want := []peerRule{{Ports: []policyPort{{8687, "TCP"}}}}; !reflect.DeepEqual(policy.Ingress,
		want) {
		t.Errorf("ingress %+v, want %+v", policy.Ingress, want)
	}

	for _, test := range []struct {
		address, protocol string
		port              int
		allowed           bool
	}{
		{"10.96.0.10", "UDP", 53, true},
		{"169.254.20.10", "UDP", 53, true}, // node-local DNS
		{"10.1.2.3", "TCP", 5432, true},
		{"203.0.113.7", "TCP", 443, true},
		{"203.0.113.7", "TCP", 80, true},
		{"2001:db8::7", "TCP", 443, true},
		{"203.0.113.7", "TCP", 22, false},
		{"169.254.169.254", "TCP", 80, false}, // metadata of most clouds
		{"169.254.169.254", "TCP", 443, false},
		{"169.254.170.2", "TCP", 80, false}, // credentials of ECS tasks
		{"fd00:ec2::254", "TCP", 80, false}, // metadata of EC2 over IPv6
		{"fe80::1", "TCP", 80, false},
	} {
		allows := func(r peerRule) bool { return r.allows(t, test.address, test.protocol, test.port) }
		if got := slices.ContainsFunc(policy.Egress, allows); got != test.allowed {
			t.Errorf("egress to %s %s:%d: allowed %v, want %v", test.protocol, test.address, test.port, got,
				test.allowed)
		}
	}
}

func TestSidecar(t *testing.T) {
	objects := decode[object](t, render(t, example))
	pod := find(t, objects, "Deployment", "crm-twenty-server").Spec.Template.Spec
	sidecar := pod.container(t, "hookline")

	if sidecar.RestartPolicy != "Always" ||
		!slices.ContainsFunc(pod.InitContainers, named("hookline")) {
		t.Errorf("restart policy %q: not a native sidecar", sidecar.RestartPolicy)
	}
	if sidecar.StartupProbe != nil || sidecar.ReadinessProbe != nil {
		t.Error("a startup or readiness probe of the sidecar would hold back the CRM")
	}
	server := pod.container(t, "server").env("PG_DATABASE_URL").ValueFrom.SecretKeyRef
	if got := sidecar.env("HOOKLINE_DATABASE_URL").ValueFrom.SecretKeyRef; server.Name == "" ||
		got != server {
		t.Errorf("the sidecar's database URL is %+v, the server's %+v", got, server)
	}
	inBase := find(t, decode[object](t, render(t, base)), "Deployment",
		"hookline").Spec.Template.Spec.container(t, "hookline")
	if tag(inBase.Image) == "" || tag(inBase.Image) != tag(sidecar.Image) {
		t.Errorf("the base runs %s, the sidecar %s", inBase.Image, sidecar.Image)
	}
}

// Without what the component says that it adds, the rendered example is the CRM's own manifest.
func TestSidecarLeavesTheRestAlone(t *testing.T) {
	want := decode[map[string]any](t, read(t, example+"/twenty.yaml"))
	got := decode[map[string]any](t, render(t, example))
	for _, o := range got {
		delete(o["metadata"].(map[string]any), "namespace")
		pod := o["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
		inits, ok := pod["initContainers"].([]any)
		if !ok {
			continue
		}
		delete(pod, "enableServiceLinks")
		volumes, _ := pod["volumes"].([]any)
		volumes = slices.DeleteFunc(volumes, func(v any) bool {
			return v.(map[string]any)["name"] == "hookline-state"
		})
		if pod["volumes"] = volumes; len(volumes) == 0 {
			delete(pod, "volumes")
		}
		pod["initContainers"] = slices.DeleteFunc(inits, func(c any) bool {
			return c.(map[string]any)["name"] == "hookline"
		})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("rendered without the sidecar:\n%s\nwant:\n%s", encode(t, got), encode(t, want))
	}
}

func TestNoSecretInManifests(t *testing.T) {
	password := regexp.MustCompile(`://[^/\s'"]*:[^/\s'"]+@`)
	for _, dir := range []string{base, example, overlay} {
		manifests := render(t, dir)
		if found := password.Find(manifests); found != nil {
			t.Errorf("%s: %s holds a password", dir, found)
		}
		for _, o := range decode[object](t, manifests) {
			if o.Kind == "Secret" {
				t.Errorf("%s: Secret %s", dir, o.Metadata.Name)
			}
			for name := range o.Data {
				if secret.MatchString(name) {
					t.Errorf("%s: %s %s holds %s", dir, o.Kind, o.Metadata.Name, name)
				}
			}
			for _, c := range slices.Concat(o.Spec.Template.Spec.InitContainers,
				o.Spec.Template.Spec.Containers) {
				for _, v := range c.Env {
					if secret.MatchString(v.Name) && v.Value != "" {
						t.Errorf("%s: container %s has %s as plain text", dir, c.Name, v.Name)
					}
				}
			}
		}
	}
}

// secret matches the names of settings whose values are secret.
var secret = regexp.MustCompile(`DATABASE_URL|SECRET|PASSWORD|TOKEN`)

// environment is that of a container, in so far as it stands in the manifests.
func environment(t *testing.T, objects []object, c container) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, from := range c.EnvFrom {
		for name, value := range find(t, objects, "ConfigMap", from.ConfigMapRef.Name).Data {
			all[name] = value
		}
	}
	for _, v := range c.Env {
		all[v.Name] = v.Value
	}
	return all
}

// render is what `kustomize build` makes of a directory. The first test that asks has it made.
func render(t *testing.T, dir string) []byte {
	t.Helper()
	reads(t)
	if renderings[dir] == nil {
		out, err := tool(t, "kustomize", "build", dir).Output()
		if err != nil {
			t.Fatalf("kustomize build %s: %v", dir, explain(err))
		}
		renderings[dir] = out
	}
	return renderings[dir]
}

// renderings are the manifests that render has made, by directory.
var renderings = map[string][]byte{}

// tool is a tool pinned in ../tools. The first use builds it, which takes a while.
func tool(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("a tool is not built with -short")
	}
	mod := "../internal/tools/" + name + ".mod"
	read(t, mod)
	cmd := command(t, "go", append([]string{"tool", "-modfile=" + mod, name}, args...)...)
	cmd.Env = append(cmd.Environ(), "GOWORK=off") // a workspace and -modfile exclude each other
	return cmd
}

func command(t *testing.T, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(t.Context(), name, args...)
}

// explain adds what a failed command wrote to its standard error.
func explain(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return errors.Join(err, errors.New(string(exit.Stderr)))
	}
	return err
}

// reads opens every manifest, since `go test` keeps a result for as long as the files that the test
// itself opened are the same, and does not see what the tools open.
func reads(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			_, err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decode[T any](t *testing.T, manifests []byte) []T {
	t.Helper()
	var all []T
	for d := yaml.NewDecoder(bytes.NewReader(manifests)); ; {
		var one T
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// mebibytes reads 100MiB, as Go writes it, and 128Mi, as Kubernetes does.
func mebibytes(t *testing.T, quantity string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(quantity, "B"), "Mi"))
	if err != nil {
		t.Fatalf("%q is not a number of mebibytes: %v", quantity, err)
	}
	return n
}

func tag(image string) string {
	_, tag, _ := strings.Cut(filepath.Base(image), ":")
	return tag
}
