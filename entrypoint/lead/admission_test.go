package lead

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAdmission(t *testing.T) {
	const source, other = "old:6379", "other:6379"
	holds := Position{HasData: true, Replid: "r", Offset: 9}
	known := func(p Peer) Peer {
		p.Name, p.Answer = "v-replica-0", Known
		return p
	}
	silent := Peer{Name: "v-replica-0", Answer: Unknown}
	tests := []struct {
		name string
		in   Admission
		want Action
		says string
	}{
		{"nobody holds anything", Admission{Source: source, Peers: []Peer{known(Peer{}), {Name: "v-replica-1", Answer: Absent}}}, Join, "holds no data"},
		{"alone", Admission{Source: source}, Join, ""},
		{"own data are its copy", Admission{Source: source, Copied: source, HasData: true}, Join, "a copy of old:6379"},
		{"own data are its copy, and a peer is silent", Admission{Source: source, Copied: source, HasData: true, Peers: []Peer{silent}}, Join, ""},
		{"own data are a copy of another", Admission{Source: source, Copied: other, HasData: true}, Hold, "holds a copy of other:6379"},
		{"it was to copy another, and never did", Admission{Source: source, Copied: other}, Join, ""},
		{"own data", Admission{Source: source, HasData: true}, Hold, "data of its own"},
		{"a copy, and no name any more", Admission{Copied: source, HasData: true}, Join, ""},
		{"a peer holds data", Admission{Source: source, Peers: []Peer{known(Peer{Position: holds})}}, Hold, "v-replica-0 holds data of its own"},
		{"a peer holds a copy", Admission{Source: source, Peers: []Peer{known(Peer{Position: holds, Copied: source})}}, Join, ""},
		{"a peer holds a copy of another", Admission{Source: source, Peers: []Peer{known(Peer{Position: holds, Copied: other})}}, Hold, "a copy of other:6379"},
		{"a peer is silent", Admission{Source: source, Patient: true, Peers: []Peer{silent}}, Wait, "may hold data"},
		{"a peer stays silent", Admission{Source: source, Peers: []Peer{silent}}, Hold, "delete it for good"},
		{"a peer knows a master", Admission{Source: source, Peers: []Peer{known(Peer{Term: 4})}}, Start, "v-replica-0 knows a master"},
		{"a peer knows a master, and own data are the copy from before", Admission{Source: source, Copied: source, HasData: true, Peers: []Peer{known(Peer{Term: 4})}}, Start, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.in.Decide()
			require.Equal(t, tt.want, got.Action, got.Reason)
			require.Contains(t, got.Reason, tt.says)
		})
	}
}
