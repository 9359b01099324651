package main

import (
	"context"
	"fmt"
	"io"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
)

const usage = `usage: images engines [--refresh] | build | entrypoint BINARY TAG

  engines              unpack valkey and redis from Debian's packages into the cache;
                       --refresh asks Debian again for the versions it has today
  build                make a container image of every engine
  entrypoint BIN TAG   make ghcr.io/helm-valkey/entrypoint:TAG from a static binary
`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	dir, err := cache.Open()
	if err != nil {
		fmt.Fprintf(stderr, "images: %v\n", err)
		return 1
	}
	switch {
	case len(args) == 1 && args[0] == "engines":
		err = unpackEngines(ctx, stdout, dir, keep)
	case len(args) == 2 && args[0] == "engines" && args[1] == "--refresh":
		err = unpackEngines(ctx, stdout, dir, refresh)
	case len(args) == 1 && args[0] == "build":
		err = buildEngineImages(stdout, dir)
	case len(args) == 3 && args[0] == "entrypoint":
		err = buildEntrypointImage(stdout, dir, args[1], args[2])
	default:
		fmt.Fprint(stderr, usage)
		return 2
	}
	if err != nil {
		fmt.Fprintf(stderr, "images: %v\n", err)
		return 1
	}
	return 0
}
