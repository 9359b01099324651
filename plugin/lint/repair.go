package lint

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// repaired is a copy of the values in which those at the paths, which are of a
// wrong type, are what was most likely meant: the number or the word in its
// quotes, or else the chart's own. Without it, one mistake would have others
// found that are none.
func repaired(merged, defaults map[string]any, mistyped []values.Path) map[string]any {
	for _, path := range mistyped {
		merged = repairedAt(merged, defaults, path)
	}
	return merged
}

func repairedAt(at, defaults map[string]any, path values.Path) map[string]any {
	out := maps.Clone(at)
	key := path[0]
	if len(path) > 1 {
		below, _ := defaults[key].(map[string]any)
		switch child := out[key].(type) {
		case map[string]any:
			out[key] = repairedAt(child, below, path[1:])
		case []any:
			out[key] = repairedItem(child, path[1:])
		}
		return out
	}
	standard, ok := defaults[key]
	meant := unquoted(out[key])
	switch {
	case meant != nil && (!ok || sameType(meant, standard)):
		out[key] = meant
	case ok:
		out[key] = standard
	default:
		delete(out, key)
	}
	return out
}

// repairedItem repairs what is within an item of a list. What an item was meant
// to be that is itself of a wrong type, nobody knows.
func repairedItem(list []any, path values.Path) []any {
	i, err := strconv.Atoi(path[0])
	if err != nil || i >= len(list) || len(path) == 1 {
		return list
	}
	item, ok := list[i].(map[string]any)
	if !ok {
		return list
	}
	out := slices.Clone(list)
	out[i] = repairedAt(item, nil, path[1:])
	return out
}

// unquoted is the number or the truth value that a text holds, the text of any
// other scalar, and nil for the rest.
func unquoted(value any) any {
	text, isText := value.(string)
	if isText {
		var meant any
		if json.Unmarshal([]byte(text), &meant) != nil {
			return nil
		}
		return meant
	}
	switch value.(type) {
	case bool, float64:
		written, err := json.Marshal(value)
		if err == nil {
			return string(written)
		}
	}
	return nil
}

func sameType(a, b any) bool {
	switch a.(type) {
	case bool:
		_, ok := b.(bool)
		return ok
	case float64:
		_, ok := b.(float64)
		return ok
	case string:
		_, ok := b.(string)
		return ok
	}
	return false
}
