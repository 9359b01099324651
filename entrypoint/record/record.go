// Package record keeps what a pod must remember of its data beyond the life of
// its server: one small file beside them.
package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FileName is the record's name in the data directory.
const FileName = "entrypoint-state.json"

// Fork is where one history ended and the next began: all of Replid's stream up
// to End, a byte offset, is part of the data.
type Fork struct {
	Replid string `json:"replid"`
	End    int64  `json:"end"`
}

// Record is what is known of the data in the directory.
//
// Replid and Offset (bytes) are the server's at the last look. History holds the
// lineage before that, newest first. Term counts changes of mastership, Leader is
// the pod that held it, and Synced the term in which the data were last in sync with
// it: to be told of a new one brings no data. Clean says that a master wrote everything down and
// stopped; AOF that every write up to Offset has been given to the append-only
// file, which is still whole if BootID is that of the running machine. Files says
// which files hold the newest data, "aof" or "rdb". Online are the addresses of the
// replicas that were in sync. Promised is the latest term that this pod has promised
// to a pod that wants to be master, Candidate. Begin is the offset at which the term
// BeginOf began: only from there on a replica has all that its master began with.
// Source is the server outside the release that the data are a copy of, while Term is 0;
// later the one that they once came from.
type Record struct {
	Version int      `json:"version"`
	BootID  string   `json:"bootID"`
	Term    uint64   `json:"term"`
	Leader  string   `json:"leader"`
	Synced  uint64   `json:"synced"`
	Replid  string   `json:"replid"`
	Offset  int64    `json:"offset"`
	History []Fork   `json:"history,omitempty"`
	Clean   bool     `json:"clean"`
	AOF     bool     `json:"aof"`
	Files   string   `json:"files,omitempty"`
	Online  []string `json:"online,omitempty"`

	Begin   int64  `json:"begin,omitempty"`
	BeginOf uint64 `json:"beginOf,omitempty"`

	Source string `json:"source,omitempty"`

	Promised  uint64 `json:"promised,omitempty"`
	Candidate string `json:"candidate,omitempty"`
}

const (
	version    = 1
	maxHistory = 16
)

// File is a record on disk. It writes only what has changed.
type File struct {
	path string
	last []byte
}

// In names the record of a data directory.
func In(dir string) *File { return &File{path: filepath.Join(dir, FileName)} }

// Load reads the record. A directory without one yields a zero Record. A record
// that can't be understood is an error; to go on as if there were none is safe, since
// what is not known of the own data never makes it the newest.
func (f *File) Load() (Record, error) {
	content, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, nil
	}
	if err != nil {
		return Record{}, fmt.Errorf("read the record of the data: %w", err)
	}
	var r Record
	if err := json.Unmarshal(content, &r); err != nil {
		return Record{}, fmt.Errorf("read the record of the data in %s: %w", f.path, err)
	}
	if r.Version != version {
		return Record{}, fmt.Errorf("the record of the data in %s has version %d, this entrypoint knows %d", f.path, r.Version, version)
	}
	return r, nil
}

// Save writes the record if it has changed, whole or not at all. With durable it
// is on disk when Save returns; without, a crash of the machine may lose it, which
// is harmless for what a change of the boot id makes void anyway.
func (f *File) Save(r Record, durability Durability) error {
	r.Version = version
	content, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the record of the data: %w", err)
	}
	if durability == Cached && string(content) == string(f.last) {
		return nil
	}
	if err := replace(f.path, content, durability); err != nil {
		return fmt.Errorf("write the record of the data: %w", err)
	}
	f.last = content
	return nil
}

// Durability says what Save waits for.
type Durability int

// Cached leaves the file to the system's cache, Durable waits for the disk.
const (
	Cached Durability = iota
	Durable
)

func replace(path string, content []byte, durability Durability) error {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil && durability == Durable {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	if durability == Cached {
		return nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// At moves the record to a position. A server that goes on from its old id under
// a new one says so: previous is that id, forked its last offset. A new id without
// that is another history, of which nothing is known here.
func (r *Record) At(replid string, offset int64, previous string, forked int64) {
	switch {
	case replid == r.Replid:
	case r.Replid != "" && previous == r.Replid && forked >= 0:
		r.fork(Fork{Replid: r.Replid, End: forked})
	case r.Replid != "":
		r.History = nil
	}
	r.Replid, r.Offset = replid, offset
}

// Continue says that the server is about to go on from a position under an id that
// is not known yet, as one does that loads its data from disk and is master.
func (r *Record) Continue(from Fork, history []Fork) {
	r.History = slices.Clone(history)
	if from.Replid != "" {
		r.fork(from)
	}
	r.Replid, r.Offset = "", 0
}

func (r *Record) fork(f Fork) {
	r.History = slices.Insert(slices.Clone(r.History), 0, f)
	if len(r.History) > maxHistory {
		r.History = r.History[:maxHistory]
	}
}

// Before is the history before replid: of the record itself, or of one of its
// forks.
func (r *Record) Before(replid string) []Fork {
	if replid == r.Replid {
		return r.History
	}
	if i := slices.IndexFunc(r.History, func(f Fork) bool { return f.Replid == replid }); i >= 0 {
		return r.History[i+1:]
	}
	return nil
}

// BootID identifies this boot of the machine; empty where the kernel tells none.
func BootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
