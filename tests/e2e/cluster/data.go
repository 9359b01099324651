//go:build e2e || bench

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

const commandTimeout = 20 * time.Second

// Password is what the release's Secret holds; empty without authentication.
func (r *Release) Password() string {
	r.TB.Helper()
	if auth, ok := r.Values["auth"].(map[string]any); ok && auth["enabled"] == false {
		return ""
	}
	ctx, cancel := request()
	defer cancel()
	secret, err := Client(r.TB).CoreV1().Secrets(r.Namespace).Get(ctx, r.Fullname(), metav1.GetOptions{})
	require.NoError(r.TB, err)
	password := string(secret.Data["valkey-password"])
	require.NotEmpty(r.TB, password, "valkey-password in Secret %s", secret.Name)
	return password
}

// serverPort is the name of the port of a role's server, as the chart has it.
func serverPort(role string) string {
	if role == Sentinel {
		return "sentinel"
	}
	return "valkey"
}

// Endpoint is the address of a role's Service: the write endpoint is the
// master's, the read endpoint the replicas'.
func (r *Release) Endpoint(role string) string {
	r.TB.Helper()
	ctx, cancel := request()
	defer cancel()
	service, err := Client(r.TB).CoreV1().Services(r.Namespace).Get(ctx, r.Fullname()+"-"+role, metav1.GetOptions{})
	require.NoError(r.TB, err)
	for _, port := range service.Spec.Ports {
		if port.Name == serverPort(role) {
			return net.JoinHostPort(service.Spec.ClusterIP, strconv.Itoa(int(port.Port)))
		}
	}
	require.FailNow(r.TB, "no port named "+serverPort(role), "Service %s: %v", service.Name, service.Spec.Ports)
	return ""
}

// Address is a pod's port by the port's name.
func (r *Release) Address(podName, port string) (string, error) {
	pod, err := r.Pod(podName)
	if err != nil {
		return "", err
	}
	if pod.Status.PodIP == "" {
		return "", fmt.Errorf("%s has no address", podName)
	}
	for _, container := range pod.Spec.Containers {
		for _, p := range container.Ports {
			if p.Name == port {
				return net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(p.ContainerPort))), nil
			}
		}
	}
	return "", fmt.Errorf("%s has no port %s", podName, port)
}

// client is where commands of the tests come from: a node, so that they take the
// same way as a pod's.
const client = "node1"

// Try sends one command to an address from a node.
func (r *Release) Try(address string, args ...string) (value resp.Value, err error) {
	r.TB.Helper()
	return tryWith(client, address, r.Password(), args...)
}

func tryWith(node, address, password string, args ...string) (value resp.Value, err error) {
	err = onNode(node, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
		defer cancel()
		conn, err := resp.Dial(ctx, resp.Options{Addr: address, Password: password, Timeout: commandTimeout})
		if err != nil {
			return err
		}
		defer conn.Close()
		if value, err = conn.Do(ctx, args...); err != nil {
			return fmt.Errorf("%s at %s: %w", args[0], address, err)
		}
		return nil
	})
	return value, err
}

// TryWithPassword is Try from any node and with any password.
func (r *Release) TryWithPassword(node, address, password string, args ...string) (resp.Value, error) {
	return tryWith(node, address, password, args...)
}

// Do is Try at a role's endpoint for a command that has to succeed.
func (r *Release) Do(role string, args ...string) resp.Value {
	r.TB.Helper()
	value, err := r.Try(r.Endpoint(role), args...)
	require.NoError(r.TB, err)
	return value
}

// Info returns INFO of a pod's server.
func (r *Release) Info(podName string) (map[string]string, error) {
	r.TB.Helper()
	address, err := r.Address(podName, "valkey")
	if err != nil {
		return nil, err
	}
	value, err := r.Try(address, "INFO")
	if err != nil {
		return nil, err
	}
	info := map[string]string{}
	for line := range strings.Lines(value.Str) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info, nil
}

var browser = &http.Client{
	Transport: &http.Transport{DialContext: dialFrom(client), DisableKeepAlives: true},
	Timeout:   commandTimeout,
}

// Get asks a pod's HTTP port.
func (r *Release) Get(podName, path string) (code int, body []byte, err error) {
	address, err := r.Address(podName, "http")
	if err != nil {
		return 0, nil, err
	}
	return get(address, path)
}

func get(address, path string) (code int, body []byte, err error) {
	response, err := browser.Get("http://" + address + path)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// Status is what a pod says of itself.
func (r *Release) Status(podName string) (release.Status, error) {
	address, err := r.Address(podName, "http")
	if err != nil {
		return release.Status{}, err
	}
	return statusAt(address)
}

func statusAt(address string) (release.Status, error) {
	code, body, err := get(address, "/status")
	if err != nil {
		return release.Status{}, err
	}
	var status release.Status
	if err := json.Unmarshal(body, &status); err != nil {
		return status, fmt.Errorf("/status of %s, code %d: %w: %s", address, code, err, body)
	}
	return status, nil
}

// follows returns nil if a replica has all that its master had when it was asked:
// under load it may have more by now.
func (r *Release) follows(podName string, master map[string]string) error {
	r.TB.Helper()
	info, err := r.Info(podName)
	if err != nil {
		return err
	}
	for name, want := range map[string]string{
		"role":                    "slave",
		"master_link_status":      "up",
		"master_sync_in_progress": "0",
		"master_replid":           master["master_replid"],
	} {
		if info[name] != want {
			return fmt.Errorf("%s: %s is %q, not %q", podName, name, info[name], want)
		}
	}
	reached, err := strconv.ParseInt(info["slave_repl_offset"], 10, 64)
	if err != nil {
		return fmt.Errorf("%s: slave_repl_offset: %w", podName, err)
	}
	wanted, err := strconv.ParseInt(master["master_repl_offset"], 10, 64)
	if err != nil {
		return fmt.Errorf("master_repl_offset: %w", err)
	}
	if reached < wanted {
		return fmt.Errorf("%s: has %d of %d bytes", podName, reached, wanted)
	}
	return nil
}
