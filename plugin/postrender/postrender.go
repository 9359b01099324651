// Package postrender checks what the chart rendered, after everybody who may
// patch it has done so.
package postrender

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// check is one rule on the objects of one release.
type check struct {
	rule finding.Rule
	find func(release) []finding.Finding
}

var checks = []check{
	{oneMaster, findMasters},
	{replicaClaims, findReplicaClaims},
	{serviceSelectors, findSelectors},
	{gracePeriod, findGracePeriods},
	{disruptionBudget, findBudgets},
	{probes, findProbes},
	{plainSecrets, findPlainSecrets},
	{readyService, findReadyServices},
}

// Rules are all rules of this package.
func Rules() []finding.Rule {
	var all []finding.Rule
	for _, c := range checks {
		all = append(all, c.rule)
	}
	return all
}

// Pass reads manifests, writes them to out, and returns all that is wrong with
// the objects of this chart among them. Of a stream of any length it keeps no
// more than one document, and the objects of this chart.
func Pass(ctx context.Context, in io.Reader, out io.Writer) ([]finding.Finding, error) {
	var ours []manifest.Object
	blank := true
	for stream := manifest.NewReader(in); ; {
		document, err := stream.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if ours, err = collect(ours, document); err != nil {
			return nil, err
		}
		if _, err := out.Write(document.Bytes); err != nil {
			return nil, err
		}
		blank = blank && len(bytes.TrimSpace(document.Bytes)) == 0
	}
	if blank {
		return nil, errors.New("no manifests on the standard input: post-render has nothing to check")
	}
	return findings(ours), nil
}

// collect adds the objects of this chart in the document.
func collect(ours []manifest.Object, document manifest.Document) ([]manifest.Object, error) {
	if !mayBeOurs(document) {
		return ours, nil
	}
	objects, err := document.Objects()
	for _, o := range objects {
		if ofThisChart(o) {
			ours = append(ours, o)
		}
	}
	return ours, err
}

func findings(ours []manifest.Object) []finding.Finding {
	var found []finding.Finding
	for _, r := range group(ours) {
		for _, c := range checks {
			found = append(found, c.find(r)...)
		}
	}
	return finding.Sort(found)
}
