// Package control starts the control plane: etcd, the API server, the controllers, the scheduler, the
// DNS and the provider of volumes, each a process in one network namespace.
package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"

	"github.com/helm-valkey/helm-valkey/ci/cluster/api"
	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/network"
	"github.com/helm-valkey/helm-valkey/ci/cluster/pki"
	"github.com/helm-valkey/helm-valkey/ci/cluster/process"
	"github.com/helm-valkey/helm-valkey/ci/cluster/volume"
)

const (
	services   = "10.96.0.0/16"
	apiService = "10.96.0.1"
	pods       = "10.244.0.0/16"
	// masters is the group that may do everything. The DNS and the provider of volumes are in it, too:
	// nobody else is on this machine's cluster to be protected from them.
	masters = "system:masters"
)

// Plane is the control plane.
type Plane struct {
	Bin   cache.Dir
	Range network.Range
}

// Names are the processes that make a whole control plane.
func Names() []string {
	return []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "coredns", "volumes"}
}

// Server is the API's address.
func (p Plane) Server() string { return "https://" + p.Range.Control() + ":6443" }

// Certificates writes what the control plane's processes and the administrator show each other.
func (p Plane) Certificates(a pki.Authority) error {
	dir := layout.Path("pki")
	if err := os.WriteFile(dir+"/ca.crt", a.PEM, 0o644); err != nil {
		return err
	}
	server, err := a.Issue("kube-apiserver", "", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local", "localhost", "127.0.0.1", apiService, p.Range.Control())
	if err != nil {
		return err
	}
	kubelet, err := a.Issue("kube-apiserver-kubelet-client", masters)
	if err != nil {
		return err
	}
	accounts, err := a.Issue("service-accounts", "")
	if err != nil {
		return err
	}
	return errors.Join(
		server.Write(dir, "apiserver"), kubelet.Write(dir, "kubelet-client"), accounts.Write(dir, "accounts"),
		a.WriteConfig(layout.Kubeconfig(), p.Server(), "admin", masters),
		a.WriteConfig(config("kube-controller-manager"), p.Server(), "system:kube-controller-manager", ""),
		a.WriteConfig(config("kube-scheduler"), p.Server(), "system:kube-scheduler", ""),
		a.WriteConfig(config("coredns"), p.Server(), "coredns", masters),
		os.WriteFile(layout.Path("Corefile"), []byte(corefile()), 0o644),
	)
}

func config(name string) string { return layout.Path("kubeconfigs", name) }

// Start starts the control plane and returns when the API is ready and the DNS answers.
func (p Plane) Start(ctx context.Context) error {
	etcd, err := p.start("etcd", p.etcd()...)
	if err != nil {
		return err
	}
	server, err := p.start("kube-apiserver", p.apiserver()...)
	if err != nil {
		return err
	}
	client, err := api.New(layout.Kubeconfig())
	if err != nil {
		return err
	}
	err = server.Until(ctx, 90*time.Second, func(ctx context.Context) error {
		return errors.Join(etcd.Ended(), client.Ready(ctx))
	})
	if err != nil {
		return err
	}
	err = client.Create(ctx, "/apis/storage.k8s.io/v1/storageclasses", volume.StorageClass())
	if err != nil && !errors.Is(err, api.ErrConflict) {
		return err
	}
	return p.startClients(ctx)
}

// startClients starts what only makes sense once the API answers.
func (p Plane) startClients(ctx context.Context) error {
	controllers, err := p.start("kube-controller-manager", p.controllers()...)
	if err != nil {
		return err
	}
	scheduler, err := p.start("kube-scheduler", p.scheduler()...)
	if err != nil {
		return err
	}
	dns, err := p.start("coredns", p.Bin.Bin("coredns"), "-conf", layout.Path("Corefile"))
	if err != nil {
		return err
	}
	volumes, err := p.start("volumes", layout.Self(), "provide-volumes")
	if err != nil {
		return err
	}
	err = dns.Until(ctx, 60*time.Second, func(ctx context.Context) error { return Resolve(ctx, p.Range) })
	return errors.Join(err, controllers.Ended(), scheduler.Ended(), volumes.Ended())
}

// Resolve asks the cluster's DNS for the API's Service.
func Resolve(ctx context.Context, r network.Range) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, proto, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, proto, net.JoinHostPort(r.Control(), "53"))
	}}
	found, err := resolver.LookupHost(ctx, "kubernetes.default.svc.cluster.local.")
	if err != nil {
		return fmt.Errorf("ask the cluster's DNS: %w", err)
	}
	if len(found) != 1 || found[0] != apiService {
		return fmt.Errorf("ask the cluster's DNS: got %v for the API's Service, want %s", found, apiService)
	}
	return nil
}

func (p Plane) start(name string, args ...string) (*process.Process, error) {
	return process.Start(process.Spec{Name: name, Namespace: layout.Control, Args: args})
}
