//go:build bench

// Package bench measures, and prints what it measured as JSON and as a table. It
// fails only where something could not be measured: figures depend on the machine,
// and comparisons are ratios within one run.
package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// Figure is one measured thing.
type Figure struct {
	Topic string  `json:"topic"`
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Goal  string  `json:"goal,omitempty"`
	Runs  int     `json:"runs,omitempty"`
}

var report struct {
	mu      sync.Mutex
	figures []Figure
}

func record(figures ...Figure) {
	report.mu.Lock()
	defer report.mu.Unlock()
	report.figures = append(report.figures, figures...)
}

func TestMain(m *testing.M) {
	code := release.Main(mainer(func() int { return cluster.Main(m) }))
	if err := show(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

type mainer func() int

func (m mainer) Run() int { return m() }

// show prints the report: JSON for programs, then a table for people.
func show() error {
	if len(report.figures) == 0 {
		return nil
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report.figures); err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nTOPIC\tWHAT\tVALUE\tUNIT\tGOAL\tRUNS")
	for _, f := range report.figures {
		fmt.Fprintf(table, "%s\t%s\t%.4g\t%s\t%s\t%d\n", f.Topic, f.What, f.Value, f.Unit, f.Goal, f.Runs)
	}
	return table.Flush()
}

// spread records the median and the worst of several durations, in a unit.
func spread(topic, what, goal string, unit time.Duration, samples []time.Duration) {
	slices.Sort(samples)
	name := map[time.Duration]string{time.Millisecond: "ms", time.Second: "s"}[unit]
	in := func(d time.Duration) float64 { return float64(d) / float64(unit) }
	record(
		Figure{Topic: topic, What: what + ", median", Value: in(median(samples)), Unit: name, Goal: goal, Runs: len(samples)},
		Figure{Topic: topic, What: what + ", worst", Value: in(samples[len(samples)-1]), Unit: name, Runs: len(samples)},
	)
}

// median is that of sorted samples.
func median(samples []time.Duration) time.Duration { return samples[len(samples)/2] }
