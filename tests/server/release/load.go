//go:build linux

package release

import (
	"context"
	"net"

	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// Load starts the usual writers on the address of the master's pod. The test has to
// Stop them.
func (r *Release) Load() *writer.Load {
	r.TB.Helper()
	return r.LoadWith(writer.Defaults(r.Master.Address()))
}

// LoadWith starts writers as the options say.
func (r *Release) LoadWith(options writer.Options) *writer.Load {
	r.TB.Helper()
	options.Password, options.Dialer = r.Options.Password, r.Dial
	if options.Endpoint != nil {
		Eventually(r.TB, Patience, "an endpoint for writes", func() error {
			if options.Endpoint() == "" {
				return writer.ErrNoEndpoint
			}
			return nil
		})
	}
	load := writer.Start(context.Background(), options)
	r.TB.Cleanup(func() { load.Stop() })
	return load
}

// Clients are writers as applications are: on the write Service, one command at a
// time, and patient enough for a handover.
func (r *Release) Clients() writer.Options {
	options := writer.Defaults("")
	options.Endpoint = r.Endpoint
	options.Timeout = commandTimeout
	options.Wait = 0
	return options
}

// Clients are writers that know this pod's write endpoint only, wherever the pod is.
func (p *Pod) Clients() writer.Options {
	options := p.release.Clients()
	options.Endpoint = p.published
	return options
}

// published is the pod's write endpoint as the DNS has it.
func (p *Pod) published() string {
	r := p.release
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, address := range r.names[p.Host] {
		return net.JoinHostPort(address, ProxyPort)
	}
	return ""
}
