//go:build server

// Package server tests the entrypoint with real servers on loopback addresses.
package server

import (
	"flag"
	"os"
	"testing"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// Most of a test's time is spent waiting for servers, so more of them run at
// once than there are processors, unless the command line says otherwise.
const parallel = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		if err := flag.Set("test.parallel", parallel); err != nil {
			panic(err)
		}
	}
	os.Exit(release.Main(m))
}

// setup is one combination that the broad tests run through.
type setup struct {
	engine      release.Engine
	persistence string
	password    string
}

const password = `pass "word" of\the tests`

// setups pairs each engine with what matters most for it: all kinds of
// persistence on the newest Valkey, and the two extremes on every other engine;
// authentication on for every second.
func setups(t *testing.T) []setup {
	t.Helper()
	var all []setup
	for i, engine := range release.Engines(t) {
		kinds := []string{"aof", "none"}
		if i == 0 {
			kinds = []string{"aof", "rdb", "none"}
		}
		for _, persistence := range kinds {
			s := setup{engine: engine, persistence: persistence}
			if len(all)%2 == 0 {
				s.password = password
			}
			all = append(all, s)
		}
	}
	return all
}

func (s setup) name() string {
	auth := "no password"
	if s.password != "" {
		auth = "password"
	}
	return s.engine.Name + ", " + s.persistence + ", " + auth
}

func (s setup) options(replicas int) release.Options {
	return release.Options{Engine: s.engine, Persistence: s.persistence, Password: s.password, Replicas: replicas}
}
