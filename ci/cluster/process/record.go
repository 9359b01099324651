// Package process starts the cluster's processes, remembers which they are, and ends exactly those.
package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
)

// Record says which process was started. A process id alone does not: it is used again after the
// process is gone, and after a reboot. The time of the start, counted from a boot of known id, does.
type Record struct {
	Name  string `json:"name"`
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
	Boot  string `json:"boot"`
}

// current describes the running process.
func current(name string) (Record, error) {
	pid := os.Getpid()
	start, _, err := stat(pid)
	if err != nil {
		return Record{}, err
	}
	boot, err := bootID()
	return Record{Name: name, PID: pid, Start: start, Boot: boot}, err
}

func (r Record) write() error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file(r.Name), text, 0o644); err != nil {
		return fmt.Errorf("record process %s: %w", r.Name, err)
	}
	return nil
}

func file(name string) string { return layout.Path("processes", name+".json") }

// Records returns what was started, by name.
func Records() ([]Record, error) {
	files, err := filepath.Glob(file("*"))
	if err != nil {
		return nil, err
	}
	var records []Record
	var failed []error
	for _, f := range files {
		r := Record{Name: strings.TrimSuffix(filepath.Base(f), ".json")}
		text, err := os.ReadFile(f)
		if err == nil {
			// A record cut short by a crash names no process: its writer had not become one yet.
			err = json.Unmarshal(text, &r)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("read %s: %w", f, err))
			continue
		}
		records = append(records, r)
	}
	return records, errors.Join(failed...)
}

// Alive tells whether the recorded process, and not a later one of the same id, is running.
func (r Record) Alive() bool {
	boot, err := bootID()
	if err != nil || boot != r.Boot {
		return false
	}
	start, state, err := stat(r.PID)
	return err == nil && start == r.Start && state != 'Z' && state != 'X'
}

// Kill ends the recorded processes and waits until they are gone.
func Kill(records []Record) error {
	var failed []error
	for _, r := range records {
		if !r.Alive() {
			continue
		}
		if err := syscall.Kill(r.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			failed = append(failed, fmt.Errorf("end %s (process %d): %w", r.Name, r.PID, err))
		}
	}
	for _, r := range records {
		for deadline := time.Now().Add(10 * time.Second); r.Alive(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				failed = append(failed, fmt.Errorf("end %s: process %d is still there after 10 s", r.Name, r.PID))
				break
			}
		}
	}
	return errors.Join(failed...)
}

// Find describes a running process, so that it can be ended only if it is still the same then.
func Find(pid int, name string) (Record, error) {
	start, _, err := stat(pid)
	if err != nil {
		return Record{}, err
	}
	boot, err := bootID()
	return Record{Name: name, PID: pid, Start: start, Boot: boot}, err
}

func bootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}

func stat(pid int) (start uint64, state byte, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	return parseStat(string(text))
}

// parseStat reads the start time (field 22) and the state (field 3) of /proc/PID/stat. The second
// field is the program's name in parentheses, which may hold spaces and parentheses itself.
func parseStat(text string) (start uint64, state byte, err error) {
	end := strings.LastIndexByte(text, ')')
	if end < 0 {
		return 0, 0, fmt.Errorf("cannot read process state %q", text)
	}
	f := strings.Fields(text[end+1:])
	if len(f) < 20 {
		return 0, 0, fmt.Errorf("cannot read process state %q", text)
	}
	start, err = strconv.ParseUint(f[19], 10, 64)
	return start, f[0][0], err
}
