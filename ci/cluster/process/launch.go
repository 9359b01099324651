package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

// logTail is how much of a failed process's log an error quotes.
const logTail = 20

// Spec is a process to start.
type Spec struct {
	// Name names its record and its log.
	Name string
	// Namespace is its network namespace.
	Namespace string
	// Args are the program and its arguments.
	Args []string
	// Env is its whole environment, besides PATH.
	Env []string
}

// Process is one that was started by this program.
type Process struct {
	spec  Spec
	ended chan struct{}
	err   error
}

// Start starts a process that outlives this program. It does so through `cluster launch`, which
// writes the record itself before it becomes the process: there is no moment in which a process runs
// that `down` would not find.
func Start(s Spec) (*Process, error) {
	log, err := os.OpenFile(layout.Log(s.Name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	defer log.Close()
	cmd := exec.Command(layout.Self(), append([]string{"launch", s.Name, s.Namespace, "--"}, s.Args...)...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, "/"
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, s.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	p := &Process{spec: s, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Launch records the running process under a name and turns it into a program in a network namespace.
// It returns only if it cannot.
func Launch(name, namespace string, args []string) error {
	r, err := current(name)
	if err != nil {
		return fmt.Errorf("launch %s: %w", name, err)
	}
	if err := r.write(); err != nil {
		return err
	}
	return Exec(namespace, args)
}

// Exec turns the running process into a program in a network namespace. It returns only if it cannot.
func Exec(namespace string, args []string) error {
	program, err := exec.LookPath(args[0])
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	// Namespaces belong to threads; the thread that execs becomes the process.
	runtime.LockOSThread()
	if err := Enter(namespace); err != nil {
		return err
	}
	return fmt.Errorf("start %s: %w", program, syscall.Exec(program, args, os.Environ()))
}

// Enter moves the calling thread, which must be locked, into a network namespace.
func Enter(namespace string) error {
	f, err := os.Open("/run/netns/" + namespace)
	if err != nil {
		return fmt.Errorf("enter network namespace %s (is the cluster up?): %w", namespace, err)
	}
	defer f.Close()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace %s: %w", namespace, err)
	}
	return nil
}

// Until asks ready again and again until it says yes, the process ends, or the time is over. The
// error quotes the process's log.
func (p *Process) Until(ctx context.Context, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended (%v)\n%s", p.spec.Name, p.err, Tail(p.spec.Name))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %s: %w\n%s", p.spec.Name, limit, err, Tail(p.spec.Name))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Ended tells whether the process is gone, and why.
func (p *Process) Ended() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended (%v)\n%s", p.spec.Name, p.err, Tail(p.spec.Name))
	default:
		return nil
	}
}

// Tail quotes the end of a process's log.
func Tail(name string) string {
	text, err := os.ReadFile(layout.Log(name))
	if errors.Is(err, os.ErrNotExist) {
		return "    (no log)"
	}
	if err != nil {
		return "    " + err.Error()
	}
	return "  the end of " + layout.Log(name) + ":\n" + command.Tail(strings.ToValidUTF8(string(text), "?"), logTail)
}
