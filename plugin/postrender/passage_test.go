package postrender

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/digest"
	"github.com/helm-valkey/helm-valkey/plugin/patch"
)

// with passes a stream with patches and a lock file (none if empty), and returns
// what came out and one line for each finding.
func with(t *testing.T, stream, lock string, patches ...string) (string, []string) {
	t.Helper()
	var o Options
	var err error
	if lock != "" {
		o.Digests, err = digest.Parse("images.lock", []byte(lock))
		require.NoError(t, err)
	}
	if len(patches) > 0 {
		folder := t.TempDir()
		for i, text := range patches {
			require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.yaml", i)), []byte(text), 0o600))
		}
		o.Patches, err = patch.Load(folder, "shop")
		require.NoError(t, err)
	}
	var out strings.Builder
	found, err := Pass(context.Background(), strings.NewReader(stream), &out, o)
	require.NoError(t, err)
	lines := []string{}
	for _, f := range found {
		lines = append(lines, fmt.Sprintf("%s %s: %s", f.RuleID, f.Object.Name, f.Message))
	}
	return out.String(), lines
}

var pinned = "sha256:" + strings.Repeat("1", 64)

// Patches come first, then digests, then the rules.
func TestPassPatchesAndPins(t *testing.T) {
	stream := patched(t)
	const addImages = "target: {name: demo-valkey-*, kind: StatefulSet}\npatch: |\n  - {op: add, path: /spec/template/spec/containers/0/image, value: \"valkey/valkey:9\"}\n"
	out, found := with(t, stream, "valkey/valkey:9: "+pinned, addImages)
	require.Empty(t, found)
	require.Equal(t, 2, strings.Count(out, "image: valkey/valkey:9@"+pinned+"\n"))
	same := strings.Index(stream, "# Source: valkey/templates/master-statefulset.yaml")
	require.Equal(t, stream[:same], out[:same], "objects that nothing is changed of")
	require.Contains(t, out, "---\n# Source: valkey/templates/replica-statefulset.yaml\napiVersion: apps/v1\n")

	_, found = with(t, stream, "valkey/valkey:8: "+pinned, addImages)
	require.Equal(t, []string{
		`VK209 demo-valkey-master: image "valkey/valkey:9" is not in images.lock`,
		`VK209 demo-valkey-replica: image "valkey/valkey:9" is not in images.lock`,
	}, found)
}

// Whatever was patched is checked, also if it does not look like this chart's
// any more.
func TestPassChecksWhatWasPatched(t *testing.T) {
	const target = "target: {kind: StatefulSet, labels: {app.kubernetes.io/component: master, helm.sh/chart: valkey-*}}\npatch: |\n"
	_, found := with(t, patched(t), "", target+"  spec: {replicas: 2}\n")
	require.Equal(t, []string{"VK201 demo-valkey-master: " + mastersNeedSentinel}, found)
	_, found = with(t, patched(t), "", target+"  metadata: {labels: {helm.sh/chart: null}}\n  spec: {replicas: 2}\n")
	require.Equal(t, []string{"VK201 demo-valkey-master: " + mastersNeedSentinel}, found)
	_, found = with(t, patched(t), "", target+"  spec: {replicas: 2}\n", "target: {kind: Deployment}\npatch: 'a: 1'\n")
	require.Len(t, found, 2)
	require.Contains(t, found, "VK211 : no object in the stream is like this")
}

// The label of the chart can be written so that its letters do not show.
func TestPassReadsWhatHides(t *testing.T) {
	for _, hidden := range []string{`"\x76alkey-0.1.0"`, "!!binary dmFsa2V5LTAuMS4w", "\"valkey\\\n      -0.1.0\""} {
		text := "kind: StatefulSet\nmetadata:\n  name: demo\n  labels:\n    app.kubernetes.io/component: master\n    helm.sh/chart: " + hidden + "\nspec: {replicas: 2}\n"
		require.Contains(t, summary(t, text), "VK201 StatefulSet/demo spec.replicas: "+mastersNeedSentinel)
	}
	items := "kind: StatefulSetList\nitems: [{metadata: {name: demo, labels: {app.kubernetes.io/component: master, helm.sh/chart: valkey-1}}, spec: {replicas: 2}}]\n"
	require.Contains(t, summary(t, items), "VK201 StatefulSet/demo spec.replicas: "+mastersNeedSentinel)
}

func TestPassEndsWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Pass(ctx, strings.NewReader("a: 1"), io.Discard, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// lag is a stream whose reader looks how much of it was written, too.
type lag struct {
	object        string
	left          int
	read, written int
	most          int
}

func (l *lag) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	l.left--
	l.read += len(l.object)
	l.most = max(l.most, l.read-l.written)
	return copy(p, l.object), nil
}

func (l *lag) Write(p []byte) (int, error) {
	l.written += len(p)
	return len(p), nil
}

// What was read is written before more is read: a stream is never held.
func TestPassHoldsNoStream(t *testing.T) {
	l := &lag{object: "---\nkind: ConfigMap\nmetadata: {name: other}\ndata: {a: " + strings.Repeat("x", 4000) + "}\n", left: 20000}
	found, err := Pass(context.Background(), l, l, Options{})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, 20000*len(l.object), l.written)
	require.Less(t, l.most, 64<<10)
}

// The objects of thousands of releases, more than are kept in memory, and far from
// each other.
func TestPassTellsManyReleasesApart(t *testing.T) {
	const count = 1500
	var stream strings.Builder
	for _, role := range []string{"master", "sentinel"} {
		for i := range count {
			if role == "sentinel" && i == 1234 {
				continue
			}
			fmt.Fprintf(&stream, "---\n{kind: StatefulSet, metadata: {name: %[2]d-%[1]s, labels: {helm.sh/chart: valkey-1, app.kubernetes.io/instance: i%[2]d, app.kubernetes.io/component: %[1]s}}, spec: {replicas: 2, template: {spec: {containers: [{name: valkey, env: [{name: ENTRYPOINT_GRACE_PERIOD, value: 30s}], startupProbe: {}, livenessProbe: {}, readinessProbe: {}}]}}}}\n", role, i)
		}
	}
	require.Equal(t, []string{"VK201 StatefulSet/1234-master spec.replicas: " + mastersNeedSentinel}, summary(t, stream.String()))
}
