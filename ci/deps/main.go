// Command deps installs the Debian packages that the local cluster and the checks need, if they are
// missing, and with the argument bench those that figures are measured beside as well.
package main

import (
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

func main() {
	os.Exit(command.Main(run))
}
