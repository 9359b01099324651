package main

import (
	"errors"
	"io"
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/archive"
	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
	"github.com/helm-valkey/helm-valkey/ci/internal/progress"
)

// repositories are where the engines' images come from in the world.
func repositories() map[string]string {
	return map[string]string{"valkey": "docker.io/valkey/valkey", "redis": "docker.io/library/redis"}
}

func buildEngineImages(out io.Writer, dir cache.Dir) error {
	engines := readRecord(dir).Engines
	if len(engines) == 0 {
		return errors.New("no engines in the cache: run `images engines` first")
	}
	steps := progress.New(out, len(engines))
	var made []picture
	for _, e := range engines {
		err := steps.Step("image of "+e.Name+" ("+e.Version+")", func() error {
			p, err := buildEngineImage(dir, e)
			made = append(made, p)
			return err
		})
		if err != nil {
			return err
		}
	}
	return recordPictures(dir, made, func(old picture) bool { return old.Engine != "" })
}

func buildEngineImage(dir cache.Dir, e engine) (picture, error) {
	files, err := archive.Tree(dir.Engines(e.Name) + "/root")
	if err != nil {
		return picture{}, err
	}
	files = append(files,
		archive.File{Path: "/etc/passwd", Mode: 0o644, Data: []byte("root:x:0:0:root:/root:/sbin/nologin\n" + e.Engine + ":x:999:999::/data:/sbin/nologin\n")},
		archive.File{Path: "/etc/group", Mode: 0o644, Data: []byte("root:x:0:\n" + e.Engine + ":x:999:\n")},
		// Without it the C library asks the DNS before /etc/hosts.
		archive.File{Path: "/etc/nsswitch.conf", Mode: 0o644, Data: []byte("passwd: files\ngroup: files\nhosts: files dns\n")},
		archive.File{Path: "/data", Mode: os.ModeDir | 0o755, UID: 999},
		archive.File{Path: "/tmp", Mode: os.ModeDir | os.ModeSticky | 0o777},
	)
	repository := repositories()[e.Engine]
	p := picture{File: e.Name + ".tar", Engine: e.Name, Names: []string{repository + ":" + series(e.Version), repository + ":" + e.Version}}
	p.ID, err = archive.Image{
		Names: p.Names, Files: files, User: "999:999", Env: []string{archive.SearchPath}, WorkDir: "/data",
		Command: []string{e.Engine + "-server"},
	}.Write(dir.Images(p.File))
	return p, err
}

func buildEntrypointImage(out io.Writer, dir cache.Dir, binary, tag string) error {
	return progress.New(out, 1).Step("image of the entrypoint, tag "+tag, func() error {
		i, err := archive.Program("entrypoint", binary)
		if err != nil {
			return err
		}
		p := picture{File: "entrypoint-" + tag + ".tar", Names: []string{"ghcr.io/helm-valkey/entrypoint:" + tag}}
		i.Names = p.Names
		if p.ID, err = i.Write(dir.Images(p.File)); err != nil {
			return err
		}
		if err := recordPictures(dir, []picture{p}, func(old picture) bool { return old.File == p.File }); err != nil {
			return err
		}
		return forgetOldEntrypoints(dir)
	})
}
