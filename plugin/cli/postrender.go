package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/digest"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/patch"
	"github.com/helm-valkey/helm-valkey/plugin/postrender"
	"github.com/helm-valkey/helm-valkey/plugin/report"
	"github.com/helm-valkey/helm-valkey/plugin/spool"
)

const postRenderUsage = `Usage: helm valkey post-render [--patches DIR] [--set-image-digests FILE]
         [--namespace NAME] [--errors-as-manifest | --messages FILE]

post-render reads manifests from the standard input and writes the same bytes
to the standard output if nothing is wrong with the objects of this chart.
Otherwise it writes nothing there, and what is wrong to the standard error.
  Helm 3: helm install … --post-renderer helm \
            --post-renderer-args valkey --post-renderer-args post-render
  Helm 4: helm install … --post-renderer valkey-post-renderer
          after "helm plugin install" of helm4/valkey-post-renderer in this
          plugin's folder
Flags are given with --post-renderer-args, each word with one of its own. What
they change is checked like all else: first patches, then digests, then rules.
  --patches DIR          patch objects by the files DIR/*.yaml, in the order
                         of their names. Each has a target (apiVersion, kind,
                         name, namespace, labels; * stands for anything) and
                         a patch: a text that is a Go template with Sprig's
                         functions over .Object, .Release.Name (the label
                         app.kubernetes.io/instance) and .Release.Namespace,
                         and becomes a JSON merge patch (a mapping) or a JSON
                         patch (a list). A patch without an object is an
                         error. Comments within patched objects are lost.
                         Helm 3 passes no hooks, Helm 4 does
  --set-image-digests FILE
                         pin the images of all containers by the digests in
                         FILE; an image that is not in it is an error. FILE
                         is YAML, a line for each image:
                           valkey/valkey:9.1.2: sha256:…
                         echo "$image: $(crane digest "$image")" writes one
  --namespace NAME       the namespace of objects that name none, which Helm
                         does not tell; $HELM_NAMESPACE without it
  --errors-as-manifest   write what is wrong as a manifest that Helm 4 refuses
                         with this text, and exit with 0: Helm 4 hides the
                         standard error of a post-renderer that fails
  --messages FILE        write what is wrong to the end of FILE instead of the
                         standard error, of which Helm shows no warnings
` + outputUsage

func postRenderCommand() command {
	return command{name: "post-render", summary: "check rendered manifests, and pass them on", usage: postRenderUsage, run: runPostRender}
}

// postRenderFlags are those of the command line.
type postRenderFlags struct {
	patches, digests, namespace string
	messages                    string
	asManifest                  bool
	output                      *output
}

func runPostRender(ctx context.Context, s streams, args []string) (int, error) {
	given := postRenderFlags{output: newOutput()}
	flags := flag.NewFlagSet("post-render", flag.ContinueOnError)
	flags.StringVar(&given.patches, "patches", "", "")
	flags.StringVar(&given.digests, "set-image-digests", "", "")
	flags.StringVar(&given.namespace, "namespace", os.Getenv("HELM_NAMESPACE"), "")
	flags.BoolVar(&given.asManifest, "errors-as-manifest", false, "")
	flags.StringVar(&given.messages, "messages", "", "")
	given.output.addTo(flags)
	arguments, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(arguments) > 0 {
		return 0, &usageError{fmt.Sprintf("post-render: takes no arguments, found %q", arguments[0])}
	}
	if given.messages != "" {
		return s.tell(given.messages, func(s streams) (int, error) {
			code, _, err := s.checkStream(ctx, given)
			return code, err
		})
	}
	code, message, err := s.checkStream(ctx, given)
	if !given.asManifest || (err == nil && code == Clean) {
		return code, err
	}
	if err != nil {
		message = err.Error()
	}
	return Clean, writeRefusal(s.out, message)
}

// options reads the files that the flags name.
func (f postRenderFlags) options() (o postrender.Options, err error) {
	if f.patches != "" {
		if o.Patches, err = patch.Load(f.patches, f.namespace); err != nil {
			return o, err
		}
	}
	if f.digests == "" {
		return o, nil
	}
	lock, err := os.ReadFile(f.digests)
	if err != nil {
		return o, fmt.Errorf("read the digests of images: %w", err)
	}
	o.Digests, err = digest.Parse(f.digests, lock)
	return o, err
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
func (s streams) checkStream(ctx context.Context, given postRenderFlags) (code int, message string, err error) {
	options, err := given.options()
	if err != nil {
		return 0, "", err
	}
	var passed spool.Spool
	defer passed.Close()
	found, err := postrender.Pass(ctx, s.in, &passed, options)
	if err != nil {
		return 0, "", err
	}
	run := checked{command: "helm valkey post-render", rules: slices.Concat(postrender.Rules(), digest.Rules(), patch.Rules())}
	if code, err = s.print(s.err, given.output, run, found); err != nil || code != Clean {
		return code, messageOf(found), err
	}
	if _, err := passed.WriteTo(s.out); err != nil {
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
