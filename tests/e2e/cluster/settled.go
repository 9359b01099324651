//go:build e2e || bench

package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// WaitReady waits until every pod is there and ready, exactly one is master, and all
// others hold what it holds.
func (r *Release) WaitReady() {
	r.TB.Helper()
	Eventually(r.TB, "a release that is ready and in sync", func() error {
		for _, role := range sets {
			if err := r.rolledOut(role); err != nil {
				return err
			}
		}
		_, err := r.settled()
		return err
	})
}

// Leader waits until exactly one pod is master and all others hold what it holds, and
// returns its name.
func (r *Release) Leader() string {
	r.TB.Helper()
	var leader string
	Eventually(r.TB, "one master, and the others in sync", func() (err error) {
		leader, err = r.settled()
		return err
	})
	return leader
}

// WaitHome waits until the master's pod is master, however long ago it lost that place.
func (r *Release) WaitHome() {
	r.TB.Helper()
	home := r.PodName(Master, 0)
	Eventually(r.TB, home+" to be master again", func() error {
		leader, err := r.settled()
		if err == nil && leader != home {
			err = fmt.Errorf("%s is master", leader)
		}
		return err
	})
	r.WaitReady()
}

// Followers are the pods that are not the leader, in the order of their names.
func (r *Release) Followers(leader string) []string {
	r.TB.Helper()
	pods, err := r.Pods("")
	require.NoError(r.TB, err)
	names := slices.Sorted(maps.Keys(pods))
	return slices.DeleteFunc(names, func(name string) bool { return name == leader })
}

// settled returns the pod that is master, if there is exactly one, and all others
// have what it has.
func (r *Release) settled() (leader string, err error) {
	r.TB.Helper()
	pods, err := r.Pods("")
	if err != nil {
		return "", err
	}
	infos := map[string]map[string]string{}
	var masters []string
	for _, name := range slices.Sorted(maps.Keys(pods)) {
		if infos[name], err = r.Info(name); err != nil {
			return "", err
		}
		if infos[name]["role"] == "master" {
			masters = append(masters, name)
		}
	}
	if len(masters) != 1 {
		return "", fmt.Errorf("%d masters: %s", len(masters), strings.Join(masters, ", "))
	}
	leader = masters[0]
	if connected := infos[leader]["connected_slaves"]; connected != strconv.Itoa(len(pods)-1) {
		return "", fmt.Errorf("%s has %s replicas connected, of %d", leader, connected, len(pods)-1)
	}
	for name := range pods {
		if name == leader {
			continue
		}
		if err := r.follows(name, infos[leader]); err != nil {
			return "", err
		}
	}
	return leader, nil
}
