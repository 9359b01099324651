// Package peer is how the pods of one release know each other: their names and
// addresses, what each says of itself, and what one asks of another, all of it
// signed with a key that only they have.
package peer

import (
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/record"
)

// Status is what a pod says of itself. Fields are only ever added, so that two
// releases of the entrypoint understand each other during an upgrade.
//
// Role is its server's: master, replica, or none while no server runs. Address is
// where its server is reached, "host:port", and Announced where Sentinels tell clients
// that it is. Offset is in bytes of the replication stream of Replid; HasData tells
// whether there is anything in the data set, and Synced the term in which it was last in
// sync.
//
// Promised is the latest term promised to Candidate; Hears tells whether the pod hears
// its master, Quiet how long ago its server last acknowledged anything to one. Online
// are the addresses of a master's replicas in sync. Begin is the offset at which the
// term BeginOf began. Leaving: the pod stops. Reserve: it is to be master only while nobody
// else can. Revision is that of its StatefulSet, Age how long the pod has lived, and
// ReadyFor for how long it has told its kubelet without a break that it is ready. OnDisk:
// no server runs, and the position is that of the files. External is the server outside
// the release that the data come from, as long as the release has no master of its own, and
// Origin the same once it has.
type Status struct {
	Pod          string        `json:"pod"`
	Role         string        `json:"role"`
	State        string        `json:"state"`
	Reason       string        `json:"reason,omitempty"`
	Term         uint64        `json:"term"`
	Leader       string        `json:"leader"`
	Address      string        `json:"address"`
	Announced    string        `json:"announced,omitempty"`
	Engine       string        `json:"engine"`
	Release      string        `json:"release"`
	Persistence  string        `json:"persistence"`
	DataVolume   bool          `json:"dataVolume"`
	Synced       uint64        `json:"synced"`
	Replid       string        `json:"replid"`
	Replid2      string        `json:"replid2"`
	SecondOffset int64         `json:"secondOffset"`
	Offset       int64         `json:"offset"`
	History      []record.Fork `json:"history,omitempty"`
	Keys         int64         `json:"keys"`
	HasData      bool          `json:"hasData"`
	LinkUp       bool          `json:"linkUp"`
	Syncing      bool          `json:"syncing"`
	Loading      bool          `json:"loading"`

	Promised  uint64        `json:"promised,omitempty"`
	Candidate string        `json:"candidate,omitempty"`
	Hears     bool          `json:"hears"`
	Quiet     time.Duration `json:"quiet"`
	Online    []string      `json:"online,omitempty"`
	Begin     int64         `json:"begin"`
	BeginOf   uint64        `json:"beginOf"`
	Leaving   bool          `json:"leaving,omitempty"`
	Reserve   bool          `json:"reserve,omitempty"`
	OnDisk    bool          `json:"onDisk,omitempty"`
	Revision  string        `json:"revision,omitempty"`
	Age       time.Duration `json:"age"`
	ReadyFor  time.Duration `json:"readyFor"`
	External  *External     `json:"external,omitempty"`
	Origin    string        `json:"origin,omitempty"`
}

// External is how a pod stands to the server outside the release that it takes its data
// from: where that is, whether it replicates from there right now, how many bytes it is
// behind, and what is in the way. The last three only the master's pod knows.
type External struct {
	Address string `json:"address"`
	LinkUp  bool   `json:"linkUp"`
	Lag     int64  `json:"lag"`
	Problem string `json:"problem,omitempty"`
}

// Heads tells whether the other pods replicate from this one: it is master, or leads a
// release that has none of its own yet.
func (s Status) Heads() bool {
	return s.Role == Master || s.Role == Replica && s.External != nil && s.Leader == s.Pod
}

// Roles of a server.
const (
	Master  = "master"
	Replica = "replica"
	None    = "none"
)

// Order is what one pod tells another to do. Term is the mastership it belongs
// to; an order of an earlier one is refused. Leader is the pod that is or becomes
// master, Address its server's. Empty says that there is nothing in its data set. From
// is the pod that gives the order; Begin and BeginOf as in Status. Fence and Timeout are of a
// cutover: how it is made sure that the old master takes no more writes, and how long it may
// last.
type Order struct {
	Term    uint64 `json:"term"`
	Leader  string `json:"leader"`
	Address string `json:"address"`
	Empty   bool   `json:"empty"`
	From    string `json:"from,omitempty"`
	Begin   int64  `json:"begin"`
	BeginOf uint64 `json:"beginOf"`

	Fence   Fence         `json:"fence,omitempty"`
	Timeout time.Duration `json:"timeout,omitempty"`
}

// Fence is how a cutover makes sure that the old master takes no more writes.
type Fence string

// FenceSource: the old master is made to refuse them. FenceNone: whoever orders it has
// stopped all that write. FenceGone: the old master is lost, and with it what this release
// had not received.
const (
	FenceSource Fence = ""
	FenceNone   Fence = "none"
	FenceGone   Fence = "gone"
)
