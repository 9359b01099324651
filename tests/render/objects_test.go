//go:build render

package render

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	security "k8s.io/pod-security-admission/api"
	securitypolicy "k8s.io/pod-security-admission/policy"
)

// object is a rendered object in the type that Kubernetes has for it.
type object interface {
	runtime.Object
	meta.Object
}

type objects []object

// strict decodes as an API server does that was asked to refuse unknown and
// doubled fields.
var strict = func() runtime.Decoder {
	known := runtime.NewScheme()
	if err := scheme.AddToScheme(known); err != nil {
		panic(err)
	}
	if err := monitoring.AddToScheme(known); err != nil {
		panic(err)
	}
	return serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
}()

func decode(t *testing.T, manifests string) objects {
	t.Helper()
	var all objects
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifests)))
	for {
		document, err := documents.Read()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		if strings.TrimSpace(stripComments(string(document))) == "" {
			continue
		}
		decoded, _, err := strict.Decode(document, nil, nil)
		require.NoError(t, err, "%s", document)
		all = append(all, decoded.(object))
	}
}

func stripComments(document string) string {
	var kept []string
	for _, line := range strings.Split(document, "\n") {
		if !strings.HasPrefix(line, "#") && line != "---" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// get returns the object of a type and a name.
func get[T object](t *testing.T, all objects, name string) T {
	t.Helper()
	found, ok := find[T](all, name)
	require.True(t, ok, "there is no %T %s among %v", found, name, names(all))
	return found
}

func find[T object](all objects, name string) (T, bool) {
	for _, o := range all {
		if typed, ok := o.(T); ok && typed.GetName() == name {
			return typed, true
		}
	}
	var none T
	return none, false
}

func names(all objects) []string {
	var out []string
	for _, o := range all {
		out = append(out, fmt.Sprintf("%s %s", o.GetObjectKind().GroupVersionKind().Kind, o.GetName()))
	}
	slices.Sort(out)
	return out
}

func master(t *testing.T, all objects) *apps.StatefulSet {
	t.Helper()
	return statefulSet(t, all, "master")
}

func replica(t *testing.T, all objects) *apps.StatefulSet {
	t.Helper()
	return statefulSet(t, all, "replica")
}

func statefulSet(t *testing.T, all objects, component string) *apps.StatefulSet {
	t.Helper()
	for _, o := range all {
		if set, ok := o.(*apps.StatefulSet); ok && set.Labels["app.kubernetes.io/component"] == component {
			return set
		}
	}
	require.Fail(t, "no StatefulSet", "of the component %s among %v", component, names(all))
	return nil
}

// server returns the container of the server.
func server(t *testing.T, set *apps.StatefulSet) core.Container {
	t.Helper()
	i := slices.IndexFunc(set.Spec.Template.Spec.Containers, func(c core.Container) bool { return c.Name == "valkey" })
	require.NotEqual(t, -1, i)
	return set.Spec.Template.Spec.Containers[i]
}

func environment(c core.Container) map[string]string {
	out := map[string]string{}
	for _, v := range c.Env {
		out[v.Name] = v.Value
	}
	return out
}

// requireSound fails where the objects do not fit together, or into a cluster.
func requireSound(t *testing.T, all objects) {
	t.Helper()
	seen := map[string]bool{}
	for _, o := range all {
		key := fmt.Sprintf("%T %s/%s", o, o.GetNamespace(), o.GetName())
		require.False(t, seen[key], "%s is there twice", key)
		seen[key] = true
		requireNames(t, key, o)
	}
	requireReferences(t, all)
	requireSelectors(t, all)
}

func requireNames(t *testing.T, key string, o object) {
	t.Helper()
	require.Empty(t, validation.IsDNS1123Subdomain(o.GetName()), key)
	for name, value := range o.GetLabels() {
		require.Empty(t, validation.IsQualifiedName(name), "%s: %s", key, name)
		require.Empty(t, validation.IsValidLabelValue(value), "%s: %s", key, name)
	}
	switch o := o.(type) {
	case *core.Service:
		require.Empty(t, validation.IsDNS1035Label(o.Name), key)
	case *apps.StatefulSet:
		// Its name, a dash and the hash of a revision become a label of the pods.
		require.LessOrEqual(t, len(o.Name), validation.LabelValueMaxLength-11, key)
		for name, value := range o.Spec.Template.Labels {
			require.Empty(t, validation.IsValidLabelValue(value), "%s: pods' label %s", key, name)
		}
		requirePod(t, key, &o.Spec.Template.Spec)
	case *core.Pod:
		requirePod(t, key, &o.Spec)
	}
}

func requirePod(t *testing.T, key string, pod *core.PodSpec) {
	t.Helper()
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		require.False(t, volumes[v.Name], "%s: volume %s twice", key, v.Name)
		volumes[v.Name] = true
	}
	containers := map[string]bool{}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		require.False(t, containers[c.Name], "%s: container %s twice", key, c.Name)
		containers[c.Name] = true
		require.NotContains(t, strings.Join(append(c.Command, c.Args...), " "), "/bin/sh", key)
		mounts := map[string]bool{}
		for _, m := range c.VolumeMounts {
			require.False(t, mounts[m.MountPath], "%s: something is mounted twice at %s", key, m.MountPath)
			mounts[m.MountPath] = true
			if m.Name != "data" {
				require.True(t, volumes[m.Name], "%s: no volume %s", key, m.Name)
			}
		}
	}
}

// requireReferences fails where a pod names a ConfigMap, Secret, service account
// or headless Service that is made by the chart under another name.
func requireReferences(t *testing.T, all objects) {
	t.Helper()
	for _, o := range all {
		set, ok := o.(*apps.StatefulSet)
		if !ok {
			continue
		}
		service := get[*core.Service](t, all, set.Spec.ServiceName)
		require.Equal(t, core.ClusterIPNone, service.Spec.ClusterIP)
		require.True(t, service.Spec.PublishNotReadyAddresses)
		for _, v := range set.Spec.Template.Spec.Volumes {
			if v.ConfigMap != nil && strings.HasPrefix(v.ConfigMap.Name, strings.TrimSuffix(set.Name, "-"+set.Labels["app.kubernetes.io/component"])+"-") {
				get[*core.ConfigMap](t, all, v.ConfigMap.Name)
			}
		}
	}
}

// requireSelectors fails where a selector does not hit the pods it is for, and
// only these.
func requireSelectors(t *testing.T, all objects) {
	t.Helper()
	pods := map[string]labels.Set{}
	ports := map[string]map[string]bool{}
	counts := map[string]int32{}
	for _, o := range all {
		switch o := o.(type) {
		case *apps.StatefulSet:
			component := o.Labels["app.kubernetes.io/component"]
			pods[component] = o.Spec.Template.Labels
			counts[component] = *o.Spec.Replicas
			ports[component] = map[string]bool{}
			for _, p := range server(t, o).Ports {
				ports[component][p.Name] = true
			}
		case *core.Pod:
			pods["test"] = o.Labels
		}
	}
	hit := func(selector labels.Selector) string {
		var components []string
		for component, set := range pods {
			if selector.Matches(set) {
				components = append(components, component)
			}
		}
		slices.Sort(components)
		return strings.Join(components, " ")
	}
	data := "master replica"
	if pods["replica"] == nil {
		data = "master"
	}
	every := data
	if pods["sentinel"] != nil {
		every += " sentinel"
	}
	for _, o := range all {
		key := fmt.Sprintf("%T %s", o, o.GetName())
		component := o.GetLabels()["app.kubernetes.io/component"]
		switch o := o.(type) {
		case *core.Service:
			want := component
			// Reads go to masters where there are no others to read from. The write
			// endpoint is at every pod with data; the Service for who is ready has no
			// component; metrics are everywhere.
			if component == "replica" && o.Spec.ClusterIP != core.ClusterIPNone && counts["replica"] == 0 && counts["master"] > 1 {
				want = "master"
			}
			if component == "" || o.Spec.Ports[0].TargetPort.StrVal == "proxy" {
				want = data
			}
			if component == "metrics" {
				want = every
			}
			require.Equal(t, want, hit(labels.SelectorFromSet(o.Spec.Selector)), key)
			for _, p := range o.Spec.Ports {
				for _, c := range strings.Fields(want) {
					require.True(t, ports[c][p.TargetPort.StrVal], "%s: the pods have no port %s", key, p.TargetPort.StrVal)
				}
			}
		case *policy.PodDisruptionBudget:
			require.Equal(t, component, hit(selector(t, o.Spec.Selector)), key)
		case *network.NetworkPolicy:
			require.Equal(t, every, hit(selector(t, &o.Spec.PodSelector)), key)
		case *monitoring.PodMonitor:
			require.Equal(t, every, hit(selector(t, &o.Spec.Selector)), key)
		case *apps.StatefulSet:
			require.Equal(t, component, hit(selector(t, o.Spec.Selector)), key)
			neighbours := data
			if component == "sentinel" {
				neighbours = component
			}
			for _, c := range o.Spec.Template.Spec.TopologySpreadConstraints {
				require.Equal(t, neighbours, hit(selector(t, c.LabelSelector)), key)
			}
			if affinity := o.Spec.Template.Spec.Affinity; affinity != nil && affinity.PodAntiAffinity != nil {
				for _, term := range affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
					require.Equal(t, neighbours, hit(selector(t, term.LabelSelector)), key)
				}
				for _, term := range affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
					require.Equal(t, neighbours, hit(selector(t, term.PodAffinityTerm.LabelSelector)), key)
				}
			}
		}
	}
}

func selector(t *testing.T, s *meta.LabelSelector) labels.Selector {
	t.Helper()
	out, err := meta.LabelSelectorAsSelector(s)
	require.NoError(t, err)
	return out
}

// requireRestricted fails where Kubernetes itself would not let a pod into a
// namespace of the level "restricted".
func requireRestricted(t *testing.T, all objects) {
	t.Helper()
	evaluator, err := securitypolicy.NewEvaluator(securitypolicy.DefaultChecks(), nil)
	require.NoError(t, err)
	level := security.LevelVersion{Level: security.LevelRestricted, Version: security.LatestVersion()}
	judge := func(name string, metadata *meta.ObjectMeta, pod *core.PodSpec) {
		for _, result := range evaluator.EvaluatePod(level, metadata, pod) {
			require.True(t, result.Allowed, "%s: %s (%s)", name, result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	for _, o := range all {
		switch o := o.(type) {
		case *apps.StatefulSet:
			judge(o.Name, &o.Spec.Template.ObjectMeta, &o.Spec.Template.Spec)
		case *core.Pod:
			judge(o.Name, &o.ObjectMeta, &o.Spec)
		}
	}
}
