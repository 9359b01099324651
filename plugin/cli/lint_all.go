package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// lintAll checks the inputs, several at a time: pre-commit and CI give all
// files of a repository in one call. What cannot be read does not keep back what
// is wrong with the others.
func (s streams) lintAll(ctx context.Context, c *lint.Chart, inputs []values.Options) ([]finding.Finding, error) {
	found := make([][]finding.Finding, len(inputs))
	failures := make([]error, len(inputs))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(len(inputs), runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(inputs) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				found[i], failures[i] = lintOne(c, inputs[i], s.readFile)
			}
		})
	}
	workers.Wait()
	return slices.Concat(found...), errors.Join(append(failures, ctx.Err())...)
}

// readsTwice says whether the standard input is named more than once.
func readsTwice(inputs []values.Options) bool {
	names := 0
	for _, input := range inputs {
		for _, name := range input.Files {
			if name == stdinName {
				names++
			}
		}
	}
	return names > 1
}

// maxSize is up to where files are read, in bytes. It bounds the memory that
// one takes, which may be several hundred times its size.
const maxSize = 1 << 20

var errTooLarge = errors.New("larger than 1 MiB, which is all that Kubernetes keeps of a whole release in a Secret")

func (s streams) readFile(name string) ([]byte, error) {
	if name == stdinName {
		return readAtMost(s.in, name)
	}
	if scheme, _, isURL := strings.Cut(name, "://"); isURL {
		return nil, fmt.Errorf("%s: values are not read over %s: download the file", name, scheme)
	}
	if isDirectory(name) {
		return nil, fmt.Errorf("%s is a directory: name the values files in it", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAtMost(file, name)
}

func readAtMost(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = fmt.Errorf("%s: %w", name, errTooLarge)
	}
	return data, err
}
