package k8s_test

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"
)

// object is any Kubernetes object, with the fields that these tests look at. Whether the rest is
// right is for its schema to say.
type object struct {
	Kind                         string
	Metadata                     metadata
	AutomountServiceAccountToken *bool             `yaml:"automountServiceAccountToken"`
	Data                         map[string]string `yaml:"data"`
	StringData                   map[string]string `yaml:"stringData"`
	Spec                         struct {
		Template struct {
			Metadata metadata
			Spec     podSpec
		}
		PodSelector struct {
			MatchLabels      map[string]string `yaml:"matchLabels"`
			MatchExpressions []map[string]any  `yaml:"matchExpressions"`
		} `yaml:"podSelector"`
		PolicyTypes []string `yaml:"policyTypes"`
		Ingress     []peerRule
		Egress      []peerRule

		ScaleTargetRef struct{ Kind, Name string } `yaml:"scaleTargetRef"`
	}
}

type metadata struct {
	Name        string
	Labels      map[string]string
	Annotations map[string]string
}

type podSpec struct {
	ServiceAccountName            string          `yaml:"serviceAccountName"`
	AutomountServiceAccountToken  *bool           `yaml:"automountServiceAccountToken"`
	EnableServiceLinks            *bool           `yaml:"enableServiceLinks"`
	TerminationGracePeriodSeconds int             `yaml:"terminationGracePeriodSeconds"`
	SecurityContext               securityContext `yaml:"securityContext"`
	InitContainers                []container     `yaml:"initContainers"`
	Containers                    []container
	Volumes                       []volume
}

type volume struct {
	Name     string
	EmptyDir *struct {
		Medium    string
		SizeLimit string `yaml:"sizeLimit"`
	} `yaml:"emptyDir"`
}

type container struct {
	Args          []string
	Name          string
	Image         string
	RestartPolicy string `yaml:"restartPolicy"`
	Env           []variable
	EnvFrom       []struct {
		ConfigMapRef struct{ Name string } `yaml:"configMapRef"`
	} `yaml:"envFrom"`
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe    *probe          `yaml:"startupProbe"`
	LivenessProbe   *probe          `yaml:"livenessProbe"`
	ReadinessProbe  *probe          `yaml:"readinessProbe"`
	SecurityContext securityContext `yaml:"securityContext"`
	Resources       struct{ Limits map[string]string }
	VolumeMounts    []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
}

type variable struct {
	Name      string
	Value     string
	ValueFrom struct {
		SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
	} `yaml:"valueFrom"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

func (p *probe) path() string {
	if p == nil {
		return ""
	}
	return p.HTTPGet.Path
}

type securityContext struct {
	RunAsNonRoot             *bool           `yaml:"runAsNonRoot"`
	RunAsUser                *string         `yaml:"runAsUser"`
	ReadOnlyRootFilesystem   *bool           `yaml:"readOnlyRootFilesystem"`
	AllowPrivilegeEscalation *bool           `yaml:"allowPrivilegeEscalation"`
	Privileged               *bool           `yaml:"privileged"`
	Capabilities             *capabilities   `yaml:"capabilities"`
	SeccompProfile           *seccompProfile `yaml:"seccompProfile"`
}

type (
	capabilities   struct{ Add, Drop []string }
	seccompProfile struct{ Type string }
)

// over is what holds for a container with c in a pod with pod: the container's own word counts.
func (c securityContext) over(pod securityContext) securityContext {
	return securityContext{
		RunAsNonRoot:             cmp.Or(c.RunAsNonRoot, pod.RunAsNonRoot),
		RunAsUser:                cmp.Or(c.RunAsUser, pod.RunAsUser),
		ReadOnlyRootFilesystem:   c.ReadOnlyRootFilesystem,
		AllowPrivilegeEscalation: c.AllowPrivilegeEscalation,
		Privileged:               c.Privileged,
		Capabilities:             c.Capabilities,
		SeccompProfile:           cmp.Or(c.SeccompProfile, pod.SeccompProfile),
	}
}

// peerRule is one ingress or egress rule of a NetworkPolicy.
type peerRule struct {
	To []struct {
		IPBlock ipBlock `yaml:"ipBlock"`
	}
	Ports []policyPort
}

type ipBlock struct {
	CIDR   string
	Except []string
}

type policyPort struct {
	Port     int
	Protocol string
}

// allows says whether the rule, as an egress rule, lets a connection to address through.
func (r peerRule) allows(t *testing.T, address, protocol string, port int) bool {
	t.Helper()
	if len(r.Ports) > 0 && !slices.Contains(r.Ports, policyPort{port, protocol}) {
		return false
	}
	within := func(cidr string) bool {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			t.Fatal(err)
		}
		return prefix.Contains(netip.MustParseAddr(address))
	}
	for _, to := range r.To {
		if within(to.IPBlock.CIDR) && !slices.ContainsFunc(to.IPBlock.Except, within) {
			return true
		}
	}
	return len(r.To) == 0
}

// find returns the object of this kind and name.
func find(t *testing.T, objects []object, kind, name string) object {
	t.Helper()
	i := slices.IndexFunc(objects, func(o object) bool {
		return o.Kind == kind && o.Metadata.Name == name
	})
	if i < 0 {
		t.Fatalf("no %s %s is rendered", kind, name)
	}
	return objects[i]
}

// container returns the container or init container of this name.
func (p podSpec) container(t *testing.T, name string) container {
	t.Helper()
	all := slices.Concat(p.InitContainers, p.Containers)
	i := slices.IndexFunc(all, named(name))
	if i < 0 {
		t.Fatalf("the pod has no container %s", name)
	}
	return all[i]
}

func named(name string) func(container) bool {
	return func(c container) bool { return c.Name == name }
}

// env returns the variable of this name, or none.
func (c container) env(name string) variable {
	i := slices.IndexFunc(c.Env, func(v variable) bool { return v.Name == name })
	if i < 0 {
		return variable{}
	}
	return c.Env[i]
}
