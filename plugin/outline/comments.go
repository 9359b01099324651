package outline

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Comments are all comments within the value, for when it is written anew.
func (e *Entry) Comments() []string { return comments(e.value) }

func comments(n *yaml.Node) []string {
	var all []string
	for _, text := range []string{n.HeadComment, n.LineComment, n.FootComment} {
		if text != "" {
			all = append(all, strings.Split(text, "\n")...)
		}
	}
	for _, child := range n.Content {
		all = append(all, comments(child)...)
	}
	return all
}
