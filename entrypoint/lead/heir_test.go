package lead

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSuccession(t *testing.T) {
	tests := []struct {
		name string
		in   Succession
		want Action
		peer string
	}{
		{"the furthest of two that are up to date", Succession{Patient: true, Heirs: []Heir{
			{Name: "r0", InSync: true, Updated: true, Offset: 5}, {Name: "r1", InSync: true, Updated: true, Offset: 9}}}, HandOver, "r1"},
		{"the master's own pod before others", Succession{Patient: true, Heirs: []Heir{
			{Name: "m", InSync: true, Updated: true, Home: true, Offset: 5}, {Name: "r1", InSync: true, Updated: true, Offset: 9}}}, HandOver, "m"},
		{"one that the roll has been at before one that it has not", Succession{Patient: true, Heirs: []Heir{
			{Name: "r0", InSync: true, Offset: 9}, {Name: "r1", InSync: true, Updated: true, Offset: 5}}}, HandOver, "r1"},
		{"the roll has been at none yet: wait for it", Succession{Patient: true, Heirs: []Heir{
			{Name: "r0", InSync: true}, {Name: "r1"}}}, Wait, "r1"},
		{"a reserve after one that the roll has not been at", Succession{Heirs: []Heir{
			{Name: "r0", InSync: true, Updated: true, Reserve: true}, {Name: "r1", InSync: true}}}, HandOver, "r1"},
		{"a reserve before none", Succession{Patient: true, Heirs: []Heir{
			{Name: "r0", InSync: true, Updated: true, Reserve: true}, {Name: "r1"}}}, HandOver, "r0"},
		{"it did not come: an old one will do", Succession{Heirs: []Heir{
			{Name: "r0", InSync: true}, {Name: "r1"}}}, HandOver, "r0"},
		{"nobody is in sync: serve on", Succession{Patient: true, Heirs: []Heir{{Name: "r0"}}}, Wait, "r0"},
		{"nobody ever was", Succession{Heirs: []Heir{{Name: "r0"}}}, Stop, ""},
		{"nobody is there at all", Succession{Patient: true}, Stop, ""},
		{"one that stops itself is no heir", Succession{Patient: true, Heirs: []Heir{
			{Name: "r0", InSync: true, Updated: true, Leaving: true}}}, Wait, "r0"},
		{"one that failed twice is no heir", Succession{Patient: true, Heirs: []Heir{
			{Name: "r0", InSync: true, Updated: true, Failed: 2}, {Name: "r1", InSync: true, Updated: true, Failed: 1}}}, HandOver, "r1"},
		{"all failed", Succession{Patient: true, Heirs: []Heir{{Name: "r0", InSync: true, Updated: true, Failed: 2}}}, Stop, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.in.Decide()
			require.Equal(t, tt.want, got.Action, got.Reason)
			require.Equal(t, tt.peer, got.Peer)
		})
	}
}

func TestMayGo(t *testing.T) {
	ready := Fellow{Name: "r0", InSync: true, Ready: true}
	tests := []struct {
		name    string
		self    string
		need    int
		fellows []Fellow
		want    bool
	}{
		{"somebody is there for clients", "m", 0, []Fellow{ready}, true},
		{"nobody is", "m", 0, nil, false},
		{"who is there is not ready yet", "m", 0, []Fellow{{Name: "r0", InSync: true}}, false},
		{"who is ready leaves, too", "m", 0, []Fellow{{Name: "r0", InSync: true, Ready: true, Leaving: true}}, false},
		{"the master leaves, too, but last", "m", 0, []Fellow{{Name: "r0", Master: true, Ready: true, Leaving: true}}, true},
		{"the master would have no replica", "r1", 1, []Fellow{{Name: "r0", Ready: true}}, false},
		{"it keeps one", "r1", 1, []Fellow{{Name: "r0", Ready: true}, {Name: "m", InSync: true}}, true},
		{"of two that leave the first goes", "m", 1, []Fellow{{Name: "r0", Ready: true}, {Name: "r1", InSync: true, Leaving: true}}, true},
		{"… and the second waits", "r1", 1, []Fellow{{Name: "r0", Ready: true}, {Name: "m", InSync: true, Leaving: true}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, MayGo(tt.self, tt.need, tt.fellows))
		})
	}
}
