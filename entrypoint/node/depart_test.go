package node

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
)

// A pod that leaves must not leave the master without the replicas that it needs.
func TestFellows(t *testing.T) {
	replica := peer.Status{Pod: "v-replica-0", Role: peer.Replica, LinkUp: true, Address: "10.0.0.2:6379", ReadyFor: lingerFor}
	with := func(change func(*peer.Status)) peer.Status {
		s := replica
		change(&s)
		return s
	}
	master := peer.Status{Pod: "v-master-0", Role: peer.Master, Address: "10.0.0.1:6379", Online: []string{"10.0.0.2"}}
	tests := []struct {
		name            string
		master, replica peer.Status
		inSync          bool
	}{
		{"a replica that the master counts", master, replica, true},
		{"one that it does not count yet", peer.Status{Pod: "v-master-0", Role: peer.Master}, replica, false},
		{"one that syncs again", master, with(func(s *peer.Status) { s.Syncing = true }), false},
		{"one without its link", master, with(func(s *peer.Status) { s.LinkUp = false }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := fellows([]contact{{status: tt.master, ok: true}, {status: tt.replica, ok: true}})
			require.Equal(t, []lead.Fellow{{Name: "v-master-0", Master: true}, {Name: "v-replica-0", InSync: tt.inSync, Ready: true}}, got)
		})
	}
}
