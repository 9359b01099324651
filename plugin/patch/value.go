package patch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// decode reads JSON. Numbers without a fraction stay whole: as floats, templates
// would print 1000000 as 1e+06.
func decode(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return numbers(value), nil
}

func numbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, item := range value {
			value[key] = numbers(item)
		}
	case []any:
		for i, item := range value {
			value[i] = numbers(item)
		}
	case json.Number:
		return number(value)
	}
	return value
}

func number(n json.Number) any {
	if whole, err := n.Int64(); err == nil {
		return int(whole)
	}
	if whole, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return whole
	}
	if float, err := n.Float64(); err == nil {
		return float
	}
	return n.String()
}

// encode writes a value as YAML.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("write the patched object: %w", err)
	}
	return out.Bytes(), nil
}
