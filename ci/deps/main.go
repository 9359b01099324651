// Command deps installs the Debian packages that the local cluster and the checks need, if they are
// missing.
package main

import (
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

func main() {
	os.Exit(command.Main(run))
}
