package ours

import "github.com/helm-valkey/helm-valkey/plugin/manifest"

// Labels that the chart's templates put on objects.
const (
	ComponentLabel = "app.kubernetes.io/component"
	InstanceLabel  = "app.kubernetes.io/instance"
	NameLabel      = "app.kubernetes.io/name"
)

// Components that pods run.
const (
	Master   = "master"
	Replica  = "replica"
	Sentinel = "sentinel"
)

// ServerContainer is the name of the container that runs the server.
const ServerContainer = "valkey"

// ProxyVariable is where the write endpoint listens; without it there is none.
const ProxyVariable = "ENTRYPOINT_PROXY_ADDRESS"

// Server returns the container that runs the server in the pods of a StatefulSet.
func Server(o manifest.Object) (manifest.Object, bool) {
	return o.Item(ServerContainer, "spec", "template", "spec", "containers")
}

// Setting is what a variable tells the entrypoint in the pods of a StatefulSet;
// empty if it is not there.
func Setting(o manifest.Object, name string) string {
	container, _ := Server(o)
	variable, _ := container.Item(name, "env")
	return variable.Text("value")
}
