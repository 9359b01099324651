package postrender

import "testing"

func TestReplicaClaims(t *testing.T) {
	claims := replacement{"spec:\n  replicas: 2 # replica\n", "spec:\n  volumeClaimTemplates:\n    - metadata: {name: data}\n  replicas: 2\n"}
	told := replacement{`{name: ENTRYPOINT_DATA_VOLUME, value: "false"} # replica`, `{name: ENTRYPOINT_DATA_VOLUME, value: "true"}`}
	volume := replacement{"        - name: data\n          emptyDir: {}\n", "        - name: data\n          persistentVolumeClaim: {claimName: shared}\n        - name: extra\n          persistentVolumeClaim: {claimName: backup}\n"}
	run(t, []expect{
		{"patched in", []replacement{claims},
			[]string{`VK202 StatefulSet/demo-valkey-replica spec.volumeClaimTemplates[0]: volume claim "data", which nobody asked for: ENTRYPOINT_DATA_VOLUME is not true`}},
		{"asked for", []replacement{claims, told}, nil},
		{"a claim as a volume, and one that is not for the data", []replacement{volume},
			[]string{`VK202 StatefulSet/demo-valkey-replica spec.template.spec.volumes[0]: volume claim "data", which nobody asked for: ENTRYPOINT_DATA_VOLUME is not true`}},
		{"a claim as a volume, asked for", []replacement{volume, told}, nil},
	})
}
