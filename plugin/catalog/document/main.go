// Command document writes docs/rules.md. It runs in the root of the repository.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/helm-valkey/helm-valkey/plugin/catalog"
)

const path = "docs/rules.md"

func main() {
	if err := document(); err != nil {
		fmt.Fprintln(os.Stderr, "document:", err)
		os.Exit(1)
	}
}

func document() error {
	c, err := catalog.Open()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := c.Document(&b); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
