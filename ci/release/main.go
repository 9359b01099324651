// Command release builds everything that a release consists of into a folder: the plugin's binaries
// and archives, the chart, the images, lists of what is inside, and checksums. The same commit gives
// the same bytes, on any machine with the same Go; only signatures differ.
//
//	release [--out DIR] [--key NAME --keyring FILE [--passphrase-file FILE]]
//
// The version is the chart's, and the time of everything is the commit's, or SOURCE_DATE_EPOCH.
package main

import (
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

func main() {
	os.Exit(command.Main(run))
}
