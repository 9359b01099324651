//go:build linux

package release

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"
)

// ServerPID returns the process id of the pod's server, once it has one.
func (p *Pod) ServerPID() int {
	p.release.TB.Helper()
	var pid int
	Eventually(p.release.TB, Patience, "server process of "+p.Name, func() (err error) {
		pid, err = p.server()
		return err
	})
	return pid
}

// EntrypointPID returns the process id of the pod's entrypoint.
func (p *Pod) EntrypointPID() int { return p.command.Process.Pid }

// KillServer kills the server's process alone and returns its id.
func (p *Pod) KillServer() int {
	p.release.TB.Helper()
	pid := p.ServerPID()
	require.NoError(p.release.TB, syscall.Kill(pid, syscall.SIGKILL), "kill the server of %s", p.Name)
	return pid
}

// KillServerIfRunning is KillServer for schedules that do not care.
func (p *Pod) KillServerIfRunning() {
	if pid, err := p.server(); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// Freeze stops the whole pod without a word: it keeps its address, connections
// to it open, and nothing answers.
func (p *Pod) Freeze() {
	p.release.TB.Helper()
	server := p.ServerPID()
	p.signal(p.EntrypointPID(), syscall.SIGSTOP)
	p.signal(server, syscall.SIGSTOP)
}

// Thaw ends Freeze.
func (p *Pod) Thaw() {
	p.release.TB.Helper()
	server, err := p.server()
	require.NoError(p.release.TB, err)
	p.signal(server, syscall.SIGCONT)
	p.signal(p.EntrypointPID(), syscall.SIGCONT)
}

// ThawEntrypoint ends Freeze for the entrypoint alone, and ThawServer for the server.
func (p *Pod) ThawEntrypoint() {
	p.release.TB.Helper()
	p.signal(p.EntrypointPID(), syscall.SIGCONT)
}

// FreezeServer stops the server alone.
func (p *Pod) FreezeServer() {
	p.release.TB.Helper()
	p.signal(p.ServerPID(), syscall.SIGSTOP)
}

// ThawServer ends FreezeServer.
func (p *Pod) ThawServer() {
	p.release.TB.Helper()
	p.signal(p.ServerPID(), syscall.SIGCONT)
}

// ThawServerIfStopped is ThawServer for a server that may have been replaced.
func (p *Pod) ThawServerIfStopped() {
	if pid, err := p.server(); err == nil {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
}

func (p *Pod) signal(pid int, signal syscall.Signal) {
	p.release.TB.Helper()
	require.NoError(p.release.TB, syscall.Kill(pid, signal), "%s to process %d of %s", signal, pid, p.Name)
}

// server finds the entrypoint's child that serves. The server asked for its
// version is a child too, for a moment.
func (p *Pod) server() (int, error) {
	if !p.Running() {
		return 0, fmt.Errorf("%s does not run", p.Name)
	}
	children, err := Children(p.EntrypointPID())
	if err != nil {
		return 0, err
	}
	for _, child := range children {
		command, err := os.ReadFile(procfs(child.PID, "cmdline"))
		if err != nil || child.State == "Z" || child.State == "X" {
			continue
		}
		if len(command) > 0 && !strings.Contains(string(command), "--version") {
			return child.PID, nil
		}
	}
	return 0, fmt.Errorf("no server among the %d children of process %d", len(children), p.EntrypointPID())
}

// Process is one line of the process table.
type Process struct {
	PID   int
	State string // as in proc(5): R, S, D, T, Z…
}

// Children returns the child processes of a process.
func Children(parent int) ([]Process, error) {
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var children []Process
	for _, entry := range entries {
		content, err := os.ReadFile(entry)
		if err != nil {
			continue // it has ended since
		}
		// The second field is the name in parentheses, and may hold anything.
		text := string(content)
		end := strings.LastIndexByte(text, ')')
		fields := strings.Fields(text[end+1:])
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(entry)))
		if err != nil {
			return nil, err
		}
		children = append(children, Process{PID: pid, State: fields[0]})
	}
	return children, nil
}

// alive tells whether a process exists and is no zombie.
func alive(pid int) bool {
	content, err := os.ReadFile(procfs(pid, "stat"))
	if err != nil {
		return false
	}
	text := string(content)
	return !strings.HasPrefix(strings.TrimSpace(text[strings.LastIndexByte(text, ')')+1:]), "Z")
}

func procfs(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// KillEntrypoint kills the entrypoint alone, and waits until its server is gone
// too, as it has to be without anybody's doing.
func (p *Pod) KillEntrypoint() {
	tb := p.release.TB
	tb.Helper()
	server := p.ServerPID()
	p.signal(p.EntrypointPID(), syscall.SIGKILL)
	<-p.exited
	Eventually(tb, Patience, "end of the server of "+p.Name, func() error {
		if alive(server) {
			return fmt.Errorf("process %d is still there", server)
		}
		return nil
	})
}
