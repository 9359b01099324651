// Command up does the main job: a Kubernetes, the chart in it, a key written and read back. With
// --down it removes all of that.
//
//	up [--context NAME] [--image REF] [--namespace NS] [--release NAME] [--down]
package main

import (
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

func main() {
	os.Exit(command.Main(run))
}
