//go:build e2e

package e2e

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

const (
	// cutOff is the node that is cut off: the masters' pods are on it.
	cutOff = "node3"
	// cutFor is shorter than it takes Kubernetes to notice.
	cutFor = 30 * time.Second
)

// cutRelease is a release whose master's node is cut off, with writers on both sides.
type cutRelease struct {
	*cluster.Release
	// elects says that another pod becomes master meanwhile.
	elects bool
	// replicated says that nothing is acknowledged that no replica has.
	replicated bool

	majority, isolated *cluster.Load
	// When the cut began and ended, as each load counts.
	majorityBegin, isolatedBegin, isolatedEnd time.Duration
}

// The master's node is cut off the network for a while, with writers on both sides:
// those on the other nodes write through the Service, that on the node knows only the
// pod that is there. One cut serves all releases.
func TestNodeOfTheMasterIsCutOff(t *testing.T) {
	newest := cluster.Newest(t, "valkey")
	durable := values{"durability": "replicated", "safety": values{"minReplicasToWrite": 1}}
	hive := values{"hive": values{"enabled": true}}
	memory := values{"persistenceMode": "none", "master": values{"persistence": values{"enabled": false}}}
	installed := []struct {
		name   string
		values values
		cutRelease
	}{
		{"hive", hive, cutRelease{elects: true}},
		{"memory", cluster.Merge(memory, values{"hive": values{"enabled": true, "policy": "available"}}), cutRelease{elects: true}},
		{"durable", cluster.Merge(hive, durable), cutRelease{elects: true, replicated: true}},
		{"plain", durable, cutRelease{replicated: true}},
		{"watched", values{"sentinel": values{"enabled": true}}, cutRelease{elects: true}},
	}
	for i := range installed {
		c := &installed[i]
		c.Release = cluster.New(t, c.name, cluster.Helm3, newest)
		c.InstallInTheBackground(cluster.Merge(c.values, values{
			"master":  values{"affinity": nodes("In", cutOff), "failback": "never"},
			"replica": values{"affinity": nodes("NotIn", cutOff)},
		}))
	}
	for i := range installed {
		installed[i].WaitReady()
	}
	for i := range installed {
		installed[i].start()
	}
	begin := time.Now()
	for i := range installed {
		c := &installed[i]
		c.majorityBegin, c.isolatedBegin = c.majority.Elapsed(), c.isolated.Elapsed()
	}
	cluster.Cut(t, cutOff)
	for i := range installed {
		installed[i].cut()
	}
	time.Sleep(time.Until(begin.Add(cutFor)))
	for i := range installed {
		installed[i].isolatedEnd = installed[i].isolated.Elapsed()
	}
	cluster.Heal(t, cutOff)
	for i := range installed {
		c := &installed[i]
		t.Run(c.name, func(t *testing.T) {
			outer := c.TB
			c.TB = t
			defer func() { c.TB = outer }()
			c.judge(t)
		})
	}
}

// nodes are the only ones that pods may be on.
func nodes(operator, name string) values {
	expression := values{"key": "kubernetes.io/hostname", "operator": operator, "values": []string{name}}
	return values{"nodeAffinity": values{"requiredDuringSchedulingIgnoredDuringExecution": values{
		"nodeSelectorTerms": []values{{"matchExpressions": []values{expression}}},
	}}}
}

// start starts the writers. They are fewer than usual: there are two sides of several
// releases.
func (c *cutRelease) start() {
	c.TB.Helper()
	home := c.PodName(cluster.Master, 0)
	require.Equal(c.TB, home, c.Leader())
	majority, isolated := c.Confirmed("node1"), c.At(home, c.Confirmed(cutOff))
	if c.replicated {
		majority.Wait, isolated.Wait = 0, 0
	}
	majority.Writers, isolated.Writers = 2, 2
	c.majority, c.isolated = c.StartLoad(majority), c.StartLoad(isolated)
	for _, load := range []*cluster.Load{c.majority, c.isolated} {
		load.WaitWrites(enoughWrites)
	}
}

// cut waits, in the cut, until what goes on without the master's node has gone on, and
// what cannot is refused.
func (c *cutRelease) cut() {
	c.TB.Helper()
	if c.elects {
		c.waitElected()
		c.majority.WaitWrites(enoughWrites)
	}
	c.isolated.WaitRefused(3)
}

// waitElected waits until one of the pods on the other nodes is master.
func (c *cutRelease) waitElected() {
	c.TB.Helper()
	cluster.Eventually(c.TB, "another master", func() error {
		for _, name := range c.Followers(c.PodName(cluster.Master, 0)) {
			info, err := c.Info(name)
			if err != nil {
				return err
			}
			if info["role"] == "master" {
				return nil
			}
		}
		return errors.New("all are replicas")
	})
}

func (c *cutRelease) judge(t *testing.T) {
	c.majority.WaitWrites(enoughWrites)
	c.isolated.WaitWrites(enoughWrites)
	majority, isolated := c.majority.Stop(), c.isolated.Stop()
	for side, ledger := range map[string]*writer.Ledger{"majority": majority, "isolated": isolated} {
		t.Log(side + ":")
		if c.replicated {
			c.RequireAllKept(ledger)
		} else {
			c.RequireKept(ledger)
		}
	}
	last := cluster.Last(isolated, c.isolatedBegin, c.isolatedEnd)
	t.Logf("the isolated pod took its last write %s after the cut", last.Round(time.Millisecond))
	if c.elects {
		start, length := cluster.Gap(majority, c.majorityBegin)
		t.Logf("the majority had no master for %s", length.Round(time.Millisecond))
		require.Less(t, last, start+length, "two pods took writes at the same time")
	}
}
