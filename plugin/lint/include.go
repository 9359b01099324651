package lint

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"text/template/parse"
)

// definition matches where a template of the chart gets its name.
var definition = regexp.MustCompile(`\{\{-?\s*define\s+"([^"]+)"`)

// templateNames are the names of the templates that values may include.
func templateNames(files fs.FS) (map[string]bool, error) {
	paths, err := fs.Glob(files, "templates/*")
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, path := range paths {
		source, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, fmt.Errorf("read the chart's templates: %w", err)
		}
		for _, m := range definition.FindAllSubmatch(source, -1) {
			names[string(m[1])] = true
		}
	}
	return names, nil
}

// missingInclude returns an error for a template that includes one which the
// chart does not have: those of another chart, after a move. What a condition
// may keep from happening is not looked at.
func (c *Chart) missingInclude(root parse.Node) error {
	names, err := c.templates()
	if err != nil {
		return err
	}
	for _, name := range included(root) {
		if !names[name] && !strings.Contains(name, "/") { // files are templates, too
			return fmt.Errorf("the chart has no template %q to include", name)
		}
	}
	return nil
}

// included are the names that a template includes whatever the values are.
func included(n parse.Node) []string {
	var names []string
	switch n := n.(type) {
	case *parse.ListNode:
		for _, below := range n.Nodes {
			names = append(names, included(below)...)
		}
	case *parse.ActionNode:
		names = included(n.Pipe)
	case *parse.PipeNode:
		for _, below := range n.Cmds {
			names = append(names, included(below)...)
		}
	case *parse.CommandNode:
		names = includedBy(n)
	}
	return names
}

func includedBy(n *parse.CommandNode) []string {
	var names []string
	function, isFunction := n.Args[0].(*parse.IdentifierNode)
	if isFunction && (function.Ident == "and" || function.Ident == "or") {
		return nil // they may end before
	}
	if isFunction && function.Ident == "include" && len(n.Args) > 1 {
		if name, isText := n.Args[1].(*parse.StringNode); isText {
			names = append(names, name.Text)
		}
	}
	for _, below := range n.Args {
		names = append(names, included(below)...)
	}
	return names
}
