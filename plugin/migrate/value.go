package migrate

// find returns the value at a path of mappings, nil if there is none.
func find(top any, path []string) any {
	for _, key := range path {
		table, ok := top.(map[string]any)
		if !ok {
			return nil
		}
		top = table[key]
	}
	return top
}

func set(top map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		next, ok := top[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			top[key] = next
		}
		top = next
	}
	top[path[len(path)-1]] = value
}

// isOff says whether a value asks for nothing: it is empty, or a mapping that
// is switched off.
func isOff(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case string:
		return value == ""
	case float64:
		return value == 0
	case []any:
		return len(value) == 0
	case map[string]any:
		for _, key := range []string{"enabled", "create"} {
			if on, ok := value[key].(bool); ok && !on {
				return true
			}
		}
		for _, inner := range value {
			if !isOff(inner) {
				return false
			}
		}
		return true
	}
	return false
}
