//go:build linux

package release

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Engine is a server as the project's tools unpacked it from Debian's packages.
type Engine struct {
	Name    string `json:"name"` // folder, for example valkey-9.1
	Kind    string `json:"engine"`
	Version string `json:"version"`

	dir string
}

// Server is the path of the server's binary.
func (e Engine) Server() string { return filepath.Join(e.dir, e.Name, "server") }

// Engines returns every engine of the cache, newest Valkey first.
func Engines(tb testing.TB) []Engine {
	tb.Helper()
	engines, err := readEngines()
	require.NoError(tb, err, "real servers are needed: go -C ci run ./images engines")
	return engines
}

// DefaultEngine is the newest Valkey.
func DefaultEngine(tb testing.TB) Engine {
	tb.Helper()
	engines := Engines(tb)
	require.Equal(tb, "valkey", engines[0].Kind, "no Valkey in the cache")
	return engines[0]
}

func readEngines() ([]Engine, error) {
	dir := filepath.Join(Cache(), "engines")
	content, err := os.ReadFile(filepath.Join(dir, "engines.json"))
	if err != nil {
		return nil, err
	}
	var record struct {
		Engines []Engine `json:"engines"`
	}
	if err := json.Unmarshal(content, &record); err != nil {
		return nil, fmt.Errorf("read engines.json: %w", err)
	}
	engines := record.Engines
	for i := range engines {
		engines[i].dir = dir
	}
	slices.SortFunc(engines, newestValkeyFirst)
	if len(engines) == 0 {
		return nil, fmt.Errorf("engines.json in %s lists no engine", dir)
	}
	return engines, nil
}

func newestValkeyFirst(a, b Engine) int {
	if a.Kind != b.Kind {
		return strings.Compare(b.Kind, a.Kind)
	}
	return slices.Compare(b.numbers(), a.numbers())
}

// numbers is the series of the engine's name, as numbers.
func (e Engine) numbers() []int {
	_, series, _ := strings.Cut(e.Name, "-")
	var numbers []int
	for part := range strings.SplitSeq(series, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// Cache is where the project keeps what it builds and unpacks.
func Cache() string {
	if dir := os.Getenv("HELM_VALKEY_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = "/root/.cache"
	}
	return filepath.Join(dir, "helm-valkey")
}
