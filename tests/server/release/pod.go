//go:build linux

package release

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// Ports are the same in every pod; each pod has an address of its own.
const (
	Port      = "6379"
	ProxyPort = "6380"
	// SentinelPort is that of the Sentinels.
	SentinelPort = "26379"
	HTTPPort     = "9121"
	ControlPort  = "9122"
)

// Pod is a pod of the release: a name that stays, an address and a container
// that come and go, and a data directory that outlives them if it is a volume.
type Pod struct {
	release *Release

	Name   string
	Host   string // name in the DNS
	Role   string
	Volume bool
	IP     string
	Env    map[string]string // over the release's, without the prefix ENTRYPOINT_

	dir     string
	hidden  map[string]bool // names that this pod's DNS does not know
	command *exec.Cmd
	exited  chan struct{}
	exit    int
	starts  int
}

// Data is the pod's data directory.
func (p *Pod) Data() string { return filepath.Join(p.dir, "data") }

func (p *Pod) run() string { return filepath.Join(p.dir, "run") }
func (p *Pod) log() string { return filepath.Join(p.dir, "log") }

// Address is the server's.
func (p *Pod) Address() string { return net.JoinHostPort(p.IP, Port) }

// Create gives the pod an address, publishes it and starts the container, as
// the StatefulSet's controller does for a missing pod.
func (p *Pod) Create() {
	p.release.TB.Helper()
	p.IP = p.newAddress()
	p.release.Publish(p, p.IP)
	p.Start()
}

func (p *Pod) newAddress() string {
	r := p.release
	r.TB.Helper()
	if r.network == nil {
		return freeAddress(r.TB)
	}
	address, err := r.network.move(p.Name)
	require.NoError(r.TB, err)
	return address
}

// Start starts the container at the pod's address, as the kubelet does.
func (p *Pod) Start() {
	tb := p.release.TB
	tb.Helper()
	require.False(tb, p.Running(), "%s runs already", p.Name)
	p.starts++
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(tb, err)
	defer log.Close()
	fmt.Fprintf(log, "--- start %d of %s at %s\n", p.starts, p.Name, p.IP)
	command := exec.Command(Entrypoint(tb), p.subcommand())
	if p.release.Options.PIDNamespace {
		// The shell becomes the entrypoint once there is a /proc of the namespace.
		command = exec.Command("/bin/sh", "-c", `mount --make-rprivate / && mount -t proc proc /proc && exec "$0" run`, Entrypoint(tb))
	}
	command.Env = p.environ()
	command.Dir = p.dir
	command.Stdout, command.Stderr = log, log
	// Whatever becomes of the test, the pod must not outlive it.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if p.release.Options.PIDNamespace {
		command.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
	}
	if p.release.endpoints != nil {
		p.release.endpoints.came(p.Name)
	}
	require.NoError(tb, p.inside(command.Start), "start the entrypoint of %s", p.Name)
	exited := make(chan struct{})
	p.command, p.exited = command, exited
	go func() {
		err := command.Wait()
		p.exit = exitCode(err)
		close(exited)
	}()
}

func (p *Pod) subcommand() string {
	if p.Role == "sentinel" {
		return "sentinel"
	}
	return "run"
}

// exitCode is what a shell, and the kubelet, make of the end of a process.
func exitCode(err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}

func (p *Pod) environ() []string {
	r := p.release
	env := map[string]string{
		"POD_NAME":        p.Name,
		"POD_IP":          p.IP,
		"CLUSTER_ID":      namespaceName + "/" + fullname,
		"ROLE":            p.Role,
		"HOSTS_FILE":      filepath.Join(p.dir, "hosts"),
		"SERVER":          r.Options.Engine.Server(),
		"DATA_DIR":        p.Data(),
		"DATA_VOLUME":     strconv.FormatBool(p.Volume),
		"REPLICA_VOLUMES": strconv.FormatBool(p.release.Options.ReplicaVolumes),
		"RUN_DIR":         p.run(),
		"BIND":            p.IP,
		"HTTP_ADDRESS":    net.JoinHostPort(p.IP, HTTPPort),
		"CONTROL_ADDRESS": net.JoinHostPort(p.IP, ControlPort),
		"CONFIG_FILES":    filepath.Join(r.dir, "valkey.conf"),
		"PERSISTENCE":     r.Options.Persistence,
		"BOOTSTRAP_WAIT":  r.Options.BootstrapWait.String(),
		"GRACE_PERIOD":    "30s",
		"LOG_LEVEL":       "debug",
	}
	if !r.Options.Standalone {
		env["MASTER"] = r.Master.Host
		env["PEERS_FILE"] = filepath.Join(r.dir, "peers")
		env["PEER_SERVICES"] = strings.Join([]string{
			fullname + "-master-headless." + namespaceName + domain,
			fullname + "-replica-headless." + namespaceName + domain,
		}, ",")
	}
	if len(r.Sentinels) > 0 {
		env["SENTINELS_FILE"] = filepath.Join(r.dir, "sentinels")
	}
	if r.Options.Password != "" {
		env["PASSWORD_FILE"] = filepath.Join(r.dir, "password")
	}
	for _, more := range []map[string]string{p.moving(), r.Options.Env, p.Env} {
		for name, value := range more {
			env[name] = value
		}
	}
	environ := []string{"PATH=/usr/bin:/bin"}
	for name, value := range env {
		environ = append(environ, "ENTRYPOINT_"+name+"="+value)
	}
	return environ
}

// moving is what a pod is told where mastership moves.
func (p *Pod) moving() map[string]string {
	if !p.release.Options.Moves {
		return nil
	}
	env := map[string]string{
		"PROXY_ADDRESS": p.Endpoint(),
		"FAILBACK":      "never",
		"UPDATE_WAIT":   "3s",
		"REVISION":      "one",
	}
	if p.release.Options.Hive != "" {
		env["HIVE_POLICY"] = p.release.Options.Hive
		env["MIN_REPLICAS_TO_WRITE"] = "1"
		env["MIN_REPLICAS_MAX_LAG"] = "2s"
		env["READY_SERVICES"] = readyService
	}
	return env
}

// Endpoint is the pod's write endpoint.
func (p *Pod) Endpoint() string { return net.JoinHostPort(p.IP, ProxyPort) }

// Running tells whether the container runs.
func (p *Pod) Running() bool {
	if p.command == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// WaitExit waits for the container's end and returns its exit code.
func (p *Pod) WaitExit() int {
	p.release.TB.Helper()
	select {
	case <-p.exited:
		return p.exit
	case <-time.After(Patience):
		require.FailNow(p.release.TB, "container does not end", "%s runs after %s", p.Name, Patience)
		return 0
	}
}

// Terminate ends the container as the kubelet does, and returns its exit code.
func (p *Pod) Terminate() int {
	p.release.TB.Helper()
	p.BeginTerminate()
	return p.WaitExit()
}

// BeginTerminate orders the container to end, as the kubelet does, and the Services
// to list the pod no more.
func (p *Pod) BeginTerminate() {
	p.release.TB.Helper()
	require.NoError(p.release.TB, p.command.Process.Signal(syscall.SIGTERM))
	if p.release.endpoints != nil {
		p.release.endpoints.left(p.Name)
	}
}

// Kill ends the whole container at once, as the kernel's OOM killer or a lost
// node does. The pod and its directories stay.
func (p *Pod) Kill() {
	p.release.TB.Helper()
	require.True(p.release.TB, p.Running(), "%s does not run", p.Name)
	server, _ := p.server()
	p.KillIfRunning()
	if server != 0 {
		Eventually(p.release.TB, Patience, "end of the server of "+p.Name, func() error {
			if alive(server) {
				return fmt.Errorf("process %d is still there", server)
			}
			return nil
		})
	}
}

// KillIfRunning is Kill for schedules that do not care.
func (p *Pod) KillIfRunning() {
	if !p.Running() {
		return
	}
	server, _ := p.server()
	// The entrypoint first, or it would see its server die and act on it.
	_ = p.command.Process.Kill()
	if server != 0 {
		_ = syscall.Kill(server, syscall.SIGKILL)
	}
	<-p.exited
}

// Delete terminates the pod and removes it: its name, its address, and whatever
// is not on a volume.
func (p *Pod) Delete() int {
	p.release.TB.Helper()
	code := p.Terminate()
	p.Remove()
	return code
}

// ForceDelete is Delete without any chance to stop.
func (p *Pod) ForceDelete() {
	p.release.TB.Helper()
	p.Kill()
	p.Remove()
}

// Remove removes a pod whose container has ended.
func (p *Pod) Remove() {
	p.release.TB.Helper()
	p.release.Publish(p)
	emptyDir(p.release.TB, p.run())
	if !p.Volume {
		emptyDir(p.release.TB, p.Data())
	}
}

// Hide makes this pod's own DNS answer NXDOMAIN for the names of other pods, or
// of itself, while everybody else still resolves them.
func (p *Pod) Hide(pods ...*Pod) {
	p.release.TB.Helper()
	p.release.mu.Lock()
	defer p.release.mu.Unlock()
	clear(p.hidden)
	for _, other := range pods {
		p.hidden[other.Host] = true
	}
	require.NoError(p.release.TB, p.writeHosts())
}

// writeHosts is called with the release's mu held, or before anybody else knows the
// pod.
func (p *Pod) writeHosts() error {
	return replaceFile(filepath.Join(p.dir, "hosts"), p.release.hosts(p.hidden))
}
