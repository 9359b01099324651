// Command tools builds the programs that the project's tests and checks call, each at a pinned
// version, into the cache.
//
//	tools [helm|lint|charts|all]
package main

import (
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

func main() {
	os.Exit(command.Main(run))
}
