//go:build linux

// Package server starts the server, watches it, and talks to it through its local
// socket.
package server

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Process is a running server.
type Process struct {
	Pid  int
	done chan struct{}
	code int
}

// Start runs the server with arguments, a configuration file among them. The server dies with this
// process, and is alone in a process group, so that what it forked can be ended
// with it.
func Start(path string, stdout, stderr io.Writer, args ...string) (*Process, error) {
	command := exec.Command(path, args...)
	command.Stdout, command.Stderr = stdout, stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &Process{done: make(chan struct{})}
	started := make(chan error)
	go p.run(command, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	return p, nil
}

// run keeps its thread for as long as the server lives: the kernel sends the
// death signal when the thread that forked ends, not when the process does.
func (p *Process) run(command *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := command.Start()
	if err == nil {
		p.Pid = command.Process.Pid
	}
	started <- err
	if err != nil {
		return
	}
	// Its error only repeats the state that is read below.
	_ = command.Wait()
	p.code = exitCode(command.ProcessState)
	// A child in the middle of a snapshot would else rename it over the file that
	// the next server writes. No such group any more is as good.
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	close(p.done)
}

func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// Done is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Code is the exit code, or 128 and the signal that ended it. It is known once
// Done is closed.
func (p *Process) Code() int { return p.code }

// Signal sends the server a signal. A server that has ended takes none, which is
// no error.
func (p *Process) Signal(signal syscall.Signal) {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(p.Pid, signal)
	}
}
