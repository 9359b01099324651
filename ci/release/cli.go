package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
	"github.com/helm-valkey/helm-valkey/ci/internal/progress"
)

const usage = `usage: release [--out DIR] [--key NAME --keyring FILE [--passphrase-file FILE]]

  --out DIR               where to (dist): a folder that is not there yet, or an older release
  --key NAME              sign the plugin's archives and the chart with this OpenPGP key
  --keyring FILE          where the key is: gpg --export-secret-keys NAME > FILE
  --passphrase-file FILE  what unlocks it
`

// options are the command line.
type options struct{ out, key, keyring, passphraseFile string }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, ok := parse(args)
	if !ok {
		fmt.Fprint(stderr, usage)
		return 2
	}
	if err := o.release(ctx, stdout); err != nil {
		fmt.Fprintf(stderr, "release: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string) (options, bool) {
	var o options
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.out, "out", filepath.Join("..", "dist"), "")
	flags.StringVar(&o.key, "key", "", "")
	flags.StringVar(&o.keyring, "keyring", "", "")
	flags.StringVar(&o.passphraseFile, "passphrase-file", "", "")
	err := flags.Parse(args)
	return o, err == nil && flags.NArg() == 0 && (o.key == "") == (o.keyring == "")
}

func (o options) release(ctx context.Context, out io.Writer) error {
	r, err := prepare(ctx, o.out)
	if err != nil {
		return err
	}
	if o.key != "" {
		if r.signer, err = openSigner(o.key, o.keyring, o.passphraseFile); err != nil {
			return err
		}
		if err := r.clean(ctx); err != nil {
			return err
		}
	}
	return r.build(ctx, out)
}

// prepare reads the tree above the caller's folder, and makes the folder that a release goes to.
func prepare(ctx context.Context, out string) (release, error) {
	dir, err := os.Getwd()
	if err != nil {
		return release{}, err
	}
	r, err := open(ctx, filepath.Dir(dir))
	if err != nil {
		return release{}, err
	}
	if r.out, err = filepath.Abs(out); err != nil {
		return release{}, err
	}
	if _, err := os.Stat(r.out); err == nil && !r.replaceable() {
		return release{}, fmt.Errorf("%s is there already, and is no release: remove it first", r.out)
	}
	tools, err := cache.Open()
	if err != nil {
		return release{}, err
	}
	r.helm = tools.Bin("helm4")
	if _, err := os.Stat(r.helm); err != nil {
		return release{}, fmt.Errorf("%w: run `go -C ci run ./tools helm` first", err)
	}
	return r, nil
}

// replaceable tells an older release from somebody's files.
func (r release) replaceable() bool {
	_, err := os.Stat(r.path(sumsFile))
	return err == nil
}

// build makes all parts in a folder beside the release's, which takes its place when it is whole.
func (r release) build(ctx context.Context, out io.Writer) error {
	if err := os.MkdirAll(filepath.Dir(r.out), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(r.out), ".release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	final := r.out
	r.work, r.out = filepath.Join(tmp, "work"), filepath.Join(tmp, "out")
	for _, folder := range []string{r.work, r.out, r.path("chart"), r.path("images")} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
	}
	if err := r.parts(ctx, out); err != nil {
		return err
	}
	if err := os.RemoveAll(final); err != nil {
		return err
	}
	if err := os.Rename(r.out, final); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s is in %s\n", pluginName, r.version, final)
	return nil
}

func (r release) parts(ctx context.Context, out io.Writer) error {
	targets := r.targets()
	steps := progress.New(out, len(targets)+5)
	for _, t := range targets {
		if err := steps.Step("build "+t.String(), func() error { return r.compile(ctx, t) }); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		what string
		do   func() error
	}{
		{"archives of the plugin", r.pluginArchives},
		{"chart", func() error { return r.chart(ctx) }},
		{"images", r.images},
		{"lists of contents", r.boms},
		{"checksums", r.sums},
	} {
		if err := steps.Step(part.what, part.do); err != nil {
			return err
		}
	}
	return nil
}
