// Command cluster runs a real Kubernetes of three nodes on this machine, without a container daemon or
// a virtual machine: every component is an ordinary process, each node in a network namespace of its
// own. `cluster` without arguments prints how to use it.
package main

import (
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

func main() {
	os.Exit(command.Main(run))
}
