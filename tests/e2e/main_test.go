//go:build e2e

// Package e2e tests the chart on the Kubernetes that ci/cluster starts, with the
// real Helms and the plugin installed as a user installs it.
package e2e

import (
	"os"
	"testing"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// values is short for what values files are made of.
type values = map[string]any
