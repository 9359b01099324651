package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/helm-valkey/helm-valkey/ci/internal/archive"
)

// images writes an image of each program for all platforms that pods and containers have, as an OCI
// layout in a tar.
func (r release) images() error {
	if err := r.image("entrypoint", entrypoints()); err != nil {
		return err
	}
	linux := slices.DeleteFunc(plugins(), func(t target) bool { return t.os != "linux" })
	return r.image("plugin", linux)
}

func (r release) image(name string, targets []target) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, t := range targets {
		image, err := r.platformImage(t)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: t.os, Architecture: t.arch}},
		})
	}
	dir := filepath.Join(r.work, "image-"+name)
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		return fmt.Errorf("write image %s: %w", name, err)
	}
	// By these names skopeo and containerd find it in the archive.
	reference := registry + "/" + name + ":" + r.version
	err = l.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": r.version,
	}))
	if err != nil {
		return fmt.Errorf("write image %s: %w", name, err)
	}
	files, err := archive.Tree(dir)
	if err != nil {
		return err
	}
	data, err := archive.Tar(flatten(files), r.when)
	if err != nil {
		return err
	}
	return r.write(filepath.Join("images", name+"-"+r.version+".tar"), data)
}

// flatten gives all files one mode: the library writes some for their owner alone.
func flatten(files []archive.File) []archive.File {
	for i, f := range files {
		files[i].Mode = f.Mode.Type() | 0o644
		if f.Mode.IsDir() {
			files[i].Mode |= 0o111
		}
	}
	return files
}

func (r release) platformImage(t target) (v1.Image, error) {
	program, err := archive.Program(t.program, r.binary(t))
	if err != nil {
		return nil, err
	}
	data, err := archive.Layer(program.Files, r.when)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("layer of %s: %w", t, err)
	}
	created := v1.Time{Time: r.when}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	base, err = mutate.ConfigFile(base, &v1.ConfigFile{
		OS: t.os, Architecture: t.arch, Created: created,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User: program.User, Env: program.Env, Entrypoint: program.Entrypoint, WorkingDir: program.WorkDir,
			Labels: r.labels(),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("image of %s: %w", t, err)
	}
	return mutate.Append(base, mutate.Addendum{
		Layer: layer, History: v1.History{Created: created, CreatedBy: "helm-valkey ci/release"},
	})
}

// labels say where an image comes from: https://github.com/opencontainers/image-spec/blob/main/annotations.md
func (r release) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.source":   source,
		"org.opencontainers.image.version":  r.version,
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
}
