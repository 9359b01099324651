// Command document writes docs/migrate.md. It runs in the root of the
// repository.
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/helm-valkey/helm-valkey/plugin/migrate"
)

const path = "docs/migrate.md"

//go:embed guide.md.gotmpl
var guide string

//go:embed data.md
var data string

func main() {
	if err := document(); err != nil {
		fmt.Fprintln(os.Stderr, "document:", err)
		os.Exit(1)
	}
}

func document() error {
	text, err := text()
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// text is the guide with the tables of all charts.
func text() ([]byte, error) {
	charts, err := migrate.OpenAll()
	if err != nil {
		return nil, err
	}
	t, err := template.New("guide").Funcs(template.FuncMap{"keys": keys, "same": same, "moved": moved, "of": of, "item": item, "data": func() string { return data }}).Parse(guide)
	if err != nil {
		return nil, fmt.Errorf("read the guide: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, charts); err != nil {
		return nil, fmt.Errorf("write the guide: %w", err)
	}
	return b.Bytes(), nil
}

// keys writes keys as code.
func keys(all []string) string { return "`" + strings.Join(all, "`, `") + "`" }

// item makes one line of a sentence.
func item(text string) string { return strings.Join(strings.Fields(text), " ") }

func isSame(r migrate.Row) bool {
	return r.Kind == migrate.Differs && len(r.To) == 1 && r.From[0] == r.To[0] && r.Note == ""
}

// same are the keys that mean the same in both charts.
func same(c *migrate.Chart) []string {
	var all []string
	for _, r := range c.Rows {
		if isSame(r) {
			all = append(all, r.From[0])
		}
	}
	return all
}

// moved are the rows of keys that are others here.
func moved(c *migrate.Chart) []migrate.Row {
	var all []migrate.Row
	for _, r := range c.Rows {
		if r.Kind == migrate.Differs && !isSame(r) {
			all = append(all, r)
		}
	}
	return all
}

// of are the rows of one kind.
func of(c *migrate.Chart, kind string) []migrate.Row {
	kinds := map[string]migrate.Kind{"absent": migrate.Absent, "needless": migrate.Needless, "added": migrate.Added}
	var all []migrate.Row
	for _, r := range c.Rows {
		if r.Kind == kinds[kind] {
			all = append(all, r)
		}
	}
	return all
}
