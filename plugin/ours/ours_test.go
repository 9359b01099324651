package ours

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

func document(label string) manifest.Document {
	return manifest.Document{Bytes: []byte("kind: Service\nmetadata: {labels: {helm.sh/chart: " + label + "}}\n"), Line: 1}
}

func TestIs(t *testing.T) {
	for label, want := range map[string]bool{
		"valkey-0.1.0":          true,
		`"valkey-10.2.0-rc.1"`:  true,
		`"\x76alkey-0.1.0"`:     true,
		"valkey-operator-0.1.0": false,
		"valkey-":               false,
		"valkey":                false,
		"my-valkey-0.1.0":       false,
		"redis-23.1.1":          false,
		"7":                     false,
	} {
		t.Run(label, func(t *testing.T) {
			d := document(label)
			objects, err := d.Objects()
			require.NoError(t, err)
			require.Len(t, objects, 1)
			require.Equal(t, want, Is(objects[0]))
			if want {
				require.True(t, MayBeIn(d))
			}
		})
	}
	require.False(t, MayBeIn(document("redis-23.1.1")), "it need not be parsed")
}

// FuzzMayBeIn looks for objects that would be passed over.
func FuzzMayBeIn(f *testing.F) {
	for _, label := range []string{"valkey-1", `"valkey\x2d1"`, "\"val\\\n  key-1\"", "!!binary dmFsa2V5LTE=", "&a valkey-1"} {
		f.Add("kind: Service\nmetadata: {labels: {helm.sh/chart: " + label + "}}\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := manifest.Document{Bytes: []byte(text), Line: 1}
		objects, err := d.Objects()
		if err != nil {
			return
		}
		for _, o := range objects {
			if Is(o) && !MayBeIn(d) {
				t.Fatalf("%q holds an object of this chart", text)
			}
		}
	})
}
