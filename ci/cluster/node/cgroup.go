package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const cgroups = "/sys/fs/cgroup"

// A node's pods weigh as much as ten processes. On a machine of its own they outweigh all
// services of the system together; here the kubelets, the control plane and whoever runs
// the tests are so many processes beside them, each with the weight of one.
const (
	sharesOfPods = 10 * 1024
	weightOfPods = 10 * 100
)

// unified tells whether the host has the second version of control groups only.
func unified() bool {
	_, err := os.Stat(cgroups + "/cgroup.controllers")
	return err == nil
}

// hierarchies returns the roots below which a node has a control group: one on a host with the second
// version, one for each controller with the first.
func hierarchies() ([]string, error) {
	if unified() {
		return []string{cgroups}, nil
	}
	entries, err := os.ReadDir(cgroups)
	if err != nil {
		return nil, fmt.Errorf("find the control groups: %w", err)
	}
	var roots []string
	for _, e := range entries {
		dir := filepath.Join(cgroups, e.Name())
		// Links are second names of the same hierarchy.
		if _, err := os.Stat(dir + "/cgroup.procs"); err == nil && e.Type()&fs.ModeSymlink == 0 {
			roots = append(roots, dir)
		}
	}
	if len(roots) == 0 {
		return nil, errors.New("find the control groups: none are mounted at " + cgroups)
	}
	return roots, nil
}

// makeGroups makes a node's control group in every hierarchy.
func makeGroups(name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make control group: %w", err)
		}
		if unified() {
			if err := errors.Join(delegate(root), delegate(dir), weigh(dir, "cpu.weight", weightOfPods)); err != nil {
				return err
			}
			continue
		}
		if err := weigh(dir, "cpu.shares", sharesOfPods); err != nil {
			return err
		}
		// A new group of the cpuset controller takes no process until it has processors and memory.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(root, file))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, file), value, 0o644)
			}
			if err != nil {
				return fmt.Errorf("make control group: %w", err)
			}
		}
	}
	return nil
}

// weigh sets the weight of a group, if its hierarchy is the one of the cpu controller: in
// the others there is no such file, and none may be made.
func weigh(dir, file string, weight int) error {
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = f.WriteString(strconv.Itoa(weight))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("make control group: %w", err)
	}
	return nil
}

// delegate lets the groups below dir have every controller that dir has.
func delegate(dir string) error {
	text, err := os.ReadFile(dir + "/cgroup.controllers")
	if err != nil {
		return fmt.Errorf("make control group: %w", err)
	}
	for _, controller := range strings.Fields(string(text)) {
		if err := os.WriteFile(dir+"/cgroup.subtree_control", []byte("+"+controller), 0o644); err != nil {
			return fmt.Errorf("make control group: give %s to the groups below %s: %w", controller, dir, err)
		}
	}
	return nil
}

// GroupsPresent tells whether a node's control group is there.
func GroupsPresent(name string) bool {
	roots, _ := hierarchies()
	return slices.ContainsFunc(roots, func(root string) bool {
		_, err := os.Stat(filepath.Join(root, name))
		return err == nil
	})
}

// RemoveGroups ends every process in a node's control group, which are its containers' and nobody
// else's, and removes the group.
func RemoveGroups(name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(15 * time.Second)
	for {
		var failed []error
		for _, root := range roots {
			failed = append(failed, removeGroup(filepath.Join(root, name)))
		}
		err := errors.Join(failed...)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func removeGroup(top string) error {
	var dirs []string
	err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && e.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("remove control group %s: %w", top, err)
	}
	for _, dir := range dirs {
		text, _ := os.ReadFile(dir + "/cgroup.procs")
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		// A frozen process (a paused container) dies only when it is thawed.
		_ = os.WriteFile(dir+"/freezer.state", []byte("THAWED"), 0o644)
		_ = os.WriteFile(dir+"/cgroup.freeze", []byte("0"), 0o644)
	}
	slices.Reverse(dirs)
	for _, dir := range dirs {
		if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, syscall.ENOENT) {
			return fmt.Errorf("remove control group %s: %w", dir, err)
		}
	}
	return nil
}
