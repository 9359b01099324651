// Command images makes what the tests and the local cluster run, without a container daemon: server
// engines from Debian's packages, and container images from them.
//
//	images engines            unpacks every engine that Debian has into the cache
//	images build              makes a container image of every engine
//	images entrypoint BIN TAG makes the entrypoint's image from a static binary
package main

import (
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

func main() {
	os.Exit(command.Main(run))
}
