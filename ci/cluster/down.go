package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/progress"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/network"
	"github.com/helm-valkey/helm-valkey/ci/cluster/node"
	"github.com/helm-valkey/helm-valkey/ci/cluster/process"
)

// down removes everything, each part whatever the state of the others. Nothing is asked to stop in
// order: all that they would save is removed with them.
func (c commands) down(ctx context.Context) error {
	if !present() {
		fmt.Fprintln(c.out, "the cluster is down: nothing of it is on this machine")
		return nil
	}
	start := time.Now()
	// Records that cannot be read name no process, so they are no reason to keep the rest.
	records, unreadable := process.Records()
	failed := []error{process.Kill(records), endShims(), removeSockets(layout.Run)}
	for _, n := range layout.All() {
		failed = append(failed, node.RemoveGroups(n.Namespace()))
	}
	failed = append(failed, unmount(), network.Down(ctx))
	if err := errors.Join(failed...); err != nil {
		// The records stay, so that the next attempt finds what this one did not end.
		return errors.Join(err, unreadable)
	}
	failed = []error{removeKubeletDir(), os.RemoveAll(layout.State), os.RemoveAll(layout.Run), removeTraces()}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "the cluster is down (%s)\n", progress.Seconds(time.Since(start)))
	return nil
}

// endShims ends the processes between the runtimes and their containers. They are the runtimes'
// children and have no record; their command line names the socket of the runtime they belong to.
func endShims() error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	var shims []process.Record
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil || !isShim(line) {
			continue
		}
		if r, err := process.Find(pid, "shim"); err == nil {
			shims = append(shims, r)
		}
	}
	return process.Kill(shims)
}

// isShim tells whether a command line, as /proc has it, is that of a shim of one of our runtimes.
func isShim(line []byte) bool {
	args := bytes.Split(line, []byte{0})
	if filepath.Base(string(args[0])) != "containerd-shim-runc-v2" {
		return false
	}
	i := slices.IndexFunc(args, func(a []byte) bool { return string(a) == "-address" })
	return i >= 0 && i+1 < len(args) && strings.HasPrefix(string(args[i+1]), layout.Run+"/")
}

// removeSockets removes the shims' sockets. They are not in the runtimes' folders but in one that every
// containerd of the machine uses, so each is looked up in the notes that the runtimes keep.
func removeSockets(run string) error {
	notes, err := filepath.Glob(run + "/*/io.containerd.runtime.v2.task/k8s.io/*/bootstrap.json")
	if err != nil {
		return err
	}
	var failed []error
	for _, file := range notes {
		var note struct{ Address string }
		text, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(text, &note) != nil {
			// Cut short by the end of its writer: then there is no shim yet.
			continue
		}
		socket, ok := strings.CutPrefix(note.Address, "unix://")
		if !ok {
			continue
		}
		if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = append(failed, fmt.Errorf("remove a shim's socket: %w", err))
		}
	}
	return errors.Join(failed...)
}

// unmount takes away every mount below the cluster's folders, the innermost first.
func unmount() error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var failed []error
	for _, point := range mountsBelow(string(text), layout.State, layout.Run) {
		err := syscall.Unmount(point, syscall.MNT_DETACH)
		// A mount may be gone with the one around it.
		if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			failed = append(failed, fmt.Errorf("unmount %s: %w", point, err))
		}
	}
	return errors.Join(failed...)
}

// mountsBelow reads the mount points below some folders from /proc/self/mountinfo, the last first.
func mountsBelow(mountinfo string, dirs ...string) []string {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var points []string
	for line := range strings.Lines(mountinfo) {
		f := strings.Fields(line)
		if len(f) < 5 {
			continue
		}
		point := unescape.Replace(f[4])
		if slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(point, d+"/") }) {
			points = append(points, point)
		}
	}
	slices.Reverse(points)
	return points
}

// kubeletDir is where every kubelet, whatever its folders, keeps the socket for device plugins.
const kubeletDir = "/var/lib/kubelet"

// claimKubeletDir writes down that the folder was not there before the cluster.
func claimKubeletDir() error {
	if _, err := os.Stat(kubeletDir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(layout.Path("made-kubelet-dir"), nil, 0o644)
}

func removeKubeletDir() error {
	if _, err := os.Stat(layout.Path("made-kubelet-dir")); err != nil {
		return nil
	}
	return os.RemoveAll(kubeletDir)
}

// removeTraces removes what the programs leave outside their folders: the runtime's notes about pods'
// networks, the kubelet's links to containers' logs, and folders if nobody else has anything in them.
func removeTraces() error {
	var failed []error
	for _, n := range layout.All() {
		notes, err := filepath.Glob("/var/lib/cni/results/" + n.CNI() + "-*")
		failed = append(failed, err)
		for _, f := range notes {
			failed = append(failed, os.Remove(f))
		}
	}
	links, err := filepath.Glob("/var/log/containers/*.log")
	failed = append(failed, err)
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.HasPrefix(to, layout.State+"/") {
			failed = append(failed, os.Remove(l))
		}
	}
	for _, dir := range []string{"/var/lib/cni/results", "/var/lib/cni", "/var/log/containers", "/run/containerd/s", "/run/containerd"} {
		_ = syscall.Rmdir(dir)
	}
	return errors.Join(failed...)
}
