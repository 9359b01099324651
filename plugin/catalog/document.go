package catalog

import (
	"fmt"
	"io"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/report"
)

const preface = `<!-- Made by "make generate" of the rules' own files. DO NOT EDIT. -->
# Rules

What the plugin finds. An error is what Helm refuses as well (the chart's schema and templates carry the same rules), but for
[VK011](#vk011); a warning is what Helm is silent about. VK0xx are about the form of values files, VK1xx about values,
VK2xx about rendered objects, VK3xx about what an upgrade changes of them. "helm valkey explain RULE" shows the same in a terminal.

`

// Document writes docs/rules.md.
func (c *Catalog) Document(w io.Writer) error {
	var all []finding.Explained
	for _, r := range c.Rules() {
		e, err := c.Explain(r)
		if err != nil {
			return err
		}
		all = append(all, e)
	}
	if _, err := io.WriteString(w, preface); err != nil {
		return fmt.Errorf("write the rules' documentation: %w", err)
	}
	return report.Markdown(w, all)
}
