package migrate

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/values"
)

//go:embed tables/*.yaml
var tables embed.FS

// names are the charts that there are tables for.
var names = []string{"bitnami-redis", "bitnami-valkey", "cloudpirates", "cloudpirates-redis", "redis-ha", "valkey-helm"}

// Names are the charts that values can be migrated from.
func Names() []string { return slices.Clone(names) }

// Chart is another chart, and what becomes of its values.
type Chart struct {
	Name    string   // as in --from
	Title   string   // as its users know it
	Version string   // the one that the table was made from
	Source  string   // where that can be read
	Differs []string // what is different whatever the values are
	Rows    []Row    // the table, for documentation
	root    *step
	added   []addition
}

// Row is a line of the table: what becomes of the values of patterns.
type Row struct {
	Kind Kind
	From []string // keys there, with alternatives between braces
	To   []string // keys here
	Note string
}

// tableFile is the form of a table.
type tableFile struct {
	Title    string            `yaml:"title"`
	Version  string            `yaml:"version"`
	Source   string            `yaml:"source"`
	Differs  []string          `yaml:"differs"`
	Rename   map[string]string `yaml:"rename"` // first keys that have another name here, for Same
	Same     []string          `yaml:"same"`
	Moved    yaml.Node         `yaml:"moved"`
	Absent   []group           `yaml:"absent"`
	Needless []group           `yaml:"needless"`
	Added    []addition        `yaml:"added"`
}

// group is a number of keys that share a reason.
type group struct {
	Why  string   `yaml:"why"`
	Keys []string `yaml:"keys"`
}

// addition is a default of the other chart that is written out.
type addition struct {
	Key    string    `yaml:"key"`
	Value  yaml.Node `yaml:"value"`
	Unless []string  `yaml:"unless"` // not where one of these was given
	If     []string  `yaml:"if"`     // only where all of these hold
	Why    string    `yaml:"why"`
}

// rule says what becomes of a value.
type rule struct {
	kind   Kind
	to     [][]string
	as     string // name of a conversion; empty: the value stays as it is
	note   string
	yields []string // other values of the same chart that win over this one
	needs  string   // another one without which this has no effect
}

// step is a node in the tree of a chart's keys.
type step struct {
	rule  *rule
	below map[string]*step
}

// Open reads the table of a chart.
func Open(name string) (*Chart, error) {
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("unknown chart %q: it is %s", name, strings.Join(names, ", "))
	}
	data, err := tables.ReadFile("tables/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("read the table of %s: %w", name, err)
	}
	var file tableFile
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("read the table of %s: %w", name, err)
	}
	c := &Chart{Name: name, Title: file.Title, Version: file.Version, Source: file.Source, Differs: file.Differs, root: &step{}, added: file.Added}
	if err := c.fill(&file); err != nil {
		return nil, fmt.Errorf("read the table of %s: %w", name, err)
	}
	return c, nil
}

func (c *Chart) fill(file *tableFile) error {
	for _, pattern := range file.Same {
		c.Rows = append(c.Rows, Row{Kind: Differs, From: []string{pattern}, To: []string{renamed(pattern, file.Rename)}})
		for _, path := range spread(pattern) {
			to := split(renamed(path, file.Rename))
			if err := c.root.put(path, rule{kind: Differs, to: [][]string{to}}); err != nil {
				return err
			}
		}
	}
	if err := c.fillMoved(&file.Moved); err != nil {
		return err
	}
	for _, a := range file.Added {
		c.Rows = append(c.Rows, Row{Kind: Added, To: []string{a.Key}, Note: strings.TrimSpace(a.Why)})
	}
	if err := c.fillGroups(file.Absent, Absent); err != nil {
		return err
	}
	return c.fillGroups(file.Needless, Needless)
}

// renamed gives a path, or a pattern, the first key that it has here.
func renamed(path string, names map[string]string) string {
	for from, to := range names {
		if strings.HasPrefix(path, from+".") {
			return to + strings.TrimPrefix(path, from)
		}
		path = strings.Replace(path, "{"+from+",", "{"+to+",", 1)
	}
	return path
}

func (c *Chart) fillGroups(groups []group, kind Kind) error {
	for _, g := range groups {
		why := strings.TrimSpace(g.Why)
		c.Rows = append(c.Rows, Row{Kind: kind, From: g.Keys, Note: why})
		for _, pattern := range g.Keys {
			for _, path := range spread(pattern) {
				if err := c.root.put(path, rule{kind: kind, note: why}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// move is a line under "moved": the new key, or more about it.
type move struct {
	To     []string `yaml:"to"`
	As     string   `yaml:"as"`
	Note   string   `yaml:"note"` // for the user
	Doc    string   `yaml:"doc"`  // for the table in the documentation alone
	Yields []string `yaml:"yields"`
	Needs  string   `yaml:"needs"`
}

func (c *Chart) fillMoved(n *yaml.Node) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		pattern := n.Content[i].Value
		m := move{To: []string{n.Content[i+1].Value}}
		if n.Content[i+1].Kind == yaml.MappingNode {
			m = move{}
			if err := n.Content[i+1].Decode(&m); err != nil {
				return err
			}
		}
		c.Rows = append(c.Rows, Row{Kind: Differs, From: []string{pattern}, To: m.To, Note: strings.TrimSpace(m.Note + m.Doc)})
		for at, path := range spread(pattern) {
			if err := c.root.put(path, m.rule(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rule is that of one path of several that a pattern stands for.
func (m move) rule(at int) rule {
	r := rule{kind: Differs, as: m.As, note: strings.TrimSpace(m.Note), yields: m.Yields, needs: m.Needs}
	for _, pattern := range m.To {
		all := spread(pattern)
		r.to = append(r.to, split(all[min(at, len(all)-1)]))
	}
	return r
}

func (s *step) put(path string, r rule) error {
	for _, key := range split(path) {
		if s.below == nil {
			s.below = map[string]*step{}
		}
		if s.below[key] == nil {
			s.below[key] = &step{}
		}
		s = s.below[key]
	}
	if s.rule != nil {
		return fmt.Errorf("%s is there twice", path)
	}
	s.rule = &r
	return nil
}

func split(path string) []string { return values.ParsePath(path) }

// spread writes out the alternatives between braces: a.{b,c} is a.b and a.c.
func spread(pattern string) []string {
	open := strings.Index(pattern, "{")
	if open < 0 {
		return []string{pattern}
	}
	inner, rest, _ := strings.Cut(pattern[open+1:], "}")
	var all []string
	for _, alternative := range strings.Split(inner, ",") {
		for _, tail := range spread(rest) {
			all = append(all, pattern[:open]+strings.TrimSpace(alternative)+tail)
		}
	}
	return all
}
