package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/progress"
)

// totals counts tests, subtests among them.
type totals struct{ passed, failed, skipped int }

func (t totals) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
}

func (t totals) since(before totals) totals {
	return totals{t.passed - before.passed, t.failed - before.failed, t.skipped - before.skipped}
}

// event is a line of go test -json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// ownLine is what a test itself said by t.Log, t.Error and the like.
var ownLine = regexp.MustCompile(`^\s+\w+_test\.go:\d+: .`)

// counter reads the events of one go test, counts, and shows the output of what failed.
type counter struct {
	totals totals
	out    io.Writer
	output map[string][]string
	// failed are the packages with a test that failed: others that fail do not build, or died.
	failed map[string]bool
	// reasons name each test that failed, and why, without what it logged.
	reasons []string
}

func newCounter(out io.Writer) *counter {
	return &counter{out: out, output: map[string][]string{}, failed: map[string]bool{}}
}

func (c *counter) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(c.out, lines.Text())
			continue
		}
		c.take(e)
	}
	return lines.Err()
}

func (c *counter) take(e event) {
	id := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		c.output[id] = append(c.output[id], e.Output)
	case "build-output":
		fmt.Fprint(c.out, e.Output)
	case "pass", "skip":
		c.end(e, id)
	case "fail":
		c.end(e, id)
		if e.Test != "" {
			c.failed[e.Package] = true
		}
		fmt.Fprintf(c.out, "--- FAIL %s (%.1f s)\n%s", id, e.Elapsed, strings.Join(c.output[id], ""))
		if e.Test != "" {
			c.reasons = append(c.reasons, id+"\n"+reason(c.output[id]))
		}
	}
	if e.Action == "pass" || e.Action == "fail" || e.Action == "skip" {
		delete(c.output, id)
	}
}

func (c *counter) end(e event, id string) {
	switch {
	case e.Test == "" && e.Action == "fail" && !c.failed[e.Package]:
		c.totals.failed++
	case e.Test == "":
		if e.Elapsed > 1 {
			fmt.Fprintf(c.out, "      %s %s: %.1f s\n", e.Action, e.Package, e.Elapsed)
		}
	case e.Action == "pass":
		c.totals.passed++
	case e.Action == "fail":
		c.totals.failed++
	case e.Action == "skip":
		c.totals.skipped++
		fmt.Fprintf(c.out, "--- SKIP %s\n%s", id, strings.Join(c.output[id], ""))
	}
}

// reason is what a failing test says about itself: its own lines, the blocks of testify,
// and a panic. The logs of what it ran are left out.
func reason(output []string) string {
	var b strings.Builder
	inBlock := false
	for _, line := range output {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "Error Trace:") {
			inBlock = true
		}
		if inBlock || ownLine.MatchString(line) || strings.HasPrefix(line, "panic:") {
			b.WriteString(line)
		}
		if strings.HasPrefix(text, "Test:") {
			inBlock = false
		}
	}
	return b.String()
}

// goTest runs go test in a folder of the project.
func (s *suite) goTest(ctx context.Context, folder string, env []string, args ...string) error {
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1"}, args...)...)
	cmd.Dir = filepath.Join(s.root, folder)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = s.out
	// On an interrupt go test ends its tests first, and they what they started.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run go test: %w", err)
	}
	c := newCounter(s.out)
	readErr := c.read(pipe)
	err = cmd.Wait()
	s.totals.passed += c.totals.passed
	s.totals.failed += c.totals.failed
	s.totals.skipped += c.totals.skipped
	s.reasons = append(s.reasons, c.reasons...)
	fmt.Fprintf(s.out, "      go test %s: %s, %s\n", strings.Join(args, " "), c.totals, progress.Seconds(time.Since(began)))
	switch {
	case readErr != nil:
		return fmt.Errorf("read the results of go test: %w", readErr)
	case err != nil:
		return fmt.Errorf("go test %s: %w", strings.Join(args, " "), err)
	case c.totals.passed == 0:
		return fmt.Errorf("go test %s ran no test", strings.Join(args, " "))
	}
	return nil
}

// goTests is a stage that is the tests behind one build tag.
func goTests(tag, packages string, timeout time.Duration) func(*suite, context.Context) error {
	return func(s *suite, ctx context.Context) error {
		return s.goTest(ctx, ".", nil, "-tags", tag, "-timeout", timeout.String(), packages)
	}
}
