package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func image() Image {
	return Image{
		Names: []string{"example.org/a/b:1", "example.org/a/b:1.2"},
		User:  "999:999",
		Files: []File{
			{Path: "/usr/bin/server", Mode: 0o755, Data: []byte("binary")},
			{Path: "/bin", Mode: os.ModeSymlink | 0o777, Link: "usr/bin"},
			{Path: "/tmp", Mode: os.ModeDir | os.ModeSticky | 0o777},
		},
	}
}

func TestSameContentSameBytes(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.tar"), filepath.Join(dir, "b.tar")
	first := image()
	second := image()
	second.Files[0], second.Files[2] = second.Files[2], second.Files[0]
	idA, err := first.Write(a)
	if err != nil {
		t.Fatal(err)
	}
	idB, err := second.Write(b)
	if err != nil {
		t.Fatal(err)
	}
	bytesA, _ := os.ReadFile(a)
	bytesB, _ := os.ReadFile(b)
	if idA != idB || !bytes.Equal(bytesA, bytesB) {
		t.Error("the order of the files changes the image")
	}
}

func TestIdentify(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.tar")
	want, err := image().Write(file)
	if err != nil {
		t.Fatal(err)
	}
	id, names, err := Identify(file)
	if err != nil {
		t.Fatal(err)
	}
	if "sha256:"+strings.TrimSuffix(id, ".json") != want {
		t.Errorf("got id %s, want %s", id, want)
	}
	if want := image().Names; !reflect.DeepEqual(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestTree(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "usr/bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "usr/bin/server"), []byte("binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("usr/bin", filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	files, err := Tree(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Path+" "+f.Link+string(f.Data))
	}
	want := []string{"/bin usr/bin", "/usr ", "/usr/bin ", "/usr/bin/server binary"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRelativePathIsRefused(t *testing.T) {
	i := Image{Names: []string{"a:1"}, Files: []File{{Path: "bin/x"}}}
	if _, err := i.Write(filepath.Join(t.TempDir(), "a.tar")); err == nil {
		t.Error("a relative path was taken")
	}
}

func TestArchivesHoldWhatWasPacked(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	files := []File{
		{Path: "/a", Mode: os.ModeDir | 0o755},
		{Path: "/a/run", Mode: 0o755, Data: []byte("binary")},
	}
	data, err := TarGz(files, when)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %o %s", h.Name, h.Mode, h.ModTime.UTC().Format(time.RFC3339)))
	}
	want := []string{"a/ 755 2026-01-02T03:04:06Z", "a/run 755 2026-01-02T03:04:06Z"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	data, err = Zip(files[1:], when)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.File[0]; f.Name != "a/run" || f.Mode() != 0o755 || !f.Modified.Equal(when) {
		t.Errorf("got %s %s %s", f.Name, f.Mode(), f.Modified)
	}
}
