package cli

const usage = `Checks values for the valkey chart, and what the chart rendered.

Usage:
  helm valkey lint [-f FILE]… [--set KEY=VALUE]… [FILE…]
  helm valkey post-render [--errors-as-manifest]
  helm valkey version
  helm valkey help

lint finds all that is wrong with values: unknown keys, wrong values, values
that do not fit together.
  -f, --values FILE      values file; several are merged in their order, as
                         "helm install" does; - is the standard input
  --set KEY=VALUE        as with helm install; also --set-string, --set-json,
                         --set-file and --set-literal
  FILE…                  values files that are checked one by one, each alone
                         over the chart's defaults (so calls pre-commit)

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

Exit codes: 0 nothing is wrong (or warnings only), 1 something is wrong,
2 the command line is, 3 the check could not be done.
`
