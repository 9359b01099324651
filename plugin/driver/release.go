package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Plan has Helm do all of a command but send anything, and returns the manifests
// that it would send. Standard input is what values may be read from; flags are
// added to the line, and variables to the environment.
func (b Binary) Plan(ctx context.Context, l Line, stdin []byte, flags, variables []string) ([]byte, error) {
	args := l.With(slices.Concat(flags, []string{"--dry-run=server", "--output=json"})...)
	out, err := b.output(ctx, stdin, variables, args)
	if err != nil {
		return nil, err
	}
	var release struct {
		Manifest string `json:"manifest"`
	}
	if err := json.Unmarshal(out, &release); err != nil {
		return nil, fmt.Errorf("read what %s --dry-run printed: %w", l.Command, err)
	}
	return []byte(release.Manifest), nil
}

// revision is one line of a release's history.
type revision struct {
	Revision int    `json:"revision"`
	Status   string `json:"status"`
}

// Manifests are what has been sent to the cluster of a release: by the last
// upgrade that went through, and by a later one that did not.
func (b Binary) Manifests(ctx context.Context, l Line) ([][]byte, error) {
	out, err := b.about(ctx, l, "history", "--output=json")
	if err != nil {
		return nil, err
	}
	var history []revision
	if err := json.Unmarshal(out, &history); err != nil {
		return nil, fmt.Errorf("read the history of release %s: %w", l.Release(), err)
	}
	var manifests [][]byte
	for _, n := range sent(history) {
		manifest, err := b.about(ctx, l, "get", "manifest", "--revision="+strconv.Itoa(n))
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, manifest)
	}
	return manifests, nil
}

// sent are the revisions that may be in the cluster.
func sent(history []revision) []int {
	var numbers []int
	for _, r := range slices.Backward(history) {
		switch r.Status {
		case "deployed":
			return append(numbers, r.Revision)
		case "uninstalled":
			return nil
		case "failed", "pending-upgrade", "pending-rollback", "pending-install":
			if len(numbers) == 0 {
				numbers = append(numbers, r.Revision)
			}
		}
	}
	return numbers
}

// Live returns the objects of a release that are in the cluster, as a stream.
func (b Binary) Live(ctx context.Context, l Line) ([]byte, error) {
	args := []string{"status", "--output=json"}
	if b.Major < 4 {
		args = append(args, "--show-resources")
	}
	out, err := b.about(ctx, l, args...)
	if err != nil {
		return nil, err
	}
	var status struct {
		Info struct {
			Resources map[string][]json.RawMessage `json:"resources"`
		} `json:"info"`
	}
	if err := json.Unmarshal(out, &status); err != nil {
		return nil, fmt.Errorf("read the status of release %s: %w", l.Release(), err)
	}
	var stream bytes.Buffer
	for _, objects := range status.Info.Resources {
		for _, o := range objects {
			fmt.Fprintf(&stream, "---\n%s\n", o)
		}
	}
	return stream.Bytes(), nil
}

// UserValues are the values with which a release was made, as YAML.
func (b Binary) UserValues(ctx context.Context, l Line) ([]byte, error) {
	out, err := b.about(ctx, l, "get", "values", "--output=yaml")
	if text := string(bytes.TrimSpace(out)); text == "null" || text == "{}" {
		out = nil
	}
	return out, err
}

// Pull unpacks a chart that is elsewhere into a folder: Helm knows the user's
// repositories and registries, and how to log in to them. Flags are for "helm
// pull".
func (b Binary) Pull(ctx context.Context, chart, folder string, flags ...string) error {
	_, err := b.output(ctx, nil, nil, slices.Concat([]string{"pull", "--untar", "--untardir", folder}, flags, []string{"--", chart}))
	return err
}

// about runs a command about the release that the line names, in its namespace.
func (b Binary) about(ctx context.Context, l Line, args ...string) ([]byte, error) {
	return b.output(ctx, nil, nil, slices.Concat(args, l.Global(), []string{"--", l.Release()}))
}
