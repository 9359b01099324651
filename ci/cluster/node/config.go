package node

import (
	"encoding/json"
	"fmt"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
)

// cniPlugins is where Debian's containernetworking-plugins puts them.
const cniPlugins = "/usr/lib/cni"

// containerd is the runtime's configuration. restrict_oom_score_adj: in a container without
// CAP_SYS_RESOURCE, as a CI machine may be, a score cannot be lowered.
func (n Node) containerd() string {
	return fmt.Sprintf(`version = 3
root = %q
state = %q
disabled_plugins = [
  "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp", "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.differ.v1.erofs",
]

[grpc]
  address = %q

[plugins."io.containerd.internal.v1.opt"]
  path = %q

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = %q

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = [%q]
    conf_dir = %q
    use_internal_loopback = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      Root = %q
      SystemdCgroup = false
`, n.Path("containerd"), n.RunDir(), n.Socket(), n.Path("opt"), layout.Pause, cniPlugins, n.Path("cni"), n.RunDir()+"/runc")
}

// podNetwork gives each pod a link of its own to the node, which routes. With a bridge, answers
// between two pods of one node would pass it by, and with it the translation of Services' addresses,
// unless the kernel has br_netfilter.
func (n Node) podNetwork() string {
	return render(map[string]any{
		"cniVersion": "1.0.0",
		"name":       n.CNI(),
		"plugins": []any{map[string]any{
			"type": "ptp", "ipMasq": false,
			"ipam": map[string]any{
				"type": "host-local", "dataDir": n.Path("addresses"),
				"ranges": []any{[]any{map[string]string{"subnet": n.Pods()}}},
				"routes": []any{map[string]string{"dst": "0.0.0.0/0"}},
			},
		}},
	})
}

// kubelet is its configuration. Three of them share the machine, so each has its own folders, also for
// the pods' logs (kubelets that share them delete each other's), its own control group, and never
// evicts: the disk is not its to judge.
func (n Node) kubelet() string {
	return render(map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"authentication": map[string]any{
			"anonymous": map[string]bool{"enabled": false},
			"webhook":   map[string]bool{"enabled": false},
			"x509":      map[string]string{"clientCAFile": layout.Path("pki", "ca.crt")},
		},
		"authorization":            map[string]string{"mode": "AlwaysAllow"},
		"tlsCertFile":              n.Path("serving.crt"),
		"tlsPrivateKeyFile":        n.Path("serving.key"),
		"containerRuntimeEndpoint": "unix://" + n.Socket(),
		"clusterDNS":               []string{n.Range.Control()},
		"clusterDomain":            "cluster.local",
		"resolvConf":               n.Path("resolv.conf"),
		"podLogsDir":               n.Path("logs"),
		"volumePluginDir":          n.Path("volume-plugins"),
		"cgroupDriver":             "cgroupfs",
		"cgroupRoot":               "/" + n.Namespace(),
		// A host with the first version of control groups is as good here.
		"failCgroupV1":           false,
		"failSwapOn":             false,
		"enforceNodeAllocatable": []string{},
		"makeIPTablesUtilChains": false,
		"oomScoreAdj":            0,
		"evictionHard": map[string]string{
			"memory.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%",
			"imagefs.available": "0%", "imagefs.inodesFree": "0%",
		},
		"imageGCHighThresholdPercent": 100,
		"imageGCLowThresholdPercent":  99,
		"serializeImagePulls":         false,
		// A changed ConfigMap reaches its pods with the next sync.
		"syncFrequency": "10s",
		// Renewed every 3 s, so that a lost node is noticed within the controllers' 20 s.
		"nodeLeaseDurationSeconds":  12,
		"nodeStatusUpdateFrequency": "5s",
		"healthzBindAddress":        "127.0.0.1",
	})
}

// proxy is kube-proxy's configuration. Its conntrack settings are left as they are: they belong to the
// machine, which may not let them be written.
func (n Node) proxy() string {
	return render(map[string]any{
		"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
		"mode":             "nftables",
		"clientConnection": map[string]string{"kubeconfig": n.Path("kube-proxy.kubeconfig")},
		"clusterCIDR":      "10.244.0.0/16",
		"nftables":         map[string]string{"minSyncPeriod": "100ms", "syncPeriod": "30s"},
		"conntrack": map[string]any{
			"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s",
			"udpTimeout": "0s", "udpStreamTimeout": "0s",
		},
		"healthzBindAddress": "127.0.0.1:10256",
		"metricsBindAddress": "127.0.0.1:10249",
	})
}

func render(config map[string]any) string {
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		// Only maps, lists, strings and numbers are in it.
		panic(err)
	}
	return string(text) + "\n"
}
