package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// File is one entry of an archive, or of an image's only layer.
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

// Layer packs files with the folders above them, sorted, as an image's layer.
func Layer(files []File, when time.Time) ([]byte, error) {
	all := map[string]File{}
	for _, f := range files {
		if !path.IsAbs(f.Path) {
			return nil, fmt.Errorf("path %q is not absolute", f.Path)
		}
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			if _, there := all[dir]; !there {
				all[dir] = File{Path: dir, Mode: os.ModeDir | 0o755}
			}
		}
	}
	for _, f := range files {
		all[f.Path] = f
	}
	sorted := make([]File, 0, len(all))
	for _, f := range all {
		sorted = append(sorted, f)
	}
	sort.Slice(sorted, func(a, b int) bool { return sorted[a].Path < sorted[b].Path })
	return Tar(sorted, when)
}

// Tar packs files in their order.
func Tar(files []File, when time.Time) ([]byte, error) {
	var out bytes.Buffer
	err := pack(&out, files, when)
	return out.Bytes(), err
}

// TarGz packs files in their order, and compresses them.
func TarGz(files []File, when time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if err := pack(w, files, when); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// Zip packs regular files in their order.
func Zip(files []File, when time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: strings.TrimPrefix(f.Path, "/"), Method: zip.Deflate, Modified: when.UTC()}
		h.SetMode(f.Mode)
		entry, err := w.CreateHeader(h)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.Path, err)
		}
		if _, err := entry.Write(f.Data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.Path, err)
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

func pack(out io.Writer, files []File, when time.Time) error {
	w := tar.NewWriter(out)
	for _, f := range files {
		h := &tar.Header{
			Name: strings.TrimPrefix(f.Path, "/"), Mode: permissions(f.Mode), Uid: f.UID, Gid: f.UID,
			ModTime: when, Size: int64(len(f.Data)), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
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
