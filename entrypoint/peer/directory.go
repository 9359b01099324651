package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
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

// Hosts looks all peers up. That a name does not exist is believed only while
// DNS knows this pod's own name: one that does not has not heard of the others
// either.
func (d Directory) Hosts(ctx context.Context) ([]Host, error) {
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	hosts := make([]Host, len(names))
	each(len(names), func(i int) { hosts[i] = d.Lookup(ctx, names[i]) })

	known := map[string]bool{}
	listed := true
	for i := range hosts {
		own := hosts[i].Pod() == d.Self
		if own {
			listed = len(hosts[i].Addresses) > 0
		}
		for _, address := range hosts[i].Addresses {
			known[address] = true
		}
	}
	hosts = slices.DeleteFunc(hosts, func(h Host) bool { return h.Pod() == d.Self })
	if !listed {
		for i := range hosts {
			hosts[i].Absent = false
		}
	}
	for _, service := range d.Services {
		for _, address := range d.Lookup(ctx, service).Addresses {
			if !known[address] {
				known[address] = true
				hosts = append(hosts, Host{Addresses: []string{address}})
			}
		}
	}
	return hosts, nil
}

// Lookup resolves one name.
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
	addresses, err := net.DefaultResolver.LookupHost(ctx, query)
	var dns *net.DNSError
	host.Addresses = addresses
	host.Absent = errors.As(err, &dns) && dns.IsNotFound
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
