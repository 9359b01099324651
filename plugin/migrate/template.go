package migrate

import (
	"encoding/json"
	"regexp"
	"slices"
)

// templated are the keys of this chart whose values may be templates.
var templated = []string{
	"extraDeploy", "existingSecret", "existingConfigmap", "existingConfigSecret", "existingClaim",
	"extraEnvVarsCM", "extraEnvVarsSecret",
}

var (
	action      = regexp.MustCompile(`\{\{`)
	namedAction = regexp.MustCompile(`\{\{[^}]*\b(?:include|template) `)
)

// templateUse says what a value is as a template.
type templateUse int

const (
	noTemplate    templateUse = iota
	plainTemplate             // of Helm's own objects and functions
	namedTemplate             // with templates that the other chart defines
)

func templateUseOf(value any) templateUse {
	text, err := json.Marshal(value)
	switch {
	case err != nil || !action.Match(text):
		return noTemplate
	case namedAction.Match(text):
		return namedTemplate
	}
	return plainTemplate
}

// renders says whether what is put to a place is rendered as a template.
func renders(place []string) bool { return slices.Contains(templated, place[len(place)-1]) }
