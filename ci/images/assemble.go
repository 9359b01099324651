package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// assemble makes an engine's folder from unpacked packages: root with the engine's programs and the
// libraries that they load, nothing else (no shell, no package manager), and wrappers that start the
// programs on any host through root's own loader.
func assemble(all, dir, engine string) error {
	files, err := index(all)
	if err != nil {
		return err
	}
	root := filepath.Join(dir, "root")
	b := builder{files: files, root: root, have: map[string]bool{}}
	if err := b.programs(engine); err != nil {
		return err
	}
	// The C library loads this one by name when it prints a stack trace or ends a thread.
	if err := b.library("libgcc_s.so.1"); err != nil {
		return err
	}
	// The merged /usr that every binary of Debian expects.
	for _, link := range []string{"bin", "lib", "lib64"} {
		if err := os.MkdirAll(filepath.Join(root, "usr", link), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join("usr", link), filepath.Join(root, link)); err != nil {
			return err
		}
	}
	for name, program := range map[string]string{"server": "-server", "cli": "-cli", "benchmark": "-benchmark"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(b.wrapper(engine+program)), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// index finds every file of the packages by its path on a merged /usr.
func index(all string) (map[string]string, error) {
	files := map[string]string{}
	packages, err := os.ReadDir(all)
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		top := filepath.Join(all, p.Name())
		err := filepath.WalkDir(top, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			files[merged(strings.TrimPrefix(path, top))] = path
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the packages: %w", err)
		}
	}
	return files, nil
}

// merged is a path with /bin, /sbin and /lib* moved below /usr, where they are links to since Debian 12.
func merged(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "bin", "sbin", "lib", "lib64":
		return "/usr" + path
	}
	return path
}

type builder struct {
	files map[string]string
	root  string
	// have names the libraries that are in root.
	have map[string]bool
	// interpreter is the loader's path, libraries the folder of the libraries; both in root.
	interpreter, libraries string
}

// programs copies the engine's programs. Several are one file under several names: those stay links.
func (b *builder) programs(engine string) error {
	first := map[string]string{}
	for _, suffix := range []string{"server", "cli", "benchmark", "check-aof", "check-rdb"} {
		name := engine + "-" + suffix
		real, err := b.follow("/usr/bin/" + name)
		if err != nil {
			return err
		}
		to := filepath.Join(b.root, "usr/bin", name)
		if same, copied := first[real]; copied {
			if err := os.Symlink(same, to); err != nil {
				return err
			}
			continue
		}
		first[real] = name
		if err := b.copy(real, to); err != nil {
			return err
		}
		if err := b.needs(to); err != nil {
			return err
		}
	}
	return nil
}

// follow resolves links among the packages and returns the real file's path in its package.
func (b *builder) follow(path string) (string, error) {
	for range 10 {
		file, ok := b.files[path]
		if !ok {
			return "", fmt.Errorf("no package holds %s", path)
		}
		target, err := os.Readlink(file)
		if err != nil {
			return file, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = merged(target)
	}
	return "", fmt.Errorf("too many links at %s", path)
}

func (b *builder) copy(from, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

// needs copies the loader and the libraries that a program or library asks for, and theirs.
func (b *builder) needs(file string) error {
	f, err := elf.Open(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || b.interpreter != "" {
			continue
		}
		path, err := io.ReadAll(p.Open())
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		b.interpreter = merged(strings.TrimRight(string(path), "\x00"))
		loader, err := b.follow(b.interpreter)
		if err != nil {
			return err
		}
		if err := b.copy(loader, filepath.Join(b.root, b.interpreter)); err != nil {
			return err
		}
		// A program that also names the loader as a library finds it there.
		b.have[filepath.Base(b.interpreter)] = true
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	for _, name := range libraries {
		if err := b.library(name); err != nil {
			return fmt.Errorf("%s needs %w", filepath.Base(file), err)
		}
	}
	return nil
}

func (b *builder) library(name string) error {
	if b.have[name] {
		return nil
	}
	b.have[name] = true
	for path := range b.files {
		if filepath.Base(path) != name || !strings.HasPrefix(path, "/usr/lib/") {
			continue
		}
		real, err := b.follow(path)
		if err != nil {
			return err
		}
		to := filepath.Join(b.root, path)
		if err := b.copy(real, to); err != nil {
			return err
		}
		if b.libraries == "" {
			b.libraries = filepath.Dir(path)
		}
		return b.needs(to)
	}
	return fmt.Errorf("library %s: no package holds it", name)
}

// wrapper starts a program with root's loader and libraries, whatever the host has. It execs, so the
// process id and the signals are the program's.
func (b *builder) wrapper(program string) string {
	return fmt.Sprintf(`#!/bin/sh
here=${0%%/*}
exec "$here/root%s" --argv0 %s --library-path "$here/root%s" "$here/root/usr/bin/%s" "$@"
`, b.interpreter, program, b.libraries, program)
}
