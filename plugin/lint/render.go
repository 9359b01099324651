package lint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// errUnknown is what rendering a value comes to when only Helm can tell.
var errUnknown = errors.New("only Helm can tell")

// helmOnly are the functions that Helm 3, the older one, adds to Sprig's.
var helmOnly = []string{"include", "tpl", "lookup", "toYaml", "toYamlPretty", "fromYaml", "fromYamlArray", "toToml", "fromToml", "fromJsonArray"}

// harmless are the functions with which a template is rendered here. None of
// them returns more than it was given, whoever wrote the template.
var harmless = []string{
	"and", "coalesce", "default", "empty", "eq", "fail", "get", "hasKey", "kindIs", "lower", "ne", "not", "or",
	"print", "required", "ternary", "toString", "trim", "trimPrefix", "trimSuffix", "trunc", "upper",
}

// renderer renders templates in values.
type renderer struct {
	chart *Chart
	empty *template.Template // nil until a value is a template
	data  map[string]any
}

func (c *Chart) newRenderer(merged map[string]any) *renderer {
	release := map[string]any{"Name": "release-name", "Namespace": "default", "Service": "Helm", "Revision": 1, "IsInstall": true, "IsUpgrade": false}
	return &renderer{chart: c, data: map[string]any{"Values": merged, "Chart": c.Metadata, "Release": release}}
}

// parse reads a template. Few values files hold one, and the functions take as
// long to prepare as all else.
func (r *renderer) parse(text string) (*template.Template, error) {
	if r.empty == nil {
		empty, err := r.chart.rules[0].check.Clone() // it has Sprig's functions already
		if err != nil {
			return nil, fmt.Errorf("prepare to render templates in values: %w", err)
		}
		functions := template.FuncMap{"required": required}
		for _, name := range helmOnly {
			functions[name] = func(...any) (any, error) { return nil, errUnknown }
		}
		r.empty = empty.Funcs(functions)
	}
	return r.empty.New("value").Parse(text)
}

func required(message string, value any) (any, error) {
	if value == nil || value == "" {
		return nil, errors.New(message)
	}
	return value, nil
}

// render returns the text that Helm makes of a template; errUnknown if only Helm
// can tell.
func (r *renderer) render(text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	parsed, err := r.parse(text)
	if err != nil {
		return "", err
	}
	if err := r.chart.missingInclude(parsed.Root); err != nil {
		return "", err
	}
	if !isHarmless(parsed.Root) {
		return "", errUnknown
	}
	var out limited
	if err := parsed.Execute(&out, r.data); err != nil {
		return "", err
	}
	return strings.ReplaceAll(out.String(), "<no value>", ""), nil
}

// isHarmless says whether a template does nothing but print text, values and
// what harmless functions make of them. With variables and loops a short one
// can fill the memory, and others need what only Helm has.
func isHarmless(n parse.Node) bool {
	switch n := n.(type) {
	case *parse.ListNode:
		return n == nil || !slices.ContainsFunc(n.Nodes, func(below parse.Node) bool { return !isHarmless(below) })
	case *parse.ActionNode:
		return isHarmless(n.Pipe)
	case *parse.IfNode:
		return isHarmless(n.Pipe) && isHarmless(n.List) && isHarmless(n.ElseList)
	case *parse.PipeNode:
		return len(n.Decl) == 0 && !slices.ContainsFunc(n.Cmds, func(c *parse.CommandNode) bool { return !isHarmless(c) })
	case *parse.CommandNode:
		return !slices.ContainsFunc(n.Args, func(below parse.Node) bool { return !isHarmless(below) })
	case *parse.IdentifierNode:
		return slices.Contains(harmless, n.Ident)
	case *parse.FieldNode:
		return slices.Contains([]string{"Values", "Release", "Chart"}, n.Ident[0])
	case *parse.TextNode, *parse.CommentNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		return true
	}
	return false
}

// mostText is more than Kubernetes takes of an object.
const mostText = 4 << 20

// limited is a text that does not grow without end.
type limited struct {
	strings.Builder
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > mostText {
		return 0, errUnknown
	}
	return l.Builder.Write(p)
}
