//go:build server

package server

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

const oldPassword = `another "word"`

// copies are releases that take over the data of a server outside, and what that one is.
var copies = []struct {
	name, from, to, persistence string
	standalone, direct          bool
}{
	{name: "redis 7.0 to valkey 9.1, aof", from: "redis-7.0", to: "valkey-9.1", persistence: "aof"},
	{name: "valkey 8.1 to valkey 9.1, rdb", from: "valkey-8.1", to: "valkey-9.1", persistence: "rdb"},
	{name: "redis 7.0 to redis 8.0, none", from: "redis-7.0", to: "redis-8.0", persistence: "none"},
	{name: "redis 7.0 to valkey 8.0, alone", from: "redis-7.0", to: "valkey-8.0", persistence: "aof", standalone: true},
	{name: "redis 7.0 to valkey 9.1, without write endpoint", from: "redis-7.0", to: "valkey-9.1", persistence: "rdb", direct: true},
}

func copyOptions(t *testing.T, engine, persistence string) release.Options {
	t.Helper()
	return release.Options{Engine: engineNamed(t, engine), Moves: true, Replicas: 2, Password: password, Persistence: persistence}
}

// oldLoad writes to a server outside until that refuses.
func oldLoad(t *testing.T, o *release.Outside) *writer.Load {
	t.Helper()
	options := writer.Defaults(o.Address())
	options.Password, options.Wait, options.Pause = o.Password, 0, time.Millisecond
	load := writer.Start(context.Background(), options)
	t.Cleanup(func() { load.Stop() })
	return load
}

// requireAllKept checks that every write of a ledger is on every pod of the release.
func requireAllKept(t *testing.T, r *release.Release, ledger *writer.Ledger) {
	t.Helper()
	require.NotEmpty(t, ledger.Writes)
	require.Zero(t, r.RequireKept(ledger).Lost)
}

// The data move while four writers write. What the old server acknowledged is all in the
// new release, and it acknowledges nothing any more.
func TestExternalPromotionUnderLoad(t *testing.T) {
	t.Parallel()
	for _, c := range copies {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			old := release.RunOutside(t, engineNamed(t, c.from), oldPassword, "")
			options := copyOptions(t, c.to, c.persistence)
			if c.standalone {
				options.Standalone, options.Replicas = true, 0
			}
			options.Moves = !c.standalone && !c.direct
			r := release.New(t, options)
			r.Follow(old)
			load := oldLoad(t, old)
			r.WaitAcknowledged(load, 200)
			r.Start()
			r.Master.WaitReady()
			r.WaitAcknowledged(load, 200)

			said, err := r.Master.Promote()
			require.NoError(t, err)
			t.Log(said)
			require.Contains(t, said, "promoted: hv-master-0 is master")
			require.Contains(t, said, "CONFIG SET min-slaves-to-write 0")
			time.Sleep(time.Second) // the writers try on
			ledger := load.Stop()
			require.Contains(t, ledger.Errors, "noreplicas", "the old server refuses")
			r.WaitInSync()
			requireAllKept(t, r, ledger)

			_, err = old.Try("EVAL", "return redis.call('SET', 'late', '1')", "0")
			require.ErrorContains(t, err, "NOREPLICAS")
			if !options.Moves {
				r.Master.Do("SET", "new", "1")
				return
			}
			next := r.LoadWith(r.Clients())
			r.WaitAcknowledged(next, 100)
			requireAllKept(t, r, next.Stop())
		})
	}
}

// While the release follows it serves reads everywhere, and its write endpoint says whom it
// follows.
func TestExternalRefusesWrites(t *testing.T) {
	t.Parallel()
	for _, durability := range []string{"async", "replicated"} {
		t.Run(durability, func(t *testing.T) {
			t.Parallel()
			old := release.RunOutside(t, release.DefaultEngine(t), oldPassword, "")
			old.Do("SET", "key", "old")
			options := copyOptions(t, "valkey-9.1", "aof")
			options.Env = map[string]string{"DURABILITY": durability, "MIN_REPLICAS_TO_WRITE": "1"}
			r := release.New(t, options)
			r.Follow(old)
			r.Start()
			r.WaitFollowing(old)
			for _, p := range r.Pods() {
				conn := p.Connect()
				value, err := conn.Do(t.Context(), "GET", "key")
				require.NoError(t, err)
				require.Equal(t, "old", value.Str)
				_, err = conn.Do(t.Context(), "SET", "key", "new")
				require.ErrorContains(t, err, "READONLY this release still follows "+old.Address())
				value, err = conn.Do(t.Context(), "GET", "key")
				require.NoError(t, err)
				require.Equal(t, "old", value.Str)
			}
			status := r.Master.WaitState(release.Following)
			require.Contains(t, status.Reason, old.Address())
			require.Equal(t, "1", r.Master.Metric("valkey_external_master_link_up"))
			require.Equal(t, "0", r.Master.Metric("valkey_external_master_lag_bytes"))

			conn := r.Replicas[0].Connect()
			_, err := r.Master.Promote()
			require.NoError(t, err)
			_, err = conn.Do(t.Context(), "SET", "key", "new")
			require.NoError(t, err)
			r.WaitInSync()
			require.Equal(t, "new", r.Replicas[1].Do("GET", "key").Str)
		})
	}
}

// The pod that became master is lost at once, and with it all that is in its memory alone.
func TestExternalPromotionOutlivesTheMaster(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"none", "rdb", "aof"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			for _, delay := range []string{"0", "0", "2"} {
				old := release.RunOutside(t, engineNamed(t, "redis-7.0"), oldPassword, "")
				load := oldLoad(t, old)
				options := copyOptions(t, "valkey-9.1", persistence)
				options.Env = map[string]string{"DISKLESS_SYNC_DELAY": delay}
				r := release.New(t, options)
				r.WaitAcknowledged(load, 200)
				r.Follow(old)
				r.Start()
				release.Eventually(t, release.Patience, "a promotion", func() error {
					_, err := r.Master.Promote()
					return err
				})
				r.Master.ForceDelete()
				r.Master.Create()
				r.WaitSettled()
				requireAllKept(t, r, load.Stop())
			}
		})
	}
}

// Restarts change nothing: before the promotion all go on to follow, after it none does.
func TestExternalRestarts(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"aof", "rdb", "none"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			old := release.RunOutside(t, engineNamed(t, "redis-7.0"), oldPassword, "")
			r := release.New(t, copyOptions(t, "valkey-9.1", persistence))
			r.Follow(old)
			r.Start()
			load := oldLoad(t, old)
			r.WaitAcknowledged(load, 100)
			for _, restart := range []func(){
				func() { restartAll(r, (*release.Pod).Terminate) },
				func() { restartAll(r, func(p *release.Pod) int { p.Kill(); return 0 }) },
				func() { r.Master.KillServer() },
				func() { replace(t, r.Replicas[0]) },
			} {
				restart()
				r.WaitAcknowledged(load, 100)
				require.Zero(t, r.Master.WaitState(release.Following).Term)
			}
			r.Master.WaitReady()
			_, err := r.Master.Promote()
			require.NoError(t, err)
			ledger := load.Stop()
			r.WaitInSync()
			requireAllKept(t, r, ledger)

			r.Master.Do("SET", "after", "promotion")
			if persistence != "none" {
				restartAll(r, (*release.Pod).Terminate)
			}
			r.Master.KillServer()
			r.WaitSettled()
			replace(t, r.Master)
			r.WaitSettled()
			requireAllKept(t, r, ledger)
			require.Equal(t, "promotion", r.Leader().Do("GET", "after").Str)

			said, err := r.Master.Promote()
			require.NoError(t, err)
			require.Contains(t, said, "already promoted")
		})
	}
}

func restartAll(r *release.Release, end func(*release.Pod) int) {
	done := make(chan int)
	for _, p := range r.Pods() {
		go func() { done <- end(p) }()
	}
	for range r.Pods() {
		<-done
	}
	for _, p := range r.Pods() {
		p.Start()
	}
}

// A volume of the master's pod that is lost costs nothing: before the promotion it follows
// again, after it the other pods know better.
func TestExternalVolumeIsLost(t *testing.T) {
	t.Parallel()
	old := release.RunOutside(t, engineNamed(t, "redis-7.0"), oldPassword, "")
	old.Do("SET", "key", "old")
	r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
	r.Follow(old)
	r.Start()
	r.WaitFollowing(old)
	lose := func() {
		r.Master.ForceDelete()
		r.Master.EmptyVolume()
		r.Master.Create()
	}
	lose()
	r.WaitFollowing(old)
	_, err := r.Master.Promote()
	require.NoError(t, err)
	r.WaitInSync()
	r.Master.Do("SET", "key", "new")
	r.WaitInSync()
	lose()
	r.WaitSettled()
	require.Equal(t, "new", r.Leader().Do("GET", "key").Str)
}

// Who makes the server a master by hand has promoted the release.
func TestExternalPromotionByHand(t *testing.T) {
	t.Parallel()
	old := release.RunOutside(t, release.DefaultEngine(t), oldPassword, "")
	old.Do("SET", "key", "old")
	r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
	r.Follow(old)
	r.Start()
	r.WaitFollowing(old)
	r.Master.Do("REPLICAOF", "NO", "ONE")
	release.Eventually(t, release.Patience, "a pod that knows", func() error {
		status, err := r.Master.Status()
		if err == nil && status.Term == 0 {
			err = errors.New(status.Reason)
		}
		return err
	})
	r.WaitInSync()
	r.Master.Do("SET", "key", "new")
	r.Master.KillServer()
	r.WaitSettled()
	require.Equal(t, "new", r.Leader().Do("GET", "key").Str)
}

// A release that is neither promoted nor told any more whom it follows keeps what it has.
func TestExternalIsTakenOutTooSoon(t *testing.T) {
	t.Parallel()
	old := release.RunOutside(t, release.DefaultEngine(t), oldPassword, "")
	old.Do("SET", "key", "old")
	r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
	r.Follow(old)
	r.Start()
	r.WaitFollowing(old)
	delete(r.Master.Env, "EXTERNAL_MASTER")
	delete(r.Master.Env, "EXTERNAL_PASSWORD_FILE")
	r.Master.Terminate()
	r.Master.Start()
	release.Eventually(t, release.Patience, "the reason", func() error {
		status, err := r.Master.Status()
		if err != nil {
			return err
		}
		return mentions(status.Reason, "set externalMaster again")
	})
	_, err := r.Master.Promote("--timeout", "2s")
	require.ErrorContains(t, err, "set externalMaster again")
	_, err = r.Master.Promote("--source-is-gone")
	require.NoError(t, err)
	r.WaitInSync()
	require.Equal(t, "old", r.Master.Do("GET", "key").Str)
}

// A release that has data of its own goes on with them.
func TestExternalDoesNotReplaceData(t *testing.T) {
	t.Parallel()
	t.Run("a release that was master", func(t *testing.T) {
		t.Parallel()
		old := release.RunOutside(t, release.DefaultEngine(t), "", "")
		r := release.Run(t, copyOptions(t, "valkey-9.1", "aof"))
		r.Fill("own", 100, 10)
		r.Follow(old)
		restartAll(r, (*release.Pod).Terminate)
		r.WaitSettled()
		r.Leader().RequireFilled("own", 100)
		release.Eventually(t, release.Patience, "a reason", func() error {
			status, err := r.Leader().Status()
			if err != nil {
				return err
			}
			return mentions(status.Reason, old.Address()+" is not followed")
		})
		_, err := r.Master.Promote()
		require.ErrorContains(t, err, "follows no server outside")
	})
	t.Run("a volume of somebody else's", func(t *testing.T) {
		t.Parallel()
		old := release.RunOutside(t, release.DefaultEngine(t), "", "")
		r := release.Run(t, copyOptions(t, "valkey-9.1", "rdb"))
		r.Fill("own", 100, 10)
		restartAll(r, (*release.Pod).Terminate)
		r.WaitSettled()
		for _, p := range r.Pods() {
			p.Kill()
			p.ForgetRecord()
		}
		r.Follow(old)
		r.Start()
		require.Contains(t, r.Master.WaitState(release.Holding).Reason, "holds data of its own")
	})
	t.Run("a copy of another server", func(t *testing.T) {
		t.Parallel()
		first := release.RunOutside(t, release.DefaultEngine(t), "", "")
		first.Do("SET", "key", "first")
		r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
		r.Follow(first)
		r.Start()
		r.WaitFollowing(first)
		second := release.RunOutside(t, release.DefaultEngine(t), "", "")
		r.Follow(second)
		r.Master.Terminate()
		r.Master.Start()
		require.Contains(t, r.Master.WaitState(release.Holding).Reason, "a copy of "+first.Address())
	})
}

// What is wrong with the old server is said, and mending it is enough.
func TestExternalProblems(t *testing.T) {
	t.Parallel()
	waitReason := func(t *testing.T, r *release.Release, part string) {
		t.Helper()
		release.Eventually(t, release.Patience, "the reason", func() error {
			status, err := r.Master.Status()
			if err != nil {
				return err
			}
			return mentions(status.Reason, part)
		})
		require.NoError(t, r.Master.Live())
		require.NoError(t, r.Master.Unready())
	}
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		old := release.RunOutside(t, release.DefaultEngine(t), oldPassword, "")
		old.Do("SET", "key", "old")
		r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
		right := old.Password
		old.Password = "wrong"
		r.Follow(old)
		old.Password = right
		r.Start()
		waitReason(t, r, "WRONGPASS")
		_, err := r.Master.Promote("--timeout", "2s")
		require.ErrorContains(t, err, "WRONGPASS")
		require.NotContains(t, err.Error(), right)
		r.Follow(old)
		r.Master.Terminate()
		r.Master.Start()
		r.WaitFollowing(old)
	})
	t.Run("a server whose data can't be read", func(t *testing.T) {
		t.Parallel()
		old := release.RunOutside(t, engineNamed(t, "redis-8.0"), "", "")
		r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
		r.Follow(old)
		r.Start()
		require.Contains(t, r.Master.WaitState(release.Holding).Reason, "redis 8.0")
	})
	t.Run("a name that leads nowhere, and is corrected", func(t *testing.T) {
		t.Parallel()
		old := release.RunOutside(t, release.DefaultEngine(t), "", "")
		old.Do("SET", "key", "old")
		r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
		r.Master.Env["EXTERNAL_MASTER"] = "127.0.0.1:9"
		r.Start()
		waitReason(t, r, "connection refused")
		r.Follow(old)
		r.Master.Terminate()
		r.Master.Start()
		r.WaitFollowing(old)
	})
	for _, engine := range []string{"redis-7.0", "valkey-9.1"} {
		t.Run("a user with no more rights than the guide names, "+engine, func(t *testing.T) {
			t.Parallel()
			old := release.RunOutside(t, engineNamed(t, engine), "", "user copier on >copier -@all +psync +replconf +ping +info +config|get +config|set +client|pause +client|unpause")
			old.Do("SET", "key", "old")
			old.Password = "copier"
			r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
			r.Follow(old)
			r.Master.Env["EXTERNAL_USERNAME"] = "copier"
			r.Start()
			old.Password = ""
			r.WaitFollowing(old)
			said, err := r.Master.Promote()
			require.NoError(t, err)
			require.Contains(t, said, "to go back to it: CONFIG SET min-slaves-to-write 0")
			_, err = old.Try("SET", "key", "late")
			require.ErrorContains(t, err, "NOREPLICAS")
		})
	}
	t.Run("a user who may not fence", func(t *testing.T) {
		t.Parallel()
		old := release.RunOutside(t, release.DefaultEngine(t), "", "user copier on >copier ~* &* +@all -config")
		old.Do("SET", "key", "old")
		old.Password = "copier"
		r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
		r.Follow(old)
		r.Master.Env["EXTERNAL_USERNAME"] = "copier"
		r.Start()
		old.Password = ""
		r.WaitFollowing(old)
		_, err := r.Master.Promote("--timeout", "5s")
		require.ErrorContains(t, err, "--no-fence")
		old.Do("SET", "key", "still")

		load := oldLoad(t, old)
		r.WaitAcknowledged(load, 10)
		_, err = r.Master.Promote("--no-fence", "--timeout", "4s")
		require.ErrorContains(t, err, "takes writes still")
		ledger := load.Stop()
		_, err = r.Master.Promote("--no-fence")
		require.NoError(t, err)
		r.WaitInSync()
		requireAllKept(t, r, ledger)
	})
}

// Whatever dies in the middle: no write that anybody acknowledged is lost, and the command
// can be given again.
func TestExternalPromotionIsDisturbed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		disturb func(r *release.Release)
		again   func(r *release.Release)
	}{
		{"the pod is killed", func(r *release.Release) { r.Master.Kill() }, func(r *release.Release) { r.Master.Start() }},
		{"its server is killed", func(r *release.Release) { r.Master.KillServerIfRunning() }, func(*release.Release) {}},
		{"its entrypoint is killed", func(r *release.Release) { r.Master.KillEntrypoint() }, func(r *release.Release) { r.Master.Start() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, after := range []time.Duration{0, 5, 10, 15, 20, 30, 45, 70} {
				old := release.RunOutside(t, engineNamed(t, "redis-7.0"), oldPassword, "")
				r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
				r.Follow(old)
				r.Start()
				load := oldLoad(t, old)
				r.WaitAcknowledged(load, 100)
				r.Master.WaitReady()
				clients := r.Clients()
				clients.Wait = time.Second
				next := r.LoadWith(clients)
				said := make(chan string, 1)
				go func() {
					out, err := r.Master.Promote()
					if err != nil {
						out = err.Error()
					}
					said <- out
				}()
				time.Sleep(after * time.Millisecond)
				c.disturb(r)
				t.Logf("after %d ms: %s", after, strings.TrimSpace(<-said))
				c.again(r)
				r.Master.WaitReady()
				_, err := r.Master.Promote()
				require.NoError(t, err)
				r.WaitAcknowledged(next, 50)
				r.WaitSettled()
				requireAllKept(t, r, load.Stop())
				r.RequireKept(next.Stop())
			}
		})
	}
}

// The old server dies, hangs or is held back by somebody else while it is to be left.
func TestExternalSourceFails(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) (*release.Outside, *release.Release) {
		old := release.RunOutside(t, release.DefaultEngine(t), oldPassword, "")
		old.Do("SET", "key", "old")
		r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
		r.Follow(old)
		r.Start()
		r.WaitFollowing(old)
		return old, r
	}
	t.Run("it is gone", func(t *testing.T) {
		t.Parallel()
		old, r := start(t)
		_, err := r.Master.Promote("--source-is-gone")
		require.ErrorContains(t, err, "it answers")
		old.Kill()
		r.Master.WaitUnready()
		_, err = r.Master.Promote("--timeout", "2s")
		require.ErrorContains(t, err, "not in sync")
		_, err = r.Master.Promote("--source-is-gone")
		require.NoError(t, err)
		r.WaitInSync()
		require.Equal(t, "old", r.Master.Do("GET", "key").Str)
	})
	t.Run("it is gone, and all pods were restarted since", func(t *testing.T) {
		t.Parallel()
		old, r := start(t)
		old.Kill()
		restartAll(r, (*release.Pod).Terminate)
		r.Master.WaitState(release.Following)
		release.Eventually(t, release.Patience, "a promotion", func() error {
			_, err := r.Master.Promote("--source-is-gone")
			return err
		})
		r.WaitInSync()
		require.Equal(t, "old", r.Master.Do("GET", "key").Str)
	})
	t.Run("it dies while it is left", func(t *testing.T) {
		t.Parallel()
		for _, after := range []time.Duration{0, 5, 10, 20, 30, 50} {
			old, r := start(t)
			load := oldLoad(t, old)
			r.WaitAcknowledged(load, 50)
			said := make(chan error, 1)
			go func() {
				_, err := r.Master.Promote("--timeout", "15s")
				said <- err
			}()
			time.Sleep(after * time.Millisecond)
			old.Kill()
			err := <-said
			t.Logf("after %d ms: %v", after, err)
			if err != nil {
				// What it acknowledged is there again with it.
				old.Start()
				release.Eventually(t, release.Patience, "a promotion", func() error {
					_, err := r.Master.Promote()
					return err
				})
			}
			r.WaitInSync()
			requireAllKept(t, r, load.Stop())
		}
	})
	t.Run("it hangs while it is left", func(t *testing.T) {
		t.Parallel()
		// Every step of a promotion takes this long here.
		const step = 150 * time.Millisecond
		for n := range 8 {
			old := release.RunOutside(t, release.DefaultEngine(t), "", "")
			old.Do("SET", "key", "old")
			r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
			r.Master.Env["EXTERNAL_MASTER"] = release.Slow(t, old.Address(), step)
			r.Start()
			r.Master.WaitReady()
			after := time.Duration(n)*step + step/2
			said := make(chan error, 1)
			go func() {
				_, err := r.Master.Promote("--timeout", "15s")
				said <- err
			}()
			time.Sleep(after)
			old.Freeze()
			time.Sleep(3 * time.Second)
			old.Thaw()
			err := <-said
			t.Logf("after %s: %v", after, err)
			if err == nil {
				continue
			}
			// Nothing of what was done to it is left.
			began := time.Now()
			old.Do("SET", "key", "still")
			require.Less(t, time.Since(began), 5*time.Second)
			_, err = r.Master.Promote()
			require.NoError(t, err)
		}
	})
	t.Run("it comes back empty", func(t *testing.T) {
		t.Parallel()
		old, r := start(t)
		old.Kill()
		old.Forget()
		old.Start()
		release.Eventually(t, release.Patience, "a reason", func() error {
			status, err := r.Master.Status()
			if err != nil {
				return err
			}
			return mentions(status.Reason, "holds nothing any more")
		})
		restartAll(r, (*release.Pod).Terminate)
		release.Eventually(t, release.Patience, "a promotion", func() error {
			_, err := r.Master.Promote("--source-is-gone")
			return err
		})
		r.WaitInSync()
		require.Equal(t, "old", r.Master.Do("GET", "key").Str)
	})
	t.Run("all of it is held back by somebody", func(t *testing.T) {
		t.Parallel()
		old, r := start(t)
		old.Do("CLIENT", "PAUSE", "6000", "ALL")
		_, err := r.Master.Promote("--timeout", "2s")
		require.Error(t, err)
		_, err = r.Master.Promote()
		require.NoError(t, err)
		r.WaitInSync()
	})
	t.Run("its writes are held back by somebody", func(t *testing.T) {
		t.Parallel()
		old, r := start(t)
		old.Do("CLIENT", "PAUSE", "60000", "WRITE")
		_, err := r.Master.Promote()
		require.NoError(t, err)
		r.WaitInSync()
	})
	t.Run("it takes writes whatever replicas it has", func(t *testing.T) {
		t.Parallel()
		old, r := start(t)
		old.Do("CONFIG", "SET", "min-slaves-max-lag", "0")
		_, err := r.Master.Promote()
		require.ErrorContains(t, err, "min-slaves-max-lag")
		old.Do("SET", "key", "still")
		require.Equal(t, "0", old.Do("CONFIG", "GET", "min-slaves-to-write").Array[1].Str)
	})
}

// A promotion that can't be written down does not take place.
func TestExternalPromotionCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	old := release.RunOutside(t, engineNamed(t, "redis-7.0"), oldPassword, "")
	r := release.New(t, copyOptions(t, "valkey-9.1", "aof"))
	r.Follow(old)
	r.Start()
	load := oldLoad(t, old)
	r.WaitAcknowledged(load, 50)
	r.Master.WaitReady()
	mend := r.Master.BlockRecord()
	_, err := r.Master.Promote()
	require.ErrorContains(t, err, "write the record")
	r.WaitAcknowledged(load, 50)
	r.Master.WaitReady()
	mend()
	_, err = r.Master.Promote()
	require.NoError(t, err)
	r.WaitInSync()
	requireAllKept(t, r, load.Stop())
}
