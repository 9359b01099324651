package node

import (
	"math"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// Looks and changes of mastership come from several requests at once. What is on
// disk in the end is the last, and whole.
func TestRecordIsWrittenByManyAtOnce(t *testing.T) {
	n := newNode(t, nil)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			n.setLead("v-replica-"+strconv.Itoa(i), uint64(i+1), "")
			n.save(record.Cached)
		})
	}
	all.Wait()
	want := n.record
	want.Version = 1
	got, err := record.In(n.settings.DataDir).Load()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// Replicas have what a master wrote between its last look and its clean stop. They
// are not ahead of it for that, also once it goes by another id.
func TestWholeDataHaveAllOfTheirHistory(t *testing.T) {
	n := newNode(t, nil)
	n.begin(own{position: lead.Position{HasData: true, Whole: true, Replid: "a", Offset: 50}}, 2)
	require.Equal(t, []record.Fork{{Replid: "a", End: math.MaxInt64}}, n.record.History)
	seen(n, "role:master master_replid:b master_repl_offset:3")
	self := lead.Position{HasData: true, Replid: n.record.Replid, Offset: n.record.Offset, History: n.record.History}
	require.True(t, lead.Position{HasData: true, Replid: "a", Offset: 55}.Within(self))

	n = newNode(t, nil)
	n.begin(own{position: lead.Position{HasData: true, Replid: "a", Offset: 50}}, 2)
	require.Equal(t, []record.Fork{{Replid: "a", End: 50}}, n.record.History)
}

// To be told of a new mastership brings no data.
func TestSynced(t *testing.T) {
	n := newNode(t, func(s *settings.Settings) { s.PodName, s.Role = "v-replica-0", settings.Replica })
	const linked = "role:slave master_host:10.0.0.1 master_port:6379 master_link_status:up master_replid:a master_repl_offset:"
	n.setLead("v-master-0", 4, "10.0.0.1:6379")
	seen(n, linked+"70")
	require.Zero(t, n.record.Synced, "where the term began is not known")
	n.learnBegin(4, 100)
	seen(n, linked+"90")
	require.Zero(t, n.record.Synced, "data of the time before are still on their way")
	seen(n, linked+"100")
	require.Equal(t, uint64(4), n.record.Synced)
	n.setLead("v-replica-1", 5, "10.0.0.3:6379")
	n.learnBegin(5, 120)
	seen(n, linked+"150")
	require.Equal(t, uint64(4), n.record.Synced, "still the old master's")
	seen(n, "role:slave master_host:10.0.0.3 master_port:6379 master_link_status:down master_replid:a")
	require.Equal(t, uint64(4), n.record.Synced, "not linked yet")
	seen(n, "role:slave master_host:10.0.0.3 master_port:6379 master_link_status:up master_replid:b master_repl_offset:120")
	require.Equal(t, uint64(5), n.record.Synced)
	n.setLead("v-replica-0", 6, "10.0.0.2:6379")
	seen(n, "role:master master_replid:c master_replid2:b master_repl_offset:130")
	require.Equal(t, uint64(6), n.record.Synced)
	require.Equal(t, int64(130), n.record.Begin)
}
