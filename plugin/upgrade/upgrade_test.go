package upgrade

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// rendered is what the chart renders of one of its example values.
func rendered(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("../../tests/render/testdata/" + name + ".golden.yaml")
	require.NoError(t, err)
	return string(data)
}

func read(t testing.TB, stream string) []manifest.Object {
	t.Helper()
	objects, err := Read(strings.NewReader(stream))
	require.NoError(t, err)
	return objects
}

// summary is one line for each finding.
func summary(found []finding.Finding) []string {
	lines := []string{}
	for _, f := range found {
		line := fmt.Sprintf("%s %s/%s %s: %s", f.RuleID, f.Object.Kind, f.Object.Name, f.Path, f.Message)
		if f.Severity == finding.Warning {
			line = "warning " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// patch is a change of every occurrence of a text within one document of what
// the chart renders; the document is found by a text in it.
type patch struct{ document, old, new string }

func patched(t *testing.T, stream string, patches []patch) string {
	t.Helper()
	documents := strings.Split(stream, "---\n")
	for _, p := range patches {
		i := slices.IndexFunc(documents, func(d string) bool { return strings.Contains(d, p.document) })
		require.GreaterOrEqual(t, i, 0, p.document)
		require.True(t, strings.Contains(documents[i], p.old), "%q is not in the document of %s", p.old, p.document)
		documents[i] = strings.ReplaceAll(documents[i], p.old, p.new)
	}
	return strings.Join(documents, "---\n")
}

// Where the StatefulSets of each role are.
const (
	ofMaster  = "# Source: valkey/templates/master-statefulset.yaml"
	ofReplica = "# Source: valkey/templates/replica-statefulset.yaml"
)

// expect is a case of a rule's table: what the chart renders of some example
// values, changed before and after.
type expect struct {
	name     string
	example  string
	old, new []patch
	want     []string
}

func run(t *testing.T, tests []expect) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stream := rendered(t, tt.example)
			u := Upgrade{Old: read(t, patched(t, stream, tt.old)), New: read(t, patched(t, stream, tt.new))}
			require.Equal(t, append([]string{}, tt.want...), summary(u.Check()))
		})
	}
}

func TestNothingChanges(t *testing.T) {
	for _, name := range []string{"default", "everything", "hive", "hive-in-memory", "sentinel", "sentinel-masters", "standalone", "redis"} {
		objects := read(t, rendered(t, name))
		require.NotEmpty(t, objects)
		require.Empty(t, summary(Upgrade{Old: objects, New: objects}.Check()), name)
	}
}

// What is installed, removed or of another chart is not upgraded.
func TestOneSideOnly(t *testing.T) {
	objects := read(t, rendered(t, "default"))
	others := read(t, strings.ReplaceAll(rendered(t, "standalone"), "valkey-0.1.0", "valkey-operator-0.1.0"))
	require.Empty(t, others)
	require.Empty(t, Upgrade{New: objects}.Check())
	require.Empty(t, Upgrade{Old: objects}.Check())
	require.Empty(t, read(t, ""))

	_, err := Read(strings.NewReader("a: 1\n---\nvalkey-1: [\n"))
	require.ErrorContains(t, err, "line 2")
}

func TestTwoReleasesInOneStream(t *testing.T) {
	one := rendered(t, "default")
	two := strings.ReplaceAll(strings.ReplaceAll(one, "rel-valkey", "two-valkey"), "instance: rel", "instance: two")
	shrunk := strings.ReplaceAll(two, `"8Gi"`, `"4Gi"`)
	u := Upgrade{Old: read(t, one+two), New: read(t, one+shrunk)}
	require.Equal(t, []string{"VK303 StatefulSet/two-valkey-master spec.volumeClaimTemplates[data].spec.resources.requests.storage: 8Gi → 4Gi: volumes cannot shrink"}, summary(u.Check()))
}

// What was deleted to be made anew is not there to be refused a change of.
func TestGone(t *testing.T) {
	old := read(t, rendered(t, "default"))
	current := read(t, strings.ReplaceAll(rendered(t, "default"), `"8Gi"`, `"16Gi"`))
	require.Len(t, Upgrade{Old: old, New: current}.Check(), 1)
	require.Len(t, Upgrade{Old: old, New: current, Live: old}.Check(), 1)
	without := slices.DeleteFunc(slices.Clone(old), func(o manifest.Object) bool { return o.Name() == "rel-valkey-master" && o.Kind() == "StatefulSet" })
	require.Len(t, without, len(old)-1)
	require.Empty(t, Upgrade{Old: old, New: current, Live: without}.Check())
	require.Empty(t, Upgrade{Old: old, New: current, Live: []manifest.Object{}}.Check())
	require.Empty(t, Upgrade{Old: old, New: current, Live: current}.Check(), "an upgrade that failed made it so")
}

// Replicas are those that there are.
func TestScaled(t *testing.T) {
	stream := rendered(t, "default")
	changed := strings.ReplaceAll(stream, `value: ":9122"`, `value: ":9000"`)
	u := Upgrade{Old: read(t, stream), New: read(t, changed)}
	require.Len(t, u.Check(), 1)
	u.Live = read(t, strings.ReplaceAll(stream, "\n  replicas: 2\n", "\n  replicas: 0\n"))
	require.Empty(t, u.Check())
}

func TestExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		require.Regexp(t, `^VK3\d\d$`, r.ID)
		require.False(t, seen[r.ID], r.ID)
		seen[r.ID] = true
		require.NotEmpty(t, r.Title, r.ID)
		require.NotEmpty(t, r.Doc, r.ID)
		require.NotEmpty(t, r.Bad, r.ID)
		require.NotEmpty(t, r.Good, r.ID)
		for _, text := range r.Bad {
			require.True(t, finds(t, r, text), "%s finds nothing in\n%s", r.ID, text)
		}
		for _, text := range r.Good {
			require.False(t, finds(t, r, text), "%s finds something in\n%s", r.ID, text)
		}
	}
}

func finds(t *testing.T, r finding.Rule, text string) bool {
	t.Helper()
	found, err := Try(text)
	require.NoError(t, err)
	return slices.ContainsFunc(found, func(f finding.Finding) bool { return f.RuleID == r.ID && f.Severity == r.Severity && f.Fix != "" })
}

// FuzzCheck looks for panics on objects of odd forms.
func FuzzCheck(f *testing.F) {
	for _, r := range Rules() {
		for _, text := range append(r.Bad, r.Good...) {
			old, current, _ := strings.Cut(text, upgradedTo)
			f.Add(old, current)
		}
	}
	f.Add("kind: StatefulSet\nmetadata: {labels: {helm.sh/chart: valkey-1, app.kubernetes.io/component: master}}\nspec: []\n",
		"kind: StatefulSet\nmetadata: {labels: {helm.sh/chart: valkey-1, app.kubernetes.io/component: master}}\nspec: {replicas: -7, template: 1, volumeClaimTemplates: [1, null, {spec: {resources: {requests: {storage: {}}}}}]}\n")
	f.Fuzz(func(t *testing.T, old, current string) {
		before, err := Read(strings.NewReader(old))
		if err != nil {
			return
		}
		after, err := Read(strings.NewReader(current))
		if err != nil {
			return
		}
		Upgrade{Old: before, New: after}.Check()
	})
}
