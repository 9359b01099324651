//go:build linux

package release

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace without a name: it ends with the processes in it
// and with this one, and leaves nothing behind.
type namespace struct{ file *os.File }

const ownNamespace = "/proc/thread-self/ns/net"

func newNamespace() (*namespace, error) {
	ns := &namespace{}
	err := elsewhere(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		ns.file, err = os.Open(ownNamespace)
		return err
	})
	return ns, err
}

// do runs work in the namespace. Sockets and processes that work opens and starts
// stay in it; goroutines started by work do not get there.
func (ns *namespace) do(work func() error) error {
	return elsewhere(func() error {
		if err := unix.Setns(int(ns.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter a network namespace: %w", err)
		}
		return work()
	})
}

// elsewhere runs work, which may change the network namespace of its thread, and
// changes back.
func elsewhere(work func() error) error {
	runtime.LockOSThread()
	home, err := os.Open(ownNamespace)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	err = work()
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		// The thread stays locked, and ends with its goroutine: nothing else may
		// ever run in the namespace.
		return errors.Join(err, fmt.Errorf("leave a network namespace: %w", back))
	}
	runtime.UnlockOSThread()
	return err
}

// path names the namespace to other programs, as long as this process lives.
func (ns *namespace) path() string {
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), ns.file.Fd())
}

// run gives a program in the namespace its input.
func (ns *namespace) run(input, name string, args ...string) error {
	return ns.do(func() error {
		command := exec.Command(name, args...)
		command.Stdin = strings.NewReader(input)
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s%s", command, err, input, output)
		}
		return nil
	})
}

func (ns *namespace) close() { ns.file.Close() }
