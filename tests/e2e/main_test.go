//go:build e2e

// Package e2e tests the chart on the Kubernetes that ci/cluster starts, with the
// real Helms and the plugin installed as a user installs it.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

// parallel is how many releases are on the cluster at once. They wait more than they
// work, so it is no matter of cores.
const parallel = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		if err := flag.Set("test.parallel", parallel); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(cluster.Main(m))
}

// values is short for what values files are made of.
type values = map[string]any

// part is one of the things that happen to a release in the course of a test.
type part struct {
	name string
	do   func(t *testing.T, r *cluster.Release)
}

// life runs parts in order, each on what the one before left.
func life(t *testing.T, r *cluster.Release, parts []part) {
	t.Helper()
	for _, p := range parts {
		if !t.Run(p.name, func(t *testing.T) {
			outer := r.TB
			r.TB = t
			defer func() { r.TB = outer }()
			p.do(t, r)
		}) {
			t.FailNow()
		}
	}
}
