package control

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
)

const etcdURL = "http://127.0.0.1:2379"

// etcd listens inside the control plane's namespace only. Its data does not outlive the cluster, so it
// need not wait for the disk.
func (p Plane) etcd() []string {
	const peers = "http://127.0.0.1:2380"
	return []string{
		p.Bin.Bin("etcd"), "--name=control", "--data-dir=" + layout.Path("etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=" + etcdURL, "--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=" + peers, "--initial-advertise-peer-urls=" + peers, "--initial-cluster=control=" + peers,
	}
}

func (p Plane) apiserver() []string {
	pki := layout.Path("pki")
	return []string{
		p.Bin.Bin("kube-apiserver"),
		"--etcd-servers=" + etcdURL,
		"--advertise-address=" + p.Range.Control(), "--bind-address=0.0.0.0", "--secure-port=6443",
		"--service-cluster-ip-range=" + services,
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--client-ca-file=" + pki + "/ca.crt",
		"--tls-cert-file=" + pki + "/apiserver.crt", "--tls-private-key-file=" + pki + "/apiserver.key",
		"--kubelet-certificate-authority=" + pki + "/ca.crt",
		"--kubelet-client-certificate=" + pki + "/kubelet-client.crt", "--kubelet-client-key=" + pki + "/kubelet-client.key",
		// The nodes' names are in no DNS: without this, logs and exec would look them up.
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki + "/accounts.crt", "--service-account-signing-key-file=" + pki + "/accounts.key",
		"--profiling=false",
	}
}

// controllers notice a lost node after 20 s rather than 50, so that tests of it need not wait as long.
func (p Plane) controllers() []string {
	pki := layout.Path("pki")
	return []string{
		p.Bin.Bin("kube-controller-manager"),
		"--kubeconfig=" + config("kube-controller-manager"), "--leader-elect=false", "--use-service-account-credentials=true",
		"--root-ca-file=" + pki + "/ca.crt", "--service-account-private-key-file=" + pki + "/accounts.key",
		"--cluster-cidr=" + pods, "--allocate-node-cidrs=false",
		"--node-monitor-grace-period=20s", "--node-monitor-period=2s",
		"--profiling=false",
	}
}

func (p Plane) scheduler() []string {
	return []string{
		p.Bin.Bin("kube-scheduler"), "--kubeconfig=" + config("kube-scheduler"), "--leader-elect=false", "--profiling=false",
	}
}

// corefile serves the cluster's names and says of every other that it does not exist, as a DNS without
// a way out must: nothing forwards a question.
func corefile() string {
	return fmt.Sprintf(`cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig %s
        pods insecure
        ttl 5
    }
}
.:53 {
    errors
    template ANY ANY . {
        rcode NXDOMAIN
    }
}
`, config("coredns"))
}
