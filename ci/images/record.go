package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
)

// entrypointsKept is how many of the entrypoint's images stay in the cache: every build of it may have
// a tag of its own, and `cluster up` imports what is there.
const entrypointsKept = 4

// picture is one line of images.json.
type picture struct {
	// File is the archive's name in the images folder.
	File string `json:"file"`
	// Names are the references that it carries.
	Names []string `json:"names"`
	// ID is the digest of the image's configuration.
	ID string `json:"id"`
	// Engine is the engine's name in engines.json, empty for the entrypoint.
	Engine string `json:"engine,omitempty"`
}

// recordPictures writes images.json: what was made now, and of what it held before all but what was
// replaced.
func recordPictures(dir cache.Dir, made []picture, replaced func(picture) bool) error {
	return editPictures(dir, func(before []picture) []picture {
		return append(slices.DeleteFunc(before, replaced), made...)
	})
}

// forgetOldEntrypoints removes the entrypoint's images but for the newest few.
func forgetOldEntrypoints(dir cache.Dir) error {
	var failed []error
	err := editPictures(dir, func(before []picture) []picture {
		old := oldEntrypoints(before, func(p picture) time.Time {
			info, err := os.Stat(dir.Images(p.File))
			if err != nil {
				return time.Time{}
			}
			return info.ModTime()
		})
		for _, file := range old {
			if err := os.Remove(dir.Images(file)); err != nil && !errors.Is(err, os.ErrNotExist) {
				failed = append(failed, err)
			}
		}
		return slices.DeleteFunc(before, func(p picture) bool { return slices.Contains(old, p.File) })
	})
	return errors.Join(append(failed, err)...)
}

// oldEntrypoints returns the files of the entrypoint's images that are too many.
func oldEntrypoints(all []picture, made func(picture) time.Time) []string {
	entrypoints := slices.DeleteFunc(slices.Clone(all), func(p picture) bool { return p.Engine != "" })
	slices.SortFunc(entrypoints, func(a, b picture) int { return made(b).Compare(made(a)) })
	var old []string
	for _, p := range entrypoints[min(len(entrypoints), entrypointsKept):] {
		old = append(old, p.File)
	}
	return old
}

// editPictures changes images.json while nobody else does.
func editPictures(dir cache.Dir, edit func([]picture) []picture) error {
	lock, err := os.OpenFile(dir.Images(".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("lock images.json: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock images.json: %w", err)
	}
	var all []picture
	file := dir.Images("images.json")
	if text, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(text, &all); err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
	}
	all = edit(all)
	slices.SortFunc(all, func(a, b picture) int { return cmp.Compare(a.File, b.File) })
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	// Somebody may be reading it.
	tmp := strings.TrimSuffix(file, ".json") + ".new"
	if err := os.WriteFile(tmp, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return os.Rename(tmp, file)
}
