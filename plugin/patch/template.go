package patch

import (
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"go.yaml.in/yaml/v3"
)

// data is what a template sees.
type data struct {
	Object  any
	Release releaseData
}

// releaseData is what is known of a release: Helm tells post-renderers nothing.
type releaseData struct {
	Name      string // the object's label app.kubernetes.io/instance
	Namespace string // the object's, or the release's
}

// parseTemplate reads a patch's template. The lines before it are put before its
// text, so that messages name those of the file. What is not there is an error:
// it would become the text "<no value>".
func parseTemplate(name string, text yaml.Node) (*template.Template, error) {
	lines := strings.Repeat("\n", text.Line)
	t, err := template.New(name).Funcs(functions()).Option("missingkey=error").Parse(lines + text.Value)
	if err != nil {
		return nil, fmt.Errorf("read the patch: %s", message(err))
	}
	return t, nil
}

// functions are Sprig's, without those that Helm keeps from templates, too: what
// is rendered is not to depend on the machine.
func functions() template.FuncMap {
	all := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name)
	}
	return all
}

// render writes the patch for an object.
func (p *patch) render(d data) (string, error) {
	var out strings.Builder
	if err := p.template.Execute(&out, d); err != nil {
		return "", errors.New(message(err))
	}
	text := out.String()
	if strings.Contains(text, "<no value>") {
		return "", errors.New(`a value is not there, so that the template wrote "<no value>": give it a default`)
	}
	return strings.TrimPrefix(text, strings.Repeat("\n", p.line)), nil
}

func message(err error) string { return strings.TrimPrefix(err.Error(), "template: ") }
