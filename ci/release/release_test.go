package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

func TestForPlatforms(t *testing.T) {
	tests := map[string]struct {
		manifest string
		want     []string
	}{
		"Helm 3's": {
			"name: valkey\nplatformCommand:\n  - command: $HELM_PLUGIN_DIR/bin/helm-valkey\n",
			[]string{`"name":"valkey"`, `{"arch":"arm64","command":"$HELM_PLUGIN_DIR/helm-valkey-linux-arm64","os":"linux"}`,
				`{"arch":"amd64","command":"$HELM_PLUGIN_DIR/helm-valkey-windows-amd64.exe","os":"windows"}`},
		},
		"the post-renderer's, with arguments": {
			"runtimeConfig:\n  platformCommand:\n    - command: x\n      args: [post-render]\n",
			[]string{`{"arch":"amd64","args":["post-render"],"command":"$HELM_PLUGIN_DIR/helm-valkey-darwin-amd64","os":"darwin"}`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			manifest, err := forPlatforms([]byte(tt.manifest), "$HELM_PLUGIN_DIR/")
			if err != nil {
				t.Fatal(err)
			}
			got, err := yaml.YAMLToJSON(manifest)
			if err != nil || !json.Valid(got) {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(got), want) {
					t.Errorf("no %s in %s", want, got)
				}
			}
			if got, want := strings.Count(string(got), `"command"`), len(plugins()); got != want {
				t.Errorf("got %d commands, want %d", got, want)
			}
		})
	}
	if _, err := forPlatforms([]byte("name: x\n"), ""); err == nil {
		t.Error("a plugin without a command was taken")
	}
}

// tree is a project with nothing but what names versions.
func tree(t *testing.T, chart, plugin, renderer string) string {
	t.Helper()
	root := t.TempDir()
	for name, version := range map[string]string{filepath.Join(chartDir, "Chart.yaml"): chart, pluginFile: plugin, rendererFile: renderer} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("name: x\nversion: "+version+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestOpen(t *testing.T) {
	tests := map[string]struct{ epoch, plugin, renderer, wrong string }{
		"good":                {"86400", "1.2.3", "1.2.3", ""},
		"plugin is behind":    {"86400", "1.2.2", "1.2.3", pluginFile + " has version 1.2.2 and the chart 1.2.3"},
		"renderer is behind":  {"86400", "1.2.3", "1.2.2", rendererFile + " has version 1.2.2"},
		"no version":          {"86400", "", "1.2.3", "has no name or no version"},
		"not a number":        {"today", "1.2.3", "1.2.3", "SOURCE_DATE_EPOCH is no number of seconds"},
		"neither git nor set": {"", "1.2.3", "1.2.3", "or set SOURCE_DATE_EPOCH"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SOURCE_DATE_EPOCH", tt.epoch)
			r, err := open(t.Context(), tree(t, "1.2.3", tt.plugin, tt.renderer))
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("got %v, want %q", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC); r.version != "1.2.3" || !r.when.Equal(want) {
				t.Errorf("got %s of %s", r.version, r.when)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"key without keyring": {"--key", "me"}, "keyring without key": {"--keyring", "ring"}, "argument": {"dist"}, "unknown": {"--sign"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said strings.Builder
			if code := run(t.Context(), args, &out, &said); code != 2 || !strings.Contains(said.String(), "usage: release") {
				t.Errorf("got %d, %s", code, said.String())
			}
		})
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	t.Chdir("..")
	t.Setenv("SOURCE_DATE_EPOCH", "0")
	var out, said strings.Builder
	if code := run(t.Context(), []string{"--out", t.TempDir()}, &out, &said); code != 1 || !strings.Contains(said.String(), "is there already") {
		t.Errorf("got %d, %s", code, said.String())
	}
}
