package release

import (
	"context"
	"fmt"
	"strconv"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// WaitInSync waits until the release is as it should be: the master's pod is
// master and ready, every replica that runs follows it by its address, is ready,
// and has the same history up to the same offset, and as many keys.
func (r *Release) WaitInSync() {
	r.TB.Helper()
	Eventually(r.TB, Patience, "a release in sync", r.inSync)
}

func (r *Release) inSync() error {
	master, err := r.Master.Info()
	if err != nil {
		return err
	}
	if master["role"] != "master" {
		return fmt.Errorf("%s is %s of %s", r.Master.Name, master["role"], master["master_host"])
	}
	if err := r.Master.Ready(); err != nil {
		return err
	}
	running := 0
	for _, p := range r.Replicas {
		if !p.Running() {
			continue
		}
		running++
		if err := p.follows(r.Master, master); err != nil {
			return err
		}
	}
	if connected := master["connected_slaves"]; connected != strconv.Itoa(running) {
		return fmt.Errorf("%s has %s replicas connected, %d run", r.Master.Name, connected, running)
	}
	return nil
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
		"slave_repl_offset":       masterInfo["master_repl_offset"],
		"db0":                     masterInfo["db0"],
	}
	for name, value := range want {
		if info[name] != value {
			return fmt.Errorf("%s: %s is %q, not %q", p.Name, name, info[name], value)
		}
	}
	return p.Ready()
}

// Load starts the usual writers on the master's address. The test has to Stop
// them.
func (r *Release) Load() *writer.Load {
	r.TB.Helper()
	options := writer.Defaults(r.Master.Address())
	options.Password = r.Options.Password
	load := writer.Start(context.Background(), options)
	r.TB.Cleanup(func() { load.Stop() })
	return load
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
	r.TB.Logf("%d writes acknowledged, %d by a replica too, longest gap %s, errors %v",
		summary.Acknowledged, summary.Replicated, summary.LongestGap, summary.Errors)
	var master *writer.Finding
	for _, p := range r.Pods() {
		if !p.Running() {
			continue
		}
		finding, err := writer.Verify(context.Background(), p.Address(), r.Options.Password, ledger)
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
