//go:build linux

package release

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// WaitInSync waits until the release is as it should be: the master's pod is
// master and ready, every replica that runs follows it by its address, is ready,
// and has the same history up to the same offset, and as many keys.
func (r *Release) WaitInSync() {
	r.TB.Helper()
	Eventually(r.TB, Patience, "a release in sync", func() error { return r.inSync(r.Master) })
}

// WaitSettled is WaitInSync where any pod may be master. It returns that one.
func (r *Release) WaitSettled() *Pod {
	r.TB.Helper()
	var master *Pod
	Eventually(r.TB, Patience, "a release in sync with one master", func() (err error) {
		if master, err = r.master(); err != nil {
			return err
		}
		return r.inSync(master)
	})
	return master
}

// master finds the pod whose server is master, and that takes itself for the leader.
func (r *Release) master() (*Pod, error) {
	var master *Pod
	for _, p := range r.Pods() {
		if !p.Running() {
			continue
		}
		status, err := p.Status()
		if err != nil {
			return nil, err
		}
		if status.Role != "master" {
			continue
		}
		if master != nil {
			return nil, fmt.Errorf("both %s and %s are master", master.Name, p.Name)
		}
		if status.Leader != p.Name {
			return nil, fmt.Errorf("%s is master and takes %s for the leader", p.Name, status.Leader)
		}
		master = p
	}
	if master == nil {
		return nil, errors.New("no pod is master")
	}
	return master, nil
}

func (r *Release) inSync(leader *Pod) error {
	master, err := leader.Info()
	if err != nil {
		return err
	}
	if master["role"] != "master" {
		return fmt.Errorf("%s is %s of %s", leader.Name, master["role"], master["master_host"])
	}
	if err := leader.Ready(); err != nil {
		return err
	}
	running := 0
	for _, p := range r.Others(leader) {
		if !p.Running() {
			continue
		}
		running++
		if err := p.follows(leader, master); err != nil {
			return err
		}
	}
	if connected := master["connected_slaves"]; connected != strconv.Itoa(running) {
		return fmt.Errorf("%s has %s replicas connected, %d run", leader.Name, connected, running)
	}
	return nil
}

// keys is how many keys a server says it has: newer servers say more of them.
func keys(info map[string]string) string {
	number, _, _ := strings.Cut(info["db0"], ",")
	return number
}

// number is -1 for what is none.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (p *Pod) follows(master *Pod, masterInfo map[string]string) error {
	info, err := p.Info()
	if err != nil {
		return err
	}
	want := map[string]string{
		"role":                    "slave",
		"master_host":             master.IP,
		"master_link_status":      "up",
		"master_sync_in_progress": "0",
		"master_replid":           masterInfo["master_replid"],
	}
	for name, value := range want {
		if info[name] != value {
			return fmt.Errorf("%s: %s is %q, not %q", p.Name, name, info[name], value)
		}
	}
	// The master was asked first. Under load it has gone on since, and its replica with it.
	offset, least := number(info["slave_repl_offset"]), number(masterInfo["master_repl_offset"])
	if offset < least {
		return fmt.Errorf("%s: slave_repl_offset is %d, and was %d on the master before", p.Name, offset, least)
	}
	if got, want := keys(info), keys(masterInfo); offset == least && got != want {
		return fmt.Errorf("%s: %q are in its database, not %q", p.Name, got, want)
	}
	return p.Ready()
}

// WaitReplicated waits until the load has n more writes acknowledged by a
// replica than it has now.
func (r *Release) WaitReplicated(load *writer.Load, n int) {
	r.TB.Helper()
	want := load.Replicated() + n
	Eventually(r.TB, Patience, "writes that a replica has acknowledged", func() error {
		if got := load.Replicated(); got < want {
			return fmt.Errorf("%d of %d", got, want)
		}
		return nil
	})
}

// WaitAcknowledged is WaitReplicated for writes that the master alone has
// acknowledged.
func (r *Release) WaitAcknowledged(load *writer.Load, n int) {
	r.TB.Helper()
	want := load.Acknowledged() + n
	Eventually(r.TB, Patience, "acknowledged writes", func() error {
		if got := load.Acknowledged(); got < want {
			return fmt.Errorf("%d of %d", got, want)
		}
		return nil
	})
}

// RequireKept reads a ledger back from the master and from every replica that
// runs, and fails if a write is gone that a replica had acknowledged. It returns
// what the master holds.
func (r *Release) RequireKept(ledger *writer.Ledger) *writer.Finding {
	r.TB.Helper()
	summary := ledger.Summary()
	r.TB.Logf("%d writes acknowledged, %d by a replica too, longest gap %s, errors %v %v",
		summary.Acknowledged, summary.Replicated, summary.LongestGap, summary.Errors, ledger.Said)
	var master *writer.Finding
	for _, p := range r.Pods() {
		if !p.Running() {
			continue
		}
		finding, err := writer.VerifyFrom(context.Background(), r.Dial, p.Address(), r.Options.Password, ledger)
		require.NoError(r.TB, err)
		require.Zero(r.TB, finding.LostReplicated, "writes lost on %s that a replica had acknowledged: %v", p.Name, finding.Examples)
		require.Zero(r.TB, finding.Wrong, "keys with a wrong value on %s: %v", p.Name, finding.Examples)
		if master == nil {
			master = finding
		}
		require.Equal(r.TB, master.Found, finding.Found, "writes found on %s", p.Name)
	}
	r.TB.Logf("%d of them lost, none that a replica had acknowledged", master.Lost)
	return master
}
