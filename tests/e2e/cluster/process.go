//go:build e2e || bench

package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

// KillServer kills the server's process in a pod, and nothing else. The nodes'
// containers are processes of this machine.
func (r *Release) KillServer(podName string) {
	r.TB.Helper()
	r.signal(r.ServerPID(podName), syscall.SIGKILL)
}

// Freeze stops the server's process in a pod: it keeps its connections, and answers
// nobody.
func (r *Release) Freeze(podName string) {
	r.TB.Helper()
	r.signal(r.ServerPID(podName), syscall.SIGSTOP)
}

// Kill kills a pod's process 1, and with it all others in its container.
func (r *Release) Kill(podName string) {
	r.TB.Helper()
	r.signal(r.EntrypointPID(podName), syscall.SIGKILL)
}

func (r *Release) signal(pid int, signal syscall.Signal) {
	r.TB.Helper()
	require.NoError(r.TB, syscall.Kill(pid, signal), "%s to process %d", signal, pid)
}

// ServerPID returns the process on this machine that is a pod's server.
func (r *Release) ServerPID(podName string) int {
	r.TB.Helper()
	pod, err := r.Pod(podName)
	require.NoError(r.TB, err)
	server, err := serverOf(pod.UID)
	require.NoError(r.TB, err, "find the server of %s", podName)
	return server
}

// EntrypointPID returns the process on this machine that is a pod's process 1.
func (r *Release) EntrypointPID(podName string) int {
	r.TB.Helper()
	parent, err := parentOf(r.ServerPID(podName))
	require.NoError(r.TB, err)
	return parent
}

// serverOf finds the server among a pod's processes: the child of the entrypoint,
// not the fork of the server that writes a snapshot.
func serverOf(uid types.UID) (int, error) {
	processes, err := processesOf(uid)
	if err != nil {
		return 0, err
	}
	for _, pid := range processes {
		if !isServer(pid) {
			continue
		}
		parent, err := parentOf(pid)
		if err == nil && !isServer(parent) {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("no server among the %d processes of pod %s", len(processes), uid)
}

// processesOf returns the processes in the pod's control groups.
func processesOf(uid types.UID) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return nil, err
	}
	cgroupfs := "pod" + string(uid)
	systemd := "pod" + strings.ReplaceAll(string(uid), "-", "_")
	var pids []int
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended since
		}
		if !strings.Contains(string(content), cgroupfs) && !strings.Contains(string(content), systemd) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

func isServer(pid int) bool {
	name, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	return err == nil && (strings.HasPrefix(string(name), "valkey-server") || strings.HasPrefix(string(name), "redis-server"))
}

func parentOf(pid int) (int, error) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, "PPid:"); ok {
			return strconv.Atoi(strings.TrimSpace(value))
		}
	}
	return 0, errors.New("no parent in /proc")
}
