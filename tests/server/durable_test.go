//go:build server

package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// durable has writes answered only when a replica has them.
func durable(o release.Options) release.Options {
	env := map[string]string{"DURABILITY": "replicated", "MIN_REPLICAS_TO_WRITE": "1"}
	for name, value := range o.Env {
		env[name] = value
	}
	o.Env, o.Moves = env, true
	return o
}

// answeredLoads are clients of every pod and of the Service, which believe what they
// are told.
func answeredLoads(r *release.Release) []*writer.Load {
	var loads []*writer.Load
	for _, p := range r.Pods() {
		options := impatient(p)
		options.Wait, options.Writers = 0, 3
		loads = append(loads, r.LoadWith(options))
	}
	options := r.Clients()
	options.Timeout = 3 * time.Second
	return append(loads, r.LoadWith(options))
}

// fault happens to a release, or to its master. It returns what ends it.
type fault struct {
	name  string
	fault func(r *release.Release, master *release.Pod) (end func())
	// aside: no Sentinel notices it, and as long as it lasts no write is taken.
	aside bool
}

// The single faults under which no write may be lost that was answered.
var faults = []fault{
	{name: "the master's server is killed", fault: func(_ *release.Release, master *release.Pod) func() {
		master.KillServer()
		return nil
	}},
	{name: "the master's entrypoint is killed", fault: func(_ *release.Release, master *release.Pod) func() {
		master.KillEntrypoint()
		return master.Start
	}},
	{name: "the master's pod is deleted by force, and its data", fault: func(_ *release.Release, master *release.Pod) func() {
		master.ForceDelete()
		master.EmptyVolume()
		return master.Create
	}},
	{name: "the master's server is frozen", fault: func(_ *release.Release, master *release.Pod) func() {
		master.FreezeServer()
		return master.ThawServerIfStopped
	}},
	{name: "the master's pod is frozen", fault: func(_ *release.Release, master *release.Pod) func() {
		master.Freeze()
		return master.Thaw
	}},
	{name: "the master is cut off", fault: func(r *release.Release, master *release.Pod) func() {
		r.Isolate(release.Drop, master)
		return r.Heal
	}},
	{name: "the master is cut off by resets", fault: func(r *release.Release, master *release.Pod) func() {
		r.Isolate(release.Reject, master)
		return r.Heal
	}},
	{name: "the master hears nobody", aside: true, fault: func(r *release.Release, master *release.Pod) func() {
		for _, p := range r.Others(master) {
			p.Cut(release.Drop, master)
		}
		return r.Heal
	}},
	{name: "nobody hears the master", aside: true, fault: func(r *release.Release, master *release.Pod) func() {
		master.Cut(release.Drop, r.Others(master)...)
		return r.Heal
	}},
	{name: "a replica is killed", fault: func(r *release.Release, master *release.Pod) func() {
		p := r.Others(master)[0]
		p.Kill()
		return p.Start
	}},
	{name: "a replica is frozen", fault: func(r *release.Release, master *release.Pod) func() {
		p := r.Others(master)[0]
		p.Freeze()
		return p.Thaw
	}},
	{name: "a replica is cut off", fault: func(r *release.Release, master *release.Pod) func() {
		r.Isolate(release.Drop, r.Others(master)[0])
		return r.Heal
	}},
	{name: "the master stops", fault: func(_ *release.Release, master *release.Pod) func() {
		master.Delete()
		return master.Create
	}},
}

// With durability, what a client was told is never lost, on whichever side it was.
func TestNothingAnsweredIsLost(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run("hive, "+f.name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, durable(hive("safe")))
			requireAnsweredKept(t, r, f)
		})
		t.Run("replication, "+f.name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, durable(release.Options{Replicas: 2, Network: true, Password: password}))
			requireAnsweredKept(t, r, f)
		})
		t.Run("Sentinels, "+f.name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, durable(watched(1, 2)))
			requireAnsweredKept(t, r, f)
		})
	}
}

func requireAnsweredKept(t *testing.T, r *release.Release, f fault) {
	loads := answeredLoads(r)
	service := loads[len(loads)-1]
	r.WaitAcknowledged(service, 200)
	end := f.fault(r, r.Leader())
	if r.Options.Hive != "" || r.Options.Sentinels > 0 && !f.aside {
		r.WaitAcknowledged(service, 100)
	} else {
		// Where no other pod may be master nothing goes on by itself.
		time.Sleep(4 * time.Second)
	}
	if end != nil {
		end()
	}
	r.WaitAcknowledged(service, 100)
	var ledgers []*writer.Ledger
	for _, load := range loads {
		ledgers = append(ledgers, load.Stop())
	}
	r.WaitSettled()
	for _, ledger := range ledgers {
		requireNothingLost(t, r, ledger)
	}
}

// A write that is not confirmed in time is an error, and the error says what is known.
func TestWriteThatIsNotConfirmed(t *testing.T) {
	t.Parallel()
	options := durable(release.Options{Replicas: 2})
	options.Env["DURABILITY_TIMEOUT"] = "500ms"
	r := release.Run(t, options)
	conn := r.Master.Connect()
	_, err := conn.Do(t.Context(), "SET", "key", "confirmed")
	require.NoError(t, err)
	for _, p := range r.Replicas {
		p.Freeze()
	}
	_, err = conn.Do(t.Context(), "SET", "key", "unconfirmed")
	require.ErrorContains(t, err, "NOREPLICAS the write was done on the master, but 0 of 1 replicas confirmed it")
	value, err := conn.Do(t.Context(), "GET", "key")
	require.NoError(t, err, "reads need no replica")
	require.Equal(t, "unconfirmed", value.Str)
	_, err = conn.Do(t.Context(), "EVAL", "return redis.call('SET', KEYS[1], 'from a script')", "1", "key")
	require.ErrorContains(t, err, "NOREPLICAS")
	for _, p := range r.Replicas {
		p.Thaw()
	}
	release.Eventually(t, release.Patience, "writes that are confirmed again", func() error {
		_, err := conn.Do(t.Context(), "SET", "key", "confirmed again")
		return err
	})
}
