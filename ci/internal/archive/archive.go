// Package archive writes OCI images as docker-archive files, which `ctr images import` and
// `docker load` read. The same content gives the same bytes.
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
	"path"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"time"
)

// epoch is the time of everything in an image.
var epoch = time.Unix(0, 0).UTC()

// File is one entry of an image's only layer.
type File struct {
	// Path is absolute.
	Path string
	// Mode carries the type (folder, symbolic link, or neither) and the permissions.
	Mode os.FileMode
	// UID owns the file, and so does the group of that number.
	UID int
	// Data is the content of a regular file.
	Data []byte
	// Link is where a symbolic link points.
	Link string
}

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
	layer, err := i.layer()
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
	})
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

// layer packs the files with the folders above them.
func (i Image) layer() ([]byte, error) {
	all := map[string]File{}
	for _, f := range i.Files {
		if !path.IsAbs(f.Path) {
			return nil, fmt.Errorf("path %q is not absolute", f.Path)
		}
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			if _, there := all[dir]; !there {
				all[dir] = File{Path: dir, Mode: os.ModeDir | 0o755}
			}
		}
	}
	for _, f := range i.Files {
		all[f.Path] = f
	}
	files := make([]File, 0, len(all))
	for _, f := range all {
		files = append(files, f)
	}
	sort.Slice(files, func(a, b int) bool { return files[a].Path < files[b].Path })
	var out bytes.Buffer
	err := pack(&out, files)
	return out.Bytes(), err
}

func pack(out io.Writer, files []File) error {
	w := tar.NewWriter(out)
	for _, f := range files {
		h := &tar.Header{
			Name: strings.TrimPrefix(f.Path, "/"), Mode: permissions(f.Mode), Uid: f.UID, Gid: f.UID,
			ModTime: epoch, Size: int64(len(f.Data)), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
		}
		switch {
		case f.Mode.IsDir():
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		case f.Mode&os.ModeSymlink != 0:
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
		}
		if err := w.WriteHeader(h); err != nil {
			return fmt.Errorf("pack %s: %w", f.Path, err)
		}
		if _, err := w.Write(f.Data); err != nil {
			return fmt.Errorf("pack %s: %w", f.Path, err)
		}
	}
	return w.Close()
}

func permissions(m os.FileMode) int64 {
	p := int64(m.Perm())
	if m&os.ModeSticky != 0 {
		p |= 0o1000
	}
	return p
}

// Tree reads the files under dir as root's files of an image.
func Tree(dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		f := File{Path: "/" + strings.TrimPrefix(strings.TrimPrefix(p, dir), "/"), Mode: info.Mode()}
		switch {
		case info.Mode()&os.ModeSymlink != 0:
			f.Link, err = os.Readlink(p)
		case info.Mode().IsRegular():
			f.Data, err = os.ReadFile(p)
		}
		files = append(files, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	return files, nil
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
