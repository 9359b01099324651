package lint

import (
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// otherNames are well-known names that other charts have for values of this
// one.
var otherNames = map[string][]string{
	"primary":                  {"master"},
	"slave":                    {"replica"},
	"master.count":             {"master.replicaCount"},
	"replicaCount":             {"replica.replicaCount"},
	"replicas":                 {"replica.replicaCount"},
	"replica.replicas":         {"replica.replicaCount"},
	"replica.count":            {"replica.replicaCount"},
	"existingSecret":           {"auth.existingSecret"},
	"password":                 {"auth.password"},
	"redisPassword":            {"auth.password"},
	"usePassword":              {"auth.enabled"},
	"valkeyConfig":             {"commonConfiguration"},
	"configmap":                {"commonConfiguration"},
	"config":                   {"commonConfiguration"},
	"extraConfig":              {"commonConfiguration"},
	"redis":                    {"commonConfiguration"},
	"master.extraFlags":        {"master.configuration"},
	"replica.extraFlags":       {"replica.configuration"},
	"dataStorage":              {"master.persistence"},
	"persistentVolume":         {"master.persistence"},
	"podDisruptionBudget":      {"master.pdb", "replica.pdb"},
	"pdb":                      {"master.pdb", "replica.pdb"},
	"sentinel.masterName":      {"sentinel.masterSet"},
	"sentinel.masterGroupName": {"sentinel.masterSet"},
	"extraObjects":             {"extraDeploy"},
	"env":                      {"master.extraEnvVars", "replica.extraEnvVars"},
}

// notHere are values of other charts that have no counterpart in this release,
// and why.
var notHere = map[string]string{
	"tls":                      "TLS is not in this release of the chart",
	"auth.acl":                 "users have no value of their own in this release: write them as user … lines in commonConfiguration",
	"auth.aclUsers":            "users have no value of their own in this release: write them as user … lines in commonConfiguration",
	"auth.usersExistingSecret": "users have no value of their own in this release: write them as user … lines in commonConfiguration",
	"auth.sentinel":            "Sentinels ask for the same password as the servers",
	"cluster":                  "cluster mode is not what this chart does",
	"haproxy":                  "the write endpoint of every pod takes the place of HAProxy",
	"sysctl":                   "no container with more rights is part of this chart: set the node's kernel on the node",
	"useHostnames":             "pods find each other by their names without it",
	"master.kind":              "the pods are those of a StatefulSet, whatever is kept",
	"replica.kind":             "the pods are those of a StatefulSet, whatever is kept",
	"master.disableCommands":   "write rename-command lines in commonConfiguration",
	"replica.disableCommands":  "write rename-command lines in commonConfiguration",
	"metrics.image":            "every pod serves its metrics itself, without an exporter",
	"autoscaling":              "an autoscaler of your own may scale the replicas' StatefulSet",
}

// renamed is where a value of another chart is in this one.
func renamed(path values.Path) []values.Path {
	var all []values.Path
	for _, name := range otherNames[strings.Join(path, ".")] {
		all = append(all, values.ParsePath(name))
	}
	return all
}
