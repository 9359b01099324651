// Package archive writes container images as docker-archive files, which `ctr images import` and
// `docker load` read, and plain archives. The same content gives the same bytes.
package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// epoch is the time of everything in an image.
var epoch = time.Unix(0, 0).UTC()

// Image is an image with one layer.
type Image struct {
	// Names are full references with a tag.
	Names []string
	Files []File
	// User is uid:gid.
	User       string
	Entrypoint []string
	Command    []string
	Env        []string
	WorkDir    string
}

type config struct {
	Created      time.Time `json:"created"`
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Config       runConfig `json:"config"`
	RootFS       rootFS    `json:"rootfs"`
	History      []history `json:"history"`
}

type runConfig struct {
	User       string   `json:",omitempty"`
	Env        []string `json:",omitempty"`
	Entrypoint []string `json:",omitempty"`
	Cmd        []string `json:",omitempty"`
	WorkingDir string   `json:",omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type history struct {
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"created_by"`
}

type manifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// Write writes the image to file and returns its id (the digest of its configuration).
func (i Image) Write(file string) (id string, err error) {
	layer, err := Layer(i.Files, epoch)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", file, err)
	}
	digest := sum(layer)
	cfg, err := json.Marshal(config{
		Created: epoch, Architecture: runtime.GOARCH, OS: "linux",
		Config:  runConfig{User: i.User, Env: i.Env, Entrypoint: i.Entrypoint, Cmd: i.Command, WorkingDir: i.WorkDir},
		RootFS:  rootFS{Type: "layers", DiffIDs: []string{"sha256:" + digest}},
		History: []history{{Created: epoch, CreatedBy: "helm-valkey ci/images"}},
	})
	if err != nil {
		return "", fmt.Errorf("write %s: %w", file, err)
	}
	id = sum(cfg)
	man, err := json.Marshal([]manifest{{Config: id + ".json", RepoTags: i.Names, Layers: []string{digest + ".tar"}}})
	if err != nil {
		return "", fmt.Errorf("write %s: %w", file, err)
	}
	var out bytes.Buffer
	err = pack(&out, []File{
		{Path: "/" + digest + ".tar", Mode: 0o644, Data: layer},
		{Path: "/" + id + ".json", Mode: 0o644, Data: cfg},
		{Path: "/manifest.json", Mode: 0o644, Data: man},
	}, epoch)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", file, err)
	}
	// Somebody may be reading the old archive.
	tmp := filepath.Join(filepath.Dir(file), ".new-"+filepath.Base(file))
	if err := os.WriteFile(tmp, out.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("write %s: %w", file, err)
	}
	return "sha256:" + id, os.Rename(tmp, file)
}

// Identify reads the id and the references of the image in an archive.
func Identify(file string) (id string, names []string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", nil, fmt.Errorf("read image: %w", err)
	}
	defer f.Close()
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return "", nil, fmt.Errorf("read image %s: no manifest.json in it", file)
		}
		if err != nil {
			return "", nil, fmt.Errorf("read image %s: %w", file, err)
		}
		if h.Name != "manifest.json" {
			continue
		}
		var m []manifest
		if err := json.NewDecoder(r).Decode(&m); err != nil {
			return "", nil, fmt.Errorf("read image %s: manifest.json: %w", file, err)
		}
		if len(m) != 1 {
			return "", nil, fmt.Errorf("read image %s: %d images in it, want 1", file, len(m))
		}
		return m[0].Config, m[0].RepoTags, nil
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
