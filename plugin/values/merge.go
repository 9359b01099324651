package values

// mergeFiles lays a later file's values over an earlier's, as Helm does with
// several -f: mappings merge, anything else is replaced.
func mergeFiles(under, over map[string]any) map[string]any {
	out := make(map[string]any, len(under)+len(over))
	for key, value := range under {
		out[key] = value
	}
	for key, value := range over {
		table, isTable := value.(map[string]any)
		below, hasTable := out[key].(map[string]any)
		if isTable && hasTable {
			out[key] = mergeFiles(below, table)
			continue
		}
		out[key] = value
	}
	return out
}

// coalesce lays a user's values over the chart's defaults as Helm's chartutil
// does for a chart without dependencies: null takes a default away, and stays
// where there is none. That package itself would bring the Kubernetes client:
// 22 MB and 10 ms at each start. A test holds this to it.
func coalesce(user, defaults map[string]any) map[string]any {
	out := make(map[string]any, len(user)+len(defaults))
	for key, value := range user {
		out[key] = copied(value)
	}
	for key, standard := range defaults {
		value, given := out[key]
		switch table, isTable := value.(map[string]any); {
		case !given:
			out[key] = copied(standard)
		case value == nil:
			delete(out, key)
		case isTable:
			if below, ok := standard.(map[string]any); ok {
				coalesceTable(table, below)
			}
		}
	}
	return out
}

func coalesceTable(user, defaults map[string]any) {
	for key, standard := range defaults {
		value, given := user[key]
		switch table, isTable := value.(map[string]any); {
		case !given:
			user[key] = copied(standard)
		case value == nil && standard != nil:
			delete(user, key)
		case isTable:
			if below, ok := standard.(map[string]any); ok {
				coalesceTable(table, below)
			}
		}
	}
}

func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(value))
		for key, item := range value {
			out[key] = copied(item)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = copied(item)
		}
		return out
	}
	return value
}
