package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/upgrade"
)

const diffCheckUsage = `Usage: helm valkey diff-check OLD NEW

diff-check compares the manifests of a release before and after an upgrade, and
finds what Kubernetes will refuse, and what would lose data or writes.
  OLD, NEW               files; one may be - for the standard input. OLD is
                         what "helm get manifest RELEASE" prints, NEW what
                         "helm template" does. Other objects may be among them
  --live FILE            the objects as they are in the cluster, for example
                         from kubectl get statefulset,service -o yaml: those
                         that were deleted to be made anew, or scaled
` + allowUsage + outputUsage

func diffCheckCommand() command {
	return command{name: "diff-check", summary: "find what an upgrade would break, for CI", usage: diffCheckUsage, run: runDiffCheck}
}

func runDiffCheck(ctx context.Context, s streams, args []string) (int, error) {
	var allow list
	o := newOutput()
	flags := flag.NewFlagSet("diff-check", flag.ContinueOnError)
	flags.Var(&allow, "allow", "")
	live := flags.String("live", "", "")
	o.addTo(flags)
	names, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(names) != 2 {
		return 0, &usageError{fmt.Sprintf("diff-check takes two files, OLD and NEW, found %q", names)}
	}
	inputs := slices.DeleteFunc([]string{names[0], names[1], *live}, func(name string) bool { return name != "-" })
	if len(inputs) > 1 {
		return 0, &usageError{"diff-check: the standard input can be read once only: give - once"}
	}
	rules, err := allowed(allow)
	if err != nil {
		return 0, err
	}
	u, err := s.readUpgrade(names[0], names[1], *live)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	run := checked{command: "helm valkey diff-check", files: names[1:], rules: upgrade.Rules()}
	return s.print(s.out, o, run, without(u.Check(), rules))
}

func (s streams) readUpgrade(old, current, live string) (upgrade.Upgrade, error) {
	var u upgrade.Upgrade
	for _, side := range []struct {
		name    string
		objects *[]manifest.Object
	}{{old, &u.Old}, {current, &u.New}, {live, &u.Live}} {
		if side.name == "" {
			continue
		}
		objects, err := s.readObjects(side.name)
		if err != nil {
			return u, err
		}
		*side.objects = append([]manifest.Object{}, objects...)
	}
	if len(u.New) == 0 {
		return u, fmt.Errorf("%s holds no object of the valkey chart: see whether what wrote it failed", current)
	}
	if len(u.Old) == 0 {
		fmt.Fprintf(s.err, "helm valkey: %s holds no object of the valkey chart: nothing is compared, as before a first installation\n", old)
	}
	return u, nil
}

func (s streams) readObjects(name string) ([]manifest.Object, error) {
	var in io.Reader = s.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	objects, err := upgrade.Read(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return objects, nil
}
