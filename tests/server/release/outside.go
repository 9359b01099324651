//go:build linux

package release

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// Outside is a server that belongs to no release: what people had before.
type Outside struct {
	Engine   Engine
	Password string

	tb      testing.TB
	ip      string
	dir     string
	config  string
	command *exec.Cmd
}

// RunOutside starts a server outside, with its data on disk, and more lines of configuration.
// It ends with the test.
func RunOutside(tb testing.TB, engine Engine, password, configuration string) *Outside {
	tb.Helper()
	dir, err := os.MkdirTemp("", "hv-outside-")
	require.NoError(tb, err)
	o := &Outside{Engine: engine, Password: password, tb: tb, ip: freeAddress(tb), dir: dir, config: configuration}
	tb.Cleanup(func() {
		o.Kill()
		if tb.Failed() {
			log, err := os.ReadFile(filepath.Join(dir, "log"))
			tb.Logf("the server outside at %s (%v): its log:\n%s", o.Address(), err, log)
		}
		os.RemoveAll(dir)
	})
	o.Start()
	return o
}

// Address is "host:port".
func (o *Outside) Address() string { return net.JoinHostPort(o.ip, Port) }

// Start starts the server, at the same address, with what it had written.
func (o *Outside) Start() {
	o.tb.Helper()
	config := fmt.Sprintf("bind %s\nport %s\nprotected-mode no\ndir %s\nappendonly yes\nappendfsync always\nsave \"\"\nrepl-diskless-sync-delay 0\n", o.ip, Port, o.dir)
	if o.Password != "" {
		config += fmt.Sprintf("requirepass %q\n", o.Password)
	}
	path := filepath.Join(o.dir, "server.conf")
	require.NoError(o.tb, os.WriteFile(path, []byte(config+o.config+"\n"), 0o600))
	log, err := os.OpenFile(filepath.Join(o.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(o.tb, err)
	defer log.Close()
	o.command = exec.Command(o.Engine.Server(), path)
	o.command.Stdout, o.command.Stderr = log, log
	o.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	require.NoError(o.tb, o.command.Start())
	Eventually(o.tb, Patience, "the server outside", func() error {
		_, err := o.Try("PING")
		return err
	})
}

// Kill ends the server at once, if it runs.
func (o *Outside) Kill() {
	if o.command == nil {
		return
	}
	_ = o.command.Process.Kill()
	// How it ended is known.
	_ = o.command.Wait()
	o.command = nil
}

// Freeze stops the server: it keeps its connections, and nothing answers.
func (o *Outside) Freeze() {
	o.tb.Helper()
	require.NoError(o.tb, o.command.Process.Signal(syscall.SIGSTOP))
}

// Thaw ends Freeze.
func (o *Outside) Thaw() {
	o.tb.Helper()
	require.NoError(o.tb, o.command.Process.Signal(syscall.SIGCONT))
}

// Forget removes what the server has on disk, as a volume that is lost does.
func (o *Outside) Forget() {
	o.tb.Helper()
	emptyDir(o.tb, o.dir)
}

// Try sends one command, on a connection of its own.
func (o *Outside) Try(args ...string) (resp.Value, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	conn, err := resp.Dial(ctx, resp.Options{Addr: o.Address(), Password: o.Password, Timeout: commandTimeout})
	if err != nil {
		return resp.Value{}, err
	}
	defer conn.Close()
	return conn.Do(ctx, args...)
}

// Do is Try for a command that has to succeed.
func (o *Outside) Do(args ...string) resp.Value {
	o.tb.Helper()
	value, err := o.Try(args...)
	require.NoError(o.tb, err, "the server outside: %v", args)
	return value
}

// Follow has the master's pod be told of the server outside, from its next start on.
func (r *Release) Follow(o *Outside) {
	r.TB.Helper()
	r.Master.Env["EXTERNAL_MASTER"] = o.Address()
	delete(r.Master.Env, "EXTERNAL_PASSWORD_FILE")
	if o.Password != "" {
		r.write("external-password", o.Password+"\n")
		r.Master.Env["EXTERNAL_PASSWORD_FILE"] = filepath.Join(r.dir, "external-password")
	}
}

// Promote runs the entrypoint's command in the pod, as kubectl exec does, and returns what
// it printed.
func (p *Pod) Promote(args ...string) (string, error) {
	p.release.TB.Helper()
	command := exec.Command(Entrypoint(p.release.TB), append([]string{"promote"}, args...)...)
	command.Env = p.environ()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return stdout.String(), errors.New(stderr.String())
	}
	return stdout.String(), nil
}

// WaitFollowing waits until the master's pod has all keys of the server outside, and all
// others have the same from it.
func (r *Release) WaitFollowing(o *Outside) {
	r.TB.Helper()
	Eventually(r.TB, Patience, "a release in sync with the server outside", func() error { return r.following(o) })
}

func (r *Release) following(o *Outside) error {
	want := map[*Pod]string{r.Master: o.Address()}
	for _, p := range r.Replicas {
		want[p] = r.Master.Address()
	}
	value, err := o.Try("DBSIZE")
	if err != nil {
		return err
	}
	for p, source := range want {
		info, err := p.Info()
		if err != nil {
			return err
		}
		if got := net.JoinHostPort(info["master_host"], info["master_port"]); info["role"] != "slave" || got != source || info["master_link_status"] != "up" {
			return fmt.Errorf("%s is %s of %s, link %s, not of %s", p.Name, info["role"], got, info["master_link_status"], source)
		}
		if err := p.Ready(); err != nil {
			return err
		}
		if size, err := p.Try("DBSIZE"); err != nil || size.Int != value.Int {
			return fmt.Errorf("%s has %d keys of %d: %w", p.Name, size.Int, value.Int, err)
		}
	}
	return nil
}
