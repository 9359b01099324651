package network

import (
	"bufio"
	"net/netip"
	"strings"
	"testing"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
)

const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
wg0	0000640A	00000000	0001	0	0	0	0000FFFF	0	0	0
`

func TestRoutes(t *testing.T) {
	used, err := parseRoutes(bufio.NewScanner(strings.NewReader(table)))
	if err != nil {
		t.Fatal(err)
	}
	if len(used) != 2 || used[0].String() != "192.0.2.0/24" || used[1].String() != "10.100.0.0/16" {
		t.Errorf("got %v", used)
	}
	r, err := choose(candidates(), used)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.String(); got != "198.51.100.0/24" {
		t.Errorf("got %s, which is not the first free one", got)
	}
	if _, err := choose(candidates(), candidates()); err == nil {
		t.Error("a range was found where all are used")
	}
}

func TestAddresses(t *testing.T) {
	r := Range{netip.MustParsePrefix("203.0.113.0/24")}
	got := strings.Join([]string{r.Control(), r.Node(layout.Node{Number: 2}), r.Machine()}, " ")
	if want := "203.0.113.1 203.0.113.12 203.0.113.254"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
