package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

var unknownFormat = finding.Rule{
	ID:       "VK311",
	Severity: finding.Warning,
	Title:    "Whether the new server reads the data cannot be told",
	Doc: `Which format a server writes, and which it reads, follows from its release; that is
read from the tag of the image. A tag without a release (` + "`latest`" + `, a digest alone), one of
several releases with different formats (` + "`redis:8`" + `), or a release that this plugin does not
know yet tells nothing. Valkey from 9.1 on sends an older one what that reads, but only while
it holds nothing of a kind that the older one does not know, as fields of hashes that expire.`,
	Bad: []string{
		example(imageOf("docker.io/valkey/valkey:9.1"), imageOf("docker.io/valkey/valkey:latest")),
		example(imageOf("docker.io/valkey/valkey:99.5"), imageOf("docker.io/valkey/valkey:99.4")),
		examples([]string{imageOf("valkey:9.1"), replicaExample(1)}, []string{imageOf("valkey:8.1"), replicaExample(1)}),
	},
	Good: []string{
		example(imageOf("docker.io/valkey/valkey:9.0"), imageOf("docker.io/valkey/valkey:9.1")),
		example(imageOf("docker.io/valkey/valkey:9.1"), imageOf("docker.io/valkey/valkey:99.5")),
	},
}

func findUnknownFormats(c change) []finding.Finding {
	for _, m := range c.moves() {
		fromNumber, fromFormat := m.from.format()
		toNumber, toFormat := m.to.format()
		switch {
		case fromFormat && toFormat && !reads(m.to.engine, toNumber, fromNumber) && c.follows(m):
			return []finding.Finding{unknownFormat.On(m.old.ID(), imageField,
				fmt.Sprintf("%s → %s: the older server gets the data only while none of them are of a kind that is new to it", m.from, m.to),
				"make sure that there are none (hashes with fields that expire, since Valkey 9.0); otherwise stay with "+m.from.String())}
		case fromFormat && toFormat:
			continue
		case m.fromKnown && m.known && m.from.older(m.to):
			continue // later releases read what earlier ones wrote
		}
		return []finding.Finding{unknownFormat.On(m.old.ID(), imageField,
			fmt.Sprintf("%q → %q: whether the new server reads what the old one wrote cannot be told from this", imageName(m.old), imageName(m.current)),
			"make sure that it is no earlier release, and of the same engine; a tag with the release says it")}
	}
	return nil
}
