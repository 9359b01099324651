package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// Host is one peer's name and where it resolves to. Absent means that the name
// certainly resolves to nothing: no such pod has an address. Without addresses
// and not Absent, it is not known. Name is empty for an address that only a
// Service listed.
type Host struct {
	Name      string
	Addresses []string
	Absent    bool
}

// Pod is the pod's name: the first label of its host name.
func (h Host) Pod() string { return podOf(h.Name) }

func podOf(name string) string {
	pod, _, _ := strings.Cut(name, ".")
	return pod
}

// Directory lists the pods of the release: those expected by name, and those that
// the headless Services list besides (replicas can be scaled while pods run).
// Self is this pod's name; it is never in the list.
type Directory struct {
	Self      string
	PeersFile string
	Services  []string
	HostsFile string
}

const lookupTimeout = 2 * time.Second

// Names are the host names of all expected pods, this one among them.
func (d Directory) Names() ([]string, error) {
	if d.PeersFile == "" {
		return nil, nil
	}
	content, err := os.ReadFile(d.PeersFile)
	if err != nil {
		return nil, fmt.Errorf("read the list of peers: %w", err)
	}
	return strings.Fields(string(content)), nil
}

// Hosts looks all peers up. That a name does not exist is believed only while the
// Services list this pod's own address: DNS that does not know of it has not heard
// of the others either. Its own name would prove nothing, which Kubernetes writes
// into every pod's /etc/hosts.
func (d Directory) Hosts(ctx context.Context) ([]Host, error) {
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	all := slices.Concat(names, d.Services)
	found := make([]Host, len(all))
	each(len(all), func(i int) { found[i] = d.Lookup(ctx, all[i]) })
	hosts, services := found[:len(names):len(names)], found[len(names):]

	known := map[string]bool{}
	var own []string
	for _, host := range hosts {
		if host.Pod() == d.Self {
			own = host.Addresses
		}
		for _, address := range host.Addresses {
			known[address] = true
		}
	}
	hosts = slices.DeleteFunc(hosts, func(h Host) bool { return h.Pod() == d.Self })
	listed := len(services) == 0 && len(own) > 0
	for _, service := range services {
		if len(service.Addresses) == 0 && !service.Absent {
			// It may list pods that no name is known of.
			hosts = append(hosts, service)
		}
		for _, address := range service.Addresses {
			listed = listed || slices.Contains(own, address)
			if !known[address] {
				known[address] = true
				hosts = append(hosts, Host{Addresses: []string{address}})
			}
		}
	}
	if !listed {
		for i := range hosts {
			hosts[i].Absent = false
		}
	}
	return hosts, nil
}

// Lookup resolves one name. Each family of addresses is asked for by itself: of
// both together the resolver reports the error that came first, and where names
// have addresses of one family only, a lost packet would look like a name that does
// not exist.
func (d Directory) Lookup(ctx context.Context, name string) Host {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	host := Host{Name: name}
	if d.HostsFile != "" {
		host.Addresses = fromFile(d.HostsFile, name)
		host.Absent = len(host.Addresses) == 0
		return host
	}
	query := name
	if strings.Contains(name, ".") && !strings.HasSuffix(name, ".") {
		// Whole names: no walk through the search list of resolv.conf.
		query += "."
	}
	families := []string{"ip4", "ip6"}
	addresses, errs := make([][]netip.Addr, len(families)), make([]error, len(families))
	each(len(families), func(i int) { addresses[i], errs[i] = net.DefaultResolver.LookupNetIP(ctx, families[i], query) })
	host.Absent = true
	for i := range families {
		for _, address := range addresses[i] {
			host.Addresses = append(host.Addresses, address.Unmap().String())
		}
		var dns *net.DNSError
		host.Absent = host.Absent && errors.As(errs[i], &dns) && dns.IsNotFound
	}
	return host
}

func fromFile(path, name string) []string {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var addresses []string
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) > 1 && slices.Contains(fields[1:], name) {
			addresses = append(addresses, fields[0])
		}
	}
	return addresses
}

// each runs do for 0 to n-1 at once and returns when all are done.
func each(n int, do func(i int)) {
	done := make(chan struct{})
	for i := range n {
		go func() {
			do(i)
			done <- struct{}{}
		}()
	}
	for range n {
		<-done
	}
}
