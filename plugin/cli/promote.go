package cli

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/helm-valkey/helm-valkey/plugin/driver"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
	"github.com/helm-valkey/helm-valkey/plugin/upgrade"
)

const promoteUsage = `Usage: helm valkey promote RELEASE [FLAG]…

promote makes a release take the writes that follows a server outside, because
of externalMaster in its values. That server is made to refuse writes first;
when the release has all that it ever acknowledged, it becomes master. If that
fails, all is as before. The command can be repeated. It needs kubectl, and the
right to run commands in the release's pods.
  --timeout 60s          how long it may take, the wait for the copy included
  --no-fence             that server may not be touched, and all that write to
                         it are stopped; who writes on makes it fail
  --source-is-gone       that server is lost, and with it what the release had
                         not received
`

func promoteCommand() command {
	return command{name: "promote", summary: "take the writes over from the server that a release follows", usage: promoteUsage, run: runPromote}
}

// entrypoint is where the chart puts the program.
const entrypoint = "/opt/entrypoint/entrypoint"

func runPromote(ctx context.Context, s streams, args []string) (int, error) {
	flags := flag.NewFlagSet("promote", flag.ContinueOnError)
	timeout := flags.Duration("timeout", time.Minute, "")
	noFence := flags.Bool("no-fence", false, "")
	gone := flags.Bool("source-is-gone", false, "")
	arguments, err := parse(flags, args)
	switch {
	case err != nil:
		return 0, err
	case len(arguments) != 1:
		return 0, &usageError{fmt.Sprintf("promote takes the name of one release, found %q", arguments)}
	case *noFence && *gone:
		return 0, &usageError{"promote: give --no-fence or --source-is-gone, not both"}
	case *timeout < time.Second:
		return 0, &usageError{fmt.Sprintf("promote: --timeout %s is too short: give a second or more", *timeout)}
	}
	command := []string{entrypoint, "promote", "--timeout", timeout.String()}
	switch {
	case *noFence:
		command = append(command, "--no-fence")
	case *gone:
		command = append(command, "--source-is-gone")
	}
	return s.promote(ctx, arguments[0], command)
}

// promote runs the command in the pod that leads the release.
func (s streams) promote(ctx context.Context, release string, command []string) (int, error) {
	kubectl, err := driver.FindKubectl(os.Environ())
	if err != nil {
		return 0, err
	}
	helm, err := driver.Find(ctx)
	if err != nil {
		return 0, err
	}
	text, err := helm.Manifest(ctx, release)
	if err != nil {
		return 0, fmt.Errorf("read release %s: %w", release, err)
	}
	objects, err := upgrade.Read(bytes.NewReader(text))
	if err != nil {
		return 0, fmt.Errorf("read release %s: %w", release, err)
	}
	set, ok := masters(objects)
	if !ok {
		return 0, fmt.Errorf("release %s is none of the valkey chart: it has no StatefulSet of a master", release)
	}
	namespace := cmp.Or(set.Namespace(), os.Getenv("HELM_NAMESPACE"))
	code, err := kubectl.Run(nil, s.out, s.err, nil, kubectl.Exec(namespace, set.Name()+"-0", ours.ServerContainer, command...)...)
	if err != nil {
		return 0, err
	}
	if code != 0 {
		return Failure, nil
	}
	return Clean, nil
}

// masters is the StatefulSet whose first pod leads the release.
func masters(objects []manifest.Object) (manifest.Object, bool) {
	for _, o := range objects {
		if o.Kind() == "StatefulSet" && o.Label(ours.ComponentLabel) == ours.Master {
			return o, true
		}
	}
	return manifest.Object{}, false
}
