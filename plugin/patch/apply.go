package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// apply returns the patched object, nil if it stays as it is, or what is wrong and
// where.
func (p *patch) apply(fields map[string]any, release releaseData) (map[string]any, finding.Position, error) {
	before, err := json.Marshal(fields)
	if err != nil {
		return nil, p.in(0, ""), err
	}
	shown, err := decode(before) // a copy, because templates can change what they see
	if err != nil {
		return nil, p.in(0, ""), err
	}
	text, err := p.render(data{Object: shown, Release: release})
	if err != nil {
		return nil, p.in(0, ""), err
	}
	after, line, err := applied(before, text)
	if err != nil {
		return nil, p.in(line, text), err
	}
	if jsonpatch.Equal(before, after) {
		return nil, finding.Position{}, nil
	}
	value, err := decode(after)
	if err != nil {
		return nil, p.in(0, text), err
	}
	patched, _ := value.(map[string]any)
	if o := manifest.NewObject(patched); o.Kind() == "" || o.Text("apiVersion") == "" || o.Name() == "" {
		return nil, p.in(0, text), errors.New("it would leave an object without apiVersion, kind or name")
	}
	return patched, finding.Position{}, nil
}

// applied applies a patch of either sort, and says in which line of its text a
// wrong one is.
func applied(object []byte, text string) (after []byte, line int, err error) {
	patch, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, 0, fmt.Errorf("what the template wrote is no YAML: %s", strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "))
	}
	switch {
	case bytes.Equal(patch, []byte("null")):
		return object, 0, nil
	case patch[0] == '{':
		after, err = jsonpatch.MergePatch(object, patch)
		return after, 0, err
	case patch[0] == '[':
		return operations(object, patch, text)
	}
	return nil, 0, errors.New("what the template wrote is neither a mapping (a JSON merge patch) nor a list (a JSON patch)")
}

// operation is one of a JSON patch.
type operation struct {
	Op    string          `json:"op"`
	Path  *string         `json:"path"`
	From  *string         `json:"from,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// operations applies a JSON patch, one operation after the other, to say which one
// fails.
func operations(object, patch []byte, text string) (after []byte, line int, err error) {
	var all []json.RawMessage
	if err := json.Unmarshal(patch, &all); err != nil {
		return nil, 0, err
	}
	for i, one := range all {
		object, err = operate(object, one)
		if err != nil {
			return nil, lineOf(text, i), fmt.Errorf("operation %d: %w", i+1, err)
		}
	}
	return object, 0, nil
}

func operate(object, one []byte) ([]byte, error) {
	o, err := parseOperation(one)
	if err != nil {
		return nil, err
	}
	strict, err := json.Marshal([]operation{o})
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(strict)
	if err != nil {
		return nil, err
	}
	after, err := patch.Apply(object)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", o.Op, *o.Path, err)
	}
	return after, nil
}

func parseOperation(text []byte) (operation, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var o operation
	if err := decoder.Decode(&o); err != nil {
		return o, fmt.Errorf("it is no operation: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	switch {
	case o.Path == nil || !strings.HasPrefix(*o.Path, "/"):
		return o, errors.New("its path has to begin with /")
	case (o.Op == "move" || o.Op == "copy") != (o.From != nil):
		return o, fmt.Errorf("%q: from is for move and copy, and they need it", o.Op)
	case (o.Op == "add" || o.Op == "replace" || o.Op == "test") != (o.Value != nil):
		return o, fmt.Errorf("%q: value is for add, replace and test, and they need it", o.Op)
	case o.From == nil && o.Value == nil && o.Op != "remove":
		return o, fmt.Errorf("%q is no operation: it is add, remove, replace, move, copy or test", o.Op)
	}
	return o, nil
}

// lineOf is the line of an item of a list.
func lineOf(text string, item int) int {
	var top yamlv3.Node
	if yamlv3.Unmarshal([]byte(text), &top) != nil || len(top.Content) == 0 || item >= len(top.Content[0].Content) {
		return 0
	}
	return top.Content[0].Content[item].Line
}
