package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/postrender"
	"github.com/helm-valkey/helm-valkey/plugin/report"
	"github.com/helm-valkey/helm-valkey/plugin/spool"
)

const postRenderUsage = `Usage: helm valkey post-render [--errors-as-manifest | --messages FILE]

post-render reads manifests from the standard input and writes the same bytes
to the standard output if nothing is wrong with the objects of this chart.
Otherwise it writes nothing there, and what is wrong to the standard error.
  Helm 3: helm install … --post-renderer helm \
            --post-renderer-args valkey --post-renderer-args post-render
  Helm 4: helm install … --post-renderer valkey-post-renderer
          after "helm plugin install" of helm4/valkey-post-renderer in this
          plugin's folder
  --errors-as-manifest   write what is wrong as a manifest that Helm 4 refuses
                         with this text, and exit with 0: Helm 4 hides the
                         standard error of a post-renderer that fails
  --messages FILE        write what is wrong to the end of FILE instead of the
                         standard error, of which Helm shows no warnings
`

func postRenderCommand() command {
	return command{name: "post-render", summary: "check rendered manifests, and pass them on", usage: postRenderUsage, run: runPostRender}
}

func runPostRender(ctx context.Context, s streams, args []string) (int, error) {
	flags := flag.NewFlagSet("post-render", flag.ContinueOnError)
	asManifest := flags.Bool("errors-as-manifest", false, "")
	messages := flags.String("messages", "", "")
	arguments, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(arguments) > 0 {
		return 0, &usageError{fmt.Sprintf("post-render: takes no arguments, found %q", arguments[0])}
	}
	if *messages != "" {
		return s.tell(*messages, func(s streams) (int, error) {
			code, _, err := s.checkStream(ctx)
			return code, err
		})
	}
	code, message, err := s.checkStream(ctx)
	if !*asManifest || (err == nil && code == Clean) {
		return code, err
	}
	if err != nil {
		message = err.Error()
	}
	return Clean, writeRefusal(s.out, message)
}

// tell runs what writes to the standard error, errors included, and writes that
// to a file.
func (s streams) tell(name string, run func(streams) (int, error)) (int, error) {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("write the messages: %w", err)
	}
	defer file.Close()
	s.err = file
	code, err := run(s)
	if err != nil {
		fmt.Fprintf(file, "helm valkey: %v\n", err)
		return Failure, nil
	}
	return code, nil
}

// checkStream passes the manifests on if nothing is wrong with them, all or none:
// what follows must never apply a part. Otherwise it returns what it told on the
// standard error.
func (s streams) checkStream(ctx context.Context) (code int, message string, err error) {
	var checked spool.Spool
	defer checked.Close()
	found, err := postrender.Pass(ctx, s.in, &checked)
	if err != nil {
		return 0, "", err
	}
	if code, err = s.report(s.err, found, 0); err != nil || code != Clean {
		return code, messageOf(found), err
	}
	if _, err := checked.WriteTo(s.out); err != nil {
		return 0, "", fmt.Errorf("write the manifests: %w", err)
	}
	return Clean, "", nil
}

func messageOf(found []finding.Finding) string {
	var b strings.Builder
	if err := report.Text(&b, found); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// writeRefusal writes a manifest that Helm 4 cannot read, under a file name
// that is the message: Helm names the file in its error, and hides the standard
// error of a post-renderer that fails. No cluster would take the manifest
// either.
func writeRefusal(w io.Writer, message string) error {
	name, err := json.Marshal("post-render:\n" + message + "\n")
	if err != nil {
		return fmt.Errorf("write the refusal: %w", err)
	}
	_, err = fmt.Fprintf(w, "apiVersion: [refused]\nkind: Refused\nmetadata:\n  name: refused\n  annotations:\n    postrenderer.helm.sh/postrender-filename: %s\n", name)
	return err
}
