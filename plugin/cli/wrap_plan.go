package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/driver"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/postrender"
	"github.com/helm-valkey/helm-valkey/plugin/spool"
	"github.com/helm-valkey/helm-valkey/plugin/upgrade"
)

// plan has Helm render what it would send, and checks that: an upgrade against
// what is there, and all that a post-renderer of the user's has been at.
func (w *wrapped) plan(ctx context.Context, flags, variables []string) (int, error) {
	if w.line.Command == driver.Install && !w.ownPostRenderer() {
		return Clean, nil
	}
	planned, err := w.helm.Plan(ctx, w.line, w.values, flags, variables)
	w.tellMessages()
	if err != nil {
		return 0, err
	}
	var found []finding.Finding
	if w.ownPostRenderer() {
		fmt.Fprintln(w.err, "helm valkey: a post-renderer of your own takes the place of the checks: what it renders is checked once, before")
		if found, err = postrender.Pass(ctx, bytes.NewReader(planned), io.Discard, postrender.Options{}); err != nil {
			return 0, err
		}
	}
	if w.line.Command == driver.Upgrade {
		refused, err := w.compare(ctx, planned)
		if err != nil {
			return 0, err
		}
		found = append(found, refused...)
	}
	return w.report(w.err, finding.Sort(found), 0)
}

// compare finds what is wrong with the way from what is there to what is planned.
func (w *wrapped) compare(ctx context.Context, planned []byte) ([]finding.Finding, error) {
	before, err := w.helm.Manifests(ctx, w.line)
	var refused *driver.Error
	if errors.As(err, &refused) && refused.NotFound() {
		return nil, nil // it is installed
	}
	if err != nil {
		return nil, err
	}
	current, err := upgrade.Read(bytes.NewReader(planned))
	if err != nil {
		return nil, err
	}
	live := w.live(ctx)
	var found []finding.Finding
	for _, stream := range before {
		old, err := upgrade.Read(bytes.NewReader(stream))
		if err != nil {
			return nil, err
		}
		found = append(found, upgrade.Upgrade{Old: old, New: current, Live: live}.Check()...)
	}
	return without(found, w.allow), nil
}

// live are the release's objects in the cluster; nil if they cannot be had. Then
// what was sent last is taken for what is there.
func (w *wrapped) live(ctx context.Context) []manifest.Object {
	stream, err := w.helm.Live(ctx, w.line)
	if err != nil {
		return nil
	}
	objects, err := upgrade.Read(bytes.NewReader(stream))
	if err != nil {
		return nil
	}
	return append([]manifest.Object{}, objects...)
}

// without drops the findings of rules.
func without(found []finding.Finding, rules []string) []finding.Finding {
	var kept []finding.Finding
	for _, f := range found {
		if !slices.Contains(rules, f.RuleID) {
			kept = append(kept, f)
		}
	}
	return kept
}

// template prints what Helm renders as it is, if nothing is wrong with it. Files
// Helm 3 writes past its post-renderer: they are written after the checks.
func (w *wrapped) template(ctx context.Context) (int, error) {
	if !w.line.Has("output-dir") {
		return w.rendered(ctx, w.out)
	}
	if flags := w.postRenderArgs(changing...); len(flags) > 0 {
		return 0, &usageError{fmt.Sprintf("template: %s does not change what goes into --output-dir: leave one of them", flags[0])}
	}
	code, err := w.rendered(ctx, io.Discard, "--output-dir=")
	if err != nil || code != Clean {
		return code, err
	}
	return w.helm.Run(w.input(), w.out, w.err, nil, w.line.With()...)
}

// rendered writes what Helm renders with more flags, if nothing is wrong with it.
func (w *wrapped) rendered(ctx context.Context, to io.Writer, flags ...string) (int, error) {
	var kept spool.Spool
	defer kept.Close()
	code, err := w.helm.Run(w.input(), &kept, w.err, nil, w.line.With(flags...)...)
	if err != nil {
		return 0, err
	}
	if code != 0 {
		_, err := kept.WriteTo(to) // with --debug Helm prints what it could not render
		return code, err
	}
	in, out := io.Pipe()
	defer in.Close()
	go func() {
		_, err := kept.WriteTo(out)
		out.CloseWithError(err)
	}()
	return runPostRender(ctx, streams{in: in, out: to, err: w.err}, w.postRenderArgs("patches", "set-image-digests", "namespace"))
}
