package values

import (
	"strconv"
	"strings"
)

// Path leads to a value: keys, and indices of lists in digits.
type Path []string

// ParsePath reads the form in which people write paths: keys with dots
// between, indices in brackets, as in master.extraEnvVars[0].name. A dot
// within a key has a backslash before it, as in Helm's --set.
func ParsePath(s string) Path {
	var path Path
	var part strings.Builder
	flush := func() {
		if part.Len() > 0 {
			path = append(path, part.String())
			part.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			part.WriteByte(s[i])
		case c == '.' || c == '[' || c == ']':
			flush()
		default:
			part.WriteByte(c)
		}
	}
	flush()
	return path
}

// String writes the path as ParsePath reads it.
func (p Path) String() string {
	var b strings.Builder
	for _, part := range p {
		if _, err := strconv.Atoi(part); err == nil {
			b.WriteString("[" + part + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(escape.Replace(part))
	}
	return b.String()
}

var escape = strings.NewReplacer(`.`, `\.`, `[`, `\[`, `]`, `\]`, `\`, `\\`)
