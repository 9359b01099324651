// Command test checks the whole project: style, unit tests, rendering, real servers, both Helm
// versions, and a real Kubernetes. It installs what that takes, and ends with a line of totals.
//
//	test [STAGE…]
package main

import (
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

func main() {
	os.Exit(command.Main(run))
}
