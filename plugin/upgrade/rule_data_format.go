package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var dataFormat = finding.Rule{
	ID:       "VK310",
	Severity: finding.Error,
	Title:    "The new server cannot read the data of the old one",
	Doc: `A server reads the files and the full syncs of its own and of earlier formats, and ends
at a later one with "Can't handle RDB format version". Redis 6.2 writes format 9, 7.0 10,
7.2 11, 7.4 to 8.4 12, 8.6 13, 8.8 14, 8.10 15; Valkey 7.2 to 8.1 write 11, 9.0 and 9.1 80,
9.2 81. Valkey reads 1 to 11, and its own from 80 on: nothing of Redis 7.4 and later. Redis
reads nothing of Valkey 9 and later. (Where nothing is on disk, an older Valkey can follow
one from 9.1 on; see VK311.) There is no way back for files; data get to such a server
only by commands, key by key. Valkey from 8.1 on tries other formats all the same with
` + "`rdb-version-check relaxed`" + ` in its configuration, and ends at the first key of a kind that
it does not know: try that with a copy of the data before ` + "`--allow VK310`" + `.`,
	Bad: []string{
		example("spec:\n"+claimItem+podOf("docker.io/valkey/valkey:9.1", "emptyDir: {}"), "spec:\n"+claimItem+podOf("docker.io/valkey/valkey:8.1", "emptyDir: {}")),
		example(imageOf("docker.io/library/redis:8.0"), imageOf("docker.io/valkey/valkey:9.1")),
		example(imageOf("docker.io/library/redis:7.4"), imageOf("docker.io/library/redis:7.2")),
		examples([]string{imageOf("valkey:9.0"), replicaExample(1)}, []string{imageOf("valkey:8.1"), replicaExample(1)}),
	},
	Good: []string{
		example(imageOf("docker.io/valkey/valkey:8.1"), imageOf("docker.io/valkey/valkey:7.2")),
		example(imageOf("docker.io/library/redis:7.2"), imageOf("docker.io/valkey/valkey:9.1")),
		example(imageOf("docker.io/valkey/valkey:8.1"), imageOf("docker.io/library/redis:8.0")),
	},
}

func imageOf(image string) string { return "spec:\n" + podOf(image, "emptyDir: {}") }

const imageField = containerField + ".image"

// move is a change of the server's image in the pods with data.
type move struct {
	pair
	from, to         serverRelease
	fromKnown, known bool
}

// moves are the changes of images: one for each role, if they are not the same.
func (c change) moves() []move {
	var all []move
	for _, p := range c.statefulSets() {
		if p.current.Label(ours.ComponentLabel) == ours.Sentinel || imageName(p.old) == imageName(p.current) {
			continue
		}
		m := move{pair: p}
		m.from, m.fromKnown = releaseOf(p.old)
		m.to, m.known = releaseOf(p.current)
		all = append(all, m)
	}
	return all
}

func findDataFormats(c change) []finding.Finding {
	for _, m := range c.moves() {
		from, known := m.from.format()
		to, alsoKnown := m.to.format()
		if !m.fromKnown || !m.known || !known || !alsoKnown || reads(m.to.engine, to, from) || c.follows(m) {
			continue
		}
		return []finding.Finding{dataFormat.On(m.old.ID(), imageField,
			fmt.Sprintf("%s → %s: it cannot read the data, which are in format %d; it reads %s", m.from, m.to, from, readable(m.to.engine, to)),
			fmt.Sprintf("stay with %s or later; for %s install a second release, and copy the keys there", m.from, m.to))}
	}
	return nil
}

// sendsOlder is the first release that sends its replicas what they read, for as
// long as it can (valkey-io/valkey, pull request 2735).
var sendsOlder = serverRelease{valkey, 9, 1}

// follows says whether the data get to an older server in memory alone.
func (c change) follows(m move) bool {
	for _, role := range []string{ours.Master, ours.Replica} {
		if o, ok := c.old.of(role); ok && durable(o) {
			return false
		}
	}
	return m.from.engine == valkey && m.to.engine == valkey && !m.from.older(sendsOlder) && c.carried()
}

// readable says what a release reads.
func readable(e engine, format int) string {
	if e == valkey && format >= firstValkey {
		return fmt.Sprintf("formats up to %d, and %d to %d", lastCommon, firstValkey, format)
	}
	return fmt.Sprintf("formats up to %d", format)
}
