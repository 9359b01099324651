package upgrade

import "testing"

func TestClusterAddress(t *testing.T) {
	const (
		headless = "# Source: valkey/templates/master-headless-service.yaml"
		write    = "# Source: valkey/templates/master-service.yaml"
	)
	run(t, []expect{
		{"headless no more", "default", nil, []patch{{headless, "clusterIP: None", "clusterIP: 10.96.0.7"}},
			[]string{"VK313 Service/rel-valkey-master-headless spec.clusterIP: None → 10.96.0.7: Kubernetes refuses this change"}},
		{"headless", "default", nil, []patch{{write, "  type: ClusterIP\n", "  type: ClusterIP\n  clusterIP: None\n"}},
			[]string{"VK313 Service/rel-valkey-master spec.clusterIP: the one that it was given → None: Kubernetes refuses this change"}},
		{"any address", "default", []patch{{write, "  type: ClusterIP\n", "  type: ClusterIP\n  clusterIP: 10.96.0.7\n"}}, nil, nil},
	})
}
