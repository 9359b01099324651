package values

import (
	"encoding/json"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	helmyaml "sigs.k8s.io/yaml"
)

const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// readByHelm is what Helm reads a scalar as. Its YAML is that of version 1.1,
// in which more words than true and false are no text.
func readByHelm(n *yaml.Node) any {
	if plainText(n) {
		return n.Value
	}
	var value any
	if helmyaml.Unmarshal([]byte(source(n)), &value) != nil || isContainer(value) {
		return n.Value
	}
	return value
}

// source writes a scalar as YAML again.
func source(n *yaml.Node) string {
	if n.Style&(yaml.TaggedStyle|quoted) == 0 {
		return n.Value
	}
	text, err := json.Marshal(n.Value)
	if err != nil {
		return n.Value
	}
	switch {
	case n.Style&yaml.TaggedStyle == 0:
		return string(text)
	case strings.HasPrefix(n.Tag, "!"):
		return n.Tag + " " + string(text)
	}
	return "!<" + n.Tag + "> " + string(text)
}

// plainText says of most scalars, and quickly, that they are text to Helm.
func plainText(n *yaml.Node) bool {
	if n.Style&yaml.TaggedStyle != 0 {
		return false
	}
	if n.Style&quoted != 0 {
		return true
	}
	if n.Value == "" || strings.ContainsRune("0123456789+-.~", rune(n.Value[0])) {
		return false
	}
	switch strings.ToLower(n.Value) {
	case "y", "yes", "on", "true", "n", "no", "off", "false", "null":
		return false
	}
	return true
}

// asWritten is a value in the words in which it stands in YAML unquoted.
func asWritten(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(value)
	case float64:
		text, err := json.Marshal(value)
		if err == nil {
			return string(text)
		}
	case string:
		return value
	}
	return ""
}

// keyName is the name that Helm gives a key.
func keyName(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.ScalarNode {
		return "", false
	}
	if text, ok := readByHelm(n).(string); ok {
		return text, true
	}
	var mapping map[string]any
	if helmyaml.Unmarshal([]byte("? "+source(n)+"\n: 0\n"), &mapping) == nil {
		for name := range mapping {
			return name, true
		}
	}
	return "", false
}
