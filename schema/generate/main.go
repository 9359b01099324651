// Command generate writes the chart's values.schema.json. It runs in the root of
// the repository.
package main

import (
	"fmt"
	"os"

	"github.com/helm-valkey/helm-valkey/schema/describe"
)

const (
	sourcePath = "schema/values.schema.json"
	valuesPath = "charts/valkey/values.yaml"
	schemaPath = "charts/valkey/values.schema.json"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	source, err := os.ReadFile(sourcePath)
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	values, err := os.ReadFile(valuesPath)
	if err != nil {
		return fmt.Errorf("read the values: %w", err)
	}
	schema, err := describe.Schema(source, values)
	if err != nil {
		return err
	}
	return os.WriteFile(schemaPath, schema, 0o644)
}
