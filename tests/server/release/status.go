package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"
)

// Status is what a pod says of itself at /status.
type Status struct {
	Pod          string `json:"pod"`
	Role         string `json:"role"`
	State        string `json:"state"`
	Reason       string `json:"reason"`
	Term         uint64 `json:"term"`
	Leader       string `json:"leader"`
	Engine       string `json:"engine"`
	Release      string `json:"release"`
	Replid       string `json:"replid"`
	Replid2      string `json:"replid2"`
	SecondOffset int64  `json:"secondOffset"`
	Offset       int64  `json:"offset"`
	LinkUp       bool   `json:"linkUp"`
	Syncing      bool   `json:"syncing"`
	Loading      bool   `json:"loading"`
	Keys         int64  `json:"keys"`
	HasData      bool   `json:"hasData"`
	Ready        bool   `json:"ready"`
	Persistence  string `json:"persistence"`
	Peers        []Peer `json:"peers"`
}

// Peer is what a pod knows of another.
type Peer struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Answer  string `json:"answer"`
	Role    string `json:"role"`
	Term    uint64 `json:"term"`
	Replid  string `json:"replid"`
	Offset  int64  `json:"offset"`
	HasData bool   `json:"hasData"`
}

// States of a pod that tests wait for.
const (
	Guarding    = "guarding"
	Holding     = "holding"
	Joining     = "joining"
	HandingOver = "handing-over"
	BackingOff  = "backing-off"
	Leaving     = "leaving"
	Electing    = "electing"
	Fenced      = "fenced"
	Following   = "following"
)

const requestTimeout = 6 * time.Second

// Get asks the pod's HTTP port.
func (p *Pod) Get(path string) (code int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	url := "http://" + net.JoinHostPort(p.IP, HTTPPort) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := p.release.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// Status asks the pod what it does.
func (p *Pod) Status() (Status, error) {
	code, body, err := p.Get("/status")
	if err != nil {
		return Status{}, err
	}
	if code != http.StatusOK {
		return Status{}, fmt.Errorf("/status of %s answers %d: %s", p.Name, code, body)
	}
	var status Status
	if err := json.Unmarshal(body, &status); err != nil {
		return Status{}, fmt.Errorf("/status of %s: %w: %s", p.Name, err, body)
	}
	return status, nil
}

// Check is the answer of a probe.
type Check struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason"`
}

// Probe asks one of /startup, /live and /ready.
func (p *Pod) Probe(path string) (Check, error) {
	code, body, err := p.Get(path)
	if err != nil {
		return Check{}, err
	}
	var check Check
	if err := json.Unmarshal(body, &check); err != nil {
		return Check{}, fmt.Errorf("%s of %s: %w: %s", path, p.Name, err, body)
	}
	want := map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[check.OK]
	if code != want {
		return Check{}, fmt.Errorf("%s of %s answers %d with body %s", path, p.Name, code, body)
	}
	return check, nil
}

// Ready returns nil when the pod is ready, else why not.
func (p *Pod) Ready() error { return p.passes("/ready") }

// Live returns nil when the pod is live, else why not.
func (p *Pod) Live() error { return p.passes("/live") }

// Unready returns nil when the pod answers that it is not ready.
func (p *Pod) Unready() error {
	check, err := p.Probe("/ready")
	if err == nil && check.OK {
		return errors.New(p.Name + " is ready")
	}
	return err
}

func (p *Pod) passes(path string) error {
	check, err := p.Probe(path)
	if err == nil && !check.OK {
		return fmt.Errorf("%s of %s: %s", path, p.Name, check.Reason)
	}
	return err
}

// WaitReady waits until the pod is ready.
func (p *Pod) WaitReady() {
	p.release.TB.Helper()
	Eventually(p.release.TB, Patience, p.Name+" to be ready", p.Ready)
}

// WaitUnready waits until the pod says that it is not ready.
func (p *Pod) WaitUnready() {
	p.release.TB.Helper()
	Eventually(p.release.TB, Patience, p.Name+" not to be ready", p.Unready)
}

// WaitState waits until the pod is in one of these states, and returns its
// status then.
func (p *Pod) WaitState(states ...string) Status {
	p.release.TB.Helper()
	var status Status
	Eventually(p.release.TB, Patience, fmt.Sprintf("%s in state %v", p.Name, states), func() (err error) {
		if status, err = p.Status(); err != nil {
			return err
		}
		return status.in(states)
	})
	return status
}

func (s Status) in(states []string) error {
	for _, state := range states {
		if s.State == state {
			return nil
		}
	}
	return fmt.Errorf("state is %q: %s", s.State, s.Reason)
}

// Metric returns a metric's only sample, read line by line.
func (p *Pod) Metric(name string) string {
	tb := p.release.TB
	tb.Helper()
	var value string
	Eventually(tb, Patience, "metric "+name+" of "+p.Name, func() (err error) {
		value, err = p.metric(name)
		return err
	})
	require.NotEmpty(tb, value)
	return value
}
