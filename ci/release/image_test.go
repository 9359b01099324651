package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestImage: what is written is a valid layout, with an image for each platform.
func TestImage(t *testing.T) {
	r := release{version: "1.2.3", when: time.Unix(86400, 0).UTC(), work: t.TempDir(), out: t.TempDir()}
	if err := os.Mkdir(r.path("images"), 0o755); err != nil {
		t.Fatal(err)
	}
	program(t, r)
	if err := r.image("entrypoint", entrypoints()); err != nil {
		t.Fatal(err)
	}
	index := only(t, unpack(t, r.path("images", "entrypoint-1.2.3.tar")))
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range manifest.Manifests {
		image, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		want := entrypoints()[i]
		if d.Platform.Architecture != want.arch || config.Architecture != want.arch || config.OS != "linux" || d.Platform.OS != "linux" {
			t.Errorf("got %s and %s/%s, want %s", d.Platform, config.OS, config.Architecture, want)
		}
		if config.Config.User != "65532:65532" || strings.Join(config.Config.Entrypoint, " ") != "/entrypoint" || !config.Created.Equal(r.when) {
			t.Errorf("got %+v of %s", config.Config, config.Created)
		}
	}
	if len(manifest.Manifests) != len(entrypoints()) {
		t.Errorf("got %d images, want %d", len(manifest.Manifests), len(entrypoints()))
	}
}

// program compiles a small one for each platform of the entrypoint.
func program(t *testing.T, r release) {
	t.Helper()
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, target := range entrypoints() {
		build := exec.Command("go", "build", "-o", r.binary(target), source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+target.os, "GOARCH="+target.arch)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// only is the one index of a layout.
func only(t *testing.T, dir string) v1.ImageIndex {
	t.Helper()
	all, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := all.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 {
		t.Fatal(err, manifest)
	}
	index, err := all.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func unpack(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-xf", file, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}
