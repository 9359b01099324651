package helm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Metadata is what Helm says of a chart.
type Metadata struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Sources []string `json:"sources"`
}

// Planned is a release as an install or upgrade would make it.
type Planned struct {
	Manifest string `json:"manifest"`
	Chart    struct {
		Metadata Metadata `json:"metadata"`
	} `json:"chart"`
}

// Plan has Helm do all of a command but send anything. Standard input is what
// values may be read from.
func (b Binary) Plan(ctx context.Context, l Line, stdin []byte) (Planned, error) {
	out, err := b.Output(ctx, stdin, l.With("--dry-run=server", "--output=json")...)
	if err != nil {
		return Planned{}, err
	}
	var p Planned
	if err := json.Unmarshal(out, &p); err != nil {
		return Planned{}, fmt.Errorf("read what %s --dry-run printed: %w", l.Command, err)
	}
	return p, nil
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

// ShowChart returns what the chart says of itself.
func (b Binary) ShowChart(ctx context.Context, l Line) ([]byte, error) {
	return b.Output(ctx, nil, slices.Concat([]string{"show", "chart", l.Chart()}, l.Source())...)
}

// about runs a command about the release that the line names, in its namespace.
func (b Binary) about(ctx context.Context, l Line, args ...string) ([]byte, error) {
	return b.Output(ctx, nil, slices.Concat(args, l.Global(), []string{"--", l.Release()})...)
}
