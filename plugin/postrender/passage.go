package postrender

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/helm-valkey/helm-valkey/plugin/digest"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/patch"
)

// Options are what is done to the objects before they are checked.
type Options struct {
	Patches *patch.Set   // may be nil
	Digests *digest.Lock // of images, which patches may set; may be nil
}

// Pass reads manifests, writes to out what they become, and returns all that is
// wrong with that. Of a stream of any length it keeps no more than one document,
// and the objects of this chart.
func Pass(ctx context.Context, in io.Reader, out io.Writer, o Options) ([]finding.Finding, error) {
	p := passage{Options: o}
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
		if document, err = p.through(document); err != nil {
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
	return p.findings(), nil
}

// passage is the way of a stream through the checks.
type passage struct {
	Options
	ours  []manifest.Object
	found []finding.Finding
}

// through changes a document, and remembers the objects of this chart in it. What
// was one before it was patched is one: a patch may take the label that says so.
func (p *passage) through(d manifest.Document) (manifest.Document, error) {
	changed, err := p.change(d)
	if err != nil || !mayBeOurs(d) && !mayBeOurs(changed) {
		return changed, err
	}
	before, err := d.Objects()
	if err != nil {
		return d, err
	}
	after := before
	if !bytes.Equal(d.Bytes, changed.Bytes) {
		if after, err = changed.Objects(); err != nil {
			return d, err
		}
	}
	for i, o := range after {
		if ofThisChart(o) || i < len(before) && ofThisChart(before[i]) {
			p.ours = append(p.ours, o)
		}
	}
	return changed, nil
}

func (p *passage) change(d manifest.Document) (manifest.Document, error) {
	if p.Patches != nil {
		patched, found, err := p.Patches.Apply(d)
		if err != nil {
			return d, err
		}
		d, p.found = patched, append(p.found, found...)
	}
	if p.Digests != nil {
		pinned, found, err := p.Digests.Pin(d)
		if err != nil {
			return d, err
		}
		d, p.found = pinned, append(p.found, found...)
	}
	return d, nil
}

func (p *passage) findings() []finding.Finding {
	found := p.found
	if p.Patches != nil {
		found = append(found, p.Patches.Unmatched()...)
	}
	for _, r := range group(p.ours) {
		for _, c := range checks {
			found = append(found, c.find(r)...)
		}
	}
	return finding.Sort(found)
}
