// Package network makes the cluster's network: one namespace for the control plane, with a bridge,
// and one for each node, joined to it by a pair of virtual links. Nothing in it leads off the machine.
package network

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
)

// Range is the network that the control plane, the nodes and the machine itself are on.
type Range struct{ prefix netip.Prefix }

// candidates are the ranges that are set aside for documentation: nobody's real network should use
// them. Some virtual machines' networks do, and a link of ours in the same range would cut off the
// machine, so the first that the machine has no route to is taken.
func candidates() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"),
	}
}

// Free finds a range that the machine does not use.
func Free() (Range, error) {
	f, err := os.Open("/proc/net/route")
	if err != nil {
		return Range{}, fmt.Errorf("read the machine's routes: %w", err)
	}
	defer f.Close()
	used, err := parseRoutes(bufio.NewScanner(f))
	if err != nil {
		return Range{}, fmt.Errorf("read the machine's routes: %w", err)
	}
	return choose(candidates(), used)
}

func choose(from, used []netip.Prefix) (Range, error) {
	for _, c := range from {
		if !slices.ContainsFunc(used, c.Overlaps) {
			return Range{c}, nil
		}
	}
	return Range{}, fmt.Errorf("the machine has routes into all of %v: none is left for the cluster", from)
}

// parseRoutes reads /proc/net/route: addresses and masks are hexadecimal, least significant byte first.
func parseRoutes(lines *bufio.Scanner) ([]netip.Prefix, error) {
	var used []netip.Prefix
	lines.Scan() // the headings
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 8 {
			continue
		}
		to, err := hex.DecodeString(f[1])
		mask, err2 := hex.DecodeString(f[7])
		if err := errors.Join(err, err2); err != nil || len(to) != 4 || len(mask) != 4 {
			return nil, fmt.Errorf("cannot read %q", lines.Text())
		}
		bits := 0
		for _, b := range mask {
			for ; b != 0; b &= b - 1 {
				bits++
			}
		}
		// The default route covers everything; what it leads to is on a route of its own.
		if bits == 0 {
			continue
		}
		slices.Reverse(to)
		used = append(used, netip.PrefixFrom(netip.AddrFrom4([4]byte(to)), bits))
	}
	return used, lines.Err()
}

const rangeFile = "network"

// Save writes down which range the cluster uses.
func (r Range) Save() error {
	return os.WriteFile(layout.Path(rangeFile), []byte(r.prefix.String()+"\n"), 0o644)
}

// Load reads which range the running cluster uses.
func Load() (Range, error) {
	text, err := os.ReadFile(layout.Path(rangeFile))
	if err != nil {
		return Range{}, fmt.Errorf("read the cluster's network: %w", err)
	}
	prefix, err := netip.ParsePrefix(strings.TrimSpace(string(text)))
	if err != nil {
		return Range{}, fmt.Errorf("read the cluster's network: %w", err)
	}
	return Range{prefix}, nil
}

// String is the range in CIDR form.
func (r Range) String() string { return r.prefix.String() }

// Control is the address of the control plane: the API on port 6443, the DNS on port 53.
func (r Range) Control() string { return r.host(1) }

// Node is a node's address.
func (r Range) Node(n layout.Node) string { return r.host(10 + n.Number) }

// Machine is the address of the machine's own end.
func (r Range) Machine() string { return r.host(254) }

func (r Range) host(last int) string {
	b := r.prefix.Addr().As4()
	b[3] = byte(last)
	return netip.AddrFrom4(b).String()
}
