package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var suppression = finding.Rule{
	ID:       "VK023",
	Severity: finding.Warning,
	Title:    "A suppression that does not do its work",
	Doc: "`# valkey-lint: ignore=VK012 because …` takes the warnings of a rule away from the line\n" +
		"that it ends, or from the next line when it has a line of its own (only comments may\n" +
		"stand between); where a text of several lines begins there, from all of it. Several\n" +
		"rules have commas between them. `ignore-file=` does so for the whole file, wherever it\n" +
		"stands.\n" +
		"\n" +
		"It needs a reason behind `because`, the ids of rules that there are, and something to\n" +
		"suppress; the last is not asked for where files are merged, or flags change values,\n" +
		"because what it is for may stand in the other file. Errors cannot be suppressed: Helm\n" +
		"refuses them, whatever a comment says.",
	Bad: []string{
		`replica:
  podLabels:
    release: 1.10 # valkey-lint: ignore=VK015 # <- here
`,
		`# valkey-lint: ignore=VK015 because it was needed once # <- here
replica:
  replicaCount: 3
`,
		`# valkey-lint: ignore-file=VK999 because I say so # <- here
replica:
  replicaCount: 3
`,
		`master:
  # valkey-lint: ignore=VK101 because I know better # <- here
  replicaCount: 2
`,
	},
	Good: []string{
		`# valkey-lint: ignore=VK134 because our build of the server knows it
commonConfiguration: |
  maxmemory 1gb
  our-own-directive yes
`,
		`replica:
  podLabels:
    # valkey-lint: ignore=VK015 because the selector says 1.1
    release: 1.10
`,
		`# valkey-lint: ignore-file=VK015,VK016 because all of it was written so
commonLabels:
  release: 1.10
replica:
  terminationGracePeriodSeconds: 0100
`,
	},
}
